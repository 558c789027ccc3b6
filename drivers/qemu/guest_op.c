/* What is asked of a running guest over its monitor: jobs of the domain's actor, one QMP command each. */
#include <fcntl.h>
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "drivers/qemu/chardev_start.h"
#include "drivers/qemu/driver.h"

enum { CALL_TIMEOUT_MS = 10000 };

static json_object *args_of(const char *first, const char *value)
{
    json_object *args = json_object_new_object();
    json_object_object_add(args, first, json_object_new_string(value));
    return args;
}

static bool call_job(gpointer user, GError **err)
{
    Op *op = user;
    g_autoptr(QmpReply) reply = qmp_call(op->run->qmp, op->text, op->json ? json_object_get(op->json) : NULL, CALL_TIMEOUT_MS, err);
    return reply != NULL;
}

static void ended(gpointer user, const GError *err)
{
    op_end(user, err);
}

/* An Op on a running guest, or NULL when it does not run (the caller is told). */
static Op *guest_op(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    GError *err = NULL;
    Op *op = op_new(dom->driver, dom, flags, done, user);
    if ((op->run = domain_run(dom, &err)))
        return op;
    op_fail_later(op, err);
    return NULL;
}

/* @args is taken. */
static void guest_call(Domain *dom, const char *command, json_object *args, guint flags, DomainDone done, gpointer user)
{
    Op *op = guest_op(dom, flags, done, user);
    if (!op) {
        json_object_put(args);
        return;
    }
    op->text = g_strdup(command);
    op->json = args;
    actor_push(dom->actor, command, call_job, ended, op);
}

static void refuse(Domain *dom, QvErrorCode code, const char *why, DomainDone done, gpointer user)
{
    op_fail_later(op_new(dom->driver, dom, 0, done, user), g_error_new(QV_ERROR, code, "%s (domain '%s')", why, dom->view->name));
}

void domain_suspend(Domain *dom, DomainDone done, gpointer user)
{
    guest_call(dom, "stop", NULL, 0, done, user);
}

void domain_resume(Domain *dom, DomainDone done, gpointer user)
{
    guest_call(dom, "cont", NULL, 0, done, user);
}

void domain_reset(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    guest_call(dom, "system_reset", NULL, flags, done, user);
}

/* --- shutdown and reboot: by the guest agent where it is, else by ACPI's power button; QEMU has no ACPI request for a
 * reboot, so a guest without an agent is reset. */

enum { BY_ACPI = 1, BY_AGENT = 2 };      /* virDomainShutdownFlagValues, virDomainRebootFlagValues; 0: what there is */

typedef struct { const char *instead; DomainDone done; gpointer user; } Fallback;

static void agent_told(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    g_autofree Fallback *f = user;
    if (!err || !f->instead) {
        f->done(dom, result, err, f->user);
        return;
    }
    g_info("domain '%s': %s; using %s", dom->view->name, err->message, f->instead);
    guest_call(dom, f->instead, NULL, 0, f->done, f->user);
}

static void end_guest(Domain *dom, const char *mode, const char *command, guint flags, DomainDone done, gpointer user)
{
    if (flags & ~(guint)(BY_ACPI | BY_AGENT)) {
        refuse(dom, QV_ERR_ARGUMENT_UNSUPPORTED, "a guest is asked by ACPI or by its agent; leave the mode out, or use one of these",
               done, user);
    } else if (flags & BY_AGENT || (!flags && domain_agent_connected(dom))) {
        Fallback *f = g_new(Fallback, 1);
        *f = (Fallback){ flags == BY_AGENT ? NULL : command, done, user };
        domain_agent_tell(dom, "guest-shutdown", args_of("mode", mode), agent_told, f);
    } else {
        guest_call(dom, command, NULL, flags, done, user);
    }
}

void domain_shutdown(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    end_guest(dom, "powerdown", "system_powerdown", flags, done, user);
}

void domain_reboot(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    end_guest(dom, "reboot", "system_reset", flags, done, user);
}

void domain_inject_nmi(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    guest_call(dom, "inject-nmi", NULL, flags, done, user);
}

/* Linux key codes (input-event-codes.h) from 96 to 111 and on: PC scan codes with 0x80 for the 0xe0 prefix, which is
 * how QEMU's "number" counts. Below 89 both agree. */
static const struct { guint8 linux_code, number; } extended_keys[] = {
    { 96, 0x9c }, { 97, 0x9d }, { 98, 0xb5 }, { 99, 0x54 }, { 100, 0xb8 }, { 102, 0xc7 }, { 103, 0xc8 }, { 104, 0xc9 },
    { 105, 0xcb }, { 106, 0xcd }, { 107, 0xcf }, { 108, 0xd0 }, { 109, 0xd1 }, { 110, 0xd2 }, { 111, 0xd3 },
    { 125, 0xdb }, { 126, 0xdc }, { 127, 0xdd },
};

static int key_number(guint codeset, guint code)
{
    enum { CODESET_LINUX = 0, CODESET_QNUM = 9 };       /* virKeycodeSet */

    if (codeset == CODESET_QNUM || (codeset == CODESET_LINUX && code < 89))
        return code;
    for (guint i = 0; codeset == CODESET_LINUX && i < G_N_ELEMENTS(extended_keys); i++)
        if (extended_keys[i].linux_code == code)
            return extended_keys[i].number;
    return -1;
}

void domain_send_key(Domain *dom, guint codeset, guint hold_ms, const guint *codes, guint n, guint flags, DomainDone done,
                     gpointer user)
{
    json_object *args = json_object_new_object(), *keys = json_object_new_array();
    bool known = true;

    for (guint i = 0; i < n; i++) {
        json_object *key = args_of("type", "number");
        int number = key_number(codeset, codes[i]);
        known = known && number >= 0;
        json_object_object_add(key, "data", json_object_new_int(number));
        json_object_array_add(keys, key);
    }
    json_object_object_add(args, "keys", keys);
    if (hold_ms)
        json_object_object_add(args, "hold-time", json_object_new_int(hold_ms));
    if (known) {
        guest_call(dom, "send-key", args, flags, done, user);
        return;
    }
    json_object_put(args);
    refuse(dom, QV_ERR_CONFIG_UNSUPPORTED, "only Linux key codes of a PC keyboard and QEMU numbers (qnum) can be sent", done, user);
}

void domain_wakeup(Domain *dom, DomainDone done, gpointer user)
{
    guest_call(dom, "system_wakeup", NULL, 0, done, user);
}

/* --- monitor commands as they are */

static bool monitor_job(gpointer user, GError **err)
{
    Op *op = user;
    enum { HMP = 1 };
    g_autoptr(QmpReply) reply = NULL;

    op->result_free = g_free;
    if (op->flags & HMP) {
        if (!(reply = qmp_call(op->run->qmp, "human-monitor-command", args_of("command-line", op->text), CALL_TIMEOUT_MS, err)))
            return false;
        op->result = g_strdup(json_object_get_string(reply));
        return true;
    }
    json_object *command = json_tokener_parse(op->text);
    if (!command || !json_object_is_type(command, json_type_object)) {
        json_object_put(command);
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "a QMP command is a JSON object like {\"execute\": \"query-status\"}");
        return false;
    }
    if (!(reply = qmp_call_raw(op->run->qmp, command, CALL_TIMEOUT_MS, err)))
        return false;
    op->result = g_strdup(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN));
    return true;
}

void domain_monitor_command(Domain *dom, const char *command, guint flags, DomainDone done, gpointer user)
{
    Op *op = guest_op(dom, flags, done, user);
    if (!op)
        return;
    op->text = g_strdup(command);
    actor_push(dom->actor, "monitor command", monitor_job, ended, op);
}

/* --- screenshot */

static void free_screenshot(gpointer data)
{
    DomainScreenshot *shot = data;
    close(shot->fd);
    g_free(shot);
}

static bool screenshot_job(gpointer user, GError **err)
{
    Op *op = user;
    g_autofree char *path = g_build_filename(op->run->dir, "screenshot.png", NULL);
    json_object *args = args_of("filename", path);
    json_object_object_add(args, "format", json_object_new_string("png"));
    g_autoptr(QmpReply) reply = qmp_call(op->run->qmp, "screendump", args, CALL_TIMEOUT_MS, err);
    if (!reply)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unlink(path);
    if (fd < 0) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "QEMU wrote no picture of domain '%s'", op->dom->view->name);
        return false;
    }
    DomainScreenshot *shot = g_new(DomainScreenshot, 1);
    *shot = (DomainScreenshot){ fd, "image/png" };
    op->result = shot;
    op->result_free = free_screenshot;
    return true;
}

void domain_screenshot(Domain *dom, guint screen, guint flags, DomainDone done, gpointer user)
{
    Op *op = guest_op(dom, flags, done, user);
    if (op)
        actor_push(dom->actor, "screenshot", screenshot_job, ended, op);
}

/* --- consoles and channels */

static void close_fd(gpointer fd)
{
    close(*(int *)fd);
}

static gboolean console_ready(gpointer user)
{
    op_end(user, NULL);
    return G_SOURCE_REMOVE;
}

/* One user of a console at a time: a lock on the open terminal, which ends with the last copy of the descriptor.
 * @force opens it beside the other user. Sockets cannot be locked; QEMU itself takes one connection only. */
static bool claim(int fd, bool force, GError **err)
{
    if (force || flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "Active console session exists for this domain");
    return false;
}

void domain_open_console(Domain *dom, const char *device, guint flags, bool channel, DomainDone done, gpointer user)
{
    Op *op = guest_op(dom, flags, done, user);
    GError *err = NULL;
    const Chardev *c;

    if (!op)
        return;
    if (!(c = chardev_find(dom->live, device, channel, &err)) || (op->number = chardev_open(c, &err)) < 0) {
        op_fail_later(op, err);
        return;
    }
    if (!claim(op->number, flags & 1 /* VIR_DOMAIN_CONSOLE_FORCE */, &err)) {
        close(op->number);
        op_fail_later(op, err);
        return;
    }
    op->result = &op->number;      /* the caller has dup'ed it away */
    op->result_free = close_fd;
    g_idle_add_full(G_PRIORITY_DEFAULT, console_ready, op, NULL);
}
