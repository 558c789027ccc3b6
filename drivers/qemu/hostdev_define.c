/* Defaults and rules of <hostdev>. */
#include "config.h"
#include <string.h>
#include "conf/display.h"
#include "conf/hostdev.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/misc_define.h"

typedef const char *(*Rule)(const DomainDef *def, const Hostdev *h);

static const char *rule_mode(const DomainDef *def, const Hostdev *h)
{
    if (h->mode == HOSTDEV_CAPABILITIES)
        return "mode='capabilities' is for containers; use mode='subsystem'";
    if (h->sgio && strcmp(h->sgio, "unfiltered") == 0)
        return "sgio='unfiltered' is no longer supported by kernels; leave it out";
    if ((h->type == HOSTDEV_USB || h->type == HOSTDEV_PCI || h->type == HOSTDEV_SCSI) && h->model)
        return "'model' is for mdev and scsi_host devices only";
    return NULL;
}

static const char *rule_mdev(const DomainDef *def, const Hostdev *h)
{
    if (h->type != HOSTDEV_MDEV)
        return NULL;
    if (!h->model)
        return "a mediated device needs a 'model'";
    if (h->model != HOSTDEV_VFIO_PCI)
        return "only mediated devices of model 'vfio-pci' are supported by this version of QEMU";
    if (h->display == TRI_YES && !domain_devices(def, DEV_GRAPHICS)->len)
        return "display='on' needs a <graphics> device";
    if (h->info.boot_order)
        return "booting from mediated devices is not supported";
    return NULL;
}

static const char *rule_boot(const DomainDef *def, const Hostdev *h)
{
    if (h->type == HOSTDEV_SCSI_HOST && h->info.boot_order)
        return "booting from vhost SCSI hosts is not supported";
    return NULL;
}

static const Rule rules[] = { rule_mode, rule_mdev, rule_boot };

static bool refuse(GError **err, guint i, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "hostdev %u: %s", i + 1, why);
    return false;
}

/* --- two of one device of the host */

static bool same_number(OptU32 a, OptU32 b)
{
    return a.set == b.set && a.v == b.v;
}

static bool same_usb(const Hostdev *a, const Hostdev *b)
{
    return same_number(a->usb.bus, b->usb.bus) && same_number(a->usb.device, b->usb.device) &&
           same_number(a->usb.vendor, b->usb.vendor) && same_number(a->usb.product, b->usb.product);
}

static bool same_pci(const Hostdev *a, const Hostdev *b)
{
    return a->pci.domain.v == b->pci.domain.v && a->pci.bus.v == b->pci.bus.v && a->pci.slot.v == b->pci.slot.v &&
           a->pci.function.v == b->pci.function.v;
}

static bool same_scsi(const Hostdev *a, const Hostdev *b)
{
    return g_strcmp0(a->scsi.adapter, b->scsi.adapter) == 0 && g_strcmp0(a->scsi.name, b->scsi.name) == 0 &&
           same_number(a->scsi.bus, b->scsi.bus) && same_number(a->scsi.target, b->scsi.target) &&
           a->scsi.unit.v == b->scsi.unit.v;
}

static bool same_scsi_host(const Hostdev *a, const Hostdev *b)
{
    return g_strcmp0(a->scsi_host.wwpn, b->scsi_host.wwpn) == 0;
}

static bool same_mdev(const Hostdev *a, const Hostdev *b)
{
    return g_strcmp0(a->mdev_uuid, b->mdev_uuid) == 0;
}

static bool (*const same[HOSTDEV__N])(const Hostdev *, const Hostdev *) = {
    [HOSTDEV_USB] = same_usb, [HOSTDEV_PCI] = same_pci, [HOSTDEV_SCSI] = same_scsi,
    [HOSTDEV_SCSI_HOST] = same_scsi_host, [HOSTDEV_MDEV] = same_mdev,
};

static bool is_doubled(GPtrArray *all, guint i)
{
    const Hostdev *h = all->pdata[i];
    for (guint j = 0; j < i; j++) {
        const Hostdev *other = all->pdata[j];
        if (other->type == h->type && same[h->type] && same[h->type](h, other))
            return true;
    }
    return false;
}

bool hostdevs_define(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    guint n_ramfb = 0;
    EACH_DEVICE(def, DEV_HOSTDEV, Hostdev, h) {
        if (!h->managed)
            h->managed = TRI_NO;
        for (guint r = 0; r < G_N_ELEMENTS(rules); r++) {
            const char *why = rules[r](def, h);
            if (why)
                return refuse(err, h_i, why);
        }
        if (h->type == HOSTDEV_MDEV && h->model == HOSTDEV_VFIO_PCI && !h->display)
            h->display = TRI_NO;
        n_ramfb += h->ramfb == TRI_YES;
        if (n_ramfb > 1)
            return refuse(err, h_i, "only one device can have ramfb='on'");
        if (is_doubled(h_all, h_i))
            return refuse(err, h_i, "another <hostdev> names the same device of the host");
    }
    return true;
}
