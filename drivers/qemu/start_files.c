/* The files of a start: the guest's folder with its key, its character devices' folders and logs, the status file. */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "conf/disk.h"
#include "drivers/qemu/chardev_start.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/label.h"
#include "drivers/qemu/start.h"
#include "util/file.h"
#include "util/process.h"

static bool disks_exist(const DomainDef *def, GError **err)
{
    EACH_DEVICE(def, DEV_DISK, Disk, disk) {
        const char *path = disk->src.type == SOURCE_FILE || disk->src.type == SOURCE_BLOCK ? disk->src.path : NULL;
        if (path && access(path, F_OK) < 0)
            return qv_error_errno(err, errno, "Cannot access storage file '%s' (disk '%s')", path, disk->dst);
    }
    return true;
}

static bool write_master_key(const char *dir, GError **err)
{
    g_autofree char *path = g_build_filename(dir, "master-key.aes", NULL);
    char key[32];
    /* Not made to last: it dies with the guest. */
    return (getrandom(key, sizeof key, 0) == sizeof key || qv_error_errno(err, errno, "cannot make a key")) &&
           g_file_set_contents_full(path, key, sizeof key, G_FILE_SET_CONTENTS_NONE, 0600, err);
}

bool start_folder(Start *s, GError **err)
{
    const char *dir = s->run->dir;
    return disks_exist(s->def, err) && undo_push(s->run->undo, "folder", dir, err) &&
           (mkdir(dir, 0700) == 0 || errno == EEXIST || qv_error_errno(err, errno, "cannot make '%s'", dir)) &&
           write_master_key(dir, err);
}

bool start_chardevs(Start *s, GError **err)
{
    g_auto(GuestUser) who = { 0 };

    return guest_user(s->driver, s->def, &who, err) && undo_push(s->run->undo, "chardevs", s->run->dir, err) &&
           chardevs_make_folders(s->def, s->driver->config.lib_dir, s->run->dir, who.uid, who.gid, err) &&
           chardevs_open_files(s->def, s->fds, err);
}

/* On a tmpfs that dies with the host: whole or not at all, but not synced. */
bool guest_write_status(const Run *run, const DomainDef *live, GError **err)
{
    g_autofree char *path = guest_status_path(run->driver, live->frame.name), *temporary = g_strconcat(path, ".new", NULL);
    g_autofree char *xml = domain_def_format(live, XM_FORMAT_LIVE | XM_FORMAT_SECRET);
    json_object *o = json_object_new_object();
    json_object_object_add(o, "dir", json_object_new_string(run->dir));
    json_object_object_add(o, "pid", json_object_new_int(run->pid));
    json_object_object_add(o, "started", json_object_new_uint64(process_start_time(run->pid)));
    json_object_object_add(o, "xml", json_object_new_string(xml));
    const char *text = json_object_to_json_string(o);
    bool ok = g_file_set_contents_full(temporary, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, err) &&
              (rename(temporary, path) == 0 || qv_error_errno(err, errno, "cannot write '%s'", path));
    json_object_put(o);
    return ok;
}

bool start_status(Start *s, GError **err)
{
    g_autofree char *path = guest_status_path(s->driver, s->def->frame.name);
    return undo_push(s->run->undo, "status", path, err) && guest_write_status(s->run, s->def, err);
}
