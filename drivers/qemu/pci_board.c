/* What sits where it does because the chipset has it there, or because guests expect it. */
#include "config.h"
#include <string.h>
#include "conf/display.h"
#include "drivers/qemu/address.h"

Board domain_board(const DomainDef *def)
{
    const char *machine = def->frame.os.machine ? def->frame.os.machine : "pc";      /* QEMU's default */
    if (strcmp(machine, "q35") == 0 || g_str_has_prefix(machine, "pc-q35"))
        return BOARD_Q35;
    if (strcmp(machine, "pc") == 0 || g_str_has_prefix(machine, "pc-i440fx") || g_str_has_prefix(machine, "pc-0.") ||
        g_str_has_prefix(machine, "pc-1."))
        return BOARD_I440FX;
    return BOARD_OTHER;
}

bool pci_address_wanted(const DeviceInfo *info)
{
    const Address *a = &info->addr;
    return a->type == ADDR_NONE ||
           (a->type == ADDR_PCI && !a->pci.domain.v && !a->pci.bus.v && !a->pci.slot.v);
}

void pci_address_set(DeviceInfo *info, PciAddr at)
{
    info->addr.type = ADDR_PCI;
    info->addr.pci.domain = (OptU32){ true, 0 };
    info->addr.pci.bus = (OptU32){ true, at.bus };
    info->addr.pci.slot = (OptU32){ true, at.slot };
    info->addr.pci.function = (OptU32){ true, at.function };
}

static bool is_at(const DeviceInfo *info, PciAddr at)
{
    const Address *a = &info->addr;
    return a->type == ADDR_PCI && a->pci.domain.v == 0 && a->pci.bus.v == at.bus && a->pci.slot.v == at.slot &&
           a->pci.function.v == at.function;
}

/* The chipset's own controller is at @at and nowhere else. */
static bool fixed_place(Controller *c, const char *what, PciAddr at, GError **err)
{
    if (pci_address_wanted(&c->info)) {
        pci_address_set(&c->info, at);
        return true;
    }
    if (is_at(&c->info, at))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "Primary %s controller must have PCI address 0:0:%x.%x; leave its "
                "<address> out", what, at.slot, at.function);
    return false;
}

/* @at if it is free, for a device that has no address yet. */
static bool prefer_place(DeviceInfo *info, PciSet *set, PciAddr at, guint wants, bool *ret_placed, GError **err)
{
    *ret_placed = pci_address_wanted(info) && !pci_slot_used(set, at.bus, at.slot);
    if (!*ret_placed)
        return true;
    if (!pci_take(set, at, wants, err))
        return false;
    pci_address_set(info, at);
    return true;
}

/* The first video card goes where the machine's own VGA was: firmware and guests know it there. */
static bool place_video(DomainDef *def, Board board, PciSet *set, guint slot, GError **err)
{
    GPtrArray *videos = domain_devices(def, DEV_VIDEO);
    if (videos->len == 0)
        return true;
    DeviceRef ref = { DEV_VIDEO, 0, videos->pdata[0], videos->pdata[0] };
    guint wants = pci_connect(&ref, board);
    bool placed;
    if (!wants || !pci_address_wanted(ref.info))
        return true;
    if (!prefer_place(ref.info, set, (PciAddr){ 0, slot, 0 }, wants, &placed, err))
        return false;
    PciAddr at;
    if (placed)
        return true;
    if (!pci_take_next(set, wants, -1, &at, err))
        return false;
    if (!set->dry)
        pci_address_set(ref.info, at);
    return true;
}

static bool place_i440fx(DomainDef *def, PciSet *set, GError **err)
{
    GPtrArray *controllers = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < controllers->len; i++) {
        Controller *c = controllers->pdata[i];
        bool first = c->index.set && c->index.v == 0;
        if (first && c->type == CONTROLLER_IDE && !fixed_place(c, "IDE", (PciAddr){ 0, 1, 1 }, err))
            return false;
        if (first && c->type == CONTROLLER_USB && c->model == MODEL_PIIX3_UHCI &&
            !fixed_place(c, "PIIX3 USB", (PciAddr){ 0, 1, 2 }, err))
            return false;
    }
    /* ISA bridge, IDE, USB and power management: slot 1 is full. */
    for (guint function = 0; function < 8; function++)
        if (!pci_take(set, (PciAddr){ 0, 1, function }, PCI_DEVICE, err))
            return false;
    return place_video(def, BOARD_I440FX, set, 2, err);
}

static bool place_q35_controller(Controller *c, PciSet *set, GError **err)
{
    bool placed = false;
    if (c->type == CONTROLLER_SATA && c->index.v == 0)
        return fixed_place(c, "SATA", (PciAddr){ 0, 0x1f, 2 }, err);
    if (c->type == CONTROLLER_USB && c->model == MODEL_ICH9_UHCI1) {
        if (!prefer_place(&c->info, set, (PciAddr){ 0, 0x1d, 0 }, PCI_DEVICE, &placed, err) ||
            (!placed && !prefer_place(&c->info, set, (PciAddr){ 0, 0x1a, 0 }, PCI_DEVICE, &placed, err)))
            return false;
        if (placed)
            c->info.addr.pci.multifunction = TRI_YES;
    }
    if (c->type == CONTROLLER_PCI && c->model == MODEL_DMI_TO_PCI_BRIDGE)
        return prefer_place(&c->info, set, (PciAddr){ 0, 0x1e, 0 }, PCIE_TAKES_DMI_BRIDGE, &placed, err);
    return true;
}

static bool place_q35(DomainDef *def, PciSet *set, GError **err)
{
    GPtrArray *controllers = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < controllers->len; i++)
        if (!place_q35_controller(controllers->pdata[i], set, err))
            return false;
    /* ISA bridge, SATA, SMBus. */
    static const guint8 functions[] = { 0, 2, 3 };
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++)
        if (!pci_take(set, (PciAddr){ 0, 0x1f, functions[i] }, PCIE_DEVICE, err))
            return false;
    if (!place_video(def, BOARD_Q35, set, 1, err))
        return false;
    GPtrArray *sounds = domain_devices(def, DEV_SOUND);
    for (guint i = 0; i < sounds->len; i++) {
        Sound *sound = sounds->pdata[i];
        bool placed;
        if (sound->model == SOUND_ICH9 &&
            !prefer_place(&sound->info, set, (PciAddr){ 0, 0x1b, 0 }, PCI_DEVICE, &placed, err))
            return false;
    }
    return true;
}

bool pci_board_places(DomainDef *def, Board board, PciSet *set, GError **err)
{
    switch (board) {
    case BOARD_I440FX:
        return place_i440fx(def, set, err);
    case BOARD_Q35:
        return place_q35(def, set, err);
    default:
        return true;
    }
}
