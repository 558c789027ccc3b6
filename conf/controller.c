#include "config.h"
#include "conf/controller.h"

XM_ENUM(controller_type, "controller type", NULL, "ide", "fdc", "scsi", "sata", "virtio-serial", "ccid", "usb", "pci",
        "xenbus", "isa");
XM_COVERS(controller_type, CONTROLLER__N);
XM_ENUM(controller_model, "controller model", NULL,
        "pci-root", "pcie-root", "pci-bridge", "dmi-to-pci-bridge", "pcie-to-pci-bridge", "pcie-root-port",
        "pcie-switch-upstream-port", "pcie-switch-downstream-port", "pci-expander-bus", "pcie-expander-bus",
        "auto", "buslogic", "lsilogic", "lsisas1068", "vmpvscsi", "ibmvscsi", "virtio-scsi", "lsisas1078",
        "virtio-transitional", "virtio-non-transitional", "ncr53c90", "dc390", "am53c974",
        "piix3-uhci", "piix4-uhci", "ehci", "ich9-ehci1", "ich9-uhci1", "ich9-uhci2", "ich9-uhci3", "vt82c686b-uhci",
        "pci-ohci", "nec-xhci", "qusb1", "qusb2", "qemu-xhci", "none",
        "piix3", "piix4", "ich6",
        "virtio");
XM_COVERS(controller_model, MODEL__N);
XM_ENUM(pci_dev_name, "PCI controller device", NULL, "pci-bridge", "i82801b11-bridge", "ioh3420", "x3130-upstream",
        "xio3130-downstream", "pxb", "pxb-pcie", "pcie-root-port", "spapr-pci-host-bridge", "pcie-pci-bridge");
XM_COVERS(pci_dev_name, PCI_DEV__N);

bool controller_is_pci_root(const Controller *c)
{
    return c->type == CONTROLLER_PCI && (c->model == MODEL_PCI_ROOT || c->model == MODEL_PCIE_ROOT);
}

bool controller_model_fits(ControllerType type, ControllerModel model)
{
    static const struct { ControllerType type; ControllerModel first, last; } ranges[] = {
        { CONTROLLER_PCI, MODEL_PCI_ROOT, MODEL_PCIE_EXPANDER },
        { CONTROLLER_SCSI, MODEL_SCSI_AUTO, MODEL_AM53C974 },
        { CONTROLLER_USB, MODEL_PIIX3_UHCI, MODEL_USB_NONE },
        { CONTROLLER_IDE, MODEL_PIIX3, MODEL_ICH6 },
        { CONTROLLER_VIRTIO_SERIAL, MODEL_VIRTIO, MODEL_VIRTIO },
        { CONTROLLER_VIRTIO_SERIAL, MODEL_VIRTIO_TRANSITIONAL, MODEL_VIRTIO_NON_TRANSITIONAL },
    };
    if (model == MODEL_NONE)
        return true;
    for (guint i = 0; i < G_N_ELEMENTS(ranges); i++)
        if (ranges[i].type == type && model >= ranges[i].first && model <= ranges[i].last)
            return true;
    return false;
}

static guint controller_variant(gconstpointer obj)
{
    return ((const Controller *)obj)->type;
}

static bool controller_loaded(gpointer obj, G_GNUC_UNUSED xmlNode *node, char **why)
{
    Controller *c = obj;
    if (!controller_model_fits(c->type, c->model)) {
        *why = g_strdup_printf("'%s' is no model of a %s controller", xm_enum_name(&controller_model, c->model),
                               xm_enum_name(&controller_type, c->type));
        return false;
    }
    return true;
}

static bool controller_check(gconstpointer obj, char **why)
{
    const Controller *c = obj;
    if (c->index.set && c->index.v > G_MAXINT) {
        *why = g_strdup_printf("index '%u' is out of range", c->index.v);
        return false;
    }
    if (c->type == CONTROLLER_USB && c->info.addr.type == ADDR_PCI && c->model == MODEL_USB_NONE) {
        *why = g_strdup("a USB controller of model 'none' has no address");
        return false;
    }
    return true;
}

static const XmRow driver_rows[] = {
    A_U32  (Controller, driver.queues, "queues", .flags = XM_ABI),
    A_U32  (Controller, driver.cmd_per_lun, "cmd_per_lun", .flags = XM_ABI),
    A_U32  (Controller, driver.max_sectors, "max_sectors", .flags = XM_ABI),
    A_ONOFF(Controller, driver.ioeventfd, "ioeventfd", .flags = XM_ABI),
    A_U32  (Controller, driver.iothread, "iothread", .doc = "number of the I/O thread that serves it"),
    INCLUDE(Controller, driver.virtio, virtio_options_elem),
};
static const XmElem driver_elem = ELEM("driver", Controller, driver_rows);

static const XmRow pci_model_rows[] = {
    A_ENUM(Controller, pci.name, "name", pci_dev_name, .flags = XM_ABI, .doc = "QEMU's device"),
};
static const XmElem pci_model_elem = ELEM("model", Controller, pci_model_rows);

static const XmRow pci_target_rows[] = {
    A_OPT  (Controller, pci.chassis_nr, "chassisNr", .flags = XM_ABI, .doc = "of a pci-bridge, 1 to 255"),
    A_OPT  (Controller, pci.chassis, "chassis", .flags = XM_ABI, .doc = "of a PCI Express port, 0 to 255"),
    XM_SCALAR(XM_ATTR, Controller, pci.port, "port", xm_hex, OptU32, .width = 1, .flags = XM_ABI),
    A_OPT  (Controller, pci.bus_nr, "busNr", .flags = XM_ABI, .doc = "first bus number behind an expander bus"),
    A_OPT  (Controller, pci.target_index, "index", .flags = XM_ABI),
    A_ONOFF(Controller, pci.hotplug, "hotplug", .flags = XM_ABI),
    LEAF_OPT(Controller, pci.node, "node", .flags = XM_ABI, .doc = "guest NUMA node of an expander bus"),
};
static const XmElem pci_target_elem = ELEM("target", Controller, pci_target_rows);

#define PCI XM_BIT(CONTROLLER_PCI)
static const XmRow controller_rows[] = {
    A_ENUM(Controller, type, "type", controller_type, .flags = XM_ABI | XM_REQUIRED),
    A_OPT (Controller, index, "index", .flags = XM_ABI),
    A_ENUM(Controller, model, "model", controller_model, .flags = XM_ABI),
    A_OPT (Controller, ports, "ports", .flags = XM_ABI,
           .when = XM_BIT(CONTROLLER_USB) | XM_BIT(CONTROLLER_VIRTIO_SERIAL)),
    A_OPT (Controller, vectors, "vectors", .flags = XM_ABI, .when = XM_BIT(CONTROLLER_VIRTIO_SERIAL)),
    A_OPT (Controller, max_grant_frames, "maxGrantFrames", .when = XM_BIT(CONTROLLER_XENBUS)),
    A_OPT (Controller, max_event_channels, "maxEventChannels", .when = XM_BIT(CONTROLLER_XENBUS)),
    INLINE("model", pci_model_elem, .when = PCI),
    INLINE("target", pci_target_elem, .when = PCI),
    INLINE("driver", driver_elem),
    INCLUDE(Controller, info, device_info_elem),
    SIZE  (Controller, pci.hole64, "pcihole64", .when = PCI, .flags = XM_ABI),
};
const XmElem controller_elem = ELEM("controller", Controller, controller_rows, .has_line = true,
                                    .variant = controller_variant, .loaded = controller_loaded,
                                    .check = controller_check);
