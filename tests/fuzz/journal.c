/* A journal of undo, as a killed daemon may leave it: read, added to, read again, run to its end. */
#include <glib/gstdio.h>
#include "tests/fuzz/fuzz.h"
#include "util/undo.h"

static char *path;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    g_autofree char *dir = g_dir_make_tmp("qvirt-fuzz-XXXXXX", NULL);
    fuzz_quiet();
    path = g_build_filename(dir, "journal", NULL);
    return 0;
}

static bool undo_tap(const char *name, gpointer user, GError **err)
{
    g_assert_nonnull(name);
    (*(guint *)user)++;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const UndoKind kinds[] = { { "tap", undo_tap }, { "folder", undo_tap }, { NULL, NULL } };
    guint runs = 0;

    g_assert_true(g_file_set_contents(path, (const char *)data, (gssize)size, NULL));
    g_autoptr(Undo) undo = undo_resume(path, kinds, &runs, NULL);
    if (!undo)
        return 0;
    g_assert_true(undo_push(undo, "tap", "a name\nof two lines", NULL));
    g_auto(GStrv) names = undo_names(undo, "tap");
    g_assert_true(g_strv_contains((const char *const *)names, "a name\nof two lines"));
    undo_run(undo);
    g_assert_cmpuint(runs, >=, 1);
    undo_commit(undo);
    g_remove(path);
    return 0;
}
