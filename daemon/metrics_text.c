/* The families, and their samples out of the named statistics of domains. */
#include "config.h"
#include "daemon/daemon.h"
#include "daemon/metrics.h"
#include "drivers/qemu/qemu.h"
#include <string.h>

/* @stat: the statistic's name with # for a number, which becomes the label @label: the number itself, or the value of
 * the ".name" beside it. @scale: what one of it is in the family's unit. */
typedef struct { const char *stat, *family, *type, *label; double scale; const char *help; } Family;
#define NS 1e-9
#define KIB 1024.0
static const Family families[] = {
    { "state.state", "qvirt_domain_state", "gauge", NULL, 1, "State of the domain: 1 running, 2 blocked, 3 paused, 4 in shutdown, 5 off, 6 crashed, 7 suspended" },
    { "cpu.time", "qvirt_domain_cpu_seconds_total", "counter", NULL, NS, "Processor time of the guest's QEMU" },
    { "cpu.user", "qvirt_domain_cpu_user_seconds_total", "counter", NULL, NS, "Of it in user mode" },
    { "cpu.system", "qvirt_domain_cpu_system_seconds_total", "counter", NULL, NS, "Of it in the kernel" },
    { "balloon.current", "qvirt_domain_memory_bytes", "gauge", NULL, KIB, "Memory the guest has now" },
    { "balloon.maximum", "qvirt_domain_memory_maximum_bytes", "gauge", NULL, KIB, "Memory the guest may have" },
    { "balloon.rss", "qvirt_domain_memory_rss_bytes", "gauge", NULL, KIB, "Memory of the host that QEMU takes" },
    { "balloon.available", "qvirt_domain_memory_available_bytes", "gauge", NULL, KIB, "Memory the guest's system sees" },
    { "balloon.unused", "qvirt_domain_memory_unused_bytes", "gauge", NULL, KIB, "Memory the guest's system leaves free" },
    { "balloon.usable", "qvirt_domain_memory_usable_bytes", "gauge", NULL, KIB, "Memory the guest's system could free without swapping" },
    { "balloon.swap_in", "qvirt_domain_swap_in_bytes_total", "counter", NULL, KIB, "Swapped in by the guest" },
    { "balloon.swap_out", "qvirt_domain_swap_out_bytes_total", "counter", NULL, KIB, "Swapped out by the guest" },
    { "balloon.major_fault", "qvirt_domain_major_faults_total", "counter", NULL, 1, "Page faults of the guest that needed its disk" },
    { "vcpu.current", "qvirt_domain_vcpus", "gauge", NULL, 1, "Virtual processors the guest has now" },
    { "vcpu.maximum", "qvirt_domain_vcpus_maximum", "gauge", NULL, 1, "Virtual processors the guest may have" },
    { "vcpu.#.time", "qvirt_domain_vcpu_seconds_total", "counter", "vcpu", NS, "Processor time of one virtual processor" },
    { "vcpu.#.delay", "qvirt_domain_vcpu_delay_seconds_total", "counter", "vcpu", NS, "Time it was ready and waited for a processor of the host" },
    { "net.#.rx.bytes", "qvirt_domain_interface_receive_bytes_total", "counter", "interface", 1, "Received by the guest" },
    { "net.#.rx.pkts", "qvirt_domain_interface_receive_packets_total", "counter", "interface", 1, "Received by the guest" },
    { "net.#.rx.errs", "qvirt_domain_interface_receive_errors_total", "counter", "interface", 1, "Errors on the way to the guest" },
    { "net.#.rx.drop", "qvirt_domain_interface_receive_dropped_total", "counter", "interface", 1, "Dropped on the way to the guest" },
    { "net.#.tx.bytes", "qvirt_domain_interface_transmit_bytes_total", "counter", "interface", 1, "Sent by the guest" },
    { "net.#.tx.pkts", "qvirt_domain_interface_transmit_packets_total", "counter", "interface", 1, "Sent by the guest" },
    { "net.#.tx.errs", "qvirt_domain_interface_transmit_errors_total", "counter", "interface", 1, "Errors of what the guest sent" },
    { "net.#.tx.drop", "qvirt_domain_interface_transmit_dropped_total", "counter", "interface", 1, "Dropped of what the guest sent" },
    { "block.#.rd.reqs", "qvirt_domain_block_reads_total", "counter", "device", 1, "Read requests" },
    { "block.#.rd.bytes", "qvirt_domain_block_read_bytes_total", "counter", "device", 1, "Read by the guest" },
    { "block.#.rd.times", "qvirt_domain_block_read_seconds_total", "counter", "device", NS, "Time spent on reads" },
    { "block.#.wr.reqs", "qvirt_domain_block_writes_total", "counter", "device", 1, "Write requests" },
    { "block.#.wr.bytes", "qvirt_domain_block_written_bytes_total", "counter", "device", 1, "Written by the guest" },
    { "block.#.wr.times", "qvirt_domain_block_write_seconds_total", "counter", "device", NS, "Time spent on writes" },
    { "block.#.fl.reqs", "qvirt_domain_block_flushes_total", "counter", "device", 1, "Flush requests" },
    { "block.#.fl.times", "qvirt_domain_block_flush_seconds_total", "counter", "device", NS, "Time spent on flushes" },
};

/* Labels: backslash, quote and newline are written with a backslash. */
static void append_label(GString *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            g_string_append(out, "\\n");
        else if (*text == '\\' || *text == '"')
            g_string_append_printf(out, "\\%c", *text);
        else
            g_string_append_c(out, *text);
    }
}

/* "block.12.rd.reqs" as "block.#.rd.reqs"; gives the number's place in @ret_number, NULL: there is none. */
static const char *pattern_of(const char *name, char pattern[128])
{
    const char *number = NULL;
    gsize n = 0;
    for (const char *at = name; *at && n < 126; at++) {
        if (g_ascii_isdigit(*at) && at > name && at[-1] == '.') {
            number = at;
            pattern[n++] = '#';
            while (g_ascii_isdigit(at[1]))
                at++;
        } else {
            pattern[n++] = *at;
        }
    }
    pattern[n] = '\0';
    return number;
}

static double value_of(const DomainStat *stat)
{
    enum { INT = 1, UINT = 2, LLONG = 3, ULLONG = 4 };           /* virTypedParameterType */
    return stat->type == INT ? stat->v.i : stat->type == UINT ? stat->v.u : stat->type == LLONG ? (double)stat->v.l : (double)stat->v.ul;
}

typedef struct {
    GHashTable *by_pattern;        /* pattern -> index + 1 */
    GString *samples[G_N_ELEMENTS(families)];
} Sheet;

static void add_sample(Sheet *sheet, const char *domain, const DomainStat *stat, const char *device)
{
    char pattern[128], number[G_ASCII_DTOSTR_BUF_SIZE];
    const char *at = pattern_of(stat->name, pattern);
    guint found = GPOINTER_TO_UINT(g_hash_table_lookup(sheet->by_pattern, pattern));
    if (!found)
        return;
    const Family *f = &families[found - 1];
    GString *out = sheet->samples[found - 1];
    g_string_append_printf(out, "%s{domain=\"%s\"", f->family, domain);
    if (f->label && at) {
        g_string_append_printf(out, ",%s=\"", f->label);
        if (strcmp(f->label, "vcpu"))
            append_label(out, device);
        else
            g_string_append_len(out, at, (gssize)strspn(at, "0123456789"));
        g_string_append_c(out, '"');
    }
    g_string_append_printf(out, "} %s\n", g_ascii_dtostr(number, sizeof number, value_of(stat) * f->scale));
}

/* A device's name stands before its numbers. */
static void add_domain(Sheet *sheet, Domain *dom, const char *label)
{
    GArray *stats = domain_stats(dom, STATS_STATE | STATS_CPU | STATS_BALLOON | STATS_VCPU | STATS_INTERFACE | STATS_BLOCK, false);
    const char *device = "";
    for (guint i = 0; i < stats->len; i++) {
        const DomainStat *stat = &g_array_index(stats, DomainStat, i);
        if (stat->type != 7)                   /* a string */
            add_sample(sheet, label, stat, device);
        else if (g_str_has_suffix(stat->name, ".name"))
            device = stat->v.s;
    }
    domain_stats_free(stats);
}

static void head(GString *out, const char *family, const char *type, const char *help)
{
    /* A counter's family goes without the _total of its samples. */
    gsize size = strlen(family) - (strcmp(type, "counter") ? 0 : strlen("_total"));
    g_string_append_printf(out, "# TYPE %.*s %s\n# HELP %.*s %s\n", (int)size, family, type, (int)size, family, help);
}

static char *label_of(const char *text)
{
    GString *out = g_string_new(NULL);
    append_label(out, text);
    return g_string_free(out, FALSE);
}

static void add_silence(GString *out, const GPtrArray *domains)
{
    head(out, "qvirt_domain_monitor_silent_seconds", "gauge", "For how long QEMU has not answered; its numbers are as old");
    for (guint i = 0; i < domains->len; i++) {
        g_autoptr(DomainView) view = domain_view(domains->pdata[i]);
        g_autofree char *label = label_of(view->name);
        char number[G_ASCII_DTOSTR_BUF_SIZE];
        if (view->id > 0)
            g_string_append_printf(out, "qvirt_domain_monitor_silent_seconds{domain=\"%s\"} %s\n", label,
                                   g_ascii_dtostr(number, sizeof number, (double)domain_silent_ms(domains->pdata[i]) / 1000));
    }
}

GString *metrics_text(const GPtrArray *domains)
{
    Sheet sheet = { .by_pattern = g_hash_table_new(g_str_hash, g_str_equal) };
    GString *out = g_string_new("# TYPE qvirt_build info\n# HELP qvirt_build The daemon\nqvirt_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
    for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
        sheet.samples[i] = g_string_new(NULL);
        g_hash_table_insert(sheet.by_pattern, (gpointer)families[i].stat, GUINT_TO_POINTER(i + 1));
    }
    for (guint i = 0; i < domains->len; i++) {
        g_autoptr(DomainView) view = domain_view(domains->pdata[i]);
        g_autofree char *label = label_of(view->name);
        add_domain(&sheet, domains->pdata[i], label);
    }
    for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
        if (sheet.samples[i]->len) {
            head(out, families[i].family, families[i].type, families[i].help);
            g_string_append_len(out, sheet.samples[i]->str, (gssize)sheet.samples[i]->len);
        }
        g_string_free(sheet.samples[i], TRUE);
    }
    add_silence(out, domains);
    g_string_append(out, "# EOF\n");
    g_hash_table_unref(sheet.by_pattern);
    return out;
}
