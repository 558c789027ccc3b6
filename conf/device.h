/* What every device of a domain has in common: alias, address, boot order, ROM.
 * Each device struct begins with a DeviceInfo, so that one iterator reaches all of them. */
#ifndef QV_CONF_DEVICE_H
#define QV_CONF_DEVICE_H
#include "conf/xm.h"

typedef enum {
    ADDR_NONE, ADDR_PCI, ADDR_DRIVE, ADDR_VIRTIO_SERIAL, ADDR_CCID, ADDR_USB, ADDR_SPAPR_VIO, ADDR_VIRTIO_S390,
    ADDR_CCW, ADDR_VIRTIO_MMIO, ADDR_ISA, ADDR_DIMM, ADDR_UNASSIGNED, ADDR__N
} AddrType;

typedef struct {
    AddrType type;
    struct { OptU32 domain, bus, slot, function; Tristate multifunction; OptU32 zpci_uid, zpci_fid; } pci;
    struct { OptU32 controller, bus, target, unit; } drive;     /* unit also of nothing else */
    struct { OptU32 controller, bus, port; } serial;            /* virtio-serial */
    struct { OptU32 controller, slot; } ccid;
    struct { OptU32 bus; char *port; } usb;                      /* port: "1.2.3" */
    OptU64 reg;                                                  /* spapr-vio, hex */
    struct { OptU32 cssid, ssid, devno; } ccw;
    struct { OptU32 iobase, irq; } isa;
    struct { OptU32 slot; OptU64 base; } dimm;
} Address;

typedef struct {
    guint line;                /* of the element in the text it came from; 0: made by a default */
    char *alias;
    Address addr;
    guint32 boot_order;
    char *loadparm;
    struct { Tristate bar, enabled; char *file; } rom;
    OptU32 acpi_index;
    OptU32 master_startport;   /* <master startport>: USB companion controllers */
    guint32 boot_index;        /* never in XML: what QEMU is told; boot_order, or from <os><boot dev>; qemu_prepare_live */
} DeviceInfo;

extern const XmEnum addr_type;
extern const XmElem address_elem;       /* <address>; struct Address */
/* To be included by device tables, in libvirt's order of output:
 * <boot/> <alias/> <master/> <rom/> <acpi/> <address/> */
extern const XmElem device_info_elem;

typedef enum {
    DEV_DISK, DEV_CONTROLLER, DEV_LEASE, DEV_FILESYSTEM, DEV_INTERFACE, DEV_SMARTCARD, DEV_SERIAL, DEV_PARALLEL,
    DEV_CONSOLE, DEV_CHANNEL, DEV_INPUT, DEV_TPM, DEV_GRAPHICS, DEV_SOUND, DEV_AUDIO, DEV_VIDEO, DEV_HOSTDEV,
    DEV_REDIRDEV, DEV_HUB, DEV_WATCHDOG, DEV_MEMBALLOON, DEV_RNG, DEV_NVRAM, DEV_PANIC, DEV_SHMEM,
    DEV_MEMORY, DEV_CRYPTO, DEV_IOMMU, DEV_VSOCK, DEV__N
} DeviceKind;
#endif
