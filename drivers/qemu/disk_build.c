/* -device of disks: what the guest sees. Their images' nodes come first (disk_nodes.c). */
#include "config.h"
#include <string.h>
#include "drivers/qemu/address.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/disk_nodes.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/virtio_props.h"

static bool refuse(GError **err, const Disk *disk, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "disk '%s': %s", disk->dst, why);
    return false;
}

static const Controller *adapter(const QemuBuild *b, const Disk *disk, ControllerType type, GError **err)
{
    const Controller *c = controller_find(b->def, type, disk->info.addr.drive.controller.v);
    if (!c)
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "disk '%s': no %s controller %u", disk->dst,
                    xm_enum_name(&controller_type, type), disk->info.addr.drive.controller.v);
    return c;
}

/* --- one function a bus: device and place */

static json_object *on_ide(const QemuBuild *b, const Disk *disk, GError **err)
{
    const Address *a = &disk->info.addr;
    const Controller *c = adapter(b, disk, CONTROLLER_IDE, err);
    if (!c)
        return NULL;
    json_object *p = props_new(disk->device == DISK_DEVICE_CDROM ? "ide-cd" : "ide-hd", NULL);
    props_strf(p, "bus", "%s.%u", controller_bus(b->def, c), a->drive.bus.v);
    props_u64(p, "unit", a->drive.unit.v);
    return p;
}

static json_object *on_sata(const QemuBuild *b, const Disk *disk, GError **err)
{
    const Controller *c = adapter(b, disk, CONTROLLER_SATA, err);
    if (!c)
        return NULL;
    json_object *p = props_new(disk->device == DISK_DEVICE_CDROM ? "ide-cd" : "ide-hd", NULL);
    props_strf(p, "bus", "%s.%u", controller_bus(b->def, c), disk->info.addr.drive.unit.v);
    return p;
}

static json_object *on_scsi(const QemuBuild *b, const Disk *disk, GError **err)
{
    static const char *const drivers[DISK_DEVICE__N] = { [DISK_DEVICE_DISK] = "scsi-hd", [DISK_DEVICE_CDROM] = "scsi-cd",
                                                         [DISK_DEVICE_LUN] = "scsi-block" };
    const Address *a = &disk->info.addr;
    const Controller *c = adapter(b, disk, CONTROLLER_SCSI, err);
    if (!c)
        return NULL;
    json_object *p = props_new(drivers[disk->device], NULL);
    props_strf(p, "bus", "%s.%u", c->info.alias, c->model == MODEL_LSILOGIC ? a->drive.bus.v : 0);
    if (c->model == MODEL_LSILOGIC) {
        props_u64(p, "scsi-id", a->drive.unit.v);
    } else {
        props_u64(p, "channel", a->drive.bus.v);
        props_u64(p, "scsi-id", a->drive.target.v);
        props_u64(p, "lun", a->drive.unit.v);
    }
    /* Guests name disks by it: it stays when QEMU's own drive ids change. */
    if (disk->device != DISK_DEVICE_LUN && disk->serial)
        props_str(p, "device_id", disk->serial);
    else if (disk->device != DISK_DEVICE_LUN)
        props_strf(p, "device_id", "drive-%s", disk->info.alias);
    props_tri(p, "removable", disk->removable);
    return p;
}

static json_object *on_virtio(G_GNUC_UNUSED const QemuBuild *b, const Disk *disk, G_GNUC_UNUSED GError **err)
{
    VirtioGeneration generation = disk->model == DISK_MODEL_TRANSITIONAL ? VIRTIO_TRANSITIONAL :
                                  disk->model == DISK_MODEL_NON_TRANSITIONAL ? VIRTIO_NON_TRANSITIONAL : VIRTIO_DEFAULT;
    bool vhost = disk->src.type == SOURCE_VHOSTUSER;
    g_autofree char *driver = virtio_device(vhost ? "vhost-user-blk" : "virtio-blk", &disk->info, generation);
    json_object *p = props_new(driver, NULL);
    if (disk->driver.iothread)
        props_strf(p, "iothread", "iothread%u", disk->driver.iothread);
    props_tri(p, "ioeventfd", disk->driver.ioeventfd);
    props_tri(p, "event_idx", disk->driver.event_idx);
    props_u64_opt(p, "num-queues", disk->driver.queues);
    props_u64_opt(p, "queue-size", disk->driver.queue_size);
    props_virtio_options(p, &disk->driver.virtio);
    if (disk->device == DISK_DEVICE_LUN)
        props_bool(p, "scsi", true);
    if (vhost)
        props_strf(p, "chardev", "chr-vu-%s", disk->info.alias);
    return p;
}

static json_object *on_usb(G_GNUC_UNUSED const QemuBuild *b, const Disk *disk, G_GNUC_UNUSED GError **err)
{
    json_object *p = props_new("usb-storage", NULL);
    props_bool(p, "removable", disk->removable == TRI_YES);
    return p;
}

static json_object *on_fdc(G_GNUC_UNUSED const QemuBuild *b, const Disk *disk, G_GNUC_UNUSED GError **err)
{
    json_object *p = props_new("floppy", NULL);
    props_u64(p, "unit", disk->info.addr.drive.unit.v);
    return p;
}

static json_object *(*const buses[DISK_BUS__N])(const QemuBuild *, const Disk *, GError **) = {
    [DISK_BUS_IDE] = on_ide, [DISK_BUS_SATA] = on_sata, [DISK_BUS_SCSI] = on_scsi, [DISK_BUS_VIRTIO] = on_virtio,
    [DISK_BUS_USB] = on_usb, [DISK_BUS_FDC] = on_fdc,
};

/* --- what every bus has */

static const char *write_cache(const Disk *disk)
{
    DiskCache cache = disk->driver.cache;
    if (cache <= CACHE_DEFAULT && disk->shareable && !disk->readonly)
        cache = CACHE_NONE;
    if (cache <= CACHE_DEFAULT || disk->device == DISK_DEVICE_LUN)
        return NULL;
    return cache == CACHE_WRITETHROUGH || cache == CACHE_DIRECTSYNC ? "off" : "on";
}

static void add_errors(json_object *p, const Disk *disk)
{
    static const char *const names[ERRORS__N] = { [ERRORS_STOP] = "stop", [ERRORS_REPORT] = "report",
                                                  [ERRORS_IGNORE] = "ignore", [ERRORS_ENOSPACE] = "enospc" };
    DiskErrors reads = disk->driver.rerror_policy;
    if (!reads && disk->driver.error_policy != ERRORS_ENOSPACE)
        reads = disk->driver.error_policy;
    props_str(p, "werror", names[disk->driver.error_policy]);
    props_str(p, "rerror", names[reads]);
}

/* QEMU's option parser once split at blanks; guests have the backslashes in their serials since then. */
static char *escaped_serial(const char *serial)
{
    GString *out = g_string_new(NULL);
    for (const char *c = serial; *c; c++) {
        if (*c == ' ' || *c == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c);
    }
    return g_string_free(out, FALSE);
}

static void add_identity(json_object *p, const Disk *disk)
{
    guint64 wwn;
    props_u64_opt(p, "rotation_rate", disk->rotation_rate);
    props_str(p, "vendor", disk->vendor);
    props_str(p, "product", disk->product);
    if (disk->wwn && g_ascii_string_to_unsigned(disk->wwn + (g_str_has_prefix(disk->wwn, "0x") ? 2 : 0), 16, 0, G_MAXUINT64,
                                                &wwn, NULL))
        props_u64(p, "wwn", wwn);
    if (disk->serial) {
        g_autofree char *serial = escaped_serial(disk->serial);
        props_str(p, "serial", serial);
    }
}

static void add_geometry(json_object *p, const Disk *disk)
{
    props_u64_opt(p, "logical_block_size", disk->blockio.logical);
    props_u64_opt(p, "physical_block_size", disk->blockio.physical);
    props_u64_opt(p, "cyls", disk->geometry.cyls);
    props_u64_opt(p, "heads", disk->geometry.heads);
    props_u64_opt(p, "secs", disk->geometry.secs);
    if (disk->geometry.trans)
        props_str(p, "bios-chs-trans", disk->geometry.trans == TRANS_LBA ? "lba" : "auto");
}

static bool has_node(const Disk *disk)
{
    return !source_is_empty(&disk->src) && disk->src.type != SOURCE_VHOSTUSER;
}

static void add_drive(json_object *p, const Disk *disk)
{
    if (disk->shareable)
        props_bool(p, "share-rw", true);
    if (!has_node(disk))
        return;
    if (disk->driver.copy_on_read == TRI_YES)
        props_strf(p, "drive", "libvirt-CoR-%s", disk->dst);
    else
        props_strf(p, "drive", "libvirt-%u-format", disk->src.index);
}

/* A floppy drive boots by its controller (build_fdc). */
static void add_boot(json_object *p, const Disk *disk)
{
    DeviceInfo info = disk->info;
    if (disk->bus == DISK_BUS_FDC)
        info.boot_index = 0;
    props_device_common(p, &info);
}

static bool build_device_of(QemuBuild *b, const Disk *disk, guint i, GError **err)
{
    json_object *p = buses[disk->bus](b, disk, err);
    if (!p)
        return false;
    bool by_bus = disk->info.addr.type == ADDR_DRIVE;
    if (!by_bus && !props_address(p, b, &disk->info, err)) {
        json_object_put(p);
        return false;
    }
    add_geometry(p, disk);
    add_drive(p, disk);
    props_str(p, "id", disk->info.alias);
    add_boot(p, disk);
    add_identity(p, disk);
    props_str(p, "write-cache", write_cache(disk));
    add_errors(p, disk);
    qemu_command_json(b->cmd, "-device", p, build_reason(DEV_DISK, i, (gpointer)disk));
    return true;
}

static void build_vhost_chardev(QemuBuild *b, const Disk *disk, guint i)
{
    json_object *p = json_object_new_object();
    props_str(p, "", "socket");
    props_strf(p, "id", "chr-vu-%s", disk->info.alias);
    props_str(p, "path", disk->src.path);
    if (disk->src.reconnect.enabled == TRI_YES)
        props_u64(p, "reconnect", disk->src.reconnect.timeout_s);
    qemu_command_opts(b->cmd, "-chardev", p, build_reason(DEV_DISK, i, (gpointer)disk));
}

/* SD cards have no -device: the board's controller takes a drive. */
static bool build_sd(QemuBuild *b, const Disk *disk, guint i, GError **err)
{
    if (disk->src.type != SOURCE_FILE && disk->src.type != SOURCE_BLOCK)
        return refuse(err, disk, "an SD card's source is a local file or block device");
    if (disk_encryption(disk))
        return refuse(err, disk, "an SD card knows no encryption");
    json_object *p = json_object_new_object();
    props_str(p, "file", disk->src.path);
    props_str(p, "format", xm_enum_name(&source_format, disk->src.format));
    props_str(p, "if", "sd");
    props_u64(p, "index", MAX(disk_index(disk->dst), 0));
    if (disk->readonly)
        props_str(p, "readonly", "on");
    props_onoff(p, "copy-on-read", disk->driver.copy_on_read);
    props_str(p, "cache", disk->driver.cache > CACHE_DEFAULT ? xm_enum_name(&disk_cache, disk->driver.cache) : NULL);
    props_str(p, "discard", disk->driver.discard > DISCARD_DEFAULT ? xm_enum_name(&disk_discard, disk->driver.discard) : NULL);
    props_str(p, "detect-zeroes", xm_enum_name(&disk_zeroes, disk->driver.detect_zeroes));
    qemu_command_opts(b->cmd, "-drive", p, build_reason(DEV_DISK, i, (gpointer)disk));
    return true;
}

/* The floppy controller: q35 gets one when there is a drive; a PC has one. */
static void build_fdc(QemuBuild *b)
{
    bool q35 = domain_board(b->def) == BOARD_Q35, any = false;
    json_object *p = props_new("isa-fdc", NULL);
    EACH_DEVICE(b->def, DEV_DISK, Disk, disk) {
        guint unit = disk->info.addr.drive.unit.v;
        if (disk->bus != DISK_BUS_FDC || unit > 1)
            continue;
        any = true;
        if (!disk->info.boot_index)
            continue;
        char letter = 'A' + unit;
        g_autofree char *word = g_strdup_printf("isa-fdc.bootindex%c=%u", letter, disk->info.boot_index);
        g_autofree char *name = g_strdup_printf("bootindex%c", letter);
        if (!q35)
            qemu_command_word(b->cmd, "-global", word, build_reason(DEV_DISK, disk_i, disk));
        props_u64(p, name, disk->info.boot_index);
    }
    if (any && q35)
        qemu_command_json(b->cmd, "-device", p, reason_why("the floppy drives need their controller"));
    else
        json_object_put(p);
}

static bool build_disk(QemuBuild *b, const Disk *disk, guint i, GError **err)
{
    if (disk->bus == DISK_BUS_SD)
        return build_sd(b, disk, i, err);
    if (!buses[disk->bus])
        return refuse(err, disk, "QEMU has no such disk bus");
    if (disk->src.fdgroup)
        return refuse(err, disk, "<source fdgroup>: descriptors from a client are not supported");
    if (disk->transient && !b->dry)
        return refuse(err, disk, "<transient/> is not supported; take a snapshot and revert instead");
    if (disk->share_backing == TRI_YES)          /* plugged in once QEMU runs */
        return true;
    if (disk->src.type == SOURCE_VHOSTUSER)
        build_vhost_chardev(b, disk, i);
    else if (has_node(disk) && !build_disk_nodes(b, disk, i, err))
        return false;
    return build_device_of(b, disk, i, err);
}

bool build_disks(QemuBuild *b, GError **err)
{
    build_fdc(b);
    EACH_DEVICE(b->def, DEV_DISK, Disk, disk)
        if (!build_disk(b, disk, disk_i, err))
            return false;
    return true;
}
