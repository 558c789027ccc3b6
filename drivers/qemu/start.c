/* Theory of operation. A start is one job of the domain's actor: the host is prepared step by step with an undo before
 * each, QEMU is spawned with -S, its monitor greets, and the guest is let go. Only then does the I/O thread take up the
 * Run (life.c). A step that fails, or the fault point before it, undoes what came before. */
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/disk_nodes.h"
#include "drivers/qemu/graphics_start.h"
#include "drivers/qemu/interface_start.h"
#include "drivers/qemu/start.h"
#include "util/fault.h"

enum { START_PAUSED = 1, START_AUTODESTROY = 2 };            /* virDomainCreateFlags */

static void free_fds(gpointer list)
{
    GArray *fds = list;
    for (guint i = 0; i < fds->len; i++)
        close(g_array_index(fds, int, i));
    g_array_unref(fds);
}

static bool no_secrets(const Start *s, GError **err)
{
    g_autoptr(GPtrArray) secrets = disk_secrets(s->def, s->run->dir);
    if (!secrets->len)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "disks with secrets need the secret driver, which is not there");
    return false;
}

static QemuBuild build_of(const Start *s)
{
    const QemuDriverConfig *c = &s->driver->config;
    return (QemuBuild){ .def = s->def, .caps = s->caps, .lib_dir = c->lib_dir, .domain_dir = s->run->dir,
                        .run_dir = c->run_dir, .log_dir = c->log_dir, .fds = s->fds, .session = c->session };
}

/* The live definition: aliases and ports; refused is what cannot be had. */
static bool start_prepare(Start *s, GError **err)
{
    const QemuDriverConfig *c = &s->driver->config;
    GraphicsConfig graphics = { c->vnc_listen, c->spice_listen, c->vnc_port_min, c->vnc_port_max };
    if (!(s->caps = driver_caps(s->driver, s->def->devices.emulator, err)))
        return false;
    QemuBuild b = build_of(s);
    return qemu_prepare_live(s->def, &b, err) && no_secrets(s, err) &&
           graphics_prepare(s->def, &graphics, s->run->dir, err);
}

static bool start_command(Start *s, GError **err)
{
    QemuBuild b = build_of(s);
    return (s->cmd = qemu_build(&b, err));
}

static const struct { const char *name; StartStep take; } steps[] = {
    { "folder", start_folder },
    { "chains", start_chains },
    { "prepare", start_prepare },
    { "chardevs", start_chardevs },
    { "labels", start_labels },
    { "interfaces", start_interfaces },
    { "command", start_command },
    { "group", start_group },
    { "spawn", start_spawn },
    { "greet", start_greet },
    { "threads", start_threads },
    { "throttle", start_throttle },
    { "go", start_go },
    { "status", start_status },
};

/* What an earlier guest of that name could not give back is tried again first. */
static bool open_journal(Start *s, GError **err)
{
    g_autofree char *journal = guest_journal_path(s->driver, s->def->frame.name);

    if (!(s->run->undo = undo_resume(journal, guest_kinds, s->driver, err)))
        return false;
    undo_keep(s->run->undo);
    undo_run(s->run->undo);
    return true;
}

/* A step may begin: nobody has destroyed the guest meanwhile. */
static bool go_on(const Start *s, GError **err)
{
    if (!g_atomic_int_get(&s->run->cancelled))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_ABORTED, "it was destroyed meanwhile");
    return false;
}

static bool start_job(gpointer user, GError **err)
{
    Start *s = user;

    if (!open_journal(s, err))
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *point = g_strconcat("start-", steps[i].name, NULL);
        if (go_on(s, err) && fault_point(point, err) && steps[i].take(s, err))
            continue;
        if (g_atomic_int_get(&s->run->cancelled)) {
            g_clear_error(err);
            go_on(s, err);
        }
        g_prefix_error(err, "cannot start domain '%s': ", s->def->frame.name);
        undo_run(s->run->undo);
        graphics_release(s->def);
        return false;
    }
    return true;
}

static void started(gpointer user, const GError *err)
{
    Start *s = user;

    if (err)
        life_start_failed(s->run);
    else
        life_started(s->run, g_steal_pointer(&s->op->def));
    if (!err && s->settle_later)
        start_settle(s->run);
    qemu_caps_unref(s->caps);
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
    s->driver = d;
    s->def = op->def;
    s->fds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_fds);
    s->run = run_new(d, dom, g_strdup_printf("%s/qemu/domain-%d-%s", d->config.lib_dir, op->number, name));
    s->run->paused_start = op->flags & START_PAUSED;
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
    GError *why = NULL;
    const DomainDef *stored = domain_stored(dom, &why);
    if (!stored) {
        op_fail_later(op, why);
        return;
    }
    op->def = domain_def_copy(stored);
    life_start(op);
}
