/* -numa: the cells, their memory, distances and costs. */
#include "config.h"
#include "conf/board.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/frame_build.h"
#include "drivers/qemu/memory_backend.h"
#include "util/bitmap.h"

bool frame_has_nvdimm(const DomainDef *def)
{
    EACH_DEVICE(def, DEV_MEMORY, MemoryDevice, m)
        if (m->model == MEMORY_NVDIMM)
            return true;
    return false;
}

static guint n_cells(const QemuBuild *b)
{
    const Cpu *cpu = b->def->frame.cpu;
    return cpu && cpu->cells ? cpu->cells->len : 0;
}

static const NumaCell *cell_at(const QemuBuild *b, guint i)
{
    return g_ptr_array_index(b->def->frame.cpu->cells, i);
}

/* --- heterogeneous memory: what reaching a cell costs */

static const struct { const char *latency, *bandwidth; } data_types[NUMA_ACCESS__N] = {
    [NUMA_ACCESS] = { "access-latency", "access-bandwidth" },
    [NUMA_READ] = { "read-latency", "read-bandwidth" },
    [NUMA_WRITE] = { "write-latency", "write-bandwidth" },
};
static const char *const levels[] = { "memory", "first-level", "second-level", "third-level" };
static const char *const associativities[ASSOC__N] = { [ASSOC_NONE] = "none", [ASSOC_DIRECT] = "direct", [ASSOC_FULL] = "complex" };
static const char *const policies[CACHE_POLICY__N] = {
    [CACHE_POLICY_NONE] = "none", [CACHE_POLICY_WRITEBACK] = "write-back", [CACHE_POLICY_WRITETHROUGH] = "write-through",
};

bool frame_has_hmat(const DomainDef *def)
{
    const Cpu *cpu = def->frame.cpu;
    if (!cpu)
        return false;
    for (guint i = 0; cpu->cells && i < cpu->cells->len; i++) {
        const NumaCell *cell = g_ptr_array_index(cpu->cells, i);
        if (cell->caches && cell->caches->len)
            return true;
    }
    return (cpu->latencies && cpu->latencies->len) || (cpu->bandwidths && cpu->bandwidths->len);
}

/* The cell whose processors reach @target best: itself where it has some, else by bandwidth, else by latency. */
static int initiator_of(const Cpu *cpu, const NumaCell *target)
{
    const struct { const GPtrArray *costs; bool more; } kinds[] = { { cpu->bandwidths, true }, { cpu->latencies, false } };
    if (target->cpus && bitmap_next(target->cpus, 0) >= 0)
        return target->id.v;
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        const NumaLatency *best = NULL;
        for (guint i = 0; kinds[k].costs && i < kinds[k].costs->len; i++) {
            const NumaLatency *cost = g_ptr_array_index(kinds[k].costs, i);
            if (cost->target.v != target->id.v || cost->cache.v)
                continue;
            if (!best || (kinds[k].more ? cost->value > best->value : cost->value < best->value))
                best = cost;
        }
        if (best)
            return best->initiator.v;
    }
    return -1;
}

static void build_cost(QemuBuild *b, const NumaLatency *cost, bool bandwidth)
{
    json_object *p = json_object_new_object();
    props_str(p, "", "hmat-lb");
    props_u64(p, "initiator", cost->initiator.v);
    props_u64(p, "target", cost->target.v);
    props_str(p, "hierarchy", levels[MIN(cost->cache.v, G_N_ELEMENTS(levels) - 1)]);
    props_str(p, "data-type", bandwidth ? data_types[cost->type].bandwidth : data_types[cost->type].latency);
    if (bandwidth)
        props_strf(p, "bandwidth", "%" G_GUINT64_FORMAT "K", cost->value);
    else
        props_u64(p, "latency", cost->value);
    qemu_command_opts(b->cmd, "-numa", p, reason_path("/domain/cpu/numa/interconnects", 0));
}

static void build_cache(QemuBuild *b, const NumaCell *cell, const NumaCache *cache)
{
    json_object *p = json_object_new_object();
    props_str(p, "", "hmat-cache");
    props_u64(p, "node-id", cell->id.v);
    props_strf(p, "size", "%" G_GUINT64_FORMAT "K", cache->size);
    props_u64(p, "level", cache->level.v);
    props_str(p, "associativity", associativities[cache->associativity]);
    props_str(p, "policy", policies[cache->policy]);
    props_u64(p, "line", cache->line);
    qemu_command_opts(b->cmd, "-numa", p, reason_path("/domain/cpu/numa/cell/cache", 0));
}

static void build_hmat(QemuBuild *b)
{
    const Cpu *cpu = b->def->frame.cpu;
    for (guint i = 0; cpu->latencies && i < cpu->latencies->len; i++)
        build_cost(b, g_ptr_array_index(cpu->latencies, i), false);
    for (guint i = 0; cpu->bandwidths && i < cpu->bandwidths->len; i++)
        build_cost(b, g_ptr_array_index(cpu->bandwidths, i), true);
    for (guint i = 0; i < n_cells(b); i++) {
        const NumaCell *cell = cell_at(b, i);
        for (guint k = 0; cell->caches && k < cell->caches->len; k++)
            build_cache(b, cell, g_ptr_array_index(cell->caches, k));
    }
}

/* --- cells */

static void put_object(gpointer object)
{
    json_object_put(object);
}

/* The memory objects of all cells. *ret_plain: no cell needs one. */
static GPtrArray *cell_objects(const QemuBuild *b, bool *ret_plain, GError **err)
{
    g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(put_object);
    *ret_plain = true;
    for (guint i = 0; i < n_cells(b); i++) {
        const NumaCell *cell = cell_at(b, i);
        g_autofree char *id = g_strdup_printf("ram-node%u", cell->id.v);
        MemoryPiece piece = { .id = id, .size = cell->memory * 1024, .cell = (int)cell->id.v, .access = cell->access,
                              .discard = cell->discard };
        json_object *p = json_object_new_object();
        bool plain = false;
        g_ptr_array_add(objects, p);
        if (!memory_backend_props(b, p, &piece, &plain, err))
            return NULL;
        *ret_plain = *ret_plain && plain;
    }
    return g_steal_pointer(&objects);
}

/* Ranges are options of their own. */
static void add_cpus(json_object *p, const Bitmap *cpus)
{
    g_autofree char *text = cpus ? bitmap_format(cpus) : NULL;
    g_auto(GStrv) ranges = g_strsplit(text ? text : "", ",", -1);
    json_object *list = json_object_new_array();
    for (guint r = 0; ranges[r]; r++)
        json_object_array_add(list, json_object_new_string(ranges[r]));
    json_object_object_add(p, "cpus", list);
}

/* @object: the cell's memory, or NULL where the machine divides its own. */
static void build_cell(QemuBuild *b, const NumaCell *cell, json_object *object)
{
    json_object *p = json_object_new_object();
    if (object)
        qemu_command_json(b->cmd, "-object", json_object_get(object), reason_path("/domain/cpu/numa/cell", 0));
    props_str(p, "", "node");
    props_u64(p, "nodeid", cell->id.v);
    add_cpus(p, cell->cpus);
    int initiator = frame_has_hmat(b->def) ? initiator_of(b->def->frame.cpu, cell) : -1;
    if (initiator >= 0)
        props_u64(p, "initiator", initiator);
    if (object)
        props_strf(p, "memdev", "ram-node%u", cell->id.v);
    else
        props_u64(p, "mem", cell->memory / 1024);
    qemu_command_opts(b->cmd, "-numa", p, reason_path("/domain/cpu/numa/cell", 0));
}

static void build_distances(QemuBuild *b, const NumaCell *cell)
{
    for (guint d = 0; cell->distances && d < cell->distances->len; d++) {
        const NumaDistance *to = g_ptr_array_index(cell->distances, d);
        json_object *p = json_object_new_object();
        props_str(p, "", "dist");
        props_u64(p, "src", cell->id.v);
        props_u64(p, "dst", to->id.v);
        props_u64(p, "val", to->value);
        qemu_command_opts(b->cmd, "-numa", p, reason_path("/domain/cpu/numa/cell/distances", 0));
    }
}

bool build_numa(QemuBuild *b, GError **err)
{
    const QemuMachine *m = qemu_caps_machine(b->caps, b->def->frame.os.machine);
    bool plain = false;
    if (!n_cells(b))
        return true;
    g_autoptr(GPtrArray) objects = cell_objects(b, &plain, err);
    if (!objects)
        return false;
    bool divided = plain && m && m->numa_mem_supported;      /* old machines; keeps their migration stream */
    if (divided && b->def->frame.memory.backing.allocation.mode == MEMALLOC_IMMEDIATE)
        qemu_command_flag(b->cmd, "-mem-prealloc", reason_path("/domain/memoryBacking/allocation", 0));
    for (guint i = 0; i < n_cells(b); i++)
        build_cell(b, cell_at(b, i), divided ? NULL : objects->pdata[i]);
    for (guint i = 0; i < n_cells(b); i++)
        build_distances(b, cell_at(b, i));
    if (frame_has_hmat(b->def))
        build_hmat(b);
    return true;
}
