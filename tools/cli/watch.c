/* Watching: events as they come, statistics. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "tools/cli/cli.h"

/* --- events: a row each; all begin with the callback's id and, but for those of power management, the domain. */

typedef struct { const char *name; int id; guint32 procedure; bool reason; } EventKind;
static const EventKind event_kinds[] = {
    { "lifecycle", 0, PROC_DOMAIN_EVENT_CALLBACK_LIFECYCLE, false },
    { "reboot", 1, PROC_DOMAIN_EVENT_CALLBACK_REBOOT, false },
    { "rtc-change", 2, PROC_DOMAIN_EVENT_CALLBACK_RTC_CHANGE, false },
    { "watchdog", 3, PROC_DOMAIN_EVENT_CALLBACK_WATCHDOG, false },
    { "io-error", 4, PROC_DOMAIN_EVENT_CALLBACK_IO_ERROR, false },
    { "graphics", 5, PROC_DOMAIN_EVENT_CALLBACK_GRAPHICS, false },
    { "disk-change", 9, PROC_DOMAIN_EVENT_CALLBACK_DISK_CHANGE, false },
    { "tray-change", 10, PROC_DOMAIN_EVENT_CALLBACK_TRAY_CHANGE, false },
    { "pm-wakeup", 11, PROC_DOMAIN_EVENT_CALLBACK_PMWAKEUP, true },
    { "pm-suspend", 12, PROC_DOMAIN_EVENT_CALLBACK_PMSUSPEND, true },
    { "balloon-change", 13, PROC_DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE, false },
    { "device-removed", 15, PROC_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED, false },
    { "device-added", 19, PROC_DOMAIN_EVENT_CALLBACK_DEVICE_ADDED, false },
};

typedef struct { Cli *cli; const char *only; guint seen; } Watch;

static const char *lifecycle_name(int event, int detail, const char **ret_detail)
{
    static const struct { const char *name, *details[10]; } names[] = {
        { "Defined", { "Added", "Updated", "Renamed", "Snapshot" } },
        { "Undefined", { "Removed", "Renamed" } },
        { "Started", { "Booted", "Migrated", "Restored", "Snapshot", "Event wakeup" } },
        { "Suspended", { "Paused", "Migrated", "I/O Error", "Watchdog", "Restored", "Snapshot", "API error" } },
        { "Resumed", { "Unpaused", "Migrated", "Snapshot" } },
        { "Stopped", { "Shutdown", "Destroyed", "Crashed", "Migrated", "Saved", "Failed", "Snapshot", "Daemon" } },
        { "Shutdown", { "Finished", "Finished after guest request", "Finished after host request" } },
        { "PMSuspended", { "Memory", "Disk" } },
        { "Crashed", { "Panicked", "Crashloaded" } },
    };
    *ret_detail = "";
    if (event < 0 || event >= (int)G_N_ELEMENTS(names))
        return "unknown";
    if (detail >= 0 && detail < 10 && names[event].details[detail])
        *ret_detail = names[event].details[detail];
    return names[event].name;
}

/* The domain of a message; its place follows from the first fields. */
static const RemoteNonnullDomain *domain_of(const EventKind *kind, const void *msg)
{
    if (kind->reason)
        return &((const RemoteDomainEventCallbackPmwakeupMsg *)msg)->msg.dom;
    return &((const RemoteDomainEventCallbackRebootMsg *)msg)->msg.dom;
}

static void print_event(Watch *w, const EventKind *kind, const void *msg)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *when = g_date_time_format_iso8601(now);
    const RemoteDomainEventLifecycleMsg *life = &((const RemoteDomainEventCallbackLifecycleMsg *)msg)->msg;
    const char *detail = "", *word = kind->id ? "" : lifecycle_name(life->event, life->detail, &detail);
    const char *name = domain_of(kind, msg)->name;

    if (w->cli->json) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "time", json_object_new_string(when));
        json_object_object_add(o, "event", json_object_new_string(kind->name));
        json_object_object_add(o, "domain", json_object_new_string(name));
        if (*word)
            json_object_object_add(o, "what", json_object_new_string(word));
        if (*detail)
            json_object_object_add(o, "detail", json_object_new_string(detail));
        puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
    } else {
        printf("%s event '%s' for domain '%s'%s%s%s%s\n", when, kind->name, name, *word ? ": " : "", word, *detail ? " " : "", detail);
    }
    fflush(stdout);
}

static void on_event(guint32 procedure, const void *msg, gpointer user)
{
    Watch *w = user;

    for (guint i = 0; i < G_N_ELEMENTS(event_kinds); i++) {
        const EventKind *kind = &event_kinds[i];
        if (kind->procedure != procedure || (w->only && strcmp(w->only, domain_of(kind, msg)->name)))
            continue;
        print_event(w, kind, msg);
        w->seen++;
    }
}

static bool subscribe(Cli *cli, const char *only, GError **err)
{
    bool any = false;

    for (guint i = 0; i < G_N_ELEMENTS(event_kinds); i++) {
        RemoteConnectDomainEventCallbackRegisterAnyRet ret;
        if (only && strcmp(only, event_kinds[i].name))
            continue;
        if (!cli_call(cli, PROC_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY,
                      &(RemoteConnectDomainEventCallbackRegisterAnyArgs){ event_kinds[i].id, NULL }, &ret, err))
            return false;
        any = true;
    }
    if (!any)
        g_set_error(err, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there is no event '%s'", only);
    return any;
}

static bool run_event(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    Watch w = { .cli = cli };
    gint64 count;

    if (!cli_number(cli, "count", 0, &count, err) || (cli->args[0] && !cli_domain(cli, 0, &dom, err)))
        return false;
    w.only = dom.name;
    rpc_conn_on_event(cli->conn, on_event, &w);
    if (!subscribe(cli, cli_option(cli, "event"), err))
        return false;
    while (!count || w.seen < count)
        if (!rpc_conn_process(cli->conn, err))
            return false;
    return true;
}

/* --- statistics */

static json_object *value_of(const RpcTypedValue *v)
{
    switch (v->type) {                                  /* virTypedParameterType */
    case 1: return json_object_new_int(v->i);
    case 2: return json_object_new_int64(v->ui);
    case 3: return json_object_new_int64(v->l);
    case 4: return json_object_new_uint64(v->ul);
    case 5: return json_object_new_double(v->d);
    case 6: return json_object_new_boolean(v->b);
    default: return json_object_new_string(v->s ? v->s : "");
    }
}

static json_object *record_of(const RemoteDomainStatsRecord *record)
{
    json_object *o = json_object_new_object();

    for (guint i = 0; i < record->n_params; i++)
        json_object_object_add(o, record->params[i].field, value_of(&record->params[i].value));
    return o;
}

static void print_record(const char *name, json_object *record)
{
    printf("Domain: '%s'\n", name);
    json_object_object_foreach(record, field, value)
        printf("  %s=%s\n", field, json_object_get_string(value));
}

static bool run_stats(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    RemoteConnectGetAllDomainStatsArgs args = { 0 };
    RemoteConnectGetAllDomainStatsRet ret = { 0 };

    if (cli->args[0]) {
        if (!cli_domain(cli, 0, &dom, err))
            return false;
        args.doms = &dom;
        args.n_doms = 1;
    }
    if (!cli_call(cli, PROC_CONNECT_GET_ALL_DOMAIN_STATS, &args, &ret, err))
        return false;
    json_object *all = json_object_new_object();
    for (guint i = 0; i < ret.n_retStats; i++)
        json_object_object_add(all, ret.retStats[i].dom.name, record_of(&ret.retStats[i]));
    rpc_conn_clear(PROC_CONNECT_GET_ALL_DOMAIN_STATS, &ret);
    if (cli->json)
        puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    else {
        json_object_object_foreach(all, name, record)
            print_record(name, record);
    }
    json_object_put(all);
    return true;
}

const Command watch_commands[] = {
    { "event", "[DOMAIN]", "Print events as they come", run_event,
      { { "event", "NAME", "only this kind (lifecycle, reboot, ...)" }, { "count", "N", "end after N" } } },
    { "stats", "[DOMAIN]", "Print the statistics of one or all guests", run_stats, { { 0 } } },
    { NULL },
};
