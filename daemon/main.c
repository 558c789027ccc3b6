/* qvirtd: starts, serves, ends. The order of a start: options, configuration, log, the lock that keeps
 * a second daemon off the same folders, the driver, its domains, and last the sockets, so that whoever
 * can connect sees every domain. */
#include "config.h"
#include "daemon/access.h"
#include "daemon/daemon.h"
#include "daemon/glue.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "drivers/nwfilter/nwfilter.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

Daemon qvirtd;

typedef struct {
    char *root, *config;
    gboolean session, verbose, version, print_config;
} Options;

typedef struct {
    Options options;
    GMainLoop *loop;
    int lock_fd;
    int status;
    bool ended;              /* asked to end, or cannot serve */
} Process;

static const char options_summary[] =
    "Runs QEMU/KVM guests for libvirt's clients. Stays in the foreground; see qvirtd(8).\n"
    "SIGTERM ends it and leaves the guests running; SIGHUP reads the configuration again.";

static bool options_parse(int argc, char **argv, Options *o, GError **err)
{
    const GOptionEntry entries[] = {
        { "root", 'r', 0, G_OPTION_ARG_FILENAME, &o->root, "Keep everything under DIR: etc, lib, run, log, cache", "DIR" },
        { "session", 's', 0, G_OPTION_ARG_NONE, &o->session, "Run for one user, without privileges (qemu:///session)", NULL },
        { "config", 'f', 0, G_OPTION_ARG_FILENAME, &o->config, "Read FILE instead of qvirtd.conf", "FILE" },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o->verbose, "Log debug messages of all topics", NULL },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &o->version, "Say the version and end", NULL },
        { "print-config", 0, 0, G_OPTION_ARG_NONE, &o->print_config, "Write a configuration file with all defaults and end", NULL },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(context, options_summary);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, err))
        return false;
    if (argc > 1) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "unexpected argument '%s'; see --help", argv[1]);
        return false;
    }
    return true;
}

static bool make_folders(const DaemonConfig *config, GError **err)
{
    const struct { const char *path; mode_t mode; } folders[] = {
        { config->etc_dir, 0755 }, { config->lib_dir, 0755 }, { config->run_dir, 0755 },
        { config->log_dir, 0755 }, { config->cache_dir, 0755 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        if (g_mkdir_with_parents(folders[i].path, folders[i].mode) != 0)
            return qv_error_errno(err, errno, "cannot make the folder '%s'", folders[i].path);
    }
    return true;
}

/* One daemon per run folder: the lock lasts as long as the process. */
static bool take_lock(const DaemonConfig *config, int *ret_fd, GError **err)
{
    g_autofree char *path = g_build_filename(config->run_dir, "qvirtd.pid", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return qv_error_errno(err, errno, "cannot open '%s'", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "another qvirtd runs with '%s' (it holds %s)", config->run_dir, path);
        close(fd);
        return false;
    }
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || write(fd, text, strlen(text)) < 0)
        g_warning("cannot write the process id into '%s': %s", path, g_strerror(errno));
    *ret_fd = fd;
    return true;
}

/* A descriptor per client, per guest's monitor and per console: the shell's 1024 is soon too few. */
static void raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static bool find_group(const DaemonConfig *config, gid_t *ret_gid, GError **err)
{
    *ret_gid = (gid_t)-1;
    if (!config->socket_group)
        return true;
    const struct group *group = getgrnam(config->socket_group);
    if (!group) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "unix_sock_group: there is no group '%s'", config->socket_group);
        return false;
    }
    *ret_gid = group->gr_gid;
    return true;
}

static bool listen_in(const DaemonConfig *config, const char *folder, const char *name, GError **err)
{
    gid_t gid;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *readonly = g_strconcat(path, "-ro", NULL);
    mode_t mode = config->session ? 0700 : config->socket_mode;
    if (!find_group(config, &gid, err))
        return false;
    if (g_mkdir_with_parents(folder, 0755) != 0)
        return qv_error_errno(err, errno, "cannot make the folder '%s'", folder);
    if (!rpc_server_listen_path(qvirtd.server, path, mode, gid, false, err))
        return false;
    return config->session ||
           rpc_server_listen_path(qvirtd.server, readonly, config->readonly_socket_mode, gid, true, err);
}

static bool listen_all(const DaemonConfig *config, GError **err)
{
    guint handed_over;
    if (!service_listen(qvirtd.server, &handed_over, err))
        return false;
    if (!handed_over && !listen_in(config, config->run_dir, "qvirt-sock", err))
        return false;
    if (handed_over || !config->libvirt_sockets || config->root)
        return true;
    g_autofree char *folder = config->session ? g_build_filename(g_get_user_runtime_dir(), "libvirt", NULL)
                                              : g_strdup("/run/libvirt");      /* whatever our own prefix is */
    return listen_in(config, folder, "libvirt-sock", err);
}

static gboolean on_end_signal(gpointer user)
{
    Process *process = user;
    g_info("asked to end; guests go on running");
    service_stopping();
    process->ended = true;
    g_main_loop_quit(process->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload_signal(gpointer user)
{
    const Process *process = user;
    g_autoptr(GError) err = NULL;
    service_reloading();
    g_autoptr(DaemonConfig) fresh = daemon_config_new(process->options.root, process->options.session);
    if (daemon_config_load(fresh, process->options.config, &err) &&
        daemon_config_log(fresh, process->options.verbose, &err)) {
        access_set_audit(fresh->audit);
        g_info("configuration read again: log and audit settings are in force, others come with the next start");
    } else {
        g_warning("configuration not read again, the old one stays: %s", err->message);
    }
    service_ready("Serving");
    return G_SOURCE_CONTINUE;
}

/* The domains are there: let clients in. */
static void on_loaded(gpointer user)
{
    Process *process = user;
    g_autoptr(GError) err = NULL;
    if (!listen_all(qvirtd.config, &err)) {
        g_critical("cannot serve: %s", err->message);
        process->status = EXIT_FAILURE;
        process->ended = true;
        g_main_loop_quit(process->loop);
        return;
    }
    if (!metrics_start(qvirtd.config, &err)) {         /* guests are worth more than their numbers */
        g_warning("%s; the daemon serves without it", err->message);
        metrics_stop();
    }
    g_autofree char *status = g_strdup_printf("%u domains", qemu_driver_count(qvirtd.qemu, 0));
    g_info("serving %s in %s", status, qvirtd.config->run_dir);
    service_ready(status);
}

/* Daemons under other roots have tables of rules of their own. */
static bool start_filters(const DaemonConfig *config, GError **err)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, config->run_dir, -1);
    sum[8] = '\0';
    return nwfilter_start(config->etc_dir, config->run_dir, config->root || config->session ? sum : NULL, err);
}

/* Networks come before guests, which may use them. A session's user owns no bridges; its networks can be defined only. */
static bool start_networks(const DaemonConfig *config, GError **err)
{
    const NetworkDriverConfig network = {
        .lib_dir = config->lib_dir, .run_dir = config->run_dir, .with_default = !config->session,
        .autostart_default = !config->root && !config->session,
    };
    return (qvirtd.network = network_driver_new(&network, err));
}

/* The networks that are marked are up: guests that start by themselves find them. */
static void load_guests(gpointer user)
{
    qemu_driver_load(qvirtd.qemu, on_loaded, user);
}

static bool start_parts(Process *process, GError **err)
{
    const DaemonConfig *config = qvirtd.config;
    QemuDriverConfig driver = daemon_config_qemu(config);
    const RpcServerConfig server = {
        .max_clients = config->max_clients,
        .max_clients_per_uid = config->max_clients_per_user,
        .max_calls_per_client = config->max_client_requests,
        .keepalive_interval_s = config->keepalive_interval_s,
        .keepalive_count = config->keepalive_count,
        .allow = access_allow,
        .ended = access_ended,
        .client_gone = glue_client_gone,
    };
    guint n_rows;
    const RpcHandlerRow *rows = glue_rows(&n_rows);
    if (!make_folders(config, err) || !take_lock(config, &process->lock_fd, err) || !start_filters(config, err) ||
        !start_networks(config, err) ||
        !(qvirtd.storage = storage_driver_new(config->etc_dir, config->run_dir, err)) ||
        !(qvirtd.qemu = qemu_driver_new(&driver, err)))
        return false;
    qvirtd.server = rpc_server_new(&server, rows, n_rows);
    access_set_audit(config->audit);
    glue_start();
    network_driver_autostart(qvirtd.network, load_guests, process);
    return true;
}

/* Guests, journals and files bear an end at any moment, so a stuck job may not keep the daemon alive. */
static void last_resort(int signal_number)
{
    _exit(EXIT_SUCCESS);
}

static void stop_parts(Process *process)
{
    signal(SIGALRM, last_resort);
    alarm(1);
    rpc_server_free(qvirtd.server);
    metrics_stop();
    nwfilter_stop();
    qemu_driver_free(qvirtd.qemu);
    storage_driver_free(qvirtd.storage);
    network_driver_free(qvirtd.network);
    if (process->lock_fd >= 0)
        close(process->lock_fd);
    daemon_config_free(qvirtd.config);
}

static int serve(Process *process)
{
    g_autoptr(GError) err = NULL;
    qvirtd.config = daemon_config_new(process->options.root, process->options.session);
    if (!daemon_config_load(qvirtd.config, process->options.config, &err) ||
        !daemon_config_log(qvirtd.config, process->options.verbose, &err) || !start_parts(process, &err)) {
        fprintf(stderr, "qvirtd: %s\n", err->message);
        return EXIT_FAILURE;
    }
    g_unix_signal_add(SIGTERM, on_end_signal, process);
    g_unix_signal_add(SIGINT, on_end_signal, process);
    g_unix_signal_add(SIGHUP, on_reload_signal, process);
    if (!process->ended)
        g_main_loop_run(process->loop);
    stop_parts(process);
    return process->status;
}

int main(int argc, char **argv)
{
    Process process = { .lock_fd = -1, .status = EXIT_SUCCESS };
    g_autoptr(GError) err = NULL;
    setlocale(LC_ALL, "C.UTF-8");
    if (!options_parse(argc, argv, &process.options, &err)) {
        fprintf(stderr, "qvirtd: %s\n", err->message);
        return EXIT_FAILURE;
    }
    if (process.options.version) {
        puts(PACKAGE_STRING);
        return EXIT_SUCCESS;
    }
    if (process.options.print_config) {
        g_autofree char *text = daemon_config_print();
        fputs(text, stdout);
        return EXIT_SUCCESS;
    }
    if (geteuid() != 0 && !process.options.session && !process.options.root) {
        fputs("qvirtd: not root: use --session (your own guests), or --root DIR to try it out\n", stderr);
        return EXIT_FAILURE;
    }
    umask(022);
    signal(SIGPIPE, SIG_IGN);
    raise_limits();
    process.loop = g_main_loop_new(NULL, FALSE);
    int status = serve(&process);
    g_main_loop_unref(process.loop);
    g_free(process.options.root);
    g_free(process.options.config);
    return status;
}
