/* The one daemon of this process: what the handlers of all areas share.
 * Everything here lives on the I/O thread. */
#ifndef QV_DAEMON_DAEMON_H
#define QV_DAEMON_DAEMON_H
#include "daemon/settings.h"
#include "drivers/network/network.h"
#include "drivers/qemu/qemu.h"
#include "drivers/storage/storage.h"
#include "rpc/server.h"

typedef struct {
    DaemonConfig *config;
    QemuDriver *qemu;
    NetworkDriver *network;
    StorageDriver *storage;
    RpcServer *server;
} Daemon;

/* Set up by main before the first call is served. */
extern Daemon qvirtd;
#endif
