#include "rpc/client.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "rpc/message.h"

struct RpcConn {
    int fd;
    guint32 serial;
    int error_code;
    RpcEventFn on_event;
    gpointer event_user;
    RpcDataFn on_data;
    gpointer data_user;
    guint32 wanted;                /* serial of the reply that is waited for; 0: none */
    bool replied;
    gint32 reply_status;
    GByteArray *reply;
    Header stream;              /* serial 0: none is open */
};

static void put32(GByteArray *out, guint32 value)
{
    guint32 big = GUINT32_TO_BE(value);
    g_byte_array_append(out, (guint8 *)&big, 4);
}

static guint32 get32(const guint8 *at)
{
    guint32 big;
    memcpy(&big, at, 4);
    return GUINT32_FROM_BE(big);
}

static bool send_all(RpcConn *conn, const guint8 *data, gsize size, GError **err)
{
    while (size) {
        ssize_t n = send(conn->fd, data, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return qv_error_errno(err, errno, "cannot send to the daemon");
        data += n;
        size -= (gsize)n;
    }
    return true;
}

static GByteArray *message_begin(const Header *h)
{
    GByteArray *out = g_byte_array_new();
    const guint32 words[] = { 0, h->program, h->version, (guint32)h->procedure, (guint32)h->type, h->serial, (guint32)h->status };

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        put32(out, words[i]);
    return out;
}

static bool message_send(RpcConn *conn, GByteArray *out, GError **err)
{
    guint32 length = GUINT32_TO_BE(out->len);

    memcpy(out->data, &length, 4);
    bool ok = send_all(conn, out->data, out->len, err);
    g_byte_array_unref(out);
    return ok;
}

static bool receive_all(RpcConn *conn, guint8 *data, gsize size, GError **err)
{
    while (size) {
        ssize_t n = recv(conn->fd, data, size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return qv_error_errno(err, errno, "cannot read from the daemon");
        if (!n) {
            g_set_error(err, QV_ERROR, QV_ERR_RPC, "the daemon closed the connection");
            return false;
        }
        data += n;
        size -= (gsize)n;
    }
    return true;
}

/* An error as the protocol puts it: code, domain, message ... */
static void take_error(RpcConn *conn, const guint8 *data, gsize size, GError **err)
{
    guint32 length = size >= 16 && get32(data + 8) == 1 ? get32(data + 12) : 0;
    g_autofree char *text = length && length <= size - 16 ? g_strndup((const char *)data + 16, length) : NULL;

    conn->error_code = size >= 4 ? (int)get32(data) : 0;
    g_set_error_literal(err, QV_ERROR, QV_ERR_RPC, text ? text : "the daemon gave no reason");
}

static void take_event(RpcConn *conn, const Header *h, const guint8 *data, gsize size)
{
    const RpcProcedure *p = rpc_procedure_find(h->program, (guint32)h->procedure);

    if (!p || !p->args || !conn->on_event)
        return;
    g_autofree void *msg = g_malloc0(p->args->size);
    if (xdr_decode(data, size, p->args, msg))
        conn->on_event((guint32)h->procedure, msg, conn->event_user);
    xdr_clear(p->args, msg);
}

static void take_stream(RpcConn *conn, const Header *h, const guint8 *data, gsize size)
{
    if (h->serial != conn->stream.serial)
        return;
    if (h->status == STATUS_CONTINUE) {
        if (conn->on_data)
            conn->on_data(data, size, conn->data_user);
        return;
    }
    conn->stream.serial = 0;
    conn->replied = true;
    conn->reply_status = h->status;
    g_byte_array_set_size(conn->reply, 0);
    g_byte_array_append(conn->reply, data, (guint)size);
}

static bool take_message(RpcConn *conn, const Header *h, const guint8 *data, gsize size, GError **err)
{
    if (h->program == KEEPALIVE_PROGRAM && h->procedure == KEEPALIVE_PING)
        return message_send(conn, message_begin(&(Header){ KEEPALIVE_PROGRAM, 1, KEEPALIVE_PONG, MSG_EVENT, 0, 0 }), err);
    if (h->type == MSG_EVENT) {
        take_event(conn, h, data, size);
    } else if (h->type == MSG_STREAM) {
        take_stream(conn, h, data, size);
    } else if (h->type == MSG_REPLY && h->serial == conn->wanted) {
        conn->replied = true;
        conn->reply_status = h->status;
        g_byte_array_set_size(conn->reply, 0);
        g_byte_array_append(conn->reply, data, (guint)size);
    }
    return true;
}

bool rpc_conn_process(RpcConn *conn, GError **err)
{
    guint8 head[HEADER_SIZE];

    if (!receive_all(conn, head, sizeof head, err))
        return false;
    guint32 length = get32(head);
    Header h = { get32(head + 4), get32(head + 8), (gint32)get32(head + 12), (gint32)get32(head + 16), get32(head + 20),
                    (gint32)get32(head + 24) };
    if (length < sizeof head || length > MESSAGE_MAX) {
        g_set_error(err, QV_ERROR, QV_ERR_RPC, "the daemon sent a message of %u bytes; is this the right socket?", length);
        return false;
    }
    gsize size = length - sizeof head;
    g_autofree guint8 *data = g_malloc(size + 1);
    return receive_all(conn, data, size, err) && take_message(conn, &h, data, size, err);
}

static bool wait_reply(RpcConn *conn, GError **err)
{
    conn->error_code = 0;
    while (!conn->replied)
        if (!rpc_conn_process(conn, err))
            return false;
    conn->replied = false;
    if (conn->reply_status != STATUS_ERROR)
        return true;
    take_error(conn, conn->reply->data, conn->reply->len, err);
    return false;
}

static bool call(RpcConn *conn, guint32 program, guint32 number, const void *args, void *ret, GError **err)
{
    const RpcProcedure *p = rpc_procedure_find(program, number);
    Header h = { program, 1, (gint32)number, MSG_CALL, ++conn->serial, 0 };
    GByteArray *out = message_begin(&h);

    if (p->args && !xdr_encode(out, p->args, args)) {
        g_byte_array_unref(out);
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "%s: an argument is longer than the protocol allows", p->api);
        return false;
    }
    conn->wanted = h.serial;
    conn->replied = false;
    if (!message_send(conn, out, err) || !wait_reply(conn, err))
        return false;
    if (p->stream)
        conn->stream = h;
    if (!p->ret || !ret || xdr_decode(conn->reply->data, conn->reply->len, p->ret, ret))
        return true;
    xdr_clear(p->ret, ret);
    g_set_error(err, QV_ERROR, QV_ERR_RPC, "%s: the daemon's reply cannot be read", p->api);
    return false;
}

bool rpc_conn_call(RpcConn *conn, guint32 procedure, const void *args, void *ret, GError **err)
{
    return call(conn, REMOTE_PROGRAM, procedure, args, ret, err);
}

bool rpc_conn_call_qemu(RpcConn *conn, guint32 procedure, const void *args, void *ret, GError **err)
{
    return call(conn, QEMU_PROGRAM, procedure, args, ret, err);
}

void rpc_conn_clear(guint32 procedure, void *ret)
{
    const RpcProcedure *p = rpc_procedure_find(REMOTE_PROGRAM, procedure);
    if (p && p->ret)
        xdr_clear(p->ret, ret);
}

/* --- callbacks and streams */

void rpc_conn_on_event(RpcConn *conn, RpcEventFn fn, gpointer user)
{
    conn->on_event = fn;
    conn->event_user = user;
}

void rpc_conn_on_data(RpcConn *conn, RpcDataFn fn, gpointer user)
{
    conn->on_data = fn;
    conn->data_user = user;
}

bool rpc_conn_stream_open(const RpcConn *conn)
{
    return conn->stream.serial != 0;
}

static bool stream_packet(RpcConn *conn, gint32 status, const guint8 *data, gsize size, GError **err)
{
    Header h = conn->stream;

    h.type = MSG_STREAM;
    h.status = status;
    GByteArray *out = message_begin(&h);
    g_byte_array_append(out, data, (guint)size);
    return message_send(conn, out, err);
}

bool rpc_conn_stream_send(RpcConn *conn, const guint8 *data, gsize size, GError **err)
{
    while (size) {
        gsize n = MIN(size, (gsize)STREAM_PACKET_MAX);
        if (!stream_packet(conn, STATUS_CONTINUE, data, n, err))
            return false;
        data += n;
        size -= n;
    }
    return true;
}

bool rpc_conn_stream_finish(RpcConn *conn, GError **err)
{
    if (!rpc_conn_stream_open(conn))
        return true;
    conn->replied = false;
    return stream_packet(conn, STATUS_OK, (const guint8 *)"", 0, err) && wait_reply(conn, err);
}

bool rpc_conn_stream_result(RpcConn *conn, GError **err)
{
    if (!conn->replied || conn->reply_status != STATUS_ERROR)
        return true;
    take_error(conn, conn->reply->data, conn->reply->len, err);
    return false;
}

/* --- opening and closing */

int rpc_conn_fd(const RpcConn *conn)
{
    return conn->fd;
}

int rpc_conn_error_code(const RpcConn *conn)
{
    return conn->error_code;
}

void rpc_conn_free(RpcConn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    g_byte_array_unref(conn->reply);
    g_free(conn);
}

static bool connect_socket(RpcConn *conn, const char *path, GError **err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof address.sun_path) {
        g_set_error(err, QV_ERROR, QV_ERR_NO_CONNECT, "the socket's name '%s' is longer than a socket's can be", path);
        return false;
    }
    strcpy(address.sun_path, path);
    conn->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (conn->fd >= 0 && connect(conn->fd, (struct sockaddr *)&address, sizeof address) == 0)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_NO_CONNECT, "cannot connect to '%s': %s%s", path, g_strerror(errno),
                errno == EACCES ? "; become root, a member of the daemon's group, or use --readonly"
                                : "; is qvirtd running there?");
    return false;
}

RpcConn *rpc_conn_open(const char *path, const char *name, bool readonly, GError **err)
{
    g_autoptr(RpcConn) conn = g_new0(RpcConn, 1);
    RemoteAuthListRet types = { 0 };
    RemoteConnectOpenArgs args = { .name = (char *)name, .flags = readonly };

    conn->fd = -1;
    conn->reply = g_byte_array_new();
    if (!connect_socket(conn, path, err) || !rpc_conn_call(conn, PROC_AUTH_LIST, NULL, &types, err))
        return NULL;
    bool open = types.n_types == 0 || types.types[0] == 0;
    rpc_conn_clear(PROC_AUTH_LIST, &types);
    if (!open && !rpc_conn_call(conn, PROC_AUTH_POLKIT, NULL, NULL, err))
        return NULL;
    return rpc_conn_call(conn, PROC_CONNECT_OPEN, &args, NULL, err) ? g_steal_pointer(&conn) : NULL;
}
