/* The rest of a domain: keys, NMI, monitor, limits to read, jobs, labels, messages. */
#include "daemon/glue.h"

GLUE_WRITE(send_key, RemoteDomainSendKeyArgs)
{
    enum { MAX_KEYS = 16 };
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    if (!args->n_keycodes || args->n_keycodes > MAX_KEYS) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "%u keys at once: between 1 and %d can be sent", args->n_keycodes, MAX_KEYS);
        return false;
    }
    domain_send_key(dom, args->codeset, args->holdtime, args->keycodes, args->n_keycodes, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(inject_nmi, RemoteDomainInjectNmiArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    domain_inject_nmi(dom, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(wakeup, RemoteDomainPmWakeupArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    domain_wakeup(dom, glue_done, call);
    return true;
}

GLUE_WRITE(monitor_command, QemuDomainMonitorCommandArgs)
{
    enum { HMP = 1 };
    if (!glue_flags(call, args->flags, HMP, err))
        return false;
    domain_monitor_command(dom, args->cmd, args->flags, glue_done_text, call);
    return true;
}

GLUE_WRITE(set_lifecycle_action, RemoteDomainSetLifecycleActionArgs)
{
    enum { N_TYPES = 3, N_ACTIONS = 6 };
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    if (args->type >= N_TYPES || args->action >= N_ACTIONS) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "lifecycle type %u or action %u is out of its range", args->type, args->action);
        return false;
    }
    domain_set_lifecycle_action(dom, args->type, args->action, args->flags, glue_done, call);
    return true;
}

GLUE_READ(get_max_memory, RemoteDomainGetMaxMemoryArgs, RemoteDomainGetMaxMemoryRet)
{
    ret->memory = view->max_memory_kib;
    return RPC_DONE;
}

GLUE_READ(get_max_vcpus, RemoteDomainGetMaxVcpusArgs, RemoteDomainGetMaxVcpusRet)
{
    ret->num = (int)view->vcpus_max;
    return RPC_DONE;
}

/* --- jobs: migration, save and backup, of which there are none yet */

GLUE_READ(get_job_info, RemoteDomainGetJobInfoArgs, RemoteDomainGetJobInfoRet)
{
    return glue_active(view, err) ? RPC_DONE : RPC_FAILED;                              /* virDomainJobType none, all zeros */
}

GLUE_READ(get_job_stats, RemoteDomainGetJobStatsArgs, RemoteDomainGetJobStatsRet)
{
    enum { COMPLETED = 1, KEEP_COMPLETED = 2 };
    return glue_flags(call, args->flags, COMPLETED | KEEP_COMPLETED, err) ? RPC_DONE : RPC_FAILED;
}

static RpcOutcome no_job(const DomainView *view, GError **err)
{
    if (glue_active(view, err))
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "no job is active on the domain '%s'", view->name);
    return RPC_FAILED;
}

GLUE_READ(abort_job, RemoteDomainAbortJobArgs, void)
{
    return no_job(view, err);
}

GLUE_READ(abort_job_flags, RemoteDomainAbortJobFlagsArgs, void)
{
    enum { POSTCOPY = 1 };
    return glue_flags(call, args->flags, POSTCOPY, err) ? no_job(view, err) : RPC_FAILED;
}

/* --- what there is nothing to tell of */

GLUE_READ(get_messages, RemoteDomainGetMessagesArgs, RemoteDomainGetMessagesRet)
{
    enum { DEPRECATION = 1, TAINTING = 2 };
    return glue_flags(call, args->flags, DEPRECATION | TAINTING, err) ? RPC_DONE : RPC_FAILED;
}

/* The wire wants an array of characters with the final NUL. */
GLUE_READ(get_security_label, RemoteDomainGetSecurityLabelArgs, RemoteDomainGetSecurityLabelRet)
{
    ret->label = g_malloc0(sizeof *ret->label);
    ret->n_label = 1;
    return RPC_DONE;
}

GLUE_READ(get_security_label_list, RemoteDomainGetSecurityLabelListArgs, RemoteDomainGetSecurityLabelListRet)
{
    return RPC_DONE;
}

static const RpcHandlerRow glue_domain_misc_rows[] = {
    REMOTE(PROC_DOMAIN_SEND_KEY, send_key),
    REMOTE(PROC_DOMAIN_INJECT_NMI, inject_nmi),
    REMOTE(PROC_DOMAIN_PM_WAKEUP, wakeup),
    QEMU(PROC_QEMU_DOMAIN_MONITOR_COMMAND, monitor_command),
    REMOTE(PROC_DOMAIN_SET_LIFECYCLE_ACTION, set_lifecycle_action),
    REMOTE(PROC_DOMAIN_GET_MAX_MEMORY, get_max_memory),
    REMOTE(PROC_DOMAIN_GET_MAX_VCPUS, get_max_vcpus),
    REMOTE(PROC_DOMAIN_GET_JOB_INFO, get_job_info),
    REMOTE(PROC_DOMAIN_GET_JOB_STATS, get_job_stats),
    REMOTE(PROC_DOMAIN_ABORT_JOB, abort_job),
    REMOTE(PROC_DOMAIN_ABORT_JOB_FLAGS, abort_job_flags),
    REMOTE(PROC_DOMAIN_GET_MESSAGES, get_messages),
    REMOTE(PROC_DOMAIN_GET_SECURITY_LABEL, get_security_label),
    REMOTE(PROC_DOMAIN_GET_SECURITY_LABEL_LIST, get_security_label_list),
};
GLUE_AREA(glue_domain_misc);
