/* Files and descriptors: closing by scope, folders, and replacement that a crash cannot tear.
 *   g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC);
 * These wait for the disk: never on the I/O thread. Any other thread. */
#ifndef QV_UTIL_FILE_H
#define QV_UTIL_FILE_H
#include <sys/types.h>
#include <unistd.h>
#include "util/error.h"

typedef int Fd;
static inline void fd_clear(Fd *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fd, fd_clear)

/* Replaces @path by @len bytes with @mode: a reader, also after a power cut, finds the old text or
 * the new one. @path's folder must exist. */
bool file_replace(const char *path, const char *text, gsize len, mode_t mode, GError **err);
/* Removes what a file_replace that never came to its end left in @folder. */
void file_remove_leftovers(const char *folder);
/* A symbolic link at @path (which may exist already), and a new name in one folder; both made to last. */
bool file_link(const char *target, const char *path, GError **err);
bool file_move(const char *from, const char *to, GError **err);
/* Removes @path and makes that last; one that is not there is no error. */
bool file_remove(const char *path, GError **err);
/* Creates @path and its parents with @mode; what exists is left as it is. */
bool file_mkdir_p(const char *path, mode_t mode, GError **err);
/* Writes everything, whatever signals and short writes do. */
bool file_write_all(int fd, const char *text, gsize len, GError **err);
#endif
