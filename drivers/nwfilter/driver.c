/* Filters: the files under etc, look-ups, definitions. */
#define G_LOG_DOMAIN "nwfilter"
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include "drivers/nwfilter/private.h"
#include "util/fault.h"
#include "util/file.h"
#include "util/ids.h"

GMutex nw_change, nw_lock;
GHashTable *nw_filters, *nw_bounds;
static char *filters_dir;

/* --- work on a worker, its end on the I/O thread */

typedef struct {
    NwJob job;
    gpointer data, result;
    GDestroyNotify data_free, result_free;
    NwfilterDone done;
    gpointer user;
    GError *err;
} Async;

static void async_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Async *a = data;
    g_mutex_lock(&nw_change);
    a->result = a->job(a->data, &a->err);
    g_mutex_unlock(&nw_change);
    g_task_return_boolean(task, TRUE);
}

static void async_done(GObject *source, GAsyncResult *result, gpointer data)
{
    Async *a = data;
    if (a->done)
        a->done(a->result, a->err, a->user);
    if (a->result && a->result_free)
        a->result_free(a->result);
    if (a->data_free)
        a->data_free(a->data);
    g_clear_error(&a->err);
    g_free(a);
}

void nw_async(NwJob job, gpointer data, GDestroyNotify data_free, GDestroyNotify result_free, NwfilterDone done, gpointer user)
{
    Async *a = g_new0(Async, 1);
    *a = (Async){ job, data, NULL, data_free, result_free, done, user, NULL };
    g_autoptr(GTask) task = g_task_new(NULL, NULL, async_done, a);
    g_task_set_task_data(task, a, NULL);
    g_task_run_in_thread(task, async_run);
}

/* --- look-ups */

NwFilter *nw_filter_get(const char *name, GError **err)
{
    g_mutex_lock(&nw_lock);
    NwFilter *filter = nw_filters ? g_hash_table_lookup(nw_filters, name) : NULL;
    filter = filter ? nwfilter_ref(filter) : NULL;
    g_mutex_unlock(&nw_lock);
    if (!filter)
        g_set_error(err, QV_ERROR, QV_ERR_NO_NWFILTER, "no nwfilter with matching name '%s'", name);
    return filter;
}

NwFilter *nwfilter_by_name(const char *name, GError **err)
{
    return nw_filter_get(name, err);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(NwFilter *const *)a)->name, (*(NwFilter *const *)b)->name);
}

GPtrArray *nwfilter_list(void)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)nwfilter_unref);
    GHashTableIter iter;
    gpointer filter;

    g_mutex_lock(&nw_lock);
    g_hash_table_iter_init(&iter, nw_filters);
    while (g_hash_table_iter_next(&iter, NULL, &filter))
        g_ptr_array_add(all, nwfilter_ref(filter));
    g_mutex_unlock(&nw_lock);
    g_ptr_array_sort(all, by_name);
    return all;
}

NwFilter *nwfilter_by_uuid(const guint8 uuid[16], GError **err)
{
    g_autofree char *text = uuid_format(uuid);
    g_autoptr(GPtrArray) all = nwfilter_list();

    for (guint i = 0; i < all->len; i++) {
        NwFilter *filter = all->pdata[i];
        if (g_str_equal(filter->uuid, text))
            return nwfilter_ref(filter);
    }
    g_set_error(err, QV_ERROR, QV_ERR_NO_NWFILTER, "no nwfilter with matching uuid '%s'", text);
    return NULL;
}

static bool reaches(const char *name, const char *other, GHashTable *seen)
{
    g_autoptr(NwFilter) filter = NULL;

    if (g_str_equal(name, other))
        return true;
    if (!g_hash_table_add(seen, g_strdup(name)) || !(filter = nw_filter_get(name, NULL)))
        return false;
    for (guint i = 0; filter->nested && i < filter->nested->len; i++)
        if (reaches(((NwRef *)filter->nested->pdata[i])->filter, other, seen))
            return true;
    return false;
}

bool nw_filter_reaches(const char *name, const char *other)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return reaches(name, other, seen);
}

/* --- definitions; nw_change held */

static void put_filter(NwFilter *filter)
{
    g_mutex_lock(&nw_lock);
    g_hash_table_replace(nw_filters, filter->name, filter);
    g_mutex_unlock(&nw_lock);
}

static void remove_filter(const char *name)
{
    g_mutex_lock(&nw_lock);
    g_hash_table_remove(nw_filters, name);
    g_mutex_unlock(&nw_lock);
}

static char *filter_path(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    return g_build_filename(filters_dir, file, NULL);
}

static bool write_filter(const NwFilter *filter, GError **err)
{
    g_autofree char *path = filter_path(filter->name), *text = nwfilter_format(filter);
    return fault_point("nwfilter-write", err) && file_replace(path, text, strlen(text), 0600, err);
}

static bool check_identity(const NwFilter *filter, NwFilter *by_its_name, GError **err)
{
    guint8 uuid[16];
    g_autoptr(NwFilter) same_uuid = NULL;

    if (by_its_name && !g_str_equal(by_its_name->uuid, filter->uuid)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "filter '%s' already exists with uuid %s", filter->name, by_its_name->uuid);
        return false;
    }
    uuid_parse(filter->uuid, uuid);
    same_uuid = nwfilter_by_uuid(uuid, NULL);
    if (same_uuid && !g_str_equal(same_uuid->name, filter->name)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "filter with same UUID but different name ('%s') already exists", same_uuid->name);
        return false;
    }
    return true;
}

static bool check_loop(const NwFilter *filter, GError **err)
{
    for (guint i = 0; filter->nested && i < filter->nested->len; i++) {
        const char *nested = ((NwRef *)filter->nested->pdata[i])->filter;
        if (nw_filter_reaches(nested, filter->name)) {
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "filter would introduce a loop: '%s' refers to '%s'", nested, filter->name);
            return false;
        }
    }
    return true;
}

typedef struct { char *text; guint flags; guint8 uuid[16]; } Asked;

static void asked_free(gpointer data)
{
    Asked *asked = data;
    g_free(asked->text);
    g_free(asked);
}

static gpointer define_job(gpointer data, GError **err)
{
    const Asked *asked = data;
    g_autoptr(NwFilter) filter = nwfilter_parse(asked->text, asked->flags, err);
    g_autoptr(NwFilter) old = filter ? nw_filter_get(filter->name, NULL) : NULL;

    if (!filter || !check_identity(filter, old, err) || !check_loop(filter, err))
        return NULL;
    put_filter(nwfilter_ref(filter));
    if (nw_bounds_refresh(filter->name, err) && write_filter(filter, err))
        return g_steal_pointer(&filter);
    if (old) {
        put_filter(nwfilter_ref(old));
        nw_bounds_refresh(filter->name, NULL);
    } else {
        remove_filter(filter->name);
    }
    return NULL;
}

void nwfilter_define(const char *xml, guint parse_flags, NwfilterDone done, gpointer user)
{
    Asked *asked = g_new0(Asked, 1);
    asked->text = g_strdup(xml);
    asked->flags = parse_flags;
    nw_async(define_job, asked, asked_free, (GDestroyNotify)nwfilter_unref, done, user);
}

static gpointer undefine_job(gpointer data, GError **err)
{
    const Asked *asked = data;
    g_autoptr(NwFilter) filter = nwfilter_by_uuid(asked->uuid, err);

    if (!filter)
        return NULL;
    if (nw_filter_in_use(filter->name)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "nwfilter '%s' is in use", filter->name);
        return NULL;
    }
    g_autofree char *path = filter_path(filter->name);
    if (file_remove(path, err))
        remove_filter(filter->name);
    return NULL;
}

void nwfilter_undefine(const guint8 uuid[16], NwfilterDone done, gpointer user)
{
    Asked *asked = g_new0(Asked, 1);
    memcpy(asked->uuid, uuid, 16);
    nw_async(undefine_job, asked, asked_free, NULL, done, user);
}

/* --- start */

static bool write_builtins(GError **err)
{
    for (guint i = 0; nw_builtin[i]; i++) {
        g_autoptr(NwFilter) filter = nwfilter_parse(nw_builtin[i], XM_PARSE_STRICT, err);
        if (!filter || !write_filter(filter, err))
            return false;
    }
    return true;
}

static void load_filter(const char *file)
{
    g_autofree char *path = g_build_filename(filters_dir, file, NULL), *text = NULL;
    g_autoptr(GError) err = NULL;

    if (!g_str_has_suffix(file, ".xml") || !g_file_get_contents(path, &text, NULL, &err)) {
        if (err)
            g_warning("cannot read filter '%s': %s", path, err->message);
        return;
    }
    NwFilter *filter = nwfilter_parse(text, 0, &err);
    g_autofree char *expected = filter ? g_strconcat(filter->name, ".xml", NULL) : NULL;
    if (filter && g_str_equal(expected, file)) {
        put_filter(filter);
        return;
    }
    g_warning("'%s' is no filter: %s", path, err ? err->message : "its name is not that of its file");
    nwfilter_unref(filter);
}

bool nwfilter_start(const char *etc_dir, const char *run_dir, const char *instance, GError **err)
{
    g_autofree char *table = instance ? g_strconcat("qvirt-nwfilter-", instance, NULL) : g_strdup("qvirt-nwfilter");
    g_autoptr(GDir) dir = NULL;

    filters_dir = g_build_filename(etc_dir, "nwfilter", NULL);
    nw_filters = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)nwfilter_unref);
    nw_bounds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)nw_bound_unref);
    nw_table_init(table);
    /* The mark comes last, so that a first start which was cut short is begun again. */
    g_autofree char *mark = g_build_filename(filters_dir, ".built-in", NULL);
    if (!file_mkdir_p(filters_dir, 0700, err))
        return false;
    file_remove_leftovers(filters_dir);
    if (!g_file_test(mark, G_FILE_TEST_EXISTS) && (!write_builtins(err) || !file_replace(mark, "", 0, 0600, err)))
        return false;
    dir = g_dir_open(filters_dir, 0, NULL);
    for (const char *file = dir ? g_dir_read_name(dir) : NULL; file; file = g_dir_read_name(dir))
        if (*file != '.')
            load_filter(file);
    nw_bindings_load(run_dir);
    return true;
}

void nwfilter_stop(void)
{
    g_autoptr(GPtrArray) all = nw_bounds ? nw_bounds_list() : NULL;
    for (guint i = 0; all && i < all->len; i++)
        nw_learn_stop(all->pdata[i]);
}
