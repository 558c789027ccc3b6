#include "daemon/glue.h"
#include "daemon/glue_events.h"

/* --- the table of all areas */

static const GlueArea *const areas[] = {
    &glue_connect,
    &glue_cpu,
    &glue_domain,
    &glue_domain_xml,
    &glue_domain_misc,
    &glue_stats,
    &glue_events,
    &glue_node, &glue_ksm,
    &glue_console,
    &glue_network, &glue_network_port, &glue_iface,
    &glue_storage,
    &glue_volume, &glue_agent, &glue_guest_info,
    &glue_hotplug,
    &glue_interface,
    &glue_tune,
    &glue_pin,
    &glue_size,
    &glue_nwfilter,
};

const RpcHandlerRow *glue_rows(guint *ret_n)
{
    static GArray *all;
    if (!all) {
        all = g_array_new(FALSE, FALSE, sizeof(RpcHandlerRow));
        for (guint i = 0; i < G_N_ELEMENTS(areas); i++)
            g_array_append_vals(all, areas[i]->rows, areas[i]->n);
    }
    *ret_n = all->len;
    return (const RpcHandlerRow *)(gpointer)all->data;
}

void glue_start(void)
{
    glue_events_start();
    glue_network_start();
}

/* --- sessions */

Session *session_of(RpcCall *call)
{
    RpcClient *client = rpc_call_client(call);
    Session *session = rpc_client_user(client);
    if (session)
        return session;
    session = g_new0(Session, 1);
    session->refs = 1;
    session->client = client;
    session->subscriptions = g_ptr_array_new_with_free_func(glue_subscription_free);
    rpc_client_set_user(client, session);
    glue_events_add_session(session);
    return session;
}

Session *session_ref(Session *session)
{
    session->refs++;
    return session;
}

void session_unref(Session *session)
{
    if (!session || --session->refs)
        return;
    g_ptr_array_unref(session->subscriptions);
    g_free(session->uri);
    g_free(session);
}

void glue_client_gone(RpcClient *client)
{
    Session *session = rpc_client_user(client);
    if (!session)
        return;
    session->client = NULL;
    rpc_client_set_user(client, NULL);
    glue_events_remove_session(session);
    qemu_driver_owner_gone(qvirtd.qemu, session);
    session_unref(session);
}

/* --- checks and handles */

bool glue_flags(RpcCall *call, guint flags, guint known, GError **err)
{
    if (!(flags & ~known))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "unsupported flags (0x%x) in function %s", flags & ~known, rpc_call_name(call));
    return false;
}

bool glue_active(const DomainView *view, GError **err)
{
    if (view->id >= 0)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain '%s' is not running", view->name);
    return false;
}

Domain *glue_domain_find(const RemoteNonnullDomain *handle, GError **err)
{
    Domain *dom = qemu_driver_by_uuid(qvirtd.qemu, handle->uuid, err);
    if (!dom)
        g_prefix_error(err, "domain '%s': ", handle->name);
    return dom;
}

void glue_handle(RemoteNonnullDomain *ret, const char *name, const guint8 uuid[16], int id)
{
    ret->name = g_strdup(name);
    memcpy(ret->uuid, uuid, 16);
    ret->id = id;
}

void glue_handle_of(RemoteNonnullDomain *ret, const DomainView *view)
{
    glue_handle(ret, view->name, view->uuid, view->id);
}

/* --- ends of writes. Results of one layout share one structure: the server encodes by the procedure. */

void glue_done(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    if (err)
        rpc_call_fail(user, err);
    else
        rpc_call_reply(user, NULL);
}

void glue_done_zero(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainRenameRet ret = { .retcode = 0 };
    if (err)
        rpc_call_fail(user, err);
    else
        rpc_call_reply(user, &ret);
}

void glue_done_handle(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainCreateXmlRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    g_autoptr(DomainView) view = domain_view(dom);
    glue_handle_of(&ret.dom, view);
    rpc_call_reply(user, &ret);
}

void glue_done_text(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteDomainGetXmlDescRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    ret.xml = g_strdup(result);
    rpc_call_reply(user, &ret);
}

/* --- typed parameters */

void glue_param(RemoteTypedParam *ret, const DomainStat *stat)
{
    ret->field = g_strdup(stat->name);
    ret->value.type = stat->type;
    switch ((ParamType)stat->type) {
    case PARAM_INT:
        ret->value.i = stat->v.i;
        return;
    case PARAM_UINT:
        ret->value.ui = stat->v.u;
        return;
    case PARAM_LLONG:
        ret->value.l = stat->v.l;
        return;
    case PARAM_ULLONG:
        ret->value.ul = stat->v.ul;
        return;
    case PARAM_DOUBLE:
        ret->value.d = stat->v.d;
        return;
    case PARAM_BOOLEAN:
        ret->value.b = stat->v.b;
        return;
    case PARAM_STRING:
        ret->value.s = g_strdup(stat->v.s ? stat->v.s : "");
        return;
    }
    g_warning("statistic '%s' has the unknown type %d", stat->name, stat->type);
    ret->value.type = PARAM_INT;
    ret->value.i = 0;
}

void glue_param_ullong(RemoteTypedParam *ret, const char *field, guint64 value)
{
    glue_param(ret, &(DomainStat){ .name = (char *)field, .type = PARAM_ULLONG, .v.ul = value });
}

const DomainStat *glue_stat_find(const GArray *stats, const char *name)
{
    for (guint i = 0; i < stats->len; i++) {
        const DomainStat *stat = &g_array_index(stats, DomainStat, i);
        if (g_str_equal(stat->name, name))
            return stat;
    }
    return NULL;
}

bool glue_stat_number(const GArray *stats, const char *name, guint64 *ret)
{
    const DomainStat *stat = glue_stat_find(stats, name);
    if (!stat)
        return false;
    switch ((ParamType)stat->type) {
    case PARAM_INT:
        *ret = (guint64)stat->v.i;
        return true;
    case PARAM_UINT:
        *ret = stat->v.u;
        return true;
    case PARAM_LLONG:
        *ret = (guint64)stat->v.l;
        return true;
    case PARAM_ULLONG:
        *ret = stat->v.ul;
        return true;
    default:
        return false;
    }
}

const char *glue_stat_text(const GArray *stats, const char *name)
{
    const DomainStat *stat = glue_stat_find(stats, name);
    return stat && stat->type == PARAM_STRING ? stat->v.s : NULL;
}
