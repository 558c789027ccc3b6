#include "util/qdisc.h"
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <string.h>
#include "util/link.h"
#include "util/netlink.h"

enum { ROOT = 0x10000, LIMIT = 0x10001, REST = 0x10002 };           /* 1:, 1:1, 1:2 */
enum { TICK_NS = 64, PACKET = 1600, LARGEST = 65535 };              /* psched's tick; a frame; the largest skb that is policed */

static NetlinkMsg *tc_msg(int type, int flags, const char *dev, guint32 parent, guint32 handle, const char *kind)
{
    NetlinkMsg *msg = netlink_msg(type, NLM_F_ACK | flags);
    struct tcmsg head = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)if_nametoindex(dev), .tcm_parent = parent, .tcm_handle = handle };
    nlmsg_append(msg, &head, sizeof head, NLMSG_ALIGNTO);
    if (kind)
        nla_put_string(msg, TCA_KIND, kind);
    return msg;
}

static guint32 ticks(guint64 bytes, guint64 rate)
{
    return (guint32)MIN(bytes * (1000000000.0 / TICK_NS) / (double)MAX(rate, 1), (double)G_MAXUINT32);
}

static guint32 narrow(guint64 rate)
{
    return (guint32)MIN(rate, G_MAXUINT32);
}

/* --- htb */

static bool htb_root(const char *dev, guint32 default_class, GError **err)
{
    g_autoptr(NetlinkMsg) msg = tc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, dev, TC_H_ROOT, ROOT, "htb");
    struct tc_htb_glob init = { .version = 3, .rate2quantum = 10, .defcls = default_class };
    struct nlattr *options = nla_nest_start(msg, TCA_OPTIONS);
    nla_put(msg, TCA_HTB_INIT, sizeof init, &init);
    nla_nest_end(msg, options);
    return netlink_do(msg, err, "cannot limit the bandwidth of '%s'", dev);
}

/* A link layer that is named spares the tables of old tc. */
static bool htb_class(const char *dev, guint32 parent, guint32 id, const QdiscRate *rate, guint32 prio, GError **err)
{
    g_autoptr(NetlinkMsg) msg = tc_msg(RTM_NEWTCLASS, NLM_F_CREATE, dev, parent, id, "htb");
    guint64 ceil = MAX(rate->peak, rate->average), burst = rate->burst ? rate->burst : rate->average / 1000 + PACKET;
    struct tc_htb_opt parms = {
        .rate = { .rate = narrow(rate->average), .linklayer = TC_LINKLAYER_ETHERNET },
        .ceil = { .rate = narrow(ceil), .linklayer = TC_LINKLAYER_ETHERNET },
        .buffer = ticks(burst, rate->average), .cbuffer = ticks(ceil / 1000 + PACKET, ceil),
        .quantum = (guint32)CLAMP(rate->average / 10, 1500, 200000), .prio = prio,
    };
    struct nlattr *options = nla_nest_start(msg, TCA_OPTIONS);
    nla_put_u64(msg, TCA_HTB_RATE64, rate->average);
    nla_put_u64(msg, TCA_HTB_CEIL64, ceil);
    nla_put(msg, TCA_HTB_PARMS, sizeof parms, &parms);
    nla_nest_end(msg, options);
    return netlink_do(msg, err, "cannot limit the bandwidth of '%s'", dev);
}

/* Fair among the flows of one class, where the kernel has sfq; without it the class is a plain queue. */
static void add_sfq(const char *dev, guint32 parent, guint32 handle)
{
    g_autoptr(NetlinkMsg) msg = tc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, dev, parent, handle << 16, "sfq");
    struct tc_sfq_qopt options = { .perturb_period = 10 };
    nla_put(msg, TCA_OPTIONS, sizeof options, &options);
    netlink_call(msg, NULL, NULL, NULL);
}

static bool drop_qdisc(const char *dev, guint32 parent, guint32 handle, GError **err)
{
    if (!link_exists(dev))
        return true;
    g_autoptr(NetlinkMsg) msg = tc_msg(RTM_DELQDISC, 0, dev, parent, handle, NULL);
    int failed = netlink_call(msg, NULL, NULL, NULL);
    return !failed || failed == ENOENT || failed == EINVAL || failed == ENODEV ||
           qv_error_errno(err, failed, "cannot remove the bandwidth limit of '%s'", dev);
}

bool qdisc_limit_sent(const char *dev, const QdiscRate *rate, GError **err)
{
    if (!drop_qdisc(dev, TC_H_ROOT, 0, err))
        return false;
    if (!rate->average)
        return true;
    if (!htb_root(dev, 1, err) || !htb_class(dev, ROOT, LIMIT, rate, 0, err))
        return false;
    add_sfq(dev, LIMIT, 2);
    return true;
}

/* --- what comes in */

enum { INGRESS = 0xffff0000, PRIO = 1 };

static NetlinkMsg *match_all(const char *dev, struct nlattr **ret_options)
{
    guint32 info = TC_H_MAKE(PRIO << 16, htons(ETH_P_ALL));
    struct { struct tc_u32_sel sel; struct tc_u32_key key; } match = { .sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 } };
    NetlinkMsg *msg = tc_msg(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, dev, INGRESS, 0, "u32");
    ((struct tcmsg *)nlmsg_data(nlmsg_hdr(msg)))->tcm_info = info;
    *ret_options = nla_nest_start(msg, TCA_OPTIONS);
    nla_put_u32(msg, TCA_U32_CLASSID, 1);
    nla_put(msg, TCA_U32_SEL, sizeof match, &match);
    return msg;
}

/* The kernel wants the old table of transmission times, by packet size in steps of 256 bytes. */
static void rate_table(guint32 table[256], guint64 rate)
{
    for (guint i = 0; i < 256; i++)
        table[i] = ticks((i + 1) << 8, rate);
}

/* 0, or an errno value. */
static int police(const char *dev, const QdiscRate *rate)
{
    struct nlattr *options, *nest;
    guint32 table[256];
    guint64 burst = MAX(rate->burst ? rate->burst : rate->average / 1000 * 1024, LARGEST);     /* less lets no large frame pass */
    struct tc_police parms = {
        .action = TC_POLICE_SHOT, .burst = ticks(burst, rate->average), .mtu = LARGEST,
        .rate = { .rate = narrow(rate->average), .cell_log = 8, .linklayer = TC_LINKLAYER_ETHERNET, .mpu = 0 },
    };
    g_autoptr(NetlinkMsg) msg = match_all(dev, &options);
    rate_table(table, rate->average);
    nest = nla_nest_start(msg, TCA_U32_POLICE);
    nla_put(msg, TCA_POLICE_TBF, sizeof parms, &parms);
    nla_put(msg, TCA_POLICE_RATE, sizeof table, table);
    if (rate->average > G_MAXUINT32)
        nla_put_u64(msg, TCA_POLICE_RATE64, rate->average);
    nla_nest_end(msg, nest);
    nla_nest_end(msg, options);
    return netlink_call(msg, NULL, NULL, NULL);
}

static bool redirect(const char *dev, const char *ifb, GError **err)
{
    struct nlattr *options;
    struct tc_mirred parms = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = if_nametoindex(ifb) };
    g_autoptr(NetlinkMsg) msg = match_all(dev, &options);
    struct nlattr *actions = nla_nest_start(msg, TCA_U32_ACT), *first = nla_nest_start(msg, 1);
    nla_put_string(msg, TCA_ACT_KIND, "mirred");
    struct nlattr *inner = nla_nest_start(msg, TCA_ACT_OPTIONS);
    nla_put(msg, TCA_MIRRED_PARMS, sizeof parms, &parms);
    nla_nest_end(msg, inner);
    nla_nest_end(msg, first);
    nla_nest_end(msg, actions);
    nla_nest_end(msg, options);
    return netlink_do(msg, err, "cannot redirect what '%s' receives to '%s'", dev, ifb);
}

/* Whether the kernel has such devices; then one called @ifb is there. */
static bool make_ifb(const char *ifb)
{
    return ifb && (link_exists(ifb) || link_create(ifb, "ifb", NULL));
}

static bool shape_by_ifb(const char *dev, const char *ifb, const QdiscRate *rate, GError **err)
{
    LinkChange up = { .state = LINK_STATE_UP };
    return link_change(ifb, &up, err) && qdisc_limit_sent(ifb, rate, err) && redirect(dev, ifb, err);
}

static bool drop_ifb(const char *ifb, GError **err)
{
    Link link;
    return !ifb || !link_find(ifb, &link, NULL) || strcmp(link.kind, "ifb") != 0 || link_delete(ifb, err);
}

bool qdisc_limit_received(const char *dev, const char *ifb, const QdiscRate *rate, GError **err)
{
    if (!drop_qdisc(dev, TC_H_INGRESS, INGRESS, err) || !drop_ifb(ifb, err))
        return false;
    if (!rate->average)
        return true;
    g_autoptr(NetlinkMsg) msg = tc_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, dev, TC_H_INGRESS, INGRESS, "ingress");
    if (!netlink_do(msg, err, "cannot limit what '%s' receives", dev))
        return false;
    if (make_ifb(ifb))
        return shape_by_ifb(dev, ifb, rate, err);
    int failed = police(dev, rate);
    return !failed || qv_error_errno(err, failed, "cannot limit what '%s' receives", dev);
}

bool qdisc_clear(const char *dev, const char *ifb, GError **err)
{
    bool ok = drop_qdisc(dev, TC_H_ROOT, 0, err);
    ok = drop_qdisc(dev, TC_H_INGRESS, INGRESS, ok ? err : NULL) && ok;
    return drop_ifb(ifb, ok ? err : NULL) && ok;
}

/* --- shares of a bridge: 1:1 is the whole, below it 1:2 for the rest and 1:ID for each guarantee */

bool qdisc_share_begin(const char *dev, const QdiscRate *rate, GError **err)
{
    if (!drop_qdisc(dev, TC_H_ROOT, 0, err))
        return false;
    if (!rate->average)
        return true;
    return htb_root(dev, 2, err) && htb_class(dev, ROOT, LIMIT, rate, 0, err) && htb_class(dev, LIMIT, REST, rate, 1, err);
}

bool qdisc_share_rest(const char *dev, guint64 rate, guint64 ceil, GError **err)
{
    QdiscRate rest = { .average = MAX(rate, 1), .peak = ceil };
    return htb_class(dev, LIMIT, REST, &rest, 1, err);
}

/* Frames whose destination is @mac. The address begins 14 bytes before the network header, at no multiple of 4 from it:
 * it is matched in two pieces, the first of which begins 2 bytes early. */
static void put_mac_match(NetlinkMsg *msg, const guint8 mac[6])
{
    struct { struct tc_u32_sel sel; struct tc_u32_key keys[2]; } match = { .sel = { .flags = TC_U32_TERMINAL, .nkeys = 2 } };
    guint8 high[4] = { 0, 0, mac[0], mac[1] }, high_mask[4] = { 0, 0, 0xff, 0xff };
    memcpy(&match.keys[0].val, high, 4);
    memcpy(&match.keys[0].mask, high_mask, 4);
    match.keys[0].off = -16;
    memcpy(&match.keys[1].val, mac + 2, 4);
    match.keys[1].mask = G_MAXUINT32;
    match.keys[1].off = -12;
    nla_put(msg, TCA_U32_SEL, sizeof match, &match);
}

static bool share_filter(const char *dev, guint id, const guint8 mac[6], GError **err)
{
    g_autoptr(NetlinkMsg) msg = tc_msg(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, dev, ROOT, 0, "u32");
    ((struct tcmsg *)nlmsg_data(nlmsg_hdr(msg)))->tcm_info = TC_H_MAKE(id << 16, htons(ETH_P_ALL));
    struct nlattr *options = nla_nest_start(msg, TCA_OPTIONS);
    nla_put_u32(msg, TCA_U32_CLASSID, ROOT | id);
    put_mac_match(msg, mac);
    nla_nest_end(msg, options);
    return netlink_do(msg, err, "cannot guarantee bandwidth on '%s'", dev);
}

bool qdisc_share_add(const char *dev, guint id, const guint8 mac[6], guint64 floor, guint64 ceil, GError **err)
{
    QdiscRate rate = { .average = floor, .peak = ceil };
    if (!htb_class(dev, LIMIT, ROOT | id, &rate, 0, err))
        return false;
    add_sfq(dev, ROOT | id, id);
    return share_filter(dev, id, mac, err);
}

bool qdisc_share_remove(const char *dev, guint id, GError **err)
{
    if (!link_exists(dev))
        return true;
    g_autoptr(NetlinkMsg) filter = tc_msg(RTM_DELTFILTER, 0, dev, ROOT, 0, "u32");
    ((struct tcmsg *)nlmsg_data(nlmsg_hdr(filter)))->tcm_info = TC_H_MAKE(id << 16, htons(ETH_P_ALL));
    netlink_call(filter, NULL, NULL, NULL);
    g_autoptr(NetlinkMsg) class = tc_msg(RTM_DELTCLASS, 0, dev, LIMIT, ROOT | id, "htb");
    int failed = netlink_call(class, NULL, NULL, NULL);
    return !failed || failed == ENOENT || failed == EINVAL || qv_error_errno(err, failed, "cannot take back bandwidth on '%s'", dev);
}
