/* The rows of <disk>. Its image's rows are in storage_source.c. */
#include "config.h"
#include <string.h>
#include "conf/storage_rows.h"

XM_ENUM(disk_device, "disk device", NULL, "disk", "cdrom", "floppy", "lun");
XM_COVERS(disk_device, DISK_DEVICE__N);
XM_ENUM(disk_bus, "disk bus", NULL, "ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd");
XM_COVERS(disk_bus, DISK_BUS__N);
XM_ENUM(disk_model, "disk model", NULL, "virtio", "virtio-transitional", "virtio-non-transitional");
XM_COVERS(disk_model, DISK_MODEL__N);
XM_ENUM(disk_cache, "cache mode", NULL, "default", "none", "writethrough", "writeback", "directsync", "unsafe");
XM_COVERS(disk_cache, CACHE__N);
XM_ENUM(disk_errors, "error policy", NULL, "default", "stop", "report", "ignore", "enospace");
XM_COVERS(disk_errors, ERRORS__N);
XM_ENUM(disk_io, "I/O mode", NULL, "default", "native", "threads", "io_uring");
XM_COVERS(disk_io, IO__N);
XM_ENUM(disk_discard, "discard mode", NULL, "default", "unmap", "ignore");
XM_COVERS(disk_discard, DISCARD__N);
XM_ENUM(disk_zeroes, "detect_zeroes mode", NULL, "off", "on", "unmap");
XM_COVERS(disk_zeroes, ZEROES__N);
XM_ENUM(disk_sgio, "sgio mode", NULL, "default", "filtered", "unfiltered");
XM_COVERS(disk_sgio, SGIO__N);
XM_ENUM(disk_snapshot, "snapshot mode", NULL, "default", "no", "internal", "external", "manual");
XM_COVERS(disk_snapshot, SNAPSHOT__N);
XM_ENUM(geometry_trans, "BIOS translation", NULL, "auto", "lba");
XM_COVERS(geometry_trans, TRANS__N);
XM_ENUM(disk_tray, "tray state", NULL, "closed", "open");
XM_COVERS(disk_tray, TRAY__N);

static bool refuse(char **why, const char *text)
{
    *why = g_strdup(text);
    return false;
}

const StorageAuth *disk_auth(const Disk *disk)
{
    return disk->auth ? disk->auth : disk->src.auth;
}

const StorageEncryption *disk_encryption(const Disk *disk)
{
    return disk->encryption ? disk->encryption : disk->src.encryption;
}

int disk_index(const char *dst)
{
    static const char *const prefixes[] = { "fd", "hd", "vd", "sd", "xvd", "ubd" };
    const char *letters = NULL;
    for (guint i = 0; dst && i < G_N_ELEMENTS(prefixes) && !letters; i++)
        if (g_str_has_prefix(dst, prefixes[i]))
            letters = dst + strlen(prefixes[i]);
    if (!letters || !g_ascii_islower(*letters))
        return -1;
    int index = 0;
    guint n = 0;
    for (; g_ascii_islower(letters[n]); n++) {
        if (n == 5)                         /* more than QEMU could ever have, and safe to multiply */
            return -1;
        index = (n ? (index + 1) * 26 : 0) + (letters[n] - 'a');
    }
    return strspn(letters + n, "0123456789") == strlen(letters + n) ? index : -1;
}

/* --- <iotune> */

#define IOTUNE(field, name) LEAF_U64(DiskIotune, field, name, .flags = XM_HOT)
static const XmRow iotune_rows[] = {
    IOTUNE(total_bytes, "total_bytes_sec"), IOTUNE(read_bytes, "read_bytes_sec"), IOTUNE(write_bytes, "write_bytes_sec"),
    IOTUNE(total_iops, "total_iops_sec"), IOTUNE(read_iops, "read_iops_sec"), IOTUNE(write_iops, "write_iops_sec"),
    IOTUNE(total_bytes_max, "total_bytes_sec_max"), IOTUNE(read_bytes_max, "read_bytes_sec_max"),
    IOTUNE(write_bytes_max, "write_bytes_sec_max"), IOTUNE(total_iops_max, "total_iops_sec_max"),
    IOTUNE(read_iops_max, "read_iops_sec_max"), IOTUNE(write_iops_max, "write_iops_sec_max"),
    IOTUNE(size_iops, "size_iops_sec"),
    LEAF_STR(DiskIotune, group, "group_name", .doc = "disks of one group share the limits"),
    IOTUNE(total_bytes_length, "total_bytes_sec_max_length"), IOTUNE(read_bytes_length, "read_bytes_sec_max_length"),
    IOTUNE(write_bytes_length, "write_bytes_sec_max_length"), IOTUNE(total_iops_length, "total_iops_sec_max_length"),
    IOTUNE(read_iops_length, "read_iops_sec_max_length"), IOTUNE(write_iops_length, "write_iops_sec_max_length"),
};

static bool iotune_check(gconstpointer obj, char **why)
{
    const DiskIotune *t = obj;
    const struct { guint64 total, read, write; const char *what; } exclusive[] = {
        { t->total_bytes, t->read_bytes, t->write_bytes, "bytes_sec" },
        { t->total_iops, t->read_iops, t->write_iops, "iops_sec" },
        { t->total_bytes_max, t->read_bytes_max, t->write_bytes_max, "bytes_sec_max" },
        { t->total_iops_max, t->read_iops_max, t->write_iops_max, "iops_sec_max" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(exclusive); i++)
        if (exclusive[i].total && (exclusive[i].read || exclusive[i].write)) {
            *why = g_strdup_printf("total_%1$s and read_%1$s or write_%1$s cannot be set at the same time",
                                   exclusive[i].what);
            return false;
        }
    return true;
}

static const XmElem iotune_elem = ELEM("iotune", DiskIotune, iotune_rows, .check = iotune_check);

/* --- <mirror>: read and written for running domains only */

static const XmRow mirror_format_rows[] = {
    A_ENUM(DiskMirror, src.format, "type", source_format),
    INLINE_AT(DiskMirror, src, "metadata_cache", metadata_cache_elem),
};
static const XmElem mirror_format_elem = ELEM("format", DiskMirror, mirror_format_rows);
static const XmRow mirror_rows[] = {
    A_ENUM(DiskMirror, src.type, "type", source_type),
    A_STR (DiskMirror, file, "file"),
    A_STR (DiskMirror, file_format, "format"),
    A_STR (DiskMirror, job, "job"),
    A_STR (DiskMirror, ready, "ready"),
    INLINE("format", mirror_format_elem),
    INLINE_AT(DiskMirror, src, "source", storage_source_elem),
    CHILD (DiskMirror, src.backing, "backingStore", storage_backing_elem, .flags = XM_EMPTY_OK),
};
static const XmElem mirror_elem = ELEM("mirror", DiskMirror, mirror_rows);

/* --- the small elements */

static const XmRow driver_rows[] = {
    A_STR  (Disk, driver.name, "name", .doc = "always qemu"),
    A_ENUM (Disk, src.format, "type", source_format, .flags = XM_ABI, .doc = "format of the image"),
    A_ENUM (Disk, driver.cache, "cache", disk_cache, .doc = "the host's page cache"),
    A_ENUM (Disk, driver.error_policy, "error_policy", disk_errors, .flags = XM_NONZERO),
    A_ENUM (Disk, driver.rerror_policy, "rerror_policy", disk_errors, .flags = XM_NONZERO),
    A_ENUM (Disk, driver.io, "io", disk_io, .flags = XM_NONZERO),
    A_ONOFF(Disk, driver.ioeventfd, "ioeventfd", .flags = XM_ABI),
    A_ONOFF(Disk, driver.event_idx, "event_idx", .flags = XM_ABI),
    A_ONOFF(Disk, driver.copy_on_read, "copy_on_read"),
    A_ENUM (Disk, driver.discard, "discard", disk_discard, .flags = XM_NONZERO),
    A_U32  (Disk, driver.iothread, "iothread", .flags = XM_NONZERO, .doc = "number of the I/O thread that serves it"),
    A_ENUM (Disk, driver.detect_zeroes, "detect_zeroes", disk_zeroes),
    A_U32  (Disk, driver.queues, "queues", .flags = XM_ABI | XM_NONZERO),
    A_U32  (Disk, driver.queue_size, "queue_size", .flags = XM_ABI),
    INCLUDE(Disk, driver.virtio, virtio_options_elem),
    INLINE_AT(Disk, src, "metadata_cache", metadata_cache_elem),
};
static const XmElem driver_elem = ELEM("driver", Disk, driver_rows);

static const XmRow target_rows[] = {
    A_STR (Disk, dst, "dev", .flags = XM_REQUIRED, .doc = "name of the disk in this domain: vda, sdb ..."),
    A_ENUM(Disk, bus, "bus", disk_bus, .flags = XM_ABI | XM_NONZERO),
    A_ENUM(Disk, tray, "tray", disk_tray),
    A_ONOFF(Disk, removable, "removable", .flags = XM_ABI),
    A_U32 (Disk, rotation_rate, "rotation_rate", .flags = XM_ABI, .max = 65534),
};
static const XmElem target_elem = ELEM("target", Disk, target_rows);

static const XmRow backenddomain_rows[] = { A_STR(Disk, backend_domain, "name") };
static const XmElem backenddomain_elem = ELEM("backenddomain", Disk, backenddomain_rows);
static const XmRow geometry_rows[] = {
    A_U32 (Disk, geometry.cyls, "cyls", .flags = XM_ABI),
    A_U32 (Disk, geometry.heads, "heads", .flags = XM_ABI),
    A_U32 (Disk, geometry.secs, "secs", .flags = XM_ABI),
    A_ENUM(Disk, geometry.trans, "trans", geometry_trans, .flags = XM_ABI),
};
static const XmElem geometry_elem = ELEM("geometry", Disk, geometry_rows);
static const XmRow blockio_rows[] = {
    A_U32(Disk, blockio.logical, "logical_block_size", .flags = XM_ABI),
    A_U32(Disk, blockio.physical, "physical_block_size", .flags = XM_ABI),
};
static const XmElem blockio_elem = ELEM("blockio", Disk, blockio_rows);

static bool transient_present(gconstpointer obj)
{
    return ((const Disk *)obj)->transient;
}

static bool transient_loaded(gpointer obj, G_GNUC_UNUSED xmlNode *node, G_GNUC_UNUSED char **why)
{
    ((Disk *)obj)->transient = true;
    return true;
}

static const XmRow transient_rows[] = { A_YESNO(Disk, share_backing, "shareBacking") };
static const XmElem transient_elem = ELEM("transient", Disk, transient_rows, .present = transient_present,
                                          .loaded = transient_loaded);

/* --- the whole */

/* The old place of an image's encryption and credentials; both places at once contradict. */
static bool places_check(const Disk *disk, char **why)
{
    if (disk->auth && disk->src.auth)
        return refuse(why, "<auth> stands both beside and in <source>; keep one");
    if (disk->encryption && disk->src.encryption)
        return refuse(why, "<encryption> stands both beside and in <source>; keep one");
    return true;
}

static bool wwn_check(const char *wwn, char **why)
{
    if (!wwn)
        return true;
    const char *digits = g_str_has_prefix(wwn, "0x") ? wwn + 2 : wwn;
    if (strlen(digits) != 16 || strspn(digits, "0123456789abcdefABCDEF") != 16) {
        *why = g_strdup_printf("<wwn> '%s' is not 16 hexadecimal digits", wwn);
        return false;
    }
    return true;
}

static bool printable_check(const char *what, const char *text, guint max, char **why)
{
    if (!text)
        return true;
    bool printable = true;
    for (const char *c = text; *c; c++)
        printable = printable && g_ascii_isprint(*c);
    if (printable && strlen(text) <= max)
        return true;
    *why = g_strdup_printf("<%s> takes at most %u printable characters", what, max);
    return false;
}

static bool disk_check(gconstpointer obj, char **why)
{
    const Disk *disk = obj;
    return places_check(disk, why) && wwn_check(disk->wwn, why) &&
           printable_check("vendor", disk->vendor, 8, why) && printable_check("product", disk->product, 16, why);
}

static void disk_init(gpointer obj)
{
    Disk *disk = obj;
    disk->src.type = SOURCE_FILE;
    disk->device = DISK_DEVICE_DISK;
}

static bool snapshot_written(gconstpointer obj)
{
    const Disk *disk = obj;
    return disk->snapshot > SNAPSHOT_DEFAULT && !(disk->snapshot == SNAPSHOT_NO && disk->readonly);
}

static bool disk_loaded(gpointer obj, G_GNUC_UNUSED xmlNode *node, G_GNUC_UNUSED char **why)
{
    Disk *disk = obj;
    if (disk->driver.cache == CACHE_DEFAULT)
        disk->driver.cache = CACHE_NONE_SAID;
    if (disk->tray == TRAY_CLOSED)              /* the default is not written */
        disk->tray = TRAY_NONE;
    return true;
}

static const XmRow disk_rows[] = {
    A_ENUM (Disk, src.type, "type", source_type, .flags = XM_NONZERO, .doc = "where the bytes come from"),
    A_ENUM (Disk, device, "device", disk_device, .flags = XM_ABI | XM_NONZERO, .doc = "what the guest sees"),
    A_ENUM (Disk, model, "model", disk_model, .flags = XM_ABI | XM_NONZERO),
    A_YESNO(Disk, rawio, "rawio", .doc = "QEMU may send raw SCSI commands"),
    A_ENUM (Disk, sgio, "sgio", disk_sgio, .flags = XM_NONZERO),
    A_ENUM (Disk, snapshot, "snapshot", disk_snapshot, .written = snapshot_written),
    INLINE ("driver", driver_elem),
    CHILD  (Disk, auth, "auth", storage_auth_elem),
    INLINE_AT(Disk, src, "source", storage_source_elem),
    CHILD  (Disk, src.backing, "backingStore", storage_backing_elem, .flags = XM_EMPTY_OK),
    INLINE ("backenddomain", backenddomain_elem),
    INLINE ("geometry", geometry_elem),
    INLINE ("blockio", blockio_elem),
    CHILD  (Disk, mirror, "mirror", mirror_elem, .flags = XM_LIVE),
    INLINE ("target", target_elem, .flags = XM_REQUIRED, .doc = "what the guest sees"),
    CHILD  (Disk, iotune, "iotune", iotune_elem),
    FLAG   (Disk, readonly, "readonly", .flags = XM_ABI),
    FLAG   (Disk, shareable, "shareable"),
    INLINE ("transient", transient_elem, .flags = XM_EMPTY_OK),
    LEAF_STR(Disk, serial, "serial", .flags = XM_ABI),
    LEAF_STR(Disk, wwn, "wwn", .flags = XM_ABI),
    LEAF_STR(Disk, vendor, "vendor", .flags = XM_ABI),
    LEAF_STR(Disk, product, "product", .flags = XM_ABI),
    CHILD  (Disk, encryption, "encryption", storage_encryption_elem),
    INCLUDE(Disk, info, device_info_elem),
};
const XmElem disk_elem = ELEM("disk", Disk, disk_rows, .has_line = true, .init = disk_init, .loaded = disk_loaded,
                              .check = disk_check);
