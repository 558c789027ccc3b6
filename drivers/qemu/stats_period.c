/* How often a guest's balloon driver tells its memory statistics: <memballoon><stats period=.../>. */
#include "conf/board.h"
#include "drivers/qemu/change.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/stats.h"

enum { CALL_TIMEOUT_MS = 10000 };

static Memballoon *balloon_of(const DomainDef *def)
{
    EACH_DEVICE(def, DEV_MEMBALLOON, Memballoon, balloon)
        if (balloon->model != BALLOON_NONE && balloon->model != BALLOON_XEN)
            return balloon;
    return NULL;
}

static json_object *period_args(const Memballoon *balloon)
{
    json_object *args = json_object_new_object();
    g_autofree char *path = g_strconcat("/machine/peripheral/", balloon->info.alias, NULL);
    json_object_object_add(args, "path", json_object_new_string(path));
    json_object_object_add(args, "property", json_object_new_string("guest-stats-polling-interval"));
    json_object_object_add(args, "value", json_object_new_int64(balloon->period_s));
    return args;
}

static void period_set(json_object *reply, const GError *err, gpointer user)
{
    if (err && !g_error_matches(err, QV_ERROR, QV_ERR_SYSTEM))
        g_warning("QEMU does not ask its guest for memory statistics: %s", err->message);
}

void stats_begin(Run *run, const DomainDef *live)
{
    const Memballoon *balloon = balloon_of(live);
    if (balloon && balloon->period_s && balloon->info.alias)
        qmp_send(run->qmp, "qom-set", period_args(balloon), period_set, NULL);
}

static bool edit_period(const Change *c, GError **err)
{
    Memballoon *balloon = balloon_of(c->now);
    if (balloon) {
        balloon->period_s = *(const guint *)c->data;
        return true;
    }
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain '%s' has no memory balloon that could tell statistics; "
                "add <memballoon model='virtio'/>", c->now->frame.name);
    return false;
}

static bool apply_period(const Change *c, GError **err)
{
    g_autoptr(QmpReply) reply = qmp_call(c->run->qmp, "qom-set", period_args(balloon_of(c->now)), CALL_TIMEOUT_MS, err);
    return reply;
}

void domain_set_stats_period(Domain *dom, guint period_s, guint flags, DomainDone done, gpointer user)
{
    static const ChangeKind kind = { "memory statistics' period", edit_period, apply_period, NULL };
    domain_change(dom, flags, &kind, g_memdup2(&period_s, sizeof period_s), g_free, done, user);
}
