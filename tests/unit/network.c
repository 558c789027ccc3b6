/* Networks: tests/data/network/NAME.xml becomes NAME.out.xml, or is refused with the words of NAME.err. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "conf/network.h"
#include "util/inet.h"

static char *read_file(const char *stem, const char *suffix)
{
    g_autofree char *path = g_strconcat(stem, suffix, NULL);
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

/* QVIRT_UPDATE=1 writes what is there into files that are missing. */
static void keep(const char *stem, const char *suffix, const char *text)
{
    g_autofree char *path = g_strconcat(stem, suffix, NULL);
    if (getenv("QVIRT_UPDATE"))
        g_file_set_contents(path, text, -1, NULL);
}

static void test_file(void **state)
{
    const char *stem = *state;
    g_autofree char *text = read_file(stem, ".xml"), *want = read_file(stem, ".out.xml"), *refusal = read_file(stem, ".err");
    g_autoptr(GError) err = NULL;
    g_autoptr(NetworkDef) net = network_def_parse(text, strlen(text), NULL, 0, &err);

    if (!net) {
        g_autofree char *words = g_strconcat(err->message, "\n", NULL);
        if (!refusal && !want)
            keep(stem, ".err", words);
        else
            assert_string_equal(words, refusal ? refusal : want);
        return;
    }
    g_autofree char *out = network_def_format(net, 0);
    if (!want && !refusal)
        keep(stem, ".out.xml", out);
    assert_null(refusal);
    assert_string_equal(out, want ? want : "");
    g_autoptr(NetworkDef) again = network_def_parse(out, strlen(out), NULL, 0, &err);
    g_autofree char *twice = again ? network_def_format(again, 0) : NULL;
    assert_string_equal(twice ? twice : err->message, out);
    g_autoptr(NetworkDef) copy = network_def_copy(net);
    g_autofree char *copied = network_def_format(copy, 0);
    assert_string_equal(copied, out);
}

static void test_inet(void **state)
{
    Inet a, b;
    assert_true(inet_parse("192.168.7.5", &a) && inet_parse("192.168.7.200", &b));
    assert_true(inet_same_net(&a, &b, 24));
    assert_false(inet_same_net(&a, &b, 25));
    assert_false(inet_parse("1.2.3", &a));
    assert_true(inet_parse("255.255.240.0", &a));
    assert_int_equal(inet_mask_prefix(&a), 20);
    assert_true(inet_parse("255.0.255.0", &a));
    assert_int_equal(inet_mask_prefix(&a), -1);
    assert_true(inet_parse("10.0.0.1", &a));
    assert_int_equal(inet_class_prefix(&a), 8);
    assert_true(inet_parse("fd00::1", &a));
    b = inet_last(&a, 64);
    g_autofree char *text = inet_format(&b);
    assert_string_equal(text, "fd00::ffff:ffff:ffff:ffff");
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

int main(void)
{
    const char *top = getenv("top_srcdir");
    g_autofree char *folder = g_build_filename(top ? top : ".", "tests/data/network", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GArray *tests = g_array_new(FALSE, FALSE, sizeof(struct CMUnitTest));
    struct CMUnitTest inet = { "inet", test_inet, NULL, NULL, NULL };
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (!g_str_has_suffix(name, ".xml") || g_str_has_suffix(name, ".out.xml"))
            continue;
        char *stem = g_strndup(name, strlen(name) - 4);
        struct CMUnitTest test = { stem, test_file, NULL, NULL, g_build_filename(folder, stem, NULL) };
        g_array_append_val(tests, test);
    }
    g_array_sort(tests, by_name);
    g_array_append_val(tests, inet);
    return _cmocka_run_group_tests("network", (struct CMUnitTest *)(gpointer)tests->data, tests->len, NULL, NULL);
}
