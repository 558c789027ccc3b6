#include "conf/cpu.h"
#include "conf/memory.h"
#include "util/size.h"

XM_ENUM(placement, "placement", NULL, "static", "auto");
XM_COVERS(placement, PLACEMENT__N);
XM_ENUM(cpu_mode, "CPU mode", NULL, "custom", "host-model", "host-passthrough", "maximum");
XM_COVERS(cpu_mode, CPU_MODE__N);
XM_ENUM(cpu_match, "CPU match", NULL, "minimum", "exact", "strict");
XM_COVERS(cpu_match, CPU_MATCH__N);
XM_ENUM(cpu_check, "CPU check", NULL, "none", "partial", "full");
XM_COVERS(cpu_check, CPU_CHECK__N);
XM_ENUM(cpu_fallback, "fallback", NULL, "allow", "forbid");
XM_COVERS(cpu_fallback, CPU_FALLBACK__N);
XM_ENUM(cpu_policy, "feature policy", NULL, "force", "require", "optional", "disable", "forbid");
XM_COVERS(cpu_policy, CPU_FEATURE__N);
XM_ENUM(cpu_cache_mode, "cache mode", NULL, "emulate", "passthrough", "disable");
XM_COVERS(cpu_cache_mode, CPU_CACHE__N);
XM_ENUM(phys_bits_mode, "mode of physical address bits", NULL, "emulate", "passthrough");
XM_COVERS(phys_bits_mode, PHYS_BITS__N);
XM_ENUM(numa_access, "kind of memory access", NULL, "access", "read", "write");
XM_COVERS(numa_access, NUMA_ACCESS__N);
XM_ENUM(cache_associativity, "cache associativity", NULL, "none", "direct", "full");
XM_COVERS(cache_associativity, ASSOC__N);
XM_ENUM(cache_policy, "cache policy", NULL, "none", "writeback", "writethrough");
XM_COVERS(cache_policy, CACHE_POLICY__N);

/* --- vcpus and iothreads */

static const XmRow vcpu_max_rows[] = {
    A_ENUM(Vcpus, placement, "placement", placement, .flags = XM_NONZERO),
    A_BITS(Vcpus, cpuset, "cpuset"),
    A_U32(Vcpus, current, "current", .flags = XM_NONZERO | XM_HOT),
    TEXT_U32(Vcpus, max, .max = 16384, .flags = XM_NONZERO | XM_ABI, .doc = "most CPUs the guest can have"),
};
static const XmElem vcpu_max_elem = ELEM("vcpu", Vcpus, vcpu_max_rows);
static const XmRow vcpu_rows[] = {
    A_OPT(Vcpu, id, "id", .flags = XM_REQUIRED | XM_ABI),
    A_YESNO(Vcpu, enabled, "enabled", .flags = XM_REQUIRED),
    A_YESNO(Vcpu, hotpluggable, "hotpluggable"),
    A_OPT(Vcpu, order, "order", .flags = XM_NONZERO),
};
static const XmElem vcpu_elem = ELEM("vcpu", Vcpu, vcpu_rows);
static const XmRow vcpu_list_rows[] = { LIST(Vcpus, list, "vcpu", vcpu_elem) };
static const XmElem vcpu_list_elem = ELEM("vcpus", Vcpus, vcpu_list_rows);
static const XmRow iothread_rows[] = {
    A_U32(IoThread, id, "id", .flags = XM_REQUIRED | XM_NONZERO),
    A_OPT(IoThread, pool_min, "thread_pool_min"),
    A_OPT(IoThread, pool_max, "thread_pool_max"),
};
static const XmElem iothread_elem = ELEM("iothread", IoThread, iothread_rows);
static const XmRow iothread_ids_rows[] = { LIST(Vcpus, iothread_ids, "iothread", iothread_elem) };
static const XmElem iothread_ids_elem = ELEM("iothreadids", Vcpus, iothread_ids_rows);
static const XmRow default_iothread_rows[] = {
    A_OPT(Vcpus, default_iothread.pool_min, "thread_pool_min"),
    A_OPT(Vcpus, default_iothread.pool_max, "thread_pool_max"),
};
static const XmElem default_iothread_elem = ELEM("defaultiothread", Vcpus, default_iothread_rows);

static const XmRow vcpus_rows[] = {
    INLINE("vcpu", vcpu_max_elem),
    INLINE("vcpus", vcpu_list_elem),
    LEAF_U32(Vcpus, iothreads, "iothreads", .max = 4096),
    INLINE("iothreadids", iothread_ids_elem),
    INLINE("defaultiothread", default_iothread_elem),
};
const XmElem vcpus_elem = ELEM("vcpu", Vcpus, vcpus_rows);

/* --- the CPU itself */

static const XmRow model_rows[] = {
    A_ENUM(Cpu, model.fallback, "fallback", cpu_fallback, .flags = XM_NONZERO),
    A_STR(Cpu, model.vendor_id, "vendor_id", .flags = XM_ABI),
    TEXT_STR(Cpu, model.name, .flags = XM_ABI | XM_EMPTY_ABSENT),
};
static const XmElem model_elem = ELEM("model", Cpu, model_rows);
static const XmRow topology_rows[] = {
    A_U32(Cpu, topology.sockets, "sockets", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    A_U32(Cpu, topology.dies, "dies", .flags = XM_NONZERO | XM_ABI),
    A_U32(Cpu, topology.cores, "cores", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    A_U32(Cpu, topology.threads, "threads", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
};
static bool topology_loaded(gpointer obj, xmlNode *node, char **why)
{
    Cpu *cpu = obj;
    cpu->topology.dies = MAX(cpu->topology.dies, 1);
    return true;
}
static const XmElem topology_elem = ELEM("topology", Cpu, topology_rows, .loaded = topology_loaded);
static const XmRow cache_rows[] = {
    A_OPT(Cpu, cache.level, "level", .min = 1, .max = 3, .flags = XM_ABI),
    A_ENUM(Cpu, cache.mode, "mode", cpu_cache_mode, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
};
static bool cache_check(gconstpointer obj, char **why)
{
    const Cpu *cpu = obj;
    bool own = cpu->mode == CPU_HOST_PASSTHROUGH || cpu->mode == CPU_MAXIMUM;
    if (cpu->cache.mode == CPU_CACHE_EMULATE && !(cpu->cache.level.set && cpu->cache.level.v == 3))
        *why = g_strdup("a CPU cache of mode 'emulate' is that of level 3 only");
    else if (cpu->cache.mode == CPU_CACHE_PASSTHROUGH && !own)
        *why = g_strdup("CPU cache mode 'passthrough' goes with 'host-passthrough' and 'maximum' CPUs only");
    else if (cpu->cache.mode != CPU_CACHE_EMULATE && cpu->cache.level.set)
        *why = g_strdup_printf("CPU cache mode '%s' has no level", xm_enum_name(&cpu_cache_mode, cpu->cache.mode));
    return !*why;
}
static const XmElem cache_elem = ELEM("cache", Cpu, cache_rows, .check = cache_check, .refuse_code = QV_ERR_CONFIG_UNSUPPORTED);
static const XmRow bits_rows[] = {
    A_ENUM(Cpu, maxphysaddr.mode, "mode", phys_bits_mode, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    A_OPT(Cpu, maxphysaddr.bits, "bits", .flags = XM_ABI),
};
static bool bits_check(gconstpointer obj, char **why)
{
    const Cpu *cpu = obj;
    if (cpu->maxphysaddr.mode == PHYS_BITS_EMULATE && !cpu->maxphysaddr.bits.set)
        *why = g_strdup("maximum physical address mode='emulate' needs bits=");
    else if (cpu->maxphysaddr.mode == PHYS_BITS_PASSTHROUGH && cpu->maxphysaddr.bits.set)
        *why = g_strdup("maximum physical address mode='passthrough' takes the host's number; leave out bits=");
    else if (cpu->maxphysaddr.mode == PHYS_BITS_PASSTHROUGH && cpu->mode != CPU_HOST_PASSTHROUGH && cpu->mode != CPU_MAXIMUM)
        *why = g_strdup("maximum physical address mode='passthrough' goes with 'host-passthrough' and 'maximum' CPUs only");
    return !*why;
}
static const XmElem bits_elem = ELEM("maxphysaddr", Cpu, bits_rows, .check = bits_check, .refuse_code = QV_ERR_CONFIG_UNSUPPORTED);
static const XmRow feature_rows[] = {
    A_ENUM(CpuFeature, policy, "policy", cpu_policy, .flags = XM_NONZERO | XM_ABI),
    A_STR(CpuFeature, name, "name", .flags = XM_REQUIRED | XM_ABI),
};
static bool feature_loaded(gpointer obj, xmlNode *node, char **why)
{
    CpuFeature *f = obj;
    if (!f->policy)
        f->policy = CPU_REQUIRE;
    return true;
}
static const XmElem feature_elem = ELEM("feature", CpuFeature, feature_rows, .loaded = feature_loaded);

/* --- NUMA cells */

static const XmRow sibling_rows[] = {
    A_OPT(NumaDistance, id, "id", .flags = XM_REQUIRED | XM_ABI),
    A_U32(NumaDistance, value, "value", .min = 10, .max = 255, .flags = XM_REQUIRED | XM_ABI),
};
static const XmElem sibling_elem = ELEM("sibling", NumaDistance, sibling_rows);
static const XmRow distances_rows[] = { LIST(NumaCell, distances, "sibling", sibling_elem) };
static const XmElem distances_elem = ELEM("distances", NumaCell, distances_rows);
/* Sizes count in @unit, KiB without, and are written in KiB; lines in bytes. */
static bool scale_to(guint64 *value, char **unit, guint64 dflt, const char *written, char **why)
{
    guint64 bytes, each = g_str_equal(written, "B") ? 1 : 1024;

    if (!size_scale(*value, *unit, dflt, &bytes)) {
        *why = g_strdup_printf("'%s' is not a unit of size, or the number is too large", *unit ? *unit : written);
        return false;
    }
    *value = (bytes + each - 1) / each;
    g_free(*unit);
    *unit = g_strdup(written);
    return true;
}
static bool cache_size_loaded(gpointer obj, xmlNode *node, char **why)
{
    NumaCache *c = obj;
    return scale_to(&c->size, &c->size_unit, 1024, "KiB", why);
}
static bool cache_line_loaded(gpointer obj, xmlNode *node, char **why)
{
    NumaCache *c = obj;
    return scale_to(&c->line, &c->line_unit, 1, "B", why);
}
static const XmRow cell_cache_size_rows[] = {
    A_U64(NumaCache, size, "value", .flags = XM_REQUIRED | XM_ABI),
    A_STR(NumaCache, size_unit, "unit"),
};
static const XmElem cell_cache_size_elem = ELEM("size", NumaCache, cell_cache_size_rows, .loaded = cache_size_loaded);
static const XmRow cell_cache_line_rows[] = {
    A_U64(NumaCache, line, "value", .flags = XM_REQUIRED | XM_ABI),
    A_STR(NumaCache, line_unit, "unit"),
};
static const XmElem cell_cache_line_elem = ELEM("line", NumaCache, cell_cache_line_rows, .loaded = cache_line_loaded);
static const XmRow cell_cache_rows[] = {
    A_OPT(NumaCache, level, "level", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    A_ENUM(NumaCache, associativity, "associativity", cache_associativity, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    A_ENUM(NumaCache, policy, "policy", cache_policy, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    INLINE("size", cell_cache_size_elem, .flags = XM_REQUIRED),
    INLINE("line", cell_cache_line_elem, .flags = XM_REQUIRED),
};
static const XmElem cell_cache_elem = ELEM("cache", NumaCache, cell_cache_rows);

/* @memory counts in @unit, KiB without, and is written in KiB. */
static bool cell_loaded(gpointer obj, xmlNode *node, char **why)
{
    NumaCell *cell = obj;

    if (!size_scale(cell->memory, cell->unit, 1024, &cell->memory))
        *why = g_strdup_printf("'%s' is not a unit of size, or the cell is too large", cell->unit ? cell->unit : "KiB");
    cell->memory = (cell->memory + 1023) / 1024;
    g_free(cell->unit);
    cell->unit = g_strdup("KiB");
    return !*why;
}

static const XmRow cell_rows[] = {
    A_OPT(NumaCell, id, "id", .flags = XM_ABI),
    A_BITS(NumaCell, cpus, "cpus", .flags = XM_ABI),
    A_U64(NumaCell, memory, "memory", .flags = XM_REQUIRED | XM_ABI),
    A_STR(NumaCell, unit, "unit"),
    A_ENUM(NumaCell, access, "memAccess", memory_access, .flags = XM_NONZERO),
    A_YESNO(NumaCell, discard, "discard"),
    INLINE("distances", distances_elem),
    LIST(NumaCell, caches, "cache", cell_cache_elem),
};
static const XmElem cell_elem = ELEM("cell", NumaCell, cell_rows, .loaded = cell_loaded);
static const XmRow latency_rows[] = {
    A_OPT(NumaLatency, initiator, "initiator", .flags = XM_REQUIRED | XM_ABI),
    A_OPT(NumaLatency, target, "target", .flags = XM_REQUIRED | XM_ABI),
    A_OPT(NumaLatency, cache, "cache", .min = 1, .max = 3, .flags = XM_ABI),
    A_ENUM(NumaLatency, type, "type", numa_access, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    A_U64(NumaLatency, value, "value", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI, .doc = "nanoseconds"),
};
static const XmElem latency_elem = ELEM("latency", NumaLatency, latency_rows);
static const XmRow bandwidth_rows[] = {
    A_OPT(NumaLatency, initiator, "initiator", .flags = XM_REQUIRED | XM_ABI),
    A_OPT(NumaLatency, target, "target", .flags = XM_REQUIRED | XM_ABI),
    A_OPT(NumaLatency, cache, "cache", .min = 1, .max = 3, .flags = XM_ABI),
    A_ENUM(NumaLatency, type, "type", numa_access, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    A_U64(NumaLatency, value, "value", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI, .doc = "in @unit each second"),
    A_STR(NumaLatency, unit, "unit"),
};
static bool bandwidth_loaded(gpointer obj, xmlNode *node, char **why)
{
    NumaLatency *n = obj;
    return scale_to(&n->value, &n->unit, 1024, "KiB", why);
}
static const XmElem bandwidth_elem = ELEM("bandwidth", NumaLatency, bandwidth_rows, .loaded = bandwidth_loaded);
static const XmRow interconnects_rows[] = {
    LIST(Cpu, latencies, "latency", latency_elem),
    LIST(Cpu, bandwidths, "bandwidth", bandwidth_elem),
};
static const XmElem interconnects_elem = ELEM("interconnects", Cpu, interconnects_rows);
static const XmRow numa_rows[] = {
    LIST(Cpu, cells, "cell", cell_elem),
    INLINE("interconnects", interconnects_elem),
};
static gint by_cell(gconstpointer a, gconstpointer b)
{
    const NumaCell *const *x = a, *const *y = b;
    return (*x)->id.v < (*y)->id.v ? -1 : (*x)->id.v > (*y)->id.v;
}
/* Cells are numbered from 0 without holes; those without a number take their place in the text. */
static bool numa_loaded(gpointer obj, xmlNode *node, char **why)
{
    GPtrArray *cells = ((Cpu *)obj)->cells;

    for (guint i = 0; cells && i < cells->len; i++) {
        NumaCell *cell = g_ptr_array_index(cells, i);
        if (!cell->id.set)
            cell->id = (OptU32){ true, i };
    }
    if (cells)
        g_ptr_array_sort(cells, by_cell);
    for (guint i = 0; cells && i < cells->len; i++)
        if (((NumaCell *)g_ptr_array_index(cells, i))->id.v != i) {
            *why = g_strdup_printf("there must be exactly one NUMA cell for each id from 0 on; that of id %u is missing", i);
            return false;
        }
    return true;
}
static const XmElem numa_elem = ELEM("numa", Cpu, numa_rows, .loaded = numa_loaded);

static const XmRow cpu_rows[] = {
    A_ENUM(Cpu, mode, "mode", cpu_mode, .flags = XM_NONZERO | XM_ABI),
    A_ENUM(Cpu, match, "match", cpu_match, .flags = XM_NONZERO),
    A_ENUM(Cpu, check, "check", cpu_check, .flags = XM_NONZERO),
    A_ONOFF(Cpu, migratable, "migratable"),
    LEAF_STR(Cpu, arch, "arch"),
    INLINE("model", model_elem),
    LEAF_STR(Cpu, vendor, "vendor"),
    INLINE("topology", topology_elem),
    INLINE("cache", cache_elem),
    INLINE("maxphysaddr", bits_elem),
    LIST(Cpu, features, "feature", feature_elem),
    INLINE("numa", numa_elem),
};
const XmElem cpu_elem = ELEM("cpu", Cpu, cpu_rows);
