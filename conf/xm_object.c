/* Making, freeing and copying objects, by their rows. Every row is visited whatever the variant: a pass may
 * have changed the discriminator after the fields were filled, and nothing may leak for that. Several rows
 * can name one field (variants, old spellings), so each operation must bear being done twice. */
#include "config.h"
#include "conf/xm_rows.h"

gpointer xm_new(const XmElem *e)
{
    gpointer obj = g_malloc0(e->size);

    if (e->init)
        e->init(obj);
    return obj;
}

/* --- freeing */

static void clear_rows(const XmElem *e, gpointer obj);

static void clear_list(const XmElem *e, GPtrArray **list)
{
    for (guint i = 0; *list && i < (*list)->len; i++)
        xm_free(e, g_ptr_array_index(*list, i));
    if (*list)
        g_ptr_array_set_free_func(*list, NULL);     /* the items are gone already */
    g_clear_pointer(list, g_ptr_array_unref);
}

static void clear_row(const XmRow *r, gpointer field)
{
    switch (r->kind) {
    case XM_ATTR: case XM_TEXT: case XM_LEAF: case XM_SIZE:
        r->type->clear(field);
        break;
    case XM_INLINE: case XM_INCLUDE:
        clear_rows(r->elem, field);
        break;
    case XM_CHILD:
        xm_free(r->elem, *(gpointer *)field);
        *(gpointer *)field = NULL;
        break;
    case XM_LIST:
        clear_list(r->elem, field);
        break;
    case XM_KEEP:
        g_clear_pointer((xmlNode **)field, xmlFreeNode);
        break;
    case XM_FLAG:
        break;
    }
    if (r->kind == XM_SIZE && r->elem)
        clear_rows(r->elem, (char *)field - r->off);
}

static void clear_rows(const XmElem *e, gpointer obj)
{
    for (guint i = 0; i < e->n_rows; i++)
        clear_row(&e->rows[i], xm_at(obj, e->rows[i].off));
}

void xm_free(const XmElem *e, gpointer obj)
{
    if (!obj)
        return;
    clear_rows(e, obj);
    g_free(obj);
}

/* --- copying: the bytes first, so that what no row knows of comes along too; then every field that a row
 * describes is made absent (it is still the original's, so nothing is freed), and copied */

static void disown_row(const XmRow *r, gpointer field);

static void disown_rows(const XmElem *e, gpointer obj)
{
    for (guint i = 0; i < e->n_rows; i++)
        disown_row(&e->rows[i], xm_at(obj, e->rows[i].off));
}

static void disown_row(const XmRow *r, gpointer field)
{
    static const guint64 absent[8];      /* as every type has it: zeroes */

    switch (r->kind) {
    case XM_ATTR: case XM_TEXT: case XM_LEAF: case XM_SIZE:
        r->type->copy(field, absent);
        break;
    case XM_INLINE: case XM_INCLUDE:
        disown_rows(r->elem, field);
        break;
    case XM_CHILD: case XM_LIST: case XM_KEEP:
        *(gpointer *)field = NULL;
        break;
    case XM_FLAG:
        break;
    }
    if (r->kind == XM_SIZE && r->elem)
        disown_rows(r->elem, (char *)field - r->off);
}

static void copy_rows(const XmElem *e, gpointer to, gconstpointer from);

static GPtrArray *copy_list(const XmElem *e, const GPtrArray *from)
{
    GPtrArray *to = g_ptr_array_sized_new(from->len);

    for (guint i = 0; i < from->len; i++)
        g_ptr_array_add(to, xm_copy(e, g_ptr_array_index(from, i)));
    return to;
}

static void copy_row(const XmRow *r, gpointer to, gconstpointer from)
{
    gpointer const *old = from;
    gpointer *now = to;

    switch (r->kind) {
    case XM_ATTR: case XM_TEXT: case XM_LEAF: case XM_SIZE:
        r->type->clear(to);
        r->type->copy(to, from);
        break;
    case XM_INLINE: case XM_INCLUDE:
        copy_rows(r->elem, to, from);
        break;
    case XM_CHILD:
        if (!*now)
            *now = xm_copy(r->elem, *old);
        break;
    case XM_LIST:
        if (!*now && *old)
            *now = copy_list(r->elem, *old);
        break;
    case XM_KEEP:
        if (!*now && *old)
            *now = xmlDocCopyNode(*old, NULL, 1);
        break;
    case XM_FLAG:
        break;
    }
    if (r->kind == XM_SIZE && r->elem)
        copy_rows(r->elem, (char *)to - r->off, (const char *)from - r->off);
}

static void copy_rows(const XmElem *e, gpointer to, gconstpointer from)
{
    for (guint i = 0; i < e->n_rows; i++)
        copy_row(&e->rows[i], xm_at(to, e->rows[i].off), xm_at(from, e->rows[i].off));
}

gpointer xm_copy(const XmElem *e, gconstpointer obj)
{
    if (!obj)
        return NULL;
    gpointer copy = g_memdup2(obj, e->size);
    disown_rows(e, copy);
    copy_rows(e, copy, obj);
    return copy;
}

/* --- static defaults */

static void default_row(const XmRow *r, gpointer field)
{
    g_autofree char *why = NULL;

    if (r->dflt && r->type && r->type->absent(field) && !r->type->parse(r, r->dflt, field, &why))
        g_critical("the default '%s' of '%s' is no value of its type: %s", r->dflt, r->name, why);
    if (r->kind == XM_INLINE || r->kind == XM_INCLUDE)
        xm_defaults(r->elem, field);
    if (r->kind == XM_CHILD && *(gpointer *)field)
        xm_defaults(r->elem, *(gpointer *)field);
    const GPtrArray *list = r->kind == XM_LIST ? *(GPtrArray **)field : NULL;
    for (guint i = 0; list && i < list->len; i++)
        xm_defaults(r->elem, g_ptr_array_index(list, i));
}

void xm_defaults(const XmElem *e, gpointer obj)
{
    for (guint i = 0; i < e->n_rows; i++)
        if (xm_applies(e, &e->rows[i], obj))
            default_row(&e->rows[i], xm_at(obj, e->rows[i].off));
}
