/* How QEMU reaches an image's bytes: one function for each kind of source and protocol. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/disk_nodes.h"

static const SourceHost *first_host(const StorageSource *src, GError **err)
{
    if (src->hosts && src->hosts->len)
        return src->hosts->pdata[0];
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "a source of protocol '%s' needs a <host>",
                xm_enum_name(&source_protocol, src->protocol));
    return NULL;
}

/* {"type", "host", "port"} or {"type", "path"}. */
static json_object *server(const SourceHost *host, const char *type)
{
    json_object *s = json_object_new_object();
    bool is_unix = host->transport == TRANSPORT_UNIX;
    props_str(s, "type", is_unix ? "unix" : type);
    if (is_unix) {
        props_str(s, "path", host->socket);
        return s;
    }
    props_str(s, "host", host->name);
    props_strf(s, "port", "%u", host->port);
    return s;
}

static json_object *servers(const StorageSource *src, const char *type)
{
    json_object *all = json_object_new_array();
    for (guint i = 0; src->hosts && i < src->hosts->len; i++)
        json_object_array_add(all, server(src->hosts->pdata[i], type));
    return all;
}

static void secret_ref(json_object *p, const char *name, const StorageSource *src)
{
    props_strf(p, name, "libvirt-%u-storage-auth-secret0", src->index);
}

static bool nbd(json_object *p, const StorageSource *src, G_GNUC_UNUSED const StorageAuth *auth, GError **err)
{
    const SourceHost *host = first_host(src, err);
    if (!host)
        return false;
    json_object_object_add(p, "server", server(host, "inet"));
    props_str(p, "export", src->path);
    if (src->tls == TRI_YES)
        props_strf(p, "tls-creds", "objlibvirt-%u-storage_tls0", src->index);
    props_str(p, "tls-hostname", src->tls_hostname);
    return true;
}

/* POOL/[NAMESPACE/]IMAGE */
static bool rbd(json_object *p, const StorageSource *src, const StorageAuth *auth, GError **err)
{
    g_auto(GStrv) parts = g_strsplit(src->path, "/", 3);
    guint n = g_strv_length(parts);
    if (n < 2) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "RBD image '%s' is not POOL/IMAGE", src->path);
        return false;
    }
    props_str(p, "pool", parts[0]);
    props_str(p, "namespace", n == 3 ? parts[1] : NULL);
    props_str(p, "image", parts[n - 1]);
    props_str(p, "snapshot", src->snapshot);
    props_str(p, "conf", src->config);
    if (src->hosts && src->hosts->len)
        json_object_object_add(p, "server", servers(src, NULL));
    if (auth) {
        json_object *kinds = json_object_new_array();
        json_object_array_add(kinds, json_object_new_string("cephx"));
        json_object_array_add(kinds, json_object_new_string("none"));
        props_str(p, "user", auth->username);
        json_object_object_add(p, "auth-client-required", kinds);
        secret_ref(p, "key-secret", src);
    }
    return true;
}

static bool sheepdog(json_object *p, const StorageSource *src, G_GNUC_UNUSED const StorageAuth *auth, GError **err)
{
    const SourceHost *host = first_host(src, err);
    if (!host)
        return false;
    json_object_object_add(p, "server", server(host, "inet"));
    props_str(p, "vdi", src->path);
    return true;
}

static bool gluster(json_object *p, const StorageSource *src, G_GNUC_UNUSED const StorageAuth *auth, GError **err)
{
    if (!first_host(src, err))
        return false;
    const char *name = src->path + (*src->path == '/');
    const char *slash = strchr(name, '/');
    props_strf(p, "volume", "%.*s", slash ? (int)(slash - name) : (int)strlen(name), name);
    props_str(p, "path", slash ? slash + 1 : "");
    json_object_object_add(p, "server", servers(src, "inet"));
    props_u64(p, "debug", 4);
    return true;
}

/* IQN/LUN */
static bool iscsi(json_object *p, const StorageSource *src, const StorageAuth *auth, GError **err)
{
    const SourceHost *host = first_host(src, err);
    const char *slash = strrchr(src->path, '/');
    guint64 lun = 0;
    if (!host)
        return false;
    if (slash && !g_ascii_string_to_unsigned(slash + 1, 10, 0, G_MAXUINT16, &lun, NULL)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "iSCSI name '%s' does not end in a LUN's number", src->path);
        return false;
    }
    props_strf(p, "portal", strchr(host->name, ':') ? "[%s]:%u" : "%s:%u", host->name, host->port);
    props_strf(p, "target", "%.*s", slash ? (int)(slash - src->path) : (int)strlen(src->path), src->path);
    props_u64(p, "lun", lun);
    props_str(p, "transport", host->transport == TRANSPORT_RDMA ? "iser" : "tcp");
    if (auth) {
        props_str(p, "user", auth->username);
        secret_ref(p, "password-secret", src);
    }
    props_str(p, "initiator-name", src->initiator);
    return true;
}

static bool curl(json_object *p, const StorageSource *src, const StorageAuth *auth, GError **err)
{
    const SourceHost *host = first_host(src, err);
    if (!host)
        return false;
    props_strf(p, "url", strchr(host->name, ':') ? "%s://[%s]:%u/%s%s%s" : "%s://%s:%u/%s%s%s",
               xm_enum_name(&source_protocol, src->protocol), host->name, host->port,
               src->path + (*src->path == '/'), src->query ? "?" : "", src->query ? src->query : "");
    if (auth) {
        props_str(p, "username", auth->username);
        secret_ref(p, "password-secret", src);
    }
    bool web = src->protocol == PROTO_HTTP || src->protocol == PROTO_HTTPS;
    if (web && src->cookies && src->cookies->len)
        props_strf(p, "cookie-secret", "libvirt-%u-storage-httpcookie-secret0", src->index);
    props_tri(p, "sslverify", src->ssl_verify);
    props_u64_opt(p, "readahead", src->readahead);
    props_u64_opt(p, "timeout", src->timeout_s);
    return true;
}

static bool ssh(json_object *p, const StorageSource *src, const StorageAuth *auth, GError **err)
{
    const SourceHost *host = first_host(src, err);
    if (!host)
        return false;
    json_object *s = json_object_new_object();
    props_str(s, "host", host->name);
    props_strf(s, "port", "%u", host->port);
    props_str(p, "path", src->path);
    json_object_object_add(p, "server", s);
    props_str(p, "user", auth ? auth->username : NULL);
    return true;
}

static bool nfs(json_object *p, const StorageSource *src, G_GNUC_UNUSED const StorageAuth *auth, GError **err)
{
    const SourceHost *host = first_host(src, err);
    if (!host)
        return false;
    json_object *s = json_object_new_object();
    props_str(s, "host", host->name);
    props_str(s, "type", "inet");
    json_object_object_add(p, "server", s);
    props_str(p, "path", src->path);
    if (src->nfs_user)
        props_u64(p, "user", g_ascii_strtoull(src->nfs_user + (*src->nfs_user == '+'), NULL, 10));
    if (src->nfs_group)
        props_u64(p, "group", g_ascii_strtoull(src->nfs_group + (*src->nfs_group == '+'), NULL, 10));
    return true;
}

typedef bool (*ProtocolFn)(json_object *p, const StorageSource *src, const StorageAuth *auth, GError **err);
static const ProtocolFn protocols[PROTO__N] = {
    [PROTO_NBD] = nbd, [PROTO_RBD] = rbd, [PROTO_SHEEPDOG] = sheepdog, [PROTO_GLUSTER] = gluster, [PROTO_ISCSI] = iscsi,
    [PROTO_HTTP] = curl, [PROTO_HTTPS] = curl, [PROTO_FTP] = curl, [PROTO_FTPS] = curl, [PROTO_TFTP] = curl,
    [PROTO_SSH] = ssh, [PROTO_NFS] = nfs,
};

/* Every host has what its transport needs, and the source a name where the protocol cannot do without. */
static bool hosts_fit(const StorageSource *src, GError **err)
{
    const char *name = xm_enum_name(&source_protocol, src->protocol);
    bool sockets = src->protocol == PROTO_NBD || src->protocol == PROTO_GLUSTER;
    for (guint i = 0; src->hosts && i < src->hosts->len; i++) {
        const SourceHost *host = src->hosts->pdata[i];
        bool is_unix = host->transport == TRANSPORT_UNIX;
        if (is_unix ? sockets && host->socket : host->name != NULL)
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, is_unix && !sockets
                    ? "a source of protocol '%s' is not reached over transport='unix': name its <host>"
                    : "a <host> of a source of protocol '%s' lacks its name, or its socket", name);
        return false;
    }
    if (src->path || src->protocol == PROTO_NBD)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "a source of protocol '%s' needs a name", name);
    return false;
}

static json_object *network(const Disk *disk, const StorageSource *src, GError **err)
{
    const char *name = xm_enum_name(&source_protocol, src->protocol);
    if (!protocols[src->protocol]) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "protocol '%s' is not supported with this QEMU binary", name);
        return NULL;
    }
    if (src->tls == TRI_YES && src->protocol != PROTO_NBD) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "TLS transport is not supported for disk protocol '%s'", name);
        return NULL;
    }
    if (!hosts_fit(src, err))
        return NULL;
    json_object *p = props_new(name, NULL);
    const StorageAuth *auth = src == &disk->src ? disk_auth(disk) : src->auth;
    if (protocols[src->protocol](p, src, auth, err))
        return p;
    json_object_put(p);
    return NULL;
}

static json_object *local(const char *driver, const Disk *disk, const StorageSource *src)
{
    static const char *const aio[IO__N] = { [IO_NATIVE] = "native", [IO_THREADS] = "threads", [IO_URING] = "io_uring" };
    json_object *p = props_new(driver, NULL);
    props_str(p, "filename", src->path);
    props_str(p, "aio", aio[disk->driver.io]);
    if (src->reservations && src->reservations->managed == TRI_YES)
        props_str(p, "pr-manager", "pr-helper0");
    else if (src->reservations)
        props_strf(p, "pr-manager", "pr-helper-%s", disk->info.alias);
    return p;
}

static json_object *folder(const Disk *disk, const StorageSource *src)
{
    json_object *p = props_new("vvfat", NULL);
    props_str(p, "dir", src->path);
    props_bool(p, "floppy", disk->device == DISK_DEVICE_FLOPPY);
    props_bool(p, "rw", !disk->readonly);
    return p;
}

static json_object *nvme(const StorageSource *src)
{
    json_object *p = props_new("nvme", NULL);
    props_strf(p, "device", "%04x:%02x:%02x.%x", src->address.pci.domain.v, src->address.pci.bus.v,
               src->address.pci.slot.v, src->address.pci.function.v);
    props_optu32(p, "namespace", src->nvme_namespace);
    return p;
}

json_object *storage_props(const Disk *disk, const StorageSource *src, GError **err)
{
    switch (src->type) {
    case SOURCE_FILE:
        return local("file", disk, src);
    case SOURCE_BLOCK:
        return local("host_device", disk, src);
    case SOURCE_DIR:
        return folder(disk, src);
    case SOURCE_NETWORK:
        return network(disk, src, err);
    case SOURCE_NVME:
        return nvme(src);
    case SOURCE_VOLUME:
        g_set_error(err, QV_ERROR, QV_ERR_NO_STORAGE_POOL, "disk '%s': no storage pool with matching name '%s'", disk->dst,
                    src->pool);
        return NULL;
    default:
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "disk '%s': its source has no block node", disk->dst);
        return NULL;
    }
}
