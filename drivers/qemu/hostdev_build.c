/* Devices of the host given to the guest, on the command line. */
#include "config.h"
#include <string.h>
#include "conf/hostdev.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/misc_build.h"
#include "drivers/qemu/virtio_props.h"

static json_object *usb_props(QemuBuild *b, const Hostdev *h, guint i, GError **err)
{
    json_object *p = props_new("usb-host", h->info.alias);
    if (h->usb.bus.set)
        props_strf(p, "hostdevice", "/dev/bus/usb/%03u/%03u", h->usb.bus.v, h->usb.device.v);
    else {
        props_u64(p, "vendorid", h->usb.vendor.v);
        props_u64(p, "productid", h->usb.product.v);
    }
    if (h->usb.guest_reset) {
        props_bool(p, "guest-reset", h->usb.guest_reset != USB_RESET_OFF);
        if (h->usb.guest_reset != USB_RESET_OFF)
            props_bool(p, "guest-resets-all", h->usb.guest_reset == USB_RESET_ON);
    }
    return p;
}

static json_object *pci_props(QemuBuild *b, const Hostdev *h, guint i, GError **err)
{
    if (h->driver == HOSTDEV_DRIVER_KVM || h->driver == HOSTDEV_DRIVER_XEN) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                    "hostdev %u: this QEMU assigns PCI devices by VFIO only; use <driver name='vfio'/>", i + 1);
        return NULL;
    }
    json_object *p = props_new("vfio-pci", h->info.alias);
    props_strf(p, "host", "%04x:%02x:%02x.%x", h->pci.domain.v, h->pci.bus.v, h->pci.slot.v, h->pci.function.v);
    if (h->teaming.type == HOSTDEV_TEAMING_TRANSIENT)
        props_str(p, "failover_pair_id", h->teaming.persistent);
    return p;
}

static json_object *mdev_props(QemuBuild *b, const Hostdev *h, guint i, GError **err)
{
    json_object *p = props_new(h->ramfb == TRI_YES ? "vfio-pci-nohotplug" : "vfio-pci", h->info.alias);
    props_strf(p, "sysfsdev", "/sys/bus/mdev/devices/%s", h->mdev_uuid);
    props_onoff(p, "display", h->display);
    props_tri(p, "ramfb", h->ramfb == TRI_YES ? TRI_YES : TRI_ABSENT);
    return p;
}

static json_object *scsi_host_props(QemuBuild *b, const Hostdev *h, guint i, GError **err)
{
    VirtioGeneration generation = h->model == HOSTDEV_VIRTIO_TRANSITIONAL ? VIRTIO_TRANSITIONAL :
                                  h->model == HOSTDEV_VIRTIO_NON_TRANSITIONAL ? VIRTIO_NON_TRANSITIONAL : VIRTIO_DEFAULT;
    g_autofree char *driver = virtio_device("vhost-scsi", &h->info, generation);
    g_autofree char *fd = build_fds(b, h->info.alias);
    json_object *p = props_new(driver, h->info.alias);
    props_str(p, "wwpn", h->scsi_host.wwpn);
    props_str(p, "vhostfd", fd);
    return p;
}

/* --- SCSI: a node of the host's generic device, or of an iSCSI unit */

static char *generic_node(const Hostdev *h, GError **err)
{
    g_autofree char *folder = g_strdup_printf("/sys/bus/scsi/devices/%s:%u:%u:%" G_GUINT64_FORMAT "/scsi_generic",
                                              h->scsi.adapter + strcspn(h->scsi.adapter, "0123456789"), h->scsi.bus.v,
                                              h->scsi.target.v, h->scsi.unit.v);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name = dir ? g_dir_read_name(dir) : NULL;
    if (name)
        return g_strconcat("/dev/", name, NULL);
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "the host has no SCSI device %s %u:%u:%" G_GUINT64_FORMAT,
                h->scsi.adapter, h->scsi.bus.v, h->scsi.target.v, h->scsi.unit.v);
    return NULL;
}

/* "iqn.1992-01.com.example:storage/1": the name, and after the slash the unit. */
static json_object *iscsi_node(const Hostdev *h)
{
    const SourceHost *host = h->scsi.hosts->pdata[0];
    g_auto(GStrv) parts = g_strsplit(h->scsi.name, "/", 2);
    json_object *n = json_object_new_object();
    props_str(n, "driver", "iscsi");
    props_strf(n, "portal", "%s:%u", host->name, host->port ? host->port : 3260);
    props_str(n, "target", parts[0]);
    props_u64(n, "lun", parts[0] && parts[1] ? g_ascii_strtoull(parts[1], NULL, 10) : 0);
    props_str(n, "transport", "tcp");
    props_str(n, "initiator-name", h->scsi.initiator);
    return n;
}

static json_object *scsi_node(const Hostdev *h, GError **err)
{
    if (h->scsi.hosts && h->scsi.hosts->len) {
        if (!h->scsi.auth)
            return iscsi_node(h);
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<auth> of an iSCSI <hostdev> is not supported yet");
        return NULL;
    }
    g_autofree char *path = generic_node(h, err);
    if (!path)
        return NULL;
    json_object *n = json_object_new_object();
    props_str(n, "driver", "host_device");
    props_str(n, "filename", path);
    return n;
}

static json_object *scsi_props(QemuBuild *b, const Hostdev *h, guint i, GError **err)
{
    g_autofree char *id = g_strdup_printf("libvirt-%s-backend", h->info.alias);
    json_object *node = scsi_node(h, err);
    if (!node)
        return NULL;
    props_str(node, "node-name", id);
    props_bool(node, "read-only", h->readonly);
    qemu_command_json(b->cmd, "-blockdev", node, build_reason(DEV_HOSTDEV, i, (gpointer)h));
    json_object *p = props_new("scsi-generic", h->info.alias);
    props_str(p, "drive", id);
    if (h->shareable)
        props_bool(p, "share-rw", true);
    return p;
}

static json_object *(*const of_type[HOSTDEV__N])(QemuBuild *, const Hostdev *, guint, GError **) = {
    [HOSTDEV_USB] = usb_props, [HOSTDEV_PCI] = pci_props, [HOSTDEV_SCSI] = scsi_props,
    [HOSTDEV_SCSI_HOST] = scsi_host_props, [HOSTDEV_MDEV] = mdev_props,
};

bool build_hostdevs(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_HOSTDEV, Hostdev, h) {
        if (!of_type[h->type])
            continue;
        json_object *p = of_type[h->type](b, h, h_i, err);
        if (!p || !build_device(b, p, &h->info, build_reason(DEV_HOSTDEV, h_i, h), err))
            return false;
    }
    return true;
}
