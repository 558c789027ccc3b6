/* URIs as libvirt's clients write them, and the UNIX sockets they lead to.
 *
 *   qemu:///system                       the system's qvirtd; where there is none, its libvirtd
 *   qemu:///session                      the user's own
 *   qemu+unix:///system?socket=/path     exactly this socket
 *   test+unix:///default?socket=/path    any driver that the daemon there has
 *
 * Any thread. */
#ifndef QV_RPC_ADDRESS_H
#define QV_RPC_ADDRESS_H
#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *name;          /* what the daemon is asked to open: "qemu:///system" */
    char **sockets;      /* to be tried in this order; NULL-terminated */
} RpcAddress;

/* @uri NULL or "": $QVIRT_DEFAULT_URI, $LIBVIRT_DEFAULT_URI, then qemu:///system for root and qemu:///session
 * for everybody else. @readonly: the sockets that only let read. Gives; QV_ERR_NO_CONNECT or
 * QV_ERR_INVALID_ARG otherwise. */
RpcAddress *rpc_address_parse(const char *uri, bool readonly, GError **err);
void rpc_address_free(RpcAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcAddress, rpc_address_free)
#endif
