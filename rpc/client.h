/* A client of the protocol over a UNIX socket: calls wait for their reply, events and stream data that come meanwhile
 * are handed to callbacks. One thread.
 *
 *   g_autoptr(RpcConn) conn = rpc_conn_open("/run/qvirt/qvirt-sock", "qemu:///system", false, &err);
 *   RemoteDomainLookupByNameArgs args = { .name = "demo" };
 *   RemoteDomainLookupByNameRet ret = { 0 };
 *   rpc_conn_call(conn, PROC_DOMAIN_LOOKUP_BY_NAME, &args, &ret, &err) ... rpc_conn_clear(PROC_..., &ret) */
#ifndef QV_RPC_CLIENT_H
#define QV_RPC_CLIENT_H
#include "rpc/procedure.h"
#include "util/error.h"

typedef struct RpcConn RpcConn;

/* Connects, and opens @name on the other side ("qemu:///system"). QV_ERR_NO_CONNECT says what to do. */
RpcConn *rpc_conn_open(const char *socket, const char *name, bool readonly, GError **err);
void rpc_conn_free(RpcConn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcConn, rpc_conn_free)
int rpc_conn_fd(const RpcConn *conn);
/* The server's error number (virErrorNumber) of the last call that failed; 0 when the error was not the server's. */
int rpc_conn_error_code(const RpcConn *conn);

/* A procedure of the remote program. @args and @ret are of its generated types, NULL where it has none. What @ret
 * points to is freed by rpc_conn_clear. */
bool rpc_conn_call(RpcConn *conn, guint32 procedure, const void *args, void *ret, GError **err);
bool rpc_conn_call_qemu(RpcConn *conn, guint32 procedure, const void *args, void *ret, GError **err);
void rpc_conn_clear(guint32 procedure, void *ret);

/* @msg is of the event's generated type, and freed after @fn. */
typedef void (*RpcEventFn)(guint32 procedure, const void *msg, gpointer user);
void rpc_conn_on_event(RpcConn *conn, RpcEventFn fn, gpointer user);
/* Takes in one message; waits for it. False when the connection ended. */
bool rpc_conn_process(RpcConn *conn, GError **err);

/* The stream that the last call opened. @size 0: the server's data ended. @fn gets data as it is taken in. */
typedef void (*RpcDataFn)(const guint8 *data, gsize size, gpointer user);
void rpc_conn_on_data(RpcConn *conn, RpcDataFn fn, gpointer user);
bool rpc_conn_stream_send(RpcConn *conn, const guint8 *data, gsize size, GError **err);
/* Ends it orderly; waits for the server's word. */
bool rpc_conn_stream_finish(RpcConn *conn, GError **err);
bool rpc_conn_stream_open(const RpcConn *conn);
/* Of a stream that is no longer open: false, with the server's words, when the server ended it. */
bool rpc_conn_stream_result(RpcConn *conn, GError **err);
#endif
