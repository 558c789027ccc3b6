/* Streams: data between a client and a descriptor, with back-pressure both ways.
 *
 * To the client: the descriptor is read only while the client's output queue is short; its end is told by an
 * empty packet, and the client still finishes. From the client: what the descriptor does not take at once waits
 * in @input; when that is long, the client is not read. A stream ends once: by finish or abort of the client, by
 * rpc_stream_fail, or with the connection. A regular file cannot be polled: it is read whenever there is room. */
#include "rpc/server_private.h"
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_FULL = 256 << 10, INPUT_FULL = 1 << 20, CHUNK = 65536 };

struct RpcStream {
    RpcClient *client;
    guint32 program, procedure, serial;
    int fd;
    guint directions;
    LoopWatch *watch;              /* NULL before the reply, and for a regular file */
    bool regular, source_ended, sink_broken;
    GByteArray *input;
    void (*ended)(RpcStream *stream, bool aborted, gpointer user);
    gpointer user;
};

RpcStream *rpc_stream_open_fd(RpcCall *call, int fd, guint directions,
                              void (*ended)(RpcStream *stream, bool aborted, gpointer user), gpointer user)
{
    RpcStream *stream = g_new0(RpcStream, 1);
    *stream = (RpcStream){ .client = call->client, .program = call->procedure->program, .procedure = call->procedure->number,
                           .serial = call->serial, .fd = fd, .directions = directions, .input = g_byte_array_new(),
                           .ended = ended, .user = user };
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    call->stream = stream;
    return stream;
}

void stream_free(RpcStream *stream, bool aborted)
{
    if (stream->client->streams)
        g_ptr_array_remove_fast(stream->client->streams, stream);
    loop_unwatch(stream->watch);
    close(stream->fd);
    if (stream->ended)
        stream->ended(stream, aborted, stream->user);
    g_byte_array_unref(stream->input);
    g_free(stream);
}

static GByteArray *packet_begin(RpcStream *stream, gint32 status)
{
    return connection_begin(stream->client, &(Header){ stream->program, 1, (gint32)stream->procedure, MSG_STREAM, stream->serial, status });
}

static void send_status(RpcStream *stream, gint32 status, const guint8 *data, gsize size)
{
    GByteArray *out = packet_begin(stream, status);
    if (size)
        g_byte_array_append(out, data, (guint)size);
    connection_send(stream->client, NULL);
}

/* --- to the client */

static bool may_read(const RpcStream *stream)
{
    return (stream->directions & RPC_STREAM_TO_CLIENT) && !stream->source_ended && stream->client->output_bytes < OUTPUT_FULL;
}

static void watch_update(RpcStream *stream)
{
    if (!stream->watch)
        return;
    if (stream->source_ended && !stream->input->len) {
        /* A hung-up descriptor would wake the loop for ever. */
        loop_unwatch(g_steal_pointer(&stream->watch));
        return;
    }
    loop_watch_set(stream->watch, (may_read(stream) ? LOOP_READ : 0) | (stream->input->len ? LOOP_WRITE : 0));
}

/* One chunk; false when there is nothing to be had now. Any failure is the end of data: EIO is how the
 * terminal of a guest that went away reads. */
static bool pump(RpcStream *stream)
{
    guint8 data[CHUNK];
    ssize_t got;
    if (!may_read(stream))
        return false;
    do
        got = read(stream->fd, data, sizeof data);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return false;
    stream->source_ended = got <= 0;
    send_status(stream, STATUS_CONTINUE, data, got > 0 ? (gsize)got : 0);
    return !stream->source_ended;
}

void stream_output_drained(RpcStream *stream)
{
    if (stream->regular) {
        RpcClient *client = connection_ref(stream->client);
        while (!client->closed && pump(stream))
            continue;
        connection_unref(client);
    } else {
        watch_update(stream);
    }
}

/* --- from the client */

/* Writes what waits, as far as the descriptor takes it. */
static void sink_write(RpcStream *stream)
{
    gsize done = 0;
    while (done < stream->input->len) {
        ssize_t wrote = write(stream->fd, stream->input->data + done, stream->input->len - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0 && errno == EAGAIN)
            break;
        if (wrote < 0) {                           /* nobody is there: what follows is dropped */
            stream->sink_broken = true;
            done = stream->input->len;
            break;
        }
        done += (gsize)wrote;
    }
    if (done)
        g_byte_array_remove_range(stream->input, 0, (guint)done);
}

bool stream_wants_pause(const RpcStream *stream)
{
    return stream->input->len > INPUT_FULL;
}

static void take_data(RpcStream *stream, const guint8 *data, gsize size)
{
    if (!(stream->directions & RPC_STREAM_FROM_CLIENT) || stream->sink_broken)
        return;
    g_byte_array_append(stream->input, data, (guint)size);
    sink_write(stream);
    watch_update(stream);
}

static void on_ready(guint ready, gpointer user)
{
    RpcStream *stream = user;
    RpcClient *client = connection_ref(stream->client);
    if (stream->input->len && (ready & (LOOP_WRITE | LOOP_END)))
        sink_write(stream);
    if (ready & (LOOP_READ | LOOP_END))
        pump(stream);
    if (!client->closed) {
        if ((ready & LOOP_END) && !(stream->directions & RPC_STREAM_TO_CLIENT))
            stream->source_ended = true;
        watch_update(stream);
        connection_resume(client);
    }
    connection_unref(client);
}

void stream_begin(RpcStream *stream)
{
    RpcClient *client = stream->client;
    if (!client->streams)
        client->streams = g_ptr_array_new();
    g_ptr_array_add(client->streams, stream);
    stream->watch = loop_watch(stream->fd, may_read(stream) ? LOOP_READ : 0, on_ready, stream);
    stream->regular = !stream->watch;
    if (stream->regular)
        stream_output_drained(stream);
}

/* --- ends */

void rpc_stream_fail(RpcStream *stream, const GError *err)
{
    server_put_error(packet_begin(stream, STATUS_ERROR), err);
    connection_send(stream->client, NULL);
    if (!stream->client->closed)
        stream_free(stream, true);
}

static RpcStream *stream_find(const RpcClient *client, const Header *header)
{
    for (guint i = 0; client->streams && i < client->streams->len; i++) {
        RpcStream *stream = client->streams->pdata[i];
        if (stream->serial == header->serial && stream->program == header->program && (gint32)stream->procedure == header->procedure)
            return stream;
    }
    return NULL;
}

void stream_message(RpcClient *client, const Header *header, const guint8 *payload, gsize size)
{
    RpcStream *stream = stream_find(client, header);
    if (!stream)
        return;                                    /* packets in flight when a stream ends are normal */
    if (header->type == MSG_STREAM_HOLE) {
        g_autoptr(GError) err = g_error_new(QV_ERROR, QV_ERR_RPC, "this stream takes no holes");
        rpc_stream_fail(stream, err);
    } else if (header->status == STATUS_CONTINUE) {
        take_data(stream, payload, size);
    } else {
        send_status(stream, STATUS_OK, NULL, 0);
        if (!client->closed)
            stream_free(stream, header->status == STATUS_ERROR);
    }
}
