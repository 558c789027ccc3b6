/* Shares, quotas, CPUs and schedulers of a guest's threads. */
#include <errno.h>
#include <sched.h>
#include <unistd.h>
#include "drivers/qemu/tune.h"

/* sched-bwc.rst: periods of 1 ms to 1 s, quotas of 1 ms and more; cgroup-v1 cpu.shares: 2 to 262144. */
#define SHARES 2, 262144
#define PERIOD 1000, 1000000
#define QUOTA 1000, G_MAXINT32
#define AT(field) offsetof(Tune, cpu.field)
const CpuTune cpu_tunes[] = {
    { "cpu_shares",      true,  THREAD_EMULATOR, CGROUP_CPU_SHARES, AT(shares),          SHARES },
    { "vcpu_period",     false, THREAD_VCPU,     CGROUP_CPU_PERIOD, AT(period),          PERIOD },
    { "vcpu_quota",      false, THREAD_VCPU,     CGROUP_CPU_QUOTA,  AT(quota),           QUOTA },
    { "emulator_period", false, THREAD_EMULATOR, CGROUP_CPU_PERIOD, AT(emulator_period), PERIOD },
    { "emulator_quota",  false, THREAD_EMULATOR, CGROUP_CPU_QUOTA,  AT(emulator_quota),  QUOTA },
    { "global_period",   true,  THREAD_EMULATOR, CGROUP_CPU_PERIOD, AT(global_period),   PERIOD },
    { "global_quota",    true,  THREAD_EMULATOR, CGROUP_CPU_QUOTA,  AT(global_quota),    QUOTA },
    { "iothread_period", false, THREAD_IOTHREAD, CGROUP_CPU_PERIOD, AT(iothread_period), PERIOD },
    { "iothread_quota",  false, THREAD_IOTHREAD, CGROUP_CPU_QUOTA,  AT(iothread_quota),  QUOTA },
};
const guint n_cpu_tunes = G_N_ELEMENTS(cpu_tunes);

bool cpu_tune_get(const Tune *tune, const CpuTune *row, gint64 *ret_value)
{
    gconstpointer at = (const char *)tune + row->offset;
    const OptU64 *shares = at;
    const OptI32 *quota = at;
    const guint64 *period = at;

    switch (row->param) {
    case CGROUP_CPU_SHARES:
        *ret_value = shares->set ? (gint64)shares->v : 0;
        return shares->set;
    case CGROUP_CPU_QUOTA:
        *ret_value = quota->set ? quota->v : 0;
        return quota->set && quota->v;
    default:
        *ret_value = (gint64)*period;
        return *period;
    }
}

void cpu_tune_set(Tune *tune, const CpuTune *row, gint64 value)
{
    gpointer at = (char *)tune + row->offset;

    if (row->param == CGROUP_CPU_SHARES)
        *(OptU64 *)at = (OptU64){ .set = true, .v = (guint64)value };
    else if (row->param == CGROUP_CPU_QUOTA)
        *(OptI32 *)at = (OptI32){ .set = value != 0, .v = (gint32)MAX(value, -1) };
    else
        *(guint64 *)at = (guint64)value;
}

bool cpu_tune_apply(Group *g, const CpuTune *row, gint64 value, GError **err)
{
    if (row->whole)
        return cgroup_set(g->host, g->name, row->param, value, err);
    if (row->kind == THREAD_EMULATOR) {
        g_autofree char *child = group_child(g, THREAD_EMULATOR, 0);
        return cgroup_set(g->host, child, row->param, value, err);
    }
    g_autoptr(GArray) numbers = group_numbers(g, row->kind);
    for (guint i = 0; i < numbers->len; i++) {
        g_autofree char *child = group_child(g, row->kind, g_array_index(numbers, guint, i));
        if (!cgroup_set(g->host, child, row->param, value, err))
            return false;
    }
    return true;
}

bool cpu_tune_read(Group *g, const CpuTune *row, gint64 *ret_value, GError **err)
{
    g_autoptr(GArray) numbers = group_numbers(g, row->kind);
    g_autofree char *child = row->whole                          ? g_strdup(g->name)
                             : row->kind == THREAD_EMULATOR      ? group_child(g, THREAD_EMULATOR, 0)
                             : numbers->len                      ? group_child(g, row->kind, g_array_index(numbers, guint, 0))
                                                                 : NULL;
    *ret_value = 0;
    return !child || cgroup_get_number(g->host, child, row->param, ret_value, err);
}

/* --- CPUs */

static const Bitmap *pin_of(const GPtrArray *pins, guint number)
{
    for (guint i = 0; pins && i < pins->len; i++) {
        const CpuPin *pin = g_ptr_array_index(pins, i);
        if (pin->id.v == number)
            return pin->cpus;
    }
    return NULL;
}

const Bitmap *tune_pin(const DomainDef *def, ThreadKind kind, guint number)
{
    const Tune *t = &def->frame.tune;
    const Bitmap *own = kind == THREAD_EMULATOR ? t->cpu.emulatorpin
                                                : pin_of(kind == THREAD_VCPU ? t->cpu.vcpupin : t->cpu.iothreadpin, number);
    return own ? own : def->frame.vcpus.cpuset;
}

static bool set_affinity(pid_t tid, const Bitmap *cpus, GError **err)
{
    g_autofree char *list = bitmap_format(cpus);
    size_t size = CPU_ALLOC_SIZE(BITMAP_MAX);
    cpu_set_t *set = CPU_ALLOC(BITMAP_MAX);

    CPU_ZERO_S(size, set);
    for (int i = bitmap_next(cpus, 0); i >= 0; i = bitmap_next(cpus, (guint)i + 1))
        CPU_SET_S(i, size, set);
    int failed = sched_setaffinity(tid, size, set), saved = errno;
    CPU_FREE(set);
    return !failed || qv_error_errno(err, saved, "cannot pin thread %d to CPUs %s of the host", (int)tid, list);
}

/* Born as the emulator's child, a thread that is not pinned gets back what the emulator was not given. */
static Bitmap *any_cpu(void)
{
    Bitmap *all = bitmap_new();
    for (long i = 0; i < MIN(sysconf(_SC_NPROCESSORS_CONF), BITMAP_MAX); i++)
        bitmap_set(all, (guint)i);
    return all;
}

/* The group first: a cpuset that is left as it was would refuse what lies outside. */
bool tune_apply_pin(Group *g, const DomainDef *def, ThreadKind kind, guint number, GError **err)
{
    const Bitmap *pin = tune_pin(def, kind, number);
    pid_t tid = group_thread(g, kind, number);
    g_autoptr(Bitmap) all = !pin && kind != THREAD_EMULATOR && def->frame.tune.cpu.emulatorpin ? any_cpu() : NULL;
    const Bitmap *cpus = pin ? pin : all;
    g_autofree char *list = pin ? bitmap_format(cpus) : NULL, *child = group_child(g, kind, number);

    if (!cpus || !tid)
        return true;
    if (pin && g->controllers & CGROUP_CPUSET && !cgroup_set_text(g->host, child, CGROUP_CPUSET_CPUS, list, err))
        return false;
    return set_affinity(tid, cpus, err);
}

Bitmap *tune_read_pin(Group *g, ThreadKind kind, guint number, GError **err)
{
    pid_t tid = group_thread(g, kind, number);
    size_t size = CPU_ALLOC_SIZE(BITMAP_MAX);
    cpu_set_t *set = CPU_ALLOC(BITMAP_MAX);
    Bitmap *cpus = NULL;

    if (!tid) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "cpu affinity is not supported: QEMU has no thread of its own for it");
    } else if (sched_getaffinity(tid, size, set) < 0) {
        qv_error_errno(err, errno, "cannot read the CPUs of thread %d", (int)tid);
    } else {
        cpus = bitmap_new();
        for (guint i = 0; i < BITMAP_MAX; i++)
            if (CPU_ISSET_S(i, size, set))
                bitmap_set(cpus, i);
    }
    CPU_FREE(set);
    return cpus;
}

/* --- schedulers */

static const CpuSched *sched_of(const GPtrArray *list, guint number)
{
    for (guint i = 0; list && i < list->len; i++) {
        const CpuSched *s = g_ptr_array_index(list, i);
        if (bitmap_has(s->ids, number))
            return s;
    }
    return NULL;
}

static bool set_scheduler(pid_t tid, const char *name, guint priority, GError **err)
{
    static const struct { const char *name; int policy; } policies[] = {
        { "batch", SCHED_BATCH }, { "idle", SCHED_IDLE }, { "fifo", SCHED_FIFO }, { "rr", SCHED_RR },
    };
    for (guint i = 0; i < G_N_ELEMENTS(policies); i++) {
        struct sched_param param = { .sched_priority = (int)priority };
        if (g_strcmp0(policies[i].name, name))
            continue;
        if (sched_setscheduler(tid, policies[i].policy, &param) == 0)
            return true;
        qv_error_errno(err, errno, "cannot give thread %d the scheduler '%s'%s", (int)tid, name,
                       errno == EPERM ? " (the kernel lets real-time threads into a cgroup whose cpu.rt_runtime_us is not 0)" : "");
        return false;
    }
    return true;
}

static bool apply_scheduler(Group *g, const Tune *t, ThreadKind kind, guint number, GError **err)
{
    const CpuSched *s = kind == THREAD_VCPU ? sched_of(t->cpu.vcpusched, number) : sched_of(t->cpu.iothreadsched, number);
    pid_t tid = group_thread(g, kind, number);

    if (kind == THREAD_EMULATOR)
        return set_scheduler(g->pid, t->cpu.emulatorsched.scheduler, t->cpu.emulatorsched.priority.v, err);
    return !s || !tid || set_scheduler(tid, s->scheduler, s->priority.set ? s->priority.v : 0, err);
}

/* --- all of it */

static bool apply_rows(Group *g, const Tune *t, bool whole, ThreadKind kind, GError **err)
{
    gint64 value;

    for (guint i = 0; i < n_cpu_tunes; i++) {
        const CpuTune *row = &cpu_tunes[i];
        if (row->whole == whole && (whole || row->kind == kind) && cpu_tune_get(t, row, &value) &&
            !cpu_tune_apply(g, row, value, err))
            return false;
    }
    return true;
}

static bool confine_nodes(Group *g, const Tune *t, const char *child, GError **err)
{
    bool confines = t->numa.nodeset && (t->numa.mode == NUMA_STRICT || t->numa.mode == NUMA_RESTRICTIVE);
    g_autofree char *nodes = confines && g->controllers & CGROUP_CPUSET ? bitmap_format(t->numa.nodeset) : NULL;

    return !nodes || cgroup_set_text(g->host, child, CGROUP_CPUSET_MEMS, nodes, err);
}

bool tune_threads(Group *g, const DomainDef *def, ThreadKind kind, GError **err)
{
    const Tune *t = &def->frame.tune;
    g_autoptr(GArray) numbers = group_numbers(g, kind);
    guint zero = 0;

    if (kind == THREAD_EMULATOR)
        g_array_append_val(numbers, zero);
    for (guint i = 0; i < numbers->len; i++) {
        guint number = g_array_index(numbers, guint, i);
        g_autofree char *child = group_child(g, kind, number);
        if (!confine_nodes(g, t, child, err) || !tune_apply_pin(g, def, kind, number, err) ||
            !apply_scheduler(g, t, kind, number, err))
            return false;
    }
    return apply_rows(g, t, false, kind, err);
}

bool tune_domain(Group *g, const DomainDef *def, GError **err)
{
    return apply_rows(g, &def->frame.tune, true, THREAD_EMULATOR, err) && tune_apply_memory(g, &def->frame.memory, err) &&
           tune_apply_blkio(g, NULL, &def->frame.tune, err);
}

static bool some(const GPtrArray *list)
{
    return list && list->len;
}

guint tune_controllers(const DomainDef *def)
{
    const Tune *t = &def->frame.tune;
    const Memory *m = &def->frame.memory;
    gint64 value;
    guint mask = 0;

    for (guint i = 0; i < n_cpu_tunes; i++)
        mask |= cpu_tune_get(t, &cpu_tunes[i], &value) ? CGROUP_CPU : 0;
    mask |= m->tune.hard || m->tune.soft || m->tune.swap_hard ? CGROUP_MEMORY : 0;
    mask |= t->blkio.weight || some(t->blkio.devices) ? CGROUP_BLKIO : 0;
    mask |= t->numa.mode == NUMA_RESTRICTIVE ? CGROUP_CPUSET : 0;
    return mask;
}

bool tune_asks_threads(const DomainDef *def)
{
    const Tune *t = &def->frame.tune;
    gint64 value;

    for (guint i = 0; i < n_cpu_tunes; i++)
        if (!cpu_tunes[i].whole && cpu_tune_get(t, &cpu_tunes[i], &value))
            return true;
    return some(t->cpu.vcpupin) || some(t->cpu.iothreadpin) || t->cpu.emulatorpin || def->frame.vcpus.cpuset ||
           some(t->cpu.vcpusched) || some(t->cpu.iothreadsched) || t->numa.nodeset;
}
