/* What lies in a folder. */
#include "config.h"
#include "drivers/storage/job.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include "util/file.h"
#include "util/image.h"

enum { SECTOR = 512, ISO_MAGIC_AT = 32769, QCOW2_HEADER = 32, QCOW2_SIZE_AT = 24 };

/* Format and, for formats that say it, the size the guest sees. QEMU's docs/interop/qcow2.txt; ECMA-119. */
static void read_format(int fd, StorageVolDef *vol)
{
    guint8 head[QCOW2_HEADER] = { 0 };
    char iso[5];
    if (pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head && !memcmp(head, "QFI\xfb", 4)) {
        guint64 size;
        memcpy(&size, head + QCOW2_SIZE_AT, sizeof size);
        vol->capacity = GUINT64_FROM_BE(size);
        vol->format = g_strdup("qcow2");
    } else if (pread(fd, iso, sizeof iso, ISO_MAGIC_AT) == (ssize_t)sizeof iso && !memcmp(iso, "CD001", sizeof iso)) {
        vol->format = g_strdup("iso");
    } else {
        vol->format = g_strdup("raw");
    }
}

static void read_backing(StorageVolDef *vol)
{
    g_auto(ImageBacking) backing = { 0 };
    if (!g_str_equal(vol->format, "qcow2") || !image_qcow2_backing(vol->path, &backing, NULL) || !backing.name)
        return;
    char *path = image_resolve(vol->path, backing.name);
    vol->backing_path = path ? path : g_strdup(backing.name);
    vol->backing_format = g_steal_pointer(&backing.format);
}

StorageVolDef *scan_file(const char *folder, const char *name, GError **err)
{
    g_autoptr(StorageVolDef) vol = xm_new(&storage_vol_elem);
    vol->path = g_build_filename(folder, name, NULL);
    g_auto(Fd) fd = open(vol->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (errno != ENOENT && errno != ELOOP && errno != ENXIO)
            qv_error_errno(err, errno, "cannot look at the volume '%s'", vol->path);
        return NULL;
    }
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return NULL;
    vol->type = S_ISREG(st.st_mode) ? VOL_FILE : VOL_DIR;
    vol->name = g_strdup(name);
    vol->key = g_strdup(vol->path);
    vol->capacity = vol->physical = (guint64)st.st_size;
    vol->allocation = (guint64)st.st_blocks * SECTOR;
    vol->permissions.mode = g_strdup_printf("0%03o", st.st_mode & 07777);
    vol->permissions.owner = (OptI32){ true, (gint32)st.st_uid };
    vol->permissions.group = (OptI32){ true, (gint32)st.st_gid };
    if (vol->type == VOL_DIR) {
        vol->format = g_strdup("dir");
    } else {
        read_format(fd, vol);
        read_backing(vol);
    }
    return g_steal_pointer(&vol);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    const StorageVolDef *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void vol_free(gpointer vol)
{
    storage_vol_def_free(vol);
}

GPtrArray *scan_folder(StoragePoolDef *def, GError **err)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) dir = g_dir_open(def->path, 0, &why);
    g_autoptr(GPtrArray) vols = g_ptr_array_new_with_free_func(vol_free);
    struct statvfs fs;
    const char *name;
    if (!dir || statvfs(def->path, &fs) != 0) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "cannot open the folder '%s' of storage pool '%s': %s", def->path, def->name,
                    why ? why->message : g_strerror(errno));
        return NULL;
    }
    def->capacity = (guint64)fs.f_blocks * fs.f_frsize;
    def->available = (guint64)fs.f_bfree * fs.f_frsize;
    def->allocation = def->capacity - def->available;
    while ((name = g_dir_read_name(dir))) {
        g_autoptr(GError) skipped = NULL;
        if (*name == '.' || !g_utf8_validate(name, -1, NULL))
            continue;
        StorageVolDef *vol = scan_file(def->path, name, &skipped);
        if (vol)
            g_ptr_array_add(vols, vol);
        else if (skipped)
            g_info("storage pool '%s': %s", def->name, skipped->message);
    }
    g_ptr_array_sort(vols, by_name);
    return g_steal_pointer(&vols);
}
