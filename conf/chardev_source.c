/* The host side of character devices. */
#include "config.h"
#include <string.h>
#include "conf/chardev.h"

XM_ENUM(chardev_type, "type of character device", NULL, "null", "vc", "pty", "dev", "file", "pipe", "stdio", "udp",
        "tcp", "unix", "spicevmc", "spiceport", "nmdm", "qemu-vdagent", "dbus");
XM_COVERS(chardev_type, CHR__N);
XM_ENUM(chardev_mode, "source mode", NULL, "connect", "bind");
XM_COVERS(chardev_mode, CHR_MODE__N);
XM_ENUM(chardev_protocol, "protocol", NULL, "raw", "telnet", "telnets", "tls");
XM_COVERS(chardev_protocol, CHR_PROTO__N);
XM_ENUM(mouse_mode, "mouse mode", NULL, "client", "server");
XM_COVERS(mouse_mode, MOUSE_MODE__N);

static bool reconnect_check(gconstpointer obj, char **why)
{
    const ChardevSource *s = obj;
    if (s->reconnect.enabled == TRI_YES && !s->reconnect.timeout.set) {
        *why = g_strdup("<reconnect enabled='yes'> needs a timeout in seconds");
        return false;
    }
    if (s->reconnect.enabled == TRI_YES && s->reconnect.timeout.v == 0) {
        *why = g_strdup("the timeout of <reconnect> must be a second or more");
        return false;
    }
    return true;
}

static bool reconnect_present(gconstpointer obj)
{
    return ((const ChardevSource *)obj)->reconnect.enabled != TRI_ABSENT;
}

static bool has_path(gconstpointer obj)
{
    return ((const ChardevSource *)obj)->path != NULL;
}

static const XmRow reconnect_rows[] = {
    A_YESNO(ChardevSource, reconnect.enabled, "enabled", .doc = "whether a lost connection is made again"),
    A_OPT  (ChardevSource, reconnect.timeout, "timeout", .doc = "seconds between two tries"),
};
static const XmElem reconnect_elem =
    ELEM("reconnect", ChardevSource, reconnect_rows, .check = reconnect_check, .present = reconnect_present);

static const XmRow path_rows[] = {
    A_STR(ChardevSource, path, "path", .doc = "file, device or pipe of the host"),
    LIST (ChardevSource, seclabels, "seclabel", device_seclabel_elem),
};
static const XmElem path_elem = ELEM("source", ChardevSource, path_rows);

static const XmRow file_rows[] = {
    A_STR  (ChardevSource, path, "path", .doc = "file that the guest's output goes to"),
    A_ONOFF(ChardevSource, append, "append", .doc = "keep what the file holds already"),
    LIST   (ChardevSource, seclabels, "seclabel", device_seclabel_elem),
};
static const XmElem file_elem = ELEM("source", ChardevSource, file_rows);

static const XmRow unix_rows[] = {
    A_ENUM(ChardevSource, mode, "mode", chardev_mode, .doc = "connect to a socket, or make one"),
    A_STR (ChardevSource, path, "path", .doc = "the socket; none: one below the domain's folder"),
    LIST  (ChardevSource, seclabels, "seclabel", device_seclabel_elem),
    INLINE("reconnect", reconnect_elem),
};
static const XmElem unix_elem = ELEM("source", ChardevSource, unix_rows, .present = has_path);

static const XmRow tcp_rows[] = {
    A_ENUM (ChardevSource, mode, "mode", chardev_mode, .doc = "connect to a server, or be one"),
    A_STR  (ChardevSource, host, "host", .doc = "name or address"),
    A_STR  (ChardevSource, service, "service", .doc = "port or service name"),
    A_YESNO(ChardevSource, tls, "tls", .doc = "encrypt the connection"),
    INLINE ("reconnect", reconnect_elem),
};
static const XmElem tcp_elem = ELEM("source", ChardevSource, tcp_rows);

static const XmRow protocol_rows[] = {
    A_ENUM(ChardevSource, protocol, "type", chardev_protocol, .doc = "raw bytes or telnet"),
};
static const XmElem protocol_elem = ELEM("protocol", ChardevSource, protocol_rows);

static const XmRow udp_rows[] = {
    A_ENUM(ChardevUdpEnd, mode, "mode", chardev_mode, .doc = "connect: where packets go; bind: where they come from"),
    A_STR (ChardevUdpEnd, host, "host", .doc = "name or address"),
    A_STR (ChardevUdpEnd, service, "service", .doc = "port or service name"),
};
static const XmElem udp_elem = ELEM("source", ChardevUdpEnd, udp_rows);

static const XmRow nmdm_rows[] = {
    A_STR(ChardevSource, master, "master", .doc = "the guest's end of the null modem"),
    A_STR(ChardevSource, slave, "slave", .doc = "the host's end"),
};
static const XmElem nmdm_elem = ELEM("source", ChardevSource, nmdm_rows);

static const XmRow port_rows[] = {
    A_STR(ChardevSource, channel, "channel", .doc = "name under which a SPICE or D-Bus client finds it"),
};
static const XmElem port_elem = ELEM("source", ChardevSource, port_rows);

static const XmRow clipboard_rows[] = {
    A_YESNO(ChardevSource, copypaste, "copypaste", .flags = XM_REQUIRED, .doc = "share the clipboard"),
};
static const XmElem clipboard_elem = ELEM("clipboard", ChardevSource, clipboard_rows);
static const XmRow mouse_rows[] = {
    A_ENUM(ChardevSource, mouse, "mode", mouse_mode, .flags = XM_REQUIRED, .doc = "who draws the pointer"),
};
static const XmElem mouse_elem = ELEM("mouse", ChardevSource, mouse_rows);
static const XmRow vdagent_rows[] = {
    INLINE("clipboard", clipboard_elem),
    INLINE("mouse", mouse_elem),
};
static const XmElem vdagent_elem = ELEM("source", ChardevSource, vdagent_rows);

static bool log_present(gconstpointer obj)
{
    return ((const ChardevSource *)obj)->log.file != NULL;
}

static const XmRow log_rows[] = {
    A_STR  (ChardevSource, log.file, "file", .doc = "everything the guest says is written there too"),
    A_ONOFF(ChardevSource, log.append, "append", .doc = "keep what the file holds already"),
};
static const XmElem log_elem = ELEM("log", ChardevSource, log_rows, .present = log_present);

static guint source_variant(gconstpointer obj)
{
    return ((const ChardevSource *)obj)->type;
}

#define ON_PATH (XM_BIT(CHR_DEV) | XM_BIT(CHR_PIPE))
#define ON_PORT (XM_BIT(CHR_SPICEPORT) | XM_BIT(CHR_DBUS))
static const XmRow source_rows[] = {
    A_ENUM(ChardevSource, type, "type", chardev_type, .doc = "what is at the host's end"),
    INLINE("source", path_elem, .when = XM_BIT(CHR_PTY), .flags = XM_LIVE),
    INLINE("source", path_elem, .when = ON_PATH),
    INLINE("source", file_elem, .when = XM_BIT(CHR_FILE)),
    INLINE("source", unix_elem, .when = XM_BIT(CHR_UNIX)),
    INLINE("source", tcp_elem, .when = XM_BIT(CHR_TCP)),
    LIST  (ChardevSource, udp, "source", udp_elem, .when = XM_BIT(CHR_UDP), .max_items = 2),
    INLINE("source", nmdm_elem, .when = XM_BIT(CHR_NMDM)),
    INLINE("source", port_elem, .when = ON_PORT),
    INLINE("source", vdagent_elem, .when = XM_BIT(CHR_VDAGENT)),
    INLINE("protocol", protocol_elem, .when = XM_BIT(CHR_TCP)),
    INLINE("log", log_elem),
};
const XmElem chardev_source_elem = ELEM("source", ChardevSource, source_rows, .variant = source_variant);

bool chardev_sources_counted(const ChardevSource *src, const xmlNode *node, char **why)
{
    guint n = 0, max = src->type == CHR_UDP ? 2 : 1;
    for (const xmlNode *c = node->children; c; c = c->next)
        n += c->type == XML_ELEMENT_NODE && xmlStrEqual(c->name, BAD_CAST "source");
    if (n > max)
        *why = g_strdup_printf("%u <source> are here; a character device of this type has %u", n, max);
    return n <= max;
}

static gint udp_order(gconstpointer a, gconstpointer b)
{
    const ChardevUdpEnd *x = *(ChardevUdpEnd *const *)a, *y = *(ChardevUdpEnd *const *)b;
    return (int)y->mode - (int)x->mode;
}

static void normalise_udp(ChardevSource *src)
{
    for (guint i = 0; src->udp && i < src->udp->len; i++) {
        ChardevUdpEnd *end = g_ptr_array_index(src->udp, i);
        if (!end->mode)
            end->mode = CHR_CONNECT;
    }
    if (!src->udp)
        return;
    /* One end of each kind: the first counts. */
    for (guint i = src->udp->len; i-- > 1;) {
        const ChardevUdpEnd *one = g_ptr_array_index(src->udp, i), *first = g_ptr_array_index(src->udp, 0);
        if (one->mode == first->mode)
            xm_free(&udp_elem, g_ptr_array_steal_index(src->udp, i));
    }
    g_ptr_array_sort(src->udp, udp_order);
}

void chardev_source_normalise(ChardevSource *src)
{
    if ((src->type == CHR_TCP || src->type == CHR_UNIX) && !src->mode)
        src->mode = CHR_CONNECT;
    /* A socket without a path is one of the daemon's own making: it can only be bound. */
    if (src->type == CHR_UNIX && !src->path)
        src->mode = CHR_BIND;
    if (src->type == CHR_TCP && !src->protocol)
        src->protocol = CHR_RAW;
    if (src->reconnect.enabled != TRI_YES)
        src->reconnect.timeout = (OptU32){ false, 0 };
    if (!src->log.file)
        src->log.append = TRI_ABSENT;
    normalise_udp(src);
    device_seclabels_normalise(src->seclabels);
}

static const ChardevUdpEnd *udp_end(const ChardevSource *src, ChardevMode mode)
{
    for (guint i = 0; src->udp && i < src->udp->len; i++) {
        const ChardevUdpEnd *end = g_ptr_array_index(src->udp, i);
        if (end->mode == mode)
            return end;
    }
    return NULL;
}

static const char *missing_in_source(const ChardevSource *src)
{
    const ChardevUdpEnd *to = udp_end(src, CHR_CONNECT);
    switch (src->type) {
    case CHR_DEV: case CHR_FILE: case CHR_PIPE:
        return src->path ? NULL : "path";
    case CHR_NMDM:
        return !src->master ? "master" : !src->slave ? "slave" : NULL;
    case CHR_TCP:
        return !src->host ? "host" : !src->service ? "service" : NULL;
    case CHR_UDP:
        return !to ? "mode='connect'" : !to->service ? "service" : NULL;
    case CHR_SPICEPORT: case CHR_DBUS:
        return src->channel ? NULL : "channel";
    default:
        return NULL;
    }
}

static bool channel_name_ok(const char *name)
{
    return !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/")];
}

bool chardev_source_check(const ChardevSource *src, const char *what, GError **err)
{
    const char *missing = missing_in_source(src);
    if (missing) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s: a character device of type '%s' needs <source %s>",
                    what, xm_enum_name(&chardev_type, src->type), missing);
        return false;
    }
    if (src->reconnect.enabled != TRI_ABSENT && src->mode == CHR_BIND) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                    "%s: <reconnect> is only for a source with mode='connect'", what);
        return false;
    }
    if (src->channel && !channel_name_ok(src->channel)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "%s: <source channel='%s'>: only letters, digits and ./-_ are possible",
                    what, src->channel);
        return false;
    }
    return true;
}

bool chardev_source_equal(const ChardevSource *a, const ChardevSource *b)
{
    return xm_diff(&chardev_source_elem, a, b, NULL, NULL) == 0;
}

void chardev_source_copy(ChardevSource *to, const ChardevSource *from)
{
    /* The engine copies whole objects: the copy's contents move, its shell is dropped. */
    g_autofree ChardevSource *copy = xm_copy(&chardev_source_elem, from);
    *to = *copy;
}
