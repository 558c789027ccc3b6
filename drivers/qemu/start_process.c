/* The process of a start: QEMU with its log, its monitor's greeting, and what it is told before the guest runs. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/chardev_start.h"
#include "drivers/qemu/graphics_start.h"
#include "drivers/qemu/interface_start.h"
#include "drivers/qemu/label.h"
#include "drivers/qemu/start.h"
#include "drivers/qemu/tune.h"
#include "util/file.h"
#include "util/process.h"

enum { START_TIMEOUT_MS = 30000, CALL_TIMEOUT_MS = 10000 };

static int open_log(QemuDriver *d, const char *name, const QemuCommand *cmd, off_t *ret_start)
{
    g_autofree char *path = g_strdup_printf("%s/qemu/%s.log", d->config.log_dir, name);
    g_autofree char *text = qemu_command_text(cmd);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format(now, "%F %T+0000");
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0)
        dprintf(fd, "%s: starting up\n%s\n", when, text);
    *ret_start = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    return fd;
}

/* What QEMU wrote since @start, for the error of a guest that died. Gives. */
static char *last_words(QemuDriver *d, const char *name, off_t start)
{
    g_autofree char *path = g_strdup_printf("%s/qemu/%s.log", d->config.log_dir, name), *text = NULL;
    gsize len;
    if (!g_file_get_contents(path, &text, &len, NULL) || (gsize)start >= len)
        return g_strdup("it wrote nothing");
    char *words = g_strstrip(g_strdup(text + start));
    return strlen(words) > 1024 ? (words[1024] = 0, words) : words;
}

bool start_spawn(Start *s, GError **err)
{
    const GArray *fds = qemu_command_fds(s->cmd);
    g_auto(GStrv) argv = qemu_command_argv(s->cmd), envp = qemu_command_environ(s->cmd);
    g_auto(Fd) log = open_log(s->driver, s->def->frame.name, s->cmd, &s->log_start);
    g_auto(GuestUser) who = { 0 };
    g_auto(Fd) unified = -1;
    g_autoptr(GArray) tasks = NULL;
    int folder = 0;
    if (!guest_user(s->driver, s->def, &who, err) || !group_birth(s->run->group, &folder, &tasks, err))
        return false;
    unified = folder ? folder : -1;
    ProcessSpec spec = {
        .argv = argv, .envp = envp, .fds = (const int *)fds->data, .n_fds = fds->len,
        .stdin_fd = -1, .stdout_fd = log, .stderr_fd = log,
        .user = who.user, .group = who.group, .drop_capabilities = s->driver->config.clear_caps,
        .place = start_place, .place_user = s,
        .cgroup_fd = folder, .task_fds = (const int *)tasks->data, .n_task_fds = tasks->len,
    };
    return tune_memory_policy(s->def, &spec, err) && undo_push(s->run->undo, "process", s->run->dir, err) &&
           process_spawn(&spec, &s->run->pid, &s->run->pidfd, err) &&
           guest_note_process(s->run->dir, s->run->pid, err);
}

bool start_greet(Start *s, GError **err)
{
    g_autofree char *path = g_build_filename(s->run->dir, "monitor.sock", NULL);
    guint limit_ms = s->driver->config.start_timeout_ms ? s->driver->config.start_timeout_ms : START_TIMEOUT_MS;
    gint64 deadline = g_get_monotonic_time() + limit_ms * G_GINT64_CONSTANT(1000);
    int status;

    for (;;) {
        g_autoptr(GError) why = NULL;
        if ((s->run->qmp = qmp_connect(path, 200, &why)) || g_atomic_int_get(&s->run->cancelled))
            return s->run->qmp;
        if (process_wait(s->run->pidfd, 0, &status)) {
            g_autofree char *killed = group_why_killed(s->run->group, s->def);
            g_autofree char *words = killed ? g_steal_pointer(&killed) : last_words(s->driver, s->def->frame.name, s->log_start);
            g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "QEMU exited at its start: %s", words);
            return false;
        }
        if (g_get_monotonic_time() > deadline) {
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_TIMEOUT, "QEMU does not greet within %u ms (start_timeout): %s", limit_ms, why->message);
            return false;
        }
    }
}

static bool call_all(Qmp *qmp, json_object *calls, GError **err)
{
    for (size_t i = 0; calls && i < json_object_array_length(calls); i++) {
        json_object *call = json_object_array_get_idx(calls, i);
        g_autoptr(QmpReply) reply = qmp_call(qmp, json_object_get_string(json_object_object_get(call, "execute")),
                                             json_object_get(json_object_object_get(call, "arguments")), CALL_TIMEOUT_MS, err);
        if (!reply)
            return false;
    }
    return true;
}

bool start_go(Start *s, GError **err)
{
    g_autoptr(QmpReply) chardevs = qmp_call(s->run->qmp, "query-chardev", NULL, CALL_TIMEOUT_MS, err);
    json_object *passwords = graphics_password_calls(s->def);
    bool ok = chardevs && call_all(s->run->qmp, passwords, err) && interfaces_set_links(s->run->qmp, s->def, err);

    json_object_put(passwords);
    if (!ok)
        return false;
    chardevs_fill_ptys(s->def, chardevs);
    if (s->run->paused_start)
        return true;
    g_autoptr(QmpReply) cont = qmp_call(s->run->qmp, "cont", NULL, CALL_TIMEOUT_MS, err);
    return cont;
}
