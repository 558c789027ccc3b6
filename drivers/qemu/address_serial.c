/* Ports of virtio-serial controllers. Port 0 is a console's: channels begin at 1. */
#include "config.h"
#include "conf/chardev.h"
#include "drivers/qemu/address.h"

#define DEFAULT_PORTS 31

/* controller index -> its ports in use, as bits in a guint64 */
typedef struct _GHashTable Ports;

static guint port_count(const Controller *c)
{
    return c->ports.set ? MIN(c->ports.v, 64) : DEFAULT_PORTS;
}

static guint64 *ports_of(Ports *used, guint index)
{
    guint64 *bits = g_hash_table_lookup(used, GUINT_TO_POINTER(index));
    if (!bits) {
        bits = g_new0(guint64, 1);
        g_hash_table_insert(used, GUINT_TO_POINTER(index), bits);
    }
    return bits;
}

static bool is_virtio(DeviceKind kind, const Chardev *c)
{
    return kind == DEV_CHANNEL ? c->channel == CHANNEL_VIRTIO : c->console == CONSOLE_VIRTIO;
}

static bool is_complete(const Address *a)
{
    return a->type == ADDR_VIRTIO_SERIAL && a->serial.port.v != 0;
}

static bool take_port(const DomainDef *def, Ports *used, const Address *a, GError **err)
{
    const Controller *c = controller_find(def, CONTROLLER_VIRTIO_SERIAL, a->serial.controller.v);
    guint port = a->serial.port.v;
    const char *fault = NULL;
    if (!c)
        fault = "the controller is missing";
    else if (a->serial.bus.v != 0)
        fault = "a controller has bus 0 only";
    else if (port >= port_count(c))
        fault = "the controller does not have this port";
    else if (*ports_of(used, c->index.v) & (1ULL << port))
        fault = "the port is already occupied";
    if (!fault) {
        *ports_of(used, c->index.v) |= 1ULL << port;
        return true;
    }
    g_set_error(err, QV_ERROR, QV_ERR_XML, "virtio serial port %u on controller %u: %s", port, a->serial.controller.v, fault);
    return false;
}

static bool take_given(DomainDef *def, Ports *used, DeviceKind kind, GError **err)
{
    GPtrArray *devices = domain_devices(def, kind);
    for (guint i = 0; i < devices->len; i++) {
        const Chardev *c = devices->pdata[i];
        if (is_virtio(kind, c) && is_complete(&c->info.addr) && !take_port(def, used, &c->info.addr, err))
            return false;
    }
    return true;
}

static int free_port(const Controller *c, Ports *used, guint first)
{
    guint64 taken = *ports_of(used, c->index.v);
    for (guint port = first; port < port_count(c); port++)
        if (!(taken & (1ULL << port)))
            return port;
    return -1;
}

/* The controller of the lowest index with a free port; @only: no other than that. */
static const Controller *find_port(const DomainDef *def, Ports *used, guint first, const guint32 *only, guint *next)
{
    GPtrArray *controllers = domain_devices(def, DEV_CONTROLLER);
    const Controller *best = NULL;
    *next = 0;
    for (guint i = 0; i < controllers->len; i++) {
        const Controller *c = controllers->pdata[i];
        if (c->type != CONTROLLER_VIRTIO_SERIAL)
            continue;
        *next = MAX(*next, c->index.v + 1);
        bool fits = (!only || *only == c->index.v) && free_port(c, used, first) >= 0;
        if (fits && (!best || c->index.v < best->index.v))
            best = c;
    }
    return best;
}

/* On @a's own controller if it names one, else on the first with a free port, else on a new one. */
static bool give_port(DomainDef *def, Ports *used, Address *a, guint first, GError **err)
{
    bool bound = a->type == ADDR_VIRTIO_SERIAL;
    guint next;
    const Controller *c = find_port(def, used, first, bound ? &a->serial.controller.v : NULL, &next);
    if (!c && bound) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "Unable to find a free virtio-serial port on controller %u",
                    a->serial.controller.v);
        return false;
    }
    if (!c)
        c = controller_add(def, CONTROLLER_VIRTIO_SERIAL, next, MODEL_NONE);
    a->type = ADDR_VIRTIO_SERIAL;
    a->serial.controller = (OptU32){ true, c->index.v };
    a->serial.bus = (OptU32){ true, 0 };
    a->serial.port = (OptU32){ true, free_port(c, used, first) };
    return take_port(def, used, a, err);
}

/* Consoles without an address stay so: QEMU finds their port. */
static bool give_ports(DomainDef *def, Ports *used, GError **err)
{
    GPtrArray *devices = domain_devices(def, DEV_CHANNEL);
    for (guint i = 0; i < devices->len; i++) {
        Chardev *c = devices->pdata[i];
        if (is_virtio(DEV_CHANNEL, c) && !is_complete(&c->info.addr) &&
            (c->info.addr.type == ADDR_NONE || c->info.addr.type == ADDR_VIRTIO_SERIAL) &&
            !give_port(def, used, &c->info.addr, 1, err))
            return false;
    }
    return true;
}

bool address_virtio_serial(DomainDef *def, G_GNUC_UNUSED const DefineCtx *ctx, GError **err)
{
    g_autoptr(GHashTable) used = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    return take_given(def, used, DEV_CONSOLE, err) && take_given(def, used, DEV_CHANNEL, err) &&
           give_ports(def, used, err);
}
