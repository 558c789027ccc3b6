/* Rows of <features>. */
#include "config.h"
#include <string.h>
#include "conf/features.h"

XM_ENUM(hyperv_mode, "mode of Hyper-V features", NULL, "custom", "passthrough");
XM_COVERS(hyperv_mode, HYPERV__N);
XM_ENUM(ioapic_driver, "I/O APIC driver", NULL, "qemu", "kvm");
XM_COVERS(ioapic_driver, IOAPIC__N);
XM_ENUM(caps_policy, "policy of capabilities", NULL, "default", "allow", "deny");
XM_COVERS(caps_policy, CAPS_POLICY__N);
XM_ENUM(msrs_unknown, "treatment of unknown MSRs", NULL, "ignore", "fault");
XM_COVERS(msrs_unknown, MSRS__N);

/* An element that means something by being there: hook and test of a bool. */
#define PRESENCE(id, field) \
    static bool id##_loaded(gpointer obj, xmlNode *node, char **why) \
    { \
        return ((Features *)obj)->field = true; \
    } \
    static bool id##_present(gconstpointer obj) \
    { \
        return ((const Features *)obj)->field; \
    }
#define ONE(id, name, ...) \
    static const XmRow id##_rows[] = { __VA_ARGS__ }; \
    static const XmElem id##_elem = ELEM(name, Features, id##_rows)
#define SWITCH(id, name, field) ONE(id, name, A_ONOFF(Features, field, "state", .flags = XM_REQUIRED | XM_ABI))

PRESENCE(apic, apic.present)
PRESENCE(hap, hap.present)
PRESENCE(smm, smm.present)

static const XmRow apic_rows[] = { A_ONOFF(Features, apic.eoi, "eoi", .flags = XM_ABI) };
static const XmElem apic_elem = ELEM("apic", Features, apic_rows, .loaded = apic_loaded, .present = apic_present);
static const XmRow hap_rows[] = { A_ONOFF(Features, hap.state, "state", .flags = XM_ABI) };
static const XmElem hap_elem = ELEM("hap", Features, hap_rows, .loaded = hap_loaded, .present = hap_present);
static const XmRow smm_rows[] = {
    A_ONOFF(Features, smm.state, "state", .flags = XM_ABI, .dflt = "on"),
    SIZE(Features, smm.tseg, "tseg", .unit = 1 << 20, .flags = XM_ABI),
};
static bool smm_on(gpointer obj, xmlNode *node, char **why)
{
    Features *f = obj;
    f->smm.state = f->smm.state ? f->smm.state : TRI_YES;
    return smm_loaded(obj, node, why);
}
static const XmElem smm_elem = ELEM("smm", Features, smm_rows, .loaded = smm_on, .present = smm_present);

SWITCH(htm, "htm", htm);
SWITCH(nested_hv, "nested-hv", nested_hv);
SWITCH(ccf_assist, "ccf-assist", ccf_assist);
ONE(cfpc, "cfpc", A_STR(Features, cfpc, "value", .flags = XM_REQUIRED));
ONE(sbbc, "sbbc", A_STR(Features, sbbc, "value", .flags = XM_REQUIRED));
ONE(ibs, "ibs", A_STR(Features, ibs, "value", .flags = XM_REQUIRED));
PRESENCE(hpt, hpt.present)
static const XmRow hpt_rows[] = {
    A_STR(Features, hpt.resizing, "resizing"),
    SIZE(Features, hpt.max_page, "maxpagesize"),
};
static const XmElem hpt_elem = ELEM("hpt", Features, hpt_rows, .loaded = hpt_loaded, .present = hpt_present);
ONE(tcg, "tcg", SIZE(Features, tb_cache, "tb-cache", .doc = "QEMU's cache of translated code"));
SWITCH(e820_host, "e820_host", xen.e820_host);
ONE(xen_passthrough, "passthrough",
    A_ONOFF(Features, xen.passthrough, "state", .flags = XM_REQUIRED), A_STR(Features, xen.mode, "mode"));
ONE(xen, "xen", INLINE("e820_host", e820_host_elem), INLINE("passthrough", xen_passthrough_elem));

/* --- <capabilities> of containers: kept, and of no meaning to QEMU */

#define EACH_CAPABILITY(X) \
    X(audit_control, 0) X(audit_write, 1) X(block_suspend, 2) X(chown, 3) X(dac_override, 4) X(dac_read_Search, 5) \
    X(fowner, 6) X(fsetid, 7) X(ipc_lock, 8) X(ipc_owner, 9) X(kill, 10) X(lease, 11) X(linux_immutable, 12) \
    X(mac_admin, 13) X(mac_override, 14) X(mknod, 15) X(net_admin, 16) X(net_bind_service, 17) X(net_broadcast, 18) \
    X(net_raw, 19) X(setgid, 20) X(setfcap, 21) X(setpcap, 22) X(setuid, 23) X(sys_admin, 24) X(sys_boot, 25) \
    X(sys_chroot, 26) X(sys_module, 27) X(sys_nice, 28) X(sys_pacct, 29) X(sys_ptrace, 30) X(sys_rawio, 31) \
    X(sys_resource, 32) X(sys_time, 33) X(sys_tty_config, 34) X(syslog, 35) X(wake_alarm, 36)
#define CAP_ELEM(name, i) ONE(cap_##name, #name, A_ONOFF(Features, caps[i], "state"));
#define CAP_ROW(name, i) INLINE(#name, cap_##name##_elem),
EACH_CAPABILITY(CAP_ELEM)
static const XmRow capabilities_rows[] = {
    A_ENUM(Features, caps_policy, "policy", caps_policy, .flags = XM_NONZERO),
    EACH_CAPABILITY(CAP_ROW)
};
static const XmElem capabilities_elem = ELEM("capabilities", Features, capabilities_rows, .closed = true);

ONE(gic, "gic", A_STR(Features, gic_version, "version", .flags = XM_ABI));
ONE(ioapic, "ioapic", A_ENUM(Features, ioapic, "driver", ioapic_driver, .flags = XM_REQUIRED | XM_ABI));
ONE(msrs, "msrs", A_ENUM(Features, msrs_unknown, "unknown", msrs_unknown, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI));

/* A feature without a state is switched on by being named. */
#define NAMED(id, name, field) \
    static bool id##_named(gpointer obj, xmlNode *node, char **why) \
    { \
        Tristate *state = &((Features *)obj)->field; \
        *state = *state ? *state : TRI_YES; \
        return true; \
    } \
    static const XmRow id##_rows[] = { A_ONOFF(Features, field, "state", .flags = XM_ABI) }; \
    static const XmElem id##_elem = ELEM(name, Features, id##_rows, .loaded = id##_named)
NAMED(pvspinlock, "pvspinlock", pvspinlock);
NAMED(pmu, "pmu", pmu);
NAMED(vmport, "vmport", vmport);
NAMED(vmcoreinfo, "vmcoreinfo", vmcoreinfo);

/* --- <hyperv> */

#define HV(id, name, index) SWITCH(hv_##id, name, hyperv.state[index])
HV(relaxed, "relaxed", HV_RELAXED);
HV(vapic, "vapic", HV_VAPIC);
HV(vpindex, "vpindex", HV_VPINDEX);
HV(runtime, "runtime", HV_RUNTIME);
HV(synic, "synic", HV_SYNIC);
HV(reset, "reset", HV_RESET);
HV(frequencies, "frequencies", HV_FREQUENCIES);
HV(reenlightenment, "reenlightenment", HV_REENLIGHTENMENT);
HV(tlbflush, "tlbflush", HV_TLBFLUSH);
HV(ipi, "ipi", HV_IPI);
HV(evmcs, "evmcs", HV_EVMCS);
HV(avic, "avic", HV_AVIC);
ONE(hv_direct, "direct", A_ONOFF(Features, hyperv.stimer_direct, "state", .flags = XM_REQUIRED | XM_ABI));
ONE(hv_stimer, "stimer",
    A_ONOFF(Features, hyperv.state[HV_STIMER], "state", .flags = XM_REQUIRED | XM_ABI),
    INLINE("direct", hv_direct_elem));

static bool spinlocks_check(gconstpointer obj, char **why)
{
    const Features *f = obj;
    if (f->hyperv.state[HV_SPINLOCKS] != TRI_YES || f->hyperv.retries >= 0xfff)
        return true;
    *why = g_strdup("Hyper-V spinlocks need retries of 4095 or more");
    return false;
}
static const XmRow spinlocks_rows[] = {
    A_ONOFF(Features, hyperv.state[HV_SPINLOCKS], "state", .flags = XM_REQUIRED | XM_ABI),
    A_U32(Features, hyperv.retries, "retries", .flags = XM_ABI),
};
static const XmElem hv_spinlocks_elem = ELEM("spinlocks", Features, spinlocks_rows, .check = spinlocks_check);

static bool vendor_check(gconstpointer obj, char **why)
{
    const char *id = ((const Features *)obj)->hyperv.vendor_id;
    if (((const Features *)obj)->hyperv.state[HV_VENDOR_ID] == TRI_YES && !id)
        *why = g_strdup("Hyper-V's <vendor_id state='on'> needs a value");
    else if (id && (strlen(id) > 12 || strchr(id, ',')))
        *why = g_strdup_printf("Hyper-V's vendor '%.32s' is longer than 12 characters, or has a comma", id);
    return !*why;
}
static const XmRow vendor_rows[] = {
    A_ONOFF(Features, hyperv.state[HV_VENDOR_ID], "state", .flags = XM_REQUIRED | XM_ABI),
    A_STR(Features, hyperv.vendor_id, "value", .flags = XM_ABI),
};
static const XmElem hv_vendor_elem = ELEM("vendor_id", Features, vendor_rows, .check = vendor_check);

static bool hyperv_loaded(gpointer obj, xmlNode *node, char **why)
{
    Features *f = obj;
    f->hyperv.mode = f->hyperv.mode ? f->hyperv.mode : HYPERV_CUSTOM;
    return true;
}
static const XmRow hyperv_rows[] = {
    A_ENUM(Features, hyperv.mode, "mode", hyperv_mode, .flags = XM_ABI),
    INLINE("relaxed", hv_relaxed_elem), INLINE("vapic", hv_vapic_elem), INLINE("spinlocks", hv_spinlocks_elem),
    INLINE("vpindex", hv_vpindex_elem), INLINE("runtime", hv_runtime_elem), INLINE("synic", hv_synic_elem),
    INLINE("stimer", hv_stimer_elem), INLINE("reset", hv_reset_elem), INLINE("vendor_id", hv_vendor_elem),
    INLINE("frequencies", hv_frequencies_elem), INLINE("reenlightenment", hv_reenlightenment_elem),
    INLINE("tlbflush", hv_tlbflush_elem), INLINE("ipi", hv_ipi_elem), INLINE("evmcs", hv_evmcs_elem),
    INLINE("avic", hv_avic_elem),
};
static const XmElem hyperv_elem = ELEM("hyperv", Features, hyperv_rows, .closed = true, .loaded = hyperv_loaded);

/* --- <kvm> */

SWITCH(kvm_hidden, "hidden", kvm.hidden);
SWITCH(kvm_hint, "hint-dedicated", kvm.hint_dedicated);
SWITCH(kvm_poll, "poll-control", kvm.poll_control);
SWITCH(kvm_ipi, "pv-ipi", kvm.pv_ipi);

static bool ring_check(gconstpointer obj, char **why)
{
    const Features *f = obj;
    guint32 size = f->kvm.dirty_ring_size;
    if (f->kvm.dirty_ring != TRI_YES || (size >= 1024 && size <= 65536 && !(size & (size - 1))))
        return true;
    *why = g_strdup("the size of a dirty ring is a power of 2 from 1024 to 65536");
    return false;
}
static const XmRow ring_rows[] = {
    A_ONOFF(Features, kvm.dirty_ring, "state", .flags = XM_REQUIRED | XM_ABI),
    A_U32(Features, kvm.dirty_ring_size, "size", .flags = XM_ABI),
};
static const XmElem kvm_ring_elem = ELEM("dirty-ring", Features, ring_rows, .check = ring_check);
static const XmRow kvm_rows[] = {
    INLINE("hidden", kvm_hidden_elem), INLINE("hint-dedicated", kvm_hint_elem), INLINE("poll-control", kvm_poll_elem),
    INLINE("pv-ipi", kvm_ipi_elem), INLINE("dirty-ring", kvm_ring_elem),
};
static const XmElem kvm_elem = ELEM("kvm", Features, kvm_rows, .closed = true);

static const XmRow features_rows[] = {
    FLAG(Features, acpi, "acpi", .flags = XM_ABI),
    INLINE("apic", apic_elem),
    FLAG(Features, pae, "pae", .flags = XM_ABI),
    INLINE("hap", hap_elem),
    FLAG(Features, viridian, "viridian", .flags = XM_ABI),
    FLAG(Features, privnet, "privnet"),
    INLINE("hyperv", hyperv_elem),
    INLINE("kvm", kvm_elem),
    INLINE("xen", xen_elem),
    INLINE("pvspinlock", pvspinlock_elem),
    INLINE("pmu", pmu_elem),
    INLINE("vmport", vmport_elem),
    INLINE("capabilities", capabilities_elem),
    INLINE("gic", gic_elem),
    INLINE("smm", smm_elem),
    INLINE("ioapic", ioapic_elem),
    INLINE("vmcoreinfo", vmcoreinfo_elem),
    INLINE("hpt", hpt_elem),
    INLINE("htm", htm_elem),
    INLINE("nested-hv", nested_hv_elem),
    INLINE("msrs", msrs_elem),
    INLINE("ccf-assist", ccf_assist_elem),
    INLINE("cfpc", cfpc_elem),
    INLINE("sbbc", sbbc_elem),
    INLINE("ibs", ibs_elem),
    INLINE("tcg", tcg_elem),
};
const XmElem features_elem = ELEM("features", Features, features_rows, .closed = true);
