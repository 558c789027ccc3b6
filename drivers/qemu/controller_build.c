/* -device of controllers. What the board has anyway (roots, first IDE, q35's SATA, floppy) is not written. */
#include "config.h"
#include "conf/controller.h"
#include "conf/disk.h"
#include "drivers/qemu/address.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/virtio_props.h"

static bool refuse(GError **err, const Controller *c, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s controller %u: %s", xm_enum_name(&controller_type, c->type),
                c->index.v, why);
    return false;
}

static const char *const devices[MODEL__N] = {
    [MODEL_PIIX3_UHCI] = "piix3-usb-uhci", [MODEL_PIIX4_UHCI] = "piix4-usb-uhci", [MODEL_EHCI] = "usb-ehci",
    [MODEL_ICH9_EHCI1] = "ich9-usb-ehci1", [MODEL_ICH9_UHCI1] = "ich9-usb-uhci1", [MODEL_ICH9_UHCI2] = "ich9-usb-uhci2",
    [MODEL_ICH9_UHCI3] = "ich9-usb-uhci3", [MODEL_VT82C686B_UHCI] = "vt82c686b-usb-uhci", [MODEL_PCI_OHCI] = "pci-ohci",
    [MODEL_NEC_XHCI] = "nec-usb-xhci", [MODEL_QEMU_XHCI] = "qemu-xhci",
    [MODEL_LSILOGIC] = "lsi", [MODEL_LSISAS1068] = "mptsas1068", [MODEL_VMPVSCSI] = "pvscsi",
    [MODEL_IBMVSCSI] = "spapr-vscsi", [MODEL_LSISAS1078] = "megasas", [MODEL_NCR53C90] = "ncr53c90",
    [MODEL_DC390] = "dc-390", [MODEL_AM53C974] = "am53c974",
};

static VirtioGeneration generation(ControllerModel model)
{
    return model == MODEL_VIRTIO_TRANSITIONAL ? VIRTIO_TRANSITIONAL :
           model == MODEL_VIRTIO_NON_TRANSITIONAL ? VIRTIO_NON_TRANSITIONAL : VIRTIO_DEFAULT;
}

/* --- one function a type: the device's properties, NULL with an error, or nothing to write */

static json_object *usb(const QemuBuild *b, const Controller *c)
{
    bool slave = c->info.master_startport.set;
    json_object *p = props_new(devices[c->model], slave ? NULL : c->info.alias);
    if (c->model == MODEL_NEC_XHCI || c->model == MODEL_QEMU_XHCI) {
        props_u64_opt(p, "p2", c->ports.v);
        props_u64_opt(p, "p3", c->ports.v);
    }
    if (slave) {
        EACH_DEVICE(b->def, DEV_CONTROLLER, Controller, master)
            if (master->type == CONTROLLER_USB && master->index.v == c->index.v && !master->info.master_startport.set)
                props_strf(p, "masterbus", "%s.0", master->info.alias);
        props_u64(p, "firstport", c->info.master_startport.v);
    }
    return p;
}

static json_object *scsi(G_GNUC_UNUSED const QemuBuild *b, const Controller *c)
{
    bool is_virtio = !devices[c->model];
    g_autofree char *virtio = is_virtio ? virtio_device("virtio-scsi", &c->info, generation(c->model)) : NULL;
    json_object *p = props_new(is_virtio ? virtio : devices[c->model], c->info.alias);
    if (c->driver.iothread)
        props_strf(p, "iothread", "iothread%u", c->driver.iothread);
    props_virtio_options(p, &c->driver.virtio);
    props_u64_opt(p, "num_queues", c->driver.queues);
    props_u64_opt(p, "cmd_per_lun", c->driver.cmd_per_lun);
    props_u64_opt(p, "max_sectors", c->driver.max_sectors);
    props_tri(p, "ioeventfd", c->driver.ioeventfd);
    return p;
}

static json_object *virtio_serial(G_GNUC_UNUSED const QemuBuild *b, const Controller *c)
{
    g_autofree char *driver = virtio_device("virtio-serial", &c->info, generation(c->model));
    json_object *p = props_new(driver, c->info.alias);
    props_virtio_options(p, &c->driver.virtio);
    props_optu32(p, "max_ports", c->ports);
    props_optu32(p, "vectors", c->vectors);
    return p;
}

static json_object *sata(G_GNUC_UNUSED const QemuBuild *b, const Controller *c) { return props_new("ahci", c->info.alias); }
static json_object *ccid(G_GNUC_UNUSED const QemuBuild *b, const Controller *c) { return props_new("usb-ccid", c->info.alias); }

static json_object *pci(G_GNUC_UNUSED const QemuBuild *b, const Controller *c)
{
    json_object *p = props_new(xm_enum_name(&pci_dev_name, c->pci.name), NULL);
    switch (c->model) {
    case MODEL_PCI_BRIDGE:
        props_optu32(p, "chassis_nr", c->pci.chassis_nr);
        break;
    case MODEL_PCIE_ROOT_PORT: case MODEL_PCIE_DOWNSTREAM:
        props_optu32(p, "port", c->pci.port);
        props_optu32(p, "chassis", c->pci.chassis);
        break;
    case MODEL_PCI_EXPANDER: case MODEL_PCIE_EXPANDER:
        props_optu32(p, "bus_nr", c->pci.bus_nr);
        break;
    default:
        break;
    }
    props_str(p, "id", c->info.alias);
    props_tri(p, "hotplug", c->pci.hotplug);
    props_optu32(p, "numa_node", c->pci.node);
    return p;
}

static json_object *(*const makers[CONTROLLER__N])(const QemuBuild *, const Controller *) = {
    [CONTROLLER_USB] = usb, [CONTROLLER_SCSI] = scsi, [CONTROLLER_VIRTIO_SERIAL] = virtio_serial, [CONTROLLER_SATA] = sata,
    [CONTROLLER_CCID] = ccid, [CONTROLLER_PCI] = pci,
};

static bool on_board(const QemuBuild *b, const Controller *c)
{
    Board board = domain_board(b->def);
    switch (c->type) {
    case CONTROLLER_PCI:
        return controller_is_pci_root(c);
    case CONTROLLER_IDE:
        return c->index.v == 0 && board != BOARD_Q35;
    case CONTROLLER_SATA:
        return c->index.v == 0 && board == BOARD_Q35;
    case CONTROLLER_USB:
        return c->model == MODEL_USB_NONE;
    case CONTROLLER_FDC:
        return true;                       /* written with its drives */
    default:
        return false;
    }
}

static void build_hole(QemuBuild *b, const Controller *c, guint i)
{
    bool q35 = domain_board(b->def) == BOARD_Q35;
    g_autofree char *word = g_strdup_printf("%s-pcihost.pci-hole64-size=%" G_GUINT64_FORMAT "K", q35 ? "q35" : "i440FX",
                                            c->pci.hole64 / 1024);
    qemu_command_word(b->cmd, "-global", word, build_reason(DEV_CONTROLLER, i, (gpointer)c));
}

static bool check_model(const Controller *c, GError **err)
{
    if (c->type == CONTROLLER_USB && !devices[c->model])
        return refuse(err, c, "QEMU has no such USB controller");
    if (c->type == CONTROLLER_PCI && !c->pci.name)
        return refuse(err, c, "it has no <model name>");
    return true;
}

static bool build_one(QemuBuild *b, Controller *c, guint i, GError **err)
{
    if (on_board(b, c))
        return true;
    if (!makers[c->type])
        return refuse(err, c, "QEMU has no such controller");
    return check_model(c, err) &&
           build_device(b, makers[c->type](b, c), &c->info, build_reason(DEV_CONTROLLER, i, c), err);
}

/* PCI bridges before all that hangs on them, then the other types, each in the order of the definition. */
bool build_controllers(QemuBuild *b, GError **err)
{
    static const ControllerType order[] = { CONTROLLER_PCI, CONTROLLER_USB, CONTROLLER_SCSI, CONTROLLER_IDE,
                                            CONTROLLER_SATA, CONTROLLER_VIRTIO_SERIAL, CONTROLLER_CCID, CONTROLLER_FDC,
                                            CONTROLLER_XENBUS, CONTROLLER_ISA };
    EACH_DEVICE(b->def, DEV_CONTROLLER, Controller, root)
        if (root->type == CONTROLLER_PCI && root->pci.hole64)
            build_hole(b, root, root_i);
    for (guint t = 0; t < G_N_ELEMENTS(order); t++) {
        EACH_DEVICE(b->def, DEV_CONTROLLER, Controller, c)
            if (c->type == order[t] && !build_one(b, c, c_i, err))
                return false;
    }
    return true;
}
