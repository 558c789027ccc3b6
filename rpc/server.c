#include "rpc/server_private.h"
#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { INPUT_SIZE = 65536, BACKLOG = 256 };
enum { DEFAULT_CLIENTS = 5000, DEFAULT_CALLS = 50, DEFAULT_QUEUE = 64 << 20, DEFAULT_PER_UID = 500, DEFAULT_HELD = 256 << 20 };

typedef struct {
    RpcServer *server;
    int fd;
    bool readonly;
    char *path;                    /* removed at the end; NULL: somebody else's */
    LoopWatch *watch;
} Listener;

/* --- the table of procedures */

enum { PROGRAMS = 2, NUMBERS = 512 };

/* Index by number, per program, made once of the generated table. */
static const RpcProcedure *(*procedure_index(void))[NUMBERS]
{
    static const RpcProcedure *by_number[PROGRAMS][NUMBERS];
    static gsize made;
    if (g_once_init_enter(&made)) {
        for (guint i = 0; i < rpc_n_procedures; i++) {
            const RpcProcedure *p = &rpc_procedures[i];
            if (p->number < NUMBERS)
                by_number[p->program == REMOTE_PROGRAM ? 0 : 1][p->number] = p;
        }
        g_once_init_leave(&made, 1);
    }
    return by_number;
}

bool rpc_program_known(guint32 program)
{
    return program == REMOTE_PROGRAM || program == QEMU_PROGRAM;
}

const RpcProcedure *rpc_procedure_find(guint32 program, guint32 number)
{
    if (!rpc_program_known(program) || number >= NUMBERS)
        return NULL;
    return procedure_index()[program == REMOTE_PROGRAM ? 0 : 1][number];
}

/* --- replies */

static void put_optional_text(GByteArray *out, const char *text)
{
    static const XdrField row = { XDR_STRING, XDR_OPTIONAL, 0, 0, 0, NULL };
    static const XdrType type = { sizeof(char *), &row, 1 };
    xdr_encode(out, &type, &text);
}

static void put_int(GByteArray *out, gint32 value)
{
    guint32 wire = GUINT32_TO_BE((guint32)value);
    g_byte_array_append(out, (const guint8 *)&wire, sizeof wire);
}

/* The error object: code, domain, message, level, domain handle, three strings, two numbers, network handle. */
void server_put_error(GByteArray *out, const GError *err)
{
    enum { LEVEL_ERROR = 2 };
    g_autofree char *text = qv_error_text(err);
    put_int(out, qv_error_libvirt_code(err));
    put_int(out, qv_error_libvirt_domain(err));
    put_optional_text(out, text);
    put_int(out, LEVEL_ERROR);
    put_int(out, 0);
    put_optional_text(out, "%s");
    put_optional_text(out, text);
    put_optional_text(out, NULL);
    put_int(out, -1);
    put_int(out, -1);
    put_int(out, 0);
}

static void send_error(RpcClient *client, const Header *call, const GError *err)
{
    Header header = *call;
    header.type = MSG_REPLY;
    header.status = STATUS_ERROR;
    server_put_error(connection_begin(client, &header), err);
    connection_send(client, NULL);
}

static Header call_header(const RpcCall *call)
{
    return (Header){ call->procedure->program, 1, (gint32)call->procedure->number, MSG_REPLY, call->serial, STATUS_OK };
}

static void close_fds(GArray *fds)
{
    for (guint i = 0; fds && i < fds->len; i++)
        close(g_array_index(fds, int, i));
    g_clear_pointer(&fds, g_array_unref);
}

static void call_unref(RpcCall *call)
{
    if (--call->refs)
        return;
    if (call->args) {
        xdr_clear(call->procedure->args, call->args);
        g_free(call->args);
    }
    if (call->stream)
        stream_free(call->stream, true);
    close_fds(call->fds_in);
    close_fds(call->fds_out);
    connection_unref(call->client);
    g_free(call);
}

static void call_end(RpcCall *call)
{
    call->ended = true;
    call->client->calls--;
    connection_resume(call->client);
    call_unref(call);
}

static bool send_reply(RpcCall *call, const void *ret)
{
    Header header = call_header(call);
    guint n_fds = call->fds_out ? call->fds_out->len : 0;
    if (n_fds)
        header.type = MSG_REPLY_FDS;
    GByteArray *out = connection_begin(call->client, &header);
    if (n_fds)
        put_int(out, (gint32)n_fds);
    if (call->procedure->ret && !xdr_encode(out, call->procedure->ret, ret))
        return false;
    connection_send(call->client, call->fds_out);
    return true;
}

void rpc_call_reply(RpcCall *call, void *ret)
{
    g_autofree void *zeros = NULL;
    g_return_if_fail(!call->ended);
    if (call->client->server->config.ended)
        call->client->server->config.ended(call, NULL);
    if (!ret && call->procedure->ret)
        ret = zeros = g_malloc0(call->procedure->ret->size);
    bool sent = call->client->closed || send_reply(call, ret);
    if (call->procedure->ret)
        xdr_clear(call->procedure->ret, ret);
    if (!sent) {
        g_autoptr(GError) err = g_error_new(QV_ERROR, QV_ERR_RPC, "Unable to encode message payload: the result of %s is over the "
                                            "protocol's limits", rpc_call_name(call));
        rpc_call_fail(call, err);
        return;
    }
    if (call->stream && !call->client->closed)
        stream_begin(g_steal_pointer(&call->stream));
    call_end(call);
}

void rpc_call_fail(RpcCall *call, const GError *err)
{
    const Header header = call_header(call);
    g_return_if_fail(!call->ended);
    if (call->client->server->config.ended)
        call->client->server->config.ended(call, err);
    if (!call->client->closed)
        send_error(call->client, &header, err);
    call_end(call);
}

/* --- calls */

static void refuse(RpcClient *client, const Header *header, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void refuse(RpcClient *client, const Header *header, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autoptr(GError) err = g_error_new_valist(QV_ERROR, QV_ERR_RPC, format, args);
    va_end(args);
    send_error(client, header, err);
}

static bool before_authentication(const RpcProcedure *procedure)
{
    return procedure->program == REMOTE_PROGRAM && procedure->number >= PROC_AUTH_LIST && procedure->number <= PROC_AUTH_POLKIT;
}

/* What the frame alone tells. NULL when the call was refused. */
static const RpcProcedure *call_check(RpcClient *client, const Header *header)
{
    if (!rpc_program_known(header->program) || header->version != 1) {
        refuse(client, header, "Cannot find program %u version %u", header->program, header->version);
        return NULL;
    }
    const RpcProcedure *procedure = header->procedure < 0 ? NULL : rpc_procedure_find(header->program, (guint32)header->procedure);
    if (header->status != STATUS_OK)
        refuse(client, header, "Unexpected message status %d", header->status);
    else if (!client->authenticated && !(procedure && before_authentication(procedure)))
        refuse(client, header, "authentication required");
    else if (!procedure || procedure->event)
        refuse(client, header, "unknown procedure: %d", header->procedure);
    else
        return procedure;
    return NULL;
}

static GArray *take_fds(RpcClient *client, guint n)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));
    guint have = client->fds ? MIN(n, client->fds->len) : 0;
    if (have) {
        g_array_append_vals(fds, client->fds->data, have);
        g_array_remove_range(client->fds, 0, have);
    }
    return fds;
}

static RpcOutcome call_run(RpcCall *call, void *ret, GError **err)
{
    RpcServer *server = call->client->server;
    RpcHandler handler = server->handlers[call->procedure - rpc_procedures];
    if (server->config.allow && !server->config.allow(call, err))
        return RPC_FAILED;
    if (handler)
        return handler(call, call->args, ret, err);
    g_set_error(err, QV_ERROR, QV_ERR_NO_SUPPORT, "%s", call->procedure->api);
    return RPC_FAILED;
}

static void call_dispatch(RpcCall *call)
{
    const XdrType *type = call->procedure->ret;
    g_autofree void *ret = type ? g_malloc0(type->size) : NULL;
    g_autoptr(GError) err = NULL;
    call->refs++;
    switch (call_run(call, ret, &err)) {
    case RPC_DONE:
        rpc_call_reply(call, ret);
        break;
    case RPC_FAILED:
        if (type)
            xdr_clear(type, ret);
        rpc_call_fail(call, err);
        break;
    case RPC_LATER:
        break;
    }
    call_unref(call);
}

static void handle_call(RpcClient *client, const Header *header, const guint8 *payload, gsize size)
{
    GArray *fds = NULL;
    if (header->type == MSG_CALL_FDS) {
        guint32 n;
        memcpy(&n, payload, sizeof n);
        fds = take_fds(client, GUINT32_FROM_BE(n));
        payload += sizeof n;
        size -= sizeof n;
    }
    const RpcProcedure *procedure = call_check(client, header);
    if (!procedure) {
        close_fds(fds);
        return;
    }
    RpcCall *call = g_new0(RpcCall, 1);
    *call = (RpcCall){ .refs = 1, .client = connection_ref(client), .procedure = procedure, .serial = header->serial, .fds_in = fds };
    client->calls++;
    if (procedure->args) {
        call->args = g_malloc0(procedure->args->size);
        if (!xdr_decode(payload, size, procedure->args, call->args)) {
            g_autoptr(GError) err = g_error_new(QV_ERROR, QV_ERR_RPC, "Unable to decode message payload");
            rpc_call_fail(call, err);
            return;
        }
    }
    call_dispatch(call);
}

static void handle_keepalive(RpcClient *client, const Header *header)
{
    if (header->procedure != KEEPALIVE_PING)
        return;
    connection_begin(client, &(Header){ KEEPALIVE_PROGRAM, 1, KEEPALIVE_PONG, MSG_EVENT, 0, STATUS_OK });
    connection_send(client, NULL);
}

void server_message(RpcClient *client, const Header *header, const guint8 *payload, gsize size)
{
    if (header->program == KEEPALIVE_PROGRAM && header->type == MSG_EVENT)
        handle_keepalive(client, header);
    else if (header->type == MSG_CALL || header->type == MSG_CALL_FDS)
        handle_call(client, header, payload, size);
    else if (header->type == MSG_STREAM || header->type == MSG_STREAM_HOLE)
        stream_message(client, header, payload, size);
    /* Replies and events from a client mean nothing: dropped, as packets in flight may be. */
}

/* --- the server */

static void listeners_update(RpcServer *server)
{
    bool full = server->n_privileged >= server->config.max_clients;
    if (full == server->full)
        return;
    server->full = full;
    if (full)
        g_warning("%u clients are connected, the most that max_clients allows: others wait", server->n_privileged);
    for (guint i = 0; i < server->listeners->len; i++) {
        const Listener *listener = server->listeners->pdata[i];
        loop_watch_set(listener->watch, full ? 0 : LOOP_READ);
    }
}

static guint clients_of(const RpcServer *server, uid_t uid)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(server->by_uid, GUINT_TO_POINTER(uid)));
}

static void count(RpcServer *server, const RpcClient *client, int by)
{
    guint n = clients_of(server, client->uid) + (guint)by;
    if (client->privileged)
        server->n_privileged += (guint)by;
    else if (n)
        g_hash_table_replace(server->by_uid, GUINT_TO_POINTER(client->uid), GUINT_TO_POINTER(n));
    else
        g_hash_table_remove(server->by_uid, GUINT_TO_POINTER(client->uid));
}

void server_client_gone(RpcClient *client)
{
    RpcServer *server = client->server;
    if (server->config.client_gone)
        server->config.client_gone(client);
    g_ptr_array_remove_fast(server->clients, client);
    count(server, client, -1);
    listeners_update(server);
    connection_unref(client);
}

/* Whether one more of that user is served. The others are turned away at once: waiting, they would fill the queue of
 * connections, in which root waits too. */
static bool has_room(RpcServer *server, const struct ucred *who)
{
    gint64 now = g_get_monotonic_time();
    if (who->uid == 0 || who->uid == geteuid())
        return true;
    if (clients_of(server, who->uid) < server->config.max_clients_per_uid &&
        server->clients->len - server->n_privileged < server->config.max_clients)
        return true;
    if (!server->refused_us || now - server->refused_us > G_USEC_PER_SEC)
        g_warning("process %d of user %u has too many connections (max_clients_per_user %u): refused", (int)who->pid,
                  (guint)who->uid, server->config.max_clients_per_uid);
    server->refused_us = now;
    return false;
}

enum { ACCEPT_REST_MS = 100 };

static bool take_connection(const Listener *listener)
{
    RpcServer *server = listener->server;
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
            loop_watch_rest(listener->watch, ACCEPT_REST_MS);      /* descriptors are short */
        return false;
    }
    struct ucred who = { 0, (uid_t)-1, (gid_t)-1 };
    socklen_t size = sizeof who;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
    if (!has_room(server, &who)) {
        close(fd);
        return true;
    }
    RpcClient *client = connection_new(server, fd, listener->readonly, &who);
    g_ptr_array_add(server->clients, client);
    count(server, client, 1);
    listeners_update(server);
    return !server->full;
}

static void on_connection(guint ready, gpointer user)
{
    enum { AT_ONCE = 32 };                         /* those who are served wait no longer than this */
    for (guint i = 0; i < AT_ONCE && take_connection(user); i++)
        continue;
}

static gboolean on_tick(gpointer user)
{
    RpcServer *server = user;
    gint64 now = g_get_monotonic_time();
    for (guint i = server->clients->len; i-- > 0;) {
        if (i < server->clients->len)              /* closing one moves the last into its place */
            connection_tick(server->clients->pdata[i], now);
    }
    return G_SOURCE_CONTINUE;
}

static void listener_free(gpointer data)
{
    Listener *listener = data;
    loop_unwatch(listener->watch);
    close(listener->fd);
    if (listener->path)
        g_unlink(listener->path);
    g_free(listener->path);
    g_free(listener);
}

RpcServer *rpc_server_new(const RpcServerConfig *config, const RpcHandlerRow *rows, guint n_rows)
{
    RpcServer *server = g_new0(RpcServer, 1);
    server->config = *config;
    server->config.max_clients = config->max_clients ? config->max_clients : DEFAULT_CLIENTS;
    server->config.max_calls_per_client = config->max_calls_per_client ? config->max_calls_per_client : DEFAULT_CALLS;
    server->config.max_queue_bytes = config->max_queue_bytes ? config->max_queue_bytes : DEFAULT_QUEUE;
    server->config.max_clients_per_uid = config->max_clients_per_uid ? config->max_clients_per_uid : DEFAULT_PER_UID;
    server->config.max_held_bytes = config->max_held_bytes ? config->max_held_bytes : DEFAULT_HELD;
    server->by_uid = g_hash_table_new(NULL, NULL);
    server->handlers = g_new0(RpcHandler, rpc_n_procedures);
    for (guint i = 0; i < n_rows; i++) {
        const RpcProcedure *procedure = rpc_procedure_find(rows[i].program, rows[i].procedure);
        if (procedure)
            server->handlers[procedure - rpc_procedures] = rows[i].handler;
    }
    server->listeners = g_ptr_array_new_with_free_func(listener_free);
    server->clients = g_ptr_array_new();
    server->scratch = g_byte_array_new();
    server->input = g_malloc(INPUT_SIZE);
    server->tick = g_timeout_add_seconds(1, on_tick, server);
    return server;
}

void rpc_server_free(RpcServer *server)
{
    if (!server)
        return;
    g_source_remove(server->tick);
    g_ptr_array_unref(server->listeners);
    server->listeners = g_ptr_array_new();
    while (server->clients->len)
        connection_close(server->clients->pdata[server->clients->len - 1]);
    g_ptr_array_unref(server->listeners);
    g_ptr_array_unref(server->clients);
    g_hash_table_unref(server->by_uid);
    g_byte_array_unref(server->scratch);
    g_free(server->input);
    g_free(server->handlers);
    g_free(server);
}

static bool listener_add(RpcServer *server, int fd, bool readonly, const char *path, GError **err)
{
    Listener *listener = g_new0(Listener, 1);
    *listener = (Listener){ .server = server, .fd = fd, .readonly = readonly, .path = g_strdup(path) };
    listener->watch = loop_watch(fd, LOOP_READ, on_connection, listener);
    if (!listener->watch) {
        qv_error_errno(err, errno, "cannot serve the socket '%s'", path ? path : "handed over");
        listener_free(listener);
        return false;
    }
    g_ptr_array_add(server->listeners, listener);
    return true;
}

bool rpc_server_listen_fd(RpcServer *server, int fd, bool readonly, GError **err)
{
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    return listener_add(server, fd, readonly, NULL, err);
}

/* Whether somebody answers at the socket file. */
static bool socket_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool served = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN;
    close(fd);
    return served;
}

static bool socket_bind(int fd, const struct sockaddr_un *address, mode_t mode, gid_t gid, GError **err)
{
    if (socket_served(address)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "another daemon serves '%s'", address->sun_path);
        return false;
    }
    g_unlink(address->sun_path);
    mode_t old = umask(0777 & ~mode);
    int bound = bind(fd, (const struct sockaddr *)address, sizeof *address);
    umask(old);
    if (bound != 0)
        return qv_error_errno(err, errno, "cannot bind the socket '%s'", address->sun_path);
    if (gid != (gid_t)-1 && chown(address->sun_path, (uid_t)-1, gid) != 0)
        return qv_error_errno(err, errno, "cannot give the socket '%s' to group %u", address->sun_path, (guint)gid);
    if (listen(fd, BACKLOG) != 0)
        return qv_error_errno(err, errno, "cannot listen on '%s'", address->sun_path);
    return true;
}

bool rpc_server_listen_path(RpcServer *server, const char *path, mode_t mode, gid_t gid, bool readonly, GError **err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "the socket's path '%s' is longer than %zu bytes", path, sizeof address.sun_path - 1);
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return qv_error_errno(err, errno, "cannot make a socket for '%s'", path);
    if (!socket_bind(fd, &address, mode, gid, err)) {
        close(fd);
        return false;
    }
    return listener_add(server, fd, readonly, path, err);
}

guint rpc_server_clients(const RpcServer *server)
{
    return server->clients->len;
}

/* --- what handlers ask */

RpcServer *rpc_call_server(const RpcCall *call)
{
    return call->client->server;
}

RpcClient *rpc_call_client(const RpcCall *call)
{
    return call->client;
}

guint32 rpc_call_program(const RpcCall *call)
{
    return call->procedure->program;
}

guint32 rpc_call_procedure(const RpcCall *call)
{
    return call->procedure->number;
}

RpcReadonly rpc_call_readonly(const RpcCall *call)
{
    return call->procedure->readonly;
}

const void *rpc_call_args(const RpcCall *call)
{
    return call->args;
}

const char *rpc_call_name(const RpcCall *call)
{
    return call->procedure->api;
}

guint rpc_call_fds(const RpcCall *call, const int **ret_fds)
{
    *ret_fds = call->fds_in ? (const int *)(const void *)call->fds_in->data : NULL;
    return call->fds_in ? call->fds_in->len : 0;
}

void rpc_call_send_fd(RpcCall *call, int fd)
{
    if (!call->fds_out)
        call->fds_out = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_val(call->fds_out, fd);
}

gpointer rpc_client_user(const RpcClient *client)
{
    return client->user;
}

void rpc_client_set_user(RpcClient *client, gpointer user)
{
    client->user = user;
}

bool rpc_client_readonly(const RpcClient *client)
{
    return client->readonly;
}

void rpc_client_set_readonly(RpcClient *client)
{
    client->readonly = true;
}

bool rpc_client_authenticated(const RpcClient *client)
{
    return client->authenticated;
}

void rpc_client_set_authenticated(RpcClient *client)
{
    client->authenticated = true;
}

void rpc_client_creds(const RpcClient *client, pid_t *pid, uid_t *uid, gid_t *gid)
{
    *pid = client->pid;
    *uid = client->uid;
    *gid = client->gid;
}

void rpc_client_start_keepalive(RpcClient *client)
{
    client->keepalive = true;
}

void rpc_client_close_after_reply(RpcClient *client)
{
    client->close_after_output = true;
}

void rpc_client_event(RpcClient *client, guint32 program, guint32 number, const void *event)
{
    const RpcProcedure *procedure = rpc_procedure_find(program, number);
    if (client->closed || !procedure)
        return;
    GByteArray *out = connection_begin(client, &(Header){ program, 1, (gint32)number, MSG_EVENT, 1, STATUS_OK });
    if (!procedure->args || xdr_encode(out, procedure->args, event))
        connection_send(client, NULL);
    else
        g_warning("event %s is over the protocol's limits: not sent", procedure->name);
}
