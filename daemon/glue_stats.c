/* Statistics: all at once, and the older calls that ask for one thing of one domain. What QEMU knows is asked first, of
 * all guests at once; the answer is made when they have answered, or of what was last known when they do not. */
#include "daemon/glue.h"
#include "util/host.h"

/* virConnectGetAllDomainStatsFlags; the lower ones are those of list filters */
enum { ALL_FILTERS = 0xff, ALL_NOWAIT = 1 << 29, ALL_BACKING = 1 << 30 };
static const guint all_enforce = 1u << 31;

typedef GArray StatArray;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StatArray, domain_stats_free)

/* A read of one domain that asks its guest for @groups first. */
#define STATS_READ(name, Args, Ret, groups) \
    static bool name##_fill(RpcCall *call, Domain *dom, const DomainView *view, const Args *args, Ret *ret, GError **err); \
    static void name##_ready(gpointer user) \
    { \
        RpcCall *call = user; \
        const Args *args = rpc_call_args(call); \
        g_autoptr(GError) err = NULL; \
        Ret ret = { 0 }; \
        g_autoptr(Domain) dom = glue_domain_find(&args->dom, &err); \
        g_autoptr(DomainView) view = dom ? domain_view(dom) : NULL; \
        if (dom && name##_fill(call, dom, view, args, &ret, &err)) \
            rpc_call_reply(call, &ret); \
        else \
            rpc_call_fail(call, err); \
    } \
    static RpcOutcome name(RpcCall *call, const void *args, void *ret, GError **err) \
    { \
        g_autoptr(Domain) dom = glue_domain_find(&((const Args *)args)->dom, err); \
        g_autoptr(DomainView) view = dom ? domain_view(dom) : NULL; \
        if (!dom) \
            return RPC_FAILED; \
        if (ask_one(dom, groups, name##_ready, call)) \
            return RPC_LATER; \
        return name##_fill(call, dom, view, args, ret, err) ? RPC_DONE : RPC_FAILED; \
    } \
    static bool name##_fill(RpcCall *call, Domain *dom, const DomainView *view, const Args *args, Ret *ret, GError **err)

static GPtrArray *domain_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
}

static bool ask_one(Domain *dom, guint groups, void (*ready)(gpointer user), RpcCall *call)
{
    g_autoptr(GPtrArray) doms = domain_array();
    g_ptr_array_add(doms, domain_ref(dom));
    return domain_stats_ask(doms, groups, ready, call);
}

/* --- all domains */

static void record_fill(RemoteDomainStatsRecord *ret, Domain *dom, guint types, bool backing)
{
    g_autoptr(DomainView) view = domain_view(dom);
    g_autoptr(StatArray) stats = domain_stats(dom, types, backing);
    glue_handle_of(&ret->dom, view);
    ret->params = g_new0(RemoteTypedParam, stats->len);
    ret->n_params = stats->len;
    for (guint i = 0; i < stats->len; i++)
        glue_param(&ret->params[i], &g_array_index(stats, DomainStat, i));
}

/* The domains that were asked for; those that are gone meanwhile are left out. */
static GPtrArray *stats_domains(const RemoteConnectGetAllDomainStatsArgs *args)
{
    if (!args->n_doms)
        return qemu_driver_list(qvirtd.qemu, args->flags & ALL_FILTERS);
    GPtrArray *found = domain_array();
    for (guint i = 0; i < args->n_doms; i++) {
        Domain *dom = glue_domain_find(&args->doms[i], NULL);
        if (dom)
            g_ptr_array_add(found, dom);
    }
    return found;
}

static void all_fill(const RemoteConnectGetAllDomainStatsArgs *args, const GPtrArray *domains, RemoteConnectGetAllDomainStatsRet *ret)
{
    guint types = args->stats ? args->stats : STATS_ALL;
    ret->retStats = g_new0(RemoteDomainStatsRecord, domains->len);
    for (guint i = 0; i < domains->len; i++)
        record_fill(&ret->retStats[ret->n_retStats++], domains->pdata[i], types, args->flags & ALL_BACKING);
}

static void all_ready(gpointer user)
{
    RemoteConnectGetAllDomainStatsRet ret = { 0 };
    const RemoteConnectGetAllDomainStatsArgs *args = rpc_call_args(user);
    g_autoptr(GPtrArray) domains = stats_domains(args);
    all_fill(args, domains, &ret);
    rpc_call_reply(user, &ret);
}

GLUE_HANDLER(get_all_domain_stats, RemoteConnectGetAllDomainStatsArgs, RemoteConnectGetAllDomainStatsRet)
{
    if (!glue_flags(call, args->flags, ALL_FILTERS | ALL_NOWAIT | ALL_BACKING | all_enforce, err))
        return RPC_FAILED;
    if ((args->flags & all_enforce) && (args->stats & ~(guint)STATS_ALL)) {
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "Stats types bits 0x%x are not supported by this daemon or QEMU",
                    args->stats & ~(guint)STATS_ALL);
        return RPC_FAILED;
    }
    g_autoptr(GPtrArray) domains = stats_domains(args);
    guint types = args->stats ? args->stats & STATS_ALL : STATS_ALL;
    if (domain_stats_ask(domains, types, all_ready, call))
        return RPC_LATER;
    all_fill(args, domains, ret);
    return RPC_DONE;
}

/* --- disks */

/* "" means all disks together. */
static bool disk_numbers(Domain *dom, const char *path, DomainDiskStats *ret, GError **err)
{
    if (*path)
        return domain_disk_stats(dom, path, ret, err);
    domain_disk_sums(dom, ret);
    return true;
}

STATS_READ(block_stats, RemoteDomainBlockStatsArgs, RemoteDomainBlockStatsRet, STATS_DISK_COUNTERS)
{
    DomainDiskStats d;
    if (!glue_active(view, err) || !disk_numbers(dom, args->path, &d, err))
        return false;
    *ret = (RemoteDomainBlockStatsRet){ .rd_req = d.rd_reqs, .rd_bytes = d.rd_bytes, .wr_req = d.wr_reqs, .wr_bytes = d.wr_bytes,
                                        .errs = -1 };
    return true;
}

/* VIR_DOMAIN_BLOCK_STATS_*, in libvirt's order. */
static const struct { const char *field; gsize offset; } block_fields[] = {
    { "wr_bytes", offsetof(DomainDiskStats, wr_bytes) },
    { "wr_operations", offsetof(DomainDiskStats, wr_reqs) },
    { "rd_bytes", offsetof(DomainDiskStats, rd_bytes) },
    { "rd_operations", offsetof(DomainDiskStats, rd_reqs) },
    { "flush_operations", offsetof(DomainDiskStats, fl_reqs) },
    { "wr_total_times", offsetof(DomainDiskStats, wr_times) },
    { "rd_total_times", offsetof(DomainDiskStats, rd_times) },
    { "flush_total_times", offsetof(DomainDiskStats, fl_times) },
};

STATS_READ(block_stats_flags, RemoteDomainBlockStatsFlagsArgs, RemoteDomainBlockStatsFlagsRet, STATS_DISK_COUNTERS)
{
    DomainDiskStats d;
    if (!glue_flags(call, args->flags, TYPED_STRING_OKAY, err) || !glue_active(view, err) || !disk_numbers(dom, args->path, &d, err))
        return false;
    ret->nparams = G_N_ELEMENTS(block_fields);
    if (args->nparams <= 0)
        return true;
    ret->params = g_new0(RemoteTypedParam, G_N_ELEMENTS(block_fields));
    for (guint i = 0; i < G_N_ELEMENTS(block_fields) && (int)ret->n_params < args->nparams; i++) {
        const DomainStat stat = { .name = (char *)block_fields[i].field, .type = PARAM_LLONG,
                                  .v.l = G_STRUCT_MEMBER(gint64, &d, block_fields[i].offset) };
        glue_param(&ret->params[ret->n_params++], &stat);
    }
    ret->nparams = (int)ret->n_params;
    return true;
}

STATS_READ(get_block_info, RemoteDomainGetBlockInfoArgs, RemoteDomainGetBlockInfoRet, STATS_DISK_FILES)
{
    DomainDiskStats d;
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    if (!*args->path) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "string disk in virDomainGetBlockInfo must not be empty");
        return false;
    }
    if (!domain_disk_stats(dom, args->path, &d, err))
        return false;
    if (d.empty) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "disk '%s' does not currently have a source assigned", args->path);
        return false;
    }
    *ret = (RemoteDomainGetBlockInfoRet){ .capacity = d.capacity, .allocation = d.allocation, .physical = d.physical };
    return true;
}

STATS_READ(get_disk_errors, RemoteDomainGetDiskErrorsArgs, RemoteDomainGetDiskErrorsRet, STATS_DISK_ERRORS)
{
    if (!glue_flags(call, args->flags, 0, err) || !glue_active(view, err))
        return false;
    g_autoptr(GArray) errors = domain_disk_errors(dom);
    ret->nerrors = (int)errors->len;
    if (!args->maxerrors) {            /* how many there may be: the client makes room for that many */
        ret->nerrors = (int)domain_disk_count(dom);
        return true;
    }
    guint n = MIN(errors->len, args->maxerrors);
    ret->nerrors = (int)n;
    ret->errors = g_new0(RemoteDomainDiskError, n);
    for (guint i = 0; i < n; i++) {
        const DomainDiskError *e = &g_array_index(errors, DomainDiskError, i);
        ret->errors[ret->n_errors++] = (RemoteDomainDiskError){ g_strdup(e->target), e->error };
    }
    return true;
}

/* virDomainControlState: whether the guest's monitor answers. A call never waits behind a job here. */
GLUE_READ(get_control_info, RemoteDomainGetControlInfoArgs, RemoteDomainGetControlInfoRet)
{
    enum { CONTROL_OK = 0, CONTROL_OCCUPIED = 2 };
    if (!glue_flags(call, args->flags, 0, err) || !glue_active(view, err))
        return RPC_FAILED;
    ret->stateTime = domain_silent_ms(dom);
    ret->state = ret->stateTime ? CONTROL_OCCUPIED : CONTROL_OK;
    return RPC_DONE;
}

/* --- memory and processors */

STATS_READ(memory_stats, RemoteDomainMemoryStatsArgs, RemoteDomainMemoryStatsRet, STATS_BALLOON)
{
    if (!glue_flags(call, args->flags, 0, err) || !glue_active(view, err))
        return false;
    g_autoptr(GArray) stats = domain_memory_stats(dom);
    ret->n_stats = MIN(args->maxStats, stats->len);
    ret->stats = g_new0(RemoteDomainMemoryStat, ret->n_stats);
    for (guint i = 0; i < ret->n_stats; i++) {
        const DomainMemoryStat *stat = &g_array_index(stats, DomainMemoryStat, i);
        ret->stats[i].tag = stat->tag;
        ret->stats[i].val = stat->value;
    }
    return true;
}

GLUE_WRITE(set_memory_stats_period, RemoteDomainSetMemoryStatsPeriodArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    if (args->period < 0) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "a period of %d seconds is none: 0 or more", args->period);
        return false;
    }
    domain_set_stats_period(dom, (guint)args->period, args->flags, glue_done, call);
    return true;
}

static const struct { const char *field, *stat; } cpu_fields[] = {
    { "cpu_time", "cpu.time" }, { "user_time", "cpu.user" }, { "system_time", "cpu.system" },
};

GLUE_READ(get_cpu_stats, RemoteDomainGetCpuStatsArgs, RemoteDomainGetCpuStatsRet)
{
    if (!glue_flags(call, args->flags, TYPED_STRING_OKAY, err) || !glue_active(view, err))
        return RPC_FAILED;
    if (args->start_cpu != -1) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "statistics by host CPU are not kept; ask for the total (start_cpu -1)");
        return RPC_FAILED;
    }
    if (args->nparams == 0) {
        ret->nparams = G_N_ELEMENTS(cpu_fields);
        return RPC_DONE;
    }
    g_autoptr(StatArray) stats = domain_stats(dom, STATS_CPU, false);
    ret->params = g_new0(RemoteTypedParam, G_N_ELEMENTS(cpu_fields));
    for (guint i = 0; i < G_N_ELEMENTS(cpu_fields) && ret->n_params < args->nparams; i++) {
        guint64 value;
        if (glue_stat_number(stats, cpu_fields[i].stat, &value))
            glue_param_ullong(&ret->params[ret->n_params++], cpu_fields[i].field, value);
    }
    ret->nparams = (int)ret->n_params;
    return RPC_DONE;
}

static bool map_size_ok(int n, int length, GError **err)
{
    enum { MAX_BYTES = 8192 };                    /* REMOTE_CPUMAPS_MAX, REMOTE_CPUMAP_MAX */
    if (n >= 0 && length >= 0 && (gint64)n * length <= MAX_BYTES)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "%d maps of %d bytes are more than fit an answer", n, length);
    return false;
}

STATS_READ(get_vcpus, RemoteDomainGetVcpusArgs, RemoteDomainGetVcpusRet, STATS_VCPU_THREADS)
{
    if (!map_size_ok(args->maxinfo, args->maplen, err))
        return false;
    if (view->id < 0) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "cannot retrieve vcpu information for inactive domain '%s'", view->name);
        return false;
    }
    g_autoptr(GArray) pins = domain_pins(dom, DOMAIN_THREAD_VCPU, AFFECT_LIVE, err);
    if (!pins)
        return false;
    g_autoptr(GArray) vcpus = domain_vcpus(dom);
    guint n = MIN((guint)args->maxinfo, vcpus->len);
    ret->info = g_new0(RemoteVcpuInfo, n);
    ret->n_info = n;
    for (guint i = 0; i < n; i++) {
        const DomainVcpuInfo *v = &g_array_index(vcpus, DomainVcpuInfo, i);
        ret->info[i] = (RemoteVcpuInfo){ .number = v->number, .state = v->state, .cpu_time = v->cpu_time_ns, .cpu = v->cpu };
    }
    ret->n_cpumaps = n * (guint)args->maplen;
    ret->cpumaps = g_malloc0(ret->n_cpumaps);
    for (guint i = 0; i < n && i < pins->len; i++)
        glue_cpu_map(ret->cpumaps + (gsize)i * (guint)args->maplen, (guint)args->maplen, g_array_index(pins, DomainPin, i).cpus);
    return true;
}

static const RpcHandlerRow glue_stats_rows[] = {
    REMOTE(PROC_CONNECT_GET_ALL_DOMAIN_STATS, get_all_domain_stats),
    REMOTE(PROC_DOMAIN_BLOCK_STATS, block_stats),
    REMOTE(PROC_DOMAIN_BLOCK_STATS_FLAGS, block_stats_flags),
    REMOTE(PROC_DOMAIN_GET_BLOCK_INFO, get_block_info),
    REMOTE(PROC_DOMAIN_GET_DISK_ERRORS, get_disk_errors),
    REMOTE(PROC_DOMAIN_GET_CONTROL_INFO, get_control_info),
    REMOTE(PROC_DOMAIN_MEMORY_STATS, memory_stats),
    REMOTE(PROC_DOMAIN_SET_MEMORY_STATS_PERIOD, set_memory_stats_period),
    REMOTE(PROC_DOMAIN_GET_CPU_STATS, get_cpu_stats),
    REMOTE(PROC_DOMAIN_GET_VCPUS, get_vcpus),
};
GLUE_AREA(glue_stats);
