/* Each rule is a function that says what is wrong, or NULL; rows name them, so that they can be read one by one. */
#include "config.h"
#include <string.h>
#include "conf/disk.h"
#include "conf/hostdev.h"
#include "drivers/qemu/address.h"
#include "drivers/qemu/disk_rules.h"

typedef const char *(*DiskRule)(const Disk *disk, const DefineCtx *ctx);

static bool is_scsi_or_lun(const Disk *disk) { return disk->device == DISK_DEVICE_LUN; }

static const char *rule_driver(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    return g_strcmp0(disk->driver.name, "qemu") == 0 ? NULL : "unsupported driver name; use name='qemu'";
}

static const char *rule_target(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    static const char *const prefixes[] = { "fd", "hd", "vd", "sd", "xvd", "ubd" };
    const char *letters = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(disk->dst, prefixes[i]))
            letters = disk->dst + strlen(prefixes[i]);
    if (disk->device == DISK_DEVICE_FLOPPY && !g_str_has_prefix(disk->dst, "fd"))
        return "Invalid floppy device name; floppies are called fda, fdb";
    if (!letters)
        return "invalid disk target; use a name like vda, sdb, hdc or fda";
    if (letters[strcspn(letters, "0123456789")])
        return "invalid disk target, partitions can't appear in disk targets";
    return NULL;
}

static const char *rule_bus(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (disk->bus == DISK_BUS_XEN || disk->bus == DISK_BUS_UML)
        return "QEMU has no such disk bus; use virtio, scsi, sata, ide, usb or sd";
    if (disk->device == DISK_DEVICE_FLOPPY && disk->bus != DISK_BUS_FDC)
        return "a floppy drive has bus='fdc'";
    if (disk->bus == DISK_BUS_FDC && disk->device != DISK_DEVICE_FLOPPY)
        return "bus='fdc' is for floppy drives";
    if (disk->device == DISK_DEVICE_CDROM && (disk->bus == DISK_BUS_VIRTIO || disk->bus == DISK_BUS_SD))
        return "a CD-ROM drive cannot be on this bus; use sata, ide, scsi or usb";
    return NULL;
}

static const char *rule_lun(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (!is_scsi_or_lun(disk) && disk->src.reservations)
        return "<reservations/> allowed only for lun devices";
    bool iscsi = disk->src.type == SOURCE_NETWORK && disk->src.protocol == PROTO_ISCSI;
    if (!is_scsi_or_lun(disk))
        return disk->rawio || disk->sgio ? "rawio or sgio can be used only with device='lun'" : NULL;
    if (disk->bus != DISK_BUS_SCSI && disk->bus != DISK_BUS_VIRTIO)
        return "disk device='lun' is not supported on this bus; use scsi";
    if (disk->src.type != SOURCE_BLOCK && disk->src.type != SOURCE_VOLUME && !iscsi)
        return "disk device='lun' is only valid for block type disk source";
    if (disk->src.format != FORMAT_RAW)
        return "disk device='lun' must use raw format";
    return NULL;
}

static const char *rule_format(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    switch (disk->src.format) {
    case FORMAT_COW: case FORMAT_DIR: case FORMAT_PLOOP: case FORMAT_VHD:
        return "this storage format is not supported; convert the image to qcow2 or raw";
    case FORMAT_ISO:
        return "an ISO image has type='raw' for QEMU";
    case FORMAT_FAT:
        if (disk->src.type == SOURCE_VOLUME)
            return NULL;
        if (disk->src.type != SOURCE_DIR)
            return "storage format 'fat' is supported only with 'dir' storage type";
        if (!disk->readonly && disk->device != DISK_DEVICE_FLOPPY)
            return "cannot create virtual FAT disks in read-write mode; add <readonly/>";
        return NULL;
    default:
        return NULL;
    }
}

static const char *rule_dir(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (disk->src.type != SOURCE_DIR || disk->src.format == FORMAT_FAT)
        return NULL;
    return "a folder as source is shown as type='fat'";
}

static const char *rule_share(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (!disk->shareable || disk->readonly)
        return NULL;
    if (disk->src.format != FORMAT_RAW && disk->src.type != SOURCE_DIR)
        return "shared access requires use of supported storage format; only raw images can be shared";
    return NULL;
}

static const char *rule_transient(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (!disk->transient)
        return NULL;
    if (source_is_empty(&disk->src))
        return "transient disk cannot be empty";
    if (disk->device != DISK_DEVICE_DISK)
        return "transient disk supported only with 'disk' device";
    if (disk->src.type != SOURCE_FILE)
        return "transient disk is only supported with a file as source";
    if (disk->readonly)
        return "transient disk cannot be readonly";
    return NULL;
}

static const char *rule_wwn(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (disk->wwn && disk->bus != DISK_BUS_IDE && disk->bus != DISK_BUS_SCSI)
        return "Only ide and scsi disk support wwn";
    if ((disk->vendor || disk->product) && (disk->bus != DISK_BUS_SCSI || is_scsi_or_lun(disk)))
        return "Only scsi disk supports vendor and product";
    if (disk->serial && disk->bus == DISK_BUS_SD)
        return "Serial property not supported for drive bus 'sd'";
    if (is_scsi_or_lun(disk) && (disk->wwn || disk->serial))
        return "wwn and serial are the device's own with device='lun'";
    return NULL;
}

static const char *rule_rotation(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (!disk->rotation_rate)
        return NULL;
    if (disk->bus != DISK_BUS_SCSI && disk->bus != DISK_BUS_IDE && disk->bus != DISK_BUS_SATA)
        return "rotation rate is only valid for SCSI, IDE and SATA";
    if (disk->device == DISK_DEVICE_CDROM || disk->device == DISK_DEVICE_FLOPPY || is_scsi_or_lun(disk))
        return "rotation rate needs device='disk'";
    return NULL;
}

static const char *rule_removable(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    bool drive = disk->device == DISK_DEVICE_CDROM || disk->device == DISK_DEVICE_FLOPPY;
    if (disk->removable && disk->bus != DISK_BUS_USB)
        return "removable is only valid for usb disks";
    return disk->tray && !drive ? "tray is only valid for cdrom and floppy" : NULL;
}

static const char *rule_virtio_only(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    bool is_virtio = disk->bus == DISK_BUS_VIRTIO;
    if (is_virtio)
        return NULL;
    if (disk->driver.ioeventfd || disk->driver.event_idx)
        return "ioeventfd and event_idx are only supported for virtio disks";
    if (disk->driver.iothread)
        return "IOThreads are only available for virtio pci/ccw disks";
    if (disk->driver.queue_size)
        return "queue_size attribute in disk driver is only supported by virtio-blk";
    if (disk->driver.queues)
        return "queues attribute in disk driver is only supported by virtio-blk";
    if (virtio_options_any(&disk->driver.virtio))
        return "iommu, ats, packed and page_per_vq are only supported for virtio disks";
    if (disk->model)
        return "disk model is only supported for virtio disks";
    return NULL;
}

static const char *rule_cache(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    bool direct = disk->driver.cache == CACHE_NONE || disk->driver.cache == CACHE_DIRECTSYNC;
    if (disk->driver.io == IO_NATIVE && !direct)
        return "io='native' needs either no disk cache or directsync cache mode, QEMU will fallback to aio=threads";
    if (disk->driver.copy_on_read == TRI_YES && disk->device != DISK_DEVICE_DISK)
        return "copy_on_read is not supported with removable disks and device='lun'";
    if (disk->driver.copy_on_read == TRI_YES && disk->readonly)
        return "copy_on_read is not compatible with read-only disks";
    if (disk->driver.error_policy == ERRORS_ENOSPACE && disk->driver.rerror_policy == ERRORS_ENOSPACE)
        return "rerror_policy='enospace' means nothing when reading";
    return disk->driver.rerror_policy == ERRORS_ENOSPACE ? "rerror_policy cannot be enospace" : NULL;
}

static const char *rule_readonly(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (disk->readonly && disk->device == DISK_DEVICE_DISK &&
        (disk->bus == DISK_BUS_IDE || disk->bus == DISK_BUS_SATA))
        return "readonly ide/sata disks are not supported; use virtio or scsi, or device='cdrom'";
    return NULL;
}

static const char *rule_geometry(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    bool any = disk->geometry.cyls || disk->geometry.heads || disk->geometry.secs;
    if (any && !(disk->geometry.cyls && disk->geometry.heads && disk->geometry.secs))
        return "geometry needs cyls, heads and secs";
    if (any && (disk->bus == DISK_BUS_SD || disk->bus == DISK_BUS_USB))
        return "CHS geometry can not be set for this bus";
    if (disk->geometry.trans && disk->bus != DISK_BUS_IDE)
        return "CHS translation mode can only be set for 'ide' bus";
    return NULL;
}

static const char *rule_encryption(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    const StorageEncryption *e = disk_encryption(disk);
    if (!e)
        return NULL;
    if (e->format == ENCRYPTION_QCOW || e->format == ENCRYPTION_DEFAULT)
        return "old qcow/qcow2 encryption is not supported";
    if (!e->secrets || e->secrets->len == 0)
        return "an encryption needs a <secret>";
    bool plain = disk->src.format == FORMAT_RAW || disk->src.format == FORMAT_QCOW2 || disk->src.format == FORMAT_NONE;
    if (!plain && e->engine != ENGINE_LIBRBD)
        return "encryption is supported only with 'raw' and 'qcow2' image format";
    bool librbd = e->engine == ENGINE_LIBRBD;
    if (librbd && (disk->src.type != SOURCE_NETWORK || disk->src.protocol != PROTO_RBD))
        return "engine='librbd' needs an RBD source";
    if (!librbd && e->format != ENCRYPTION_LUKS)
        return "the qemu encryption engine only supports format 'luks'";
    if (!librbd && e->secrets->len > 1)
        return "a LUKS image opened by QEMU takes one secret";
    return NULL;
}

static const char *rule_auth(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    const StorageAuth *auth = disk_auth(disk);
    if (!auth || disk->src.type != SOURCE_NETWORK)
        return NULL;
    if (disk->src.protocol == PROTO_RBD && auth->type != SECRET_USE_CEPH)
        return "invalid secret type: RBD takes 'ceph'";
    if (disk->src.protocol == PROTO_ISCSI && auth->type != SECRET_USE_ISCSI)
        return "invalid secret type 'ceph': iSCSI takes 'iscsi'";
    return NULL;
}

static const char *rule_network(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    const StorageSource *src = &disk->src;
    if (src->type != SOURCE_NETWORK)
        return NULL;
    if (src->protocol == PROTO_TFTP)
        return "'tftp' protocol is not supported with this QEMU binary";
    for (guint i = 0; src->protocol == PROTO_NFS && src->hosts && i < src->hosts->len; i++)
        if (((const SourceHost *)src->hosts->pdata[i])->port)
            return "port cannot be specified in 'nfs' protocol host";
    return NULL;
}

static bool iotune_is_empty(const DiskIotune *t)
{
    return !(t->total_bytes || t->read_bytes || t->write_bytes || t->total_iops || t->read_iops || t->write_iops ||
             t->total_bytes_max || t->read_bytes_max || t->write_bytes_max || t->total_iops_max || t->read_iops_max ||
             t->write_iops_max || t->size_iops);
}

static const char *rule_tuning(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (disk->src.metadata_cache && disk->src.format != FORMAT_QCOW2)
        return "metadata cache max size control is supported only with qcow2 images";
    if (disk->iotune && disk->iotune->group && iotune_is_empty(disk->iotune))
        return "group_name can be configured only together with settings";
    return NULL;
}

static const char *rule_vhostuser(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (disk->src.type != SOURCE_VHOSTUSER)
        return NULL;
    if (disk->bus != DISK_BUS_VIRTIO || disk->device != DISK_DEVICE_DISK)
        return "vhostuser disk supports only virtio bus and device='disk'";
    if (disk->snapshot != SNAPSHOT_NO)
        return "only snapshot=no is supported with vhostuser disk";
    if (disk->readonly || disk->transient || disk->shareable || disk->driver.cache || disk->driver.copy_on_read ||
        disk->driver.io || disk->driver.discard || disk->driver.detect_zeroes || disk->driver.iothread ||
        disk->driver.error_policy || disk->driver.rerror_policy || disk->iotune || disk->serial || disk->wwn ||
        disk_encryption(disk) || disk->src.backing || disk->src.format != FORMAT_RAW)
        return "with type='vhostuser' the other process serves the image: cache, io, iotune, serial and the like are "
               "its affair";
    return NULL;
}

static const char *rule_empty(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    if (!source_is_empty(&disk->src))
        return NULL;
    if (disk->src.startup_policy != STARTUP_NONE)
        return "startupPolicy of an empty drive means nothing";
    if (disk->device == DISK_DEVICE_DISK || is_scsi_or_lun(disk))
        return "a disk needs a <source>; only drives can be empty";
    return NULL;
}

static const char *rule_startup(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    StartupPolicy policy = disk->src.startup_policy;
    if (policy <= STARTUP_DEFAULT)
        return NULL;
    if (disk->src.type == SOURCE_NETWORK)
        return "Setting disk startupPolicy is not allowed for disk of 'network' type";
    if (policy == STARTUP_REQUISITE && disk->device != DISK_DEVICE_CDROM && disk->device != DISK_DEVICE_FLOPPY)
        return "Setting disk startupPolicy='requisite' is allowed only for cdrom or floppy";
    return NULL;
}

static const char *rule_address(const Disk *disk, G_GNUC_UNUSED const DefineCtx *ctx)
{
    AddrType type = disk->info.addr.type;
    if (type == ADDR_NONE)
        return NULL;
    switch (disk->bus) {
    case DISK_BUS_IDE: case DISK_BUS_FDC: case DISK_BUS_SCSI: case DISK_BUS_SATA:
        return type == ADDR_DRIVE ? NULL : "Invalid address type for this bus; it takes type='drive'";
    case DISK_BUS_USB:
        return type == ADDR_USB ? NULL : "unexpected address type for usb disk; it takes type='usb'";
    case DISK_BUS_VIRTIO:
        if (type == ADDR_CCW)
            return "cannot use CCW address type for device using this machine type";
        return type == ADDR_DRIVE || type == ADDR_USB ? "Invalid address type for this bus; it takes type='pci'" : NULL;
    default:
        return NULL;
    }
}

static const struct { const char *name; DiskRule rule; } rules[] = {
    { "driver-is-qemu", rule_driver }, { "target-name", rule_target }, { "bus-fits", rule_bus }, { "lun", rule_lun },
    { "format", rule_format }, { "folder", rule_dir }, { "shareable", rule_share }, { "transient", rule_transient },
    { "wwn", rule_wwn }, { "rotation-rate", rule_rotation }, { "removable", rule_removable },
    { "virtio-only", rule_virtio_only }, { "cache", rule_cache }, { "readonly", rule_readonly },
    { "geometry", rule_geometry }, { "encryption", rule_encryption }, { "auth", rule_auth },
    { "network", rule_network }, { "tuning", rule_tuning },
    { "vhostuser", rule_vhostuser }, { "empty", rule_empty }, { "startup-policy", rule_startup },
    { "address", rule_address },
};

static bool check_one(const Disk *disk, const DefineCtx *ctx, GError **err)
{
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        const char *fault = rules[i].rule(disk, ctx);
        if (!fault)
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "disk '%s': %s", disk->dst, fault);
        return false;
    }
    return true;
}

/* --- among each other */

static char *drive_key(const Disk *disk)
{
    const Address *a = &disk->info.addr;
    if (a->type != ADDR_DRIVE)
        return NULL;
    return g_strdup_printf("%s controller='%u' bus='%u' target='%u' unit='%u'", xm_enum_name(&disk_bus, disk->bus),
                           a->drive.controller.v, a->drive.bus.v, a->drive.target.v, a->drive.unit.v);
}

static bool check_unique(const DomainDef *def, GError **err)
{
    GPtrArray *disks = domain_devices(def, DEV_DISK);
    g_autoptr(GHashTable) targets = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) drives = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];
        char *key = drive_key(disk);
        if (!g_hash_table_add(targets, disk->dst)) {
            g_free(key);
            g_set_error(err, QV_ERROR, QV_ERR_XML, "target '%s' duplicated for disk sources; give each disk its own name",
                        disk->dst);
            return false;
        }
        if (key && !g_hash_table_add(drives, key)) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "Found duplicate drive address for disk with target "
                        "name '%s': another disk is at the same place", disk->dst);
            return false;
        }
    }
    return true;
}

/* --- what the rest of the domain must give */

static bool has_shared_memory(const DomainDef *def)
{
    const Cpu *cpu = def->frame.cpu;
    GPtrArray *cells = cpu ? cpu->cells : NULL;
    bool all = def->frame.memory.backing.access == MEMACCESS_SHARED;
    for (guint i = 0; cells && i < cells->len; i++) {
        const NumaCell *cell = cells->pdata[i];
        all = cell->access ? cell->access == MEMACCESS_SHARED : def->frame.memory.backing.access == MEMACCESS_SHARED;
        if (!all)
            return false;
    }
    return all;
}

static bool has_iothread(const DomainDef *def, guint32 id)
{
    const Vcpus *v = &def->frame.vcpus;
    for (guint i = 0; v->iothread_ids && i < v->iothread_ids->len; i++)
        if (((const IoThread *)v->iothread_ids->pdata[i])->id == id)
            return true;
    return id <= v->iothreads && (!v->iothread_ids || v->iothread_ids->len == 0);
}

static bool check_domain(const DomainDef *def, const Disk *disk, GError **err)
{
    const char *fault = NULL;
    if (disk->src.type == SOURCE_VHOSTUSER && !has_shared_memory(def))
        fault = "'vhostuser' requires shared memory; add <memoryBacking><source type='memfd'/><access mode='shared'/>";
    else if (disk->driver.iothread && !has_iothread(def, disk->driver.iothread))
        fault = "its iothread is not defined; raise <iothreads> or add it to <iothreadids>";
    if (fault)
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "disk '%s': %s", disk->dst, fault);
    return !fault;
}

bool disks_check(const DomainDef *def, const DefineCtx *ctx, GError **err)
{
    GPtrArray *disks = domain_devices(def, DEV_DISK);
    for (guint i = 0; i < disks->len; i++)
        if (!check_one(disks->pdata[i], ctx, err) || !check_domain(def, disks->pdata[i], err))
            return false;
    return check_unique(def, err);
}

/* --- what an adapter can address */

static bool beyond(GError **err, const Disk *disk, const char *what, const char *limit, const char *adapter)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "disk '%s': %s must be %s for %s", disk->dst, what, limit, adapter);
    return false;
}

typedef struct { guint controller, bus, target, unit; const char *name; } Reach;
static const Reach reaches[DISK_BUS__N] = {
    [DISK_BUS_IDE] = { 0, G_MAXUINT, 0, G_MAXUINT, "an IDE controller" },
    [DISK_BUS_FDC] = { 0, 0, 0, 1, "a floppy controller" },
    [DISK_BUS_SATA] = { G_MAXUINT, 0, 0, G_MAXUINT, "a sata controller" },
};

static Reach reach_of(const DomainDef *def, const Disk *disk)
{
    if (disk->bus != DISK_BUS_SCSI)
        return reaches[disk->bus];
    const Controller *c = controller_find(def, CONTROLLER_SCSI, disk->info.addr.drive.controller.v);
    if (c && c->model == MODEL_LSILOGIC)
        return (Reach){ G_MAXUINT, G_MAXUINT, 0, 7, "controller model 'lsilogic'" };
    return (Reach){ G_MAXUINT, 0, 255, 16383, "this SCSI controller" };
}

static bool check_place(const DomainDef *def, const Disk *disk, GError **err)
{
    const Address *a = &disk->info.addr;
    if (a->type != ADDR_DRIVE)
        return true;
    Reach reach = reach_of(def, disk);
    const struct { const char *what; guint is, max; } parts[] = {
        { "controller", a->drive.controller.v, reach.controller }, { "bus", a->drive.bus.v, reach.bus },
        { "target", a->drive.target.v, reach.target }, { "unit", a->drive.unit.v, reach.unit },
    };
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *limit = parts[i].max ? g_strdup_printf("at most %u", parts[i].max) : g_strdup("0");
        if (parts[i].is > parts[i].max)
            return beyond(err, disk, parts[i].what, limit, reach.name);
    }
    return true;
}

/* SCSI host devices sit among the disks of their controller. */
static bool check_hostdevs(const DomainDef *def, GError **err)
{
    GPtrArray *hostdevs = domain_devices(def, DEV_HOSTDEV);
    for (guint i = 0; i < hostdevs->len; i++) {
        const Hostdev *h = hostdevs->pdata[i];
        const Address *a = &h->info.addr;
        if (h->type != HOSTDEV_SCSI || a->type != ADDR_DRIVE)
            continue;
        const Controller *c = controller_find(def, CONTROLLER_SCSI, a->drive.controller.v);
        if (!c || c->model != MODEL_LSILOGIC || (a->drive.target.v == 0 && a->drive.unit.v <= 7))
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "host device %u: target must be 0 and unit at most 7 for "
                    "controller model 'lsilogic'; use model='virtio-scsi'", i + 1);
        return false;
    }
    return true;
}

bool disks_check_places(const DomainDef *def, GError **err)
{
    GPtrArray *disks = domain_devices(def, DEV_DISK);
    for (guint i = 0; i < disks->len; i++)
        if (!check_place(def, disks->pdata[i], err))
            return false;
    return check_hostdevs(def, err);
}
