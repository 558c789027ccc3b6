/* Ports: what guests' interfaces have taken of networks. A file for each (RUN/network/ports/NETWORK.PORT.xml, by UUID) outlives the daemon.
 * Taken and given back on workers; the driver's lock covers the choice, files are written outside of it. */
#include "config.h"
#include "drivers/network/driver.h"
#include <string.h>
#include "util/fault.h"
#include "util/file.h"
#include "util/ids.h"
#include "util/qdisc.h"

enum { FIRST_CLASS = 3, LAST_CLASS = 4095 };

void port_free(gpointer data)
{
    Port *port = data;
    xm_free(&port_def_elem, port->def);
    g_free(port->network);
    g_free(port);
}

void network_port_free(NetworkPort *port)
{
    if (!port)
        return;
    g_free(port->id);
    g_free(port->bridge);
    g_free(port->dev);
    /* The settings were copied by the rows of a PortDef. */
    PortDef *holder = xm_new(&port_def_elem);
    holder->settings = port->settings;
    xm_free(&port_def_elem, holder);
    g_free(port);
}

static char *port_path(const NetworkDriver *driver, const Port *port)
{
    return g_strdup_printf("%s/ports/%s.%s.xml", driver->run, port->network, port->def->uuid);
}

/* --- taking */

static guint users_of(const NetworkDriver *driver, const char *network, const char *dev)
{
    GHashTableIter iter;
    gpointer value;
    guint n = 0;
    g_hash_table_iter_init(&iter, driver->ports);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Port *port = value;
        n += (!network || !strcmp(port->network, network)) && (!dev || !g_strcmp0(port->def->plug.dev, dev));
    }
    return n;
}

/* The device with the fewest guests; one of its own in mode passthrough. */
static bool choose_device(const NetworkDriver *driver, const NetworkDef *net, PortDef *def, GError **err)
{
    static const MacvtapMode modes[FORWARD__N] = {
        [FORWARD_BRIDGE] = MACVTAP_BRIDGE, [FORWARD_PRIVATE] = MACVTAP_PRIVATE, [FORWARD_VEPA] = MACVTAP_VEPA,
        [FORWARD_PASSTHROUGH] = MACVTAP_PASSTHROUGH,
    };
    const char *best = NULL;
    guint least = G_MAXUINT;
    bool alone = net->forward.mode == FORWARD_PASSTHROUGH ||
                 (net->forward.mode == FORWARD_PRIVATE && net->settings.vport.type == VPORT_8021QBH);

    for (guint i = 0; net->forward.interfaces && i < net->forward.interfaces->len; i++) {
        const PoolDevice *device = net->forward.interfaces->pdata[i];
        guint n = users_of(driver, net->uuid, device->dev);
        if (n < least && (!alone || !n)) {
            best = device->dev;
            least = n;
        }
    }
    if (!best) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "network '%s' requires exclusive access to its devices, and none is free", net->name);
        return false;
    }
    def->plug.type = PLUG_DIRECT;
    def->plug.dev = g_strdup(best);
    def->plug.mode = modes[net->forward.mode];
    return true;
}

static bool choose_plug(const NetworkDriver *driver, const NetworkDef *net, PortDef *def, GError **err)
{
    if (net->forward.mode == FORWARD_HOSTDEV) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "network '%s' is a pool of PCI functions, which this version does not give to guests", net->name);
        return false;
    }
    if (!network_has_bridge(net) && !net->bridge.name)
        return choose_device(driver, net, def, err);
    def->plug.type = network_has_bridge(net) ? PLUG_NETWORK : PLUG_BRIDGE;
    def->plug.bridge = g_strdup(net->bridge.name);
    def->plug.mac_table = net->bridge.mac_table;
    return true;
}

static bool has_rate(const Interface *i)
{
    return i->bandwidth.in.average || i->bandwidth.in.floor || i->bandwidth.out.average;
}

/* The interface's own setting wins, then its portgroup's, then the network's. */
static void choose_settings(const NetworkDef *net, const PortGroup *group, const Interface *nic, PortDef *def)
{
    const Interface *from[] = { nic, group ? &group->settings : NULL, &net->settings };
    g_autoptr(GPtrArray) copies = g_ptr_array_new();
    Interface merged = { 0 };
    for (guint i = G_N_ELEMENTS(from); i-- > 0;) {
        if (from[i] && from[i]->vlan.tags && from[i]->vlan.tags->len)
            merged.vlan = from[i]->vlan;
        if (from[i] && from[i]->vport.present)
            merged.vport = from[i]->vport;
        if (from[i] && i < 2 && has_rate(from[i]))    /* the network's own is its bridge's */
            merged.bandwidth = from[i]->bandwidth;
    }
    PortDef borrowed = { .settings = merged };
    PortDef *copy = xm_copy(&port_def_elem, &borrowed);
    def->settings = copy->settings;
    g_free(copy);                                    /* nothing else in it */
}

/* A guarantee is a class of the bridge's: the sum must fit, and each needs a number of its own. Under the lock. */
static bool reserve_floor(const NetworkDriver *driver, const NetworkDef *net, PortDef *def, GError **err)
{
    guint64 floor = def->settings.bandwidth.in.floor, taken = 0;
    GHashTableIter iter;
    gpointer value;

    if (!floor)
        return true;
    if (!network_has_bridge(net) || net->forward.mode == FORWARD_OPEN || !net->settings.bandwidth.in.average) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "a floor needs a network with a bridge of its own and an inbound average, which '%s' has not", net->name);
        return false;
    }
    g_autofree guint8 *used = g_new0(guint8, LAST_CLASS + 1);
    g_hash_table_iter_init(&iter, driver->ports);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Port *port = value;
        if (strcmp(port->network, net->uuid))
            continue;
        taken += port->def->settings.bandwidth.in.floor;
        used[MIN(port->def->class_id.v, (guint)LAST_CLASS)] = 1;
    }
    guint64 most = net->settings.bandwidth.in.peak ? net->settings.bandwidth.in.peak : net->settings.bandwidth.in.average;
    if (taken + floor > most) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "a floor of %" G_GUINT64_FORMAT " KiB/s does not fit: %" G_GUINT64_FORMAT " of %"
                    G_GUINT64_FORMAT " are promised already on network '%s'", floor, taken, most, net->name);
        return false;
    }
    for (guint i = FIRST_CLASS; i < LAST_CLASS && !def->class_id.set; i++)
        if (!used[i])
            def->class_id = (OptU32){ true, i };
    return true;
}

static PortDef *choose(NetworkDriver *driver, const Interface *nic, const char *domain, const guint8 domain_uuid[16], const char *id,
                       guint32 *ret_mtu, char **ret_path, GError **err)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&driver->lock);
    const Network *net = network_by_name(driver, nic->source.network, err);
    if (!net)
        return NULL;
    if (!net->active) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "network '%s' is not active", net->def->name);
        return NULL;
    }
    const PortGroup *group = network_portgroup(net->def, nic->source.portgroup);
    if (nic->source.portgroup && !group) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "network '%s' has no portgroup '%s'", net->def->name, nic->source.portgroup);
        return NULL;
    }
    Port *port = g_new0(Port, 1);
    PortDef *def = port->def = xm_new(&port_def_elem);
    port->network = g_strdup(net->def->uuid);
    def->uuid = g_strdup(id);
    def->owner_name = g_strdup(domain);
    def->owner_uuid = uuid_format(domain_uuid);
    def->group = g_strdup(nic->source.portgroup);
    def->mac = g_strdup(nic->mac.address);
    def->isolated = nic->isolated ? nic->isolated : net->def->isolated;
    def->trust_filters = nic->trust_filters ? nic->trust_filters : group && group->trust_filters ? group->trust_filters : net->def->trust_filters;
    choose_settings(net->def, group, nic, def);
    if (!choose_plug(driver, net->def, def, err) || !reserve_floor(driver, net->def, def, err)) {
        port_free(port);
        return NULL;
    }
    *ret_mtu = net->def->mtu;
    *ret_path = port_path(driver, port);
    g_hash_table_replace(driver->ports, g_strdup(id), port);
    return xm_copy(&port_def_elem, def);
}

static bool guarantee(const PortDef *def, GError **err)
{
    guint8 mac[6];
    const Rate *in = &def->settings.bandwidth.in;
    return !def->class_id.set || !def->mac || !mac_parse(def->mac, mac) ||
           qdisc_share_add(def->plug.bridge, def->class_id.v, mac, in->floor * 1024, (in->peak ? in->peak : in->average) * 1024, err);
}

static NetworkPort *result(PortDef *def, guint32 mtu)
{
    NetworkPort *port = g_new0(NetworkPort, 1);
    *port = (NetworkPort){ .id = g_strdup(def->uuid), .kind = def->plug.type == PLUG_DIRECT ? NETWORK_PORT_DIRECT : NETWORK_PORT_BRIDGE,
                           .bridge = g_strdup(def->plug.bridge), .dev = g_strdup(def->plug.dev), .mode = def->plug.mode, .mtu = mtu,
                           .isolated = def->isolated == TRI_YES, .mac_table = def->plug.mac_table == MACTABLE_LIBVIRT,
                           .settings = def->settings };
    memset(&def->settings, 0, sizeof def->settings);
    xm_free(&port_def_elem, def);
    return port;
}

NetworkPort *network_port_take(const Interface *interface, const char *domain, const guint8 domain_uuid[16], const char *id, GError **err)
{
    NetworkDriver *driver = network_the_driver();
    guint32 mtu = 0;

    if (!driver) {
        g_set_error(err, QV_ERROR, QV_ERR_NO_NETWORK, "no network with matching name '%s': this daemon has no networks", interface->source.network);
        return NULL;
    }
    g_autofree char *path = NULL;
    PortDef *def = choose(driver, interface, domain, domain_uuid, id, &mtu, &path, err);
    if (!def)
        return NULL;
    g_autofree char *text = xm_format(&port_def_elem, def, 0);
    if (file_replace(path, text, strlen(text), 0600, err) && guarantee(def, err) && fault_point("net-port", err))
        return result(def, mtu);
    xm_free(&port_def_elem, def);
    network_port_release(interface->source.network, id, NULL);
    return NULL;
}

bool network_port_release(const char *network, const char *id, GError **err)
{
    NetworkDriver *driver = network_the_driver();
    guint8 uuid[16];
    if (!driver || !uuid_parse(id, uuid))
        return true;
    g_autofree char *path = NULL, *bridge = NULL;
    guint class_id = 0;

    g_mutex_lock(&driver->lock);
    const Port *port = g_hash_table_lookup(driver->ports, id);
    if (port)
        path = port_path(driver, port);
    if (port && port->def->class_id.set) {
        class_id = port->def->class_id.v;
        bridge = g_strdup(port->def->plug.bridge);
    }
    g_hash_table_remove(driver->ports, id);
    g_mutex_unlock(&driver->lock);
    if (class_id)
        qdisc_share_remove(bridge, class_id, NULL);
    return !path || file_remove(path, err);
}

/* --- looking, loading */

GPtrArray *network_ports(const Network *net)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&net->driver->lock);
    GPtrArray *all = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, net->driver->ports);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Port *port = value;
        if (!strcmp(port->network, net->def->uuid))
            g_ptr_array_add(all, xm_copy(&port_def_elem, port->def));
    }
    return all;
}

static void load_port(NetworkDriver *driver, const char *path, const char *network)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) err = NULL;
    gsize size;
    PortDef *def = g_file_get_contents(path, &text, &size, &err) ? xm_parse(&port_def_elem, text, size, path, 0, &err) : NULL;

    if (!def || !def->uuid) {
        g_warning("a network's port is left out: %s", err ? err->message : path);
        if (def)
            xm_free(&port_def_elem, def);
        return;
    }
    Port *port = g_new(Port, 1);
    *port = (Port){ g_strdup(network), def };
    g_hash_table_replace(driver->ports, g_strdup(def->uuid), port);
}

bool ports_load(NetworkDriver *driver, GError **err)
{
    g_autofree char *folder = g_build_filename(driver->run, "ports", NULL);
    if (!file_mkdir_p(folder, 0700, err))
        return false;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *file;
    file_remove_leftovers(folder);
    while (dir && (file = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, file, NULL);
        const char *dot = strchr(file, '.');
        g_autofree char *network = dot && g_str_has_suffix(file, ".xml") ? g_strndup(file, (gsize)(dot - file)) : NULL;
        if (network)
            load_port(driver, path, network);
    }
    return true;
}
