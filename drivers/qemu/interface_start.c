/* Theory of operation. Each type of interface is a row: what its card needs of the host. Types that are taps go one way
 * (use_tap): open, address and MTU, bridge, switches, bandwidth, filter, up. An interface of a network first asks the
 * network what it is, and goes on as that. What QEMU makes by itself (user, sockets) has no row's function. */
#include "drivers/qemu/interface_start.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "drivers/network/network.h"
#include "drivers/nwfilter/nwfilter.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/interface_define.h"
#include "util/file.h"
#include "util/ids.h"
#include "util/link.h"
#include "util/macvtap.h"
#include "util/qdisc.h"
#include "util/tap.h"

/* Where a card is plugged in, whoever decided it. */
typedef struct {
    const char *bridge, *dev;
    MacvtapMode mode;
    guint32 mtu;
    bool mac_table;
} Plug;

static bool refuse(GError **err, const char *why)
{
    g_set_error_literal(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, why);
    return false;
}

static void set_text(char **field, const char *text)
{
    char *copy = g_strdup(text);
    g_free(*field);
    *field = copy;
}

static bool push(const NicHost *host, const char *kind, const Interface *nic, const char *a, const char *b, GError **err)
{
    g_autofree char *record = g_strjoin("\t", nic->info.alias, a, b, NULL);
    return undo_push(host->undo, kind, record, err);
}

/* Gives it to the table, from which the command line takes copies. */
static void keep_fds(const NicHost *host, const Interface *nic, const char *suffix, GArray *fds)
{
    g_hash_table_insert(host->fds, g_strconcat(nic->info.alias, suffix, NULL), fds);
}

/* --- vhost-net: the kernel moves the packets */

static bool vhost_wanted(const NicHost *host, const Interface *nic, GError **err)
{
    bool demanded = nic->driver.name == NIC_VHOST;
    if (host->def->frame.virt != VIRT_KVM || nic->driver.name == NIC_QEMU)
        return false;
    if (demanded && !interface_is_virtio(nic))
        return refuse(err, "vhost-net is only supported for virtio network interfaces");
    return interface_is_virtio(nic);
}

static bool open_vhost(const NicHost *host, const Interface *nic, GError **err)
{
    g_autoptr(GError) why = NULL;
    const char *path = nic->backend.vhost ? nic->backend.vhost : "/dev/vhost-net";
    guint n = MAX(nic->driver.queues, 1);

    if (!vhost_wanted(host, nic, &why)) {
        if (why)
            g_propagate_error(err, g_steal_pointer(&why));
        return !why;
    }
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));
    keep_fds(host, nic, ".vhost", fds);
    for (guint i = 0; i < n; i++) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd >= 0) {
            g_array_append_val(fds, fd);
            continue;
        }
        int failed = errno;
        g_autofree char *key = g_strconcat(nic->info.alias, ".vhost", NULL);
        g_hash_table_remove(host->fds, key);
        return nic->driver.name != NIC_VHOST ||
               qv_error_errno(err, failed, "vhost-net was requested for an interface, but is unavailable: %s", path);
    }
    return true;
}

/* --- bandwidth and filter */

bool interface_shares_view(const Interface *nic)
{
    return nic->type == NET_DIRECT || (nic->type == NET_NETWORK && nic->source.mode);
}

bool interface_has_device(const Interface *nic)
{
    return nic->target.dev && (interface_has_tap(nic) || nic->type == NET_DIRECT);
}

/* The XML counts kilobytes of 1000 a second, and a burst in KiB, as tc does. */
static QdiscRate rate_of(const Rate *r)
{
    return (QdiscRate){ r->average * 1000, r->peak * 1000, r->burst * 1024 };
}

bool interface_set_bandwidth(Undo *undo, const Interface *nic, GError **err)
{
    const char *dev = nic->target.dev;
    QdiscRate in = rate_of(&nic->bandwidth.in), out = rate_of(&nic->bandwidth.out);
    bool same_view = interface_shares_view(nic);
    const QdiscRate *sent = same_view ? &out : &in, *received = same_view ? &in : &out;
    Link link;

    if (!link_find(dev, &link, err))
        return false;
    g_autofree char *ifb = g_strdup_printf("qvifb%d", link.index);
    g_autofree char *record = g_strjoin("\t", nic->info.alias, dev, ifb, NULL);
    bool some = sent->average || received->average;
    if (!some)
        return qdisc_clear(dev, ifb, err);
    g_auto(GStrv) had = undo_names(undo, "nic-qdisc");
    return (g_strv_contains((const char *const *)had, record) || undo_push(undo, "nic-qdisc", record, err)) &&
           qdisc_limit_sent(dev, sent, err) && qdisc_limit_received(dev, ifb, received, err);
}

static bool has_bandwidth(const Interface *nic)
{
    return nic->bandwidth.in.average || nic->bandwidth.out.average;
}

static bool bind_filter(const NicHost *host, const Interface *nic, GError **err)
{
    guint8 uuid[16];
    if (!nic->filter.filter)
        return true;
    uuid_parse(host->def->frame.uuid, uuid);
    return push(host, "nic-filter", nic, nic->target.dev, NULL, err) &&
           nwfilter_bind(nic, nic->target.dev, host->def->frame.name, uuid, err);
}

/* --- taps */

/* The bridge takes the lowest address of its ports for its own: a guest's shall not be that. */
static bool tap_mac(const Interface *nic, guint8 mac[6], GError **err)
{
    mac_parse(nic->mac.address, mac);
    if (mac[0] == 0xfe) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "Unable to use MAC address starting with reserved value 0xFE - '%s'",
                    nic->mac.address);
        return false;
    }
    mac[0] = 0xfe;
    return true;
}

static bool open_tap(const NicHost *host, Interface *nic, bool must_exist, GError **err)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));
    TapSpec spec = { .name = nic->target.dev, .path = nic->backend.tap, .queues = nic->driver.queues,
                     .vnet_hdr = interface_is_virtio(nic), .must_exist = must_exist };
    g_autofree char *name = tap_open(&spec, fds, err);

    keep_fds(host, nic, "", fds);
    if (name)
        set_text(&nic->target.dev, name);
    return name;
}

/* Frames of the bridge's size fit, and its size stays: a bridge takes the least of its ports. */
static guint32 mtu_for(const Interface *nic, const Plug *plug)
{
    Link bridge;
    if (nic->mtu)
        return nic->mtu;
    if (plug->mtu)
        return plug->mtu;
    return plug->bridge && link_find(plug->bridge, &bridge, NULL) ? bridge.mtu : 0;
}

static bool set_vlans(const Interface *nic, const char *bridge, GError **err)
{
    g_autofree guint16 *tags = NULL;
    guint n = nic->vlan.tags ? nic->vlan.tags->len : 0, native = 0;
    bool untagged = true;

    if (!n)
        return true;
    if (!link_bridge_filters_vlans(bridge)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                    "bridge '%s' does not tell VLANs apart; switch its vlan_filtering on, or remove <vlan>", bridge);
        return false;
    }
    tags = g_new(guint16, n);
    for (guint i = 0; i < n; i++) {
        const VlanTag *tag = g_ptr_array_index(nic->vlan.tags, i);
        tags[i] = (guint16)tag->id.v;
        if (tag->native || (n == 1 && nic->vlan.trunk != TRI_YES)) {
            native = tag->id.v;
            untagged = tag->native != NATIVE_TAGGED;
        }
    }
    return link_set_port_vlans(nic->target.dev, tags, n, (guint16)native, untagged, err);
}

/* With a table of addresses that is kept by hand, the port neither learns nor is flooded. */
static bool set_port(const Interface *nic, const Plug *plug, GError **err)
{
    LinkPort port = { .isolated = nic->isolated == TRI_YES ? PORT_ON : PORT_SAME,
                      .learning = plug->mac_table ? PORT_OFF : PORT_SAME, .flood = plug->mac_table ? PORT_OFF : PORT_SAME };
    guint8 mac[6];
    if (!link_set_port(nic->target.dev, &port, err) || !set_vlans(nic, plug->bridge, err))
        return false;
    mac_parse(nic->mac.address, mac);
    return !plug->mac_table || link_fdb_add(nic->target.dev, mac, err);
}

static bool plug_ovs(const NicHost *host, const Interface *nic, const Plug *plug, GError **err)
{
    if (nic->isolated == TRI_YES)
        return refuse(err, "<port isolated> is for Linux bridges; Open vSwitch has none");
    return push(host, "nic-ovs", nic, nic->target.dev, NULL, err) && ovs_add_port(plug->bridge, nic->target.dev, nic, host->def, err);
}

static bool use_tap(const NicHost *host, Interface *nic, const Plug *plug, GError **err)
{
    bool ovs = nic->vport.type == VPORT_OPENVSWITCH, own_name = nic->target.dev;
    guint8 mac[6];

    if (nic->vport.type > VPORT_NONE && !ovs)
        return refuse(err, "a bridge's <virtualport> is of type 'openvswitch'");
    if (!tap_mac(nic, mac, err) || !open_tap(host, nic, false, err))
        return false;
    LinkChange change = { .mac = mac, .mtu = mtu_for(nic, plug), .bridge = ovs ? NULL : plug->bridge };
    LinkChange up = { .state = LINK_STATE_UP };
    /* A tap that somebody made to stay would stay in the bridge too. */
    return (!own_name || ovs || push(host, "nic-port", nic, nic->target.dev, NULL, err)) &&
           link_change(nic->target.dev, &change, err) && (ovs ? plug_ovs(host, nic, plug, err) : set_port(nic, plug, err)) &&
           (!has_bandwidth(nic) || interface_set_bandwidth(host->undo, nic, err)) && bind_filter(host, nic, err) &&
           link_change(nic->target.dev, &up, err) && open_vhost(host, nic, err);
}

static bool acquire_bridge(const NicHost *host, Interface *nic, GError **err)
{
    Plug plug = { .bridge = nic->source.bridge };
    return use_tap(host, nic, &plug, err);
}

/* --- ethernet: a tap that somebody else connects: a script, or who made it */

static bool add_addresses(const Interface *nic, GError **err)
{
    for (guint i = 0; nic->source.ips && i < nic->source.ips->len; i++) {
        const InterfaceIp *ip = g_ptr_array_index(nic->source.ips, i);
        guint all = strchr(ip->address, ':') ? 128 : 32, prefix = ip->prefix.set && ip->prefix.v ? ip->prefix.v : all == 128 ? 64 : 24;
        if (!link_add_address(nic->target.dev, ip->address, ip->peer, ip->peer ? all : prefix, err))
            return false;
    }
    return true;
}

static bool add_routes(const Interface *nic, GError **err)
{
    for (guint i = 0; nic->source.routes && i < nic->source.routes->len; i++) {
        const InterfaceRoute *r = g_ptr_array_index(nic->source.routes, i);
        bool v6 = strchr(r->address, ':');
        if (r->netmask)
            return refuse(err, "a <route> of the host's end takes prefix, not netmask");
        if (!link_add_route(nic->target.dev, r->address, r->prefix.set ? r->prefix.v : v6 ? 128 : 32, r->gateway, r->metric.v, err))
            return false;
    }
    return true;
}

static bool run_script(const NicHost *host, const Interface *nic, GError **err)
{
    const char *const argv[] = { nic->script, nic->target.dev, NULL };
    if (nic->downscript && !push(host, "nic-script", nic, nic->downscript, nic->target.dev, err))
        return false;
    return !nic->script || !*nic->script || run_program(argv, err);
}

static bool open_existing(const NicHost *host, Interface *nic, GError **err)
{
    Link link;
    if (!nic->target.dev)
        return refuse(err, "target dev must be supplied when managed='no'");
    if (!link_find(nic->target.dev, &link, NULL) || strcmp(link.kind, "macvtap") != 0)
        return open_tap(host, nic, true, err);
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));
    keep_fds(host, nic, "", fds);
    return macvtap_open(nic->target.dev, nic->driver.queues, interface_is_virtio(nic), fds, err);
}

static bool acquire_ethernet(const NicHost *host, Interface *nic, GError **err)
{
    bool ours = nic->target.managed != TRI_NO;
    guint8 mac[6];
    LinkChange change = { .mac = mac, .mtu = nic->mtu, .state = LINK_STATE_UP };

    if (!(ours ? tap_mac(nic, mac, err) && open_tap(host, nic, false, err) : open_existing(host, nic, err)))
        return false;
    return (!ours || link_change(nic->target.dev, &change, err)) && add_addresses(nic, err) && add_routes(nic, err) &&
           run_script(host, nic, err) && (!has_bandwidth(nic) || interface_set_bandwidth(host->undo, nic, err)) &&
           bind_filter(host, nic, err) && open_vhost(host, nic, err);
}

/* --- direct: macvtap */

/* A name of ours until one is free, or the user's. */
static bool create_macvtap(const NicHost *host, Interface *nic, const Plug *plug, GError **err)
{
    static const MacvtapKind kind_of[MACVTAP__N] = {
        [MACVTAP_NONE] = MACVTAP_KIND_VEPA, [MACVTAP_VEPA] = MACVTAP_KIND_VEPA, [MACVTAP_PRIVATE] = MACVTAP_KIND_PRIVATE,
        [MACVTAP_BRIDGE] = MACVTAP_KIND_BRIDGE, [MACVTAP_PASSTHROUGH] = MACVTAP_KIND_PASSTHROUGH,
    };
    bool own_name = nic->target.dev;
    char name[16];
    guint8 mac[6];

    mac_parse(nic->mac.address, mac);
    for (guint i = 0; i < 65536; i++) {
        g_autoptr(GError) why = NULL;
        int failed;
        if (own_name)
            g_strlcpy(name, nic->target.dev, sizeof name);
        else
            name_series_next(&macvtap_names, name);
        if (!push(host, "nic-macvtap", nic, name, nic->mac.address, err))
            return false;
        if (macvtap_create(name, plug->dev, kind_of[plug->mode], mac, &failed, &why)) {
            set_text(&nic->target.dev, name);
            return true;
        }
        g_autofree char *record = g_strjoin("\t", nic->info.alias, name, nic->mac.address, NULL);
        if (!own_name && failed == EEXIST && undo_one(host->undo, "nic-macvtap", record, err))
            continue;
        g_propagate_error(err, g_steal_pointer(&why));
        return false;
    }
    return refuse(err, "no name for a macvtap is free");
}

/* In passthrough the device below is the guest's alone, and has its address. */
static bool lend_lower(const NicHost *host, const Interface *nic, const Plug *plug, GError **err)
{
    guint8 mac[6];
    LinkChange change = { .mac = mac };
    Link lower;

    if (plug->mode != MACVTAP_PASSTHROUGH)
        return true;
    mac_parse(nic->mac.address, mac);
    if (!link_find(plug->dev, &lower, err))
        return false;
    g_autofree char *former = mac_format(lower.mac);
    return push(host, "nic-lower", nic, plug->dev, former, err) && link_change(plug->dev, &change, err);
}

static bool use_macvtap(const NicHost *host, Interface *nic, const Plug *plug, GError **err)
{
    LinkChange up = { .mtu = plug->mtu, .state = LINK_STATE_UP };
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));

    keep_fds(host, nic, "", fds);
    if (nic->vport.type == VPORT_8021QBG || nic->vport.type == VPORT_8021QBH)
        return refuse(err, "<virtualport type='802.1Qbg'> and '802.1Qbh' need lldpad and a switch that takes part, which this host does not have; remove it");
    if (nic->trust_filters == TRI_YES)
        return refuse(err, "trustGuestRxFilters='yes' is not in force for direct interfaces in this version; remove it to start the domain");
    if (nic->vport.type > VPORT_NONE)
        return refuse(err, "a direct interface takes no <virtualport> of this type");
    if (nic->vlan.tags && nic->vlan.tags->len)
        return refuse(err, "an interface of type 'direct' can't support vlan tags; make a VLAN device of the host and use that");
    return lend_lower(host, nic, plug, err) && create_macvtap(host, nic, plug, err) &&
           macvtap_open(nic->target.dev, nic->driver.queues, interface_is_virtio(nic), fds, err) &&
           (!has_bandwidth(nic) || interface_set_bandwidth(host->undo, nic, err)) && bind_filter(host, nic, err) &&
           link_change(nic->target.dev, &up, err) && open_vhost(host, nic, err);
}

static bool acquire_direct(const NicHost *host, Interface *nic, GError **err)
{
    Plug plug = { .dev = nic->source.dev, .mode = nic->source.mode };
    return use_macvtap(host, nic, &plug, err);
}

/* --- network: as the network says */

/* What network and portgroup say counts where the interface says nothing. */
static void merge_settings(Interface *nic, NetworkPort *port)
{
    Interface *from = &port->settings;
    if (from->vlan.tags && from->vlan.tags->len && (!nic->vlan.tags || !nic->vlan.tags->len)) {
        nic->vlan.trunk = from->vlan.trunk;
        nic->vlan.tags = g_steal_pointer(&from->vlan.tags);
    }
    if (from->vport.type && !nic->vport.type)
        nic->vport.type = from->vport.type, nic->vport.present = true;
    if (!has_bandwidth(nic) && has_bandwidth(from))
        nic->bandwidth.in = from->bandwidth.in, nic->bandwidth.out = from->bandwidth.out;
    if (port->isolated)
        nic->isolated = TRI_YES;
}

static bool use_port(const NicHost *host, Interface *nic, NetworkPort *port, GError **err)
{
    Plug plug = { .bridge = port->bridge, .dev = port->dev, .mode = port->mode, .mtu = port->mtu, .mac_table = port->mac_table };

    merge_settings(nic, port);
    set_text(&nic->source.portid, port->id);
    set_text(&nic->source.bridge, port->bridge);
    switch (port->kind) {
    case NETWORK_PORT_BRIDGE:
        return use_tap(host, nic, &plug, err);
    case NETWORK_PORT_DIRECT:
        set_text(&nic->source.dev, port->dev);
        nic->source.mode = port->mode ? port->mode : MACVTAP_VEPA;
        return use_macvtap(host, nic, &plug, err);
    case NETWORK_PORT_HOSTDEV:
        break;
    }
    return refuse(err, "an interface of a network of PCI functions cannot be given to guests by this version");
}

static bool acquire_network(const NicHost *host, Interface *nic, GError **err)
{
    guint8 uuid[16], domain_uuid[16];
    uuid_random(uuid);
    g_autofree char *id = uuid_format(uuid);
    if (!push(host, "nic-network", nic, nic->source.network, id, err))
        return false;
    uuid_parse(host->def->frame.uuid, domain_uuid);
    g_autoptr(NetworkPort) port = network_port_take(nic, host->def->frame.name, domain_uuid, id, err);
    return port && use_port(host, nic, port, err);
}

/* --- PCI functions */

static bool acquire_hostdev(const NicHost *host, Interface *nic, GError **err)
{
    const Address *a = &nic->source.hostdev;
    if (access("/dev/vfio/vfio", F_OK) < 0)
        return refuse(err, "an interface of type 'hostdev' needs VFIO, which this host does not have (no /dev/vfio/vfio; is the IOMMU on?)");
    g_autofree char *path = g_strdup_printf("/sys/bus/pci/devices/%04x:%02x:%02x.%x/driver", a->pci.domain.v, a->pci.bus.v, a->pci.slot.v,
                                            a->pci.function.v);
    g_autofree char *driver = g_file_read_link(path, NULL), *name = driver ? g_path_get_basename(driver) : NULL;
    return g_strcmp0(name, "vfio-pci") == 0 ||
           refuse(err, "the PCI function of an interface of type 'hostdev' must be bound to vfio-pci; use nodedev-detach");
}

/* --- the table */

static bool acquire_user(const NicHost *host, Interface *nic, GError **err)
{
    if (nic->backend.type == NIC_BACKEND_PASST && !passt_start(host, nic, err))
        return false;
    return !has_bandwidth(nic) || refuse(err, "setting <bandwidth> is not supported for this type of interface: it has no device on the host");
}

static const struct { const char *name; bool (*acquire)(const NicHost *host, Interface *nic, GError **err); } backends[NET__N] = {
    [NET_BRIDGE] = { "bridge", acquire_bridge },
    [NET_NETWORK] = { "network", acquire_network },
    [NET_ETHERNET] = { "ethernet", acquire_ethernet },
    [NET_DIRECT] = { "direct", acquire_direct },
    [NET_HOSTDEV] = { "hostdev", acquire_hostdev },
    [NET_USER] = { "user", acquire_user },
    [NET_CLIENT] = { "client", acquire_user },
    [NET_SERVER] = { "server", acquire_user },
    [NET_MCAST] = { "mcast", acquire_user },
    [NET_UDP] = { "udp", acquire_user },
    [NET_VHOSTUSER] = { "vhostuser", acquire_user },
};

bool interface_acquire(const NicHost *host, Interface *nic, GError **err)
{
    if (!backends[nic->type].acquire || backends[nic->type].acquire(host, nic, err))
        return true;                         /* types without a row are refused by the command line */
    g_prefix_error(err, "interface '%s' (%s): ", nic->info.alias, nic->mac.address ? nic->mac.address : backends[nic->type].name);
    return false;
}

bool start_interfaces(Start *s, GError **err)
{
    NicHost host = { .driver = s->driver, .def = s->def, .undo = s->run->undo, .dir = s->run->dir, .fds = s->fds };
    EACH_DEVICE(s->def, DEV_INTERFACE, Interface, nic)
        if (!interface_acquire(&host, nic, err))
            return false;
    return true;
}

bool interfaces_set_links(Qmp *qmp, const DomainDef *def, GError **err)
{
    EACH_DEVICE(def, DEV_INTERFACE, Interface, nic) {
        if (nic->link != LINK_DOWN)
            continue;
        json_object *args = json_object_new_object();
        json_object_object_add(args, "name", json_object_new_string(nic->info.alias));
        json_object_object_add(args, "up", json_object_new_boolean(false));
        g_autoptr(QmpReply) reply = qmp_call(qmp, "set_link", args, 10000, err);
        if (!reply)
            return false;
    }
    return true;
}
