/* <video>: the card that graphics imply, memory sizes, which one the guest boots on, and what each
 * model can do. */
#include "config.h"
#include "drivers/qemu/display_define.h"
#include "drivers/qemu/each.h"

typedef enum { SECONDARY = 1 << 0, HEADS = 1 << 1, MIN_1M = 1 << 2, RESOLUTION = 1 << 3, ABSENT = 1 << 4 } VideoTrait;

/* Sizes in KiB, as guests have always had them. */
static const struct { guint32 ram, vram, vgamem; guint traits; } kinds[VIDEO__N] = {
    [VIDEO_VGA]       = { 0, 16384, 0, MIN_1M | RESOLUTION },
    [VIDEO_CIRRUS]    = { 0, 16384, 0, 0 },
    [VIDEO_VMVGA]     = { 0, 16384, 0, MIN_1M },
    [VIDEO_QXL]       = { 65536, 65536, 16384, SECONDARY | HEADS | RESOLUTION },
    [VIDEO_VIRTIO]    = { 0, 0, 0, SECONDARY | HEADS | RESOLUTION },
    [VIDEO_BOCHS]     = { 0, 16384, 0, RESOLUTION },
    [VIDEO_RAMFB]     = { 0, 0, 0, 0 },
    [VIDEO_XEN]       = { 0, 0, 0, ABSENT },
    [VIDEO_VBOX]      = { 0, 0, 0, ABSENT },
    [VIDEO_PARALLELS] = { 0, 0, 0, ABSENT },
    [VIDEO_GOP]       = { 0, 0, 0, ABSENT },
};

static VideoType default_model(const DomainDef *def, const DefineCtx *ctx)
{
    const char *arch = def->frame.os.arch ? def->frame.os.arch : "";
    if (g_str_has_prefix(arch, "ppc64"))
        return VIDEO_VGA;
    if (g_str_has_prefix(arch, "aarch64") || g_str_has_prefix(arch, "arm") || g_str_has_prefix(arch, "riscv") ||
        g_str_has_prefix(arch, "s390"))
        return VIDEO_VIRTIO;
    return qemu_caps_has_type(ctx->caps, "cirrus-vga") ? VIDEO_CIRRUS : VIDEO_VGA;
}

static guint32 power_of_two(guint32 n)
{
    guint32 p = 1;
    while (p < n && p < (1U << 31))
        p <<= 1;
    return p;
}

static void fill(guint32 *value, guint32 dflt, bool round)
{
    if (!*value)
        *value = dflt;
    if (*value && round)
        *value = power_of_two(*value);
}

static void default_video(Video *v)
{
    if (v->type == VIDEO_NONE) {
        v->ram = v->vram = v->vram64 = v->vgamem = 0;
        v->heads = (OptU32){ false, 0 };
        v->primary = TRI_ABSENT;
        return;
    }
    fill(&v->ram, kinds[v->type].ram, true);
    fill(&v->vram, kinds[v->type].vram, true);
    fill(&v->vgamem, kinds[v->type].vgamem, false);
    if (!v->heads.set)
        v->heads = (OptU32){ true, 1 };
    v->driver.vgaconf = VGACONF_NONE;
}

static const char *why_memory(const Video *v)
{
    if (v->type != VIDEO_QXL && v->ram)
        return "only qxl has the attribute ram";
    if (v->type != VIDEO_QXL && v->vram64)
        return "only qxl has the attribute vram64";
    if (v->type != VIDEO_QXL && v->vgamem)
        return "only qxl has the attribute vgamem";
    if (v->type == VIDEO_QXL && (v->vgamem & (v->vgamem - 1)))
        return "vgamem must be a power of two";
    if (v->type == VIDEO_QXL && v->vgamem < 1024)
        return "vgamem must be 1024 (1 MiB) or more";
    if (v->type == VIDEO_QXL && MAX(v->vram, v->ram) > G_MAXUINT32 / 1024)
        return "vram and ram must be below 4 GiB";
    if ((kinds[v->type].traits & MIN_1M) && v->vram < 1024)
        return "vram must be 1024 (1 MiB) or more";
    return NULL;
}

static const char *why_features(const Video *v)
{
    bool virtio = v->type == VIDEO_VIRTIO;
    if (v->heads.v > 1 && !(kinds[v->type].traits & HEADS))
        return "it has one head only";
    if (v->driver.name == VIDEO_BACKEND_VHOSTUSER && !virtio)
        return "the driver 'vhostuser' is only for virtio";
    if (!virtio && virtio_options_any(&v->driver.virtio))
        return "iommu, ats, packed and page_per_vq are only for virtio";
    if (v->accel.accel2d == TRI_YES)
        return "QEMU has no 2D acceleration to switch on";
    if (v->accel.accel3d == TRI_YES && !virtio)
        return "3D acceleration is only for virtio";
    if (v->accel.rendernode && v->driver.name != VIDEO_BACKEND_VHOSTUSER)
        return "a rendernode is only for the driver 'vhostuser'";
    if (v->resolution.x && !(kinds[v->type].traits & RESOLUTION))
        return "it has no resolution to set";
    if (v->type == VIDEO_RAMFB && v->info.addr.type)
        return "it is on no bus and has no address";
    return NULL;
}

static bool check_video(const Video *v, guint i, GError **err)
{
    const char *why = (kinds[v->type].traits & ABSENT) ? "QEMU has no such card" : why_memory(v);
    why = why ? why : why_features(v);
    if (!why && i > 0 && !(kinds[v->type].traits & SECONDARY))
        why = "it can only be the primary card";
    if (why)
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "video %u of model '%s': %s", i,
                    xm_enum_name(&video_type, v->type), why);
    return why == NULL;
}

/* The primary card comes first: its place on the bus is fixed. */
static bool put_primary_first(GPtrArray *videos, GError **err)
{
    guint primary = 0, n = 0;
    for (guint i = 0; i < videos->len; i++)
        if (((Video *)g_ptr_array_index(videos, i))->primary == TRI_YES) {
            primary = i;
            n++;
        }
    if (n > 1) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%u <video> are primary='yes'; the guest boots on one", n);
        return false;
    }
    Video *first = g_ptr_array_index(videos, primary);
    for (guint i = primary; i > 0; i--)
        videos->pdata[i] = videos->pdata[i - 1];
    videos->pdata[0] = first;
    first->primary = first->type == VIDEO_NONE ? TRI_ABSENT : TRI_YES;
    for (guint i = 1; i < videos->len; i++)
        ((Video *)g_ptr_array_index(videos, i))->primary = TRI_ABSENT;
    return true;
}

static bool check_alone(const GPtrArray *videos, GError **err)
{
    for (guint i = 0; i < videos->len && videos->len > 1; i++)
        if (((const Video *)g_ptr_array_index(videos, i))->type == VIDEO_NONE) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "a <video> of model 'none' must be the only one");
            return false;
        }
    return true;
}

bool define_videos(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    GPtrArray *videos = domain_devices(def, DEV_VIDEO);
    if (!videos->len && domain_devices(def, DEV_GRAPHICS)->len)
        g_ptr_array_add(videos, g_new0(Video, 1));
    if (!videos->len)
        return true;
    for (guint i = 0; i < videos->len; i++) {
        Video *v = g_ptr_array_index(videos, i);
        if (v->type == VIDEO_NONE_GIVEN || v->type == VIDEO_DEFAULT)
            v->type = default_model(def, ctx);
    }
    if (!check_alone(videos, err) || !put_primary_first(videos, err))
        return false;
    for (guint i = 0; i < videos->len; i++) {
        Video *v = g_ptr_array_index(videos, i);
        default_video(v);
        if (!check_video(v, i, err))
            return false;
    }
    return true;
}
