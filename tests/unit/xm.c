/* The engine over a small model of its own: errors, strictness, limits, variants, round trips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "conf/xm.h"

typedef enum { KIND_NONE, KIND_FILE, KIND_NET, KIND__N } Kind;
typedef struct { char *text; } Note;
typedef struct Part {
    guint line;
    Kind kind;
    char *name, *host, *uuid, *mac;
    guint32 port;
    guint64 size;
    OptU32 slot;
    OptI32 offset;
    Tristate wanted, shared;
    bool readonly, hidden;
    Bitmap *cpus;
    GPtrArray *notes;
    struct Part *below;
    xmlNode *kept;
    guint32 secret;
    guint32 outside;        /* no row knows of it */
} Part;

XM_ENUM(part_kind, "kind of part", NULL, "file", "network");
XM_COVERS(part_kind, KIND__N);

static guint variant(gconstpointer obj)
{
    return ((const Part *)obj)->kind;
}

static bool check(gconstpointer obj, char **why)
{
    if (((const Part *)obj)->port != 13)
        return true;
    *why = g_strdup("port 13 brings bad luck");
    return false;
}

static const XmElem part_elem;
static const XmRow note_rows[] = { TEXT_STR(Note, text) };
static const XmElem note_elem = ELEM("note", Note, note_rows);
static const XmRow net_rows[] = {
    A_STR(Part, host, "host", .flags = XM_REQUIRED),
    A_U32(Part, port, "port", .max = 65535),
};
static const XmElem net_elem = ELEM("source", Part, net_rows);
static const XmRow file_rows[] = { A_STR(Part, name, "file", .flags = XM_REQUIRED) };
static const XmElem file_elem = ELEM("source", Part, file_rows);
static const XmRow part_rows[] = {
    A_ENUM  (Part, kind, "type", part_kind, .flags = XM_REQUIRED, .doc = "where it is"),
    A_HEX   (Part, slot, "slot", 2, .max = 0x1f),
    A_OPTI  (Part, offset, "offset"),
    A_YESNO (Part, wanted, "wanted"),
    A_ONOFF (Part, shared, "shared"),
    A_BITS  (Part, cpus, "cpus"),
    A_MAC   (Part, mac, "mac"),
    A_UUID  (Part, uuid, "uuid"),
    A_U32   (Part, secret, "secret", .flags = XM_SECRET),
    INLINE  ("source", net_elem, .when = XM_BIT(KIND_NET)),
    INLINE  ("source", file_elem, .when = XM_BIT(KIND_FILE), .flags = XM_REQUIRED),
    SIZE    (Part, size, "size"),
    FLAG    (Part, readonly, "readonly"),
    LIST    (Part, notes, "note", note_elem, .max_items = 3),
    CHILD   (Part, below, "below", part_elem),
    KEEP    (Part, kept, "metadata"),
};
static const XmElem part_elem = ELEM("part", Part, part_rows, .has_line = true, .variant = variant, .check = check);

static Part *parse(const char *text, guint flags, GError **err)
{
    return xm_parse(&part_elem, text, strlen(text), "p.xml", flags, err);
}

typedef struct { const char *name, *text; guint flags; const char *error; int code; } Refused;
#define FILE_PART(attrs, children) "<part type='file' " attrs ">\n<source file='a'/>" children "</part>"
static const Refused refused[] = {
    { "syntax", "<part\n  type=file/>", 0, "p.xml:2:8: ", QV_ERR_XML_SYNTAX },
    { "empty", "", 0, "p.xml:", QV_ERR_XML_SYNTAX },
    { "doctype", "<!DOCTYPE part [<!ENTITY a 'b'>]><part type='file'/>", 0, "document type declaration", QV_ERR_XML_SYNTAX },
    { "unknown entity", "<part type='&nope;'/>", 0, "p.xml:1:", QV_ERR_XML_SYNTAX },
    { "other root", "<whole/>", 0, "the root element is <whole>, not <part>", QV_ERR_XML },
    { "required attribute", "<part/>", 0, "p.xml:1:2: /part: attribute 'type' is missing", QV_ERR_XML },
    { "required element", "<part type='file'/>", 0, "/part: element 'source' is missing", QV_ERR_XML },
    { "enumeration", "<part type='fille'/>", 0,
      "p.xml:1:7: /part/@type: 'fille' is not a known kind of part; use one of file, network; did you mean 'file'?", QV_ERR_XML },
    { "limit", FILE_PART("slot='0x20'", ""), 0, "/part/@slot: 32 is outside 0..31", QV_ERR_XML },
    { "garbage number", FILE_PART("slot='1x'", ""), 0, "/@slot: '1x' is not", QV_ERR_XML },
    { "negative", "<part type='network'><source host='a' port='-1'/></part>", 0, "/part/source/@port: '-1' is not", QV_ERR_XML },
    { "too large", "<part type='network'><source host='a' port='70000'/></part>", 0, "70000 is outside 0..65535", QV_ERR_XML },
    { "tristate", FILE_PART("wanted='on'", ""), 0, "'on' is neither 'yes' nor 'no'", QV_ERR_XML },
    { "bits", FILE_PART("cpus='4-1'", ""), 0, "is not a list of numbers", QV_ERR_XML },
    { "mac", FILE_PART("mac='52:54'", ""), 0, "is not a MAC address", QV_ERR_XML },
    { "uuid", FILE_PART("uuid='1234'", ""), 0, "is not a UUID", QV_ERR_XML },
    { "size overflow", FILE_PART("", "<size unit='EiB'>17</size>"), 0, "/part/size: '17' is not a size, or more", QV_ERR_XML },
    { "size unit", FILE_PART("", "<size unit='parsec'>1</size>"), 0, "'parsec' is not a unit", QV_ERR_XML },
    { "list limit", FILE_PART("", "<note/><note/><note/><note/>"), 0, "/part/note[4]: more than 3", QV_ERR_XML },
    { "check", "<part type='network'>\n<source host='a' port='13'/></part>", 0, "p.xml:1:2: /part: port 13 brings bad luck", QV_ERR_XML },
    { "inner path", FILE_PART("", "\n<below type='file'><source file='b'/>\n<below type='x'/></below>"), 0,
      "p.xml:4:8: /part/below/below/@type: 'x' is not", QV_ERR_XML },
    { "unknown attribute", FILE_PART("wantde='yes'", ""), XM_PARSE_STRICT,
      "/part/@wantde: unknown attribute 'wantde' here; did you mean 'wanted'?", QV_ERR_XML_INVALID_SCHEMA },
    { "unknown element", FILE_PART("", "<readony/>"), XM_PARSE_STRICT,
      "p.xml:2:20: /part/readony: unknown element 'readony' here; did you mean 'readonly'?", QV_ERR_XML_INVALID_SCHEMA },
    { "other variant's attribute", "<part type='file'><source file='a' host='b'/></part>", XM_PARSE_STRICT,
      "/part/source/@host: unknown attribute", QV_ERR_XML_INVALID_SCHEMA },
    { "twice", FILE_PART("", "<size>1</size><size>2</size>"), XM_PARSE_STRICT, "/part/size[2]: ", QV_ERR_XML_INVALID_SCHEMA },
};

static void test_refused(void **state)
{
    const Refused *c = *state;
    g_autoptr(GError) err = NULL;

    assert_null(parse(c->text, c->flags, &err));
    assert_non_null(err);
    if (!strstr(err->message, c->error))
        fail_msg("'%s' does not contain '%s'", err->message, c->error);
    assert_int_equal(err->code, c->code);
}

typedef struct { const char *name, *text, *canonical; } Accepted;
#define CANON(attrs, children) "<part type='file'" attrs ">\n  <source file='a'/>\n" children "</part>\n"
static const Accepted accepted[] = {
    { "smallest", FILE_PART("", ""), CANON("", "") },
    { "unknown names are skipped", FILE_PART("colour='red'", "<paint/><!-- c -->text"), CANON("", "") },
    { "namespaced names are others'", "<part xmlns:o='urn:o' o:slot='99' type='file'><o:size>x</o:size><source o:file='b' file='a'/></part>",
      CANON("", "") },
    { "hexadecimal", FILE_PART("slot='10'", ""), CANON(" slot='0x0a'", "") },
    { "negative", FILE_PART("offset='-7'", ""), CANON(" offset='-7'", "") },
    { "words", FILE_PART("shared='off' wanted='yes'", ""), CANON(" wanted='yes' shared='off'", "") },
    { "bits", FILE_PART("cpus='0-3,^2, 8'", ""), CANON(" cpus='0-1,3,8'", "") },
    { "identifiers", FILE_PART("mac='52:54:0:AB:1:2' uuid='C7A5FDBD00000000000000000000000A'", ""),
      CANON(" mac='52:54:00:ab:01:02' uuid='c7a5fdbd-0000-0000-0000-00000000000a'", "") },
    { "sizes in KiB", FILE_PART("", "<size unit='MB'>1</size>"), CANON("", "  <size unit='KiB'>977</size>\n") },
    { "first of twins counts", FILE_PART("", "<size>1</size><size>2</size>"), CANON("", "  <size unit='KiB'>1</size>\n") },
    { "escapes", "<part type='file'><source file='&lt;&gt;&amp;&apos;&quot;'/><note>a &amp; b</note></part>",
      "<part type='file'>\n  <source file='&lt;&gt;&amp;&apos;&quot;'/>\n  <note>a &amp; b</note>\n</part>\n" },
    { "variant without source", "<part type='network'/>", "<part type='network'/>\n" },
    { "empty item", FILE_PART("", "<note/>"), CANON("", "  <note/>\n") },
    { "CDATA and comments", FILE_PART("", "<note>a<!-- x --><![CDATA[<b>]]></note>"), CANON("", "  <note>a&lt;b&gt;</note>\n") },
    { "order", FILE_PART("", "<below type='network'/><readonly/><size>4</size>"),
      CANON("", "  <size unit='KiB'>4</size>\n  <readonly/>\n  <below type='network'/>\n") },
    { "foreign content", FILE_PART("", "<metadata><m:x xmlns:m='urn:m' a=\"1\">t</m:x></metadata>"),
      CANON("", "  <metadata>\n    <m:x xmlns:m=\"urn:m\" a=\"1\">t</m:x>\n  </metadata>\n") },
};

static void test_accepted(void **state)
{
    const Accepted *c = *state;
    g_autoptr(GError) err = NULL;
    Part *part = parse(c->text, 0, &err);

    if (!part)
        fail_msg("refused: %s", err->message);
    g_autofree char *text = xm_format(&part_elem, part, 0);
    Part *copy = xm_copy(&part_elem, part);
    assert_int_equal(xm_diff(&part_elem, part, copy, NULL, NULL), 0);
    xm_free(&part_elem, part);          /* what the copy holds must be its own */
    g_autofree char *of_copy = xm_format(&part_elem, copy, 0);
    xm_free(&part_elem, copy);
    assert_string_equal(text, c->canonical);
    assert_string_equal(of_copy, c->canonical);
}

static void copies_carry_what_no_row_knows(void **state)
{
    Part part = { .kind = KIND_FILE, .outside = 42, .line = 3 };
    Part *copy = xm_copy(&part_elem, &part);

    assert_int_equal(copy->outside, 42);
    assert_int_equal(copy->line, 3);
    xm_free(&part_elem, copy);
}

static void fields_of_another_variant_are_freed(void **state)
{
    Part *part = parse(FILE_PART("", ""), 0, NULL);
    part->host = g_strdup("left behind");       /* LeakSanitizer tells when it is */
    xm_free(&part_elem, part);
}

static void secrets_are_written_on_request(void **state)
{
    Part part = { .kind = KIND_NET, .secret = 7 };
    g_autofree char *open = xm_format(&part_elem, &part, 0), *closed = xm_format(&part_elem, &part, XM_FORMAT_SECRET);

    assert_string_equal(open, "<part type='network'/>\n");
    assert_string_equal(closed, "<part type='network' secret='7'/>\n");
}

static void note_difference(const char *path, const XmRow *r, const char *was, const char *now, gpointer user)
{
    g_string_append_printf(user, "%s: %s -> %s\n", path, was ? was : "-", now ? now : "-");
}

static void differences(void **state)
{
    Part *a = parse(FILE_PART("slot='1'", "<note>x</note><note>y</note><readonly/>"), 0, NULL);
    Part *b = parse("<part type='file' slot='2'><source file='b'/><note>x</note><below type='network'/></part>", 0, NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    assert_int_equal(xm_diff(&part_elem, a, b, note_difference, text), 5);
    assert_string_equal(text->str, "/part/@slot: 0x01 -> 0x02\n/part/source/@file: a -> b\n/part/readonly: present -> -\n"
                                   "/part/note[2]: present -> -\n/part/below: - -> present\n");
    xm_free(&part_elem, a);
    xm_free(&part_elem, b);
}

/* Hostile documents are answered in time that grows with their length, not with its square. */
static void large_documents(void **state)
{
    g_autoptr(GString) many = g_string_new("<part type='file'><source file='a'/>"), deep = g_string_new(NULL);
    g_autofree char *wide = g_strnfill(11 << 20, 'x'), *attribute = g_strdup_printf("<part type='%s'/>", wide);
    gint64 start = g_get_monotonic_time();

    for (guint i = 0; i < 100000; i++)
        g_string_append_printf(many, "<unknown%u/>", i);
    g_string_append(many, "</part>");
    for (guint i = 0; i < 100000; i++)
        g_string_append(deep, "<below type='network'>");
    Part *part = parse(many->str, 0, NULL);
    assert_non_null(part);
    xm_free(&part_elem, part);
    assert_null(parse(deep->str, 0, NULL));
    assert_null(parse(attribute, 0, NULL));
    assert_true(g_get_monotonic_time() - start < 10 * G_USEC_PER_SEC);
}

/* A random object, once written and read, stays the same: text and object. */
static void random_objects_survive(void **state)
{
    g_autoptr(GRand) rnd = g_rand_new_with_seed(7);

    for (guint i = 0; i < 500; i++) {
        Part *part = xm_random(&part_elem, rnd);
        g_autofree char *text = xm_format(&part_elem, part, XM_FORMAT_SECRET);
        g_autoptr(GError) err = NULL;
        Part *again = parse(text, XM_PARSE_STRICT, &err);
        if (again) {
            g_autofree char *text_again = xm_format(&part_elem, again, XM_FORMAT_SECRET);
            assert_string_equal(text, text_again);
            assert_int_equal(xm_diff(&part_elem, part, again, NULL, NULL), 0);
        } else if (!strstr(err->message, "bad luck")) {
            fail_msg("%s\n%s", err->message, text);
        }
        xm_free(&part_elem, part);
        xm_free(&part_elem, again);
    }
}

static void reference_names_every_attribute(void **state)
{
    g_autofree char *doc = xm_doc(&part_elem);

    assert_non_null(strstr(doc, "@type"));
    assert_non_null(strstr(doc, "file | network"));
    assert_non_null(strstr(doc, "where it is"));
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(copies_carry_what_no_row_knows), cmocka_unit_test(fields_of_another_variant_are_freed),
        cmocka_unit_test(secrets_are_written_on_request), cmocka_unit_test(differences), cmocka_unit_test(large_documents),
        cmocka_unit_test(random_objects_survive), cmocka_unit_test(reference_names_every_attribute),
    };
    enum { N_REFUSED = G_N_ELEMENTS(refused), N_ACCEPTED = G_N_ELEMENTS(accepted), N_OTHERS = G_N_ELEMENTS(others) };
    struct CMUnitTest tests[N_REFUSED + N_ACCEPTED + N_OTHERS];
    guint n = 0;

    for (guint i = 0; i < N_REFUSED; i++)
        tests[n++] = (struct CMUnitTest){ refused[i].name, test_refused, NULL, NULL, (void *)&refused[i] };
    for (guint i = 0; i < N_ACCEPTED; i++)
        tests[n++] = (struct CMUnitTest){ accepted[i].name, test_accepted, NULL, NULL, (void *)&accepted[i] };
    for (guint i = 0; i < N_OTHERS; i++)
        tests[n++] = others[i];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
