/* A network's XML: what parses is formatted to something that parses to the same. */
#include "conf/network.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_quiet();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(NetworkDef) net = network_def_parse((const char *)data, size, NULL, 0, &err);

    g_assert_true(!net == !!err);
    if (!net)
        return 0;
    g_autofree char *text = network_def_format(net, 0);
    g_autoptr(NetworkDef) again = network_def_parse(text, strlen(text), NULL, 0, &err);
    g_assert_true(again != NULL);
    g_autofree char *twice = network_def_format(again, 0);
    g_assert_cmpstr(text, ==, twice);
    return 0;
}
