/* Which addresses a definition gets: what guests have had, and must go on having. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "drivers/qemu/caps_data.h"
#include "drivers/qemu/define.h"

typedef struct { const char *name, *machine, *devices, *places, *error; } AddressCase;
#define VDISK(n, extra) "<disk><source file='/a'/><target dev='vd" n "' bus='virtio'/>" extra "</disk>"
static const AddressCase cases[] = {
    { "a PC", "pc-i440fx-7.2", VDISK("a", ""), "disk 00:02.0 controller 00:01.2 ", NULL },
    { "video keeps slot 2", "pc-i440fx-7.2", VDISK("a", "") "<video><model type='vga'/></video>",
      "disk 00:03.0 controller 00:01.2 video 00:02.0 ", NULL },
    { "ports of q35, and a spare one", "pc-q35-7.2", VDISK("a", ""),
      "disk 02:00.0 controller 01:00.0 controller 00:1f.2 controller 00:01.0+ controller 00:01.1 controller 00:01.2 ", NULL },
    { "conventional card on q35", "pc-q35-7.2", "<sound model='ac97'/>",
      "controller 03:00.0 controller 00:1f.2 controller 00:01.0+ controller 01:00.0 controller 00:01.1 controller 00:01.2 "
      "sound 02:01.0 ", NULL },
    { "USB 2 shares a slot", "pc-i440fx-7.2", "<controller type='usb' index='0' model='ich9-ehci1'/>"
      "<controller type='usb' index='0' model='ich9-uhci1'/>", "controller 00:02.7 controller 00:02.0+ ", NULL },
    { "disks are sorted and placed by name", "pc-i440fx-7.2", "<disk><source file='/b'/><target dev='sdi' bus='scsi'/></disk>"
      "<disk><source file='/a'/><target dev='sda' bus='scsi'/></disk>",
      "disk 0.0.0.0 disk 1.0.0.1 controller 00:01.2 controller 00:02.0 controller 00:03.0 ", NULL },
    { "channels begin at port 1", "pc-i440fx-7.2", "<channel type='pty'><target type='virtio' name='a'/></channel>",
      "controller 00:01.2 controller 00:02.0 channel 0/1 ", NULL },
    { "USB ports", "pc-i440fx-7.2", "<input type='tablet' bus='usb'/><input type='mouse' bus='usb'/>",
      "controller 00:01.2 input 0-1 input 0-2 ", NULL },
    { "twice the same slot", "pc-i440fx-7.2",
      VDISK("a", "<address type='pci' slot='5'/>") VDISK("b", "<address type='pci' slot='5'/>"), NULL, "Attempted double use" },
    { "a bus that is none", "pc-i440fx-7.2", "<controller type='pci' index='65536' model='pci-bridge'/>", NULL, "0 to 255" },
    { "a controller far away", "pc-i440fx-7.2", "<disk><source file='/a'/><target dev='sda' bus='scsi'/>"
      "<address type='drive' controller='4000000000'/></disk>", NULL, "out of range" },
    { "same place twice", "pc-i440fx-7.2", "<disk><source file='/a'/><target dev='hda'/><address type='drive'/></disk>"
      "<disk><source file='/b'/><target dev='hdb'/><address type='drive'/></disk>", NULL, "duplicate drive address" },
    { "companion alone", "pc-i440fx-7.2", "<controller type='usb' index='1' model='ich9-uhci1'/>", NULL, "No master" },
};

static char *places_of(const DomainDef *def)
{
    GString *out = g_string_new(NULL);
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);) {
        const Address *a = &ref.info->addr;
        const char *name = device_kinds[ref.kind].name;
        if (a->type == ADDR_PCI)
            g_string_append_printf(out, "%s %02x:%02x.%x%s ", name, a->pci.bus.v, a->pci.slot.v, a->pci.function.v,
                                   a->pci.multifunction == TRI_YES ? "+" : "");
        else if (a->type == ADDR_DRIVE)
            g_string_append_printf(out, "%s %u.%u.%u.%u ", name, a->drive.controller.v, a->drive.bus.v, a->drive.target.v,
                                   a->drive.unit.v);
        else if (a->type == ADDR_VIRTIO_SERIAL)
            g_string_append_printf(out, "%s %u/%u ", name, a->serial.controller.v, a->serial.port.v);
        else if (a->type == ADDR_USB)
            g_string_append_printf(out, "%s %u-%s ", name, a->usb.bus.v, a->usb.port);
    }
    return g_string_free(out, FALSE);
}

static void test_case(void **state)
{
    const AddressCase *c = *state;
    g_autoptr(GError) err = NULL;
    g_autoptr(QemuCaps) caps = caps_from_data("/bin/true", json_tokener_parse(
        "{\"types\":[\"piix3-usb-uhci\",\"qemu-xhci\",\"lsi53c895a\",\"pcie-pci-bridge\"]}"));
    DefineCtx ctx = { .caps = caps };
    g_autofree char *xml = g_strdup_printf("<domain type='qemu'><name>t</name><memory>1024</memory><os><type arch='x86_64' "
                                           "machine='%s'>hvm</type></os><devices>%s</devices></domain>", c->machine, c->devices);
    g_autoptr(DomainDef) def = domain_def_parse(xml, strlen(xml), NULL, 0, &err);
    bool ok = def && pass_disks(def, &ctx, &err) && pass_controllers(def, &ctx, &err) && pass_addresses(def, &ctx, &err);
    if (c->error) {
        assert_false(ok);
        if (!strstr(err->message, c->error))
            fail_msg("'%s' does not say '%s'", err->message, c->error);
        return;
    }
    if (!ok)
        fail_msg("%s", err->message);
    g_autofree char *places = places_of(def);
    assert_string_equal(places, c->places);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, test_case, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
