/* Statistics: all at once, and the older calls that ask for one thing of one domain. All answer from what
 * the driver last knew; none waits for QEMU. */
#include "daemon/glue.h"
#include "util/host.h"

/* virDomainStatsTypes */
enum { STATS_CPU = 2, STATS_VCPU = 8, STATS_INTERFACE = 16, STATS_BLOCK = 32, STATS_KNOWN = 0x7ff };
/* virConnectGetAllDomainStatsFlags; the lower ones are those of list filters */
enum { ALL_FILTERS = 0xff, ALL_NOWAIT = 1 << 29, ALL_BACKING = 1 << 30 };
static const guint all_enforce = 1u << 31;

typedef GArray StatArray;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StatArray, domain_stats_free)

/* --- all domains */

static void record_fill(RemoteDomainStatsRecord *ret, Domain *dom, guint types)
{
    g_autoptr(DomainView) view = domain_view(dom);
    g_autoptr(StatArray) stats = domain_stats(dom, types);
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
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    for (guint i = 0; i < args->n_doms; i++) {
        Domain *dom = glue_domain_find(&args->doms[i], NULL);
        if (dom)
            g_ptr_array_add(found, dom);
    }
    return found;
}

GLUE_HANDLER(get_all_domain_stats, RemoteConnectGetAllDomainStatsArgs, RemoteConnectGetAllDomainStatsRet)
{
    if (!glue_flags(call, args->flags, ALL_FILTERS | ALL_NOWAIT | ALL_BACKING | all_enforce, err))
        return RPC_FAILED;
    if ((args->flags & all_enforce) && (args->stats & ~STATS_KNOWN)) {
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "stats types bits 0x%x are not supported by this daemon",
                    args->stats & ~STATS_KNOWN);
        return RPC_FAILED;
    }
    g_autoptr(GPtrArray) domains = stats_domains(args);
    ret->retStats = g_new0(RemoteDomainStatsRecord, domains->len);
    ret->n_retStats = domains->len;
    for (guint i = 0; i < domains->len; i++)
        record_fill(&ret->retStats[i], domains->pdata[i], args->stats);
    return RPC_DONE;
}

/* --- one device's counters out of the same statistics */

/* The prefix ("block.2") of the device whose .name or .path is @name; NULL with @err when there is none. */
static char *device_prefix(const GArray *stats, const char *group, const char *name, GError **err)
{
    guint64 count = 0;
    g_autofree char *counter = g_strdup_printf("%s.count", group);
    glue_stat_number(stats, counter, &count);
    for (guint i = 0; i < count; i++) {
        g_autofree char *prefix = g_strdup_printf("%s.%u", group, i);
        g_autofree char *name_key = g_strconcat(prefix, ".name", NULL);
        g_autofree char *path_key = g_strconcat(prefix, ".path", NULL);
        if (g_strcmp0(glue_stat_text(stats, name_key), name) == 0 || g_strcmp0(glue_stat_text(stats, path_key), name) == 0)
            return g_steal_pointer(&prefix);
    }
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "the domain has no %s device '%s'", group, name);
    return NULL;
}

/* "PREFIX.NAME" as a number, -1 when it is not known. */
static gint64 device_number(const GArray *stats, const char *prefix, const char *name)
{
    guint64 value;
    g_autofree char *key = g_strdup_printf("%s.%s", prefix, name);
    return glue_stat_number(stats, key, &value) ? (gint64)value : -1;
}

GLUE_READ(block_stats, RemoteDomainBlockStatsArgs, RemoteDomainBlockStatsRet)
{
    if (!glue_active(view, err))
        return RPC_FAILED;
    g_autoptr(StatArray) stats = domain_stats(dom, STATS_BLOCK);
    g_autofree char *disk = device_prefix(stats, "block", args->path, err);
    if (!disk)
        return RPC_FAILED;
    ret->rd_req = device_number(stats, disk, "rd.reqs");
    ret->rd_bytes = device_number(stats, disk, "rd.bytes");
    ret->wr_req = device_number(stats, disk, "wr.reqs");
    ret->wr_bytes = device_number(stats, disk, "wr.bytes");
    ret->errs = -1;
    return RPC_DONE;
}

/* Which field of the flags call is which statistic (VIR_DOMAIN_BLOCK_STATS_*). */
static const struct { const char *field, *stat; } block_fields[] = {
    { "wr_bytes", "wr.bytes" },
    { "wr_operations", "wr.reqs" },
    { "wr_total_times", "wr.times" },
    { "rd_bytes", "rd.bytes" },
    { "rd_operations", "rd.reqs" },
    { "rd_total_times", "rd.times" },
    { "flush_operations", "fl.reqs" },
    { "flush_total_times", "fl.times" },
};

GLUE_READ(block_stats_flags, RemoteDomainBlockStatsFlagsArgs, RemoteDomainBlockStatsFlagsRet)
{
    if (!glue_flags(call, args->flags, TYPED_STRING_OKAY, err) || !glue_active(view, err))
        return RPC_FAILED;
    g_autoptr(StatArray) stats = domain_stats(dom, STATS_BLOCK);
    g_autofree char *disk = device_prefix(stats, "block", args->path, err);
    if (!disk)
        return RPC_FAILED;
    ret->nparams = G_N_ELEMENTS(block_fields);
    if (args->nparams <= 0)
        return RPC_DONE;
    ret->params = g_new0(RemoteTypedParam, G_N_ELEMENTS(block_fields));
    for (guint i = 0; i < G_N_ELEMENTS(block_fields) && (int)ret->n_params < args->nparams; i++) {
        const DomainStat stat = { .name = (char *)block_fields[i].field, .type = PARAM_LLONG,
                                  .v.l = device_number(stats, disk, block_fields[i].stat) };
        glue_param(&ret->params[ret->n_params++], &stat);
    }
    ret->nparams = (int)ret->n_params;
    return RPC_DONE;
}

GLUE_READ(get_block_info, RemoteDomainGetBlockInfoArgs, RemoteDomainGetBlockInfoRet)
{
    if (!glue_flags(call, args->flags, 0, err) || !glue_active(view, err))
        return RPC_FAILED;
    g_autoptr(StatArray) stats = domain_stats(dom, STATS_BLOCK);
    g_autofree char *disk = device_prefix(stats, "block", args->path, err);
    if (!disk)
        return RPC_FAILED;
    ret->capacity = (guint64)MAX(device_number(stats, disk, "capacity"), 0);
    ret->allocation = (guint64)MAX(device_number(stats, disk, "allocation"), 0);
    ret->physical = (guint64)MAX(device_number(stats, disk, "physical"), 0);
    return RPC_DONE;
}

/* --- memory and processors */

GLUE_READ(memory_stats, RemoteDomainMemoryStatsArgs, RemoteDomainMemoryStatsRet)
{
    if (!glue_flags(call, args->flags, 0, err) || !glue_active(view, err))
        return RPC_FAILED;
    g_autoptr(GArray) stats = domain_memory_stats(dom);
    ret->n_stats = MIN(args->maxStats, stats->len);
    ret->stats = g_new0(RemoteDomainMemoryStat, ret->n_stats);
    for (guint i = 0; i < ret->n_stats; i++) {
        const DomainMemoryStat *stat = &g_array_index(stats, DomainMemoryStat, i);
        ret->stats[i].tag = stat->tag;
        ret->stats[i].val = stat->value;
    }
    return RPC_DONE;
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
    g_autoptr(StatArray) stats = domain_stats(dom, STATS_CPU);
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

GLUE_READ(get_vcpus, RemoteDomainGetVcpusArgs, RemoteDomainGetVcpusRet)
{
    if (!map_size_ok(args->maxinfo, args->maplen, err) || !glue_active(view, err))
        return RPC_FAILED;
    g_autoptr(StatArray) stats = domain_stats(dom, STATS_VCPU);
    guint n = MIN((guint)args->maxinfo, view->vcpus);
    ret->info = g_new0(RemoteVcpuInfo, n);
    ret->n_info = n;
    for (guint i = 0; i < n; i++) {
        g_autofree char *prefix = g_strdup_printf("vcpu.%u", i);
        ret->info[i].number = i;
        ret->info[i].state = (int)MAX(device_number(stats, prefix, "state"), 0);
        ret->info[i].cpu_time = (guint64)MAX(device_number(stats, prefix, "time"), 0);
        ret->info[i].cpu = -1;                    /* VIR_VCPU_INFO_CPU_UNAVAILABLE */
    }
    g_autoptr(GArray) pins = domain_pins(dom, DOMAIN_THREAD_VCPU, AFFECT_LIVE, err);
    if (!pins)
        return RPC_FAILED;
    ret->n_cpumaps = n * (guint)args->maplen;
    ret->cpumaps = g_malloc0(ret->n_cpumaps);
    for (guint i = 0; i < n && i < pins->len; i++)
        glue_cpu_map(ret->cpumaps + (gsize)i * (guint)args->maplen, (guint)args->maplen, g_array_index(pins, DomainPin, i).cpus);
    return RPC_DONE;
}

static const RpcHandlerRow glue_stats_rows[] = {
    REMOTE(PROC_CONNECT_GET_ALL_DOMAIN_STATS, get_all_domain_stats),
    REMOTE(PROC_DOMAIN_BLOCK_STATS, block_stats),
    REMOTE(PROC_DOMAIN_BLOCK_STATS_FLAGS, block_stats_flags),
    REMOTE(PROC_DOMAIN_GET_BLOCK_INFO, get_block_info),
    REMOTE(PROC_DOMAIN_MEMORY_STATS, memory_stats),
    REMOTE(PROC_DOMAIN_GET_CPU_STATS, get_cpu_stats),
    REMOTE(PROC_DOMAIN_GET_VCPUS, get_vcpus),
};
GLUE_AREA(glue_stats);
