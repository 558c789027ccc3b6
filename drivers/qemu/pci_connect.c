/* What each device asks of PCI. On a PCI Express machine virtio devices and what QEMU models as Express go to
 * Express ports, the rest behind a bridge to conventional PCI; a conventional machine has one kind of slot. */
#include "config.h"
#include <string.h>
#include "conf/board.h"
#include "conf/chardev.h"
#include "conf/disk.h"
#include "conf/display.h"
#include "conf/filesystem.h"
#include "conf/hostdev.h"
#include "conf/interface.h"
#include "conf/rng.h"
#include "drivers/qemu/address.h"

#define CONVENTIONAL (PCI_DEVICE | PCI_HOTPLUG)

static guint express(Board board)
{
    return board == BOARD_Q35 ? PCIE_DEVICE | PCI_HOTPLUG : CONVENTIONAL;
}

/* model='virtio', 'virtio-transitional', 'virtio-non-transitional': the values of every such enumeration in order. */
typedef enum { VIRTIO_UNSAID, VIRTIO_ANY, VIRTIO_OLD, VIRTIO_NEW } VirtioModel;

static guint virtio(Board board, VirtioModel model)
{
    return model == VIRTIO_OLD ? CONVENTIONAL : express(board);
}

static guint of_controller(gconstpointer dev, Board board)
{
    const Controller *c = dev;
    switch (c->type) {
    case CONTROLLER_PCI:
        return pci_controller_wants(c->model);
    case CONTROLLER_USB:
        if (c->model == MODEL_USB_NONE)
            return 0;
        return c->model == MODEL_NEC_XHCI || c->model == MODEL_QEMU_XHCI ? express(board) : CONVENTIONAL;
    case CONTROLLER_SCSI:
        if (c->model == MODEL_IBMVSCSI)
            return 0;
        if (c->model == MODEL_VIRTIO_SCSI || c->model == MODEL_VIRTIO_NON_TRANSITIONAL)
            return express(board);
        return CONVENTIONAL;
    case CONTROLLER_VIRTIO_SERIAL:
        return virtio(board, c->model == MODEL_VIRTIO_TRANSITIONAL ? VIRTIO_OLD : VIRTIO_ANY);
    case CONTROLLER_IDE: case CONTROLLER_SATA:
        return CONVENTIONAL;
    case CONTROLLER_FDC: case CONTROLLER_CCID:
        return 0;
    default:
        return PCI_NOWHERE;
    }
}

static guint of_filesystem(gconstpointer dev, Board board)
{
    const Filesystem *fs = dev;
    if (fs->driver.type == FS_DRIVER_LOOP || fs->driver.type == FS_DRIVER_NBD || fs->driver.type == FS_DRIVER_PLOOP)
        return PCI_NOWHERE;
    return virtio(board, (VirtioModel)fs->model);
}

static guint of_disk(gconstpointer dev, Board board)
{
    const Disk *disk = dev;
    return disk->bus == DISK_BUS_VIRTIO ? virtio(board, (VirtioModel)disk->model) : 0;
}

static guint of_sound(gconstpointer dev, G_GNUC_UNUSED Board board)
{
    switch (((const Sound *)dev)->model) {
    case SOUND_ES1370: case SOUND_AC97: case SOUND_ICH6: case SOUND_ICH9:
        return CONVENTIONAL;
    case SOUND_SB16: case SOUND_PCSPK: case SOUND_USB:
        return 0;
    default:
        return PCI_NOWHERE;
    }
}

static guint of_video(gconstpointer dev, Board board)
{
    switch (((const Video *)dev)->type) {
    case VIDEO_VIRTIO: case VIDEO_BOCHS:
        return express(board);
    case VIDEO_NONE: case VIDEO_NONE_GIVEN: case VIDEO_RAMFB:
        return 0;
    default:
        return CONVENTIONAL;
    }
}

static guint of_input(gconstpointer dev, Board board)
{
    const Input *input = dev;
    return input->bus == INPUT_BUS_VIRTIO ? virtio(board, (VirtioModel)input->model) : 0;
}

static guint of_rng(gconstpointer dev, Board board)
{
    return virtio(board, (VirtioModel)((const Rng *)dev)->model);
}

static guint of_serial(gconstpointer dev, G_GNUC_UNUSED Board board)
{
    return ((const Chardev *)dev)->serial == SERIAL_PCI ? CONVENTIONAL : 0;
}

static guint of_interface(gconstpointer dev, Board board)
{
    const Interface *nic = dev;
    const char *model = nic->model ? nic->model : "";
    if (nic->type == NET_HOSTDEV || strcmp(model, "e1000e") == 0 || strcmp(model, "virtio") == 0 ||
        strcmp(model, "virtio-non-transitional") == 0)
        return express(board);
    if (strcmp(model, "usb-net") == 0 || strcmp(model, "spapr-vlan") == 0)
        return 0;
    return CONVENTIONAL;
}

static guint of_hostdev(gconstpointer dev, Board board)
{
    const Hostdev *h = dev;
    if (h->type == HOSTDEV_SCSI_HOST)
        return virtio(board, h->model == HOSTDEV_VIRTIO_TRANSITIONAL ? VIRTIO_OLD : VIRTIO_ANY);
    if (h->type == HOSTDEV_MDEV)
        return h->model == HOSTDEV_VFIO_PCI ? express(board) : 0;
    return h->type == HOSTDEV_PCI ? express(board) : 0;
}

static guint of_memballoon(gconstpointer dev, Board board)
{
    switch (((const Memballoon *)dev)->model) {
    case BALLOON_VIRTIO: case BALLOON_VIRTIO_NON_TRANSITIONAL:
        return express(board);
    case BALLOON_VIRTIO_TRANSITIONAL:
        return CONVENTIONAL;
    default:
        return 0;
    }
}

static guint of_watchdog(gconstpointer dev, G_GNUC_UNUSED Board board)
{
    return ((const Watchdog *)dev)->model == WATCHDOG_I6300ESB ? CONVENTIONAL : 0;
}

static guint of_shmem(G_GNUC_UNUSED gconstpointer dev, G_GNUC_UNUSED Board board)
{
    return CONVENTIONAL;
}

static guint of_vsock(gconstpointer dev, Board board)
{
    return virtio(board, (VirtioModel)((const Vsock *)dev)->model);
}

static guint of_crypto(G_GNUC_UNUSED gconstpointer dev, Board board)
{
    return express(board);
}

static guint of_memory(gconstpointer dev, Board board)
{
    MemoryModel model = ((const MemoryDevice *)dev)->model;
    return model == MEMORY_VIRTIO_MEM || model == MEMORY_VIRTIO_PMEM ? express(board) : 0;
}

static guint of_iommu(gconstpointer dev, Board board)
{
    return ((const Iommu *)dev)->model == IOMMU_VIRTIO ? express(board) | PCI_INTEGRATED : 0;
}

static guint (*const of_kind[DEV__N])(gconstpointer dev, Board board) = {
    [DEV_CONTROLLER] = of_controller, [DEV_FILESYSTEM] = of_filesystem, [DEV_DISK] = of_disk, [DEV_SOUND] = of_sound,
    [DEV_VIDEO] = of_video, [DEV_INPUT] = of_input, [DEV_RNG] = of_rng, [DEV_SERIAL] = of_serial,
    [DEV_INTERFACE] = of_interface, [DEV_HOSTDEV] = of_hostdev, [DEV_MEMBALLOON] = of_memballoon,
    [DEV_WATCHDOG] = of_watchdog, [DEV_SHMEM] = of_shmem, [DEV_VSOCK] = of_vsock, [DEV_CRYPTO] = of_crypto,
    [DEV_MEMORY] = of_memory, [DEV_IOMMU] = of_iommu,
};

guint pci_connect(const DeviceRef *ref, Board board)
{
    return of_kind[ref->kind] ? of_kind[ref->kind](ref->dev, board) : 0;
}

bool hostdev_is_usb(gconstpointer dev)
{
    return ((const Hostdev *)dev)->type == HOSTDEV_USB;
}

bool memory_is_dimm(gconstpointer dev)
{
    MemoryModel model = ((const MemoryDevice *)dev)->model;
    return model == MEMORY_DIMM || model == MEMORY_NVDIMM;
}
