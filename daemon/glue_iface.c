/* The host's interfaces: lists and descriptions. Changing them is refused: the host's own configuration makes them. */
#include "daemon/glue.h"
#include "drivers/interface/interface.h"

enum { LIST_INACTIVE = 1, LIST_ACTIVE = 2 };       /* virConnectListAllInterfacesFlags */

/* Those that are neither up nor down (lo: "unknown") are only listed where nothing is asked for. */
static bool listed(const HostInterface *i, guint flags)
{
    return !flags || (flags & LIST_ACTIVE && host_interface_active(i)) || (flags & LIST_INACTIVE && g_str_equal(i->state, "down"));
}

static void handle_of(RemoteNonnullInterface *ret, const HostInterface *i)
{
    ret->name = g_strdup(i->name);
    ret->mac = g_strdup(i->mac);
}

GLUE_HANDLER(list_all, RemoteConnectListAllInterfacesArgs, RemoteConnectListAllInterfacesRet)
{
    if (!glue_flags(call, args->flags, LIST_INACTIVE | LIST_ACTIVE, err))
        return RPC_FAILED;
    g_autoptr(GPtrArray) all = host_interfaces();
    if (args->need_results)
        ret->ifaces = g_new0(RemoteNonnullInterface, all->len);
    for (guint i = 0; i < all->len; i++) {
        if (!listed(all->pdata[i], args->flags))
            continue;
        if (args->need_results)
            handle_of(&ret->ifaces[ret->n_ifaces++], all->pdata[i]);
        ret->ret++;
    }
    return RPC_DONE;
}

static gint32 count(guint flags)
{
    g_autoptr(GPtrArray) all = host_interfaces();
    gint32 n = 0;
    for (guint i = 0; i < all->len; i++)
        n += listed(all->pdata[i], flags);
    return n;
}

static void names(guint flags, gint32 most, char ***ret_names, guint *ret_n)
{
    g_autoptr(GPtrArray) all = host_interfaces();
    *ret_names = g_new0(char *, all->len);
    for (guint i = 0; i < all->len && (gint32)*ret_n < most; i++) {
        const HostInterface *host = all->pdata[i];
        if (listed(host, flags))
            (*ret_names)[(*ret_n)++] = g_strdup(host->name);
    }
}

GLUE_HANDLER(num_active, void, RemoteConnectNumOfInterfacesRet)
{
    ret->num = count(LIST_ACTIVE);
    return RPC_DONE;
}

GLUE_HANDLER(num_defined, void, RemoteConnectNumOfDefinedInterfacesRet)
{
    ret->num = count(LIST_INACTIVE);
    return RPC_DONE;
}

GLUE_HANDLER(list_active, RemoteConnectListInterfacesArgs, RemoteConnectListInterfacesRet)
{
    names(LIST_ACTIVE, args->maxnames, &ret->names, &ret->n_names);
    return RPC_DONE;
}

GLUE_HANDLER(list_defined, RemoteConnectListDefinedInterfacesArgs, RemoteConnectListDefinedInterfacesRet)
{
    names(LIST_INACTIVE, args->maxnames, &ret->names, &ret->n_names);
    return RPC_DONE;
}

static RpcOutcome give(const HostInterface *i, RemoteNonnullInterface *ret)
{
    if (!i)
        return RPC_FAILED;
    handle_of(ret, i);
    return RPC_DONE;
}

GLUE_HANDLER(by_name, RemoteInterfaceLookupByNameArgs, RemoteInterfaceLookupByNameRet)
{
    g_autoptr(HostInterface) i = host_interface_by_name(args->name, err);
    return give(i, &ret->iface);
}

GLUE_HANDLER(by_mac, RemoteInterfaceLookupByMacStringArgs, RemoteInterfaceLookupByMacStringRet)
{
    g_autoptr(HostInterface) i = host_interface_by_mac(args->mac, err);
    return give(i, &ret->iface);
}

GLUE_HANDLER(get_xml, RemoteInterfaceGetXmlDescArgs, RemoteInterfaceGetXmlDescRet)
{
    enum { XML_INACTIVE = 1 };
    g_autoptr(HostInterface) i = glue_flags(call, args->flags, XML_INACTIVE, err) ? host_interface_by_name(args->iface.name, err) : NULL;
    if (!i)
        return RPC_FAILED;
    ret->xml = host_interface_xml(i);
    return RPC_DONE;
}

GLUE_HANDLER(is_active, RemoteInterfaceIsActiveArgs, RemoteInterfaceIsActiveRet)
{
    g_autoptr(HostInterface) i = host_interface_by_name(args->iface.name, err);
    if (!i)
        return RPC_FAILED;
    ret->active = host_interface_active(i);
    return RPC_DONE;
}

static RpcOutcome refuse(RpcCall *call, const void *args, void *ret, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_NO_SUPPORT, "%s: the host's interfaces are shown, not changed; use the host's own network configuration",
                rpc_call_name(call));
    return RPC_FAILED;
}

static const RpcHandlerRow glue_iface_rows[] = {
    REMOTE(PROC_CONNECT_LIST_ALL_INTERFACES, list_all),
    REMOTE(PROC_CONNECT_NUM_OF_INTERFACES, num_active),
    REMOTE(PROC_CONNECT_NUM_OF_DEFINED_INTERFACES, num_defined),
    REMOTE(PROC_CONNECT_LIST_INTERFACES, list_active),
    REMOTE(PROC_CONNECT_LIST_DEFINED_INTERFACES, list_defined),
    REMOTE(PROC_INTERFACE_LOOKUP_BY_NAME, by_name),
    REMOTE(PROC_INTERFACE_LOOKUP_BY_MAC_STRING, by_mac),
    REMOTE(PROC_INTERFACE_GET_XML_DESC, get_xml),
    REMOTE(PROC_INTERFACE_IS_ACTIVE, is_active),
    REMOTE(PROC_INTERFACE_DEFINE_XML, refuse),
    REMOTE(PROC_INTERFACE_UNDEFINE, refuse),
    REMOTE(PROC_INTERFACE_CREATE, refuse),
    REMOTE(PROC_INTERFACE_DESTROY, refuse),
    REMOTE(PROC_INTERFACE_CHANGE_BEGIN, refuse),
    REMOTE(PROC_INTERFACE_CHANGE_COMMIT, refuse),
    REMOTE(PROC_INTERFACE_CHANGE_ROLLBACK, refuse),
};
GLUE_AREA(glue_iface);
