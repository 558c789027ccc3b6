/* Memory slots of DIMMs: the lowest free ones. */
#include "config.h"
#include "drivers/qemu/address.h"

bool address_dimm(DomainDef *def, G_GNUC_UNUSED const DefineCtx *ctx, GError **err)
{
    GPtrArray *modules = domain_devices(def, DEV_MEMORY);
    g_autoptr(GHashTable) taken = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < modules->len; i++) {
        const Address *a = &((const DeviceInfo *)modules->pdata[i])->addr;
        if (a->type != ADDR_DIMM || !a->dimm.slot.set || g_hash_table_add(taken, GUINT_TO_POINTER(a->dimm.slot.v)))
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "memory device slot '%u' is already being used by another "
                    "memory device", a->dimm.slot.v);
        return false;
    }
    guint next = 0;
    for (guint i = 0; i < modules->len; i++) {
        Address *a = &((DeviceInfo *)modules->pdata[i])->addr;
        if (!memory_is_dimm(modules->pdata[i]) || (a->type != ADDR_NONE && a->type != ADDR_DIMM) || a->dimm.slot.set)
            continue;
        while (g_hash_table_contains(taken, GUINT_TO_POINTER(next)))
            next++;
        a->type = ADDR_DIMM;
        a->dimm.slot = (OptU32){ true, next++ };
    }
    return true;
}
