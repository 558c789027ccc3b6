/* Rows of <cputune>, <blkiotune> and <numatune>. */
#include "config.h"
#include "conf/tune.h"

XM_ENUM(numa_mode, "NUMA mode", NULL, "strict", "preferred", "interleave", "restrictive");
XM_COVERS(numa_mode, NUMA_MODE__N);
XM_ENUM(numa_placement, "placement of memory", NULL, "static", "auto");

/* --- <cputune> */

static const XmRow vcpupin_rows[] = {
    A_OPT(CpuPin, id, "vcpu", .flags = XM_REQUIRED),
    A_BITS(CpuPin, cpus, "cpuset", .flags = XM_REQUIRED | XM_HOT, .doc = "CPUs of the host"),
};
static const XmElem vcpupin_elem = ELEM("vcpupin", CpuPin, vcpupin_rows);
static const XmRow iothreadpin_rows[] = {
    A_OPT(CpuPin, id, "iothread", .flags = XM_REQUIRED),
    A_BITS(CpuPin, cpus, "cpuset", .flags = XM_REQUIRED | XM_HOT, .doc = "CPUs of the host"),
};
static const XmElem iothreadpin_elem = ELEM("iothreadpin", CpuPin, iothreadpin_rows);
static const XmRow emulatorpin_rows[] = { A_BITS(Tune, cpu.emulatorpin, "cpuset", .flags = XM_REQUIRED | XM_HOT) };
static const XmElem emulatorpin_elem = ELEM("emulatorpin", Tune, emulatorpin_rows);

/* Real-time schedulers have a priority, the others none. */
static bool scheduler_check(const char *name, OptU32 priority, char **why)
{
    bool real_time = !g_strcmp0(name, "fifo") || !g_strcmp0(name, "rr");

    if (!real_time && g_strcmp0(name, "batch") && g_strcmp0(name, "idle"))
        *why = g_strdup_printf("'%.32s' is not a scheduler; use one of batch, idle, fifo, rr", name ? name : "");
    else if (real_time && !priority.set)
        *why = g_strdup_printf("scheduler '%s' needs a priority", name);
    return !*why;
}

static bool sched_check(gconstpointer obj, char **why)
{
    const CpuSched *s = obj;
    return scheduler_check(s->scheduler, s->priority, why);
}

static bool sched_loaded(gpointer obj, xmlNode *node, char **why)
{
    CpuSched *s = obj;
    if (g_strcmp0(s->scheduler, "fifo") && g_strcmp0(s->scheduler, "rr"))
        s->priority.set = false;
    return true;
}

static bool emulatorsched_check(gconstpointer obj, char **why)
{
    const Tune *t = obj;
    return scheduler_check(t->cpu.emulatorsched.scheduler, t->cpu.emulatorsched.priority, why);
}

#define SCHED(id, attr) \
    static const XmRow id##_rows[] = { \
        A_BITS(CpuSched, ids, attr, .flags = XM_REQUIRED), \
        A_STR(CpuSched, scheduler, "scheduler", .flags = XM_REQUIRED), \
        A_OPT(CpuSched, priority, "priority", .min = 1, .max = 99), \
    }; \
    static const XmElem id##_elem = ELEM(#id, CpuSched, id##_rows, .loaded = sched_loaded, .check = sched_check)
SCHED(vcpusched, "vcpus");
SCHED(iothreadsched, "iothreads");
static const XmRow emulatorsched_rows[] = {
    A_STR(Tune, cpu.emulatorsched.scheduler, "scheduler", .flags = XM_REQUIRED),
    A_OPT(Tune, cpu.emulatorsched.priority, "priority", .min = 1, .max = 99),
};
static const XmElem emulatorsched_elem = ELEM("emulatorsched", Tune, emulatorsched_rows, .check = emulatorsched_check);

/* The kernel's limits of a CFS period: 1 ms to 1 s. */
#define PERIOD(field, name) LEAF_U64(Tune, field, name, .min = 1000, .max = 1000000, .flags = XM_HOT, .doc = "microseconds")
#define QUOTA(field, name) LEAF_OPTI(Tune, field, name, .flags = XM_HOT, .doc = "microseconds in each period; -1: all")
static const XmRow cputune_rows[] = {
    LEAF_OPT64(Tune, cpu.shares, "shares", .flags = XM_HOT, .doc = "weight against other guests"),
    PERIOD(cpu.period, "period"), QUOTA(cpu.quota, "quota"),
    PERIOD(cpu.global_period, "global_period"), QUOTA(cpu.global_quota, "global_quota"),
    PERIOD(cpu.emulator_period, "emulator_period"), QUOTA(cpu.emulator_quota, "emulator_quota"),
    PERIOD(cpu.iothread_period, "iothread_period"), QUOTA(cpu.iothread_quota, "iothread_quota"),
    LIST(Tune, cpu.vcpupin, "vcpupin", vcpupin_elem, .key = "vcpu"),
    INLINE("emulatorpin", emulatorpin_elem),
    LIST(Tune, cpu.iothreadpin, "iothreadpin", iothreadpin_elem, .key = "iothread"),
    INLINE("emulatorsched", emulatorsched_elem),
    LIST(Tune, cpu.vcpusched, "vcpusched", vcpusched_elem),
    LIST(Tune, cpu.iothreadsched, "iothreadsched", iothreadsched_elem),
    LIST(Tune, cpu.cachetune, "cachetune", cachetune_elem, .max_items = 1024),
    LIST(Tune, cpu.memorytune, "memorytune", memorytune_elem, .max_items = 1024),
};
const XmElem cputune_elem = ELEM("cputune", Tune, cputune_rows);

/* --- <blkiotune> */

static const XmRow device_rows[] = {
    LEAF_STR(BlkioDevice, path, "path", .flags = XM_REQUIRED, .doc = "a disk of the host"),
    LEAF_U32(BlkioDevice, weight, "weight", .flags = XM_HOT),
    LEAF_U64(BlkioDevice, read_iops, "read_iops_sec", .flags = XM_HOT),
    LEAF_U64(BlkioDevice, write_iops, "write_iops_sec", .flags = XM_HOT),
    LEAF_U64(BlkioDevice, read_bps, "read_bytes_sec", .flags = XM_HOT),
    LEAF_U64(BlkioDevice, write_bps, "write_bytes_sec", .flags = XM_HOT),
};
static const XmElem device_elem = ELEM("device", BlkioDevice, device_rows);
static const XmRow blkiotune_rows[] = {
    LEAF_U32(Tune, blkio.weight, "weight", .flags = XM_HOT),
    LIST(Tune, blkio.devices, "device", device_elem, .key = "path"),
};
const XmElem blkiotune_elem = ELEM("blkiotune", Tune, blkiotune_rows);

/* --- <numatune> */

static const XmRow numa_memory_rows[] = {
    A_ENUM(Tune, numa.mode, "mode", numa_mode),
    A_BITS(Tune, numa.nodeset, "nodeset"),
    A_ENUM(Tune, numa.placement, "placement", numa_placement),
};
static bool numa_present(gconstpointer obj)
{
    return ((const Tune *)obj)->numa.present;
}
/* A node set says where: "static" is not written beside it. */
static bool numa_loaded(gpointer obj, xmlNode *node, char **why)
{
    Tune *t = obj;
    t->numa.present = true;
    if (t->numa.placement == 1 && !t->numa.nodeset) {
        *why = g_strdup("nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
        return false;
    }
    if (t->numa.placement == 1)
        t->numa.placement = 0;
    if (t->numa.placement == 2)
        g_clear_pointer(&t->numa.nodeset, bitmap_free);
    if (!t->numa.mode)
        t->numa.mode = NUMA_STRICT;
    return true;
}
static const XmElem numa_memory_elem = ELEM("memory", Tune, numa_memory_rows, .loaded = numa_loaded, .present = numa_present);
static const XmRow memnode_rows[] = {
    XM_SCALAR(XM_ATTR, MemNode, cell, "cellid", xm_opt_u32, OptU32, .flags = XM_REQUIRED),
    A_ENUM(MemNode, mode, "mode", numa_mode),
    A_BITS(MemNode, nodeset, "nodeset", .flags = XM_REQUIRED),
};
static bool memnode_loaded(gpointer obj, xmlNode *node, char **why)
{
    MemNode *m = obj;
    if (!m->mode)
        m->mode = NUMA_STRICT;
    return true;
}
static const XmElem memnode_elem = ELEM("memnode", MemNode, memnode_rows, .loaded = memnode_loaded);
static const XmRow numatune_rows[] = {
    INLINE("memory", numa_memory_elem),
    LIST(Tune, numa.memnodes, "memnode", memnode_elem, .key = "cellid"),
};
const XmElem numatune_elem = ELEM("numatune", Tune, numatune_rows);
