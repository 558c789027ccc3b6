/* The kernel's merging of equal pages (KSM): node-memory-tune. */
#include "daemon/glue.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "util/file.h"

#define KSM "/sys/kernel/mm/ksm/"

/* VIR_NODE_MEMORY_SHARED_* and the kernel's files (Documentation/admin-guide/mm/ksm.rst). */
static const struct { const char *field, *file; ParamType type; bool settable; } rows[] = {
    { "shm_pages_to_scan", "pages_to_scan", PARAM_UINT, true },
    { "shm_sleep_millisecs", "sleep_millisecs", PARAM_UINT, true },
    { "shm_pages_shared", "pages_shared", PARAM_ULLONG, false },
    { "shm_pages_sharing", "pages_sharing", PARAM_ULLONG, false },
    { "shm_pages_unshared", "pages_unshared", PARAM_ULLONG, false },
    { "shm_pages_volatile", "pages_volatile", PARAM_ULLONG, false },
    { "shm_full_scans", "full_scans", PARAM_ULLONG, false },
    { "shm_merge_across_nodes", "merge_across_nodes", PARAM_UINT, true },
};

static bool read_row(guint i, DomainStat *ret)
{
    g_autofree char *path = g_strconcat(KSM, rows[i].file, NULL), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    guint64 value = g_ascii_strtoull(text, NULL, 10);
    *ret = (DomainStat){ .name = (char *)rows[i].field, .type = rows[i].type };
    if (rows[i].type == PARAM_UINT)
        ret->v.u = (guint)value;
    else
        ret->v.ul = value;
    return true;
}

static bool ksm_there(GError **err)
{
    if (g_file_test(KSM, G_FILE_TEST_IS_DIR))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "this kernel does not merge pages: " KSM " is not there (CONFIG_KSM)");
    return false;
}

GLUE_HANDLER(get_memory_parameters, RemoteNodeGetMemoryParametersArgs, RemoteNodeGetMemoryParametersRet)
{
    if (!glue_flags(call, args->flags, TYPED_STRING_OKAY, err) || !ksm_there(err))
        return RPC_FAILED;
    ret->nparams = G_N_ELEMENTS(rows);
    if (args->nparams <= 0)
        return RPC_DONE;
    ret->params = g_new0(RemoteTypedParam, G_N_ELEMENTS(rows));
    for (guint i = 0; i < G_N_ELEMENTS(rows) && (int)ret->n_params < args->nparams; i++) {
        DomainStat stat;
        if (read_row(i, &stat))
            glue_param(&ret->params[ret->n_params++], &stat);
    }
    ret->nparams = (int)ret->n_params;
    return RPC_DONE;
}

static int row_of(const RemoteTypedParam *param, GError **err)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!rows[i].settable || strcmp(rows[i].field, param->field))
            continue;
        if (param->value.type == PARAM_UINT)
            return (int)i;
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "invalid type for parameter '%s', expected 'uint'", param->field);
        return -1;
    }
    g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "parameter '%s' not supported: pages_to_scan, sleep_millisecs and "
                "merge_across_nodes can be set", param->field);
    return -1;
}

static bool write_row(guint i, guint value, GError **err)
{
    g_autofree char *path = g_strconcat(KSM, rows[i].file, NULL), *text = g_strdup_printf("%u", value);
    g_auto(Fd) fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
        return true;
    return qv_error_errno(err, errno, "cannot set %s to %u", path, value);
}

GLUE_HANDLER(set_memory_parameters, RemoteNodeSetMemoryParametersArgs, void)
{
    if (!glue_flags(call, args->flags, 0, err) || !ksm_there(err))
        return RPC_FAILED;
    for (guint i = 0; i < args->n_params; i++)
        if (row_of(&args->params[i], err) < 0)
            return RPC_FAILED;
    for (guint i = 0; i < args->n_params; i++)
        if (!write_row((guint)row_of(&args->params[i], NULL), args->params[i].value.ui, err))
            return RPC_FAILED;
    return RPC_DONE;
}

static const RpcHandlerRow glue_ksm_rows[] = {
    REMOTE(PROC_NODE_GET_MEMORY_PARAMETERS, get_memory_parameters),
    REMOTE(PROC_NODE_SET_MEMORY_PARAMETERS, set_memory_parameters),
};
GLUE_AREA(glue_ksm);
