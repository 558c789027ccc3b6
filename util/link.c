#include "util/link.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <string.h>
#include "util/netlink.h"

bool link_name_ok(const char *name)
{
    gsize len = strlen(name);
    return len > 0 && len <= LINK_NAME_MAX && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strpbrk(name, "/: \t\n\v\f\r");
}

static bool check_name(const char *name, GError **err)
{
    if (link_name_ok(name))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "'%s' cannot be the name of a network device: it has 1 to %d bytes without '/', ':' and blanks",
                name, LINK_NAME_MAX);
    return false;
}

/* --- reading */

static void read_kind(struct nlattr *info, Link *link)
{
    struct nlattr *parts[IFLA_INFO_MAX + 1];
    if (info && nla_parse_nested(parts, IFLA_INFO_MAX, info, NULL) == 0 && parts[IFLA_INFO_KIND])
        nla_strlcpy(link->kind, parts[IFLA_INFO_KIND], sizeof link->kind);
}

static void read_counters(struct nlattr *stats, LinkCounters *c)
{
    struct rtnl_link_stats64 s = { 0 };
    if (!stats)
        return;
    nla_memcpy(&s, stats, sizeof s);
    *c = (LinkCounters){ s.rx_bytes, s.rx_packets, s.rx_errors, s.rx_dropped, s.tx_bytes, s.tx_packets, s.tx_errors, s.tx_dropped };
}

static void read_link(struct nlmsghdr *answer, gpointer user)
{
    Link *link = user;
    struct nlattr *a[IFLA_MAX + 1];
    const struct ifinfomsg *head = nlmsg_data(answer);

    if (nlmsg_parse(answer, sizeof *head, a, IFLA_MAX, NULL) < 0)
        return;
    *link = (Link){ .index = head->ifi_index, .up = head->ifi_flags & IFF_UP };
    link->lower = a[IFLA_LINK] ? (int)nla_get_u32(a[IFLA_LINK]) : 0;
    link->master = a[IFLA_MASTER] ? (int)nla_get_u32(a[IFLA_MASTER]) : 0;
    link->mtu = a[IFLA_MTU] ? nla_get_u32(a[IFLA_MTU]) : 0;
    if (a[IFLA_ADDRESS])
        nla_memcpy(link->mac, a[IFLA_ADDRESS], sizeof link->mac);
    read_kind(a[IFLA_LINKINFO], link);
    read_counters(a[IFLA_STATS64], &link->counters);
}

bool link_find(const char *name, Link *ret, GError **err)
{
    Link link = { 0 };
    if (!check_name(name, err))
        return false;
    g_autoptr(NetlinkMsg) msg = netlink_link_msg(RTM_GETLINK, 0, name);
    int failed = netlink_call(msg, read_link, &link, NULL);
    if (failed || !link.index)
        return qv_error_errno(err, failed ? failed : ENODEV, "network device '%s'", name);
    *ret = link;
    return true;
}

bool link_exists(const char *name)
{
    return if_nametoindex(name) != 0;
}

bool interface_stats(const char *name, LinkCounters *ret, GError **err)
{
    Link link;
    if (!link_find(name, &link, err))
        return false;
    *ret = link.counters;
    return true;
}

/* --- changing */

static bool put_bridge(NetlinkMsg *msg, const char *name, const char *bridge, GError **err)
{
    Link link;
    if (!link_find(bridge, &link, NULL)) {
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "bridge '%s' does not exist (needed by '%s'); create it, or change <source bridge>",
                    bridge, name);
        return false;
    }
    if (strcmp(link.kind, "bridge") != 0) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "network device '%s' is no bridge (it is %s); change <source bridge>", bridge,
                    *link.kind ? link.kind : "hardware");
        return false;
    }
    nla_put_u32(msg, IFLA_MASTER, (guint32)link.index);
    return true;
}

bool link_change(const char *name, const LinkChange *change, GError **err)
{
    g_autoptr(NetlinkMsg) msg = netlink_link_msg(RTM_SETLINK, NLM_F_ACK, name);
    struct ifinfomsg *head = nlmsg_data(nlmsg_hdr(msg));

    if (change->state != LINK_STATE_SAME) {
        head->ifi_change = IFF_UP;
        head->ifi_flags = change->state == LINK_STATE_UP ? IFF_UP : 0;
    }
    if (change->mac)
        nla_put(msg, IFLA_ADDRESS, 6, change->mac);
    if (change->mtu)
        nla_put_u32(msg, IFLA_MTU, change->mtu);
    if (change->bridge && !put_bridge(msg, name, change->bridge, err))
        return false;
    return netlink_do(msg, err, "cannot set up network device '%s'%s%s", name, change->bridge ? " as a port of bridge " : "",
                      change->bridge ? change->bridge : "");
}

bool link_leave_bridge(const char *name, GError **err)
{
    if (!link_exists(name))
        return true;
    g_autoptr(NetlinkMsg) msg = netlink_link_msg(RTM_SETLINK, NLM_F_ACK, name);
    nla_put_u32(msg, IFLA_MASTER, 0);
    return netlink_do(msg, err, "cannot take network device '%s' out of its bridge", name) || !link_exists(name);
}

bool link_create(const char *name, const char *kind, GError **err)
{
    if (!check_name(name, err))
        return false;
    g_autoptr(NetlinkMsg) msg = netlink_link_msg(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, name);
    struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);
    nla_put_string(msg, IFLA_INFO_KIND, kind);
    nla_nest_end(msg, info);
    return netlink_do(msg, err, "cannot create the %s '%s'", kind, name);
}

bool link_delete(const char *name, GError **err)
{
    g_autofree char *words = NULL;
    g_autoptr(NetlinkMsg) msg = netlink_link_msg(RTM_DELLINK, NLM_F_ACK, name);
    int failed = netlink_call(msg, NULL, NULL, &words);
    return !failed || failed == ENODEV || qv_error_errno(err, failed, "cannot remove network device '%s'", name);
}

/* --- addresses and routes */

static int put_ip(NetlinkMsg *msg, int attribute, const char *text, GError **err)
{
    guint8 raw[16];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, text, raw) != 1) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "'%s' is no IP address", text);
        return AF_UNSPEC;
    }
    nla_put(msg, attribute, family == AF_INET6 ? 16 : 4, raw);
    return family;
}

bool link_add_address(const char *name, const char *address, const char *peer, guint prefix, GError **err)
{
    g_autoptr(NetlinkMsg) msg = netlink_msg(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
    struct ifaddrmsg head = { .ifa_prefixlen = (guint8)prefix, .ifa_index = if_nametoindex(name) };
    nlmsg_append(msg, &head, sizeof head, NLMSG_ALIGNTO);
    int family = put_ip(msg, IFA_LOCAL, address, err);
    if (family == AF_UNSPEC || put_ip(msg, IFA_ADDRESS, peer ? peer : address, err) == AF_UNSPEC)
        return false;
    ((struct ifaddrmsg *)nlmsg_data(nlmsg_hdr(msg)))->ifa_family = (guint8)family;
    return netlink_do(msg, err, "cannot give network device '%s' the address %s/%u", name, address, prefix);
}

bool link_add_route(const char *name, const char *destination, guint prefix, const char *gateway, guint32 metric, GError **err)
{
    g_autoptr(NetlinkMsg) msg = netlink_msg(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    struct rtmsg head = { .rtm_dst_len = (guint8)prefix, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
                          .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST };
    nlmsg_append(msg, &head, sizeof head, NLMSG_ALIGNTO);
    int family = put_ip(msg, RTA_DST, destination, err);
    if (family == AF_UNSPEC || (gateway && put_ip(msg, RTA_GATEWAY, gateway, err) == AF_UNSPEC))
        return false;
    ((struct rtmsg *)nlmsg_data(nlmsg_hdr(msg)))->rtm_family = (guint8)family;
    nla_put_u32(msg, RTA_OIF, if_nametoindex(name));
    if (metric)
        nla_put_u32(msg, RTA_PRIORITY, metric);
    return netlink_do(msg, err, "cannot add the route to %s/%u by network device '%s'", destination, prefix, name);
}

/* --- neighbours */

typedef struct { LinkNeighbour fn; gpointer user; } Neighbours;

static void read_neighbour(struct nlmsghdr *answer, gpointer user)
{
    enum { KNOWN = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT };
    const Neighbours *n = user;
    const struct ndmsg *head = nlmsg_data(answer);
    struct nlattr *a[NDA_MAX + 1];
    char text[INET6_ADDRSTRLEN];

    if (nlmsg_parse(answer, sizeof *head, a, NDA_MAX, NULL) < 0 || !(head->ndm_state & KNOWN) || !a[NDA_DST] || !a[NDA_LLADDR] ||
        nla_len(a[NDA_LLADDR]) != 6 || (head->ndm_family != AF_INET && head->ndm_family != AF_INET6))
        return;
    if (inet_ntop(head->ndm_family, nla_data(a[NDA_DST]), text, sizeof text))
        n->fn(nla_data(a[NDA_LLADDR]), head->ndm_family == AF_INET6, text, n->user);
}

bool link_neighbours(LinkNeighbour fn, gpointer user, GError **err)
{
    Neighbours n = { fn, user };
    g_autoptr(NetlinkMsg) msg = netlink_msg(RTM_GETNEIGH, NLM_F_DUMP);
    struct ndmsg head = { .ndm_family = AF_UNSPEC };
    nlmsg_append(msg, &head, sizeof head, NLMSG_ALIGNTO);
    int failed = netlink_call(msg, read_neighbour, &n, NULL);
    return !failed || qv_error_errno(err, failed, "cannot read the host's neighbours");
}
