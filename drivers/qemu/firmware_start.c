/* The file of a guest's firmware variables. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/firmware.h"
#include "drivers/qemu/firmware_template.h"

/* Variables larger than this are no firmware's. */
#define MAX_VARIABLES (64 << 20)

/* "OVMF_CODE_4M.secboot.fd" starts from "OVMF_VARS_4M.fd" where nothing says otherwise. */
static char *template_beside(const char *loader)
{
    const char *code = strstr(loader, "CODE"), *dot = code ? strchr(code, '.') : NULL;
    const char *ends[] = { code ? code + 4 : "", NULL };
    g_autofree char *plain = dot ? g_strdup_printf("%.*s%s", (int)(dot - code - 4), code + 4, strrchr(dot, '.')) : NULL;
    ends[1] = plain ? plain : "";
    for (guint i = 0; code && i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strdup_printf("%.*sVARS%s", (int)(code - loader), loader, ends[i]);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static bool write_variables(const char *path, const char *bytes, gsize len, uid_t uid, gid_t gid, GError **err)
{
    g_autofree char *dir = g_path_get_dirname(path), *draft = g_strconcat(path, ".new", NULL);
    if (g_mkdir_with_parents(dir, 0711) < 0)
        return qv_error_errno(err, errno, "cannot make the folder '%s' for firmware variables", dir);
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return qv_error_errno(err, errno, "cannot make the file of firmware variables '%s'", draft);
    bool ok = true;
    for (gsize done = 0; ok && done < len;) {
        gssize n = write(fd, bytes + done, len - done);
        ok = n > 0 || (n < 0 && errno == EINTR);
        done += n > 0 ? (gsize)n : 0;
    }
    ok = ok && (uid == (uid_t)-1 || fchown(fd, uid, gid) == 0) && fsync(fd) == 0;
    int why = errno;
    close(fd);
    if (ok && rename(draft, path) == 0)
        return true;
    why = ok ? errno : why;
    unlink(draft);
    return qv_error_errno(err, why, "cannot write the firmware variables '%s'", path);
}

bool firmware_nvram_prepare(const DomainDef *live, const char *const *dirs, bool reset, uid_t uid, gid_t gid, bool *ret_made,
                            GError **err)
{
    const Os *os = &live->frame.os;
    const char *path = os->nvram.path ? os->nvram.path : os->nvram.source.type == SOURCE_FILE ? os->nvram.source.path : NULL;
    g_autofree char *template = NULL, *bytes = NULL;
    g_autoptr(GError) local = NULL;
    gsize len = 0;
    *ret_made = false;
    if (!firmware_has_variables(live) || !path || (!reset && g_file_test(path, G_FILE_TEST_EXISTS)))
        return true;
    template = g_strdup(os->nvram.template);
    template = template ? template : firmware_template_of(os->loader.path, dirs);
    template = template ? template : template_beside(os->loader.path);
    if (!template) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED,
                    "unable to find any master var store for loader '%s'; name one with <nvram template=>", os->loader.path);
        return false;
    }
    if (!g_file_get_contents(template, &bytes, &len, &local) || len > MAX_VARIABLES) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "cannot use the template of firmware variables '%s': %s", template,
                    local ? local->message : "it is larger than 64 MiB");
        return false;
    }
    *ret_made = write_variables(path, bytes, len, uid, gid, err);
    return *ret_made;
}
