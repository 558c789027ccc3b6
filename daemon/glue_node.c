/* The host: size, load, memory, security model, system information. */
#include "daemon/glue.h"
#include "util/host.h"

GLUE_HANDLER(get_info, void, RemoteNodeGetInfoRet)
{
    HostInfo host;
    if (!host_info(&host, err))
        return RPC_FAILED;
    for (guint i = 0; host.arch[i] && i + 1 < G_N_ELEMENTS(ret->model); i++)
        ret->model[i] = host.arch[i];
    ret->memory = host.memory_kib;
    ret->cpus = (int)host.cpus;
    ret->mhz = (int)host.mhz;
    ret->nodes = (int)host.cells;
    ret->sockets = (int)host.sockets;
    ret->cores = (int)host.cores;
    ret->threads = (int)host.threads;
    return RPC_DONE;
}

GLUE_HANDLER(get_free_memory, void, RemoteNodeGetFreeMemoryRet)
{
    return host_free_memory(&ret->freeMem, err) ? RPC_DONE : RPC_FAILED;
}

/* The cells of a call that names a first one and how many: clipped to what the host has. */
static bool cell_range(int first, guint max, guint *ret_n, GError **err)
{
    guint cells = host_cells();
    if (first < 0 || (guint)first >= cells) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "start cell %d is out of the host's range 0..%u", first, cells - 1);
        return false;
    }
    *ret_n = MIN(max, cells - (guint)first);
    return true;
}

GLUE_HANDLER(get_cells_free_memory, RemoteNodeGetCellsFreeMemoryArgs, RemoteNodeGetCellsFreeMemoryRet)
{
    guint n;
    if (!cell_range(args->startCell, (guint)MAX(args->maxcells, 0), &n, err))
        return RPC_FAILED;
    ret->cells = g_new0(guint64, n);
    ret->n_cells = n;
    for (guint i = 0; i < n; i++) {
        if (!host_cell_free_memory((guint)args->startCell + i, &ret->cells[i], err))
            return RPC_FAILED;
    }
    return RPC_DONE;
}

GLUE_HANDLER(get_free_pages, RemoteNodeGetFreePagesArgs, RemoteNodeGetFreePagesRet)
{
    guint cells = args->startCell < 0 ? 1 : args->cellCount;
    if (!glue_flags(call, args->flags, 0, err) || (args->startCell >= 0 && !cell_range(args->startCell, args->cellCount, &cells, err)))
        return RPC_FAILED;
    ret->counts = g_new0(guint64, (gsize)cells * args->n_pages);
    for (guint cell = 0; cell < cells; cell++) {
        for (guint i = 0; i < args->n_pages; i++) {
            int number = args->startCell < 0 ? -1 : args->startCell + (int)cell;
            if (!host_free_pages(number, args->pages[i], &ret->counts[ret->n_counts], err))
                return RPC_FAILED;
            ret->n_counts++;
        }
    }
    return RPC_DONE;
}

GLUE_HANDLER(get_cpu_stats, RemoteNodeGetCpuStatsArgs, RemoteNodeGetCpuStatsRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    g_autoptr(GArray) stats = host_cpu_stats(args->cpuNum, err);
    if (!stats)
        return RPC_FAILED;
    ret->nparams = (int)stats->len;
    guint n = MIN((guint)MAX(args->nparams, 0), stats->len);
    ret->params = g_new0(RemoteNodeGetCpuStats, n);
    ret->n_params = n;
    for (guint i = 0; i < n; i++) {
        ret->params[i].field = g_strdup(g_array_index(stats, HostValue, i).name);
        ret->params[i].value = g_array_index(stats, HostValue, i).value;
    }
    return RPC_DONE;
}

GLUE_HANDLER(get_memory_stats, RemoteNodeGetMemoryStatsArgs, RemoteNodeGetMemoryStatsRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    g_autoptr(GArray) stats = host_memory_stats(args->cellNum, err);
    if (!stats)
        return RPC_FAILED;
    ret->nparams = (int)stats->len;
    guint n = MIN((guint)MAX(args->nparams, 0), stats->len);
    ret->params = g_new0(RemoteNodeGetMemoryStats, n);
    ret->n_params = n;
    for (guint i = 0; i < n; i++) {
        ret->params[i].field = g_strdup(g_array_index(stats, HostValue, i).name);
        ret->params[i].value = g_array_index(stats, HostValue, i).value;
    }
    return RPC_DONE;
}

GLUE_HANDLER(get_cpu_map, RemoteNodeGetCpuMapArgs, RemoteNodeGetCpuMapRet)
{
    guint present, online;
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    g_autoptr(GByteArray) map = host_cpu_map(&present, &online);
    ret->ret = (int)present;
    ret->online = args->need_online ? online : 0;
    if (args->need_map) {
        ret->n_cpumap = map->len;
        ret->cpumap = g_memdup2(map->data, map->len);
    }
    return RPC_DONE;
}

/* No security driver labels guests yet: "none", as libvirt says on a host without one. */
GLUE_HANDLER(get_security_model, void, RemoteNodeGetSecurityModelRet)
{
    static const char model[] = "none", doi[] = "0";
    ret->model = g_new0(gint8, sizeof model);
    ret->doi = g_new0(gint8, sizeof doi);
    memcpy(ret->model, model, sizeof model);
    memcpy(ret->doi, doi, sizeof doi);
    ret->n_model = sizeof model;
    ret->n_doi = sizeof doi;
    return RPC_DONE;
}

/* --- system information: SMBIOS facts that the kernel shows */

static const struct { const char *block, *entry, *file; } dmi[] = {
    { "bios", "vendor", "bios_vendor" },
    { "bios", "version", "bios_version" },
    { "bios", "date", "bios_date" },
    { "bios", "release", "bios_release" },
    { "system", "manufacturer", "sys_vendor" },
    { "system", "product", "product_name" },
    { "system", "version", "product_version" },
    { "system", "serial", "product_serial" },
    { "system", "uuid", "product_uuid" },
    { "system", "sku", "product_sku" },
    { "system", "family", "product_family" },
    { "baseBoard", "manufacturer", "board_vendor" },
    { "baseBoard", "product", "board_name" },
    { "baseBoard", "version", "board_version" },
    { "baseBoard", "serial", "board_serial" },
};

static void sysinfo_entry(GString *out, const char *entry, const char *file)
{
    g_autofree char *path = g_build_filename("/sys/class/dmi/id", file, NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL) || !*g_strstrip(text))
        return;
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_string_append_printf(out, "    <entry name='%s'>%s</entry>\n", entry, escaped);
}

GLUE_HANDLER(get_sysinfo, RemoteConnectGetSysinfoArgs, RemoteConnectGetSysinfoRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    if (!g_file_test("/sys/class/dmi/id", G_FILE_TEST_IS_DIR)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "Host SMBIOS information is not available");
        return RPC_FAILED;
    }
    GString *out = g_string_new("<sysinfo type='smbios'>\n");
    for (guint i = 0; i < G_N_ELEMENTS(dmi); i++) {
        if (i == 0 || !g_str_equal(dmi[i].block, dmi[i - 1].block))
            g_string_append_printf(out, "  <%s>\n", dmi[i].block);
        sysinfo_entry(out, dmi[i].entry, dmi[i].file);
        if (i + 1 == G_N_ELEMENTS(dmi) || !g_str_equal(dmi[i].block, dmi[i + 1].block))
            g_string_append_printf(out, "  </%s>\n", dmi[i].block);
    }
    g_string_append(out, "</sysinfo>\n");
    ret->sysinfo = g_string_free(out, FALSE);
    return RPC_DONE;
}

static const RpcHandlerRow glue_node_rows[] = {
    REMOTE(PROC_NODE_GET_INFO, get_info),
    REMOTE(PROC_NODE_GET_FREE_MEMORY, get_free_memory),
    REMOTE(PROC_NODE_GET_CELLS_FREE_MEMORY, get_cells_free_memory),
    REMOTE(PROC_NODE_GET_FREE_PAGES, get_free_pages),
    REMOTE(PROC_NODE_GET_CPU_STATS, get_cpu_stats),
    REMOTE(PROC_NODE_GET_MEMORY_STATS, get_memory_stats),
    REMOTE(PROC_NODE_GET_CPU_MAP, get_cpu_map),
    REMOTE(PROC_NODE_GET_SECURITY_MODEL, get_security_model),
    REMOTE(PROC_CONNECT_GET_SYSINFO, get_sysinfo),
};
GLUE_AREA(glue_node);
