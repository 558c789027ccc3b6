#include "drivers/qemu/qmp.h"
#include "util/error.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "qmp"

enum { MESSAGE_MAX = 64 << 20, CHUNK = 16384 };

struct Qmp {
    int fd;
    GMutex lock;               /* one caller at a time */
    GString *input;            /* what was read and is no whole line yet */
    int pass_fd;               /* goes with the next byte that is sent; -1: none */
    guint64 last_id;
    QmpEvent on_event;
    gpointer user;
    bool gone;
};

static gint64 deadline_in(guint timeout_ms)
{
    return g_get_monotonic_time() + (gint64)timeout_ms * 1000;
}

static bool gone(Qmp *qmp, GError **err)
{
    qmp->gone = true;
    g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "QEMU closed its monitor: it has ended or is ending");
    return false;
}

/* Waits until the socket is ready for @events. */
static bool wait_ready(Qmp *qmp, short events, gint64 deadline, GError **err)
{
    for (;;) {
        gint64 left_ms = (deadline - g_get_monotonic_time() + 999) / 1000;
        struct pollfd ready = { qmp->fd, events, 0 };
        int n = left_ms > 0 ? poll(&ready, 1, (int)MIN(left_ms, G_MAXINT)) : 0;
        if (n > 0)
            return true;
        if (n == 0) {
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_TIMEOUT, "QEMU's monitor does not answer in time");
            return false;
        }
        if (errno != EINTR)
            return qv_error_errno(err, errno, "cannot wait for QEMU's monitor");
    }
}

/* send(), with the descriptor that waits to be passed. */
static ssize_t send_some(Qmp *qmp, const char *text, gsize size)
{
    char control[CMSG_SPACE(sizeof(int))] = "";
    struct iovec part = { (gpointer)text, size };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (qmp->pass_fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        *head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) };
        memcpy(CMSG_DATA(head), &qmp->pass_fd, sizeof(int));
    }
    ssize_t sent = sendmsg(qmp->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        qmp->pass_fd = -1;
    return sent;
}

static bool send_all(Qmp *qmp, const char *text, gsize size, gint64 deadline, GError **err)
{
    while (size) {
        ssize_t sent = send_some(qmp, text, size);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            return gone(qmp, err);
        if (sent < 0 && !wait_ready(qmp, POLLOUT, deadline, err))
            return false;
        if (sent > 0) {
            text += sent;
            size -= (gsize)sent;
        }
    }
    return true;
}

/* Reads what is there. Gives 1 for something, 0 for nothing now, -1 for the end. */
static int receive(Qmp *qmp, GError **err)
{
    char chunk[CHUNK];
    ssize_t got;
    do
        got = recv(qmp->fd, chunk, sizeof chunk, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0 || qmp->input->len + (gsize)got > MESSAGE_MAX) {
        gone(qmp, err);
        return -1;
    }
    g_string_append_len(qmp->input, chunk, got);
    return 1;
}

static json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;
    return json_object_object_get_ex(object, name, &value) ? value : NULL;
}

static void tell_event(Qmp *qmp, json_object *message)
{
    json_object *when = member(message, "timestamp");
    const char *name = json_object_get_string(member(message, "event"));
    g_debug("event %s", name);
    if (qmp->on_event)
        qmp->on_event(name, member(message, "data"), when ? json_object_get_int64(member(when, "seconds")) : 0,
                      when ? (guint)json_object_get_int64(member(when, "microseconds")) : 0, qmp->user);
}

/* The next whole message that is no event; NULL when there is none yet. Gives. */
static json_object *next_message(Qmp *qmp)
{
    char *end;
    while ((end = memchr(qmp->input->str, '\n', qmp->input->len))) {
        gsize size = (gsize)(end - qmp->input->str);
        *end = '\0';
        json_object *message = json_tokener_parse(qmp->input->str);
        g_string_erase(qmp->input, 0, (gssize)size + 1);
        if (!json_object_is_type(message, json_type_object)) {
            json_object_put(message);              /* not QMP's: nothing waits for it */
        } else if (member(message, "event")) {
            tell_event(qmp, message);
            json_object_put(message);
        } else {
            return message;
        }
    }
    return NULL;
}

/* The reply with @id; late replies of calls that were given up are dropped. @id 0: any message (the greeting). */
static json_object *await(Qmp *qmp, guint64 id, gint64 deadline, GError **err)
{
    for (;;) {
        json_object *message;
        while ((message = next_message(qmp))) {
            json_object *its_id = member(message, "id");
            if (!id || (its_id && json_object_get_uint64(its_id) == id))
                return message;
            json_object_put(message);
        }
        int got = receive(qmp, err);
        if (got < 0 || (got == 0 && !wait_ready(qmp, POLLIN, deadline, err)))
            return NULL;
    }
}

/* Takes @command, and gives it an id of ours. */
static json_object *exchange(Qmp *qmp, json_object *command, int pass_fd, guint timeout_ms, GError **err)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&qmp->lock);
    qmp->pass_fd = pass_fd;
    g_autoptr(QmpReply) owned = command;
    gint64 deadline = deadline_in(timeout_ms);
    guint64 id = ++qmp->last_id;
    json_object_object_add(command, "id", json_object_new_uint64(id));
    const char *text = json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (qmp->gone) {
        gone(qmp, err);
        return NULL;
    }
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    return send_all(qmp, line, strlen(line), deadline, err) ? await(qmp, id, deadline, err) : NULL;
}

QmpReply *qmp_call_raw(Qmp *qmp, json_object *command, guint timeout_ms, GError **err)
{
    json_object *its_id = json_object_get(member(command, "id"));
    json_object *reply = exchange(qmp, command, -1, timeout_ms, err);
    if (reply) {
        json_object_object_del(reply, "id");
        if (its_id)
            json_object_object_add(reply, "id", json_object_get(its_id));
    }
    json_object_put(its_id);
    return reply;
}

static QmpReply *call(Qmp *qmp, const char *command, json_object *args, int pass_fd, guint timeout_ms, GError **err)
{
    json_object *request = json_object_new_object();
    json_object_object_add(request, "execute", json_object_new_string(command));
    if (args)
        json_object_object_add(request, "arguments", args);
    g_autoptr(QmpReply) reply = exchange(qmp, request, pass_fd, timeout_ms, err);
    if (!reply) {
        g_prefix_error(err, "monitor command '%s': ", command);
        return NULL;
    }
    json_object *failure = member(reply, "error");
    if (failure) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "monitor command '%s': %s", command,
                    json_object_get_string(member(failure, "desc")));
        return NULL;
    }
    json_object *value = member(reply, "return");
    return value ? json_object_get(value) : json_object_new_object();
}

QmpReply *qmp_call(Qmp *qmp, const char *command, json_object *args, guint timeout_ms, GError **err)
{
    return call(qmp, command, args, -1, timeout_ms, err);
}

bool qmp_give_fd(Qmp *qmp, const char *name, int fd, guint timeout_ms, GError **err)
{
    json_object *args = json_object_new_object();
    json_object_object_add(args, "fdname", json_object_new_string(name));
    g_autoptr(QmpReply) reply = call(qmp, "getfd", args, fd, timeout_ms, err);
    return reply;
}

bool qmp_read(Qmp *qmp, GError **err)
{
    if (!g_mutex_trylock(&qmp->lock))
        return true;                               /* whoever waits for a reply reads for all */
    int got;
    while ((got = receive(qmp, err)) > 0)
        continue;
    json_object *stray;
    while ((stray = next_message(qmp)))
        json_object_put(stray);
    g_mutex_unlock(&qmp->lock);
    return got == 0;
}

void qmp_on_event(Qmp *qmp, QmpEvent fn, gpointer user)
{
    qmp->on_event = fn;
    qmp->user = user;
}

int qmp_fd(const Qmp *qmp)
{
    return qmp->fd;
}

/* --- life */

Qmp *qmp_new(int fd, guint timeout_ms, GError **err)
{
    g_autoptr(Qmp) qmp = g_new0(Qmp, 1);
    qmp->fd = fd;
    qmp->pass_fd = -1;
    g_mutex_init(&qmp->lock);
    qmp->input = g_string_new(NULL);
    g_autoptr(QmpReply) greeting = await(qmp, 0, deadline_in(timeout_ms), err);
    if (!greeting)
        return NULL;
    if (!member(greeting, "QMP")) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "what listens at the monitor's socket is no QEMU: it does not greet");
        return NULL;
    }
    g_autoptr(QmpReply) ready = qmp_call(qmp, "qmp_capabilities", NULL, timeout_ms, err);
    return ready ? g_steal_pointer(&qmp) : NULL;
}

Qmp *qmp_connect(const char *path, guint timeout_ms, GError **err)
{
    enum { RETRY_US = 1000 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    gint64 deadline = deadline_in(timeout_ms);
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "the monitor's path '%s' is longer than %zu bytes", path, sizeof address.sun_path - 1);
        return NULL;
    }
    for (;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return qmp_new(fd, timeout_ms, err);
        int why = errno;
        if (fd >= 0)
            close(fd);
        if ((why != ENOENT && why != ECONNREFUSED && why != EAGAIN) || g_get_monotonic_time() > deadline) {
            qv_error_errno(err, why, "cannot connect to QEMU's monitor '%s'", path);
            return NULL;
        }
        g_usleep(RETRY_US);
    }
}

void qmp_free(Qmp *qmp)
{
    if (!qmp)
        return;
    close(qmp->fd);
    g_string_free(qmp->input, TRUE);
    g_mutex_clear(&qmp->lock);
    g_free(qmp);
}
