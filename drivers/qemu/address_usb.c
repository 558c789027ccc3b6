/* USB ports: a tree of hubs on each bus. A free port is looked for on a hub itself first, then on the hubs
 * that hang on it. */
#include "config.h"
#include <stdlib.h>
#include "conf/chardev.h"
#include "conf/disk.h"
#include "conf/display.h"
#include "drivers/qemu/address.h"

#define MAX_PORTS 32
#define MAX_DEPTH 4
#define HUB_PORTS 8

typedef struct UsbHub UsbHub;
struct UsbHub {
    guint n;                           /* ports; numbered from 1 */
    bool taken[MAX_PORTS + 1];
    UsbHub *sub[MAX_PORTS + 1];
};
typedef struct { guint index; UsbHub *root; } UsbBus;

static UsbHub *hub_new(guint ports)
{
    UsbHub *hub = g_new0(UsbHub, 1);
    hub->n = MIN(ports, MAX_PORTS);
    return hub;
}

static void hub_free(UsbHub *hub)
{
    for (guint i = 1; i <= hub->n; i++)
        if (hub->sub[i])
            hub_free(hub->sub[i]);
    g_free(hub);
}

static void bus_free(gpointer p)
{
    UsbBus *bus = p;
    hub_free(bus->root);
    g_free(bus);
}

static guint controller_ports(const Controller *c)
{
    switch (c->model) {
    case MODEL_PIIX3_UHCI: case MODEL_PIIX4_UHCI: case MODEL_VT82C686B_UHCI:
    case MODEL_ICH9_UHCI1: case MODEL_ICH9_UHCI2: case MODEL_ICH9_UHCI3:
        return 2;
    case MODEL_EHCI: case MODEL_ICH9_EHCI1:
        return 6;
    case MODEL_PCI_OHCI:
        return 3;
    case MODEL_NEC_XHCI: case MODEL_QEMU_XHCI:
        return c->ports.set && c->ports.v ? c->ports.v : 4;
    default:
        return 0;
    }
}

static GPtrArray *buses_new(const DomainDef *def)
{
    GPtrArray *buses = g_ptr_array_new_with_free_func(bus_free);
    GPtrArray *controllers = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < controllers->len; i++) {
        const Controller *c = controllers->pdata[i];
        if (c->type != CONTROLLER_USB || c->info.master_startport.set || c->model == MODEL_USB_NONE)
            continue;
        UsbBus *bus = g_new(UsbBus, 1);
        *bus = (UsbBus){ c->index.v, hub_new(controller_ports(c)) };
        g_ptr_array_add(buses, bus);
    }
    return buses;
}

/* "1.2" -> {1, 2}; how many, 0: not a port. */
static guint split_port(const char *text, guint port[MAX_DEPTH])
{
    guint n = 0;
    for (const char *at = text; at && *at; n++) {
        char *end;
        if (n == MAX_DEPTH)
            return 0;
        port[n] = strtoul(at, &end, 10);
        if (end == at || port[n] == 0 || port[n] > 255 || (*end && *end != '.'))
            return 0;
        at = *end ? end + 1 : end;
    }
    return n;
}

static bool refuse_port(GError **err, const char *what, const Address *a)
{
    g_set_error(err, QV_ERROR, QV_ERR_XML, "%s: requested USB port %s on USB bus %u", what, a->usb.port, a->usb.bus.v);
    return false;
}

/* The hub that holds the last port of the path. */
static UsbHub *hub_of(GPtrArray *buses, const Address *a, const guint *port, guint depth, GError **err)
{
    UsbHub *hub = NULL;
    for (guint i = 0; i < buses->len && !hub; i++)
        if (((UsbBus *)buses->pdata[i])->index == a->usb.bus.v)
            hub = ((UsbBus *)buses->pdata[i])->root;
    if (!hub) {
        refuse_port(err, "Missing USB bus", a);
        return NULL;
    }
    for (guint i = 0; hub && i + 1 < depth; i++)
        hub = port[i] <= hub->n ? hub->sub[port[i]] : NULL;
    if (!hub || port[depth - 1] > hub->n) {
        refuse_port(err, "port not present, it needs a hub or another controller", a);
        return NULL;
    }
    return hub;
}

static bool take_port(GPtrArray *buses, const Address *a, bool is_hub, GError **err)
{
    guint port[MAX_DEPTH];
    guint depth = split_port(a->usb.port, port);
    if (!depth)
        return refuse_port(err, "Cannot parse <address> 'port' attribute", a);
    UsbHub *hub = hub_of(buses, a, port, depth, err);
    if (!hub)
        return false;
    guint last = port[depth - 1];
    if (hub->taken[last])
        return refuse_port(err, "Duplicate USB address", a);
    hub->taken[last] = true;
    if (is_hub && !hub->sub[last])
        hub->sub[last] = hub_new(HUB_PORTS);
    return true;
}

static bool find_port(const UsbHub *hub, guint depth, GString *path)
{
    for (guint i = 1; i <= hub->n; i++)
        if (!hub->taken[i]) {
            g_string_append_printf(path, "%s%u", path->len ? "." : "", i);
            return true;
        }
    for (guint i = 1; depth + 1 < MAX_DEPTH && i <= hub->n; i++) {
        gsize before = path->len;
        if (!hub->sub[i])
            continue;
        g_string_append_printf(path, "%s%u", before ? "." : "", i);
        if (find_port(hub->sub[i], depth + 1, path))
            return true;
        g_string_truncate(path, before);
    }
    return false;
}

static bool give_port(GPtrArray *buses, Address *a, bool is_hub, GError **err)
{
    bool bound = a->type == ADDR_USB && a->usb.bus.set;
    for (guint i = 0; i < buses->len; i++) {
        const UsbBus *bus = buses->pdata[i];
        g_autoptr(GString) path = g_string_new(NULL);
        if ((bound && bus->index != a->usb.bus.v) || !find_port(bus->root, 0, path))
            continue;
        a->type = ADDR_USB;
        a->usb.bus = (OptU32){ true, bus->index };
        g_free(a->usb.port);
        a->usb.port = g_strdup(path->str);
        return take_port(buses, a, is_hub, err);
    }
    g_set_error(err, QV_ERROR, QV_ERR_XML, bound ? "No free USB ports on bus %u; add a hub" : "No free USB ports; add a hub%.0u",
                a->usb.bus.v);
    return false;
}

/* --- who lives on USB */

static bool hub_is_usb(gconstpointer dev) { return ((const Hub *)dev)->type == HUB_USB; }
static bool disk_is_usb(gconstpointer dev) { return ((const Disk *)dev)->bus == DISK_BUS_USB; }
static bool controller_is_usb(gconstpointer dev) { return ((const Controller *)dev)->type == CONTROLLER_CCID; }
static bool input_is_usb(gconstpointer dev) { return ((const Input *)dev)->bus == INPUT_BUS_USB; }
static bool sound_is_usb(gconstpointer dev) { return ((const Sound *)dev)->model == SOUND_USB; }
static bool serial_is_usb(gconstpointer dev) { return ((const Chardev *)dev)->serial == SERIAL_USB; }
static bool redirdev_is_usb(gconstpointer dev) { return ((const Redirdev *)dev)->bus == REDIR_BUS_USB; }

static const struct { DeviceKind kind; bool (*is_usb)(gconstpointer dev); } kinds[] = {
    { DEV_HUB, hub_is_usb },               /* first: the others hang on them */
    { DEV_HOSTDEV, hostdev_is_usb },
    { DEV_DISK, disk_is_usb },
    { DEV_CONTROLLER, controller_is_usb },
    { DEV_INPUT, input_is_usb },
    { DEV_SERIAL, serial_is_usb },
    { DEV_SOUND, sound_is_usb },
    { DEV_REDIRDEV, redirdev_is_usb },
};

typedef bool (*UsbFn)(GPtrArray *buses, DeviceInfo *info, bool is_hub, GError **err);

static bool for_each(DomainDef *def, GPtrArray *buses, UsbFn fn, GError **err)
{
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        GPtrArray *devices = domain_devices(def, kinds[k].kind);
        for (guint i = 0; i < devices->len; i++) {
            DeviceInfo *info = devices->pdata[i];
            if (kinds[k].is_usb(info) && (info->addr.type == ADDR_NONE || info->addr.type == ADDR_USB) &&
                !fn(buses, info, kinds[k].kind == DEV_HUB, err))
                return false;
        }
    }
    return true;
}

static bool take_given(GPtrArray *buses, DeviceInfo *info, bool is_hub, GError **err)
{
    return info->addr.type != ADDR_USB || !info->addr.usb.port || take_port(buses, &info->addr, is_hub, err);
}

static bool give_missing(GPtrArray *buses, DeviceInfo *info, bool is_hub, GError **err)
{
    return (info->addr.type == ADDR_USB && info->addr.usb.port) || give_port(buses, &info->addr, is_hub, err);
}

static guint device_count(DomainDef *def)
{
    guint count = 0;
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        GPtrArray *devices = domain_devices(def, kinds[k].kind);
        for (guint i = 0; i < devices->len; i++)
            count += kinds[k].is_usb(devices->pdata[i]);
    }
    return count;
}

/* As many hubs as it takes for every device to have a port; a hub takes one itself. */
static void add_hubs(DomainDef *def, GPtrArray *buses)
{
    GPtrArray *hubs = domain_devices(def, DEV_HUB);
    guint ports = hubs->len * HUB_PORTS, count = device_count(def);
    for (guint i = 0; i < buses->len; i++)
        ports += ((UsbBus *)buses->pdata[i])->root->n;
    if (buses->len == 0 || count <= ports)
        return;
    guint missing = (count - ports + 1 + HUB_PORTS - 2) / (HUB_PORTS - 1);
    for (guint i = 0; i < missing; i++) {
        Hub *hub = g_new0(Hub, 1);
        hub->type = HUB_USB;
        g_ptr_array_add(hubs, hub);
    }
}

static bool refuse_without_bus(G_GNUC_UNUSED GPtrArray *buses, G_GNUC_UNUSED DeviceInfo *info,
                               G_GNUC_UNUSED bool is_hub, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                "a USB device needs a USB controller, and this guest has none; USB bus is disabled");
    return false;
}

bool address_usb(DomainDef *def, G_GNUC_UNUSED const DefineCtx *ctx, GError **err)
{
    g_autoptr(GPtrArray) buses = buses_new(def);
    if (buses->len == 0)
        return for_each(def, buses, refuse_without_bus, err);
    add_hubs(def, buses);
    return for_each(def, buses, take_given, err) && for_each(def, buses, give_missing, err);
}
