/* Devices that come, go and change while a guest runs, and in stored definitions (virsh attach-device and its kin).
 *
 * Theory of operation. A live change is a change of the live definition (change.h). What QEMU is told is what the command
 * line of the new definition has more, or less, than that of the old (hotplug_command.c): a device that is plugged in is
 * built by the same code as at a start. What a kind of device needs beside that - of the host, or to change in place - is
 * a row (HotKind).
 *
 * An unplug asks the guest, which may take its time or never answer. The job waits UNPLUG_WAIT_MS for its DEVICE_DELETED;
 * after that the call has succeeded, the device is still there, and goes when the event comes. */
#ifndef QV_QEMU_HOTPLUG_H
#define QV_QEMU_HOTPLUG_H
#include "drivers/qemu/change.h"

typedef struct {
    DeviceKind kind;
    bool live;                     /* can come and go while a guest runs */
    /* May this one come to a running guest? NULL: any. */
    bool (*check)(gconstpointer dev, GError **err);
    /* May this one leave a running guest? NULL: any. */
    bool (*may_go)(const DomainDef *def, gconstpointer dev, GError **err);
    /* Place in @def of the one that @like describes; -1 with QV_ERR_DEVICE_MISSING, or OPERATION_FAILED for several. */
    int (*find)(const DomainDef *def, gconstpointer like, GError **err);
    /* Of the host, before QEMU is told: descriptors go into @fds (see build.h). NULL: nothing. */
    bool (*acquire)(const Change *c, gpointer dev, GHashTable *fds, GError **err);
    /* After QEMU has it. NULL: nothing. */
    bool (*plugged)(const Change *c, gpointer dev, GError **err);
    /* What acquire took given back, after QEMU let go; errors are logged. NULL: nothing. */
    void (*release)(const Change *c, gconstpointer dev);
    /* Makes the running guest's @was into @now, which it may complete. NULL: cannot change. */
    bool (*update)(const Change *c, gconstpointer was, gpointer now, GError **err);
} HotKind;
extern const HotKind hot_interface, hot_disk, hot_rng, hot_controller, hot_input, hot_watchdog;
const HotKind *hot_kind(DeviceKind kind);          /* NULL: only the stored definition can be changed */

/* hotplug_command.c; worker. Tells @c->run's QEMU what c->now has that c->was has not; undone when a part fails. */
bool hotplug_add(const Change *c, GHashTable *fds, GError **err);
/* The same without devices: the nodes of another medium. */
bool hotplug_add_nodes(const Change *c, GError **err);
/* Removes what c->was has beside its -device and c->now has not. */
bool hotplug_remove(const Change *c, GError **err);

/* A monitor event of a device: ends a wait, or removes what went late. I/O thread. */
void hotplug_event(Run *run, const char *event, json_object *data);
/* Its QEMU has ended: nobody waits any more. */
void hotplug_guest_ended(Run *run);
#endif
