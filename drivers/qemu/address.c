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

bool pass_addresses(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    static const DefinePass passes[] = { address_virtio_serial, address_pci, address_usb, address_dimm };
    for (guint i = 0; i < G_N_ELEMENTS(passes); i++)
        if (!passes[i](def, ctx, err))
            return false;
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        complete(&ref.info->addr);
    return true;
}
