/* Storage pools and volumes as XML: libvirt's formatstorage. Sizes are bytes. */
#ifndef QV_CONF_STORAGE_POOL_H
#define QV_CONF_STORAGE_POOL_H
#include "conf/xm.h"

typedef enum {
    POOL_ABSENT, POOL_DIR, POOL_FS, POOL_NETFS, POOL_LOGICAL, POOL_DISK, POOL_ISCSI, POOL_ISCSI_DIRECT, POOL_SCSI, POOL_MPATH,
    POOL_RBD, POOL_SHEEPDOG, POOL_GLUSTER, POOL_ZFS, POOL_VSTORAGE, POOL__N
} StoragePoolType;

typedef struct { char *mode; OptI32 owner, group; char *label; } StoragePermissions;

typedef struct {
    StoragePoolType type;
    char *name, *uuid;
    guint64 capacity, allocation, available;       /* of an active pool only */
    char *path;
    StoragePermissions permissions;
} StoragePoolDef;

typedef enum { VOL_ABSENT, VOL_FILE, VOL_BLOCK, VOL_DIR, VOL_NETWORK, VOL_NETDIR, VOL_PLOOP, VOL__N } StorageVolType;

typedef struct {
    StorageVolType type;
    char *name, *key;
    guint64 capacity, allocation, physical;
    char *path, *format;
    StoragePermissions permissions;
    char *backing_path, *backing_format;
} StorageVolDef;

extern const XmElem storage_pool_elem, storage_vol_elem;

static inline void storage_pool_def_free(StoragePoolDef *def)
{
    xm_free(&storage_pool_elem, def);
}
static inline void storage_vol_def_free(StorageVolDef *def)
{
    xm_free(&storage_vol_elem, def);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoragePoolDef, storage_pool_def_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StorageVolDef, storage_vol_def_free)
/* An octal mode; @otherwise when there is none. */
guint storage_permissions_mode(const StoragePermissions *permissions, guint otherwise);
#endif
