/* Addresses as -device properties: on which bus, and where on it. */
#include "config.h"
#include <string.h>
#include "conf/controller.h"
#include "drivers/qemu/address.h"
#include "drivers/qemu/build.h"

const char *controller_board_bus(const DomainDef *def, const Controller *c)
{
    bool q35 = domain_board(def) == BOARD_Q35;
    if (c->type == CONTROLLER_PCI && c->index.v == 0)
        return c->model == MODEL_PCIE_ROOT ? "pcie.0" : "pci.0";
    if (c->index.v == 0 && c->type == (q35 ? CONTROLLER_SATA : CONTROLLER_IDE))
        return "ide";
    return NULL;
}

const char *controller_bus(const DomainDef *def, const Controller *c)
{
    const char *fixed = controller_board_bus(def, c);
    return fixed ? fixed : c->info.alias;
}

static const Controller *controller_of(const QemuBuild *b, ControllerType type, guint index, GError **err)
{
    const Controller *c = controller_find(b->def, type, index);
    if (c && c->info.alias)
        return c;
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "a device's address names %s controller %u, which this guest does not have",
                xm_enum_name(&controller_type, type), index);
    return NULL;
}

static bool at_pci(json_object *p, const QemuBuild *b, const DeviceInfo *info, GError **err)
{
    const Address *a = &info->addr;
    const Controller *c = controller_of(b, CONTROLLER_PCI, a->pci.bus.v, err);
    if (!c)
        return false;
    props_str(p, "bus", controller_bus(b->def, c));
    props_tri(p, "multifunction", a->pci.multifunction);
    if (a->pci.function.v)
        props_strf(p, "addr", "0x%x.0x%x", a->pci.slot.v, a->pci.function.v);
    else
        props_strf(p, "addr", "0x%x", a->pci.slot.v);
    return true;
}

static bool at_usb(json_object *p, const QemuBuild *b, const DeviceInfo *info, GError **err)
{
    const Controller *c = controller_of(b, CONTROLLER_USB, info->addr.usb.bus.v, err);
    if (!c)
        return false;
    props_strf(p, "bus", "%s.0", c->info.alias);
    props_str(p, "port", info->addr.usb.port);
    return true;
}

static bool at_virtio_serial(json_object *p, const QemuBuild *b, const DeviceInfo *info, GError **err)
{
    const Address *a = &info->addr;
    const Controller *c = controller_of(b, CONTROLLER_VIRTIO_SERIAL, a->serial.controller.v, err);
    if (!c)
        return false;
    props_strf(p, "bus", "%s.%u", c->info.alias, a->serial.bus.v);
    props_u64(p, "nr", a->serial.port.v);
    return true;
}

static bool at_ccid(json_object *p, const QemuBuild *b, const DeviceInfo *info, GError **err)
{
    const Controller *c = controller_of(b, CONTROLLER_CCID, info->addr.ccid.controller.v, err);
    if (!c)
        return false;
    props_strf(p, "bus", "%s.0", c->info.alias);
    return true;
}

/* Of host devices on SCSI; disks say more about themselves (disk_build.c). */
static bool at_drive(json_object *p, const QemuBuild *b, const DeviceInfo *info, GError **err)
{
    const Address *a = &info->addr;
    const Controller *c = controller_of(b, CONTROLLER_SCSI, a->drive.controller.v, err);
    if (!c)
        return false;
    props_strf(p, "bus", "%s.0", c->info.alias);
    if (c->model == MODEL_LSILOGIC) {
        props_u64(p, "scsi-id", a->drive.unit.v);
        return true;
    }
    props_u64(p, "channel", a->drive.bus.v);
    props_u64(p, "scsi-id", a->drive.target.v);
    props_u64(p, "lun", a->drive.unit.v);
    return true;
}

static bool at_isa(json_object *p, G_GNUC_UNUSED const QemuBuild *b, const DeviceInfo *info, G_GNUC_UNUSED GError **err)
{
    props_optu32(p, "iobase", info->addr.isa.iobase);
    props_optu32(p, "irq", info->addr.isa.irq);
    return true;
}

static bool at_dimm(json_object *p, G_GNUC_UNUSED const QemuBuild *b, const DeviceInfo *info, G_GNUC_UNUSED GError **err)
{
    props_optu32(p, "slot", info->addr.dimm.slot);
    if (info->addr.dimm.base.set && info->addr.dimm.base.v)
        props_u64(p, "addr", info->addr.dimm.base.v);
    return true;
}

static bool at_spapr(json_object *p, G_GNUC_UNUSED const QemuBuild *b, const DeviceInfo *info, G_GNUC_UNUSED GError **err)
{
    if (info->addr.reg.set)
        props_u64(p, "reg", info->addr.reg.v);
    return true;
}

static bool at_ccw(json_object *p, G_GNUC_UNUSED const QemuBuild *b, const DeviceInfo *info, G_GNUC_UNUSED GError **err)
{
    if (info->addr.ccw.devno.set)
        props_strf(p, "devno", "%x.%x.%04x", info->addr.ccw.cssid.v, info->addr.ccw.ssid.v, info->addr.ccw.devno.v);
    return true;
}

static bool (*const places[ADDR__N])(json_object *, const QemuBuild *, const DeviceInfo *, GError **) = {
    [ADDR_PCI] = at_pci, [ADDR_USB] = at_usb, [ADDR_VIRTIO_SERIAL] = at_virtio_serial, [ADDR_CCID] = at_ccid,
    [ADDR_DRIVE] = at_drive, [ADDR_ISA] = at_isa, [ADDR_DIMM] = at_dimm, [ADDR_SPAPR_VIO] = at_spapr, [ADDR_CCW] = at_ccw,
};

bool props_address(json_object *props, const QemuBuild *b, const DeviceInfo *info, GError **err)
{
    return !places[info->addr.type] || places[info->addr.type](props, b, info, err);
}

void props_device_common(json_object *props, const DeviceInfo *info)
{
    props_u64_opt(props, "bootindex", info->boot_index);
    props_str(props, "loadparm", info->loadparm);
    props_optu32(props, "acpi-index", info->acpi_index);
    if (info->rom.enabled == TRI_NO) {
        props_str(props, "romfile", "");
        return;
    }
    if (info->rom.bar)
        props_u64(props, "rombar", info->rom.bar == TRI_YES);
    props_str(props, "romfile", info->rom.file);
}
