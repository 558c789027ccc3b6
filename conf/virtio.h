/* What the <driver> of every virtio device can say: iommu, ats, packed, page_per_vq.
 *   INCLUDE(RngDriver, virtio, virtio_options_elem)     in the rows of a <driver> element */
#ifndef QV_CONF_VIRTIO_H
#define QV_CONF_VIRTIO_H
#include "conf/xm.h"

typedef struct {
    Tristate iommu, ats, packed, page_per_vq;
} VirtioOptions;

/* <driver iommu= ats= packed= page_per_vq=/>: usable as INLINE_AT(T, virtio, "driver", ...) too. */
extern const XmElem virtio_options_elem;
bool virtio_options_any(const VirtioOptions *o);
#endif
