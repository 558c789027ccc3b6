/* What virConnectGetCapabilities says: the host, and the guests that this QEMU can run on it. */
#ifndef QV_QEMU_CAPABILITIES_XML_H
#define QV_QEMU_CAPABILITIES_XML_H
#include "drivers/qemu/caps.h"

/* Any thread. Gives. */
char *qemu_capabilities_xml(const QemuCaps *caps, const guint8 host_uuid[16]);
#endif
