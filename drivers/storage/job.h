/* A change on its way: checked on the I/O thread, done on the driver's thread, taken in on the I/O thread. */
#ifndef QV_STORAGE_JOB_H
#define QV_STORAGE_JOB_H
#include "drivers/storage/storage.h"

typedef struct StorageJob StorageJob;
typedef struct {
    bool (*check)(StorageJob *job, GError **err);      /* I/O thread; NULL: nothing to check */
    bool (*work)(StorageJob *job, GError **err);       /* the driver's thread; sees only what the job holds */
    void (*finish)(StorageJob *job);                   /* I/O thread */
} StorageSteps;

struct StorageDriver {
    char *etc, *autostart, *run;
    GPtrArray *pools;
    GQueue queue;
    StorageJob *current;
    GThreadPool *thread;
};

struct StorageJob {
    StorageDriver *driver;
    const StorageSteps *steps;
    StoragePool *pool;             /* a reference, or NULL */
    char *text;
    StoragePoolDef *def;           /* the job's own copy */
    StorageVolDef *vol;            /* made, or to be removed */
    GPtrArray *vols;               /* found */
    bool persistent, metadata;
    GError *err;
    StorageDone done;
    gpointer user;
};
extern const StorageSteps storage_pool_steps[], storage_vol_create_steps, storage_vol_delete_steps;

StoragePool *pool_new(StorageDriver *driver, StoragePoolDef *def /* taken */);
StoragePool *pool_ref(StoragePool *pool);
void pool_unref(StoragePool *pool);
/* ETC/storage/NAME.xml and its like; gives. */
char *pool_file(const char *folder, const char *name);

/* --- scan.c; any thread */
/* The volumes of the folder, and its sizes into @def. NULL with an error. */
GPtrArray *scan_folder(StoragePoolDef *def, GError **err);
/* One file; NULL without an error when it is no volume. */
StorageVolDef *scan_file(const char *folder, const char *name, GError **err);
#endif
