/* Adoption: at the daemon's start, before the socket is served, the guests that status files name and that still run
 * are taken up; what the others took of the host is given back by their journals. */
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/graphics_start.h"
#include "drivers/qemu/start.h"
#include "util/process.h"

static Run *adopt_run(QemuDriver *d, json_object *o, GError **err)
{
    const char *dir = json_object_get_string(json_object_object_get(o, "dir"));
    pid_t pid = json_object_get_int(json_object_object_get(o, "pid"));
    guint64 start = json_object_get_uint64(json_object_object_get(o, "started"));
    g_autofree char *path = g_strconcat(dir ? dir : "", "/monitor.sock", NULL);
    int pidfd = pid > 1 ? process_open(pid) : -1;

    int status;

    if (pidfd < 0 || process_start_time(pid) != start || process_wait(pidfd, 0, &status)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "its QEMU (pid %d) is gone", (int)pid);
        if (pidfd >= 0)
            close(pidfd);
        return NULL;
    }
    Run *run = run_new(d, NULL, g_strdup(dir));
    run->pid = pid;
    run->pidfd = pidfd;
    run->qmp = qmp_connect_unheard(path, 500);
    return run;
}

/* @undo is taken when it succeeds. */
static bool adopt_guest(QemuDriver *d, json_object *o, Undo *undo, GError **err)
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
    run->undo = undo;
    dom->run = run;
    d->last_id = MAX(d->last_id, (int)live->frame.id);
    if (!status)
        g_warning("domain '%s' does not answer; it is taken up as running, and its limits stay as they are", live->frame.name);
    adopt_group(run, live, status);
    graphics_adopt(live);
    life_take_up(run, g_steal_pointer(&live), paused);
    g_message("domain '%s' goes on running (pid %d)", dom->view->name, (int)run->pid);
    return true;
}

static void adopt_or_clear(QemuDriver *d, const char *name)
{
    g_autofree char *status = guest_status_path(d, name), *journal = guest_journal_path(d, name);
    g_autoptr(GError) err = NULL;
    g_autoptr(Undo) undo = undo_resume(journal, guest_kinds, d, &err);
    json_object *o = undo ? json_object_from_file(status) : NULL;

    if (!undo) {
        g_warning("domain '%s' is left alone: %s", name, err->message);
        return;
    }
    undo_keep(undo);
    if (o && adopt_guest(d, o, undo, &err)) {
        undo = NULL;
    } else {
        g_warning("domain '%s' ended while no daemon ran: %s", name, err ? err->message : "its start was never finished");
        undo_run(undo);
        unlink(status);
    }
    json_object_put(o);
}

void life_adopt_all(QemuDriver *d)
{
    g_autoptr(GDir) dir = g_dir_open(d->status, 0, NULL);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer name;
    const char *file;

    while (dir && (file = g_dir_read_name(dir))) {
        const char *dot = strrchr(file, '.');
        if (dot && (!strcmp(dot, ".json") || !strcmp(dot, ".journal")))
            g_hash_table_add(names, g_strndup(file, (gsize)(dot - file)));
    }
    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        adopt_or_clear(d, name);
}
