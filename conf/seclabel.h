/* <seclabel> of one device's source: how a host file is labelled for QEMU, or left alone. */
#ifndef QV_CONF_SECLABEL_H
#define QV_CONF_SECLABEL_H
#include "conf/xm.h"

typedef struct {
    char *model;               /* "dac", "selinux" */
    Tristate relabel;          /* absent: yes */
    Tristate labelskip;        /* live: there was no label to change */
    char *label;
} DeviceSeclabel;

/* For LIST(Source, seclabels, "seclabel", device_seclabel_elem); items are DeviceSeclabel. */
extern const XmElem device_seclabel_elem;

/* Drops the entries that say nothing (relabelled by default and without a label): canonical XML
 * leaves them out. @seclabels may be NULL. */
void device_seclabels_normalise(GPtrArray *seclabels);
/* <seclabel> of the domain itself. */
typedef enum { SECLABEL_NONE_GIVEN, SECLABEL_NONE, SECLABEL_DYNAMIC, SECLABEL_STATIC, SECLABEL__N } SeclabelType;
typedef struct {
    SeclabelType type;
    char *model;
    Tristate relabel;
    char *label, *imagelabel, *baselabel;
} Seclabel;
extern const XmElem seclabel_elem;
#endif
