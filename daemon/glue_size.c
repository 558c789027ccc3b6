/* Vcpus and memory that come and go; perf events. */
#include "daemon/glue.h"

enum { VCPU_LIVE = 1, VCPU_CONFIG = 2, MAXIMUM = 4, VCPU_GUEST = 8, VCPU_HOTPLUGGABLE = 16 };     /* virDomainVcpuFlags */

static bool needs_agent(Domain *dom, GError **err)
{
    g_autoptr(DomainView) view = domain_view(dom);
    if (glue_active(view, err))
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED,
                    "domain '%s': vcpus inside the guest are the guest agent's, to which this version does not talk", view->name);
    return false;
}

/* --- vcpus */

static bool set_vcpus(RpcCall *call, Domain *dom, guint number, guint flags, GError **err)
{
    if (!glue_flags(call, flags, VCPU_LIVE | VCPU_CONFIG | MAXIMUM | VCPU_GUEST | VCPU_HOTPLUGGABLE, err))
        return false;
    if (!number || number > 16384) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "number of vcpus %u is out of range [1, 16384]", number);
        return false;
    }
    if (flags & VCPU_GUEST)
        return needs_agent(dom, err);
    domain_set_vcpus(dom, number, flags, glue_done, call);
    return true;
}

GLUE_WRITE(set_vcpus_now, RemoteDomainSetVcpusArgs)
{
    return set_vcpus(call, dom, args->nvcpus, AFFECT_LIVE, err);
}

GLUE_WRITE(set_vcpus_flags, RemoteDomainSetVcpusFlagsArgs)
{
    return set_vcpus(call, dom, args->nvcpus, args->flags, err);
}

GLUE_WRITE(set_vcpu, RemoteDomainSetVcpuArgs)
{
    g_autofree char *why = NULL;
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    if (args->state != 0 && args->state != 1) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "unsupported state value");
        return false;
    }
    Bitmap *ids = bitmap_parse(args->cpumap, &why);
    if (!ids) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "vcpus '%s': %s", args->cpumap, why);
        return false;
    }
    domain_set_vcpu(dom, ids, args->state, args->flags, glue_done, call);
    return true;
}

GLUE_READ(get_vcpus_flags, RemoteDomainGetVcpusFlagsArgs, RemoteDomainGetVcpusFlagsRet)
{
    guint current, max;
    if (!glue_flags(call, args->flags, VCPU_LIVE | VCPU_CONFIG | MAXIMUM | VCPU_GUEST, err) ||
        (args->flags & VCPU_GUEST && !needs_agent(dom, err)) || !domain_count_vcpus(dom, args->flags, &current, &max, err))
        return RPC_FAILED;
    ret->num = (int)(args->flags & MAXIMUM ? max : current);
    return RPC_DONE;
}

/* --- memory */

GLUE_WRITE(set_memory, RemoteDomainSetMemoryArgs)
{
    domain_set_memory(dom, args->memory, AFFECT_LIVE, glue_done, call);
    return true;
}

GLUE_WRITE(set_max_memory, RemoteDomainSetMaxMemoryArgs)
{
    domain_set_memory(dom, args->memory, MAXIMUM, glue_done, call);
    return true;
}

GLUE_WRITE(set_memory_flags, RemoteDomainSetMemoryFlagsArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG | MAXIMUM, err))
        return false;
    domain_set_memory(dom, args->memory, args->flags, glue_done, call);
    return true;
}

/* --- perf events: none is counted, and none can be asked for */

static const GlueField perf_fields[] = {
#define EVENT(name) { name, PARAM_BOOLEAN }
    EVENT("cmt"), EVENT("mbmt"), EVENT("mbml"), EVENT("cache_references"), EVENT("cache_misses"), EVENT("cpu_cycles"),
    EVENT("instructions"), EVENT("branch_instructions"), EVENT("branch_misses"), EVENT("bus_cycles"),
    EVENT("stalled_cycles_frontend"), EVENT("stalled_cycles_backend"), EVENT("ref_cpu_cycles"), EVENT("cpu_clock"),
    EVENT("task_clock"), EVENT("page_faults"), EVENT("context_switches"), EVENT("cpu_migrations"), EVENT("page_faults_min"),
    EVENT("page_faults_maj"), EVENT("alignment_faults"), EVENT("emulation_faults"),
};

GLUE_READ(get_perf, RemoteDomainGetPerfEventsArgs, RemoteDomainGetPerfEventsRet)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG | TYPED_STRING_OKAY, err))
        return RPC_FAILED;
    ret->params = g_new0(RemoteTypedParam, G_N_ELEMENTS(perf_fields));
    for (guint i = 0; i < G_N_ELEMENTS(perf_fields); i++)
        glue_param(&ret->params[ret->n_params++], &(DomainStat){ .name = (char *)perf_fields[i].name, .type = PARAM_BOOLEAN });
    return RPC_DONE;
}

GLUE_WRITE(set_perf, RemoteDomainSetPerfEventsArgs)
{
    GArray *params = glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err)
                         ? glue_take_params(args->params, args->n_params, perf_fields, G_N_ELEMENTS(perf_fields), err) : NULL;
    if (!params)
        return false;
    for (guint i = 0; i < params->len && !*err; i++)
        if (g_array_index(params, DomainStat, i).v.b)
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "unable to enable host cpu perf event for %s: this driver does not count perf events",
                        g_array_index(params, DomainStat, i).name);
    domain_stats_free(params);
    if (*err)
        return false;
    rpc_call_reply(call, NULL);
    return true;
}

static const RpcHandlerRow glue_size_rows[] = {
    REMOTE(PROC_DOMAIN_SET_VCPUS, set_vcpus_now),
    REMOTE(PROC_DOMAIN_SET_VCPUS_FLAGS, set_vcpus_flags),
    REMOTE(PROC_DOMAIN_GET_VCPUS_FLAGS, get_vcpus_flags),
    REMOTE(PROC_DOMAIN_SET_VCPU, set_vcpu),
    REMOTE(PROC_DOMAIN_SET_MEMORY, set_memory),
    REMOTE(PROC_DOMAIN_SET_MAX_MEMORY, set_max_memory),
    REMOTE(PROC_DOMAIN_SET_MEMORY_FLAGS, set_memory_flags),
    REMOTE(PROC_DOMAIN_GET_PERF_EVENTS, get_perf),
    REMOTE(PROC_DOMAIN_SET_PERF_EVENTS, set_perf),
};
GLUE_AREA(glue_size);
