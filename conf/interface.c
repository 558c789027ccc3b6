/* Rows of <interface>. */
#include "config.h"
#include "conf/interface.h"

XM_ENUM(interface_type, "type of interface", NULL, "user", "ethernet", "vhostuser", "server", "client", "mcast", "network",
        "bridge", "internal", "direct", "hostdev", "udp", "vdpa", "null", "vds");
XM_COVERS(interface_type, NET__N);
XM_ENUM(macvtap_mode, "macvtap mode", NULL, "vepa", "private", "bridge", "passthrough");
XM_COVERS(macvtap_mode, MACVTAP__N);
XM_ENUM(vport_type, "type of virtual port", NULL, "none", "802.1Qbg", "802.1Qbh", "openvswitch", "midonet");
XM_COVERS(vport_type, VPORT__N);
XM_ENUM(nic_driver, "backend of a network card", NULL, "qemu", "vhost", "vfio", "kvm", "xen");
XM_COVERS(nic_driver, NIC_DRIVER__N);
XM_ENUM(nic_txmode, "transmit mode", NULL, "iothread", "timer");
XM_COVERS(nic_txmode, TXMODE__N);
XM_ENUM(link_state, "state of a link", NULL, "up", "down");
XM_COVERS(link_state, LINK__N);
XM_ENUM(teaming_type, "type of teaming", NULL, "persistent", "transient");
XM_COVERS(teaming_type, TEAMING__N);
XM_ENUM(native_vlan, "native VLAN mode", NULL, "tagged", "untagged");
XM_COVERS(native_vlan, NATIVE__N);

static bool refuse(char **why, const char *text)
{
    *why = g_strdup(text);
    return false;
}

/* --- addresses and routes */

static const XmRow ip_rows[] = {
    A_STR(InterfaceIp, address, "address", .flags = XM_REQUIRED),
    A_STR(InterfaceIp, family, "family"),
    A_OPT(InterfaceIp, prefix, "prefix", .max = 128),
    A_STR(InterfaceIp, peer, "peer"),
};
static const XmElem ip_elem = ELEM("ip", InterfaceIp, ip_rows);
static const XmRow route_rows[] = {
    A_STR(InterfaceRoute, family, "family"),
    A_STR(InterfaceRoute, address, "address", .flags = XM_REQUIRED),
    A_STR(InterfaceRoute, netmask, "netmask"),
    A_OPT(InterfaceRoute, prefix, "prefix", .max = 128),
    A_STR(InterfaceRoute, gateway, "gateway", .flags = XM_REQUIRED),
    A_OPT(InterfaceRoute, metric, "metric"),
};
const XmElem route_elem = ELEM("route", InterfaceRoute, route_rows);

/* --- <source> by type of interface */

#define SOURCE(id, ...) \
    static const XmRow id##_source_rows[] = { __VA_ARGS__ }; \
    static const XmElem id##_source_elem = ELEM("source", Interface, id##_source_rows)

SOURCE(network,
    A_STR(Interface, source.network, "network", .flags = XM_REQUIRED, .doc = "name of a network"),
    A_STR(Interface, source.portgroup, "portgroup"),
    A_STR(Interface, source.portid, "portid", .flags = XM_LIVE),
    A_STR(Interface, source.bridge, "bridge", .flags = XM_LIVE),
    A_STR(Interface, source.dev, "dev", .flags = XM_LIVE),
    A_ENUM(Interface, source.mode, "mode", macvtap_mode, .flags = XM_LIVE));
SOURCE(bridge, A_STR(Interface, source.bridge, "bridge", .flags = XM_REQUIRED, .doc = "a bridge of the host"));
SOURCE(internal, A_STR(Interface, source.name, "name", .flags = XM_REQUIRED));
SOURCE(direct,
    A_STR (Interface, source.dev, "dev", .flags = XM_REQUIRED, .doc = "an interface of the host"),
    A_ENUM(Interface, source.mode, "mode", macvtap_mode));
SOURCE(user, A_STR(Interface, source.dev, "dev", .doc = "of the host, whose addresses passt takes"));
SOURCE(vdpa, A_STR(Interface, source.dev, "dev", .flags = XM_REQUIRED, .doc = "/dev/vhost-vdpa-N"));
SOURCE(vds,
    A_UUID(Interface, source.switchid, "switchid", .flags = XM_REQUIRED),
    A_OPT (Interface, source.vds_portid, "portid", .flags = XM_REQUIRED),
    A_STR (Interface, source.portgroupid, "portgroupid", .flags = XM_REQUIRED),
    A_OPT (Interface, source.connectionid, "connectionid", .flags = XM_REQUIRED));
SOURCE(ethernet, LIST(Interface, source.ips, "ip", ip_elem), LIST(Interface, source.routes, "route", route_elem));

static const XmRow local_rows[] = {
    A_STR(Interface, source.local_address, "address", .flags = XM_REQUIRED),
    A_OPT(Interface, source.local_port, "port", .max = 65535, .flags = XM_REQUIRED),
};
static const XmElem local_elem = ELEM("local", Interface, local_rows);
SOURCE(socket,
    A_STR(Interface, source.address, "address"),
    A_OPT(Interface, source.port, "port", .max = 65535, .flags = XM_REQUIRED));
SOURCE(udp,
    A_STR (Interface, source.address, "address", .flags = XM_REQUIRED),
    A_OPT (Interface, source.port, "port", .max = 65535, .flags = XM_REQUIRED),
    INLINE("local", local_elem, .flags = XM_REQUIRED));

static bool reconnect_check(gconstpointer obj, char **why)
{
    const Interface *n = obj;
    if (n->source.reconnect.enabled == TRI_YES && !n->source.reconnect.timeout_s)
        return refuse(why, "<reconnect enabled='yes'> needs a timeout of 1 second or more");
    return true;
}

static const XmRow reconnect_rows[] = {
    A_YESNO(Interface, source.reconnect.enabled, "enabled", .flags = XM_REQUIRED),
    A_U32  (Interface, source.reconnect.timeout_s, "timeout"),
};
static const XmElem reconnect_elem = ELEM("reconnect", Interface, reconnect_rows, .check = reconnect_check);
SOURCE(vhostuser,
    A_STR (Interface, source.type, "type", .flags = XM_REQUIRED, .doc = "unix"),
    A_STR (Interface, source.path, "path", .flags = XM_REQUIRED, .doc = "socket of the switch"),
    A_STR (Interface, source.vhost_mode, "mode", .flags = XM_REQUIRED, .doc = "client or server"),
    INLINE("reconnect", reconnect_elem));
SOURCE(hostdev, INLINE_AT(Interface, source.hostdev, "address", address_elem, .flags = XM_REQUIRED));

/* --- children common to all */

static const XmRow mac_rows[] = {
    A_MAC  (Interface, mac.address, "address", .flags = XM_REQUIRED | XM_ABI, .doc = "the card's address"),
    A_STR  (Interface, mac.type, "type"),
    A_YESNO(Interface, mac.check, "check"),
};
static const XmElem mac_elem = ELEM("mac", Interface, mac_rows);

static const XmRow tag_rows[] = {
    A_OPT (VlanTag, id, "id", .max = 4095, .flags = XM_REQUIRED),
    A_ENUM(VlanTag, native, "nativeMode", native_vlan),
};
static const XmElem tag_elem = ELEM("tag", VlanTag, tag_rows);

static bool vlan_check(gconstpointer obj, char **why)
{
    const Interface *n = obj;
    if (!n->vlan.tags || !n->vlan.tags->len)
        return refuse(why, "a <vlan> needs a <tag>");
    if (n->vlan.tags->len > 1 && n->vlan.trunk == TRI_NO)
        return refuse(why, "several <tag>s make a trunk; leave out trunk='no'");
    return true;
}

/* Several tags, or a native one, are a trunk. */
static bool vlan_loaded(gpointer obj, xmlNode *node, char **why)
{
    Interface *n = obj;
    const VlanTag *first = n->vlan.tags && n->vlan.tags->len ? g_ptr_array_index(n->vlan.tags, 0) : NULL;
    if (!n->vlan.trunk && first && (n->vlan.tags->len > 1 || first->native))
        n->vlan.trunk = TRI_YES;
    return true;
}

static bool trunk_written(gconstpointer obj)
{
    return ((const Interface *)obj)->vlan.trunk == TRI_YES;
}

static const XmRow vlan_rows[] = {
    A_YESNO(Interface, vlan.trunk, "trunk", .written = trunk_written),
    LIST   (Interface, vlan.tags, "tag", tag_elem, .max_items = 4096),
};
const XmElem vlan_elem = ELEM("vlan", Interface, vlan_rows, .loaded = vlan_loaded, .check = vlan_check);

static const XmRow vport_parameter_rows[] = {
    A_OPT (Interface, vport.managerid, "managerid", .max = 255),
    A_OPT (Interface, vport.typeid, "typeid", .max = 0xffffff),
    A_OPT (Interface, vport.typeidversion, "typeidversion", .max = 255),
    A_UUID(Interface, vport.instanceid, "instanceid"),
    A_UUID(Interface, vport.interfaceid, "interfaceid"),
    A_STR (Interface, vport.profileid, "profileid"),
};
static const XmElem vport_parameters_elem = ELEM("parameters", Interface, vport_parameter_rows);

static bool vport_loaded(gpointer obj, xmlNode *node, char **why)
{
    ((Interface *)obj)->vport.present = true;
    return true;
}

static bool vport_present(gconstpointer obj)
{
    return ((const Interface *)obj)->vport.present;
}

static bool vport_check(gconstpointer obj, char **why)
{
    const Interface *n = obj;
    if (n->vport.type == VPORT_8021QBG && (!n->vport.managerid.set || !n->vport.typeid.set || !n->vport.typeidversion.set))
        return refuse(why, "an 802.1Qbg port needs managerid, typeid and typeidversion");
    if (n->vport.type == VPORT_8021QBH && !n->vport.profileid)
        return refuse(why, "an 802.1Qbh port needs a profileid");
    if (n->vport.type == VPORT_MIDONET && !n->vport.interfaceid)
        return refuse(why, "a midonet port needs an interfaceid");
    return true;
}

static const XmRow vport_rows[] = {
    A_ENUM(Interface, vport.type, "type", vport_type),
    INLINE("parameters", vport_parameters_elem),
};
const XmElem vport_elem = ELEM("virtualport", Interface, vport_rows, .loaded = vport_loaded, .present = vport_present,
                                      .check = vport_check);

static bool rate_check(gconstpointer obj, char **why)
{
    const Rate *rate = obj;
    if (!rate->average && (rate->peak || rate->burst))
        return refuse(why, "a rate limit needs an average, also where it has a peak or burst");
    return true;
}

static const XmRow rate_rows[] = {
    A_U64(Rate, average, "average", .flags = XM_HOT, .doc = "KiB/s"),
    A_U64(Rate, peak, "peak", .flags = XM_HOT, .doc = "KiB/s"),
    A_U64(Rate, floor, "floor", .flags = XM_HOT, .doc = "KiB/s, guaranteed"),
    A_U64(Rate, burst, "burst", .flags = XM_HOT, .doc = "KiB at peak speed"),
};
static const XmElem in_elem = ELEM("inbound", Rate, rate_rows, .check = rate_check);
static const XmElem out_elem = ELEM("outbound", Rate, rate_rows, .check = rate_check);
static const XmRow bandwidth_rows[] = {
    INLINE_AT(Interface, bandwidth.in, "inbound", in_elem),
    INLINE_AT(Interface, bandwidth.out, "outbound", out_elem),
};
const XmElem bandwidth_elem = ELEM("bandwidth", Interface, bandwidth_rows);

#define ONE(id, name, ...) \
    static const XmRow id##_rows[] = { __VA_ARGS__ }; \
    static const XmElem id##_elem = ELEM(name, Interface, id##_rows)
ONE(port, "port", A_YESNO(Interface, isolated, "isolated"));
ONE(script, "script", A_STR(Interface, script, "path", .flags = XM_REQUIRED));
ONE(downscript, "downscript", A_STR(Interface, downscript, "path", .flags = XM_REQUIRED));
ONE(backenddomain, "backenddomain", A_STR(Interface, backend_domain, "name", .flags = XM_REQUIRED));
ONE(target, "target",
    A_STR  (Interface, target.dev, "dev", .doc = "name of the tap or macvtap on the host"),
    A_YESNO(Interface, target.managed, "managed"));
ONE(guest, "guest", A_STR(Interface, guest.dev, "dev"), A_STR(Interface, guest.actual, "actual", .flags = XM_LIVE));
ONE(model, "model", A_STR(Interface, model, "type", .flags = XM_REQUIRED | XM_ABI, .doc = "what the guest sees"));
XM_ENUM(nic_backend, "type of network backend", "default", "passt");
XM_COVERS(nic_backend, NIC_BACKEND__N);
ONE(backend, "backend",
    A_ENUM(Interface, backend.type, "type", nic_backend, .flags = XM_NONZERO),
    A_STR(Interface, backend.tap, "tap"), A_STR(Interface, backend.vhost, "vhost"),
    A_STR(Interface, backend.log_file, "logFile", .doc = "passt writes it"));

XM_ENUM(forward_proto, "protocol of a forwarded port", NULL, "tcp", "udp");
static const XmRow range_rows[] = {
    A_OPT  (ForwardRange, start, "start", .min = 1, .max = 65535, .flags = XM_REQUIRED),
    A_OPT  (ForwardRange, end, "end", .min = 1, .max = 65535),
    A_OPT  (ForwardRange, to, "to", .min = 1, .max = 65535, .doc = "the guest's first port"),
    A_YESNO(ForwardRange, exclude, "exclude"),
};
static const XmElem range_elem = ELEM("range", ForwardRange, range_rows);
static const XmRow forward_rows[] = {
    A_ENUM(PortForward, proto, "proto", forward_proto, .flags = XM_REQUIRED),
    A_STR (PortForward, address, "address"),
    A_STR (PortForward, dev, "dev"),
    LIST  (PortForward, ranges, "range", range_elem),
};
static const XmElem forward_elem = ELEM("portForward", PortForward, forward_rows);
ONE(teaming, "teaming",
    A_ENUM(Interface, teaming.type, "type", teaming_type, .flags = XM_REQUIRED | XM_ABI),
    A_STR (Interface, teaming.persistent, "persistent", .flags = XM_ABI, .doc = "alias of the persistent card"));
ONE(link, "link", A_ENUM(Interface, link, "state", link_state, .flags = XM_REQUIRED | XM_HOT));
ONE(sndbuf, "tune", LEAF_OPT(Interface, sndbuf, "sndbuf"));
ONE(frames, "frames", A_OPT(Interface, coalesce.max, "max"));
ONE(rx, "rx", INLINE("frames", frames_elem));
ONE(coalesce, "coalesce", INLINE("rx", rx_elem));
ONE(mtu, "mtu", A_U32(Interface, mtu, "size", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI, .doc = "bytes"));

static const XmRow parameter_rows[] = {
    A_STR(FilterParameter, name, "name", .flags = XM_REQUIRED),
    A_STR(FilterParameter, value, "value", .flags = XM_REQUIRED),
};
static const XmElem parameter_elem = ELEM("parameter", FilterParameter, parameter_rows);
ONE(filterref, "filterref",
    A_STR(Interface, filter.filter, "filter", .flags = XM_REQUIRED | XM_HOT),
    LIST (Interface, filter.parameters, "parameter", parameter_elem, .flags = XM_HOT, .max_items = 1024));

static const XmRow host_offload_rows[] = {
    A_ONOFF(NicOffload, csum, "csum", .flags = XM_ABI), A_ONOFF(NicOffload, gso, "gso", .flags = XM_ABI),
    A_ONOFF(NicOffload, tso4, "tso4", .flags = XM_ABI), A_ONOFF(NicOffload, tso6, "tso6", .flags = XM_ABI),
    A_ONOFF(NicOffload, ecn, "ecn", .flags = XM_ABI), A_ONOFF(NicOffload, ufo, "ufo", .flags = XM_ABI),
    A_ONOFF(NicOffload, mrg_rxbuf, "mrg_rxbuf", .flags = XM_ABI),
};
static const XmElem host_offload_elem = ELEM("host", NicOffload, host_offload_rows);
static const XmRow guest_offload_rows[] = {
    A_ONOFF(NicOffload, csum, "csum", .flags = XM_ABI), A_ONOFF(NicOffload, tso4, "tso4", .flags = XM_ABI),
    A_ONOFF(NicOffload, tso6, "tso6", .flags = XM_ABI), A_ONOFF(NicOffload, ecn, "ecn", .flags = XM_ABI),
    A_ONOFF(NicOffload, ufo, "ufo", .flags = XM_ABI),
};
static const XmElem guest_offload_elem = ELEM("guest", NicOffload, guest_offload_rows);
ONE(driver, "driver",
    A_ENUM (Interface, driver.name, "name", nic_driver, .doc = "who moves packets: qemu or the kernel's vhost"),
    A_ENUM (Interface, driver.txmode, "txmode", nic_txmode, .flags = XM_ABI),
    A_ONOFF(Interface, driver.ioeventfd, "ioeventfd", .flags = XM_ABI),
    A_ONOFF(Interface, driver.event_idx, "event_idx", .flags = XM_ABI),
    A_U32  (Interface, driver.queues, "queues", .flags = XM_ABI, .doc = "pairs of virtqueues"),
    A_U32  (Interface, driver.rx_queue_size, "rx_queue_size", .flags = XM_ABI),
    A_U32  (Interface, driver.tx_queue_size, "tx_queue_size", .flags = XM_ABI),
    A_ONOFF(Interface, driver.rss, "rss", .flags = XM_ABI),
    A_ONOFF(Interface, driver.rss_hash_report, "rss_hash_report", .flags = XM_ABI),
    INCLUDE(Interface, driver.virtio, virtio_options_elem),
    INLINE_AT(Interface, driver.host, "host", host_offload_elem),
    INLINE_AT(Interface, driver.guest, "guest", guest_offload_elem));

/* --- the whole */

static guint interface_variant(gconstpointer obj)
{
    return ((const Interface *)obj)->type;
}

static void interface_init(gpointer obj)
{
    ((Interface *)obj)->type = NET_USER;
}

static bool interface_check(gconstpointer obj, char **why)
{
    const Interface *n = obj;

    if (n->type == NET_VHOSTUSER && g_strcmp0(n->source.type, "unix"))
        return refuse(why, "a vhostuser interface's <source> has type='unix'");
    if (n->type == NET_VHOSTUSER && g_strcmp0(n->source.vhost_mode, "client") && g_strcmp0(n->source.vhost_mode, "server"))
        return refuse(why, "a vhostuser interface's <source> has mode='client' or 'server'");
    if (n->type == NET_VHOSTUSER && n->source.reconnect.enabled && !g_strcmp0(n->source.vhost_mode, "server"))
        return refuse(why, "<reconnect> is for mode='client'");
    if ((n->type == NET_CLIENT || n->type == NET_MCAST) && !n->source.address)
        return refuse(why, "the <source> of a client or mcast interface needs an address");
    if (n->teaming.type == TEAMING_TRANSIENT && !n->teaming.persistent)
        return refuse(why, "<teaming type='transient'> names its persistent card");
    if (n->teaming.type == TEAMING_PERSISTENT && n->teaming.persistent)
        return refuse(why, "<teaming type='persistent'> names no other card");
    return true;
}

#define T(x) XM_BIT(NET_##x)
static const XmRow interface_rows[] = {
    A_ENUM (Interface, type, "type", interface_type, .flags = XM_NONZERO, .doc = "how it is connected"),
    A_YESNO(Interface, managed, "managed", .when = T(HOSTDEV)),
    A_YESNO(Interface, trust_filters, "trustGuestRxFilters"),
    INLINE ("mac", mac_elem),
    INLINE ("driver", driver_elem, .when = T(HOSTDEV)),
    INLINE ("source", network_source_elem, .when = T(NETWORK), .flags = XM_REQUIRED),
    INLINE ("source", bridge_source_elem, .when = T(BRIDGE), .flags = XM_REQUIRED),
    INLINE ("source", internal_source_elem, .when = T(INTERNAL), .flags = XM_REQUIRED),
    INLINE ("source", direct_source_elem, .when = T(DIRECT), .flags = XM_REQUIRED),
    INLINE ("source", user_source_elem, .when = T(USER)),
    INLINE ("source", vdpa_source_elem, .when = T(VDPA), .flags = XM_REQUIRED),
    INLINE ("source", vds_source_elem, .when = T(VDS), .flags = XM_REQUIRED),
    INLINE ("source", ethernet_source_elem, .when = T(ETHERNET)),
    INLINE ("source", socket_source_elem, .when = T(SERVER) | T(CLIENT) | T(MCAST), .flags = XM_REQUIRED),
    INLINE ("source", udp_source_elem, .when = T(UDP), .flags = XM_REQUIRED),
    INLINE ("source", vhostuser_source_elem, .when = T(VHOSTUSER), .flags = XM_REQUIRED),
    INLINE ("source", hostdev_source_elem, .when = T(HOSTDEV), .flags = XM_REQUIRED),
    INLINE ("vlan", vlan_elem),
    INLINE ("virtualport", vport_elem, .when = T(NETWORK) | T(BRIDGE) | T(DIRECT) | T(HOSTDEV)),
    INLINE ("bandwidth", bandwidth_elem),
    INLINE ("port", port_elem),
    LIST   (Interface, ips, "ip", ip_elem),
    LIST   (Interface, routes, "route", route_elem),
    LIST   (Interface, forwards, "portForward", forward_elem),
    INLINE ("script", script_elem),
    INLINE ("downscript", downscript_elem),
    INLINE ("backenddomain", backenddomain_elem),
    INLINE ("target", target_elem),
    INLINE ("guest", guest_elem),
    INLINE ("model", model_elem),
    INLINE ("driver", driver_elem, .when = ~T(HOSTDEV)),
    INLINE ("backend", backend_elem),
    INLINE ("filterref", filterref_elem),
    INLINE ("teaming", teaming_elem),
    INLINE ("link", link_elem),
    INLINE ("tune", sndbuf_elem),
    INLINE ("mtu", mtu_elem),
    INLINE ("coalesce", coalesce_elem),
    INCLUDE(Interface, info, device_info_elem),
};
const XmElem interface_elem = ELEM("interface", Interface, interface_rows, .has_line = true, .variant = interface_variant,
                                   .init = interface_init, .check = interface_check);
