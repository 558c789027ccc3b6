/* What all virtio devices have in common on the command line. */
#ifndef QV_QEMU_VIRTIO_PROPS_H
#define QV_QEMU_VIRTIO_PROPS_H
#include "conf/virtio.h"
#include "drivers/qemu/command.h"

typedef enum { VIRTIO_DEFAULT, VIRTIO_TRANSITIONAL, VIRTIO_NON_TRANSITIONAL } VirtioGeneration;

/* The device of @base ("virtio-rng") on the bus of its address: "virtio-rng-pci", "virtio-rng-pci-transitional",
 * "virtio-rng-ccw", "virtio-rng-device". Gives. */
char *virtio_device(const char *base, const DeviceInfo *info, VirtioGeneration generation);
/* iommu_platform, ats, packed, page-per-vq. */
void props_virtio_options(json_object *props, const VirtioOptions *o);
#endif
