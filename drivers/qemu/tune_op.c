/* Tuning parameters by name: reading, and changing the stored and the live definition. */
#include "drivers/qemu/tune_op.h"
#include <string.h>

static const TuneGroup *const groups[TUNE__N] = {
    [TUNE_SCHED] = &tune_sched, [TUNE_MEMORY] = &tune_memory, [TUNE_BLKIO] = &tune_blkio, [TUNE_NUMA] = &tune_numa,
    [TUNE_DISK] = &tune_disk,
};

const DomainTuneField *domain_tune_fields(DomainTune what, guint *ret_n)
{
    *ret_n = groups[what]->n;
    return groups[what]->fields;
}

const DomainStat *tune_param(const GArray *params, const char *name)
{
    for (guint i = 0; i < params->len; i++)
        if (!strcmp(g_array_index(params, DomainStat, i).name, name))
            return &g_array_index(params, DomainStat, i);
    return NULL;
}

gint64 tune_number(const DomainStat *p)
{
    return p->type == PARAM_INT ? p->v.i : p->type == PARAM_UINT ? (gint64)p->v.u : p->type == PARAM_LLONG ? p->v.l : (gint64)p->v.ul;
}

void tune_add_number(GArray *out, const char *name, int type, gint64 value)
{
    DomainStat stat = { .name = g_strdup(name), .type = type };

    if (type == PARAM_INT || type == PARAM_UINT)
        stat.v.u = (guint)value;
    else
        stat.v.l = value;
    g_array_append_val(out, stat);
}

void tune_add_text(GArray *out, const char *name, const char *value)
{
    DomainStat stat = { .name = g_strdup(name), .type = PARAM_STRING, .v.s = g_strdup(value ? value : "") };
    g_array_append_val(out, stat);
}

GArray *domain_tune_get(Domain *dom, DomainTune what, const char *disk, guint flags, GError **err)
{
    bool live;
    const DomainDef *def = domain_definition(dom, flags, &live, err);
    GArray *out = g_array_new(FALSE, FALSE, sizeof(DomainStat));

    if (def && groups[what]->get(live ? dom->run->group : NULL, def, disk, out, err))
        return out;
    domain_stats_free(out);
    return NULL;
}

static void free_args(gpointer data)
{
    TuneArgs *args = data;
    domain_stats_free(args->params);
    g_free(args->disk);
    g_free(args);
}

void domain_tune_set(Domain *dom, DomainTune what, const char *disk, GArray *params, guint flags, DomainDone done, gpointer user)
{
    TuneArgs *args = g_new(TuneArgs, 1);
    *args = (TuneArgs){ what, g_strdup(disk), params };
    domain_change(dom, flags, &groups[what]->change, args, free_args, done, user);
}

void tune_tell(Domain *dom, const char *prefix, const char *disk, const GArray *params)
{
    GArray *named = g_array_new(FALSE, FALSE, sizeof(DomainStat));
    DomainEvent event = { .id = DOMAIN_EVENT_TUNABLE, .name = dom->view->name, .dom_id = dom->view->id, .params = named };

    memcpy(event.uuid, dom->view->uuid, sizeof event.uuid);
    if (disk) {
        g_autofree char *name = g_strconcat(prefix, ".disk", NULL);
        tune_add_text(named, name, disk);
    }
    for (guint i = 0; i < params->len; i++) {
        DomainStat stat = g_array_index(params, DomainStat, i);
        stat.name = g_strconcat(prefix, ".", stat.name, NULL);
        if (stat.type == PARAM_STRING)
            stat.v.s = g_strdup(stat.v.s);
        g_array_append_val(named, stat);
    }
    if (dom->driver->on_event)
        dom->driver->on_event(&event, dom->driver->event_user);
    domain_stats_free(named);
}

/* --- CPU: schedinfo */

static const DomainTuneField sched_fields[] = {
    { "cpu_shares", PARAM_ULLONG },    { "vcpu_period", PARAM_ULLONG },   { "vcpu_quota", PARAM_LLONG },
    { "emulator_period", PARAM_ULLONG }, { "emulator_quota", PARAM_LLONG }, { "global_period", PARAM_ULLONG },
    { "global_quota", PARAM_LLONG },   { "iothread_period", PARAM_ULLONG }, { "iothread_quota", PARAM_LLONG },
};

static bool get_sched(Group *g, const DomainDef *def, const char *disk, GArray *out, GError **err)
{
    gint64 set, value;

    if (g && !group_has(g, CGROUP_CPU, "CPU", err))
        return false;
    for (guint i = 0; i < n_cpu_tunes; i++) {
        const CpuTune *row = &cpu_tunes[i];
        bool given = cpu_tune_get(&def->frame.tune, row, &set);
        value = set;
        if (g && !cpu_tune_read(g, row, &value, err))
            return false;
        if (g && given && row->param == CGROUP_CPU_SHARES && value == cgroup_shares_kept(g->host, set))
            value = set;
        tune_add_number(out, row->name, sched_fields[i].type, value);
    }
    return true;
}

static bool edit_sched(const Change *c, GError **err)
{
    const TuneArgs *args = c->data;

    for (guint i = 0; i < n_cpu_tunes; i++) {
        const CpuTune *row = &cpu_tunes[i];
        const DomainStat *p = tune_param(args->params, row->name);
        gint64 value = p ? tune_number(p) : 0;
        bool unlimited = row->param == CGROUP_CPU_QUOTA && value < 0;
        if (p && value && !unlimited && (value < row->min || value > row->max)) {
            g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "value of '%s' is out of range [%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT "]",
                        row->name, row->min, row->max);
            return false;
        }
        if (p)
            cpu_tune_set(&c->now->frame.tune, row, value);
    }
    return true;
}

/* What worked is taken back when a later one does not, as far as the kernel lets us. */
static bool apply_sched(const Change *c, GError **err)
{
    const TuneArgs *args = c->data;
    Group *g = c->run->group;
    gint64 old[16];

    if (!group_has(g, CGROUP_CPU, "CPU", err))
        return false;
    for (guint i = 0; i < n_cpu_tunes; i++) {
        const DomainStat *p = tune_param(args->params, cpu_tunes[i].name);
        gint64 value = p ? tune_number(p) : 0;
        if (!value || (cpu_tune_read(g, &cpu_tunes[i], &old[i], err) && cpu_tune_apply(g, &cpu_tunes[i], value, err)))
            continue;
        while (i--)
            if ((p = tune_param(args->params, cpu_tunes[i].name)) && tune_number(p))
                (void)cpu_tune_apply(g, &cpu_tunes[i], old[i], NULL);
        return false;
    }
    return true;
}

static void tell_sched(Domain *dom, bool live, gpointer data)
{
    if (live)
        tune_tell(dom, "cputune", NULL, ((TuneArgs *)data)->params);
}

const TuneGroup tune_sched = { sched_fields, G_N_ELEMENTS(sched_fields), get_sched, { "schedinfo", edit_sched, apply_sched, tell_sched } };

/* --- memory: memtune */

static const DomainTuneField memory_fields[] = {
    { "hard_limit", PARAM_ULLONG }, { "soft_limit", PARAM_ULLONG }, { "swap_hard_limit", PARAM_ULLONG },
};

static guint64 *memory_field(Memory *m, guint i)
{
    return i == 0 ? &m->tune.hard : i == 1 ? &m->tune.soft : &m->tune.swap_hard;
}

static gint64 kib_of(guint64 bytes)
{
    return !bytes || bytes >> 10 > MEMORY_UNLIMITED_KIB ? (gint64)MEMORY_UNLIMITED_KIB : (gint64)(bytes >> 10);
}

static bool get_memory(Group *g, const DomainDef *def, const char *disk, GArray *out, GError **err)
{
    Memory m = def->frame.memory;
    gint64 value[3] = { (gint64)m.tune.hard, (gint64)m.tune.soft, (gint64)m.tune.swap_hard };

    if (g && (!group_has(g, CGROUP_MEMORY, "memory", err) || !cgroup_get_number(g->host, g->name, CGROUP_MEMORY_HARD, &value[0], err) ||
              !cgroup_get_number(g->host, g->name, CGROUP_MEMORY_SOFT, &value[1], err)))
        return false;
    if (g && !cgroup_get_swap(g->host, g->name, &value[2], NULL))
        value[2] = G_MAXINT64;                  /* a kernel that does not count swap */
    for (guint i = 0; i < 3; i++)
        tune_add_number(out, memory_fields[i].name, PARAM_ULLONG, kib_of(value[i] < 0 ? 0 : (guint64)value[i]));
    return true;
}

static bool edit_memory(const Change *c, GError **err)
{
    const TuneArgs *args = c->data;
    Memory *m = &c->now->frame.memory;

    for (guint i = 0; i < 3; i++) {
        const DomainStat *p = tune_param(args->params, memory_fields[i].name);
        if (p)
            *memory_field(m, i) = p->v.ul >= MEMORY_UNLIMITED_KIB ? 0 : p->v.ul << 10;
    }
    if (m->tune.hard && m->tune.swap_hard && m->tune.hard > m->tune.swap_hard) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "memory hard_limit tunable value must be lower than or equal to swap_hard_limit");
        return false;
    }
    return true;
}

/* Only what was given: a limit that is lifted is one that says "unlimited". */
static bool apply_memory(const Change *c, GError **err)
{
    const TuneArgs *args = c->data;
    Memory m = { 0 }, now = c->now->frame.memory;

    for (guint i = 0; i < 3; i++)
        if (tune_param(args->params, memory_fields[i].name))
            *memory_field(&m, i) = *memory_field(&now, i) ? *memory_field(&now, i) : MEMORY_UNLIMITED_KIB << 10;
    return group_has(c->run->group, CGROUP_MEMORY, "memory", err) && tune_apply_memory(c->run->group, &m, err);
}

const TuneGroup tune_memory = { memory_fields, G_N_ELEMENTS(memory_fields), get_memory, { "memtune", edit_memory, apply_memory, NULL } };

/* --- nodes: numatune */

static const DomainTuneField numa_fields[] = { { "numa_mode", PARAM_INT }, { "numa_nodeset", PARAM_STRING } };

static bool get_numa(Group *g, const DomainDef *def, const char *disk, GArray *out, GError **err)
{
    const Tune *t = &def->frame.tune;
    bool confined = g && t->numa.nodeset && g->controllers & CGROUP_CPUSET && (t->numa.mode == NUMA_STRICT || t->numa.mode == NUMA_RESTRICTIVE);
    g_autofree char *emulator = confined ? group_child(g, THREAD_EMULATOR, 0) : NULL;
    g_autofree char *nodes = confined ? cgroup_get(g->host, emulator, CGROUP_CPUSET_MEMS, err) : t->numa.nodeset ? bitmap_format(t->numa.nodeset) : NULL;

    if (confined && !nodes)
        return false;
    tune_add_number(out, "numa_mode", PARAM_INT, t->numa.mode ? t->numa.mode - 1 : 0);
    tune_add_text(out, "numa_nodeset", nodes);
    return true;
}

static bool edit_numa(const Change *c, GError **err)
{
    const TuneArgs *args = c->data;
    Tune *t = &c->now->frame.tune;
    const DomainStat *mode = tune_param(args->params, "numa_mode"), *nodes = tune_param(args->params, "numa_nodeset");
    g_autofree char *why = NULL;

    if (mode && (mode->v.i < 0 || mode->v.i >= NUMA_MODE__N - 1)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "unsupported numatune mode: '%d'", mode->v.i);
        return false;
    }
    if (nodes && *nodes->v.s) {
        Bitmap *set = bitmap_parse(nodes->v.s, &why);
        if (!set) {
            g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "numa_nodeset '%s': %s", nodes->v.s, why);
            return false;
        }
        bitmap_free(t->numa.nodeset);
        t->numa.nodeset = set;
        t->numa.placement = 0;
    }
    if (mode)
        t->numa.mode = (NumaMode)(mode->v.i + 1);
    else if (!t->numa.mode)
        t->numa.mode = NUMA_STRICT;
    t->numa.present = true;
    return true;
}

static bool apply_numa(const Change *c, GError **err)
{
    const Tune *was = &c->was->frame.tune, *now = &c->now->frame.tune;

    if ((was->numa.mode ? was->numa.mode : NUMA_STRICT) != now->numa.mode)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "can't change numatune mode for running domain");
    else if (now->numa.mode != NUMA_STRICT && now->numa.mode != NUMA_RESTRICTIVE)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "change of nodeset for running domain requires strict numa mode");
    else
        return !now->numa.nodeset || (group_has(c->run->group, CGROUP_CPUSET, "cpuset", err) &&
                                      tune_apply_nodes(c->run->group, now->numa.nodeset, err));
    return false;
}

const TuneGroup tune_numa = { numa_fields, G_N_ELEMENTS(numa_fields), get_numa, { "numatune", edit_numa, apply_numa, NULL } };
