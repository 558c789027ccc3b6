#include <libxml/tree.h>
#include <string.h>
#include "conf/xm_rows.h"

/* What is being written. A start tag stays open until its first content, so that an element without
 * content ends in "/>", and an optional one without anything is taken back whole. */
typedef struct {
    GString *out;
    guint flags;
    guint indent;         /* blanks */
    bool tag_open;
    gsize text_end;       /* length of out when text was written last */
    gsize root_tag;       /* where attributes of the outermost element may still be put */
    GPtrArray *declared;  /* rows whose namespace prefix was written; created on demand */
} Format;

static void append_escaped(GString *out, const char *text)
{
    const char *rest = text;

    for (;; rest++) {
        gsize plain = strcspn(rest, "&<>'\"\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16"
                                    "\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f");
        g_string_append_len(out, rest, plain);
        rest += plain;
        switch (*rest) {
        case 0: return;
        case '&': g_string_append(out, "&amp;"); break;
        case '<': g_string_append(out, "&lt;"); break;
        case '>': g_string_append(out, "&gt;"); break;
        case '\'': g_string_append(out, "&apos;"); break;
        case '"': g_string_append(out, "&quot;"); break;
        default: break;   /* control characters cannot be in XML 1.0 */
        }
    }
}

static void append_indent(Format *f)
{
    static const char blanks[] = "                                                                ";
    g_string_append_len(f->out, blanks, MIN(f->indent, sizeof blanks - 1));
}

static void append_value(Format *f, const XmRow *r, gconstpointer field)
{
    if (r->type == &xm_str)
        append_escaped(f->out, *(char *const *)field);
    else
        r->type->format(r, field, f->out);
}

static bool writes(Format *f, const XmElem *e, const XmRow *r, gconstpointer obj)
{
    return !(r->flags & XM_ALIAS) && (!(r->flags & XM_LIVE) || f->flags & XM_FORMAT_LIVE) &&
           (!(r->flags & XM_SECRET) || f->flags & XM_FORMAT_SECRET) && xm_applies(e, r, obj) &&
           (!r->written || r->written(obj));
}

static void append_name(Format *f, const XmRow *r)
{
    if (r->prefix) {
        g_string_append(f->out, r->prefix);
        g_string_append_c(f->out, ':');
        if (!f->declared)
            f->declared = g_ptr_array_new();
        g_ptr_array_add(f->declared, (gpointer)r);
    }
    g_string_append(f->out, r->name);
}

static void write_attributes(Format *f, const XmElem *e, gconstpointer obj)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        gconstpointer field = xm_at(obj, r->off);
        if (r->kind == XM_INCLUDE && writes(f, e, r, obj)) {
            write_attributes(f, r->elem, field);
        } else if (r->kind == XM_ATTR && writes(f, e, r, obj) && !r->type->absent(field)) {
            g_string_append_c(f->out, ' ');
            append_name(f, r);
            g_string_append(f->out, "='");
            append_value(f, r, field);
            g_string_append_c(f->out, '\'');
        }
    }
}

/* Ends the parent's start tag before its first child, and opens the child's. */
static void open_tag(Format *f, const XmRow *r)
{
    if (f->tag_open)
        g_string_append(f->out, ">\n");
    append_indent(f);
    g_string_append_c(f->out, '<');
    append_name(f, r);
    f->tag_open = true;
}

static void close_tag(Format *f, const XmRow *r)
{
    g_string_append(f->out, "</");
    append_name(f, r);
    g_string_append(f->out, ">\n");
    f->tag_open = false;
}

static void write_content(Format *f, const XmElem *e, gconstpointer obj, const XmRow *tag);

/* An element of @e under the name of @tag, after its attributes were written. */
static void write_rest(Format *f, const XmElem *e, gconstpointer obj, const XmRow *tag)
{
    f->indent += 2;
    write_content(f, e, obj, tag);
    f->indent -= 2;
    if (f->tag_open && !(tag->flags & XM_END_TAG)) {
        g_string_append(f->out, "/>\n");
        f->tag_open = false;
    } else {
        if (f->tag_open)
            g_string_append(f->out, ">\n");
        if (f->out->len != f->text_end)
            append_indent(f);
        close_tag(f, tag);
    }
}

static void write_element(Format *f, const XmElem *e, gconstpointer obj, const XmRow *tag)
{
    open_tag(f, tag);
    write_attributes(f, e, obj);
    write_rest(f, e, obj, tag);
}

static void write_inline(Format *f, const XmElem *e, gconstpointer obj, const XmRow *r)
{
    gsize start = f->out->len;
    guint declared = f->declared ? f->declared->len : 0;
    bool was_open = f->tag_open;

    if (e->present && !e->present(obj))
        return;
    open_tag(f, r);
    gsize bare = f->out->len;
    write_attributes(f, e, obj);
    gsize with_attributes = f->out->len;
    write_rest(f, e, obj, r);
    bool nothing = with_attributes == bare && f->out->len == bare + 3;   /* "/>\n" */
    if (nothing && !(r->flags & XM_EMPTY_OK) && !e->present) {
        g_string_truncate(f->out, start);
        f->tag_open = was_open;
        if (f->declared)
            g_ptr_array_set_size(f->declared, declared);
    }
}

static void write_leaf(Format *f, const XmRow *r, gconstpointer field)
{
    if (r->type->absent(field))
        return;
    open_tag(f, r);
    g_string_append_c(f->out, '>');
    append_value(f, r, field);
    close_tag(f, r);
}

static const char *unit_name(guint64 unit)
{
    return unit == 1 ? "bytes" : unit == 1 << 20 ? "MiB" : unit == 1 << 30 ? "GiB" : "KiB";
}

static void write_size(Format *f, const XmRow *r, gconstpointer obj)
{
    guint64 bytes = *(const guint64 *)xm_at(obj, r->off), unit = r->unit ? r->unit : 1024;

    if (!bytes && !(r->flags & XM_EMPTY_OK))
        return;
    open_tag(f, r);
    if (r->elem)
        write_attributes(f, r->elem, obj);
    g_string_append_printf(f->out, " unit='%s'>%" G_GUINT64_FORMAT, unit_name(unit), bytes / unit + !!(bytes % unit));
    close_tag(f, r);
}

static void write_kept(Format *f, xmlNode *node)
{
    xmlBuffer *text = xmlBufferCreate();

    if (f->tag_open)
        g_string_append(f->out, ">\n");
    f->tag_open = false;
    append_indent(f);
    xmlNodeDump(text, node->doc, node, f->indent / 2, 1);
    g_string_append(f->out, (const char *)xmlBufferContent(text));
    g_string_append_c(f->out, '\n');
    xmlBufferFree(text);
}

static void write_list(Format *f, const XmRow *r, const GPtrArray *items)
{
    for (guint i = 0; items && i < items->len; i++)
        write_element(f, r->elem, g_ptr_array_index(items, i), r);
}

static void write_row(Format *f, const XmRow *r, gconstpointer obj)
{
    gconstpointer field = xm_at(obj, r->off);

    switch (r->kind) {
    case XM_LEAF: write_leaf(f, r, field); break;
    case XM_SIZE: write_size(f, r, obj); break;
    case XM_FLAG:
        if (*(const bool *)field) {
            open_tag(f, r);
            g_string_append(f->out, "/>\n");
            f->tag_open = false;
        }
        break;
    case XM_INLINE: write_inline(f, r->elem, field, r); break;
    case XM_CHILD:
        if (*(gconstpointer const *)field)
            write_element(f, r->elem, *(gconstpointer const *)field, r);
        break;
    case XM_LIST: write_list(f, r, *(GPtrArray *const *)field); break;
    case XM_KEEP:
        if (*(xmlNode *const *)field)
            write_kept(f, *(xmlNode *const *)field);
        break;
    case XM_TEXT:
        if (!r->type->absent(field)) {
            if (f->tag_open)
                g_string_append_c(f->out, '>');
            f->tag_open = false;
            append_value(f, r, field);
            f->text_end = f->out->len;
        }
        break;
    default: break;
    }
}

static void write_content(Format *f, const XmElem *e, gconstpointer obj, const XmRow *tag)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        if (r->kind == XM_ATTR || !writes(f, e, r, obj))
            continue;
        if (r->kind == XM_INCLUDE)
            write_content(f, r->elem, xm_at(obj, r->off), tag);
        else
            write_row(f, r, obj);
    }
}

/* xmlns declarations of the prefixes used, each once, in the outermost start tag. */
static void declare_namespaces(Format *f)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = f->declared ? f->declared->len : 0; i > 0; i--) {
        const XmRow *r = g_ptr_array_index(f->declared, i - 1);
        if (!r->ns || !g_hash_table_add(done, (gpointer)r->prefix))
            continue;
        g_autofree char *text = g_strdup_printf(" xmlns:%s='%s'", r->prefix, r->ns);
        g_string_insert(f->out, f->root_tag, text);
    }
}

void xm_format_to(const XmElem *e, gconstpointer obj, guint flags, guint indent, GString *out)
{
    const XmRow tag = { .name = e->name };
    Format f = { .out = out, .flags = flags, .indent = indent };

    open_tag(&f, &tag);
    write_attributes(&f, e, obj);
    f.root_tag = out->len;
    write_rest(&f, e, obj, &tag);
    declare_namespaces(&f);
    if (f.declared)
        g_ptr_array_free(f.declared, TRUE);
}

char *xm_format(const XmElem *e, gconstpointer obj, guint flags)
{
    GString *out = g_string_sized_new(4096);
    xm_format_to(e, obj, flags, 0, out);
    return g_string_free(out, FALSE);
}
