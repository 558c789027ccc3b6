/* Random objects for property tests, and the reference text, both from the rows. */
#include "conf/xm_rows.h"

enum { MAX_DEPTH = 12 };

static void random_fields(const XmElem *e, gpointer obj, GRand *rnd, guint depth)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        gpointer field = xm_at(obj, r->off);
        bool wanted = r->flags & XM_REQUIRED || g_rand_int_range(rnd, 0, 3) == 0;
        if (r->flags & XM_ALIAS || !xm_applies(e, r, obj) || depth > MAX_DEPTH)
            continue;
        if (r->kind == XM_INLINE || r->kind == XM_INCLUDE) {
            if (wanted || r->kind == XM_INCLUDE)
                random_fields(r->elem, field, rnd, depth + 1);
        } else if (!wanted) {
            continue;
        } else if (xm_is_scalar(r)) {
            r->type->clear(field);
            r->type->random(r, field, rnd);
            if (r->kind == XM_SIZE)     /* canonical units only: what is written is what was read */
                *(guint64 *)field = (*(guint64 *)field >> 20) * (r->unit ? r->unit : 1024);
            if (r->elem)
                random_fields(r->elem, obj, rnd, depth + 1);
        } else if (r->kind == XM_FLAG) {
            *(bool *)field = true;
        } else if (r->kind == XM_CHILD && !*(gpointer *)field) {
            *(gpointer *)field = xm_new(r->elem);
            random_fields(r->elem, *(gpointer *)field, rnd, depth + 1);
        } else if (r->kind == XM_LIST) {
            if (!*(GPtrArray **)field)
                *(GPtrArray **)field = g_ptr_array_new();
            gpointer item = xm_new(r->elem);     /* one will do: what a list does wrong it does at the first */
            g_ptr_array_add(*(GPtrArray **)field, item);
            random_fields(r->elem, item, rnd, depth + 1);
        }
    }
}

gpointer xm_random(const XmElem *e, GRand *rnd)
{
    gpointer obj = xm_new(e);
    random_fields(e, obj, rnd, 0);
    return obj;
}

static void append_type(GString *out, const XmRow *r)
{
    if (r->en) {
        for (guint i = r->en->names[0] ? 0 : 1; i < r->en->n; i++)
            g_string_append_printf(out, "%s%s", i > 1 || (i && r->en->names[0]) ? " | " : "", r->en->names[i]);
        return;
    }
    g_string_append(out, r->kind == XM_SIZE ? "size" : r->type ? r->type->name : "");
    if (r->max)
        g_string_append_printf(out, " %" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT, r->min, r->max);
}

static void doc_fields(const XmElem *e, guint depth, GString *out)
{
    for (guint i = 0; i < e->n_rows && depth <= MAX_DEPTH; i++) {
        const XmRow *r = &e->rows[i];
        if (r->flags & XM_ALIAS)
            continue;
        if (r->kind == XM_INCLUDE) {
            doc_fields(r->elem, depth, out);
            continue;
        }
        g_string_append_printf(out, "%*s", (int)depth * 2, "");
        g_string_append_printf(out, r->kind == XM_ATTR ? "@%s" : r->name ? "<%s>" : "text", r->name);
        if (xm_is_scalar(r)) {
            g_string_append(out, "  ");
            append_type(out, r);
        }
        g_string_append_printf(out, "%s%s%s\n", r->flags & XM_REQUIRED ? "  required" : "", r->doc ? "  " : "", r->doc ? r->doc : "");
        if (r->elem && r->elem != e)
            doc_fields(r->elem, depth + 1, out);
    }
}

char *xm_doc(const XmElem *e)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "<%s>\n", e->name);
    doc_fields(e, 1, out);
    return g_string_free(out, FALSE);
}
