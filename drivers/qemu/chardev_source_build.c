/* -chardev: one function for each kind of host side, chosen by table. */
#include "config.h"
#include <fcntl.h>
#include "drivers/qemu/chardev_build.h"

/* Where QEMU's certificates lie unless told otherwise. */
#define TLS_DIR "/etc/pki/qemu"

typedef struct {
    QemuBuild *b;
    const ChardevSource *src;
    const char *id, *role;
    const Reason *why;
} Side;

static Reason again(const Reason *why)
{
    return (Reason){ g_strdup(why->path), why->line, why->why };
}

/* A file that a start step opened goes to QEMU as a descriptor; it never opens it itself. */
static char *passed_path(const Side *s, const char *what, const char *path)
{
    g_autofree char *key = g_strdup_printf("%s-%s", s->id, what);
    const GArray *fds = s->b->fds ? g_hash_table_lookup(s->b->fds, key) : NULL;
    int fd = fds && fds->len ? fcntl(g_array_index(fds, int, 0), F_DUPFD_CLOEXEC, 3) : -1;
    if (fd < 0)
        return g_strdup(path);
    json_object *set = json_object_new_object();
    props_u64(set, "set", (guint64)fd);
    props_u64(set, "fd", (guint64)fd);
    props_str(set, "opaque", key);
    qemu_command_opts(s->b->cmd, "-add-fd", set, again(s->why));
    qemu_command_pass_fd(s->b->cmd, fd);
    return g_strdup_printf("/dev/fdset/%d", fd);
}

static bool refuse(const Side *s, GError **err, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "character device '%s' of type '%s': %s", s->id,
                xm_enum_name(&chardev_type, s->src->type), why);
    return false;
}

/* --- one function for each type: adds to @p */

static bool add_path(const Side *s, json_object *p, G_GNUC_UNUSED GError **err)
{
    props_str(p, "path", s->src->path);
    return true;
}

static bool add_file(const Side *s, json_object *p, G_GNUC_UNUSED GError **err)
{
    g_autofree char *path = passed_path(s, "file", s->src->path);
    props_str(p, "path", path);
    /* A descriptor was opened with what the user wants; QEMU must not truncate it again. */
    bool passed = !g_str_equal(path, s->src->path);
    props_onoff(p, "append", passed ? TRI_YES : s->src->append);
    return true;
}

static bool add_udp(const Side *s, json_object *p, G_GNUC_UNUSED GError **err)
{
    const ChardevUdpEnd none = { CHR_MODE_NONE, NULL, NULL }, *to = &none, *from = &none;
    for (guint i = 0; s->src->udp && i < s->src->udp->len; i++) {
        const ChardevUdpEnd *end = g_ptr_array_index(s->src->udp, i);
        *(end->mode == CHR_BIND ? &from : &to) = end;
    }
    props_str(p, "host", to->host ? to->host : "");
    props_str(p, "port", to->service);
    props_str(p, "localaddr", from->host ? from->host : "");
    props_str(p, "localport", from->service ? from->service : "0");
    return true;
}

static void add_reconnect(const Side *s, json_object *p)
{
    if (s->src->reconnect.enabled == TRI_YES)
        props_optu32(p, "reconnect", s->src->reconnect.timeout);
    else if (s->src->reconnect.enabled == TRI_NO)
        props_u64(p, "reconnect", 0);
}

static void add_server(const Side *s, json_object *p)
{
    if (s->src->mode == CHR_BIND) {
        props_str(p, "server", "on");
        props_str(p, "wait", "off");
    }
}

static void add_tls(const Side *s, json_object *p)
{
    g_autofree char *id = g_strdup_printf("obj%s_tls0", s->id);
    json_object *creds = json_object_new_object();
    props_str(creds, "qom-type", "tls-creds-x509");
    props_str(creds, "id", id);
    props_str(creds, "dir", TLS_DIR);
    props_str(creds, "endpoint", s->src->mode == CHR_BIND ? "server" : "client");
    props_bool(creds, "verify-peer", true);
    qemu_command_json(s->b->cmd, "-object", creds, again(s->why));
    props_str(p, "tls-creds", id);
}

static bool add_tcp(const Side *s, json_object *p, GError **err)
{
    if (s->src->protocol == CHR_TELNETS || s->src->protocol == CHR_TLS)
        return refuse(s, err, "QEMU speaks no such <protocol>; use <source tls='yes'> with protocol 'raw' or 'telnet'");
    props_str(p, "host", s->src->host);
    props_str(p, "port", s->src->service);
    if (s->src->protocol == CHR_TELNET)
        props_str(p, "telnet", "on");
    add_server(s, p);
    add_reconnect(s, p);
    if (s->src->tls == TRI_YES)
        add_tls(s, p);
    return true;
}

static bool add_unix(const Side *s, json_object *p, GError **err)
{
    if (!s->src->path)
        return refuse(s, err, "it has no path");
    props_str(p, "path", s->src->path);
    add_server(s, p);
    add_reconnect(s, p);
    return true;
}

static bool add_spicevmc(const Side *s, json_object *p, G_GNUC_UNUSED GError **err)
{
    props_str(p, "name", s->role);
    return true;
}

static bool add_named(const Side *s, json_object *p, G_GNUC_UNUSED GError **err)
{
    props_str(p, "name", s->src->channel);
    return true;
}

static bool add_vdagent(const Side *s, json_object *p, G_GNUC_UNUSED GError **err)
{
    props_str(p, "name", "vdagent");
    props_onoff(p, "clipboard", s->src->copypaste);
    if (s->src->mouse)
        props_str(p, "mouse", s->src->mouse == MOUSE_CLIENT ? "on" : "off");
    return true;
}

static bool add_nothing(G_GNUC_UNUSED const Side *s, G_GNUC_UNUSED json_object *p, G_GNUC_UNUSED GError **err)
{
    return true;
}

static bool add_nmdm(const Side *s, G_GNUC_UNUSED json_object *p, GError **err)
{
    return refuse(s, err, "null modem devices are FreeBSD's; use 'pty', 'unix' or 'tcp' here");
}

static const struct {
    const char *backend;
    bool (*add)(const Side *, json_object *, GError **);
} sides[CHR__N] = {
    [CHR_NULL]      = { "null", add_nothing },
    [CHR_VC]        = { "vc", add_nothing },
    [CHR_PTY]       = { "pty", add_nothing },
    [CHR_DEV]       = { "serial", add_path },
    [CHR_FILE]      = { "file", add_file },
    [CHR_PIPE]      = { "pipe", add_path },
    [CHR_STDIO]     = { "stdio", add_nothing },
    [CHR_UDP]       = { "udp", add_udp },
    [CHR_TCP]       = { "socket", add_tcp },
    [CHR_UNIX]      = { "socket", add_unix },
    [CHR_SPICEVMC]  = { "spicevmc", add_spicevmc },
    [CHR_SPICEPORT] = { "spiceport", add_named },
    [CHR_NMDM]      = { "nmdm", add_nmdm },
    [CHR_VDAGENT]   = { "qemu-vdagent", add_vdagent },
    [CHR_DBUS]      = { "dbus", add_named },
};

static void add_log(const Side *s, json_object *p)
{
    if (!s->src->log.file)
        return;
    g_autofree char *path = passed_path(s, "log", s->src->log.file);
    bool passed = !g_str_equal(path, s->src->log.file);
    props_str(p, "logfile", path);
    props_onoff(p, "logappend", passed ? TRI_YES : s->src->log.append);
}

/* A parallel port of the host is not a serial one, though XML calls both "dev". */
static const char *backend_of(const Side *s)
{
    return s->src->type == CHR_DEV && g_str_equal(s->role, "parallel") ? "parallel" : sides[s->src->type].backend;
}

bool build_chardev(QemuBuild *b, const ChardevSource *src, const char *id, const char *role, Reason why, GError **err)
{
    Side side = { b, src, id, role, &why };
    bool ok = false;
    json_object *p = json_object_new_object();
    if (src->type == CHR_NONE || src->type >= CHR__N) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "character device '%s' has no type", id);
    } else {
        props_str(p, "", backend_of(&side));
        props_str(p, "id", id);
        ok = sides[src->type].add(&side, p, err);
    }
    if (!ok) {
        json_object_put(p);
        g_free(why.path);
        return false;
    }
    add_log(&side, p);
    qemu_command_opts(b->cmd, "-chardev", p, why);
    return true;
}

bool build_chardev_source(QemuBuild *b, const ChardevSource *src, const char *id, Reason why, GError **err)
{
    return build_chardev(b, src, id, "vdagent", why, err);
}
