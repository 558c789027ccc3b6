/* <features>: what the virtual board and the hypervisor offer. */
#ifndef QV_CONF_FEATURES_H
#define QV_CONF_FEATURES_H
#include "conf/xm.h"

typedef enum { HYPERV_NONE, HYPERV_CUSTOM, HYPERV_PASSTHROUGH, HYPERV__N } HypervMode;
typedef enum { IOAPIC_NONE, IOAPIC_QEMU, IOAPIC_KVM, IOAPIC__N } IoapicDriver;

/* The switches <relaxed state='on'/> ... in libvirt's order of output. */
typedef enum {
    HV_RELAXED, HV_VAPIC, HV_SPINLOCKS, HV_VPINDEX, HV_RUNTIME, HV_SYNIC, HV_STIMER, HV_RESET, HV_VENDOR_ID,
    HV_FREQUENCIES, HV_REENLIGHTENMENT, HV_TLBFLUSH, HV_IPI, HV_EVMCS, HV_AVIC, HV__N
} HypervFeature;

/* Switches of the host kernel's capabilities for containers; kept for other hypervisors. */
typedef enum { CAPS_POLICY_NONE, CAPS_DEFAULT, CAPS_ALLOW, CAPS_DENY, CAPS_POLICY__N } CapsPolicy;
#define CAPS_SWITCHES 37
typedef enum { MSRS_NONE, MSRS_IGNORE, MSRS_FAULT, MSRS__N } MsrsUnknown;

typedef struct {
    bool acpi, pae, viridian, privnet;
    struct { bool present; Tristate eoi; } apic;
    struct { bool present; Tristate state; } hap;
    Tristate pvspinlock, vmport, pmu, vmcoreinfo, htm, nested_hv, ccf_assist;
    struct { bool present; Tristate state; guint64 tseg; } smm;
    IoapicDriver ioapic;
    struct {
        HypervMode mode;
        Tristate state[HV__N];
        guint32 retries;             /* spinlocks */
        Tristate stimer_direct;
        char *vendor_id;
    } hyperv;
    struct { Tristate hidden, hint_dedicated, poll_control, pv_ipi; Tristate dirty_ring; guint32 dirty_ring_size; } kvm;
    char *gic_version;
    MsrsUnknown msrs_unknown;
    guint64 tb_cache;                /* bytes of QEMU's translated code; written in KiB */
    CapsPolicy caps_policy;
    Tristate caps[CAPS_SWITCHES];
    struct { Tristate e820_host; Tristate passthrough; char *mode; } xen;
    struct { bool present; char *resizing; guint64 max_page; } hpt;    /* of POWER machines, as the next */
    char *cfpc, *sbbc, *ibs;
} Features;

extern const XmEnum caps_policy, msrs_unknown;
extern const XmElem features_elem;
#endif
