/* -blockdev of a disk's chain, and the -object that they refer to. */
#include "config.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/disk_nodes.h"
#include "drivers/qemu/each.h"

typedef struct {
    QemuBuild *b;
    const Disk *disk;
    guint i;
    const StorageEncryption *encryption;   /* of the source at hand */
} Nodes;

static Reason why(const Nodes *n)
{
    return build_reason(DEV_DISK, n->i, (gpointer)n->disk);
}

static const StorageEncryption *encryption_of(const Disk *disk, const StorageSource *src)
{
    return src == &disk->src ? disk_encryption(disk) : src->encryption;
}

/* --- secrets */

static void secret_free(gpointer p)
{
    DiskSecret *s = p;
    g_free(s->id);
    g_free(s->path);
    g_free(s->value);
    g_free(s);
}

static void need_secret(GPtrArray *all, const char *dir, char *id, const char *uuid, const char *usage, bool base64)
{
    DiskSecret *s = g_new0(DiskSecret, 1);
    *s = (DiskSecret){ id, g_strdup_printf("%s/%s", dir ? dir : "", id), uuid, usage, NULL, base64 };
    g_ptr_array_add(all, s);
}

static bool uses_auth(const StorageSource *src, const StorageAuth *auth)
{
    return auth && src->type == SOURCE_NETWORK && src->protocol != PROTO_SSH && src->protocol != PROTO_NBD &&
           src->protocol != PROTO_GLUSTER && src->protocol != PROTO_SHEEPDOG && src->protocol != PROTO_NFS;
}

/* "name=value; name=value" */
static void cookie_secret(GPtrArray *all, const StorageSource *src, const char *dir)
{
    bool web = src->protocol == PROTO_HTTP || src->protocol == PROTO_HTTPS;
    if (src->type != SOURCE_NETWORK || !web || !src->cookies || src->cookies->len == 0)
        return;
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < src->cookies->len; i++) {
        const SourceCookie *c = src->cookies->pdata[i];
        g_string_append_printf(text, "%s%s=%s", i ? "; " : "", c->name, c->value ? c->value : "");
    }
    need_secret(all, dir, g_strdup_printf("libvirt-%u-storage-httpcookie-secret0", src->index), NULL, NULL, false);
    ((DiskSecret *)all->pdata[all->len - 1])->value = g_string_free(text, FALSE);
}

static void source_secrets(GPtrArray *all, const Disk *disk, const StorageSource *src, const char *dir)
{
    const StorageAuth *auth = src == &disk->src ? disk_auth(disk) : src->auth;
    const StorageEncryption *e = encryption_of(disk, src);
    if (source_is_empty(src))
        return;
    if (uses_auth(src, auth))
        need_secret(all, dir, g_strdup_printf("libvirt-%u-storage-auth-secret0", src->index), auth->uuid, auth->usage,
                    auth->type == SECRET_USE_CEPH);
    cookie_secret(all, src, dir);
    for (guint i = 0; e && e->secrets && i < e->secrets->len; i++) {
        const EncryptionSecret *s = e->secrets->pdata[i];
        need_secret(all, dir, g_strdup_printf("libvirt-%u-format-encryption-secret%u", src->index, i), s->uuid, s->usage,
                    false);
    }
}

GPtrArray *disk_secrets(const DomainDef *def, const char *domain_dir)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(secret_free);
    EACH_DEVICE(def, DEV_DISK, Disk, disk) {
        source_secrets(all, disk, &disk->src, domain_dir);
        for (const StorageBacking *back = disk->src.backing; back; back = back->src.backing)
            source_secrets(all, disk, &back->src, domain_dir);
    }
    return all;
}

static json_object *object_new(const char *type)
{
    json_object *p = json_object_new_object();
    props_str(p, "qom-type", type);
    return p;
}

static void build_secrets(Nodes *n, const StorageSource *src)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(secret_free);
    source_secrets(all, n->disk, src, n->b->domain_dir);
    for (guint i = 0; i < all->len; i++) {
        const DiskSecret *s = all->pdata[i];
        json_object *p = object_new("secret");
        props_str(p, "id", s->id);
        if (n->b->dry) {                    /* nobody reads it, and nothing secret is shown */
            props_str(p, "data", "");
            props_str(p, "keyid", "masterKey0");
            props_str(p, "iv", "");
            props_str(p, "format", "base64");
        } else {
            props_str(p, "file", s->path);
            props_str(p, "format", "raw");
        }
        qemu_command_json(n->b->cmd, "-object", p, why(n));
    }
}

static void build_tls(Nodes *n, const StorageSource *src)
{
    if (src->type != SOURCE_NETWORK || src->protocol != PROTO_NBD || src->tls != TRI_YES)
        return;
    json_object *p = object_new("tls-creds-x509");
    props_strf(p, "id", "objlibvirt-%u-storage_tls0", src->index);
    props_str(p, "dir", "/etc/pki/qemu");
    props_str(p, "endpoint", "client");
    props_bool(p, "verify-peer", true);
    qemu_command_json(n->b->cmd, "-object", p, why(n));
}

static void build_reservations(Nodes *n, const StorageSource *src)
{
    const StorageReservations *r = src->reservations;
    if (!r)
        return;
    /* One helper serves all disks that leave it to us. */
    for (guint i = 0; r->managed == TRI_YES && i < n->i; i++) {
        const Disk *before = domain_devices(n->b->def, DEV_DISK)->pdata[i];
        if (before->src.reservations && before->src.reservations->managed == TRI_YES)
            return;
    }
    json_object *p = object_new("pr-manager-helper");
    if (r->managed == TRI_YES) {
        props_str(p, "id", "pr-helper0");
        props_strf(p, "path", "%s/pr-helper0.sock", n->b->domain_dir);
    } else {
        props_strf(p, "id", "pr-helper-%s", n->disk->info.alias);
        props_str(p, "path", r->path);
    }
    qemu_command_json(n->b->cmd, "-object", p, why(n));
    return;
}

/* --- nodes */

static DiskCache cache_of(const Disk *disk)
{
    /* Two guests that share an image must not each have a cache of it. */
    if (disk->driver.cache <= CACHE_DEFAULT && disk->shareable && !disk->readonly)
        return CACHE_NONE;
    return disk->driver.cache;
}

static void add_cache(json_object *p, const Disk *disk)
{
    DiskCache cache = cache_of(disk);
    if (cache <= CACHE_DEFAULT)
        return;
    json_object *c = json_object_new_object();
    props_bool(c, "direct", cache == CACHE_NONE || cache == CACHE_DIRECTSYNC);
    props_bool(c, "no-flush", cache == CACHE_UNSAFE);
    json_object_object_add(p, "cache", c);
}

static json_object *encrypt_props(const StorageSource *src, const char *format)
{
    json_object *e = json_object_new_object();
    props_str(e, "format", format);
    props_strf(e, "key-secret", "libvirt-%u-format-encryption-secret0", src->index);
    return e;
}

static bool build_storage(Nodes *n, const StorageSource *src, GError **err)
{
    json_object *p = storage_props(n->disk, src, err);
    if (!p)
        return false;
    if (n->encryption && n->encryption->engine == ENGINE_LIBRBD)
        json_object_object_add(p, "encrypt", encrypt_props(src, n->encryption->format == ENCRYPTION_LUKS2 ? "luks2" :
                                                           n->encryption->format == ENCRYPTION_LUKS_ANY ? "luks-any" : "luks"));
    props_strf(p, "node-name", "libvirt-%u-storage", src->index);
    add_cache(p, n->disk);
    props_bool(p, "auto-read-only", true);
    props_str(p, "discard", "unmap");
    qemu_command_json(n->b->cmd, "-blockdev", p, why(n));
    return true;
}

static const SourceSlice *slice_of(const StorageSource *src)
{
    return src->slices && src->slices->len ? src->slices->pdata[0] : NULL;
}

/* A slice of a raw image is the format node's own affair. */
static bool slice_in_format(const Nodes *n, const StorageSource *src)
{
    return src->format == FORMAT_RAW && !(n->encryption && n->encryption->engine == ENGINE_QEMU);
}

static void build_slice(Nodes *n, const StorageSource *src)
{
    const SourceSlice *slice = slice_of(src);
    if (!slice || slice_in_format(n, src))
        return;
    json_object *p = props_new("raw", NULL);
    props_strf(p, "node-name", "libvirt-%u-slice-sto", src->index);
    props_u64(p, "offset", slice->offset.v);
    props_u64(p, "size", slice->size);
    props_strf(p, "file", "libvirt-%u-storage", src->index);
    props_bool(p, "auto-read-only", true);
    props_str(p, "discard", "unmap");
    add_cache(p, n->disk);
    qemu_command_json(n->b->cmd, "-blockdev", p, why(n));
}

static void add_driver(Nodes *n, json_object *p, const StorageSource *src)
{
    bool luks = n->encryption && n->encryption->engine == ENGINE_QEMU;
    const SourceSlice *slice = slice_of(src);
    if (src->format == FORMAT_FAT) {
        props_str(p, "driver", "raw");
    } else if (src->format == FORMAT_RAW && luks) {
        props_str(p, "driver", "luks");
        props_strf(p, "key-secret", "libvirt-%u-format-encryption-secret0", src->index);
    } else {
        props_str(p, "driver", xm_enum_name(&source_format, src->format ? src->format : FORMAT_RAW));
        if (luks)
            json_object_object_add(p, "encrypt", encrypt_props(src, "luks"));
    }
    if (src->format == FORMAT_RAW && slice && !luks) {
        props_u64(p, "offset", slice->offset.v);
        props_u64(p, "size", slice->size);
    }
    props_u64_opt(p, "cache-size", src->format == FORMAT_QCOW2 ? src->metadata_cache : 0);
}

static const char *zeroes_mode(const Disk *disk)
{
    if (disk->driver.detect_zeroes == ZEROES_UNMAP && disk->driver.discard != DISCARD_UNMAP)
        return "on";
    return xm_enum_name(&disk_zeroes, disk->driver.detect_zeroes);
}

static bool can_have_backing(SourceFormat format)
{
    return format == FORMAT_QCOW2 || format == FORMAT_QED || format == FORMAT_VMDK || format == FORMAT_QCOW;
}

static void build_format(Nodes *n, const StorageSource *src)
{
    bool top = src == &n->disk->src;
    json_object *p = json_object_new_object();
    props_strf(p, "node-name", "libvirt-%u-format", src->index);
    props_bool(p, "read-only", top ? n->disk->readonly : true);
    add_cache(p, n->disk);
    if (top && n->disk->driver.discard > DISCARD_DEFAULT)
        props_str(p, "discard", xm_enum_name(&disk_discard, n->disk->driver.discard));
    if (top && n->disk->driver.detect_zeroes)
        props_str(p, "detect-zeroes", zeroes_mode(n->disk));
    add_driver(n, p, src);
    props_strf(p, "file", slice_of(src) && !slice_in_format(n, src) ? "libvirt-%u-slice-sto" : "libvirt-%u-storage",
               src->index);
    bool has_backing = can_have_backing(src->format);
    if (has_backing && src->backing && src->backing->src.type != SOURCE_NONE)
        props_strf(p, "backing", "libvirt-%u-format", src->backing->src.index);
    else if (has_backing && src->backing)
        json_object_object_add(p, "backing", NULL);      /* the chain ends here, whatever the image says */
    qemu_command_json(n->b->cmd, "-blockdev", p, why(n));
}

static bool build_source(Nodes *n, const StorageSource *src, GError **err)
{
    bool has_backing = src->backing && src->backing->src.type != SOURCE_NONE;
    if (has_backing && !can_have_backing(src->format)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "disk '%s': storage format '%s' does not support backing "
                    "store", n->disk->dst, xm_enum_name(&source_format, src->format));
        return false;
    }
    if (has_backing && !build_source(n, &src->backing->src, err))
        return false;
    n->encryption = encryption_of(n->disk, src);
    build_reservations(n, src);
    build_secrets(n, src);
    build_tls(n, src);
    if (!build_storage(n, src, err))
        return false;
    build_slice(n, src);
    build_format(n, src);
    return true;
}

bool build_disk_nodes(QemuBuild *b, const Disk *disk, guint i, GError **err)
{
    Nodes n = { b, disk, i, NULL };
    if (!build_source(&n, &disk->src, err))
        return false;
    if (disk->driver.copy_on_read != TRI_YES)
        return true;
    json_object *p = props_new("copy-on-read", NULL);
    props_strf(p, "node-name", "libvirt-CoR-%s", disk->dst);
    props_strf(p, "file", "libvirt-%u-format", disk->src.index);
    props_str(p, "discard", "unmap");
    qemu_command_json(b->cmd, "-blockdev", p, why(&n));
    return true;
}
