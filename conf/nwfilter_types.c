#include "conf/nwfilter_types.h"
#include <arpa/inet.h>
#include <string.h>
#include "util/ids.h"

/* --- variables */

bool nw_variable(const char *text, NwVariable *ret)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    NwVariable var = { .number = 0 };

    if (*text != '$')
        return false;
    gsize len = strspn(text + 1, letters);
    if (!len || len >= sizeof var.name)
        return false;
    memcpy(var.name, text + 1, len);
    const char *rest = text + 1 + len;
    if (*rest) {
        const char *inside = rest + 1;
        var.indexed = *inside != '@';
        inside += !var.indexed;
        gsize digits = strspn(inside, "0123456789");
        if (*rest != '[' || !digits || digits > 4 || strcmp(inside + digits, "]"))
            return false;
        var.number = (guint)g_ascii_strtoull(inside, NULL, 10);
    }
    *ret = var;
    return true;
}

/* --- names of numbers */

typedef struct { int number; const char *name; } Named;
static const Named ether_types[] = { { 0x800, "ipv4" }, { 0x806, "arp" }, { 0x8035, "rarp" }, { 0x86dd, "ipv6" }, { 0x8100, "vlan" },
                                     { -1, NULL } };
static const Named ip_protocols[] = { { 1, "icmp" }, { 2, "igmp" }, { 6, "tcp" }, { 17, "udp" }, { 50, "esp" }, { 51, "ah" },
                                      { 58, "icmpv6" }, { 132, "sctp" }, { 136, "udplite" }, { -1, NULL } };
static const Named arp_opcodes[] = {
    { 1, "Request" }, { 2, "Reply" }, { 3, "Request_Reverse" }, { 4, "Reply_Reverse" }, { 5, "DRARP_Request" }, { 6, "DRARP_Reply" },
    { 7, "DRARP_Error" }, { 8, "InARP_Request" }, { 9, "ARP_NAK" }, { -1, NULL } };

static int number_of(const Named *names, const char *text)
{
    for (; names->name; names++)
        if (!g_ascii_strcasecmp(names->name, text))
            return names->number;
    return -1;
}

static const char *name_of(const Named *names, guint64 number)
{
    for (; names->name; names++)
        if ((guint64)names->number == number)
            return names->name;
    return NULL;
}

int nw_named_number(NwField field, const char *text)
{
    switch (field) {
    case NWF_PROTOCOLID:
    case NWF_ENCAP:
        return number_of(ether_types, text);
    case NWF_PROTOCOL:
        return number_of(ip_protocols, text);
    case NWF_OPCODE:
        return number_of(arp_opcodes, text);
    default:
        return -1;
    }
}

bool nw_number(const char *text, guint64 *ret)
{
    bool hex = g_ascii_strncasecmp(text, "0x", 2) == 0;
    const char *digits = text + (hex ? 2 : 0);
    gsize len = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");

    if (!len || digits[len] || len > 10)
        return false;
    *ret = g_ascii_strtoull(digits, NULL, hex ? 16 : 10);
    return true;
}

/* --- all are texts. What they let in needs no escaping in XML. */

static void text_random(const XmRow *r, gpointer v, GRand *rnd)
{
    *(char **)v = g_strdup_printf("$VAR%u", g_rand_int_range(rnd, 0, 9));
}

/* The canonical spelling of a value (given), or NULL. */
typedef char *(*Canonical)(const XmRow *r, const char *text);

static bool parse_value(const XmRow *r, const char *text, gpointer v, char **why, Canonical canonical, const char *what)
{
    NwVariable var;

    *(char **)v = nw_variable(text, &var) ? g_strdup(text) : canonical(r, text);
    if (!*(char **)v)
        *why = g_strdup_printf("'%.64s' is neither %s nor a variable like $IP", text, what);
    return *(char **)v != NULL;
}

#define NW_TYPE(id, what)                                                                          \
    static bool id##_parse(const XmRow *r, const char *text, gpointer v, char **why)              \
    {                                                                                              \
        return parse_value(r, text, v, why, id##_canonical, what);                                 \
    }                                                                                              \
    const XmType id = XM_TEXT_TYPE(what, id##_parse, text_random);

/* --- addresses and masks */

static char *nw_mac_canonical(const XmRow *r, const char *text)
{
    guint8 mac[6];
    return mac_parse(text, mac) ? mac_format(mac) : NULL;
}
NW_TYPE(nw_mac, "a MAC address")

static char *ip_canonical(int family, const char *text)
{
    guint8 address[16];
    char out[INET6_ADDRSTRLEN];
    return inet_pton(family, text, address) == 1 ? g_strdup(inet_ntop(family, address, out, sizeof out)) : NULL;
}

static char *nw_ipv4_canonical(const XmRow *r, const char *text)
{
    return ip_canonical(AF_INET, text);
}
NW_TYPE(nw_ipv4, "an IPv4 address")

static char *nw_ipv6_canonical(const XmRow *r, const char *text)
{
    return ip_canonical(AF_INET6, text);
}
NW_TYPE(nw_ipv6, "an IPv6 address")

/* The length of the prefix, also of a mask that is written as an address. */
static char *mask_canonical(int family, guint bits, const char *text)
{
    guint8 mask[16];
    guint64 number;
    guint len = 0;

    if (nw_number(text, &number))
        return number <= bits ? g_strdup_printf("%u", (guint)number) : NULL;
    if (inet_pton(family, text, mask) != 1)
        return NULL;
    while (len < bits && mask[len / 8] >> (7 - len % 8) & 1)
        len++;
    for (guint i = len; i < bits; i++)
        if (mask[i / 8] >> (7 - i % 8) & 1)
            return NULL;
    return g_strdup_printf("%u", len);
}

static char *nw_ipv4_mask_canonical(const XmRow *r, const char *text)
{
    return mask_canonical(AF_INET, 32, text);
}
NW_TYPE(nw_ipv4_mask, "an IPv4 mask (24 or 255.255.255.0)")

static char *nw_ipv6_mask_canonical(const XmRow *r, const char *text)
{
    return mask_canonical(AF_INET6, 128, text);
}
NW_TYPE(nw_ipv6_mask, "an IPv6 mask (64 or ffff:ffff:ffff:ffff::)")

/* --- numbers */

static char *nw_num_canonical(const XmRow *r, const char *text)
{
    guint64 number;
    return nw_number(text, &number) && number <= r->max ? g_strdup(text) : NULL;
}
NW_TYPE(nw_num, "a number in range (16 or 0x10)")

static char *named_canonical(const Named *names, guint64 min, guint64 max, const char *text)
{
    guint64 number;
    int known = number_of(names, text);

    if (known >= 0)
        return g_strdup(name_of(names, (guint64)known));
    if (!nw_number(text, &number) || number < min || number > max)
        return NULL;
    const char *name = name_of(names, number);
    return g_strdup(name ? name : text);
}

static char *nw_ether_type_canonical(const XmRow *r, const char *text)
{
    return named_canonical(ether_types, 0x600, 0xffff, text);
}
NW_TYPE(nw_ether_type, "a protocol of frames (arp, rarp, ipv4, ipv6, vlan, or 0x600 to 0xffff)")

static char *nw_ip_protocol_canonical(const XmRow *r, const char *text)
{
    return named_canonical(ip_protocols, 0, 255, text);
}
NW_TYPE(nw_ip_protocol, "an IP protocol (tcp, udp, icmp ..., or 0 to 255)")

static char *nw_arp_opcode_canonical(const XmRow *r, const char *text)
{
    return named_canonical(arp_opcodes, 0, 0xffff, text);
}
NW_TYPE(nw_arp_opcode, "an ARP operation (Request, Reply ..., or 0 to 65535)")

/* --- words */

static char *nw_boolean_canonical(const XmRow *r, const char *text)
{
    static const char *const yes[] = { "true", "yes", "1", NULL }, *const no[] = { "false", "no", "0", NULL };
    g_autofree char *lower = g_ascii_strdown(text, -1);
    return g_strv_contains(yes, lower) ? g_strdup("true") : g_strv_contains(no, lower) ? g_strdup("false") : NULL;
}
NW_TYPE(nw_boolean, "true or false")

/* Whether @text is a list of words out of @words. */
static bool list_of(const char *text, const char *const *words, guint most)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (guint i = 0; items[i]; i++)
        if (!g_strv_contains(words, items[i]) || i >= most)
            return false;
    return items[0] != NULL;
}

static char *nw_state_canonical(const XmRow *r, const char *text)
{
    static const char *const states[] = { "NEW", "ESTABLISHED", "RELATED", "INVALID", NULL };
    return !strcmp(text, "NONE") || list_of(text, states, 8) ? g_strdup(text) : NULL;
}
NW_TYPE(nw_state, "a list of NEW, ESTABLISHED, RELATED, INVALID, or NONE")

static const char *const tcp_flag_names[] = { "SYN", "ACK", "URG", "PSH", "FIN", "RST", NULL };

/* One half; all six are written as ALL. */
static const char *flags_half(const char *text)
{
    guint n = 0;

    if (!strcmp(text, "ALL") || !strcmp(text, "NONE"))
        return text;
    if (!list_of(text, tcp_flag_names, 6))
        return NULL;
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (guint i = 0; tcp_flag_names[i]; i++)
        n += g_strv_contains((const char *const *)items, tcp_flag_names[i]);
    return n == 6 ? "ALL" : text;
}

static char *nw_tcp_flags_canonical(const XmRow *r, const char *text)
{
    g_auto(GStrv) halves = g_strsplit(text, "/", -1);

    if (g_strv_length(halves) != 2)
        return NULL;
    const char *mask = flags_half(halves[0]), *flags = flags_half(halves[1]);
    return mask && flags ? g_strdup_printf("%s/%s", mask, flags) : NULL;
}
NW_TYPE(nw_tcp_flags, "TCP flags as MASK/FLAGS (SYN,ACK/SYN; ALL; NONE)")

static char *nw_ipset_canonical(const XmRow *r, const char *text)
{
    gsize len = strlen(text);
    return len && len <= 31 && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-+ ") == len
               ? g_strdup(text) : NULL;
}
NW_TYPE(nw_ipset, "the name of an ipset")

static char *nw_ipset_flags_canonical(const XmRow *r, const char *text)
{
    static const char *const flags[] = { "src", "dst", NULL };
    g_autofree char *lower = g_ascii_strdown(text, -1);
    return list_of(lower, flags, 6) ? g_steal_pointer(&lower) : NULL;
}
NW_TYPE(nw_ipset_flags, "a list of src and dst")
