/* Filters: canonical XML of tests/data/nwfilter, variables, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "conf/nwfilter.h"
#include "drivers/nwfilter/private.h"

static void test_canonical(void **state)
{
    const char *top = g_getenv("top_srcdir");
    g_autofree char *in = g_build_filename(top ? top : ".", "tests/data/nwfilter/all-protocols.xml", NULL);
    g_autofree char *out = g_build_filename(top ? top : ".", "tests/data/nwfilter/all-protocols.out.xml", NULL);
    g_autofree char *text = NULL, *wanted = NULL;
    g_autoptr(GError) err = NULL;

    assert_true(g_file_get_contents(in, &text, NULL, NULL) && g_file_get_contents(out, &wanted, NULL, NULL));
    g_autoptr(NwFilter) filter = nwfilter_parse(text, 0, &err);
    assert_null(err);
    g_autofree char *canonical = nwfilter_format(filter);
    assert_string_equal(canonical, wanted);
    g_autoptr(NwFilter) again = nwfilter_parse(canonical, XM_PARSE_STRICT, &err);
    assert_null(err);
    g_autofree char *twice = nwfilter_format(again);
    assert_string_equal(twice, wanted);
}

static void test_builtin(void **state)
{
    for (guint i = 0; nw_builtin[i]; i++) {
        g_autoptr(GError) err = NULL;
        g_autoptr(NwFilter) filter = nwfilter_parse(nw_builtin[i], XM_PARSE_STRICT, &err);
        assert_non_null(filter);
    }
}

static void test_variables(void **state)
{
    static const struct { const char *text; bool ok, indexed; guint number; } rows[] = {
        { "$IP", true, false, 0 }, { "$A_1[@2]", true, false, 2 }, { "$P[3]", true, true, 3 }, { "$", false, false, 0 }, { "IP", false, false, 0 },
        { "$a-b", false, false, 0 }, { "$A[", false, false, 0 }, { "$A[@]", false, false, 0 }, { "$A[1]x", false, false, 0 },
        { "$A[99999]", false, false, 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        NwVariable var;
        assert_int_equal(nw_variable(rows[i].text, &var), rows[i].ok);
        if (rows[i].ok)
            assert_true(var.indexed == rows[i].indexed && var.number == rows[i].number);
    }
}

/* --- combinations */

static bool count(const NwRule *rule, const NwValues *values, gpointer user, GError **err)
{
    GString *seen = user;
    g_string_append_printf(seen, "%s:%s-%s ", values->v[NWF_SRCIP], values->v[NWF_SRCPORT], values->v[NWF_DSTPORT]);
    return true;
}

typedef struct { const char *name, *source, *first, *second, *wanted; } Combination;
static const Combination combinations[] = {
    { "in step", "$A", "$B", "7", "1.1.1.1:1-7 2.2.2.2:2-7 " },
    { "product", "$A", "$B[@1]", "7", "1.1.1.1:1-7 2.2.2.2:1-7 1.1.1.1:2-7 2.2.2.2:2-7 " },
    { "one element", "$A[1]", "$B", "$B", "2.2.2.2:1-1 2.2.2.2:2-2 " },
    { "lists of different length", "$A", "$C", "7", NULL },
    { "no such variable", "$NONE", "1", "7", NULL },
    { "no such element", "$A[2]", "1", "7", NULL },
    { "a value of another kind", "$B", "1", "7", NULL },
};

static void test_combination(void **state)
{
    const Combination *c = *state;
    g_autofree char *xml = g_strdup_printf("<filter name='x'><rule action='drop' direction='in'><tcp srcipaddr='%s' srcportstart='%s' dstportstart='%s'/>"
                                           "</rule></filter>", c->source, c->first, c->second);
    g_autoptr(NwFilter) filter = nwfilter_parse(xml, 0, NULL);
    g_autoptr(NwBinding) binding = nwbinding_parse(
        "<filterbinding><owner><name>n</name><uuid>11111111-2222-3333-4444-555555555555</uuid></owner><portdev name='v'/><mac address='52:54:00:0:0:1'/>"
        "<filterref filter='x'><parameter name='B' value='1'/><parameter name='A' value='1.1.1.1'/><parameter name='B' value='2'/>"
        "<parameter name='A' value='2.2.2.2'/><parameter name='C' value='1'/></filterref></filterbinding>", 0, NULL);
    g_autoptr(GHashTable) none = nw_vars_new();
    g_autoptr(GHashTable) vars = nw_vars_with(none, &binding->ref);
    g_autofree char *missing = NULL;
    g_autoptr(GError) err = NULL;
    GString *seen = g_string_new(NULL);

    bool ok = nw_expand(filter->rules->pdata[0], vars, count, seen, &missing, &err);
    assert_int_equal(ok, c->wanted != NULL);
    if (c->wanted)
        assert_string_equal(seen->str, c->wanted);
    else
        assert_true(missing || err);
    g_string_free(seen, TRUE);
}

int main(void)
{
    struct CMUnitTest tests[3 + G_N_ELEMENTS(combinations)] = {
        cmocka_unit_test(test_canonical), cmocka_unit_test(test_builtin), cmocka_unit_test(test_variables),
    };
    for (guint i = 0; i < G_N_ELEMENTS(combinations); i++)
        tests[3 + i] = (struct CMUnitTest){ combinations[i].name, test_combination, NULL, NULL, (void *)&combinations[i] };
    return cmocka_run_group_tests_name("nwfilter", tests, NULL, NULL);
}
