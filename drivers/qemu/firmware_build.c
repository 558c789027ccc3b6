/* Firmware on the command line: an image that QEMU maps itself, or flash. */
#include "config.h"
#include "conf/disk.h"
#include "drivers/qemu/disk_nodes.h"
#include "drivers/qemu/frame_build.h"

static Reason because(const char *path)
{
    return reason_path(path, 0);
}

bool frame_has_nvram(const DomainDef *def)
{
    const Os *os = &def->frame.os;
    return os->nvram.path || os->nvram.source.type != SOURCE_NONE;
}

/* One image in flash; @storage (taken) reaches its bytes. */
static void build_flash(QemuBuild *b, guint n, json_object *storage, bool readonly, const char *xml)
{
    json_object *format = json_object_new_object();
    props_strf(storage, "node-name", "libvirt-pflash%u-storage", n);
    props_bool(storage, "auto-read-only", true);
    props_str(storage, "discard", "unmap");
    props_strf(format, "node-name", "libvirt-pflash%u-format", n);
    props_bool(format, "read-only", readonly);
    props_str(format, "driver", "raw");
    props_strf(format, "file", "libvirt-pflash%u-storage", n);
    qemu_command_json(b->cmd, "-blockdev", storage, because(xml));
    qemu_command_json(b->cmd, "-blockdev", format, because(xml));
}

static json_object *file_storage(const char *path)
{
    json_object *storage = json_object_new_object();
    props_str(storage, "driver", "file");
    props_str(storage, "filename", path);
    return storage;
}

/* The guest's variables: a file, or an image that lies elsewhere. */
static bool build_variables(QemuBuild *b, GError **err)
{
    const Os *os = &b->def->frame.os;
    if (!frame_has_nvram(b->def))
        return true;
    Disk place = { .dst = (char *)"nvram" };
    json_object *storage = os->nvram.path ? file_storage(os->nvram.path) : storage_props(&place, &os->nvram.source, err);
    if (storage)
        build_flash(b, 1, storage, false, "/domain/os/nvram");
    return storage;
}

bool build_firmware(QemuBuild *b, GError **err)
{
    const Os *os = &b->def->frame.os;
    if (!os->loader.path)
        return true;
    if (os->loader.type != LOADER_PFLASH) {
        qemu_command_word(b->cmd, "-bios", os->loader.path, because("/domain/os/loader"));
        return true;
    }
    build_flash(b, 0, file_storage(os->loader.path), os->loader.readonly == TRI_YES, "/domain/os/loader");
    if (!build_variables(b, err))
        return false;
    if (os->loader.secure == TRI_YES)
        qemu_command_word(b->cmd, "-global", "driver=cfi.pflash01,property=secure,value=on", because("/domain/os/loader/@secure"));
    return true;
}
