#include "config.h"
#include "conf/storage_pool.h"
#include <string.h>

XM_ENUM(storage_pool_type, "type of storage pool", NULL, "dir", "fs", "netfs", "logical", "disk", "iscsi", "iscsi-direct", "scsi",
        "mpath", "rbd", "sheepdog", "gluster", "zfs", "vstorage");
XM_COVERS(storage_pool_type, POOL__N);
XM_ENUM(storage_vol_type, "type of volume", NULL, "file", "block", "dir", "network", "netdir", "ploop");
XM_COVERS(storage_vol_type, VOL__N);

enum { MODE_MAX = 07777 };

guint storage_permissions_mode(const StoragePermissions *permissions, guint otherwise)
{
    guint64 mode;
    return permissions->mode && g_ascii_string_to_unsigned(permissions->mode, 8, 0, MODE_MAX, &mode, NULL) ? (guint)mode : otherwise;
}

static bool permissions_check(gconstpointer obj, char **why)
{
    const StoragePermissions *p = obj;
    if (p->mode && storage_permissions_mode(p, MODE_MAX + 1) > MODE_MAX)
        *why = g_strdup_printf("<mode> '%s' is not an octal mode of 0..7777", p->mode);
    return *why == NULL;
}

static const XmRow permissions_rows[] = {
    LEAF_STR (StoragePermissions, mode, "mode", .doc = "octal, as of chmod"),
    LEAF_OPTI(StoragePermissions, owner, "owner", .doc = "numeric user id; -1: whoever creates it"),
    LEAF_OPTI(StoragePermissions, group, "group", .doc = "numeric group id; -1: whoever creates it"),
    LEAF_STR (StoragePermissions, label, "label", .doc = "security label"),
};
static const XmElem permissions_elem = ELEM("permissions", StoragePermissions, permissions_rows, .check = permissions_check);

/* --- pools */

static bool pool_check(gconstpointer obj, char **why)
{
    const StoragePoolDef *def = obj;
    if (!def->name || strchr(def->name, '/') || g_str_equal(def->name, ".") || g_str_equal(def->name, ".."))
        *why = g_strdup_printf("a pool's <name> must not be empty, '.', '..' or contain '/': '%s'", def->name ? def->name : "");
    else if (def->type == POOL_DIR && (!def->path || *def->path != '/'))
        *why = g_strdup("a pool of type 'dir' needs a <target> with an absolute <path>");
    return *why == NULL;
}

static const XmRow pool_target_rows[] = {
    LEAF_STR (StoragePoolDef, path, "path", .doc = "the folder"),
    INLINE_AT(StoragePoolDef, permissions, "permissions", permissions_elem),
};
static const XmElem pool_target_elem = ELEM("target", StoragePoolDef, pool_target_rows);

static const XmRow pool_rows[] = {
    A_ENUM   (StoragePoolDef, type, "type", storage_pool_type, .flags = XM_REQUIRED, .doc = "what the pool is made of"),
    LEAF_STR (StoragePoolDef, name, "name", .flags = XM_REQUIRED, .doc = "unique on the host"),
    LEAF_UUID(StoragePoolDef, uuid, "uuid", .doc = "made up when it is not given"),
    SIZE     (StoragePoolDef, capacity, "capacity", .unit = 1, .flags = XM_LIVE),
    SIZE     (StoragePoolDef, allocation, "allocation", .unit = 1, .flags = XM_LIVE),
    SIZE     (StoragePoolDef, available, "available", .unit = 1, .flags = XM_LIVE),
    INLINE   ("target", pool_target_elem),
};
const XmElem storage_pool_elem = ELEM("pool", StoragePoolDef, pool_rows, .check = pool_check);

/* --- volumes */

static bool vol_check(gconstpointer obj, char **why)
{
    const StorageVolDef *def = obj;
    if (!def->name || strchr(def->name, '/') || *def->name == '.')
        *why = g_strdup_printf("a volume's <name> must not be empty, begin with '.' or contain '/': '%s'", def->name ? def->name : "");
    return *why == NULL;
}

static const XmRow format_rows[] = {
    A_STR(StorageVolDef, format, "type", .doc = "format of the file: raw, qcow2"),
};
static const XmElem format_elem = ELEM("format", StorageVolDef, format_rows);
static const XmRow vol_target_rows[] = {
    LEAF_STR (StorageVolDef, path, "path", .flags = XM_LIVE),
    INLINE   ("format", format_elem),
    INLINE_AT(StorageVolDef, permissions, "permissions", permissions_elem),
};
static const XmElem vol_target_elem = ELEM("target", StorageVolDef, vol_target_rows);

static const XmRow backing_format_rows[] = {
    A_STR(StorageVolDef, backing_format, "type", .doc = "its format"),
};
static const XmElem backing_format_elem = ELEM("format", StorageVolDef, backing_format_rows);
static const XmRow backing_rows[] = {
    LEAF_STR(StorageVolDef, backing_path, "path", .doc = "the image beneath"),
    INLINE  ("format", backing_format_elem),
};
static const XmElem backing_elem = ELEM("backingStore", StorageVolDef, backing_rows);

static const XmRow vol_rows[] = {
    A_ENUM  (StorageVolDef, type, "type", storage_vol_type, .doc = "what the volume is"),
    LEAF_STR(StorageVolDef, name, "name", .flags = XM_REQUIRED, .doc = "unique in its pool"),
    LEAF_STR(StorageVolDef, key, "key", .flags = XM_LIVE),
    SIZE    (StorageVolDef, capacity, "capacity", .unit = 1, .doc = "what a guest sees"),
    SIZE    (StorageVolDef, allocation, "allocation", .unit = 1, .doc = "what is taken of the host"),
    SIZE    (StorageVolDef, physical, "physical", .unit = 1, .flags = XM_LIVE),
    INLINE  ("target", vol_target_elem),
    INLINE  ("backingStore", backing_elem),
};
const XmElem storage_vol_elem = ELEM("volume", StorageVolDef, vol_rows, .check = vol_check);
