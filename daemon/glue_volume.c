/* Volumes of storage pools. */
#include "daemon/glue.h"

static void handle_of(RemoteNonnullStorageVol *ret, const StoragePool *pool, const StorageVolDef *vol)
{
    ret->pool = g_strdup(pool->def->name);
    ret->name = g_strdup(vol->name);
    ret->key = g_strdup(vol->path);
}

static const StorageVolDef *find(const RemoteNonnullStorageVol *handle, GError **err)
{
    const StoragePool *pool = storage_pool_by_name(qvirtd.storage, handle->pool, err);
    return pool && storage_pool_check_active(pool, err) ? storage_vol_by_name(pool, handle->name, err) : NULL;
}

/* --- of a pool */

static StoragePool *active_pool(const RemoteNonnullStoragePool *handle, GError **err)
{
    StoragePool *pool = storage_pool_by_uuid(qvirtd.storage, handle->uuid, err);
    return pool && storage_pool_check_active(pool, err) ? pool : NULL;
}

GLUE_HANDLER(number, RemoteStoragePoolNumOfVolumesArgs, RemoteStoragePoolNumOfVolumesRet)
{
    const StoragePool *pool = active_pool(&args->pool, err);
    if (!pool)
        return RPC_FAILED;
    ret->num = (gint32)pool->vols->len;
    return RPC_DONE;
}

GLUE_HANDLER(names, RemoteStoragePoolListVolumesArgs, RemoteStoragePoolListVolumesRet)
{
    const StoragePool *pool = active_pool(&args->pool, err);
    if (!pool)
        return RPC_FAILED;
    ret->names = g_new0(char *, pool->vols->len);
    for (guint i = 0; i < pool->vols->len && (gint32)i < args->maxnames; i++)
        ret->names[ret->n_names++] = g_strdup(((const StorageVolDef *)pool->vols->pdata[i])->name);
    return RPC_DONE;
}

GLUE_HANDLER(list_all, RemoteStoragePoolListAllVolumesArgs, RemoteStoragePoolListAllVolumesRet)
{
    const StoragePool *pool = glue_flags(call, args->flags, 0, err) ? active_pool(&args->pool, err) : NULL;
    if (!pool)
        return RPC_FAILED;
    ret->ret = pool->vols->len;
    if (!args->need_results)
        return RPC_DONE;
    ret->vols = g_new0(RemoteNonnullStorageVol, pool->vols->len);
    for (guint i = 0; i < pool->vols->len; i++)
        handle_of(&ret->vols[ret->n_vols++], pool, pool->vols->pdata[i]);
    return RPC_DONE;
}

/* --- one */

GLUE_HANDLER(by_name, RemoteStorageVolLookupByNameArgs, RemoteStorageVolLookupByNameRet)
{
    const StoragePool *pool = active_pool(&args->pool, err);
    const StorageVolDef *vol = pool ? storage_vol_by_name(pool, args->name, err) : NULL;
    if (!vol)
        return RPC_FAILED;
    handle_of(&ret->vol, pool, vol);
    return RPC_DONE;
}

/* The key of a file is its path. */
static RpcOutcome give_by_path(const char *path, RemoteNonnullStorageVol *ret, GError **err)
{
    g_autofree char *clean = g_canonicalize_filename(path, "/");
    StoragePool *pool;
    const StorageVolDef *vol = storage_vol_by_path(qvirtd.storage, clean, &pool, err);
    if (!vol)
        return RPC_FAILED;
    handle_of(ret, pool, vol);
    return RPC_DONE;
}

GLUE_HANDLER(by_path, RemoteStorageVolLookupByPathArgs, RemoteStorageVolLookupByPathRet)
{
    return give_by_path(args->path, &ret->vol, err);
}

GLUE_HANDLER(by_key, RemoteStorageVolLookupByKeyArgs, RemoteStorageVolLookupByKeyRet)
{
    return give_by_path(args->key, &ret->vol, err);
}

static gint8 type_of(const StorageVolDef *vol)
{
    return (gint8)(vol->type - VOL_FILE);          /* virStorageVolType begins with 0 for a file, in the same order */
}

GLUE_HANDLER(get_info, RemoteStorageVolGetInfoArgs, RemoteStorageVolGetInfoRet)
{
    const StorageVolDef *vol = find(&args->vol, err);
    if (!vol)
        return RPC_FAILED;
    ret->type = type_of(vol);
    ret->capacity = vol->capacity;
    ret->allocation = vol->allocation;
    return RPC_DONE;
}

GLUE_HANDLER(get_info_flags, RemoteStorageVolGetInfoFlagsArgs, RemoteStorageVolGetInfoFlagsRet)
{
    enum { GET_PHYSICAL = 1 };
    const StorageVolDef *vol = glue_flags(call, args->flags, GET_PHYSICAL, err) ? find(&args->vol, err) : NULL;
    if (!vol)
        return RPC_FAILED;
    ret->type = type_of(vol);
    ret->capacity = vol->capacity;
    ret->allocation = args->flags & GET_PHYSICAL ? vol->physical : vol->allocation;
    return RPC_DONE;
}

GLUE_HANDLER(get_xml, RemoteStorageVolGetXmlDescArgs, RemoteStorageVolGetXmlDescRet)
{
    const StorageVolDef *vol = glue_flags(call, args->flags, 0, err) ? find(&args->vol, err) : NULL;
    if (!vol)
        return RPC_FAILED;
    ret->xml = xm_format(&storage_vol_elem, vol, XM_FORMAT_LIVE);
    return RPC_DONE;
}

GLUE_HANDLER(get_path, RemoteStorageVolGetPathArgs, RemoteStorageVolGetPathRet)
{
    const StorageVolDef *vol = find(&args->vol, err);
    if (!vol)
        return RPC_FAILED;
    ret->name = g_strdup(vol->path);
    return RPC_DONE;
}

/* --- making and removing */

static void done_vol(StoragePool *pool, const StorageVolDef *vol, const GError *err, gpointer user)
{
    RemoteStorageVolCreateXmlRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    handle_of(&ret.vol, pool, vol);
    rpc_call_reply(user, &ret);
}

GLUE_HANDLER(create_xml, RemoteStorageVolCreateXmlArgs, RemoteStorageVolCreateXmlRet)
{
    enum { PREALLOCATE_METADATA = 1 };
    StoragePool *pool = glue_flags(call, args->flags, PREALLOCATE_METADATA, err)
                            ? storage_pool_by_uuid(qvirtd.storage, args->pool.uuid, err) : NULL;
    if (!pool)
        return RPC_FAILED;
    storage_op(qvirtd.storage, args->flags ? STORAGE_VOL_CREATE_METADATA : STORAGE_VOL_CREATE, pool, args->xml, done_vol, call);
    return RPC_LATER;
}

static void done(StoragePool *pool, const StorageVolDef *vol, const GError *err, gpointer user)
{
    glue_done(NULL, NULL, err, user);
}

GLUE_HANDLER(delete_it, RemoteStorageVolDeleteArgs, void)
{
    StoragePool *pool = glue_flags(call, args->flags, 0, err) ? storage_pool_by_name(qvirtd.storage, args->vol.pool, err) : NULL;
    if (!pool)
        return RPC_FAILED;
    storage_op(qvirtd.storage, STORAGE_VOL_DELETE, pool, args->vol.name, done, call);
    return RPC_LATER;
}

static const RpcHandlerRow glue_volume_rows[] = {
    REMOTE(PROC_STORAGE_POOL_NUM_OF_VOLUMES, number),
    REMOTE(PROC_STORAGE_POOL_LIST_VOLUMES, names),
    REMOTE(PROC_STORAGE_POOL_LIST_ALL_VOLUMES, list_all),
    REMOTE(PROC_STORAGE_VOL_LOOKUP_BY_NAME, by_name),
    REMOTE(PROC_STORAGE_VOL_LOOKUP_BY_PATH, by_path),
    REMOTE(PROC_STORAGE_VOL_LOOKUP_BY_KEY, by_key),
    REMOTE(PROC_STORAGE_VOL_GET_INFO, get_info),
    REMOTE(PROC_STORAGE_VOL_GET_INFO_FLAGS, get_info_flags),
    REMOTE(PROC_STORAGE_VOL_GET_XML_DESC, get_xml),
    REMOTE(PROC_STORAGE_VOL_GET_PATH, get_path),
    REMOTE(PROC_STORAGE_VOL_CREATE_XML, create_xml),
    REMOTE(PROC_STORAGE_VOL_DELETE, delete_it),
};
GLUE_AREA(glue_volume);
