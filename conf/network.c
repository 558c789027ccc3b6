/* Rows of <network>, in libvirt's order of output. */
#include "config.h"
#include <string.h>
#include "conf/network.h"
#include "util/inet.h"

#define DNSMASQ_NS "http://libvirt.org/schemas/network/dnsmasq/1.0"
#define IN_DNSMASQ_NS .ns = DNSMASQ_NS, .prefix = "dnsmasq"

XM_ENUM(forward_mode, "forward mode", NULL, "nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev");
XM_COVERS(forward_mode, FORWARD__N);
XM_ENUM(mac_table, "manager of the table of addresses", NULL, "kernel", "libvirt");
XM_COVERS(mac_table, MACTABLE__N);
XM_ENUM(lease_unit, "unit of a lease", NULL, "seconds", "minutes", "hours");
XM_COVERS(lease_unit, LEASE_UNIT__N);
XM_ENUM(pool_driver, "driver of a pool", NULL, "kvm", "vfio");
XM_COVERS(pool_driver, POOL_DRIVER__N);

/* --- <forward> */

static const XmRow address_range_rows[] = {
    A_STR(AddressRange, start, "start", .flags = XM_REQUIRED),
    A_STR(AddressRange, end, "end", .flags = XM_REQUIRED),
};
static const XmElem address_range_elem = ELEM("address", AddressRange, address_range_rows);
static bool port_range_check(gconstpointer obj, char **why)
{
    const PortRange *r = obj;
    if (r->start > r->end)
        *why = g_strdup_printf("ports %u to %u are the wrong way round", r->start, r->end);
    return !*why;
}
static const XmRow port_range_rows[] = {
    A_U32(PortRange, start, "start", .flags = XM_REQUIRED | XM_NONZERO, .max = 65535),
    A_U32(PortRange, end, "end", .flags = XM_REQUIRED | XM_NONZERO, .max = 65535),
};
static const XmElem port_range_elem = ELEM("port", PortRange, port_range_rows, .check = port_range_check,
                                           .refuse_code = QV_ERR_XML_SYNTAX);

/* A list, so that a second <nat> is refused. */
static const XmRow nat_rows[] = {
    A_YESNO(Nat, ipv6, "ipv6", .doc = "IPv6 is translated too"),
    LIST(Nat, addresses, "address", address_range_elem, .max_items = 1),
    LIST(Nat, ports, "port", port_range_elem, .max_items = 1),
};
static const XmElem nat_elem = ELEM("nat", Nat, nat_rows);

static const XmRow pool_device_rows[] = {
    A_STR(PoolDevice, dev, "dev", .flags = XM_REQUIRED, .doc = "an interface of the host"),
    A_U32(PoolDevice, connections, "connections", .flags = XM_LIVE),
};
static const XmElem pf_elem = ELEM("pf", PoolDevice, pool_device_rows);
const XmElem pool_device_elem = ELEM("interface", PoolDevice, pool_device_rows);
static bool pool_address_check(gconstpointer obj, char **why)
{
    if (((const PoolAddress *)obj)->address.type != ADDR_PCI)
        *why = g_strdup("a pool lists its functions by addresses of type 'pci'");
    return !*why;
}
static const XmRow pool_address_rows[] = {
    INCLUDE(PoolAddress, address, address_elem),
    A_U32(PoolAddress, connections, "connections", .flags = XM_LIVE),
};
static const XmElem pool_address_elem = ELEM("address", PoolAddress, pool_address_rows, .check = pool_address_check,
                                             .refuse_code = QV_ERR_CONFIG_UNSUPPORTED);
static const XmRow pool_driver_rows[] = { A_ENUM(NetworkDef, forward.driver, "name", pool_driver, .flags = XM_NONZERO) };
static const XmElem pool_driver_elem = ELEM("driver", NetworkDef, pool_driver_rows);

/* dev='' and the first interface say the same: each is filled in from the other. */
static bool forward_loaded(gpointer obj, xmlNode *node, char **why)
{
    NetworkDef *n = obj;
    if (!n->forward.mode)
        n->forward.mode = FORWARD_NAT;
    const Nat *nat = n->forward.nats && n->forward.nats->len ? g_ptr_array_index(n->forward.nats, 0) : NULL;
    if (nat && nat->ipv6 != TRI_YES && !(nat->addresses && nat->addresses->len) && !(nat->ports && nat->ports->len)) {
        xm_free(&nat_elem, g_ptr_array_index(n->forward.nats, 0));       /* an empty one says nothing */
        g_ptr_array_set_size(n->forward.nats, 0);
    }
    if (!n->forward.interfaces || !n->forward.interfaces->len) {
        if (n->forward.dev) {
            PoolDevice *first = xm_new(&pool_device_elem);
            first->dev = g_strdup(n->forward.dev);
            if (!n->forward.interfaces)
                n->forward.interfaces = g_ptr_array_new();
            g_ptr_array_add(n->forward.interfaces, first);
        }
        return true;
    }
    const PoolDevice *first = g_ptr_array_index(n->forward.interfaces, 0);
    if (!n->forward.dev)
        n->forward.dev = g_strdup(first->dev);
    else if (strcmp(n->forward.dev, first->dev))
        *why = g_strdup_printf("<forward dev='%s'> is not the first <interface dev='%s'>", n->forward.dev, first->dev);
    return !*why;
}

static bool forward_present(gconstpointer obj)
{
    return ((const NetworkDef *)obj)->forward.mode != FORWARD_NONE;
}

static const XmRow forward_rows[] = {
    A_STR(NetworkDef, forward.dev, "dev", .flags = XM_EMPTY_ABSENT, .doc = "the only interface that traffic leaves by"),
    A_ENUM(NetworkDef, forward.mode, "mode", forward_mode),
    A_YESNO(NetworkDef, forward.managed, "managed"),
    LIST(NetworkDef, forward.nats, "nat", nat_elem, .max_items = 1),
    LIST(NetworkDef, forward.pfs, "pf", pf_elem, .max_items = 1),
    INLINE("driver", pool_driver_elem),
    LIST(NetworkDef, forward.interfaces, "interface", pool_device_elem, .key = "dev"),
    LIST(NetworkDef, forward.addresses, "address", pool_address_elem),
};
static const XmElem forward_elem = ELEM("forward", NetworkDef, forward_rows, .loaded = forward_loaded, .present = forward_present);

/* --- <bridge>, <domain>, <port> */

static const XmRow bridge_rows[] = {
    A_STR(NetworkDef, bridge.name, "name", .flags = XM_EMPTY_ABSENT, .doc = "virbrN when not said"),
    A_STR(NetworkDef, bridge.zone, "zone", .flags = XM_EMPTY_ABSENT, .doc = "of firewalld"),
    A_ONOFF(NetworkDef, bridge.stp, "stp"),
    A_OPT(NetworkDef, bridge.delay, "delay", .doc = "seconds"),
    A_ENUM(NetworkDef, bridge.mac_table, "macTableManager", mac_table, .flags = XM_NONZERO),
};
static const XmElem bridge_elem = ELEM("bridge", NetworkDef, bridge_rows);
static const XmRow mtu_rows[] = { A_U32(NetworkDef, mtu, "size", .flags = XM_REQUIRED, .doc = "bytes") };
static const XmElem mtu_elem = ELEM("mtu", NetworkDef, mtu_rows);
static const XmRow mac_rows[] = { A_MAC(NetworkDef, mac, "address") };
static const XmElem mac_elem = ELEM("mac", NetworkDef, mac_rows);
static bool domain_present(gconstpointer obj)
{
    return ((const NetworkDef *)obj)->domain.name != NULL;
}
static const XmRow domain_rows[] = {
    A_STR(NetworkDef, domain.name, "name"),
    A_YESNO(NetworkDef, domain.local_only, "localOnly"),
};
static const XmElem domain_elem = ELEM("domain", NetworkDef, domain_rows, .present = domain_present);
static const XmRow port_rows[] = { A_YESNO(NetworkDef, isolated, "isolated") };
static const XmElem port_elem = ELEM("port", NetworkDef, port_rows);

/* --- <dns> */

static bool forwarder_check(gconstpointer obj, char **why)
{
    const DnsForwarder *f = obj;
    if (!f->address && !f->domain)
        *why = g_strdup("a <forwarder> has an addr, a domain, or both");
    return !*why;
}
static const XmRow forwarder_rows[] = {
    A_STR(DnsForwarder, domain, "domain", .flags = XM_EMPTY_ABSENT),
    A_STR(DnsForwarder, address, "addr", .flags = XM_EMPTY_ABSENT),
};
static const XmElem forwarder_elem = ELEM("forwarder", DnsForwarder, forwarder_rows, .check = forwarder_check);
static const XmRow txt_rows[] = {
    A_STR(DnsTxt, name, "name", .flags = XM_REQUIRED, .doc = "without blanks"),
    A_STR(DnsTxt, value, "value"),
};
const XmElem dns_txt_elem = ELEM("txt", DnsTxt, txt_rows);
static bool srv_port_written(gconstpointer obj) { return ((const DnsSrv *)obj)->port.v; }
static bool srv_priority_written(gconstpointer obj) { return ((const DnsSrv *)obj)->priority.v; }
static bool srv_weight_written(gconstpointer obj) { return ((const DnsSrv *)obj)->weight.v; }
static const XmRow srv_rows[] = {
    A_STR(DnsSrv, service, "service", .flags = XM_REQUIRED),
    A_STR(DnsSrv, protocol, "protocol", .flags = XM_REQUIRED),
    A_STR(DnsSrv, domain, "domain"),
    A_STR(DnsSrv, target, "target"),
    A_OPT(DnsSrv, port, "port", .max = 65535, .written = srv_port_written),
    A_OPT(DnsSrv, priority, "priority", .max = 65535, .written = srv_priority_written),
    A_OPT(DnsSrv, weight, "weight", .max = 65535, .written = srv_weight_written),
};
const XmElem dns_srv_elem = ELEM("srv", DnsSrv, srv_rows);
static const XmRow hostname_rows[] = { TEXT_STR(DnsHostname, name) };
static const XmElem hostname_elem = ELEM("hostname", DnsHostname, hostname_rows);
static const XmRow dns_host_rows[] = {
    A_STR(DnsHost, ip, "ip", .flags = XM_REQUIRED),
    LIST(DnsHost, names, "hostname", hostname_elem),
};
const XmElem dns_host_elem = ELEM("host", DnsHost, dns_host_rows);
static const XmRow dns_rows[] = {
    A_YESNO(NetworkDef, dns.enable, "enable", .doc = "no: dnsmasq answers no names at all"),
    A_YESNO(NetworkDef, dns.plain_names, "forwardPlainNames"),
    LIST(NetworkDef, dns.forwarders, "forwarder", forwarder_elem),
    LIST(NetworkDef, dns.txts, "txt", dns_txt_elem),
    LIST(NetworkDef, dns.srvs, "srv", dns_srv_elem),
    LIST(NetworkDef, dns.hosts, "host", dns_host_elem),
};
static const XmElem dns_elem = ELEM("dns", NetworkDef, dns_rows);

/* --- <ip> */

static bool lease_loaded(gpointer obj, xmlNode *node, char **why)
{
    Lease *lease = obj;
    if (!lease->expiry.v)
        lease->unit = LEASE_UNIT_NONE;
    else if (!lease->unit)
        lease->unit = LEASE_MINUTES;
    return true;
}
static const XmRow lease_rows[] = {
    A_OPT(Lease, expiry, "expiry", .flags = XM_REQUIRED, .doc = "0: for ever"),
    A_ENUM(Lease, unit, "unit", lease_unit, .doc = "minutes when not said"),
};
static bool lease_check(gconstpointer obj, char **why)
{
    const Lease *lease = obj;
    if (lease->unit == LEASE_SECONDS && lease->expiry.v < 120)
        *why = g_strdup_printf("a lease of %u seconds: the shortest that DHCP servers give is 2 minutes", lease->expiry.v);
    else if (lease->unit == LEASE_MINUTES && lease->expiry.v < 2)
        *why = g_strdup_printf("a lease of %u minutes: the shortest that DHCP servers give is 2 minutes", lease->expiry.v);
    return !*why;
}
static const XmElem lease_elem = ELEM("lease", Lease, lease_rows, .loaded = lease_loaded, .check = lease_check,
                                      .refuse_code = QV_ERR_CONFIG_UNSUPPORTED);
static const XmRow range_rows[] = {
    A_STR(DhcpRange, start, "start", .flags = XM_REQUIRED),
    A_STR(DhcpRange, end, "end", .flags = XM_REQUIRED),
    INLINE_AT(DhcpRange, lease, "lease", lease_elem),
};
const XmElem dhcp_range_elem = ELEM("range", DhcpRange, range_rows);
static const XmRow dhcp_host_rows[] = {
    A_STR(DhcpHost, id, "id", .flags = XM_EMPTY_ABSENT, .doc = "DUID of an IPv6 client"),
    A_STR(DhcpHost, mac, "mac", .flags = XM_EMPTY_ABSENT),
    A_STR(DhcpHost, name, "name", .flags = XM_EMPTY_ABSENT),
    A_STR(DhcpHost, ip, "ip", .flags = XM_EMPTY_ABSENT),
    INLINE_AT(DhcpHost, lease, "lease", lease_elem),
};
const XmElem dhcp_host_elem = ELEM("host", DhcpHost, dhcp_host_rows);
static const XmRow tftp_rows[] = { A_STR(NetworkIp, tftp_root, "root", .flags = XM_EMPTY_ABSENT) };
static const XmElem tftp_elem = ELEM("tftp", NetworkIp, tftp_rows);
static const XmRow bootp_rows[] = {
    A_STR(NetworkIp, bootp.file, "file", .flags = XM_EMPTY_ABSENT),
    A_STR(NetworkIp, bootp.server, "server", .flags = XM_EMPTY_ABSENT),
};
static bool bootp_present(gconstpointer obj)
{
    return ((const NetworkIp *)obj)->bootp.file != NULL;
}
static const XmElem bootp_elem = ELEM("bootp", NetworkIp, bootp_rows, .present = bootp_present);
/* Without a range or host nobody is answered; then it is no <dhcp>. */
static bool dhcp_present(gconstpointer obj)
{
    const NetworkIp *ip = obj;
    return (ip->ranges && ip->ranges->len) || (ip->hosts && ip->hosts->len);
}
static const XmRow dhcp_rows[] = {
    LIST(NetworkIp, ranges, "range", dhcp_range_elem),
    LIST(NetworkIp, hosts, "host", dhcp_host_elem),
    INLINE("bootp", bootp_elem),
};
static const XmElem dhcp_elem = ELEM("dhcp", NetworkIp, dhcp_rows, .present = dhcp_present);
static const XmRow ip_rows[] = {
    A_STR(NetworkIp, family, "family", .flags = XM_EMPTY_ABSENT),
    A_STR(NetworkIp, address, "address", .flags = XM_REQUIRED, .doc = "the host's own in this network"),
    A_STR(NetworkIp, netmask, "netmask", .flags = XM_EMPTY_ABSENT),
    A_OPT(NetworkIp, prefix, "prefix"),
    A_YESNO(NetworkIp, local_ptr, "localPtr", .doc = "reverse lookups of unknown addresses go nowhere else"),
    INLINE("tftp", tftp_elem),
    INLINE("dhcp", dhcp_elem),
};
static const XmElem ip_elem = ELEM("ip", NetworkIp, ip_rows);

/* --- the whole */

static const XmRow portgroup_rows[] = {
    A_STR(PortGroup, name, "name", .flags = XM_REQUIRED),
    A_YESNO(PortGroup, is_default, "default"),
    A_YESNO(PortGroup, trust_filters, "trustGuestRxFilters"),
    INLINE_AT(PortGroup, settings, "vlan", vlan_elem),
    INLINE_AT(PortGroup, settings, "virtualport", vport_elem),
    INLINE_AT(PortGroup, settings, "bandwidth", bandwidth_elem),
};
const XmElem portgroup_elem = ELEM("portgroup", PortGroup, portgroup_rows);
static const XmRow option_rows[] = { A_STR(DnsmasqOption, value, "value", .flags = XM_REQUIRED) };
static const XmElem option_elem = ELEM("option", DnsmasqOption, option_rows);
static const XmRow options_rows[] = { LIST(NetworkDef, dnsmasq, "option", option_elem, IN_DNSMASQ_NS) };
static const XmElem options_elem = ELEM("options", NetworkDef, options_rows);

static bool yes_ipv6(gconstpointer obj)
{
    return ((const NetworkDef *)obj)->ipv6 == TRI_YES;
}

static const XmRow network_rows[] = {
    A_YESNO(NetworkDef, ipv6, "ipv6", .written = yes_ipv6, .doc = "guests may talk IPv6 among each other without an address here"),
    A_U32(NetworkDef, connections, "connections", .flags = XM_LIVE),
    A_YESNO(NetworkDef, trust_filters, "trustGuestRxFilters"),
    LEAF_STR(NetworkDef, name, "name", .flags = XM_REQUIRED, .doc = "unique on this host"),
    LEAF_UUID(NetworkDef, uuid, "uuid"),
    KEEP(NetworkDef, metadata, "metadata"),
    INLINE("forward", forward_elem),
    INLINE("bridge", bridge_elem),
    INLINE("mtu", mtu_elem),
    INLINE("mac", mac_elem),
    INLINE("domain", domain_elem),
    INLINE("dns", dns_elem),
    INLINE_AT(NetworkDef, settings, "vlan", vlan_elem),
    INLINE_AT(NetworkDef, settings, "bandwidth", bandwidth_elem),
    INLINE("port", port_elem),
    LIST(NetworkDef, ips, "ip", ip_elem, .flags = XM_END_TAG),
    LIST(NetworkDef, routes, "route", route_elem),
    INLINE_AT(NetworkDef, settings, "virtualport", vport_elem),
    LIST(NetworkDef, portgroups, "portgroup", portgroup_elem, .flags = XM_END_TAG, .key = "name"),
    INLINE("options", options_elem, IN_DNSMASQ_NS),
};
const XmElem network_elem = ELEM("network", NetworkDef, network_rows);

NetworkDef *network_def_parse(const char *text, gsize len, const char *file, guint flags, GError **err)
{
    g_autoptr(NetworkDef) net = xm_parse(&network_elem, text, len, file, flags, err);
    if (!net || !network_def_check(net, err))
        return NULL;
    if (network_has_bridge(net) && !net->bridge.stp)
        net->bridge.stp = TRI_YES;
    if (network_has_bridge(net))
        net->bridge.delay.set = true;
    return g_steal_pointer(&net);
}

char *network_def_format(const NetworkDef *net, guint flags)
{
    return xm_format(&network_elem, net, flags);
}

NetworkDef *network_def_copy(const NetworkDef *net)
{
    return xm_copy(&network_elem, net);
}

void network_def_free(NetworkDef *net)
{
    if (net)
        xm_free(&network_elem, net);
}

bool network_has_bridge(const NetworkDef *net)
{
    return net->forward.mode <= FORWARD_OPEN;
}

bool network_ip_is_v6(const NetworkIp *ip)
{
    return ip->address && strchr(ip->address, ':');
}

static guint prefix_of(const char *address, const char *netmask, OptU32 prefix)
{
    Inet a, mask;
    if (prefix.set)
        return prefix.v;
    if (netmask && inet_parse(netmask, &mask))
        return (guint)MAX(inet_mask_prefix(&mask), 0);
    return inet_parse(address, &a) ? inet_class_prefix(&a) : 0;
}

guint network_ip_prefix(const NetworkIp *ip)
{
    return prefix_of(ip->address, ip->netmask, ip->prefix);
}

guint network_route_prefix(const InterfaceRoute *route)
{
    return prefix_of(route->address, route->netmask, route->prefix);
}

PortGroup *network_portgroup(const NetworkDef *net, const char *name)
{
    for (guint i = 0; net->portgroups && i < net->portgroups->len; i++) {
        PortGroup *group = g_ptr_array_index(net->portgroups, i);
        if (name ? !strcmp(group->name, name) : group->is_default == TRI_YES)
            return group;
    }
    return NULL;
}
