/* What the handlers of networks share. I/O thread. */
#ifndef QV_DAEMON_GLUE_NETWORK_H
#define QV_DAEMON_GLUE_NETWORK_H
#include "daemon/glue.h"

Network *glue_network_find(const RemoteNonnullNetwork *handle, GError **err);
void glue_network_handle(RemoteNonnullNetwork *ret, const Network *net);      /* gives the strings */
#endif
