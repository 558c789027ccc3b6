/* Which address pass runs when: serial ports may need another controller, which then needs a PCI slot. */
#include "config.h"
#include "drivers/qemu/address.h"

bool pass_addresses(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    static const DefinePass passes[] = { address_virtio_serial, address_pci, address_usb, address_dimm };
    for (guint i = 0; i < G_N_ELEMENTS(passes); i++)
        if (!passes[i](def, ctx, err))
            return false;
    return true;
}
