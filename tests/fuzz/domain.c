/* A domain's XML, as a client or a status file gives it: what parses is formatted to something that parses to the same,
 * and where this host has QEMU, it is completed and becomes a command line. */
#include "config.h"
#include "drivers/qemu/build.h"
#include "drivers/qemu/define.h"
#include "tests/fuzz/fuzz.h"

static QemuCaps *caps;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_quiet();
    caps = qemu_caps_get("/usr/bin/qemu-system-x86_64", NULL, NULL);
    return 0;
}

static void define_and_build(DomainDef *def)
{
    g_autoptr(GError) err = NULL;
    DefineCtx ctx = { .caps = caps, .lib_dir = "/var/lib/qvirt" };
    QemuBuild b = { .def = def, .caps = caps, .lib_dir = "/var/lib/qvirt", .domain_dir = "/var/lib/qvirt/qemu/domain-1-x",
                    .run_dir = "/run/qvirt", .log_dir = "/var/log/qvirt", .dry = true };

    if (!qemu_define(def, &ctx, &err))
        return;
    g_autofree char *stored = domain_def_format(def, XM_FORMAT_SECRET);
    g_autoptr(DomainDef) again = domain_def_parse(stored, strlen(stored), NULL, 0, &err);
    g_assert_true(again != NULL);                      /* what we store, we can read */
    if (!qemu_prepare_live(def, &b, &err))
        return;
    g_autoptr(QemuCommand) command = qemu_build(&b, &err);
    g_autofree char *text = command ? qemu_command_text(command) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) err = NULL;
    guint live = size && data[size - 1] == '!' ? XM_PARSE_LIVE : 0;    /* as from a status file */
    g_autoptr(DomainDef) def = domain_def_parse((const char *)data, size - (live ? 1 : 0), NULL, live, &err);

    g_assert_true(!def == !!err);
    if (!def)
        return 0;
    guint format = XM_FORMAT_SECRET | (live ? XM_FORMAT_LIVE : 0);
    g_autofree char *text = domain_def_format(def, format);
    g_autoptr(DomainDef) second = domain_def_parse(text, strlen(text), NULL, live, &err);
    g_assert_true(second != NULL);
    g_autofree char *twice = domain_def_format(second, format);
    g_assert_cmpstr(text, ==, twice);
    if (caps && !live)
        define_and_build(def);
    return 0;
}
