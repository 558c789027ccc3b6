/* <disk>: what is read is written back as clients know it, or refused with a reason. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "conf/disk.h"

typedef struct { const char *name, *in, *out, *error; } DiskCase;   /* out NULL: as it came in */
#define FILE_DISK(driver, rest) \
    "<disk type='file' device='disk'>\n" driver "  <source file='/a.img'/>\n  <target dev='vda' bus='virtio'/>\n" rest "</disk>\n"
static const DiskCase cases[] = {
    { "plain", FILE_DISK("  <driver name='qemu' type='qcow2' cache='none' io='native'/>\n", ""), NULL, NULL },
    { "type defaults to file", "<disk><source file='/a.img'/><target dev='vda' bus='virtio'/></disk>", FILE_DISK("", ""), NULL },
    { "default cache is not said", "<disk type='file' device='disk'><driver cache='default'/><source file='/a.img'/>"
      "<target dev='vda' bus='virtio'/></disk>", FILE_DISK("", ""), NULL },
    { "end of the chain stays", FILE_DISK("", "  <readonly/>\n"), NULL, NULL },
    { "chain",
      "<disk type='file' device='disk'>\n  <driver name='qemu' type='qcow2'/>\n  <source file='/top'/>\n"
      "  <backingStore type='block'>\n    <format type='raw'/>\n    <source dev='/dev/base'/>\n    <backingStore/>\n"
      "  </backingStore>\n  <target dev='sda' bus='scsi'/>\n</disk>\n", NULL, NULL },
    { "iSCSI target without a unit",
      "<disk type='network'><source protocol='iscsi' name='iqn.2001-04.com.example:d'><host name='h' transport='tcp'/></source>"
      "<target dev='vda' bus='virtio'/></disk>",
      "<disk type='network' device='disk'>\n  <source protocol='iscsi' name='iqn.2001-04.com.example:d/0'>\n"
      "    <host name='h'/>\n  </source>\n  <target dev='vda' bus='virtio'/>\n</disk>\n", NULL },
    { "transient", FILE_DISK("", "  <transient shareBacking='yes'/>\n"), NULL, NULL },
    { "unknown bus", "<disk><target dev='vda' bus='floppy'/></disk>", NULL, "'floppy' is not" },
    { "no target", "<disk><source file='/a'/></disk>", NULL, "target" },
    { "short wwn", FILE_DISK("", "  <wwn>123</wwn>\n"), NULL, "not 16 hexadecimal digits" },
    { "limits contradict", FILE_DISK("", "<iotune><total_bytes_sec>1</total_bytes_sec><read_bytes_sec>1</read_bytes_sec></iotune>"),
      NULL, "cannot be set at the same time" },
    { "socket without unix", "<disk type='network'><source protocol='nbd'><host name='h' socket='/s'/></source>"
      "<target dev='vda'/></disk>", NULL, "transport='unix'" },
    { "NVMe namespace 0", "<disk type='nvme'><source type='pci' namespace='0'><address domain='0' bus='1' slot='0' function='0'/>"
      "</source><target dev='vda'/></disk>", NULL, "namespace" },
    { "secret named twice", FILE_DISK("", "<encryption format='luks'><secret type='passphrase' usage='x' "
      "uuid='0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f'/></encryption>"), NULL, "one of the two" },
};

static void test_disk(void **state)
{
    const DiskCase *c = *state;
    g_autoptr(GError) err = NULL;
    Disk *disk = xm_parse(&disk_elem, c->in, strlen(c->in), NULL, 0, &err);
    if (c->error) {
        assert_null(disk);
        if (!strstr(err->message, c->error))
            fail_msg("'%s' does not say '%s'", err->message, c->error);
        return;
    }
    if (!disk)
        fail_msg("%s", err->message);
    g_autofree char *out = xm_format(&disk_elem, disk, 0);
    assert_string_equal(out, c->out ? c->out : c->in);
    xm_free(&disk_elem, disk);
}

static void test_index(void **state)
{
    (void)state;
    assert_int_equal(disk_index("vda"), 0);
    assert_int_equal(disk_index("sdz"), 25);
    assert_int_equal(disk_index("vdaa"), 26);
    assert_int_equal(disk_index("xvdb"), 1);
    assert_int_equal(disk_index("hda1"), 0);
    assert_int_equal(disk_index("vd"), -1);
    assert_int_equal(disk_index("nvme0"), -1);
    assert_int_equal(disk_index("sdzzzzzzzzzzzz"), -1);
    assert_int_equal(disk_index(NULL), -1);
}

int main(void)
{
    struct CMUnitTest tests[1 + G_N_ELEMENTS(cases)] = { cmocka_unit_test(test_index) };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[1 + i] = (struct CMUnitTest){ cases[i].name, test_disk, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
