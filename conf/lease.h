/* <lease>: a lock that the guest's host must hold while it runs (sanlock and the like). */
#ifndef QV_CONF_LEASE_H
#define QV_CONF_LEASE_H
#include "conf/device.h"

typedef struct {
    DeviceInfo info;
    char *lockspace, *key, *path;
    guint64 offset;
} Lease;

extern const XmElem lease_elem;
#endif
