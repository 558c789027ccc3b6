/* The bytes of one client: framing, descriptors, the queue of output, keepalive. */
#include "rpc/server_private.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_SIZE = 65536, DRAINED_BELOW = 65536, UNREAD_MOST = 4 << 20 };

/* Output that the socket did not take at once; @fd, if any, travels with its first byte. */
typedef struct { guint8 *data; gsize size, sent; int fd; } Packet;

static void packet_free(gpointer data)
{
    Packet *packet = data;
    if (packet->fd >= 0)
        close(packet->fd);
    g_free(packet->data);
    g_free(packet);
}

static guint32 load_u32(const guint8 *at)
{
    guint32 value;
    memcpy(&value, at, sizeof value);
    return GUINT32_FROM_BE(value);
}

static void store_u32(guint8 *at, guint32 value)
{
    value = GUINT32_TO_BE(value);
    memcpy(at, &value, sizeof value);
}

/* What is held for clients without privileges is bounded for all of them together: whose turn it is then, goes. */
static void account(RpcClient *client)
{
    RpcServer *server = client->server;
    gsize now = client->closed || client->privileged ? 0 : client->output_bytes + (client->partial ? client->partial->len : 0);
    bool more = now > client->held;
    server->held += now - client->held;
    client->held = now;
    if (!more || server->held <= server->config.max_held_bytes)
        return;
    g_info("clients without privileges hold %zu bytes: the connection of process %d, user %u, is closed", server->held,
           (int)client->pid, (guint)client->uid);
    connection_close(client);
}

/* --- output */

static ssize_t send_bytes(int socket, const guint8 *data, gsize size, int fd)
{
    union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int))]; } control = { 0 };
    struct iovec piece = { (void *)data, size };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

/* Sends or queues; @fd is duplicated if it must wait. A client that reads nothing loses its connection
 * before its queue costs the daemon much. */
static void output_add(RpcClient *client, const guint8 *data, gsize size, int fd)
{
    ssize_t sent = 0;
    if (g_queue_is_empty(&client->output)) {
        sent = send_bytes(client->fd, data, size, fd);
        if (sent < 0) {
            connection_close(client);
            return;
        }
        if ((gsize)sent == size)
            return;
    }
    Packet *packet = g_new(Packet, 1);
    *packet = (Packet){ g_memdup2(data + sent, size - (gsize)sent), size - (gsize)sent, 0, fd >= 0 && !sent ? dup(fd) : -1 };
    g_queue_push_tail(&client->output, packet);
    client->output_bytes += packet->size;
    if (client->output_bytes > client->server->config.max_queue_bytes) {
        g_info("client of process %d reads nothing and has %zu bytes waiting: its connection is closed",
               (int)client->pid, client->output_bytes);
        connection_close(client);
        return;
    }
    account(client);
    connection_update(client);
}

static void output_flush(RpcClient *client)
{
    Packet *packet;
    while ((packet = g_queue_peek_head(&client->output))) {
        ssize_t sent = send_bytes(client->fd, packet->data + packet->sent, packet->size - packet->sent,
                                  packet->sent ? -1 : packet->fd);
        if (sent < 0) {
            connection_close(client);
            return;
        }
        packet->sent += (gsize)sent;
        client->output_bytes -= (gsize)sent;
        if (packet->sent < packet->size)
            break;
        g_queue_pop_head(&client->output);
        packet_free(packet);
    }
    if (client->close_after_output && g_queue_is_empty(&client->output)) {
        connection_close(client);
        return;
    }
    for (guint i = 0; client->output_bytes < DRAINED_BELOW && client->streams && i < client->streams->len; i++)
        stream_output_drained(client->streams->pdata[i]);
    account(client);
    connection_resume(client);
}

GByteArray *connection_begin(RpcClient *client, const Header *header)
{
    GByteArray *out = client->server->scratch;
    g_byte_array_set_size(out, HEADER_SIZE);
    store_u32(out->data + 4, header->program);
    store_u32(out->data + 8, header->version);
    store_u32(out->data + 12, (guint32)header->procedure);
    store_u32(out->data + 16, (guint32)header->type);
    store_u32(out->data + 20, header->serial);
    store_u32(out->data + 24, (guint32)header->status);
    return out;
}

void connection_send(RpcClient *client, const GArray *fds)
{
    static const guint8 carrier;
    GByteArray *out = client->server->scratch;
    if (client->closed)
        return;
    store_u32(out->data, out->len);
    output_add(client, out->data, out->len, -1);
    for (guint i = 0; fds && i < fds->len && !client->closed; i++)
        output_add(client, &carrier, 1, g_array_index(fds, int, i));
    if (client->close_after_output && !client->closed && g_queue_is_empty(&client->output))
        connection_close(client);
    if (out->len > 1 << 20) {                      /* one long list is no reason to keep a megabyte */
        g_byte_array_unref(client->server->scratch);
        client->server->scratch = g_byte_array_new();
    }
}

/* --- input */

/* Descriptors that came with a call lie in its carrier bytes, behind the message. */
static gsize carriers_of(const guint8 *message, gsize have, bool *ret_broken)
{
    *ret_broken = false;
    if (load_u32(message + 16) != MSG_CALL_FDS)
        return 0;
    /* The count is part of the message: what follows one without it belongs to the next. */
    *ret_broken = load_u32(message) < HEADER_SIZE + 4;
    if (*ret_broken || have < HEADER_SIZE + 4)
        return 0;
    guint32 n = load_u32(message + HEADER_SIZE);
    *ret_broken = n > FDS_MAX;
    return n;
}

static void handle_message(RpcClient *client, const guint8 *message, gsize size)
{
    const Header header = {
        .program = load_u32(message + 4),
        .version = load_u32(message + 8),
        .procedure = (gint32)load_u32(message + 12),
        .type = (gint32)load_u32(message + 16),
        .serial = load_u32(message + 20),
        .status = (gint32)load_u32(message + 24),
    };
    server_message(client, &header, message + HEADER_SIZE, size - HEADER_SIZE);
}

/* Handles the complete messages in @data; gives how many bytes they were, or -1 for a broken stream. */
static gssize handle_input(RpcClient *client, const guint8 *data, gsize size)
{
    gsize at = 0;
    while (!client->closed && !client->paused && !client->close_after_output && size - at >= 4) {
        guint32 length = load_u32(data + at);
        bool broken = false;
        if (length < HEADER_SIZE || length > MESSAGE_MAX)
            return -1;
        if (size - at < HEADER_SIZE)
            break;
        gsize whole = length + carriers_of(data + at, size - at, &broken);
        if (broken)
            return -1;
        if (size - at < whole)
            break;
        handle_message(client, data + at, length);
        at += whole;
        connection_update(client);
    }
    return (gssize)at;
}

/* What was read goes through the shared buffer; only a begun message is kept with the client. */
static void take_input(RpcClient *client, const guint8 *data, gsize size)
{
    GByteArray *partial = client->partial;
    if (partial) {
        g_byte_array_append(partial, data, (guint)size);
        data = partial->data;
        size = partial->len;
    }
    gssize used = handle_input(client, data, size);
    if (used < 0)
        connection_close(client);
    if (client->closed)
        return;
    if ((gsize)used == size) {
        g_clear_pointer(&client->partial, g_byte_array_unref);
    } else if (partial) {
        g_byte_array_remove_range(partial, 0, (guint)used);
    } else {
        client->partial = g_byte_array_new();
        g_byte_array_append(client->partial, data + used, (guint)(size - (gsize)used));
    }
    account(client);
}

static void keep_fds(RpcClient *client, struct msghdr *message)
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        if (!client->fds)
            client->fds = g_array_new(FALSE, FALSE, sizeof(int));
        g_array_append_vals(client->fds, CMSG_DATA(head), (guint)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int)));
    }
}

static ssize_t receive(RpcClient *client)
{
    union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)]; } control;
    struct iovec piece = { client->server->input, INPUT_SIZE };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes };
    ssize_t got;
    do
        got = recvmsg(client->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        keep_fds(client, &message);
    return got;
}

static void on_readable(RpcClient *client)
{
    ssize_t got = receive(client);
    if (got == 0 || (got < 0 && errno != EAGAIN) || (client->fds && client->fds->len > 2 * FDS_MAX)) {
        connection_close(client);
    } else if (got > 0) {
        client->last_input_us = g_get_monotonic_time();
        client->missed = 0;
        take_input(client, client->server->input, (gsize)got);
    }
}

static void on_ready(guint ready, gpointer user)
{
    RpcClient *client = connection_ref(user);
    if (ready & LOOP_WRITE)
        output_flush(client);
    if (!client->closed && (ready & LOOP_READ))
        on_readable(client);
    else if (!client->closed && (ready & LOOP_END))
        connection_close(client);
    connection_unref(client);
}

void connection_update(RpcClient *client)
{
    if (client->closed)
        return;
    /* Who does not read answers is not asked for more. */
    client->paused = client->calls >= client->server->config.max_calls_per_client || client->output_bytes > UNREAD_MOST;
    for (guint i = 0; client->streams && i < client->streams->len; i++)
        client->paused |= stream_wants_pause(client->streams->pdata[i]);
    loop_watch_set(client->watch, (client->paused || client->close_after_output ? 0 : LOOP_READ) |
                                      (g_queue_is_empty(&client->output) ? 0 : LOOP_WRITE));
}

static gboolean read_on(gpointer user)
{
    RpcClient *client = user;
    if (!client->closed && client->partial)
        take_input(client, NULL, 0);
    connection_unref(client);
    return G_SOURCE_REMOVE;
}

void connection_resume(RpcClient *client)
{
    bool was_paused = client->paused;
    connection_update(client);
    if (was_paused && !client->paused && client->partial)
        g_idle_add(read_on, connection_ref(client));
}

/* --- life */

RpcClient *connection_new(RpcServer *server, int fd, bool readonly, const struct ucred *who)
{
    RpcClient *client = g_new0(RpcClient, 1);
    *client = (RpcClient){ .refs = 1, .server = server, .fd = fd, .readonly = readonly, .pid = who->pid, .uid = who->uid,
                           .gid = who->gid, .privileged = who->uid == 0 || who->uid == geteuid(), .last_input_us = g_get_monotonic_time() };
    g_queue_init(&client->output);
    client->watch = loop_watch(fd, LOOP_READ, on_ready, client);
    return client;
}

RpcClient *connection_ref(RpcClient *client)
{
    client->refs++;
    return client;
}

static void close_fds(GArray *fds)
{
    for (guint i = 0; fds && i < fds->len; i++)
        close(g_array_index(fds, int, i));
    g_clear_pointer(&fds, g_array_unref);
}

void connection_unref(RpcClient *client)
{
    if (--client->refs)
        return;
    g_clear_pointer(&client->partial, g_byte_array_unref);
    g_free(client);
}

void connection_close(RpcClient *client)
{
    if (client->closed)
        return;
    client->closed = true;
    loop_unwatch(client->watch);
    close(client->fd);
    while (client->streams && client->streams->len)
        stream_free(client->streams->pdata[client->streams->len - 1], true);
    g_clear_pointer(&client->streams, g_ptr_array_unref);
    g_queue_clear_full(&client->output, packet_free);
    client->output_bytes = 0;
    account(client);
    close_fds(g_steal_pointer(&client->fds));
    server_client_gone(client);
}

void connection_tick(RpcClient *client, gint64 now_us)
{
    const RpcServerConfig *config = &client->server->config;
    if (!client->keepalive || !config->keepalive_interval_s ||
        now_us - client->last_input_us < config->keepalive_interval_s * G_USEC_PER_SEC)
        return;
    if (client->missed >= config->keepalive_count) {
        g_info("client of process %d answers no keepalive: its connection is closed", (int)client->pid);
        connection_close(client);
        return;
    }
    client->missed++;
    client->last_input_us = now_us;                /* the next question after another interval */
    connection_begin(client, &(Header){ KEEPALIVE_PROGRAM, 1, KEEPALIVE_PING, MSG_EVENT, 0, STATUS_OK });
    connection_send(client, NULL);
}
