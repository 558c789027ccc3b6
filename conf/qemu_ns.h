/* The elements of QEMU's own namespace: arguments, variables and properties beyond what the XML can say. */
#ifndef QV_CONF_QEMU_NS_H
#define QV_CONF_QEMU_NS_H
#include "conf/xm.h"

typedef enum { DEPRECATION_ABSENT, DEPRECATION_NONE, DEPRECATION_OMIT, DEPRECATION_REJECT, DEPRECATION_CRASH, DEPRECATION__N } Deprecation;
typedef enum { PROPERTY_NONE, PROPERTY_STRING, PROPERTY_UNSIGNED, PROPERTY_SIGNED, PROPERTY_BOOL, PROPERTY_REMOVE, PROPERTY__N } PropertyType;

typedef struct { char *value; } QemuArgument;
typedef struct { char *name, *value; } QemuVariable;
typedef struct { char *name; } QemuCapability;
typedef struct { char *name, *value; PropertyType type; } DeviceProperty;
typedef struct { char *alias; GPtrArray *properties; } DeviceOverride;       /* DeviceProperty */

typedef struct {
    GPtrArray *args;                    /* QemuArgument */
    GPtrArray *env;                     /* QemuVariable */
    GPtrArray *caps_add, *caps_del;     /* QemuCapability */
    GPtrArray *overrides;               /* DeviceOverride */
    Deprecation deprecation;
} QemuNs;

extern const XmElem qemu_ns_elem;       /* children of <domain>: to be included */
#endif
