/* Making and removing the files of a pool. qemu-img makes qcow2 images. */
#include "config.h"
#include "drivers/storage/job.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "util/file.h"

enum { FILE_MODE = 0600 };

static bool check_create(StorageJob *job, GError **err)
{
    if (!storage_pool_check_active(job->pool, err) ||
        !(job->vol = xm_parse(&storage_vol_elem, job->text, strlen(job->text), NULL, 0, err)))
        return false;
    StorageVolDef *vol = job->vol;
    if (storage_vol_by_name(job->pool, vol->name, NULL)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "storage vol '%s' already exists in pool '%s'", vol->name, job->pool->def->name);
        return false;
    }
    if (!vol->format)
        vol->format = g_strdup("raw");
    if (!g_str_equal(vol->format, "raw") && !g_str_equal(vol->format, "qcow2")) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "volume '%s': format '%s' cannot be made here; raw and qcow2 can", vol->name,
                    vol->format);
        return false;
    }
    if (vol->backing_path && !g_str_equal(vol->format, "qcow2")) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "volume '%s': a <backingStore> needs format 'qcow2'", vol->name);
        return false;
    }
    job->def = xm_copy(&storage_pool_elem, job->pool->def);
    return true;
}

static bool make_raw(int fd, const StorageVolDef *vol, GError **err)
{
    guint64 taken = MIN(vol->allocation, vol->capacity);
    if (ftruncate(fd, (off_t)vol->capacity) != 0)
        return qv_error_errno(err, errno, "cannot make a file of %" G_GUINT64_FORMAT " bytes", vol->capacity);
    int failed = taken ? posix_fallocate(fd, 0, (off_t)taken) : 0;
    return !failed || qv_error_errno(err, failed, "cannot take %" G_GUINT64_FORMAT " bytes of the disk", taken);
}

static bool make_qcow2(const char *path, const StorageVolDef *vol, bool metadata, GError **err)
{
    g_autofree char *size = vol->capacity ? g_strdup_printf("%" G_GUINT64_FORMAT, vol->capacity) : NULL;
    g_autofree char *words = NULL;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) why = NULL;
    int status;
    const char *const begin[] = { "qemu-img", "create", "-q", "-f", "qcow2" };
    for (guint i = 0; i < G_N_ELEMENTS(begin); i++)
        g_ptr_array_add(argv, (gpointer)begin[i]);
    if (metadata && !vol->backing_path) {
        g_ptr_array_add(argv, (gpointer)"-o");
        g_ptr_array_add(argv, (gpointer)"preallocation=metadata");
    }
    if (vol->backing_path) {
        const char *const backing[] = { "-b", vol->backing_path, "-F", vol->backing_format ? vol->backing_format : "raw" };
        for (guint i = 0; i < G_N_ELEMENTS(backing); i++)
            g_ptr_array_add(argv, (gpointer)backing[i]);
    }
    g_ptr_array_add(argv, (gpointer)path);               /* absolute: never an option */
    if (size)
        g_ptr_array_add(argv, size);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &words, &status, &why)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "cannot run qemu-img: %s; install qemu-utils", why->message);
        return false;
    }
    if (g_spawn_check_wait_status(status, NULL))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "qemu-img: %s", g_strchomp(words));
    return false;
}

static bool set_permissions(int fd, const StoragePermissions *p, GError **err)
{
    uid_t uid = p->owner.set ? (uid_t)p->owner.v : (uid_t)-1;
    gid_t gid = p->group.set ? (gid_t)p->group.v : (gid_t)-1;
    guint mode = storage_permissions_mode(p, FILE_MODE);
    if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) != 0)
        return qv_error_errno(err, errno, "cannot give it to %d:%d", (int)uid, (int)gid);
    return fchmod(fd, mode) == 0 || qv_error_errno(err, errno, "cannot give it the mode %o", mode);
}

/* A name that is there is never overwritten: the file is made exclusively, and filled then. */
static bool work_create(StorageJob *job, GError **err)
{
    g_autofree char *path = g_build_filename(job->def->path, job->vol->name, NULL);
    g_auto(Fd) fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return qv_error_errno(err, errno, "cannot create the volume '%s'", path);
    bool raw = g_str_equal(job->vol->format, "raw");
    if ((raw ? make_raw(fd, job->vol, err) : make_qcow2(path, job->vol, job->metadata, err)) && set_permissions(fd, &job->vol->permissions, err)) {
        StorageVolDef *found = scan_file(job->def->path, job->vol->name, err);
        if (found) {
            storage_vol_def_free(job->vol);
            job->vol = found;
            return true;
        }
        if (err && !*err)
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "'%s' went away while it was made", path);
    }
    g_prefix_error(err, "cannot create the volume '%s': ", path);
    unlink(path);
    return false;
}

static void finish_create(StorageJob *job)
{
    g_info("volume '%s' created in storage pool '%s'", job->vol->name, job->pool->def->name);
    g_ptr_array_add(job->pool->vols, g_steal_pointer(&job->vol));
}

static bool check_delete(StorageJob *job, GError **err)
{
    const StorageVolDef *vol = storage_pool_check_active(job->pool, err) ? storage_vol_by_name(job->pool, job->text, err) : NULL;
    if (!vol)
        return false;
    job->vol = xm_copy(&storage_vol_elem, vol);
    return true;
}

static bool work_delete(StorageJob *job, GError **err)
{
    int failed = job->vol->type == VOL_DIR ? rmdir(job->vol->path) : unlink(job->vol->path);
    return !failed || errno == ENOENT || qv_error_errno(err, errno, "cannot remove the volume '%s'", job->vol->path);
}

static void finish_delete(StorageJob *job)
{
    for (guint i = 0; i < job->pool->vols->len; i++) {
        const StorageVolDef *vol = job->pool->vols->pdata[i];
        if (g_str_equal(vol->name, job->vol->name)) {
            g_ptr_array_remove_index(job->pool->vols, i);
            break;
        }
    }
    g_info("volume '%s' of storage pool '%s' removed", job->vol->name, job->pool->def->name);
}

const StorageSteps storage_vol_create_steps = { check_create, work_create, finish_create };
const StorageSteps storage_vol_delete_steps = { check_delete, work_delete, finish_delete };
