/* What virConnectGetCapabilities and virConnectGetDomainCapabilities say. They read /proc, /sys and firmware
 * descriptors: worker threads. */
#ifndef QV_QEMU_CAPABILITIES_XML_H
#define QV_QEMU_CAPABILITIES_XML_H
#include <sys/types.h>
#include "drivers/qemu/caps.h"

/* The host, and the guests that the emulators of @all (QemuCaps; the first is the host's own) can run on it;
 * @uid and @gid: what QEMU runs as. Gives. */
char *qemu_capabilities_xml(GPtrArray *all, const guint8 host_uuid[16], uid_t uid, gid_t gid);
/* <host> alone, appended to @out (capabilities_host.c). */
void append_host(GString *out, const QemuCaps *caps, const guint8 host_uuid[16], uid_t uid, gid_t gid);
/* What a domain of @machine may have. Gives. */
char *qemu_domain_capabilities_xml(const QemuCaps *caps, const QemuMachine *machine, const char *arch, bool kvm);
#endif
