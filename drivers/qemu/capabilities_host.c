/* <capabilities>: the host, as the kernel shows it under /proc and /sys. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "drivers/qemu/capabilities_xml.h"
#include "drivers/qemu/cpu_models.h"
#include "util/host.h"
#include "util/ids.h"

#define CPUS "/sys/devices/system/cpu"
#define NODES "/sys/devices/system/node"

/* --- reading */

static char *slurp(const char *format, ...) G_GNUC_PRINTF(1, 2);
static char *slurp(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    g_autofree char *path = g_strdup_vprintf(format, args);
    va_end(args);
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text) : NULL;
}

static guint64 number(const char *text)
{
    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

/* The value of the first line "@name : value" of /proc/cpuinfo. Gives, or NULL. */
static char *cpuinfo(const char *name)
{
    g_autofree char *all = slurp("/proc/cpuinfo");
    g_auto(GStrv) lines = g_strsplit(all ? all : "", "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        char *colon = strchr(lines[i], ':');
        if (!colon)
            continue;
        *colon = '\0';
        if (!strcmp(g_strstrip(lines[i]), name))
            return g_strdup(g_strstrip(colon + 1));
    }
    return NULL;
}

/* Page sizes in KiB: the base one, and those of huge pages, in ascending order. Gives. */
static GArray *page_sizes(void)
{
    GArray *sizes = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GDir) dir = g_dir_open("/sys/kernel/mm/hugepages", 0, NULL);
    guint kib = (guint)sysconf(_SC_PAGESIZE) / 1024;
    g_array_append_val(sizes, kib);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (sscanf(name, "hugepages-%ukB", &kib) == 1) {
            guint at = 1;
            while (at < sizes->len && g_array_index(sizes, guint, at) < kib)
                at++;
            g_array_insert_val(sizes, at, kib);
        }
    return sizes;
}

/* --- the processor */

static void append_signature(GString *out, const CpuData *data)
{
    g_autofree char *microcode = cpuinfo("microcode");
    if (microcode)
        g_string_append_printf(out, "      <microcode version='%" G_GUINT64_FORMAT "'/>\n", g_ascii_strtoull(microcode, NULL, 16));
    g_string_append_printf(out, "      <signature family='%u' model='%u' stepping='%u'/>\n", data->family, data->model, data->stepping);
}

static void append_cpu(GString *out, const QemuCaps *caps, const HostInfo *host)
{
    g_autoptr(CpuData) data = cpu_data_host(NULL);
    Cpu *cpu = data ? cpu_describe(caps, false, data, CPU_CHOOSE_HOST) : NULL;
    g_autofree char *sizes = cpuinfo("address sizes");
    guint bits;
    g_string_append_printf(out, "    <cpu>\n      <arch>%s</arch>\n", host->arch);
    if (cpu)
        g_string_append_printf(out, "      <model>%s</model>\n", cpu->model.name);
    if (cpu && cpu->vendor)
        g_string_append_printf(out, "      <vendor>%s</vendor>\n", cpu->vendor);
    if (data)
        append_signature(out, data);
    g_string_append_printf(out, "      <topology sockets='%u' dies='1' cores='%u' threads='%u'/>\n", host->sockets, host->cores, host->threads);
    if (sizes && sscanf(sizes, "%u bits physical", &bits) == 1)
        g_string_append_printf(out, "      <maxphysaddr mode='emulate' bits='%u'/>\n", bits);
    for (guint i = 0; cpu && cpu->features && i < cpu->features->len; i++) {
        const CpuFeature *f = g_ptr_array_index(cpu->features, i);
        if (f->policy == CPU_REQUIRE)
            g_string_append_printf(out, "      <feature name='%s'/>\n", f->name);
    }
    if (cpu)
        xm_free(&cpu_elem, cpu);
    g_autoptr(GArray) pages = page_sizes();
    for (guint i = 0; i < pages->len; i++)
        g_string_append_printf(out, "      <pages unit='KiB' size='%u'/>\n", g_array_index(pages, guint, i));
    g_string_append(out, "    </cpu>\n");
}

/* --- NUMA cells */

static void append_pages(GString *out, guint cell, guint64 memory_kib)
{
    g_autoptr(GArray) sizes = page_sizes();
    guint64 huge_kib = 0;
    GString *huge = g_string_new(NULL);
    for (guint i = 1; i < sizes->len; i++) {
        guint kib = g_array_index(sizes, guint, i);
        g_autofree char *of_cell = slurp(NODES "/node%u/hugepages/hugepages-%ukB/nr_hugepages", cell, kib);
        g_autofree char *of_host = of_cell ? NULL : slurp("/sys/kernel/mm/hugepages/hugepages-%ukB/nr_hugepages", kib);
        guint64 n = number(of_cell ? of_cell : of_host);
        huge_kib += n * kib;
        g_string_append_printf(huge, "          <pages unit='KiB' size='%u'>%" G_GUINT64_FORMAT "</pages>\n", kib, n);
    }
    guint base = g_array_index(sizes, guint, 0);
    g_string_append_printf(out, "          <pages unit='KiB' size='%u'>%" G_GUINT64_FORMAT "</pages>\n%s", base,
                           (memory_kib - MIN(huge_kib, memory_kib)) / base, huge->str);
    g_string_free(huge, TRUE);
}

static void append_distances(GString *out, guint cell)
{
    g_autofree char *text = slurp(NODES "/node%u/distance", cell);
    g_auto(GStrv) each = g_strsplit(text ? text : "10", " ", -1);
    g_string_append(out, "          <distances>\n");
    for (guint i = 0; each[i]; i++)
        g_string_append_printf(out, "            <sibling id='%u' value='%s'/>\n", i, each[i]);
    g_string_append(out, "          </distances>\n");
}

static Bitmap *cpus_of(guint cell, guint cells)
{
    g_autofree char *own = slurp(NODES "/node%u/cpulist", cell);
    g_autofree char *all = own || cells > 1 ? NULL : slurp(CPUS "/online");
    const char *list = own ? own : all;
    return list && *list ? bitmap_parse(list, NULL) : NULL;
}

static void append_cpus(GString *out, guint cell, guint cells)
{
    g_autoptr(Bitmap) cpus = cpus_of(cell, cells);
    g_string_append_printf(out, "          <cpus num='%u'>\n", cpus ? bitmap_count(cpus) : 0);
    for (int i = cpus ? bitmap_next(cpus, 0) : -1; i >= 0; i = bitmap_next(cpus, (guint)i + 1)) {
        g_autofree char *socket = slurp(CPUS "/cpu%d/topology/physical_package_id", i), *die = slurp(CPUS "/cpu%d/topology/die_id", i);
        g_autofree char *core = slurp(CPUS "/cpu%d/topology/core_id", i), *list = slurp(CPUS "/cpu%d/topology/thread_siblings_list", i);
        g_string_append_printf(out, "            <cpu id='%d'", i);
        if (socket && core && list)
            g_string_append_printf(out, " socket_id='%s' die_id='%s' core_id='%s' siblings='%s'", socket, die && *die != '-' ? die : "0",
                                   core, list);
        g_string_append(out, "/>\n");
    }
    g_string_append(out, "          </cpus>\n");
}

static void append_topology(GString *out)
{
    guint cells = MAX(host_cells(), 1);
    g_string_append_printf(out, "    <topology>\n      <cells num='%u'>\n", cells);
    for (guint cell = 0; cell < cells; cell++) {
        g_autoptr(GArray) stats = host_memory_stats(g_file_test(NODES "/node0", G_FILE_TEST_EXISTS) ? (int)cell : -1, NULL);
        guint64 memory = 0;
        for (guint i = 0; stats && i < stats->len; i++)
            if (!strcmp(g_array_index(stats, HostValue, i).name, "total"))
                memory = g_array_index(stats, HostValue, i).value;
        g_string_append_printf(out, "        <cell id='%u'>\n          <memory unit='KiB'>%" G_GUINT64_FORMAT "</memory>\n", cell, memory);
        append_pages(out, cell, memory);
        append_distances(out, cell);
        append_cpus(out, cell, cells);
        g_string_append(out, "        </cell>\n");
    }
    g_string_append(out, "      </cells>\n    </topology>\n");
}

/* --- caches of the last level, each once */

static void append_caches(GString *out)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *online = slurp(CPUS "/online");
    g_autoptr(Bitmap) cpus = online ? bitmap_parse(online, NULL) : NULL;
    GString *banks = g_string_new(NULL);
    for (int i = cpus ? bitmap_next(cpus, 0) : -1; i >= 0; i = bitmap_next(cpus, (guint)i + 1)) {
        g_autofree char *size = slurp(CPUS "/cpu%d/cache/index3/size", i), *id = slurp(CPUS "/cpu%d/cache/index3/id", i);
        g_autofree char *shared = slurp(CPUS "/cpu%d/cache/index3/shared_cpu_list", i);
        guint64 kib = number(size);
        bool mib = kib && kib % 1024 == 0;
        if (!kib || !shared || !g_hash_table_add(seen, g_strdup(shared)))
            continue;
        g_string_append_printf(banks, "      <bank id='%s' level='3' type='both' size='%" G_GUINT64_FORMAT "' unit='%s' cpus='%s'/>\n",
                               id ? id : "0", mib ? kib / 1024 : kib, mib ? "MiB" : "KiB", shared);
    }
    if (banks->len)
        g_string_append_printf(out, "    <cache>\n%s    </cache>\n", banks->str);
    g_string_free(banks, TRUE);
}

/* --- the rest */

static void append_power(GString *out)
{
    g_autofree char *state = slurp("/sys/power/state"), *disk = slurp("/sys/power/disk");
    bool mem = state && strstr(state, "mem"), to_disk = state && strstr(state, "disk"), hybrid = to_disk && disk && strstr(disk, "suspend");
    if (!mem && !to_disk) {
        g_string_append(out, "    <power_management/>\n");
        return;
    }
    g_string_append_printf(out, "    <power_management>\n%s%s%s    </power_management>\n", mem ? "      <suspend_mem/>\n" : "",
                           to_disk ? "      <suspend_disk/>\n" : "", hybrid ? "      <suspend_hybrid/>\n" : "");
}

static bool has_iommu(void)
{
    g_autoptr(GDir) dir = g_dir_open("/sys/kernel/iommu_groups", 0, NULL);
    return dir && g_dir_read_name(dir);
}

void append_host(GString *out, const QemuCaps *caps, const guint8 host_uuid[16], uid_t uid, gid_t gid)
{
    g_autofree char *uuid = uuid_format(host_uuid);
    HostInfo host = { .arch = "" };
    host_info(&host, NULL);
    g_string_append_printf(out, "  <host>\n    <uuid>%s</uuid>\n", uuid);
    append_cpu(out, caps, &host);
    append_power(out);
    g_string_append_printf(out, "    <iommu support='%s'/>\n", has_iommu() ? "yes" : "no");
    g_string_append(out, "    <migration_features>\n      <live/>\n      <uri_transports>\n        <uri_transport>tcp</uri_transport>\n"
                         "      </uri_transports>\n    </migration_features>\n");
    append_topology(out);
    append_caches(out);
    g_string_append(out, "    <secmodel>\n      <model>none</model>\n      <doi>0</doi>\n    </secmodel>\n");
    g_string_append_printf(out, "    <secmodel>\n      <model>dac</model>\n      <doi>0</doi>\n      <baselabel type='kvm'>+%u:+%u</baselabel>\n"
                                "      <baselabel type='qemu'>+%u:+%u</baselabel>\n    </secmodel>\n  </host>\n", uid, gid, uid, gid);
}
