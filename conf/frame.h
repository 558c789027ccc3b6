/* The guest's frame: everything of <domain> outside <devices>. Its parts have headers of their own. */
#ifndef QV_CONF_FRAME_H
#define QV_CONF_FRAME_H
#include "conf/clock.h"
#include "conf/cpu.h"
#include "conf/features.h"
#include "conf/memory.h"
#include "conf/os.h"
#include "conf/qemu_ns.h"
#include "conf/tune.h"

typedef enum { VIRT_NONE, VIRT_QEMU, VIRT_KVM, VIRT_XEN, VIRT_LXC, VIRT_OPENVZ, VIRT_TEST, VIRT_VMWARE, VIRT_HYPERV, VIRT_VBOX,
               VIRT_PHYP, VIRT_PARALLELS, VIRT_BHYVE, VIRT_VZ, VIRT_HVF, VIRT__N } VirtType;
typedef enum { LIFECYCLE_NONE, LIFECYCLE_DESTROY, LIFECYCLE_RESTART, LIFECYCLE_RENAME_RESTART, LIFECYCLE_PRESERVE,
               LIFECYCLE_COREDUMP_DESTROY, LIFECYCLE_COREDUMP_RESTART, LIFECYCLE__N } LifecycleAction;
typedef enum { LOCKFAIL_NONE, LOCKFAIL_POWEROFF, LOCKFAIL_RESTART, LOCKFAIL_PAUSE, LOCKFAIL_IGNORE, LOCKFAIL__N } LockFailure;

typedef struct { OptU32 start, target, count; } IdRange;      /* of user or group ids */
typedef enum { CIPHER_NONE, CIPHER_AES, CIPHER_DEA, CIPHER__N } CipherName;
typedef struct { CipherName name; Tristate state; } KeyCipher;

typedef struct {
    VirtType virt;
    guint32 id;               /* of the running guest; 0: none */
    char *name, *uuid, *title, *description;
    struct { bool present; char *uuid; } genid;     /* uuid NULL: to be made */
    xmlNode *metadata;
    Memory memory;
    Tune tune;
    Vcpus vcpus;
    struct { char *partition, *appid; } resource;
    GPtrArray *sysinfo;       /* Sysinfo */
    Os os;
    Features features;
    Cpu *cpu;
    Clock clock;
    LifecycleAction on_poweroff, on_reboot, on_crash;
    LockFailure on_lockfailure;
    struct { Tristate mem, disk; } pm_suspend;
    GPtrArray *perf;          /* PerfEvent */
    GPtrArray *uid_map, *gid_map;   /* IdRange; of containers */
    GPtrArray *keywrap;       /* KeyCipher; of s390 */
    GPtrArray *seclabels;     /* Seclabel */
    LaunchSecurity *launch_security;
    QemuNs qemu;
} DomainFrame;

extern const XmEnum virt_type, lifecycle_action, perf_event, cipher_name;
/* The children of <domain> before and after <devices>, in libvirt's order of output. */
extern const XmElem frame_facts_elem, frame_before_elem, frame_after_elem;
#endif
