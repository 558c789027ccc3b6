/* <iotune>: QEMU's throttle of a guest's disk, set over its monitor once it runs (block_set_io_throttle). */
#ifndef QV_QEMU_DISK_THROTTLE_H
#define QV_QEMU_DISK_THROTTLE_H
#include "conf/disk.h"
#include "drivers/qemu/qmp.h"

/* The number called as in the XML ("read_bytes_sec"); NULL for "group_name" and unknown ones. Borrowed. */
guint64 *throttle_field(DiskIotune *tune, const char *name);
/* total, read and write of one kind mean one thing together: who gives one of them gives them all. */
void throttle_clear_siblings(DiskIotune *tune, const char *name);
bool throttle_check(const DiskIotune *tune, GError **err);
bool throttle_is_empty(const DiskIotune *tune);
/* Worker. A disk without <iotune> is not throttled from then on. */
bool throttle_apply(Qmp *qmp, const Disk *disk, GError **err);
#endif
