/* Simple places: memory slots of DIMMs, registers of POWER's virtual adapters. */
#include "config.h"
#include "conf/interface.h"
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

static bool reg_taken(const DomainDef *def, const DeviceInfo *but, guint64 reg)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        if (ref.info != but && ref.info->addr.type == ADDR_SPAPR_VIO && ref.info->addr.reg.set &&
            ref.info->addr.reg.v == reg)
            return true;
    return false;
}

/* Where the registers of a kind begin; 0: it has none. */
static guint64 first_reg(const DeviceRef *ref)
{
    const Controller *c = ref->dev;
    const Interface *nic = ref->dev;
    if (ref->kind == DEV_CONTROLLER && c->type == CONTROLLER_SCSI && c->model == MODEL_IBMVSCSI)
        return 0x2000;
    return ref->kind == DEV_INTERFACE && g_strcmp0(nic->model, "spapr-vlan") == 0 ? 0x1000 : 0;
}

bool address_spapr(DomainDef *def, G_GNUC_UNUSED const DefineCtx *ctx, G_GNUC_UNUSED GError **err)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);) {
        guint64 reg = first_reg(&ref);
        Address *a = &ref.info->addr;
        if (!reg || (a->type != ADDR_NONE && a->type != ADDR_SPAPR_VIO) || a->reg.set)
            continue;
        while (reg_taken(def, ref.info, reg))
            reg += 0x1000;
        a->type = ADDR_SPAPR_VIO;
        a->reg = (OptU64){ true, reg };
    }
    return true;
}
