/* Giving out addresses: the parts of pass_addresses. Each works on the whole definition and knows which
 * devices live on its kind of bus. */
#ifndef QV_QEMU_ADDRESS_H
#define QV_QEMU_ADDRESS_H
#include "drivers/qemu/define.h"
#include "drivers/qemu/pci_bus.h"

typedef enum { BOARD_OTHER, BOARD_I440FX, BOARD_Q35 } Board;
Board domain_board(const DomainDef *def);

/* What a device asks of PCI (PciFlags); 0: it is no PCI device; PCI_NOWHERE: it would be one, but no bus is known
 * to take it. pci_connect.c */
#define PCI_NOWHERE (1u << 13)
guint pci_connect(const DeviceRef *ref, Board board);
/* Which bus a host device or memory module lives on. pci_connect.c */
bool hostdev_is_usb(gconstpointer dev);
bool memory_is_dimm(gconstpointer dev);
/* Is there an address still to be given? (none at all, or PCI without numbers) */
bool pci_address_wanted(const DeviceInfo *info);
void pci_address_set(DeviceInfo *info, PciAddr at);

/* SCSI host devices take the first place that no disk and no other of them has. address_scsi.c */
bool scsi_hostdevs_place(DomainDef *def, GError **err);
bool address_pci(DomainDef *def, const DefineCtx *ctx, GError **err);             /* address_pci.c */
bool address_virtio_serial(DomainDef *def, const DefineCtx *ctx, GError **err);   /* address_serial.c */
bool address_usb(DomainDef *def, const DefineCtx *ctx, GError **err);             /* address_usb.c */
bool address_spapr(DomainDef *def, const DefineCtx *ctx, GError **err);            /* address_dimm.c */
bool address_dimm(DomainDef *def, const DefineCtx *ctx, GError **err);            /* address_dimm.c */

/* The fixed places of the chipset's own devices and of the primary video card; pci_board.c. Reserves in @set and,
 * unless dry, writes them into @def. */
bool pci_board_places(DomainDef *def, Board board, PciSet *set, GError **err);

/* Controllers; new ones go to the end of the list. controller_define.c */
/* QEMU's name of the bus of a controller that the board has: "pci.0", "pcie.0", "ide"; NULL: it has a -device. */
const char *controller_board_bus(const DomainDef *def, const Controller *c);
/* What other devices call @c's bus: that, or its alias. */
const char *controller_bus(const DomainDef *def, const Controller *c);
Controller *controller_find(const DomainDef *def, ControllerType type, guint index);
Controller *controller_add(DomainDef *def, ControllerType type, guint index, ControllerModel model);
#endif
