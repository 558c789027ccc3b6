/* What only a running domain has: aliases (by which QEMU, clients and events name a device), the numbers of block
 * nodes, and the boot index of each device. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "conf/board.h"
#include "conf/disk.h"
#include "drivers/qemu/address.h"
#include "drivers/qemu/build.h"
#include "drivers/qemu/chardev_define.h"
#include "drivers/qemu/chardev_start.h"
#include "drivers/qemu/cpu_models.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/firmware.h"
#include "drivers/qemu/graphics_start.h"
#include "drivers/qemu/kept.h"

/* --- aliases */

static char *disk_alias(const DomainDef *def, const Disk *disk)
{
    const Address *a = &disk->info.addr;
    int n = MAX(disk_index(disk->dst), 0);
    switch (disk->bus) {
    case DISK_BUS_VIRTIO:
        return g_strdup_printf("virtio-disk%d", n);
    case DISK_BUS_USB:
        return g_strdup_printf("usb-disk%d", n);
    case DISK_BUS_SD:
        return g_strdup_printf("sd-disk%d", n);
    case DISK_BUS_SCSI: {
        const Controller *c = controller_find(def, CONTROLLER_SCSI, a->drive.controller.v);
        if (c && c->model != MODEL_LSILOGIC)
            return g_strdup_printf("scsi%u-%u-%u-%u", a->drive.controller.v, a->drive.bus.v, a->drive.target.v,
                                   a->drive.unit.v);
        break;
    }
    default:
        break;
    }
    return g_strdup_printf("%s%u-%u-%u", xm_enum_name(&disk_bus, disk->bus), a->drive.controller.v, a->drive.bus.v,
                           a->drive.unit.v);
}

static char *controller_alias(const DomainDef *def, const Controller *c)
{
    guint n = c->index.v;
    const char *fixed = controller_board_bus(def, c);
    if (fixed)
        return g_strdup(fixed);
    switch (c->type) {
    case CONTROLLER_PCI:
        return g_strdup_printf("pci.%u", n);
    case CONTROLLER_USB:
        return n ? g_strdup_printf("usb%u", n) : g_strdup("usb");
    default:
        return g_strdup_printf("%s%u", xm_enum_name(&controller_type, c->type), n);
    }
}

/* The others count in the order of the definition. */
static const char *const prefixes[DEV__N] = {
    [DEV_FILESYSTEM] = "fs", [DEV_INTERFACE] = "net", [DEV_SMARTCARD] = "smartcard", [DEV_SERIAL] = "serial",
    [DEV_PARALLEL] = "parallel", [DEV_CONSOLE] = "console", [DEV_CHANNEL] = "channel", [DEV_INPUT] = "input",
    [DEV_TPM] = "tpm", [DEV_SOUND] = "sound", [DEV_VIDEO] = "video", [DEV_HOSTDEV] = "hostdev", [DEV_REDIRDEV] = "redir",
    [DEV_HUB] = "hub", [DEV_WATCHDOG] = "watchdog", [DEV_MEMBALLOON] = "balloon", [DEV_RNG] = "rng",
    [DEV_PANIC] = "panic", [DEV_SHMEM] = "shmem", [DEV_CRYPTO] = "crypto", [DEV_IOMMU] = "iommu",
    [DEV_VSOCK] = "vsock", [DEV_NVRAM] = "nvram",
};

/* Memory is named by its model; what sits in a slot by that. */
static char *memory_alias(const DomainDef *def, const MemoryDevice *m)
{
    static const char *const names[MEMORY__N] = {
        [MEMORY_DIMM] = "dimm", [MEMORY_NVDIMM] = "nvdimm", [MEMORY_VIRTIO_PMEM] = "virtiopmem",
        [MEMORY_VIRTIO_MEM] = "virtiomem", [MEMORY_SGX_EPC] = "epc",
    };
    guint n = 0;
    if (m->info.addr.type == ADDR_DIMM && m->info.addr.dimm.slot.set)
        return g_strdup_printf("%s%u", names[m->model], m->info.addr.dimm.slot.v);
    EACH_DEVICE(def, DEV_MEMORY, MemoryDevice, other) {
        if (other == m)
            break;
        n += other->model == m->model;
    }
    return g_strdup_printf("%s%u", names[m->model] ? names[m->model] : "memory", n);
}

static char *alias_of(const DomainDef *def, const DeviceRef *ref)
{
    switch (ref->kind) {
    case DEV_DISK:
        return disk_alias(def, ref->dev);
    case DEV_CONTROLLER:
        return controller_alias(def, ref->dev);
    case DEV_MEMORY:
        return memory_alias(def, ref->dev);
    case DEV_NVRAM:
        return g_strdup("nvram");
    default:
        return prefixes[ref->kind] ? g_strdup_printf("%s%u", prefixes[ref->kind], ref->index) : NULL;
    }
}

/* Counted on from the highest number: what has just gone is not met again under its name. */
static guint next_number(const DomainDef *def, DeviceKind kind)
{
    gsize len = strlen(prefixes[kind]);
    guint next = 0;
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        if (ref.info->alias && !strncmp(ref.info->alias, prefixes[kind], len) && g_ascii_isdigit(ref.info->alias[len]))
            next = MAX(next, (guint)atoi(ref.info->alias + len) + 1);
    return next;
}

void device_give_alias(const DomainDef *def, DeviceRef ref)
{
    if (ref.info->alias)
        return;
    if (prefixes[ref.kind])
        ref.index = next_number(def, ref.kind);
    ref.info->alias = alias_of(def, &ref);
}

static void give_aliases(DomainDef *def)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        if (!ref.info->alias)
            ref.info->alias = alias_of(def, &ref);
}

/* Two devices of one name: a user's alias may be another's default. */
static bool check_aliases(const DomainDef *def, GError **err)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);) {
        const Controller *c = ref.dev;
        bool companion = ref.kind == DEV_CONTROLLER && c->type == CONTROLLER_USB && c->info.master_startport.set;
        bool unnamed = ref.kind == DEV_CONSOLE || companion || !ref.info->alias;
        if (unnamed || g_hash_table_add(seen, ref.info->alias))
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_XML, "non unique alias detected: %s; rename it", ref.info->alias);
        return false;
    }
    return true;
}

/* --- block nodes: numbered from the last disk to the first, each chain from its top down */

static void number_nodes(DomainDef *def)
{
    GPtrArray *disks = domain_devices(def, DEV_DISK);
    guint next = 1;
    for (guint i = disks->len; i-- > 0;) {
        Disk *disk = disks->pdata[i];
        if (disk->src.type == SOURCE_VHOSTUSER || disk->bus == DISK_BUS_SD)
            continue;
        disk->src.index = next++;           /* an empty drive's too: a medium may come */
        for (StorageBacking *b = disk->src.backing; b && b->src.type != SOURCE_NONE; b = b->src.backing)
            b->src.index = next++;
    }
}

/* --- boot order */

static BootDevice boots_as(const Disk *disk)
{
    static const BootDevice devices[DISK_DEVICE__N] = { [DISK_DEVICE_DISK] = BOOT_HD, [DISK_DEVICE_LUN] = BOOT_HD,
                                                        [DISK_DEVICE_CDROM] = BOOT_CDROM, [DISK_DEVICE_FLOPPY] = BOOT_FD };
    return devices[disk->device];
}

/* <os><boot dev> means the first device of the kind: it gets the place in the list, counted from 1. */
static void boot_by_kind(DomainDef *def)
{
    guint places[BOOT__N] = { 0 };
    GPtrArray *boots = def->frame.os.boot;
    for (guint i = 0; boots && i < boots->len; i++)
        places[((const Boot *)boots->pdata[i])->dev] = i + 1;
    GPtrArray *disks = domain_devices(def, DEV_DISK), *nics = domain_devices(def, DEV_INTERFACE);
    for (guint i = 0; i < disks->len; i++) {
        Disk *disk = disks->pdata[i];
        BootDevice kind = boots_as(disk);
        disk->info.boot_index = places[kind];
        places[kind] = 0;
    }
    if (nics->len > 0)
        ((DeviceInfo *)nics->pdata[0])->boot_index = places[BOOT_NETWORK];
}

static void give_boot_indices(DomainDef *def)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        ref.info->boot_index = ref.info->boot_order;
    if (def->frame.os.boot && def->frame.os.boot->len > 0)
        boot_by_kind(def);
}

/* --- memory: QEMU takes whole MiB */

#define MIB ((guint64)1024 * 1024)
#define MAX_MEMORY ((guint64)G_MAXINT64 & ~(guint64)1023)

static bool align_to(guint64 *bytes, guint64 unit, const char *what, guint i, GError **err)
{
    if (*bytes <= MAX_MEMORY && (*bytes + unit - 1) / unit * unit <= MAX_MEMORY) {
        *bytes = (*bytes + unit - 1) / unit * unit;
        return true;
    }
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "memory size of %s '%u' overflowed after alignment", what, i);
    return false;
}

static bool align(guint64 *bytes, const char *what, guint i, GError **err)
{
    return align_to(bytes, MIB, what, i, err);
}

/* Modules are mapped by pages of 2 MiB. */
static bool align_memory(DomainDef *def, GError **err)
{
    const GPtrArray *cells = def->frame.cpu ? def->frame.cpu->cells : NULL;
    GPtrArray *modules = domain_devices(def, DEV_MEMORY);
    guint64 boot = domain_boot_memory(def), all = 0;
    for (guint i = 0; cells && i < cells->len; i++) {
        NumaCell *cell = g_ptr_array_index(cells, i);
        guint64 bytes = cell->memory > MAX_MEMORY / 1024 ? G_MAXUINT64 : cell->memory * 1024;
        if (!align(&bytes, "NUMA node", i, err))
            return false;
        cell->memory = bytes / 1024;
        all += bytes;
        if (!align(&all, "the nodes up to", i, err))
            return false;
    }
    boot = all ? all : boot;
    if (!align(&boot, "domain", 0, err))
        return false;
    for (guint i = 0; i < modules->len; i++)
        if (!align_to(&((MemoryDevice *)modules->pdata[i])->target.size, 2 * MIB, "memory module", i, err))
            return false;
    def->frame.memory.size = boot + domain_module_memory(def);
    return !def->frame.memory.max || align(&def->frame.memory.max, "maximum of domain", 0, err);
}

bool qemu_prepare_live(DomainDef *def, const QemuBuild *b, GError **err)
{
    if (!kept_check(def, !b->dry, err))
        return false;
    if (!firmware_select(def, b->lib_dir, b->firmware_dirs, err) || !align_memory(def, err))
        return false;
    if (def->frame.cpu && b->caps && !cpu_settle(b->caps, def->frame.virt == VIRT_KVM, def->frame.cpu, err))
        return false;
    give_aliases(def);
    if (!check_aliases(def, err))
        return false;
    number_nodes(def);
    give_boot_indices(def);
    chardevs_prepare(def, b->lib_dir, b->domain_dir);
    if (b->dry)
        graphics_prepare_dry(def, b->domain_dir, b->run_dir);
    console_follow_serial(def);
    return true;
}
