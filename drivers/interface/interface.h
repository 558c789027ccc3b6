/* The interface driver's public face: the host's network interfaces, as the kernel shows them now. Read-only: the host's
 * own configuration makes them. Nothing is kept; a call costs a few small reads of /sys. Any thread. */
#ifndef QV_INTERFACE_INTERFACE_H
#define QV_INTERFACE_INTERFACE_H
#include "util/error.h"

typedef struct {
    char *name, *mac, *state;      /* state: the kernel's operstate, "up", "down", "unknown" ... */
} HostInterface;
void host_interface_free(HostInterface *i);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostInterface, host_interface_free)
bool host_interface_active(const HostInterface *i);

/* All but the members of bridges and bonds, by name. The caller frees the array. */
GPtrArray *host_interfaces(void);
/* NULL with QV_ERR_NO_INTERFACE. Gives. */
HostInterface *host_interface_by_name(const char *name, GError **err);
HostInterface *host_interface_by_mac(const char *mac, GError **err);
char *host_interface_xml(const HostInterface *i);      /* gives */
#endif
