/* The backing chain of a disk that is about to start, out of the images' headers, where the definition leaves it open.
 * Only what a definition calls qcow2 is read as qcow2: a guest could write a header into a raw disk. */
#include <string.h>
#include "conf/disk.h"
#include "drivers/qemu/disk_nodes.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/start.h"
#include "util/image.h"

enum { MAX_DEPTH = 200 };

static bool local_file(const StorageSource *src)
{
    return (src->type == SOURCE_FILE || src->type == SOURCE_BLOCK) && src->path;
}

static bool backing_format(const char *image, const ImageBacking *backing, SourceFormat *ret, GError **err)
{
    int format = backing->format ? xm_enum_value(&source_format, backing->format) : -1;

    if (!backing->format)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "format of backing image '%s' of image '%s' was not specified in "
                    "the image metadata; say it: qemu-img rebase -u -F FORMAT -b '%s' '%s'", backing->name, image, backing->name, image);
    else if (format <= 0)
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "image '%s' has a backing image of unknown format '%s'", image, backing->format);
    else
        *ret = (SourceFormat)format;
    return backing->format && format > 0;
}

/* Adds what @src's header names, or an end. What is no local file is left to QEMU. */
static bool add_backing(StorageSource *src, GError **err)
{
    g_auto(ImageBacking) backing = { 0 };
    SourceFormat format = FORMAT_NONE;

    if (!image_qcow2_backing(src->path, &backing, err))
        return false;
    g_autofree char *path = backing.name ? image_resolve(src->path, backing.name) : NULL;
    if (backing.name && !path)
        return true;
    if (backing.name && !backing_format(src->path, &backing, &format, err))
        return false;
    src->backing = xm_new(&storage_backing_elem);
    if (path)
        src->backing->src = (StorageSource){ .type = SOURCE_FILE, .format = format, .path = g_steal_pointer(&path) };
    return true;
}

bool disk_complete_chain(Disk *disk, GError **err)
{
    StorageSource *src = &disk->src;

    for (guint depth = 0; local_file(src) && src->format == FORMAT_QCOW2; depth++) {
        if (depth == MAX_DEPTH) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "disk '%s': its images are a chain of more than %d, or a loop",
                        disk->dst, MAX_DEPTH);
            return false;
        }
        if (!src->backing && !add_backing(src, err))
            return false;
        if (!src->backing)
            return true;
        src = &src->backing->src;
    }
    return true;
}

bool start_chains(Start *s, GError **err)
{
    EACH_DEVICE(s->def, DEV_DISK, Disk, disk)
        if (!disk_complete_chain(disk, err))
            return false;
    return true;
}
