/* Every enumerated value of the domain's rows is taken, and a wrong one is refused by name. Driven by the rows
 * themselves: a new row is tested without another word. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "conf/domain.h"

#define WRONG "surely-not-a-value"

static guint n_taken, n_refused, n_masked;

static bool switches(const XmRow *r)
{
    return r->type == &xm_onoff || r->type == &xm_yesno;
}

/* The message of reading one element that says nothing but @row's value; NULL when it was read. Gives. */
static char *message_of(const XmElem *e, const XmRow *r, const char *value)
{
    g_autofree char *escaped = g_markup_escape_text(value, -1), *text = NULL;
    g_autoptr(GError) err = NULL;
    if (r->kind == XM_ATTR)
        text = g_strdup_printf("<%s %s='%s'/>", e->name, r->name, escaped);
    else if (r->kind == XM_LEAF)
        text = g_strdup_printf("<%s><%s>%s</%s></%s>", e->name, r->name, escaped, r->name, e->name);
    else
        text = g_strdup_printf("<%s>%s</%s>", e->name, escaped, e->name);
    gpointer obj = xm_parse(e, text, strlen(text), NULL, 0, &err);
    if (obj)
        xm_free(e, obj);
    return obj ? NULL : g_strdup(err->message);
}

static void takes(const XmElem *e, const XmRow *r, const char *value)
{
    g_autofree char *message = message_of(e, r, value), *unknown = g_strdup_printf("'%s' is not a", value);
    if (message && strstr(message, unknown))
        fail_msg("<%s> %s='%s': %s", e->name, r->name ? r->name : "text", value, message);
    n_taken++;
}

/* A row of another variant, or behind another error, cannot speak; it is counted. */
static void refuses(const XmElem *e, const XmRow *r)
{
    g_autofree char *message = message_of(e, r, WRONG);
    if (message && strstr(message, WRONG))
        n_refused++;
    else if (message || r->when || r->flags & (XM_LIVE | XM_ALIAS))
        n_masked++;
    else
        fail_msg("<%s> takes %s='" WRONG "'", e->name, r->name ? r->name : "text");
}

static void test_row(const XmElem *e, const XmRow *r)
{
    bool on_off = r->type == &xm_onoff;
    if (r->ns || !(r->type == &xm_enum || switches(r)))
        return;
    if (switches(r)) {
        takes(e, r, on_off ? "on" : "yes");
        takes(e, r, on_off ? "off" : "no");
    }
    for (guint i = r->en && r->flags & XM_NONZERO ? 1 : 0; r->en && i < r->en->n; i++)
        if (r->en->names[i])
            takes(e, r, r->en->names[i]);
    refuses(e, r);
}

static void test_below(const XmElem *e, GHashTable *seen)
{
    if (!g_hash_table_add(seen, (gpointer)e))
        return;
    for (guint i = 0; i < e->n_rows; i++) {
        const XmRow *r = &e->rows[i];
        if (r->kind == XM_ATTR || r->kind == XM_LEAF || r->kind == XM_TEXT)
            test_row(e, r);
        if (r->elem)
            test_below(r->elem, seen);
    }
}

static void test_values(void **state)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    test_below(&domain_elem, seen);
    for (guint k = 0; k < DEV__N; k++)
        if (device_kinds[k].elem)
            test_below(device_kinds[k].elem, seen);
    print_message("# %u values taken, %u wrong ones refused by name, %u behind another error or of another variant\n", n_taken,
                  n_refused, n_masked);
    assert_true(n_taken > 700);
    assert_true(n_refused > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_values) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
