/* Defaults of disks: bus by target name, image format, place on the bus; then the rules (disk_rules.c). */
#include "config.h"
#include "conf/disk.h"
#include "conf/filesystem.h"
#include "drivers/qemu/address.h"
#include "drivers/qemu/disk_rules.h"

static void default_bus(Disk *disk)
{
    static const struct { const char *prefix; DiskBus bus; } buses[] = {
        { "hd", DISK_BUS_IDE }, { "sd", DISK_BUS_SCSI }, { "vd", DISK_BUS_VIRTIO }, { "xvd", DISK_BUS_XEN },
        { "ubd", DISK_BUS_UML },
    };
    if (disk->bus == DISK_BUS_NONE && disk->device == DISK_DEVICE_FLOPPY)
        disk->bus = DISK_BUS_FDC;
    for (guint i = 0; i < G_N_ELEMENTS(buses) && disk->bus == DISK_BUS_NONE; i++)
        if (g_str_has_prefix(disk->dst, buses[i].prefix))
            disk->bus = buses[i].bus;
    if (disk->bus == DISK_BUS_NONE)
        disk->bus = DISK_BUS_IDE;
}

static void default_encryption(StorageEncryption *encryption)
{
    if (encryption && encryption->engine == ENGINE_NONE)
        encryption->engine = ENGINE_QEMU;
}

static void default_ports(StorageSource *src)
{
    static const guint16 ports[PROTO__N] = {
        [PROTO_NBD] = 10809, [PROTO_SHEEPDOG] = 7000, [PROTO_GLUSTER] = 24007, [PROTO_ISCSI] = 3260, [PROTO_HTTP] = 80,
        [PROTO_HTTPS] = 443, [PROTO_FTP] = 21, [PROTO_FTPS] = 990, [PROTO_TFTP] = 69, [PROTO_SSH] = 22,
        [PROTO_VXHS] = 9999,
    };
    for (guint i = 0; src->hosts && i < src->hosts->len; i++) {
        SourceHost *host = src->hosts->pdata[i];
        if (host->transport != TRANSPORT_UNIX && !host->port)
            host->port = ports[src->protocol];
    }
}

static void default_source(StorageSource *src)
{
    default_ports(src);
    default_encryption(src->encryption);
    for (StorageBacking *b = src->backing; b; b = b->src.backing)
        default_encryption(b->src.encryption);
}

static void fill(Disk *disk)
{
    if (!disk->driver.name)
        disk->driver.name = g_strdup("qemu");
    /* A volume's format is known to its pool. */
    if (disk->src.format == FORMAT_NONE && disk->src.type != SOURCE_VOLUME)
        disk->src.format = FORMAT_RAW;
    if (disk->device == DISK_DEVICE_CDROM)
        disk->readonly = true;
    if (source_is_empty(&disk->src))
        disk->src.type = SOURCE_FILE;
    if (disk->src.type == SOURCE_VHOSTUSER && disk->snapshot == SNAPSHOT_NONE)
        disk->snapshot = SNAPSHOT_NO;
    default_encryption(disk->encryption);
    default_source(&disk->src);
}

/* --- the place on a bus that a target name stands for */

typedef struct { guint per_controller, per_bus; } Layout;
static const Layout layouts[DISK_BUS__N] = {
    [DISK_BUS_IDE] = { 4, 2 }, [DISK_BUS_FDC] = { 2, 2 }, [DISK_BUS_SCSI] = { 7, 7 }, [DISK_BUS_SATA] = { 6, 6 },
};

static bool place(Disk *disk, GError **err)
{
    Layout layout = layouts[disk->bus];
    if (disk->info.addr.type != ADDR_NONE || !layout.per_bus)
        return true;
    int index = disk_index(disk->dst);
    if (index < 0) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "Unknown disk name '%s' and no address specified", disk->dst);
        return false;
    }
    guint in_controller = index % layout.per_controller;
    Address *a = &disk->info.addr;
    a->type = ADDR_DRIVE;
    a->drive.controller = (OptU32){ true, index / layout.per_controller };
    a->drive.bus = (OptU32){ true, in_controller / layout.per_bus };
    a->drive.target = (OptU32){ true, 0 };
    a->drive.unit = (OptU32){ true, in_controller % layout.per_bus };
    return true;
}

/* --- order: disks of one bus stand together, by target name */

static guint place_of(GPtrArray *disks, const Disk *disk)
{
    int at = -1, index = disk_index(disk->dst);
    for (guint i = disks->len; i-- > 0;) {
        const Disk *other = disks->pdata[i];
        if (other->bus != disk->bus)
            continue;
        if (index < disk_index(other->dst))
            at = i;
        else if (at < 0)
            at = i + 1;
    }
    return at < 0 ? disks->len : (guint)at;
}

static void sort_disks(GPtrArray *disks)
{
    g_autoptr(GPtrArray) given = g_ptr_array_new();
    for (guint i = 0; i < disks->len; i++)
        g_ptr_array_add(given, disks->pdata[i]);
    for (guint i = disks->len; i-- > 0;)
        g_ptr_array_steal_index(disks, i);
    for (guint i = 0; i < given->len; i++)
        g_ptr_array_insert(disks, place_of(disks, given->pdata[i]), given->pdata[i]);
}

static void default_filesystems(DomainDef *def)
{
    GPtrArray *all = domain_devices(def, DEV_FILESYSTEM);
    for (guint i = 0; i < all->len; i++) {
        Filesystem *fs = all->pdata[i];
        if (!fs->access)
            fs->access = FS_PASSTHROUGH;
    }
}

bool pass_disks(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    GPtrArray *disks = domain_devices(def, DEV_DISK);
    for (guint i = 0; i < disks->len; i++) {
        Disk *disk = disks->pdata[i];
        if (!disk->dst) {
            g_set_error(err, QV_ERROR, QV_ERR_XML, "disk %u has no <target dev>", i + 1);
            return false;
        }
        default_bus(disk);
    }
    sort_disks(disks);
    for (guint i = 0; i < disks->len; i++) {
        fill(disks->pdata[i]);
        if (!place(disks->pdata[i], err))
            return false;
    }
    default_filesystems(def);
    return disks_check(def, ctx, err);
}
