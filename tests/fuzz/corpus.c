/* A fuzz target as an ordinary test: every file of its kept corpus goes through it once. As libFuzzer's main would, but TAP. */
#include <glib.h>
#include <stdio.h>
#include "tests/fuzz/fuzz.h"

int main(int argc, char **argv)
{
    const char *top = g_getenv("top_srcdir");
    g_autofree char *name = g_path_get_basename(argv[0]);
    const char *target = g_str_has_prefix(name, "corpus_") ? name + strlen("corpus_") : name;
    g_autofree char *folder = g_build_filename(top ? top : ".", "tests/fuzz/corpus", target, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;

    LLVMFuzzerInitialize(&argc, &argv);
    for (const char *file = dir ? g_dir_read_name(dir) : NULL; file; file = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(folder, file, NULL), *text = NULL;
        gsize len;
        if (!g_file_get_contents(path, &text, &len, NULL))
            continue;
        fprintf(stderr, "# %s\n", file);               /* the last one named is the one that ended us */
        LLVMFuzzerTestOneInput((const uint8_t *)text, len);
        n++;
    }
    printf("%s 1 - %u inputs of %s\n1..1\n", n ? "ok" : "not ok", n, target);
    return n ? 0 : 1;
}
