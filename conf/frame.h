/* The guest's frame: everything of <domain> outside <devices>. */
#ifndef QV_CONF_FRAME_H
#define QV_CONF_FRAME_H
#include "conf/xm.h"

typedef enum { VIRT_NONE, VIRT_QEMU, VIRT_KVM, VIRT__N } VirtType;

typedef struct {
    VirtType virt;
    guint32 id;               /* of the running guest; 0: none */
    char *name, *uuid, *title, *description;
    xmlNode *metadata;
    guint64 memory, current_memory;         /* bytes */
    struct { char *arch, *machine, *type; } os;
    struct { guint32 max, current; } vcpu;
} DomainFrame;
#endif
