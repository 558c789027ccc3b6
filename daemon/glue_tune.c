/* Tuning by typed parameters: schedinfo, memtune, blkiotune, numatune, blkdeviotune. */
#include "daemon/glue.h"

enum { GET_FLAGS = AFFECT_LIVE | AFFECT_CONFIG | TYPED_STRING_OKAY, SET_FLAGS = AFFECT_LIVE | AFFECT_CONFIG };

/* --- typed parameters of a client, checked against the fields they may be */

static const char *type_name(int type)
{
    static const char *const names[] = { "unknown", "int", "uint", "llong", "ullong", "double", "boolean", "string" };
    return type >= PARAM_INT && type <= PARAM_STRING ? names[type] : names[0];
}

static bool check_param(const RemoteTypedParam *p, const GlueField *fields, guint n, const GArray *before, GError **err)
{
    const GlueField *field = NULL;

    for (guint i = 0; i < n && !field; i++)
        field = g_str_equal(fields[i].name, p->field) ? &fields[i] : NULL;
    if (!field)
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "parameter '%s' not supported", p->field);
    else if (field->type != p->value.type)
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "invalid type '%s' requested for parameter '%s', expected '%s'",
                    type_name(p->value.type), p->field, type_name(field->type));
    else if (glue_stat_find(before, p->field))
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "parameter '%s' occurs multiple times", p->field);
    else
        return true;
    return false;
}

GArray *glue_take_params(const RemoteTypedParam *params, guint n_params, const GlueField *fields, guint n_fields, GError **err)
{
    GArray *taken = g_array_new(FALSE, TRUE, sizeof(DomainStat));

    for (guint i = 0; i < n_params; i++) {
        DomainStat stat = { .type = params[i].value.type };
        if (!check_param(&params[i], fields, n_fields, taken, err)) {
            domain_stats_free(taken);
            return NULL;
        }
        stat.name = g_strdup(params[i].field);
        if (stat.type == PARAM_STRING)
            stat.v.s = g_strdup(params[i].value.s);
        else if (stat.type == PARAM_BOOLEAN)
            stat.v.b = params[i].value.b;
        else
            stat.v.ul = params[i].value.ul;
        g_array_append_val(taken, stat);
    }
    return taken;
}

static bool set_params(RpcCall *call, Domain *dom, DomainTune what, const char *disk, const RemoteTypedParam *params, guint n,
                       guint flags, GError **err)
{
    guint n_fields;
    const DomainTuneField *fields = domain_tune_fields(what, &n_fields);
    GArray *taken = glue_flags(call, flags, SET_FLAGS, err) ? glue_take_params(params, n, fields, n_fields, err) : NULL;

    if (taken)
        domain_tune_set(dom, what, disk, taken, flags, glue_done, call);
    return taken;
}

/* @wanted: how many the client has room for; 0: it asks for their number alone. */
static bool get_params(RpcCall *call, Domain *dom, DomainTune what, const char *disk, int wanted, guint flags,
                       RemoteTypedParam **ret_params, guint *ret_n, int *ret_total, GError **err)
{
    guint total;

    (void)domain_tune_fields(what, &total);
    if (!glue_flags(call, flags, GET_FLAGS, err))
        return false;
    if (ret_total && wanted == 0) {
        *ret_total = (int)total;
        return true;
    }
    GArray *stats = domain_tune_get(dom, what, disk, flags, err);
    if (!stats)
        return false;
    *ret_params = g_new0(RemoteTypedParam, stats->len);
    for (guint i = 0; i < stats->len && (int)i < wanted; i++) {
        const DomainStat *stat = &g_array_index(stats, DomainStat, i);
        if (stat->type != PARAM_STRING || flags & TYPED_STRING_OKAY)
            glue_param(&(*ret_params)[(*ret_n)++], stat);
    }
    if (ret_total)
        *ret_total = (int)*ret_n;
    domain_stats_free(stats);
    return true;
}

#define GETTER(name, Args, Ret, what, disk) \
    GLUE_READ(name, Args, Ret) \
    { \
        return get_params(call, dom, what, disk, args->nparams, args->flags, &ret->params, &ret->n_params, &ret->nparams, err) \
                   ? RPC_DONE : RPC_FAILED; \
    }
#define SETTER(name, Args, what, disk) \
    GLUE_WRITE(name, Args) \
    { \
        return set_params(call, dom, what, disk, args->params, args->n_params, args->flags, err); \
    }
GETTER(get_memory, RemoteDomainGetMemoryParametersArgs, RemoteDomainGetMemoryParametersRet, TUNE_MEMORY, NULL)
SETTER(set_memory, RemoteDomainSetMemoryParametersArgs, TUNE_MEMORY, NULL)
GETTER(get_blkio, RemoteDomainGetBlkioParametersArgs, RemoteDomainGetBlkioParametersRet, TUNE_BLKIO, NULL)
SETTER(set_blkio, RemoteDomainSetBlkioParametersArgs, TUNE_BLKIO, NULL)
GETTER(get_numa, RemoteDomainGetNumaParametersArgs, RemoteDomainGetNumaParametersRet, TUNE_NUMA, NULL)
SETTER(set_numa, RemoteDomainSetNumaParametersArgs, TUNE_NUMA, NULL)
GETTER(get_block, RemoteDomainGetBlockIoTuneArgs, RemoteDomainGetBlockIoTuneRet, TUNE_DISK, args->disk)
SETTER(set_block, RemoteDomainSetBlockIoTuneArgs, TUNE_DISK, args->disk)
SETTER(set_sched_flags, RemoteDomainSetSchedulerParametersFlagsArgs, TUNE_SCHED, NULL)

/* --- the scheduler's older calls */

GLUE_READ(get_sched_type, RemoteDomainGetSchedulerTypeArgs, RemoteDomainGetSchedulerTypeRet)
{
    guint n;
    (void)domain_tune_fields(TUNE_SCHED, &n);
    ret->type = g_strdup("posix");
    ret->nparams = (int)n;
    return RPC_DONE;
}

GLUE_READ(get_sched, RemoteDomainGetSchedulerParametersArgs, RemoteDomainGetSchedulerParametersRet)
{
    return get_params(call, dom, TUNE_SCHED, NULL, args->nparams, 0, &ret->params, &ret->n_params, NULL, err) ? RPC_DONE : RPC_FAILED;
}

GLUE_READ(get_sched_flags, RemoteDomainGetSchedulerParametersFlagsArgs, RemoteDomainGetSchedulerParametersFlagsRet)
{
    return get_params(call, dom, TUNE_SCHED, NULL, args->nparams, args->flags, &ret->params, &ret->n_params, NULL, err) ? RPC_DONE
                                                                                                                         : RPC_FAILED;
}

GLUE_WRITE(set_sched, RemoteDomainSetSchedulerParametersArgs)
{
    return set_params(call, dom, TUNE_SCHED, NULL, args->params, args->n_params, 0, err);
}

static const RpcHandlerRow glue_tune_rows[] = {
    REMOTE(PROC_DOMAIN_GET_SCHEDULER_TYPE, get_sched_type),
    REMOTE(PROC_DOMAIN_GET_SCHEDULER_PARAMETERS, get_sched),
    REMOTE(PROC_DOMAIN_GET_SCHEDULER_PARAMETERS_FLAGS, get_sched_flags),
    REMOTE(PROC_DOMAIN_SET_SCHEDULER_PARAMETERS, set_sched),
    REMOTE(PROC_DOMAIN_SET_SCHEDULER_PARAMETERS_FLAGS, set_sched_flags),
    REMOTE(PROC_DOMAIN_GET_MEMORY_PARAMETERS, get_memory),
    REMOTE(PROC_DOMAIN_SET_MEMORY_PARAMETERS, set_memory),
    REMOTE(PROC_DOMAIN_GET_BLKIO_PARAMETERS, get_blkio),
    REMOTE(PROC_DOMAIN_SET_BLKIO_PARAMETERS, set_blkio),
    REMOTE(PROC_DOMAIN_GET_NUMA_PARAMETERS, get_numa),
    REMOTE(PROC_DOMAIN_SET_NUMA_PARAMETERS, set_numa),
    REMOTE(PROC_DOMAIN_GET_BLOCK_IO_TUNE, get_block),
    REMOTE(PROC_DOMAIN_SET_BLOCK_IO_TUNE, set_block),
};
GLUE_AREA(glue_tune);
