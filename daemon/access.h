/* Who may do what. A client is known by its socket's credentials (SO_PEERCRED); the socket's mode and group
 * decide who gets in, this decides what a connection may do. The rules come from the protocol's table.
 * I/O thread. */
#ifndef QV_DAEMON_ACCESS_H
#define QV_DAEMON_ACCESS_H
#include "rpc/server.h"

/* RpcServerConfig.allow: the connection is open, and a read-only one changes nothing and reveals no secret. */
bool access_allow(RpcCall *call, GError **err);
/* RpcServerConfig.ended: the second line of a state-changing call in the log, with its result. */
void access_ended(RpcCall *call, const GError *err);
/* Whether state-changing calls leave a line in the log. */
void access_set_audit(bool on);
#endif
