/* Control groups and tuning of a start, and of a guest that is taken up again. */
#include "drivers/qemu/disk_throttle.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/group_devices.h"
#include "drivers/qemu/start.h"
#include "drivers/qemu/tune.h"

/* Arguments of the user's own may open anything. */
static bool start_devices(Start *s, GError **err)
{
    g_auto(GStrv) argv = qemu_command_argv(s->cmd);
    const GPtrArray *own = s->def->frame.qemu.args;

    return (own && own->len) || group_restrict_devices(s->run->group, argv, s->run->dir, err);
}

/* Before QEMU is there. A daemon without root has no groups; the kernel's words tell when the XML asks for them. */
bool start_group(Start *s, GError **err)
{
    Group *g = s->run->group = group_new(s->driver, s->def);

    return undo_push(s->run->undo, "cgroup", g->name, err) && group_create(g, tune_controllers(s->def), err) &&
           tune_domain(g, s->def, err) && start_devices(s, err);
}

bool start_place(pid_t pid, gpointer user, GError **err)
{
    Start *s = user;

    s->run->group->pid = pid;
    return tune_process(s->def, pid, err) && tune_threads(s->run->group, s->def, THREAD_EMULATOR, err);
}

/* QEMU's threads are known and the guest does not run yet. When nothing is asked of them, they are moved after the
 * start's reply (start_settle): the kernel takes longer for that than all the rest. */
bool start_threads(Start *s, GError **err)
{
    Group *g = s->run->group;

    qmp_before(s->run->qmp, group_allow_mentioned, g);
    s->settle_later = !tune_asks_threads(s->def);
    return group_learn(g, s->run->qmp, err) && (s->settle_later || group_move_threads(g, err)) &&
           tune_threads(g, s->def, THREAD_VCPU, err) && tune_threads(g, s->def, THREAD_IOTHREAD, err);
}

bool start_throttle(Start *s, GError **err)
{
    EACH_DEVICE(s->def, DEV_DISK, Disk, disk)
        if (disk->iotune && !throttle_apply(s->run->qmp, disk, err))
            return false;
    return true;
}

static bool settle_job(gpointer user, GError **err)
{
    Run *run = user;
    return group_move_threads(run->group, err);
}

static void settled(gpointer user, const GError *err)
{
    Run *run = user;
    if (err && run->pid_watch)
        g_warning("domain '%s': its threads are not in groups of their own: %s", run->dom->view->name, err->message);
    domain_unref(run->dom);
    run_unref(run);
}

void start_settle(Run *run)
{
    domain_ref(run->dom);
    actor_push_first(run->dom->actor, "threads", settle_job, settled, run_ref(run));
}

/* What somebody else changed or removed meanwhile is put right; what cannot be is said, and the guest goes on. */
void adopt_group(Run *run, const DomainDef *live, const QmpReply *status)
{
    Group *g = run->group = group_new(run->driver, live);
    g_autoptr(GError) err = NULL;

    g->pid = run->pid;
    group_resume_devices(g, run->dir);
    qmp_before(run->qmp, group_allow_mentioned, g);
    bool ok = group_create(g, tune_controllers(live), &err) && tune_domain(g, live, &err) && group_place(g, run->pid, &err) &&
              tune_threads(g, live, THREAD_EMULATOR, &err);
    /* A QEMU that does not answer is not asked for its threads. */
    if (ok && status)
        ok = group_learn(g, run->qmp, &err) && group_move_threads(g, &err) && tune_threads(g, live, THREAD_VCPU, &err) &&
             tune_threads(g, live, THREAD_IOTHREAD, &err);
    if (!ok)
        g_warning("domain '%s': its limits are not all in force: %s", live->frame.name, err->message);
}
