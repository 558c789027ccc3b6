#include "drivers/qemu/qmp.h"
#include "util/error.h"
#include "util/loop.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "qmp"

enum { MESSAGE_MAX = 64 << 20, CHUNK = 16384, JSON_DEPTH = 1000 };

/* A command that was sent and not answered yet. */
typedef struct {
    guint64 id;
    QmpDone done;              /* NULL: a thread waits for it */
    gpointer user;
    GCond answered;
    json_object *reply;        /* the whole message */
    bool owned;                /* by the table of the waiting; else by the waiting thread */
} Pending;

struct Qmp {
    int fd;
    GMutex lock;               /* of all below */
    GString *input, *output;   /* what is no whole line yet; what QEMU has not taken yet */
    int pass_fd;               /* goes with the next byte that is sent; -1: none */
    guint64 last_id;
    GHashTable *pending;       /* id -> Pending */
    void (*before)(json_object *command, gpointer user);
    gpointer before_user;
    QmpEvent on_event;
    gpointer user;
    LoopWatch *watch;          /* the I/O thread's; NULL: who waits reads */
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

static bool too_late(GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_TIMEOUT, "QEMU's monitor does not answer in time");
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
        if (n == 0)
            return too_late(err);
        if (errno != EINTR)
            return qv_error_errno(err, errno, "cannot wait for QEMU's monitor");
    }
}

/* send() of what is to be written, with the descriptor that waits to be passed. */
static ssize_t send_some(Qmp *qmp)
{
    char control[CMSG_SPACE(sizeof(int))] = "";
    struct iovec part = { qmp->output->str, qmp->output->len };
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

/* Writes what can be written. Under the lock, as what follows. */
static void flush(Qmp *qmp)
{
    while (qmp->output->len) {
        ssize_t sent = send_some(qmp);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            qmp->gone = true;
        if (sent <= 0)
            return;
        g_string_erase(qmp->output, 0, sent);
    }
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

/* A long backing chain nests deep: deeper than json-c's default. */
static json_object *parse_line(const char *text, gsize size)
{
    json_tokener *tokener = json_tokener_new_ex(size < CHUNK ? 64 : JSON_DEPTH);
    json_object *message = json_tokener_parse_ex(tokener, text, (int)size);
    json_tokener_free(tokener);
    return message;
}

/* The next whole message that is no event; NULL when there is none yet. @used: how much of the input is done with,
 * erased by the caller at the end. Gives. */
static json_object *next_message(Qmp *qmp, gsize *used)
{
    char *end;
    while ((end = memchr(qmp->input->str + *used, '\n', qmp->input->len - *used))) {
        const char *line = qmp->input->str + *used;
        gsize size = (gsize)(end - line);
        *used += size + 1;
        json_object *message = parse_line(line, size);
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

static json_object *first_message(Qmp *qmp)
{
    gsize used = 0;
    json_object *message = next_message(qmp, &used);
    g_string_erase(qmp->input, 0, (gssize)used);
    return message;
}

/* The value of a reply (borrowed), or NULL with QEMU's words. */
static json_object *value_of(json_object *message, GError **err)
{
    json_object *failure = member(message, "error"), *value = member(message, "return");
    if (!failure)
        return value;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "%s", json_object_get_string(member(failure, "desc")));
    return NULL;
}

/* --- answers find who asked */

static void pending_free(gpointer data)
{
    Pending *p = data;
    if (!p->owned)
        return;
    json_object_put(p->reply);
    g_free(p);
}

/* Appends a command of ours, numbered. Takes @command. */
static guint64 put_command(Qmp *qmp, json_object *command)
{
    guint64 id = ++qmp->last_id;
    json_object_object_add(command, "id", json_object_new_uint64(id));
    const char *text = json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    g_string_append(qmp->output, text);
    g_string_append_c(qmp->output, '\n');
    json_object_put(command);
    return id;
}

static json_object *command_of(const char *name, json_object *args)
{
    json_object *command = json_object_new_object();
    json_object_object_add(command, "execute", json_object_new_string(name));
    if (args)
        json_object_object_add(command, "arguments", args);
    return command;
}

/* Hands all that has come to those who wait; what was sent from the I/O thread is collected in @ended. */
static void hand_out(Qmp *qmp, GPtrArray *ended)
{
    gsize used = 0;
    json_object *message;
    while ((message = next_message(qmp, &used))) {
        json_object *id = member(message, "id");
        guint64 key = id ? json_object_get_uint64(id) : 0;
        Pending *p = g_hash_table_lookup(qmp->pending, &key);
        if (!p) {
            json_object_put(message);              /* late: given up long since */
            continue;
        }
        g_hash_table_steal(qmp->pending, &key);
        p->reply = message;
        if (p->done)
            g_ptr_array_add(ended, p);
        else
            g_cond_signal(&p->answered);
    }
    g_string_erase(qmp->input, 0, (gssize)used);
}

static void collect_all(Qmp *qmp, GPtrArray *ended)
{
    GHashTableIter iter;
    gpointer value;
    qmp->gone = true;
    g_hash_table_iter_init(&iter, qmp->pending);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Pending *p = value;
        if (p->done)
            g_ptr_array_add(ended, p);
        else
            g_cond_signal(&p->answered);
        g_hash_table_iter_steal(&iter);
    }
}

/* Tells those who sent; without the lock, as they may send again. */
static void tell_ended(GPtrArray *ended)
{
    for (guint i = 0; i < ended->len; i++) {
        Pending *p = ended->pdata[i];
        g_autoptr(GError) err = NULL;
        json_object *value = NULL;
        if (p->reply)
            value = value_of(p->reply, &err);
        else
            g_set_error(&err, QV_ERROR, QV_ERR_SYSTEM, "QEMU closed its monitor: it has ended or is ending");
        p->done(value, err, p->user);
        pending_free(p);
    }
    g_ptr_array_free(ended, TRUE);
}

static void on_ready(guint ready, gpointer user)
{
    Qmp *qmp = user;
    GPtrArray *ended = g_ptr_array_new();
    int got;
    g_mutex_lock(&qmp->lock);
    while ((got = receive(qmp, NULL)) > 0)
        continue;
    flush(qmp);
    hand_out(qmp, ended);
    if (got < 0) {
        collect_all(qmp, ended);
        loop_unwatch(qmp->watch);                  /* its process will end too, or has */
        qmp->watch = NULL;
    } else {
        loop_watch_set(qmp->watch, LOOP_READ | (qmp->output->len ? LOOP_WRITE : 0));
    }
    g_mutex_unlock(&qmp->lock);
    tell_ended(ended);
}

void qmp_attach(Qmp *qmp)
{
    GPtrArray *ended = g_ptr_array_new();
    g_mutex_lock(&qmp->lock);
    hand_out(qmp, ended);
    if (qmp->gone || !(qmp->watch = loop_watch(qmp->fd, LOOP_READ, on_ready, qmp)))
        qmp->gone = true;
    g_mutex_unlock(&qmp->lock);
    tell_ended(ended);
}

void qmp_detach(Qmp *qmp)
{
    GPtrArray *ended = g_ptr_array_new();
    g_mutex_lock(&qmp->lock);
    loop_unwatch(qmp->watch);
    qmp->watch = NULL;
    collect_all(qmp, ended);
    g_mutex_unlock(&qmp->lock);
    tell_ended(ended);
}

static gboolean send_failed(gpointer user)
{
    GPtrArray *ended = g_ptr_array_new();
    g_ptr_array_add(ended, user);
    tell_ended(ended);
    return G_SOURCE_REMOVE;
}

void qmp_send(Qmp *qmp, const char *command, json_object *args, QmpDone done, gpointer user)
{
    Pending *p = g_new0(Pending, 1);
    *p = (Pending){ .done = done, .user = user, .owned = true };
    json_object *request = command_of(command, args);
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&qmp->lock);
    if (qmp->gone || !qmp->watch) {
        json_object_put(request);
        g_idle_add_full(G_PRIORITY_DEFAULT, send_failed, p, NULL);
        return;
    }
    p->id = put_command(qmp, request);
    g_hash_table_insert(qmp->pending, &p->id, p);
    flush(qmp);
    loop_watch_set(qmp->watch, LOOP_READ | (qmp->output->len ? LOOP_WRITE : 0));
}

/* --- threads that wait */

/* The message with @id, read by this thread itself; @id 0: any message (the greeting). */
static json_object *await_alone(Qmp *qmp, guint64 id, gint64 deadline, GError **err)
{
    for (;;) {
        json_object *message;
        while ((message = first_message(qmp))) {
            json_object *its_id = member(message, "id");
            if (!id || (its_id && json_object_get_uint64(its_id) == id))
                return message;
            json_object_put(message);              /* the late reply of a call that was given up */
        }
        int got = receive(qmp, err);
        if (got < 0 || (got == 0 && !wait_ready(qmp, POLLIN, deadline, err)))
            return NULL;
    }
}

/* The message with @id, read by the I/O thread. */
static json_object *await_answer(Qmp *qmp, guint64 id, gint64 deadline, GError **err)
{
    Pending p = { .id = id };
    bool in_time = true;
    g_cond_init(&p.answered);
    g_hash_table_insert(qmp->pending, &p.id, &p);
    while (!p.reply && !qmp->gone && in_time)
        in_time = g_cond_wait_until(&p.answered, &qmp->lock, deadline);
    if (!p.reply) {
        g_hash_table_steal(qmp->pending, &p.id);
        in_time ? gone(qmp, err) : too_late(err);
    }
    g_cond_clear(&p.answered);
    return p.reply;
}

/* Waits until QEMU has taken all that is to be written. Leaves the lock meanwhile. */
static bool flush_all(Qmp *qmp, gint64 deadline, GError **err)
{
    for (flush(qmp); qmp->output->len && !qmp->gone; flush(qmp)) {
        g_mutex_unlock(&qmp->lock);
        bool ready = wait_ready(qmp, POLLOUT, deadline, err);
        g_mutex_lock(&qmp->lock);
        if (!ready) {
            qmp->pass_fd = -1;                     /* its owner goes */
            return false;
        }
    }
    return !qmp->gone || gone(qmp, err);
}

/* Takes @command; @pass_fd goes with it, -1: none. Gives the whole answer. */
static json_object *exchange(Qmp *qmp, json_object *command, int pass_fd, guint timeout_ms, GError **err)
{
    gint64 deadline = deadline_in(timeout_ms);
    if (qmp->before)
        qmp->before(command, qmp->before_user);
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&qmp->lock);
    if (qmp->gone) {
        json_object_put(command);
        gone(qmp, err);
        return NULL;
    }
    guint64 id = put_command(qmp, command);
    if (pass_fd >= 0)
        qmp->pass_fd = pass_fd;
    if (!qmp->watch)
        return flush_all(qmp, deadline, err) ? await_alone(qmp, id, deadline, err) : NULL;
    flush(qmp);
    return (qmp->output->len && !flush_all(qmp, deadline, err)) ? NULL : await_answer(qmp, id, deadline, err);
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
    g_autoptr(QmpReply) reply = exchange(qmp, command_of(command, args), pass_fd, timeout_ms, err);
    g_autoptr(GError) refused = NULL;
    if (!reply) {
        g_prefix_error(err, "monitor command '%s': ", command);
        return NULL;
    }
    json_object *value = value_of(reply, &refused);
    if (refused) {
        g_propagate_prefixed_error(err, g_steal_pointer(&refused), "monitor command '%s': ", command);
        return NULL;
    }
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

void qmp_before(Qmp *qmp, void (*fn)(json_object *command, gpointer user), gpointer user)
{
    qmp->before = fn;
    qmp->before_user = user;
}

void qmp_on_event(Qmp *qmp, QmpEvent fn, gpointer user)
{
    qmp->on_event = fn;
    qmp->user = user;
}

/* --- life */

static Qmp *make(int fd)
{
    Qmp *qmp = g_new0(Qmp, 1);
    qmp->fd = fd;
    qmp->pass_fd = -1;
    qmp->gone = fd < 0;
    g_mutex_init(&qmp->lock);
    qmp->input = g_string_new(NULL);
    qmp->output = g_string_new(NULL);
    qmp->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, pending_free);
    return qmp;
}

Qmp *qmp_new(int fd, guint timeout_ms, GError **err)
{
    g_autoptr(Qmp) qmp = make(fd);
    g_autoptr(QmpReply) greeting = await_alone(qmp, 0, deadline_in(timeout_ms), err);
    if (!greeting)
        return NULL;
    if (!member(greeting, "QMP")) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "what listens at the monitor's socket is no QEMU: it does not greet");
        return NULL;
    }
    g_autoptr(QmpReply) ready = qmp_call(qmp, "qmp_capabilities", NULL, timeout_ms, err);
    return ready ? g_steal_pointer(&qmp) : NULL;
}

/* A connected socket, -1 with an error. Not to be blocked by a QEMU that takes no more connections. */
static int connect_to(const char *path, guint timeout_ms, GError **err)
{
    enum { RETRY_US = 1000 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    gint64 deadline = deadline_in(timeout_ms);
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "the monitor's path '%s' is longer than %zu bytes", path, sizeof address.sun_path - 1);
        return -1;
    }
    for (;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        int why = errno;
        if (fd >= 0)
            close(fd);
        if ((why != ENOENT && why != ECONNREFUSED && why != EAGAIN) || g_get_monotonic_time() > deadline) {
            qv_error_errno(err, why, "cannot connect to QEMU's monitor '%s'", path);
            return -1;
        }
        g_usleep(RETRY_US);
    }
}

Qmp *qmp_connect(const char *path, guint timeout_ms, GError **err)
{
    int fd = connect_to(path, timeout_ms, err);
    return fd < 0 ? NULL : qmp_new(fd, timeout_ms, err);
}

/* QEMU takes commands in order: what is asked after the negotiation may be written before the greeting was read, which,
 * having no id, is nobody's answer. */
Qmp *qmp_connect_unheard(const char *path, guint timeout_ms)
{
    g_autoptr(GError) why = NULL;
    Qmp *qmp = make(connect_to(path, timeout_ms, &why));
    if (why)
        g_warning("%s", why->message);
    put_command(qmp, command_of("qmp_capabilities", NULL));
    flush(qmp);
    return qmp;
}

void qmp_free(Qmp *qmp)
{
    if (!qmp)
        return;
    loop_unwatch(qmp->watch);
    g_hash_table_unref(qmp->pending);
    if (qmp->fd >= 0)
        close(qmp->fd);
    g_string_free(qmp->input, TRUE);
    g_string_free(qmp->output, TRUE);
    g_mutex_clear(&qmp->lock);
    g_free(qmp);
}
