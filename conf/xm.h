/* xm: XML models as tables.
 *
 * A model is a set of XmElem. Each XmRow describes one attribute, text, child or list: its
 * XML name, type, place in a C struct, limits, and what a change to it means. One engine
 * parses, validates, formats, copies, frees and compares from the same rows.
 *
 *   static const XmRow target_rows[] = {
 *       A_STR (Disk, dst, "dev", .flags = XM_REQUIRED | XM_ABI, .doc = "name of the disk in this domain"),
 *       A_ENUM(Disk, bus, "bus", disk_bus, .flags = XM_ABI),
 *   };
 *   static const XmElem target_elem = ELEM("target", Disk, target_rows);
 *
 * The order of rows is the order of output. Attributes are read before children, in row order.
 * Absence: pointers NULL; enums and tristates 0; xm_u32 and xm_u64 0; use OptU32, OptU64
 * and OptI32 where XML can mean 0. Sizes are bytes in structs, KiB (row.unit) in XML.
 * Ownership: xm_free releases everything xm_parse stored; nothing points into the xmlDoc.
 * Threads: descriptors are const, objects carry no locks. */
#ifndef QV_CONF_XM_H
#define QV_CONF_XM_H
#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include "util/bitmap.h"
#include "util/error.h"

typedef struct XmRow XmRow;
typedef struct XmElem XmElem;
typedef struct { bool set; guint32 v; } OptU32;
typedef struct { bool set; gint32 v; } OptI32;
typedef struct { bool set; guint64 v; } OptU64;

/* on/off and yes/no: absent, yes/on, no/off. */
typedef enum { TRI_ABSENT, TRI_YES, TRI_NO } Tristate;

typedef struct {
    const char *name;                                              /* for documentation */
    bool (*parse)(const XmRow *r, const char *text, gpointer v, char **why);
    void (*format)(const XmRow *r, gconstpointer v, GString *out); /* unescaped text */
    bool (*absent)(gconstpointer v);
    bool (*equal)(gconstpointer a, gconstpointer b);
    void (*copy)(gpointer to, gconstpointer from);
    void (*clear)(gpointer v);
    void (*random)(const XmRow *r, gpointer v, GRand *rnd);
} XmType;

/* What all types of a text (char *) do alike; one of its own adds how it is read:
 *   static const XmType port = XM_TEXT_TYPE("USB port", port_parse, port_random); */
void xm_str_format(const XmRow *r, gconstpointer v, GString *out);
bool xm_str_absent(gconstpointer v);
bool xm_str_equal(gconstpointer a, gconstpointer b);
void xm_str_copy(gpointer to, gconstpointer from);
void xm_str_clear(gpointer v);
#define XM_TEXT_TYPE(what, parse, random) \
    { what, parse, xm_str_format, xm_str_absent, xm_str_equal, xm_str_copy, xm_str_clear, random }
extern const XmType xm_str,      /* char * */
                    xm_u32,      /* guint32, 0 is absent */
                    xm_u64,      /* guint64, 0 is absent */
                    xm_opt_u32, xm_opt_i32, xm_opt_u64,
                    xm_hex,      /* OptU32, written 0x%0*x; row.width digits; decimal read too */
                    xm_enum,     /* 4-byte enum, names[0] stands for absent */
                    xm_onoff, xm_yesno, /* Tristate; both spellings' own words only */
                    xm_bitmap,   /* Bitmap * (util/bitmap.h) */
                    xm_mac,      /* char *, written in lower case with colons */
                    xm_uuid;     /* char *, written in lower case with dashes */

typedef struct { const char *what; const char *const *names; guint n; } XmEnum;

typedef enum {
    XM_ATTR,      /* attribute of this element */
    XM_TEXT,      /* text of this element */
    XM_LEAF,      /* child with text only: <name>x</name> */
    XM_SIZE,      /* child with a size as text and @unit, bytes in the struct; elem: more attributes */
    XM_FLAG,      /* child whose presence is a bool: <readonly/> */
    XM_INLINE,    /* child whose fields live in this struct (row.off is the base of its rows) */
    XM_CHILD,     /* child with a struct of its own: pointer; may recurse */
    XM_LIST,      /* repeated child: GPtrArray of structs */
    XM_INCLUDE,   /* another table's rows on the same element, base row.off */
    XM_KEEP,      /* foreign content kept verbatim: xmlNode * */
} XmKind;

typedef enum {
    XM_REQUIRED = 1 << 0,
    XM_NONZERO  = 1 << 1,   /* an explicit 0 (or names[0]) is refused */
    XM_LIVE     = 1 << 2,   /* written only into a running domain's XML; not read from a definition */
    XM_ABI      = 1 << 3,   /* the guest sees it: must match on restore and migration */
    XM_HOT      = 1 << 4,   /* may change on a running guest */
    XM_EMPTY_OK = 1 << 5,   /* the element is written although it has no content */
    XM_SECRET   = 1 << 6,   /* written only with XM_FORMAT_SECRET */
    XM_ALIAS    = 1 << 7,   /* an old spelling: read, never written */
    XM_EMPTY_ABSENT = 1 << 8, /* an empty string counts as absent */
    XM_END_TAG  = 1 << 9,   /* the element has an end tag also without content */
} XmFlag;

struct XmRow {
    const char *name;
    XmKind kind;
    const XmType *type;
    const XmEnum *en;
    const XmElem *elem;
    gsize off;
    guint flags;
    guint64 when;          /* bits over the element's discriminator (XmElem.variant); 0: always */
    guint64 min, max;      /* 0,0: the type's own limits */
    guint64 unit;          /* XM_SIZE: canonical unit in bytes (default 1024) */
    guint width;           /* xm_hex: digits */
    guint max_items;       /* XM_LIST: more is refused; 0: a limit of the engine's own (65536) */
    const char *ns;        /* namespace URI of element or attribute; NULL: none */
    const char *prefix;    /* and the prefix written for it */
    const char *dflt;      /* static default, filled in by xm_defaults */
    const char *doc;
    const char *key;       /* XM_LIST: name of the item's row that identifies it in a comparison */
    /* Escape hatches. written: may suppress writing although set (NULL: write when present). */
    bool (*written)(gconstpointer obj);
};

struct XmElem {
    const char *name;
    gsize size;
    bool closed;                           /* an unknown child is refused also where parsing is not strict */
    bool has_line;                         /* the struct begins with a guint: its line in the text */
    guint (*variant)(gconstpointer obj);   /* discriminator for row.when; NULL: none */
    const XmRow *rows;
    guint n_rows;
    void (*init)(gpointer obj);            /* after zeroing, before parsing */
    bool (*loaded)(gpointer obj, xmlNode *node, char **why);    /* after this element was read: odd spellings */
    bool (*check)(gconstpointer obj, char **why);                /* rules across fields of one element */
    bool (*present)(gconstpointer obj);    /* XM_INLINE: written at all? NULL: when any row is */
    QvErrorCode refuse_code;               /* code of a failing check; 0: QV_ERR_XML */
};

/* Rows are checked against the struct at compile time. */
#define XM_IS(T, f, type) __builtin_types_compatible_p(__typeof__(((T *)0)->f), type)
#define XM_OFF(T, f, type) (offsetof(T, f) + 0 * sizeof(char[XM_IS(T, f, type) ? 1 : -1]))
#define XM_OFF4(T, f) (offsetof(T, f) + 0 * sizeof(char[sizeof(((T *)0)->f) == 4 ? 1 : -1]))
#define XM_SCALAR(k, T, f, n, ty, ct, ...) { .name = n, .kind = k, .type = &ty, .off = XM_OFF(T, f, ct), __VA_ARGS__ }
#define XM_ENUMROW(k, T, f, n, e, ...) { .name = n, .kind = k, .type = &xm_enum, .en = &e, .off = XM_OFF4(T, f), __VA_ARGS__ }
#define A_STR(T, f, n, ...)    XM_SCALAR(XM_ATTR, T, f, n, xm_str, char *, __VA_ARGS__)
#define A_U32(T, f, n, ...)    XM_SCALAR(XM_ATTR, T, f, n, xm_u32, guint32, __VA_ARGS__)
#define A_U64(T, f, n, ...)    XM_SCALAR(XM_ATTR, T, f, n, xm_u64, guint64, __VA_ARGS__)
#define A_OPT(T, f, n, ...)    XM_SCALAR(XM_ATTR, T, f, n, xm_opt_u32, OptU32, __VA_ARGS__)
#define A_OPTI(T, f, n, ...)   XM_SCALAR(XM_ATTR, T, f, n, xm_opt_i32, OptI32, __VA_ARGS__)
#define A_OPT64(T, f, n, ...)  XM_SCALAR(XM_ATTR, T, f, n, xm_opt_u64, OptU64, __VA_ARGS__)
#define A_HEX(T, f, n, w, ...) XM_SCALAR(XM_ATTR, T, f, n, xm_hex, OptU32, .width = w, __VA_ARGS__)
#define A_ENUM(T, f, n, e, ...) XM_ENUMROW(XM_ATTR, T, f, n, e, __VA_ARGS__)
#define A_ONOFF(T, f, n, ...)  XM_SCALAR(XM_ATTR, T, f, n, xm_onoff, Tristate, __VA_ARGS__)
#define A_YESNO(T, f, n, ...)  XM_SCALAR(XM_ATTR, T, f, n, xm_yesno, Tristate, __VA_ARGS__)
#define A_BITS(T, f, n, ...)   XM_SCALAR(XM_ATTR, T, f, n, xm_bitmap, Bitmap *, __VA_ARGS__)
#define A_MAC(T, f, n, ...)    XM_SCALAR(XM_ATTR, T, f, n, xm_mac, char *, __VA_ARGS__)
#define A_UUID(T, f, n, ...)   XM_SCALAR(XM_ATTR, T, f, n, xm_uuid, char *, __VA_ARGS__)
#define LEAF_STR(T, f, n, ...) XM_SCALAR(XM_LEAF, T, f, n, xm_str, char *, __VA_ARGS__)
#define LEAF_UUID(T, f, n, ...) XM_SCALAR(XM_LEAF, T, f, n, xm_uuid, char *, __VA_ARGS__)
#define LEAF_U32(T, f, n, ...) XM_SCALAR(XM_LEAF, T, f, n, xm_u32, guint32, __VA_ARGS__)
#define LEAF_U64(T, f, n, ...) XM_SCALAR(XM_LEAF, T, f, n, xm_u64, guint64, __VA_ARGS__)
#define LEAF_OPT(T, f, n, ...) XM_SCALAR(XM_LEAF, T, f, n, xm_opt_u32, OptU32, __VA_ARGS__)
#define LEAF_OPTI(T, f, n, ...) XM_SCALAR(XM_LEAF, T, f, n, xm_opt_i32, OptI32, __VA_ARGS__)
#define LEAF_OPT64(T, f, n, ...) XM_SCALAR(XM_LEAF, T, f, n, xm_opt_u64, OptU64, __VA_ARGS__)
#define LEAF_ENUM(T, f, n, e, ...) XM_ENUMROW(XM_LEAF, T, f, n, e, __VA_ARGS__)
#define TEXT_STR(T, f, ...)    XM_SCALAR(XM_TEXT, T, f, NULL, xm_str, char *, __VA_ARGS__)
#define TEXT_U32(T, f, ...)    XM_SCALAR(XM_TEXT, T, f, NULL, xm_u32, guint32, __VA_ARGS__)
#define TEXT_OPT(T, f, ...)    XM_SCALAR(XM_TEXT, T, f, NULL, xm_opt_u32, OptU32, __VA_ARGS__)
#define TEXT_ENUM(T, f, e, ...) XM_ENUMROW(XM_TEXT, T, f, NULL, e, __VA_ARGS__)
#define SIZE(T, f, n, ...)     { .name = n, .kind = XM_SIZE, .type = &xm_u64, .off = XM_OFF(T, f, guint64), __VA_ARGS__ }
#define FLAG(T, f, n, ...)     { .name = n, .kind = XM_FLAG, .off = XM_OFF(T, f, bool), __VA_ARGS__ }
#define INLINE(n, e, ...)      { .name = n, .kind = XM_INLINE, .elem = &e, __VA_ARGS__ }
#define INLINE_AT(T, f, n, e, ...) { .name = n, .kind = XM_INLINE, .elem = &e, .off = offsetof(T, f), __VA_ARGS__ }
#define CHILD(T, f, n, e, ...) { .name = n, .kind = XM_CHILD, .elem = &e, .off = offsetof(T, f), __VA_ARGS__ }
#define LIST(T, f, n, e, ...)  { .name = n, .kind = XM_LIST, .elem = &e, .off = XM_OFF(T, f, GPtrArray *), __VA_ARGS__ }
#define INCLUDE(T, f, e, ...)  { .kind = XM_INCLUDE, .elem = &e, .off = offsetof(T, f), __VA_ARGS__ }
#define INCLUDE_SAME(e, ...)   { .kind = XM_INCLUDE, .elem = &e, __VA_ARGS__ }
#define KEEP(T, f, n, ...)     { .name = n, .kind = XM_KEEP, .off = XM_OFF(T, f, xmlNode *), __VA_ARGS__ }
#define ELEM(n, T, r, ...)     { .name = n, .size = sizeof(T), .rows = r, .n_rows = G_N_ELEMENTS(r), __VA_ARGS__ }
#define XM_ENUM(id, what_, ...) \
    static const char *const id##_names[] = { __VA_ARGS__ }; \
    const XmEnum id = { what_, id##_names, G_N_ELEMENTS(id##_names) }
#define XM_COVERS(id, n) G_STATIC_ASSERT(G_N_ELEMENTS(id##_names) == (n))
#define XM_BIT(x) (1ULL << (x))

/* The name of @value, or NULL for absent or out of range. */
const char *xm_enum_name(const XmEnum *e, guint value);
/* The value of @name, or -1. */
int xm_enum_value(const XmEnum *e, const char *name);

typedef enum {
    XM_PARSE_STRICT = 1 << 0,   /* unknown elements and attributes are refused, with the nearest name */
    XM_PARSE_LIVE   = 1 << 1,   /* read XM_LIVE rows too (status files, migration) */
} XmParseFlags;
typedef enum {
    XM_FORMAT_LIVE   = 1 << 0,  /* write XM_LIVE rows */
    XM_FORMAT_SECRET = 1 << 1,
} XmFormatFlags;

/* Parses @text (@len bytes; no NUL needed) into a new object of @e. @file names it in messages
 * (NULL: none). Errors: QV_ERR_XML_SYNTAX with line and column, QV_ERR_XML_INVALID_SCHEMA (strict),
 * QV_ERR_XML, or the code of a failed check: "FILE:LINE: /path/@attr: reason". Gives. */
gpointer xm_parse(const XmElem *e, const char *text, gsize len, const char *file, guint flags, GError **err);
/* The same for a tree; @path is how the node is called in messages ("/domain/devices/disk[1]"). */
gpointer xm_parse_node(const XmElem *e, xmlNode *node, const char *path, guint flags, GError **err);
/* The XML document of @text: no DTD, no entities, no network, depth and size bounded; checks that
 * the root is called @root. Free with xmlFreeDoc. */
xmlDoc *xm_read(const char *text, gsize len, const char *file, const char *root, GError **err);

/* Canonical XML, two blanks of indent a level, ending in a newline. Gives. */
char *xm_format(const XmElem *e, gconstpointer obj, guint flags);
void xm_format_to(const XmElem *e, gconstpointer obj, guint flags, guint indent, GString *out);
/* An empty object (zeroes, then XmElem.init). Gives. */
gpointer xm_new(const XmElem *e);
void xm_free(const XmElem *e, gpointer obj);
gpointer xm_copy(const XmElem *e, gconstpointer obj);
void xm_defaults(const XmElem *e, gpointer obj);

/* Calls @fn for every row that differs (@was, @now NULL where absent); returns how many. */
typedef void (*XmDiffFn)(const char *path, const XmRow *r, const char *was, const char *now, gpointer user);
guint xm_diff(const XmElem *e, gconstpointer a, gconstpointer b, XmDiffFn fn, gpointer user);

/* A random object that the rows allow (cross-field checks may refuse it), for property tests. */
gpointer xm_random(const XmElem *e, GRand *rnd);
/* Documentation of every attribute and element as plain text. Gives. */
char *xm_doc(const XmElem *e);
#endif
