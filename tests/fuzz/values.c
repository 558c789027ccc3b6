/* Small texts: lists of numbers, sizes, UUIDs, MACs, variables and values of filters. What is read is written so that it
 * reads the same. */
#include "conf/nwfilter.h"
#include "tests/fuzz/fuzz.h"
#include "util/bitmap.h"
#include "util/ids.h"
#include "util/size.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_quiet();
    return 0;
}

static void try_bitmap(const char *text)
{
    g_autofree char *why = NULL;
    g_autoptr(Bitmap) map = bitmap_parse(text, &why);

    if (!map) {
        g_assert_nonnull(why);
        return;
    }
    g_autofree char *out = bitmap_format(map);
    g_autoptr(Bitmap) again = bitmap_parse(out, NULL);
    g_assert_true(again && bitmap_equal(map, again) && bitmap_count(map) > 0);
}

static void try_sizes(const char *text)
{
    guint64 number, bytes, unit = size_unit(text);
    g_auto(GStrv) words = g_strsplit(text, " ", 2);

    if (words[0] && size_parse_number(words[0], &number) && size_scale(number, words[1], 1, &bytes) && words[1])
        g_assert_true(bytes / MAX(size_unit(words[1]), 1) == number);
    g_assert_true(!unit || unit >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    guint8 uuid[16], mac[6], again[16];
    NwVariable var;

    try_bitmap(text);
    try_sizes(text);
    if (uuid_parse(text, uuid)) {
        g_autofree char *out = uuid_format(uuid);
        g_assert_true(uuid_parse(out, again) && !memcmp(uuid, again, 16));
    }
    if (mac_parse(text, mac)) {
        g_autofree char *out = mac_format(mac);
        g_assert_true(mac_parse(out, again) && !memcmp(mac, again, 6));
    }
    if (nw_variable(text, &var))
        g_assert_true(*var.name && text[0] == '$');
    for (guint p = 0; p < NW_PROTOCOL__N; p++)
        for (guint f = 0; f < NWF__N; f++) {
            g_autoptr(GError) err = NULL;
            g_autofree char *value = nw_field_value(p, f, text, &err);
            g_autofree char *second = value ? nw_field_value(p, f, value, &err) : NULL;
            g_assert_cmpstr(value, ==, second);
        }
    return 0;
}
