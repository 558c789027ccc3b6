/* Network cards of guests: counters, bandwidth, addresses. */
#include "daemon/glue.h"
#include "daemon/glue_agent.h"
#include "util/link.h"

GLUE_READ(interface_stats_of, RemoteDomainInterfaceStatsArgs, RemoteDomainInterfaceStatsRet)
{
    LinkCounters c;
    if (!domain_interface_stats(dom, args->device, &c, err))
        return RPC_FAILED;
    *ret = (RemoteDomainInterfaceStatsRet){
        .rx_bytes = (gint64)c.rx_bytes, .rx_packets = (gint64)c.rx_packets, .rx_errs = (gint64)c.rx_errors, .rx_drop = (gint64)c.rx_dropped,
        .tx_bytes = (gint64)c.tx_bytes, .tx_packets = (gint64)c.tx_packets, .tx_errs = (gint64)c.tx_errors, .tx_drop = (gint64)c.tx_dropped,
    };
    return RPC_DONE;
}

/* --- bandwidth */

static int rate_index(const char *field)
{
    for (guint i = 0; i < INTERFACE_RATES; i++)
        if (!strcmp(field, interface_rate_names[i]))
            return (int)i;
    return -1;
}

static bool read_rate(const RemoteTypedParam *param, InterfaceRate rates[INTERFACE_RATES], GError **err)
{
    int i = rate_index(param->field);
    if (i < 0) {
        g_autofree char *near = qv_error_nearest(param->field, interface_rate_names, INTERFACE_RATES);
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "parameter '%s' not supported%s", param->field, near);
        return false;
    }
    if (param->value.type != PARAM_UINT) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "invalid type for parameter '%s', expected 'uint'", param->field);
        return false;
    }
    rates[i] = (InterfaceRate){ true, param->value.ui };
    return true;
}

GLUE_WRITE(set_interface_parameters, RemoteDomainSetInterfaceParametersArgs)
{
    InterfaceRate rates[INTERFACE_RATES] = { { 0 } };
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    for (guint i = 0; i < args->n_params; i++)
        if (!read_rate(&args->params[i], rates, err))
            return false;
    domain_set_interface_rates(dom, args->device, rates, args->flags, glue_done, call);
    return true;
}

GLUE_READ(get_interface_parameters, RemoteDomainGetInterfaceParametersArgs, RemoteDomainGetInterfaceParametersRet)
{
    guint64 rates[INTERFACE_RATES];
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG | TYPED_STRING_OKAY, err) ||
        !domain_interface_rates(dom, args->device, args->flags & ~(guint)TYPED_STRING_OKAY, rates, err))
        return RPC_FAILED;
    ret->nparams = INTERFACE_RATES;
    if (!args->nparams)
        return RPC_DONE;
    ret->n_params = MIN((guint)MAX(args->nparams, 0), INTERFACE_RATES);
    ret->params = g_new0(RemoteTypedParam, ret->n_params);
    for (guint i = 0; i < ret->n_params; i++) {
        DomainStat stat = { .name = (char *)interface_rate_names[i], .type = PARAM_UINT, .v.u = (guint)rates[i] };
        glue_param(&ret->params[i], &stat);
    }
    return RPC_DONE;
}

/* --- addresses */

enum { SOURCE_LEASE, SOURCE_AGENT, SOURCE_ARP };        /* virDomainInterfaceAddressesSource */

static void add_address(RemoteDomainInterface *to, const DomainNicAddress *a)
{
    to->addrs = g_renew(RemoteDomainIpAddr, to->addrs, to->n_addrs + 1);
    to->addrs[to->n_addrs++] = (RemoteDomainIpAddr){ a->v6, g_strdup(a->address), a->prefix };
}

/* One entry for each card, with all its addresses. */
static void group(const GPtrArray *found, RemoteDomainInterfaceAddressesRet *ret)
{
    ret->ifaces = g_new0(RemoteDomainInterface, found->len);
    for (guint i = 0; i < found->len; i++) {
        const DomainNicAddress *a = g_ptr_array_index(found, i);
        guint at = 0;
        while (at < ret->n_ifaces && g_strcmp0(ret->ifaces[at].hwaddr, a->mac))
            at++;
        if (at == ret->n_ifaces)
            ret->ifaces[ret->n_ifaces++] = (RemoteDomainInterface){ .name = g_strdup(a->name), .hwaddr = g_strdup(a->mac) };
        add_address(&ret->ifaces[at], a);
    }
}

static void add_leases(const DomainNic *nic, GPtrArray *found)
{
    Network *net = network_by_name(qvirtd.network, nic->network, NULL);
    g_autoptr(GPtrArray) leases = net ? network_leases(net, nic->mac, NULL) : NULL;
    for (guint i = 0; leases && i < leases->len; i++) {
        const NetworkLease *lease = g_ptr_array_index(leases, i);
        DomainNicAddress *a = g_new(DomainNicAddress, 1);
        *a = (DomainNicAddress){ g_strdup(nic->name), g_strdup(nic->mac), g_strdup(lease->ip), lease->v6, lease->prefix };
        g_ptr_array_add(found, a);
    }
}

static GPtrArray *leases_of(Domain *dom, GError **err)
{
    g_autoptr(GPtrArray) nics = domain_network_nics(dom, err);
    GPtrArray *found = nics ? g_ptr_array_new_with_free_func((GDestroyNotify)domain_nic_address_free) : NULL;
    for (guint i = 0; nics && i < nics->len; i++)
        add_leases(g_ptr_array_index(nics, i), found);
    return found;
}

GLUE_READ(interface_addresses, RemoteDomainInterfaceAddressesArgs, RemoteDomainInterfaceAddressesRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    if (args->source == SOURCE_AGENT) {
        glue_agent_addresses(call, dom);
        return RPC_LATER;
    }
    if (args->source != SOURCE_ARP && args->source != SOURCE_LEASE) {
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "addresses are known by leases, the guest agent and ARP "
                    "(--source lease, agent, arp), not by source %u", args->source);
        return RPC_FAILED;
    }
    g_autoptr(GPtrArray) found = args->source == SOURCE_LEASE ? leases_of(dom, err) : domain_interface_neighbours(dom, err);
    if (!found)
        return RPC_FAILED;
    group(found, ret);
    return RPC_DONE;
}

static const RpcHandlerRow glue_interface_rows[] = {
    REMOTE(PROC_DOMAIN_INTERFACE_STATS, interface_stats_of),
    REMOTE(PROC_DOMAIN_SET_INTERFACE_PARAMETERS, set_interface_parameters),
    REMOTE(PROC_DOMAIN_GET_INTERFACE_PARAMETERS, get_interface_parameters),
    REMOTE(PROC_DOMAIN_INTERFACE_ADDRESSES, interface_addresses),
};
GLUE_AREA(glue_interface);
