/* Domains: lookups, lists, state, life cycle. */
#include "daemon/glue.h"

enum { LIST_ACTIVE = 1, LIST_INACTIVE = 2, LIST_KNOWN = 0xffff };   /* virConnectListAllDomainsFlags */

/* --- lookups */

static RpcOutcome give_handle(Domain *dom, RemoteNonnullDomain *ret)
{
    if (!dom)
        return RPC_FAILED;
    g_autoptr(DomainView) view = domain_view(dom);
    glue_handle_of(ret, view);
    return RPC_DONE;
}

GLUE_HANDLER(lookup_by_id, RemoteDomainLookupByIdArgs, RemoteDomainLookupByIdRet)
{
    g_autoptr(Domain) dom = qemu_driver_by_id(qvirtd.qemu, args->id, err);
    return give_handle(dom, &ret->dom);
}

GLUE_HANDLER(lookup_by_name, RemoteDomainLookupByNameArgs, RemoteDomainLookupByNameRet)
{
    g_autoptr(Domain) dom = qemu_driver_by_name(qvirtd.qemu, args->name, err);
    return give_handle(dom, &ret->dom);
}

GLUE_HANDLER(lookup_by_uuid, RemoteDomainLookupByUuidArgs, RemoteDomainLookupByUuidRet)
{
    g_autoptr(Domain) dom = qemu_driver_by_uuid(qvirtd.qemu, args->uuid, err);
    return give_handle(dom, &ret->dom);
}

/* --- lists */

GLUE_HANDLER(list_all, RemoteConnectListAllDomainsArgs, RemoteConnectListAllDomainsRet)
{
    if (!glue_flags(call, args->flags, LIST_KNOWN, err))
        return RPC_FAILED;
    if (!args->need_results) {
        ret->ret = qemu_driver_count(qvirtd.qemu, args->flags);
        return RPC_DONE;
    }
    g_autoptr(GPtrArray) found = qemu_driver_list(qvirtd.qemu, args->flags);
    ret->domains = g_new0(RemoteNonnullDomain, found->len);
    ret->n_domains = ret->ret = found->len;
    for (guint i = 0; i < found->len; i++) {
        g_autoptr(DomainView) view = domain_view(found->pdata[i]);
        glue_handle_of(&ret->domains[i], view);
    }
    return RPC_DONE;
}

GLUE_HANDLER(num_of_domains, void, RemoteConnectNumOfDomainsRet)
{
    ret->num = (int)qemu_driver_count(qvirtd.qemu, LIST_ACTIVE);
    return RPC_DONE;
}

GLUE_HANDLER(num_of_defined, void, RemoteConnectNumOfDefinedDomainsRet)
{
    ret->num = (int)qemu_driver_count(qvirtd.qemu, LIST_INACTIVE);
    return RPC_DONE;
}

static bool max_ok(RpcCall *call, int max, GError **err)
{
    if (max >= 0)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "the maximum of %s is negative: %d", rpc_call_name(call), max);
    return false;
}

GLUE_HANDLER(list_ids, RemoteConnectListDomainsArgs, RemoteConnectListDomainsRet)
{
    if (!max_ok(call, args->maxids, err))
        return RPC_FAILED;
    g_autoptr(GPtrArray) found = qemu_driver_list(qvirtd.qemu, LIST_ACTIVE);
    ret->n_ids = MIN((guint)args->maxids, found->len);
    ret->ids = g_new0(gint32, ret->n_ids);
    for (guint i = 0; i < ret->n_ids; i++) {
        g_autoptr(DomainView) view = domain_view(found->pdata[i]);
        ret->ids[i] = view->id;
    }
    return RPC_DONE;
}

GLUE_HANDLER(list_defined, RemoteConnectListDefinedDomainsArgs, RemoteConnectListDefinedDomainsRet)
{
    if (!max_ok(call, args->maxnames, err))
        return RPC_FAILED;
    g_autoptr(GPtrArray) found = qemu_driver_list(qvirtd.qemu, LIST_INACTIVE);
    ret->n_names = MIN((guint)args->maxnames, found->len);
    ret->names = g_new0(char *, ret->n_names);
    for (guint i = 0; i < ret->n_names; i++) {
        g_autoptr(DomainView) view = domain_view(found->pdata[i]);
        ret->names[i] = g_strdup(view->name);
    }
    return RPC_DONE;
}

/* --- state */

GLUE_READ(get_state, RemoteDomainGetStateArgs, RemoteDomainGetStateRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    ret->state = (int)view->state;
    ret->reason = view->reason;
    return RPC_DONE;
}

GLUE_READ(get_info, RemoteDomainGetInfoArgs, RemoteDomainGetInfoRet)
{
    ret->state = (guint8)view->state;
    ret->maxMem = view->max_memory_kib;
    ret->memory = view->memory_kib;
    ret->nrVirtCpu = (guint16)view->vcpus;
    ret->cpuTime = view->id >= 0 ? domain_cpu_time(dom) : 0;
    return RPC_DONE;
}

GLUE_READ(is_active, RemoteDomainIsActiveArgs, RemoteDomainIsActiveRet)
{
    ret->active = view->id >= 0;
    return RPC_DONE;
}

GLUE_READ(is_persistent, RemoteDomainIsPersistentArgs, RemoteDomainIsPersistentRet)
{
    ret->persistent = view->persistent;
    return RPC_DONE;
}

GLUE_READ(is_updated, RemoteDomainIsUpdatedArgs, RemoteDomainIsUpdatedRet)
{
    ret->updated = view->updated;
    return RPC_DONE;
}

GLUE_READ(get_os_type, RemoteDomainGetOsTypeArgs, RemoteDomainGetOsTypeRet)
{
    ret->type = g_strdup(view->os_type ? view->os_type : "hvm");
    return RPC_DONE;
}

GLUE_READ(get_autostart, RemoteDomainGetAutostartArgs, RemoteDomainGetAutostartRet)
{
    ret->autostart = view->autostart;
    return RPC_DONE;
}

GLUE_READ(has_managed_save, RemoteDomainHasManagedSaveImageArgs, RemoteDomainHasManagedSaveImageRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    ret->result = view->has_managed_save;
    return RPC_DONE;
}

/* --- life cycle */

/* A start remembers whose client a guest dies with. */
typedef struct {
    RpcCall *call;
    Session *session;
    bool autodestroy;
    DomainDone answer;
} Start;

static Start *start_new(RpcCall *call, guint flags, DomainDone answer)
{
    Start *start = g_new(Start, 1);
    *start = (Start){ call, session_ref(session_of(call)), (flags & START_AUTODESTROY) != 0, answer };
    return start;
}

static void start_done(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    Start *start = user;
    if (!err && start->autodestroy) {
        domain_set_owner(dom, start->session);
        if (!start->session->client)              /* it left while the guest was starting */
            qemu_driver_owner_gone(qvirtd.qemu, start->session);
    }
    start->answer(dom, result, err, start->call);
    session_unref(start->session);
    g_free(start);
}

GLUE_HANDLER(create_xml, RemoteDomainCreateXmlArgs, RemoteDomainCreateXmlRet)
{
    if (!glue_flags(call, args->flags, START_PAUSED | START_AUTODESTROY | START_VALIDATE | START_RESET_NVRAM, err))
        return RPC_FAILED;
    qemu_create_xml(qvirtd.qemu, args->xml_desc, args->flags, start_done, start_new(call, args->flags, glue_done_handle));
    return RPC_LATER;
}

GLUE_WRITE(create, RemoteDomainCreateArgs)
{
    domain_start(dom, 0, start_done, start_new(call, 0, glue_done));
    return true;
}

GLUE_WRITE(create_with_flags, RemoteDomainCreateWithFlagsArgs)
{
    if (!glue_flags(call, args->flags, START_PAUSED | START_AUTODESTROY | START_BYPASS_CACHE | START_FORCE_BOOT |
                    START_RESET_NVRAM, err))
        return false;
    domain_start(dom, args->flags, start_done, start_new(call, args->flags, glue_done_handle));
    return true;
}

GLUE_WRITE(destroy, RemoteDomainDestroyArgs)
{
    domain_destroy(dom, 0, glue_done, call);
    return true;
}

enum { DESTROY_GRACEFUL = 1, DESTROY_REMOVE_LOGS = 2 };

GLUE_WRITE(destroy_flags, RemoteDomainDestroyFlagsArgs)
{
    if (!glue_flags(call, args->flags, DESTROY_GRACEFUL | DESTROY_REMOVE_LOGS, err))
        return false;
    domain_destroy(dom, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(suspend, RemoteDomainSuspendArgs)
{
    domain_suspend(dom, glue_done, call);
    return true;
}

GLUE_WRITE(resume, RemoteDomainResumeArgs)
{
    domain_resume(dom, glue_done, call);
    return true;
}

GLUE_WRITE(shutdown_plain, RemoteDomainShutdownArgs)
{
    domain_shutdown(dom, 0, glue_done, call);
    return true;
}

enum { POWER_ACPI = 1, POWER_AGENT = 2 };

GLUE_WRITE(shutdown_flags, RemoteDomainShutdownFlagsArgs)
{
    if (!glue_flags(call, args->flags, POWER_ACPI | POWER_AGENT, err))
        return false;
    domain_shutdown(dom, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(reboot, RemoteDomainRebootArgs)
{
    if (!glue_flags(call, args->flags, POWER_ACPI | POWER_AGENT, err))
        return false;
    domain_reboot(dom, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(reset, RemoteDomainResetArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    domain_reset(dom, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(set_autostart, RemoteDomainSetAutostartArgs)
{
    domain_set_autostart(dom, args->autostart != 0, glue_done, call);
    return true;
}

static const RpcHandlerRow glue_domain_rows[] = {
    REMOTE(PROC_DOMAIN_LOOKUP_BY_ID, lookup_by_id),
    REMOTE(PROC_DOMAIN_LOOKUP_BY_NAME, lookup_by_name),
    REMOTE(PROC_DOMAIN_LOOKUP_BY_UUID, lookup_by_uuid),
    REMOTE(PROC_CONNECT_LIST_ALL_DOMAINS, list_all),
    REMOTE(PROC_CONNECT_NUM_OF_DOMAINS, num_of_domains),
    REMOTE(PROC_CONNECT_NUM_OF_DEFINED_DOMAINS, num_of_defined),
    REMOTE(PROC_CONNECT_LIST_DOMAINS, list_ids),
    REMOTE(PROC_CONNECT_LIST_DEFINED_DOMAINS, list_defined),
    REMOTE(PROC_DOMAIN_GET_STATE, get_state),
    REMOTE(PROC_DOMAIN_GET_INFO, get_info),
    REMOTE(PROC_DOMAIN_IS_ACTIVE, is_active),
    REMOTE(PROC_DOMAIN_IS_PERSISTENT, is_persistent),
    REMOTE(PROC_DOMAIN_IS_UPDATED, is_updated),
    REMOTE(PROC_DOMAIN_GET_OS_TYPE, get_os_type),
    REMOTE(PROC_DOMAIN_GET_AUTOSTART, get_autostart),
    REMOTE(PROC_DOMAIN_HAS_MANAGED_SAVE_IMAGE, has_managed_save),
    REMOTE(PROC_DOMAIN_CREATE_XML, create_xml),
    REMOTE(PROC_DOMAIN_CREATE, create),
    REMOTE(PROC_DOMAIN_CREATE_WITH_FLAGS, create_with_flags),
    REMOTE(PROC_DOMAIN_DESTROY, destroy),
    REMOTE(PROC_DOMAIN_DESTROY_FLAGS, destroy_flags),
    REMOTE(PROC_DOMAIN_SUSPEND, suspend),
    REMOTE(PROC_DOMAIN_RESUME, resume),
    REMOTE(PROC_DOMAIN_SHUTDOWN, shutdown_plain),
    REMOTE(PROC_DOMAIN_SHUTDOWN_FLAGS, shutdown_flags),
    REMOTE(PROC_DOMAIN_REBOOT, reboot),
    REMOTE(PROC_DOMAIN_RESET, reset),
    REMOTE(PROC_DOMAIN_SET_AUTOSTART, set_autostart),
};
GLUE_AREA(glue_domain);
