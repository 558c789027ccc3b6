#define G_LOG_DOMAIN "file"
#include "util/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "util/fault.h"

#define NEW_SUFFIX ".new-"          /* of a file that is being written, before six random letters */

bool file_write_all(int fd, const char *text, gsize len, GError **err)
{
    while (len) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return qv_error_errno(err, errno, "cannot write");
        text += n;
        len -= (gsize)n;
    }
    return true;
}

/* The name of an entry lasts only when its folder is on the disk too. */
static bool sync_folder_of(const char *path, GError **err)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(Fd) fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return qv_error_errno(err, errno, "cannot open folder '%s'", folder);
    /* Some file systems have nothing to sync for a folder and say so. */
    if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
        return qv_error_errno(err, errno, "cannot sync folder '%s'", folder);
    return true;
}

static bool write_new(const char *temp, int fd, const char *text, gsize len, mode_t mode, GError **err)
{
    if (fchmod(fd, mode) < 0)
        return qv_error_errno(err, errno, "cannot set the mode of '%s'", temp);
    if (!file_write_all(fd, text, len, err)) {
        g_prefix_error(err, "'%s': ", temp);
        return false;
    }
    if (fsync(fd) < 0)
        return qv_error_errno(err, errno, "cannot sync '%s'", temp);
    return true;
}

bool file_replace(const char *path, const char *text, gsize len, mode_t mode, GError **err)
{
    g_autofree char *temp = g_strconcat(path, NEW_SUFFIX "XXXXXX", NULL);
    g_auto(Fd) fd = g_mkstemp_full(temp, O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return qv_error_errno(err, errno, "cannot create a file beside '%s'", path);
    if (!fault_point("file-write", err) || !write_new(temp, fd, text, len, mode, err) || !fault_point("file-rename", err)) {
        unlink(temp);
        return false;
    }
    if (rename(temp, path) < 0) {
        int why = errno;
        unlink(temp);
        return qv_error_errno(err, why, "cannot replace '%s'", path);
    }
    return fault_point("file-sync", err) && sync_folder_of(path, err);
}

bool file_link(const char *target, const char *path, GError **err)
{
    if (!fault_point("file-link", err))
        return false;
    if (symlink(target, path) < 0 && errno != EEXIST)
        return qv_error_errno(err, errno, "cannot make the link '%s'", path);
    return sync_folder_of(path, err);
}

bool file_move(const char *from, const char *to, GError **err)
{
    if (!fault_point("file-move", err))
        return false;
    if (rename(from, to) < 0)
        return qv_error_errno(err, errno, "cannot move '%s' to '%s'", from, to);
    return sync_folder_of(to, err);
}

void file_remove_leftovers(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        const char *end = g_strrstr(name, NEW_SUFFIX);
        if (!end || strlen(end) != strlen(NEW_SUFFIX "XXXXXX"))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_message("removing '%s', which was never finished", path);
        unlink(path);
    }
}

bool file_remove(const char *path, GError **err)
{
    if (!fault_point("file-remove", err))
        return false;
    if (unlink(path) == 0)
        return sync_folder_of(path, err);
    return errno == ENOENT || qv_error_errno(err, errno, "cannot remove '%s'", path);
}

bool file_mkdir_p(const char *path, mode_t mode, GError **err)
{
    if (g_mkdir_with_parents(path, (int)mode) < 0)
        return qv_error_errno(err, errno, "cannot create folder '%s'", path);
    return true;
}
