/* CPU models: their names, comparison, baseline. */
#include "daemon/glue.h"

enum { COMPARE_FAIL_INCOMPATIBLE = 1, COMPARE_VALIDATE_XML = 2 };
enum { BASELINE_EXPAND_FEATURES = 1, BASELINE_MIGRATABLE = 2 };

GLUE_HANDLER(get_cpu_model_names, RemoteConnectGetCpuModelNamesArgs, RemoteConnectGetCpuModelNamesRet)
{
    const char *const *names = qemu_cpu_model_names(args->arch);
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    if (!names) {
        g_set_error(err, QV_ERROR, QV_ERR_NO_SUPPORT, "'%s' architecture has no list of CPU models", args->arch);
        return RPC_FAILED;
    }
    ret->ret = (int)g_strv_length((char **)names);
    if (args->need_results) {
        ret->models = g_strdupv((char **)names);
        ret->n_models = (guint)ret->ret;
    }
    return RPC_DONE;
}

static void compared(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    if (err)
        rpc_call_fail(user, err);
    else
        rpc_call_reply(user, &(RemoteConnectCompareCpuRet){ *(int *)result });
}

GLUE_HANDLER(compare_cpu, RemoteConnectCompareCpuArgs, RemoteConnectCompareCpuRet)
{
    if (!glue_flags(call, args->flags, COMPARE_FAIL_INCOMPATIBLE | COMPARE_VALIDATE_XML, err))
        return RPC_FAILED;
    QemuCpuQuestion q = { .cpus = (char *const *)&args->xml, .n = 1, .flags = args->flags };
    qemu_compare_cpu(qvirtd.qemu, &q, compared, call);
    return RPC_LATER;
}

GLUE_HANDLER(compare_hypervisor_cpu, RemoteConnectCompareHypervisorCpuArgs, RemoteConnectCompareHypervisorCpuRet)
{
    if (!glue_flags(call, args->flags, COMPARE_FAIL_INCOMPATIBLE | COMPARE_VALIDATE_XML, err))
        return RPC_FAILED;
    QemuCpuQuestion q = { args->emulator, args->arch, args->machine, args->virttype, (char *const *)&args->xmlCPU, 1, args->flags, true };
    qemu_compare_cpu(qvirtd.qemu, &q, compared, call);
    return RPC_LATER;
}

GLUE_HANDLER(baseline_cpu, RemoteConnectBaselineCpuArgs, RemoteConnectBaselineCpuRet)
{
    if (!glue_flags(call, args->flags, BASELINE_EXPAND_FEATURES | BASELINE_MIGRATABLE, err))
        return RPC_FAILED;
    QemuCpuQuestion q = { .cpus = args->xmlCPUs, .n = args->n_xmlCPUs, .flags = args->flags };
    qemu_baseline_cpu(qvirtd.qemu, &q, glue_done_text, call);
    return RPC_LATER;
}

GLUE_HANDLER(baseline_hypervisor_cpu, RemoteConnectBaselineHypervisorCpuArgs, RemoteConnectBaselineHypervisorCpuRet)
{
    if (!glue_flags(call, args->flags, BASELINE_EXPAND_FEATURES | BASELINE_MIGRATABLE, err))
        return RPC_FAILED;
    QemuCpuQuestion q = { args->emulator, args->arch, args->machine, args->virttype, args->xmlCPUs, args->n_xmlCPUs, args->flags, true };
    qemu_baseline_cpu(qvirtd.qemu, &q, glue_done_text, call);
    return RPC_LATER;
}

static const RpcHandlerRow glue_cpu_rows[] = {
    REMOTE(PROC_CONNECT_GET_CPU_MODEL_NAMES, get_cpu_model_names),
    REMOTE(PROC_CONNECT_COMPARE_CPU, compare_cpu),
    REMOTE(PROC_CONNECT_COMPARE_HYPERVISOR_CPU, compare_hypervisor_cpu),
    REMOTE(PROC_CONNECT_BASELINE_CPU, baseline_cpu),
    REMOTE(PROC_CONNECT_BASELINE_HYPERVISOR_CPU, baseline_hypervisor_cpu),
};
GLUE_AREA(glue_cpu);
