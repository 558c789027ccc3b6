#include "drivers/qemu/events.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "conf/disk.h"
#include "drivers/qemu/chardev_start.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/hotplug.h"
#include "util/process.h"

/* virDomainEventType and its details (libvirt-domain.h). */
enum { EVENT_STARTED = 2, EVENT_SUSPENDED = 3, EVENT_RESUMED = 4, EVENT_SHUTDOWN = 6, EVENT_PMSUSPENDED = 7, EVENT_CRASHED = 8 };
enum { STARTED_WAKEUP = 4, SUSPENDED_PAUSED = 0, SUSPENDED_IOERROR = 2, SUSPENDED_WATCHDOG = 3, RESUMED_UNPAUSED = 0,
       SHUTDOWN_FINISHED = 0, SHUTDOWN_GUEST = 1, SHUTDOWN_HOST = 2, PMSUSPENDED_MEMORY = 0, PMSUSPENDED_DISK = 1, CRASHED_PANICKED = 0 };
/* Reasons of states. */
enum { RUNNING_UNPAUSED = 5, RUNNING_WAKEUP = 8, PAUSED_USER = 1, PAUSED_IOERROR = 5, PAUSED_WATCHDOG = 6, CRASHED_BY_PANIC = 1,
       PMSUSPENDED_UNKNOWN = 0 };

static json_object *member(json_object *object, const char *name)
{
    json_object *value = NULL;
    return object && json_object_object_get_ex(object, name, &value) ? value : NULL;
}

static const char *text_of(json_object *data, const char *name)
{
    json_object *value = member(data, name);
    return value ? json_object_get_string(value) : "";
}

static bool flag_of(json_object *data, const char *name)
{
    json_object *value = member(data, name);
    return value && json_object_get_boolean(value);
}

/* The place of @word among @words; -1: not there. */
static int place(const char *word, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (g_str_equal(words[i], word))
            return i;
    return -1;
}

static void tell(Run *run, DomainEvent event)
{
    const DomainView *view = run->dom->view;
    event.name = view->name;
    event.dom_id = view->id;
    memcpy(event.uuid, view->uuid, 16);
    if (run->driver->on_event)
        run->driver->on_event(&event, run->driver->event_user);
}

static void set_state(Run *run, DomState state, int reason, int event, int detail)
{
    Domain *dom = run->dom;
    if (dom->view->state == state)
        return;
    DomainView *view = domain_view_copy(dom->view);
    view->state = state;
    view->reason = reason;
    index_publish(dom->driver->index, dom, view);
    driver_emit(dom->driver, dom, DOMAIN_EVENT_LIFECYCLE, event, detail);
}

/* The live definition changed without the view: what was formatted of it is stale. */
static void live_changed(Run *run)
{
    index_publish(run->driver->index, run->dom, domain_view_copy(run->dom->view));
}

/* --- going on after a stop that the definition wants no end of */

static void restarted(json_object *reply, const GError *err, gpointer user)
{
    Run *run = user;
    if (err)
        g_warning("domain '%s' cannot be restarted: %s", run->dom->view->name, err->message);
    run_unref(run);
}

static void restart(Run *run)
{
    qmp_send(run->qmp, "system_reset", NULL, restarted, run_ref(run));
    qmp_send(run->qmp, "cont", NULL, restarted, run_ref(run));
}

/* --- states */

static void on_shutdown(Run *run, json_object *data)
{
    LifecycleAction action = run->dom->live ? run->dom->live->frame.on_poweroff : LIFECYCLE_DESTROY;
    if (run->dom->view->state == DOM_CRASHED)
        return;                                    /* QEMU's word on our signal after a panic */
    if (!run->shut_down && !run->destroyed)
        driver_emit(run->driver, run->dom, DOMAIN_EVENT_LIFECYCLE, EVENT_SHUTDOWN,
                    !member(data, "guest") ? SHUTDOWN_FINISHED : flag_of(data, "guest") ? SHUTDOWN_GUEST : SHUTDOWN_HOST);
    if (action == LIFECYCLE_RESTART && !run->destroyed) {
        restart(run);
        return;
    }
    run->shut_down = true;
    if (action != LIFECYCLE_PRESERVE)
        process_kill(run->pidfd, SIGTERM);
}

static void on_stop(Run *run, json_object *data)
{
    if (!run->shut_down && run->dom->view->state == DOM_RUNNING)       /* who stopped it for a reason has said so before */
        set_state(run, DOM_PAUSED, PAUSED_USER, EVENT_SUSPENDED, SUSPENDED_PAUSED);
}

static void on_resume(Run *run, json_object *data)
{
    set_state(run, DOM_RUNNING, RUNNING_UNPAUSED, EVENT_RESUMED, RESUMED_UNPAUSED);
}

static void on_reset(Run *run, json_object *data)
{
    driver_emit(run->driver, run->dom, DOMAIN_EVENT_REBOOT, 0, 0);
    if (flag_of(data, "guest") && run->dom->live && run->dom->live->frame.on_reboot == LIFECYCLE_DESTROY) {
        run->shut_down = true;
        process_kill(run->pidfd, SIGTERM);
    }
}

static void on_suspend(Run *run, json_object *data)
{
    driver_emit(run->driver, run->dom, DOMAIN_EVENT_PMSUSPEND, 0, 0);
    set_state(run, DOM_PMSUSPENDED, PMSUSPENDED_UNKNOWN, EVENT_PMSUSPENDED, PMSUSPENDED_MEMORY);
}

static void on_suspend_disk(Run *run, json_object *data)
{
    driver_emit(run->driver, run->dom, DOMAIN_EVENT_PMSUSPEND_DISK, 0, 0);
    set_state(run, DOM_PMSUSPENDED, PMSUSPENDED_UNKNOWN, EVENT_PMSUSPENDED, PMSUSPENDED_DISK);
}

static void on_wakeup(Run *run, json_object *data)
{
    driver_emit(run->driver, run->dom, DOMAIN_EVENT_PMWAKEUP, 0, 0);
    if (run->dom->view->state == DOM_PMSUSPENDED)
        set_state(run, DOM_RUNNING, RUNNING_WAKEUP, EVENT_STARTED, STARTED_WAKEUP);
}

static void on_panic(Run *run, json_object *data)
{
    LifecycleAction action = run->dom->live ? run->dom->live->frame.on_crash : LIFECYCLE_DESTROY;
    g_message("domain '%s': its kernel panicked", run->dom->view->name);
    set_state(run, DOM_CRASHED, CRASHED_BY_PANIC, EVENT_CRASHED, CRASHED_PANICKED);
    if (action == LIFECYCLE_RESTART || action == LIFECYCLE_RENAME_RESTART)
        restart(run);
    else if (action != LIFECYCLE_PRESERVE)
        process_kill(run->pidfd, SIGTERM);
}

/* --- devices */

static void on_watchdog(Run *run, json_object *data)
{
    static const char *const actions[] = { "none", "pause", "reset", "poweroff", "shutdown", "debug", "inject-nmi" };
    enum { PAUSE = 1 };
    int action = place(text_of(data, "action"), actions, G_N_ELEMENTS(actions));
    if (action < 0)
        return;
    driver_emit(run->driver, run->dom, DOMAIN_EVENT_WATCHDOG, action, 0);
    if (action == PAUSE)
        set_state(run, DOM_PAUSED, PAUSED_WATCHDOG, EVENT_SUSPENDED, SUSPENDED_WATCHDOG);
}

static void on_rtc_change(Run *run, json_object *data)
{
    tell(run, (DomainEvent){ .id = DOMAIN_EVENT_RTC_CHANGE, .number = json_object_get_int64(member(data, "offset")) });
}

/* The disk one of whose nodes is called @node ("libvirt-3-format"). */
static const Disk *disk_of_node(const DomainDef *live, const char *node)
{
    guint index;
    if (!live || sscanf(node, "libvirt-%u-", &index) != 1)
        return NULL;
    EACH_DEVICE(live, DEV_DISK, Disk, disk)
        if (disk->src.index == index)
            return disk;
    return NULL;
}

static void on_io_error(Run *run, json_object *data)
{
    static const char *const actions[] = { "ignore", "stop", "report" };
    enum { STOP = 1 };
    const Disk *disk = disk_of_node(run->dom->live, text_of(data, "node-name"));
    DomainEvent event = { .id = DOMAIN_EVENT_IO_ERROR, .a = place(text_of(data, "action"), actions, G_N_ELEMENTS(actions)),
                          .s1 = disk ? disk->info.alias : text_of(data, "device"), .s2 = disk ? disk->src.path : NULL,
                          .s3 = flag_of(data, "nospace") ? "enospc" : "" };
    if (event.a < 0)
        return;
    g_message("domain '%s': disk '%s': %s error of the host: %s", run->dom->view->name, event.s1 ? event.s1 : "?",
              text_of(data, "operation"), text_of(data, "reason"));
    tell(run, event);
    event.id = DOMAIN_EVENT_IO_ERROR_REASON;
    tell(run, event);
    if (event.a == STOP)
        set_state(run, DOM_PAUSED, PAUSED_IOERROR, EVENT_SUSPENDED, SUSPENDED_IOERROR);
}

static void on_tray(Run *run, json_object *data)
{
    enum { TRAY_OPENED = 0, TRAY_SHUT = 1 };       /* virConnectDomainEventTrayChangeReason */
    bool open = flag_of(data, "tray-open");
    const char *alias = text_of(data, "id");
    if (!run->dom->live)
        return;
    EACH_DEVICE(run->dom->live, DEV_DISK, Disk, disk) {
        if (!g_str_equal(alias, disk->info.alias ? disk->info.alias : ""))
            continue;
        disk->tray = open ? TRAY_OPEN : TRAY_CLOSED;
        live_changed(run);
    }
    tell(run, (DomainEvent){ .id = DOMAIN_EVENT_TRAY_CHANGE, .s1 = alias, .a = open ? TRAY_OPENED : TRAY_SHUT });
}

static void on_balloon(Run *run, json_object *data)
{
    gint64 kib = json_object_get_int64(member(data, "actual")) / 1024;
    DomainView *view = domain_view_copy(run->dom->view);
    view->memory_kib = (guint64)kib;
    index_publish(run->driver->index, run->dom, view);
    tell(run, (DomainEvent){ .id = DOMAIN_EVENT_BALLOON_CHANGE, .number = kib });
}

static void on_graphics(Run *run, json_object *data, int phase)
{
    tell(run, (DomainEvent){ .id = DOMAIN_EVENT_GRAPHICS, .a = phase, .data = data });
}

static void on_connected(Run *run, json_object *data)
{
    on_graphics(run, data, 0);
}

static void on_initialized(Run *run, json_object *data)
{
    on_graphics(run, data, 1);
}

static void on_disconnected(Run *run, json_object *data)
{
    on_graphics(run, data, 2);
}

static void on_port(Run *run, json_object *data)
{
    enum { CONNECTED = 1, DISCONNECTED = 2, BY_CHANNEL = 2 };          /* virConnectDomainEventAgentLifecycleState, ...Reason */
    const char *alias = text_of(data, "id");
    bool open = flag_of(data, "open");
    if (!run->dom->live || !chardevs_port_changed(run->dom->live, alias, open))
        return;
    live_changed(run);
    EACH_DEVICE(run->dom->live, DEV_CHANNEL, Chardev, c)
        if (!g_strcmp0(c->info.alias, alias) && !g_strcmp0(c->name, "org.qemu.guest_agent.0"))
            driver_emit(run->driver, run->dom, DOMAIN_EVENT_AGENT_LIFECYCLE, open ? CONNECTED : DISCONNECTED, BY_CHANNEL);
}

static void on_memory_size(Run *run, json_object *data)
{
    tell(run, (DomainEvent){ .id = DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE, .s1 = text_of(data, "id"),
                             .number = json_object_get_int64(member(data, "size")) / 1024 });
}

static void on_memory_failure(Run *run, json_object *data)
{
    static const char *const recipients[] = { "hypervisor", "guest" }, *const actions[] = { "ignore", "inject", "fatal", "reset" };
    enum { ACTION_REQUIRED = 1, RECURSIVE = 2 };
    json_object *flags = member(data, "flags");
    int recipient = place(text_of(data, "recipient"), recipients, G_N_ELEMENTS(recipients));
    int action = place(text_of(data, "action"), actions, G_N_ELEMENTS(actions));
    if (recipient >= 0 && action >= 0)
        tell(run, (DomainEvent){ .id = DOMAIN_EVENT_MEMORY_FAILURE, .a = recipient, .b = action,
                                 .c = (flag_of(flags, "action-required") ? ACTION_REQUIRED : 0) | (flag_of(flags, "recursive") ? RECURSIVE : 0) });
}

/* QEMU's qapi/run-state.json, block-core.json, block.json, ui.json, char.json, machine.json, misc-target.json. */
static const struct { const char *name; void (*fn)(Run *run, json_object *data); } rows[] = {
    { "SHUTDOWN", on_shutdown },
    { "STOP", on_stop },
    { "RESUME", on_resume },
    { "RESET", on_reset },
    { "SUSPEND", on_suspend },
    { "SUSPEND_DISK", on_suspend_disk },
    { "WAKEUP", on_wakeup },
    { "GUEST_PANICKED", on_panic },
    { "WATCHDOG", on_watchdog },
    { "RTC_CHANGE", on_rtc_change },
    { "BLOCK_IO_ERROR", on_io_error },
    { "DEVICE_TRAY_MOVED", on_tray },
    { "BALLOON_CHANGE", on_balloon },
    { "VNC_CONNECTED", on_connected },
    { "VNC_INITIALIZED", on_initialized },
    { "VNC_DISCONNECTED", on_disconnected },
    { "SPICE_CONNECTED", on_connected },
    { "SPICE_INITIALIZED", on_initialized },
    { "SPICE_DISCONNECTED", on_disconnected },
    { "VSERPORT_CHANGE", on_port },
    { "MEMORY_DEVICE_SIZE_CHANGE", on_memory_size },
    { "MEMORY_FAILURE", on_memory_failure },
};

void guest_event(Run *run, const char *name, json_object *data, gint64 seconds, guint micros)
{
    tell(run, (DomainEvent){ .id = DOMAIN_EVENT_MONITOR, .s1 = name, .data = data, .seconds = seconds, .micros = micros });
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i].name, name))
            rows[i].fn(run, data);
    if (g_str_has_prefix(name, "DEVICE_"))
        hotplug_event(run, name, data);
}
