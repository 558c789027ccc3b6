#include <errno.h>
#include <string.h>
#include "conf/device.h"

XM_ENUM(addr_type, "address type", NULL, "pci", "drive", "virtio-serial", "ccid", "usb", "spapr-vio", "virtio-s390", "ccw",
        "virtio-mmio", "isa", "dimm", "unassigned");
XM_COVERS(addr_type, ADDR__N);

#define PCI .when = XM_BIT(ADDR_PCI), .flags = XM_ABI
#define DRIVE .when = XM_BIT(ADDR_DRIVE), .flags = XM_ABI
#define SERIAL .when = XM_BIT(ADDR_VIRTIO_SERIAL), .flags = XM_ABI
#define CCID .when = XM_BIT(ADDR_CCID), .flags = XM_ABI
#define USB .when = XM_BIT(ADDR_USB), .flags = XM_ABI
#define CCW .when = XM_BIT(ADDR_CCW), .flags = XM_ABI
#define ISA .when = XM_BIT(ADDR_ISA), .flags = XM_ABI
#define DIMM .when = XM_BIT(ADDR_DIMM), .flags = XM_ABI

static const XmRow zpci_rows[] = {
    A_HEX(Address, pci.zpci_uid, "uid", 4, .max = 0xffff, .flags = XM_ABI),
    A_HEX(Address, pci.zpci_fid, "fid", 8, .flags = XM_ABI),
};
static const XmElem zpci_elem = ELEM("zpci", Address, zpci_rows);

/* 64-bit hexadecimal numbers: an spapr-vio register, a DIMM's base. */
static bool hex64_parse(const XmRow *r, const char *text, gpointer v, char **why)
{
    char *end;
    errno = 0;
    guint64 value = g_ascii_strtoull(text, &end, 0);

    if (errno || end == text || *end || *text == '-') {
        *why = g_strdup_printf("'%.64s' is not a hexadecimal number like 0x100000000", text);
        return false;
    }
    *(OptU64 *)v = (OptU64){ true, value };
    return true;
}

static void hex64_format(const XmRow *r, gconstpointer v, GString *out)
{
    g_string_append_printf(out, "0x%0*" G_GINT64_MODIFIER "x", (int)r->width, ((const OptU64 *)v)->v);
}

static bool hex64_absent(gconstpointer v)
{
    return !((const OptU64 *)v)->set;
}

static bool hex64_equal(gconstpointer a, gconstpointer b)
{
    const OptU64 *x = a, *y = b;
    return x->set == y->set && x->v == y->v;
}

static void hex64_copy(gpointer to, gconstpointer from)
{
    *(OptU64 *)to = *(const OptU64 *)from;
}

static void hex64_clear(gpointer v)
{
    *(OptU64 *)v = (OptU64){ false, 0 };
}

static void hex64_random(const XmRow *r, gpointer v, GRand *rnd)
{
    *(OptU64 *)v = (OptU64){ true, g_rand_int(rnd) };
}

static const XmType hex64 = { "hexadecimal number", hex64_parse, hex64_format, hex64_absent, hex64_equal, hex64_copy,
                              hex64_clear, hex64_random };
#define A_HEX64(T, f, n, w, ...) XM_SCALAR(XM_ATTR, T, f, n, hex64, OptU64, .width = w, __VA_ARGS__)

/* A USB port: numbers joined by dots, at most four deep below the root hub's port (USB 2.0, 4.1.1: five hubs). */
static bool usb_port_parse(const XmRow *r, const char *text, gpointer v, char **why)
{
    guint depth = 0;

    for (const char *p = text;; p++, depth++) {
        char *end;
        guint64 n = g_ascii_isdigit(*p) ? g_ascii_strtoull(p, &end, 10) : G_MAXUINT64;
        if (n > 255 || depth >= 4 || (*end && *end != '.')) {
            *why = g_strdup_printf("'%.32s' is not a USB port like 1 or 2.1", text);
            return false;
        }
        p = end;
        if (!*p)
            break;
    }
    g_free(*(char **)v);
    *(char **)v = g_strdup(text);
    return true;
}

static void usb_port_random(const XmRow *r, gpointer v, GRand *rnd)
{
    *(char **)v = g_strdup_printf("%d.%d", g_rand_int_range(rnd, 1, 9), g_rand_int_range(rnd, 1, 9));
}

static const XmType usb_port = XM_TEXT_TYPE("USB port", usb_port_parse, usb_port_random);

static guint address_variant(gconstpointer obj)
{
    return ((const Address *)obj)->type;
}

static const XmRow address_rows[] = {
    A_ENUM(Address, type, "type", addr_type, .flags = XM_REQUIRED | XM_ABI, .doc = "kind of address"),
    A_HEX(Address, pci.domain, "domain", 4, .max = 0xffffffff, PCI, .doc = "PCI domain"),
    A_HEX(Address, pci.bus, "bus", 2, .max = 0xff, PCI, .doc = "PCI bus: index of the pci controller"),
    A_HEX(Address, pci.slot, "slot", 2, .max = 0x1f, PCI, .doc = "slot on the bus"),
    A_HEX(Address, pci.function, "function", 1, .max = 7, PCI, .doc = "function in the slot"),
    A_ONOFF(Address, pci.multifunction, "multifunction", PCI, .doc = "other functions share the slot"),
    INLINE("zpci", zpci_elem, PCI),
    A_OPT(Address, drive.controller, "controller", DRIVE, .doc = "index of the disk controller"),
    A_OPT(Address, drive.bus, "bus", DRIVE),
    A_OPT(Address, drive.target, "target", DRIVE),
    A_OPT(Address, drive.unit, "unit", DRIVE),
    A_OPT(Address, serial.controller, "controller", SERIAL),
    A_OPT(Address, serial.bus, "bus", SERIAL),
    A_OPT(Address, serial.port, "port", SERIAL),
    A_OPT(Address, ccid.controller, "controller", CCID),
    A_OPT(Address, ccid.slot, "slot", CCID),
    A_OPT(Address, usb.bus, "bus", USB, .doc = "index of the usb controller"),
    XM_SCALAR(XM_ATTR, Address, usb.port, "port", usb_port, char *, USB, .doc = "port, below hubs like 1.2"),
    A_HEX64(Address, reg, "reg", 8, .when = XM_BIT(ADDR_SPAPR_VIO), .flags = XM_ABI),
    A_HEX(Address, ccw.cssid, "cssid", 1, .max = 0xfe, CCW),
    A_HEX(Address, ccw.ssid, "ssid", 1, .max = 3, CCW),
    A_HEX(Address, ccw.devno, "devno", 4, .max = 0xffff, CCW),
    A_HEX(Address, isa.iobase, "iobase", 0, ISA),
    A_HEX(Address, isa.irq, "irq", 0, ISA),
    A_OPT(Address, dimm.slot, "slot", DIMM),
    A_HEX64(Address, dimm.base, "base", 0, DIMM),
};

/* The parts a drive or serial address leaves out are 0; a PCI address names at least a bus or a slot. */
static bool address_loaded(gpointer obj, xmlNode *node, char **why)
{
    Address *a = obj;

    if (a->type == ADDR_PCI && (a->pci.bus.set || a->pci.slot.set || a->pci.domain.set || a->pci.function.set)) {
        a->pci.domain.set = a->pci.bus.set = a->pci.slot.set = a->pci.function.set = true;
        if (!a->pci.domain.v && !a->pci.bus.v && !a->pci.slot.v && a->pci.function.v) {
            *why = g_strdup("a PCI address needs a slot other than 0 on bus 0");
            return false;
        }
    }
    if (a->type == ADDR_DRIVE)
        a->drive.controller.set = a->drive.bus.set = a->drive.target.set = a->drive.unit.set = true;
    if (a->type == ADDR_CCID)
        a->ccid.controller.set = a->ccid.slot.set = true;
    if (a->type == ADDR_VIRTIO_SERIAL)
        a->serial.controller.set = a->serial.bus.set = true;
    if (a->type == ADDR_USB)
        a->usb.bus.set = true;
    return true;
}

static bool address_present(gconstpointer obj)
{
    return ((const Address *)obj)->type != ADDR_NONE;
}

const XmElem address_elem = ELEM("address", Address, address_rows, .variant = address_variant, .loaded = address_loaded,
                                 .present = address_present);

static const XmRow boot_rows[] = {
    A_U32(DeviceInfo, boot_order, "order", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI, .doc = "place in the boot order, from 1"),
    A_STR(DeviceInfo, loadparm, "loadparm", .flags = XM_ABI),
};
static const XmElem boot_elem = ELEM("boot", DeviceInfo, boot_rows);
static const XmRow alias_rows[] = { A_STR(DeviceInfo, alias, "name", .doc = "name of the device in QEMU; your own begin with ua-") };
static const XmElem alias_elem = ELEM("alias", DeviceInfo, alias_rows);
static const XmRow master_rows[] = { A_OPT(DeviceInfo, master_startport, "startport", .flags = XM_ABI) };
static const XmElem master_elem = ELEM("master", DeviceInfo, master_rows);
static const XmRow rom_rows[] = {
    A_YESNO(DeviceInfo, rom.enabled, "enabled", .flags = XM_ABI),
    A_ONOFF(DeviceInfo, rom.bar, "bar", .flags = XM_ABI, .doc = "is the ROM mapped into the guest's memory"),
    A_STR(DeviceInfo, rom.file, "file", .flags = XM_ABI),
};
static bool rom_check(gconstpointer obj, char **why)
{
    const DeviceInfo *info = obj;
    if (info->rom.enabled == TRI_NO && (info->rom.bar || info->rom.file))
        *why = g_strdup("a ROM with enabled='no' can have neither bar nor file");
    return !*why;
}
static const XmElem rom_elem = ELEM("rom", DeviceInfo, rom_rows, .check = rom_check);
static const XmRow acpi_rows[] = { A_OPT(DeviceInfo, acpi_index, "index", .flags = XM_ABI) };
static const XmElem acpi_elem = ELEM("acpi", DeviceInfo, acpi_rows);

static const XmRow info_rows[] = {
    INLINE("boot", boot_elem),
    INLINE("alias", alias_elem),
    INLINE("master", master_elem),
    INLINE("rom", rom_elem),
    INLINE("acpi", acpi_elem),
    INLINE_AT(DeviceInfo, addr, "address", address_elem),
};
const XmElem device_info_elem = ELEM("device", DeviceInfo, info_rows);
