#include "util/owner.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "util/file.h"

#define ATTRIBUTE "trusted.qvirt.owner"

/* The attribute: boot id, "UID:GID", holders; a line each. */
typedef struct {
    bool had;                /* the file has the attribute */
    uid_t uid;
    gid_t gid;
    GPtrArray *holders;
} Loan;

static void loan_clear(Loan *loan)
{
    g_clear_pointer(&loan->holders, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loan, loan_clear)

static char *boot_id(void)
{
    char *text = NULL;

    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
        return g_strdup("unknown");
    return g_strstrip(text);
}

static gboolean same_holder(gconstpointer a, gconstpointer b)
{
    return !strcmp(a, b);
}

static bool find_holder(const Loan *loan, const char *holder, guint *ret_at)
{
    return g_ptr_array_find_with_equal_func(loan->holders, holder, same_holder, ret_at);
}

static void loan_read(int fd, const struct stat *st, Loan *loan)
{
    char text[65536];
    ssize_t len = fgetxattr(fd, ATTRIBUTE, text, sizeof text - 1);

    *loan = (Loan){ .had = len >= 0, .uid = st->st_uid, .gid = st->st_gid, .holders = g_ptr_array_new_with_free_func(g_free) };
    if (len < 0)
        return;
    text[len] = 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *boot = boot_id();
    if (g_strv_length(lines) < 2 || sscanf(lines[1], "%u:%u", &loan->uid, &loan->gid) != 2)
        return;
    for (guint i = 2; !strcmp(lines[0], boot) && lines[i]; i++)
        if (*lines[i])
            g_ptr_array_add(loan->holders, g_strdup(lines[i]));
}

static bool loan_write(int fd, const Loan *loan)
{
    g_autofree char *boot = boot_id();
    g_autoptr(GString) text = g_string_new(boot);

    g_string_append_printf(text, "\n%u:%u\n", loan->uid, loan->gid);
    for (guint i = 0; i < loan->holders->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)loan->holders->pdata[i]);
    return fsetxattr(fd, ATTRIBUTE, text->str, text->len, 0) == 0;
}

/* flock, not a lock of ranges: those are QEMU's. */
static int open_locked(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX) == 0 && fstat(fd, st) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

bool owner_may_open(const char *path, uid_t uid, gid_t gid, bool write)
{
    struct stat st;
    mode_t need = write ? 6 : 4;

    if (stat(path, &st) < 0)
        return false;
    guint shift = st.st_uid == uid ? 6 : st.st_gid == gid ? 3 : 0;
    return ((st.st_mode >> shift) & need) == need;
}

char *owner_note(const char *path, const char *holder, GError **err)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        qv_error_errno(err, errno, "cannot see whose '%s' is", path);
        return NULL;
    }
    return g_strdup_printf("%u:%u %s\t%s", st.st_uid, st.st_gid, holder, path);
}

bool owner_lend(const char *path, const char *holder, uid_t uid, gid_t gid, GError **err)
{
    struct stat st;
    g_auto(Fd) fd = open_locked(path, &st);
    g_auto(Loan) loan = { 0 };

    if (fd < 0)
        return qv_error_errno(err, errno, "cannot open '%s' to give it to QEMU's user", path);
    loan_read(fd, &st, &loan);
    if (!find_holder(&loan, holder, NULL))
        g_ptr_array_add(loan.holders, g_strdup(holder));
    if (!loan_write(fd, &loan) && errno != ENOTSUP && errno != EPERM)
        return qv_error_errno(err, errno, "cannot remember whose '%s' is", path);
    return fchown(fd, uid, gid) == 0 || qv_error_errno(err, errno, "cannot give '%s' to user %u, group %u", path, uid, gid);
}

static bool take_back(int fd, const char *path, Loan *loan, const char *holder, GError **err)
{
    guint at;

    if (loan->had) {
        if (find_holder(loan, holder, &at))
            g_ptr_array_remove_index(loan->holders, at);
        if (loan->holders->len)
            return loan_write(fd, loan) || qv_error_errno(err, errno, "cannot forget a user of '%s'", path);
    }
    if (fchown(fd, loan->uid, loan->gid) < 0)
        return qv_error_errno(err, errno, "cannot give '%s' back to user %u, group %u", path, loan->uid, loan->gid);
    return !loan->had || fremovexattr(fd, ATTRIBUTE) == 0 || errno == ENODATA ||
           qv_error_errno(err, errno, "cannot clear '%s' of '%s'", ATTRIBUTE, path);
}

bool owner_return(const char *note, GError **err)
{
    const char *blank = strchr(note, ' '), *tab = blank ? strchr(blank, '\t') : NULL;
    struct stat st;
    uid_t uid;
    gid_t gid;

    if (!tab || sscanf(note, "%u:%u ", &uid, &gid) != 2) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "'%s' does not say whose a file was", note);
        return false;
    }
    g_autofree char *holder = g_strndup(blank + 1, (gsize)(tab - blank - 1));
    g_auto(Fd) fd = open_locked(tab + 1, &st);
    g_auto(Loan) loan = { 0 };
    if (fd < 0)
        return errno == ENOENT || qv_error_errno(err, errno, "cannot open '%s' to give it back", tab + 1);
    loan_read(fd, &st, &loan);
    if (!loan.had) {
        loan.uid = uid;
        loan.gid = gid;
    }
    return take_back(fd, tab + 1, &loan, holder, err);
}
