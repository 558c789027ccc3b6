/* <hostdev>: a device of the host given to the guest. */
#ifndef QV_CONF_HOSTDEV_H
#define QV_CONF_HOSTDEV_H
#include "conf/device.h"
#include "conf/disk.h"

typedef enum { HOSTDEV_MODE_NONE, HOSTDEV_SUBSYSTEM, HOSTDEV_CAPABILITIES, HOSTDEV_MODE__N } HostdevMode;
typedef enum { HOSTDEV_NONE, HOSTDEV_USB, HOSTDEV_PCI, HOSTDEV_SCSI, HOSTDEV_SCSI_HOST, HOSTDEV_MDEV, HOSTDEV__N } HostdevType;
typedef enum {
    HOSTDEV_MODEL_NONE, HOSTDEV_VFIO_PCI, HOSTDEV_VFIO_CCW, HOSTDEV_VFIO_AP, HOSTDEV_VIRTIO, HOSTDEV_VIRTIO_TRANSITIONAL,
    HOSTDEV_VIRTIO_NON_TRANSITIONAL, HOSTDEV_MODEL__N
} HostdevModel;
typedef enum { HOSTDEV_DRIVER_NONE, HOSTDEV_DRIVER_KVM, HOSTDEV_DRIVER_VFIO, HOSTDEV_DRIVER_XEN, HOSTDEV_DRIVER__N } HostdevDriver;
typedef enum { HOSTDEV_TEAMING_NONE, HOSTDEV_TEAMING_PERSISTENT, HOSTDEV_TEAMING_TRANSIENT, HOSTDEV_TEAMING__N } HostdevTeaming;
typedef enum { USB_STARTUP_NONE, USB_STARTUP_DEFAULT, USB_MANDATORY, USB_REQUISITE, USB_OPTIONAL, USB_STARTUP__N } UsbStartup;
typedef enum { USB_RESET_NONE, USB_RESET_OFF, USB_RESET_UNINITIALIZED, USB_RESET_ON, USB_RESET__N } UsbGuestReset;

typedef struct {
    DeviceInfo info;
    HostdevMode mode;
    HostdevType type;
    Tristate managed;
    char *sgio;
    Tristate rawio;
    HostdevModel model;
    Tristate display, ramfb;                                     /* mdev */
    HostdevDriver driver;                                        /* PCI */
    struct { UsbStartup startup; UsbGuestReset guest_reset; OptU32 vendor, product, bus, device; bool missing; } usb;
    struct { OptU32 domain, bus, slot, function; Tristate write_filtering; } pci;
    struct {
        char *protocol, *name;                                   /* iscsi */
        char *adapter;                                           /* "scsi_host0" */
        OptU32 bus, target; OptU64 unit;
        GPtrArray *hosts;                                        /* SourceHost */
        StorageAuth *auth;
        char *initiator;
    } scsi;
    struct { char *protocol, *wwpn; } scsi_host;
    char *mdev_uuid;
    bool readonly, shareable;
    struct { HostdevTeaming type; char *persistent; } teaming;
} Hostdev;

extern const XmElem hostdev_elem;
extern const XmEnum hostdev_type, hostdev_model;
#endif
