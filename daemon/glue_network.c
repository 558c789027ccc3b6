/* Virtual networks: reads and changes. Their events: glue_network_event.c; leases and ports: glue_network_port.c. */
#include "daemon/glue.h"
#include "daemon/glue_network.h"

Network *glue_network_find(const RemoteNonnullNetwork *handle, GError **err)
{
    return network_by_uuid(qvirtd.network, handle->uuid, err);
}

void glue_network_handle(RemoteNonnullNetwork *ret, const Network *net)
{
    ret->name = g_strdup(net->def->name);
    memcpy(ret->uuid, net->uuid, 16);
}

/* --- lists */

/* virConnectListAllNetworksFlags: groups of filters; a group none of whose bits is set lets everything pass. */
enum { LIST_INACTIVE = 1, LIST_ACTIVE = 2, LIST_PERSISTENT = 4, LIST_TRANSIENT = 8, LIST_AUTOSTART = 16, LIST_NO_AUTOSTART = 32,
       LIST_ALL = 63 };

static bool passes(guint flags, guint yes, guint no, bool is)
{
    return !(flags & (yes | no)) || flags & (is ? yes : no);
}

static bool listed(const Network *net, guint flags)
{
    return passes(flags, LIST_ACTIVE, LIST_INACTIVE, net->active) && passes(flags, LIST_PERSISTENT, LIST_TRANSIENT, net->persistent) &&
           passes(flags, LIST_AUTOSTART, LIST_NO_AUTOSTART, net->autostart);
}

GLUE_HANDLER(list_all, RemoteConnectListAllNetworksArgs, RemoteConnectListAllNetworksRet)
{
    const GPtrArray *all = networks(qvirtd.network);
    if (!glue_flags(call, args->flags, LIST_ALL, err))
        return RPC_FAILED;
    if (args->need_results)
        ret->nets = g_new0(RemoteNonnullNetwork, all->len);
    for (guint i = 0; i < all->len; i++) {
        if (!listed(all->pdata[i], args->flags))
            continue;
        if (args->need_results)
            glue_network_handle(&ret->nets[ret->n_nets++], all->pdata[i]);
        ret->ret++;
    }
    return RPC_DONE;
}

static gint32 count(guint flags)
{
    const GPtrArray *all = networks(qvirtd.network);
    gint32 n = 0;
    for (guint i = 0; i < all->len; i++)
        n += listed(all->pdata[i], flags);
    return n;
}

GLUE_HANDLER(num_active, void, RemoteConnectNumOfNetworksRet)
{
    ret->num = count(LIST_ACTIVE);
    return RPC_DONE;
}

GLUE_HANDLER(num_defined, void, RemoteConnectNumOfDefinedNetworksRet)
{
    ret->num = count(LIST_INACTIVE | LIST_PERSISTENT);
    return RPC_DONE;
}

static void names(guint flags, gint32 most, char ***ret_names, guint *ret_n)
{
    const GPtrArray *all = networks(qvirtd.network);
    *ret_names = g_new0(char *, all->len);
    for (guint i = 0; i < all->len && (gint32)*ret_n < most; i++) {
        const Network *net = all->pdata[i];
        if (listed(net, flags))
            (*ret_names)[(*ret_n)++] = g_strdup(net->def->name);
    }
}

GLUE_HANDLER(list_active, RemoteConnectListNetworksArgs, RemoteConnectListNetworksRet)
{
    names(LIST_ACTIVE, args->maxnames, &ret->names, &ret->n_names);
    return RPC_DONE;
}

GLUE_HANDLER(list_defined, RemoteConnectListDefinedNetworksArgs, RemoteConnectListDefinedNetworksRet)
{
    names(LIST_INACTIVE | LIST_PERSISTENT, args->maxnames, &ret->names, &ret->n_names);
    return RPC_DONE;
}

/* --- one network */

#define NETWORK_READ(name, Args, Ret) \
    static RpcOutcome name##_of(RpcCall *call, Network *net, const Args *args, Ret *ret, GError **err); \
    GLUE_HANDLER(name, Args, Ret) \
    { \
        Network *net = glue_network_find(&args->net, err); \
        return net ? name##_of(call, net, args, ret, err) : RPC_FAILED; \
    } \
    static RpcOutcome name##_of(RpcCall *call, Network *net, const Args *args, Ret *ret, GError **err)

static RpcOutcome give(const Network *net, RemoteNonnullNetwork *ret)
{
    if (!net)
        return RPC_FAILED;
    glue_network_handle(ret, net);
    return RPC_DONE;
}

GLUE_HANDLER(by_name, RemoteNetworkLookupByNameArgs, RemoteNetworkLookupByNameRet)
{
    return give(network_by_name(qvirtd.network, args->name, err), &ret->net);
}

GLUE_HANDLER(by_uuid, RemoteNetworkLookupByUuidArgs, RemoteNetworkLookupByUuidRet)
{
    return give(network_by_uuid(qvirtd.network, args->uuid, err), &ret->net);
}

NETWORK_READ(get_xml, RemoteNetworkGetXmlDescArgs, RemoteNetworkGetXmlDescRet)
{
    enum { XML_INACTIVE = 1 };
    if (!glue_flags(call, args->flags, XML_INACTIVE, err))
        return RPC_FAILED;
    ret->xml = network_xml(net, args->flags & XML_INACTIVE);
    return RPC_DONE;
}

NETWORK_READ(get_autostart, RemoteNetworkGetAutostartArgs, RemoteNetworkGetAutostartRet)
{
    ret->autostart = net->autostart;
    return RPC_DONE;
}

NETWORK_READ(get_bridge, RemoteNetworkGetBridgeNameArgs, RemoteNetworkGetBridgeNameRet)
{
    if (!net->def->bridge.name) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "network '%s' does not have a bridge name.", net->def->name);
        return RPC_FAILED;
    }
    ret->name = g_strdup(net->def->bridge.name);
    return RPC_DONE;
}

NETWORK_READ(is_active, RemoteNetworkIsActiveArgs, RemoteNetworkIsActiveRet)
{
    ret->active = net->active;
    return RPC_DONE;
}

NETWORK_READ(is_persistent, RemoteNetworkIsPersistentArgs, RemoteNetworkIsPersistentRet)
{
    ret->persistent = net->persistent;
    return RPC_DONE;
}

/* --- changes */

static void done(Network *net, const GError *err, gpointer user)
{
    glue_done(NULL, NULL, err, user);
}

static void done_network(Network *net, const GError *err, gpointer user)
{
    RemoteNetworkDefineXmlRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    glue_network_handle(&ret.net, net);
    rpc_call_reply(user, &ret);
}

static RpcOutcome from_xml(RpcCall *call, NetworkOp op, const char *xml, guint flags, GError **err)
{
    enum { VALIDATE = 1 };
    if (!glue_flags(call, flags, VALIDATE, err))
        return RPC_FAILED;
    network_request(qvirtd.network, &(NetworkRequest){ .op = op, .text = xml, .flags = flags }, done_network, call);
    return RPC_LATER;
}

GLUE_HANDLER(define, RemoteNetworkDefineXmlArgs, RemoteNetworkDefineXmlRet)
{
    return from_xml(call, NETWORK_DEFINE, args->xml, 0, err);
}

GLUE_HANDLER(define_flags, RemoteNetworkDefineXmlFlagsArgs, RemoteNetworkDefineXmlFlagsRet)
{
    return from_xml(call, NETWORK_DEFINE, args->xml, args->flags, err);
}

GLUE_HANDLER(create_xml, RemoteNetworkCreateXmlArgs, RemoteNetworkCreateXmlRet)
{
    return from_xml(call, NETWORK_CREATE, args->xml, 0, err);
}

GLUE_HANDLER(create_xml_flags, RemoteNetworkCreateXmlFlagsArgs, RemoteNetworkCreateXmlFlagsRet)
{
    return from_xml(call, NETWORK_CREATE, args->xml, args->flags, err);
}

static RpcOutcome change(RpcCall *call, const RemoteNonnullNetwork *handle, NetworkOp op, GError **err)
{
    Network *net = glue_network_find(handle, err);
    if (!net)
        return RPC_FAILED;
    network_request(qvirtd.network, &(NetworkRequest){ .op = op, .net = net }, done, call);
    return RPC_LATER;
}

GLUE_HANDLER(start, RemoteNetworkCreateArgs, void)
{
    return change(call, &args->net, NETWORK_START, err);
}

GLUE_HANDLER(stop, RemoteNetworkDestroyArgs, void)
{
    return change(call, &args->net, NETWORK_STOP, err);
}

GLUE_HANDLER(undefine, RemoteNetworkUndefineArgs, void)
{
    return change(call, &args->net, NETWORK_UNDEFINE, err);
}

GLUE_HANDLER(set_autostart, RemoteNetworkSetAutostartArgs, void)
{
    return change(call, &args->net, args->autostart ? NETWORK_AUTOSTART : NETWORK_NO_AUTOSTART, err);
}

GLUE_HANDLER(update, RemoteNetworkUpdateArgs, void)
{
    Network *net = glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err) ? glue_network_find(&args->net, err) : NULL;
    const NetworkUpdate what = { .command = args->command, .section = args->section, .flags = args->flags, .parent = args->parentIndex,
                                 .xml = args->xml };
    if (!net)
        return RPC_FAILED;
    network_request(qvirtd.network, &(NetworkRequest){ .op = NETWORK_UPDATE, .net = net, .update = &what }, done, call);
    return RPC_LATER;
}

static const RpcHandlerRow glue_network_rows[] = {
    REMOTE(PROC_CONNECT_LIST_ALL_NETWORKS, list_all),
    REMOTE(PROC_CONNECT_NUM_OF_NETWORKS, num_active),
    REMOTE(PROC_CONNECT_NUM_OF_DEFINED_NETWORKS, num_defined),
    REMOTE(PROC_CONNECT_LIST_NETWORKS, list_active),
    REMOTE(PROC_CONNECT_LIST_DEFINED_NETWORKS, list_defined),
    REMOTE(PROC_NETWORK_LOOKUP_BY_NAME, by_name),
    REMOTE(PROC_NETWORK_LOOKUP_BY_UUID, by_uuid),
    REMOTE(PROC_NETWORK_GET_XML_DESC, get_xml),
    REMOTE(PROC_NETWORK_GET_AUTOSTART, get_autostart),
    REMOTE(PROC_NETWORK_GET_BRIDGE_NAME, get_bridge),
    REMOTE(PROC_NETWORK_IS_ACTIVE, is_active),
    REMOTE(PROC_NETWORK_IS_PERSISTENT, is_persistent),
    REMOTE(PROC_NETWORK_DEFINE_XML, define),
    REMOTE(PROC_NETWORK_DEFINE_XML_FLAGS, define_flags),
    REMOTE(PROC_NETWORK_CREATE_XML, create_xml),
    REMOTE(PROC_NETWORK_CREATE_XML_FLAGS, create_xml_flags),
    REMOTE(PROC_NETWORK_CREATE, start),
    REMOTE(PROC_NETWORK_DESTROY, stop),
    REMOTE(PROC_NETWORK_UNDEFINE, undefine),
    REMOTE(PROC_NETWORK_SET_AUTOSTART, set_autostart),
    REMOTE(PROC_NETWORK_UPDATE, update),
};
GLUE_AREA(glue_network);
