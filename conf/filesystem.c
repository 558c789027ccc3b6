#include "config.h"
#include "conf/filesystem.h"

XM_ENUM(fs_type, "filesystem type", NULL, "mount", "block", "file", "template", "ram", "bind", "volume");
XM_COVERS(fs_type, FS__N);
XM_ENUM(fs_access, "access mode", NULL, "passthrough", "mapped", "squash");
XM_COVERS(fs_access, FS_ACCESS__N);
XM_ENUM(fs_model, "filesystem model", NULL, "virtio", "virtio-transitional", "virtio-non-transitional");
XM_COVERS(fs_model, FS_MODEL__N);
XM_ENUM(fs_multidevs, "multidevs mode", NULL, "default", "remap", "forbid", "warn");
XM_COVERS(fs_multidevs, FS_MULTIDEVS__N);
XM_ENUM(fs_driver, "filesystem driver", NULL, "default", "path", "handle", "loop", "nbd", "ploop", "virtiofs");
XM_COVERS(fs_driver, FS_DRIVER__N);
XM_ENUM(fs_wrpolicy, "write policy", NULL, "immediate");
XM_COVERS(fs_wrpolicy, WRPOLICY__N);
XM_ENUM(fs_cache, "cache mode", NULL, "none", "always");
XM_COVERS(fs_cache, FS_CACHE__N);
XM_ENUM(fs_sandbox, "sandbox mode", NULL, "namespace", "chroot");
XM_COVERS(fs_sandbox, FS_SANDBOX__N);

/* File modes are octal: fmode='0644'. */
static bool octal_parse(G_GNUC_UNUSED const XmRow *r, const char *text, gpointer v, char **why)
{
    guint64 mode;
    if (!g_ascii_string_to_unsigned(text, 8, 0, 0777, &mode, NULL)) {
        *why = g_strdup_printf("'%s' is not a file mode (octal, up to 0777)", text);
        return false;
    }
    *(OptU32 *)v = (OptU32){ true, mode };
    return true;
}

static void octal_format(G_GNUC_UNUSED const XmRow *r, gconstpointer v, GString *out)
{
    g_string_append_printf(out, "%04o", ((const OptU32 *)v)->v);
}

static bool octal_absent(gconstpointer v) { return !((const OptU32 *)v)->set; }

static bool octal_equal(gconstpointer a, gconstpointer b)
{
    const OptU32 *x = a, *y = b;
    return x->set == y->set && (!x->set || x->v == y->v);
}

static void octal_copy(gpointer to, gconstpointer from) { *(OptU32 *)to = *(const OptU32 *)from; }
static void octal_clear(gpointer v) { *(OptU32 *)v = (OptU32){ 0 }; }

static void octal_random(G_GNUC_UNUSED const XmRow *r, gpointer v, GRand *rnd)
{
    *(OptU32 *)v = (OptU32){ true, g_rand_int_range(rnd, 0, 01000) };
}

static const XmType xm_octal = { "octal file mode", octal_parse, octal_format, octal_absent, octal_equal, octal_copy,
                                 octal_clear, octal_random };

static guint fs_variant(gconstpointer obj) { return ((const Filesystem *)obj)->type; }

static void fs_init(gpointer obj) { ((Filesystem *)obj)->type = FS_MOUNT; }

static bool fs_check(gconstpointer obj, char **why)
{
    const Filesystem *fs = obj;
    const char *missing = NULL;
    if (fs->type == FS_RAM && !fs->source.usage)
        missing = "a filesystem of type='ram' needs <source usage=>";
    else if (fs->type != FS_RAM && !fs->source.dir && !fs->source.dev && !fs->source.file && !fs->source.name &&
             !fs->source.pool && !fs->source.socket)
        missing = "a filesystem needs a <source>";
    else if (!fs->target && !fs->source.socket)
        missing = "a filesystem needs a <target dir=>";
    if (!missing && fs->type != FS_MOUNT)
        missing = "QEMU shares folders only: use <filesystem type='mount'>";
    if (missing)
        *why = g_strdup(missing);
    return !missing;
}

static const XmRow driver_rows[] = {
    A_ENUM (Filesystem, driver.type, "type", fs_driver, .flags = XM_ABI | XM_NONZERO),
    A_STR  (Filesystem, driver.format, "format"),
    A_STR  (Filesystem, driver.name, "name"),
    A_ENUM (Filesystem, driver.wrpolicy, "wrpolicy", fs_wrpolicy, .flags = XM_NONZERO),
    A_U32  (Filesystem, driver.queue, "queue", .flags = XM_ABI),
    INCLUDE(Filesystem, driver.virtio, virtio_options_elem),
};
static const XmElem driver_elem = ELEM("driver", Filesystem, driver_rows);

static const XmRow cache_rows[] = { A_ENUM(Filesystem, binary.cache, "mode", fs_cache, .flags = XM_NONZERO) };
static const XmElem cache_elem = ELEM("cache", Filesystem, cache_rows);
static const XmRow sandbox_rows[] = { A_ENUM(Filesystem, binary.sandbox, "mode", fs_sandbox, .flags = XM_NONZERO) };
static const XmElem sandbox_elem = ELEM("sandbox", Filesystem, sandbox_rows);
static const XmRow lock_rows[] = {
    A_ONOFF(Filesystem, binary.posix_lock, "posix"),
    A_ONOFF(Filesystem, binary.flock, "flock"),
};
static const XmElem lock_elem = ELEM("lock", Filesystem, lock_rows);
static const XmRow pool_rows[] = { A_OPT(Filesystem, binary.thread_pool, "size") };
static const XmElem pool_elem = ELEM("thread_pool", Filesystem, pool_rows);
static const XmRow binary_rows[] = {
    A_STR  (Filesystem, binary.path, "path", .doc = "of virtiofsd"),
    A_ONOFF(Filesystem, binary.xattr, "xattr"),
    INLINE ("cache", cache_elem),
    INLINE ("sandbox", sandbox_elem),
    INLINE ("lock", lock_elem),
    INLINE ("thread_pool", pool_elem),
};
static const XmElem binary_elem = ELEM("binary", Filesystem, binary_rows);

static const XmRow source_rows[] = {
    A_STR(Filesystem, source.dir, "dir", .when = XM_BIT(FS_MOUNT) | XM_BIT(FS_BIND)),
    A_STR(Filesystem, source.socket, "socket", .when = XM_BIT(FS_MOUNT), .doc = "of a virtiofsd that runs already"),
    A_STR(Filesystem, source.dev, "dev", .when = XM_BIT(FS_BLOCK)),
    A_STR(Filesystem, source.file, "file", .when = XM_BIT(FS_FILE)),
    A_STR(Filesystem, source.name, "name", .when = XM_BIT(FS_TEMPLATE)),
    A_U64(Filesystem, source.usage, "usage", .when = XM_BIT(FS_RAM)),
    A_STR(Filesystem, source.units, "units", .when = XM_BIT(FS_RAM)),
    A_STR(Filesystem, source.pool, "pool", .when = XM_BIT(FS_VOLUME)),
    A_STR(Filesystem, source.volume, "volume", .when = XM_BIT(FS_VOLUME)),
};
static const XmElem source_elem = ELEM("source", Filesystem, source_rows, .variant = fs_variant);
static const XmRow target_rows[] = { A_STR(Filesystem, target, "dir", .flags = XM_ABI, .doc = "mount tag") };
static const XmElem target_elem = ELEM("target", Filesystem, target_rows);

static const XmRow filesystem_rows[] = {
    A_ENUM(Filesystem, type, "type", fs_type, .flags = XM_NONZERO),
    A_ENUM(Filesystem, access, "accessmode", fs_access, .flags = XM_NONZERO),
    A_ENUM(Filesystem, model, "model", fs_model, .flags = XM_ABI | XM_NONZERO),
    XM_SCALAR(XM_ATTR, Filesystem, fmode, "fmode", xm_octal, OptU32, .doc = "mode of new files, octal"),
    XM_SCALAR(XM_ATTR, Filesystem, dmode, "dmode", xm_octal, OptU32, .doc = "mode of new folders, octal"),
    A_ENUM(Filesystem, multidevs, "multidevs", fs_multidevs, .flags = XM_NONZERO),
    INLINE("driver", driver_elem),
    INLINE("binary", binary_elem),
    INLINE("source", source_elem),
    INLINE("target", target_elem),
    FLAG  (Filesystem, readonly, "readonly", .flags = XM_ABI),
    INCLUDE(Filesystem, info, device_info_elem),
    SIZE  (Filesystem, hard_limit, "space_hard_limit", .unit = 1),
    SIZE  (Filesystem, soft_limit, "space_soft_limit", .unit = 1),
};
const XmElem filesystem_elem = ELEM("filesystem", Filesystem, filesystem_rows, .has_line = true, .variant = fs_variant,
                                    .init = fs_init, .check = fs_check);
