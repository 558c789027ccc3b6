/* The protocols of filter rules: which attributes each has, in the order in which they are written. */
#include "conf/nwfilter_match.h"
#include "conf/nwfilter_types.h"
#include <string.h>

XM_ENUM(nw_matching, "match", NULL, "yes", "no");
XM_COVERS(nw_matching, NW_MATCH__N);

/* "yes" goes without saying. */
static bool only_no(gconstpointer obj)
{
    return ((const NwMatch *)obj)->match == NW_MATCH_NO;
}

#define V(field, n, t, ...) { .name = n, .kind = XM_ATTR, .type = &t, .off = offsetof(NwMatch, v[field]), __VA_ARGS__ }
#define NUM(field, n, m) V(field, n, nw_num, .max = m)
#define MATCH A_ENUM(NwMatch, match, "match", nw_matching, .written = only_no)
#define COMMENT V(NWF_COMMENT, "comment", xm_str)
#define MACS V(NWF_SRCMAC, "srcmacaddr", nw_mac), V(NWF_SRCMACMASK, "srcmacmask", nw_mac), \
             V(NWF_DSTMAC, "dstmacaddr", nw_mac), V(NWF_DSTMACMASK, "dstmacmask", nw_mac)
#define ADDRESSES(ip, mask) V(NWF_SRCIP, "srcipaddr", ip), V(NWF_SRCIPMASK, "srcipmask", mask), \
                            V(NWF_DSTIP, "dstipaddr", ip), V(NWF_DSTIPMASK, "dstipmask", mask)
#define RANGES(ip) V(NWF_SRCIPFROM, "srcipfrom", ip), V(NWF_SRCIPTO, "srcipto", ip), \
                   V(NWF_DSTIPFROM, "dstipfrom", ip), V(NWF_DSTIPTO, "dstipto", ip)
#define PORTS NUM(NWF_SRCPORT, "srcportstart", 0xffff), NUM(NWF_SRCPORTEND, "srcportend", 0xffff), \
              NUM(NWF_DSTPORT, "dstportstart", 0xffff), NUM(NWF_DSTPORTEND, "dstportend", 0xffff)
#define DSCP NUM(NWF_DSCP, "dscp", 63)
#define ICMP_RANGES NUM(NWF_TYPE, "type", 255), NUM(NWF_TYPEEND, "typeend", 255), NUM(NWF_CODE, "code", 255), NUM(NWF_CODEEND, "codeend", 255)
/* What every kind of connection has. */
#define CONNECTION(ip, mask) MATCH, V(NWF_SRCMAC, "srcmacaddr", nw_mac), ADDRESSES(ip, mask), RANGES(ip), DSCP, \
    NUM(NWF_CONNLIMIT, "connlimit-above", 0xffff), V(NWF_STATE, "state", nw_state), V(NWF_IPSET, "ipset", nw_ipset), \
    V(NWF_IPSETFLAGS, "ipsetflags", nw_ipset_flags)
#define PAIR(field, n, m) NUM(field, n, m), NUM(field##_HI, n "-hi", m)

static const XmRow mac_rows[] = { MATCH, MACS, V(NWF_PROTOCOLID, "protocolid", nw_ether_type), COMMENT };
static const XmRow vlan_rows[] = { MATCH, MACS, NUM(NWF_VLANID, "vlanid", 4095), V(NWF_ENCAP, "encap-protocol", nw_ether_type), COMMENT };
static const XmRow stp_rows[] = {
    MATCH, V(NWF_SRCMAC, "srcmacaddr", nw_mac), V(NWF_SRCMACMASK, "srcmacmask", nw_mac),
    NUM(NWF_STP_TYPE, "type", 0xff), NUM(NWF_STP_FLAGS, "flags", 0xff),
    PAIR(NWF_ROOT_PRI, "root-priority", 0xffff),
    V(NWF_ROOT_ADDR, "root-address", nw_mac), V(NWF_ROOT_ADDR_MASK, "root-address-mask", nw_mac),
    PAIR(NWF_ROOT_COST, "root-cost", 0xffffffff), PAIR(NWF_SENDER_PRI, "sender-priority", 0xffff),
    V(NWF_SENDER_ADDR, "sender-address", nw_mac), V(NWF_SENDER_ADDR_MASK, "sender-address-mask", nw_mac),
    PAIR(NWF_PORT, "port", 0xffff), PAIR(NWF_AGE, "age", 0xffff), PAIR(NWF_MAX_AGE, "max-age", 0xffff),
    PAIR(NWF_HELLO, "hello-time", 0xffff), PAIR(NWF_DELAY, "forward-delay", 0xffff), COMMENT };
static const XmRow arp_rows[] = {
    MATCH, MACS, NUM(NWF_HWTYPE, "hwtype", 0xffff), NUM(NWF_PROTOCOLTYPE, "protocoltype", 0xffff),
    V(NWF_OPCODE, "opcode", nw_arp_opcode), V(NWF_ARPSRCMAC, "arpsrcmacaddr", nw_mac), V(NWF_ARPDSTMAC, "arpdstmacaddr", nw_mac),
    V(NWF_ARPSRCIP, "arpsrcipaddr", nw_ipv4), V(NWF_ARPSRCIPMASK, "arpsrcipmask", nw_ipv4_mask),
    V(NWF_ARPDSTIP, "arpdstipaddr", nw_ipv4), V(NWF_ARPDSTIPMASK, "arpdstipmask", nw_ipv4_mask),
    V(NWF_GRATUITOUS, "gratuitous", nw_boolean), COMMENT };
static const XmRow ip_rows[] = {
    MATCH, MACS, ADDRESSES(nw_ipv4, nw_ipv4_mask), V(NWF_PROTOCOL, "protocol", nw_ip_protocol), PORTS, DSCP, COMMENT };
static const XmRow ipv6_rows[] = {
    MATCH, MACS, ADDRESSES(nw_ipv6, nw_ipv6_mask), V(NWF_PROTOCOL, "protocol", nw_ip_protocol), PORTS, ICMP_RANGES, COMMENT };

#define TCP_ROWS(ip, mask) { CONNECTION(ip, mask), PORTS, NUM(NWF_OPTION, "option", 0xff), V(NWF_FLAGS, "flags", nw_tcp_flags), COMMENT }
#define PORT_ROWS(ip, mask) { CONNECTION(ip, mask), PORTS, COMMENT }
#define ICMP_ROWS(ip, mask) { CONNECTION(ip, mask), NUM(NWF_TYPE, "type", 255), NUM(NWF_CODE, "code", 255), COMMENT }
#define PLAIN_ROWS(ip, mask) { CONNECTION(ip, mask), COMMENT }
static const XmRow tcp_rows[] = TCP_ROWS(nw_ipv4, nw_ipv4_mask), tcp6_rows[] = TCP_ROWS(nw_ipv6, nw_ipv6_mask);
static const XmRow port_rows[] = PORT_ROWS(nw_ipv4, nw_ipv4_mask), port6_rows[] = PORT_ROWS(nw_ipv6, nw_ipv6_mask);
static const XmRow icmp_rows[] = ICMP_ROWS(nw_ipv4, nw_ipv4_mask), icmp6_rows[] = ICMP_ROWS(nw_ipv6, nw_ipv6_mask);
static const XmRow plain_rows[] = PLAIN_ROWS(nw_ipv4, nw_ipv4_mask), plain6_rows[] = PLAIN_ROWS(nw_ipv6, nw_ipv6_mask);

/* Ports are those of a protocol that has ports. */
static bool check_ports(gconstpointer obj, char **why)
{
    static const int with_ports[] = { 6, 17, 33, 132, 136 };
    const NwMatch *m = obj;
    guint64 protocol = 0;
    int named = m->v[NWF_PROTOCOL] ? nw_named_number(NWF_PROTOCOL, m->v[NWF_PROTOCOL]) : -1;

    if (!m->v[NWF_SRCPORT] && !m->v[NWF_SRCPORTEND] && !m->v[NWF_DSTPORT] && !m->v[NWF_DSTPORTEND])
        return true;
    if (named >= 0)
        protocol = (guint64)named;
    else if (m->v[NWF_PROTOCOL] && !nw_number(m->v[NWF_PROTOCOL], &protocol))
        return true;                                  /* a variable: seen when it is bound */
    for (guint i = 0; i < G_N_ELEMENTS(with_ports); i++)
        if (protocol == (guint64)with_ports[i])
            return true;
    *why = g_strdup("a rule with ports needs protocol='tcp', 'udp', 'udplite', 'sctp' or 33 (dccp)");
    return false;
}

#define PROTOCOL(id, n, rows_, ...) [id] = ELEM(n, NwMatch, rows_, __VA_ARGS__)
const XmElem nwmatch_elems[] = {
    PROTOCOL(NW_MAC, "mac", mac_rows), PROTOCOL(NW_VLAN, "vlan", vlan_rows), PROTOCOL(NW_STP, "stp", stp_rows),
    PROTOCOL(NW_ARP, "arp", arp_rows), PROTOCOL(NW_RARP, "rarp", arp_rows),
    PROTOCOL(NW_IP, "ip", ip_rows, .check = check_ports), PROTOCOL(NW_IPV6, "ipv6", ipv6_rows, .check = check_ports),
    PROTOCOL(NW_TCP, "tcp", tcp_rows), PROTOCOL(NW_UDP, "udp", port_rows), PROTOCOL(NW_UDPLITE, "udplite", plain_rows),
    PROTOCOL(NW_SCTP, "sctp", port_rows), PROTOCOL(NW_ICMP, "icmp", icmp_rows), PROTOCOL(NW_IGMP, "igmp", plain_rows),
    PROTOCOL(NW_ESP, "esp", plain_rows), PROTOCOL(NW_AH, "ah", plain_rows), PROTOCOL(NW_ALL, "all", plain_rows),
    PROTOCOL(NW_TCP6, "tcp-ipv6", tcp6_rows), PROTOCOL(NW_UDP6, "udp-ipv6", port6_rows),
    PROTOCOL(NW_UDPLITE6, "udplite-ipv6", plain6_rows), PROTOCOL(NW_SCTP6, "sctp-ipv6", port6_rows),
    PROTOCOL(NW_ICMPV6, "icmpv6", icmp6_rows), PROTOCOL(NW_ESP6, "esp-ipv6", plain6_rows),
    PROTOCOL(NW_AH6, "ah-ipv6", plain6_rows), PROTOCOL(NW_ALL6, "all-ipv6", plain6_rows),
};
G_STATIC_ASSERT(G_N_ELEMENTS(nwmatch_elems) == NW_PROTOCOL__N);

const char *nw_protocol_name(NwProtocol protocol)
{
    return protocol < NW_PROTOCOL__N ? nwmatch_elems[protocol].name : "any";
}

char *nw_field_value(NwProtocol protocol, NwField field, const char *text, GError **err)
{
    const XmElem *elem = &nwmatch_elems[protocol];
    g_autofree char *why = NULL;
    char *value = NULL;

    for (guint i = 0; i < elem->n_rows; i++) {
        const XmRow *row = &elem->rows[i];
        if (row->off != offsetof(NwMatch, v[field]))
            continue;
        if (*text != '$' && row->type->parse(row, text, &value, &why))
            return value;
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "value '%.64s' of %s in <%s>: %s", text, row->name, elem->name,
                    why ? why : "a value cannot be a variable itself");
        return NULL;
    }
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "<%s> has no such field", elem->name);
    return NULL;
}
