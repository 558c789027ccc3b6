/* Rules across a domain: each input breaks one of them, and is told so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "conf/rules.h"

typedef struct { const char *name, *frame, *devices, *error; int code; } Case;
#define FRAME "<memory>65536</memory><vcpu>2</vcpu><os><type>hvm</type></os>"
static const Case cases[] = {
    { "kept", FRAME, "", NULL, 0 },
    { "no os type", "<memory>1</memory>", "", "os <type> must be specified", QV_ERR_XML },
    { "other os type", "<memory>1</memory><os><type>xen</type></os>", "", "unknown OS type 'xen'", QV_ERR_CONFIG_UNSUPPORTED },
    { "no memory", "<os><type>hvm</type></os>", "", "Memory size must be", QV_ERR_XML },
    { "topology", FRAME "<cpu><topology sockets='1' cores='3' threads='1'/></cpu>", "", "makes 3, <vcpu> says 2",
      QV_ERR_CONFIG_UNSUPPORTED },
    { "memnode", FRAME "<numatune><memnode cellid='0' nodeset='0'/></numatune>", "", "without any guest NUMA", QV_ERR_XML },
    { "boot order", FRAME,
      "<disk type='file'><source file='/a'/><target dev='vda'/><boot order='3'/></disk>"
      "<disk type='file'><source file='/b'/><target dev='vdb'/><boot order='3'/></disk>",
      "boot order '3' used for more than one device", QV_ERR_CONFIG_UNSUPPORTED },
    { "alias", FRAME,
      "<disk type='file'><source file='/a'/><target dev='vda'/><alias name='ua-x'/></disk>"
      "<disk type='file'><source file='/b'/><target dev='vdb'/><alias name='ua-x'/></disk>",
      "non unique alias detected: ua-x", QV_ERR_XML },
    { "target", FRAME,
      "<disk type='file'><source file='/a'/><target dev='vda'/></disk><disk type='file'><source file='/b'/><target dev='vda'/></disk>",
      "target 'vda' duplicated", QV_ERR_XML },
    { "msi", FRAME, "<shmem name='s'><model type='ivshmem-doorbell'/><msi/></shmem>", "only supported with a server", QV_ERR_XML },
    { "rdp", FRAME, "<graphics type='rdp'/>", "rdp graphics are not supported", QV_ERR_CONFIG_UNSUPPORTED },
};

static void test_rule(void **state)
{
    const Case *c = *state;
    g_autoptr(GError) err = NULL;
    g_autofree char *text = g_strdup_printf("<domain type='qemu'><name>d</name>%s<devices>%s</devices></domain>", c->frame, c->devices);
    g_autoptr(DomainDef) def = domain_def_parse(text, strlen(text), NULL, 0, &err);

    if (!def)
        fail_msg("not even parsed: %s", err->message);
    bool kept = domain_rules_check(def, &err);
    assert_int_equal(kept, !c->error);
    if (kept)
        return;
    if (!strstr(err->message, c->error))
        fail_msg("'%s' does not contain '%s'", err->message, c->error);
    assert_int_equal(err->code, c->code);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, test_rule, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
