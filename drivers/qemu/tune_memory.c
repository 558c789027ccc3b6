/* Memory limits, disks' shares, NUMA nodes, locked memory. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "drivers/qemu/tune.h"

/* --- memory */

static gint64 limit_of(guint64 bytes)
{
    return bytes >= MEMORY_UNLIMITED_KIB << MEMORY_UNLIMITED_KIB_SHIFT ? G_MAXINT64 : (gint64)bytes;
}

/* v1 keeps memory + swap at or above memory: which of both may go first depends on what was there. */
static bool set_hard(Group *g, gint64 hard, gint64 swap, GError **err)
{
    g_autoptr(GError) why = NULL;

    if (!hard || cgroup_set(g->host, g->name, CGROUP_MEMORY_HARD, hard, swap ? &why : err))
        return !swap || cgroup_set_swap(g->host, g->name, swap, err);
    return swap && cgroup_set_swap(g->host, g->name, swap, err) && cgroup_set(g->host, g->name, CGROUP_MEMORY_HARD, hard, err);
}

bool tune_apply_memory(Group *g, const Memory *m, GError **err)
{
    if (m->tune.hard && m->tune.swap_hard && m->tune.hard > m->tune.swap_hard) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
        return false;
    }
    return set_hard(g, limit_of(m->tune.hard), limit_of(m->tune.swap_hard), err) &&
           (!m->tune.soft || cgroup_set(g->host, g->name, CGROUP_MEMORY_SOFT, limit_of(m->tune.soft), err));
}

bool tune_process(const DomainDef *def, pid_t pid, GError **err)
{
    const Memory *m = &def->frame.memory;
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

    if (!m->backing.locked)
        return true;
    if (m->tune.hard)
        limit.rlim_cur = limit.rlim_max = m->tune.hard;
    return prlimit(pid, RLIMIT_MEMLOCK, &limit, NULL) == 0 ||
           qv_error_errno(err, errno, "cannot let QEMU lock its memory (<locked/>)");
}

/* --- disks */

#define FIELD(field) offsetof(BlkioDevice, field)
const BlkioTune blkio_tunes[] = {
    { "device_weight",          FIELD(weight),     CGROUP_BLKIO_DEVICE_WEIGHT },
    { "device_read_iops_sec",   FIELD(read_iops),  CGROUP_BLKIO_READ_IOPS },
    { "device_write_iops_sec",  FIELD(write_iops), CGROUP_BLKIO_WRITE_IOPS },
    { "device_read_bytes_sec",  FIELD(read_bps),   CGROUP_BLKIO_READ_BPS },
    { "device_write_bytes_sec", FIELD(write_bps),  CGROUP_BLKIO_WRITE_BPS },
};
const guint n_blkio_tunes = G_N_ELEMENTS(blkio_tunes);

char *blkio_device_number(const char *path, GError **err)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        qv_error_errno(err, errno, "blkiotune: cannot look at the disk '%s'", path);
        return NULL;
    }
    if (!S_ISBLK(st.st_mode)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "blkiotune: '%s' is not a block device of the host", path);
        return NULL;
    }
    return g_strdup_printf("%u:%u", major(st.st_rdev), minor(st.st_rdev));
}

static guint64 blkio_value(const BlkioDevice *device, const BlkioTune *row)
{
    gconstpointer at = (const char *)device + row->offset;
    return !device ? 0 : row->param == CGROUP_BLKIO_DEVICE_WEIGHT ? *(const guint32 *)at : *(const guint64 *)at;
}

static const BlkioDevice *find_device(const Tune *t, const char *path)
{
    for (guint i = 0; t && t->blkio.devices && i < t->blkio.devices->len; i++) {
        const BlkioDevice *d = g_ptr_array_index(t->blkio.devices, i);
        if (!g_strcmp0(d->path, path))
            return d;
    }
    return NULL;
}

static bool apply_device(Group *g, const Tune *was, const BlkioDevice *now, GError **err)
{
    const BlkioDevice *old = find_device(was, now->path);
    g_autofree char *number = blkio_device_number(now->path, err);

    for (guint i = 0; number && i < n_blkio_tunes; i++) {
        const BlkioTune *row = &blkio_tunes[i];
        if (blkio_value(now, row) == blkio_value(old, row) ||
            cgroup_set_device(g->host, g->name, row->param, number, blkio_value(now, row), err))
            continue;
        g_prefix_error(err, "disk '%s' (%s): ", now->path,
                       row->param == CGROUP_BLKIO_DEVICE_WEIGHT ? "its I/O scheduler has to be bfq" : number);
        return false;
    }
    return number;
}

bool tune_apply_blkio(Group *g, const Tune *was, const Tune *now, GError **err)
{
    if (now->blkio.weight && (!was || was->blkio.weight != now->blkio.weight) &&
        !cgroup_set(g->host, g->name, CGROUP_BLKIO_WEIGHT, now->blkio.weight, err)) {
        g_prefix_error(err, "weights of disks need the kernel's BFQ or iocost: ");
        return false;
    }
    for (guint i = 0; now->blkio.devices && i < now->blkio.devices->len; i++)
        if (!apply_device(g, was, g_ptr_array_index(now->blkio.devices, i), err))
            return false;
    return true;
}

/* --- nodes */

static bool nodes_exist(const Bitmap *nodes, GError **err)
{
    for (int i = bitmap_next(nodes, 0); i >= 0; i = bitmap_next(nodes, (guint)i + 1)) {
        g_autofree char *path = g_strdup_printf("/sys/devices/system/node/node%d", i);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "numatune: NUMA node %d is unavailable on this host", i);
        return false;
    }
    return true;
}

/* placement='auto' asks numad where to go; with a single node there is nothing to ask. */
static bool place_automatically(GError **err)
{
    if (!g_file_test("/sys/devices/system/node/node1", G_FILE_TEST_IS_DIR))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                "placement='auto' needs numad, which this version does not ask; name the nodes (nodeset) or CPUs (cpuset)");
    return false;
}

bool tune_memory_policy(const DomainDef *def, ProcessSpec *spec, GError **err)
{
    static const int modes[NUMA_MODE__N] = { [NUMA_STRICT] = MPOL_BIND, [NUMA_PREFERRED] = MPOL_PREFERRED,
                                             [NUMA_INTERLEAVE] = MPOL_INTERLEAVE };
    const Tune *t = &def->frame.tune;

    if ((t->numa.placement == 2 || def->frame.vcpus.placement == PLACEMENT_AUTO) && !place_automatically(err))
        return false;
    for (guint i = 0; t->numa.memnodes && i < t->numa.memnodes->len; i++)
        if (!nodes_exist(((const MemNode *)g_ptr_array_index(t->numa.memnodes, i))->nodeset, err))
            return false;
    if (!t->numa.nodeset)
        return true;
    if (!nodes_exist(t->numa.nodeset, err))
        return false;
    if (t->numa.mode == NUMA_PREFERRED && bitmap_count(t->numa.nodeset) != 1) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "numatune: mode 'preferred' takes exactly one node");
        return false;
    }
    spec->memory_mode = modes[t->numa.mode];
    for (int i = bitmap_next(t->numa.nodeset, 0); i >= 0 && i < 64; i = bitmap_next(t->numa.nodeset, (guint)i + 1))
        spec->memory_nodes |= 1UL << i;
    return true;
}

bool tune_apply_nodes(Group *g, const Bitmap *nodes, GError **err)
{
    g_autofree char *list = bitmap_format(nodes);

    if (!nodes_exist(nodes, err))
        return false;
    for (ThreadKind kind = THREAD_EMULATOR; kind <= THREAD_IOTHREAD; kind++) {
        g_autoptr(GArray) numbers = group_numbers(g, kind);
        for (guint i = 0; i < (kind == THREAD_EMULATOR ? 1 : numbers->len); i++) {
            g_autofree char *child = group_child(g, kind, kind == THREAD_EMULATOR ? 0 : g_array_index(numbers, guint, i));
            if (!cgroup_set_text(g->host, child, CGROUP_CPUSET_MEMS, list, err))
                return false;
        }
    }
    return true;
}
