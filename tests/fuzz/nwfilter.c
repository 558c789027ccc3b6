/* A filter's XML, and a binding's: as others, and what parses is compiled to nftables' expressions with hostile parameters. */
#include "drivers/nwfilter/private.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_quiet();
    nw_filters = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)nwfilter_unref);
    for (guint i = 0; nw_builtin[i]; i++) {
        NwFilter *filter = nwfilter_parse(nw_builtin[i], 0, NULL);
        g_hash_table_replace(nw_filters, filter->name, filter);
    }
    return 0;
}

static void compile(const NwFilter *filter)
{
    static const struct { const char *name, *value; } parameters[] = {
        { "IP", "10.0.0.1" }, { "MAC", "52:54:00:00:00:01" }, { "A", "@x" }, { "B", "1" }, { "C", "$IP" }, { "IPV6", "fe80::1" },
    };
    g_autoptr(GHashTable) vars = nw_vars_new();
    g_autoptr(GError) err = NULL;
    g_autofree char *missing = NULL;
    NwHost host = { filter->uuid[0] & 1 };

    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++)
        nw_vars_set(vars, parameters[i].name, parameters[i].value);
    g_autoptr(NwProgram) program = nw_compile(filter->name, vars, &host, &missing, &err);
    g_assert_true(program || missing || err);
}

static void try_filter(const char *xml)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(NwFilter) filter = nwfilter_parse(xml, 0, &err);

    g_assert_true(!filter == !!err);
    if (!filter)
        return;
    g_autofree char *text = nwfilter_format(filter);
    g_autoptr(NwFilter) again = nwfilter_parse(text, XM_PARSE_STRICT, &err);
    g_assert_no_error(err);
    g_autofree char *twice = nwfilter_format(again);
    g_assert_cmpstr(text, ==, twice);
    if (g_hash_table_contains(nw_filters, filter->name))
        return;
    g_hash_table_replace(nw_filters, again->name, nwfilter_ref(again));
    compile(again);
    g_hash_table_remove(nw_filters, again->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *xml = g_strndup((const char *)data, size);
    g_autoptr(NwBinding) binding = nwbinding_parse(xml, 0, NULL);
    g_autofree char *text = binding ? nwbinding_format(binding) : NULL;
    g_autoptr(NwBinding) again = text ? nwbinding_parse(text, 0, NULL) : NULL;

    g_assert_true(!binding == !again);
    try_filter(xml);
    return 0;
}
