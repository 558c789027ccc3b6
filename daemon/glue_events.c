/* Events: who asked for which, and what goes out.
 *
 * A subscription is an event id (or QMP events by name), for one domain or for all. The style of the
 * subscription decides the message: with a callback id in it, or the legacy one without. Subscribing takes
 * effect before its reply, on the same thread that delivers events, so that whoever subscribes and then lists
 * misses nothing. */
#include "daemon/glue_events.h"

typedef struct {
    int callback_id;
    int event_id;                  /* DomainEventId */
    bool legacy;
    bool one_domain;
    guint8 uuid[16];
    char *monitor_event;           /* DOMAIN_EVENT_MONITOR: this name only */
    GRegex *monitor_regex;         /* or these */
    bool ignore_case;
} Subscription;

static GPtrArray *sessions;        /* borrowed */
static int last_callback_id;

void glue_subscription_free(gpointer subscription)
{
    Subscription *s = subscription;
    g_clear_pointer(&s->monitor_regex, g_regex_unref);
    g_free(s->monitor_event);
    g_free(s);
}

void glue_events_add_session(Session *session)
{
    g_ptr_array_add(sessions, session);
}

void glue_events_remove_session(Session *session)
{
    g_ptr_array_remove_fast(sessions, session);
}

/* --- messages: one function per event, all with a table row below */

typedef struct {
    RpcClient *client;
    const Subscription *subscription;
    guint32 message, legacy_message;
} Target;

/* @with_id is the message with the callback id, @plain the part of it that the legacy message is. */
static void send(const Target *to, const void *with_id, const void *plain)
{
    if (to->subscription->legacy)
        rpc_client_event(to->client, REMOTE_PROGRAM, to->legacy_message, plain);
    else
        rpc_client_event(to->client, REMOTE_PROGRAM, to->message, with_id);
}

/* Borrows: an event's structure only lives for the call that encodes it. */
static RemoteNonnullDomain handle(const DomainEvent *event)
{
    RemoteNonnullDomain dom = { .name = (char *)event->name, .id = event->dom_id };
    memcpy(dom.uuid, event->uuid, sizeof dom.uuid);
    return dom;
}

static char *text(const char *s)
{
    return (char *)(s ? s : "");
}

#define ID .callbackID = to->subscription->callback_id

static void send_lifecycle(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackLifecycleMsg m = { ID, .msg = { .dom = handle(e), .event = e->a, .detail = e->b } };
    send(to, &m, &m.msg);
}

static void send_reboot(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackRebootMsg m = { ID, .msg = { .dom = handle(e) } };
    send(to, &m, &m.msg);
}

static void send_rtc_change(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackRtcChangeMsg m = { ID, .msg = { .dom = handle(e), .offset = e->number } };
    send(to, &m, &m.msg);
}

static void send_watchdog(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackWatchdogMsg m = { ID, .msg = { .dom = handle(e), .action = e->a } };
    send(to, &m, &m.msg);
}

static void send_io_error(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackIoErrorMsg m = { ID, .msg = {
        .dom = handle(e), .srcPath = text(e->s2), .devAlias = text(e->s1), .action = e->a } };
    send(to, &m, &m.msg);
}

static void send_io_error_reason(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackIoErrorReasonMsg m = { ID, .msg = {
        .dom = handle(e), .srcPath = text(e->s2), .devAlias = text(e->s1), .action = e->a, .reason = text(e->s3) } };
    send(to, &m, &m.msg);
}

static void send_control_error(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackControlErrorMsg m = { ID, .msg = { .dom = handle(e) } };
    send(to, &m, &m.msg);
}

static const char *json_text(json_object *object, const char *key)
{
    json_object *value;
    return object && json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : "";
}

/* One end of a display's connection, as QEMU's VNC_CONNECTED and SPICE_CONNECTED name it. */
static RemoteDomainEventGraphicsAddress graphics_end(json_object *data, const char *which)
{
    enum { FAMILY_IPV4, FAMILY_IPV6, FAMILY_UNIX };
    json_object *end = NULL;
    if (data)
        json_object_object_get_ex(data, which, &end);
    const char *family = json_text(end, "family");
    const char *host = json_text(end, "host");
    return (RemoteDomainEventGraphicsAddress){
        .family = g_str_equal(family, "ipv6") ? FAMILY_IPV6 : g_str_equal(family, "unix") ? FAMILY_UNIX : FAMILY_IPV4,
        .node = text(host),
        .service = text(*json_text(end, "service") ? json_text(end, "service") : json_text(end, "port")),
    };
}

static void send_graphics(const DomainEvent *e, const Target *to)
{
    json_object *server = NULL, *client = NULL;
    if (e->data) {
        json_object_object_get_ex(e->data, "server", &server);
        json_object_object_get_ex(e->data, "client", &client);
    }
    RemoteDomainEventGraphicsIdentity who[2];
    guint n = 0;
    if (*json_text(client, "x509_dname"))
        who[n++] = (RemoteDomainEventGraphicsIdentity){ .type = text("x509dname"), .name = text(json_text(client, "x509_dname")) };
    if (*json_text(client, "sasl_username"))
        who[n++] = (RemoteDomainEventGraphicsIdentity){ .type = text("saslUsername"), .name = text(json_text(client, "sasl_username")) };
    const RemoteDomainEventCallbackGraphicsMsg m = { ID, .msg = {
        .dom = handle(e), .phase = e->a, .local = graphics_end(e->data, "server"), .remote = graphics_end(e->data, "client"),
        .authScheme = text(json_text(server, "auth")), .n_subject = n, .subject = who } };
    send(to, &m, &m.msg);
}

static void send_block_job(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackBlockJobMsg m = { ID, .msg = {
        .dom = handle(e), .path = text(e->s2), .type = e->a, .status = e->b } };
    send(to, &m, &m.msg);
}

static void send_disk_change(const DomainEvent *e, const Target *to)
{
    char *was = (char *)e->s2, *is = (char *)e->s3;
    const RemoteDomainEventCallbackDiskChangeMsg m = { ID, .msg = {
        .dom = handle(e), .oldSrcPath = was, .newSrcPath = is, .devAlias = text(e->s1), .reason = e->a } };
    send(to, &m, &m.msg);
}

static void send_tray_change(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackTrayChangeMsg m = { ID, .msg = { .dom = handle(e), .devAlias = text(e->s1), .reason = e->a } };
    send(to, &m, &m.msg);
}

static void send_pmwakeup(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackPmwakeupMsg m = { ID, .reason = e->a, .msg = { .dom = handle(e) } };
    send(to, &m, &m.msg);
}

static void send_pmsuspend(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackPmsuspendMsg m = { ID, .reason = e->a, .msg = { .dom = handle(e) } };
    send(to, &m, &m.msg);
}

static void send_pmsuspend_disk(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackPmsuspendDiskMsg m = { ID, .reason = e->a, .msg = { .dom = handle(e) } };
    send(to, &m, &m.msg);
}

static void send_balloon_change(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackBalloonChangeMsg m = { ID, .msg = { .dom = handle(e), .actual = (guint64)e->number } };
    send(to, &m, &m.msg);
}

static void send_device_removed(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackDeviceRemovedMsg m = { ID, .msg = { .dom = handle(e), .devAlias = text(e->s1) } };
    send(to, &m, &m.msg);
}

static void send_block_job_2(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventBlockJob2Msg m = { ID, .dom = handle(e), .dst = text(e->s1), .type = e->a, .status = e->b };
    send(to, &m, NULL);
}

static void send_agent_lifecycle(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackAgentLifecycleMsg m = { ID, .dom = handle(e), .state = e->a, .reason = e->b };
    send(to, &m, NULL);
}

static void send_tunable(const DomainEvent *e, const Target *to)
{
    guint n = e->params ? e->params->len : 0;
    RemoteDomainEventCallbackTunableMsg m = { ID, .dom = handle(e), .n_params = n, .params = g_new0(RemoteTypedParam, n) };

    for (guint i = 0; i < n; i++)
        glue_param(&m.params[i], &g_array_index(e->params, DomainStat, i));
    rpc_client_event(to->client, REMOTE_PROGRAM, PROC_DOMAIN_EVENT_CALLBACK_TUNABLE, &m);
    for (guint i = 0; i < n; i++) {
        g_free(m.params[i].field);
        if (m.params[i].value.type == PARAM_STRING)
            g_free(m.params[i].value.s);
    }
    g_free(m.params);
}

static void send_device_added(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackDeviceAddedMsg m = { ID, .dom = handle(e), .devAlias = text(e->s1) };
    send(to, &m, NULL);
}

static void send_migration_iteration(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackMigrationIterationMsg m = { ID, .dom = handle(e), .iteration = e->a };
    send(to, &m, NULL);
}

static void send_device_removal_failed(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventCallbackDeviceRemovalFailedMsg m = { ID, .dom = handle(e), .devAlias = text(e->s1) };
    send(to, &m, NULL);
}

static void send_metadata_change(const DomainEvent *e, const Target *to)
{
    char *uri = (char *)e->s1;
    const RemoteDomainEventCallbackMetadataChangeMsg m = { ID, .dom = handle(e), .type = e->a, .nsuri = uri };
    send(to, &m, NULL);
}

static void send_memory_failure(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventMemoryFailureMsg m = { ID, .dom = handle(e), .recipient = e->a, .action = e->b, .flags = (guint)e->c };
    send(to, &m, NULL);
}

static void send_memory_device_size(const DomainEvent *e, const Target *to)
{
    const RemoteDomainEventMemoryDeviceSizeChangeMsg m = { ID, .dom = handle(e), .alias = text(e->s1), .size = (guint64)e->number };
    send(to, &m, NULL);
}

/* By event id. A row without a function: known, so that clients may subscribe, but nothing sends it yet. */
static const struct {
    void (*send)(const DomainEvent *event, const Target *to);
    guint32 message, legacy_message;
} events[] = {
#define EVENT(id, fn, name) [DOMAIN_EVENT_##id] = { fn, PROC_DOMAIN_EVENT_CALLBACK_##name, PROC_DOMAIN_EVENT_##name }
#define NEW_EVENT(id, fn, proc) [DOMAIN_EVENT_##id] = { fn, PROC_DOMAIN_EVENT_##proc, 0 }
    EVENT(LIFECYCLE, send_lifecycle, LIFECYCLE),
    EVENT(REBOOT, send_reboot, REBOOT),
    EVENT(RTC_CHANGE, send_rtc_change, RTC_CHANGE),
    EVENT(WATCHDOG, send_watchdog, WATCHDOG),
    EVENT(IO_ERROR, send_io_error, IO_ERROR),
    EVENT(GRAPHICS, send_graphics, GRAPHICS),
    EVENT(IO_ERROR_REASON, send_io_error_reason, IO_ERROR_REASON),
    EVENT(CONTROL_ERROR, send_control_error, CONTROL_ERROR),
    EVENT(BLOCK_JOB, send_block_job, BLOCK_JOB),
    EVENT(DISK_CHANGE, send_disk_change, DISK_CHANGE),
    EVENT(TRAY_CHANGE, send_tray_change, TRAY_CHANGE),
    EVENT(PMWAKEUP, send_pmwakeup, PMWAKEUP),
    EVENT(PMSUSPEND, send_pmsuspend, PMSUSPEND),
    EVENT(BALLOON_CHANGE, send_balloon_change, BALLOON_CHANGE),
    EVENT(PMSUSPEND_DISK, send_pmsuspend_disk, PMSUSPEND_DISK),
    EVENT(DEVICE_REMOVED, send_device_removed, DEVICE_REMOVED),
    NEW_EVENT(BLOCK_JOB_2, send_block_job_2, BLOCK_JOB_2),
    NEW_EVENT(TUNABLE, send_tunable, CALLBACK_TUNABLE),
    NEW_EVENT(AGENT_LIFECYCLE, send_agent_lifecycle, CALLBACK_AGENT_LIFECYCLE),
    NEW_EVENT(DEVICE_ADDED, send_device_added, CALLBACK_DEVICE_ADDED),
    NEW_EVENT(MIGRATION_ITERATION, send_migration_iteration, CALLBACK_MIGRATION_ITERATION),
    NEW_EVENT(JOB_COMPLETED, NULL, CALLBACK_JOB_COMPLETED),
    NEW_EVENT(DEVICE_REMOVAL_FAILED, send_device_removal_failed, CALLBACK_DEVICE_REMOVAL_FAILED),
    NEW_EVENT(METADATA_CHANGE, send_metadata_change, CALLBACK_METADATA_CHANGE),
    NEW_EVENT(BLOCK_THRESHOLD, NULL, BLOCK_THRESHOLD),
    NEW_EVENT(MEMORY_FAILURE, send_memory_failure, MEMORY_FAILURE),
    NEW_EVENT(MEMORY_DEVICE_SIZE_CHANGE, send_memory_device_size, MEMORY_DEVICE_SIZE_CHANGE),
};

static void send_monitor(const DomainEvent *e, const Target *to)
{
    char *details = e->data ? (char *)json_object_to_json_string_ext(e->data, JSON_C_TO_STRING_PLAIN) : NULL;
    const QemuDomainMonitorEventMsg m = {
        ID, .dom = handle(e), .event = text(e->s1), .seconds = e->seconds, .micros = e->micros, .details = details };
    rpc_client_event(to->client, QEMU_PROGRAM, PROC_QEMU_DOMAIN_MONITOR_EVENT, &m);
}

/* --- delivery */

static bool monitor_wanted(const Subscription *s, const char *name)
{
    if (s->monitor_regex)
        return g_regex_match(s->monitor_regex, name, 0, NULL);
    if (!s->monitor_event)
        return true;
    return s->ignore_case ? g_ascii_strcasecmp(s->monitor_event, name) == 0 : g_str_equal(s->monitor_event, name);
}

static bool wanted(const Subscription *s, const DomainEvent *event)
{
    return s->event_id == (int)event->id && (!s->one_domain || memcmp(s->uuid, event->uuid, sizeof s->uuid) == 0) &&
           (event->id != DOMAIN_EVENT_MONITOR || monitor_wanted(s, text(event->s1)));
}

static void deliver(const DomainEvent *event, RpcClient *client, const Subscription *s)
{
    Target to = { .client = client, .subscription = s };
    if (event->id == DOMAIN_EVENT_MONITOR) {
        send_monitor(event, &to);
    } else if (event->id < G_N_ELEMENTS(events) && events[event->id].send) {
        to.message = events[event->id].message;
        to.legacy_message = events[event->id].legacy_message;
        events[event->id].send(event, &to);
    }
}

static void on_event(const DomainEvent *event, gpointer user)
{
    for (guint i = 0; i < sessions->len; i++) {
        const Session *session = sessions->pdata[i];
        for (guint k = 0; k < session->subscriptions->len; k++) {
            if (session->client && wanted(session->subscriptions->pdata[k], event))
                deliver(event, session->client, session->subscriptions->pdata[k]);
        }
    }
}

void glue_events_start(void)
{
    sessions = g_ptr_array_new();
    qemu_driver_on_event(qvirtd.qemu, on_event, NULL);
}

/* --- subscribing */

static bool same_subject(const Subscription *a, const Subscription *b)
{
    return a->event_id == b->event_id && a->legacy == b->legacy && a->one_domain == b->one_domain &&
           memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0;
}

/* Takes @s. Gives its callback id, or -1. */
static int subscribe(Session *session, Subscription *s, GError **err)
{
    for (guint i = 0; s->event_id != DOMAIN_EVENT_MONITOR && i < session->subscriptions->len; i++) {
        if (same_subject(session->subscriptions->pdata[i], s)) {
            g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "event callback already tracked");
            glue_subscription_free(s);
            return -1;
        }
    }
    s->callback_id = ++last_callback_id;
    g_ptr_array_add(session->subscriptions, s);
    return s->callback_id;
}

static bool event_ok(int id, bool legacy, GError **err)
{
    if (id >= 0 && (guint)id < G_N_ELEMENTS(events) && (!legacy || events[id].legacy_message))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "unsupported event ID %d", id);
    return false;
}

static Subscription *subscription_new(int event_id, const RemoteNonnullDomain *dom)
{
    Subscription *s = g_new0(Subscription, 1);
    s->event_id = event_id;
    s->one_domain = dom != NULL;
    if (dom)
        memcpy(s->uuid, dom->uuid, sizeof s->uuid);
    return s;
}

/* @dom may be NULL; a handle of no domain is an error. */
static bool domain_ok(const RemoteNonnullDomain *dom, GError **err)
{
    g_autoptr(Domain) found = dom ? glue_domain_find(dom, err) : NULL;
    return !dom || found;
}

GLUE_HANDLER(register_callback, RemoteConnectDomainEventCallbackRegisterAnyArgs, RemoteConnectDomainEventCallbackRegisterAnyRet)
{
    if (!event_ok(args->eventID, false, err) || !domain_ok(args->dom, err))
        return RPC_FAILED;
    ret->callbackID = subscribe(session_of(call), subscription_new(args->eventID, args->dom), err);
    return ret->callbackID >= 0 ? RPC_DONE : RPC_FAILED;
}

static RpcOutcome register_legacy(RpcCall *call, int event_id, GError **err)
{
    if (!event_ok(event_id, true, err))
        return RPC_FAILED;
    Subscription *s = subscription_new(event_id, NULL);
    s->legacy = true;
    return subscribe(session_of(call), s, err) >= 0 ? RPC_DONE : RPC_FAILED;
}

GLUE_HANDLER(register_any, RemoteConnectDomainEventRegisterAnyArgs, void)
{
    return register_legacy(call, args->eventID, err);
}

GLUE_HANDLER(register_lifecycle, void, RemoteConnectDomainEventRegisterRet)
{
    ret->cb_registered = 1;
    return register_legacy(call, DOMAIN_EVENT_LIFECYCLE, err);
}

/* --- unsubscribing */

static bool by_callback(const Subscription *s, int id)
{
    return s->callback_id == id && !s->legacy && s->event_id != DOMAIN_EVENT_MONITOR;
}

static bool by_monitor_callback(const Subscription *s, int id)
{
    return s->callback_id == id && s->event_id == DOMAIN_EVENT_MONITOR;
}

static bool by_legacy_event(const Subscription *s, int id)
{
    return s->event_id == id && s->legacy;
}

static RpcOutcome unsubscribe(RpcCall *call, bool (*is_it)(const Subscription *s, int id), int id, GError **err)
{
    GPtrArray *subscriptions = session_of(call)->subscriptions;
    for (guint i = 0; i < subscriptions->len; i++) {
        if (is_it(subscriptions->pdata[i], id)) {
            g_ptr_array_remove_index(subscriptions, i);
            return RPC_DONE;
        }
    }
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "event callback %d not found", id);
    return RPC_FAILED;
}

GLUE_HANDLER(deregister_callback, RemoteConnectDomainEventCallbackDeregisterAnyArgs, void)
{
    return unsubscribe(call, by_callback, args->callbackID, err);
}

GLUE_HANDLER(deregister_any, RemoteConnectDomainEventDeregisterAnyArgs, void)
{
    return unsubscribe(call, by_legacy_event, args->eventID, err);
}

GLUE_HANDLER(deregister_lifecycle, void, RemoteConnectDomainEventDeregisterRet)
{
    ret->cb_registered = 0;
    return unsubscribe(call, by_legacy_event, DOMAIN_EVENT_LIFECYCLE, err);
}

/* --- QMP events of the qemu program */

GLUE_HANDLER(monitor_register, QemuConnectDomainMonitorEventRegisterArgs, QemuConnectDomainMonitorEventRegisterRet)
{
    enum { REGEX = 1, NOCASE = 2 };
    if (!glue_flags(call, args->flags, REGEX | NOCASE, err) || !domain_ok(args->dom, err))
        return RPC_FAILED;
    Subscription *s = subscription_new(DOMAIN_EVENT_MONITOR, args->dom);
    s->ignore_case = (args->flags & NOCASE) != 0;
    s->monitor_event = g_strdup(args->event);
    if ((args->flags & REGEX) && args->event) {
        g_autoptr(GError) why = NULL;
        s->monitor_regex = g_regex_new(args->event, s->ignore_case ? G_REGEX_CASELESS : 0, 0, &why);
        if (!s->monitor_regex) {
            g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "cannot use '%s' as an expression: %s", args->event, why->message);
            glue_subscription_free(s);
            return RPC_FAILED;
        }
    }
    ret->callbackID = subscribe(session_of(call), s, err);
    return RPC_DONE;
}

GLUE_HANDLER(monitor_deregister, QemuConnectDomainMonitorEventDeregisterArgs, void)
{
    return unsubscribe(call, by_monitor_callback, args->callbackID, err);
}

static const RpcHandlerRow glue_events_rows[] = {
    REMOTE(PROC_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, register_callback),
    REMOTE(PROC_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, deregister_callback),
    REMOTE(PROC_CONNECT_DOMAIN_EVENT_REGISTER_ANY, register_any),
    REMOTE(PROC_CONNECT_DOMAIN_EVENT_DEREGISTER_ANY, deregister_any),
    REMOTE(PROC_CONNECT_DOMAIN_EVENT_REGISTER, register_lifecycle),
    REMOTE(PROC_CONNECT_DOMAIN_EVENT_DEREGISTER, deregister_lifecycle),
    QEMU(PROC_QEMU_CONNECT_DOMAIN_MONITOR_EVENT_REGISTER, monitor_register),
    QEMU(PROC_QEMU_CONNECT_DOMAIN_MONITOR_EVENT_DEREGISTER, monitor_deregister),
};
GLUE_AREA(glue_events);
