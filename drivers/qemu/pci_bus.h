/* Which PCI slots a guest has, and who sits where.
 *
 * A PciSet is the guest's PCI tree while addresses are given out: one PciBus for each PCI controller,
 * with what may be plugged into it and which functions are taken. In a dry run the set grows: where
 * no slot is free a bus of a fitting kind is added, and the caller makes its controller. */
#ifndef QV_QEMU_PCI_BUS_H
#define QV_QEMU_PCI_BUS_H
#include "conf/controller.h"

/* What a device asks for, and what a bus offers. The first two and the last two are qualities, the others kinds. */
typedef enum {
    PCI_HOTPLUG = 1 << 0,
    PCI_AGGREGATE = 1 << 1,          /* shares its slot with others of its kind, one function each */
    PCI_INTEGRATED = 1 << 2,         /* on the root bus only */
    PCI_DEVICE = 1 << 3,             /* conventional endpoint */
    PCIE_DEVICE = 1 << 4,
    PCI_TAKES_BRIDGE = 1 << 5,
    PCIE_TAKES_ROOT_PORT = 1 << 6,
    PCIE_TAKES_UPSTREAM = 1 << 7,
    PCIE_TAKES_DOWNSTREAM = 1 << 8,
    PCIE_TAKES_DMI_BRIDGE = 1 << 9,
    PCIE_TAKES_PCI_BRIDGE = 1 << 10, /* pcie-to-pci-bridge */
    PCI_TAKES_EXPANDER = 1 << 11,
    PCIE_TAKES_EXPANDER = 1 << 12,
} PciFlags;
#define PCI_ENDPOINTS (PCI_DEVICE | PCIE_DEVICE)
#define PCI_KINDS (~(guint)(PCI_HOTPLUG | PCI_AGGREGATE | PCI_INTEGRATED))

#define PCI_BUSES 256
#define PCI_SLOTS 32

typedef struct {
    ControllerModel model;           /* MODEL_NONE: no such bus */
    guint offers;
    guint8 first_slot, last_slot;
    guint8 taken[PCI_SLOTS];         /* bit by function */
    bool aggregate[PCI_SLOTS];
} PciBus;

typedef struct {
    PciBus buses[PCI_BUSES];
    guint n;
    bool dry;
    bool has_pcie_pci_bridge;        /* this QEMU can bridge to conventional PCI by pcie-to-pci-bridge */
} PciSet;

typedef struct { guint bus, slot, function; } PciAddr;

/* Makes bus @index of @set what a controller of @model offers. */
void pci_set_bus(PciSet *set, guint index, ControllerModel model);
/* What a controller of @model asks of the bus it sits on; 0 for roots. */
guint pci_controller_wants(ControllerModel model);

bool pci_slot_used(const PciSet *set, guint bus, guint slot);
/* Takes @at for a device that wants @wants; an address from the user may break habits (PCI in a PCIe
 * port, no hotplug), but not double use or a wrong kind of bus. */
bool pci_take(PciSet *set, PciAddr at, guint wants, GError **err);
/* Takes the first free slot that fits; @function: of a free slot, or -1: 0, or the next one of a shared slot. */
bool pci_take_next(PciSet *set, guint wants, int function, PciAddr *ret_at, GError **err);
#endif
