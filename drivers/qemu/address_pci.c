/* PCI addresses. Twice over the same devices: a dry run with a set that grows tells how many controllers are
 * missing; they are added to the definition, and the second run gives the addresses. Controllers come first,
 * then kind by kind in the order of `steps`: both orders are what guests were given by libvirt.
 *
 * The dry run counts companions of a USB 2 controller apart, and a video card that found its usual slot taken
 * twice. That makes a bridge too many, rarely; but guests have it, so it stays. */
#include "config.h"
#include "conf/disk.h"
#include "conf/display.h"
#include "conf/interface.h"
#include "drivers/qemu/address.h"

typedef struct {
    DomainDef *def;
    const DefineCtx *ctx;
    Board board;
    PciSet *set;
} Assign;

static DeviceRef ref_of(DeviceKind kind, guint index, gpointer dev)
{
    return (DeviceRef){ kind, index, dev, dev };
}

static bool give(Assign *a, DeviceInfo *info, guint wants, int function, GError **err)
{
    PciAddr at;
    if (!pci_take_next(a->set, wants, function, &at, err))
        return false;
    if (!a->set->dry)
        pci_address_set(info, at);
    return true;
}

/* --- the addresses that the user gave */

static bool is_board_device(const Assign *a, const DeviceRef *ref)
{
    const Controller *c = ref->dev;
    if (ref->kind != DEV_CONTROLLER || !c->index.set || c->index.v != 0 || ref->info->addr.pci.bus.v != 0)
        return false;
    if (a->board == BOARD_I440FX && ref->info->addr.pci.slot.v == 1)
        return c->type == CONTROLLER_IDE || (c->type == CONTROLLER_USB && c->model == MODEL_PIIX3_UHCI);
    return a->board == BOARD_Q35 && c->type == CONTROLLER_SATA && ref->info->addr.pci.slot.v == 0x1f &&
           ref->info->addr.pci.function.v == 2;
}

static bool take_given(Assign *a, GError **err)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(a->def, &i, &ref);) {
        const Address *addr = &ref.info->addr;
        if (addr->type != ADDR_PCI || pci_address_wanted(ref.info) || is_board_device(a, &ref) ||
            ref.kind == DEV_CONSOLE)            /* a console's is its serial's */
            continue;
        if (addr->pci.domain.v) {
            g_set_error(err, QV_ERROR, QV_ERR_XML, "Invalid PCI address %04x:%02x:%02x.%x. Only PCI domain 0 is available",
                        addr->pci.domain.v, addr->pci.bus.v, addr->pci.slot.v, addr->pci.function.v);
            return false;
        }
        guint wants = pci_connect(&ref, a->board);
        PciAddr at = { addr->pci.bus.v, addr->pci.slot.v, addr->pci.function.v };
        if (!pci_take(a->set, at, wants ? wants : PCI_DEVICE, err))
            return false;
    }
    return true;
}

static bool begin_set(Assign *a, bool dry, GError **err)
{
    GPtrArray *controllers = domain_devices(a->def, DEV_CONTROLLER);
    *a->set = (PciSet){ .dry = dry, .has_pcie_pci_bridge = qemu_caps_has_type(a->ctx->caps, "pcie-pci-bridge") };
    for (guint i = 0; i < controllers->len; i++) {
        const Controller *c = controllers->pdata[i];
        if (c->type == CONTROLLER_PCI && c->index.v < PCI_BUSES)
            pci_set_bus(a->set, c->index.v, c->model);
    }
    ControllerModel gap = a->set->buses[0].model == MODEL_PCIE_ROOT ? MODEL_PCIE_ROOT_PORT : MODEL_PCI_BRIDGE;
    for (guint i = 1; i < a->set->n; i++)
        if (a->set->buses[i].model == MODEL_NONE)
            pci_set_bus(a->set, i, gap);
    return take_given(a, err);
}

/* --- the devices, in their order */

static bool controller_is_pci(gconstpointer dev) { return ((const Controller *)dev)->type == CONTROLLER_PCI; }

/* The companions of a USB 2 controller share its slot: function 7 is the fast one, 0 to 2 the others. */
static int usb2_function(const Controller *c)
{
    if (c->type != CONTROLLER_USB)
        return -1;
    switch (c->model) {
    case MODEL_ICH9_EHCI1:
        return 7;
    case MODEL_ICH9_UHCI1: case MODEL_ICH9_UHCI2: case MODEL_ICH9_UHCI3:
        return c->model - MODEL_ICH9_UHCI1;
    default:
        return -1;
    }
}

static const Controller *usb2_sibling(const DomainDef *def, const Controller *c)
{
    GPtrArray *controllers = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < controllers->len; i++) {
        const Controller *other = controllers->pdata[i];
        if (other != c && usb2_function(other) >= 0 && other->index.v == c->index.v &&
            other->info.addr.type == ADDR_PCI && !pci_address_wanted(&other->info))
            return other;
    }
    return NULL;
}

static bool give_usb2(Assign *a, Controller *c, guint wants, GError **err)
{
    const Controller *sibling = usb2_sibling(a->def, c);
    int function = usb2_function(c);
    if (sibling) {
        PciAddr at = { sibling->info.addr.pci.bus.v, sibling->info.addr.pci.slot.v, function };
        if (!pci_take(a->set, at, wants, err))
            return false;
        if (!a->set->dry)
            pci_address_set(&c->info, at);
    } else if (!give(a, &c->info, wants, function, err)) {
        return false;
    }
    if (function == 0 && !a->set->dry)
        c->info.addr.pci.multifunction = TRI_YES;
    return true;
}

static bool controller_is_other(gconstpointer dev)
{
    const Controller *c = dev;
    return c->type != CONTROLLER_PCI && c->type != CONTROLLER_FDC && c->type != CONTROLLER_CCID;
}

static bool interface_is_hostdev(gconstpointer dev) { return ((const Interface *)dev)->type == NET_HOSTDEV; }
static bool interface_is_own(gconstpointer dev) { return !interface_is_hostdev(dev); }

typedef struct { DeviceKind kind; bool (*takes)(gconstpointer dev); } AssignStep;
static const AssignStep steps[] = {
    { DEV_CONTROLLER, controller_is_pci },
    { DEV_FILESYSTEM, NULL },
    { DEV_INTERFACE, interface_is_own },
    { DEV_SOUND, NULL },
    { DEV_CONTROLLER, controller_is_other },
    { DEV_DISK, NULL },
    { DEV_INTERFACE, interface_is_hostdev },   /* before the other host devices */
    { DEV_HOSTDEV, NULL },
    { DEV_MEMBALLOON, NULL },
    { DEV_RNG, NULL },
    { DEV_WATCHDOG, NULL },
    { DEV_VIDEO, NULL },
    { DEV_SHMEM, NULL },
    { DEV_INPUT, NULL },
    { DEV_SERIAL, NULL },
    { DEV_VSOCK, NULL },
    { DEV_MEMORY, NULL },
    { DEV_IOMMU, NULL },
    { DEV_CRYPTO, NULL },
    { DEV_PANIC, NULL },
};

static bool run_step(Assign *a, const AssignStep *step, GError **err)
{
    GPtrArray *devices = domain_devices(a->def, step->kind);
    for (guint i = 0; i < devices->len; i++) {
        DeviceRef ref = ref_of(step->kind, i, devices->pdata[i]);
        guint wants = pci_connect(&ref, a->board);
        if (!wants || !pci_address_wanted(ref.info) || (step->takes && !step->takes(ref.dev)))
            continue;
        bool usb2 = step->kind == DEV_CONTROLLER && usb2_function(ref.dev) >= 0;
        if (!(usb2 ? give_usb2(a, ref.dev, wants, err) : give(a, ref.info, wants, -1, err)))
            return false;
    }
    return true;
}

static bool run_steps(Assign *a, GError **err)
{
    if (!pci_board_places(a->def, a->board, a->set, err))
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if (!run_step(a, &steps[i], err))
            return false;
    return true;
}

/* --- the dry run */

static guint highest_pci_index(const DomainDef *def)
{
    GPtrArray *controllers = domain_devices(def, DEV_CONTROLLER);
    guint highest = 0;
    for (guint i = 0; i < controllers->len; i++) {
        const Controller *c = controllers->pdata[i];
        if (c->type == CONTROLLER_PCI)
            highest = MAX(highest, c->index.v);
    }
    return highest;
}

/* The addresses of all devices, to be put back after a dry run. */
static GArray *remember_addresses(const DomainDef *def)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Address));
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        g_array_append_val(all, ref.info->addr);
    return all;
}

static void restore_addresses(DomainDef *def, const GArray *all)
{
    DeviceRef ref;
    guint n = 0;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        ref.info->addr = g_array_index(all, Address, n++);
}

/* Controllers for the buses that the dry run had to invent; each needs a slot itself, which may need another bus. */
static bool add_controllers(Assign *a, GError **err)
{
    for (guint i = 1; i < a->set->n; i++) {
        if (controller_find(a->def, CONTROLLER_PCI, i))
            continue;
        ControllerModel model = a->set->buses[i].model;
        controller_add(a->def, CONTROLLER_PCI, i, model);
        PciAddr at;
        if (!pci_take_next(a->set, pci_controller_wants(model), -1, &at, err))
            return false;
    }
    return true;
}

static bool has_room(const PciSet *set)
{
    for (guint i = 0; i < set->n; i++)
        for (guint slot = set->buses[i].first_slot; slot <= set->buses[i].last_slot; slot++)
            if (!set->buses[i].taken[slot])
                return true;
    return false;
}

static bool dry_run(Assign *a, GError **err)
{
    guint highest = highest_pci_index(a->def);
    if (!begin_set(a, true, err))
        return false;
    PciAddr at;
    bool conventional = a->set->buses[0].model == MODEL_PCI_ROOT;
    if (!pci_board_places(a->def, a->board, a->set, err))
        return false;
    /* A slot for a bridge that may become necessary is kept from the start; not where the user filled them all. */
    if (conventional && has_room(a->set) && !pci_take_next(a->set, PCI_DEVICE | PCI_HOTPLUG, -1, &at, err))
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if (!run_step(a, &steps[i], err))
            return false;
    /* Who leaves the ports of a PCI Express machine to us gets a spare one, to plug something in later. */
    if (!conventional && highest == 0 && a->set->n > 1)
        return pci_take_next(a->set, PCIE_DEVICE | PCI_HOTPLUG, -1, &at, err);
    return true;
}

static bool complete_tree(Assign *a, GError **err)
{
    g_autoptr(GArray) before = remember_addresses(a->def);
    bool ok = dry_run(a, err);
    restore_addresses(a->def, before);
    return ok && add_controllers(a, err);
}

/* --- afterwards */

static void mark_multifunction(Assign *a)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(a->def, &i, &ref);) {
        Address *addr = &ref.info->addr;
        if (addr->type != ADDR_PCI || addr->pci.function.v != 0 || addr->pci.multifunction != TRI_ABSENT ||
            addr->pci.bus.v >= a->set->n || addr->pci.slot.v >= PCI_SLOTS)
            continue;
        if (a->set->buses[addr->pci.bus.v].taken[addr->pci.slot.v] & ~1u)
            addr->pci.multifunction = TRI_YES;
    }
}

static const PciDevName device_names[MODEL__N] = {
    [MODEL_PCI_BRIDGE] = PCI_DEV_PCI_BRIDGE, [MODEL_DMI_TO_PCI_BRIDGE] = PCI_DEV_I82801B11,
    [MODEL_PCIE_TO_PCI_BRIDGE] = PCI_DEV_PCIE_PCI_BRIDGE, [MODEL_PCIE_ROOT_PORT] = PCI_DEV_PCIE_ROOT_PORT,
    [MODEL_PCIE_UPSTREAM] = PCI_DEV_X3130_UPSTREAM, [MODEL_PCIE_DOWNSTREAM] = PCI_DEV_XIO3130_DOWNSTREAM,
    [MODEL_PCI_EXPANDER] = PCI_DEV_PXB, [MODEL_PCIE_EXPANDER] = PCI_DEV_PXB_PCIE,
};

static guint next_expander_bus(const DomainDef *def)
{
    GPtrArray *controllers = domain_devices(def, DEV_CONTROLLER);
    guint lowest = 256;
    for (guint i = 0; i < controllers->len; i++) {
        const Controller *c = controllers->pdata[i];
        if (c->type == CONTROLLER_PCI && c->pci.bus_nr.set)
            lowest = MIN(lowest, c->pci.bus_nr.v);
    }
    return lowest > 2 ? lowest - 2 : 0;      /* one for the expander, one for what hangs on it */
}

static guint port_number(const Controller *c)
{
    guint slot = c->info.addr.pci.slot.v;
    return c->model == MODEL_PCIE_DOWNSTREAM ? slot : slot << 3 | c->info.addr.pci.function.v;
}

static bool finish_controller(Assign *a, Controller *c, GError **err)
{
    OptU32 index = { true, c->index.v };
    if (c->info.addr.type == ADDR_PCI && c->info.addr.pci.bus.v >= c->index.v) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "PCI controller at index %u has bus='0x%02x', but index must "
                    "be larger than bus", c->index.v, c->info.addr.pci.bus.v);
        return false;
    }
    if (c->pci.name == PCI_DEV_NONE)
        c->pci.name = device_names[c->model];
    switch (c->model) {
    case MODEL_PCI_BRIDGE:
        if (!c->pci.chassis_nr.set)
            c->pci.chassis_nr = index;
        return true;
    case MODEL_PCIE_ROOT_PORT: case MODEL_PCIE_DOWNSTREAM:
        if (!c->pci.chassis.set)
            c->pci.chassis = index;
        if (!c->pci.port.set)
            c->pci.port = (OptU32){ true, port_number(c) };
        return true;
    case MODEL_PCI_EXPANDER: case MODEL_PCIE_EXPANDER:
        if (!c->pci.bus_nr.set)
            c->pci.bus_nr = (OptU32){ true, next_expander_bus(a->def) };
        if (c->pci.bus_nr.v == 0)
            g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "No free busNr lower than the current lowest for expander bus "
                        "controller %u", c->index.v);
        return c->pci.bus_nr.v != 0;
    default:
        return true;
    }
}

static bool finish(Assign *a, GError **err)
{
    GPtrArray *controllers = domain_devices(a->def, DEV_CONTROLLER);
    mark_multifunction(a);
    for (guint i = 0; i < controllers->len; i++) {
        Controller *c = controllers->pdata[i];
        if (c->type == CONTROLLER_PCI && !finish_controller(a, c, err))
            return false;
    }
    return true;
}

bool address_pci(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    if (!controller_find(def, CONTROLLER_PCI, 0))
        return true;                          /* a machine without PCI */
    g_autofree PciSet *set = g_new0(PciSet, 1);
    Assign a = { def, ctx, domain_board(def), set };
    return complete_tree(&a, err) && begin_set(&a, false, err) && run_steps(&a, err) && finish(&a, err);
}
