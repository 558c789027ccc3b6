#include "drivers/qemu/change.h"
#include <string.h>
#include "drivers/qemu/start.h"
#include "util/file.h"

typedef struct {
    Op *op;
    const ChangeKind *kind;
    gpointer data;
    GDestroyNotify data_free;
    guint where;               /* what is still to be changed */
    DomainDef *was, *now;      /* of the definition in hand */
    DomainDef *check_was, *check;   /* the stored one, edited for its errors before the guest is touched */
} Work;

static void drop_copies(Work *w)
{
    g_clear_pointer(&w->was, domain_def_free);
    g_clear_pointer(&w->now, domain_def_free);
    g_clear_pointer(&w->check_was, domain_def_free);
    g_clear_pointer(&w->check, domain_def_free);
    g_clear_pointer(&w->op->run, run_unref);
}

static void work_end(Work *w, const GError *err)
{
    Op *op = w->op;

    drop_copies(w);
    op->result = w->data;
    op->result_free = w->data_free;
    op_end(op, err);
    g_free(w);
}

static bool nothing_job(gpointer user, GError **err)
{
    return true;
}

/* What @flags mean now; 0 with an error. */
static guint resolve(const Domain *dom, guint flags, GError **err)
{
    guint where = flags & (CHANGE_LIVE | CHANGE_CONFIG);
    bool runs = dom->run && dom->live;

    if (!where)
        where = runs ? CHANGE_LIVE : CHANGE_CONFIG;
    if (where & CHANGE_LIVE && !runs)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain is not running: '%s'", dom->view->name);
    else if (where & CHANGE_CONFIG && !dom->stored)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain '%s' is transient: it has no persistent configuration",
                    dom->view->name);
    else
        return where;
    return 0;
}

/* --- the stored definition: on the driver's actor */

static bool store_job(gpointer user, GError **err)
{
    Work *w = user;
    Change c = { .driver = w->op->driver, .was = w->was, .now = w->now, .data = w->data };
    return w->kind->edit(&c, err) && (w->op->stored = driver_write_def(w->op->driver, w->now, err));
}

static void stored(gpointer user, const GError *err)
{
    Work *w = user;
    Domain *dom = w->op->dom;

    if (!err) {
        if (!dom->run) {
            DomainView *view = domain_view_copy(dom->view);
            driver_refresh_view(view, w->now);
            index_publish(dom->driver->index, dom, view);
        }
        domain_store(dom, g_steal_pointer(&w->now), g_steal_pointer(&w->op->stored));
        if (w->kind->changed)
            w->kind->changed(dom, false, w->data);
    }
    work_end(w, err);
}

static void store_turn(gpointer user, const GError *err)
{
    Work *w = user;
    Domain *dom = w->op->dom;
    g_autoptr(GError) why = NULL;

    const DomainDef *def = resolve(dom, CHANGE_CONFIG, &why) ? domain_stored(dom, &why) : NULL;
    if (!def) {
        work_end(w, why);
        return;
    }
    w->was = domain_def_copy(def);
    w->now = domain_def_copy(def);
    actor_push_first(dom->driver->actor, w->kind->name, store_job, stored, w);
}

static void store(Work *w)
{
    actor_push(w->op->driver->actor, w->kind->name, nothing_job, store_turn, w);
}

/* --- the live one: on the domain's actor */

static bool live_job(gpointer user, GError **err)
{
    Work *w = user;
    Run *run = w->op->run;
    Change check = { .driver = w->op->driver, .was = w->check_was, .now = w->check, .data = w->data };
    Change c = { .driver = w->op->driver, .run = run, .was = w->was, .now = w->now, .data = w->data };
    g_autoptr(GError) why = NULL;

    if ((w->check && !w->kind->edit(&check, err)) || !w->kind->edit(&c, err) || (w->kind->apply && !w->kind->apply(&c, err)))
        return false;
    /* The guest has changed: what cannot be written is a matter for the next daemon only. */
    if (!guest_write_status(run, w->now, &why))
        g_warning("domain '%s': a restart of the daemon will not know of its last change: %s", w->now->frame.name, why->message);
    return true;
}

static void changed_live(gpointer user, const GError *err)
{
    Work *w = user;
    Domain *dom = w->op->dom;

    if (!err && dom->run == w->op->run && dom->live) {
        domain_def_free(dom->live);
        dom->live = g_steal_pointer(&w->now);
        DomainView *view = domain_view_copy(dom->view);
        driver_refresh_view(view, dom->live);
        index_publish(dom->driver->index, dom, view);
        if (w->kind->changed)
            w->kind->changed(dom, true, w->data);
    }
    drop_copies(w);
    if (!err && w->where & CHANGE_CONFIG)
        store(w);
    else
        work_end(w, err);
}

static void live_turn(gpointer user, const GError *err)
{
    Work *w = user;
    Domain *dom = w->op->dom;
    g_autoptr(GError) why = NULL;

    w->where = resolve(dom, w->op->flags, &why);
    const DomainDef *stored_too = w->where == (CHANGE_LIVE | CHANGE_CONFIG) ? domain_stored(dom, &why) : NULL;
    if (why) {
        work_end(w, why);
    } else if (!(w->where & CHANGE_LIVE)) {
        store(w);
    } else {
        w->op->run = run_ref(dom->run);
        w->was = domain_def_copy(dom->live);
        w->now = domain_def_copy(dom->live);
        w->check_was = stored_too ? domain_def_copy(stored_too) : NULL;
        w->check = stored_too ? domain_def_copy(stored_too) : NULL;
        actor_push_first(dom->actor, w->kind->name, live_job, changed_live, w);
    }
}

void domain_change(Domain *dom, guint flags, const ChangeKind *kind, gpointer data, GDestroyNotify data_free, DomainDone done,
                   gpointer user)
{
    Work *w = g_new0(Work, 1);

    *w = (Work){ .op = op_new(dom->driver, dom, flags, done, user), .kind = kind, .data = data, .data_free = data_free };
    if ((flags & (CHANGE_LIVE | CHANGE_CONFIG)) == CHANGE_CONFIG || !dom->run)
        w->where = resolve(dom, flags, NULL);
    if (w->where == CHANGE_CONFIG)
        store(w);
    else
        actor_push(dom->actor, kind->name, nothing_job, live_turn, w);
}

const DomainDef *domain_definition(Domain *dom, guint flags, bool *ret_live, GError **err)
{
    guint where = resolve(dom, flags, err);

    if (where == (CHANGE_LIVE | CHANGE_CONFIG)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG,
                    "flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive in a read");
        return NULL;
    }
    if (!where)
        return NULL;
    *ret_live = where == CHANGE_LIVE;
    return *ret_live ? dom->live : domain_stored(dom, err);
}
