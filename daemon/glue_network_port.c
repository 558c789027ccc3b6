/* Leases, ports and events of virtual networks. */
#include "daemon/glue_network.h"
#include "util/ids.h"

/* --- leases */

static void fill_lease(RemoteNetworkDhcpLease *ret, const Network *net, const NetworkLease *lease)
{
    enum { IPV4, IPV6 };                           /* virIPAddrType */
    *ret = (RemoteNetworkDhcpLease){
        .iface = g_strdup(net->def->bridge.name), .expirytime = lease->expiry, .type = lease->v6 ? IPV6 : IPV4,
        .mac = g_strdup(lease->mac), .iaid = g_strdup(lease->iaid), .ipaddr = g_strdup(lease->ip), .prefix = lease->prefix,
        .hostname = g_strdup(lease->hostname), .clientid = g_strdup(lease->client_id),
    };
}

GLUE_HANDLER(leases, RemoteNetworkGetDhcpLeasesArgs, RemoteNetworkGetDhcpLeasesRet)
{
    Network *net = glue_flags(call, args->flags, 0, err) ? glue_network_find(&args->net, err) : NULL;
    if (!net)
        return RPC_FAILED;
    g_autoptr(GPtrArray) all = network_leases(net, args->mac, err);
    if (args->need_results)
        ret->leases = g_new0(RemoteNetworkDhcpLease, all->len);
    for (guint i = 0; args->need_results && i < all->len; i++)
        fill_lease(&ret->leases[ret->n_leases++], net, all->pdata[i]);
    ret->ret = all->len;
    return RPC_DONE;
}

/* --- ports */

static void ports_free(GPtrArray *ports)
{
    for (guint i = 0; i < ports->len; i++)
        xm_free(&port_def_elem, ports->pdata[i]);
    g_ptr_array_unref(ports);
}

static void fill_port(RemoteNonnullNetworkPort *ret, const Network *net, const guint8 uuid[16])
{
    glue_network_handle(&ret->net, net);
    memcpy(ret->uuid, uuid, 16);
}

GLUE_HANDLER(list_ports, RemoteNetworkListAllPortsArgs, RemoteNetworkListAllPortsRet)
{
    Network *net = glue_flags(call, args->flags, 0, err) ? glue_network_find(&args->network, err) : NULL;
    if (!net)
        return RPC_FAILED;
    GPtrArray *ports = network_ports(net);
    if (args->need_results)
        ret->ports = g_new0(RemoteNonnullNetworkPort, ports->len);
    for (guint i = 0; i < ports->len; i++) {
        guint8 uuid[16];
        uuid_parse(((const PortDef *)ports->pdata[i])->uuid, uuid);
        if (args->need_results)
            fill_port(&ret->ports[ret->n_ports++], net, uuid);
        ret->ret++;
    }
    ports_free(ports);
    return RPC_DONE;
}

/* The port's XML; NULL: there is none. Gives. */
static char *port_xml(const Network *net, const guint8 uuid[16], GError **err)
{
    g_autofree char *text = uuid_format(uuid), *xml = NULL;
    GPtrArray *ports = network_ports(net);
    for (guint i = 0; i < ports->len; i++)
        if (!g_ascii_strcasecmp(((const PortDef *)ports->pdata[i])->uuid, text))
            xml = xm_format(&port_def_elem, ports->pdata[i], 0);
    ports_free(ports);
    if (!xml)
        g_set_error(err, QV_ERROR, QV_ERR_NO_NETWORK_PORT, "network '%s' has no port with UUID %s", net->def->name, text);
    return g_steal_pointer(&xml);
}

GLUE_HANDLER(port_by_uuid, RemoteNetworkPortLookupByUuidArgs, RemoteNetworkPortLookupByUuidRet)
{
    Network *net = glue_network_find(&args->network, err);
    g_autofree char *xml = net ? port_xml(net, args->uuid, err) : NULL;
    if (!xml)
        return RPC_FAILED;
    fill_port(&ret->port, net, args->uuid);
    return RPC_DONE;
}

GLUE_HANDLER(port_get_xml, RemoteNetworkPortGetXmlDescArgs, RemoteNetworkPortGetXmlDescRet)
{
    Network *net = glue_flags(call, args->flags, 0, err) ? glue_network_find(&args->port.net, err) : NULL;
    ret->xml = net ? port_xml(net, args->port.uuid, err) : NULL;
    return ret->xml ? RPC_DONE : RPC_FAILED;
}

/* --- events */

typedef struct { Session *session; int id; bool one; guint8 uuid[16]; } Subscription;
static GPtrArray *subscriptions;
static int last_id;

static void subscription_free(gpointer data)
{
    Subscription *s = data;
    session_unref(s->session);
    g_free(s);
}

static void on_event(const Network *net, NetworkEvent event, gpointer user)
{
    for (guint i = subscriptions->len; i-- > 0;) {
        const Subscription *s = subscriptions->pdata[i];
        if (!s->session->client) {
            g_ptr_array_remove_index(subscriptions, i);
            continue;
        }
        if (s->one && memcmp(s->uuid, net->uuid, 16))
            continue;
        RemoteNetworkEventLifecycleMsg m = { .callbackID = s->id, .net = { .name = net->def->name }, .event = (gint32)event };
        memcpy(m.net.uuid, net->uuid, 16);
        rpc_client_event(s->session->client, REMOTE_PROGRAM, PROC_NETWORK_EVENT_LIFECYCLE, &m);
    }
}

void glue_network_start(void)
{
    subscriptions = g_ptr_array_new_with_free_func(subscription_free);
    network_driver_on_event(qvirtd.network, on_event, NULL);
}

GLUE_HANDLER(register_event, RemoteConnectNetworkEventRegisterAnyArgs, RemoteConnectNetworkEventRegisterAnyRet)
{
    enum { LIFECYCLE = 0 };
    if (args->eventID != LIFECYCLE) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "unsupported network event ID %d", args->eventID);
        return RPC_FAILED;
    }
    if (args->net && !glue_network_find(args->net, err))
        return RPC_FAILED;
    Subscription *s = g_new0(Subscription, 1);
    s->session = session_ref(session_of(call));
    s->id = ret->callbackID = ++last_id;
    s->one = args->net != NULL;
    if (args->net)
        memcpy(s->uuid, args->net->uuid, 16);
    g_ptr_array_add(subscriptions, s);
    return RPC_DONE;
}

GLUE_HANDLER(deregister_event, RemoteConnectNetworkEventDeregisterAnyArgs, void)
{
    for (guint i = 0; i < subscriptions->len; i++) {
        const Subscription *s = subscriptions->pdata[i];
        if (s->session == session_of(call) && s->id == args->callbackID) {
            g_ptr_array_remove_index(subscriptions, i);
            return RPC_DONE;
        }
    }
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "network event callback %d not found", args->callbackID);
    return RPC_FAILED;
}

static const RpcHandlerRow glue_network_port_rows[] = {
    REMOTE(PROC_NETWORK_GET_DHCP_LEASES, leases),
    REMOTE(PROC_NETWORK_LIST_ALL_PORTS, list_ports),
    REMOTE(PROC_NETWORK_PORT_LOOKUP_BY_UUID, port_by_uuid),
    REMOTE(PROC_NETWORK_PORT_GET_XML_DESC, port_get_xml),
    REMOTE(PROC_CONNECT_NETWORK_EVENT_REGISTER_ANY, register_event),
    REMOTE(PROC_CONNECT_NETWORK_EVENT_DEREGISTER_ANY, deregister_event),
};
GLUE_AREA(glue_network_port);
