/* -object rng-* and the device that feeds the guest from it. */
#include "config.h"
#include "conf/rng.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/virtio_props.h"

static const char *const backends[RNG__N] = {
    [RNG_RANDOM] = "rng-random", [RNG_EGD] = "rng-egd", [RNG_BUILTIN] = "rng-builtin",
};
static const VirtioGeneration generations[RNG_MODEL__N] = {
    [RNG_VIRTIO_TRANSITIONAL] = VIRTIO_TRANSITIONAL, [RNG_VIRTIO_NON_TRANSITIONAL] = VIRTIO_NON_TRANSITIONAL,
};

static bool build_backend(QemuBuild *b, Rng *rng, guint i, const char *object, GError **err)
{
    g_autofree char *chardev = chardev_id(&rng->info);
    if (rng->backend == RNG_EGD && !build_chardev(b, &rng->src, chardev, "vdagent", build_reason(DEV_RNG, i, rng), err))
        return false;
    json_object *p = json_object_new_object();
    props_str(p, "qom-type", backends[rng->backend]);
    props_str(p, "id", object);
    if (rng->backend == RNG_RANDOM)
        props_str(p, "filename", rng->path);
    if (rng->backend == RNG_EGD)
        props_str(p, "chardev", chardev);
    qemu_command_json(b->cmd, "-object", p, build_reason(DEV_RNG, i, rng));
    return true;
}

bool build_rngs(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_RNG, Rng, rng) {
        g_autofree char *object = g_strconcat("obj", rng->info.alias, NULL);
        g_autofree char *driver = virtio_device("virtio-rng", &rng->info, generations[rng->model]);
        if (!build_backend(b, rng, rng_i, object, err))
            return false;
        json_object *p = props_new(driver, NULL);
        props_virtio_options(p, &rng->virtio);
        props_str(p, "rng", object);
        props_str(p, "id", rng->info.alias);
        props_u64_opt(p, "max-bytes", rng->rate_bytes);
        if (rng->rate_bytes)
            props_u64(p, "period", rng->rate_period ? rng->rate_period : 1000);
        if (!build_device(b, p, &rng->info, build_reason(DEV_RNG, rng_i, rng), err))
            return false;
    }
    return true;
}
