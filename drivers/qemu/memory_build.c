/* Memory modules: a backend of the host's memory, and the module that the guest sees. */
#include "config.h"
#include "conf/board.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/misc_build.h"
#include "util/bitmap.h"

static const char *const drivers[MEMORY__N] = {
    [MEMORY_DIMM] = "pc-dimm", [MEMORY_NVDIMM] = "nvdimm", [MEMORY_VIRTIO_PMEM] = "virtio-pmem-pci",
    [MEMORY_VIRTIO_MEM] = "virtio-mem-pci",
};

static void add_host_nodes(json_object *o, const Bitmap *nodes)
{
    json_object *list = json_object_new_array();
    for (int n = bitmap_next(nodes, 0); n >= 0; n = bitmap_next(nodes, n + 1))
        json_object_array_add(list, json_object_new_int(n));
    json_object_object_add(o, "host-nodes", list);
    props_str(o, "policy", "bind");
}

static const char *backend_type(const MemoryDevice *m)
{
    if (m->source.path)
        return "memory-backend-file";
    return m->source.page_size || m->access == MODULE_SHARED ? "memory-backend-memfd" : "memory-backend-ram";
}

static json_object *backend_props(const MemoryDevice *m, const char *id)
{
    json_object *o = json_object_new_object();
    props_str(o, "qom-type", backend_type(m));
    props_str(o, "id", id);
    props_str(o, "mem-path", m->source.path);
    if (m->access == MODULE_SHARED || m->access == MODULE_PRIVATE)
        props_bool(o, "share", m->access == MODULE_SHARED);
    if (m->source.page_size && !m->source.path) {
        props_bool(o, "hugetlb", true);
        props_u64(o, "hugetlbsize", m->source.page_size);
    }
    if (m->model == MEMORY_NVDIMM || m->source.page_size)
        props_bool(o, "prealloc", true);
    props_tri(o, "discard-data", m->discard);
    props_u64(o, "size", m->target.size);
    props_u64_opt(o, "align", m->source.align);
    if (m->source.pmem)
        props_bool(o, "pmem", true);
    if (m->target.readonly)
        props_bool(o, "readonly", true);
    if (m->source.nodes)
        add_host_nodes(o, m->source.nodes);
    return o;
}

static json_object *device_props(const MemoryDevice *m, const char *backend)
{
    json_object *p = props_new(drivers[m->model], m->info.alias);
    props_optu32(p, "node", m->target.node);
    props_u64_opt(p, "label-size", m->target.label);
    props_u64_opt(p, "block-size", m->target.block);
    if (m->model == MEMORY_VIRTIO_MEM)
        props_u64(p, "requested-size", m->target.requested);
    if (m->target.address.set)
        props_u64(p, "memaddr", m->target.address.v);
    props_str(p, "uuid", m->uuid);
    if (m->target.readonly)
        props_bool(p, "unarmed", true);
    props_str(p, "memdev", backend);
    return p;
}

bool build_memory_devices(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_MEMORY, MemoryDevice, m) {
        g_autofree char *backend = g_strconcat("mem", m->info.alias, NULL);
        if (!drivers[m->model]) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<memory model='%s'> needs a host and QEMU with SGX",
                        xm_enum_name(&memory_model, m->model));
            return false;
        }
        qemu_command_json(b->cmd, "-object", backend_props(m, backend), build_reason(DEV_MEMORY, m_i, m));
        if (!build_device(b, device_props(m, backend), &m->info, build_reason(DEV_MEMORY, m_i, m), err))
            return false;
    }
    return true;
}
