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

static const UndoKind kinds[] = { { "tap", note }, { "log", note }, { "file", refuse }, { NULL, NULL } };

static void scope_undoes_newest_first(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *journal = g_build_filename(folder, "a", NULL);
    Undo *undo = undo_new(journal, kinds, seen);

    assert_true(undo_push(undo, "tap", "one", NULL));
    assert_true(undo_push(undo, "log", "two", NULL));
    assert_true(g_file_test(journal, G_FILE_TEST_EXISTS));
    undo_free(undo);
    assert_string_equal(seen->str, "two;one;");
    assert_false(g_file_test(journal, G_FILE_TEST_EXISTS));
}

static void commit_undoes_nothing(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *journal = g_build_filename(folder, "b", NULL);
    Undo *undo = undo_new(journal, kinds, seen);

    assert_true(undo_push(undo, "tap", "one", NULL));
    undo_commit(undo);
    undo_free(undo);
    assert_string_equal(seen->str, "");
    assert_false(g_file_test(journal, G_FILE_TEST_EXISTS));
}

static void failing_undo_stays_in_the_journal(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *journal = g_build_filename(folder, "c", NULL);
    Undo *undo = undo_new(journal, kinds, seen);

    assert_true(undo_push(undo, "tap", "one", NULL));
    assert_true(undo_push(undo, "file", "odd\nname", NULL));
    undo_free(undo);
    assert_string_equal(seen->str, "odd\nname;one;");

    g_autoptr(Undo) again = undo_resume(journal, kinds, seen, NULL);
    g_auto(GStrv) files = undo_names(again, "file"), taps = undo_names(again, "tap");
    assert_int_equal(g_strv_length(files), 1);
    assert_string_equal(files[0], "odd\nname");
    assert_int_equal(g_strv_length(taps), 0);
}

static void kept_journal_is_resumed(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *journal = g_build_filename(folder, "k", NULL);
    Undo *undo = undo_new(journal, kinds, seen);

    undo_keep(undo);
    assert_true(undo_push(undo, "tap", "one", NULL));
    assert_true(undo_push(undo, "tap", "two", NULL));
    assert_true(undo_push(undo, "log", "three", NULL));
    assert_true(undo_one(undo, "tap", "two", NULL));
    assert_true(undo_one(undo, "tap", "never", NULL));
    undo_free(undo);
    assert_string_equal(seen->str, "two;");

    g_autoptr(Undo) again = undo_resume(journal, kinds, seen, NULL);
    assert_true(undo_run(again));
    assert_string_equal(seen->str, "two;three;one;");
    assert_false(g_file_test(journal, G_FILE_TEST_EXISTS));
}

static void torn_missing_and_strange_journals(void **state)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *journal = g_build_filename(folder, "d", NULL), *text = NULL;
    g_autoptr(GError) err = NULL;
    g_autoptr(Undo) none = undo_resume(journal, kinds, seen, NULL);

    assert_non_null(none);
    assert_true(g_file_set_contents(journal, "tap vnet0\nnonsense\nnew-kind x\ntap vn", -1, NULL));
    g_autoptr(Undo) torn = undo_resume(journal, kinds, seen, NULL);
    assert_false(undo_run(torn));
    assert_string_equal(seen->str, "vnet0;");
    assert_true(g_file_get_contents(journal, &text, NULL, NULL));
    assert_string_equal(text, "new-kind x\n");
    assert_null(undo_resume(folder, kinds, seen, &err));
    assert_non_null(strstr(err->message, folder));
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
        cmocka_unit_test(kept_journal_is_resumed),
        cmocka_unit_test(torn_missing_and_strange_journals),
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
