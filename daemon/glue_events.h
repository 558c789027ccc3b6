/* Subscriptions of clients to events; see glue_events.c. I/O thread. */
#ifndef QV_DAEMON_GLUE_EVENTS_H
#define QV_DAEMON_GLUE_EVENTS_H
#include "daemon/glue.h"

void glue_events_start(void);
void glue_events_add_session(Session *session);
void glue_events_remove_session(Session *session);
void glue_subscription_free(gpointer subscription);
#endif
