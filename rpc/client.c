#include "rpc/client.h"
#include "rpc/address.h"
#include "rpc/message.h"
#include "util/error.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A result or event that the connection keeps for the caller. */
typedef struct { const XdrType *type; void *value; } Kept;
typedef struct { Header header; GBytes *payload; } Packet;

struct RpcConn {
    int fd;
    guint32 serial;
    GByteArray *input;           /* received, not yet whole messages */
    GQueue events, stream;       /* of Packet, oldest first */
    GArray *kept;                /* of Kept */
    Packet *reply;               /* of the call under way */
    Header stream_header;        /* of the call that opened the stream; serial 0: none */
};

G_DEFINE_QUARK(rpc-remote-error-quark, rpc_remote_error)

static void packet_free(gpointer data)
{
    Packet *packet = data;
    g_bytes_unref(packet->payload);
    g_free(packet);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Packet, packet_free)

static guint32 load_u32(const guint8 *from)
{
    guint32 wire;
    memcpy(&wire, from, sizeof wire);
    return GUINT32_FROM_BE(wire);
}

static void append_u32(GByteArray *out, guint32 value)
{
    guint32 wire = GUINT32_TO_BE(value);
    g_byte_array_append(out, (const guint8 *)&wire, sizeof wire);
}

static bool broken(GError **err, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_RPC, "the connection to the daemon broke: %s", why);
    return false;
}

/* --- output */

static GByteArray *message_begin(const Header *header)
{
    GByteArray *out = g_byte_array_new();
    const guint32 words[] = { 0, header->program, header->version, (guint32)header->procedure, (guint32)header->type,
                              header->serial, (guint32)header->status };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        append_u32(out, words[i]);
    return out;
}

/* Takes @out. */
static bool message_send(RpcConn *conn, GByteArray *out, GError **err)
{
    g_autoptr(GByteArray) message = out;
    guint32 length = GUINT32_TO_BE(message->len);
    memcpy(message->data, &length, sizeof length);
    for (gsize done = 0; done < message->len;) {
        ssize_t wrote = send(conn->fd, message->data + done, message->len - done, MSG_NOSIGNAL);
        if (wrote < 0 && errno != EINTR)
            return broken(err, g_strerror(errno));
        done += wrote > 0 ? (gsize)wrote : 0;
    }
    return true;
}

/* --- input */

/* Sorts one message into where it is waited for; answers a ping at once. */
static bool message_sort(RpcConn *conn, const Header *header, const guint8 *payload, gsize size, GError **err)
{
    if (header->program == KEEPALIVE_PROGRAM) {
        Header pong = { KEEPALIVE_PROGRAM, 1, KEEPALIVE_PONG, MSG_EVENT, 0, STATUS_OK };
        return header->procedure != KEEPALIVE_PING || message_send(conn, message_begin(&pong), err);
    }
    Packet *packet = g_new(Packet, 1);
    *packet = (Packet){ *header, g_bytes_new(payload, size) };
    if (header->type == MSG_EVENT)
        g_queue_push_tail(&conn->events, packet);
    else if (header->type == MSG_REPLY && !conn->reply)
        conn->reply = packet;
    else if (header->type == MSG_STREAM && header->serial == conn->stream_header.serial)
        g_queue_push_tail(&conn->stream, packet);
    else
        packet_free(packet);          /* of a stream that is over */
    return true;
}

static bool input_sort(RpcConn *conn, GError **err)
{
    gsize at = 0;
    while (conn->input->len - at >= HEADER_SIZE) {
        const guint8 *message = conn->input->data + at;
        guint32 length = load_u32(message);
        if (length < HEADER_SIZE || length > MESSAGE_MAX)
            return broken(err, "a message has an impossible length");
        if (conn->input->len - at < length)
            break;
        const Header header = { load_u32(message + 4), load_u32(message + 8), (gint32)load_u32(message + 12),
                                (gint32)load_u32(message + 16), load_u32(message + 20), (gint32)load_u32(message + 24) };
        if (!message_sort(conn, &header, message + HEADER_SIZE, length - HEADER_SIZE, err))
            return false;
        at += length;
    }
    if (at)
        g_byte_array_remove_range(conn->input, 0, (guint)at);
    return true;
}

static bool receive(RpcConn *conn, bool wait, GError **err)
{
    guint8 data[65536];
    ssize_t got;
    do
        got = recv(conn->fd, data, sizeof data, wait ? 0 : MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return true;
    if (got <= 0)
        return broken(err, got ? g_strerror(errno) : "the daemon closed it");
    g_byte_array_append(conn->input, data, (guint)got);
    return input_sort(conn, err);
}

bool rpc_conn_receive(RpcConn *conn, GError **err)
{
    return receive(conn, false, err);
}

/* --- results */

static bool decode(RpcConn *conn, const Packet *packet, const XdrType *type, void *ret, GError **err)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(packet->payload, &size);
    bool good = xdr_decode(data, size, type, ret);
    Kept kept = { type, g_memdup2(ret, type->size) };
    g_array_append_val(conn->kept, kept);
    return good || broken(err, "a message cannot be understood");
}

void rpc_conn_release(RpcConn *conn)
{
    for (guint i = 0; i < conn->kept->len; i++) {
        Kept *kept = &g_array_index(conn->kept, Kept, i);
        xdr_clear(kept->type, kept->value);
        g_free(kept->value);
    }
    g_array_set_size(conn->kept, 0);
}

/* The beginning of an error on the wire; the rest says nothing more. */
static bool remote_error(const Packet *packet, GError **err)
{
    typedef struct { gint32 code, domain; char *message; } Failure;
    static const XdrField rows[] = {
        { XDR_INT, XDR_ONE, 0, offsetof(Failure, code), 0, NULL },
        { XDR_INT, XDR_ONE, 0, offsetof(Failure, domain), 0, NULL },
        { XDR_STRING, XDR_OPTIONAL, 0, offsetof(Failure, message), 0, NULL },
    };
    static const XdrType type = { sizeof(Failure), rows, G_N_ELEMENTS(rows) };
    Failure failure = { 0 };
    gsize size;
    const guint8 *data = g_bytes_get_data(packet->payload, &size);

    if (xdr_decode(data, size, &type, &failure))
        g_set_error(err, RPC_REMOTE_ERROR, failure.code, "%s", failure.message ? failure.message : "the daemon gave no reason");
    else
        broken(err, "an error cannot be understood");
    xdr_clear(&type, &failure);
    return false;
}

/* --- calls */

static void stream_forget(RpcConn *conn)
{
    g_queue_clear_full(&conn->stream, packet_free);
    conn->stream_header = (Header){ 0 };
}

static bool call(RpcConn *conn, guint32 program, guint32 number, const void *args, void *ret, GError **err)
{
    const RpcProcedure *procedure = rpc_procedure_find(program, number);
    Header header = { program, 1, (gint32)number, MSG_CALL, ++conn->serial, STATUS_OK };
    GByteArray *out = message_begin(&header);

    if (procedure->args && !xdr_encode(out, procedure->args, args)) {
        g_byte_array_unref(out);
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "%s: an argument is too long", procedure->api);
        return false;
    }
    if (procedure->stream) {
        stream_forget(conn);
        conn->stream_header = header;
    }
    g_clear_pointer(&conn->reply, packet_free);
    if (!message_send(conn, out, err))
        return false;
    while (!conn->reply)
        if (!receive(conn, true, err))
            return false;
    g_autoptr(Packet) reply = g_steal_pointer(&conn->reply);
    if (reply->header.serial != header.serial)
        return broken(err, "an answer does not belong to its call");
    if (reply->header.status == STATUS_ERROR)
        return remote_error(reply, err);
    return !procedure->ret || !ret || decode(conn, reply, procedure->ret, ret, err);
}

bool rpc_conn_call(RpcConn *conn, guint32 procedure, const void *args, void *ret, GError **err)
{
    return call(conn, REMOTE_PROGRAM, procedure, args, ret, err);
}

bool rpc_conn_call_qemu(RpcConn *conn, guint32 procedure, const void *args, void *ret, GError **err)
{
    return call(conn, QEMU_PROGRAM, procedure, args, ret, err);
}

bool rpc_conn_event(RpcConn *conn, RpcEvent *ret_event)
{
    while (!g_queue_is_empty(&conn->events)) {
        g_autoptr(Packet) packet = g_queue_pop_head(&conn->events);
        const RpcProcedure *procedure = rpc_procedure_find(packet->header.program, (guint32)packet->header.procedure);
        if (!procedure || !procedure->event || !procedure->args)
            continue;                    /* of a newer daemon */
        void *args = g_malloc0(procedure->args->size);
        bool good = decode(conn, packet, procedure->args, args, NULL);
        g_free(args);
        if (!good)
            continue;
        *ret_event = (RpcEvent){ procedure, g_array_index(conn->kept, Kept, conn->kept->len - 1).value };
        return true;
    }
    return false;
}

/* --- streams */

RpcIncoming rpc_conn_stream_take(RpcConn *conn, GBytes **ret_data, GError **err)
{
    g_autoptr(Packet) packet = g_queue_pop_head(&conn->stream);
    if (!packet)
        return RPC_INCOMING_NOTHING;
    if (packet->header.status == STATUS_ERROR) {
        remote_error(packet, err);
        stream_forget(conn);
        return RPC_INCOMING_FAILED;
    }
    if (packet->header.status == STATUS_OK || !g_bytes_get_size(packet->payload))
        return RPC_INCOMING_END;
    *ret_data = g_bytes_ref(packet->payload);
    return RPC_INCOMING_DATA;
}

bool rpc_conn_stream_send(RpcConn *conn, const void *data, gsize size, GError **err)
{
    Header header = conn->stream_header;
    header.type = MSG_STREAM;
    header.status = STATUS_CONTINUE;
    for (gsize done = 0; done < size;) {
        gsize part = MIN(size - done, STREAM_PACKET_MAX);
        GByteArray *out = message_begin(&header);
        g_byte_array_append(out, (const guint8 *)data + done, (guint)part);
        if (!message_send(conn, out, err))
            return false;
        done += part;
    }
    return true;
}

bool rpc_conn_stream_finish(RpcConn *conn, GError **err)
{
    Header header = conn->stream_header;
    if (!header.serial)
        return true;
    header.type = MSG_STREAM;
    if (!message_send(conn, message_begin(&header), err))
        return false;
    for (;;) {
        g_autoptr(Packet) packet = g_queue_pop_head(&conn->stream);
        if (!packet) {
            if (!receive(conn, true, err))
                return false;
        } else if (packet->header.status != STATUS_CONTINUE) {
            bool good = packet->header.status == STATUS_OK || remote_error(packet, err);
            stream_forget(conn);
            return good;
        }
    }
}

GByteArray *rpc_conn_stream_read_all(RpcConn *conn, GError **err)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    for (;;) {
        g_autoptr(GBytes) data = NULL;
        switch (rpc_conn_stream_take(conn, &data, err)) {
        case RPC_INCOMING_NOTHING:
            if (!receive(conn, true, err))
                return NULL;
            break;
        case RPC_INCOMING_DATA:
            g_byte_array_append(all, g_bytes_get_data(data, NULL), (guint)g_bytes_get_size(data));
            break;
        case RPC_INCOMING_END:
            return rpc_conn_stream_finish(conn, err) ? g_steal_pointer(&all) : NULL;
        case RPC_INCOMING_FAILED:
            return NULL;
        }
    }
}

/* --- connecting */

static int socket_connect(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* The first socket that answers. One that is there and refuses ends the search: it is the one that was meant. */
static int connect_any(const RpcAddress *address, GError **err)
{
    for (char **path = address->sockets; *path; path++) {
        int fd = socket_connect(*path);
        if (fd >= 0)
            return fd;
        if ((errno == ENOENT || errno == ECONNREFUSED) && path[1])
            continue;
        const char *tried = errno == ENOENT || errno == ECONNREFUSED ? address->sockets[0] : *path;
        g_set_error(err, QV_ERROR, QV_ERR_NO_CONNECT, "cannot connect to the daemon at '%s': %s%s", tried, g_strerror(errno),
                    errno == EACCES ? "; become root, join the socket's group, or read with --readonly"
                                    : "; is qvirtd running there?");
        return -1;
    }
    return -1;
}

static bool authenticate(RpcConn *conn, GError **err)
{
    enum { AUTH_NONE, AUTH_SASL, AUTH_POLKIT };
    RemoteAuthListRet offer = { 0 };
    if (!rpc_conn_call(conn, PROC_AUTH_LIST, NULL, &offer, err))
        return false;
    if (!offer.n_types || offer.types[0] == AUTH_NONE)
        return true;
    if (offer.types[0] == AUTH_POLKIT)
        return rpc_conn_call(conn, PROC_AUTH_POLKIT, NULL, NULL, err);
    g_set_error(err, QV_ERROR, QV_ERR_AUTH_FAILED, "the daemon wants passwords (SASL), which qvirt does not have");
    return false;
}

RpcConn *rpc_conn_open(const char *uri, bool readonly, GError **err)
{
    enum { OPEN_READONLY = 1 };
    g_autoptr(RpcAddress) address = rpc_address_parse(uri, readonly, err);
    if (!address)
        return NULL;
    int fd = connect_any(address, err);
    if (fd < 0)
        return NULL;
    g_autoptr(RpcConn) conn = g_new0(RpcConn, 1);
    conn->fd = fd;
    conn->input = g_byte_array_new();
    conn->kept = g_array_new(FALSE, FALSE, sizeof(Kept));
    RemoteConnectOpenArgs args = { .name = address->name, .flags = readonly ? OPEN_READONLY : 0 };
    if (!authenticate(conn, err) || !rpc_conn_call(conn, PROC_CONNECT_OPEN, &args, NULL, err))
        return NULL;
    return g_steal_pointer(&conn);
}

int rpc_conn_fd(const RpcConn *conn)
{
    return conn->fd;
}

void rpc_conn_free(RpcConn *conn)
{
    if (!conn)
        return;
    rpc_conn_release(conn);
    stream_forget(conn);
    g_queue_clear_full(&conn->events, packet_free);
    g_clear_pointer(&conn->reply, packet_free);
    g_array_unref(conn->kept);
    g_byte_array_unref(conn->input);
    close(conn->fd);
    g_free(conn);
}
