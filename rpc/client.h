/* A synchronous client of libvirt's protocol over a UNIX socket: of qvirtd, and of a libvirtd as well.
 *
 *   g_autoptr(RpcConn) conn = rpc_conn_open("qemu:///system", 0, err);
 *   RemoteDomainLookupByNameRet found = { 0 };
 *   if (!rpc_conn_call(conn, PROC_DOMAIN_LOOKUP_BY_NAME, &(RemoteDomainLookupByNameArgs){ name }, &found, err))
 *
 * Everything that results and events point to belongs to the connection, until rpc_conn_release or
 * the end. Events that come while a call waits are kept for rpc_conn_event. One thread at a time. */
#ifndef QV_RPC_CLIENT_H
#define QV_RPC_CLIENT_H
#include <glib.h>
#include <stdbool.h>
#include "rpc/procedure.h"

typedef struct RpcConn RpcConn;

/* What the daemon answered: its own words, with libvirt's error number as code. */
#define RPC_REMOTE_ERROR (rpc_remote_error_quark())
GQuark rpc_remote_error_quark(void);

/* @uri as in rpc/address.h. Errors: QV_ERR_NO_CONNECT when no socket answers. Gives. */
RpcConn *rpc_conn_open(const char *uri, bool readonly, GError **err);
void rpc_conn_free(RpcConn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcConn, rpc_conn_free)

/* One call of the remote program; @args and @ret are its generated structures, NULL where it has none. */
bool rpc_conn_call(RpcConn *conn, guint32 procedure, const void *args, void *ret, GError **err);
/* The same for the qemu program. */
bool rpc_conn_call_qemu(RpcConn *conn, guint32 procedure, const void *args, void *ret, GError **err);
/* Frees what all results and events so far point to. */
void rpc_conn_release(RpcConn *conn);

typedef struct { const RpcProcedure *procedure; const void *args; } RpcEvent;
/* For poll: readable when something may have come. */
int rpc_conn_fd(const RpcConn *conn);
/* Takes what has come, without waiting. false: the connection ended. */
bool rpc_conn_receive(RpcConn *conn, GError **err);
/* The oldest event that was not taken yet; false when there is none. Never waits. */
bool rpc_conn_event(RpcConn *conn, RpcEvent *ret_event);

/* Streams: one at a time. The call that opens it is made with rpc_conn_call. */
typedef enum { RPC_INCOMING_NOTHING, RPC_INCOMING_DATA, RPC_INCOMING_END, RPC_INCOMING_FAILED } RpcIncoming;
/* The oldest packet that was not taken yet, never waiting; *@ret_data is given with _DATA only. */
RpcIncoming rpc_conn_stream_take(RpcConn *conn, GBytes **ret_data, GError **err);
bool rpc_conn_stream_send(RpcConn *conn, const void *data, gsize size, GError **err);
/* Reads to the end of the stream and closes it. Gives. */
GByteArray *rpc_conn_stream_read_all(RpcConn *conn, GError **err);
/* Says that no more is wanted, and waits for the daemon's word that it is done. */
bool rpc_conn_stream_finish(RpcConn *conn, GError **err);
#endif
