/* Lists of numbers, sizes and identifiers as libvirt's XML writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "util/bitmap.h"
#include "util/ids.h"
#include "util/size.h"

typedef struct { const char *text, *canonical; } List;
static const List lists[] = {
    { "0", "0" }, { "1-4,^3,6", "1-2,4,6" }, { " 1 - 4 ", "1-4" }, { "5,1,3", "1,3,5" }, { "0-63,64", "0-64" },
    { "16383", "16383" }, { "3,^7", "3" },
    { "", NULL }, { " ", NULL }, { "a", NULL }, { "1,", NULL }, { ",1", NULL }, { "4-1", NULL }, { "1-", NULL }, { "-1", NULL },
    { "^1", NULL }, { "1,^1", NULL }, { "16384", NULL }, { "0-16384", NULL }, { "99999999999999999999", NULL }, { "1 2", NULL },
    { "1-4-6", NULL }, { "0x1", NULL },
};

static void test_lists(void **state)
{
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autofree char *why = NULL;
        g_autoptr(Bitmap) map = bitmap_parse(lists[i].text, &why);
        g_autofree char *text = map ? bitmap_format(map) : NULL;
        if (g_strcmp0(text, lists[i].canonical))
            fail_msg("'%s' is read as '%s'", lists[i].text, text ? text : why);
        assert_true(!map == !!why);
    }
}

static void test_hostile_list(void **state)
{
    GString *text = g_string_new("0-16383");
    gint64 start = g_get_monotonic_time();

    for (guint i = 0; i < 1 << 20; i++)
        g_string_append(text, ",0-16383");
    assert_null(bitmap_parse(text->str, NULL));
    assert_true(g_get_monotonic_time() - start < 2 * G_USEC_PER_SEC);
    g_string_free(text, TRUE);
}

static void test_sets(void **state)
{
    g_autoptr(Bitmap) a = bitmap_parse("1,70", NULL), b = bitmap_parse("70", NULL), c = bitmap_copy(a);

    assert_true(bitmap_overlaps(a, b));
    assert_true(bitmap_equal(a, c));
    bitmap_clear(c, 70);
    assert_false(bitmap_equal(a, c));
    assert_false(bitmap_overlaps(c, b));
    assert_int_equal(bitmap_count(a), 2);
    assert_int_equal(bitmap_next(a, 2), 70);
    assert_int_equal(bitmap_next(a, 71), -1);
    assert_false(bitmap_has(NULL, 0));
}

typedef struct { const char *unit; guint64 bytes; } Unit;
static const Unit units[] = {
    { "b", 1 }, { "bytes", 1 }, { "KB", 1000 }, { "k", 1024 }, { "K", 1024 }, { "KiB", 1024 }, { "MB", 1000000 }, { "M", 1 << 20 },
    { "mib", 1 << 20 }, { "GB", 1000000000 }, { "G", 1 << 30 }, { "GiB", 1 << 30 }, { "T", 1ULL << 40 }, { "TB", 1000000000000 },
    { "PiB", 1ULL << 50 }, { "EB", 1000000000000000000 }, { "EiB", 1ULL << 60 },
    { "", 0 }, { "KBB", 0 }, { "Ki", 0 }, { "Z", 0 }, { "ZiB", 0 }, { " KiB", 0 },
};

static void test_units(void **state)
{
    guint64 bytes;

    for (guint i = 0; i < G_N_ELEMENTS(units); i++)
        if (size_unit(units[i].unit) != units[i].bytes)
            fail_msg("'%s' is %" G_GUINT64_FORMAT, units[i].unit, size_unit(units[i].unit));
    assert_true(size_scale(15, "EiB", 1, &bytes));
    assert_false(size_scale(16, "EiB", 1, &bytes));
    assert_true(size_scale(3, NULL, 1024, &bytes));
    assert_int_equal(bytes, 3072);
    assert_false(size_parse_number("-1", &bytes));
    assert_false(size_parse_number("1.5", &bytes));
    assert_false(size_parse_number("18446744073709551616", &bytes));
    assert_true(size_parse_number(" 18446744073709551615 ", &bytes));
}

static void test_identifiers(void **state)
{
    guint8 uuid[16], mac[6];
    static const char *const bad_uuids[] = { "", "c7a5fdbd", "c7a5fdbd-0000-0000-0000-00000000000g",
                                             "c7a5fdbd-0000-0000-0000-00000000000a1" };
    static const char *const bad_macs[] = { "", "52:54:00:12:34", "52:54:00:12:34:56:78", "52-54-00-12-34-56",
                                            "52:54:00:12:34:567", "52:54:00:12:34:5g", "52:54:00:12:34:" };

    for (guint i = 0; i < G_N_ELEMENTS(bad_uuids); i++)
        if (uuid_parse(bad_uuids[i], uuid))
            fail_msg("'%s' is read as a UUID", bad_uuids[i]);
    for (guint i = 0; i < G_N_ELEMENTS(bad_macs); i++)
        if (mac_parse(bad_macs[i], mac))
            fail_msg("'%s' is read as a MAC address", bad_macs[i]);
    uuid_random(uuid);
    g_autofree char *text = uuid_format(uuid);
    guint8 again[16];
    assert_true(uuid_parse(text, again));
    assert_memory_equal(uuid, again, 16);
    mac_random(mac);
    g_autofree char *mac_text = mac_format(mac);
    assert_true(g_str_has_prefix(mac_text, "52:54:00:"));
    assert_false(mac_is_multicast(mac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists), cmocka_unit_test(test_hostile_list), cmocka_unit_test(test_sets),
        cmocka_unit_test(test_units), cmocka_unit_test(test_identifiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
