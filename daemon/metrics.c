#include "daemon/metrics.h"
#include "daemon/daemon.h"
#include "drivers/qemu/qemu.h"
#include "util/loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUEST_MAX = 8192, CLIENTS_MAX = 16, PATIENCE_MS = 10000, ACCEPT_REST_MS = 100, BACKLOG = 16, CHUNK = 1 << 18 };

typedef struct {
    guint refs;                    /* the socket's, and that of a question to the guests */
    int fd;                        /* -1: closed */
    LoopWatch *watch;
    guint timer;
    bool asked;                    /* the request is whole */
    GString *in, *out;
    gsize sent;
} Scrape;

static struct {
    int fds[2];                    /* the socket and the port; 0: none */
    LoopWatch *watches[2];
    char *path;
    guint clients;
} metrics;

static void scrape_unref(Scrape *s)
{
    if (--s->refs)
        return;
    g_string_free(s->in, TRUE);
    if (s->out)
        g_string_free(s->out, TRUE);
    g_free(s);
}

static void scrape_close(Scrape *s)
{
    if (s->fd < 0)
        return;
    loop_unwatch(s->watch);
    close(s->fd);
    s->fd = -1;
    if (s->timer)
        g_source_remove(s->timer);
    metrics.clients--;
    scrape_unref(s);
}

static gboolean scrape_too_slow(gpointer user)
{
    Scrape *s = user;
    s->timer = 0;
    scrape_close(s);
    return G_SOURCE_REMOVE;
}

static void scrape_send(Scrape *s)
{
    while (s->sent < s->out->len) {
        ssize_t n = send(s->fd, s->out->str + s->sent, MIN(s->out->len - s->sent, CHUNK), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            loop_watch_set(s->watch, LOOP_WRITE);
            return;
        }
        if (n <= 0)
            break;
        s->sent += (gsize)n;
    }
    scrape_close(s);
}

static void answer(Scrape *s, const char *status, const char *type, const GString *body)
{
    s->out = g_string_new(NULL);
    g_string_append_printf(s->out, "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, type, body->len);
    g_string_append_len(s->out, body->str, (gssize)body->len);
    scrape_send(s);
}

static void refuse(Scrape *s, const char *status)
{
    GString *body = g_string_new(status);
    g_string_append_c(body, '\n');
    answer(s, status, "text/plain; charset=utf-8", body);
    g_string_free(body, TRUE);
}

/* The guests have answered, or it is not worth waiting for them any longer. */
static void scrape_ready(gpointer user)
{
    Scrape *s = user;
    if (s->fd >= 0) {
        g_autoptr(GPtrArray) domains = qemu_driver_list(qvirtd.qemu, 0);
        GString *body = metrics_text(domains);
        answer(s, "200 OK", "application/openmetrics-text; version=1.0.0; charset=utf-8", body);
        g_string_free(body, TRUE);
    }
    scrape_unref(s);
}

static void scrape_ask(Scrape *s)
{
    enum { ACTIVE = 1 };
    g_autoptr(GPtrArray) running = qemu_driver_list(qvirtd.qemu, ACTIVE);
    s->refs++;
    if (!domain_stats_ask(running, STATS_BALLOON | STATS_DISK_COUNTERS | STATS_VCPU_THREADS, scrape_ready, s))
        scrape_ready(s);
}

/* The request line counts; what else the client says does not matter. */
static void scrape_request(Scrape *s)
{
    g_auto(GStrv) words = NULL;
    char *end = strpbrk(s->in->str, "\r\n");
    g_autofree char *line = g_strndup(s->in->str, (gsize)(end - s->in->str));
    s->asked = true;
    words = g_strsplit(line, " ", 4);
    if (g_strv_length(words) < 2)
        refuse(s, "400 Bad Request");
    else if (strcmp(words[0], "GET"))
        refuse(s, "405 Method Not Allowed");
    else if (strcmp(words[1], "/metrics") && strcmp(words[1], "/"))
        refuse(s, "404 Not Found");
    else
        scrape_ask(s);
}

static void scrape_read(Scrape *s)
{
    char chunk[2048];
    ssize_t n = recv(s->fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        scrape_close(s);
        return;
    }
    if (s->asked)
        return;                                    /* more than one request: not read */
    g_string_append_len(s->in, chunk, n);
    bool whole = strstr(s->in->str, "\r\n\r\n") || strstr(s->in->str, "\n\n");
    if (memchr(s->in->str, 0, s->in->len) || (!whole && s->in->len > REQUEST_MAX)) {
        s->asked = true;
        refuse(s, "400 Bad Request");
    } else if (whole) {
        scrape_request(s);
    }
}

static void on_client(guint ready, gpointer user)
{
    Scrape *s = user;
    s->refs++;
    if (ready & LOOP_END)
        scrape_close(s);
    else if (ready & LOOP_WRITE && s->out)
        scrape_send(s);
    else if (ready & LOOP_READ)
        scrape_read(s);
    scrape_unref(s);
}

static void on_listening(guint ready, gpointer user)
{
    int fd = accept4(*(int *)user, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
            loop_watch_rest(metrics.watches[(int *)user - metrics.fds], ACCEPT_REST_MS);
        return;
    }
    if (metrics.clients >= CLIENTS_MAX) {
        close(fd);
        return;
    }
    Scrape *s = g_new0(Scrape, 1);
    *s = (Scrape){ .refs = 1, .fd = fd, .in = g_string_new(NULL) };
    s->watch = loop_watch(fd, LOOP_READ, on_client, s);
    s->timer = g_timeout_add(PATIENCE_MS, scrape_too_slow, s);
    metrics.clients++;
}

static bool listen_on(guint i, int fd, const char *what, GError **err)
{
    metrics.fds[i] = fd;
    if (listen(fd, BACKLOG) == 0 && (metrics.watches[i] = loop_watch(fd, LOOP_READ, on_listening, &metrics.fds[i])))
        return true;
    return qv_error_errno(err, errno, "cannot serve metrics on %s", what);
}

/* The folder is ours alone (the daemon's lock), so an old socket is nobody's. */
static bool listen_path(const DaemonConfig *config, GError **err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    metrics.path = g_build_filename(config->run_dir, "metrics.sock", NULL);
    if (g_strlcpy(address.sun_path, metrics.path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "the path of the metrics socket '%s' is too long", metrics.path);
        return false;
    }
    unlink(metrics.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(metrics.path, config->session ? 0700 : config->readonly_socket_mode) != 0) {
        qv_error_errno(err, errno, "cannot make the metrics socket '%s'", metrics.path);
        if (fd >= 0)
            close(fd);
        return false;
    }
    return listen_on(0, fd, metrics.path, err);
}

static bool listen_port(guint port, GError **err)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((guint16)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        qv_error_errno(err, errno, "cannot serve metrics on 127.0.0.1:%u (metrics_port)", port);
        if (fd >= 0)
            close(fd);
        return false;
    }
    return listen_on(1, fd, "a loopback port", err);
}

bool metrics_start(const DaemonConfig *config, GError **err)
{
    return listen_path(config, err) && (!config->metrics_port || listen_port(config->metrics_port, err));
}

void metrics_stop(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(metrics.fds); i++) {
        loop_unwatch(metrics.watches[i]);
        if (metrics.fds[i] > 0)
            close(metrics.fds[i]);
        metrics.watches[i] = NULL;
        metrics.fds[i] = 0;
    }
    if (metrics.path)
        unlink(metrics.path);
    g_clear_pointer(&metrics.path, g_free);
}
