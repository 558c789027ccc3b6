/* What dnsmasq is told (dnsmasq(8)). Every word that comes from XML was checked when it was defined: none holds a
 * separator or a line's end (conf/network_rules.c). */
#include "config.h"
#include "drivers/network/driver.h"
#include <string.h>
#include "util/inet.h"

static guint count(const GPtrArray *list)
{
    return list ? list->len : 0;
}

bool dnsmasq_wanted(const NetworkDef *def)
{
    bool dhcp = false;
    for (guint i = 0; i < count(def->ips); i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        dhcp |= count(ip->ranges) || count(ip->hosts) || ip->tftp_root;
    }
    return dhcp || (count(def->ips) && def->dns.enable != TRI_NO);
}

static void add_lease(GString *out, const Lease *lease)
{
    static const char units[] = { [LEASE_SECONDS] = 's', [LEASE_MINUTES] = 'm', [LEASE_HOURS] = 'h' };
    if (lease->expiry.set && !lease->expiry.v)
        g_string_append(out, ",infinite");
    else if (lease->expiry.v)
        g_string_append_printf(out, ",%u%c", lease->expiry.v, units[lease->unit]);
}

static void add_domain(GString *out, const NetworkDef *def)
{
    if (def->dns.plain_names == TRI_NO || (def->domain.name && def->domain.local_only == TRI_YES))
        g_string_append(out, "domain-needed\n");
    if (!def->domain.name)
        return;
    if (def->domain.local_only == TRI_YES)
        g_string_append_printf(out, "local=/%s/\n", def->domain.name);
    g_string_append_printf(out, "domain=%s\nexpand-hosts\n", def->domain.name);
}

static void add_forwarders(GString *out, const NetworkDef *def)
{
    bool all = false;
    for (guint i = 0; i < count(def->dns.forwarders); i++) {
        const DnsForwarder *f = def->dns.forwarders->pdata[i];
        if (f->domain)
            g_string_append_printf(out, "server=/%s/%s\n", f->domain, f->address ? f->address : "#");
        else
            g_string_append_printf(out, "server=%s\n", f->address);
        all |= !f->domain;
    }
    if (all)
        g_string_append(out, "no-resolv\n");
}

/* dnsmasq reads strings in quotes, with a backslash before a quote. */
static void add_txt(GString *out, const DnsTxt *t)
{
    g_string_append_printf(out, "txt-record=%s", t->name);
    if (t->value) {
        g_string_append(out, ",\"");
        for (const char *c = t->value; *c; c++) {
            if (*c == '"' || *c == '\\')
                g_string_append_c(out, '\\');
            g_string_append_c(out, *c);
        }
        g_string_append_c(out, '"');
    }
    g_string_append_c(out, '\n');
}

static void add_srv(GString *out, const DnsSrv *s)
{
    g_string_append_printf(out, "srv-host=_%s._%s", s->service, s->protocol);
    if (s->domain)
        g_string_append_printf(out, ".%s", s->domain);
    if (s->target) {
        g_string_append_printf(out, ",%s", s->target);
        if (s->port.v || s->priority.v || s->weight.v)
            g_string_append_printf(out, ",%u,%u,%u", s->port.v ? s->port.v : 1, s->priority.v, s->weight.v);
    }
    g_string_append_c(out, '\n');
}

static void add_dns(GString *out, const NetworkDef *def, const char *stem)
{
    if (def->dns.enable == TRI_NO) {
        g_string_append(out, "port=0\n");
        return;
    }
    add_forwarders(out, def);
    for (guint i = 0; i < count(def->dns.txts); i++)
        add_txt(out, def->dns.txts->pdata[i]);
    for (guint i = 0; i < count(def->dns.srvs); i++)
        add_srv(out, def->dns.srvs->pdata[i]);
    g_string_append_printf(out, "addn-hosts=%s.names\n", stem);
}

/* How many addresses a range has, at most what one lease file should hold. */
static guint64 range_size(const DhcpRange *r)
{
    enum { MOST = 1 << 16 };
    Inet a, b;
    guint64 n = 0;
    inet_parse(r->start, &a);
    inet_parse(r->end, &b);
    for (guint i = 0; i < inet_bits(&a) / 8; i++)
        n = MIN((n << 8) + b.b[i] - a.b[i], (guint64)G_MAXUINT32);
    return MIN(n + 1, MOST);
}

static void add_range(GString *out, const NetworkIp *ip, const DhcpRange *r)
{
    guint prefix = network_ip_prefix(ip);
    g_string_append_printf(out, "dhcp-range=%s,%s,", r->start, r->end);
    if (network_ip_is_v6(ip)) {
        g_string_append_printf(out, "%u", prefix);
    } else {
        Inet all = { .family = AF_INET, .b = { 255, 255, 255, 255 } }, mask = inet_first(&all, prefix);
        g_autofree char *text = inet_format(&mask);
        g_string_append(out, text);
    }
    add_lease(out, &r->lease);
    g_string_append_c(out, '\n');
}

static guint64 add_dhcp(GString *out, const NetworkIp *ip)
{
    guint64 leases = 0;
    for (guint i = 0; i < count(ip->ranges); i++) {
        add_range(out, ip, ip->ranges->pdata[i]);
        leases += range_size(ip->ranges->pdata[i]);
    }
    if (!count(ip->ranges) && count(ip->hosts))
        g_string_append_printf(out, network_ip_is_v6(ip) ? "dhcp-range=%s,static,%u\n" : "dhcp-range=%s,static\n", ip->address, network_ip_prefix(ip));
    if (ip->tftp_root)
        g_string_append_printf(out, "enable-tftp\ntftp-root=%s\n", ip->tftp_root);
    if (ip->bootp.file && ip->bootp.server)
        g_string_append_printf(out, "dhcp-boot=%s,,%s\n", ip->bootp.file, ip->bootp.server);
    else if (ip->bootp.file)
        g_string_append_printf(out, "dhcp-boot=%s\n", ip->bootp.file);
    return leases;
}

/* Without a way out nobody should be told that the host is one (option 3), nor asked to resolve the world. */
static void add_isolation(GString *out, const NetworkDef *def, bool v6)
{
    if (def->forward.mode == FORWARD_NONE)
        g_string_append(out, "dhcp-option=3\nno-resolv\n");
    else if (def->mtu)
        g_string_append_printf(out, "dhcp-option=option:mtu,%u\n", def->mtu);
    if (v6)
        g_string_append(out, def->forward.mode == FORWARD_NONE ? "ra-param=*,0,0\n" : "ra-param=*,0\n");
}

char *dnsmasq_config(const NetworkDef *def, const char *stem, const char *leases)
{
    GString *out = g_string_new("# Written by qvirtd for one network; changes are lost.\nstrict-order\n");
    guint64 most = 0;
    bool dhcp = false, dhcp6 = false;

    g_string_append_printf(out, "pid-file=%s.pid\nexcept-interface=lo\nbind-dynamic\ninterface=%s\n", stem, def->bridge.name);
    add_domain(out, def);
    add_dns(out, def, stem);
    for (guint i = 0; i < count(def->ips); i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        most += add_dhcp(out, ip);
        bool gives = count(ip->ranges) || count(ip->hosts);
        dhcp |= gives;
        dhcp6 |= gives && network_ip_is_v6(ip);
        if (ip->local_ptr == TRI_YES)
            g_string_append_printf(out, "rev-server=%s/%u\n", ip->address, network_ip_prefix(ip));
    }
    if (most)
        g_string_append_printf(out, "dhcp-lease-max=%" G_GUINT64_FORMAT "\n", most);
    if (dhcp) {
        g_string_append_printf(out, "dhcp-no-override\ndhcp-authoritative\ndhcp-hostsfile=%s.hosts\ndhcp-leasefile=%s\n", stem, leases);
        add_isolation(out, def, dhcp6);
    } else if (def->forward.mode == FORWARD_NONE) {
        g_string_append(out, "no-resolv\n");
    }
    for (guint i = 0; i < count(def->dnsmasq); i++)
        g_string_append_printf(out, "%s\n", ((const DnsmasqOption *)def->dnsmasq->pdata[i])->value);
    return g_string_free(out, FALSE);
}

static void add_host(GString *out, const DhcpHost *h)
{
    bool v6 = h->ip && strchr(h->ip, ':');
    if (v6)
        g_string_append_printf(out, "%s%s%s[%s]", h->id ? "id:" : "", h->id ? h->id : "", h->id ? "," : "",
                               h->ip);
    else
        g_string_append_printf(out, "%s%s%s", h->mac ? h->mac : "", h->mac ? "," : "", h->ip);
    if (h->name)
        g_string_append_printf(out, ",%s", h->name);
    add_lease(out, &h->lease);
    g_string_append_c(out, '\n');
}

char *dnsmasq_hosts(const NetworkDef *def)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < count(def->ips); i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        for (guint j = 0; j < count(ip->hosts); j++)
            add_host(out, ip->hosts->pdata[j]);
    }
    return g_string_free(out, FALSE);
}

char *dnsmasq_names(const NetworkDef *def)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < count(def->dns.hosts); i++) {
        const DnsHost *h = def->dns.hosts->pdata[i];
        g_string_append(out, h->ip);
        for (guint j = 0; j < h->names->len; j++)
            g_string_append_printf(out, "\t%s", ((const DnsHostname *)h->names->pdata[j])->name);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}
