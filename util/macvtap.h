/* macvtap: a guest's network card directly on a device of the host. Unlike a tap it stays when nobody has it open: whoever
 * makes one pushes its undo first. Any thread that may wait for the kernel. */
#ifndef QV_UTIL_MACVTAP_H
#define QV_UTIL_MACVTAP_H
#include "util/error.h"

/* The kernel's numbers (MACVLAN_MODE_*). */
typedef enum { MACVTAP_KIND_PRIVATE = 1, MACVTAP_KIND_VEPA = 2, MACVTAP_KIND_BRIDGE = 4, MACVTAP_KIND_PASSTHROUGH = 8 } MacvtapKind;

/* A macvtap called @name on @lower, down. @ret_failed (may be NULL): the errno value; EEXIST when the name is taken. */
bool macvtap_create(const char *name, const char *lower, MacvtapKind kind, const guint8 mac[6], int *ret_failed, GError **err);
/* Appends a descriptor (int) for each of its @queues to @fds; nothing on failure. */
bool macvtap_open(const char *name, guint queues, bool vnet_hdr, GArray *fds, GError **err);
/* Removes it if it is a macvtap with that address: another's of the same name stays. */
bool macvtap_remove(const char *name, const guint8 mac[6], GError **err);
#endif
