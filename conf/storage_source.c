/* <source>, <backingStore>, <auth>, <encryption>: where a disk's bytes come from. */
#include "config.h"
#include <string.h>
#include "conf/storage_rows.h"

XM_ENUM(source_type, "disk type", NULL, "file", "block", "dir", "network", "volume", "nvme", "vhostuser");
XM_COVERS(source_type, SOURCE__N);
XM_ENUM(source_protocol, "network protocol", NULL, "nbd", "rbd", "sheepdog", "gluster", "iscsi", "http", "https", "ftp",
        "ftps", "tftp", "ssh", "vxhs", "nfs");
XM_COVERS(source_protocol, PROTO__N);
XM_ENUM(source_format, "image format", NULL, "raw", "dir", "bochs", "cloop", "dmg", "iso", "vpc", "vdi", "fat", "vhd",
        "ploop", "cow", "qcow", "qcow2", "qed", "vmdk");
XM_COVERS(source_format, FORMAT__N);
XM_ENUM(source_transport, "transport", NULL, "tcp", "unix", "rdma");
XM_COVERS(source_transport, TRANSPORT__N);
XM_ENUM(storage_secret_use, "secret type", NULL, "ceph", "iscsi");
XM_COVERS(storage_secret_use, SECRET_USE__N);
XM_ENUM(storage_encryption_format, "encryption format", NULL, "default", "qcow", "luks", "luks2", "luks-any");
XM_COVERS(storage_encryption_format, ENCRYPTION__N);
XM_ENUM(storage_encryption_engine, "encryption engine", NULL, "qemu", "librbd");
XM_COVERS(storage_encryption_engine, ENGINE__N);
XM_ENUM(storage_volume_mode, "mode of a volume's source", NULL, "host", "direct");
XM_COVERS(storage_volume_mode, VOLUME_MODE__N);
XM_ENUM(storage_startup_policy, "startup policy", NULL, "default", "mandatory", "requisite", "optional");
XM_COVERS(storage_startup_policy, STARTUP__N);

static bool refuse(char **why, const char *text)
{
    *why = g_strdup(text);
    return false;
}

/* --- <auth> */

static bool secret_check(const char *uuid, const char *usage, char **why)
{
    if (!uuid == !usage)
        return refuse(why, "a <secret> is named by its uuid or by its usage, one of the two");
    return true;
}

static bool auth_check(gconstpointer obj, char **why)
{
    const StorageAuth *auth = obj;
    return secret_check(auth->uuid, auth->usage, why);
}

static const XmRow auth_secret_rows[] = {
    A_ENUM(StorageAuth, type, "type", storage_secret_use, .flags = XM_REQUIRED, .doc = "whose secret it is: ceph or iscsi"),
    A_STR (StorageAuth, usage, "usage", .doc = "name of the secret"),
    A_UUID(StorageAuth, uuid, "uuid", .doc = "UUID of the secret"),
};
static const XmElem auth_secret_elem = ELEM("secret", StorageAuth, auth_secret_rows);
static const XmRow auth_rows[] = {
    A_STR (StorageAuth, username, "username", .flags = XM_REQUIRED, .doc = "user at the storage server"),
    INLINE("secret", auth_secret_elem, .flags = XM_REQUIRED),
};
const XmElem storage_auth_elem = ELEM("auth", StorageAuth, auth_rows, .check = auth_check);

/* --- <encryption> */

static bool encryption_secret_check(gconstpointer obj, char **why)
{
    const EncryptionSecret *s = obj;
    if (g_strcmp0(s->type, "passphrase") != 0)
        return refuse(why, "an encryption's secret has type='passphrase'");
    return secret_check(s->uuid, s->usage, why);
}

static bool encryption_check(gconstpointer obj, char **why)
{
    const StorageEncryption *e = obj;
    if (e->cipher.name || e->cipher.size)
        return refuse(why, "<cipher> is the image's own affair; leave it out of a domain's disk");
    return true;
}

static const XmRow encryption_secret_rows[] = {
    A_STR (EncryptionSecret, type, "type", .flags = XM_REQUIRED, .doc = "passphrase"),
    A_STR (EncryptionSecret, usage, "usage"),
    A_UUID(EncryptionSecret, uuid, "uuid"),
};
static const XmElem encryption_secret_elem = ELEM("secret", EncryptionSecret, encryption_secret_rows,
                                                  .check = encryption_secret_check);
static const XmRow cipher_rows[] = {
    A_STR(StorageEncryption, cipher.name, "name"),
    A_U32(StorageEncryption, cipher.size, "size"),
    A_STR(StorageEncryption, cipher.mode, "mode"),
    A_STR(StorageEncryption, cipher.hash, "hash"),
};
static const XmElem cipher_elem = ELEM("cipher", StorageEncryption, cipher_rows);
static const XmRow ivgen_rows[] = {
    A_STR(StorageEncryption, ivgen.name, "name"),
    A_STR(StorageEncryption, ivgen.hash, "hash"),
};
static const XmElem ivgen_elem = ELEM("ivgen", StorageEncryption, ivgen_rows);
static const XmRow encryption_rows[] = {
    A_ENUM(StorageEncryption, format, "format", storage_encryption_format, .flags = XM_REQUIRED, .doc = "how the image is encrypted"),
    A_ENUM(StorageEncryption, engine, "engine", storage_encryption_engine, .doc = "who decrypts: QEMU, or RBD's own library"),
    LIST  (StorageEncryption, secrets, "secret", encryption_secret_elem),
    INLINE("cipher", cipher_elem),
    INLINE("ivgen", ivgen_elem),
};
const XmElem storage_encryption_elem = ELEM("encryption", StorageEncryption, encryption_rows, .check = encryption_check,
                                            .refuse_code = QV_ERR_CONFIG_UNSUPPORTED);

/* --- <reservations> */

static bool reservations_check(gconstpointer obj, char **why)
{
    const StorageReservations *r = obj;
    if (r->managed == TRI_ABSENT)
        return refuse(why, "<reservations> needs managed='yes' or 'no'");
    if (r->managed == TRI_NO && (!r->path || !r->source_type))
        return refuse(why, "unmanaged <reservations> need a <source type='unix' path= mode='client'>");
    if (r->source_type && strcmp(r->source_type, "unix") != 0)
        return refuse(why, "<reservations> can be reached at a socket only: type='unix'");
    if (r->mode && strcmp(r->mode, "client") != 0)
        return refuse(why, "QEMU connects to <reservations>: mode='client'");
    return true;
}

static bool reservations_source_present(gconstpointer obj)
{
    return ((const StorageReservations *)obj)->path != NULL;
}

static const XmRow reservations_source_rows[] = {
    A_STR(StorageReservations, source_type, "type"),
    A_STR(StorageReservations, path, "path"),
    A_STR(StorageReservations, mode, "mode"),
};
static const XmElem reservations_source_elem = ELEM("source", StorageReservations, reservations_source_rows,
                                                    .present = reservations_source_present);
static const XmRow reservations_rows[] = {
    A_YESNO(StorageReservations, managed, "managed", .flags = XM_REQUIRED),
    INLINE ("source", reservations_source_elem),
};
static const XmElem reservations_elem = ELEM("reservations", StorageReservations, reservations_rows,
                                             .check = reservations_check);

/* --- <source> */

static bool host_loaded(gpointer obj, G_GNUC_UNUSED xmlNode *node, G_GNUC_UNUSED char **why)
{
    SourceHost *host = obj;
    if (host->transport == TRANSPORT_TCP)   /* the default is not written */
        host->transport = TRANSPORT_NONE;
    return true;
}

static bool host_check(gconstpointer obj, char **why)
{
    const SourceHost *host = obj;
    bool is_unix = host->transport == TRANSPORT_UNIX;
    if (is_unix && !host->socket)
        return refuse(why, "a host of transport='unix' needs a socket");
    if (!is_unix && host->socket)
        return refuse(why, "a socket needs transport='unix'");
    if (!is_unix && !host->name)
        return refuse(why, "a host needs a name");
    return true;
}

static const XmRow host_rows[] = {
    A_STR (SourceHost, name, "name", .doc = "name or address of a server"),
    A_U32 (SourceHost, port, "port", .max = 65535),
    A_ENUM(SourceHost, transport, "transport", source_transport),
    A_STR (SourceHost, socket, "socket", .doc = "path of a socket, with transport='unix'"),
};
static const XmElem host_elem = ELEM("host", SourceHost, host_rows, .loaded = host_loaded, .check = host_check);

static const XmRow cookie_rows[] = {
    A_STR   (SourceCookie, name, "name", .flags = XM_REQUIRED),
    TEXT_STR(SourceCookie, value),
};
static const XmElem cookie_elem = ELEM("cookie", SourceCookie, cookie_rows);
static const XmRow cookies_rows[] = { LIST(StorageSource, cookies, "cookie", cookie_elem) };
static const XmElem cookies_elem = ELEM("cookies", StorageSource, cookies_rows);

static bool slice_check(gconstpointer obj, char **why)
{
    const SourceSlice *slice = obj;
    if (g_strcmp0(slice->type, "storage") != 0)
        return refuse(why, "a <slice> has type='storage'");
    return slice->size > 0 || refuse(why, "a <slice> of no bytes");
}

static const XmRow slice_rows[] = {
    A_STR  (SourceSlice, type, "type", .flags = XM_REQUIRED),
    A_OPT64(SourceSlice, offset, "offset", .flags = XM_REQUIRED, .doc = "first byte of the image in its storage"),
    A_U64  (SourceSlice, size, "size", .flags = XM_REQUIRED, .doc = "bytes"),
};
static const XmElem slice_elem = ELEM("slice", SourceSlice, slice_rows, .check = slice_check);
static const XmRow slices_rows[] = { LIST(StorageSource, slices, "slice", slice_elem, .max_items = 1) };
static const XmElem slices_elem = ELEM("slices", StorageSource, slices_rows);

#define ONE_ATTRIBUTE(id, elem_name, row) \
    static const XmRow id##_rows[] = { row }; \
    static const XmElem id##_elem = ELEM(elem_name, StorageSource, id##_rows)
ONE_ATTRIBUTE(snapshot, "snapshot", A_STR(StorageSource, snapshot, "name"));
ONE_ATTRIBUTE(config_file, "config", A_STR(StorageSource, config, "file"));
ONE_ATTRIBUTE(iqn, "iqn", A_STR(StorageSource, initiator, "name"));
ONE_ATTRIBUTE(initiator, "initiator", INLINE("iqn", iqn_elem));
ONE_ATTRIBUTE(ssl, "ssl", A_YESNO(StorageSource, ssl_verify, "verify"));
ONE_ATTRIBUTE(readahead, "readahead", A_U64(StorageSource, readahead, "size"));
ONE_ATTRIBUTE(timeout, "timeout", A_U64(StorageSource, timeout_s, "seconds"));

static const XmRow identity_rows[] = {
    A_STR(StorageSource, nfs_user, "user"),
    A_STR(StorageSource, nfs_group, "group"),
};
static const XmElem identity_elem = ELEM("identity", StorageSource, identity_rows);
static const XmRow vhost_reconnect_rows[] = {
    A_YESNO(StorageSource, reconnect.enabled, "enabled"),
    A_U32  (StorageSource, reconnect.timeout_s, "timeout"),
};
static const XmElem vhost_reconnect_elem = ELEM("reconnect", StorageSource, vhost_reconnect_rows);
static const XmRow nvme_address_rows[] = {
    A_HEX(StorageSource, address.pci.domain, "domain", 4, .max = 0xffff),
    A_HEX(StorageSource, address.pci.bus, "bus", 2, .max = 0xff),
    A_HEX(StorageSource, address.pci.slot, "slot", 2, .max = 0x1f),
    A_HEX(StorageSource, address.pci.function, "function", 1, .max = 7),
};
static const XmElem nvme_address_elem = ELEM("address", StorageSource, nvme_address_rows);

/* --- what each variant of <source> must have; [SOURCE_x] of source_checks */

static bool check_volume(const StorageSource *src, char **why)
{
    if (!src->pool && !src->volume)
        return true;
    return (src->pool && src->volume) || refuse(why, "a volume's <source> needs pool and volume");
}

static bool check_network(const StorageSource *src, char **why)
{
    if (src->protocol == PROTO_NONE)
        return refuse(why, "a network <source> needs a protocol");
    if (!src->path && src->protocol != PROTO_NBD)
        return refuse(why, "a network <source> needs a name");
    if (src->protocol == PROTO_GLUSTER && !strchr(src->path + (*src->path == '/'), '/'))
        return refuse(why, "a gluster source's name is VOLUME/FILE");
    if (src->hosts && src->hosts->len > 1 &&
        (src->protocol == PROTO_NBD || src->protocol == PROTO_ISCSI || src->protocol == PROTO_VXHS))
        return refuse(why, "a source of this protocol has one <host>");
    return true;
}

static bool check_nvme(const StorageSource *src, char **why)
{
    if (g_strcmp0(src->source_type, "pci") != 0)
        return refuse(why, "an NVMe <source> has type='pci'");
    if (!src->nvme_namespace.set || src->nvme_namespace.v == 0)
        return refuse(why, "an NVMe <source> needs a namespace of 1 or more");
    return true;
}

static bool check_vhostuser(const StorageSource *src, char **why)
{
    if (g_strcmp0(src->source_type, "unix") != 0)
        return refuse(why, "a vhostuser <source> has type='unix'");
    if (!src->path)
        return refuse(why, "a vhostuser <source> needs the path of a socket");
    return true;
}

static bool (*const source_checks[SOURCE__N])(const StorageSource *, char **) = {
    [SOURCE_VOLUME] = check_volume, [SOURCE_NETWORK] = check_network, [SOURCE_NVME] = check_nvme,
    [SOURCE_VHOSTUSER] = check_vhostuser,
};

static bool source_check(gconstpointer obj, char **why)
{
    const StorageSource *src = obj;
    return src->type >= SOURCE__N || !source_checks[src->type] || source_checks[src->type](src, why);
}

static guint source_variant(gconstpointer obj)
{
    return ((const StorageSource *)obj)->type;
}

static bool source_loaded(gpointer obj, G_GNUC_UNUSED xmlNode *node, G_GNUC_UNUSED char **why)
{
    StorageSource *src = obj;
    device_seclabels_normalise(src->seclabels);
    /* A target alone stands for its first unit. */
    if (src->protocol == PROTO_ISCSI && src->path && !strchr(src->path, '/')) {
        char *with_lun = g_strconcat(src->path, "/0", NULL);
        g_free(src->path);
        src->path = with_lun;
    }
    if (src->protocol != PROTO_HTTPS && src->protocol != PROTO_FTPS)
        src->ssl_verify = TRI_ABSENT;           /* nothing to verify */
    if (src->type == SOURCE_NVME && src->managed == TRI_ABSENT)
        src->managed = TRI_YES;
    return true;
}

bool source_is_empty(const StorageSource *src)
{
    switch (src->type) {
    case SOURCE_FILE: case SOURCE_BLOCK: case SOURCE_DIR:
        return !src->path || !*src->path;
    case SOURCE_VOLUME:
        return !src->pool;
    case SOURCE_NETWORK:
        return src->protocol == PROTO_NONE;
    case SOURCE_NONE:
        return true;
    default:
        return false;
    }
}

/* A volume's credentials are its pool's. */
static bool auth_written(gconstpointer obj)
{
    return ((const StorageSource *)obj)->type != SOURCE_VOLUME;
}

#define LOCAL (XM_BIT(SOURCE_FILE) | XM_BIT(SOURCE_BLOCK) | XM_BIT(SOURCE_DIR))
#define NET XM_BIT(SOURCE_NETWORK)
static const XmRow source_rows[] = {
    A_STR  (StorageSource, path, "file", .when = XM_BIT(SOURCE_FILE), .flags = XM_EMPTY_ABSENT, .doc = "path of an image"),
    A_STR  (StorageSource, fdgroup, "fdgroup", .when = XM_BIT(SOURCE_FILE), .doc = "open descriptors handed over by a client"),
    A_STR  (StorageSource, path, "dev", .when = XM_BIT(SOURCE_BLOCK), .flags = XM_EMPTY_ABSENT, .doc = "path of a block device"),
    A_STR  (StorageSource, path, "dir", .when = XM_BIT(SOURCE_DIR), .flags = XM_EMPTY_ABSENT, .doc = "folder shown as a FAT disk"),
    A_ENUM (StorageSource, protocol, "protocol", source_protocol, .when = NET),
    A_STR  (StorageSource, path, "name", .when = NET, .doc = "name of the image at its server"),
    A_STR  (StorageSource, query, "query", .when = NET),
    A_YESNO(StorageSource, tls, "tls", .when = NET),
    A_STR  (StorageSource, tls_hostname, "tlsHostname", .when = NET),
    A_STR  (StorageSource, pool, "pool", .when = XM_BIT(SOURCE_VOLUME)),
    A_STR  (StorageSource, volume, "volume", .when = XM_BIT(SOURCE_VOLUME)),
    A_ENUM (StorageSource, volume_mode, "mode", storage_volume_mode, .when = XM_BIT(SOURCE_VOLUME)),
    A_STR  (StorageSource, source_type, "type", .when = XM_BIT(SOURCE_NVME) | XM_BIT(SOURCE_VHOSTUSER)),
    A_YESNO(StorageSource, managed, "managed", .when = XM_BIT(SOURCE_NVME)),
    A_OPT  (StorageSource, nvme_namespace, "namespace", .when = XM_BIT(SOURCE_NVME)),
    A_STR  (StorageSource, path, "path", .when = XM_BIT(SOURCE_VHOSTUSER)),
    A_U32  (StorageSource, index, "index", .flags = XM_LIVE, .doc = "of the image's node in the running QEMU"),
    INLINE ("address", nvme_address_elem, .when = XM_BIT(SOURCE_NVME)),
    LIST   (StorageSource, hosts, "host", host_elem, .when = NET, .max_items = 64),
    INLINE ("snapshot", snapshot_elem, .when = NET),
    INLINE ("config", config_file_elem, .when = NET),
    INLINE ("initiator", initiator_elem, .when = NET),
    INLINE ("ssl", ssl_elem, .when = NET),
    INLINE ("cookies", cookies_elem, .when = NET, .flags = XM_SECRET),
    INLINE ("readahead", readahead_elem, .when = NET),
    INLINE ("timeout", timeout_elem, .when = NET),
    INLINE ("identity", identity_elem, .when = NET),
    INLINE ("reconnect", vhost_reconnect_elem, .when = XM_BIT(SOURCE_VHOSTUSER)),
    INLINE ("slices", slices_elem),
    LIST   (StorageSource, seclabels, "seclabel", device_seclabel_elem, .when = LOCAL | XM_BIT(SOURCE_VOLUME) | XM_BIT(SOURCE_NVME) | XM_BIT(SOURCE_VHOSTUSER)),
    CHILD  (StorageSource, auth, "auth", storage_auth_elem, .when = NET | XM_BIT(SOURCE_VOLUME),
            .written = auth_written),
    CHILD  (StorageSource, encryption, "encryption", storage_encryption_elem),
    CHILD  (StorageSource, reservations, "reservations", reservations_elem),
};
static const XmElem storage_rows_elem = ELEM("source", StorageSource, source_rows, .variant = source_variant);

static const XmRow backing_source_rows[] = { INCLUDE_SAME(storage_rows_elem) };
static const XmElem backing_source_elem = ELEM("source", StorageSource, backing_source_rows, .variant = source_variant,
                                               .loaded = source_loaded, .check = source_check);
static const XmRow disk_source_rows[] = {
    A_ENUM(StorageSource, startup_policy, "startupPolicy", storage_startup_policy, .flags = XM_NONZERO,
           .doc = "what happens when the image is missing at start"),
    INCLUDE_SAME(storage_rows_elem),
};
const XmElem storage_source_elem = ELEM("source", StorageSource, disk_source_rows, .variant = source_variant,
                                        .loaded = source_loaded, .check = source_check);

/* --- <backingStore> */

static const XmRow cache_rows[] = { SIZE(StorageSource, metadata_cache, "max_size", .unit = 1) };
const XmElem metadata_cache_elem = ELEM("metadata_cache", StorageSource, cache_rows);
static const XmRow backing_format_rows[] = {
    A_ENUM(StorageSource, format, "type", source_format),
    INLINE("metadata_cache", metadata_cache_elem),
};
static const XmElem backing_format_elem = ELEM("format", StorageSource, backing_format_rows);

static bool backing_check(gconstpointer obj, char **why)
{
    const StorageSource *src = &((const StorageBacking *)obj)->src;
    if (src->type == SOURCE_NONE)
        return true;
    if (source_is_empty(src))
        return refuse(why, "a <backingStore> with a type needs a <source>");
    return true;
}

static const XmRow backing_rows[] = {
    A_ENUM(StorageBacking, src.type, "type", source_type),
    A_U32 (StorageBacking, src.index, "index", .flags = XM_LIVE),
    INLINE_AT(StorageBacking, src, "format", backing_format_elem),
    INLINE_AT(StorageBacking, src, "source", backing_source_elem),
    CHILD (StorageBacking, src.backing, "backingStore", storage_backing_elem, .flags = XM_EMPTY_OK),
};
const XmElem storage_backing_elem = ELEM("backingStore", StorageBacking, backing_rows, .check = backing_check);
