/* What is asked and set of single network cards: counters, bandwidth, addresses. */
#include <string.h>
#include "conf/interface.h"
#include "drivers/qemu/change.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/interface_start.h"
#include "util/ids.h"
#include "util/link.h"

static Interface *find_nic(const DomainDef *def, const char *device)
{
    guint8 mac[6];
    g_autofree char *text = mac_parse(device, mac) ? mac_format(mac) : NULL;
    EACH_DEVICE(def, DEV_INTERFACE, Interface, nic)
        if (!g_strcmp0(nic->target.dev, device) || (text && !g_strcmp0(nic->mac.address, text)))
            return nic;
    return NULL;
}

/* A name on the host means nothing to a stored definition: the card's address, where a running guest has the name. */
static const char *lasting_name(const Domain *dom, const char *device)
{
    const Interface *nic = dom->live ? find_nic(dom->live, device) : NULL;
    return nic ? nic->mac.address : device;
}

/* --- counters */

bool domain_interface_stats(Domain *dom, const char *device, LinkCounters *ret, GError **err)
{
    const Interface *nic = dom->live ? find_nic(dom->live, device) : NULL;
    LinkCounters c;

    if (!dom->live) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain is not running: '%s'", dom->view->name);
        return false;
    }
    if (!nic || !interface_has_device(nic)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "invalid path, '%s' is not a known interface%s", device,
                    nic ? " of the host: only QEMU knows what passes it" : "");
        return false;
    }
    if (!interface_stats(nic->target.dev, &c, err))
        return false;
    *ret = interface_shares_view(nic) ? c : (LinkCounters){ c.tx_bytes, c.tx_packets, c.tx_errors, c.tx_dropped,
                                                            c.rx_bytes, c.rx_packets, c.rx_errors, c.rx_dropped };
    return true;
}

/* --- bandwidth */

const char *const interface_rate_names[INTERFACE_RATES] = {
    "inbound.average", "inbound.peak", "inbound.burst", "inbound.floor", "outbound.average", "outbound.peak", "outbound.burst",
};

static guint64 *rate_field(Interface *nic, guint i)
{
    Rate *in = &nic->bandwidth.in, *out = &nic->bandwidth.out;
    guint64 *const fields[INTERFACE_RATES] = { &in->average, &in->peak, &in->burst, &in->floor, &out->average, &out->peak, &out->burst };
    return fields[i];
}

static bool unknown_nic(const char *device, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "cannot find device %s: it is no MAC address or host device of an interface", device);
    return false;
}

bool domain_interface_rates(Domain *dom, const char *device, guint flags, guint64 ret[INTERFACE_RATES], GError **err)
{
    bool live;
    const DomainDef *def = domain_definition(dom, flags, &live, err);
    Interface *nic = def ? find_nic(def, lasting_name(dom, device)) : NULL;
    if (!nic)
        return def && unknown_nic(device, err);
    for (guint i = 0; i < INTERFACE_RATES; i++)
        ret[i] = *rate_field(nic, i);
    return true;
}

typedef struct { char *device; InterfaceRate rates[INTERFACE_RATES]; } Rates;

static void rates_free(gpointer data)
{
    g_free(((Rates *)data)->device);
    g_free(data);
}

/* An average of 0 lifts a limit, with its peak and burst. */
static bool edit_rates(const Change *c, GError **err)
{
    const Rates *r = c->data;
    Interface *nic = find_nic(c->now, r->device);
    if (!nic)
        return unknown_nic(r->device, err);
    for (guint i = 0; i < INTERFACE_RATES; i++)
        if (r->rates[i].set)
            *rate_field(nic, i) = r->rates[i].value;
    if (!nic->bandwidth.in.average && !nic->bandwidth.in.floor)
        nic->bandwidth.in = (Rate){ 0 };
    if (!nic->bandwidth.out.average)
        nic->bandwidth.out = (Rate){ 0 };
    if (nic->bandwidth.in.floor && nic->type != NET_NETWORK) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "inbound.floor needs an interface of a network that shares its bandwidth");
        return false;
    }
    return true;
}

static bool apply_rates(const Change *c, GError **err)
{
    const Rates *r = c->data;
    const Interface *nic = find_nic(c->now, r->device);
    if (interface_has_device(nic))
        return interface_set_bandwidth(c->run->undo, nic, err);
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "interface %s has no device on the host whose bandwidth could be limited", r->device);
    return false;
}

void domain_set_interface_rates(Domain *dom, const char *device, const InterfaceRate rates[INTERFACE_RATES], guint flags, DomainDone done,
                                gpointer user)
{
    static const ChangeKind kind = { "domiftune", edit_rates, apply_rates, NULL };
    Rates *r = g_new0(Rates, 1);
    r->device = g_strdup(lasting_name(dom, device));
    memcpy(r->rates, rates, sizeof r->rates);
    domain_change(dom, flags, &kind, r, rates_free, done, user);
}

/* --- addresses */

void domain_nic_address_free(DomainNicAddress *a)
{
    g_free(a->name);
    g_free(a->mac);
    g_free(a->address);
    g_free(a);
}

static void address_free(gpointer data)
{
    domain_nic_address_free(data);
}

static void nic_free(gpointer data)
{
    DomainNic *nic = data;
    g_free(nic->name);
    g_free(nic->mac);
    g_free(nic->network);
    g_free(nic);
}

static const char *name_of(const Interface *nic)
{
    return nic->target.dev ? nic->target.dev : nic->info.alias;
}

GPtrArray *domain_network_nics(Domain *dom, GError **err)
{
    if (!dom->live) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain is not running: '%s'", dom->view->name);
        return NULL;
    }
    GPtrArray *all = g_ptr_array_new_with_free_func(nic_free);
    EACH_DEVICE(dom->live, DEV_INTERFACE, Interface, nic) {
        if (nic->type != NET_NETWORK)
            continue;
        DomainNic *one = g_new(DomainNic, 1);
        *one = (DomainNic){ g_strdup(name_of(nic)), g_strdup(nic->mac.address), g_strdup(nic->source.network) };
        g_ptr_array_add(all, one);
    }
    return all;
}

typedef struct { const DomainDef *def; GPtrArray *found; } Seek;

static void seen(const guint8 raw[6], bool v6, const char *ip, gpointer user)
{
    Seek *seek = user;
    g_autofree char *mac = mac_format(raw);
    const Interface *nic = find_nic(seek->def, mac);
    if (!nic)
        return;
    DomainNicAddress *a = g_new(DomainNicAddress, 1);
    *a = (DomainNicAddress){ g_strdup(name_of(nic)), g_steal_pointer(&mac), g_strdup(ip), v6, 0 };
    g_ptr_array_add(seek->found, a);
}

GPtrArray *domain_interface_neighbours(Domain *dom, GError **err)
{
    Seek seek = { dom->live, NULL };
    if (!dom->live) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain is not running: '%s'", dom->view->name);
        return NULL;
    }
    seek.found = g_ptr_array_new_with_free_func(address_free);
    if (link_neighbours(seen, &seek, err))
        return seek.found;
    g_ptr_array_unref(seek.found);
    return NULL;
}
