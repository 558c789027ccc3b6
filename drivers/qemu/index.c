#include "drivers/qemu/index.h"
#include "drivers/qemu/stats.h"
#include <string.h>
#include "drivers/qemu/stored.h"

/* A running domain that is found by id must not have id 0: g_hash_table keys of that are NULL, and libvirt's
 * ids begin at 1 too. */
struct Index {
    GHashTable *by_uuid, *by_name, *by_id;         /* the first owns */
};

/* --- views */

DomainView *domain_view_ref(DomainView *view)
{
    g_atomic_int_inc((gint *)&view->refs);
    return view;
}

void domain_view_unref(DomainView *view)
{
    if (!view || !g_atomic_int_dec_and_test((gint *)&view->refs))
        return;
    g_free(view->name);
    g_free(view->os_type);
    g_free(view);
}

DomainView *domain_view_copy(const DomainView *view)
{
    DomainView *copy = g_memdup2(view, sizeof *view);
    copy->refs = 1;
    copy->name = g_strdup(view->name);
    copy->os_type = g_strdup(view->os_type);
    return copy;
}

DomainView *domain_view(Domain *dom)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&dom->lock);
    return domain_view_ref(dom->view);
}

/* --- domains */

Domain *domain_ref(Domain *dom)
{
    g_atomic_int_inc(&dom->refs);
    return dom;
}

void domain_unref(Domain *dom)
{
    if (!dom || !g_atomic_int_dec_and_test(&dom->refs))
        return;
    actor_free(dom->actor);
    g_clear_pointer(&dom->agent, actor_free);
    stored_free(dom->stored);
    g_clear_pointer(&dom->live_xml, g_ref_string_release);
    domain_def_free(dom->live);
    domain_stats_release(dom->stats);
    domain_view_unref(dom->view);
    g_mutex_clear(&dom->lock);
    g_free(dom);
}

/* --- the index */

static guint uuid_hash(gconstpointer key)
{
    guint hash;
    memcpy(&hash, key, sizeof hash);
    return hash;
}

static gboolean uuid_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, 16) == 0;
}

Index *index_new(void)
{
    Index *index = g_new(Index, 1);
    index->by_uuid = g_hash_table_new_full(uuid_hash, uuid_equal, g_free, (GDestroyNotify)domain_unref);
    index->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    index->by_id = g_hash_table_new(NULL, NULL);
    return index;
}

void index_free(Index *index)
{
    if (!index)
        return;
    g_hash_table_unref(index->by_id);
    g_hash_table_unref(index->by_name);
    g_hash_table_unref(index->by_uuid);
    g_free(index);
}

static void enter(Index *index, Domain *dom)
{
    g_hash_table_replace(index->by_name, g_strdup(dom->view->name), dom);
    if (dom->view->id > 0)
        g_hash_table_insert(index->by_id, GINT_TO_POINTER(dom->view->id), dom);
}

static void leave(Index *index, const Domain *dom)
{
    g_hash_table_remove(index->by_name, dom->view->name);
    if (dom->view->id > 0)
        g_hash_table_remove(index->by_id, GINT_TO_POINTER(dom->view->id));
}

Domain *index_add(Index *index, DomainView *view)
{
    Domain *dom = g_new0(Domain, 1);
    dom->refs = 1;
    g_mutex_init(&dom->lock);
    dom->view = view;
    dom->actor = actor_new();
    dom->agent_timeout_ms = -1;
    dom->listed = true;
    g_hash_table_insert(index->by_uuid, g_memdup2(view->uuid, sizeof view->uuid), dom);
    enter(index, dom);
    return dom;
}

void index_publish(Index *index, Domain *dom, DomainView *view)
{
    if (dom->listed)
        leave(index, dom);
    g_mutex_lock(&dom->lock);
    DomainView *old = dom->view;
    dom->view = view;
    g_mutex_unlock(&dom->lock);
    g_clear_pointer(&dom->live_xml, g_ref_string_release);
    if (dom->listed)
        enter(index, dom);
    domain_view_unref(old);
}

void index_remove(Index *index, Domain *dom)
{
    if (!dom->listed)
        return;
    dom->listed = false;
    leave(index, dom);
    g_hash_table_remove(index->by_uuid, dom->view->uuid);
}

static void uuid_text(const guint8 uuid[16], char ret[37])
{
    g_snprintf(ret, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", uuid[0], uuid[1], uuid[2], uuid[3],
               uuid[4], uuid[5], uuid[6], uuid[7], uuid[8], uuid[9], uuid[10], uuid[11], uuid[12], uuid[13], uuid[14], uuid[15]);
}

bool index_check(const Index *index, const char *name, const guint8 uuid[16], Domain **ret_dom, GError **err)
{
    Domain *same_uuid = g_hash_table_lookup(index->by_uuid, uuid);
    Domain *same_name = g_hash_table_lookup(index->by_name, name);
    char text[37];
    if (same_uuid == same_name) {
        *ret_dom = same_uuid;
        return true;
    }
    if (same_uuid) {
        uuid_text(uuid, text);
        g_set_error(err, QV_ERROR, QV_ERR_DOM_EXIST, "domain '%s' is already defined with uuid %s; domrename changes a name",
                    same_uuid->view->name, text);
    } else {
        uuid_text(same_name->view->uuid, text);
        g_set_error(err, QV_ERROR, QV_ERR_DOM_EXIST, "domain '%s' already exists with uuid %s", name, text);
    }
    return false;
}

/* --- lookups */

Domain *index_by_uuid(const Index *index, const guint8 uuid[16], GError **err)
{
    char text[37];
    Domain *dom = g_hash_table_lookup(index->by_uuid, uuid);
    if (dom)
        return domain_ref(dom);
    uuid_text(uuid, text);
    g_set_error(err, QV_ERROR, QV_ERR_NO_DOMAIN, "no domain with matching uuid '%s'", text);
    return NULL;
}

Domain *index_by_name(const Index *index, const char *name, GError **err)
{
    Domain *dom = g_hash_table_lookup(index->by_name, name);
    if (dom)
        return domain_ref(dom);
    g_set_error(err, QV_ERROR, QV_ERR_NO_DOMAIN, "no domain with matching name '%s'", name);
    return NULL;
}

Domain *index_by_id(const Index *index, int id, GError **err)
{
    Domain *dom = g_hash_table_lookup(index->by_id, GINT_TO_POINTER(id));
    if (dom)
        return domain_ref(dom);
    g_set_error(err, QV_ERROR, QV_ERR_NO_DOMAIN, "no domain with matching id %d", id);
    return NULL;
}

/* --- lists */

/* The flags a domain fits, one of each group (virConnectListAllDomainsFlags). */
static guint flags_of(const DomainView *view)
{
    enum { ACTIVE = 1, INACTIVE = 2, PERSISTENT = 4, TRANSIENT = 8, RUNNING = 16, PAUSED = 32, SHUTOFF = 64, OTHER = 128,
           MANAGED_SAVE = 256, NO_MANAGED_SAVE = 512, AUTOSTART = 1024, NO_AUTOSTART = 2048, NO_SNAPSHOT = 8192,
           NO_CHECKPOINT = 32768 };
    guint state = view->state == DOM_RUNNING ? RUNNING : view->state == DOM_PAUSED ? PAUSED :
                  view->state == DOM_SHUTOFF ? SHUTOFF : OTHER;
    return (view->id > 0 ? ACTIVE : INACTIVE) | (view->persistent ? PERSISTENT : TRANSIENT) | state |
           (view->has_managed_save ? MANAGED_SAVE : NO_MANAGED_SAVE) | (view->autostart ? AUTOSTART : NO_AUTOSTART) |
           NO_SNAPSHOT | NO_CHECKPOINT;
}

static bool fits(const DomainView *view, guint flags)
{
    static const guint groups[] = { 0x3, 0xc, 0xf0, 0x300, 0xc00, 0x3000, 0xc000 };
    guint has = flags_of(view);
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        if ((flags & groups[i]) && !(flags & groups[i] & has))
            return false;
    }
    return true;
}

GPtrArray *index_list(const Index *index, guint flags)
{
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    GHashTableIter iter;
    gpointer dom;
    g_hash_table_iter_init(&iter, index->by_uuid);
    while (g_hash_table_iter_next(&iter, NULL, &dom)) {
        if (fits(((Domain *)dom)->view, flags))
            g_ptr_array_add(found, domain_ref(dom));
    }
    return found;
}

guint index_count(const Index *index, guint flags)
{
    enum { ACTIVE = 1, INACTIVE = 2 };
    guint all = g_hash_table_size(index->by_uuid), active = g_hash_table_size(index->by_id);
    if (flags == 0 || flags == (ACTIVE | INACTIVE))
        return all;
    if (flags == ACTIVE)
        return active;
    if (flags == INACTIVE)
        return all - active;
    g_autoptr(GPtrArray) found = index_list(index, flags);
    return found->len;
}
