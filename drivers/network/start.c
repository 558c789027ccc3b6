/* A network comes up and goes. Its journal (RUN/network/NAME.journal) lists what it took from the host and stays while it
 * is active; going is undoing. A status file beside it says that the start came to its end. */
#include "config.h"
#include "drivers/network/driver.h"
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include "util/fault.h"
#include "util/file.h"
#include "util/ids.h"
#include "util/inet.h"
#include "util/link.h"
#include "util/netlink.h"
#include "util/qdisc.h"

typedef struct { NetworkDriver *driver; const NetworkDef *def; Undo *undo; } Up;

/* --- undo */

static bool remove_bridge(const char *name, gpointer user, GError **err)
{
    g_autofree char *ifb = g_strdup_printf("ifb-%.11s", name);
    qdisc_clear(name, ifb, NULL);
    return link_delete(name, err);
}

static bool remove_rules(const char *bridge, gpointer user, GError **err)
{
    return rules_remove(bridge, err);
}

static bool end_server(const char *config, gpointer user, GError **err)
{
    return server_stop(config, err);
}

static bool remove_file(const char *path, gpointer user, GError **err)
{
    return file_remove(path, err);
}

const UndoKind network_kinds[] = {
    { "net-bridge", remove_bridge },
    { "net-rules", remove_rules },
    { "net-server", end_server },
    { "net-file", remove_file },
    { NULL, NULL },
};

/* --- the bridge */

static bool set_sysctl(const char *value, const char *path)
{
    FILE *f = fopen(path, "we");
    bool ok = f && fputs(value, f) >= 0;
    if (f && fclose(f) != 0)
        ok = false;
    return ok;
}

/* As in the kernel's own words: centiseconds; a delay under 2 s only stands while the protocol is off. */
static bool tune_bridge(const NetworkDef *def, GError **err)
{
    g_autoptr(NetlinkMsg) msg = netlink_link_msg(RTM_NEWLINK, NLM_F_ACK, def->bridge.name);
    struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO | NLA_F_NESTED);
    nla_put_string(msg, IFLA_INFO_KIND, "bridge");
    struct nlattr *data = nla_nest_start(msg, IFLA_INFO_DATA | NLA_F_NESTED);
    nla_put_u32(msg, IFLA_BR_FORWARD_DELAY, def->bridge.delay.v * 100);
    nla_put_u32(msg, IFLA_BR_STP_STATE, def->bridge.stp == TRI_YES);
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
    return netlink_do(msg, err, "cannot set stp and delay of bridge '%s'", def->bridge.name);
}

/* A bridge without an IPv6 address is no router and no host of IPv6. */
static void tune_ipv6(const NetworkDef *def)
{
    bool v6 = false;
    for (guint i = 0; def->ips && i < def->ips->len; i++)
        v6 |= network_ip_is_v6(def->ips->pdata[i]);
    const struct { const char *file, *value; } settings[] = {
        { "disable_ipv6", v6 ? "0" : "1" }, { "accept_ra", "0" }, { "autoconf", "0" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autofree char *path = g_strdup_printf("/proc/sys/net/ipv6/conf/%s/%s", def->bridge.name, settings[i].file);
        if (!set_sysctl(settings[i].value, path) && errno != ENOENT)
            g_warning("network '%s': cannot write %s to %s: %s", def->name, settings[i].value, path, g_strerror(errno));
    }
}

static bool make_bridge(Up *up, GError **err)
{
    const char *bridge = up->def->bridge.name;
    guint8 mac[6];

    if (link_exists(bridge)) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "a network device called '%s' exists already on this host; choose another <bridge name>", bridge);
        return false;
    }
    mac_parse(up->def->mac, mac);
    LinkChange change = { .mac = mac, .mtu = up->def->mtu };
    if (!undo_push(up->undo, "net-bridge", bridge, err) || !link_create(bridge, "bridge", err) ||
        !link_change(bridge, &change, err) || !tune_bridge(up->def, err))
        return false;
    tune_ipv6(up->def);
    return true;
}

/* --- addresses and routes */

static bool overlap(const Inet *a, guint a_prefix, const Inet *b, guint b_prefix)
{
    return inet_same_net(a, b, MIN(a_prefix, b_prefix));
}

/* The host's IPv4 routes (proc(5), net/route): a network that takes one over would cut the host off. */
static bool check_collision(const NetworkDef *def, const NetworkIp *ip, GError **err)
{
    g_autofree char *text = NULL;
    Inet own;
    guint prefix = network_ip_prefix(ip);

    if (!inet_parse(ip->address, &own) || own.family != AF_INET || !g_file_get_contents("/proc/self/net/route", &text, NULL, NULL))
        return true;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 1; lines[i]; i++) {
        char dev[IFNAMSIZ + 1];
        guint32 to, mask;
        if (sscanf(lines[i], "%16s %x %*x %*x %*d %*d %*d %x", dev, &to, &mask) != 3 || !mask)
            continue;
        Inet route = { .family = AF_INET }, route_mask = { .family = AF_INET };
        memcpy(route.b, &to, 4);
        memcpy(route_mask.b, &mask, 4);
        int bits = inet_mask_prefix(&route_mask);
        if (bits <= 0 || !overlap(&own, prefix, &route, (guint)bits))
            continue;
        g_autofree char *shown = inet_format(&route);
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "Network is already in use by interface %s: the host has a route to %s/%d, "
                    "which overlaps %s/%u; change the <ip> of network '%s'", dev, shown, bits, ip->address, prefix, def->name);
        return false;
    }
    return true;
}

static bool check_subnets(Up *up, GError **err)
{
    for (guint i = 0; up->def->ips && i < up->def->ips->len; i++)
        if (!check_collision(up->def, up->def->ips->pdata[i], err))
            return false;
    return true;
}

static bool add_addresses(Up *up, GError **err)
{
    for (guint i = 0; up->def->ips && i < up->def->ips->len; i++) {
        const NetworkIp *ip = up->def->ips->pdata[i];
        if (!link_add_address(up->def->bridge.name, ip->address, NULL, network_ip_prefix(ip), err))
            return false;
    }
    return true;
}

static bool bring_up(Up *up, GError **err)
{
    LinkChange change = { .state = LINK_STATE_UP };
    if (!link_change(up->def->bridge.name, &change, err))
        return false;
    for (guint i = 0; up->def->routes && i < up->def->routes->len; i++) {
        const InterfaceRoute *r = up->def->routes->pdata[i];
        if (!link_add_route(up->def->bridge.name, r->address, network_route_prefix(r), r->gateway, r->metric.v, err))
            return false;
    }
    return true;
}

static bool limit(Up *up, GError **err)
{
    const Rate *in = &up->def->settings.bandwidth.in, *out = &up->def->settings.bandwidth.out;
    const QdiscRate sent = { in->average * 1024, in->peak * 1024, in->burst * 1024 };
    const QdiscRate received = { out->average * 1024, out->peak * 1024, out->burst * 1024 };
    g_autofree char *ifb = g_strdup_printf("ifb-%.11s", up->def->bridge.name);
    return (!in->average || qdisc_share_begin(up->def->bridge.name, &sent, err)) &&
           (!out->average || qdisc_limit_received(up->def->bridge.name, ifb, &received, err));
}

/* --- forwarding and rules */

static bool forward(const NetworkDef *def, const char *what, const char *path, GError **err)
{
    g_autofree char *now = NULL;
    if (g_file_get_contents(path, &now, NULL, NULL) && g_str_has_prefix(now, "1"))
        return true;
    if (!set_sysctl("1", path))
        return qv_error_errno(err, errno, "cannot switch on the forwarding of %s (%s)", what, path);
    g_message("network '%s' needs the forwarding of %s: %s is now 1, and stays so", def->name, what, path);
    return true;
}

static bool enable_forwarding(Up *up, GError **err)
{
    bool v4 = false, v6 = false;
    if (up->def->forward.mode == FORWARD_NONE || up->def->forward.mode == FORWARD_OPEN)
        return true;
    for (guint i = 0; up->def->ips && i < up->def->ips->len; i++)
        *(network_ip_is_v6(up->def->ips->pdata[i]) ? &v6 : &v4) = true;
    return (!v4 || forward(up->def, "IPv4", "/proc/sys/net/ipv4/ip_forward", err)) &&
           (!v6 || forward(up->def, "IPv6", "/proc/sys/net/ipv6/conf/all/forwarding", err));
}

static bool make_rules(Up *up, GError **err)
{
    return up->def->forward.mode == FORWARD_OPEN ||
           (undo_push(up->undo, "net-rules", up->def->bridge.name, err) && rules_add(up->def, err));
}

static bool serve(Up *up, GError **err)
{
    static const char *const suffixes[] = { ".conf", ".hosts", ".names", ".pid" };
    if (!dnsmasq_wanted(up->def))
        return true;
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = network_file(up->driver->run, up->def->uuid, suffixes[i]);
        if (!undo_push(up->undo, "net-file", path, err))
            return false;
    }
    g_autofree char *config = network_file(up->driver->run, up->def->uuid, ".conf");
    return undo_push(up->undo, "net-server", config, err) && server_start(up->driver, up->def, err);
}

bool network_write_status(NetworkDriver *driver, const NetworkDef *def, GError **err)
{
    g_autofree char *path = network_file(driver->run, def->name, ".xml"), *text = network_def_format(def, 0);
    return file_replace(path, text, strlen(text), 0600, err);
}

static bool write_status(Up *up, GError **err)
{
    g_autofree char *path = network_file(up->driver->run, up->def->name, ".xml");
    return undo_push(up->undo, "net-file", path, err) && network_write_status(up->driver, up->def, err);
}

/* --- pools and bridges of the host */

static bool check_host(Up *up, GError **err)
{
    const NetworkDef *def = up->def;
    if (def->forward.mode == FORWARD_HOSTDEV) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "networks of PCI functions (forward mode='hostdev') are not given to guests by this version");
        return false;
    }
    if (def->forward.pfs && def->forward.pfs->len) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "a pool made of a function's virtual functions (<pf>) is not given to guests by this version; list them as <interface>s");
        return false;
    }
    if (def->bridge.name && !link_exists(def->bridge.name)) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "the host has no bridge '%s', which the network joins its guests to; make it, or change <bridge name>", def->bridge.name);
        return false;
    }
    return true;
}

static bool check_zone(Up *up, GError **err)
{
    if (!up->def->bridge.zone)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                "zone '%s' of firewalld is not given to the bridge by this version; remove <bridge zone=> and put the bridge into "
                "the zone by firewalld's own means", up->def->bridge.zone);
    return false;
}

typedef struct { const char *name; bool (*take)(Up *up, GError **err); } Step;
static const Step own_steps[] = {
    { "net-zone", check_zone }, { "net-subnet", check_subnets }, { "net-bridge", make_bridge }, { "net-address", add_addresses },
    { "net-limit", limit }, { "net-up", bring_up }, { "net-forward", enable_forwarding }, { "net-rules", make_rules },
    { "net-dnsmasq", serve }, { "net-status", write_status },
};
static const Step host_steps[] = { { "net-host", check_host }, { "net-status", write_status } };

static bool run_steps(Up *up, const Step *steps, guint n, GError **err)
{
    for (guint i = 0; i < n; i++)
        if (!steps[i].take(up, err) || !fault_point(steps[i].name, err))
            return false;
    return true;
}

bool network_up(NetworkDriver *driver, const NetworkDef *def, GError **err)
{
    g_autofree char *journal = network_file(driver->run, def->name, ".journal");
    g_autoptr(Undo) undo = undo_resume(journal, network_kinds, driver, err);
    Up up = { driver, def, undo };

    if (!undo)
        return false;
    undo_run(undo);                                  /* what an earlier stop could not give back */
    if (network_has_bridge(def) ? !run_steps(&up, own_steps, G_N_ELEMENTS(own_steps), err)
                                : !run_steps(&up, host_steps, G_N_ELEMENTS(host_steps), err))
        return false;
    undo_keep(undo);
    return true;
}

bool network_down(NetworkDriver *driver, const char *name, GError **err)
{
    g_autofree char *journal = network_file(driver->run, name, ".journal");
    g_autoptr(Undo) undo = undo_resume(journal, network_kinds, driver, err);
    if (!undo)
        return false;
    if (!undo_run(undo))
        g_warning("network '%s' left something behind; the journal '%s' names it", name, journal);
    undo_keep(undo);
    return true;
}
