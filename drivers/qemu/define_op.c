/* What is defined: define, undefine, create, rename, autostart, metadata.
 * All are jobs of the driver's actor, so that checks of names and the files on disk go together. */
#include <errno.h>
#include <libxml/parser.h>
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/change.h"
#include "util/fault.h"
#include "util/file.h"
#include "util/ids.h"

enum { EVENT_DEFINED = 0, EVENT_UNDEFINED = 1 };                       /* virDomainEventType */
enum { DEFINED_ADDED = 0, DEFINED_UPDATED = 1, DEFINED_RENAMED = 2 };

/* --- define: parse and complete (worker), check names (I/O thread), write (worker), publish (I/O thread) */

static bool parse_job(gpointer user, GError **err)
{
    Op *op = user;
    enum { DEFINE_VALIDATE = 1 };
    return (op->def = driver_define(op->driver, op->text, op->flags & DEFINE_VALIDATE ? XM_PARSE_STRICT : 0, err)) != NULL;
}

char *driver_write_def(QemuDriver *d, const DomainDef *def, GError **err)
{
    g_autofree char *path = driver_config_path(d, def->frame.name);
    g_autofree char *text = domain_def_format(def, XM_FORMAT_SECRET);
    return file_replace(path, text, strlen(text), 0600, err) ? g_ref_string_new(text) : NULL;
}

static bool write_job(gpointer user, GError **err)
{
    Op *op = user;
    return (op->stored = driver_write_def(op->driver, op->def, err));
}

static Domain *add_domain(QemuDriver *d, const DomainDef *def)
{
    Domain *dom = index_add(d->index, driver_new_view(def));
    dom->driver = d;
    return dom;
}

static void written(gpointer user, const GError *err)
{
    Op *op = user;
    bool added = !op->dom || !op->dom->view->persistent;

    if (err) {
        op_end(op, err);
        return;
    }
    if (!op->dom)
        op->dom = domain_ref(add_domain(op->driver, op->def));
    DomainView *view = domain_view_copy(op->dom->view);
    view->persistent = true;
    if (!op->dom->run)
        driver_refresh_view(view, op->def);
    domain_store(op->dom, g_steal_pointer(&op->def), g_steal_pointer(&op->stored));
    index_publish(op->driver->index, op->dom, view);
    driver_emit(op->driver, op->dom, DOMAIN_EVENT_LIFECYCLE, EVENT_DEFINED, added ? DEFINED_ADDED : DEFINED_UPDATED);
    op_end(op, NULL);
}

/* Whose name and UUID the definition has; the domain goes into @op. */
static bool find_place(Op *op, GError **err)
{
    guint8 uuid[16];
    Domain *known;

    uuid_parse(op->def->frame.uuid, uuid);
    if (!index_check(op->driver->index, op->def->frame.name, uuid, &known, err))
        return false;
    op->dom = known ? domain_ref(known) : NULL;
    return true;
}

static void parsed(gpointer user, const GError *err)
{
    Op *op = user;
    g_autoptr(GError) clash = NULL;

    if (err || !find_place(op, &clash))
        op_end(op, err ? err : clash);
    else
        actor_push_first(op->driver->actor, "define", write_job, written, op);
}

void qemu_define_xml(QemuDriver *d, const char *xml, guint flags, DomainDone done, gpointer user)
{
    Op *op = op_new(d, NULL, flags, done, user);
    op->text = g_strdup(xml);
    actor_push(d->actor, "define", parse_job, parsed, op);
}

/* --- create: a transient guest, or the persistent one of that name with another definition for this run */

static void created(gpointer user, const GError *err)
{
    Op *op = user;
    g_autoptr(GError) clash = NULL;

    if (err || !find_place(op, &clash)) {
        op_end(op, err ? err : clash);
        return;
    }
    if (!op->dom)
        op->dom = domain_ref(add_domain(op->driver, op->def));
    life_start(op);
}

static bool parse_create_job(gpointer user, GError **err)
{
    Op *op = user;
    enum { START_VALIDATE = 16 };
    return (op->def = driver_define(op->driver, op->text, op->flags & START_VALIDATE ? XM_PARSE_STRICT : 0, err)) != NULL;
}

void qemu_create_xml(QemuDriver *d, const char *xml, guint flags, DomainDone done, gpointer user)
{
    Op *op = op_new(d, NULL, flags, done, user);
    op->text = g_strdup(xml);
    actor_push(d->actor, "create", parse_create_job, created, op);
}

/* --- undefine */

static char *autostart_path(QemuDriver *d, const char *name)
{
    return g_strdup_printf("%s/%s.xml", d->autostart, name);
}

static bool undefine_job(gpointer user, GError **err)
{
    Op *op = user;
    g_autofree char *path = driver_config_path(op->driver, op->text);
    g_autofree char *link = autostart_path(op->driver, op->text);
    g_autoptr(GError) why = NULL;

    if (!file_remove(path, err))
        return false;
    /* It is undefined now; a link to nothing goes with the next load. */
    if (!file_remove(link, &why))
        g_warning("%s", why->message);
    return !op->text2 || file_remove(op->text2, err);
}

static void undefined(gpointer user, const GError *err)
{
    Op *op = user;

    if (err || !op->dom->listed) {
        op_end(op, err);
        return;
    }
    DomainView *view = domain_view_copy(op->dom->view);
    view->persistent = view->autostart = false;
    index_publish(op->driver->index, op->dom, view);
    domain_unstore(op->dom);
    driver_emit(op->driver, op->dom, DOMAIN_EVENT_LIFECYCLE, EVENT_UNDEFINED, 0);
    if (!op->dom->run)
        index_remove(op->driver->index, op->dom);
    op_end(op, NULL);
}

static bool persistent(Domain *dom, Op *op)
{
    if (dom->view->persistent)
        return true;
    op_fail_later(op, g_error_new(QV_ERROR, QV_ERR_OPERATION_INVALID, "domain '%s' is transient: it has no definition",
                                  dom->view->name));
    return false;
}

void domain_undefine(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    Op *op = op_new(dom->driver, dom, flags, done, user);
    enum { UNDEFINE_NVRAM = 4, UNDEFINE_KEEP_NVRAM = 8 };

    if (!persistent(dom, op))
        return;
    const DomainDef *stored = domain_stored(dom, NULL);      /* one that cannot be read can still be undefined */
    const char *nvram = stored ? stored->frame.os.nvram.path : NULL;
    if (nvram && !(flags & (UNDEFINE_NVRAM | UNDEFINE_KEEP_NVRAM)) && g_file_test(nvram, G_FILE_TEST_EXISTS)) {
        op_fail_later(op, g_error_new(QV_ERROR, QV_ERR_OPERATION_INVALID,
                                      "cannot undefine domain with nvram: ask for it to be removed (--nvram) or kept (--keep-nvram)"));
        return;
    }
    op->text = g_strdup(dom->view->name);
    op->text2 = flags & UNDEFINE_NVRAM ? g_strdup(nvram) : NULL;
    actor_push(dom->driver->actor, "undefine", undefine_job, undefined, op);
}

/* --- autostart */

static bool autostart_job(gpointer user, GError **err)
{
    Op *op = user;
    g_autofree char *path = driver_config_path(op->driver, op->text);
    g_autofree char *link = autostart_path(op->driver, op->text);

    if (!op->number)
        return file_remove(link, err);
    return file_link(path, link, err);
}

static void autostart_set(gpointer user, const GError *err)
{
    Op *op = user;
    if (!err) {
        DomainView *view = domain_view_copy(op->dom->view);
        view->autostart = op->number;
        index_publish(op->driver->index, op->dom, view);
    }
    op_end(op, err);
}

void domain_set_autostart(Domain *dom, bool on, DomainDone done, gpointer user)
{
    Op *op = op_new(dom->driver, dom, 0, done, user);
    if (!persistent(dom, op))
        return;
    op->number = on;
    op->text = g_strdup(dom->view->name);
    actor_push(dom->driver->actor, "autostart", autostart_job, autostart_set, op);
}

/* --- rename */

/* The file gets its new name first: should we end before the text says so too, the name of the file counts (load). */
static bool rename_job(gpointer user, GError **err)
{
    Op *op = user;
    g_autofree char *old = driver_config_path(op->driver, op->text);
    g_autofree char *new = driver_config_path(op->driver, op->def->frame.name);

    if (!file_move(old, new, err))
        return false;
    if ((op->stored = driver_write_def(op->driver, op->def, err)))
        return true;
    if (rename(new, old) < 0)
        g_warning("cannot move '%s' back: %s", new, g_strerror(errno));
    return false;
}

static void renamed(gpointer user, const GError *err)
{
    Op *op = user;

    if (!err) {
        DomainView *view = domain_view_copy(op->dom->view);
        driver_emit(op->driver, op->dom, DOMAIN_EVENT_LIFECYCLE, EVENT_UNDEFINED, 1);
        driver_refresh_view(view, op->def);
        domain_store(op->dom, g_steal_pointer(&op->def), g_steal_pointer(&op->stored));
        index_publish(op->driver->index, op->dom, view);
        driver_emit(op->driver, op->dom, DOMAIN_EVENT_LIFECYCLE, EVENT_DEFINED, DEFINED_RENAMED);
    }
    op_end(op, err);
}

static GError *why_no_rename(Domain *dom, const char *name)
{
    g_autoptr(Domain) other = index_by_name(dom->driver->index, name, NULL);

    if (dom->run)
        return g_error_new(QV_ERROR, QV_ERR_OPERATION_INVALID, "cannot rename the running domain '%s'", dom->view->name);
    if (dom->view->autostart)
        return g_error_new(QV_ERROR, QV_ERR_OPERATION_INVALID, "cannot rename '%s': disable its autostart first", dom->view->name);
    if (!*name || strpbrk(name, "/\n"))
        return g_error_new(QV_ERROR, QV_ERR_XML, "name %s cannot contain '/' or '\\n' or be empty", name);
    if (other)
        return g_error_new(QV_ERROR, QV_ERR_OPERATION_INVALID, "domain with name '%s' already exists", name);
    return NULL;
}

void domain_rename(Domain *dom, const char *name, guint flags, DomainDone done, gpointer user)
{
    Op *op = op_new(dom->driver, dom, flags, done, user);
    GError *why = NULL;

    if (!persistent(dom, op))
        return;
    if ((why = why_no_rename(dom, name))) {
        op_fail_later(op, why);
        return;
    }
    const DomainDef *stored = domain_stored(dom, &why);
    if (!stored) {
        op_fail_later(op, why);
        return;
    }
    op->text = g_strdup(dom->view->name);
    op->def = domain_def_copy(stored);
    g_free(op->def->frame.name);
    op->def->frame.name = g_strdup(name);
    actor_push(dom->driver->actor, "rename", rename_job, renamed, op);
}

/* --- description, title, metadata */

enum { META_DESCRIPTION, META_TITLE, META_ELEMENT };              /* virDomainMetadataType */

static xmlNode *find_element(xmlNode *metadata, const char *uri)
{
    for (xmlNode *n = metadata ? metadata->children : NULL; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && n->ns && xmlStrEqual(n->ns->href, (const xmlChar *)uri))
            return n;
    return NULL;
}

static bool set_element(DomainFrame *f, const char *text, const char *key, const char *uri, GError **err)
{
    xmlNode *old = find_element(f->metadata, uri);
    if (old) {
        xmlUnlinkNode(old);
        xmlFreeNode(old);
    }
    if (!text) {
        if (f->metadata && !xmlFirstElementChild(f->metadata))
            g_clear_pointer(&f->metadata, xmlFreeNode);
        return true;
    }
    xmlDoc *doc = xm_read(text, strlen(text), NULL, NULL, err);
    if (!doc)
        return false;
    if (!f->metadata)
        f->metadata = xmlNewNode(NULL, (const xmlChar *)"metadata");
    xmlNode *node = xmlDocCopyNode(xmlDocGetRootElement(doc), NULL, 1);
    xmlFreeDoc(doc);
    xmlSetNs(node, xmlNewNs(node, (const xmlChar *)uri, (const xmlChar *)key));
    xmlAddChild(f->metadata, node);
    return true;
}

static bool apply_metadata(DomainDef *def, int type, const char *text, const char *key, const char *uri, GError **err)
{
    DomainFrame *f = &def->frame;
    char **field = type == META_TITLE ? &f->title : &f->description;

    if (type == META_ELEMENT)
        return set_element(f, text, key, uri, err);
    g_free(*field);
    *field = text && *text ? g_strdup(text) : NULL;
    return true;
}

typedef struct { int type; char *text, *key, *uri; } Metadata;

static void free_metadata(gpointer data)
{
    Metadata *m = data;
    g_free(m->text);
    g_free(m->key);
    g_free(m->uri);
    g_free(m);
}

static bool edit_metadata(const Change *c, GError **err)
{
    const Metadata *m = c->data;
    return apply_metadata(c->now, m->type, m->text, m->key, m->uri, err);
}

static void metadata_changed(Domain *dom, bool live, gpointer data)
{
    const Metadata *m = data;
    DomainEvent event = { .id = DOMAIN_EVENT_METADATA_CHANGE, .name = dom->view->name, .dom_id = dom->view->id, .a = m->type,
                          .s1 = m->type == META_ELEMENT ? m->uri : NULL };
    memcpy(event.uuid, dom->view->uuid, 16);
    if (dom->driver->on_event)
        dom->driver->on_event(&event, dom->driver->event_user);
}

static const ChangeKind metadata_change = { "metadata", edit_metadata, NULL, metadata_changed };

void domain_set_metadata(Domain *dom, int type, const char *text, const char *key, const char *uri, guint flags,
                         DomainDone done, gpointer user)
{
    Metadata *m = g_new(Metadata, 1);
    *m = (Metadata){ type, g_strdup(text), g_strdup(key), g_strdup(uri) };
    domain_change(dom, flags, &metadata_change, m, free_metadata, done, user);
}

/* Without the namespace that stands for the key: as it was given. */
static xmlNode *plain_copy(xmlNode *node)
{
    xmlNode *copy = xmlDocCopyNode(node, NULL, 1);
    xmlNs *declared = copy->nsDef;

    copy->ns = NULL;
    copy->nsDef = NULL;
    for (xmlNode *n = copy->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && n->ns == declared)
            n->ns = NULL;
    if (declared)
        xmlFreeNsList(declared);
    return copy;
}

char *domain_get_metadata(Domain *dom, int type, const char *uri, guint flags, GError **err)
{
    bool live;
    const DomainDef *def = domain_definition(dom, flags, &live, err);
    if (!def)
        return NULL;
    const char *text = type == META_TITLE ? def->frame.title : def->frame.description;

    if (type == META_ELEMENT) {
        xmlNode *node = find_element(def->frame.metadata, uri);
        if (node) {
            xmlBuffer *buffer = xmlBufferCreate();
            node = plain_copy(node);
            xmlNodeDump(buffer, NULL, node, 0, 1);
            xmlFreeNode(node);
            char *copy = g_strdup((const char *)xmlBufferContent(buffer));
            xmlBufferFree(buffer);
            return copy;
        }
    } else if (text) {
        return g_strdup(text);
    }
    g_set_error(err, QV_ERROR, QV_ERR_NO_DOMAIN_METADATA, "Requested metadata element is not present in domain '%s'", dom->view->name);
    return NULL;
}
