/* -fsdev and -device of folders shared by 9p, and the device of those served by virtiofsd. */
#include "config.h"
#include "conf/filesystem.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/virtio_props.h"

static bool refuse(GError **err, const Filesystem *fs, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "filesystem '%s': %s", fs->target ? fs->target : "", why);
    return false;
}

static VirtioGeneration generation(const Filesystem *fs)
{
    return fs->model == FS_MODEL_TRANSITIONAL ? VIRTIO_TRANSITIONAL :
           fs->model == FS_MODEL_NON_TRANSITIONAL ? VIRTIO_NON_TRANSITIONAL : VIRTIO_DEFAULT;
}

static void build_fsdev(QemuBuild *b, Filesystem *fs, guint i)
{
    static const char *const models[FS_ACCESS__N] = { [FS_PASSTHROUGH] = "passthrough", [FS_MAPPED] = "mapped",
                                                      [FS_SQUASH] = "none" };
    static const char *const multidevs[FS_MULTIDEVS__N] = { [FS_MULTIDEVS_REMAP] = "remap",
                                                            [FS_MULTIDEVS_FORBID] = "forbid",
                                                            [FS_MULTIDEVS_WARN] = "warn" };
    bool handle = fs->driver.type == FS_DRIVER_HANDLE;
    json_object *p = json_object_new_object();
    props_str(p, "", handle ? "handle" : "local");
    if (!handle)
        props_str(p, "security_model", models[fs->access ? fs->access : FS_PASSTHROUGH]);
    props_str(p, "multidevs", multidevs[fs->multidevs]);
    if (fs->fmode.set)
        props_strf(p, "fmode", "%04o", fs->fmode.v);
    if (fs->dmode.set)
        props_strf(p, "dmode", "%04o", fs->dmode.v);
    if (fs->driver.wrpolicy)
        props_str(p, "writeout", "immediate");
    props_strf(p, "id", "fsdev-%s", fs->info.alias);
    props_str(p, "path", fs->source.dir);
    if (fs->readonly)
        props_str(p, "readonly", "on");
    qemu_command_opts(b->cmd, "-fsdev", p, build_reason(DEV_FILESYSTEM, i, fs));
}

static bool build_9p(QemuBuild *b, Filesystem *fs, guint i, GError **err)
{
    g_autofree char *driver = virtio_device("virtio-9p", &fs->info, generation(fs));
    build_fsdev(b, fs, i);
    json_object *p = props_new(driver, NULL);
    props_virtio_options(p, &fs->driver.virtio);
    props_str(p, "id", fs->info.alias);
    props_strf(p, "fsdev", "fsdev-%s", fs->info.alias);
    props_str(p, "mount_tag", fs->target);
    return build_device(b, p, &fs->info, build_reason(DEV_FILESYSTEM, i, fs), err);
}

static bool build_virtiofs(QemuBuild *b, Filesystem *fs, guint i, GError **err)
{
    g_autofree char *own = g_strdup_printf("%s/%s-fs.sock", b->domain_dir, fs->info.alias);
    g_autofree char *driver = virtio_device("vhost-user-fs", &fs->info, generation(fs));
    json_object *chardev = json_object_new_object();
    props_str(chardev, "", "socket");
    props_strf(chardev, "id", "chr-vu-%s", fs->info.alias);
    props_str(chardev, "path", fs->source.socket ? fs->source.socket : own);
    qemu_command_opts(b->cmd, "-chardev", chardev, build_reason(DEV_FILESYSTEM, i, fs));
    json_object *p = props_new(driver, fs->info.alias);
    props_strf(p, "chardev", "chr-vu-%s", fs->info.alias);
    props_u64_opt(p, "queue-size", fs->driver.queue);
    props_str(p, "tag", fs->target);
    props_virtio_options(p, &fs->driver.virtio);
    return build_device(b, p, &fs->info, build_reason(DEV_FILESYSTEM, i, fs), err);
}

bool build_filesystems(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_FILESYSTEM, Filesystem, fs) {
        bool is_virtiofs = fs->driver.type == FS_DRIVER_VIRTIOFS;
        if (fs->type != FS_MOUNT)
            return refuse(err, fs, "QEMU shares folders only: type='mount'");
        if (!(is_virtiofs ? build_virtiofs(b, fs, fs_i, err) : build_9p(b, fs, fs_i, err)))
            return false;
    }
    return true;
}
