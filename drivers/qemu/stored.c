#include <string.h>
#include "drivers/qemu/driver.h"
#include "drivers/qemu/stored.h"

enum { RECENT_MAX = 128 };
typedef enum { SECRETS_UNKNOWN, SECRETS_NONE, SECRETS_SOME } Secrets;

struct Stored {
    char *text;
    DomainDef *def;          /* NULL: not lately used */
    GList recent;            /* of the driver's queue, while @def is there */
    Secrets secrets;         /* known once @text is what we would write, which a file edited by hand need not be */
};

void stored_free(Stored *stored)
{
    if (!stored)
        return;
    domain_def_free(stored->def);
    g_clear_pointer(&stored->text, g_ref_string_release);
    g_free(stored);
}

static void forget_def(QemuDriver *d, Stored *stored)
{
    if (!stored->def)
        return;
    g_queue_unlink(&d->recent, &stored->recent);
    g_clear_pointer(&stored->def, domain_def_free);
}

static void keep_def(QemuDriver *d, Stored *stored, DomainDef *def)
{
    if (d->recent.length >= RECENT_MAX)
        forget_def(d, d->recent.tail->data);
    stored->def = def;
    stored->recent.data = stored;
    g_queue_push_head_link(&d->recent, &stored->recent);
}

void domain_unstore(Domain *dom)
{
    if (dom->stored)
        forget_def(dom->driver, dom->stored);
    g_clear_pointer(&dom->stored, stored_free);
}

void domain_store(Domain *dom, DomainDef *def, char *text)
{
    domain_unstore(dom);
    dom->stored = g_new0(Stored, 1);
    dom->stored->text = text;
    if (def)
        keep_def(dom->driver, dom->stored, def);
}

/* A rename that never came to its end has moved the file and not yet changed its text: the file's name counts. */
static void take_name(DomainDef *def, const char *name)
{
    if (!strcmp(def->frame.name, name))
        return;
    g_free(def->frame.name);
    def->frame.name = g_strdup(name);
}

const DomainDef *domain_stored(Domain *dom, GError **err)
{
    Stored *s = dom->stored;

    if (!s)
        return NULL;
    if (s->def) {
        g_queue_unlink(&dom->driver->recent, &s->recent);
        g_queue_push_head_link(&dom->driver->recent, &s->recent);
        return s->def;
    }
    g_autofree char *path = driver_config_path(dom->driver, dom->view->name);
    DomainDef *def = domain_def_parse(s->text, strlen(s->text), path, 0, err);
    if (!def)
        return NULL;
    take_name(def, dom->view->name);
    keep_def(dom->driver, s, def);
    return def;
}

char *domain_stored_text(Domain *dom)
{
    return dom->stored ? g_ref_string_acquire(dom->stored->text) : NULL;
}

/* Brings the text to what we would write, and learns whether it has secrets. */
static void learn_text(Stored *s)
{
    g_autofree char *text = domain_def_format(s->def, XM_FORMAT_SECRET), *open = domain_def_format(s->def, 0);

    s->secrets = strcmp(text, open) ? SECRETS_SOME : SECRETS_NONE;
    if (!strcmp(text, s->text))
        return;
    g_ref_string_release(s->text);
    s->text = g_ref_string_new(text);
}

char *domain_stored_xml(Domain *dom, bool secrets, GError **err)
{
    Stored *s = dom->stored;

    if (s->secrets == SECRETS_UNKNOWN) {
        if (!domain_stored(dom, err))
            return NULL;
        learn_text(s);
    }
    if (secrets || s->secrets == SECRETS_NONE)
        return g_ref_string_acquire(s->text);
    if (!domain_stored(dom, err))
        return NULL;
    g_autofree char *text = domain_def_format(s->def, 0);
    return g_ref_string_new(text);
}
