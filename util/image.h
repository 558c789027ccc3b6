/* What the header of a disk image says of the image beneath it. */
#ifndef QV_UTIL_IMAGE_H
#define QV_UTIL_IMAGE_H
#include "util/error.h"

typedef struct {
    char *name;          /* as it stands in the header; NULL: there is none */
    char *format;        /* "raw", "qcow2"; NULL: not said */
} ImageBacking;
void image_backing_clear(ImageBacking *backing);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImageBacking, image_backing_clear)

/* Reads the header of the qcow2 image @path (QEMU's docs/interop/qcow2.txt). False with an error when it is no such
 * image or its header lies. Blocks for file I/O. */
bool image_qcow2_backing(const char *path, ImageBacking *ret, GError **err);
typedef struct {
    guint64 allocation;  /* bytes the host has set aside */
    guint64 capacity;    /* bytes the guest sees */
    guint64 physical;    /* bytes of the file or device */
} ImageSize;
/* How big the image @path is: by the file system, and for @qcow2 by its header. A device's size is its length. Blocks for
 * file I/O. */
bool image_size(const char *path, bool qcow2, ImageSize *ret, GError **err);
/* Where a backing name leads that stands in the image @path: an absolute file name, or NULL when it is not a file's
 * ("json:...", "nbd://..."). Gives. */
char *image_resolve(const char *path, const char *name);
#endif
