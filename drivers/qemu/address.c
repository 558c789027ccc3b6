/* Which address pass runs when: serial ports may need another controller, which then needs a PCI slot. */
#include "config.h"
#include "drivers/qemu/address.h"

static void zero(OptU32 *number) { number->set = true; }

/* Numbers that an address leaves out are 0. */
static void complete(Address *a)
{
    switch (a->type) {
    case ADDR_PCI:
        zero(&a->pci.domain), zero(&a->pci.bus), zero(&a->pci.slot), zero(&a->pci.function);
        break;
    case ADDR_DRIVE:
        zero(&a->drive.controller), zero(&a->drive.bus), zero(&a->drive.target), zero(&a->drive.unit);
        break;
    case ADDR_VIRTIO_SERIAL:
        zero(&a->serial.controller), zero(&a->serial.bus), zero(&a->serial.port);
        break;
    case ADDR_CCID:
        zero(&a->ccid.controller), zero(&a->ccid.slot);
        break;
    case ADDR_USB:
        zero(&a->usb.bus);
        break;
    default:
        break;
    }
}

/* What another architecture's machine would take. */
static const char *foreign(const DomainDef *def, const DeviceRef *ref)
{
    const Address *a = &ref->info->addr;
    if (a->type == ADDR_CCW || a->type == ADDR_VIRTIO_S390)
        return "cannot use CCW address type for a device of this machine type; use type='pci'";
    if (a->type == ADDR_PCI && (a->pci.zpci_uid.set || a->pci.zpci_fid.set))
        return "this QEMU doesn't support zPCI; leave <zpci> out";
    if (a->type != ADDR_NONE && a->type != ADDR_PCI && (pci_connect(ref, domain_board(def)) & PCI_INTEGRATED))
        return "it needs a PCI address";
    return NULL;
}

static bool check_kinds(const DomainDef *def, GError **err)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);) {
        const char *fault = foreign(def, &ref);
        if (!fault)
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s %u: %s", device_kinds[ref.kind].name, ref.index + 1, fault);
        return false;
    }
    return true;
}

bool pass_addresses(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    if (!check_kinds(def, err))
        return false;
    static const DefinePass passes[] = { address_spapr, address_virtio_serial, address_pci, address_usb, address_dimm };
    for (guint i = 0; i < G_N_ELEMENTS(passes); i++)
        if (!passes[i](def, ctx, err))
            return false;
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);) {
        complete(&ref.info->addr);
        /* Other aliases than the user's own are a running domain's. */
        if (ref.info->alias && !g_str_has_prefix(ref.info->alias, "ua-"))
            g_clear_pointer(&ref.info->alias, g_free);
    }
    return true;
}
