/* What QEMU answers (qapi/block-core.json, machine.json, stats.json, migration.json), as GuestStats. */
#include <string.h>
#include "drivers/qemu/stats.h"

static json_object *at(json_object *object, const char *name)
{
    json_object *value = NULL;
    return json_object_object_get_ex(object, name, &value) ? value : NULL;
}

static guint64 number(json_object *object, const char *name)
{
    json_object *value = at(object, name);
    return value ? json_object_get_uint64(value) : 0;
}

static const char *text(json_object *object, const char *name)
{
    return json_object_get_string(at(object, name));
}

#define EACH(array, item) \
    json_object *item = NULL; \
    for (size_t item##_i = 0; item##_i < json_object_array_length(array) && ((item = json_object_array_get_idx(array, item##_i)), true); item##_i++)

static bool is_array(json_object *reply)
{
    return json_object_is_type(reply, json_type_array);
}

/* --- memory of it */

static void front_free(gpointer data)
{
    g_free(((StatFront *)data)->qdev);
    g_free(data);
}

static void vcpu_free(gpointer data)
{
    g_free(((StatVcpu *)data)->qom);
    g_free(data);
}

static void error_free(gpointer data)
{
    g_free(((StatError *)data)->qdev);
    g_free(data);
}

static void kvm_free(gpointer data)
{
    StatKvm *k = data;
    g_free(k->qom);
    g_free(k->name);
    g_free(k);
}

GuestStats *guest_stats_new(void)
{
    GuestStats *s = g_new0(GuestStats, 1);
    s->fronts = g_ptr_array_new_with_free_func(front_free);
    s->nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    s->vcpus = g_ptr_array_new_with_free_func(vcpu_free);
    s->iothreads = g_ptr_array_new_with_free_func(g_free);
    s->errors = g_ptr_array_new_with_free_func(error_free);
    s->kvm_kinds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    s->kvm_vcpu = g_ptr_array_new_with_free_func(kvm_free);
    s->kvm_vm = g_ptr_array_new_with_free_func(kvm_free);
    return s;
}

void guest_stats_free(GuestStats *s)
{
    if (!s)
        return;
    g_ptr_array_unref(s->fronts);
    g_hash_table_unref(s->nodes);
    g_ptr_array_unref(s->vcpus);
    g_ptr_array_unref(s->iothreads);
    g_ptr_array_unref(s->errors);
    g_hash_table_unref(s->kvm_kinds);
    g_ptr_array_unref(s->kvm_vcpu);
    g_ptr_array_unref(s->kvm_vm);
    g_free(s->dirty.mode);
    g_free(s);
}

/* --- disks */

static StatNode *node_of(GuestStats *s, const char *name)
{
    StatNode *node = g_hash_table_lookup(s->nodes, name);
    if (!node)
        g_hash_table_insert(s->nodes, g_strdup(name), node = g_new0(StatNode, 1));
    return node;
}

/* BlockStats of a node, and of what is below it. */
static void take_nodes(GuestStats *s, json_object *stats)
{
    for (json_object *level = stats; level; level = at(level, "backing")) {
        json_object *parent = at(level, "parent");
        const char *name = text(level, "node-name");
        if (name)
            node_of(s, name)->highest = number(at(level, "stats"), "wr_highest_offset");
        if (parent)
            take_nodes(s, parent);
    }
}

static IoCounter counter(json_object *stats, const char *reqs, const char *bytes, const char *times)
{
    return (IoCounter){ number(stats, reqs), bytes ? number(stats, bytes) : 0, number(stats, times) };
}

static bool parse_blockstats(GuestStats *s, json_object *reply)
{
    if (!is_array(reply))
        return false;
    g_ptr_array_set_size(s->fronts, 0);
    EACH(reply, device) {
        const char *qdev = text(device, "qdev");
        json_object *stats = at(device, "stats");
        take_nodes(s, device);
        if (!qdev || !stats)
            continue;
        StatFront *f = g_new0(StatFront, 1);
        f->qdev = g_strdup(qdev);
        f->rd = counter(stats, "rd_operations", "rd_bytes", "rd_total_time_ns");
        f->wr = counter(stats, "wr_operations", "wr_bytes", "wr_total_time_ns");
        f->fl = counter(stats, "flush_operations", NULL, "flush_total_time_ns");
        g_ptr_array_add(s->fronts, f);
    }
    return true;
}

static json_object *flat_args(const char *balloon)
{
    json_object *args = json_object_new_object();
    json_object_object_add(args, "flat", json_object_new_boolean(true));
    return args;
}

static bool parse_nodes(GuestStats *s, json_object *reply)
{
    if (!is_array(reply))
        return false;
    EACH(reply, named) {
        const char *name = text(named, "node-name");
        json_object *image = at(named, "image");
        if (!name || !image)
            continue;
        StatNode *node = node_of(s, name);
        node->capacity = number(image, "virtual-size");
        node->physical = number(image, "actual-size");
        node->threshold = number(named, "write_threshold");
    }
    return true;
}

static bool parse_errors(GuestStats *s, json_object *reply)
{
    enum { ERROR_UNSPECIFIED = 1, ERROR_NO_SPACE = 2 };       /* virDomainDiskErrorCode */
    if (!is_array(reply))
        return false;
    g_ptr_array_set_size(s->errors, 0);
    EACH(reply, device) {
        const char *status = text(device, "io-status"), *qdev = text(device, "qdev");
        if (!status || !qdev || !strcmp(status, "ok"))
            continue;
        StatError *e = g_new(StatError, 1);
        *e = (StatError){ g_strdup(qdev), strcmp(status, "nospace") ? ERROR_UNSPECIFIED : ERROR_NO_SPACE };
        g_ptr_array_add(s->errors, e);
    }
    return true;
}

/* --- memory */

static bool parse_balloon(GuestStats *s, json_object *reply)
{
    if (!at(reply, "actual"))
        return false;
    s->has_balloon = true;
    s->balloon_kib = number(reply, "actual") / 1024;
    return true;
}

static json_object *guest_memory_args(const char *balloon)
{
    json_object *args = json_object_new_object();
    g_autofree char *path = g_strconcat("/machine/peripheral/", balloon, NULL);
    json_object_object_add(args, "path", json_object_new_string(path));
    json_object_object_add(args, "property", json_object_new_string("guest-stats"));
    return args;
}

/* By virDomainMemoryStatTags; in bytes where libvirt says KiB. */
static const struct { int tag; const char *name; bool bytes; } guest_memory[] = {
    { 0, "stat-swap-in", true }, { 1, "stat-swap-out", true }, { 2, "stat-major-faults", false },
    { 3, "stat-minor-faults", false }, { 4, "stat-free-memory", true }, { 5, "stat-total-memory", true },
    { 8, "stat-available-memory", true }, { 10, "stat-disk-caches", true }, { 11, "stat-htlb-pgalloc", false },
    { 12, "stat-htlb-pgfail", false },
};

/* What the guest's driver has never said is -1. */
static bool parse_guest_memory(GuestStats *s, json_object *reply)
{
    enum { LAST_UPDATE = 9 };
    json_object *stats = at(reply, "stats");
    if (!stats)
        return false;
    memset(s->has_guest, 0, sizeof s->has_guest);
    for (guint i = 0; i < G_N_ELEMENTS(guest_memory); i++) {
        guint64 value = number(stats, guest_memory[i].name);
        if (!at(stats, guest_memory[i].name) || value == G_MAXUINT64 || json_object_get_int64(at(stats, guest_memory[i].name)) == -1)
            continue;
        s->has_guest[guest_memory[i].tag] = true;
        s->guest[guest_memory[i].tag] = guest_memory[i].bytes ? value / 1024 : value;
    }
    s->has_guest[LAST_UPDATE] = true;
    s->guest[LAST_UPDATE] = number(reply, "last-update");
    return true;
}

/* --- threads */

static gint by_index(gconstpointer a, gconstpointer b)
{
    return (gint)(*(StatVcpu *const *)a)->index - (gint)(*(StatVcpu *const *)b)->index;
}

static bool parse_vcpus(GuestStats *s, json_object *reply)
{
    if (!is_array(reply))
        return false;
    g_ptr_array_set_size(s->vcpus, 0);
    EACH(reply, cpu) {
        StatVcpu *v = g_new(StatVcpu, 1);
        *v = (StatVcpu){ (guint)number(cpu, "cpu-index"), (int)number(cpu, "thread-id"), g_strdup(text(cpu, "qom-path")) };
        g_ptr_array_add(s->vcpus, v);
    }
    g_ptr_array_sort(s->vcpus, by_index);
    return true;
}

static bool parse_iothreads(GuestStats *s, json_object *reply)
{
    static const char prefix[] = "iothread";
    if (!is_array(reply))
        return false;
    g_ptr_array_set_size(s->iothreads, 0);
    EACH(reply, thread) {
        const char *id = text(thread, "id");
        if (!id || strncmp(id, prefix, strlen(prefix)))
            continue;
        StatIothread *t = g_new(StatIothread, 1);
        *t = (StatIothread){ (guint)g_ascii_strtoull(id + strlen(prefix), NULL, 10), (int)number(thread, "thread-id"),
                             (gint64)number(thread, "poll-max-ns"), (gint64)number(thread, "poll-grow"), (gint64)number(thread, "poll-shrink") };
        g_ptr_array_add(s->iothreads, t);
    }
    return true;
}

/* --- dirty rate */

static bool parse_dirty(GuestStats *s, json_object *reply)
{
    static const char *const statuses[] = { "unstarted", "measuring", "measured" };     /* virDomainDirtyRateStatus */
    const char *status = text(reply, "status");
    int found = -1;
    for (guint i = 0; status && i < G_N_ELEMENTS(statuses); i++)
        if (!strcmp(statuses[i], status))
            found = (int)i;
    if (found < 0)
        return false;
    g_free(s->dirty.mode);
    s->dirty.status = found;
    s->dirty.start = (gint64)number(reply, "start-time");
    s->dirty.period = (int)number(reply, "calc-time");
    s->dirty.mode = g_strdup(text(reply, "mode"));
    s->has_dirty_rate = at(reply, "dirty-rate");
    s->dirty.rate = (gint64)number(reply, "dirty-rate");
    s->has_dirty = true;
    return true;
}

/* --- KVM's own */

static bool parse_kvm_schema(GuestStats *s, json_object *reply)
{
    static const char *const kinds[] = { "cumulative", "instant", "peak" };              /* KvmKind */
    if (!is_array(reply))
        return false;
    EACH(reply, schema) {
        const char *target = text(schema, "target");
        json_object *list = at(schema, "stats");
        if (!target || !is_array(list))
            continue;
        EACH(list, stat) {
            const char *type = text(stat, "type"), *name = text(stat, "name");
            for (guint i = 0; type && name && i < G_N_ELEMENTS(kinds); i++)
                if (!strcmp(type, kinds[i]))
                    g_hash_table_replace(s->kvm_kinds, g_strdup_printf("%s/%s", target, name), GUINT_TO_POINTER(i + 1));
        }
    }
    return true;
}

static json_object *target_args(const char *target)
{
    json_object *args = json_object_new_object();
    json_object_object_add(args, "target", json_object_new_string(target));
    return args;
}

static json_object *kvm_vcpu_args(const char *balloon)
{
    return target_args("vcpu");
}

static json_object *kvm_vm_args(const char *balloon)
{
    return target_args("vm");
}

/* Single numbers only: histograms have no place among named values. */
static bool take_kvm(GPtrArray *into, json_object *reply)
{
    if (!is_array(reply))
        return false;
    g_ptr_array_set_size(into, 0);
    EACH(reply, result) {
        json_object *stats = at(result, "stats");
        if (!is_array(stats))
            continue;
        EACH(stats, stat) {
            json_object *value = at(stat, "value");
            bool is_bool = json_object_is_type(value, json_type_boolean);
            if (!text(stat, "name") || (!is_bool && !json_object_is_type(value, json_type_int)))
                continue;
            StatKvm *k = g_new(StatKvm, 1);
            *k = (StatKvm){ g_strdup(text(result, "qom-path")), g_strdup(text(stat, "name")), is_bool,
                            is_bool ? (guint64)json_object_get_boolean(value) : json_object_get_uint64(value) };
            g_ptr_array_add(into, k);
        }
    }
    return true;
}

static bool parse_kvm_vcpu(GuestStats *s, json_object *reply)
{
    return take_kvm(s->kvm_vcpu, reply);
}

static bool parse_kvm_vm(GuestStats *s, json_object *reply)
{
    return take_kvm(s->kvm_vm, reply);
}

const StatQuery stat_queries[] = {
    { ASK_FRONTS, "query-blockstats", NULL, parse_blockstats, false, false },
    { ASK_NODES, "query-named-block-nodes", flat_args, parse_nodes, false, false },
    { ASK_BALLOON, "query-balloon", NULL, parse_balloon, false, false },
    { ASK_GUEST_MEMORY, "qom-get", guest_memory_args, parse_guest_memory, false, false },
    { ASK_VCPUS, "query-cpus-fast", NULL, parse_vcpus, false, false },
    { ASK_IOTHREADS, "query-iothreads", NULL, parse_iothreads, false, false },
    { ASK_DIRTY, "query-dirty-rate", NULL, parse_dirty, false, true },
    { ASK_KVM_SCHEMA, "query-stats-schemas", NULL, parse_kvm_schema, true, true },
    { ASK_KVM_VCPU, "query-stats", kvm_vcpu_args, parse_kvm_vcpu, false, true },
    { ASK_KVM_VM, "query-stats", kvm_vm_args, parse_kvm_vm, false, true },
    { ASK_ERRORS, "query-block", NULL, parse_errors, false, false },
};
const guint n_stat_queries = G_N_ELEMENTS(stat_queries);
