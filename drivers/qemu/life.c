/* Theory of operation. The I/O thread takes up the Run of a guest that started (start.c) or was found (adopt.c): it
 * watches pidfd and monitor, writes nothing but the view, and tells the world. The end of the process, however it comes,
 * goes one way: run_ended publishes "shut off" at once and leaves the clearing up to a job, before which no new start of
 * that domain can run. */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/events.h"
#include "drivers/qemu/graphics_start.h"
#include "drivers/qemu/group.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/start.h"
#include "drivers/qemu/stats.h"
#include "util/process.h"

enum { EVENT_STARTED = 2, EVENT_RESUMED = 4, EVENT_STOPPED = 5, EVENT_SHUTDOWN = 6 };
enum { RUNNING_BOOTED = 1, PAUSED_USER = 1, SHUTOFF_SHUTDOWN = 1, SHUTOFF_DESTROYED = 2,
       SHUTOFF_CRASHED = 3, SHUTOFF_FAILED = 6 };

Run *run_new(QemuDriver *driver, Domain *dom, char *dir)
{
    Run *run = g_new0(Run, 1);
    *run = (Run){ .refs = 1, .driver = driver, .dom = dom, .dir = dir, .pidfd = -1, .waiting = g_ptr_array_new() };
    return run;
}

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
    g_clear_pointer(&run->undo, undo_free);
    group_free(run->group);
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

static void run_ended(Run *run);

static void on_pidfd(guint ready, gpointer user)
{
    run_ended(user);
}

typedef struct { Run *run; char *name; json_object *data; gint64 seconds; guint micros; } Seen;

/* A monitor event. Its order among others and the end of the process is the order of this thread's turns. */
static gboolean event_seen(gpointer user)
{
    Seen *seen = user;
    Run *run = seen->run;

    if (run->dom->run == run && run->pid_watch)      /* else too late, or too early: the start tells the state itself */
        guest_event(run, seen->name, seen->data, seen->seconds, seen->micros);
    run_unref(run);
    g_free(seen->name);
    json_object_put(seen->data);
    g_free(seen);
    return G_SOURCE_REMOVE;
}

static void on_qmp_event(const char *name, json_object *data, gint64 seconds, guint micros, gpointer user)
{
    Seen *seen = g_new(Seen, 1);
    *seen = (Seen){ run_ref(user), g_strdup(name), data ? json_object_get(data) : NULL, seconds, micros };
    g_idle_add_full(G_PRIORITY_DEFAULT, event_seen, seen, NULL);
}

void life_take_up(Run *run, DomainDef *live, bool paused)
{
    Domain *dom = run->dom;
    DomainView *view = domain_view_copy(dom->view);

    dom->live = live;
    driver_refresh_view(view, live);
    view->id = (int)live->frame.id;
    view->pid = run->pid;
    view->state = paused ? DOM_PAUSED : DOM_RUNNING;
    view->reason = paused ? PAUSED_USER : RUNNING_BOOTED;
    view->started_us = g_get_real_time();
    index_publish(dom->driver->index, dom, view);
    qmp_on_event(run->qmp, on_qmp_event, run);
    run->pid_watch = loop_watch(run->pidfd, LOOP_READ, on_pidfd, run);
    qmp_attach(run->qmp);
    stats_begin(run, live);
}

static void forget_if_transient(Domain *dom)
{
    if (!dom->view->persistent && dom->listed)
        index_remove(dom->driver->index, dom);
}

/* The destroys that waited for its end. */
static void end_waiting(Run *run)
{
    for (guint i = 0; i < run->waiting->len; i++)
        op_end(g_ptr_array_index(run->waiting, i), NULL);
    g_ptr_array_set_size(run->waiting, 0);
}

void life_start_failed(Run *run)
{
    Domain *dom = run->dom;

    dom->run = NULL;
    end_waiting(run);
    run_unref(run);
    if (dom->listed)
        driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_STOPPED, 5);
    forget_if_transient(dom);
}

void life_started(Run *run, DomainDef *live)
{
    Domain *dom = run->dom;

    life_take_up(run, live, run->paused_start);
    if (run->destroyed)
        process_kill(run->pidfd, SIGKILL);      /* told just before the start was through */
    if (!run->paused_start)
        driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_RESUMED, 0);
    driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_STARTED, 0);
    g_message("domain '%s' started (id %d, pid %d)", dom->view->name, dom->view->id, (int)dom->view->pid);
}

/* --- the end */

static bool clear_job(gpointer user, GError **err)
{
    Run *run = user;
    undo_run(run->undo);        /* what stays is in the log and in the journal, for the next start to try */
    return true;
}

static void cleared(gpointer user, const GError *err)
{
    Run *run = user;
    end_waiting(run);
    domain_unref(run->dom);
    run_unref(run);
}

/* Why a guest that nobody stopped has ended: in the log, and in the guest's own. */
static char *why_ended(const Run *run, const DomainDef *live)
{
    char *killed = run->destroyed || run->shut_down ? NULL : group_why_killed(run->group, live);
    return killed ? killed : g_strdup(run->destroyed ? "destroyed" : run->shut_down ? "shut down" : "QEMU ended by itself");
}

static void run_ended(Run *run)
{
    Domain *dom = domain_ref(run->dom);
    int status = -1;
    DomainView *view = domain_view_copy(dom->view);

    loop_unwatch(run->pid_watch);
    run->pid_watch = NULL;
    qmp_detach(run->qmp);
    process_wait(run->pidfd, 0, &status);
    graphics_release(dom->live);
    g_autofree char *why = why_ended(run, dom->live);
    hotplug_guest_ended(run);
    int detail = run->destroyed ? 1 : run->shut_down ? 0 : 2;
    view->reason = run->destroyed ? SHUTOFF_DESTROYED : run->shut_down ? SHUTOFF_SHUTDOWN : SHUTOFF_CRASHED;
    view->state = DOM_SHUTOFF;
    view->id = -1;
    view->pid = 0;
    const DomainDef *stored = domain_stored(dom, NULL);
    if (stored)
        driver_refresh_view(view, stored);
    index_publish(dom->driver->index, dom, view);
    g_clear_pointer(&dom->live, domain_def_free);
    dom->run = NULL;
    driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, EVENT_STOPPED, detail);
    g_message("domain '%s' stopped (%s)", view->name, why);
    forget_if_transient(dom);
    actor_push_first(dom->actor, "clear", clear_job, cleared, run);
}

/* A start on its way is told so, and its QEMU ended if it has one: the job finds out at its next step or by the closed
 * monitor. Should it be through meanwhile, the process's end is seen as any other. */
static void cancel_start(Run *run, Op *op)
{
    int pidfd = g_atomic_int_get(&run->pidfd);

    run->destroyed = true;
    g_atomic_int_set(&run->cancelled, 1);
    if (pidfd >= 0)
        process_kill(pidfd, SIGKILL);
    g_ptr_array_add(run->waiting, op);
}

void domain_destroy(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    enum { DESTROY_GRACEFUL = 1 };
    Op *op = op_new(dom->driver, dom, flags, done, user);
    GError *err = NULL;

    if (dom->run && !dom->run->pid_watch) {
        cancel_start(dom->run, op);
        return;
    }
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
