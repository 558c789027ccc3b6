/* A network's dnsmasq: started with a configuration of its own, found again by that file's path in its command line (also
 * after a kill of the daemon at any moment), followed by pidfd, brought back when it dies. Its files carry the network's
 * UUID, so that no name out of XML is in a path. */
#include "config.h"
#include "drivers/network/driver.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "util/file.h"
#include "util/loop.h"
#include "util/process.h"

enum { READY_MS = 10000, END_MS = 2000, SHORT_LIFE_US = 5000000, BACKOFF_MS = 2000 };

struct NetworkServer {
    int pidfd;
    LoopWatch *watch;
    gint64 since_us;
    guint timer;
};

static char *leases_path(const NetworkDriver *driver, const NetworkDef *def)
{
    return network_file(driver->lib, def->uuid, ".leases");
}

/* Calls with the pidfd of every dnsmasq that reads @config. */
typedef void (*FoundFn)(int pidfd, gpointer user);
static guint each_server(const char *config, FoundFn fn, gpointer user)
{
    g_autofree char *mark = g_strconcat("--conf-file=", config, NULL);
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name;
    guint n = 0;

    while (proc && (name = g_dir_read_name(proc))) {
        g_autofree char *path = g_build_filename("/proc", name, "cmdline", NULL), *text = NULL;
        gsize len;
        if (!g_ascii_isdigit(*name))
            continue;
        g_auto(Fd) pidfd = process_open(atoi(name));
        if (pidfd < 0 || !g_file_get_contents(path, &text, &len, NULL) || !memmem(text, len, mark, strlen(mark) + 1))
            continue;
        fn(pidfd, user);
        n++;
    }
    return n;
}

static void end_it(int pidfd, gpointer user)
{
    int status;
    process_kill(pidfd, SIGTERM);
    if (!process_wait(pidfd, END_MS, &status)) {
        process_kill(pidfd, SIGKILL);
        process_wait(pidfd, END_MS, &status);
    }
}

bool server_stop(const char *config, GError **err)
{
    each_server(config, end_it, NULL);
    return true;
}

/* dnsmasq reads its hosts again as its own user: only where that one may walk to them. */
static const char *user_for(const char *folder)
{
    static const char *const users[] = { "dnsmasq", "nobody" };
    g_autofree char *path = g_strdup(folder);
    uid_t uid;
    gid_t gid;

    while (strcmp(path, "/")) {
        struct stat st;
        char *parent = g_path_get_dirname(path);
        if (stat(path, &st) == 0 && !(st.st_mode & S_IXOTH)) {
            g_free(parent);
            return "root";
        }
        g_free(path);
        path = parent;
    }
    for (guint i = 0; i < G_N_ELEMENTS(users); i++)
        if (process_find_user(users[i], NULL, &uid, &gid, NULL))
            return users[i];
    return "nobody";
}

static bool write_file(NetworkDriver *driver, const NetworkDef *def, const char *suffix, const char *text, GError **err)
{
    g_autofree char *path = network_file(driver->run, def->uuid, suffix);
    return file_replace(path, text, strlen(text), 0644, err);
}

bool server_write(NetworkDriver *driver, const NetworkDef *def, GError **err)
{
    g_autofree char *stem = network_file(driver->run, def->uuid, ""), *leases = leases_path(driver, def);
    g_autofree char *plain = dnsmasq_config(def, stem, leases), *hosts = dnsmasq_hosts(def), *names = dnsmasq_names(def);
    g_autofree char *config = g_strdup_printf("%suser=%s\n", plain, user_for(driver->run));
    return write_file(driver, def, ".conf", config, err) && write_file(driver, def, ".hosts", hosts, err) &&
           write_file(driver, def, ".names", names, err);
}

static char *words_of(int fd)
{
    char text[1024];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[MAX(n, 0)] = 0;
    return g_strdup(g_strstrip(text));
}

/* It serves when its parent has gone: dnsmasq's own promise when it goes into the background. */
static bool spawn(const char *config, GError **err)
{
    g_autofree char *program = g_find_program_in_path("dnsmasq");
    g_autofree char *file = g_strconcat("--conf-file=", config, NULL);
    char *path = program ? program : (char *)"/usr/sbin/dnsmasq";
    char *argv[] = { path, file, NULL };
    g_auto(Fd) log = memfd_create("dnsmasq", MFD_CLOEXEC), pidfd = -1;
    ProcessSpec spec = { .argv = argv, .stdin_fd = -1, .stdout_fd = log, .stderr_fd = log };
    int status = 0;
    pid_t pid;

    if (!process_spawn(&spec, &pid, &pidfd, err)) {
        g_prefix_error(err, "dnsmasq does not start (is the package dnsmasq-base installed?): ");
        return false;
    }
    if (!process_wait(pidfd, READY_MS, &status)) {
        process_kill(pidfd, SIGKILL);
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_TIMEOUT, "dnsmasq was not ready within %d s", READY_MS / 1000);
        return false;
    }
    if (!status)
        return true;
    g_autofree char *words = words_of(log);
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "dnsmasq does not serve: %s", *words ? words : "it gave no reason");
    return false;
}

bool server_start(NetworkDriver *driver, const NetworkDef *def, GError **err)
{
    g_autofree char *config = network_file(driver->run, def->uuid, ".conf");
    return server_stop(config, err) && (!dnsmasq_wanted(def) || (server_write(driver, def, err) && spawn(config, err)));
}

static void read_again(int pidfd, gpointer user)
{
    process_kill(pidfd, SIGHUP);
}

bool server_reload(NetworkDriver *driver, const NetworkDef *def, GError **err)
{
    g_autofree char *config = network_file(driver->run, def->uuid, ".conf");
    if (!dnsmasq_wanted(def))
        return true;
    if (!server_write(driver, def, err))
        return false;
    each_server(config, read_again, NULL);
    return true;
}

/* --- I/O thread */

static gboolean serve_again(gpointer user)
{
    Network *net = user;
    net->server->timer = 0;
    network_request(net->driver, &(NetworkRequest){ .op = NETWORK_SERVE, .net = net }, NULL, NULL);
    return G_SOURCE_REMOVE;
}

static void drop_watch(struct NetworkServer *server)
{
    g_clear_pointer(&server->watch, loop_unwatch);
    fd_clear(&server->pidfd);
    if (server->timer)
        g_source_remove(server->timer);
    server->timer = 0;
}

static void come_back(Network *net, const char *why)
{
    struct NetworkServer *server = net->server;
    bool soon = g_get_monotonic_time() - server->since_us > SHORT_LIFE_US;
    drop_watch(server);
    g_warning("network '%s': its dnsmasq %s; starting it again", net->def->name, why);
    server->timer = g_timeout_add(soon ? 10 : BACKOFF_MS, serve_again, net);
}

static void died(guint ready, gpointer user)
{
    come_back(user, "died");
}

static int open_server(const Network *net)
{
    g_autofree char *path = network_file(net->driver->run, net->def->uuid, ".pid"), *text = NULL, *cmdline = NULL, *args = NULL;
    gsize len;
    if (!g_file_get_contents(path, &text, NULL, NULL) || atoi(text) <= 1)
        return -1;
    int pidfd = process_open(atoi(text));
    cmdline = g_strdup_printf("/proc/%d/cmdline", atoi(text));
    if (pidfd >= 0 && g_file_get_contents(cmdline, &args, &len, NULL) && memmem(args, len, net->def->uuid, strlen(net->def->uuid)))
        return pidfd;
    if (pidfd >= 0)
        close(pidfd);
    return -1;
}

void server_watch(Network *net)
{
    if (!network_has_bridge(net->def) || !dnsmasq_wanted(net->def))
        return;
    if (!net->server) {
        net->server = g_new0(struct NetworkServer, 1);
        net->server->pidfd = -1;
    }
    drop_watch(net->server);
    gint64 last = net->server->since_us;
    net->server->pidfd = open_server(net);
    if (net->server->pidfd < 0) {
        come_back(net, "is not there");
        return;
    }
    net->server->since_us = last ? g_get_monotonic_time() : 1;
    net->server->watch = loop_watch(net->server->pidfd, LOOP_READ, died, net);
}

void server_unwatch(Network *net)
{
    if (!net->server)
        return;
    drop_watch(net->server);
    g_clear_pointer(&net->server, g_free);
}

/* --- leases: dnsmasq's own file, "EXPIRY MAC ADDRESS NAME CLIENT-ID" a line; after "duid ..." those of IPv6, whose
 * second word is the IAID */

void network_lease_free(NetworkLease *lease)
{
    g_free(lease->mac);
    g_free(lease->iaid);
    g_free(lease->ip);
    g_free(lease->hostname);
    g_free(lease->client_id);
    g_free(lease);
}

static guint prefix_for(const NetworkDef *def, bool v6)
{
    for (guint i = 0; def->ips && i < def->ips->len; i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        if (network_ip_is_v6(ip) == v6 && ((ip->ranges && ip->ranges->len) || (ip->hosts && ip->hosts->len)))
            return network_ip_prefix(ip);
    }
    return 0;
}

static char *unless_star(const char *word)
{
    return strcmp(word, "*") ? g_strdup(word) : NULL;
}

/* The card's address out of a DUID that ends in one (RFC 8415, 11.2 and 11.4: link-layer, type 1 or 3). */
static char *mac_of_duid(const char *duid)
{
    gsize len = strlen(duid);
    bool link = g_str_has_prefix(duid, "00:01:00:01:") || g_str_has_prefix(duid, "00:03:00:01:");
    return link && len >= 17 ? g_strdup(duid + len - 17) : NULL;
}

GPtrArray *network_leases(const Network *net, const char *mac, GError **err)
{
    g_autofree char *path = leases_path(net->driver, net->def), *text = NULL;
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)network_lease_free);
    bool v6 = false;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return all;                                  /* nobody has asked for an address yet */
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
        v6 |= words[0] && !strcmp(words[0], "duid");
        if (g_strv_length(words) < 5)
            continue;
        NetworkLease *lease = g_new0(NetworkLease, 1);
        *lease = (NetworkLease){ .expiry = g_ascii_strtoll(words[0], NULL, 10), .v6 = v6, .ip = g_strdup(words[2]),
                                 .hostname = unless_star(words[3]), .client_id = unless_star(words[4]), .prefix = prefix_for(net->def, v6),
                                 .mac = v6 ? mac_of_duid(words[4]) : g_strdup(words[1]), .iaid = v6 ? g_strdup(words[1]) : NULL };
        if ((lease->expiry && lease->expiry < now) || (mac && (!lease->mac || g_ascii_strcasecmp(mac, lease->mac))))
            network_lease_free(lease);
        else
            g_ptr_array_add(all, lease);
    }
    return all;
}
