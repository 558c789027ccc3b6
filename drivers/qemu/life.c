/* Theory of operation. A start is one job of the domain's actor: the host is prepared step by step with an undo before
 * each, QEMU is spawned with -S, its monitor greets, and the guest is let go. Only then does the I/O thread take up the
 * Run: it watches pidfd and monitor, writes nothing but the view, and tells the world. The end of the process, however
 * it comes, goes one way: run_ended publishes "shut off" at once and leaves the clearing up to a job, before which no
 * new start of that domain can run. A status file per guest (RUN/qemu/NAME.json) names what a later daemon adopts. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <fcntl.h>
#include "drivers/qemu/build.h"
#include "drivers/qemu/chardev_start.h"
#include "drivers/qemu/disk_nodes.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/graphics_start.h"
#include "conf/disk.h"
#include "util/fault.h"
#include "util/file.h"
#include "util/process.h"
#include "util/undo.h"

enum { EVENT_STARTED = 2, EVENT_SUSPENDED = 3, EVENT_RESUMED = 4, EVENT_STOPPED = 5, EVENT_SHUTDOWN = 6 };
enum { START_PAUSED = 1, START_AUTODESTROY = 2 };            /* virDomainCreateFlags */
enum { RUNNING_BOOTED = 1, RUNNING_UNPAUSED = 5, PAUSED_USER = 1, SHUTOFF_SHUTDOWN = 1, SHUTOFF_DESTROYED = 2,
       SHUTOFF_CRASHED = 3, SHUTOFF_FAILED = 6 };
enum { START_TIMEOUT_MS = 30000, CALL_TIMEOUT_MS = 10000 };

Run *run_ref(Run *run)
{
    g_atomic_int_inc(&run->refs);
    return run;
}

void run_unref(Run *run)
{
    if (!run || !g_atomic_int_dec_and_test(&run->refs))
        return;
    qmp_free(run->qmp);
    if (run->pidfd >= 0)
        close(run->pidfd);
    g_ptr_array_free(run->waiting, TRUE);
    g_free(run->dir);
    g_free(run);
}

Run *domain_run(Domain *dom, GError **err)
{
    if (dom->run && dom->run->pid_watch)
        return run_ref(dom->run);
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain is not running: '%s'", dom->view->name);
    return NULL;
}

/* --- the host, on the worker */

static void remove_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (unlink(file) < 0 && errno != ENOENT)
            g_warning("cannot remove '%s': %s", file, g_strerror(errno));
    }
    if (rmdir(path) < 0 && errno != ENOENT)
        g_warning("cannot remove '%s': %s", path, g_strerror(errno));
}

static char *status_path(const QemuDriver *d, const char *name)
{
    return g_strdup_printf("%s/%s.json", d->status, name);
}

/* What a start took, given back; also after an end and after a crash of the daemon. */
static void clear_host(QemuDriver *d, const char *dir, const char *name)
{
    g_autofree char *status = status_path(d, name);
    chardevs_remove_folders(d->config.lib_dir, dir);
    remove_folder(dir);
    unlink(status);
}

static bool disks_exist(const DomainDef *def, GError **err)
{
    EACH_DEVICE(def, DEV_DISK, Disk, disk) {
        const char *path = disk->src.type == SOURCE_FILE || disk->src.type == SOURCE_BLOCK ? disk->src.path : NULL;
        if (path && access(path, F_OK) < 0)
            return qv_error_errno(err, errno, "Cannot access storage file '%s' (disk '%s')", path, disk->dst);
    }
    return true;
}

static bool write_master_key(const char *dir, GError **err)
{
    g_autofree char *path = g_build_filename(dir, "master-key.aes", NULL);
    char key[32];
    return (getrandom(key, sizeof key, 0) == sizeof key || qv_error_errno(err, errno, "cannot make a key")) &&
           file_replace(path, key, sizeof key, 0600, err);
}

static int open_log(QemuDriver *d, const char *name, const QemuCommand *cmd, off_t *ret_start)
{
    g_autofree char *path = g_strdup_printf("%s/qemu/%s.log", d->config.log_dir, name);
    g_autofree char *text = qemu_command_text(cmd);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format(now, "%F %T+0000");
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0)
        dprintf(fd, "%s: starting up\n%s\n", when, text);
    *ret_start = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    return fd;
}

/* What QEMU wrote since @start, for the error of a guest that died. Gives. */
static char *last_words(QemuDriver *d, const char *name, off_t start)
{
    g_autofree char *path = g_strdup_printf("%s/qemu/%s.log", d->config.log_dir, name), *text = NULL;
    gsize len;
    if (!g_file_get_contents(path, &text, &len, NULL) || (gsize)start >= len)
        return g_strdup("it wrote nothing");
    char *words = g_strstrip(g_strdup(text + start));
    return strlen(words) > 1024 ? (words[1024] = 0, words) : words;
}

/* --- start */

typedef struct {
    Op *op;
    QemuDriver *d;
    Run *run;
    GHashTable *fds;
    QemuCommand *cmd;
    off_t log_start;
    bool ok;
} Start;

static void free_fds(gpointer list)
{
    GArray *fds = list;
    for (guint i = 0; i < fds->len; i++)
        close(g_array_index(fds, int, i));
    g_array_unref(fds);
}

static bool step_host(Start *s, GError **err)
{
    DomainDef *def = s->op->def;
    return disks_exist(def, err) &&
           (mkdir(s->run->dir, 0700) == 0 || errno == EEXIST || qv_error_errno(err, errno, "cannot make '%s'", s->run->dir)) &&
           chardevs_make_folders(def, s->d->config.lib_dir, s->run->dir, -1, -1, err) &&
           chardevs_open_files(def, s->fds, err) && write_master_key(s->run->dir, err);
}

/* What a start would have to give the kernel and does not yet: refused, so that nobody relies on it. */
static bool no_tuning(const DomainFrame *f, GError **err)
{
    static const Tune no_tune;
    static const Memory no_limits;
    const struct { const char *name; const XmElem *elem; gconstpointer is, none; } parts[] = {
        { "cputune", &cputune_elem, &f->tune, &no_tune },
        { "blkiotune", &blkiotune_elem, &f->tune, &no_tune },
        { "numatune", &numatune_elem, &f->tune, &no_tune },
        { "memtune", &memtune_elem, &f->memory, &no_limits },
    };
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (xm_diff(parts[i].elem, parts[i].is, parts[i].none, NULL, NULL)) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<%s> is not applied by this version; remove it to start the domain",
                        parts[i].name);
            return false;
        }
    return true;
}

static bool step_prepare(Start *s, GError **err)
{
    const QemuDriverConfig *c = &s->d->config;
    g_autoptr(QemuCaps) caps = driver_caps(s->d, s->op->def->devices.emulator, err);
    if (!caps)
        return false;
    QemuBuild b = { .def = s->op->def, .caps = caps, .lib_dir = c->lib_dir, .domain_dir = s->run->dir,
                    .run_dir = c->run_dir, .log_dir = c->log_dir, .fds = s->fds, .session = c->session };
    GraphicsConfig graphics = { c->vnc_listen, c->spice_listen, c->vnc_port_min, c->vnc_port_max };
    if (!no_tuning(&s->op->def->frame, err) || !qemu_prepare_live(s->op->def, &b, err))
        return false;
    g_autoptr(GPtrArray) secrets = disk_secrets(s->op->def, s->run->dir);
    if (secrets->len) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "disks with secrets need the secret driver, which is not there");
        return false;
    }
    return graphics_prepare(s->op->def, &graphics, s->run->dir, err) && step_host(s, err) && (s->cmd = qemu_build(&b, err));
}

static bool step_spawn(Start *s, GError **err)
{
    const GArray *fds = qemu_command_fds(s->cmd);
    g_auto(GStrv) argv = qemu_command_argv(s->cmd), envp = qemu_command_environ(s->cmd);
    g_auto(Fd) log = open_log(s->d, s->op->def->frame.name, s->cmd, &s->log_start);
    ProcessSpec spec = {
        .argv = argv, .envp = envp, .fds = (const int *)fds->data, .n_fds = fds->len,
        .stdin_fd = -1, .stdout_fd = log, .stderr_fd = log,
        .user = s->d->config.user, .group = s->d->config.group, .drop_capabilities = s->d->config.clear_caps,
    };
    return process_spawn(&spec, &s->run->pid, &s->run->pidfd, err);
}

static bool step_greet(Start *s, GError **err)
{
    g_autofree char *path = g_build_filename(s->run->dir, "monitor.sock", NULL);
    gint64 deadline = g_get_monotonic_time() + START_TIMEOUT_MS * G_GINT64_CONSTANT(1000);
    int status;

    for (;;) {
        g_autoptr(GError) why = NULL;
        if ((s->run->qmp = qmp_connect(path, 200, &why)))
            return true;
        if (process_wait(s->run->pidfd, 0, &status)) {
            g_autofree char *words = last_words(s->d, s->op->def->frame.name, s->log_start);
            g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "QEMU exited at its start: %s", words);
            return false;
        }
        if (g_get_monotonic_time() > deadline) {
            g_propagate_error(err, g_steal_pointer(&why));
            return false;
        }
    }
}

static bool call_all(Qmp *qmp, json_object *calls, GError **err)
{
    for (size_t i = 0; calls && i < json_object_array_length(calls); i++) {
        json_object *call = json_object_array_get_idx(calls, i);
        g_autoptr(QmpReply) reply = qmp_call(qmp, json_object_get_string(json_object_object_get(call, "execute")),
                                             json_object_get(json_object_object_get(call, "arguments")), CALL_TIMEOUT_MS, err);
        if (!reply)
            return false;
    }
    return true;
}

static bool step_go(Start *s, GError **err)
{
    g_autoptr(QmpReply) chardevs = qmp_call(s->run->qmp, "query-chardev", NULL, CALL_TIMEOUT_MS, err);
    json_object *passwords = graphics_password_calls(s->op->def);
    bool ok = chardevs && call_all(s->run->qmp, passwords, err);

    json_object_put(passwords);
    if (!ok)
        return false;
    chardevs_fill_ptys(s->op->def, chardevs);
    if (s->run->paused_start)
        return true;
    g_autoptr(QmpReply) cont = qmp_call(s->run->qmp, "cont", NULL, CALL_TIMEOUT_MS, err);
    return cont;
}

static bool step_status(Start *s, GError **err)
{
    g_autofree char *path = status_path(s->d, s->op->def->frame.name);
    g_autofree char *xml = domain_def_format(s->op->def, XM_FORMAT_LIVE | XM_FORMAT_SECRET);
    json_object *o = json_object_new_object();
    json_object_object_add(o, "dir", json_object_new_string(s->run->dir));
    json_object_object_add(o, "pid", json_object_new_int(s->run->pid));
    json_object_object_add(o, "started", json_object_new_uint64(process_start_time(s->run->pid)));
    json_object_object_add(o, "xml", json_object_new_string(xml));
    const char *text = json_object_to_json_string(o);
    g_autofree char *temporary = g_strconcat(path, ".new", NULL);
    /* On a tmpfs that dies with the host: whole or not at all, but not synced. */
    bool ok = g_file_set_contents_full(temporary, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, err) &&
              (rename(temporary, path) == 0 || qv_error_errno(err, errno, "cannot write '%s'", path));
    json_object_put(o);
    return ok;
}

static const struct { const char *name; bool (*take)(Start *s, GError **err); } start_steps[] = {
    { "prepare", step_prepare }, { "spawn", step_spawn }, { "greet", step_greet }, { "go", step_go },
    { "status", step_status },
};

static bool undo_all(const char *name, gpointer user, GError **err)
{
    Start *s = user;
    int status;
    if (s->run->pidfd >= 0) {
        process_kill(s->run->pidfd, SIGKILL);
        process_wait(s->run->pidfd, 5000, &status);
    }
    graphics_release(s->op->def);
    clear_host(s->d, s->run->dir, s->op->def->frame.name);
    return true;
}

static bool start_job(gpointer user, GError **err)
{
    Start *s = user;
    const char *name = s->op->def->frame.name;
    g_autofree char *journal = g_strdup_printf("%s/%s.journal", s->d->status, name);
    g_autoptr(Undo) undo = undo_new(journal);

    if (!undo_push(undo, "guest", s->run->dir, undo_all, s, err))
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(start_steps); i++) {
        g_autofree char *point = g_strconcat("start-", start_steps[i].name, NULL);
        if (fault_point(point, err) && start_steps[i].take(s, err))
            continue;
        g_prefix_error(err, "cannot start domain '%s': ", name);
        return false;
    }
    undo_commit(undo);
    return true;
}

static void run_ended(Run *run);

static void on_pidfd(guint ready, gpointer user)
{
    run_ended(user);
}

typedef struct { Run *run; char *name; json_object *data; } Seen;

static void set_state(Domain *dom, DomState state, int reason, int event, int detail)
{
    if (dom->view->state == state)
        return;
    DomainView *view = domain_view_copy(dom->view);
    view->state = state;
    view->reason = reason;
    index_publish(dom->driver->index, dom, view);
    driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, event, detail);
}

/* A monitor event, on the I/O thread. */
static gboolean event_seen(gpointer user)
{
    Seen *seen = user;
    Run *run = seen->run;
    Domain *dom = run->dom;

    if (dom->run != run || !run->pid_watch) {
        /* too late, or too early: the start tells the state itself */
    } else if (!strcmp(seen->name, "SHUTDOWN")) {
        if (!run->shut_down && !run->destroyed)
            driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_SHUTDOWN, 0);
        run->shut_down = true;
        if (dom->live && dom->live->frame.on_poweroff != LIFECYCLE_PRESERVE)
            process_kill(run->pidfd, SIGTERM);
    } else if (!strcmp(seen->name, "STOP") && !run->shut_down) {
        set_state(dom, DOM_PAUSED, PAUSED_USER, EVENT_SUSPENDED, 0);
    } else if (!strcmp(seen->name, "RESUME")) {
        set_state(dom, DOM_RUNNING, RUNNING_UNPAUSED, EVENT_RESUMED, 0);
    } else if (!strcmp(seen->name, "RESET")) {
        driver_emit(dom->driver, dom, DOMAIN_EVENT_REBOOT, 0, 0);
    }
    run_unref(run);
    g_free(seen->name);
    json_object_put(seen->data);
    g_free(seen);
    return G_SOURCE_REMOVE;
}

static void on_qmp_event(const char *name, json_object *data, gint64 seconds, guint micros, gpointer user)
{
    Seen *seen = g_new(Seen, 1);
    *seen = (Seen){ run_ref(user), g_strdup(name), data ? json_object_get(data) : NULL };
    g_idle_add_full(G_PRIORITY_DEFAULT, event_seen, seen, NULL);
}

static void on_qmp(guint ready, gpointer user)
{
    Run *run = user;
    if (qmp_read(run->qmp, NULL) && !(ready & LOOP_END))
        return;
    loop_unwatch(run->qmp_watch);      /* its process will end too, or has */
    run->qmp_watch = NULL;
}

/* I/O thread: from here on the domain runs. */
static void take_up(Run *run, DomainDef *live, int id, bool paused)
{
    Domain *dom = run->dom;
    DomainView *view = domain_view_copy(dom->view);

    dom->live = live;
    live->frame.id = id;
    driver_refresh_view(view, live);
    view->id = id;
    view->pid = run->pid;
    view->state = paused ? DOM_PAUSED : DOM_RUNNING;
    view->reason = paused ? PAUSED_USER : RUNNING_BOOTED;
    view->started_us = g_get_real_time();
    index_publish(dom->driver->index, dom, view);
    qmp_on_event(run->qmp, on_qmp_event, run);
    run->pid_watch = loop_watch(run->pidfd, LOOP_READ, on_pidfd, run);
    run->qmp_watch = loop_watch(qmp_fd(run->qmp), LOOP_READ, on_qmp, run);
}

static void forget_if_transient(Domain *dom)
{
    if (!dom->view->persistent && dom->listed)
        index_remove(dom->driver->index, dom);
}

static void started(gpointer user, const GError *err)
{
    Start *s = user;
    Domain *dom = s->op->dom;

    if (err) {
        dom->run = NULL;
        run_unref(s->run);
        if (dom->listed)
            driver_emit(s->d, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_STOPPED, 5);
        forget_if_transient(dom);
    } else {
        take_up(s->run, g_steal_pointer(&s->op->def), s->op->number, s->run->paused_start);
        if (!s->run->paused_start)
            driver_emit(s->d, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_RESUMED, 0);
        driver_emit(s->d, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_STARTED, 0);
        g_message("domain '%s' started (id %d, pid %d)", dom->view->name, dom->view->id, (int)dom->view->pid);
    }
    g_hash_table_unref(s->fds);
    qemu_command_free(s->cmd);
    op_end(s->op, err);
    g_free(s);
}

void life_start(Op *op)
{
    Domain *dom = op->dom;
    QemuDriver *d = op->driver;

    if (dom->run) {
        op_fail_later(op, g_error_new(QV_ERROR, QV_ERR_OPERATION_INVALID, "domain is already running: '%s'", dom->view->name));
        return;
    }
    Start *s = g_new0(Start, 1);
    g_autofree char *name = g_strndup(op->def->frame.name, 20);
    op->number = ++d->last_id;
    op->def->frame.id = op->number;
    s->op = op;
    s->d = d;
    s->fds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_fds);
    s->run = g_new0(Run, 1);
    *s->run = (Run){ .refs = 1, .driver = d, .dom = dom, .pidfd = -1, .waiting = g_ptr_array_new(),
                     .paused_start = op->flags & START_PAUSED,
                     .dir = g_strdup_printf("%s/qemu/domain-%d-%s", d->config.lib_dir, op->number, name) };
    dom->run = s->run;
    actor_push(dom->actor, "start", start_job, started, s);
}

void domain_start(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    Op *op = op_new(dom->driver, dom, flags, done, user);
    if (!dom->stored) {
        op_fail_later(op, g_error_new(QV_ERROR, QV_ERR_OPERATION_INVALID, "domain '%s' is transient and runs already", dom->view->name));
        return;
    }
    op->def = domain_def_copy(dom->stored);
    life_start(op);
}

/* --- the end */

typedef struct { Run *run; char *name; } Clearing;

static bool clear_job(gpointer user, GError **err)
{
    Clearing *c = user;
    clear_host(c->run->driver, c->run->dir, c->name);
    return true;
}

static void cleared(gpointer user, const GError *err)
{
    Clearing *c = user;
    for (guint i = 0; i < c->run->waiting->len; i++)
        op_end(g_ptr_array_index(c->run->waiting, i), NULL);
    g_ptr_array_set_size(c->run->waiting, 0);
    domain_unref(c->run->dom);
    run_unref(c->run);
    g_free(c->name);
    g_free(c);
}

static void run_ended(Run *run)
{
    Domain *dom = domain_ref(run->dom);
    int status = -1;
    Clearing *c = g_new(Clearing, 1);
    DomainView *view = domain_view_copy(dom->view);

    loop_unwatch(run->pid_watch);
    loop_unwatch(run->qmp_watch);
    run->pid_watch = run->qmp_watch = NULL;
    process_wait(run->pidfd, 0, &status);
    graphics_release(dom->live);
    *c = (Clearing){ run, g_strdup(view->name) };
    int detail = run->destroyed ? 1 : run->shut_down ? 0 : 2;
    view->reason = run->destroyed ? SHUTOFF_DESTROYED : run->shut_down ? SHUTOFF_SHUTDOWN : SHUTOFF_CRASHED;
    view->state = DOM_SHUTOFF;
    view->id = -1;
    view->pid = 0;
    if (dom->stored)
        driver_refresh_view(view, dom->stored);
    index_publish(dom->driver->index, dom, view);
    g_clear_pointer(&dom->live, domain_def_free);
    dom->run = NULL;
    driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_STOPPED, detail);
    g_message("domain '%s' stopped (%s)", view->name, run->destroyed ? "destroyed" : run->shut_down ? "shut down" : "QEMU ended by itself");
    forget_if_transient(dom);
    actor_push_first(dom->actor, "clear", clear_job, cleared, c);
}

void domain_destroy(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    enum { DESTROY_GRACEFUL = 1 };
    Op *op = op_new(dom->driver, dom, flags, done, user);
    GError *err = NULL;
    Run *run = domain_run(dom, &err);

    if (!run) {
        op_fail_later(op, err);
        return;
    }
    run->destroyed = true;
    g_ptr_array_add(run->waiting, op);
    driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_SHUTDOWN, 2);
    process_kill(run->pidfd, flags & DESTROY_GRACEFUL ? SIGTERM : SIGKILL);
    run_unref(run);
}

/* --- adoption */

static Run *adopt_run(QemuDriver *d, json_object *o, GError **err)
{
    const char *dir = json_object_get_string(json_object_object_get(o, "dir"));
    pid_t pid = json_object_get_int(json_object_object_get(o, "pid"));
    guint64 start = json_object_get_uint64(json_object_object_get(o, "started"));
    g_autofree char *path = g_strconcat(dir ? dir : "", "/monitor.sock", NULL);
    int pidfd = pid > 1 ? process_open(pid) : -1;

    if (pidfd < 0 || process_start_time(pid) != start) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "its QEMU (pid %d) is gone", (int)pid);
        if (pidfd >= 0)
            close(pidfd);
        return NULL;
    }
    Qmp *qmp = qmp_connect(path, 2000, err);
    if (!qmp) {
        close(pidfd);
        return NULL;
    }
    Run *run = g_new0(Run, 1);
    *run = (Run){ .refs = 1, .driver = d, .dir = g_strdup(dir), .pid = pid, .pidfd = pidfd, .qmp = qmp,
                  .waiting = g_ptr_array_new() };
    return run;
}

static bool adopt_one(QemuDriver *d, json_object *o, GError **err)
{
    const char *xml = json_object_get_string(json_object_object_get(o, "xml"));
    g_autoptr(DomainDef) live = xml ? domain_def_parse(xml, strlen(xml), NULL, XM_PARSE_LIVE, err) : NULL;
    g_autoptr(Domain) dom = NULL;
    Run *run = live ? adopt_run(d, o, err) : NULL;

    if (!run)
        return false;
    if (!(dom = index_by_name(d->index, live->frame.name, NULL))) {
        DomainView *view = g_new0(DomainView, 1);
        view->refs = 1;
        view->id = -1;
        driver_refresh_view(view, live);
        dom = domain_ref(index_add(d->index, view));
        dom->driver = d;
    }
    g_autoptr(QmpReply) status = qmp_call(run->qmp, "query-status", NULL, 2000, NULL);
    bool paused = status && !json_object_get_boolean(json_object_object_get(status, "running"));
    run->dom = dom;
    dom->run = run;
    d->last_id = MAX(d->last_id, (int)live->frame.id);
    graphics_adopt(live);
    guint id = live->frame.id;
    take_up(run, g_steal_pointer(&live), id, paused);
    g_message("domain '%s' goes on running (pid %d)", dom->view->name, (int)run->pid);
    return true;
}

/* The QEMU of a start that the daemon did not survive: whose monitor lies in @dir. */
static void kill_orphan(const char *dir)
{
    g_autofree char *mark = g_strconcat(dir, "/monitor.sock", NULL);
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name;

    while (proc && (name = g_dir_read_name(proc))) {
        g_autofree char *path = g_build_filename("/proc", name, "cmdline", NULL), *text = NULL;
        gsize len;
        int status, pidfd;
        if (!g_ascii_isdigit(*name) || !g_file_get_contents(path, &text, &len, NULL) ||
            !memmem(text, len, mark, strlen(mark)) || !memmem(text, len, "guest=", 6))
            continue;
        if ((pidfd = process_open(atoi(name))) < 0)
            continue;
        g_warning("ending process %s: its start was never finished ('%s')", name, dir);
        process_kill(pidfd, SIGKILL);
        process_wait(pidfd, 2000, &status);
        close(pidfd);
    }
}

/* Before the socket is served: nobody waits for the I/O thread yet. */
void life_adopt_all(QemuDriver *d)
{
    g_autoptr(GDir) dir = g_dir_open(d->status, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(d->status, name, NULL);
        g_autoptr(GError) err = NULL;
        if (g_str_has_suffix(name, ".json")) {
            json_object *o = json_object_from_file(path);
            g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".json"));
            if (o && adopt_one(d, o, &err)) {
                json_object_put(o);
                continue;
            }
            const char *folder = o ? json_object_get_string(json_object_object_get(o, "dir")) : NULL;
            g_warning("domain '%s' ended while no daemon ran: %s", stem, err ? err->message : "its status file is broken");
            if (folder)
                clear_host(d, folder, stem);
            unlink(path);
            json_object_put(o);
        } else if (g_str_has_suffix(name, ".journal")) {
            g_autoptr(GPtrArray) records = undo_journal_read(path, NULL);
            for (guint i = 0; records && i < records->len; i++) {
                UndoRecord *r = g_ptr_array_index(records, i);
                g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".journal"));
                g_autofree char *status = status_path(d, stem);
                if (access(status, F_OK) == 0)
                    continue;
                kill_orphan(r->name);
                clear_host(d, r->name, stem);
            }
            unlink(path);
        }
    }
}
