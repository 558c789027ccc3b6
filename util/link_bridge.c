/* Ports of Linux bridges: their switches, VLANs and fixed addresses (AF_BRIDGE requests of rtnetlink). */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include "util/link.h"
#include "util/netlink.h"

static NetlinkMsg *port_msg(int type, const char *name)
{
    NetlinkMsg *msg = netlink_msg(type, NLM_F_ACK);
    struct ifinfomsg head = { .ifi_family = AF_BRIDGE, .ifi_index = (int)if_nametoindex(name) };
    nlmsg_append(msg, &head, sizeof head, NLMSG_ALIGNTO);
    return msg;
}

static void put_switch(NetlinkMsg *msg, int attribute, PortSwitch value)
{
    if (value != PORT_SAME)
        nla_put_u8(msg, attribute, value == PORT_ON);
}

bool link_set_port(const char *name, const LinkPort *port, GError **err)
{
    if (port->isolated == PORT_SAME && port->learning == PORT_SAME && port->flood == PORT_SAME)
        return true;
    g_autoptr(NetlinkMsg) msg = port_msg(RTM_SETLINK, name);
    struct nlattr *info = nla_nest_start(msg, IFLA_PROTINFO | NLA_F_NESTED);
    put_switch(msg, IFLA_BRPORT_ISOLATED, port->isolated);
    put_switch(msg, IFLA_BRPORT_LEARNING, port->learning);
    put_switch(msg, IFLA_BRPORT_UNICAST_FLOOD, port->flood);
    nla_nest_end(msg, info);
    return netlink_do(msg, err, "cannot set the switches of bridge port '%s'", name);
}

bool link_bridge_filters_vlans(const char *name)
{
    g_autofree char *path = g_strdup_printf("/sys/class/net/%s/bridge/vlan_filtering", name), *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) && atoi(text) == 1;
}

/* --- VLANs */

static void put_vlan(NetlinkMsg *msg, guint16 id, guint16 flags)
{
    struct bridge_vlan_info info = { .flags = flags, .vid = id };
    nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof info, &info);
}

/* A port begins with the bridge's own default, VLAN 1. */
static bool drop_default_vlan(const char *name, GError **err)
{
    g_autoptr(NetlinkMsg) msg = port_msg(RTM_DELLINK, name);
    struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
    put_vlan(msg, 1, 0);
    nla_nest_end(msg, spec);
    return netlink_do(msg, err, "cannot take VLAN 1 from bridge port '%s'", name);
}

bool link_set_port_vlans(const char *name, const guint16 *tags, guint n_tags, guint16 native, bool native_untagged, GError **err)
{
    if (!drop_default_vlan(name, err))
        return false;
    g_autoptr(NetlinkMsg) msg = port_msg(RTM_SETLINK, name);
    struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
    for (guint i = 0; i < n_tags; i++)
        if (tags[i] != native)
            put_vlan(msg, tags[i], 0);
    if (native)
        put_vlan(msg, native, BRIDGE_VLAN_INFO_PVID | (native_untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0));
    nla_nest_end(msg, spec);
    return netlink_do(msg, err, "cannot set the VLANs of bridge port '%s'", name);
}

/* --- the table of addresses */

static NetlinkMsg *fdb_msg(int type, int flags, const char *port, const guint8 mac[6])
{
    NetlinkMsg *msg = netlink_msg(type, NLM_F_ACK | flags);
    struct ndmsg head = { .ndm_family = AF_BRIDGE, .ndm_ifindex = (int)if_nametoindex(port), .ndm_state = NUD_NOARP | NUD_PERMANENT,
                          .ndm_flags = NTF_MASTER };
    nlmsg_append(msg, &head, sizeof head, NLMSG_ALIGNTO);
    nla_put(msg, NDA_LLADDR, 6, mac);
    return msg;
}

bool link_fdb_add(const char *port, const guint8 mac[6], GError **err)
{
    g_autoptr(NetlinkMsg) msg = fdb_msg(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, port, mac);
    return netlink_do(msg, err, "cannot enter the address of '%s' into its bridge's table", port);
}

bool link_fdb_remove(const char *port, const guint8 mac[6], GError **err)
{
    g_autoptr(NetlinkMsg) msg = fdb_msg(RTM_DELNEIGH, 0, port, mac);
    int failed = netlink_call(msg, NULL, NULL, NULL);
    return !failed || failed == ENOENT || failed == ENODEV || failed == EINVAL ||
           qv_error_errno(err, failed, "cannot remove the address of '%s' from its bridge's table", port);
}
