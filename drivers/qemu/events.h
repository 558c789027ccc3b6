/* What QEMU tells by itself: from a monitor event to the guest's state, its live definition and the events that libvirt's
 * clients know. A row in events.c for each. I/O thread. */
#ifndef QV_QEMU_EVENTS_H
#define QV_QEMU_EVENTS_H
#include "drivers/qemu/driver.h"

/* @data: the event's, borrowed; NULL: it has none. */
void guest_event(Run *run, const char *name, json_object *data, gint64 seconds, guint micros);
#endif
