/* An image as QEMU's block nodes: "libvirt-N-storage" knows how to reach the bytes, "libvirt-N-format" how to read
 * them; N is StorageSource.index, given by qemu_prepare_live. */
#ifndef QV_QEMU_DISK_NODES_H
#define QV_QEMU_DISK_NODES_H
#include "conf/disk.h"
#include "drivers/qemu/build.h"

/* What QEMU needs to know secretly: the value of a secret of the daemon's, by uuid or usage. A start step writes
 * it (0600) into the file @path before QEMU runs; base64: the value encoded so (RBD's keys). */
typedef struct {
    char *id, *path;
    const char *uuid, *usage;      /* borrowed from the definition */
    char *value;                   /* what to write, where the definition itself holds it (cookies); else NULL */
    bool base64;
} DiskSecret;
/* All of @def's disks; the indices must have been given. Gives, with the items. */
GPtrArray *disk_secrets(const DomainDef *def, const char *domain_dir);

/* The rest of the disk's chain of images, from their headers; disk_chain.c. Worker. */
bool disk_complete_chain(Disk *disk, GError **err);
/* -object and -blockdev of the whole chain of @disk, deepest first. */
bool build_disk_nodes(QemuBuild *b, const Disk *disk, guint i, GError **err);
/* The storage node of @src, with libvirt's place for every protocol; disk_storage.c. NULL: cannot be. Gives. */
json_object *storage_props(const Disk *disk, const StorageSource *src, GError **err);
#endif
