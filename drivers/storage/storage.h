/* The storage driver's public face: pools that are folders ('dir'), and the disk images in them.
 *
 * Pools and their volumes belong to the I/O thread: reads answer at once from what the last look at the folder found.
 * What waits for a disk (looking, creating, removing) is a job: one at a time, in order, on a thread of the driver's own;
 * its end is told on the I/O thread. An active pool stays active when the daemon restarts (RUN/storage), and a persistent
 * one is in ETC/storage.
 * All functions: I/O thread. */
#ifndef QV_STORAGE_STORAGE_H
#define QV_STORAGE_STORAGE_H
#include "conf/storage_pool.h"
#include "util/error.h"

typedef struct StorageDriver StorageDriver;
typedef struct {
    guint refs;
    StorageDriver *driver;
    StoragePoolDef *def;
    guint8 uuid[16];
    bool active, persistent, autostart;
    GPtrArray *vols;               /* of StorageVolDef, by name; empty when it is not active */
} StoragePool;

/* Reads what is defined under @etc_dir/storage and was active under @run_dir/storage. Blocks: before clients are served. */
StorageDriver *storage_driver_new(const char *etc_dir, const char *run_dir, GError **err);
/* Waits for the job that runs; queued ones are dropped. */
void storage_driver_free(StorageDriver *driver);

/* --- looking. Borrowed: for this turn of the loop. NULL with QV_ERR_NO_STORAGE_POOL or _VOL. */
const GPtrArray *storage_pools(const StorageDriver *driver);
StoragePool *storage_pool_by_name(const StorageDriver *driver, const char *name, GError **err);
StoragePool *storage_pool_by_uuid(const StorageDriver *driver, const guint8 uuid[16], GError **err);
StoragePool *storage_pool_by_path(const StorageDriver *driver, const char *path, GError **err);
const StorageVolDef *storage_vol_by_name(const StoragePool *pool, const char *name, GError **err);
/* Of all active pools. */
const StorageVolDef *storage_vol_by_path(const StorageDriver *driver, const char *path, StoragePool **ret_pool, GError **err);
/* QV_ERR_OPERATION_INVALID when it is not active. */
bool storage_pool_check_active(const StoragePool *pool, GError **err);

/* --- changing. @pool and @vol (NULL where there is none) are what came of it; NULL with @err. */
typedef void (*StorageDone)(StoragePool *pool, const StorageVolDef *vol, const GError *err, gpointer user);
typedef enum {
    STORAGE_DEFINE,                /* @text: XML */
    STORAGE_CREATE_TRANSIENT,      /* @text: XML; active then */
    STORAGE_BUILD,                 /* makes the folder */
    STORAGE_START, STORAGE_STOP, STORAGE_REFRESH,
    STORAGE_CREATE_BUILT, STORAGE_START_BUILT,      /* the folder is made first */
    STORAGE_DELETE,                /* removes the folder, which must be empty */
    STORAGE_UNDEFINE,
    STORAGE_AUTOSTART, STORAGE_NO_AUTOSTART,
    STORAGE_VOL_CREATE,            /* @text: XML */
    STORAGE_VOL_CREATE_METADATA,   /* and qcow2's own tables are laid out at once */
    STORAGE_VOL_DELETE,            /* @text: its name */
} StorageOp;
void storage_op(StorageDriver *driver, StorageOp op, StoragePool *pool, const char *text, StorageDone done, gpointer user);
#endif
