/* Theory of operation. libxml2 builds the tree; one walk over it fills the objects. For each element the
 * attribute rows are tried in row order (a discriminator comes before what depends on it), then each child
 * is looked up among the rows, through inclusions. The first of a repeated single child counts, as XPath's
 * string(./name) has it; strict mode refuses the second. Paths are made only for messages. */
#include <libxml/parser.h>
#include <string.h>
#include "conf/xm_rows.h"
#include "util/size.h"

enum { MAX_TEXT = 16 << 20, MAX_ITEMS = 65536 };

typedef struct {
    const char *file;
    const char *text;       /* the document, where it is at hand: for columns */
    gsize len;
    xmlNode *root;
    const char *root_path;
    guint flags;
    GError **err;
} Parse;

/* --- reading the document */

/* No document of ours has a DTD; what it could bring (entities, external files) never gets in. */
static void refuse_dtd(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxt *ctxt = user;
    ctxt->_private = GINT_TO_POINTER(1);
    xmlStopParser(ctxt);
}

static void quiet(void *user, const xmlError *error)
{
}

static void syntax_error(xmlParserCtxt *ctxt, const char *file, GError **err)
{
    const xmlError *e = xmlCtxtGetLastError(ctxt);
    g_autofree char *words = g_strchomp(g_strdup(e && e->message ? e->message : "not an XML document"));

    if (ctxt->_private)
        g_set_error(err, QV_ERROR, QV_ERR_XML_SYNTAX, "%s: a document type declaration (<!DOCTYPE) is not allowed", file);
    else
        g_set_error(err, QV_ERROR, QV_ERR_XML_SYNTAX, "%s:%d:%d: %s", file, e ? e->line : 0, e ? e->int2 : 0, words);
}

xmlDoc *xm_read(const char *text, gsize len, const char *file, const char *root, GError **err)
{
    const char *shown = file ? file : "(xml)";
    xmlParserCtxt *ctxt = len <= MAX_TEXT ? xmlNewParserCtxt() : NULL;

    if (!ctxt) {
        g_set_error(err, QV_ERROR, QV_ERR_XML_SYNTAX, "%s: the document has %zu bytes, more than %d", shown, len, MAX_TEXT);
        return NULL;
    }
    ctxt->sax->internalSubset = refuse_dtd;
    ctxt->sax->serror = (xmlStructuredErrorFunc)quiet;
    xmlDoc *doc = xmlCtxtReadMemory(ctxt, text, len, NULL, NULL,
                                    XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_BIG_LINES | XML_PARSE_COMPACT);
    if (!doc || ctxt->_private || !ctxt->wellFormed) {
        syntax_error(ctxt, shown, err);
        g_clear_pointer(&doc, xmlFreeDoc);
    }
    xmlFreeParserCtxt(ctxt);
    xmlNode *top = doc ? xmlDocGetRootElement(doc) : NULL;
    if (top && root && strcmp((const char *)top->name, root)) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "%s: the root element is <%s>, not <%s>", shown, top->name, root);
        g_clear_pointer(&doc, xmlFreeDoc);
    }
    return doc;
}

/* --- messages */

/* "[2]" when the parent has several children of that name. */
static void append_index(GString *path, xmlNode *node)
{
    guint before = 0, after = 0;
    for (xmlNode *n = node->prev; n; n = n->prev)
        before += n->type == XML_ELEMENT_NODE && xmlStrEqual(n->name, node->name);
    for (xmlNode *n = node->next; n && !after; n = n->next)
        after += n->type == XML_ELEMENT_NODE && xmlStrEqual(n->name, node->name);
    if (before || after)
        g_string_append_printf(path, "[%u]", before + 1);
}

static void append_path(Parse *p, GString *path, xmlNode *node)
{
    if (node == p->root && p->root_path) {
        g_string_append(path, p->root_path);
        return;
    }
    if (node != p->root && node->parent && node->parent->type == XML_ELEMENT_NODE)
        append_path(p, path, node->parent);
    g_string_append_printf(path, "/%s", node->name);
    append_index(path, node);
}

static bool is_name(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == ':' || (guchar)c >= 0x80;
}

/* The last @word in text[from, to) that stands alone behind @before; or @to. */
static gsize find_back(const char *text, gsize from, gsize to, char before, const char *word)
{
    gsize n = strlen(word);
    for (gsize i = to; i-- > from + 1;)
        if (i + n < to && !memcmp(text + i, word, n) && !is_name(text[i + n]) &&
            (before ? text[i - 1] == before || text[i - 1] == ':' : !is_name(text[i - 1])))
            return i;
    return to;
}

/* Where the tree only knows the line on which a start tag ends, the text knows the place of the name. false: it
 * could not be found. */
static bool find_place(const Parse *p, xmlNode *node, const char *attr, glong *ret_line, glong *ret_column)
{
    gsize end = 0;
    glong line = xmlGetLineNo(node), line_start = 0;

    for (glong l = 0; p->text && end < p->len && (l < line - 1 || p->text[end] != '\n'); end++)
        l += p->text[end] == '\n';
    gsize tag = p->text ? find_back(p->text, 0, end, '<', (const char *)node->name) : end;
    gsize at = tag < end && attr ? find_back(p->text, tag, end, 0, attr) : tag;
    if (at >= end)
        return false;
    *ret_line = 1;
    for (gsize i = 0; i < at; i++)
        if (p->text[i] == '\n') {
            ++*ret_line;
            line_start = i + 1;
        }
    *ret_column = at - line_start + 1;
    return true;
}

static bool fail(Parse *p, QvErrorCode code, xmlNode *node, const char *attr, const char *why)
{
    GString *where = g_string_new(p->file);
    glong line = xmlGetLineNo(node), column = 0;

    if (find_place(p, node, attr, &line, &column))
        g_string_append_printf(where, p->file ? ":%ld:%ld: " : "line %ld, column %ld: ", line, column);
    else
        g_string_append_printf(where, "%s%ld: ", p->file ? ":" : "line ", line);
    append_path(p, where, node);
    if (attr)
        g_string_append_printf(where, "/@%s", attr);
    g_set_error(p->err, QV_ERROR, code, "%s: %s", where->str, why);
    g_string_free(where, TRUE);
    return false;
}

static void collect_names(const XmElem *e, bool children, GPtrArray *names)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        if (r->kind == XM_INCLUDE)
            collect_names(r->elem, children, names);
        else if (r->name && xm_is_child(r) == children && (children || r->kind == XM_ATTR))
            g_ptr_array_add(names, (gpointer)r->name);
    }
}

static bool refuse_unknown(Parse *p, const XmElem *e, xmlNode *node, const char *attr)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *name = attr ? attr : (const char *)node->name;

    collect_names(e, !attr, names);
    bool elsewhere = false;
    for (guint i = 0; i < names->len; i++)
        elsewhere = elsewhere || !strcmp(names->pdata[i], name);
    g_autofree char *near = elsewhere ? g_strdup("; it belongs to another type or mode")
                                      : qv_error_nearest(name, (const char *const *)names->pdata, names->len);
    g_autofree char *why = g_strdup_printf("unknown %s '%.64s' here%s", attr ? "attribute" : "element", name, near);
    return fail(p, p->flags & XM_PARSE_STRICT ? QV_ERR_XML_INVALID_SCHEMA : QV_ERR_CONFIG_UNSUPPORTED, node, attr, why);
}

/* --- values */

/* The text below @first without a copy in the usual case of one text node; *ret_owned is to be freed. */
static const char *text_of(xmlNode *first, xmlNode *owner, xmlChar **ret_owned)
{
    *ret_owned = NULL;
    if (!first)
        return "";
    if (!first->next && (first->type == XML_TEXT_NODE || first->type == XML_CDATA_SECTION_NODE))
        return first->content ? (const char *)first->content : "";
    *ret_owned = xmlNodeGetContent(owner);
    return *ret_owned ? (const char *)*ret_owned : "";
}

static bool read_scalar(Parse *p, const XmRow *r, gpointer obj, xmlNode *node, const char *text, const char *attr)
{
    g_autofree char *why = NULL;
    gpointer field = xm_at(obj, r->off);

    if (!r->type->absent(field))      /* read before under another spelling: the later one counts */
        r->type->clear(field);
    return r->type->parse(r, text, field, &why) || fail(p, QV_ERR_XML, node, attr, why ? why : "bad value");
}

static xmlAttr *find_attribute(xmlNode *node, const char *name, const char *ns)
{
    for (xmlAttr *a = node->properties; a; a = a->next)
        if (!strcmp((const char *)a->name, name) && (a->ns ? ns && xmlStrEqual(a->ns->href, (const xmlChar *)ns) : !ns))
            return a;
    return NULL;
}

static bool skipped(Parse *p, const XmRow *r)
{
    return r->flags & XM_LIVE && !(p->flags & XM_PARSE_LIVE);
}

static bool missing(Parse *p, const XmRow *r, xmlNode *node)
{
    g_autofree char *why = g_strdup_printf("%s '%s' is missing", xm_is_child(r) ? "element" : "attribute", r->name ? r->name : "text");
    return fail(p, QV_ERR_XML, node, NULL, why);
}

static bool read_attribute(Parse *p, const XmRow *r, gpointer obj, xmlNode *node)
{
    xmlAttr *a = find_attribute(node, r->name, r->ns);
    xmlChar *owned;

    if (!a)
        return !(r->flags & XM_REQUIRED) || missing(p, r, node);
    if (skipped(p, r))
        return true;
    const char *text = text_of(a->children, (xmlNode *)a, &owned);
    bool ok = read_scalar(p, r, obj, node, text, r->name);
    xmlFree(owned);
    return ok;
}

/* An empty text leaves nothing, but what is required is there then, as "": the checks after it count on that. */
static bool read_text(Parse *p, const XmRow *r, gpointer obj, xmlNode *node)
{
    xmlChar *owned;
    const char *text = text_of(node->children, node, &owned);
    bool empty = !text[strspn(text, " \t\r\n")];
    bool ok = empty && (r->type != &xm_str || r->flags & XM_EMPTY_ABSENT) ? !(r->flags & XM_REQUIRED) || missing(p, r, node)
                                          : (!*text && !(r->flags & XM_REQUIRED)) || read_scalar(p, r, obj, node, text, NULL);

    xmlFree(owned);
    return ok;
}

static bool read_attributes(Parse *p, const XmElem *e, gpointer obj, xmlNode *node)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        bool ok = true;
        if (r->kind == XM_INCLUDE && xm_applies(e, r, obj))
            ok = read_attributes(p, r->elem, xm_at(obj, r->off), node);
        else if (r->kind == XM_ATTR && xm_applies(e, r, obj))
            ok = read_attribute(p, r, obj, node);
        else if (r->kind == XM_TEXT && xm_applies(e, r, obj))
            ok = read_text(p, r, obj, node);
        if (!ok)
            return false;
    }
    return true;
}

/* --- children */

typedef struct {
    const XmRow *row;
    gpointer obj;       /* that the row's offset counts from */
    guint index;        /* of the row, inclusions flattened */
} Found;

static bool same_ns(const XmRow *r, const xmlNode *node)
{
    return r->ns ? node->ns && xmlStrEqual(node->ns->href, (const xmlChar *)r->ns) : !node->ns;
}

static guint count_rows(const XmElem *e)
{
    guint n = e->n_rows;
    for (guint i = 0; i < e->n_rows; i++)
        n += e->rows[i].kind == XM_INCLUDE ? count_rows(e->rows[i].elem) : 0;
    return n;
}

static bool find_child(const XmElem *e, gpointer obj, const xmlNode *node, Found *found)
{
    for (guint i = 0; i < e->n_rows; i++, found->index++) {
        const XmRow *r = &e->rows[i];
        if (r->kind == XM_INCLUDE && !xm_applies(e, r, obj)) {
            found->index += count_rows(r->elem);
        } else if (r->kind == XM_INCLUDE) {
            if (find_child(r->elem, xm_at(obj, r->off), node, found))
                return true;
        } else if (xm_is_child(r) && !strcmp(r->name, (const char *)node->name) && same_ns(r, node) &&
                   xm_applies(e, r, obj)) {
            found->row = r;
            found->obj = obj;
            return true;
        }
    }
    return false;
}

static bool read_element(Parse *p, const XmElem *e, gpointer obj, xmlNode *node);

static bool read_size(Parse *p, const XmRow *r, gpointer obj, xmlNode *node)
{
    xmlAttr *unit = find_attribute(node, "unit", NULL);
    xmlChar *owned_unit = NULL, *owned;
    const char *scale = unit ? text_of(unit->children, (xmlNode *)unit, &owned_unit) : NULL;
    const char *text = text_of(node->children, node, &owned);
    g_autofree char *why = NULL;
    guint64 number, bytes;

    if (scale && !size_unit(scale))
        why = g_strdup_printf("'%.32s' is not a unit; use one of bytes, KB, KiB, MB, MiB, GB, GiB, TB, TiB, PB, PiB, EB, EiB", scale);
    else if (!size_parse_number(text, &number) || !size_scale(number, scale, r->unit ? r->unit : 1024, &bytes))
        why = g_strdup_printf("'%.64s' is not a size, or more than 16 EiB", text);
    else if ((r->max && bytes > r->max) || bytes < r->min || (!bytes && r->flags & XM_NONZERO))
        why = g_strdup_printf("%" G_GUINT64_FORMAT " bytes are outside the limits", bytes);
    else
        *(guint64 *)xm_at(obj, r->off) = bytes;
    xmlFree(owned_unit);
    xmlFree(owned);
    if (why)
        return fail(p, QV_ERR_XML, node, NULL, why);
    return !r->elem || read_attributes(p, r->elem, obj, node);
}

static bool read_item(Parse *p, const XmRow *r, GPtrArray **list, xmlNode *node)
{
    guint max = r->max_items ? r->max_items : MAX_ITEMS;

    if (!*list)
        *list = g_ptr_array_new();
    if ((*list)->len >= max) {
        g_autofree char *why = g_strdup_printf("more than %u of them", max);
        return fail(p, QV_ERR_XML, node, NULL, why);
    }
    gpointer item = xm_new(r->elem);
    g_ptr_array_add(*list, item);
    return read_element(p, r->elem, item, node);
}

static bool known_attribute(const XmElem *e, gconstpointer obj, const char *name);

/* Strict: a leaf has no attributes but a size's unit and what its row lists. */
static bool plain_leaf(Parse *p, const XmRow *r, gconstpointer obj, xmlNode *node)
{
    static const XmElem none = { .name = "" };
    bool leaf = r->kind == XM_LEAF || r->kind == XM_FLAG || r->kind == XM_SIZE;

    if (!leaf || !(p->flags & XM_PARSE_STRICT))
        return true;
    for (xmlAttr *a = node->properties; a; a = a->next) {
        const char *name = (const char *)a->name;
        bool known = a->ns || (r->kind == XM_SIZE && !strcmp(name, "unit")) || (r->elem && known_attribute(r->elem, obj, name));
        if (!known)
            return refuse_unknown(p, r->elem ? r->elem : &none, node, name);
    }
    for (xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            return refuse_unknown(p, &none, child, NULL);
    return true;
}

static bool read_child(Parse *p, const Found *found, xmlNode *node)
{
    const XmRow *r = found->row;
    gpointer field = xm_at(found->obj, r->off);

    if (!plain_leaf(p, r, found->obj, node))
        return false;
    switch (r->kind) {
    case XM_LEAF:
        return read_text(p, r, found->obj, node);
    case XM_SIZE:
        return read_size(p, r, found->obj, node);
    case XM_FLAG:
        return *(bool *)field = true;
    case XM_INLINE:
        return read_element(p, r->elem, field, node);
    case XM_CHILD:
        xm_free(r->elem, *(gpointer *)field);      /* read before under another spelling */
        *(gpointer *)field = xm_new(r->elem);
        return read_element(p, r->elem, *(gpointer *)field, node);
    case XM_LIST:
        return read_item(p, r, field, node);
    case XM_KEEP:
        g_clear_pointer((xmlNode **)field, xmlFreeNode);
        *(xmlNode **)field = xmlDocCopyNode(node, NULL, 1);
        return true;
    default:
        return true;
    }
}

static bool read_children(Parse *p, const XmElem *e, gpointer obj, xmlNode *node, guint8 *seen)
{
    for (xmlNode *child = node->children; child; child = child->next) {
        Found found = { 0 };
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (!find_child(e, obj, child, &found)) {
            if ((p->flags & XM_PARSE_STRICT || e->closed) && !child->ns && !refuse_unknown(p, e, child, NULL))
                return false;
            continue;
        }
        bool again = seen[found.index / 8] >> found.index % 8 & 1;
        seen[found.index / 8] |= 1 << found.index % 8;
        if (again && found.row->kind != XM_LIST) {
            if (p->flags & XM_PARSE_STRICT)
                return fail(p, QV_ERR_XML_INVALID_SCHEMA, child, NULL, "this element may stand here only once");
            continue;
        }
        if (!skipped(p, found.row) && !read_child(p, &found, child))
            return false;
    }
    return true;
}

/* Required children, and the hooks, of an element and of what it includes. */
static bool finish(Parse *p, const XmElem *e, gpointer obj, xmlNode *node, const guint8 *seen, guint *index)
{
    g_autofree char *why = NULL;

    for (guint i = 0; i < e->n_rows; i++, (*index)++) {
        const XmRow *r = &e->rows[i];
        if (!xm_applies(e, r, obj)) {
            *index += r->kind == XM_INCLUDE ? count_rows(r->elem) : 0;
            continue;
        }
        if (r->kind == XM_INCLUDE && !finish(p, r->elem, xm_at(obj, r->off), node, seen, index))
            return false;
        if (xm_is_child(r) && r->flags & XM_REQUIRED && !(seen[*index / 8] >> *index % 8 & 1))
            return missing(p, r, node);
    }
    if (e->loaded && !e->loaded(obj, node, &why))
        return fail(p, e->refuse_code ? e->refuse_code : QV_ERR_XML, node, NULL, why ? why : "refused");
    if (e->check && !e->check(obj, &why))
        return fail(p, e->refuse_code ? e->refuse_code : QV_ERR_XML, node, NULL, why ? why : "refused");
    return true;
}

/* Among the rows of this variant: an attribute of another one would be read by nobody. */
static bool known_attribute(const XmElem *e, gconstpointer obj, const char *name)
{
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        if (!xm_applies(e, r, obj))
            continue;
        if (r->kind == XM_INCLUDE ? known_attribute(r->elem, xm_at(obj, r->off), name)
                                  : r->kind == XM_ATTR && !strcmp(r->name, name))
            return true;
    }
    return false;
}

static bool no_stray_attribute(Parse *p, const XmElem *e, gconstpointer obj, xmlNode *node)
{
    for (xmlAttr *a = node->properties; a; a = a->next)
        if (!a->ns && !known_attribute(e, obj, (const char *)a->name))
            return refuse_unknown(p, e, node, (const char *)a->name);
    return true;
}

static bool read_element(Parse *p, const XmElem *e, gpointer obj, xmlNode *node)
{
    gsize bytes = count_rows(e) / 8 + 1;
    guint8 *seen = g_alloca(bytes);
    guint index = 0;

    memset(seen, 0, bytes);
    if (e->has_line)
        *(guint *)obj = xmlGetLineNo(node);
    return read_attributes(p, e, obj, node) &&
           (!(p->flags & XM_PARSE_STRICT) || no_stray_attribute(p, e, obj, node)) &&
           read_children(p, e, obj, node, seen) && finish(p, e, obj, node, seen, &index);
}

gpointer xm_parse_node(const XmElem *e, xmlNode *node, const char *path, guint flags, GError **err)
{
    Parse p = { .root = node, .root_path = path, .flags = flags, .err = err };
    gpointer obj = xm_new(e);

    if (read_element(&p, e, obj, node))
        return obj;
    xm_free(e, obj);
    return NULL;
}

gpointer xm_parse(const XmElem *e, const char *text, gsize len, const char *file, guint flags, GError **err)
{
    xmlDoc *doc = xm_read(text, len, file, e->name, err);
    Parse p = { .file = file, .text = text, .len = len, .flags = flags, .err = err };
    gpointer obj;

    if (!doc)
        return NULL;
    p.root = xmlDocGetRootElement(doc);
    obj = xm_new(e);
    if (!read_element(&p, e, obj, p.root)) {
        xm_free(e, obj);
        obj = NULL;
    }
    xmlFreeDoc(doc);
    return obj;
}
