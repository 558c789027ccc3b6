/* Rows of <hostdev>. */
#include "config.h"
#include <string.h>
#include "conf/hostdev.h"

XM_ENUM(hostdev_mode, "mode of a host device", NULL, "subsystem", "capabilities");
XM_COVERS(hostdev_mode, HOSTDEV_MODE__N);
XM_ENUM(hostdev_type, "type of host device", NULL, "usb", "pci", "scsi", "scsi_host", "mdev");
XM_COVERS(hostdev_type, HOSTDEV__N);
XM_ENUM(hostdev_model, "model of a host device", NULL, "vfio-pci", "vfio-ccw", "vfio-ap", "virtio", "virtio-transitional",
        "virtio-non-transitional");
XM_COVERS(hostdev_model, HOSTDEV_MODEL__N);
XM_ENUM(hostdev_driver, "driver of a host device", NULL, "kvm", "vfio", "xen");
XM_COVERS(hostdev_driver, HOSTDEV_DRIVER__N);
XM_ENUM(hostdev_teaming, "type of teaming", NULL, "persistent", "transient");
XM_COVERS(hostdev_teaming, HOSTDEV_TEAMING__N);
XM_ENUM(usb_startup, "startup policy", NULL, "default", "mandatory", "requisite", "optional");
XM_COVERS(usb_startup, USB_STARTUP__N);
XM_ENUM(usb_guest_reset, "guest reset mode", NULL, "off", "uninitialized", "on");
XM_COVERS(usb_guest_reset, USB_RESET__N);

static bool refuse(char **why, const char *text)
{
    *why = g_strdup(text);
    return false;
}

/* --- <source> by type */

#define ONE(id, name, ...) \
    static const XmRow id##_rows[] = { __VA_ARGS__ }; \
    static const XmElem id##_elem = ELEM(name, Hostdev, id##_rows)
ONE(vendor, "vendor", A_HEX(Hostdev, usb.vendor, "id", 4, .max = 0xffff, .flags = XM_REQUIRED));
ONE(product, "product", A_HEX(Hostdev, usb.product, "id", 4, .max = 0xffff, .flags = XM_REQUIRED));
ONE(usb_address, "address",
    A_OPT(Hostdev, usb.bus, "bus", .flags = XM_REQUIRED),
    A_OPT(Hostdev, usb.device, "device", .flags = XM_REQUIRED));

static bool usb_check(gconstpointer obj, char **why)
{
    const Hostdev *h = obj;
    if (h->usb.vendor.set != h->usb.product.set)
        return refuse(why, "a USB device is named by vendor and product together");
    if (!h->usb.vendor.set && !h->usb.bus.set)
        return refuse(why, "a USB <source> needs <vendor> and <product>, or an <address>");
    if (h->usb.vendor.set && !h->usb.vendor.v)
        return refuse(why, "0 is not a USB vendor");
    return true;
}

static const XmRow usb_rows[] = {
    A_ENUM(Hostdev, usb.startup, "startupPolicy", usb_startup),
    A_ENUM(Hostdev, usb.guest_reset, "guestReset", usb_guest_reset),
    FLAG  (Hostdev, usb.missing, "missing", .flags = XM_LIVE),
    INLINE("vendor", vendor_elem),
    INLINE("product", product_elem),
    INLINE("address", usb_address_elem),
};
static const XmElem usb_elem = ELEM("source", Hostdev, usb_rows, .check = usb_check);

/* All four parts are written, whichever were left out. */
static bool pci_loaded(gpointer obj, xmlNode *node, char **why)
{
    Hostdev *h = obj;
    h->pci.domain.set = h->pci.bus.set = h->pci.slot.set = h->pci.function.set = true;
    return true;
}

static const XmRow pci_address_rows[] = {
    A_HEX(Hostdev, pci.domain, "domain", 4),
    A_HEX(Hostdev, pci.bus, "bus", 2, .max = 0xff),
    A_HEX(Hostdev, pci.slot, "slot", 2, .max = 0x1f),
    A_HEX(Hostdev, pci.function, "function", 1, .max = 7),
};
static const XmElem pci_address_elem = ELEM("address", Hostdev, pci_address_rows, .loaded = pci_loaded);
static bool pci_check(gconstpointer obj, char **why)
{
    const Hostdev *h = obj;
    return !h->pci.write_filtering ||
           refuse(why, "QEMU does not filter writes to the configuration of PCI devices; leave out writeFiltering");
}
static const XmRow pci_rows[] = {
    A_YESNO(Hostdev, pci.write_filtering, "writeFiltering"),
    INLINE("address", pci_address_elem, .flags = XM_REQUIRED),
};
static const XmElem pci_elem = ELEM("source", Hostdev, pci_rows, .check = pci_check, .refuse_code = QV_ERR_CONFIG_UNSUPPORTED);

static const XmRow host_rows[] = {
    A_STR(SourceHost, name, "name", .flags = XM_REQUIRED),
    A_U32(SourceHost, port, "port", .max = 65535),
};
static const XmElem host_elem = ELEM("host", SourceHost, host_rows);
ONE(adapter, "adapter", A_STR(Hostdev, scsi.adapter, "name", .flags = XM_REQUIRED));
ONE(scsi_address, "address",
    A_OPT  (Hostdev, scsi.bus, "bus", .flags = XM_REQUIRED),
    A_OPT  (Hostdev, scsi.target, "target", .flags = XM_REQUIRED),
    A_OPT64(Hostdev, scsi.unit, "unit", .flags = XM_REQUIRED));
ONE(iqn, "iqn", A_STR(Hostdev, scsi.initiator, "name", .flags = XM_REQUIRED));
ONE(initiator, "initiator", INLINE("iqn", iqn_elem));

/* A target alone stands for its first unit. */
static bool scsi_loaded(gpointer obj, xmlNode *node, char **why)
{
    Hostdev *h = obj;
    if (h->scsi.name && !strchr(h->scsi.name, '/')) {
        char *with_lun = g_strconcat(h->scsi.name, "/0", NULL);
        g_free(h->scsi.name);
        h->scsi.name = with_lun;
    }
    return true;
}

static bool scsi_check(gconstpointer obj, char **why)
{
    const Hostdev *h = obj;
    if (h->scsi.protocol && strcmp(h->scsi.protocol, "iscsi") && strcmp(h->scsi.protocol, "adapter"))
        return refuse(why, "a SCSI <source> has protocol='iscsi', or none and an <adapter>");
    if (h->scsi.protocol && !strcmp(h->scsi.protocol, "iscsi"))
        return (h->scsi.name && h->scsi.hosts) || refuse(why, "an iSCSI <source> needs a name and a <host>");
    return (h->scsi.adapter && h->scsi.bus.set) || refuse(why, "a SCSI <source> needs an <adapter> and an <address>");
}

static const XmRow scsi_rows[] = {
    A_STR (Hostdev, scsi.protocol, "protocol"),
    A_STR (Hostdev, scsi.name, "name"),
    LIST  (Hostdev, scsi.hosts, "host", host_elem, .max_items = 1),
    CHILD (Hostdev, scsi.auth, "auth", storage_auth_elem),
    INLINE("initiator", initiator_elem),
    INLINE("adapter", adapter_elem),
    INLINE("address", scsi_address_elem),
};
static const XmElem scsi_elem = ELEM("source", Hostdev, scsi_rows, .loaded = scsi_loaded, .check = scsi_check);

static bool scsi_host_check(gconstpointer obj, char **why)
{
    const Hostdev *h = obj;
    if (strcmp(h->scsi_host.protocol, "vhost") != 0)
        return refuse(why, "a SCSI host has protocol='vhost'");
    if (!h->scsi_host.wwpn || !g_str_has_prefix(h->scsi_host.wwpn, "naa."))
        return refuse(why, "a vhost <source> needs a wwpn like naa.5123456789abcde0");
    return true;
}

static const XmRow scsi_host_rows[] = {
    A_STR(Hostdev, scsi_host.protocol, "protocol", .flags = XM_REQUIRED),
    A_STR(Hostdev, scsi_host.wwpn, "wwpn"),
};
static const XmElem scsi_host_elem = ELEM("source", Hostdev, scsi_host_rows, .check = scsi_host_check);
ONE(mdev_address, "address", A_UUID(Hostdev, mdev_uuid, "uuid", .flags = XM_REQUIRED));
ONE(mdev, "source", INLINE("address", mdev_address_elem, .flags = XM_REQUIRED));

/* --- the whole */

ONE(driver, "driver", A_ENUM(Hostdev, driver, "name", hostdev_driver, .flags = XM_REQUIRED));
ONE(teaming, "teaming",
    A_ENUM(Hostdev, teaming.type, "type", hostdev_teaming, .flags = XM_REQUIRED | XM_ABI),
    A_STR (Hostdev, teaming.persistent, "persistent", .flags = XM_ABI));

static guint hostdev_variant(gconstpointer obj)
{
    return ((const Hostdev *)obj)->type;
}

static void hostdev_init(gpointer obj)
{
    Hostdev *h = obj;
    h->mode = HOSTDEV_SUBSYSTEM;
}

static bool hostdev_loaded(gpointer obj, xmlNode *node, char **why)
{
    Hostdev *h = obj;
    bool takes_host_driver = h->type == HOSTDEV_USB || h->type == HOSTDEV_PCI || h->type == HOSTDEV_SCSI;
    if (!h->managed && takes_host_driver)
        h->managed = TRI_NO;
    return true;
}

static bool hostdev_check(gconstpointer obj, char **why)
{
    const Hostdev *h = obj;
    if (h->mode == HOSTDEV_CAPABILITIES)
        return refuse(why, "<hostdev mode='capabilities'> is for containers; QEMU takes mode='subsystem'");
    if (h->rawio && h->type != HOSTDEV_SCSI)
        return refuse(why, "rawio is for type='scsi'");
    if (h->model && h->type != HOSTDEV_MDEV && h->type != HOSTDEV_SCSI_HOST)
        return refuse(why, "a model is for type='mdev' and type='scsi_host'");
    if (h->type == HOSTDEV_MDEV && (!h->model || h->model >= HOSTDEV_VIRTIO))
        return refuse(why, "a mediated device needs model='vfio-pci', 'vfio-ccw' or 'vfio-ap'");
    if (h->type == HOSTDEV_SCSI_HOST && h->model && h->model < HOSTDEV_VIRTIO)
        return refuse(why, "a SCSI host has a virtio model");
    return true;
}

#define T(x) XM_BIT(HOSTDEV_##x)
static const XmRow hostdev_rows[] = {
    A_ENUM (Hostdev, mode, "mode", hostdev_mode, .flags = XM_NONZERO),
    A_ENUM (Hostdev, type, "type", hostdev_type, .flags = XM_REQUIRED, .doc = "what it is on the host"),
    A_YESNO(Hostdev, managed, "managed", .doc = "taken from the host's driver at start, given back at the end"),
    A_STR  (Hostdev, sgio, "sgio", .when = T(SCSI)),
    A_YESNO(Hostdev, rawio, "rawio"),
    A_ENUM (Hostdev, model, "model", hostdev_model, .flags = XM_ABI),
    A_ONOFF(Hostdev, display, "display", .when = T(MDEV), .flags = XM_ABI),
    A_ONOFF(Hostdev, ramfb, "ramfb", .when = T(MDEV), .flags = XM_ABI),
    INLINE ("driver", driver_elem, .when = T(PCI)),
    INLINE ("source", usb_elem, .when = T(USB), .flags = XM_REQUIRED),
    INLINE ("source", pci_elem, .when = T(PCI), .flags = XM_REQUIRED),
    INLINE ("source", scsi_elem, .when = T(SCSI), .flags = XM_REQUIRED),
    INLINE ("source", scsi_host_elem, .when = T(SCSI_HOST), .flags = XM_REQUIRED),
    INLINE ("source", mdev_elem, .when = T(MDEV), .flags = XM_REQUIRED),
    INLINE ("teaming", teaming_elem, .when = T(PCI)),
    FLAG   (Hostdev, readonly, "readonly", .when = T(SCSI), .flags = XM_ABI),
    FLAG   (Hostdev, shareable, "shareable", .when = T(SCSI)),
    INCLUDE(Hostdev, info, device_info_elem),
};
const XmElem hostdev_elem = ELEM("hostdev", Hostdev, hostdev_rows, .has_line = true, .variant = hostdev_variant,
                                 .init = hostdev_init, .loaded = hostdev_loaded, .check = hostdev_check);
