#include "config.h"
#include "drivers/qemu/virtio_props.h"

char *virtio_device(const char *base, const DeviceInfo *info, VirtioGeneration generation)
{
    static const char *const generations[] = { "-pci", "-pci-transitional", "-pci-non-transitional" };
    switch (info->addr.type) {
    case ADDR_CCW: case ADDR_VIRTIO_S390:
        return g_strconcat(base, "-ccw", NULL);
    case ADDR_VIRTIO_MMIO:
        return g_strconcat(base, "-device", NULL);
    default:
        return g_strconcat(base, generations[generation], NULL);
    }
}

void props_virtio_options(json_object *props, const VirtioOptions *o)
{
    props_tri(props, "iommu_platform", o->iommu);
    props_tri(props, "ats", o->ats);
    props_tri(props, "packed", o->packed);
    props_tri(props, "page-per-vq", o->page_per_vq);
}
