/* <filesystem>: a folder of the host for the guest, by 9p or virtiofs. */
#ifndef QV_CONF_FILESYSTEM_H
#define QV_CONF_FILESYSTEM_H
#include "conf/device.h"
#include "conf/virtio.h"

typedef enum { FS_NONE, FS_MOUNT, FS_BLOCK, FS_FILE, FS_TEMPLATE, FS_RAM, FS_BIND, FS_VOLUME, FS__N } FilesystemType;
typedef enum { FS_DRIVER_NONE, FS_DRIVER_DEFAULT, FS_DRIVER_PATH, FS_DRIVER_HANDLE, FS_DRIVER_LOOP, FS_DRIVER_NBD,
               FS_DRIVER_PLOOP, FS_DRIVER_VIRTIOFS, FS_DRIVER__N } FilesystemDriver;
typedef enum { FS_ACCESS_NONE, FS_PASSTHROUGH, FS_MAPPED, FS_SQUASH, FS_ACCESS__N } FilesystemAccess;
typedef enum { FS_CACHE_NONE_SAID, FS_CACHE_NONE, FS_CACHE_ALWAYS, FS_CACHE__N } FilesystemCache;
typedef enum { FS_SANDBOX_NONE, FS_SANDBOX_NAMESPACE, FS_SANDBOX_CHROOT, FS_SANDBOX__N } FilesystemSandbox;
typedef enum { FS_MULTIDEVS_NONE, FS_MULTIDEVS_DEFAULT, FS_MULTIDEVS_REMAP, FS_MULTIDEVS_FORBID, FS_MULTIDEVS_WARN,
               FS_MULTIDEVS__N } FilesystemMultidevs;

typedef struct {
    DeviceInfo info;
    FilesystemType type;
    FilesystemAccess access;
    OptU32 fmode, dmode;                   /* octal in XML */
    FilesystemMultidevs multidevs;
    enum { FS_MODEL_NONE, FS_MODEL_DEFAULT, FS_MODEL_TRANSITIONAL, FS_MODEL_NON_TRANSITIONAL, FS_MODEL__N } model;
    struct {
        FilesystemDriver type;
        char *format, *name;
        enum { WRPOLICY_NONE, WRPOLICY_IMMEDIATE, WRPOLICY__N } wrpolicy;
        guint32 queue;
        VirtioOptions virtio;
    } driver;
    struct {                               /* virtiofsd */
        char *path;
        Tristate xattr, posix_lock, flock;
        FilesystemCache cache;
        FilesystemSandbox sandbox;
        OptU32 thread_pool;
    } binary;
    struct { char *dir, *dev, *file, *name, *pool, *volume, *socket; guint64 usage; char *units; } source;
    char *target;
    bool readonly;
    guint64 hard_limit, soft_limit;        /* bytes */
} Filesystem;

extern const XmElem filesystem_elem;
#endif
