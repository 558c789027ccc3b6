#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "util/fault.h"
#include "util/file.h"
#include "util/undo.h"

static char *folder;

static bool note(const char *name, gpointer user, GError **err)
{
    g_string_append_printf(user, "%s;", name);
    return true;
}

static bool refuse(const char *name, gpointer user, GError **err)
{
    note(name, user, NULL);
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "stuck");
    return false;
}

static void scope_undoes_newest_first(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *journal = g_build_filename(folder, "a", NULL);
    Undo *undo = undo_new(journal);

    assert_true(undo_push(undo, "tap", "one", note, seen, NULL));
    assert_true(undo_push(undo, "log", "two", note, seen, NULL));
    assert_true(g_file_test(journal, G_FILE_TEST_EXISTS));
    undo_free(undo);
    assert_string_equal(seen->str, "two;one;");
    assert_false(g_file_test(journal, G_FILE_TEST_EXISTS));
}

static void commit_undoes_nothing(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *journal = g_build_filename(folder, "b", NULL);
    Undo *undo = undo_new(journal);

    assert_true(undo_push(undo, "tap", "one", note, seen, NULL));
    undo_commit(undo);
    undo_free(undo);
    assert_string_equal(seen->str, "");
    assert_false(g_file_test(journal, G_FILE_TEST_EXISTS));
}

static void failing_undo_stays_in_the_journal(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *journal = g_build_filename(folder, "c", NULL);
    g_autoptr(GPtrArray) records = NULL;
    Undo *undo = undo_new(journal);

    assert_true(undo_push(undo, "tap", "one", note, seen, NULL));
    assert_true(undo_push(undo, "file", "odd\nname", refuse, seen, NULL));
    undo_free(undo);
    assert_string_equal(seen->str, "odd\nname;one;");
    records = undo_journal_read(journal, NULL);
    assert_int_equal(records->len, 2);
    assert_string_equal(((UndoRecord *)records->pdata[0])->name, "odd\nname");
    assert_string_equal(((UndoRecord *)records->pdata[1])->kind, "tap");
}

static void torn_and_missing_journals(void **state)
{
    g_autofree char *journal = g_build_filename(folder, "d", NULL);
    g_autoptr(GPtrArray) none = undo_journal_read(journal, NULL);
    g_autoptr(GPtrArray) torn = NULL;

    assert_int_equal(none->len, 0);
    assert_true(g_file_set_contents(journal, "tap vnet0\nnonsense\ntap vn", -1, NULL));
    torn = undo_journal_read(journal, NULL);
    assert_int_equal(torn->len, 1);
    assert_string_equal(((UndoRecord *)torn->pdata[0])->name, "vnet0");
}

static void replace_and_remove(void **state)
{
    g_autofree char *path = g_build_filename(folder, "f", NULL);
    g_autofree char *nowhere = g_build_filename(folder, "no", "f", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) err = NULL;

    assert_true(file_replace(path, "old", 3, 0600, NULL));
    assert_true(file_replace(path, "new!", 4, 0640, NULL));
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, "new!");
    assert_false(file_replace(nowhere, "x", 1, 0600, &err));
    assert_non_null(strstr(err->message, nowhere));
    assert_true(file_remove(path, NULL));
    assert_true(file_remove(path, NULL));
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void fault_points(void **state)
{
    g_autoptr(GError) err = NULL;

    assert_true(fault_point("start-spawn", NULL));
    g_setenv("QVIRT_FAULT", "other:fail,start-spawn:fail", TRUE);
    assert_true(fault_point("start-spa", NULL));
    assert_false(fault_point("start-spawn", &err));
    assert_non_null(strstr(err->message, "'start-spawn'"));
    g_unsetenv("QVIRT_FAULT");
}

static void quiet(const char *domain, GLogLevelFlags level, const char *message, gpointer user)
{
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scope_undoes_newest_first),
        cmocka_unit_test(commit_undoes_nothing),
        cmocka_unit_test(failing_undo_stays_in_the_journal),
        cmocka_unit_test(torn_and_missing_journals),
        cmocka_unit_test(replace_and_remove),
        cmocka_unit_test(fault_points),
    };
    g_autofree char *command = NULL;
    int failed;

    folder = g_dir_make_tmp("qvirt-undo-XXXXXX", NULL);
    g_log_set_handler("undo", G_LOG_LEVEL_WARNING, quiet, NULL);
    failed = cmocka_run_group_tests_name("undo", tests, NULL, NULL);
    command = g_strdup_printf("rm -r '%s'", folder);
    return system(command) || failed;
}
