/* The filter driver's public face: filters (<filter>), for the daemon's glue, and their bindings to guests' interfaces,
 * for the QEMU driver.
 *
 * Threads: bindings are made and removed on workers (start steps and undo); all else says its thread. */
#ifndef QV_NWFILTER_NWFILTER_H
#define QV_NWFILTER_NWFILTER_H
#include "conf/interface.h"
#include "util/error.h"

/* Enforces @interface->filter on the host device @dev (a tap on a bridge, or a macvtap), with its parameters and MAC:
 * QV_ERR_NO_NWFILTER when there is no such filter. Nothing when the interface names none. Worker. */
bool nwfilter_bind(const Interface *interface, const char *dev, const char *domain, const guint8 domain_uuid[16], GError **err);
/* Removes every rule of @dev; success when there is none. Worker. */
bool nwfilter_unbind(const char *dev, GError **err);
#endif
