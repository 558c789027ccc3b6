#include "util/image.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "util/file.h"

enum { V2_HEADER = 72, V3_HEADER_LENGTH_AT = 100, NAME_MAX_LEN = 1023, HEADER_MAX = 64 * 1024 };
#define MAGIC 0x514649fbU
#define EXT_BACKING_FORMAT 0xe2792acaU

typedef struct { guint8 bytes[HEADER_MAX]; gsize len; } Header;

static guint64 be(const Header *h, gsize at, guint n)
{
    guint64 value = 0;

    for (guint i = 0; i < n; i++)
        value = value << 8 | (at + i < h->len ? h->bytes[at + i] : 0);
    return value;
}

static bool lies(const char *path, const char *what, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "'%s' is not a sound qcow2 image: %s", path, what);
    return false;
}

static char *text_at(const Header *h, guint64 at, guint64 len)
{
    if (!len || len > NAME_MAX_LEN || at > h->len || len > h->len - at || memchr(h->bytes + at, 0, len))
        return NULL;
    return g_strndup((const char *)h->bytes + at, len);
}

/* Extensions lie between the header and the backing name: type, length, data filled up to eight bytes. */
static char *backing_format(const Header *h, guint64 end)
{
    guint64 at = be(h, 4, 4) >= 3 ? be(h, V3_HEADER_LENGTH_AT, 4) : V2_HEADER;

    while (at + 8 <= end) {
        guint64 type = be(h, at, 4), len = be(h, at + 4, 4);
        if (!type)
            break;
        if (type == EXT_BACKING_FORMAT)
            return text_at(h, at + 8, len);
        at += 8 + ((len + 7) & ~G_GUINT64_CONSTANT(7));
    }
    return NULL;
}

bool image_qcow2_backing(const char *path, ImageBacking *ret, GError **err)
{
    g_autofree Header *h = g_new(Header, 1);
    g_auto(Fd) fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : pread(fd, h->bytes, sizeof h->bytes, 0);

    *ret = (ImageBacking){ 0 };
    if (len < 0)
        return qv_error_errno(err, errno, "cannot read image '%s'", path);
    h->len = (gsize)len;
    if (h->len < V2_HEADER || be(h, 0, 4) != MAGIC)
        return lies(path, "its first bytes are others; is its <driver type> right?", err);
    guint64 at = be(h, 8, 8), size = be(h, 16, 4);
    if (!at)
        return true;
    if (!(ret->name = text_at(h, at, size)))
        return lies(path, "the name of its backing file lies outside the header", err);
    ret->format = backing_format(h, at);
    return true;
}

bool image_size(const char *path, bool qcow2, ImageSize *ret, GError **err)
{
    enum { SIZE_AT = 24, BLOCK = 512 };            /* the unit of st_blocks */
    g_autofree Header *h = g_new(Header, 1);
    g_auto(Fd) fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return qv_error_errno(err, errno, "cannot look at image '%s'", path);
    off_t length = S_ISREG(st.st_mode) ? st.st_size : lseek(fd, 0, SEEK_END);
    if (length < 0)
        return qv_error_errno(err, errno, "cannot tell the size of image '%s'", path);
    ret->physical = (guint64)length;
    ret->allocation = S_ISREG(st.st_mode) ? (guint64)st.st_blocks * BLOCK : ret->physical;
    ret->capacity = ret->physical;
    if (!qcow2)
        return true;
    ssize_t len = pread(fd, h->bytes, V2_HEADER, 0);
    h->len = len < 0 ? 0 : (gsize)len;
    if (h->len < V2_HEADER || be(h, 0, 4) != MAGIC)
        return lies(path, "its first bytes are others; is its <driver type> right?", err);
    ret->capacity = be(h, SIZE_AT, 8);
    return true;
}

char *image_resolve(const char *path, const char *name)
{
    if (g_str_has_prefix(name, "file:"))
        name += strlen("file:");
    else if (strchr(name, ':') && (!strchr(name, '/') || strchr(name, ':') < strchr(name, '/')))
        return NULL;
    if (g_path_is_absolute(name))
        return g_strdup(name);
    g_autofree char *folder = g_path_get_dirname(path);
    return g_canonicalize_filename(name, folder);
}

void image_backing_clear(ImageBacking *backing)
{
    g_clear_pointer(&backing->name, g_free);
    g_clear_pointer(&backing->format, g_free);
}
