/* What server.c (dispatch), connection.c (bytes of one client) and stream.c share. I/O thread.
 *
 * Lifetimes: a client lives until its socket ended and its last call did; each call holds a reference. After
 * the socket's end @closed is set, everything sent is dropped, and client_gone has been told. */
#ifndef QV_RPC_SERVER_PRIVATE_H
#define QV_RPC_SERVER_PRIVATE_H
#include "rpc/message.h"
#include "rpc/server.h"
#include "util/loop.h"
#include <sys/socket.h>

struct RpcServer {
    RpcServerConfig config;
    RpcHandler *handlers;          /* by index in rpc_procedures */
    GPtrArray *listeners, *clients;
    GByteArray *scratch;           /* the message being built */
    guint8 *input;                 /* what was just read */
    guint tick;
    bool full;                     /* root alone has max_clients connections: nothing is accepted */
    guint n_privileged;            /* of the clients */
    GHashTable *by_uid;            /* uid -> how many clients, of the others */
    gsize held;                    /* bytes held for the others */
    gint64 refused_us;             /* when a refusal was logged last */
};

struct RpcClient {
    guint refs;
    RpcServer *server;
    int fd;
    LoopWatch *watch;
    bool privileged;               /* root's, or the daemon's own user's */
    bool readonly, authenticated, keepalive, closed, close_after_output, paused;
    pid_t pid;
    uid_t uid;
    gid_t gid;
    GByteArray *partial;           /* begun message; NULL when there is none */
    GArray *fds;                   /* received, not yet taken by a call; NULL when there are none */
    GQueue output;                 /* of Packet */
    gsize output_bytes, held;      /* @held: as the server has counted it */
    guint calls, missed;
    gint64 last_input_us;
    GPtrArray *streams;            /* NULL when there are none */
    gpointer user;
};

struct RpcCall {
    guint refs;
    RpcClient *client;
    const RpcProcedure *procedure;
    guint32 serial;
    void *args;
    GArray *fds_in, *fds_out;      /* NULL when there are none */
    RpcStream *stream;             /* opened, begins after the reply */
    bool ended;
};

/* --- connection.c */
/* Takes @fd. @who: its peer. */
RpcClient *connection_new(RpcServer *server, int fd, bool readonly, const struct ucred *who);
RpcClient *connection_ref(RpcClient *client);
void connection_unref(RpcClient *client);
/* Ends it now: socket, streams, output; tells client_gone. */
void connection_close(RpcClient *client);
/* Begins a message in the server's scratch; the payload is appended by the caller. */
GByteArray *connection_begin(RpcClient *client, const Header *header);
/* Sends what connection_begin began, and after it the descriptors (borrowed, may be NULL). */
void connection_send(RpcClient *client, const GArray *fds);
void connection_tick(RpcClient *client, gint64 now_us);
/* A call ended or a stream drained: reads on when that was waited for. */
void connection_resume(RpcClient *client);
/* Reads on or stops reading, by the calls and streams under way. */
void connection_update(RpcClient *client);

/* --- server.c */
/* One complete message; @payload lies behind the header. */
void server_message(RpcClient *client, const Header *header, const guint8 *payload, gsize size);
void server_client_gone(RpcClient *client);
void server_put_error(GByteArray *out, const GError *err);

/* --- stream.c */
void stream_begin(RpcStream *stream);                    /* after the reply of the call that opened it */
void stream_free(RpcStream *stream, bool aborted);
void stream_message(RpcClient *client, const Header *header, const guint8 *payload, gsize size);
void stream_output_drained(RpcStream *stream);
bool stream_wants_pause(const RpcStream *stream);        /* its sink takes no more for now */
#endif
