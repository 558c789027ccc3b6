/* The older calls that ask for one thing of one domain, out of the same numbers as domain_stats. */
#include <string.h>
#include "drivers/qemu/each.h"
#include "drivers/qemu/stats.h"
#include "util/host.h"

static const GuestStats *guest_of(const Domain *dom)
{
    const DomainStats *s = dom->stats;
    return s && dom->view->id > 0 && s->id == dom->view->id ? s->guest : NULL;
}

GArray *domain_memory_stats(Domain *dom)
{
    enum { ACTUAL_BALLOON = 6, RSS = 7 };              /* virDomainMemoryStatTags */
    GArray *stats = g_array_new(FALSE, FALSE, sizeof(DomainMemoryStat));
    const GuestStats *g = guest_of(dom);
    DomainMemoryStat stat = { ACTUAL_BALLOON, dom->view->memory_kib };
    HostProcess process;
    if (dom->view->id <= 0)
        return stats;
    g_array_append_val(stats, stat);
    for (int i = 0; g && i < GUEST_MEMORY__N; i++) {
        stat = (DomainMemoryStat){ i, g->guest[i] };
        if (g->has_guest[i])
            g_array_append_val(stats, stat);
    }
    if (host_process(dom->view->pid, 0, &process, NULL)) {
        stat = (DomainMemoryStat){ RSS, process.rss_kib };
        g_array_append_val(stats, stat);
    }
    return stats;
}

/* --- disks */

static void take_front(DomainDiskStats *d, const StatFront *f)
{
    d->rd_reqs = (gint64)f->rd.reqs;
    d->rd_bytes = (gint64)f->rd.bytes;
    d->rd_times = (gint64)f->rd.times;
    d->wr_reqs = (gint64)f->wr.reqs;
    d->wr_bytes = (gint64)f->wr.bytes;
    d->wr_times = (gint64)f->wr.times;
    d->fl_reqs = (gint64)f->fl.reqs;
    d->fl_times = (gint64)f->fl.times;
}

/* A file's length is the file system's word; what of it is used is QEMU's. */
static void take_sizes(DomainDiskStats *d, const Domain *dom, const GuestStats *g, const StorageSource *src, const char *target)
{
    const StatNode *format = stats_node(g, src, "format"), *storage = stats_node(g, src, "storage");
    const StatImage *image = stats_image(dom->stats, target);
    if (image && image->known) {
        d->capacity = image->capacity;
        d->allocation = image->allocation;
        d->physical = image->physical;
    } else if (storage) {
        d->physical = storage->capacity;
    }
    if (format) {
        bool growing_device = src->type == SOURCE_BLOCK && src->format == FORMAT_QCOW2;
        d->capacity = format->capacity;
        d->allocation = growing_device && storage ? storage->highest : format->physical ? format->physical : d->physical;
    }
}

static bool is_disk(const char *target, const char *path, const char *name)
{
    return g_strcmp0(target, name) == 0 || g_strcmp0(path, name) == 0;
}

static const DomainDiskStats unknown = { NULL, false, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0 };

static bool off_disk(const Domain *dom, const char *name, DomainDiskStats *ret)
{
    const DomainStats *s = dom->stats;
    for (guint i = 0; s && s->images && i < s->images->len; i++) {
        const StatImage *image = s->images->pdata[i];
        if (!is_disk(image->target, image->path, name))
            continue;
        *ret = unknown;
        ret->target = image->target;
        ret->empty = !image->path;
        ret->capacity = image->capacity;
        ret->allocation = image->allocation;
        ret->physical = image->physical;
        return true;
    }
    return false;
}

static bool live_disk(const Domain *dom, const char *name, DomainDiskStats *ret)
{
    const GuestStats *g = guest_of(dom);
    EACH_DEVICE(dom->live, DEV_DISK, Disk, disk) {
        if (!is_disk(disk->dst, disk->src.path, name))
            continue;
        const StatFront *front = stats_front(g, disk->info.alias);
        *ret = unknown;
        ret->target = disk->dst;
        ret->empty = source_is_empty(&disk->src);
        if (front)
            take_front(ret, front);
        take_sizes(ret, dom, g, &disk->src, disk->dst);
        return true;
    }
    return false;
}

bool domain_disk_stats(Domain *dom, const char *disk, DomainDiskStats *ret, GError **err)
{
    if (dom->live ? live_disk(dom, disk, ret) : off_disk(dom, disk, ret))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "invalid path %s not assigned to domain '%s'", disk, dom->view->name);
    return false;
}

static void add(gint64 *sum, guint64 value)
{
    *sum = MAX(*sum, 0) + (gint64)value;
}

void domain_disk_sums(Domain *dom, DomainDiskStats *ret)
{
    const GuestStats *g = guest_of(dom);
    *ret = unknown;
    for (guint i = 0; g && i < g->fronts->len; i++) {
        const StatFront *f = g->fronts->pdata[i];
        add(&ret->rd_reqs, f->rd.reqs);
        add(&ret->rd_bytes, f->rd.bytes);
        add(&ret->rd_times, f->rd.times);
        add(&ret->wr_reqs, f->wr.reqs);
        add(&ret->wr_bytes, f->wr.bytes);
        add(&ret->wr_times, f->wr.times);
        add(&ret->fl_reqs, f->fl.reqs);
        add(&ret->fl_times, f->fl.times);
    }
}

guint domain_disk_count(Domain *dom)
{
    return dom->live ? domain_devices(dom->live, DEV_DISK)->len : 0;
}

GArray *domain_disk_errors(Domain *dom)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(DomainDiskError));
    const GuestStats *g = guest_of(dom);
    if (!g || !dom->live)
        return found;
    EACH_DEVICE(dom->live, DEV_DISK, Disk, disk) {
        for (guint i = 0; disk->info.alias && i < g->errors->len; i++) {
            const StatError *e = g->errors->pdata[i];
            DomainDiskError error = { disk->dst, e->error };
            if (stats_is_device(e->qdev, disk->info.alias))
                g_array_append_val(found, error);
        }
    }
    return found;
}

/* --- control and processors */

guint64 domain_silent_ms(Domain *dom)
{
    const DomainStats *s = dom->stats;
    return s && s->hung ? stats_round_age_ms(s) : 0;
}

GArray *domain_vcpus(Domain *dom)
{
    enum { VCPU_RUNNING = 1, CPU_UNKNOWN = -1 };       /* virVcpuState, VIR_VCPU_INFO_CPU_UNAVAILABLE */
    GArray *found = g_array_new(FALSE, FALSE, sizeof(DomainVcpuInfo));
    const GuestStats *g = guest_of(dom);
    for (guint i = 0; g && i < g->vcpus->len; i++) {
        const StatVcpu *v = g->vcpus->pdata[i];
        DomainVcpuInfo info = { v->index, VCPU_RUNNING, 0, CPU_UNKNOWN };
        HostProcess thread;
        if (host_process(dom->view->pid, v->tid, &thread, NULL)) {
            info.cpu_time_ns = thread.user_ns + thread.system_ns;
            info.cpu = thread.processor;
        }
        g_array_append_val(found, info);
    }
    return found;
}
