/* -device of graphics cards. */
#include "config.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/display_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/virtio_props.h"

/* The first card carries the VGA text mode where there is one; the others are plain. */
static const struct { const char *primary, *secondary; } cards[VIDEO__N] = {
    [VIDEO_VGA]    = { "VGA", NULL },
    [VIDEO_CIRRUS] = { "cirrus-vga", NULL },
    [VIDEO_VMVGA]  = { "vmware-svga", NULL },
    [VIDEO_QXL]    = { "qxl-vga", "qxl" },
    [VIDEO_BOCHS]  = { "bochs-display", NULL },
    [VIDEO_RAMFB]  = { "ramfb", NULL },
};

static bool has_vga(const QemuBuild *b)
{
    const char *arch = qemu_caps_arch(b->caps);
    return g_str_equal(arch, "x86_64") || g_str_equal(arch, "i686") || g_str_has_prefix(arch, "ppc");
}

static char *virtio_card(const QemuBuild *b, const Video *v, bool primary)
{
    bool vga = primary && has_vga(b) && qemu_caps_has_type(b->caps, "virtio-vga");
    bool gl = v->accel.accel3d == TRI_YES && qemu_caps_has_type(b->caps, vga ? "virtio-vga-gl" : "virtio-gpu-gl-pci");
    if (vga)
        return g_strdup(gl ? "virtio-vga-gl" : "virtio-vga");
    return virtio_device(gl ? "virtio-gpu-gl" : "virtio-gpu", &v->info, VIRTIO_DEFAULT);
}

static void add_memory(json_object *p, const Video *v)
{
    switch (v->type) {
    case VIDEO_QXL:
        props_u64(p, "ram_size", (guint64)v->ram * 1024);
        props_u64(p, "vram_size", (guint64)v->vram * 1024);
        props_u64(p, "vram64_size_mb", v->vram64 / 1024);
        props_u64(p, "vgamem_mb", v->vgamem / 1024);
        break;
    case VIDEO_VGA: case VIDEO_VMVGA:
        props_u64(p, "vgamem_mb", v->vram / 1024);
        break;
    case VIDEO_BOCHS:
        props_u64(p, "vgamem", (guint64)v->vram * 1024);
        break;
    default:
        break;
    }
}

static bool build_video(QemuBuild *b, Video *v, guint i, GError **err)
{
    g_autofree char *virtio = v->type == VIDEO_VIRTIO ? virtio_card(b, v, i == 0) : NULL;
    const char *driver = virtio ? virtio : i == 0 ? cards[v->type].primary : cards[v->type].secondary;
    const char *why = !driver ? "QEMU has no such card at this place" : NULL;
    if (v->driver.name == VIDEO_BACKEND_VHOSTUSER)
        why = "no vhost-user process for graphics is installed here; drop <driver name='vhostuser'>";
    else if (driver && !qemu_caps_has_type(b->caps, driver))
        why = "this QEMU has no such card";
    if (why) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "video %u of model '%s': %s", i,
                    xm_enum_name(&video_type, v->type), why);
        return false;
    }
    json_object *p = props_new(driver, NULL);
    props_virtio_options(p, &v->driver.virtio);
    props_str(p, "id", v->info.alias);
    if (v->type == VIDEO_QXL || v->type == VIDEO_VIRTIO)
        props_u64_opt(p, "max_outputs", v->heads.v);
    add_memory(p, v);
    props_u64_opt(p, "xres", v->resolution.x);
    props_u64_opt(p, "yres", v->resolution.y);
    return build_device(b, p, &v->info, build_reason(DEV_VIDEO, i, v), err);
}

bool build_videos(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_VIDEO, Video, v)
        if (v->type != VIDEO_NONE && !build_video(b, v, v_i, err))
            return false;
    return true;
}
