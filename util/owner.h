/* Lending files to QEMU's user: a file's owner is changed while somebody needs it, and is what it was afterwards.
 *
 * Who borrows a file (holders) and whose it is are remembered in an extended attribute of the file, "trusted.qvirt.owner",
 * so that two guests, two daemons and a host that went down in between agree about it. Holders of an earlier boot count
 * no more. Where the file system has no such attributes, one holder at a time is remembered by its journal alone.
 * Blocks for file I/O: workers only. */
#ifndef QV_UTIL_OWNER_H
#define QV_UTIL_OWNER_H
#include <sys/types.h>
#include "util/error.h"

/* Whether @uid with @gid may open @path (for writing too) by its owner and mode. */
bool owner_may_open(const char *path, uid_t uid, gid_t gid, bool write);
/* The line to remember before owner_lend: "UID:GID HOLDER\tPATH" as the file is now. NULL with an error. Gives. */
char *owner_note(const char *path, const char *holder, GError **err);
/* Gives the file to @uid:@gid for @holder (any text without tab or newline). */
bool owner_lend(const char *path, const char *holder, uid_t uid, gid_t gid, GError **err);
/* Takes it back for what owner_note said; when nobody else holds it, its owner is as before. Success when the file is
 * gone or was never lent. */
bool owner_return(const char *note, GError **err);
#endif
