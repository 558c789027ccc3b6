/* What can be done with a pool: for each, what is checked, done and taken in. */
#include "config.h"
#include "drivers/storage/job.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "util/file.h"
#include "util/ids.h"

enum { FOLDER_MODE = 0711 };

/* --- checks */

static bool check_inactive(StorageJob *job, GError **err)
{
    if (!job->pool->active)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "storage pool '%s' is active; stop it first (virsh pool-destroy)",
                job->pool->def->name);
    return false;
}

static bool check_active(StorageJob *job, GError **err)
{
    return storage_pool_check_active(job->pool, err);
}

/* What works on the folder works on a copy of the definition. */
static void take_copy(StorageJob *job)
{
    job->def = xm_copy(&storage_pool_elem, job->pool->def);
}

static bool check_inactive_copy(StorageJob *job, GError **err)
{
    take_copy(job);
    return check_inactive(job, err);
}

static bool check_start(StorageJob *job, GError **err)
{
    take_copy(job);
    if (!job->pool->active)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "storage pool '%s' is already active", job->def->name);
    return false;
}

static bool check_active_copy(StorageJob *job, GError **err)
{
    take_copy(job);
    return check_active(job, err);
}

static bool check_persistent(StorageJob *job, GError **err)
{
    take_copy(job);
    if (job->pool->persistent)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "storage pool '%s' is transient: nothing of it can start with the host",
                job->def->name);
    return false;
}

static bool check_folder_free(const StorageJob *job, const StoragePool *same, GError **err)
{
    for (guint i = 0; i < job->driver->pools->len; i++) {
        const StoragePool *other = job->driver->pools->pdata[i];
        if (other != same && g_str_equal(other->def->path, job->def->path)) {
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "the folder '%s' belongs to storage pool '%s' already",
                        job->def->path, other->def->name);
            return false;
        }
    }
    return true;
}

/* A definition new to us, or another one for a pool of the same name and UUID. */
static bool check_define(StorageJob *job, GError **err)
{
    if (!(job->def = xm_parse(&storage_pool_elem, job->text, strlen(job->text), NULL, 0, err)))
        return false;
    if (job->def->type != POOL_DIR) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "storage pool '%s': only pools of type 'dir' are served here", job->def->name);
        return false;
    }
    StoragePool *same = storage_pool_by_name(job->driver, job->def->name, NULL);
    if (!job->def->uuid && same) {
        job->def->uuid = g_strdup(same->def->uuid);
    } else if (!job->def->uuid) {
        guint8 uuid[16];
        uuid_random(uuid);
        job->def->uuid = uuid_format(uuid);
    }
    guint8 uuid[16];
    uuid_parse(job->def->uuid, uuid);
    StoragePool *holder = storage_pool_by_uuid(job->driver, uuid, NULL);
    if (same != holder || (same && !job->persistent)) {
        const StoragePool *in_the_way = same ? same : holder;
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "storage pool '%s' already exists with uuid %s", in_the_way->def->name,
                    in_the_way->def->uuid);
        return false;
    }
    if (same)
        job->pool = pool_ref(same);
    return check_folder_free(job, same, err);
}

/* --- work */

static bool write_pool(const char *folder, const StoragePoolDef *def, GError **err)
{
    g_autofree char *path = pool_file(folder, def->name), *text = xm_format(&storage_pool_elem, def, 0);
    return file_replace(path, text, strlen(text), 0600, err);
}

static bool work_define(StorageJob *job, GError **err)
{
    return write_pool(job->driver->etc, job->def, err);
}

static bool work_refresh(StorageJob *job, GError **err)
{
    return (job->vols = scan_folder(job->def, err)) != NULL;
}

static bool work_start(StorageJob *job, GError **err)
{
    return work_refresh(job, err) && write_pool(job->driver->run, job->def, err);
}

static bool work_stop(StorageJob *job, GError **err)
{
    g_autofree char *path = pool_file(job->driver->run, job->def->name);
    return file_remove(path, err);
}

static bool work_build(StorageJob *job, GError **err)
{
    const StoragePermissions *p = &job->def->permissions;
    guint mode = storage_permissions_mode(p, FOLDER_MODE);
    uid_t uid = p->owner.set ? (uid_t)p->owner.v : (uid_t)-1;
    gid_t gid = p->group.set ? (gid_t)p->group.v : (gid_t)-1;
    bool there = g_file_test(job->def->path, G_FILE_TEST_IS_DIR);
    if (!file_mkdir_p(job->def->path, mode, err))
        return false;
    if ((!there || p->mode) && chmod(job->def->path, mode) != 0)
        return qv_error_errno(err, errno, "cannot give the folder '%s' the mode %o", job->def->path, mode);
    if ((uid != (uid_t)-1 || gid != (gid_t)-1) && chown(job->def->path, uid, gid) != 0)
        return qv_error_errno(err, errno, "cannot give the folder '%s' to %d:%d", job->def->path, (int)uid, (int)gid);
    return true;
}

static bool work_build_and_start(StorageJob *job, GError **err)
{
    return work_build(job, err) && work_start(job, err);
}

static bool work_delete(StorageJob *job, GError **err)
{
    return g_rmdir(job->def->path) == 0 || qv_error_errno(err, errno, "cannot remove the folder '%s'", job->def->path);
}

static bool work_undefine(StorageJob *job, GError **err)
{
    g_autofree char *path = pool_file(job->driver->etc, job->def->name);
    g_autofree char *link = pool_file(job->driver->autostart, job->def->name);
    return file_remove(link, err) && file_remove(path, err);
}

static bool work_autostart(StorageJob *job, GError **err)
{
    g_autofree char *path = pool_file(job->driver->etc, job->def->name);
    g_autofree char *link = pool_file(job->driver->autostart, job->def->name);
    return file_link(path, link, err);
}

static bool work_no_autostart(StorageJob *job, GError **err)
{
    g_autofree char *link = pool_file(job->driver->autostart, job->def->name);
    return file_remove(link, err);
}

/* --- taking in */

static void finish_nothing(StorageJob *job)
{
}

static void take_def(StorageJob *job)
{
    StoragePoolDef *old = job->pool->def;
    job->pool->def = g_steal_pointer(&job->def);
    job->def = old;
}

static void finish_define(StorageJob *job)
{
    if (job->pool) {
        job->def->capacity = job->pool->def->capacity;
        job->def->allocation = job->pool->def->allocation;
        job->def->available = job->pool->def->available;
        take_def(job);
    } else {
        job->pool = pool_new(job->driver, g_steal_pointer(&job->def));
        g_ptr_array_add(job->driver->pools, pool_ref(job->pool));
    }
    job->pool->persistent = true;
}

static void finish_refresh(StorageJob *job)
{
    g_ptr_array_unref(job->pool->vols);
    job->pool->vols = g_steal_pointer(&job->vols);
    take_def(job);
}

static void finish_start(StorageJob *job)
{
    finish_refresh(job);
    job->pool->active = true;
    g_info("storage pool '%s' started: %u volumes in '%s'", job->pool->def->name, job->pool->vols->len, job->pool->def->path);
}

static void finish_transient(StorageJob *job)
{
    job->pool = pool_new(job->driver, xm_copy(&storage_pool_elem, job->def));
    g_ptr_array_add(job->driver->pools, pool_ref(job->pool));
    finish_start(job);
}

static void finish_stop(StorageJob *job)
{
    job->pool->active = false;
    g_ptr_array_unref(job->pool->vols);
    job->pool->vols = g_ptr_array_new();
    g_info("storage pool '%s' stopped", job->pool->def->name);
    if (!job->pool->persistent)
        g_ptr_array_remove(job->driver->pools, job->pool);
}

static void finish_undefine(StorageJob *job)
{
    g_ptr_array_remove(job->driver->pools, job->pool);
}

static void finish_autostart(StorageJob *job)
{
    job->pool->autostart = true;
}

static void finish_no_autostart(StorageJob *job)
{
    job->pool->autostart = false;
}

const StorageSteps storage_pool_steps[] = {
    [STORAGE_DEFINE] = { check_define, work_define, finish_define },
    [STORAGE_CREATE_TRANSIENT] = { check_define, work_start, finish_transient },
    [STORAGE_BUILD] = { check_inactive_copy, work_build, finish_nothing },
    [STORAGE_START] = { check_start, work_start, finish_start },
    [STORAGE_CREATE_BUILT] = { check_define, work_build_and_start, finish_transient },
    [STORAGE_START_BUILT] = { check_start, work_build_and_start, finish_start },
    [STORAGE_STOP] = { check_active_copy, work_stop, finish_stop },
    [STORAGE_REFRESH] = { check_active_copy, work_refresh, finish_refresh },
    [STORAGE_DELETE] = { check_inactive_copy, work_delete, finish_nothing },
    [STORAGE_UNDEFINE] = { check_inactive_copy, work_undefine, finish_undefine },
    [STORAGE_AUTOSTART] = { check_persistent, work_autostart, finish_autostart },
    [STORAGE_NO_AUTOSTART] = { check_persistent, work_no_autostart, finish_no_autostart },
};
