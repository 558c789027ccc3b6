/* One rule as expressions of nftables: a table says for each field where it lies in a frame. ARP, RARP and STP are read by
 * offsets of the network header, since nftables' own names would demand Ethernet's type 0x806. */
#include <string.h>
#include <arpa/inet.h>
#include "drivers/nwfilter/private.h"
#include "util/ids.h"
#include "util/nft.h"

typedef enum { AS_MAC, AS_IP, AS_NUMBER, AS_RAW_MAC, AS_RAW_IP } Form;
typedef struct {
    NwField field, mask, end;      /* NWF__N: none */
    Form form;
    const char *protocol, *name;   /* a payload by name; protocol "ip": ip6 where the rule is about IPv6 */
    guint offset, len;             /* else bits of the network header */
} FieldRow;

#define NAMED_FIELD(f, mask, end, form, protocol, name) { f, mask, end, form, protocol, name, 0, 0 }
#define RAW_FIELD(f, mask, end, form, byte, bits) { f, mask, end, form, NULL, NULL, (byte) * 8, bits }
static const FieldRow field_rows[] = {
    NAMED_FIELD(NWF_SRCMAC, NWF_SRCMACMASK, NWF__N, AS_MAC, "ether", "saddr"),
    NAMED_FIELD(NWF_DSTMAC, NWF_DSTMACMASK, NWF__N, AS_MAC, "ether", "daddr"),
    NAMED_FIELD(NWF_PROTOCOLID, NWF__N, NWF__N, AS_NUMBER, "ether", "type"),
    NAMED_FIELD(NWF_VLANID, NWF__N, NWF__N, AS_NUMBER, "vlan", "id"),
    NAMED_FIELD(NWF_ENCAP, NWF__N, NWF__N, AS_NUMBER, "vlan", "type"),
    /* after 3 bytes of LLC: IEEE 802.1D, 9.3.1 */
    RAW_FIELD(NWF_STP_TYPE, NWF__N, NWF__N, AS_NUMBER, 6, 8),
    RAW_FIELD(NWF_STP_FLAGS, NWF__N, NWF__N, AS_NUMBER, 7, 8),
    RAW_FIELD(NWF_ROOT_PRI, NWF__N, NWF_ROOT_PRI_HI, AS_NUMBER, 8, 16),
    RAW_FIELD(NWF_ROOT_ADDR, NWF_ROOT_ADDR_MASK, NWF__N, AS_RAW_MAC, 10, 48),
    RAW_FIELD(NWF_ROOT_COST, NWF__N, NWF_ROOT_COST_HI, AS_NUMBER, 16, 32),
    RAW_FIELD(NWF_SENDER_PRI, NWF__N, NWF_SENDER_PRI_HI, AS_NUMBER, 20, 16),
    RAW_FIELD(NWF_SENDER_ADDR, NWF_SENDER_ADDR_MASK, NWF__N, AS_RAW_MAC, 22, 48),
    RAW_FIELD(NWF_PORT, NWF__N, NWF_PORT_HI, AS_NUMBER, 28, 16),
    RAW_FIELD(NWF_AGE, NWF__N, NWF_AGE_HI, AS_NUMBER, 30, 16),
    RAW_FIELD(NWF_MAX_AGE, NWF__N, NWF_MAX_AGE_HI, AS_NUMBER, 32, 16),
    RAW_FIELD(NWF_HELLO, NWF__N, NWF_HELLO_HI, AS_NUMBER, 34, 16),
    RAW_FIELD(NWF_DELAY, NWF__N, NWF_DELAY_HI, AS_NUMBER, 36, 16),
    /* RFC 826 */
    RAW_FIELD(NWF_HWTYPE, NWF__N, NWF__N, AS_NUMBER, 0, 16),
    RAW_FIELD(NWF_PROTOCOLTYPE, NWF__N, NWF__N, AS_NUMBER, 2, 16),
    RAW_FIELD(NWF_OPCODE, NWF__N, NWF__N, AS_NUMBER, 6, 16),
    RAW_FIELD(NWF_ARPSRCMAC, NWF__N, NWF__N, AS_RAW_MAC, 8, 48),
    RAW_FIELD(NWF_ARPSRCIP, NWF_ARPSRCIPMASK, NWF__N, AS_RAW_IP, 14, 32),
    RAW_FIELD(NWF_ARPDSTMAC, NWF__N, NWF__N, AS_RAW_MAC, 18, 48),
    RAW_FIELD(NWF_ARPDSTIP, NWF_ARPDSTIPMASK, NWF__N, AS_RAW_IP, 24, 32),
    NAMED_FIELD(NWF_SRCIP, NWF_SRCIPMASK, NWF__N, AS_IP, "ip", "saddr"),
    NAMED_FIELD(NWF_DSTIP, NWF_DSTIPMASK, NWF__N, AS_IP, "ip", "daddr"),
    NAMED_FIELD(NWF_SRCIPFROM, NWF__N, NWF_SRCIPTO, AS_IP, "ip", "saddr"),
    NAMED_FIELD(NWF_DSTIPFROM, NWF__N, NWF_DSTIPTO, AS_IP, "ip", "daddr"),
    NAMED_FIELD(NWF_PROTOCOL, NWF__N, NWF__N, AS_NUMBER, NULL, "l4proto"),
    NAMED_FIELD(NWF_SRCPORT, NWF__N, NWF_SRCPORTEND, AS_NUMBER, "th", "sport"),
    NAMED_FIELD(NWF_DSTPORT, NWF__N, NWF_DSTPORTEND, AS_NUMBER, "th", "dport"),
    NAMED_FIELD(NWF_DSCP, NWF__N, NWF__N, AS_NUMBER, "ip", "dscp"),
    NAMED_FIELD(NWF_TYPE, NWF__N, NWF_TYPEEND, AS_NUMBER, "icmp", "type"),
    NAMED_FIELD(NWF_CODE, NWF__N, NWF_CODEEND, AS_NUMBER, "icmp", "code"),
};

/* What a protocol of rules means before its fields: Ethernet's type (0: any), and IP's protocol (-1: any). */
typedef struct { guint ether; int ip; bool v6; } ProtocolRow;
static const ProtocolRow protocol_rows[] = {
    [NW_MAC] = { 0, -1, false }, [NW_VLAN] = { 0x8100, -1, false }, [NW_STP] = { 0, -1, false }, [NW_ARP] = { 0x806, -1, false },
    [NW_RARP] = { 0x8035, -1, false }, [NW_IP] = { 0x800, -1, false }, [NW_IPV6] = { 0x86dd, -1, true },
    [NW_TCP] = { 0x800, 6, false }, [NW_UDP] = { 0x800, 17, false }, [NW_UDPLITE] = { 0x800, 136, false },
    [NW_SCTP] = { 0x800, 132, false }, [NW_ICMP] = { 0x800, 1, false }, [NW_IGMP] = { 0x800, 2, false },
    [NW_ESP] = { 0x800, 50, false }, [NW_AH] = { 0x800, 51, false }, [NW_ALL] = { 0x800, -1, false },
    [NW_TCP6] = { 0x86dd, 6, true }, [NW_UDP6] = { 0x86dd, 17, true }, [NW_UDPLITE6] = { 0x86dd, 136, true },
    [NW_SCTP6] = { 0x86dd, 132, true }, [NW_ICMPV6] = { 0x86dd, 58, true }, [NW_ESP6] = { 0x86dd, 50, true },
    [NW_AH6] = { 0x86dd, 51, true }, [NW_ALL6] = { 0x86dd, -1, true },
};
G_STATIC_ASSERT(G_N_ELEMENTS(protocol_rows) == NW_PROTOCOL__N);

/* --- pieces */

static json_object *pair(json_object *a, json_object *b)
{
    json_object *array = json_object_new_array();
    json_object_array_add(array, a);
    json_object_array_add(array, b);
    return array;
}

static json_object *match(json_object *left, json_object *right, bool negate)
{
    return nft_object("o:match", nft_object("s:op", negate ? "!=" : "==", "o:left", left, "o:right", right, NULL), NULL);
}

static json_object *payload(const char *protocol, const char *field)
{
    return nft_object("o:payload", nft_object("s:protocol", protocol, "s:field", field, NULL), NULL);
}

static json_object *meta(const char *key)
{
    return nft_object("o:meta", nft_object("s:key", key, NULL), NULL);
}

json_object *nw_match_ether_type(guint type)
{
    return match(payload("ether", "type"), json_object_new_int((int)type), false);
}

json_object *nw_match_ether_daddr(const char *mac)
{
    return match(payload("ether", "daddr"), json_object_new_string(mac), false);
}

json_object *nw_verdict(const char *verdict, const char *target)
{
    return nft_object(g_str_equal(verdict, "jump") ? "o:jump" : g_str_equal(verdict, "accept") ? "o:accept" :
                      g_str_equal(verdict, "drop") ? "o:drop" : "o:return",
                      target ? nft_object("s:target", target, NULL) : NULL, NULL);
}

/* --- values */

static guint64 mac_number(const char *text)
{
    guint8 mac[6] = { 0 };
    guint64 n = 0;

    mac_parse(text, mac);
    for (guint i = 0; i < 6; i++)
        n = n << 8 | mac[i];
    return n;
}

static guint32 ip_number(const char *text)
{
    struct in_addr address = { 0 };
    inet_pton(AF_INET, text, &address);
    return ntohl(address.s_addr);
}

static guint64 plain_number(NwField field, const char *text)
{
    guint64 n = 0;
    int named = nw_named_number(field, text);

    if (named >= 0)
        return (guint64)named;
    nw_number(text, &n);
    return n;
}

static char *mac_text(guint64 n)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (guint)(n >> 40 & 255), (guint)(n >> 32 & 255), (guint)(n >> 24 & 255),
                           (guint)(n >> 16 & 255), (guint)(n >> 8 & 255), (guint)(n & 255));
}

static json_object *value_json(const FieldRow *row, NwField field, const char *text)
{
    switch (row->form) {
    case AS_MAC:
    case AS_IP:
        return json_object_new_string(text);
    case AS_NUMBER:
        return json_object_new_int64((gint64)plain_number(field, text));
    case AS_RAW_MAC:
        return json_object_new_int64((gint64)mac_number(text));
    case AS_RAW_IP:
        return json_object_new_int64(ip_number(text));
    }
    return NULL;
}

static json_object *place(const FieldRow *row, bool v6)
{
    if (!row->name)
        return nft_object("o:payload", nft_object("s:base", "nh", "i:offset", (gint64)row->offset, "i:len", (gint64)row->len, NULL), NULL);
    if (!row->protocol)
        return meta(row->name);
    if (v6 && g_str_equal(row->protocol, "ip"))
        return payload("ip6", row->name);
    return payload(v6 && g_str_equal(row->protocol, "icmp") ? "icmpv6" : row->protocol, row->name);
}

/* The field compared under its mask. */
static json_object *masked(const FieldRow *row, json_object *left, const char *value, const char *mask, bool negate)
{
    guint bits = (guint)plain_number(NWF__N, mask);

    if (row->form == AS_IP)
        return match(left, bits ? nft_object("o:prefix", nft_object("s:addr", value, "i:len", (gint64)bits, NULL), NULL)
                                : nft_object("o:prefix", nft_object("s:addr", strchr(value, ':') ? "::" : "0.0.0.0", "i:len", (gint64)0, NULL), NULL),
                     negate);
    if (row->form == AS_MAC) {
        g_autofree char *wanted = mac_text(mac_number(value) & mac_number(mask));
        left = nft_object("o:&", pair(left, json_object_new_string(mask)), NULL);
        return match(left, json_object_new_string(wanted), negate);
    }
    guint64 m = row->form == AS_RAW_MAC ? mac_number(mask) : bits ? 0xffffffffu << (32 - bits) & 0xffffffffu : 0;
    guint64 v = row->form == AS_RAW_MAC ? mac_number(value) : ip_number(value);
    left = nft_object("o:&", pair(left, json_object_new_int64((gint64)m)), NULL);
    return match(left, json_object_new_int64((gint64)(v & m)), negate);
}

static json_object *field_match(const FieldRow *row, const NwValues *values, bool v6, bool negate)
{
    const char *value = values->v[row->field];
    const char *mask = row->mask < NWF__N ? values->v[row->mask] : NULL, *end = row->end < NWF__N ? values->v[row->end] : NULL;
    json_object *left = place(row, v6);

    if (mask)
        return masked(row, left, value, mask, negate);
    json_object *right = value_json(row, row->field, value);
    if (end)
        right = nft_object("o:range", pair(right, value_json(row, row->end, end)), NULL);
    return match(left, right, negate);
}

/* --- flags of TCP, states of connections */

static int tcp_flags(const char *text)
{
    static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG" };
    int flags = g_str_equal(text, "ALL") ? 0x3f : 0;
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (guint i = 0; words[i]; i++)
        for (guint k = 0; k < G_N_ELEMENTS(names); k++)
            if (g_str_equal(words[i], names[k]))
                flags |= 1 << k;
    return flags;
}

static json_object *match_tcp_flags(int mask, int flags, bool negate)
{
    json_object *left = nft_object("o:&", pair(payload("tcp", "flags"), json_object_new_int(mask)), NULL);
    return match(left, json_object_new_int(flags), negate);
}

static json_object *match_states(const char *states)
{
    json_object *set = json_object_new_array();
    g_autofree char *lower = g_ascii_strdown(states, -1);
    g_auto(GStrv) words = g_strsplit(lower, ",", -1);

    for (guint i = 0; words[i]; i++)
        json_object_array_add(set, json_object_new_string(words[i]));
    return nft_object("o:match", nft_object("s:op", "in", "o:left", nft_object("o:ct", nft_object("s:key", "state", NULL), NULL),
                                            "o:right", set, NULL), NULL);
}

/* --- the whole */

/* What rules can say and nftables cannot. */
static bool refuse_unknown(NwProtocol protocol, const NwValues *values, GError **err)
{
    static const struct { NwField field; const char *why; } rows[] = {
        { NWF_IPSET, "ipset: nftables does not read the kernel's ipsets" },
        { NWF_OPTION, "option: options of TCP are not compared" },
        { NWF_CONNLIMIT, "connlimit-above: connections over bridges are not counted" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!values->v[rows[i].field])
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<%s %s; leave it out", nw_protocol_name(protocol), rows[i].why);
        return false;
    }
    if (g_strcmp0(values->v[NWF_GRATUITOUS], "true"))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<%s gratuitous='true'>: nftables cannot compare two addresses of one frame",
                nw_protocol_name(protocol));
    return false;
}

static void add_fields(json_object *list, const NwRule *rule, NwProtocol protocol, const NwValues *values)
{
    bool negate = rule->match[protocol]->match == NW_MATCH_NO;

    for (guint i = 0; i < G_N_ELEMENTS(field_rows); i++)
        if (values->v[field_rows[i].field])
            json_object_array_add(list, field_match(&field_rows[i], values, protocol_rows[protocol].v6, negate));
    if (values->v[NWF_FLAGS] && (protocol == NW_TCP || protocol == NW_TCP6)) {
        g_auto(GStrv) halves = g_strsplit(values->v[NWF_FLAGS], "/", 2);
        json_object_array_add(list, match_tcp_flags(tcp_flags(halves[0]), tcp_flags(halves[1]), negate));
    }
}

json_object *nw_rule_matches(NwProtocol protocol, const NwRule *rule, const NwValues *values, const char *states, bool reply, GError **err)
{
    json_object *list = json_object_new_array();

    if (protocol == NW_PROTOCOL__N)
        return list;
    if (!refuse_unknown(protocol, values, err)) {
        json_object_put(list);
        return NULL;
    }
    const ProtocolRow *row = &protocol_rows[protocol];
    if (row->ether)
        json_object_array_add(list, nw_match_ether_type(row->ether));
    if (protocol == NW_STP)
        json_object_array_add(list, nw_match_ether_daddr("01:80:c2:00:00:00"));
    if (row->ip >= 0)
        json_object_array_add(list, match(meta("l4proto"), json_object_new_int(row->ip), false));
    add_fields(list, rule, protocol, values);
    if (states)
        json_object_array_add(list, match_states(states));
    if (reply && row->ip == 6)
        json_object_array_add(list, match_tcp_flags(0x12, 0x02, true));      /* an answer is no bare SYN */
    return list;
}

void nw_mirror(NwValues *values)
{
    static const NwField pairs[][2] = {
        { NWF_SRCMAC, NWF_DSTMAC }, { NWF_SRCMACMASK, NWF_DSTMACMASK }, { NWF_ARPSRCMAC, NWF_ARPDSTMAC }, { NWF_ARPSRCIP, NWF_ARPDSTIP },
        { NWF_ARPSRCIPMASK, NWF_ARPDSTIPMASK }, { NWF_SRCIP, NWF_DSTIP }, { NWF_SRCIPMASK, NWF_DSTIPMASK },
        { NWF_SRCIPFROM, NWF_DSTIPFROM }, { NWF_SRCIPTO, NWF_DSTIPTO }, { NWF_SRCPORT, NWF_DSTPORT }, { NWF_SRCPORTEND, NWF_DSTPORTEND },
    };
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        const char *source = values->v[pairs[i][0]];
        values->v[pairs[i][0]] = values->v[pairs[i][1]];
        values->v[pairs[i][1]] = source;
    }
}
