/* Which devices the processes of a control group may open: the devices controller on v1, a program of ours in the kernel
 * (BPF_CGROUP_DEVICE) on v2. Worker threads. */
#ifndef QV_UTIL_CGROUP_DEVICES_H
#define QV_UTIL_CGROUP_DEVICES_H
#include "util/cgroup.h"

typedef struct { char type; int major, minor; } CgroupDevice;      /* 'b' or 'c'; minor -1: all of that major */

/* From now on these and no others. */
bool cgroup_restrict_devices(const CgroupHost *host, const char *group, const CgroupDevice *all, guint n, GError **err);
/* The last @n_new of @all are new; the others go on without a gap. */
bool cgroup_add_devices(const CgroupHost *host, const char *group, const CgroupDevice *all, guint n, guint n_new, GError **err);
#endif
