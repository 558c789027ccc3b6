/* What holds across the elements of <network>: what goes with which forward mode, addresses that must fit each other.
 * Names that reach dnsmasq's configuration are checked here, at define, so that none needs escaping there. */
#include "config.h"
#include <string.h>
#include "conf/network.h"
#include "util/inet.h"
#include "util/ids.h"

#define BAD(...) qv_refuse(err, QV_ERR_XML, __VA_ARGS__)
#define UNSUPPORTED(...) qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, __VA_ARGS__)

static guint count(const GPtrArray *list)
{
    return list ? list->len : 0;
}

/* A word of dnsmasq's configuration: no separator of its own, nothing that ends a line. */
static bool word(const char *text, const char *what, GError **err)
{
    for (const char *c = text; c && *c; c++)
        if ((guchar)*c <= ' ' || *c == 0x7f || strchr(",\"'\\#", *c))
            return BAD("%s '%.64s': the character %s%c%s cannot be in it", what, text, (guchar)*c <= ' ' ? "code " : "'",
                       (guchar)*c <= ' ' ? ' ' : *c, (guchar)*c <= ' ' ? "" : "'");
    return true;
}

static bool no_control(const char *text, const char *what, GError **err)
{
    for (const char *c = text; c && *c; c++)
        if ((guchar)*c < ' ' || *c == 0x7f)
            return BAD("%s '%.64s': line ends and other control characters cannot be in it", what, text);
    return true;
}

/* --- by forward mode */

static const char *mode_name(const NetworkDef *n)
{
    return n->forward.mode ? xm_enum_name(&forward_mode, n->forward.mode) : "none";
}

static bool no_service(const NetworkDef *n, GError **err)
{
    const struct { bool there; const char *what; } services[] = {
        { n->mac != NULL, "mac" }, { n->domain.name != NULL, "domain" }, { count(n->ips) > 0, "ip" }, { count(n->routes) > 0, "route" },
        { n->dns.enable || n->dns.plain_names || count(n->dns.forwarders) || count(n->dns.txts) || count(n->dns.srvs) ||
          count(n->dns.hosts), "dns" },
        { n->settings.bandwidth.in.average || n->settings.bandwidth.out.average, "bandwidth" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(services); i++)
        if (services[i].there)
            return UNSUPPORTED("<%s> is for networks with a bridge of their own, not for forward mode='%s'", services[i].what, mode_name(n));
    if (n->bridge.zone || n->bridge.stp || n->bridge.delay.set)
        return BAD("<bridge>'s stp, delay and zone are for networks with a bridge of their own, not for forward mode='%s'", mode_name(n));
    return !n->mtu || BAD("<mtu> is for networks with a bridge of their own, not for forward mode='%s'", mode_name(n));
}

static bool check_own_bridge(const NetworkDef *n, GError **err)
{
    if (n->forward.mode == FORWARD_OPEN && n->forward.dev)
        return BAD("forward mode='open' makes no rules, so it cannot be kept to dev='%s'", n->forward.dev);
    if (count(n->forward.interfaces) > 1)
        return BAD("traffic of mode='%s' leaves by one <interface>, not several", mode_name(n));
    if (count(n->forward.pfs) || count(n->forward.addresses))
        return UNSUPPORTED("<pf> and <address> in <forward> are for pools of functions, not for mode='%s'", mode_name(n));
    if ((n->forward.mode == FORWARD_NAT || n->forward.mode == FORWARD_ROUTE) && !count(n->ips))
        return BAD("mode='%s' needs an <ip> to forward for", mode_name(n));
    return !n->bridge.name || strlen(n->bridge.name) > 0;
}

static bool check_pool(const NetworkDef *n, GError **err)
{
    bool pool = n->forward.dev || count(n->forward.interfaces) || count(n->forward.pfs) || count(n->forward.addresses);
    if (n->bridge.name && n->forward.mode != FORWARD_BRIDGE)
        return BAD("a bridge's name is not for forward mode='%s'", mode_name(n));
    if (n->bridge.name && pool)
        return BAD("forward mode='bridge' names a host's bridge or devices for macvtap, not both");
    if (n->bridge.mac_table && (n->forward.mode != FORWARD_BRIDGE || pool))
        return BAD("macTableManager is for bridges, not for forward mode='%s'", mode_name(n));
    if (n->forward.mode == FORWARD_HOSTDEV && count(n->forward.interfaces))
        return UNSUPPORTED("a pool of mode='hostdev' lists <address type='pci'> or a <pf>, not the device '%s'", n->forward.dev);
    if (n->forward.mode != FORWARD_HOSTDEV && count(n->forward.addresses))
        return UNSUPPORTED("a pool of mode='%s' lists <interface>s, not PCI addresses", mode_name(n));
    for (guint i = 1; i < count(n->forward.interfaces); i++)
        for (guint j = 0; j < i; j++) {
            const PoolDevice *a = n->forward.interfaces->pdata[i], *b = n->forward.interfaces->pdata[j];
            if (!strcmp(a->dev, b->dev))
                return BAD("the pool lists '%s' twice", a->dev);
        }
    return no_service(n, err);
}

static bool check_nat(const NetworkDef *n, GError **err)
{
    const Nat *nat = count(n->forward.nats) ? n->forward.nats->pdata[0] : NULL;
    const AddressRange *range = nat && count(nat->addresses) ? nat->addresses->pdata[0] : NULL;
    Inet start, end;

    if (!nat)
        return true;
    if (n->forward.mode != FORWARD_NAT)
        return BAD("<nat> is for forward mode='nat', not '%s'", mode_name(n));
    if (!range)
        return true;
    if (!inet_parse(range->start, &start) || start.family != AF_INET || !inet_parse(range->end, &end) || end.family != AF_INET)
        return BAD("<nat>'s addresses '%s' to '%s' are not both IPv4 addresses", range->start, range->end);
    return inet_compare(&start, &end) <= 0 || BAD("<nat>'s addresses %s to %s are the wrong way round", range->start, range->end);
}

/* --- addresses */

/* One rule for <ip> and <route>: family, address, netmask and prefix agree. */
static bool check_address(const char *what, const char *family, const char *text, const char *netmask, OptU32 prefix, Inet *ret,
                          GError **err)
{
    Inet mask;
    if (family && strcmp(family, "ipv4") && strcmp(family, "ipv6"))
        return BAD("%s: family '%.16s' is neither ipv4 nor ipv6", what, family);
    if (!inet_parse(text, ret))
        return BAD("%s: '%.64s' is not an address", what, text);
    bool v6 = family && !strcmp(family, "ipv6");
    if (v6 != (ret->family == AF_INET6))
        return UNSUPPORTED("%s: the address '%s' is not of family '%s'", what, text, v6 ? "ipv6" : "ipv4");
    if (netmask && prefix.set)
        return UNSUPPORTED("%s '%s' has both a netmask and a prefix; one of them says it", what, text);
    if (netmask && v6)
        return UNSUPPORTED("%s '%s': IPv6 has a prefix, not a netmask", what, text);
    if (netmask && (!inet_parse(netmask, &mask) || mask.family != AF_INET || inet_mask_prefix(&mask) < 0))
        return UNSUPPORTED("%s '%s': '%s' is not a netmask", what, text, netmask);
    return !prefix.set || prefix.v <= inet_bits(ret) || UNSUPPORTED("%s '%s': a prefix of %u is more than %u", what, text, prefix.v, inet_bits(ret));
}

static bool check_range(const NetworkIp *ip, const Inet *own, guint prefix, const DhcpRange *r, GError **err)
{
    Inet start, end, network = inet_first(own, prefix), last = inet_last(own, prefix);

    if (!inet_parse(r->start, &start) || !inet_parse(r->end, &end) || start.family != own->family || end.family != own->family)
        return qv_refuse(err, QV_ERR_INTERNAL, "DHCP range '%s' to '%s': both must be addresses of the family of %s", r->start, r->end, ip->address);
    if (!inet_same_net(&start, own, prefix) || !inet_same_net(&end, own, prefix))
        return qv_refuse(err, QV_ERR_INTERNAL, "DHCP range %s to %s is not within the network %s/%u", r->start, r->end, ip->address, prefix);
    if (inet_compare(&start, &end) > 0)
        return qv_refuse(err, QV_ERR_INTERNAL, "DHCP range %s to %s is the wrong way round", r->start, r->end);
    if (own->family == AF_INET && (!inet_compare(&start, &network) || !inet_compare(&end, &last)))
        return qv_refuse(err, QV_ERR_INTERNAL, "DHCP range %s to %s takes in the network's or broadcast address of %s/%u", r->start, r->end, ip->address, prefix);
    return true;
}

static bool check_host(const Inet *own, const DhcpHost *h, GError **err)
{
    guint8 mac[6];
    Inet a;
    bool v6 = own->family == AF_INET6;

    if (h->mac && v6)
        return BAD("DHCP host '%s': IPv6 clients are known by id or name, not by a MAC address", h->mac);
    if (h->mac && !mac_parse(h->mac, mac))
        return BAD("DHCP host: '%.32s' is not a MAC address", h->mac);
    if (h->mac && mac_is_multicast(mac))
        return BAD("DHCP host: '%s' is a multicast address, no card's own", h->mac);
    if (!v6 && !h->mac && !h->name)
        return BAD("a DHCP host needs its mac or its name");
    if (v6 && !h->id && !h->name)
        return BAD("a DHCP host of IPv6 needs its id or its name");
    if (!h->ip)
        return BAD("DHCP host '%s' has no ip", h->name ? h->name : h->mac ? h->mac : h->id);
    if (!inet_parse(h->ip, &a) || a.family != own->family)
        return BAD("DHCP host: '%.64s' is not an address of its network's family", h->ip);
    for (const char *c = h->id; c && *c; c++)
        if (!g_ascii_isxdigit(*c) && *c != ':')
            return BAD("DHCP host: the id '%.64s' is not hexadecimal numbers with colons", h->id);
    return word(h->name, "the name of a DHCP host", err);
}

static bool check_ip(const NetworkIp *ip, bool had_dhcp[2], GError **err)
{
    Inet own;
    if (!check_address("<ip>", ip->family, ip->address, ip->netmask, ip->prefix, &own, err))
        return false;
    bool v6 = own.family == AF_INET6;
    if (ip->tftp_root && v6)
        return UNSUPPORTED("<tftp> is for IPv4, not for %s", ip->address);
    guint prefix = network_ip_prefix(ip);
    for (guint i = 0; i < count(ip->ranges); i++)
        if (!check_range(ip, &own, prefix, ip->ranges->pdata[i], err))
            return false;
    for (guint i = 0; i < count(ip->hosts); i++)
        if (!check_host(&own, ip->hosts->pdata[i], err))
            return false;
    if (!word(ip->bootp.file, "the file of <bootp>", err) || !word(ip->bootp.server, "the server of <bootp>", err) ||
        !no_control(ip->tftp_root, "the root of <tftp>", err))
        return false;
    if (!count(ip->ranges) && !count(ip->hosts))
        return true;
    if (had_dhcp[v6])
        return UNSUPPORTED("two %s <dhcp>: a network has one for each family", v6 ? "IPv6" : "IPv4");
    return had_dhcp[v6] = true;
}

static bool check_route(const NetworkDef *n, const InterfaceRoute *r, GError **err)
{
    Inet to, gateway, own;
    if (!check_address("<route>", r->family, r->address, r->netmask, r->prefix, &to, err))
        return false;
    guint prefix = network_route_prefix(r);
    Inet network = inet_first(&to, prefix);
    if (inet_compare(&to, &network))
        return BAD("<route>: %s/%u is not a network's address: bits beyond the prefix are set", r->address, prefix);
    if (!inet_parse(r->gateway, &gateway) || gateway.family != to.family)
        return BAD("<route> to %s: the gateway '%.64s' is not an address of its family", r->address, r->gateway);
    if (r->metric.set && !r->metric.v)
        return BAD("<route> to %s: a metric of 0 is not allowed", r->address);
    for (guint i = 0; i < count(n->ips); i++) {
        const NetworkIp *ip = n->ips->pdata[i];
        if (inet_parse(ip->address, &own) && inet_same_net(&own, &gateway, network_ip_prefix(ip)))
            return true;
    }
    return UNSUPPORTED("<route> to %s: its gateway %s is in no <ip> of this network", r->address, r->gateway);
}

/* --- names */

static bool check_srv(const DnsSrv *s, GError **err)
{
    if (!*s->service || !*s->protocol)
        return BAD("<srv> needs a service and a protocol");
    if (!s->target && (s->port.set || s->priority.set || s->weight.set))
        return qv_refuse(err, QV_ERR_XML_SYNTAX, "<srv service='%s'>: port, priority and weight go with a target", s->service);
    if (s->port.set && !s->port.v)
        return qv_refuse(err, QV_ERR_XML_SYNTAX, "<srv service='%s'>: no port is 0", s->service);
    return word(s->service, "<srv>'s service", err) && word(s->protocol, "<srv>'s protocol", err) &&
           word(s->domain, "<srv>'s domain", err) && word(s->target, "<srv>'s target", err);
}

static bool check_dns_host(const DnsHost *h, GError **err)
{
    Inet a;
    if (!inet_parse(h->ip, &a))
        return qv_refuse(err, QV_ERR_XML_SYNTAX, "<dns><host>: '%.64s' is not an address", h->ip);
    if (!count(h->names))
        return qv_refuse(err, QV_ERR_XML_SYNTAX, "<host ip='%s'> has no <hostname>", h->ip);
    for (guint i = 0; i < h->names->len; i++) {
        const char *name = ((const DnsHostname *)h->names->pdata[i])->name;
        if (!name || !*name)
            return qv_refuse(err, QV_ERR_XML_SYNTAX, "<host ip='%s'> has an empty <hostname>", h->ip);
        if (!word(name, "<hostname>", err))
            return false;
    }
    return true;
}

static bool check_forwarder(const DnsForwarder *f, GError **err)
{
    Inet a;
    if (f->address && !inet_parse(f->address, &a))
        return BAD("<forwarder>: '%.64s' is not an address", f->address);
    return word(f->domain, "<forwarder>'s domain", err) && (!f->domain || !strchr(f->domain, '/') || BAD("<forwarder>: no domain has a '/'"));
}

static bool check_txt(const DnsTxt *t, GError **err)
{
    if (strpbrk(t->name, " ,"))
        return qv_refuse(err, QV_ERR_XML_SYNTAX, "<txt name='%s'>: neither blanks nor commas are in a name", t->name);
    return word(t->name, "<txt>'s name", err) && no_control(t->value, "<txt>'s value", err);
}

static bool check_dns(const NetworkDef *n, GError **err)
{
    bool any = count(n->dns.forwarders) || count(n->dns.txts) || count(n->dns.srvs) || count(n->dns.hosts);
    if (n->dns.enable == TRI_NO && any)
        return BAD("<dns enable='no'> has content that nobody would answer with");
    for (guint i = 0; i < count(n->dns.forwarders); i++)
        if (!check_forwarder(n->dns.forwarders->pdata[i], err))
            return false;
    for (guint i = 0; i < count(n->dns.txts); i++)
        if (!check_txt(n->dns.txts->pdata[i], err))
            return false;
    for (guint i = 0; i < count(n->dns.srvs); i++)
        if (!check_srv(n->dns.srvs->pdata[i], err))
            return false;
    for (guint i = 0; i < count(n->dns.hosts); i++)
        if (!check_dns_host(n->dns.hosts->pdata[i], err))
            return false;
    for (guint i = 0; i < count(n->dnsmasq); i++)
        if (!no_control(((const DnsmasqOption *)n->dnsmasq->pdata[i])->value, "<dnsmasq:option>", err))
            return false;
    return word(n->domain.name, "<domain>'s name", err) && (!n->domain.name || !strchr(n->domain.name, '/') || BAD("<domain>: no name has a '/'"));
}

/* --- what ports get */

static bool check_settings(const NetworkDef *n, const Interface *s, const char *whose, GError **err)
{
    bool pool = n->forward.mode >= FORWARD_PRIVATE || (n->forward.mode == FORWARD_BRIDGE && count(n->forward.interfaces));
    bool tags = n->forward.mode == FORWARD_BRIDGE || n->forward.mode == FORWARD_PASSTHROUGH || n->forward.mode == FORWARD_HOSTDEV ||
                s->vport.type == VPORT_OPENVSWITCH || n->settings.vport.type == VPORT_OPENVSWITCH;
    if (s->bandwidth.in.floor || s->bandwidth.out.floor)
        return UNSUPPORTED("%s: a floor is guaranteed to an interface, not to a network or portgroup", whose);
    if (pool && (s->bandwidth.in.average || s->bandwidth.out.average))
        return UNSUPPORTED("%s: <bandwidth> is for ports of a bridge, not for forward mode='%s'", whose, mode_name(n));
    return tags || !count(s->vlan.tags) || UNSUPPORTED("%s: <vlan> needs a switch that knows tags, not forward mode='%s'", whose, mode_name(n));
}

static bool check_portgroups(const NetworkDef *n, GError **err)
{
    const char *chosen = NULL;
    for (guint i = 0; i < count(n->portgroups); i++) {
        const PortGroup *g = n->portgroups->pdata[i];
        g_autofree char *whose = g_strdup_printf("portgroup '%s'", g->name);
        for (guint j = 0; j < i; j++)
            if (!strcmp(g->name, ((const PortGroup *)n->portgroups->pdata[j])->name))
                return UNSUPPORTED("two portgroups are called '%s'", g->name);
        if (g->is_default == TRI_YES && chosen)
            return UNSUPPORTED("the portgroups '%s' and '%s' are both the default", chosen, g->name);
        if (g->is_default == TRI_YES)
            chosen = g->name;
        if (!check_settings(n, &g->settings, whose, err))
            return false;
    }
    return check_settings(n, &n->settings, "network", err);
}

static bool check_names(const NetworkDef *n, GError **err)
{
    guint8 mac[6];
    if (!*n->name || strchr(n->name, '/') || !strcmp(n->name, ".") || !strcmp(n->name, ".."))
        return qv_refuse(err, QV_ERR_XML_SYNTAX, "'%s' cannot be the name of a network: it is empty, a folder's, or has a '/'", n->name);
    if (!no_control(n->name, "the name", err) || !word(n->bridge.name, "the name of the bridge", err))
        return false;
    return !n->mac || (mac_parse(n->mac, mac) && !mac_is_multicast(mac)) || BAD("the bridge's address '%s' is a multicast one", n->mac);
}

bool network_def_check(const NetworkDef *n, GError **err)
{
    bool had_dhcp[2] = { false, false };
    if (!check_names(n, err) || !(network_has_bridge(n) ? check_own_bridge(n, err) : check_pool(n, err)) || !check_nat(n, err))
        return false;
    for (guint i = 0; i < count(n->ips); i++)
        if (!check_ip(n->ips->pdata[i], had_dhcp, err))
            return false;
    for (guint i = 0; i < count(n->routes); i++)
        if (!check_route(n, n->routes->pdata[i], err))
            return false;
    return check_dns(n, err) && check_portgroups(n, err);
}
