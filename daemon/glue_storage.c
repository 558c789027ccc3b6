/* Storage pools. */
#include "daemon/glue.h"

static StoragePool *find(const RemoteNonnullStoragePool *handle, GError **err)
{
    return storage_pool_by_uuid(qvirtd.storage, handle->uuid, err);
}

static void handle_of(RemoteNonnullStoragePool *ret, const StoragePool *pool)
{
    ret->name = g_strdup(pool->def->name);
    memcpy(ret->uuid, pool->uuid, 16);
}

/* --- lists */

/* virConnectListAllStoragePoolsFlags: groups of filters; a group none of whose bits is set lets everything pass. */
enum { LIST_INACTIVE = 1, LIST_ACTIVE = 2, LIST_PERSISTENT = 4, LIST_TRANSIENT = 8, LIST_AUTOSTART = 16, LIST_NO_AUTOSTART = 32,
       LIST_DIR = 64, LIST_TYPES = 0xfffc0, LIST_ALL = 0xfffff };

static bool passes(guint flags, guint yes, guint group, bool is, guint no)
{
    return !(flags & group) || (flags & (is ? yes : no));
}

static bool listed(const StoragePool *pool, guint flags)
{
    return passes(flags, LIST_ACTIVE, LIST_ACTIVE | LIST_INACTIVE, pool->active, LIST_INACTIVE) &&
           passes(flags, LIST_PERSISTENT, LIST_PERSISTENT | LIST_TRANSIENT, pool->persistent, LIST_TRANSIENT) &&
           passes(flags, LIST_AUTOSTART, LIST_AUTOSTART | LIST_NO_AUTOSTART, pool->autostart, LIST_NO_AUTOSTART) &&
           passes(flags, LIST_DIR, LIST_TYPES, true, 0);
}

GLUE_HANDLER(list_all, RemoteConnectListAllStoragePoolsArgs, RemoteConnectListAllStoragePoolsRet)
{
    const GPtrArray *pools = storage_pools(qvirtd.storage);
    if (!glue_flags(call, args->flags, LIST_ALL, err))
        return RPC_FAILED;
    if (args->need_results)
        ret->pools = g_new0(RemoteNonnullStoragePool, pools->len);
    for (guint i = 0; i < pools->len; i++) {
        if (!listed(pools->pdata[i], args->flags))
            continue;
        if (args->need_results)
            handle_of(&ret->pools[ret->n_pools++], pools->pdata[i]);
        ret->ret++;
    }
    return RPC_DONE;
}

static guint count(bool active)
{
    const GPtrArray *pools = storage_pools(qvirtd.storage);
    guint n = 0;
    for (guint i = 0; i < pools->len; i++)
        n += ((const StoragePool *)pools->pdata[i])->active == active;
    return n;
}

GLUE_HANDLER(num_active, void, RemoteConnectNumOfStoragePoolsRet)
{
    ret->num = (gint32)count(true);
    return RPC_DONE;
}

GLUE_HANDLER(num_defined, void, RemoteConnectNumOfDefinedStoragePoolsRet)
{
    ret->num = (gint32)count(false);
    return RPC_DONE;
}

static void names(bool active, gint32 most, char ***ret_names, guint *ret_n)
{
    const GPtrArray *pools = storage_pools(qvirtd.storage);
    *ret_names = g_new0(char *, pools->len);
    for (guint i = 0; i < pools->len && (gint32)*ret_n < most; i++) {
        const StoragePool *pool = pools->pdata[i];
        if (pool->active == active)
            (*ret_names)[(*ret_n)++] = g_strdup(pool->def->name);
    }
}

GLUE_HANDLER(list_active, RemoteConnectListStoragePoolsArgs, RemoteConnectListStoragePoolsRet)
{
    names(true, args->maxnames, &ret->names, &ret->n_names);
    return RPC_DONE;
}

GLUE_HANDLER(list_defined, RemoteConnectListDefinedStoragePoolsArgs, RemoteConnectListDefinedStoragePoolsRet)
{
    names(false, args->maxnames, &ret->names, &ret->n_names);
    return RPC_DONE;
}

/* --- one pool */

#define POOL_READ(name, Args, Ret) \
    static RpcOutcome name##_of(RpcCall *call, const StoragePool *pool, const Args *args, Ret *ret, GError **err); \
    GLUE_HANDLER(name, Args, Ret) \
    { \
        const StoragePool *pool = find(&args->pool, err); \
        return pool ? name##_of(call, pool, args, ret, err) : RPC_FAILED; \
    } \
    static RpcOutcome name##_of(RpcCall *call, const StoragePool *pool, const Args *args, Ret *ret, GError **err)

static RpcOutcome give(const StoragePool *pool, RemoteNonnullStoragePool *ret)
{
    if (!pool)
        return RPC_FAILED;
    handle_of(ret, pool);
    return RPC_DONE;
}

GLUE_HANDLER(by_name, RemoteStoragePoolLookupByNameArgs, RemoteStoragePoolLookupByNameRet)
{
    return give(storage_pool_by_name(qvirtd.storage, args->name, err), &ret->pool);
}

GLUE_HANDLER(by_uuid, RemoteStoragePoolLookupByUuidArgs, RemoteStoragePoolLookupByUuidRet)
{
    return give(storage_pool_by_uuid(qvirtd.storage, args->uuid, err), &ret->pool);
}

GLUE_HANDLER(by_path, RemoteStoragePoolLookupByTargetPathArgs, RemoteStoragePoolLookupByTargetPathRet)
{
    return give(storage_pool_by_path(qvirtd.storage, args->path, err), &ret->pool);
}

GLUE_HANDLER(by_volume, RemoteStoragePoolLookupByVolumeArgs, RemoteStoragePoolLookupByVolumeRet)
{
    return give(storage_pool_by_name(qvirtd.storage, args->vol.pool, err), &ret->pool);
}

POOL_READ(get_info, RemoteStoragePoolGetInfoArgs, RemoteStoragePoolGetInfoRet)
{
    enum { INACTIVE = 0, RUNNING = 2 };            /* virStoragePoolState */
    ret->state = pool->active ? RUNNING : INACTIVE;
    if (pool->active) {
        ret->capacity = pool->def->capacity;
        ret->allocation = pool->def->allocation;
        ret->available = pool->def->available;
    }
    return RPC_DONE;
}

POOL_READ(get_xml, RemoteStoragePoolGetXmlDescArgs, RemoteStoragePoolGetXmlDescRet)
{
    enum { XML_INACTIVE = 1 };
    if (!glue_flags(call, args->flags, XML_INACTIVE, err))
        return RPC_FAILED;
    ret->xml = xm_format(&storage_pool_elem, pool->def, pool->active && !(args->flags & XML_INACTIVE) ? XM_FORMAT_LIVE : 0);
    return RPC_DONE;
}

POOL_READ(get_autostart, RemoteStoragePoolGetAutostartArgs, RemoteStoragePoolGetAutostartRet)
{
    ret->autostart = pool->autostart;
    return RPC_DONE;
}

POOL_READ(is_active, RemoteStoragePoolIsActiveArgs, RemoteStoragePoolIsActiveRet)
{
    ret->active = pool->active;
    return RPC_DONE;
}

POOL_READ(is_persistent, RemoteStoragePoolIsPersistentArgs, RemoteStoragePoolIsPersistentRet)
{
    ret->persistent = pool->persistent;
    return RPC_DONE;
}

/* --- changes */

enum { WITH_BUILD = 1 };      /* virStoragePoolCreateFlags; the others are for file systems and disks */

static void done(StoragePool *pool, const StorageVolDef *vol, const GError *err, gpointer user)
{
    glue_done(NULL, NULL, err, user);
}

static void done_pool(StoragePool *pool, const StorageVolDef *vol, const GError *err, gpointer user)
{
    RemoteStoragePoolDefineXmlRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    handle_of(&ret.pool, pool);
    rpc_call_reply(user, &ret);
}

GLUE_HANDLER(define, RemoteStoragePoolDefineXmlArgs, RemoteStoragePoolDefineXmlRet)
{
    if (!glue_flags(call, args->flags, 0, err))
        return RPC_FAILED;
    storage_op(qvirtd.storage, STORAGE_DEFINE, NULL, args->xml, done_pool, call);
    return RPC_LATER;
}

GLUE_HANDLER(create_xml, RemoteStoragePoolCreateXmlArgs, RemoteStoragePoolCreateXmlRet)
{
    if (!glue_flags(call, args->flags, WITH_BUILD, err))
        return RPC_FAILED;
    storage_op(qvirtd.storage, args->flags ? STORAGE_CREATE_BUILT : STORAGE_CREATE_TRANSIENT, NULL, args->xml, done_pool, call);
    return RPC_LATER;
}

static RpcOutcome change(RpcCall *call, const RemoteNonnullStoragePool *handle, guint flags, guint known, StorageOp op, GError **err)
{
    StoragePool *pool = glue_flags(call, flags, known, err) ? find(handle, err) : NULL;
    if (!pool)
        return RPC_FAILED;
    storage_op(qvirtd.storage, op, pool, NULL, done, call);
    return RPC_LATER;
}

GLUE_HANDLER(build, RemoteStoragePoolBuildArgs, void)
{
    enum { NEW = 0 };
    return change(call, &args->pool, args->flags, NEW, STORAGE_BUILD, err);
}

GLUE_HANDLER(start, RemoteStoragePoolCreateArgs, void)
{
    return change(call, &args->pool, args->flags, WITH_BUILD, args->flags ? STORAGE_START_BUILT : STORAGE_START, err);
}

GLUE_HANDLER(stop, RemoteStoragePoolDestroyArgs, void)
{
    return change(call, &args->pool, 0, 0, STORAGE_STOP, err);
}

GLUE_HANDLER(refresh, RemoteStoragePoolRefreshArgs, void)
{
    return change(call, &args->pool, args->flags, 0, STORAGE_REFRESH, err);
}

GLUE_HANDLER(delete_it, RemoteStoragePoolDeleteArgs, void)
{
    return change(call, &args->pool, args->flags, 0, STORAGE_DELETE, err);
}

GLUE_HANDLER(undefine, RemoteStoragePoolUndefineArgs, void)
{
    return change(call, &args->pool, 0, 0, STORAGE_UNDEFINE, err);
}

GLUE_HANDLER(set_autostart, RemoteStoragePoolSetAutostartArgs, void)
{
    return change(call, &args->pool, 0, 0, args->autostart ? STORAGE_AUTOSTART : STORAGE_NO_AUTOSTART, err);
}

static const RpcHandlerRow glue_storage_rows[] = {
    REMOTE(PROC_CONNECT_LIST_ALL_STORAGE_POOLS, list_all),
    REMOTE(PROC_CONNECT_NUM_OF_STORAGE_POOLS, num_active),
    REMOTE(PROC_CONNECT_NUM_OF_DEFINED_STORAGE_POOLS, num_defined),
    REMOTE(PROC_CONNECT_LIST_STORAGE_POOLS, list_active),
    REMOTE(PROC_CONNECT_LIST_DEFINED_STORAGE_POOLS, list_defined),
    REMOTE(PROC_STORAGE_POOL_LOOKUP_BY_NAME, by_name),
    REMOTE(PROC_STORAGE_POOL_LOOKUP_BY_UUID, by_uuid),
    REMOTE(PROC_STORAGE_POOL_LOOKUP_BY_TARGET_PATH, by_path),
    REMOTE(PROC_STORAGE_POOL_LOOKUP_BY_VOLUME, by_volume),
    REMOTE(PROC_STORAGE_POOL_GET_INFO, get_info),
    REMOTE(PROC_STORAGE_POOL_GET_XML_DESC, get_xml),
    REMOTE(PROC_STORAGE_POOL_GET_AUTOSTART, get_autostart),
    REMOTE(PROC_STORAGE_POOL_IS_ACTIVE, is_active),
    REMOTE(PROC_STORAGE_POOL_IS_PERSISTENT, is_persistent),
    REMOTE(PROC_STORAGE_POOL_DEFINE_XML, define),
    REMOTE(PROC_STORAGE_POOL_CREATE_XML, create_xml),
    REMOTE(PROC_STORAGE_POOL_BUILD, build),
    REMOTE(PROC_STORAGE_POOL_CREATE, start),
    REMOTE(PROC_STORAGE_POOL_DESTROY, stop),
    REMOTE(PROC_STORAGE_POOL_REFRESH, refresh),
    REMOTE(PROC_STORAGE_POOL_DELETE, delete_it),
    REMOTE(PROC_STORAGE_POOL_UNDEFINE, undefine),
    REMOTE(PROC_STORAGE_POOL_SET_AUTOSTART, set_autostart),
};
GLUE_AREA(glue_storage);
