/* The server's side of libvirt's RPC: sockets, clients, framing, XDR, dispatch, keepalive, streams.
 * Knows no procedure's meaning: handlers are registered by procedure number.
 *
 * Theory of operation. Everything here runs on the I/O thread. All sockets hang on one epoll
 * descriptor (util/loop.h). A complete call is decoded into the procedure's generated C structure
 * and handed to its handler, which
 *   - fills @ret and returns RPC_DONE: the reply is encoded and sent at once;
 *   - sets @err and returns RPC_FAILED: an error reply;
 *   - returns RPC_LATER: it keeps @call and ends it with rpc_call_reply or rpc_call_fail, later, on
 *     the I/O thread. A client that goes away meanwhile does not invalidate @call; the reply is
 *     then dropped.
 * @args lives as long as the call. Strings and arrays in @ret are g_malloc'ed and freed by the server
 * after encoding. A client may have many calls in flight; more than the limit stops reading. */
#ifndef QV_RPC_SERVER_H
#define QV_RPC_SERVER_H
#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include "util/error.h"
#include "rpc/procedure.h"     /* and the generated RemoteXxxArgs, RemoteXxxRet, PROC_XXX */

typedef struct RpcServer RpcServer;
typedef struct RpcClient RpcClient;
typedef struct RpcCall RpcCall;
typedef struct RpcStream RpcStream;

typedef enum { RPC_DONE, RPC_FAILED, RPC_LATER } RpcOutcome;
typedef RpcOutcome (*RpcHandler)(RpcCall *call, const void *args, void *ret, GError **err);

/* One row per implemented procedure. A NULL handler: answers NO_SUPPORT with the API's name. */
typedef struct { guint32 program; guint32 procedure; RpcHandler handler; } RpcHandlerRow;

typedef struct {
    guint max_clients, max_calls_per_client, max_queue_bytes;   /* 0: defaults (5000, 50, 64 MiB) */
    /* Of users that are neither root nor the daemon's own: connections of one of them, and bytes that are held for all
     * of them together, begun messages and unread replies. Beyond, connections are closed. 0: defaults (500, 256 MiB).
     * @max_clients counts them apart from root's, so that nobody locks root out. */
    guint max_clients_per_uid, max_held_bytes;
    guint keepalive_interval_s, keepalive_count;                /* 5, 5 */
    /* Called before any handler: access checks. false: err is sent. May be NULL. */
    bool (*allow)(RpcCall *call, GError **err);
    /* A call has ended, @err NULL: well. Before its reply is sent. May be NULL. */
    void (*ended)(RpcCall *call, const GError *err);
    void (*client_gone)(RpcClient *client);                     /* last word before it is freed */
} RpcServerConfig;

RpcServer *rpc_server_new(const RpcServerConfig *config, const RpcHandlerRow *rows, guint n_rows);
void rpc_server_free(RpcServer *server);
/* Serves a listening socket (taken). @readonly: what the -ro socket is. */
bool rpc_server_listen_fd(RpcServer *server, int fd, bool readonly, GError **err);
/* Creates, binds and listens; an old socket file that nobody serves is replaced. */
bool rpc_server_listen_path(RpcServer *server, const char *path, mode_t mode, gid_t gid, bool readonly, GError **err);
guint rpc_server_clients(const RpcServer *server);

RpcServer *rpc_call_server(const RpcCall *call);
RpcClient *rpc_call_client(const RpcCall *call);
guint32 rpc_call_program(const RpcCall *call);
guint32 rpc_call_procedure(const RpcCall *call);
RpcReadonly rpc_call_readonly(const RpcCall *call);      /* the protocol's rule for read-only connections */
const void *rpc_call_args(const RpcCall *call);          /* decoded; NULL when it has none */
const char *rpc_call_name(const RpcCall *call);      /* API name: "virDomainCreate" */
void rpc_call_reply(RpcCall *call, void *ret);       /* takes the contents of @ret (generated struct; NULL: zeros); ends the call */
void rpc_call_fail(RpcCall *call, const GError *err);
/* Descriptors that came with the call; the call owns them. */
guint rpc_call_fds(const RpcCall *call, const int **ret_fds);
void rpc_call_send_fd(RpcCall *call, int fd /* taken */);

gpointer rpc_client_user(const RpcClient *client);
void rpc_client_set_user(RpcClient *client, gpointer user);      /* freed by config.client_gone */
bool rpc_client_readonly(const RpcClient *client);
void rpc_client_set_readonly(RpcClient *client);
bool rpc_client_authenticated(const RpcClient *client);
void rpc_client_set_authenticated(RpcClient *client);
void rpc_client_creds(const RpcClient *client, pid_t *pid, uid_t *uid, gid_t *gid);
void rpc_client_start_keepalive(RpcClient *client);
void rpc_client_close_after_reply(RpcClient *client);
/* Sends an event; @event is the generated structure of that message (borrowed). */
void rpc_client_event(RpcClient *client, guint32 program, guint32 procedure, const void *event);

/* Streams: opened by a handler, before its reply. The reply goes out first, then data flows between
 * the client and @fd (taken; non-blocking) in the directions given, with back-pressure both ways. */
typedef enum { RPC_STREAM_TO_CLIENT = 1, RPC_STREAM_FROM_CLIENT = 2 } RpcStreamDirection;
RpcStream *rpc_stream_open_fd(RpcCall *call, int fd, guint directions,
                              void (*ended)(RpcStream *stream, bool aborted, gpointer user), gpointer user);
/* Ends it with an error to the client (console taken over by force). */
void rpc_stream_fail(RpcStream *stream, const GError *err);
#endif
