/* Rows of the small devices of the board. */
#include "config.h"
#include <string.h>
#include "conf/board.h"
#include "util/size.h"

XM_ENUM(watchdog_model, "model of a watchdog", NULL, "i6300esb", "ib700", "diag288", "itco");
XM_COVERS(watchdog_model, WATCHDOG__N);
XM_ENUM(watchdog_action, "action of a watchdog", NULL, "reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi");
XM_COVERS(watchdog_action, WATCHDOG_ACTION__N);
XM_ENUM(memballoon_model, "model of a balloon", NULL, "virtio", "xen", "none", "virtio-transitional", "virtio-non-transitional");
XM_COVERS(memballoon_model, BALLOON__N);
XM_ENUM(panic_model, "model of a panic device", NULL, "isa", "pseries", "hyperv", "s390", "pvpanic");
XM_COVERS(panic_model, PANIC__N);
XM_ENUM(shmem_role, "role of shared memory", NULL, "master", "peer");
XM_COVERS(shmem_role, SHMEM_ROLE__N);
XM_ENUM(shmem_model, "model of shared memory", NULL, "ivshmem", "ivshmem-plain", "ivshmem-doorbell");
XM_COVERS(shmem_model, SHMEM__N);
XM_ENUM(memory_model, "model of a memory module", NULL, "dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc");
XM_COVERS(memory_model, MEMORY__N);
XM_ENUM(module_access, "access mode of memory", NULL, "default", "shared", "private");
XM_COVERS(module_access, MODULE_ACCESS__N);
XM_ENUM(crypto_model, "model of a crypto device", NULL, "virtio");
XM_COVERS(crypto_model, CRYPTO_MODEL__N);
XM_ENUM(crypto_type, "type of crypto device", NULL, "qemu");
XM_COVERS(crypto_type, CRYPTO_TYPE__N);
XM_ENUM(crypto_backend, "crypto backend", NULL, "builtin", "lkcf");
XM_COVERS(crypto_backend, CRYPTO_BACKEND__N);
XM_ENUM(iommu_model, "model of an IOMMU", NULL, "intel", "smmuv3", "virtio");
XM_COVERS(iommu_model, IOMMU__N);
XM_ENUM(vsock_model, "model of a vsock", NULL, "virtio", "virtio-transitional", "virtio-non-transitional");
XM_COVERS(vsock_model, VSOCK__N);

static bool refuse(char **why, const char *text)
{
    *why = g_strdup(text);
    return false;
}

#define ONE(id, T, name, ...) \
    static const XmRow id##_rows[] = { __VA_ARGS__ }; \
    static const XmElem id##_elem = ELEM(name, T, id##_rows)

/* --- <watchdog>, <memballoon>, <nvram>, <panic> */

static const XmRow watchdog_rows[] = {
    A_ENUM (Watchdog, model, "model", watchdog_model, .flags = XM_REQUIRED | XM_ABI),
    A_ENUM (Watchdog, action, "action", watchdog_action, .doc = "when the guest stops feeding it"),
    INCLUDE(Watchdog, info, device_info_elem),
};
const XmElem watchdog_elem = ELEM("watchdog", Watchdog, watchdog_rows, .has_line = true);

ONE(stats, Memballoon, "stats", A_U32(Memballoon, period_s, "period", .max = G_MAXINT32, .flags = XM_HOT, .doc = "seconds between reports"));
static const XmRow memballoon_rows[] = {
    A_ENUM (Memballoon, model, "model", memballoon_model, .flags = XM_REQUIRED | XM_ABI),
    A_ONOFF(Memballoon, autodeflate, "autodeflate", .flags = XM_ABI, .doc = "give memory back before the guest runs out"),
    A_ONOFF(Memballoon, free_page_reporting, "freePageReporting", .flags = XM_ABI),
    INLINE ("stats", stats_elem),
    INCLUDE(Memballoon, info, device_info_elem),
    INLINE_AT(Memballoon, virtio, "driver", virtio_options_elem),
};
const XmElem memballoon_elem = ELEM("memballoon", Memballoon, memballoon_rows, .has_line = true);

static const XmRow nvram_rows[] = { INCLUDE(Nvram, info, device_info_elem) };
const XmElem nvram_elem = ELEM("nvram", Nvram, nvram_rows, .has_line = true);

static const XmRow panic_rows[] = {
    A_ENUM (Panic, model, "model", panic_model, .flags = XM_ABI),
    INCLUDE(Panic, info, device_info_elem),
};
const XmElem panic_elem = ELEM("panic", Panic, panic_rows, .has_line = true);

/* --- <shmem> */

static bool shmem_size_loaded(gpointer obj, xmlNode *node, char **why)
{
    Shmem *s = obj;
    guint64 unit = s->size.unit ? size_unit(s->size.unit) : 1;

    if (!unit || __builtin_mul_overflow(s->size.mib, unit, &s->size.bytes)) {
        *why = g_strdup_printf("'%s' is not a unit of sizes, or the size is too large", s->size.unit ? s->size.unit : "");
        return false;
    }
    s->size.mib = (s->size.bytes >> 20) + !!(s->size.bytes & 0xfffff);
    g_free(s->size.unit);
    s->size.unit = g_strdup("M");
    return true;
}

static bool server_loaded(gpointer obj, xmlNode *node, char **why)
{
    return ((Shmem *)obj)->has_server = true;
}

static bool server_present(gconstpointer obj)
{
    return ((const Shmem *)obj)->has_server;
}

static bool msi_loaded(gpointer obj, xmlNode *node, char **why)
{
    return ((Shmem *)obj)->msi.present = true;
}

static bool msi_present(gconstpointer obj)
{
    return ((const Shmem *)obj)->msi.present;
}

static bool shmem_check(gconstpointer obj, char **why)
{
    const Shmem *s = obj;
    if (s->name && (strchr(s->name, '/') || !strcmp(s->name, ".") || !strcmp(s->name, "..")))
        return refuse(why, "the name of shared memory is a file name, without '/'");
    return true;
}

ONE(shmem_model_, Shmem, "model", A_ENUM(Shmem, model, "type", shmem_model, .flags = XM_REQUIRED | XM_ABI));
static const XmRow shmem_size_rows[] = {
    A_STR(Shmem, size.unit, "unit"),
    XM_SCALAR(XM_TEXT, Shmem, size.mib, NULL, xm_u64, guint64, .flags = XM_ABI),
};
static bool shmem_size_present(gconstpointer obj)
{
    return ((const Shmem *)obj)->size.mib > 0;
}
static const XmElem shmem_size_elem = ELEM("size", Shmem, shmem_size_rows, .loaded = shmem_size_loaded, .present = shmem_size_present);
static const XmRow server_rows[] = { A_STR(Shmem, server_path, "path") };
static const XmElem server_elem = ELEM("server", Shmem, server_rows, .loaded = server_loaded, .present = server_present);
static const XmRow msi_rows[] = {
    A_ONOFF(Shmem, msi.enabled, "enabled", .flags = XM_ALIAS),
    A_U32  (Shmem, msi.vectors, "vectors", .flags = XM_ABI),
    A_ONOFF(Shmem, msi.ioeventfd, "ioeventfd", .flags = XM_ABI),
};
static const XmElem msi_elem = ELEM("msi", Shmem, msi_rows, .loaded = msi_loaded, .present = msi_present);
static const XmRow shmem_rows[] = {
    A_STR  (Shmem, name, "name", .flags = XM_REQUIRED),
    A_ENUM (Shmem, role, "role", shmem_role, .flags = XM_ABI),
    INLINE ("model", shmem_model__elem),
    INLINE ("size", shmem_size_elem),
    INLINE ("server", server_elem),
    INLINE ("msi", msi_elem),
    INCLUDE(Shmem, info, device_info_elem),
};
const XmElem shmem_elem = ELEM("shmem", Shmem, shmem_rows, .has_line = true, .check = shmem_check);

/* --- <memory> */

ONE(label, MemoryDevice, "label", SIZE(MemoryDevice, target.label, "size", .flags = XM_ABI));
static const XmRow memory_target_rows[] = {
    SIZE  (MemoryDevice, target.size, "size", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    LEAF_OPT(MemoryDevice, target.node, "node", .flags = XM_ABI, .doc = "NUMA node of the guest"),
    INLINE("label", label_elem),
    FLAG  (MemoryDevice, target.readonly, "readonly", .flags = XM_ABI),
    SIZE  (MemoryDevice, target.block, "block", .flags = XM_ABI),
    SIZE  (MemoryDevice, target.requested, "requested", .flags = XM_HOT),
    SIZE  (MemoryDevice, target.current, "current", .flags = XM_LIVE),
};
static const XmElem memory_target_elem = ELEM("target", MemoryDevice, memory_target_rows);
static const XmRow memory_source_rows[] = {
    LEAF_STR(MemoryDevice, source.path, "path"),
    SIZE  (MemoryDevice, source.align, "alignsize"),
    FLAG  (MemoryDevice, source.pmem, "pmem", .flags = XM_ABI),
    XM_SCALAR(XM_LEAF, MemoryDevice, source.nodes, "nodemask", xm_bitmap, Bitmap *, .doc = "nodes of the host"),
    SIZE  (MemoryDevice, source.page_size, "pagesize"),
};
static const XmElem memory_source_elem = ELEM("source", MemoryDevice, memory_source_rows);

static guint memory_variant(gconstpointer obj)
{
    return ((const MemoryDevice *)obj)->model;
}

static bool memory_check(gconstpointer obj, char **why)
{
    const MemoryDevice *m = obj;
    bool is_file = m->model == MEMORY_NVDIMM || m->model == MEMORY_VIRTIO_PMEM;

    if (is_file && !m->source.path)
        return refuse(why, "this model of memory needs a <source><path>");
    if (m->target.label >= m->target.size)
        return refuse(why, "the label is as large as the module or larger");
    return true;
}

static const XmRow memory_rows[] = {
    A_ENUM (MemoryDevice, model, "model", memory_model, .flags = XM_REQUIRED | XM_ABI),
    A_ENUM (MemoryDevice, access, "access", module_access),
    A_YESNO(MemoryDevice, discard, "discard"),
    LEAF_UUID(MemoryDevice, uuid, "uuid", .flags = XM_ABI),
    INLINE ("source", memory_source_elem),
    INLINE ("target", memory_target_elem, .flags = XM_REQUIRED),
    INCLUDE(MemoryDevice, info, device_info_elem),
};
const XmElem memory_device_elem = ELEM("memory", MemoryDevice, memory_rows, .has_line = true, .variant = memory_variant,
                                       .check = memory_check);

/* --- <crypto>, <iommu>, <vsock> */

ONE(crypto_backend_, Crypto, "backend",
    A_ENUM(Crypto, backend, "model", crypto_backend, .flags = XM_REQUIRED),
    A_U32 (Crypto, queues, "queues"));
static const XmRow crypto_rows[] = {
    A_ENUM (Crypto, model, "model", crypto_model, .flags = XM_REQUIRED | XM_ABI),
    A_ENUM (Crypto, type, "type", crypto_type, .flags = XM_REQUIRED),
    INLINE ("backend", crypto_backend__elem, .flags = XM_REQUIRED),
    INLINE_AT(Crypto, virtio, "driver", virtio_options_elem),
    INCLUDE(Crypto, info, device_info_elem),
};
const XmElem crypto_elem = ELEM("crypto", Crypto, crypto_rows, .has_line = true);

ONE(iommu_driver, Iommu, "driver",
    A_ONOFF(Iommu, intremap, "intremap", .flags = XM_ABI),
    A_ONOFF(Iommu, caching_mode, "caching_mode", .flags = XM_ABI),
    A_ONOFF(Iommu, eim, "eim", .flags = XM_ABI),
    A_ONOFF(Iommu, iotlb, "iotlb", .flags = XM_ABI),
    A_U32  (Iommu, aw_bits, "aw_bits", .flags = XM_ABI));
static const XmRow iommu_rows[] = {
    A_ENUM (Iommu, model, "model", iommu_model, .flags = XM_REQUIRED | XM_ABI),
    INLINE ("driver", iommu_driver_elem),
    INCLUDE(Iommu, info, device_info_elem),
};
const XmElem iommu_elem = ELEM("iommu", Iommu, iommu_rows, .has_line = true);

static bool cid_check(gconstpointer obj, char **why)
{
    const Vsock *v = obj;
    if (v->cid && v->cid <= 2)
        return refuse(why, "context ids 0 to 2 are the host's; a guest's begins at 3");
    return true;
}

static const XmRow cid_rows[] = {
    A_YESNO(Vsock, auto_cid, "auto"),
    A_U32  (Vsock, cid, "address", .flags = XM_NONZERO),
};
static const XmElem cid_elem = ELEM("cid", Vsock, cid_rows, .check = cid_check);
static const XmRow vsock_rows[] = {
    A_ENUM (Vsock, model, "model", vsock_model, .flags = XM_ABI),
    INLINE ("cid", cid_elem),
    INCLUDE(Vsock, info, device_info_elem),
    INLINE_AT(Vsock, virtio, "driver", virtio_options_elem),
};
const XmElem vsock_elem = ELEM("vsock", Vsock, vsock_rows, .has_line = true);
