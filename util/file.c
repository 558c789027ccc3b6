#include "util/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

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
    g_autofree char *temp = g_strdup_printf("%s.new-XXXXXX", path);
    g_auto(Fd) fd = g_mkstemp_full(temp, O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return qv_error_errno(err, errno, "cannot create a file beside '%s'", path);
    if (!write_new(temp, fd, text, len, mode, err)) {
        unlink(temp);
        return false;
    }
    if (rename(temp, path) < 0) {
        int why = errno;
        unlink(temp);
        return qv_error_errno(err, why, "cannot replace '%s'", path);
    }
    return sync_folder_of(path, err);
}

bool file_remove(const char *path, GError **err)
{
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
