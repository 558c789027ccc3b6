/* The index of domains: lookups, name and UUID clashes, list filters, and what a change does to them. */
#include "drivers/qemu/index.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static DomainView *view(const char *name, guint8 number, int id, DomState state)
{
    DomainView *v = g_new0(DomainView, 1);
    *v = (DomainView){ .refs = 1, .name = g_strdup(name), .uuid = { number }, .id = id, .state = state, .persistent = true };
    return v;
}

typedef struct { const char *name; guint flags, count; } Case;

/* Of: off (autostart), run (id 1), pause (id 2, transient). */
static const Case cases[] = {
    { "everything", 0, 3 }, { "active", 1, 2 }, { "inactive", 2, 1 }, { "both is everything", 3, 3 }, { "persistent", 4, 2 },
    { "transient", 8, 1 }, { "running", 16, 1 }, { "running or paused", 16 | 32, 2 }, { "inactive and running", 2 | 16, 0 },
    { "other state", 128, 0 }, { "autostart", 1024, 1 }, { "no autostart, active", 2048 | 1, 2 }, { "managed save", 256, 0 },
    { "has snapshots", 4096, 0 }, { "without snapshots", 8192, 3 }, { "has checkpoints", 16384, 0 },
};

static Index *three(void)
{
    Index *index = index_new();
    DomainView *off = view("off", 1, -1, DOM_SHUTOFF), *pause = view("pause", 3, 2, DOM_PAUSED);
    off->autostart = true;
    pause->persistent = false;
    index_add(index, off);
    index_add(index, view("run", 2, 1, DOM_RUNNING));
    index_add(index, pause);
    return index;
}

static void test_filter(void **state)
{
    const Case *c = *state;
    Index *index = three();
    g_autoptr(GPtrArray) found = index_list(index, c->flags);
    assert_int_equal(found->len, c->count);
    assert_int_equal(index_count(index, c->flags), c->count);
    index_free(index);
}

static void a_change_moves_the_domain_in_every_index(void **state)
{
    Index *index = three();
    g_autoptr(GError) err = NULL;
    g_autoptr(Domain) dom = index_by_name(index, "off", NULL);
    index_publish(index, dom, view("renamed", 1, 7, DOM_RUNNING));
    assert_null(index_by_name(index, "off", &err));
    assert_true(g_error_matches(err, QV_ERROR, QV_ERR_NO_DOMAIN));
    assert_string_equal(err->message, "no domain with matching name 'off'");
    g_autoptr(Domain) by_id = index_by_id(index, 7, NULL);
    assert_ptr_equal(by_id, dom);
    index_publish(index, dom, view("renamed", 1, -1, DOM_SHUTOFF));
    assert_null(index_by_id(index, 7, NULL));
    index_free(index);
}

static void a_view_that_was_taken_never_changes(void **state)
{
    Index *index = three();
    g_autoptr(Domain) dom = index_by_name(index, "run", NULL);
    g_autoptr(DomainView) before = domain_view(dom);
    index_publish(index, dom, view("run", 2, -1, DOM_SHUTOFF));
    g_autoptr(DomainView) after = domain_view(dom);
    assert_int_equal(before->id, 1);
    assert_int_equal(after->id, -1);
    index_free(index);
}

static void name_and_uuid_clash(void **state)
{
    Index *index = three();
    Domain *dom;
    g_autoptr(GError) err = NULL;
    assert_true(index_check(index, "new", (guint8[16]){ 9 }, &dom, NULL));
    assert_null(dom);
    assert_true(index_check(index, "off", (guint8[16]){ 1 }, &dom, NULL));
    assert_non_null(dom);
    assert_false(index_check(index, "off", (guint8[16]){ 9 }, &dom, &err));
    assert_string_equal(err->message, "domain 'off' already exists with uuid 01000000-0000-0000-0000-000000000000");
    g_clear_error(&err);
    assert_false(index_check(index, "new", (guint8[16]){ 1 }, &dom, &err));
    assert_non_null(strstr(err->message, "'off' is already defined"));
    index_free(index);
}

static void a_removed_domain_lives_as_long_as_its_references(void **state)
{
    Index *index = three();
    g_autoptr(Domain) dom = index_by_name(index, "run", NULL);
    index_remove(index, dom);
    assert_int_equal(index_count(index, 0), 2);
    assert_int_equal(index_count(index, 1), 1);
    index_publish(index, dom, view("run", 2, -1, DOM_SHUTOFF));
    assert_null(index_by_name(index, "run", NULL));
    index_free(index);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases) + 4];
    guint n = 0;
    for (; n < G_N_ELEMENTS(cases); n++)
        tests[n] = (struct CMUnitTest){ cases[n].name, test_filter, NULL, NULL, (void *)&cases[n] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_change_moves_the_domain_in_every_index);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_view_that_was_taken_never_changes);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(name_and_uuid_clash);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_removed_domain_lives_as_long_as_its_references);
    return _cmocka_run_group_tests("index", tests, n, NULL, NULL);
}
