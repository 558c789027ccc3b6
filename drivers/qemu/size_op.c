/* How many vcpus and how much memory: plugged into a running guest, and in the stored definition. */
#include <string.h>
#include "drivers/qemu/change.h"
#include "drivers/qemu/tune.h"

enum { CALL_TIMEOUT_MS = 10000, UNPLUG_TIMEOUT_MS = 5000 };
enum { MAXIMUM = 4 };                       /* VIR_DOMAIN_VCPU_MAXIMUM, VIR_DOMAIN_MEM_MAXIMUM */

typedef struct { guint number; guint64 kib; bool maximum, on; Bitmap *ids; } SizeArgs;

static void free_args(gpointer data)
{
    SizeArgs *a = data;
    bitmap_free(a->ids);
    g_free(a);
}

/* --- vcpus: QEMU's slots, in the order of their numbers */

typedef struct { gint64 place[4]; json_object *entry; } Slot;      /* socket, die, core, thread */

static gint by_place(gconstpointer a, gconstpointer b)
{
    const Slot *x = a, *y = b;
    for (guint i = 0; i < 4; i++)
        if (x->place[i] != y->place[i])
            return x->place[i] < y->place[i] ? -1 : 1;
    return 0;
}

static GArray *slots_of(json_object *list)
{
    static const char *const names[] = { "socket-id", "die-id", "core-id", "thread-id" };
    GArray *slots = g_array_new(FALSE, FALSE, sizeof(Slot));

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        Slot slot = { .entry = json_object_array_get_idx(list, i) };
        json_object *props = json_object_object_get(slot.entry, "props");
        for (guint k = 0; k < 4; k++)
            slot.place[k] = json_object_get_int64(json_object_object_get(props, names[k]));
        g_array_append_val(slots, slot);
    }
    g_array_sort(slots, by_place);
    return slots;
}

static const char *path_of(const GArray *slots, guint id)
{
    return json_object_get_string(json_object_object_get(g_array_index(slots, Slot, id).entry, "qom-path"));
}

static bool plug(Qmp *qmp, const GArray *slots, guint id, GError **err)
{
    json_object *entry = g_array_index(slots, Slot, id).entry, *args = json_object_new_object();
    g_autofree char *name = g_strdup_printf("vcpu%u", id);

    json_object_object_add(args, "driver", json_object_get(json_object_object_get(entry, "type")));
    json_object_object_add(args, "id", json_object_new_string(name));
    json_object_object_foreach(json_object_object_get(entry, "props"), key, value)
        json_object_object_add(args, key, json_object_get(value));
    g_autoptr(QmpReply) reply = qmp_call(qmp, "device_add", args, CALL_TIMEOUT_MS, err);
    return reply;
}

/* The guest has to let it go. */
static bool unplug(Run *run, guint id, GError **err)
{
    g_autofree char *name = g_strdup_printf("vcpu%u", id);
    json_object *args = json_object_new_object();
    gint64 deadline = g_get_monotonic_time() + UNPLUG_TIMEOUT_MS * G_GINT64_CONSTANT(1000);

    json_object_object_add(args, "id", json_object_new_string(name));
    g_autoptr(QmpReply) reply = qmp_call(run->qmp, "device_del", args, CALL_TIMEOUT_MS, err);
    while (reply) {
        g_autoptr(QmpReply) list = qmp_call(run->qmp, "query-hotpluggable-cpus", NULL, CALL_TIMEOUT_MS, err);
        g_autoptr(GArray) slots = list ? slots_of(list) : NULL;
        if (!slots)
            return false;
        if (id >= slots->len || !path_of(slots, id)) {
            group_forget(run->group, THREAD_VCPU, id);
            return true;
        }
        if (g_get_monotonic_time() > deadline)
            return qv_refuse(err, QV_ERR_OPERATION_TIMEOUT, "vcpu %u: the guest has not let it go; it may do so later", id);
        g_usleep(50000);
    }
    return false;
}

static guint count_plugged(const GArray *slots)
{
    guint n = 0;
    for (guint i = 0; i < slots->len; i++)
        n += path_of(slots, i) != NULL;
    return n;
}

static bool is_wanted(const SizeArgs *a, const GArray *slots, guint id, guint n)
{
    if (a->ids)
        return bitmap_has(a->ids, id) && a->on == !path_of(slots, id);
    return a->number > n ? !path_of(slots, id) : a->number < n && path_of(slots, id) && strstr(path_of(slots, id), "/vcpu");
}

/* Plugs upwards from the lowest free number, and takes out the highest that were plugged. */
static bool resize(const Change *c, const GArray *slots, GError **err)
{
    const SizeArgs *a = c->data;
    guint n = count_plugged(slots), len = slots->len;
    bool grow = a->ids ? a->on : a->number > n;

    for (guint k = 0; k < len && (a->ids || n != a->number); k++) {
        guint id = grow ? k : len - 1 - k;
        if (!is_wanted(a, slots, id, n))
            continue;
        if (!(grow ? plug(c->run->qmp, slots, id, err) : unplug(c->run, id, err)))
            return false;
        n += grow ? 1 : -1;
    }
    if (!a->ids && n != a->number)
        return qv_refuse(err, QV_ERR_OPERATION_INVALID, "only vcpus that were plugged can be taken out: %u were there at the start", n);
    return true;
}

static bool apply_vcpus(const Change *c, GError **err)
{
    Vcpus *v = &c->now->frame.vcpus;
    Group *g = c->run->group;
    g_autoptr(QmpReply) list = qmp_call(c->run->qmp, "query-hotpluggable-cpus", NULL, CALL_TIMEOUT_MS, err);
    g_autoptr(GArray) slots = list ? slots_of(list) : NULL;

    if (!slots || !resize(c, slots, err))
        return false;
    g_autoptr(QmpReply) after = qmp_call(c->run->qmp, "query-cpus-fast", NULL, CALL_TIMEOUT_MS, err);
    if (!after)
        return false;
    guint n = (guint)json_object_array_length(after);
    v->current = n == v->max ? 0 : n;
    return group_learn(g, c->run->qmp, err) && group_move_threads(g, err) && tune_threads(g, c->now, THREAD_VCPU, err);
}

static bool edit_maximum(Vcpus *v, const Cpu *cpu, guint number, GError **err)
{
    if (cpu && cpu->topology.sockets &&
        (guint64)cpu->topology.sockets * MAX(cpu->topology.dies, 1) * MAX(cpu->topology.cores, 1) * MAX(cpu->topology.threads, 1) != number)
        return qv_refuse(err, QV_ERR_INVALID_ARG, "CPU topology doesn't match the desired vcpu count");
    guint current = v->current ? v->current : v->max;
    v->max = number;
    v->current = current < number ? current : 0;
    return true;
}

static bool edit_vcpus(const Change *c, GError **err)
{
    const SizeArgs *a = c->data;
    Vcpus *v = &c->now->frame.vcpus;

    if (a->maximum && c->run)
        return qv_refuse(err, QV_ERR_OPERATION_INVALID, "maximum vcpu count of a live domain can't be modified");
    if (a->maximum)
        return edit_maximum(v, c->now->frame.cpu, a->number, err);
    if (a->number > v->max)
        return qv_refuse(err, QV_ERR_INVALID_ARG, "requested vcpus is greater than max allowable vcpus for the %s domain: %u > %u",
                      c->run ? "live" : "persistent", a->number, v->max);
    v->current = a->number == v->max ? 0 : a->number;
    return true;
}

static const ChangeKind vcpus_change = { "setvcpus", edit_vcpus, apply_vcpus, NULL };

void domain_set_vcpus(Domain *dom, guint number, guint flags, DomainDone done, gpointer user)
{
    SizeArgs *a = g_new0(SizeArgs, 1);
    *a = (SizeArgs){ .number = number, .maximum = flags & MAXIMUM };
    domain_change(dom, flags, &vcpus_change, a, free_args, done, user);
}

bool domain_count_vcpus(Domain *dom, guint flags, guint *ret_current, guint *ret_max, GError **err)
{
    bool live;
    const DomainDef *def = domain_definition(dom, flags, &live, err);

    if (!def)
        return false;
    *ret_max = def->frame.vcpus.max;
    *ret_current = def->frame.vcpus.current ? def->frame.vcpus.current : def->frame.vcpus.max;
    return true;
}

static bool edit_vcpu(const Change *c, GError **err)
{
    const SizeArgs *a = c->data;

    if (!c->run)
        return qv_refuse(err, QV_ERR_OPERATION_UNSUPPORTED, "single vcpus are plugged into a running guest only; use setvcpus for the stored definition");
    for (int id = bitmap_next(a->ids, 0); id >= 0; id = bitmap_next(a->ids, (guint)id + 1)) {
        if ((guint)id >= c->now->frame.vcpus.max)
            return qv_refuse(err, QV_ERR_INVALID_ARG, "vcpu %d is not present in domain: it has 0 to %u", id, c->now->frame.vcpus.max - 1);
        if (!a->on && !id)
            return qv_refuse(err, QV_ERR_INVALID_ARG, "vCPU '0' can't be unplugged");
    }
    return true;
}

static const ChangeKind vcpu_change = { "setvcpu", edit_vcpu, apply_vcpus, NULL };

void domain_set_vcpu(Domain *dom, Bitmap *ids, bool on, guint flags, DomainDone done, gpointer user)
{
    SizeArgs *a = g_new0(SizeArgs, 1);
    *a = (SizeArgs){ .ids = ids, .on = on };
    domain_change(dom, flags, &vcpu_change, a, free_args, done, user);
}

/* --- memory */

static bool edit_max_memory(const Change *c, const SizeArgs *a, GError **err)
{
    Memory *m = &c->now->frame.memory;
    const GPtrArray *cells = c->now->frame.cpu ? c->now->frame.cpu->cells : NULL;

    if (c->run)
        return qv_refuse(err, QV_ERR_OPERATION_INVALID, "cannot resize the maximum memory on an active domain");
    if (cells && cells->len)
        return qv_refuse(err, QV_ERR_OPERATION_INVALID, "initial memory size of a domain with NUMA nodes cannot be modified with this API");
    m->size = a->kib << 10;
    m->current = MIN(m->current ? m->current : m->size, m->size);
    return true;
}

static bool edit_size(const Change *c, GError **err)
{
    const SizeArgs *a = c->data;
    Memory *m = &c->now->frame.memory;

    if (!a->kib || a->kib > G_MAXINT64 >> 10)
        return qv_refuse(err, QV_ERR_INVALID_ARG, "memory of %" G_GUINT64_FORMAT " KiB is out of range", a->kib);
    if (a->maximum)
        return edit_max_memory(c, a, err);
    if (a->kib << 10 > m->size)
        return qv_refuse(err, QV_ERR_INVALID_ARG, "cannot set memory higher than max memory");
    m->current = a->kib << 10;
    return true;
}

static bool apply_size(const Change *c, GError **err)
{
    const SizeArgs *a = c->data;
    json_object *args = json_object_new_object();

    json_object_object_add(args, "value", json_object_new_int64((gint64)(a->kib << 10)));
    g_autoptr(GError) why = NULL;
    g_autoptr(QmpReply) reply = qmp_call(c->run->qmp, "balloon", args, CALL_TIMEOUT_MS, &why);
    if (reply)
        return true;
    return qv_refuse(err, QV_ERR_OPERATION_INVALID, "Unable to change memory of active domain without the balloon device and guest OS "
                  "balloon driver (%s)", why->message);
}

static const ChangeKind size_change = { "setmem", edit_size, apply_size, NULL };

void domain_set_memory(Domain *dom, guint64 kib, guint flags, DomainDone done, gpointer user)
{
    SizeArgs *a = g_new0(SizeArgs, 1);
    *a = (SizeArgs){ .kib = kib, .maximum = flags & MAXIMUM };
    domain_change(dom, flags, &size_change, a, free_args, done, user);
}
