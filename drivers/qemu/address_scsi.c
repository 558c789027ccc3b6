/* Places of SCSI host devices: seven a controller, among the disks of the same bus. */
#include "config.h"
#include "conf/disk.h"
#include "conf/hostdev.h"
#include "drivers/qemu/address.h"

#define UNITS 7

typedef struct { guint controller, bus, target, unit; } Place;

static guint place_hash(gconstpointer p)
{
    const Place *a = p;
    return ((a->controller * 31 + a->bus) * 31 + a->target) * 31 + a->unit;
}

static gboolean place_equal(gconstpointer p, gconstpointer q)
{
    const Place *a = p, *b = q;
    return a->controller == b->controller && a->bus == b->bus && a->target == b->target && a->unit == b->unit;
}

static bool take(GHashTable *taken, const Address *a)
{
    Place *p = g_new(Place, 1);
    *p = (Place){ a->drive.controller.v, a->drive.bus.v, a->drive.target.v, a->drive.unit.v };
    return g_hash_table_add(taken, p);
}

static bool take_given(const DomainDef *def, GHashTable *taken, GError **err)
{
    GPtrArray *disks = domain_devices(def, DEV_DISK), *hostdevs = domain_devices(def, DEV_HOSTDEV);
    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];
        if (disk->bus == DISK_BUS_SCSI && disk->info.addr.type == ADDR_DRIVE)
            take(taken, &disk->info.addr);
    }
    for (guint i = 0; i < hostdevs->len; i++) {
        const Hostdev *h = hostdevs->pdata[i];
        const Address *a = &h->info.addr;
        if (h->type != HOSTDEV_SCSI || a->type != ADDR_DRIVE || take(taken, a))
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "SCSI host address controller='%u' bus='%u' target='%u' "
                    "unit='%u' in use by another SCSI device; give one of them another", a->drive.controller.v,
                    a->drive.bus.v, a->drive.target.v, a->drive.unit.v);
        return false;
    }
    return true;
}

static void place(GHashTable *taken, Address *a)
{
    Place at = { 0 };
    while (g_hash_table_contains(taken, &at))
        at = at.unit + 1 < UNITS ? (Place){ at.controller, 0, 0, at.unit + 1 } : (Place){ at.controller + 1, 0, 0, 0 };
    a->type = ADDR_DRIVE;
    a->drive.controller = (OptU32){ true, at.controller };
    a->drive.bus = a->drive.target = (OptU32){ true, 0 };
    a->drive.unit = (OptU32){ true, at.unit };
    take(taken, a);
}

bool scsi_hostdevs_place(DomainDef *def, GError **err)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(place_hash, place_equal, g_free, NULL);
    GPtrArray *hostdevs = domain_devices(def, DEV_HOSTDEV);
    if (!take_given(def, taken, err))
        return false;
    for (guint i = 0; i < hostdevs->len; i++) {
        Hostdev *h = hostdevs->pdata[i];
        if (h->type == HOSTDEV_SCSI && h->info.addr.type == ADDR_NONE)
            place(taken, &h->info.addr);
    }
    return true;
}
