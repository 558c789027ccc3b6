/* One part of a network changes, in what is defined, what is in force, or both (virNetworkUpdate of libvirt-network.h). */
#include "config.h"
#include "drivers/network/driver.h"
#include <string.h>
#include "util/file.h"
#include "util/inet.h"

typedef enum { COMMAND_NONE, MODIFY, DELETE, ADD_LAST, ADD_FIRST } Command;
enum { AFFECT_LIVE = 1, AFFECT_CONFIG = 2 };

/* How a section's items are found, and how two of them are the same one. */
typedef struct {
    const char *what;
    const XmElem *elem;
    GPtrArray **(*list)(NetworkDef *def, int parent, const void *item, GError **err);
    bool (*same)(const void *a, const void *b);
    bool no_modify, restart;
} Section;

static bool unsupported(GError **err, const char *words)
{
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "%s", words);
    return false;
}

/* @parent counts the <ip>s; -1: the first that has DHCP of the item's family, else the first of it. */
static NetworkIp *ip_for(NetworkDef *def, int parent, const char *address, GError **err)
{
    bool v6 = address && strchr(address, ':');
    NetworkIp *first = NULL;

    if (parent >= 0 && def->ips && (guint)parent < def->ips->len)
        return def->ips->pdata[parent];
    for (guint i = 0; parent < 0 && def->ips && i < def->ips->len; i++) {
        NetworkIp *ip = def->ips->pdata[i];
        if (network_ip_is_v6(ip) != v6)
            continue;
        if ((ip->ranges && ip->ranges->len) || (ip->hosts && ip->hosts->len))
            return ip;
        first = first ? first : ip;
    }
    if (!first)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "network '%s' has no <ip> of index %d or of the family of '%s'", def->name, parent,
                    address ? address : "ipv4");
    return first;
}

static GPtrArray **range_list(NetworkDef *def, int parent, const void *item, GError **err)
{
    NetworkIp *ip = ip_for(def, parent, ((const DhcpRange *)item)->start, err);
    return ip ? &ip->ranges : NULL;
}

static GPtrArray **host_list(NetworkDef *def, int parent, const void *item, GError **err)
{
    NetworkIp *ip = ip_for(def, parent, ((const DhcpHost *)item)->ip, err);
    return ip ? &ip->hosts : NULL;
}

#define LIST_OF(name, field) \
    static GPtrArray **name(NetworkDef *def, int parent, const void *item, GError **err) { return &def->field; }
LIST_OF(interface_list, forward.interfaces)
LIST_OF(portgroup_list, portgroups)
LIST_OF(dns_host_list, dns.hosts)
LIST_OF(dns_txt_list, dns.txts)
LIST_OF(dns_srv_list, dns.srvs)

static bool alike(const char *a, const char *b)
{
    return a && b && !g_ascii_strcasecmp(a, b);
}

static bool same_range(const void *a, const void *b)
{
    const DhcpRange *x = a, *y = b;
    return alike(x->start, y->start) && alike(x->end, y->end);
}

static bool same_host(const void *a, const void *b)
{
    const DhcpHost *x = a, *y = b;
    return alike(x->mac, y->mac) || alike(x->name, y->name) || alike(x->id, y->id) || (!y->mac && !y->name && !y->id && alike(x->ip, y->ip));
}

static bool same_interface(const void *a, const void *b)
{
    return alike(((const PoolDevice *)a)->dev, ((const PoolDevice *)b)->dev);
}

static bool same_portgroup(const void *a, const void *b)
{
    return !g_strcmp0(((const PortGroup *)a)->name, ((const PortGroup *)b)->name);
}

static bool same_dns_host(const void *a, const void *b)
{
    const DnsHost *x = a, *y = b;
    if (alike(x->ip, y->ip))
        return true;
    for (guint i = 0; x->names && i < x->names->len; i++)
        for (guint j = 0; y->names && j < y->names->len; j++)
            if (alike(((const DnsHostname *)x->names->pdata[i])->name, ((const DnsHostname *)y->names->pdata[j])->name))
                return true;
    return false;
}

static bool same_txt(const void *a, const void *b)
{
    return alike(((const DnsTxt *)a)->name, ((const DnsTxt *)b)->name);
}

static bool same_srv(const void *a, const void *b)
{
    const DnsSrv *x = a, *y = b;
    return alike(x->service, y->service) && alike(x->protocol, y->protocol) && (!y->domain || alike(x->domain, y->domain)) &&
           (!y->target || alike(x->target, y->target));
}

/* virNetworkUpdateSection: 1 bridge, 2 domain, 3 ip, 4 dhcp host, 5 dhcp range, 6 forward, 7 forward interface, 8 pf, 9 portgroup,
 * 10 dns host, 11 dns txt, 12 dns srv */
static const Section sections[] = {
    [4] = { "DHCP host", &dhcp_host_elem, host_list, same_host },
    [5] = { "DHCP range", &dhcp_range_elem, range_list, same_range, .no_modify = true, .restart = true },
    [7] = { "interface", &pool_device_elem, interface_list, same_interface, .no_modify = true },
    [9] = { "portgroup", &portgroup_elem, portgroup_list, same_portgroup },
    [10] = { "DNS host", &dns_host_elem, dns_host_list, same_dns_host, .no_modify = true },
    [11] = { "DNS TXT record", &dns_txt_elem, dns_txt_list, same_txt, .no_modify = true, .restart = true },
    [12] = { "DNS SRV record", &dns_srv_elem, dns_srv_list, same_srv, .no_modify = true, .restart = true },
};

static bool conflict(GError **err, const char *format, const char *what, const char *network)
{
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "%s: %s of network '%s'", format, what, network);
    return false;
}

/* Takes @item. */
static bool apply(NetworkDef *def, const Section *s, Command command, int parent, gpointer item, GError **err)
{
    GPtrArray **list = s->list(def, parent, item, err);
    int at = -1;

    if (!list) {
        xm_free(s->elem, item);
        return false;
    }
    if (!*list)
        *list = g_ptr_array_new();
    for (guint i = 0; at < 0 && i < (*list)->len; i++)
        if (s->same((*list)->pdata[i], item))
            at = (int)i;
    bool adds = command == ADD_FIRST || command == ADD_LAST;
    if (adds ? at >= 0 : at < 0) {
        xm_free(s->elem, item);
        return conflict(err, adds ? "there is a matching entry already" : "there is no matching entry", s->what, def->name);
    }
    if (adds) {
        g_ptr_array_insert(*list, command == ADD_FIRST ? 0 : -1, item);
        return true;
    }
    xm_free(s->elem, (*list)->pdata[at]);
    if (command == MODIFY) {
        (*list)->pdata[at] = item;
        return true;
    }
    g_ptr_array_set_free_func(*list, NULL);
    g_ptr_array_remove_index(*list, (guint)at);
    xm_free(s->elem, item);
    return true;
}

/* The first interface of the pool is dev='' too. */
static void follow_dev(NetworkDef *def)
{
    const PoolDevice *first = def->forward.interfaces && def->forward.interfaces->len ? def->forward.interfaces->pdata[0] : NULL;
    g_free(def->forward.dev);
    def->forward.dev = first ? g_strdup(first->dev) : NULL;
}

static NetworkDef *updated(const NetworkDef *from, const Section *s, const NetworkUpdate *u, GError **err)
{
    g_autoptr(NetworkDef) def = network_def_copy(from);
    gpointer item = xm_parse(s->elem, u->xml, strlen(u->xml), NULL, 0, err);
    if (!item || !apply(def, s, u->command, u->parent, item, err))
        return NULL;
    if (u->section == 7)
        follow_dev(def);
    return network_def_check(def, err) ? g_steal_pointer(&def) : NULL;
}

static bool update_check(NetworkJob *job, GError **err)
{
    NetworkUpdate *u = &job->update;
    const Section *s = u->section < G_N_ELEMENTS(sections) && sections[u->section].what ? &sections[u->section] : NULL;
    Network *net = job->net;

    if (!s)
        return unsupported(err, "this section of a network cannot be updated: DHCP hosts and ranges, interfaces, portgroups, DNS hosts, TXT and SRV records can");
    if (u->command < MODIFY || u->command > ADD_FIRST)
        return unsupported(err, "unknown command of a network's update");
    if (u->command == MODIFY && s->no_modify)
        return unsupported(err, "entries of this section can be added and deleted, not modified");
    if (!(u->flags & (AFFECT_LIVE | AFFECT_CONFIG)))
        u->flags |= net->active ? AFFECT_LIVE : AFFECT_CONFIG;
    if (u->flags & AFFECT_LIVE && !net->active) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "network '%s' is not active: only its definition can change", net->def->name);
        return false;
    }
    if (u->flags & AFFECT_CONFIG && !net->persistent) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "network '%s' is transient: only what is in force can change", net->def->name);
        return false;
    }
    if (u->flags & AFFECT_CONFIG && !(job->def = updated(net->stored, s, u, err)))
        return false;
    job->restart_server = s->restart;
    if (!(u->flags & AFFECT_LIVE))
        return true;
    server_unwatch(net);                             /* until the job ends */
    return (job->live = updated(net->def, s, u, err));
}

static bool serve(NetworkJob *job, GError **err)
{
    /* The first host or range of a family is a new line of the configuration, not only of the hosts' file. */
    g_autofree char *was = dnsmasq_config(job->net->def, "", ""), *now = dnsmasq_config(job->live, "", "");
    if (!network_has_bridge(job->live))
        return true;
    if (job->restart_server || strcmp(was, now)) {
        job->restart_server = true;
        return server_start(job->driver, job->live, err);
    }
    return server_reload(job->driver, job->live, err);
}

static bool update_work(NetworkJob *job, GError **err)
{
    if (job->live && (!network_write_status(job->driver, job->live, err) || !serve(job, err)))
        return false;
    if (!job->def)
        return true;
    g_autofree char *path = network_file(job->driver->lib, job->def->name, ".xml"), *text = network_def_format(job->def, 0);
    return file_replace(path, text, strlen(text), 0600, err);
}

static void update_finish(NetworkJob *job)
{
    Network *net = job->net;
    g_mutex_lock(&job->driver->lock);
    if (job->def) {
        NetworkDef *was = net->stored;
        if (net->def == was)
            net->def = job->def;
        net->stored = g_steal_pointer(&job->def);
        network_def_free(was);
    }
    if (job->live) {
        if (net->def != net->stored)
            network_def_free(net->def);
        net->def = g_steal_pointer(&job->live);
    }
    g_mutex_unlock(&job->driver->lock);
}
const NetworkSteps network_update_steps = { update_check, update_work, update_finish };
