#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "util/error.h"

static void opening_words_and_numbers(void **state)
{
    g_autoptr(GError) err = g_error_new(QV_ERROR, QV_ERR_NO_DOMAIN, "no domain with matching name 'x'");
    g_autofree char *text = qv_error_text(err);

    assert_string_equal(text, "Domain not found: no domain with matching name 'x'");
    assert_int_equal(qv_error_libvirt_code(err), 42);
    assert_int_equal(qv_error_libvirt_domain(err), 10);
}

static void foreign_errors_are_internal(void **state)
{
    g_autoptr(GError) err = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "gone");

    assert_int_equal(qv_error_libvirt_code(err), 1);
    assert_int_equal(qv_error_libvirt_code(NULL), 1);
}

static void system_words_come_last(void **state)
{
    g_autoptr(GError) err = NULL;

    assert_false(qv_error_errno(&err, ENOENT, "cannot open '%s'", "/x"));
    assert_string_equal(err->message, "cannot open '/x': No such file or directory");
}

static void nearest_name(void **state)
{
    static const char *const names[] = { NULL, "cache", "io", "queues" };
    g_autofree char *near = qv_error_nearest("cahce", names, G_N_ELEMENTS(names));
    g_autofree char *far = qv_error_nearest("bandwidth", names, G_N_ELEMENTS(names));

    assert_string_equal(near, "; did you mean 'cache'?");
    assert_string_equal(far, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_words_and_numbers),
        cmocka_unit_test(foreign_errors_are_internal),
        cmocka_unit_test(system_words_come_last),
        cmocka_unit_test(nearest_name),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
