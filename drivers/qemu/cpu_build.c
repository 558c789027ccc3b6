/* -cpu: model, features, Hyper-V enlightenments. */
#include "config.h"
#include "conf/board.h"
#include "drivers/qemu/cpu_bits.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/frame_build.h"

static const char *const hyperv[HV__N] = {
    [HV_RELAXED] = "hv-relaxed", [HV_VAPIC] = "hv-vapic", [HV_SPINLOCKS] = NULL, [HV_VPINDEX] = "hv-vpindex",
    [HV_RUNTIME] = "hv-runtime", [HV_SYNIC] = "hv-synic", [HV_STIMER] = "hv-stimer", [HV_RESET] = "hv-reset",
    [HV_VENDOR_ID] = NULL, [HV_FREQUENCIES] = "hv-frequencies", [HV_REENLIGHTENMENT] = "hv-reenlightenment",
    [HV_TLBFLUSH] = "hv-tlbflush", [HV_IPI] = "hv-ipi", [HV_EVMCS] = "hv-evmcs", [HV_AVIC] = "hv-avic",
};

static const char *model_of(const QemuBuild *b)
{
    const DomainFrame *f = &b->def->frame;
    const Cpu *cpu = f->cpu;
    if (cpu && cpu->mode == CPU_HOST_PASSTHROUGH)
        return f->virt == VIRT_KVM ? "host" : "max";
    if (cpu && (cpu->mode == CPU_MAXIMUM || cpu->mode == CPU_HOST_MODEL))
        return "max";
    return cpu && cpu->model.name ? cpu->model.name : "qemu64";
}

/* QEMU's list knows every model by name; a guest with another would not start. */
static bool check_model(const QemuBuild *b, GError **err)
{
    const DomainFrame *f = &b->def->frame;
    bool named = f->cpu && f->cpu->model.name && (f->cpu->mode == CPU_CUSTOM || f->cpu->mode == CPU_HOST_MODEL);
    json_object *models = qemu_caps_cpu_models(b->caps, f->virt == VIRT_KVM);
    if (!named || !models)
        return true;
    for (gsize i = 0; i < json_object_array_length(models); i++) {
        json_object *name = NULL;
        if (json_object_object_get_ex(json_object_array_get_idx(models, i), "name", &name) &&
            g_strcmp0(json_object_get_string(name), f->cpu->model.name) == 0)
            return true;
    }
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "Unknown CPU model '%s': '%s -cpu help' lists the models there are",
                f->cpu->model.name, qemu_caps_binary(b->caps));
    return false;
}

/* Bits that a guest's system sets (CR4), and what only the host measures: no properties of QEMU's processors. */
static const char *const no_properties[] = { "osxsave", "ospke", "cmt", "mbm_total", "mbm_local", NULL };

static void add_features(json_object *p, const Cpu *cpu)
{
    for (guint i = 0; cpu && cpu->features && i < cpu->features->len; i++) {
        const CpuFeature *f = g_ptr_array_index(cpu->features, i);
        bool off = f->policy == CPU_DISABLE || f->policy == CPU_FORBID;
        int known = f->name ? cpu_feature_find(f->name) : -1;
        if (f->name && f->policy != CPU_OPTIONAL && !g_strv_contains(no_properties, f->name))
            props_str(p, known >= 0 ? cpu_feature_qemu_name((guint)known) : f->name, off ? "off" : "on");
    }
}

static void add_timers(json_object *p, const Clock *clock)
{
    for (guint i = 0; clock->timers && i < clock->timers->len; i++) {
        const Timer *t = g_ptr_array_index(clock->timers, i);
        if (t->name == TIMER_KVMCLOCK && t->present)
            props_onoff(p, "kvmclock", t->present);
        if (t->name == TIMER_HYPERVCLOCK && t->present == TRI_YES)
            props_str(p, "hv-time", "on");
        if (t->name == TIMER_TSC)
            props_u64_opt(p, "tsc-frequency", t->frequency);
    }
}

static void add_hyperv(json_object *p, const Features *f)
{
    if (f->hyperv.mode == HYPERV_PASSTHROUGH)
        props_str(p, "hv-passthrough", "on");
    for (guint i = 0; i < HV__N; i++)
        if (hyperv[i] && f->hyperv.state[i] == TRI_YES)
            props_str(p, hyperv[i], "on");
    if (f->hyperv.state[HV_STIMER] == TRI_YES && f->hyperv.stimer_direct == TRI_YES)
        props_str(p, "hv-stimer-direct", "on");
    if (f->hyperv.state[HV_SPINLOCKS] == TRI_YES)
        props_strf(p, "hv-spinlocks", "0x%x", f->hyperv.retries);
    if (f->hyperv.state[HV_VENDOR_ID] == TRI_YES)
        props_str(p, "hv-vendor-id", f->hyperv.vendor_id);
}

/* <panic model='hyperv'/> is a register of the CPU, no device. */
static bool panics_by_hyperv(const DomainDef *def)
{
    EACH_DEVICE(def, DEV_PANIC, Panic, p)
        if (p->model == PANIC_HYPERV)
            return true;
    return false;
}

/* What a CPU of the host would show by itself is switched off in favour of what was asked for. */
static void add_cache_and_bits(json_object *p, const Cpu *cpu)
{
    bool own = cpu->mode == CPU_HOST_PASSTHROUGH || cpu->mode == CPU_MAXIMUM;
    CpuCacheMode mode = cpu->cache.mode;
    if (mode == CPU_CACHE_PASSTHROUGH)
        props_str(p, "host-cache-info", "on");
    else if (mode && own)
        props_str(p, "host-cache-info", "off");
    if (mode)
        props_str(p, "l3-cache", mode == CPU_CACHE_EMULATE ? "on" : "off");
    if (cpu->maxphysaddr.mode == PHYS_BITS_PASSTHROUGH)
        props_str(p, "host-phys-bits", "on");
    else
        props_optu32(p, "phys-bits", cpu->maxphysaddr.bits);
}

bool build_cpu(QemuBuild *b, GError **err)
{
    const DomainFrame *f = &b->def->frame;
    if (!check_model(b, err))
        return false;
    json_object *p = json_object_new_object();
    props_str(p, "", model_of(b));
    if (f->cpu) {
        props_str(p, "vendor", f->cpu->model.vendor_id);
        props_onoff(p, "migratable", f->cpu->migratable);
        add_features(p, f->cpu);
    }
    add_timers(p, &f->clock);
    if (f->features.apic.present)
        props_onoff(p, "kvm-pv-eoi", f->features.apic.eoi);
    props_onoff(p, "kvm-pv-unhalt", f->features.pvspinlock);
    if (f->features.viridian)
        props_str(p, "hv-relaxed", "on");
    add_hyperv(p, &f->features);
    if (panics_by_hyperv(b->def))
        props_str(p, "hv-crash", "on");
    if (f->features.kvm.hidden == TRI_YES)
        props_str(p, "kvm", "off");
    props_onoff(p, "kvm-hint-dedicated", f->features.kvm.hint_dedicated == TRI_YES ? TRI_YES : TRI_ABSENT);
    props_onoff(p, "kvm-poll-control", f->features.kvm.poll_control == TRI_YES ? TRI_YES : TRI_ABSENT);
    props_onoff(p, "pmu", f->features.pmu);
    if (f->cpu)
        add_cache_and_bits(p, f->cpu);
    qemu_command_opts(b->cmd, "-cpu", p, reason_path("/domain/cpu", 0));
    return true;
}
