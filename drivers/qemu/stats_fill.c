/* Named values of what is known of a domain, as libvirt names and types them (virConnectGetAllDomainStats). */
#include <stdio.h>
#include <string.h>
#include "drivers/qemu/each.h"
#include "drivers/qemu/interface_start.h"
#include "drivers/qemu/stats.h"
#include "util/host.h"
#include "util/link.h"

enum { INT = 1, UINT = 2, LLONG = 3, ULLONG = 4, BOOLEAN = 6, STRING = 7 };      /* virTypedParameterType */

static void G_GNUC_PRINTF(4, 5) put(GArray *stats, int type, guint64 value, const char *format, ...)
{
    DomainStat stat = { .type = type };
    va_list args;
    va_start(args, format);
    stat.name = g_strdup_vprintf(format, args);
    va_end(args);
    switch (type) {
    case INT:
        stat.v.i = (int)value;
        break;
    case UINT:
        stat.v.u = (guint)value;
        break;
    case LLONG:
        stat.v.l = (gint64)value;
        break;
    case BOOLEAN:
        stat.v.b = value;
        break;
    default:
        stat.v.ul = value;
    }
    g_array_append_val(stats, stat);
}

static void put_text(GArray *stats, const char *value, const char *group, guint i, const char *name)
{
    DomainStat stat = { .name = g_strdup_printf("%s.%u.%s", group, i, name), .type = STRING, .v.s = g_strdup(value) };
    g_array_append_val(stats, stat);
}

typedef struct {
    Domain *dom;
    const DomainView *view;
    const GuestStats *guest;       /* NULL: off, or never heard */
    bool active, backing;
    GArray *stats;
} Fill;

/* --- state, processor time, memory */

static void fill_state(const Fill *f)
{
    put(f->stats, INT, f->view->state, "state.state");
    put(f->stats, INT, (guint64)f->view->reason, "state.reason");
}

static guint64 kvm_sum(const Fill *f, const char *name)
{
    guint64 sum = 0;
    for (guint i = 0; f->guest && i < f->guest->kvm_vcpu->len; i++) {
        const StatKvm *k = f->guest->kvm_vcpu->pdata[i];
        if (!strcmp(k->name, name))
            sum += k->value;
    }
    return sum;
}

static void fill_cpu(const Fill *f)
{
    HostProcess process;
    if (!f->active || !host_process(f->view->pid, 0, &process, NULL))
        return;
    put(f->stats, ULLONG, process.user_ns + process.system_ns, "cpu.time");
    put(f->stats, ULLONG, process.user_ns, "cpu.user");
    put(f->stats, ULLONG, process.system_ns, "cpu.system");
    put(f->stats, UINT, 0, "cpu.cache.monitor.count");      /* resctrl monitors, which no guest here has */
    put(f->stats, ULLONG, kvm_sum(f, "halt_poll_success_ns"), "cpu.haltpoll.success.time");
    put(f->stats, ULLONG, kvm_sum(f, "halt_poll_fail_ns"), "cpu.haltpoll.fail.time");
}

/* By virDomainMemoryStatTags. */
static const char *const memory_names[GUEST_MEMORY__N] = {
    "swap_in", "swap_out", "major_fault", "minor_fault", "unused", "available", NULL, NULL, "usable", "last-update",
    "disk_caches", "hugetlb_pgalloc", "hugetlb_pgfail",
};

static guint64 rss_kib(const Fill *f)
{
    HostProcess process;
    return f->active && host_process(f->view->pid, 0, &process, NULL) ? process.rss_kib : 0;
}

static void fill_balloon(const Fill *f)
{
    put(f->stats, ULLONG, f->view->memory_kib, "balloon.current");
    put(f->stats, ULLONG, f->view->max_memory_kib, "balloon.maximum");
    if (!f->active)
        return;
    for (guint i = 0; f->guest && i < GUEST_MEMORY__N; i++)
        if (memory_names[i] && f->guest->has_guest[i])
            put(f->stats, ULLONG, f->guest->guest[i], "balloon.%s", memory_names[i]);
    put(f->stats, ULLONG, rss_kib(f), "balloon.rss");
}

/* --- virtual processors */

static void put_kvm(const Fill *f, const StatKvm *k, const char *target, const char *prefix)
{
    static const char *const suffixes[] = { "sum", "cur", "max" };       /* KvmKind */
    g_autofree char *key = g_strdup_printf("%s/%s", target, k->name);
    guint kind = GPOINTER_TO_UINT(g_hash_table_lookup(f->guest->kvm_kinds, key));
    if (kind)
        put(f->stats, k->is_bool ? BOOLEAN : ULLONG, k->value, "%s.%s.%s", prefix, k->name, suffixes[kind - 1]);
}

static void fill_vcpu(const Fill *f)
{
    enum { VCPU_RUNNING = 1 };         /* virVcpuState: QEMU knows no other */
    put(f->stats, UINT, f->view->vcpus, "vcpu.current");
    put(f->stats, UINT, f->view->vcpus_max, "vcpu.maximum");
    for (guint i = 0; f->active && f->guest && i < f->guest->vcpus->len; i++) {
        const StatVcpu *v = f->guest->vcpus->pdata[i];
        HostProcess thread;
        HostWait wait = { 0 };
        g_autofree char *prefix = g_strdup_printf("vcpu.%u", v->index);
        put(f->stats, INT, VCPU_RUNNING, "%s.state", prefix);
        if (!host_process(f->view->pid, v->tid, &thread, NULL))
            continue;
        host_wait(f->view->pid, v->tid, &wait);
        put(f->stats, ULLONG, thread.user_ns + thread.system_ns, "%s.time", prefix);
        put(f->stats, ULLONG, wait.wait_ns, "%s.wait", prefix);
        put(f->stats, ULLONG, wait.delay_ns, "%s.delay", prefix);
        for (guint j = 0; j < f->guest->kvm_vcpu->len; j++) {
            const StatKvm *k = f->guest->kvm_vcpu->pdata[j];
            if (g_strcmp0(k->qom, v->qom) == 0)
                put_kvm(f, k, "vcpu", prefix);
        }
    }
}

/* --- interfaces */

static void put_counters(const Fill *f, guint i, const char *way, guint64 bytes, guint64 packets, guint64 errors, guint64 dropped)
{
    put(f->stats, ULLONG, bytes, "net.%u.%s.bytes", i, way);
    put(f->stats, ULLONG, packets, "net.%u.%s.pkts", i, way);
    put(f->stats, ULLONG, errors, "net.%u.%s.errs", i, way);
    put(f->stats, ULLONG, dropped, "net.%u.%s.drop", i, way);
}

static void fill_interface(const Fill *f)
{
    if (!f->active || !f->dom->live)
        return;
    put(f->stats, UINT, domain_devices(f->dom->live, DEV_INTERFACE)->len, "net.count");
    EACH_DEVICE(f->dom->live, DEV_INTERFACE, Interface, nic) {
        LinkCounters c;
        if (!interface_has_device(nic))
            continue;
        put_text(f->stats, nic->target.dev, "net", nic_i, "name");
        if (!domain_interface_stats(f->dom, nic->target.dev, &c, NULL))
            continue;
        put_counters(f, nic_i, "rx", c.rx_bytes, c.rx_packets, c.rx_errors, c.rx_dropped);
        put_counters(f, nic_i, "tx", c.tx_bytes, c.tx_packets, c.tx_errors, c.tx_dropped);
    }
}

/* --- disks */

static void put_io(const Fill *f, guint i, const char *name, const IoCounter *c, bool bytes)
{
    put(f->stats, ULLONG, c->reqs, "block.%u.%s.reqs", i, name);
    if (bytes)
        put(f->stats, ULLONG, c->bytes, "block.%u.%s.bytes", i, name);
    put(f->stats, ULLONG, c->times, "block.%u.%s.times", i, name);
}

static void put_sizes(const Fill *f, guint i, guint64 allocation, guint64 capacity, guint64 physical)
{
    put(f->stats, ULLONG, allocation, "block.%u.allocation", i);
    if (capacity)
        put(f->stats, ULLONG, capacity, "block.%u.capacity", i);
    if (physical)
        put(f->stats, ULLONG, physical, "block.%u.physical", i);
}

const StatNode *stats_node(const GuestStats *g, const StorageSource *src, const char *layer)
{
    g_autofree char *name = g_strdup_printf("libvirt-%u-%s", src->index, layer);
    return g ? g_hash_table_lookup(g->nodes, name) : NULL;
}

bool stats_is_device(const char *qdev, const char *alias)
{
    gsize size = strlen(alias);
    for (const char *at = strstr(qdev, alias); at; at = strstr(at + 1, alias))
        if ((at == qdev || at[-1] == '/') && (at[size] == 0 || at[size] == '/'))
            return true;
    return false;
}

const StatFront *stats_front(const GuestStats *g, const char *alias)
{
    for (guint i = 0; g && alias && i < g->fronts->len; i++) {
        const StatFront *front = g->fronts->pdata[i];
        if (stats_is_device(front->qdev, alias))
            return front;
    }
    return NULL;
}

static void put_source(const Fill *f, guint i, const Disk *disk, const StorageSource *src)
{
    const StatNode *format = stats_node(f->guest, src, "format"), *storage = stats_node(f->guest, src, "storage");
    put_text(f->stats, disk->dst, "block", i, "name");
    if (src->path)
        put_text(f->stats, src->path, "block", i, "path");
    if (src->index && !source_is_empty(src))
        put(f->stats, UINT, src->index, "block.%u.backingIndex", i);
    if (src == &disk->src) {
        const StatFront *front = stats_front(f->guest, disk->info.alias);
        if (front) {
            put_io(f, i, "rd", &front->rd, true);
            put_io(f, i, "wr", &front->wr, true);
            put_io(f, i, "fl", &front->fl, false);
        }
    }
    if (format && !source_is_empty(src))
        put_sizes(f, i, storage ? storage->highest : 0, format->capacity, format->physical);
    if (storage && storage->threshold)
        put(f->stats, ULLONG, storage->threshold, "block.%u.threshold", i);
}

static guint fill_disk(const Fill *f, guint i, const Disk *disk)
{
    put_source(f, i++, disk, &disk->src);
    for (const StorageBacking *b = f->backing ? disk->src.backing : NULL; b && b->src.type != SOURCE_NONE; b = b->src.backing)
        put_source(f, i++, disk, &b->src);
    return i;
}

/* The count stands first and is known last. */
static void fill_block(const Fill *f)
{
    guint count = 0, first = f->stats->len;
    const DomainStats *s = f->dom->stats;
    put(f->stats, UINT, 0, "block.count");
    if (f->active && f->dom->live) {
        EACH_DEVICE(f->dom->live, DEV_DISK, Disk, disk)
            count = fill_disk(f, count, disk);
    } else {
        for (guint i = 0; s && s->images && i < s->images->len; i++, count++) {
            const StatImage *image = s->images->pdata[i];
            put_text(f->stats, image->target, "block", i, "name");
            if (image->path)
                put_text(f->stats, image->path, "block", i, "path");
            if (image->known)
                put_sizes(f, i, image->allocation, image->capacity, image->physical);
        }
    }
    g_array_index(f->stats, DomainStat, first).v.u = count;
}

/* --- the rest */

static void fill_iothread(const Fill *f)
{
    if (!f->guest)
        return;
    put(f->stats, UINT, f->guest->iothreads->len, "iothread.count");
    for (guint i = 0; i < f->guest->iothreads->len; i++) {
        const StatIothread *t = f->guest->iothreads->pdata[i];
        put(f->stats, ULLONG, (guint64)t->max_ns, "iothread.%u.poll-max-ns", t->id);
        put(f->stats, UINT, (guint64)t->grow, "iothread.%u.poll-grow", t->id);
        put(f->stats, UINT, (guint64)t->shrink, "iothread.%u.poll-shrink", t->id);
    }
}

static void fill_dirtyrate(const Fill *f)
{
    if (!f->guest || !f->guest->has_dirty)
        return;
    put(f->stats, INT, (guint64)f->guest->dirty.status, "dirtyrate.calc_status");
    put(f->stats, LLONG, (guint64)f->guest->dirty.start, "dirtyrate.calc_start_time");
    put(f->stats, INT, (guint64)f->guest->dirty.period, "dirtyrate.calc_period");
    DomainStat mode = { g_strdup("dirtyrate.calc_mode"), STRING, { .s = g_strdup(f->guest->dirty.mode ? f->guest->dirty.mode : "page-sampling") } };
    g_array_append_val(f->stats, mode);
    if (f->guest->has_dirty_rate)
        put(f->stats, LLONG, (guint64)f->guest->dirty.rate, "dirtyrate.megabytes_per_second");
}

static void fill_vm(const Fill *f)
{
    for (guint i = 0; f->guest && i < f->guest->kvm_vm->len; i++)
        put_kvm(f, f->guest->kvm_vm->pdata[i], "vm", "vm");
}

/* STATS_PERF and STATS_MEMORY have numbers for guests with perf events and resctrl monitors only: none here. */
static const struct { guint group; void (*fill)(const Fill *f); } groups_of[] = {
    { STATS_STATE, fill_state }, { STATS_CPU, fill_cpu }, { STATS_BALLOON, fill_balloon }, { STATS_VCPU, fill_vcpu },
    { STATS_INTERFACE, fill_interface }, { STATS_BLOCK, fill_block }, { STATS_IOTHREAD, fill_iothread },
    { STATS_DIRTYRATE, fill_dirtyrate }, { STATS_VM, fill_vm },
};

static const GuestStats *guest_of(const Domain *dom)
{
    const DomainStats *s = dom->stats;
    return s && dom->view->id > 0 && s->id == dom->view->id ? s->guest : NULL;
}

GArray *domain_stats(Domain *dom, guint groups, bool backing)
{
    Fill f = { dom, dom->view, guest_of(dom), dom->view->id > 0, backing, g_array_new(FALSE, FALSE, sizeof(DomainStat)) };
    for (guint i = 0; i < G_N_ELEMENTS(groups_of); i++)
        if (groups & groups_of[i].group)
            groups_of[i].fill(&f);
    return f.stats;
}

void domain_stats_free(GArray *stats)
{
    for (guint i = 0; stats && i < stats->len; i++) {
        DomainStat *stat = &g_array_index(stats, DomainStat, i);
        g_free(stat->name);
        if (stat->type == STRING)
            g_free(stat->v.s);
    }
    if (stats)
        g_array_free(stats, TRUE);
}
