/* wire: what one call costs a client and the daemon, beside a bare socket with the same bytes.
 *
 *   wire call SOCKET DOMAIN [--n N] [--idle N] [--clients N]   each call: median µs, daemon CPU µs, calls/s
 *   wire floor REQUEST-BYTES REPLY-BYTES [--n N] [--clients N] an epoll echo server in a child process
 *   wire first SOCKET                                          ms until the first answered list
 *   wire watch SOCKET PID                                      kills PID; ms until the client's event
 *   wire parse FOLDER                                          reads its XML files with libxml2, and no more: the floor
 *                                                              of a daemon's start
 *
 * Prints JSON. Speaks header + XDR directly, so that no client library is measured. */
#include <errno.h>
#include <glib.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REMOTE = 0x20008086, HEADER = 28, MAX_MESSAGE = 1 << 20 };
enum { OPEN = 1, CLOSE = 2, GET_XML_DESC = 14, GET_INFO = 16, LOOKUP_BY_NAME = 23, AUTH_LIST = 66, GET_STATE = 212,
       LIST_ALL_DOMAINS = 273, EVENT_REGISTER_ANY = 316, EVENT_LIFECYCLE = 318 };

typedef struct { guint8 bytes[4096]; gsize len; } Message;

static void die(const char *what)
{
    fprintf(stderr, "wire: %s: %s\n", what, g_strerror(errno));
    exit(1);
}

static gint64 now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * G_GINT64_CONSTANT(1000000000) + t.tv_nsec;
}

static void put_u32(Message *m, guint32 value)
{
    guint32 wire = GUINT32_TO_BE(value);
    memcpy(m->bytes + m->len, &wire, 4);
    m->len += 4;
}

static void put_bytes(Message *m, const void *data, gsize len)
{
    memcpy(m->bytes + m->len, data, len);
    memset(m->bytes + m->len + len, 0, (4 - len % 4) % 4);
    m->len += (len + 3) & ~(gsize)3;
}

static void put_string(Message *m, const char *text)
{
    put_u32(m, strlen(text));
    put_bytes(m, text, strlen(text));
}

static void begin(Message *m, guint32 procedure)
{
    m->len = 0;
    put_u32(m, 0);
    put_u32(m, REMOTE);
    put_u32(m, 1);
    put_u32(m, procedure);
    put_u32(m, 0);      /* call */
    put_u32(m, 1);      /* serial */
    put_u32(m, 0);
}

static void seal(Message *m)
{
    guint32 wire = GUINT32_TO_BE(m->len);
    memcpy(m->bytes, &wire, 4);
}

static void send_all(int fd, const void *data, gsize len)
{
    if (send(fd, data, len, MSG_NOSIGNAL) != (gssize)len)
        die("send");
}

static void receive(int fd, guint8 *to, gsize len)
{
    for (gsize have = 0; have < len;) {
        gssize n = read(fd, to + have, len - have);
        if (n <= 0)
            die("the server closed the connection");
        have += n;
    }
}

/* One message into @reply; returns its length. */
static gsize receive_message(int fd, guint8 *reply)
{
    guint32 len;
    gssize n = read(fd, reply, MAX_MESSAGE);     /* the usual case: the whole reply at once */
    if (n < 4)
        die("read");
    memcpy(&len, reply, 4);
    len = GUINT32_FROM_BE(len);
    if (len > MAX_MESSAGE)
        die("oversized reply");
    if ((gsize)n < len)
        receive(fd, reply + n, len - n);
    return len;
}

static guint32 word(const guint8 *message, gsize at)
{
    guint32 wire;
    memcpy(&wire, message + at, 4);
    return GUINT32_FROM_BE(wire);
}

static gsize call(int fd, Message *m, guint8 *reply)
{
    seal(m);
    send_all(fd, m->bytes, m->len);
    gsize len = receive_message(fd, reply);
    if (word(reply, 24)) {
        fprintf(stderr, "wire: procedure %u was refused\n", word(m->bytes, 12));
        exit(1);
    }
    return len;
}

static int dial(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(addr.sun_path, path, sizeof addr.sun_path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static guint8 scratch[MAX_MESSAGE];

static int open_connection(const char *path)
{
    Message m;
    int fd = dial(path);
    if (fd < 0)
        die(path);
    begin(&m, AUTH_LIST);
    call(fd, &m, scratch);
    begin(&m, OPEN);
    put_u32(&m, 1);
    put_string(&m, "qemu:///system");
    put_u32(&m, 0);
    call(fd, &m, scratch);
    return fd;
}

static int peer_pid(int fd)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ? 0 : cred.pid;
}

/* --- timing */

static int by_value(const void *a, const void *b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return x < y ? -1 : x > y;
}

static void time_calls(const char *name, int fd, Message *m, guint n, clockid_t cpu)
{
    g_autofree gint64 *took = g_new(gint64, n);
    gsize reply_len = 0;

    for (guint i = 0; i < n / 10 + 1; i++)
        call(fd, m, scratch);
    gint64 cpu_before = cpu ? now_ns(cpu) : 0;
    for (guint i = 0; i < n; i++) {
        gint64 start = now_ns(CLOCK_MONOTONIC);
        reply_len = call(fd, m, scratch);
        took[i] = now_ns(CLOCK_MONOTONIC) - start;
    }
    gint64 cpu_used = cpu ? now_ns(cpu) - cpu_before : 0;
    qsort(took, n, sizeof *took, by_value);
    printf("{\"call\": \"%s\", \"request\": %zu, \"reply\": %zu, \"median_us\": %.2f, \"p99_us\": %.2f, \"cpu_us\": %.2f}\n",
           name, m->len, reply_len, took[n / 2] / 1e3, took[n - 1 - n / 100] / 1e3, cpu_used / 1e3 / n);
}

/* @clients processes, each calling for @seconds: calls per second in all. */
static void throughput(const char *label, int (*connect_one)(const char *), const char *where, Message *m, guint clients,
                       double seconds)
{
    g_autofree pid_t *children = g_new(pid_t, clients);
    int counts[2];
    guint64 total = 0;

    if (pipe(counts) < 0)
        die("pipe");
    for (guint i = 0; i < clients; i++) {
        if ((children[i] = fork()))
            continue;
        int fd = connect_one(where);
        guint64 n = 0;
        for (gint64 end = now_ns(CLOCK_MONOTONIC) + seconds * 1e9; now_ns(CLOCK_MONOTONIC) < end; n++)
            call(fd, m, scratch);
        _exit(write(counts[1], &n, sizeof n) != sizeof n);
    }
    for (guint i = 0; i < clients; i++) {
        guint64 n = 0;
        receive(counts[0], (guint8 *)&n, sizeof n);
        total += n;
    }
    for (guint i = 0; i < clients; i++)
        waitpid(children[i], NULL, 0);
    printf("{\"call\": \"%s\", \"clients\": %u, \"per_second\": %.0f}\n", label, clients, total / seconds);
}

static void domain_call(Message *m, guint32 procedure, const guint8 *lookup_reply, gsize len, bool flags)
{
    begin(m, procedure);
    put_bytes(m, lookup_reply + HEADER, len - HEADER);    /* the handle as the server wrote it */
    if (flags)
        put_u32(m, 0);
    seal(m);
}

static void run_calls(const char *path, const char *domain, guint n, guint idle, guint clients)
{
    g_autofree int *idlers = g_new(int, idle + 1);
    Message lookup, m;
    clockid_t cpu = 0;
    int fd = open_connection(path);

    for (guint i = 0; i < idle; i++)
        idlers[i] = open_connection(path);
    if (clock_getcpuclockid(peer_pid(fd), &cpu))
        cpu = 0;
    begin(&lookup, LOOKUP_BY_NAME);
    put_string(&lookup, domain);
    gsize len = call(fd, &lookup, scratch);
    g_autofree guint8 *handle = g_memdup2(scratch, len);

    time_calls("lookup", fd, &lookup, n, cpu);
    domain_call(&m, GET_STATE, handle, len, true);
    time_calls("state", fd, &m, n, cpu);
    domain_call(&m, GET_XML_DESC, handle, len, true);
    time_calls("xml", fd, &m, n, cpu);
    domain_call(&m, GET_INFO, handle, len, false);
    time_calls("info", fd, &m, n, cpu);
    fflush(stdout);
    if (clients)
        throughput("info", open_connection, path, &m, clients, 2.0);
    for (guint i = 0; i < idle; i++)
        close(idlers[i]);
}

/* --- the floor: an epoll server that reads a message and writes as many bytes as asked */

static void echo_server(int listener, gsize reply_len)
{
    g_autofree guint8 *reply = g_malloc0(MAX(reply_len, HEADER));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
    guint32 len = GUINT32_TO_BE((guint32)reply_len);

    memcpy(reply, &len, 4);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        die("epoll");
    for (;;) {
        if (epoll_wait(epoll, &event, 1, -1) < 1)
            continue;
        if (event.data.fd == listener) {
            event.data.fd = accept(listener, NULL, NULL);
            if (event.data.fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
                die("epoll_ctl");
        } else if (read(event.data.fd, scratch, MAX_MESSAGE) <= 0) {
            close(event.data.fd);
        } else {
            send_all(event.data.fd, reply, reply_len);
        }
    }
}

static int dial_or_die(const char *path)
{
    int fd = dial(path);
    if (fd < 0)
        die(path);
    return fd;
}

static void run_floor(gsize request, gsize reply, guint n, guint clients)
{
    g_autofree char *dir = g_dir_make_tmp("wire-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "echo", NULL);
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Message m = { .len = MIN(request, sizeof m.bytes) };
    clockid_t cpu = 0;

    g_strlcpy(addr.sun_path, path, sizeof addr.sun_path);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 64) < 0)
        die("listen");
    pid_t server = fork();
    if (!server)
        echo_server(listener, MAX(reply, HEADER));
    if (clock_getcpuclockid(server, &cpu))
        cpu = 0;
    int fd = dial_or_die(path);
    time_calls("floor", fd, &m, n, cpu);
    fflush(stdout);
    if (clients)
        throughput("floor", dial_or_die, path, &m, clients, 2.0);
    kill(server, SIGKILL);
    unlink(path);
    rmdir(dir);
}

static void run_first(const char *path)
{
    gint64 start = now_ns(CLOCK_MONOTONIC);
    Message m;
    int fd;

    while ((fd = dial(path)) < 0) {
        if (now_ns(CLOCK_MONOTONIC) - start > G_GINT64_CONSTANT(60000000000))
            die(path);
        g_usleep(200);
    }
    close(fd);
    fd = open_connection(path);
    begin(&m, LIST_ALL_DOMAINS);
    put_u32(&m, 1);
    put_u32(&m, 0);
    gsize len = call(fd, &m, scratch);
    printf("{\"first_ms\": %.2f, \"domains\": %u}\n", (now_ns(CLOCK_MONOTONIC) - start) / 1e6, word(scratch, len - 4));
}

static void run_watch(const char *path, pid_t pid)
{
    Message m;
    int fd = open_connection(path);

    begin(&m, EVENT_REGISTER_ANY);
    put_u32(&m, 0);
    put_u32(&m, 0);
    call(fd, &m, scratch);
    gint64 start = now_ns(CLOCK_MONOTONIC);
    if (kill(pid, SIGKILL) < 0)
        die("kill");
    do
        receive_message(fd, scratch);
    while (word(scratch, 12) != EVENT_LIFECYCLE);
    printf("{\"event_ms\": %.2f}\n", (now_ns(CLOCK_MONOTONIC) - start) / 1e6);
}

static void run_parse(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
        gsize len;
        if (!g_str_has_suffix(name, ".xml") || !g_file_get_contents(path, &text, &len, NULL))
            continue;
        xmlDoc *doc = xmlReadMemory(text, (int)len, NULL, NULL, XML_PARSE_NONET);
        n += doc != NULL;
        xmlFreeDoc(doc);
    }
    printf("{\"parsed\": %u}\n", n);
}

int main(int argc, char **argv)
{
    int n = 3000, idle = 0, clients = 0;
    const GOptionEntry entries[] = {
        { "n", 0, 0, G_OPTION_ARG_INT, &n, "calls of each kind", "N" },
        { "idle", 0, 0, G_OPTION_ARG_INT, &idle, "idle connections beside", "N" },
        { "clients", 0, 0, G_OPTION_ARG_INT, &clients, "clients at once, for calls/s", "N" },
        { NULL },
    };
    g_autoptr(GOptionContext) options = g_option_context_new("call|floor|first|watch|parse ...");
    g_autoptr(GError) err = NULL;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &err)) {
        fprintf(stderr, "wire: %s\n", err->message);
        return 2;
    }
    if (argc == 4 && !strcmp(argv[1], "call"))
        run_calls(argv[2], argv[3], n, idle, clients);
    else if (argc == 4 && !strcmp(argv[1], "floor"))
        run_floor(g_ascii_strtoull(argv[2], NULL, 10), g_ascii_strtoull(argv[3], NULL, 10), n, clients);
    else if (argc == 3 && !strcmp(argv[1], "first"))
        run_first(argv[2]);
    else if (argc == 4 && !strcmp(argv[1], "watch"))
        run_watch(argv[2], atoi(argv[3]));
    else if (argc == 3 && !strcmp(argv[1], "parse"))
        run_parse(argv[2]);
    else {
        fprintf(stderr, "wire: see the head of tests/bench/wire.c\n");
        return 2;
    }
    return 0;
}
