/* What differs between two objects, row by row, with the path of each difference. */
#include "config.h"
#include <string.h>
#include "conf/xm_rows.h"

typedef struct {
    XmDiffFn fn;
    gpointer user;
    GString *path;
    guint n;
} Diff;

static void diff_rows(Diff *d, const XmElem *e, gconstpointer a, gconstpointer b);

static void report(Diff *d, const XmRow *r, const char *was, const char *now)
{
    d->n++;
    if (d->fn)
        d->fn(d->path->str, r, was, now, d->user);
}

/* NULL where absent. Gives. */
static char *show(const XmRow *r, gconstpointer field)
{
    if (!field || r->type->absent(field))
        return NULL;
    GString *text = g_string_new(NULL);
    r->type->format(r, field, text);
    return g_string_free(text, FALSE);
}

static void diff_scalar(Diff *d, const XmRow *r, gconstpointer a, gconstpointer b)
{
    bool none_a = !a || r->type->absent(a), none_b = !b || r->type->absent(b);

    if (none_a && none_b)
        return;
    if (!none_a && !none_b && r->type->equal(a, b))
        return;
    g_autofree char *was = show(r, a), *now = show(r, b);
    report(d, r, was, now);
}

static void diff_pointer(Diff *d, const XmRow *r, gconstpointer a, gconstpointer b)
{
    if (a && b)
        diff_rows(d, r->elem, a, b);
    else if (a || b)
        report(d, r, a ? "present" : NULL, b ? "present" : NULL);
}

/* --- lists */

static const XmRow *key_row(const XmElem *e, gconstpointer *obj, const char *key)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        if (!xm_applies(e, r, *obj))
            continue;
        if (xm_is_scalar(r) && !g_strcmp0(r->name, key)) {
            *obj = xm_at(*obj, r->off);
            return r;
        }
        gconstpointer inner = xm_at(*obj, r->off);
        const XmRow *found = r->kind == XM_INLINE || r->kind == XM_INCLUDE ? key_row(r->elem, &inner, key) : NULL;
        if (found) {
            *obj = inner;
            return found;
        }
    }
    return NULL;
}

static char *key_of(const XmRow *list, gconstpointer item)
{
    gconstpointer field = item;
    const XmRow *r = key_row(list->elem, &field, list->key);
    return r ? show(r, field) : NULL;
}

/* The item of @now that is @was[index]: of the same key, or in the same place. */
static gpointer partner(const XmRow *r, const GPtrArray *now, gconstpointer was, guint index)
{
    if (!r->key)
        return now && index < now->len ? g_ptr_array_index(now, index) : NULL;
    g_autofree char *key = key_of(r, was);
    for (guint i = 0; now && i < now->len; i++) {
        g_autofree char *other = key_of(r, g_ptr_array_index(now, i));
        if (!g_strcmp0(key, other))
            return g_ptr_array_index(now, i);
    }
    return NULL;
}

static void diff_list(Diff *d, const XmRow *r, const GPtrArray *a, const GPtrArray *b)
{
    gsize len = d->path->len;

    for (guint i = 0; a && i < a->len; i++) {
        g_string_append_printf(d->path, "[%u]", i + 1);
        diff_pointer(d, r, g_ptr_array_index(a, i), partner(r, b, g_ptr_array_index(a, i), i));
        g_string_truncate(d->path, len);
    }
    for (guint i = 0; b && i < b->len; i++) {
        if (partner(r, a, g_ptr_array_index(b, i), i))
            continue;
        g_string_append_printf(d->path, "[%u]", i + 1);
        report(d, r, NULL, "present");
        g_string_truncate(d->path, len);
    }
}

/* --- foreign content is compared as text */

static char *kept_text(xmlNode *node)
{
    if (!node)
        return NULL;
    xmlBuffer *buffer = xmlBufferCreate();
    xmlNodeDump(buffer, node->doc, node, 0, 0);
    char *text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}

static void diff_kept(Diff *d, const XmRow *r, xmlNode *a, xmlNode *b)
{
    g_autofree char *was = kept_text(a), *now = kept_text(b);
    if (g_strcmp0(was, now))
        report(d, r, was, now);
}

static void diff_row(Diff *d, const XmRow *r, gconstpointer a, gconstpointer b)
{
    switch (r->kind) {
    case XM_ATTR: case XM_TEXT: case XM_LEAF: case XM_SIZE:
        diff_scalar(d, r, a, b);
        break;
    case XM_FLAG:
        if ((a && *(const bool *)a) != (b && *(const bool *)b))
            report(d, r, a && *(const bool *)a ? "present" : NULL, b && *(const bool *)b ? "present" : NULL);
        break;
    case XM_INLINE: case XM_INCLUDE:
        if (a && b)
            diff_rows(d, r->elem, a, b);
        break;
    case XM_CHILD:
        diff_pointer(d, r, a ? *(gconstpointer const *)a : NULL, b ? *(gconstpointer const *)b : NULL);
        break;
    case XM_LIST:
        diff_list(d, r, a ? *(GPtrArray *const *)a : NULL, b ? *(GPtrArray *const *)b : NULL);
        break;
    case XM_KEEP:
        diff_kept(d, r, a ? *(xmlNode *const *)a : NULL, b ? *(xmlNode *const *)b : NULL);
        break;
    }
}

static void diff_rows(Diff *d, const XmElem *e, gconstpointer a, gconstpointer b)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        gsize len = d->path->len;
        gconstpointer in_a = xm_applies(e, r, a) ? xm_at(a, r->off) : NULL;
        gconstpointer in_b = xm_applies(e, r, b) ? xm_at(b, r->off) : NULL;
        if ((!in_a && !in_b) || r->flags & XM_ALIAS)
            continue;
        if (r->name)
            g_string_append_printf(d->path, "/%s%s", r->kind == XM_ATTR ? "@" : "", r->name);
        diff_row(d, r, in_a, in_b);
        g_string_truncate(d->path, len);
        if (r->kind == XM_SIZE && r->elem)
            diff_rows(d, r->elem, a, b);
    }
}

guint xm_diff(const XmElem *e, gconstpointer a, gconstpointer b, XmDiffFn fn, gpointer user)
{
    Diff d = { fn, user, g_string_new(NULL), 0 };

    g_string_append_printf(d.path, "/%s", e->name);
    diff_rows(&d, e, a, b);
    g_string_free(d.path, TRUE);
    return d.n;
}
