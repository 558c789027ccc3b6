/* Slots of PCI buses. The order of the search decides what guests have had since long ago: buses by index,
 * slots upwards, and a shared slot's functions upwards. */
#include "config.h"
#include "drivers/qemu/pci_bus.h"

#define PCI_PORT (PCIE_DEVICE | PCIE_TAKES_UPSTREAM | PCIE_TAKES_PCI_BRIDGE | PCI_HOTPLUG)
static const struct { guint offers; guint8 first_slot, last_slot; guint wants; } models[MODEL__N] = {
    [MODEL_PCI_ROOT] = { PCI_HOTPLUG | PCI_DEVICE | PCI_TAKES_BRIDGE | PCI_TAKES_EXPANDER, 1, 31, 0 },
    [MODEL_PCI_BRIDGE] = { PCI_HOTPLUG | PCI_DEVICE | PCI_TAKES_BRIDGE, 1, 31, PCI_TAKES_BRIDGE },
    [MODEL_PCI_EXPANDER] = { PCI_HOTPLUG | PCI_DEVICE | PCI_TAKES_BRIDGE, 0, 31, PCI_TAKES_EXPANDER },
    [MODEL_PCIE_ROOT] = { PCIE_DEVICE | PCIE_TAKES_ROOT_PORT | PCIE_TAKES_DMI_BRIDGE | PCIE_TAKES_PCI_BRIDGE |
                          PCIE_TAKES_EXPANDER | PCI_INTEGRATED, 1, 31, 0 },
    [MODEL_DMI_TO_PCI_BRIDGE] = { PCI_DEVICE | PCI_TAKES_BRIDGE, 0, 31, PCIE_TAKES_DMI_BRIDGE },
    [MODEL_PCIE_TO_PCI_BRIDGE] = { PCI_HOTPLUG | PCI_DEVICE | PCI_TAKES_BRIDGE, 1, 31, PCIE_TAKES_PCI_BRIDGE | PCI_HOTPLUG },
    [MODEL_PCIE_ROOT_PORT] = { PCI_PORT, 0, 0, PCIE_TAKES_ROOT_PORT | PCI_AGGREGATE },
    [MODEL_PCIE_UPSTREAM] = { PCIE_TAKES_DOWNSTREAM, 0, 31, PCIE_TAKES_UPSTREAM },
    [MODEL_PCIE_DOWNSTREAM] = { PCI_PORT, 0, 0, PCIE_TAKES_DOWNSTREAM },
    [MODEL_PCIE_EXPANDER] = { PCIE_TAKES_ROOT_PORT | PCIE_TAKES_DMI_BRIDGE, 0, 31, PCIE_TAKES_EXPANDER },
};

static const struct { guint kind; const char *name; } kind_names[] = {
    { PCI_DEVICE, "standard PCI device" }, { PCIE_DEVICE, "PCI Express device" },
    { PCI_TAKES_BRIDGE, "pci-bridge" }, { PCIE_TAKES_ROOT_PORT, "pcie-root-port" },
    { PCIE_TAKES_UPSTREAM, "pcie-switch-upstream-port" }, { PCIE_TAKES_DOWNSTREAM, "pcie-switch-downstream-port" },
    { PCIE_TAKES_DMI_BRIDGE, "dmi-to-pci-bridge" }, { PCIE_TAKES_PCI_BRIDGE, "pcie-to-pci-bridge" },
    { PCI_TAKES_EXPANDER, "pci-expander-bus" }, { PCIE_TAKES_EXPANDER, "pcie-expander-bus" },
};

void pci_set_bus(PciSet *set, guint index, ControllerModel model)
{
    set->buses[index] = (PciBus){ .model = model, .offers = models[model].offers,
                                  .first_slot = models[model].first_slot, .last_slot = models[model].last_slot };
    set->n = MAX(set->n, index + 1);
}

guint pci_controller_wants(ControllerModel model)
{
    return model < MODEL__N ? models[model].wants : 0;
}

bool pci_slot_used(const PciSet *set, guint bus, guint slot)
{
    return set->buses[bus].taken[slot] != 0;
}

static const char *kind_name(guint wants)
{
    for (guint i = 0; i < G_N_ELEMENTS(kind_names); i++)
        if (wants & kind_names[i].kind)
            return kind_names[i].name;
    return "device of this kind";
}

/* Does a bus take a device, when nobody insists? */
static bool suits(const PciBus *bus, guint wants)
{
    if (wants & PCI_INTEGRATED)
        return bus->offers & PCI_INTEGRATED;
    return (bus->offers & wants & PCI_KINDS) && (!(wants & PCI_HOTPLUG) || (bus->offers & PCI_HOTPLUG));
}

/* And when somebody does: any endpoint fits where any endpoint fits, and hotplug is his affair. */
static bool tolerates(const PciBus *bus, guint wants)
{
    guint offers = bus->offers | PCI_HOTPLUG;
    if (offers & PCI_ENDPOINTS)
        offers |= PCI_ENDPOINTS;
    return (offers & wants & PCI_KINDS) != 0;
}

static bool no_bus(GError **err, guint wants)
{
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL,
                "Cannot automatically add a new PCI bus for a device with connect flags %02x: give it an address on a "
                "bus that takes a %s", wants, kind_name(wants));
    return false;
}

/* Adds @model and, before it, what it needs to hang on. */
static bool add_bus(PciSet *set, ControllerModel model, GError **err)
{
    if (set->n >= PCI_BUSES) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "No more available PCI slots: %u buses are full; remove devices",
                    (guint)PCI_BUSES);
        return false;
    }
    pci_set_bus(set, set->n, model);
    return true;
}

static bool takes_bridges(const PciSet *set)
{
    for (guint i = 0; i < set->n; i++)
        if (set->buses[i].offers & PCI_TAKES_BRIDGE)
            return true;
    return false;
}

/* One more bus for a device that wants @wants; the last bus of the set then has room for it. */
static bool grow(PciSet *set, guint wants, GError **err)
{
    if (wants & PCI_DEVICE) {
        if (takes_bridges(set))
            return add_bus(set, MODEL_PCI_BRIDGE, err);
        if (set->has_pcie_pci_bridge)
            return add_bus(set, MODEL_PCIE_ROOT_PORT, err) && add_bus(set, MODEL_PCIE_TO_PCI_BRIDGE, err);
        return add_bus(set, MODEL_DMI_TO_PCI_BRIDGE, err) && add_bus(set, MODEL_PCI_BRIDGE, err);
    }
    if (wants & (PCIE_DEVICE | PCIE_TAKES_UPSTREAM | PCIE_TAKES_PCI_BRIDGE))
        return add_bus(set, MODEL_PCIE_ROOT_PORT, err);
    return no_bus(err, wants);
}

static bool check_place(const PciSet *set, PciAddr at, guint wants, GError **err)
{
    const PciBus *bus = &set->buses[at.bus];
    if (at.bus >= set->n) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "Invalid PCI address 0000:%02x:%02x.%x. Only PCI buses up to %u are "
                    "available; add a PCI controller", at.bus, at.slot, at.function, set->n ? set->n - 1 : 0);
        return false;
    }
    if (at.slot < bus->first_slot || at.slot > bus->last_slot || at.function > 7) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "Invalid PCI address 0000:%02x:%02x.%x. slot must be %s %u", at.bus,
                    at.slot, at.function, at.slot < bus->first_slot ? ">=" : "<=",
                    at.slot < bus->first_slot ? bus->first_slot : bus->last_slot);
        return false;
    }
    if ((wants & PCI_INTEGRATED) && at.bus != 0) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "The device at PCI address 0000:%02x:%02x.%x needs to be an integrated "
                    "device (bus=0)", at.bus, at.slot, at.function);
        return false;
    }
    if (tolerates(bus, wants))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_XML, "The device at PCI address 0000:%02x:%02x.%x cannot be plugged into the PCI "
                "controller with index='%u'. It requires a controller that accepts a %s.", at.bus, at.slot,
                at.function, at.bus, kind_name(wants));
    return false;
}

static void mark(PciBus *bus, PciAddr at, guint wants)
{
    bool first = bus->taken[at.slot] == 0;
    bus->aggregate[at.slot] = (wants & PCI_AGGREGATE) && (first || bus->aggregate[at.slot]);
    bus->taken[at.slot] |= 1u << at.function;
}

bool pci_take(PciSet *set, PciAddr at, guint wants, GError **err)
{
    while (set->dry && at.bus >= set->n && at.bus < PCI_BUSES)
        if (!grow(set, wants, err))
            return false;
    if (!check_place(set, at, wants, err))
        return false;
    if (set->buses[at.bus].taken[at.slot] & (1u << at.function)) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "Attempted double use of PCI Address 0000:%02x:%02x.%x; give one of the "
                    "devices another", at.bus, at.slot, at.function);
        return false;
    }
    mark(&set->buses[at.bus], at, wants);
    return true;
}

static bool find_on(const PciBus *bus, guint wants, int function, PciAddr *at)
{
    for (guint slot = bus->first_slot; slot <= bus->last_slot; slot++) {
        at->slot = slot;
        at->function = MAX(function, 0);
        if (!bus->taken[slot])
            return true;
        if (!(wants & PCI_AGGREGATE) || !bus->aggregate[slot])
            continue;
        for (guint f = at->function; f < (function < 0 ? 8 : at->function + 1); f++)
            if (!(bus->taken[slot] & (1u << f))) {
                at->function = f;
                return true;
            }
    }
    return false;
}

bool pci_take_next(PciSet *set, guint wants, int function, PciAddr *ret_at, GError **err)
{
    PciAddr at = { 0 };
    bool found = false;
    for (guint i = 0; i < set->n && !found; i++)
        if (suits(&set->buses[i], wants)) {
            at.bus = i;
            found = find_on(&set->buses[i], wants, function, &at);
        }
    if (!found && !set->dry) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "No more available PCI slots: no free one takes a %s; add a PCI "
                    "controller", kind_name(wants));
        return false;
    }
    if (!found) {
        if (!grow(set, wants, err))
            return false;
        at = (PciAddr){ set->n - 1, set->buses[set->n - 1].first_slot, MAX(function, 0) };
    }
    mark(&set->buses[at.bus], at, wants);
    *ret_at = at;
    return true;
}
