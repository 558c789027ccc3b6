/* What one network card may be; interface_define.c fills in what it was not told, interface_rules.c refuses. */
#ifndef QV_QEMU_INTERFACE_DEFINE_H
#define QV_QEMU_INTERFACE_DEFINE_H
#include "conf/interface.h"
#include "util/error.h"

/* Does the guest see a virtio card? */
bool interface_is_virtio(const Interface *nic);
/* Is the host's end a tap of ours: bridge, ethernet, network? */
bool interface_has_tap(const Interface *nic);
/* The rules of one card. */
bool interface_check(const Interface *nic, GError **err);
#endif
