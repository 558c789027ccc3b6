/* What a guest took of the host, given back: the undo of each start step, by kind. Runs on a worker at a guest's end or
 * failed start, and at the daemon's start for what a killed one left. Each knows nothing but a name. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/chardev_start.h"
#include "drivers/qemu/interface_start.h"
#include "drivers/qemu/group.h"
#include "drivers/qemu/start.h"
#include "util/file.h"
#include "util/owner.h"
#include "util/process.h"

char *guest_status_path(const QemuDriver *d, const char *name)
{
    return g_strdup_printf("%s/%s.json", d->status, name);
}

char *guest_journal_path(const QemuDriver *d, const char *name)
{
    return g_strdup_printf("%s/%s.journal", d->status, name);
}

static bool remove_folder(const char *path, gpointer user, GError **err)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (unlink(file) < 0 && errno != ENOENT)
            return qv_error_errno(err, errno, "cannot remove '%s'", file);
    }
    return rmdir(path) == 0 || errno == ENOENT || qv_error_errno(err, errno, "cannot remove '%s'", path);
}

static bool remove_chardev_folders(const char *path, gpointer user, GError **err)
{
    const QemuDriver *d = user;
    chardevs_remove_folders(d->config.lib_dir, path);
    return true;
}

static bool return_file(const char *note, gpointer user, GError **err)
{
    return owner_return(note, err);
}

static bool remove_group(const char *name, gpointer user, GError **err)
{
    return group_remove(user, name, err);
}

static bool remove_status(const char *path, gpointer user, GError **err)
{
    g_autofree char *unfinished = g_strconcat(path, ".new", NULL);
    return file_remove(path, err) && file_remove(unfinished, err);
}

static bool kill_process(int pidfd, const char *dir, GError **err)
{
    int status;

    process_kill(pidfd, SIGKILL);
    if (process_wait(pidfd, 5000, &status))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "its QEMU does not end (folder '%s')", dir);
    return false;
}

bool guest_note_process(const char *dir, pid_t pid, GError **err)
{
    g_autofree char *path = g_build_filename(dir, "process", NULL);
    g_autofree char *text = g_strdup_printf("%d %" G_GUINT64_FORMAT "\n", (int)pid, process_start_time(pid));
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, err);
}

static int open_noted(const char *text)
{
    char *end;
    pid_t pid = (pid_t)strtol(text, &end, 10);
    guint64 start = g_ascii_strtoull(end, NULL, 10);
    int pidfd = pid > 1 ? process_open(pid) : -1;

    if (pidfd >= 0 && process_start_time(pid) != start) {
        close(pidfd);
        return -1;
    }
    return pidfd;
}

/* The daemon was killed between the spawn and its note: QEMU is found by the monitor that it was given. */
static bool kill_unnoted(const char *dir, GError **err)
{
    g_autofree char *mark = g_strconcat(dir, "/monitor.sock", NULL);
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name;
    bool ok = true;

    while (proc && (name = g_dir_read_name(proc))) {
        g_autofree char *path = g_build_filename("/proc", name, "cmdline", NULL), *text = NULL;
        gsize len;
        if (!g_ascii_isdigit(*name) || !g_file_get_contents(path, &text, &len, NULL) ||
            !memmem(text, len, mark, strlen(mark)) || !memmem(text, len, "guest=", 6))
            continue;
        g_auto(Fd) pidfd = process_open(atoi(name));
        g_warning("ending process %s: its start was never finished ('%s')", name, dir);
        if (pidfd >= 0)
            ok = kill_process(pidfd, dir, err) && ok;
    }
    return ok;
}

static bool end_process(const char *dir, gpointer user, GError **err)
{
    g_autofree char *path = g_build_filename(dir, "process", NULL), *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return kill_unnoted(dir, err);
    g_auto(Fd) pidfd = open_noted(text);
    return pidfd < 0 || kill_process(pidfd, dir, err);
}

const UndoKind guest_kinds[] = {
    { "folder", remove_folder },
    { "chardevs", remove_chardev_folders },
    { "owner", return_file },
    { "nic-network", nic_undo_network },
    { "nic-lower", nic_undo_lower },
    { "nic-macvtap", nic_undo_macvtap },
    { "nic-port", nic_undo_port },
    { "nic-ovs", nic_undo_ovs },
    { "nic-script", nic_undo_script },
    { "nic-qdisc", nic_undo_qdisc },
    { "nic-filter", nic_undo_filter },
    { "nic-passt", nic_undo_passt },
    { "cgroup", remove_group },
    { "process", end_process },
    { "status", remove_status },
    { NULL, NULL },
};
