/* What a service manager wants: sockets it opened, readiness, the watchdog. Without systemd (at build
 * or at run time) everything here does nothing. I/O thread. */
#ifndef QV_DAEMON_SERVICE_H
#define QV_DAEMON_SERVICE_H
#include "rpc/server.h"

/* Serves the listening UNIX sockets that were handed over; a path that ends in "-ro" is read-only.
 * @ret_count: how many there were. */
bool service_listen(RpcServer *server, guint *ret_count, GError **err);
/* "ready", with a word about what was loaded; starts the watchdog's heartbeat where it is asked for. */
void service_ready(const char *status);
void service_reloading(void);
void service_stopping(void);
#endif
