/* What is found at the daemon's start: definitions, and then (adopt.c) guests that run already. */
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/driver.h"
#include "util/file.h"

typedef struct {
    char *text;              /* a g_ref_string */
    DomainView *view;
} Loaded;

typedef struct {
    QemuDriver *driver;
    GArray *found;           /* Loaded */
    void (*ready)(gpointer user);
    gpointer user;
} Load;

static void remove_dangling_links(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) && !g_file_test(path, G_FILE_TEST_EXISTS))
            unlink(path);
    }
}

/* After a rename that never came to its end the file has its new name and the text the old one: the file's counts. */
static bool load_file(QemuDriver *d, const char *file, Loaded *ret, GError **err)
{
    g_autofree char *path = g_build_filename(d->qemu_etc, file, NULL), *text = NULL;
    g_autofree char *name = g_strndup(file, strlen(file) - strlen(".xml")), *link = g_build_filename(d->autostart, file, NULL);
    gsize len;

    if (!g_file_get_contents(path, &text, &len, err))
        return false;
    g_autoptr(DomainDef) facts = domain_def_parse_facts(text, len, path, err);
    if (!facts)
        return false;
    DomainView *view = driver_new_view(facts);
    if (strcmp(view->name, name)) {
        g_message("the domain in '%s' was '%s' before it was renamed", path, view->name);
        g_free(view->name);
        view->name = g_steal_pointer(&name);
    }
    view->persistent = true;
    view->autostart = g_file_test(link, G_FILE_TEST_IS_SYMLINK);
    *ret = (Loaded){ g_ref_string_new_len(text, (gssize)len), view };
    return true;
}

/* Reading definitions is most of a start with many of them: on all processors, each taking the next file. */
typedef struct {
    QemuDriver *driver;
    GPtrArray *files;
    gint next;
    GMutex lock;             /* of @found */
    GArray *found;
} Reading;

static gpointer read_files(gpointer user)
{
    Reading *r = user;
    guint i;

    while ((i = (guint)g_atomic_int_add(&r->next, 1)) < r->files->len) {
        const char *file = g_ptr_array_index(r->files, i);
        g_autoptr(GError) why = NULL;
        Loaded found;
        if (load_file(r->driver, file, &found, &why)) {
            g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&r->lock);
            g_array_append_val(r->found, found);
        } else {
            g_warning("the definition '%s/%s' cannot be loaded and is left as it is: %s", r->driver->qemu_etc, file, why->message);
        }
    }
    return NULL;
}

static GPtrArray *definition_files(const char *folder)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".xml"))
            g_ptr_array_add(files, g_strdup(name));
    return files;
}

static bool load_job(gpointer user, GError **err)
{
    enum { FILES_PER_THREAD = 100, MAX_THREADS = 8 };
    Load *load = user;
    QemuDriver *d = load->driver;

    file_remove_leftovers(d->qemu_etc);
    remove_dangling_links(d->autostart);
    g_autoptr(GPtrArray) files = definition_files(d->qemu_etc);
    guint n = MIN(MIN(files->len / FILES_PER_THREAD, g_get_num_processors() - 1), MAX_THREADS);
    Reading r = { .driver = d, .files = files, .found = load->found };
    GThread *helpers[MAX_THREADS];
    g_mutex_init(&r.lock);
    for (guint i = 0; i < n; i++)
        helpers[i] = g_thread_new("load", read_files, &r);
    read_files(&r);
    for (guint i = 0; i < n; i++)
        g_thread_join(helpers[i]);
    g_mutex_clear(&r.lock);
    return true;
}

static void loaded(gpointer user, const GError *err)
{
    Load *load = user;
    QemuDriver *d = load->driver;

    for (guint i = 0; i < load->found->len; i++) {
        Loaded *found = &g_array_index(load->found, Loaded, i);
        Domain *known;
        if (!index_check(d->index, found->view->name, found->view->uuid, &known, NULL) || known) {
            g_warning("two definitions share the name or UUID of '%s': the second is left out", found->view->name);
            domain_view_unref(found->view);
            g_ref_string_release(found->text);
            continue;
        }
        Domain *dom = index_add(d->index, found->view);
        dom->driver = d;
        domain_store(dom, NULL, found->text);
    }
    g_array_unref(load->found);
    life_adopt_all(d);
    load->ready(load->user);
    g_autoptr(GPtrArray) all = index_list(d->index, 0);
    for (guint i = 0; i < all->len; i++) {
        Domain *dom = g_ptr_array_index(all, i);
        if (dom->view->autostart && !dom->run)
            domain_start(dom, 0, NULL, NULL);
    }
    g_free(load);
}

void qemu_driver_load(QemuDriver *d, void (*ready)(gpointer user), gpointer user)
{
    Load *load = g_new(Load, 1);
    *load = (Load){ d, g_array_new(FALSE, FALSE, sizeof(Loaded)), ready, user };
    actor_push(d->actor, "load", load_job, loaded, load);
}
