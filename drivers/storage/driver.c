#include "config.h"
#include "drivers/storage/job.h"
#include <string.h>
#include "util/file.h"
#include "util/ids.h"

/* --- pools */

StoragePool *pool_new(StorageDriver *driver, StoragePoolDef *def)
{
    StoragePool *pool = g_new0(StoragePool, 1);
    *pool = (StoragePool){ .refs = 1, .driver = driver, .def = def, .vols = g_ptr_array_new() };
    uuid_parse(def->uuid, pool->uuid);
    return pool;
}

StoragePool *pool_ref(StoragePool *pool)
{
    pool->refs++;
    return pool;
}

void pool_unref(StoragePool *pool)
{
    if (!pool || --pool->refs)
        return;
    g_ptr_array_unref(pool->vols);
    storage_pool_def_free(pool->def);
    g_free(pool);
}

char *pool_file(const char *folder, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    return g_build_filename(folder, file, NULL);
}

const GPtrArray *storage_pools(const StorageDriver *driver)
{
    return driver->pools;
}

static bool no_pool(GError **err, const char *what, const char *value)
{
    g_set_error(err, QV_ERROR, QV_ERR_NO_STORAGE_POOL, "no storage pool with matching %s '%s'", what, value);
    return false;
}

StoragePool *storage_pool_by_name(const StorageDriver *driver, const char *name, GError **err)
{
    for (guint i = 0; i < driver->pools->len; i++) {
        StoragePool *pool = driver->pools->pdata[i];
        if (g_str_equal(pool->def->name, name))
            return pool;
    }
    no_pool(err, "name", name);
    return NULL;
}

StoragePool *storage_pool_by_uuid(const StorageDriver *driver, const guint8 uuid[16], GError **err)
{
    for (guint i = 0; i < driver->pools->len; i++) {
        StoragePool *pool = driver->pools->pdata[i];
        if (!memcmp(pool->uuid, uuid, 16))
            return pool;
    }
    g_autofree char *text = uuid_format(uuid);
    no_pool(err, "uuid", text);
    return NULL;
}

StoragePool *storage_pool_by_path(const StorageDriver *driver, const char *path, GError **err)
{
    for (guint i = 0; i < driver->pools->len; i++) {
        StoragePool *pool = driver->pools->pdata[i];
        if (pool->active && g_str_equal(pool->def->path, path))
            return pool;
    }
    no_pool(err, "target path", path);
    return NULL;
}

const StorageVolDef *storage_vol_by_name(const StoragePool *pool, const char *name, GError **err)
{
    for (guint i = 0; i < pool->vols->len; i++) {
        const StorageVolDef *vol = pool->vols->pdata[i];
        if (g_str_equal(vol->name, name))
            return vol;
    }
    g_set_error(err, QV_ERROR, QV_ERR_NO_STORAGE_VOL, "no storage vol with matching name '%s' in pool '%s'", name, pool->def->name);
    return NULL;
}

const StorageVolDef *storage_vol_by_path(const StorageDriver *driver, const char *path, StoragePool **ret_pool, GError **err)
{
    for (guint i = 0; i < driver->pools->len; i++) {
        StoragePool *pool = driver->pools->pdata[i];
        for (guint j = 0; j < pool->vols->len; j++) {
            const StorageVolDef *vol = pool->vols->pdata[j];
            if (g_str_equal(vol->path, path)) {
                *ret_pool = pool;
                return vol;
            }
        }
    }
    g_set_error(err, QV_ERROR, QV_ERR_NO_STORAGE_VOL, "no storage vol with matching path '%s'", path);
    return NULL;
}

bool storage_pool_check_active(const StoragePool *pool, GError **err)
{
    if (pool->active)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "storage pool '%s' is not active; start it (virsh pool-start)", pool->def->name);
    return false;
}

/* --- jobs: one at a time, so that what was checked still holds when it is done */

static void next_job(StorageDriver *driver);

static void job_free(StorageJob *job)
{
    pool_unref(job->pool);
    g_free(job->text);
    storage_pool_def_free(job->def);
    storage_vol_def_free(job->vol);
    g_clear_pointer(&job->vols, g_ptr_array_unref);
    g_clear_error(&job->err);
    g_free(job);
}

static gboolean job_end(gpointer user)
{
    StorageJob *job = user;
    StorageDriver *driver = job->driver;
    const StorageVolDef *vol = NULL;
    if (!job->err) {
        if (job->vol && job->steps == &storage_vol_create_steps)
            vol = job->vol;                          /* belongs to the pool from now on */
        job->steps->finish(job);
    }
    job->done(job->err ? NULL : job->pool, vol, job->err, job->user);
    driver->current = NULL;
    job_free(job);
    next_job(driver);
    return G_SOURCE_REMOVE;
}

static void job_run(gpointer data, gpointer user)
{
    StorageJob *job = data;
    if (!job->steps->work(job, &job->err) && !job->err)
        g_set_error(&job->err, QV_ERROR, QV_ERR_INTERNAL, "a storage job failed without a word");
    g_idle_add_full(G_PRIORITY_DEFAULT, job_end, job, NULL);
}

static void next_job(StorageDriver *driver)
{
    if (driver->current || g_queue_is_empty(&driver->queue))
        return;
    StorageJob *job = driver->current = g_queue_pop_head(&driver->queue);
    bool ok = !job->steps->check || job->steps->check(job, &job->err);
    if (ok && job->steps->work)
        g_thread_pool_push(driver->thread, job, NULL);
    else
        g_idle_add_full(G_PRIORITY_DEFAULT, job_end, job, NULL);
}

void storage_op(StorageDriver *driver, StorageOp op, StoragePool *pool, const char *text, StorageDone done, gpointer user)
{
    StorageJob *job = g_new0(StorageJob, 1);
    *job = (StorageJob){ .driver = driver, .pool = pool ? pool_ref(pool) : NULL, .text = g_strdup(text),
                         .persistent = op == STORAGE_DEFINE,
                         .metadata = op == STORAGE_VOL_CREATE_METADATA, .done = done, .user = user };
    job->steps = op == STORAGE_VOL_CREATE || op == STORAGE_VOL_CREATE_METADATA ? &storage_vol_create_steps
               : op == STORAGE_VOL_DELETE ? &storage_vol_delete_steps : &storage_pool_steps[op];
    g_queue_push_tail(&driver->queue, job);
    next_job(driver);
}

/* --- the driver */

/* Every definition of @folder; what cannot be read is named in the log and left alone. */
static void load_folder(StorageDriver *driver, const char *folder, bool active)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *file;
    while (dir && (file = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, file, NULL), *text = NULL;
        g_autoptr(GError) err = NULL;
        gsize size;
        if (!g_str_has_suffix(file, ".xml"))
            continue;
        StoragePoolDef *def = g_file_get_contents(path, &text, &size, &err) ? xm_parse(&storage_pool_elem, text, size, path, 0, &err) : NULL;
        if (!def || !def->uuid) {
            g_warning("a storage pool is left out: %s", err ? err->message : "its file has no uuid");
            storage_pool_def_free(def);
            continue;
        }
        StoragePool *pool = storage_pool_by_name(driver, def->name, NULL);
        if (pool)
            storage_pool_def_free(def);
        else
            g_ptr_array_add(driver->pools, pool = pool_new(driver, def));
        pool->active |= active;
        pool->persistent |= !active;
    }
}

static void started(StoragePool *pool, const StorageVolDef *vol, const GError *err, gpointer user)
{
    StoragePool *asked = user;
    if (!err)
        return;
    asked->active = false;
    g_warning("storage pool '%s' did not come up: %s", asked->def->name, err->message);
}

static void pool_release(gpointer pool)
{
    pool_unref(pool);
}

StorageDriver *storage_driver_new(const char *etc_dir, const char *run_dir, GError **err)
{
    StorageDriver *driver = g_new0(StorageDriver, 1);
    driver->etc = g_build_filename(etc_dir, "storage", NULL);
    driver->autostart = g_build_filename(driver->etc, "autostart", NULL);
    driver->run = g_build_filename(run_dir, "storage", NULL);
    driver->pools = g_ptr_array_new_with_free_func(pool_release);
    g_queue_init(&driver->queue);
    driver->thread = g_thread_pool_new(job_run, NULL, 1, FALSE, NULL);
    if (!file_mkdir_p(driver->autostart, 0700, err) || !file_mkdir_p(driver->run, 0700, err)) {
        storage_driver_free(driver);
        return NULL;
    }
    file_remove_leftovers(driver->etc);
    load_folder(driver, driver->etc, false);
    load_folder(driver, driver->run, true);
    for (guint i = 0; i < driver->pools->len; i++) {
        StoragePool *pool = driver->pools->pdata[i];
        g_autofree char *link = pool_file(driver->autostart, pool->def->name);
        pool->autostart = g_file_test(link, G_FILE_TEST_IS_SYMLINK);
        if (pool->active || pool->autostart)
            storage_op(driver, pool->active ? STORAGE_REFRESH : STORAGE_START, pool, NULL, started, pool);
    }
    return driver;
}

void storage_driver_free(StorageDriver *driver)
{
    if (!driver)
        return;
    g_thread_pool_free(driver->thread, FALSE, TRUE);
    while (!g_queue_is_empty(&driver->queue))
        job_free(g_queue_pop_head(&driver->queue));
    g_ptr_array_unref(driver->pools);
    g_free(driver->etc);
    g_free(driver->autostart);
    g_free(driver->run);
    g_free(driver);
}
