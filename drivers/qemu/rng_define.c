/* Defaults and rules of <rng> and <redirdev>. */
#include "config.h"
#include "conf/rng.h"
#include "drivers/qemu/chardev_define.h"
#include "drivers/qemu/each.h"

static bool define_reached(DomainDef *def, ChardevSource *src, DeviceKind kind, guint i, GError **err)
{
    if (src->type == CHR_UNIX && !src->path) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s %u: type 'unix' needs <source path>",
                    device_kinds[kind].name, i);
        return false;
    }
    return define_source(def, src, kind, i, err);
}

bool define_rngs(DomainDef *def, GError **err)
{
    EACH_DEVICE(def, DEV_RNG, Rng, rng) {
        if (rng->backend == RNG_RANDOM && (!rng->path || !*g_strstrip(rng->path))) {
            g_free(rng->path);
            rng->path = g_strdup("/dev/random");
        }
        if (!rng->rate_bytes)
            rng->rate_period = 0;
        if (rng->backend == RNG_EGD && !define_reached(def, &rng->src, DEV_RNG, rng_i, err))
            return false;
    }
    return true;
}

bool define_redirdevs(DomainDef *def, GError **err)
{
    RedirFilter *filter = def->devices.redirfilter;
    if (filter && (!filter->usbdevs || !filter->usbdevs->len)) {
        xm_free(&redirfilter_elem, filter);
        def->devices.redirfilter = NULL;
    }
    EACH_DEVICE(def, DEV_REDIRDEV, Redirdev, r) {
        r->bus = REDIR_BUS_USB;
        if (!define_reached(def, &r->src, DEV_REDIRDEV, r_i, err))
            return false;
    }
    return true;
}
