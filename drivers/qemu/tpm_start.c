#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/each.h"
#include "drivers/qemu/tpm_start.h"

static char *short_name(const TpmStart *s)
{
    g_autofree char *base = g_path_get_basename(s->domain_dir ? s->domain_dir : "");
    return g_strdup(g_str_has_prefix(base, "domain-") ? base + strlen("domain-") : base);
}

static char *runtime_file(const TpmStart *s, const char *suffix)
{
    g_autofree char *name = short_name(s);
    return g_strdup_printf("%s/qemu/swtpm/%s-swtpm.%s", s->run_dir, name, suffix);
}

static bool make_folder(const char *dir, const TpmStart *s, bool owned, GError **err)
{
    if (g_mkdir_with_parents(dir, owned ? 0700 : 0711) < 0)
        return qv_error_errno(err, errno, "cannot make the folder '%s' for a TPM", dir);
    if (owned && s->uid != (uid_t)-1 && lchown(dir, s->uid, s->gid) < 0)
        return qv_error_errno(err, errno, "cannot give the folder '%s' to user %u", dir, (guint)s->uid);
    return true;
}

/* Runs a command to its end; its last words go into the error, and where it writes the others. */
static bool run(GPtrArray *argv, const char *what, const char *log, GError **err)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) local = NULL;
    int status = 0;
    g_ptr_array_add(argv, NULL);
    GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL;
    bool ok = g_spawn_sync(NULL, (char **)argv->pdata, NULL, flags, NULL, NULL, NULL, &text, &status, &local) &&
              g_spawn_check_wait_status(status, &local);
    if (!ok)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "%s failed: %s%s%s; more is in '%s'", what, local->message,
                    text && *text ? ": " : "", text ? g_strstrip(text) : "", log);
    return ok;
}

static void add(GPtrArray *argv, const char *option, char *value)
{
    g_ptr_array_add(argv, g_strdup(option));
    if (value)
        g_ptr_array_add(argv, value);
}

static void add_user(GPtrArray *argv, const TpmStart *s)
{
    if (s->uid != (uid_t)-1 && s->uid != geteuid())
        add(argv, "--runas", g_strdup_printf("%u", (guint)s->uid));
}

/* --- state */

static char *pcr_banks(const Tpm *t)
{
    GString *out = g_string_new(NULL);
    const struct { bool on; const char *name; } banks[] = {
        { t->sha1, "sha1" }, { t->sha256, "sha256" }, { t->sha384, "sha384" }, { t->sha512, "sha512" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(banks); i++)
        if (banks[i].on)
            g_string_append_printf(out, "%s%s", out->len ? "," : "", banks[i].name);
    return g_string_free(out, out->len == 0);
}

/* A TPM is manufactured once: keys and certificates are made when there is no state yet. */
static bool setup_state(const DomainDef *def, const Tpm *t, const TpmStart *s, const char *dir, const char *log,
                        GError **err)
{
    g_autofree char *tool = g_find_program_in_path("swtpm_setup");
    g_autofree char *banks = pcr_banks(t);
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    if (!tool) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "an emulated TPM needs swtpm_setup; install swtpm-tools");
        return false;
    }
    add(argv, tool, NULL);
    if (t->version == TPM_2_0)
        add(argv, "--tpm2", NULL);
    add(argv, "--tpm-state", g_strdup(dir));
    add(argv, "--vmid", g_strdup_printf("%s:%s", def->frame.name, def->frame.uuid));
    add(argv, "--logfile", g_strdup(log));
    add(argv, "--createek", NULL);
    add(argv, "--create-ek-cert", NULL);
    add(argv, "--create-platform-cert", NULL);
    add(argv, "--lock-nvram", NULL);
    add(argv, "--not-overwrite", NULL);
    if (banks)
        add(argv, "--pcr-banks", g_strdup(banks));
    add_user(argv, s);
    return run(argv, "swtpm_setup", log, err);
}

/* --- process */

static bool start_process(const Tpm *t, const TpmStart *s, const char *dir, const char *log, const char *socket, GError **err)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    add(argv, "swtpm", g_strdup("socket"));
    add(argv, "--ctrl", g_strdup_printf("type=unixio,path=%s,mode=0600", socket));
    add(argv, "--tpmstate", g_strdup_printf("dir=%s,mode=0600", dir));
    add(argv, "--log", g_strdup_printf("file=%s", log));
    g_autofree char *pid_file = runtime_file(s, "pid");
    add(argv, "--pid", g_strdup_printf("file=%s", pid_file));
    add(argv, "--terminate", NULL);
    add(argv, "--daemon", NULL);
    if (t->version == TPM_2_0)
        add(argv, "--tpm2", NULL);
    add_user(argv, s);
    return run(argv, "swtpm", log, err);
}

static bool start_emulator(const DomainDef *def, Tpm *t, const TpmStart *s, GError **err)
{
    g_autofree char *state = g_strdup_printf("%s/swtpm/%s/%s", s->lib_dir, def->frame.uuid, t->version == TPM_2_0 ? "tpm2" : "tpm1.2");
    g_autofree char *base = g_path_get_dirname(state);
    g_autofree char *socket = runtime_file(s, "sock");
    g_autofree char *run_dir = g_path_get_dirname(socket);
    g_autofree char *log_dir = g_strdup_printf("%s/swtpm/qemu", s->log_dir);
    g_autofree char *name = short_name(s);
    g_autofree char *log = g_strdup_printf("%s/%s-swtpm.log", log_dir, name);
    if (t->encryption) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "tpm: <encryption> of an emulated TPM's state is not there yet; drop it");
        return false;
    }
    if (strchr(socket, ',') || strchr(state, ',') || strchr(log, ',')) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "tpm: swtpm cannot work with a comma in the path '%s'", socket);
        return false;
    }
    if (!make_folder(base, s, false, err) || !make_folder(state, s, true, err) || !make_folder(run_dir, s, true, err) ||
        !make_folder(log_dir, s, true, err))
        return false;
    tpm_stop(s);
    if (!setup_state(def, t, s, state, log, err) || !start_process(t, s, state, log, socket, err))
        return false;
    g_free(t->socket);
    t->socket = g_steal_pointer(&socket);
    return true;
}

void tpm_stop(const TpmStart *s)
{
    g_autofree char *pid_file = runtime_file(s, "pid"), *socket = runtime_file(s, "sock"), *text = NULL, *comm = NULL;
    if (g_file_get_contents(pid_file, &text, NULL, NULL)) {
        long pid = strtol(text, NULL, 10);
        g_autofree char *path = g_strdup_printf("/proc/%ld/comm", pid);
        /* The number may be somebody else's by now. */
        if (pid > 1 && g_file_get_contents(path, &comm, NULL, NULL) && g_str_has_prefix(comm, "swtpm"))
            kill((pid_t)pid, SIGTERM);
    }
    g_unlink(pid_file);
    g_unlink(socket);
}

static bool remove_files(const char *dir, GError **err)
{
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    const char *name;
    while (open && (name = g_dir_read_name(open))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_unlink(path);
    }
    return g_rmdir(dir) == 0 || errno == ENOENT || qv_error_errno(err, errno, "cannot remove the TPM's state '%s'", dir);
}

bool tpm_remove_state(const char *lib_dir, const char *uuid, GError **err)
{
    g_autofree char *base = g_strdup_printf("%s/swtpm/%s", lib_dir, uuid);
    g_autofree char *tpm2 = g_build_filename(base, "tpm2", NULL), *tpm12 = g_build_filename(base, "tpm1.2", NULL);
    return remove_files(tpm2, err) && remove_files(tpm12, err) && remove_files(base, err);
}

/* --- a TPM of the host */

/* "cancel" aborts a command that the TPM is busy with: /sys/class/tpm/tpm0/device/cancel, or ../cancel of old. */
static int open_cancel(const char *device)
{
    static const char *const places[] = { "/sys/class/tpm/%s/device/cancel", "/sys/class/misc/%s/device/cancel" };
    g_autofree char *name = g_path_get_basename(device);
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_auto(GStrv) parts = g_strsplit(places[i], "%s", 2);
        g_autofree char *path = g_strconcat(parts[0], name, parts[1], NULL);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd >= 0)
            return fd;
    }
    return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static bool open_device(const Tpm *t, GHashTable *fds, GError **err)
{
    int device = open(t->device, O_RDWR | O_CLOEXEC);
    if (device < 0)
        return qv_error_errno(err, errno, "cannot open the TPM '%s'", t->device);
    int cancel = open_cancel(t->device);
    GArray *both = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_val(both, device);
    g_array_append_val(both, cancel);
    g_hash_table_replace(fds, g_strdup(t->info.alias), both);
    return true;
}

bool tpm_start(DomainDef *def, const TpmStart *start, GHashTable *fds, GError **err)
{
    EACH_DEVICE(def, DEV_TPM, Tpm, t) {
        if (t->backend == TPM_EMULATOR && !start_emulator(def, t, start, err))
            return false;
        if (t->backend == TPM_PASSTHROUGH && !open_device(t, fds, err))
            return false;
    }
    return true;
}
