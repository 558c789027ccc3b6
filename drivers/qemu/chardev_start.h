/* What character devices need when a guest starts, runs and ends.
 *
 *   chardevs_prepare(def, lib, dir)         paths of sockets nobody named (also for a dry run)
 *   chardevs_make_folders(def, lib, dir...) undo: chardevs_remove_folders
 *   chardevs_open_files(def, fds)           log files and <serial type='file'>, as descriptors for QEMU
 *   chardevs_fill_ptys(def, reply)          after the start: /dev/pts/N out of query-chardev
 * On the domain's worker; files and folders are touched only where it says so. */
#ifndef QV_QEMU_CHARDEV_START_H
#define QV_QEMU_CHARDEV_START_H
#include <json-c/json.h>
#include <sys/types.h>
#include "conf/chardev.h"
#include "conf/domain.h"

/* Names the sockets of virtio channels of type unix without a path:
 * LIB/qemu/channel/target/domain-ID-NAME/CHANNEL; @domain_dir's last part is domain-ID-NAME. */
void chardevs_prepare(DomainDef *def, const char *lib_dir, const char *domain_dir);
/* Makes the folder of those sockets, owned by QEMU's user ((uid_t)-1: left as it is). */
bool chardevs_make_folders(const DomainDef *def, const char *lib_dir, const char *domain_dir, uid_t uid, gid_t gid,
                           GError **err);
/* Removes it with what is left in it; nothing there is success. */
void chardevs_remove_folders(const char *lib_dir, const char *domain_dir);
/* Opens <log file> and the files of type 'file' (made when missing, 0600, truncated unless append),
 * and puts them into @fds (char * -> GArray of int) where build_chardev looks for them. */
bool chardevs_open_files(const DomainDef *def, GHashTable *fds, GError **err);
/* @reply: the array that query-chardev returned. Fills in paths of pseudo terminals, the twin
 * console and its tty, and the state of virtio channels. */
void chardevs_fill_ptys(DomainDef *def, json_object *reply);
/* VSERPORT_CHANGE of the device @alias. Whether a channel's state changed. */
bool chardevs_port_changed(DomainDef *def, const char *alias, bool open);
/* The device that virDomainOpenConsole (@channel: OpenChannel) means by @name: an alias, a channel's
 * name, or NULL for the first. NULL with an error when there is none. */
const Chardev *chardev_find(const DomainDef *def, const char *name, bool channel, GError **err);
/* The host's end of a running guest's device, for a console or channel stream: its pseudo terminal
 * in raw mode, or a new connection to its socket; non-blocking. -1 with an error when it has no such
 * end. Gives. */
int chardev_open(const Chardev *c, GError **err);
#endif
