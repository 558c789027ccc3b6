/* -numa, and the memory objects of machines and cells. */
#include "config.h"
#include "conf/board.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/frame_build.h"
#include "util/bitmap.h"

bool frame_has_nvdimm(const DomainDef *def)
{
    EACH_DEVICE(def, DEV_MEMORY, MemoryDevice, m)
        if (m->model == MEMORY_NVDIMM)
            return true;
    return false;
}

static const char *backend_type(const Memory *m)
{
    if (m->backing.hugepages_wanted || m->backing.source == MEMSOURCE_FILE)
        return m->backing.source == MEMSOURCE_MEMFD ? "memory-backend-memfd" : "memory-backend-file";
    return m->backing.source == MEMSOURCE_MEMFD ? "memory-backend-memfd" : "memory-backend-ram";
}

void frame_memory_backend(const QemuBuild *b, json_object *p, const char *id, guint64 size, guint32 access, Tristate discard)
{
    const Memory *m = &b->def->frame.memory;
    const char *type = backend_type(m);
    g_autofree char *name = g_path_get_basename(b->domain_dir ? b->domain_dir : "");
    props_str(p, "qom-type", type);
    props_str(p, "id", id);
    if (g_str_equal(type, "memory-backend-file"))
        props_strf(p, "mem-path", "%s/qemu/ram/%s/%s", b->lib_dir, name, id);
    if (access)
        props_bool(p, "share", access == MEMACCESS_SHARED);
    props_tri(p, "discard-data", discard);
    if (m->backing.allocation.mode == MEMALLOC_IMMEDIATE)
        props_bool(p, "prealloc", true);
    props_u64_opt(p, "prealloc-threads", m->backing.allocation.mode == MEMALLOC_IMMEDIATE ? m->backing.allocation.threads : 0);
    props_u64(p, "size", size);
}

static void build_cell(QemuBuild *b, const NumaCell *cell, guint i)
{
    guint id = cell->id.set ? cell->id.v : i;
    g_autofree char *memdev = g_strdup_printf("ram-node%u", id), *cpus = cell->cpus ? bitmap_format(cell->cpus) : NULL;
    json_object *object = json_object_new_object(), *p = json_object_new_object();
    guint32 access = cell->access ? cell->access : b->def->frame.memory.backing.access;
    frame_memory_backend(b, object, memdev, cell->memory, access,
                         cell->discard ? cell->discard : b->def->frame.memory.backing.discard ? TRI_YES : TRI_ABSENT);
    qemu_command_json(b->cmd, "-object", object, reason_path("/domain/cpu/numa/cell", 0));
    props_str(p, "", "node");
    props_u64(p, "nodeid", id);
    /* Ranges are options of their own. */
    g_auto(GStrv) ranges = g_strsplit(cpus ? cpus : "", ",", -1);
    json_object *list = json_object_new_array();
    for (guint r = 0; ranges[r]; r++)
        json_object_array_add(list, json_object_new_string(ranges[r]));
    json_object_object_add(p, "cpus", list);
    props_str(p, "memdev", memdev);
    qemu_command_opts(b->cmd, "-numa", p, reason_path("/domain/cpu/numa/cell", 0));
}

static void build_distances(QemuBuild *b, const NumaCell *cell, guint i)
{
    for (guint d = 0; cell->distances && d < cell->distances->len; d++) {
        const NumaDistance *to = g_ptr_array_index(cell->distances, d);
        json_object *p = json_object_new_object();
        props_str(p, "", "dist");
        props_u64(p, "src", cell->id.set ? cell->id.v : i);
        props_u64(p, "dst", to->id.v);
        props_u64(p, "val", to->value);
        qemu_command_opts(b->cmd, "-numa", p, reason_path("/domain/cpu/numa/cell/distances", 0));
    }
}

bool build_numa(QemuBuild *b, G_GNUC_UNUSED GError **err)
{
    const Cpu *cpu = b->def->frame.cpu;
    guint n = cpu && cpu->cells ? cpu->cells->len : 0;
    for (guint i = 0; i < n; i++)
        build_cell(b, g_ptr_array_index(cpu->cells, i), i);
    for (guint i = 0; i < n; i++)
        build_distances(b, g_ptr_array_index(cpu->cells, i), i);
    return true;
}
