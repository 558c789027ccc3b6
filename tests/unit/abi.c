/* What the guest sees must stay; what it does not see may change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "conf/abi.h"

typedef struct { const char *name, *was, *now, *differs; } Case;
#define DISK(more) "<devices><disk type='file' device='disk'>" more "</disk></devices>"
#define FRAME(cpus, title) "<title>" title "</title><memory>65536</memory><vcpu>" cpus "</vcpu><os><type>hvm</type></os>"

static const Case cases[] = {
    { "the same", FRAME("2", "a"), FRAME("2", "a"), NULL },
    { "title", FRAME("2", "a"), FRAME("2", "b"), NULL },
    { "vcpus", FRAME("2", "a"), FRAME("3", "a"), "/domain/vcpu: 2 -> 3" },
    { "machine", "<os><type machine='pc-i440fx-7.2'>hvm</type></os>", "<os><type machine='pc-q35-7.2'>hvm</type></os>",
      "/domain/os/type/@machine: pc-i440fx-7.2 -> pc-q35-7.2" },
    { "path of an image", DISK("<source file='/a'/><target dev='vda' bus='virtio'/>"),
      DISK("<source file='/b'/><target dev='vda' bus='virtio'/>"), NULL },
    { "bus of a disk", DISK("<source file='/a'/><target dev='sda' bus='scsi'/>"),
      DISK("<source file='/a'/><target dev='sda' bus='sata'/>"), "/domain/devices/disk[1]/target/@bus: scsi -> sata" },
    { "a device more", DISK("<source file='/a'/><target dev='vda'/>"),
      "<devices><disk type='file' device='disk'><source file='/a'/><target dev='vda'/></disk><rng model='virtio'>"
      "<backend model='random'>/dev/random</backend></rng></devices>", "/domain/devices/rng[1]: absent -> present" },
    { "pinning", "<vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='0'/></cputune>",
      "<vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='1'/></cputune>", NULL },
    { "memory", "<memory unit='MiB'>64</memory>", "<memory unit='MiB'>128</memory>", "/domain/memory: 67108864 -> 134217728 bytes" },
};

static DomainDef *parse(const char *body)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *text = g_strdup_printf("<domain type='qemu'><name>d</name>%s%s</domain>", body,
                                            strstr(body, "<os>") ? "" : "<os><type>hvm</type></os>");
    DomainDef *def = domain_def_parse(text, strlen(text), NULL, 0, &err);
    if (!def)
        fail_msg("%s", err->message);
    return def;
}

static void test_abi(void **state)
{
    const Case *c = *state;
    g_autoptr(GError) err = NULL;
    g_autoptr(DomainDef) was = parse(c->was), now = parse(c->now);
    bool same = domain_def_abi_check(was, now, &err);
    assert_int_equal(same, !c->differs);
    if (same)
        return;
    if (!strstr(err->message, c->differs))
        fail_msg("'%s' does not contain '%s'", err->message, c->differs);
    assert_int_equal(err->code, QV_ERR_CONFIG_UNSUPPORTED);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){ .name = cases[i].name, .test_func = test_abi, .initial_state = (void *)&cases[i] };
    return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
