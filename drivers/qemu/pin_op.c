/* Which CPUs of the host a guest's threads run on, and its iothreads: read and changed, live and stored. */
#include <string.h>
#include "conf/controller.h"
#include "conf/disk.h"
#include "drivers/qemu/change.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/tune_op.h"

enum { CALL_TIMEOUT_MS = 10000 };

typedef struct { ThreadKind kind; guint number; Bitmap *cpus; GArray *params; } ThreadArgs;

static void free_args(gpointer data)
{
    ThreadArgs *a = data;
    bitmap_free(a->cpus);
    domain_stats_free(a->params);
    g_free(a);
}

/* --- iothreads of a definition */

static IoThread *find_iothread(const DomainDef *def, guint id)
{
    const GPtrArray *ids = def->frame.vcpus.iothread_ids;
    for (guint i = 0; ids && i < ids->len; i++)
        if (((IoThread *)g_ptr_array_index(ids, i))->id == id)
            return g_ptr_array_index(ids, i);
    return NULL;
}

static IoThread *add_iothread(Vcpus *v, guint id)
{
    IoThread *t = g_new0(IoThread, 1);
    t->id = id;
    g_ptr_array_add(v->iothread_ids, t);
    return t;
}

/* Threads that are only counted are 1, 2 ...: listed, they can come and go. */
static void list_iothreads(DomainDef *def)
{
    Vcpus *v = &def->frame.vcpus;
    if (!v->iothread_ids)
        v->iothread_ids = g_ptr_array_new();
    for (guint id = 1; !v->iothread_ids->len && id <= v->iothreads; )
        for (guint n = v->iothreads; id <= n; id++)
            add_iothread(v, id);
}

static bool has_iothread(const DomainDef *def, guint id)
{
    const Vcpus *v = &def->frame.vcpus;
    return find_iothread(def, id) || ((!v->iothread_ids || !v->iothread_ids->len) && id && id <= v->iothreads);
}

static bool no_iothread(guint id, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "cannot find IOThread '%u' in iothreadids list", id);
    return false;
}

/* --- pinning */

static bool thread_exists(const Change *c, const ThreadArgs *a, GError **err)
{
    const Vcpus *v = &c->now->frame.vcpus;

    if (a->kind == THREAD_IOTHREAD)
        return has_iothread(c->now, a->number) || no_iothread(a->number, err);
    if (a->kind == THREAD_EMULATOR || (c->run ? group_thread(c->run->group, THREAD_VCPU, a->number) != 0 : a->number < v->max))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "vcpu %u is out of %s cpu count %u", a->number, c->run ? "live" : "persistent",
                c->run && v->current ? v->current : v->max);
    return false;
}

static void pin_in_list(GPtrArray **list, guint number, const Bitmap *cpus)
{
    guint at = 0;

    if (!*list)
        *list = g_ptr_array_new();
    for (; at < (*list)->len; at++) {
        CpuPin *pin = g_ptr_array_index(*list, at);
        if (pin->id.v == number) {
            bitmap_free(pin->cpus);
            pin->cpus = bitmap_copy(cpus);
            return;
        }
        if (pin->id.v > number)
            break;
    }
    CpuPin *pin = g_new0(CpuPin, 1);
    *pin = (CpuPin){ .id = { true, number }, .cpus = bitmap_copy(cpus) };
    g_ptr_array_insert(*list, (gint)at, pin);
}

static bool edit_pin(const Change *c, GError **err)
{
    const ThreadArgs *a = c->data;
    Tune *t = &c->now->frame.tune;

    if (!bitmap_count(a->cpus)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "Empty cpu list for pinning");
        return false;
    }
    if (!thread_exists(c, a, err))
        return false;
    if (a->kind == THREAD_EMULATOR) {
        bitmap_free(t->cpu.emulatorpin);
        t->cpu.emulatorpin = bitmap_copy(a->cpus);
    } else {
        pin_in_list(a->kind == THREAD_VCPU ? &t->cpu.vcpupin : &t->cpu.iothreadpin, a->number, a->cpus);
    }
    return true;
}

static bool apply_pin(const Change *c, GError **err)
{
    const ThreadArgs *a = c->data;
    return tune_apply_pin(c->run->group, c->now, a->kind, a->number, err);
}

static void tell_pin(Domain *dom, bool live, gpointer data)
{
    const ThreadArgs *a = data;
    GArray *params = g_array_new(FALSE, FALSE, sizeof(DomainStat));
    g_autofree char *cpus = bitmap_format(a->cpus);
    g_autofree char *name = a->kind == THREAD_EMULATOR ? g_strdup("emulatorpin")
                                                       : g_strdup_printf("%spin%u", a->kind == THREAD_VCPU ? "vcpu" : "iothread", a->number);
    tune_add_text(params, name, cpus);
    if (live)
        tune_tell(dom, "cputune", NULL, params);
    domain_stats_free(params);
}

static const ChangeKind pin_change = { "pin", edit_pin, apply_pin, tell_pin };

void domain_pin(Domain *dom, DomainThread kind, guint number, Bitmap *cpus, guint flags, DomainDone done, gpointer user)
{
    ThreadArgs *a = g_new0(ThreadArgs, 1);
    *a = (ThreadArgs){ .kind = (ThreadKind)kind, .number = number, .cpus = cpus };
    domain_change(dom, flags, &pin_change, a, free_args, done, user);
}

static Bitmap *pin_of(Domain *dom, const DomainDef *def, bool live, ThreadKind kind, guint number, GError **err)
{
    const Bitmap *cpus = tune_pin(def, kind, number);
    if (live && group_thread(dom->run->group, kind, number))
        return tune_read_pin(dom->run->group, kind, number, err);
    return cpus ? bitmap_copy(cpus) : bitmap_new();
}

static void free_pin(DomainPin *pin)
{
    bitmap_free(pin->cpus);
}

static bool add_pin(GArray *pins, Domain *dom, const DomainDef *def, bool live, ThreadKind kind, guint number, GError **err)
{
    DomainPin pin = { number, pin_of(dom, def, live, kind, number, err) };
    if (pin.cpus)
        g_array_append_val(pins, pin);
    return pin.cpus;
}

GArray *domain_pins(Domain *dom, DomainThread kind, guint flags, GError **err)
{
    bool live, ok = true;
    const DomainDef *def = domain_definition(dom, flags, &live, err);
    g_autoptr(GArray) pins = g_array_new(FALSE, FALSE, sizeof(DomainPin));

    g_array_set_clear_func(pins, (GDestroyNotify)free_pin);
    if (!def)
        return NULL;
    const Vcpus *v = &def->frame.vcpus;
    if (kind == DOMAIN_THREAD_EMULATOR)
        ok = add_pin(pins, dom, def, live, THREAD_EMULATOR, 0, err);
    for (guint i = 0; ok && kind == DOMAIN_THREAD_VCPU && i < v->max; i++)
        ok = add_pin(pins, dom, def, live, THREAD_VCPU, i, err);
    bool listed = v->iothread_ids && v->iothread_ids->len;
    for (guint i = 0; ok && kind == DOMAIN_THREAD_IOTHREAD && i < (listed ? v->iothread_ids->len : v->iothreads); i++)
        ok = add_pin(pins, dom, def, live, THREAD_IOTHREAD, listed ? ((IoThread *)g_ptr_array_index(v->iothread_ids, i))->id : i + 1, err);
    return ok ? g_steal_pointer(&pins) : NULL;
}

/* --- iothreads */

static json_object *named(guint id)
{
    json_object *args = json_object_new_object();
    g_autofree char *name = g_strdup_printf("iothread%u", id);
    json_object_object_add(args, "id", json_object_new_string(name));
    return args;
}

static bool edit_add(const Change *c, GError **err)
{
    const ThreadArgs *a = c->data;

    if (!a->number) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "invalid value of 0 for iothread_id");
        return false;
    }
    if (has_iothread(c->now, a->number)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "an IOThread is already using iothread_id '%u'", a->number);
        return false;
    }
    list_iothreads(c->now);
    add_iothread(&c->now->frame.vcpus, a->number);
    c->now->frame.vcpus.iothreads = c->now->frame.vcpus.iothread_ids->len;
    return true;
}

static bool apply_add(const Change *c, GError **err)
{
    const ThreadArgs *a = c->data;
    json_object *args = named(a->number);
    Group *g = c->run->group;

    json_object_object_add(args, "qom-type", json_object_new_string("iothread"));
    g_autoptr(QmpReply) reply = qmp_call(c->run->qmp, "object-add", args, CALL_TIMEOUT_MS, err);
    return reply && group_learn(g, c->run->qmp, err) && group_move_threads(g, err) && tune_threads(g, c->now, THREAD_IOTHREAD, err);
}

static const char *user_of(const DomainDef *def, guint id)
{
    EACH_DEVICE(def, DEV_DISK, Disk, disk)
        if (disk->driver.iothread == id)
            return disk->dst;
    EACH_DEVICE(def, DEV_CONTROLLER, Controller, controller)
        if (controller->driver.iothread == id)
            return controller->info.alias ? controller->info.alias : "a controller";
    return NULL;
}

static bool edit_del(const Change *c, GError **err)
{
    const ThreadArgs *a = c->data;
    const char *used = user_of(c->now, a->number);
    Vcpus *v = &c->now->frame.vcpus;
    Tune *t = &c->now->frame.tune;

    if (!has_iothread(c->now, a->number))
        return no_iothread(a->number, err);
    if (used) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "cannot remove IOThread %u since it is being used by '%s'", a->number, used);
        return false;
    }
    list_iothreads(c->now);
    IoThread *gone = find_iothread(c->now, a->number);
    g_ptr_array_remove(v->iothread_ids, gone);
    g_free(gone);
    v->iothreads = v->iothread_ids->len;
    for (guint i = 0; t->cpu.iothreadpin && i < t->cpu.iothreadpin->len; i++) {
        CpuPin *pin = g_ptr_array_index(t->cpu.iothreadpin, i);
        if (pin->id.v == a->number) {
            g_ptr_array_remove_index(t->cpu.iothreadpin, i--);
            bitmap_free(pin->cpus);
            g_free(pin);
        }
    }
    return true;
}

static bool apply_del(const Change *c, GError **err)
{
    const ThreadArgs *a = c->data;
    g_autoptr(QmpReply) reply = qmp_call(c->run->qmp, "object-del", named(a->number), CALL_TIMEOUT_MS, err);

    if (reply)
        group_forget(c->run->group, THREAD_IOTHREAD, a->number);
    return reply;
}

/* --- iothreadset: polling lives in QEMU alone, pool sizes in the definition too */

static const struct { const char *name, *property; bool stored; } iothread_params[] = {
    { "poll_max_ns", "poll-max-ns", false },      { "poll_grow", "poll-grow", false }, { "poll_shrink", "poll-shrink", false },
    { "thread_pool_min", "thread-pool-min", true }, { "thread_pool_max", "thread-pool-max", true },
};

static gint64 number_of(const DomainStat *p)
{
    return p->type == 1 ? p->v.i : p->type == 2 ? (gint64)p->v.u : p->v.l;
}

static bool edit_set(const Change *c, GError **err)
{
    const ThreadArgs *a = c->data;

    if (!has_iothread(c->now, a->number))
        return no_iothread(a->number, err);
    list_iothreads(c->now);
    IoThread *t = find_iothread(c->now, a->number);
    for (guint i = 0; i < a->params->len; i++) {
        const DomainStat *p = &g_array_index(a->params, DomainStat, i);
        if (!strcmp(p->name, "thread_pool_min")) {
            t->pool_min = (OptU32){ number_of(p) >= 0, (guint32)number_of(p) };
        } else if (!strcmp(p->name, "thread_pool_max")) {
            t->pool_max = (OptU32){ number_of(p) >= 0, (guint32)number_of(p) };
        } else if (!c->run) {
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "configuring persistent polling values is not supported");
            return false;
        }
    }
    if (t->pool_min.set && t->pool_max.set && t->pool_min.v > t->pool_max.v) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "thread_pool_min must be smaller or equal to thread_pool_max");
        return false;
    }
    return true;
}

static bool apply_set(const Change *c, GError **err)
{
    const ThreadArgs *a = c->data;
    g_autofree char *path = g_strdup_printf("/objects/iothread%u", a->number);

    for (guint i = 0; i < a->params->len; i++) {
        const DomainStat *p = &g_array_index(a->params, DomainStat, i);
        for (guint k = 0; k < G_N_ELEMENTS(iothread_params); k++) {
            if (strcmp(p->name, iothread_params[k].name))
                continue;
            json_object *args = json_object_new_object();
            json_object_object_add(args, "path", json_object_new_string(path));
            json_object_object_add(args, "property", json_object_new_string(iothread_params[k].property));
            json_object_object_add(args, "value", json_object_new_int64(number_of(p)));
            g_autoptr(QmpReply) reply = qmp_call(c->run->qmp, "qom-set", args, CALL_TIMEOUT_MS, err);
            if (!reply)
                return false;
        }
    }
    return true;
}

static const ChangeKind iothread_changes[] = {
    [DOMAIN_IOTHREAD_ADD] = { "iothreadadd", edit_add, apply_add, NULL },
    [DOMAIN_IOTHREAD_DEL] = { "iothreaddel", edit_del, apply_del, NULL },
    [DOMAIN_IOTHREAD_SET] = { "iothreadset", edit_set, apply_set, NULL },
};

void domain_change_iothread(Domain *dom, DomainIothreadChange what, guint id, GArray *params, guint flags, DomainDone done, gpointer user)
{
    ThreadArgs *a = g_new0(ThreadArgs, 1);
    *a = (ThreadArgs){ .kind = THREAD_IOTHREAD, .number = id, .params = params };
    domain_change(dom, flags, &iothread_changes[what], a, free_args, done, user);
}
