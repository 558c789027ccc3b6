/* <controller>: PCI bridges and root ports, SCSI, USB, IDE ... host adapters. */
#ifndef QV_CONF_CONTROLLER_H
#define QV_CONF_CONTROLLER_H
#include "conf/device.h"
#include "conf/virtio.h"

typedef enum { CONTROLLER_NONE, CONTROLLER_IDE, CONTROLLER_FDC, CONTROLLER_SCSI, CONTROLLER_SATA, CONTROLLER_VIRTIO_SERIAL,
               CONTROLLER_CCID, CONTROLLER_USB, CONTROLLER_PCI, CONTROLLER_XENBUS, CONTROLLER_ISA,
               CONTROLLER__N } ControllerType;

/* The models of all types in one enumeration; controller_models (controller.c) says whose is which. */
typedef enum {
    MODEL_NONE,
    MODEL_PCI_ROOT, MODEL_PCIE_ROOT, MODEL_PCI_BRIDGE, MODEL_DMI_TO_PCI_BRIDGE, MODEL_PCIE_TO_PCI_BRIDGE,
    MODEL_PCIE_ROOT_PORT, MODEL_PCIE_UPSTREAM, MODEL_PCIE_DOWNSTREAM, MODEL_PCI_EXPANDER, MODEL_PCIE_EXPANDER,
    MODEL_SCSI_AUTO, MODEL_BUSLOGIC, MODEL_LSILOGIC, MODEL_LSISAS1068, MODEL_VMPVSCSI, MODEL_IBMVSCSI,
    MODEL_VIRTIO_SCSI, MODEL_LSISAS1078, MODEL_VIRTIO_TRANSITIONAL, MODEL_VIRTIO_NON_TRANSITIONAL,
    MODEL_NCR53C90, MODEL_DC390, MODEL_AM53C974,
    MODEL_PIIX3_UHCI, MODEL_PIIX4_UHCI, MODEL_EHCI, MODEL_ICH9_EHCI1, MODEL_ICH9_UHCI1, MODEL_ICH9_UHCI2,
    MODEL_ICH9_UHCI3, MODEL_VT82C686B_UHCI, MODEL_PCI_OHCI, MODEL_NEC_XHCI, MODEL_QUSB1, MODEL_QUSB2,
    MODEL_QEMU_XHCI, MODEL_USB_NONE,
    MODEL_PIIX3, MODEL_PIIX4, MODEL_ICH6,
    MODEL_VIRTIO,
    MODEL__N
} ControllerModel;

/* QEMU's devices behind the models of PCI controllers: <model name='...'/>. */
typedef enum { PCI_DEV_NONE, PCI_DEV_PCI_BRIDGE, PCI_DEV_I82801B11, PCI_DEV_IOH3420, PCI_DEV_X3130_UPSTREAM,
               PCI_DEV_XIO3130_DOWNSTREAM, PCI_DEV_PXB, PCI_DEV_PXB_PCIE, PCI_DEV_PCIE_ROOT_PORT, PCI_DEV_SPAPR_PHB,
               PCI_DEV_PCIE_PCI_BRIDGE, PCI_DEV__N } PciDevName;

typedef struct {
    DeviceInfo info;                      /* info.master_startport: companions of a USB 2 controller */
    ControllerType type;
    OptU32 index;
    ControllerModel model;
    OptU32 ports;                         /* usb, virtio-serial */
    OptU32 vectors;                       /* virtio-serial */
    OptU32 max_grant_frames, max_event_channels;   /* xenbus */
    struct {
        guint32 iothread, queues, cmd_per_lun, max_sectors;
        Tristate ioeventfd;
        VirtioOptions virtio;
    } driver;
    struct {                              /* pci */
        PciDevName name;                  /* <model name>: QEMU's device */
        OptU32 chassis_nr, chassis, port, bus_nr, target_index;
        Tristate hotplug;
        OptU32 node;
        guint64 hole64;                   /* bytes */
    } pci;
} Controller;

extern const XmElem controller_elem;
extern const XmEnum controller_type, controller_model, pci_dev_name;

/* Is it the root of the PCI tree, which the machine has without a -device? */
bool controller_is_pci_root(const Controller *c);
/* The type that @model belongs to (virtio-transitional: of SCSI and virtio-serial both, the former is told). */
bool controller_model_fits(ControllerType type, ControllerModel model);
#endif
