/* A live table of what running guests use: processor, memory, disks, network; rates between two looks. */
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "tools/cli/cli.h"

enum { STATS_WANTED = 2 | 4 | 8 | 16 | 32, ACTIVE = 1 };       /* virDomainStatsTypes: cpu, balloon, vcpu, interface, block */

/* One guest at one time. Counters since its start. */
typedef struct { char *name; int id; guint64 cpu_ns, memory_kib, rss_kib, vcpus, read, written, received, sent; } Sample;
typedef struct { gint64 at_us; GPtrArray *samples; } Look;

static void sample_free(gpointer data)
{
    g_free(((Sample *)data)->name);
    g_free(data);
}

static void look_clear(Look *look)
{
    g_clear_pointer(&look->samples, g_ptr_array_unref);
}

static const struct { const char *prefix, *suffix; gsize field; } parts[] = {
    { "cpu.", "time", offsetof(Sample, cpu_ns) },
    { "balloon.", "current", offsetof(Sample, memory_kib) },
    { "balloon.", "rss", offsetof(Sample, rss_kib) },
    { "vcpu.", "current", offsetof(Sample, vcpus) },
    { "block.", ".rd.bytes", offsetof(Sample, read) },
    { "block.", ".wr.bytes", offsetof(Sample, written) },
    { "net.", ".rx.bytes", offsetof(Sample, received) },
    { "net.", ".tx.bytes", offsetof(Sample, sent) },
};

/* "cpu.time" is one number; ".rd.bytes" the sum over all devices. */
static bool is_part(const char *name, guint i)
{
    gsize prefix = strlen(parts[i].prefix);
    if (strncmp(name, parts[i].prefix, prefix))
        return false;
    return *parts[i].suffix == '.' ? g_str_has_suffix(name, parts[i].suffix) : !strcmp(name + prefix, parts[i].suffix);
}

static Sample *sample_of(const RemoteDomainStatsRecord *record)
{
    enum { UINT = 2 };                                          /* virTypedParameterType */
    Sample *s = g_new0(Sample, 1);
    s->name = g_strdup(record->dom.name);
    s->id = record->dom.id;
    for (guint i = 0; i < record->n_params; i++) {
        const RemoteTypedParam *p = &record->params[i];
        for (guint j = 0; j < G_N_ELEMENTS(parts); j++)
            if (is_part(p->field, j))
                G_STRUCT_MEMBER(guint64, s, parts[j].field) += p->value.type == UINT ? p->value.ui : p->value.ul;
    }
    return s;
}

static bool look(Cli *cli, Look *ret, GError **err)
{
    RemoteConnectGetAllDomainStatsArgs args = { .stats = STATS_WANTED, .flags = ACTIVE };
    RemoteConnectGetAllDomainStatsRet got = { 0 };
    if (!cli_call(cli, PROC_CONNECT_GET_ALL_DOMAIN_STATS, &args, &got, err))
        return false;
    ret->at_us = g_get_monotonic_time();
    ret->samples = g_ptr_array_new_with_free_func(sample_free);
    for (guint i = 0; i < got.n_retStats; i++)
        g_ptr_array_add(ret->samples, sample_of(&got.retStats[i]));
    rpc_conn_clear(PROC_CONNECT_GET_ALL_DOMAIN_STATS, &got);
    return true;
}

/* The same run of the same guest, earlier; NULL: it is new. */
static const Sample *earlier(const Look *before, const Sample *now)
{
    for (guint i = 0; i < before->samples->len; i++) {
        const Sample *s = before->samples->pdata[i];
        if (s->id == now->id && !strcmp(s->name, now->name))
            return s;
    }
    return NULL;
}

typedef struct { const Sample *now; double cpu_percent, read, written, received, sent; } Usage;

static double rate(guint64 was, guint64 is, double seconds)
{
    return is > was ? (double)(is - was) / seconds : 0;
}

static gint busiest_first(gconstpointer a, gconstpointer b)
{
    const Usage *x = a, *y = b;
    return x->cpu_percent != y->cpu_percent ? (x->cpu_percent < y->cpu_percent ? 1 : -1) : strcmp(x->now->name, y->now->name);
}

static GArray *usages(const Look *before, const Look *now)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Usage));
    double seconds = MAX((double)(now->at_us - before->at_us) / 1e6, 1e-3);
    for (guint i = 0; i < now->samples->len; i++) {
        const Sample *s = now->samples->pdata[i], *was = earlier(before, s);
        Usage u = { .now = s };
        if (was)
            u = (Usage){ s, rate(was->cpu_ns, s->cpu_ns, seconds) / 1e7, rate(was->read, s->read, seconds),
                         rate(was->written, s->written, seconds), rate(was->received, s->received, seconds),
                         rate(was->sent, s->sent, seconds) };
        g_array_append_val(all, u);
    }
    g_array_sort(all, busiest_first);
    return all;
}

/* Bytes a second, short: "12", "3.4k", "1.2M". */
static void rate_text(double bytes, char text[16])
{
    static const char units[] = " kMGT";
    guint unit = 0;
    for (; bytes >= 1000 && unit < sizeof units - 2; unit++)
        bytes /= 1000;
    if (unit)
        g_snprintf(text, 16, "%.1f%c", bytes, units[unit]);
    else
        g_snprintf(text, 16, "%.0f", bytes);
}

static void print_table(const Cli *cli, const GArray *all)
{
    g_autoptr(Table) table = table_new("Id", "Name", "CPU %", "vCPUs", "Memory MiB", "RSS MiB", "Read/s", "Written/s", "Received/s", "Sent/s", NULL);
    for (guint i = 0; i < all->len; i++) {
        const Usage *u = &g_array_index(all, Usage, i);
        char cells[5][24], rates[4][16];
        g_snprintf(cells[0], sizeof cells[0], "%d", u->now->id);
        g_snprintf(cells[1], sizeof cells[1], "%.1f", u->cpu_percent);
        g_snprintf(cells[2], sizeof cells[2], "%u", (guint)u->now->vcpus);
        g_snprintf(cells[3], sizeof cells[3], "%u", (guint)(u->now->memory_kib / 1024));
        g_snprintf(cells[4], sizeof cells[4], "%u", (guint)(u->now->rss_kib / 1024));
        rate_text(u->read, rates[0]);
        rate_text(u->written, rates[1]);
        rate_text(u->received, rates[2]);
        rate_text(u->sent, rates[3]);
        table_row(table, cells[0], u->now->name, cells[1], cells[2], cells[3], cells[4], rates[0], rates[1], rates[2], rates[3], NULL);
    }
    table_print(table, cli);
}

static void print_json(const GArray *all)
{
    json_object *list = json_object_new_array();
    for (guint i = 0; i < all->len; i++) {
        const Usage *u = &g_array_index(all, Usage, i);
        json_object *o = json_object_new_object();
        json_object_object_add(o, "id", json_object_new_int(u->now->id));
        json_object_object_add(o, "name", json_object_new_string(u->now->name));
        json_object_object_add(o, "cpu_percent", json_object_new_double(u->cpu_percent));
        json_object_object_add(o, "vcpus", json_object_new_uint64(u->now->vcpus));
        json_object_object_add(o, "memory_kib", json_object_new_uint64(u->now->memory_kib));
        json_object_object_add(o, "rss_kib", json_object_new_uint64(u->now->rss_kib));
        json_object_object_add(o, "read_bytes_per_second", json_object_new_double(u->read));
        json_object_object_add(o, "written_bytes_per_second", json_object_new_double(u->written));
        json_object_object_add(o, "received_bytes_per_second", json_object_new_double(u->received));
        json_object_object_add(o, "sent_bytes_per_second", json_object_new_double(u->sent));
        json_object_array_add(list, o);
    }
    puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    fflush(stdout);
    json_object_put(list);
}

/* Waits for the next look; true when somebody at the terminal wants to go. */
static bool quit_within(bool terminal, gint64 seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    for (gint64 left; (left = end - g_get_monotonic_time()) > 0;) {
        struct pollfd key = { STDIN_FILENO, POLLIN, 0 };
        char c;
        if (poll(&key, terminal ? 1 : 0, (int)(left / 1000) + 1) > 0 && (read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 'Q'))
            return true;
    }
    return false;
}

static bool watch(Cli *cli, gint64 seconds, bool terminal, bool once, GError **err)
{
    Look before = { 0 }, now = { 0 };
    bool ok = look(cli, &before, err);
    while (ok && !quit_within(terminal, seconds) && (ok = look(cli, &now, err))) {
        g_autoptr(GArray) all = usages(&before, &now);
        if (terminal)
            fputs("\033[H\033[J", stdout);
        if (cli->json)
            print_json(all);
        else
            print_table(cli, all);
        fflush(stdout);
        look_clear(&before);
        before = now;
        now = (Look){ 0 };
        if (once)
            break;
    }
    look_clear(&before);
    return ok;
}

static bool run_top(Cli *cli, GError **err)
{
    gint64 seconds;
    bool once = cli_flag(cli, "once"), terminal = !once && !cli->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    struct termios was, raw;
    if (!cli_number(cli, "interval", once ? 1 : 2, &seconds, err))
        return false;
    if (seconds < 1 || seconds > 3600) {
        g_set_error(err, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--interval takes 1 to 3600 seconds");
        return false;
    }
    if (!terminal)
        return watch(cli, seconds, false, once, err);
    tcgetattr(STDIN_FILENO, &was);
    raw = was;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);             /* keys at once; Ctrl-C stays a signal */
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    bool ok = watch(cli, seconds, true, false, err);
    tcsetattr(STDIN_FILENO, TCSANOW, &was);
    return ok;
}

const Command top_commands[] = {
    { "top", "", "Show what running guests use, live; q quits", run_top,
      { { "once", NULL, "print once and end" }, { "interval", "SECONDS", "between two looks (2; with --once 1)" } } },
    { NULL },
};
