/* Network filters and their bindings. */
#include "daemon/glue.h"
#include "drivers/nwfilter/nwfilter.h"
#include "util/ids.h"

enum { DEFINE_VALIDATE = 1 };

static void handle_of(RemoteNonnullNwfilter *ret, const NwFilter *filter)
{
    ret->name = g_strdup(filter->name);
    uuid_parse(filter->uuid, ret->uuid);
}

/* --- lists */

GLUE_HANDLER(list_all, RemoteConnectListAllNwfiltersArgs, RemoteConnectListAllNwfiltersRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    g_autoptr(GPtrArray) all = nwfilter_list();
    ret->ret = all->len;
    if (!args->need_results)
        return RPC_DONE;
    ret->filters = g_new0(RemoteNonnullNwfilter, all->len);
    for (guint i = 0; i < all->len; i++)
        handle_of(&ret->filters[ret->n_filters++], all->pdata[i]);
    return RPC_DONE;
}

GLUE_HANDLER(num_of, void, RemoteConnectNumOfNwfiltersRet)
{
    g_autoptr(GPtrArray) all = nwfilter_list();
    ret->num = (int)all->len;
    return RPC_DONE;
}

GLUE_HANDLER(list_names, RemoteConnectListNwfiltersArgs, RemoteConnectListNwfiltersRet)
{
    g_autoptr(GPtrArray) all = nwfilter_list();
    guint n = args->maxnames < 0 ? 0 : MIN(all->len, (guint)args->maxnames);
    ret->names = g_new0(char *, n);
    while (ret->n_names < n) {
        ret->names[ret->n_names] = g_strdup(((NwFilter *)all->pdata[ret->n_names])->name);
        ret->n_names++;
    }
    return RPC_DONE;
}

/* --- one filter */

GLUE_HANDLER(by_name, RemoteNwfilterLookupByNameArgs, RemoteNwfilterLookupByNameRet)
{
    g_autoptr(NwFilter) filter = nwfilter_by_name(args->name, err);
    if (!filter)
        return RPC_FAILED;
    handle_of(&ret->nwfilter, filter);
    return RPC_DONE;
}

GLUE_HANDLER(by_uuid, RemoteNwfilterLookupByUuidArgs, RemoteNwfilterLookupByUuidRet)
{
    g_autoptr(NwFilter) filter = nwfilter_by_uuid(args->uuid, err);
    if (!filter)
        return RPC_FAILED;
    handle_of(&ret->nwfilter, filter);
    return RPC_DONE;
}

GLUE_HANDLER(get_xml, RemoteNwfilterGetXmlDescArgs, RemoteNwfilterGetXmlDescRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    g_autoptr(NwFilter) filter = nwfilter_by_uuid(args->nwfilter.uuid, err);
    if (!filter)
        return RPC_FAILED;
    ret->xml = nwfilter_format(filter);
    return RPC_DONE;
}

static void defined(gpointer result, const GError *err, gpointer user)
{
    RemoteNwfilterDefineXmlRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    handle_of(&ret.nwfilter, result);
    rpc_call_reply(user, &ret);
}

static void done(gpointer result, const GError *err, gpointer user)
{
    if (err)
        rpc_call_fail(user, err);
    else
        rpc_call_reply(user, NULL);
}

GLUE_HANDLER(define, RemoteNwfilterDefineXmlArgs, RemoteNwfilterDefineXmlRet)
{
    nwfilter_define(args->xml, 0, defined, call);
    return RPC_LATER;
}

GLUE_HANDLER(define_flags, RemoteNwfilterDefineXmlFlagsArgs, RemoteNwfilterDefineXmlFlagsRet)
{
    if (!glue_flags(call, args->flags, DEFINE_VALIDATE, err))
        return RPC_FAILED;
    nwfilter_define(args->xml, args->flags & DEFINE_VALIDATE ? XM_PARSE_STRICT : 0, defined, call);
    return RPC_LATER;
}

GLUE_HANDLER(undefine, RemoteNwfilterUndefineArgs, void)
{
    nwfilter_undefine(args->nwfilter.uuid, done, call);
    return RPC_LATER;
}

/* --- bindings */

static void port_handle(RemoteNonnullNwfilterBinding *ret, const char *dev, const char *filter)
{
    ret->portdev = g_strdup(dev);
    ret->filtername = g_strdup(filter);
}

GLUE_HANDLER(list_bindings, RemoteConnectListAllNwfilterBindingsArgs, RemoteConnectListAllNwfilterBindingsRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    g_autoptr(GPtrArray) all = nwfilter_bindings();
    ret->ret = all->len;
    if (!args->need_results)
        return RPC_DONE;
    ret->bindings = g_new0(RemoteNonnullNwfilterBinding, all->len);
    for (guint i = 0; i < all->len; i++) {
        const NwfilterPort *port = all->pdata[i];
        port_handle(&ret->bindings[ret->n_bindings++], port->dev, port->filter);
    }
    return RPC_DONE;
}

GLUE_HANDLER(binding_lookup, RemoteNwfilterBindingLookupByPortDevArgs, RemoteNwfilterBindingLookupByPortDevRet)
{
    g_autofree char *filter = nwfilter_binding_filter(args->name, err);
    if (!filter)
        return RPC_FAILED;
    port_handle(&ret->nwfilter, args->name, filter);
    return RPC_DONE;
}

GLUE_HANDLER(binding_xml, RemoteNwfilterBindingGetXmlDescArgs, RemoteNwfilterBindingGetXmlDescRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    ret->xml = nwfilter_binding_xml(args->nwfilter.portdev, err);
    return ret->xml ? RPC_DONE : RPC_FAILED;
}

static void bound(gpointer result, const GError *err, gpointer user)
{
    RemoteNwfilterBindingCreateXmlRet ret = { 0 };
    const NwfilterPort *port = result;
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    port_handle(&ret.nwfilter, port->dev, port->filter);
    rpc_call_reply(user, &ret);
}

GLUE_HANDLER(binding_create, RemoteNwfilterBindingCreateXmlArgs, RemoteNwfilterBindingCreateXmlRet)
{
    if (!glue_flags(call, args->flags, DEFINE_VALIDATE, err))
        return RPC_FAILED;
    nwfilter_binding_create(args->xml, args->flags & DEFINE_VALIDATE ? XM_PARSE_STRICT : 0, bound, call);
    return RPC_LATER;
}

GLUE_HANDLER(binding_delete, RemoteNwfilterBindingDeleteArgs, void)
{
    nwfilter_binding_delete(args->nwfilter.portdev, done, call);
    return RPC_LATER;
}

static const RpcHandlerRow glue_nwfilter_rows[] = {
    REMOTE(PROC_CONNECT_LIST_ALL_NWFILTERS, list_all),
    REMOTE(PROC_CONNECT_NUM_OF_NWFILTERS, num_of),
    REMOTE(PROC_CONNECT_LIST_NWFILTERS, list_names),
    REMOTE(PROC_NWFILTER_LOOKUP_BY_NAME, by_name),
    REMOTE(PROC_NWFILTER_LOOKUP_BY_UUID, by_uuid),
    REMOTE(PROC_NWFILTER_GET_XML_DESC, get_xml),
    REMOTE(PROC_NWFILTER_DEFINE_XML, define),
    REMOTE(PROC_NWFILTER_DEFINE_XML_FLAGS, define_flags),
    REMOTE(PROC_NWFILTER_UNDEFINE, undefine),
    REMOTE(PROC_CONNECT_LIST_ALL_NWFILTER_BINDINGS, list_bindings),
    REMOTE(PROC_NWFILTER_BINDING_LOOKUP_BY_PORT_DEV, binding_lookup),
    REMOTE(PROC_NWFILTER_BINDING_GET_XML_DESC, binding_xml),
    REMOTE(PROC_NWFILTER_BINDING_CREATE_XML, binding_create),
    REMOTE(PROC_NWFILTER_BINDING_DELETE, binding_delete),
};
GLUE_AREA(glue_nwfilter);
