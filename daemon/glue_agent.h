/* What the files that ask guest agents share: reading JSON that may be anything. */
#ifndef QV_DAEMON_GLUE_AGENT_H
#define QV_DAEMON_GLUE_AGENT_H
#include "daemon/glue.h"

json_object *agent_member(json_object *object, const char *name);      /* borrowed; NULL when it is not there */
const char *agent_text(json_object *object, const char *name);
gint64 agent_number(json_object *object, const char *name);            /* 0 when it is not there */
guint agent_length(json_object *array);                                /* 0 for what is no array */
/* The interfaces' addresses as the agent tells them; ends @call. */
void glue_agent_addresses(RpcCall *call, Domain *dom);
#endif
