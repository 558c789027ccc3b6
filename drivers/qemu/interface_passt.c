/* passt: the user's own network for one card, in a process beside QEMU, with ports of the host forwarded to the guest.
 *
 * It listens on a socket in a folder of its own, takes one connection, QEMU's, and ends with it. It never runs as root:
 * as QEMU's user, or where QEMU is root, as nobody. One that QEMU never came to is ended by its pid file. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "drivers/qemu/interface_start.h"
#include "drivers/qemu/label.h"
#include "util/file.h"
#include "util/process.h"

char *passt_folder(const char *run_dir, const char *domain_dir, const Interface *nic)
{
    g_autofree char *guest = g_path_get_basename(domain_dir ? domain_dir : "");
    return g_strdup_printf("%s/passt/%s-%s", run_dir ? run_dir : "", guest, nic->info.alias);
}

/* --- its command line */

static void add(GPtrArray *argv, const char *option, char *value)
{
    if (value) {
        g_ptr_array_add(argv, g_strdup(option));
        g_ptr_array_add(argv, value);
    }
}

/* "ADDRESS%DEV/START-END:TO-TOEND,~EXCLUDED" */
static char *forward_text(const PortForward *f)
{
    GString *text = g_string_new(f->address);
    if (f->dev)
        g_string_append_printf(text, "%%%s", f->dev);
    if (text->len)
        g_string_append_c(text, '/');
    if (!f->ranges || !f->ranges->len)
        g_string_append(text, "all");
    for (guint i = 0; f->ranges && i < f->ranges->len; i++) {
        const ForwardRange *r = g_ptr_array_index(f->ranges, i);
        g_string_append_printf(text, "%s%s%u", i ? "," : "", r->exclude == TRI_YES ? "~" : "", r->start.v);
        if (r->end.set)
            g_string_append_printf(text, "-%u", r->end.v);
        if (r->to.set)
            g_string_append_printf(text, ":%u", r->to.v);
        if (r->to.set && r->end.set)
            g_string_append_printf(text, "-%u", r->to.v + r->end.v - r->start.v);
    }
    return g_string_free(text, FALSE);
}

static void add_addresses(GPtrArray *argv, const Interface *nic)
{
    for (guint i = 0; nic->ips && i < nic->ips->len; i++) {
        const InterfaceIp *ip = g_ptr_array_index(nic->ips, i);
        add(argv, "--address", g_strdup(ip->address));
        if (ip->prefix.set && ip->prefix.v && !strchr(ip->address, ':'))
            add(argv, "--netmask", g_strdup_printf("%u", ip->prefix.v));
    }
}

static GPtrArray *command(const Interface *nic, const char *program, const char *folder, uid_t uid, gid_t gid)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(program));
    g_ptr_array_add(argv, g_strdup("--one-off"));
    add(argv, "--socket", g_strdup_printf("%s/socket", folder));
    add(argv, "--pid", g_strdup_printf("%s/pid", folder));
    add(argv, "--runas", geteuid() == 0 ? g_strdup_printf("%u:%u", uid, gid) : NULL);
    add(argv, "--log-file", g_strdup(nic->backend.log_file));
    add(argv, "--interface", g_strdup(nic->source.dev));
    add_addresses(argv, nic);
    for (guint i = 0; nic->forwards && i < nic->forwards->len; i++) {
        const PortForward *f = g_ptr_array_index(nic->forwards, i);
        add(argv, f->proto == 1 ? "--tcp-ports" : "--udp-ports", forward_text(f));
    }
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* --- its life */

/* passt's own, with a way in for QEMU's group. */
static bool make_folder(const char *folder, uid_t uid, gid_t qemu_gid, GError **err)
{
    g_autofree char *parent = g_path_get_dirname(folder);
    if (!file_mkdir_p(parent, 0711, err))
        return false;
    return ((mkdir(folder, 0710) == 0 || errno == EEXIST) && (geteuid() != 0 || chown(folder, uid, qemu_gid) == 0)) ||
           qv_error_errno(err, errno, "cannot make '%s'", folder);
}

/* QEMU as root has no capabilities: nobody's socket would be closed to it. */
static bool give_socket(const char *folder, const GuestUser *qemu, GError **err)
{
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    return geteuid() != 0 || chown(path, qemu->uid, qemu->gid) == 0 || qv_error_errno(err, errno, "cannot give '%s' to QEMU's user", path);
}

bool passt_start(const NicHost *host, const Interface *nic, GError **err)
{
    g_autofree char *program = g_find_program_in_path("passt");
    g_autofree char *folder = passt_folder(host->driver->config.run_dir, host->dir, nic);
    g_autofree char *record = g_strjoin("\t", nic->info.alias, folder, NULL);
    g_auto(GuestUser) who = { 0 };
    uid_t uid;
    gid_t gid;

    if (!program) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<backend type='passt'> needs the program passt, which is not there; install it, or "
                    "remove <backend>");
        return false;
    }
    if (!guest_user(host->driver, host->def, &who, err))
        return false;
    uid = who.uid;
    gid = who.gid;
    if (uid == 0 && !process_find_user("nobody", NULL, &uid, &gid, err))
        return false;
    g_autoptr(GPtrArray) argv = command(nic, program, folder, uid, gid);
    /* It goes into the background when it listens. */
    return undo_push(host->undo, "nic-passt", record, err) && make_folder(folder, uid, who.gid, err) &&
           run_program((const char *const *)argv->pdata, err) && give_socket(folder, &who, err);
}

/* Its pid, if that is still the process of this folder; else 0. */
static pid_t pid_in(const char *folder)
{
    g_autofree char *path = g_strdup_printf("%s/pid", folder), *text = NULL, *line = NULL;
    gsize len;
    if (!g_file_get_contents(path, &text, NULL, NULL) || atoi(text) < 2)
        return 0;
    g_autofree char *proc = g_strdup_printf("/proc/%d/cmdline", atoi(text));
    return g_file_get_contents(proc, &line, &len, NULL) && memmem(line, len, folder, strlen(folder)) ? atoi(text) : 0;
}

bool nic_undo_passt(const char *record, gpointer user, GError **err)
{
    static const char *const files[] = { "socket", "pid" };
    const char *tab = strchr(record, '\t'), *folder = tab ? tab + 1 : NULL;
    if (!folder)
        return true;
    pid_t pid = pid_in(folder);
    g_auto(Fd) pidfd = pid ? process_open(pid) : -1;
    int status;
    if (pidfd >= 0 && pid_in(folder) == pid && process_kill(pidfd, SIGTERM) && !process_wait(pidfd, 2000, &status))
        process_kill(pidfd, SIGKILL);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        if (unlink(path) < 0 && errno != ENOENT)
            return qv_error_errno(err, errno, "cannot remove '%s'", path);
    }
    return rmdir(folder) == 0 || errno == ENOENT || qv_error_errno(err, errno, "cannot remove '%s'", folder);
}
