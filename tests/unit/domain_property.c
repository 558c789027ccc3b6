/* Properties of the whole domain model: what is written is read again as the same, copies are equal, and
 * a text that was written once is written the same ever after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "conf/domain.h"

enum { ROUNDS = 300 };
static const guint formats = XM_FORMAT_SECRET;

static void note_difference(const char *path, const XmRow *r, const char *was, const char *now, gpointer user)
{
    g_string_append_printf(user, "%s: %s -> %s\n", path, was ? was : "-", now ? now : "-");
}

/* What the rows allow, hooks may still complete or refuse; after one reading the object is settled. */
static gpointer settled(const XmElem *e, GRand *rnd)
{
    gpointer made = xm_random(e, rnd);
    g_autofree char *text = xm_format(e, made, formats);
    gpointer read = xm_parse(e, text, strlen(text), "random", 0, NULL);

    xm_free(e, made);
    return read;
}

static void assert_same(const XmElem *e, gconstpointer a, gconstpointer b, const char *text)
{
    g_autoptr(GString) differences = g_string_new(NULL);

    if (xm_diff(e, a, b, note_difference, differences))
        fail_msg("%s\n%s", differences->str, text);
}

/* Names the first line that differs: whole domains are too long to look at. */
static void assert_same_text(const char *a, const char *b)
{
    g_auto(GStrv) lines_a = g_strsplit(a, "\n", -1), lines_b = g_strsplit(b, "\n", -1);

    for (guint i = 0; lines_a[i] || lines_b[i]; i++) {
        if (g_strcmp0(lines_a[i], lines_b[i]))
            fail_msg("line %u: %s | %s", i + 1, lines_a[i], lines_b[i]);
        if (!lines_a[i])
            break;
    }
}

static void round_trip(const XmElem *e, gconstpointer obj)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *text = xm_format(e, obj, formats);
    gpointer again = xm_parse(e, text, strlen(text), "again", 0, &err);

    if (!again)
        fail_msg("%s\n%s", err->message, text);
    g_autofree char *text_again = xm_format(e, again, formats);
    assert_same_text(text, text_again);
    assert_same(e, obj, again, text);
    xm_free(e, again);
}

static void copy_is_equal(const XmElem *e, gconstpointer obj)
{
    gpointer copy = xm_copy(e, obj);
    g_autofree char *text = xm_format(e, obj, formats), *of_copy = xm_format(e, copy, formats);

    assert_same(e, obj, copy, text);
    assert_same_text(text, of_copy);
    xm_free(e, copy);
}

static void test_element(void **state)
{
    const XmElem *e = *state;
    g_autoptr(GRand) rnd = g_rand_new_with_seed(20);
    guint accepted = 0;

    for (guint i = 0; i < ROUNDS; i++) {
        gpointer obj = settled(e, rnd);
        if (!obj)
            continue;
        accepted++;
        round_trip(e, obj);
        copy_is_equal(e, obj);
        xm_free(e, obj);
    }
    print_message("# <%s>: %u of %u accepted\n", e->name, accepted, ROUNDS);
    assert_true(accepted > 0);
}

int main(void)
{
    struct CMUnitTest tests[DEV__N + 1] = { { "domain", test_element, NULL, NULL, (void *)&domain_elem } };
    guint n = 1;

    for (guint i = 0; i < DEV__N; i++)
        if (device_kinds[i].elem)
            tests[n++] = (struct CMUnitTest){ device_kinds[i].name, test_element, NULL, NULL, (void *)device_kinds[i].elem };
    struct CMUnitTest *run = g_newa(struct CMUnitTest, n);
    memcpy(run, tests, n * sizeof *run);
    return _cmocka_run_group_tests("domain model", run, n, NULL, NULL);
}
