/* -tpmdev and the TPM's device. */
#include "config.h"
#include <fcntl.h>
#include "conf/tpm.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"

#define CHARDEV "chrtpm"

/* Descriptors of a TPM of the host: it and its "cancel" file. */
static bool add_passed(QemuBuild *b, Tpm *t, guint i, json_object *p)
{
    static const struct { const char *what, *name; } files[] = { { "tpm", "path" }, { "cancel", "cancel-path" } };
    const GArray *fds = b->fds && t->info.alias ? g_hash_table_lookup(b->fds, t->info.alias) : NULL;
    if (!fds || fds->len < G_N_ELEMENTS(files))
        return false;
    for (guint f = 0; f < G_N_ELEMENTS(files); f++) {
        int fd = fcntl(g_array_index(fds, int, f), F_DUPFD_CLOEXEC, 3);
        json_object *set = json_object_new_object();
        props_u64(set, "set", (guint64)fd);
        props_u64(set, "fd", (guint64)fd);
        props_strf(set, "opaque", "%s-%s", t->info.alias, files[f].what);
        qemu_command_opts(b->cmd, "-add-fd", set, build_reason(DEV_TPM, i, t));
        qemu_command_pass_fd(b->cmd, fd);
        props_strf(p, files[f].name, "/dev/fdset/%d", fd);
    }
    return true;
}

static void add_passthrough(QemuBuild *b, Tpm *t, guint i, json_object *p)
{
    /* Without descriptors (nothing is started) only the names can be shown. */
    if (!add_passed(b, t, i, p))
        props_str(p, "path", t->device);
}

static void build_emulator_chardev(QemuBuild *b, Tpm *t, guint i)
{
    json_object *p = json_object_new_object();
    const char *path = t->backend == TPM_EXTERNAL ? t->src.path : t->socket;
    props_str(p, "", path ? "socket" : "null");
    props_str(p, "id", CHARDEV);
    props_str(p, "path", path);
    qemu_command_opts(b->cmd, "-chardev", p, build_reason(DEV_TPM, i, t));
}

static char *build_tpmdev(QemuBuild *b, Tpm *t, guint i)
{
    char *id = g_strconcat("tpm-", t->info.alias, NULL);
    bool passthrough = t->backend == TPM_PASSTHROUGH;
    if (!passthrough)
        build_emulator_chardev(b, t, i);
    json_object *p = json_object_new_object();
    props_str(p, "", passthrough ? "passthrough" : "emulator");
    props_str(p, "id", id);
    if (passthrough)
        add_passthrough(b, t, i, p);
    else
        props_str(p, "chardev", CHARDEV);
    qemu_command_opts(b->cmd, "-tpmdev", p, build_reason(DEV_TPM, i, t));
    return id;
}

bool build_tpm(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_TPM, Tpm, t) {
        if (!b->dry && t->backend == TPM_EMULATOR && !t->socket) {
            g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "tpm '%s': its emulator was not started", t->info.alias);
            return false;
        }
        g_autofree char *id = build_tpmdev(b, t, t_i);
        const char *driver = xm_enum_name(&tpm_model, t->model);
        if (t->model == TPM_TIS && !qemu_caps_has_type(b->caps, "tpm-tis"))
            driver = "tpm-tis-device";
        json_object *p = props_new(driver, NULL);
        props_str(p, "tpmdev", id);
        props_str(p, "id", t->info.alias);
        if (!build_device(b, p, &t->info, build_reason(DEV_TPM, t_i, t), err))
            return false;
    }
    return true;
}
