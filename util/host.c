#include "util/host.h"
#include "util/error.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SYS_CPU "/sys/devices/system/cpu"
#define SYS_NODE "/sys/devices/system/node"

static bool read_text(const char *path, char **ret_text, GError **err)
{
    g_autoptr(GError) why = NULL;
    if (g_file_get_contents(path, ret_text, NULL, &why))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "cannot read host information: %s", why->message);
    return false;
}

/* A kernel list of numbers, "0-3,6", as a bitmap; the highest number + 1 as its length in bits. */
static GByteArray *read_list(const char *path, guint *ret_length, guint *ret_set)
{
    g_autofree char *text = NULL;
    GByteArray *bits = g_byte_array_new();
    *ret_length = *ret_set = 0;
    if (!read_text(path, &text, NULL))
        return bits;
    g_auto(GStrv) ranges = g_strsplit(g_strstrip(text), ",", -1);
    for (guint i = 0; ranges[i]; i++) {
        guint first, last;
        int found = sscanf(ranges[i], "%u-%u", &first, &last);
        if (found < 1)
            continue;
        if (found == 1)
            last = first;
        for (guint n = first; n <= last && n < 65536; n++) {
            if (n / 8 >= bits->len) {
                guint old = bits->len;
                g_byte_array_set_size(bits, n / 8 + 1);
                memset(bits->data + old, 0, bits->len - old);
            }
            bits->data[n / 8] |= (guint8)(1u << (n % 8));
            *ret_length = MAX(*ret_length, n + 1);
            (*ret_set)++;
        }
    }
    return bits;
}

GByteArray *host_cpu_map(guint *ret_present, guint *ret_online)
{
    guint length, set;
    g_autoptr(GByteArray) present = read_list(SYS_CPU "/present", ret_present, &set);
    GByteArray *online = read_list(SYS_CPU "/online", &length, ret_online);
    guint bytes = (*ret_present + 7) / 8, old = online->len;
    if (old < bytes) {
        g_byte_array_set_size(online, bytes);
        memset(online->data + old, 0, bytes - old);
    }
    return online;
}

guint host_cells(void)
{
    guint length, set;
    g_autoptr(GByteArray) cells = read_list(SYS_NODE "/online", &length, &set);
    return set ? set : 1;
}

static guint topology_number(guint cpu, const char *name)
{
    g_autofree char *path = g_strdup_printf(SYS_CPU "/cpu%u/topology/%s", cpu, name);
    g_autofree char *text = NULL;
    return read_text(path, &text, NULL) ? (guint)g_ascii_strtoull(text, NULL, 10) : 0;
}

/* Sockets, cores and threads, when they multiply to what is there; one flat socket otherwise, as a
 * client computes the host's size from them. */
static void read_topology(HostInfo *info)
{
    guint present, online;
    g_autoptr(GByteArray) map = host_cpu_map(&present, &online);
    g_autoptr(GHashTable) packages = g_hash_table_new(NULL, NULL), cores = g_hash_table_new(NULL, NULL);
    for (guint cpu = 0; cpu < present; cpu++) {
        if (!(map->data[cpu / 8] & 1u << (cpu % 8)))
            continue;
        guint package = topology_number(cpu, "physical_package_id"), core = topology_number(cpu, "core_id");
        g_hash_table_add(packages, GUINT_TO_POINTER(package + 1));
        g_hash_table_add(cores, GUINT_TO_POINTER((package << 16 | core) + 1));
    }
    info->cpus = online;
    guint n_packages = MAX(g_hash_table_size(packages), 1u), n_cores = MAX(g_hash_table_size(cores), 1u);
    info->sockets = MAX(n_packages / info->cells, 1u);
    info->cores = n_cores / n_packages;
    info->threads = online / n_cores;
    if (info->cells * info->sockets * info->cores * info->threads != online) {
        info->cells = info->sockets = info->threads = 1;
        info->cores = online;
    }
}

static guint read_mhz(void)
{
    g_autofree char *text = NULL;
    if (!read_text("/proc/cpuinfo", &text, NULL))
        return 0;
    const char *line = strstr(text, "cpu MHz");
    const char *colon = line ? strchr(line, ':') : NULL;
    return colon ? (guint)g_ascii_strtod(colon + 1, NULL) : 0;
}

/* The number behind "KEY:" in a file like /proc/meminfo, or 0. */
static guint64 keyed_number(const char *text, const char *key)
{
    const char *line = text;
    gsize size = strlen(key);
    while (line && !(g_str_has_prefix(line, key) && line[size] == ':')) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return line ? g_ascii_strtoull(line + size + 1, NULL, 10) : 0;
}

bool host_info(HostInfo *ret, GError **err)
{
    g_autofree char *meminfo = NULL;
    struct utsname name;
    if (!read_text("/proc/meminfo", &meminfo, err))
        return false;
    uname(&name);
    memset(ret, 0, sizeof *ret);
    g_strlcpy(ret->arch, name.machine, sizeof ret->arch);
    ret->memory_kib = keyed_number(meminfo, "MemTotal");
    ret->cells = host_cells();
    ret->mhz = read_mhz();
    read_topology(ret);
    return true;
}

GArray *host_cpu_stats(int cpu, GError **err)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, N_FIELDS };
    g_autofree char *text = NULL;
    g_autofree char *key = cpu < 0 ? g_strdup("cpu ") : g_strdup_printf("cpu%d ", cpu);
    if (!read_text("/proc/stat", &text, err))
        return NULL;
    const char *line = g_str_has_prefix(text, key) ? text : strstr(text, key);
    if (!line) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "CPU %d does not exist or is not online", cpu);
        return NULL;
    }
    guint64 ticks[N_FIELDS] = { 0 };
    const char *at = line + strlen(key);
    for (guint i = 0; i < N_FIELDS; i++) {
        char *end;
        ticks[i] = g_ascii_strtoull(at, &end, 10);
        at = end;
    }
    guint64 ns = G_GUINT64_CONSTANT(1000000000) / (guint64)sysconf(_SC_CLK_TCK);
    const HostValue values[] = {
        { "kernel", (ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ]) * ns },
        { "user", (ticks[USER] + ticks[NICE]) * ns },
        { "idle", ticks[IDLE] * ns },
        { "iowait", ticks[IOWAIT] * ns },
    };
    GArray *result = g_array_new(FALSE, FALSE, sizeof(HostValue));
    return g_array_append_vals(result, values, G_N_ELEMENTS(values));
}

/* A cell's meminfo has "Node 0 MemTotal:  123 kB" lines. */
static guint64 cell_number(const char *text, const char *key)
{
    g_autofree char *mark = g_strdup_printf(" %s:", key);
    const char *found = strstr(text, mark);
    return found ? g_ascii_strtoull(found + strlen(mark), NULL, 10) : 0;
}

static bool read_cell(guint cell, char **ret_text, GError **err)
{
    g_autofree char *path = g_strdup_printf(SYS_NODE "/node%u/meminfo", cell);
    if (g_file_get_contents(path, ret_text, NULL, NULL))
        return true;
    if (cell == 0)             /* a kernel without NUMA is one cell */
        return read_text("/proc/meminfo", ret_text, err);
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "NUMA cell %u does not exist; the host has %u", cell, host_cells());
    return false;
}

GArray *host_memory_stats(int cell, GError **err)
{
    static const struct { const char *name, *key; } rows[] = {
        { "total", "MemTotal" }, { "free", "MemFree" }, { "buffers", "Buffers" }, { "cached", "Cached" },
    };
    g_autofree char *text = NULL;
    if (!(cell < 0 ? read_text("/proc/meminfo", &text, err) : read_cell((guint)cell, &text, err)))
        return NULL;
    bool numa = g_str_has_prefix(text, "Node ");
    GArray *result = g_array_new(FALSE, FALSE, sizeof(HostValue));
    for (guint i = 0; i < (cell < 0 ? G_N_ELEMENTS(rows) : 2); i++) {
        HostValue value = { rows[i].name, numa ? cell_number(text, rows[i].key) : keyed_number(text, rows[i].key) };
        g_array_append_val(result, value);
    }
    return result;
}

bool host_free_memory(guint64 *ret_bytes, GError **err)
{
    g_autofree char *text = NULL;
    if (!read_text("/proc/meminfo", &text, err))
        return false;
    *ret_bytes = keyed_number(text, "MemFree") * 1024;
    return true;
}

bool host_cell_free_memory(guint cell, guint64 *ret_bytes, GError **err)
{
    g_autofree char *text = NULL;
    if (!read_cell(cell, &text, err))
        return false;
    *ret_bytes = (g_str_has_prefix(text, "Node ") ? cell_number(text, "MemFree") : keyed_number(text, "MemFree")) * 1024;
    return true;
}

bool host_free_pages(int cell, guint page_kib, guint64 *ret_count, GError **err)
{
    g_autofree char *path = NULL, *text = NULL;
    guint64 bytes;
    if (page_kib == (guint)(sysconf(_SC_PAGESIZE) / 1024)) {
        if (!(cell < 0 ? host_free_memory(&bytes, err) : host_cell_free_memory((guint)cell, &bytes, err)))
            return false;
        *ret_count = bytes / 1024 / page_kib;
        return true;
    }
    if (cell < 0)
        path = g_strdup_printf("/sys/kernel/mm/hugepages/hugepages-%ukB/free_hugepages", page_kib);
    else
        path = g_strdup_printf(SYS_NODE "/node%d/hugepages/hugepages-%ukB/free_hugepages", cell, page_kib);
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "pages of %u KiB do not exist on this host (cell %d)", page_kib, cell);
        return false;
    }
    *ret_count = g_ascii_strtoull(text, NULL, 10);
    return true;
}

bool host_process(int pid, int tid, HostProcess *ret, GError **err)
{
    g_autofree char *text = NULL;
    g_autofree char *path = tid ? g_strdup_printf("/proc/%d/task/%d/stat", pid, tid) : g_strdup_printf("/proc/%d/stat", pid);
    if (!read_text(path, &text, err))
        return false;
    /* proc(5): the name in brackets may hold anything; fields are counted behind the last one. */
    const char *at = strrchr(text, ')');
    unsigned long long user = 0, system_time = 0;
    long rss = 0;
    int processor = -1;
    if (!at || sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u %*u %ld"
                      " %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d",
                      &ret->state, &user, &system_time, &rss, &processor) != 5) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "cannot understand %s", path);
        return false;
    }
    guint64 ns = G_GUINT64_CONSTANT(1000000000) / (guint64)sysconf(_SC_CLK_TCK);
    ret->user_ns = user * ns;
    ret->system_ns = system_time * ns;
    ret->rss_kib = (guint64)rss * (guint64)sysconf(_SC_PAGESIZE) / 1024;
    ret->processor = processor;
    return true;
}

void host_wait(int pid, int tid, HostWait *ret)
{
    g_autofree char *schedstat = g_strdup_printf("/proc/%d/task/%d/schedstat", pid, tid), *text = NULL;
    g_autofree char *sched = g_strdup_printf("/proc/%d/task/%d/sched", pid, tid), *lines = NULL;
    unsigned long long delay = 0;
    *ret = (HostWait){ 0 };
    if (g_file_get_contents(schedstat, &text, NULL, NULL) && sscanf(text, "%*u %llu", &delay) == 1)
        ret->delay_ns = delay;
    /* Milliseconds with a fraction, under either name ("se.statistics.wait_sum" before Linux 5.16). */
    const char *at = g_file_get_contents(sched, &lines, NULL, NULL) ? strstr(lines, "wait_sum") : NULL;
    const char *colon = at ? strchr(at, ':') : NULL;
    if (colon)
        ret->wait_ns = (guint64)(g_ascii_strtod(colon + 1, NULL) * 1e6);
}
