#include "config.h"
#include "conf/virtio.h"

static const XmRow virtio_options_rows[] = {
    A_ONOFF(VirtioOptions, iommu, "iommu", .flags = XM_ABI, .doc = "the device uses the guest's IOMMU"),
    A_ONOFF(VirtioOptions, ats, "ats", .flags = XM_ABI, .doc = "address translation services"),
    A_ONOFF(VirtioOptions, packed, "packed", .flags = XM_ABI, .doc = "packed virtqueues"),
    A_ONOFF(VirtioOptions, page_per_vq, "page_per_vq", .flags = XM_ABI, .doc = "each queue's notify register on a page of its own"),
};
const XmElem virtio_options_elem = ELEM("driver", VirtioOptions, virtio_options_rows);

bool virtio_options_any(const VirtioOptions *o)
{
    return o->iommu || o->ats || o->packed || o->page_per_vq;
}
