#include "config.h"
#include "conf/controller.h"
#include "drivers/qemu/address.h"
#include "drivers/qemu/controller_rules.h"

static bool refuse(GError **err, const Controller *c, const char *text)
{
    const char *model = xm_enum_name(&controller_model, c->model);
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s controller %u%s%s: %s",
                xm_enum_name(&controller_type, c->type), c->index.v, model ? " of model " : "", model ? model : "", text);
    return false;
}

/* Which board a PCI controller's model can be part of. */
static const Board pci_boards[MODEL__N] = {
    [MODEL_PCI_ROOT] = BOARD_I440FX, [MODEL_PCI_EXPANDER] = BOARD_I440FX,
    [MODEL_PCIE_ROOT] = BOARD_Q35, [MODEL_PCIE_EXPANDER] = BOARD_Q35, [MODEL_DMI_TO_PCI_BRIDGE] = BOARD_Q35,
    [MODEL_PCIE_TO_PCI_BRIDGE] = BOARD_Q35, [MODEL_PCIE_ROOT_PORT] = BOARD_Q35, [MODEL_PCIE_UPSTREAM] = BOARD_Q35,
    [MODEL_PCIE_DOWNSTREAM] = BOARD_Q35,
};

static bool in_range(const Controller *c, const char *what, OptU32 value, guint low, guint high, GError **err)
{
    if (!value.set || (value.v >= low && value.v <= high))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "PCI controller %u: %s '%u' is out of range %u..%u",
                c->index.v, what, value.v, low, high);
    return false;
}

static bool check_pci(const DomainDef *def, const Controller *c, GError **err)
{
    Board board = domain_board(def);
    if (c->model == MODEL_NONE)
        return refuse(err, c, "it needs a model");
    if (c->index.v >= PCI_BUSES)
        return refuse(err, c, "PCI buses count from 0 to 255");
    if (controller_is_pci_root(c) && c->index.v != 0)
        return refuse(err, c, "pci-root and pcie-root controllers should have index 0");
    if (controller_is_pci_root(c) && c->info.addr.type != ADDR_NONE)
        return refuse(err, c, "pci-root and pcie-root controllers should not have an address");
    if (c->index.v == 0 && !controller_is_pci_root(c))
        return refuse(err, c, "index 0 is the root's");
    if (pci_boards[c->model] != BOARD_OTHER && pci_boards[c->model] != board)
        return refuse(err, c, "such controllers are not supported with this machine type");
    if (c->pci.hole64 && !controller_is_pci_root(c))
        return refuse(err, c, "<pcihole64> belongs to the root controller");
    if (c->info.addr.type == ADDR_PCI && c->info.addr.pci.bus.v == c->index.v && !controller_is_pci_root(c) &&
        c->index.v != 0)
        return refuse(err, c, "it cannot hang on the bus that it makes");
    return in_range(c, "chassisNr", c->pci.chassis_nr, 1, 255, err) && in_range(c, "chassis", c->pci.chassis, 0, 255, err) &&
           in_range(c, "port", c->pci.port, 0, 255, err) && in_range(c, "busNr", c->pci.bus_nr, 1, 254, err);
}

static bool has_master(const DomainDef *def, const Controller *c)
{
    GPtrArray *all = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < all->len; i++) {
        const Controller *other = all->pdata[i];
        if (other->type == CONTROLLER_USB && other->index.v == c->index.v && !other->info.master_startport.set)
            return true;
    }
    return false;
}

static bool check_usb(const DomainDef *def, const Controller *c, GError **err)
{
    bool xhci = c->model == MODEL_NEC_XHCI || c->model == MODEL_QEMU_XHCI;
    if (c->model == MODEL_QUSB1 || c->model == MODEL_QUSB2)
        return refuse(err, c, "this model is Xen's");
    if (c->ports.set && !xhci)
        return refuse(err, c, "'ports' is for xHCI controllers");
    if (xhci && c->ports.v > 15)
        return refuse(err, c, "it supports up to 15 ports");
    if (c->info.master_startport.set && !has_master(def, c))
        return refuse(err, c, "No master USB controller specified: add an ich9-ehci1 of the same index");
    return true;
}

static bool is_virtio_scsi(const Controller *c)
{
    return c->model == MODEL_VIRTIO_SCSI || c->model == MODEL_VIRTIO_TRANSITIONAL || c->model == MODEL_VIRTIO_NON_TRANSITIONAL;
}

static const char *const scsi_types[MODEL__N] = {
    [MODEL_LSILOGIC] = "lsi53c895a", [MODEL_LSISAS1068] = "mptsas1068", [MODEL_VMPVSCSI] = "pvscsi",
    [MODEL_IBMVSCSI] = "spapr-vscsi", [MODEL_VIRTIO_SCSI] = "virtio-scsi-pci", [MODEL_LSISAS1078] = "megasas",
    [MODEL_VIRTIO_TRANSITIONAL] = "virtio-scsi-pci", [MODEL_VIRTIO_NON_TRANSITIONAL] = "virtio-scsi-pci",
    [MODEL_NCR53C90] = "esp", [MODEL_DC390] = "dc390", [MODEL_AM53C974] = "am53c974",
};

static bool check_scsi(const Controller *c, const DefineCtx *ctx, GError **err)
{
    if (!is_virtio_scsi(c) && (c->driver.queues || c->driver.cmd_per_lun || c->driver.max_sectors ||
                               c->driver.ioeventfd || c->driver.iothread))
        return refuse(err, c, "queues, cmd_per_lun, max_sectors, ioeventfd and iothread need model virtio-scsi");
    if (!scsi_types[c->model])
        return refuse(err, c, "QEMU has no such controller");
    /* A platform's own adapter has no place on a PC; it is told when the command line is made. */
    if (c->model != MODEL_IBMVSCSI && !qemu_caps_has_type(ctx->caps, scsi_types[c->model]))
        return refuse(err, c, "this QEMU has no such device");
    return true;
}

static bool check_one(const DomainDef *def, const Controller *c, const DefineCtx *ctx, GError **err)
{
    switch (c->type) {
    case CONTROLLER_PCI:
        return check_pci(def, c, err);
    case CONTROLLER_USB:
        return check_usb(def, c, err);
    case CONTROLLER_SCSI:
        return check_scsi(c, ctx, err);
    case CONTROLLER_IDE:
        if (domain_board(def) == BOARD_Q35)
            return refuse(err, c, "IDE controllers are unsupported for this QEMU binary or machine type; use SATA");
        return c->index.v == 0 || refuse(err, c, "Only a single IDE controller is supported for this machine type");
    default:
        return true;
    }
}

static bool check_twins(const DomainDef *def, GError **err)
{
    GPtrArray *all = domain_devices(def, DEV_CONTROLLER);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < all->len; i++) {
        const Controller *c = all->pdata[i];
        if (c->type == CONTROLLER_USB)        /* companions share an index */
            continue;
        gpointer key = GSIZE_TO_POINTER(((gsize)c->type << 32) | c->index.v);
        if (!g_hash_table_add(seen, key)) {
            g_set_error(err, QV_ERROR, QV_ERR_XML, "Multiple '%s' controllers with index '%u'",
                        xm_enum_name(&controller_type, c->type), c->index.v);
            return false;
        }
    }
    return true;
}

bool controllers_check(const DomainDef *def, const DefineCtx *ctx, GError **err)
{
    GPtrArray *all = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < all->len; i++)
        if (!check_one(def, all->pdata[i], ctx, err))
            return false;
    return check_twins(def, err);
}
