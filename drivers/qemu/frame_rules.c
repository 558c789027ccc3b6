/* What of the frame does not go together: numbers given twice, processors out of order, timers without the policy asked
 * for. Also forgotten here: the settings of what is switched off, which mean nothing. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/define.h"
#include "util/ids.h"

#define REFUSE(...) qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, __VA_ARGS__)

/* --- each number once */

static bool pins_once(const GPtrArray *pins, const char *element, const char *attribute, GError **err)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; pins && i < pins->len; i++) {
        const CpuPin *pin = g_ptr_array_index(pins, i);
        if (!g_hash_table_add(seen, GUINT_TO_POINTER(pin->id.v)))
            return REFUSE("duplicate %s for %s '%u': give each one list of CPUs", element, attribute, pin->id.v);
    }
    return true;
}

static bool iothreads_once(const Vcpus *v, GError **err)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; v->iothread_ids && i < v->iothread_ids->len; i++) {
        guint id = ((const IoThread *)g_ptr_array_index(v->iothread_ids, i))->id;
        if (!g_hash_table_add(seen, GUINT_TO_POINTER(id)))
            return REFUSE("duplicate iothread id '%u' in <iothreadids>", id);
    }
    return true;
}

static bool blkio_once(const Tune *t, GError **err)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; t->blkio.devices && i < t->blkio.devices->len; i++) {
        const BlkioDevice *d = g_ptr_array_index(t->blkio.devices, i);
        if (d->path && !g_hash_table_add(seen, d->path))
            return REFUSE("duplicate blkio device path '%s' in <blkiotune>", d->path);
    }
    return true;
}

static bool cells_apart(const Cpu *cpu, GError **err)
{
    const GPtrArray *cells = cpu ? cpu->cells : NULL;
    for (guint i = 0; cells && i < cells->len; i++)
        for (guint k = 0; k < i; k++) {
            const NumaCell *a = g_ptr_array_index(cells, i), *b = g_ptr_array_index(cells, k);
            if (a->cpus && b->cpus && bitmap_overlaps(a->cpus, b->cpus))
                return REFUSE("NUMA cells %u and %u have overlapping vCPU ids", i, k);
        }
    return true;
}

/* --- processors and timers */

static bool first_vcpu(const Vcpus *v, GError **err)
{
    for (guint i = 0; v->list && i < v->list->len; i++) {
        const Vcpu *vcpu = g_ptr_array_index(v->list, i);
        if (vcpu->id.v != 0)
            continue;
        if (vcpu->enabled == TRI_NO)
            return REFUSE("vcpu 0 can't be offline: it boots the guest");
        if (vcpu->hotpluggable == TRI_YES)
            return REFUSE("vcpu0 can't be hotpluggable: it boots the guest");
        if (vcpu->order.set && vcpu->order.v != 1)
            return REFUSE("vcpu0 must be enabled first: give it order='1'");
    }
    return true;
}

static bool timer_policies(const Clock *clock, GError **err)
{
    for (guint i = 0; clock->timers && i < clock->timers->len; i++) {
        const Timer *t = g_ptr_array_index(clock->timers, i);
        const char *name = xm_enum_name(&timer_name, t->name), *policy = xm_enum_name(&tick_policy, t->tickpolicy);
        if (t->tickpolicy && (t->name == TIMER_KVMCLOCK || t->name == TIMER_HYPERVCLOCK))
            return REFUSE("timer %s doesn't support setting of timer tickpolicy; remove it", name);
        if (t->name == TIMER_RTC && (t->tickpolicy == TICK_MERGE || t->tickpolicy == TICK_DISCARD))
            return REFUSE("unsupported rtc timer tickpolicy '%s': use delay or catchup", policy);
    }
    return true;
}

static bool ids_of_root(const GPtrArray *ranges, GError **err)
{
    bool root = !ranges || !ranges->len;
    for (guint i = 0; ranges && i < ranges->len; i++)
        root = root || ((const IdRange *)g_ptr_array_index(ranges, i))->start.v == 0;
    return root || REFUSE("You must map the root user of container: <idmap> needs a range with start='0'");
}

static bool system_uuid(const DomainFrame *f, GError **err)
{
    guint8 bytes[16];
    for (guint i = 0; f->sysinfo && i < f->sysinfo->len; i++) {
        const GPtrArray *entries = ((const Sysinfo *)g_ptr_array_index(f->sysinfo, i))->system;
        for (guint k = 0; entries && k < entries->len; k++) {
            const SysinfoEntry *e = g_ptr_array_index(entries, k);
            if (!g_strcmp0(e->name, "uuid") && e->value && !uuid_parse(e->value, bytes))
                return REFUSE("malformed <sysinfo> uuid element: '%s'", e->value);
        }
    }
    return true;
}

static bool frame_fits(const DomainFrame *f, GError **err)
{
    return pins_once(f->tune.cpu.vcpupin, "vcpupin", "vcpu", err) &&
           pins_once(f->tune.cpu.iothreadpin, "iothreadpin", "iothread", err) && iothreads_once(&f->vcpus, err) &&
           blkio_once(&f->tune, err) && cells_apart(f->cpu, err) && first_vcpu(&f->vcpus, err) && timer_policies(&f->clock, err) &&
           ids_of_root(f->uid_map, err) && ids_of_root(f->gid_map, err) && system_uuid(f, err);
}

/* --- what is switched off has no settings */

static void forget_settings(DomainFrame *f)
{
    Features *x = &f->features;
    if (x->hyperv.state[HV_SPINLOCKS] != TRI_YES)
        x->hyperv.retries = 0;
    if (x->hyperv.state[HV_STIMER] != TRI_YES)
        x->hyperv.stimer_direct = TRI_ABSENT;
    if (x->smm.state == TRI_NO)
        x->smm.tseg = 0;
    if (x->kvm.dirty_ring != TRI_YES)
        x->kvm.dirty_ring_size = 0;
    if (f->cpu && f->cpu->mode == CPU_MAXIMUM) {
        g_clear_pointer(&f->cpu->model.name, g_free);
        f->cpu->model.fallback = CPU_FALLBACK_NONE;
    }
}

bool pass_frame_rules(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    forget_settings(&def->frame);
    return frame_fits(&def->frame, err);
}
