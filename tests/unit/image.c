#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "util/image.h"

static char *folder;

/* A qcow2 header of version @version whose backing name is said to lie at @at and be @size long. */
static char *image(guint8 version, guint32 at, guint32 size, const char *format, const char *name)
{
    guint8 h[512] = { 'Q', 'F', 'I', 0xfb, 0, 0, 0, version };
    guint ext = version >= 3 ? 104 : 72;
    char *path = g_build_filename(folder, "image", NULL);

    for (guint i = 0; i < 4; i++) {
        h[12 + i] = (guint8)(at >> (24 - 8 * i));
        h[16 + i] = (guint8)(size >> (24 - 8 * i));
    }
    if (version >= 3)
        h[103] = 104;
    if (format) {
        memcpy(h + ext, (guint8[]){ 0xe2, 0x79, 0x2a, 0xca, 0, 0, 0, (guint8)strlen(format) }, 8);
        memcpy(h + ext + 8, format, strlen(format));
    }
    memcpy(h + 256, name, strlen(name));
    assert_true(g_file_set_contents(path, (char *)h, sizeof h, NULL));
    return path;
}

static void reads_backing(void **state)
{
    static const struct { guint8 version; guint32 at, size; const char *format, *name; bool ok; } cases[] = {
        { 3, 256, 8, "raw", "base.img", true },
        { 2, 256, 8, "qcow2", "base.img", true },
        { 3, 256, 8, NULL, "base.img", true },
        { 3, 0, 0, NULL, "", true },
        { 3, 256, 0xffffffff, NULL, "base.img", false },
        { 3, 0xfffffff0, 8, NULL, "base.img", false },
        { 3, 508, 8, NULL, "base.img", false },
        { 3, 256, 9, NULL, "base.img", false },             /* a NUL in the name */
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = image(cases[i].version, cases[i].at, cases[i].size, cases[i].format, cases[i].name);
        g_auto(ImageBacking) backing = { 0 };
        g_autoptr(GError) err = NULL;
        assert_int_equal(image_qcow2_backing(path, &backing, &err), cases[i].ok);
        assert_true(cases[i].ok == !err);
        if (!cases[i].ok)
            continue;
        assert_int_equal(g_strcmp0(backing.name, cases[i].at ? cases[i].name : NULL), 0);
        assert_int_equal(g_strcmp0(backing.format, cases[i].format), 0);
    }
}

static void refuses_what_is_none(void **state)
{
    g_autofree char *path = g_build_filename(folder, "image", NULL), *missing = g_build_filename(folder, "none", NULL);
    g_auto(ImageBacking) backing = { 0 };
    g_autoptr(GError) err = NULL, err2 = NULL;

    assert_true(g_file_set_contents(path, "short", -1, NULL));
    assert_false(image_qcow2_backing(path, &backing, &err));
    assert_non_null(strstr(err->message, path));
    assert_false(image_qcow2_backing(missing, &backing, &err2));
}

static void resolves_names(void **state)
{
    static const struct { const char *name, *path; } cases[] = {
        { "base.img", "/images/base.img" }, { "../x/base.img", "/x/base.img" }, { "/b.img", "/b.img" },
        { "file:/b.img", "/b.img" }, { "json:{\"driver\":\"null-co\"}", NULL }, { "nbd://host/x", NULL },
        { "dir/with:colon", "/images/dir/with:colon" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = image_resolve("/images/top.qcow2", cases[i].name);
        assert_int_equal(g_strcmp0(path, cases[i].path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_backing),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(resolves_names),
    };
    g_autofree char *command = NULL;

    folder = g_dir_make_tmp("qvirt-image-XXXXXX", NULL);
    int failed = cmocka_run_group_tests_name("image", tests, NULL, NULL);
    command = g_strdup_printf("rm -r '%s'", folder);
    return system(command) || failed;
}
