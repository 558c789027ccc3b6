#include "config.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "drivers/qemu/each.h"
#include "drivers/qemu/graphics_start.h"

enum { PORTS = 65536 };

/* --- reserved ports */

static GMutex lock;
static guint8 reserved[PORTS / 8];

static bool is_reserved(guint port)
{
    return reserved[port / 8] & (1U << (port % 8));
}

static void mark(guint port, bool on)
{
    if (on)
        reserved[port / 8] |= (guint8)(1U << (port % 8));
    else
        reserved[port / 8] &= (guint8)~(1U << (port % 8));
}

static int bind_one(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol), on = 1;
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    int failed = bind(fd, a->ai_addr, a->ai_addrlen) < 0 ? errno : 0;
    close(fd);
    return failed;
}

/* Whether nobody has @port; only "in use" counts as taken, other errors are QEMU's to tell. */
static bool port_free(const char *address, guint port)
{
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
    struct addrinfo *all = NULL;
    bool free = true;
    if (getaddrinfo(address, service, &hints, &all) != 0)
        return true;
    for (const struct addrinfo *a = all; a && free; a = a->ai_next)
        free = bind_one(a) != EADDRINUSE;
    freeaddrinfo(all);
    return free;
}

static guint take_port(const char *address, guint min, guint max)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&lock);
    for (guint port = min; port <= max && port < PORTS; port++)
        if (!is_reserved(port) && port_free(address, port)) {
            mark(port, true);
            return port;
        }
    return 0;
}

/* --- listens */

static GraphicsListen *listen_of(const Graphics *g)
{
    return g->listens && g->listens->len ? g_ptr_array_index(g->listens, 0) : NULL;
}

static void mirror_listen(Graphics *g, const GraphicsListen *l)
{
    g_free(g->listen);
    g_free(g->socket);
    g->listen = g_strdup(l->type == LISTEN_SOCKET ? NULL : l->address);
    g->socket = g_strdup(l->type == LISTEN_SOCKET ? l->socket : NULL);
}

static void fill_socket(Graphics *g, GraphicsListen *l, const char *domain_dir)
{
    if (l->type != LISTEN_SOCKET || l->socket)
        return;
    l->socket = g_strdup_printf("%s/%s.sock", domain_dir ? domain_dir : "", xm_enum_name(&graphics_type, g->type));
    l->generated = true;
}

static bool fill_listen(Graphics *g, GraphicsListen *l, const GraphicsConfig *c, const char *domain_dir, GError **err)
{
    const char *dflt = g->type == GRAPHICS_VNC ? c->vnc_listen : c->spice_listen;
    fill_socket(g, l, domain_dir);
    if (l->type == LISTEN_ADDRESS && !l->address) {
        l->address = g_strdup(dflt ? dflt : "127.0.0.1");
        l->generated = true;
    }
    if (l->type == LISTEN_NETWORK && !c->network_address) {
        g_set_error(err, QV_ERROR, QV_ERR_NO_NETWORK, "graphics: no network with matching name '%s'", l->network);
        return false;
    }
    if (l->type == LISTEN_NETWORK && !l->address && !(l->address = c->network_address(l->network, c->user, err)))
        return false;
    mirror_listen(g, l);
    return true;
}

/* --- ports of one display */

static bool wants_port(const Graphics *g)
{
    const GraphicsListen *l = listen_of(g);
    return l && (l->type == LISTEN_ADDRESS || l->type == LISTEN_NETWORK);
}

static bool any_port(const Graphics *g)
{
    return g->autoport == TRI_YES || (g->port.set && g->port.v == -1);
}

static bool set_port(OptI32 *port, const Graphics *g, const char *what, guint min, guint max, GError **err)
{
    guint found = take_port(listen_of(g)->address, min, max);
    if (!found) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "graphics of type '%s': no free %s in the range %u to %u",
                    xm_enum_name(&graphics_type, g->type), what, min, max);
        return false;
    }
    *port = (OptI32){ true, (gint32)found };
    return true;
}

static bool fill_ports(Graphics *g, const GraphicsConfig *c, GError **err)
{
    guint min = c->port_min ? c->port_min : 5900, max = c->port_max ? c->port_max : 65535;
    guint web_min = c->websocket_min ? c->websocket_min : 5700, web_max = c->websocket_max ? c->websocket_max : 65535;
    if (any_port(g) && !set_port(&g->port, g, "port", min, max, err))
        return false;
    return !(g->websocket.set && g->websocket.v == -1) || set_port(&g->websocket, g, "websocket port", web_min, web_max, err);
}

/* --- OpenGL */

static char *first_rendernode(void)
{
    g_autoptr(GDir) dir = g_dir_open("/dev/dri", 0, NULL);
    char *best = NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_prefix(name, "renderD") && (!best || strcmp(name, best) < 0)) {
            g_free(best);
            best = g_strdup(name);
        }
    char *path = best ? g_build_filename("/dev/dri", best, NULL) : NULL;
    g_free(best);
    return path;
}

static bool fill_rendernode(Graphics *g, GError **err)
{
    bool wants = g->type == GRAPHICS_EGL_HEADLESS ||
                 (g->gl == TRI_YES && (g->type == GRAPHICS_SPICE || g->type == GRAPHICS_DBUS));
    if (!wants || g->rendernode || (g->rendernode = first_rendernode()))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED,
                "graphics of type '%s' draws with OpenGL, and the host has no /dev/dri/renderD*; drop <gl> or name a rendernode",
                xm_enum_name(&graphics_type, g->type));
    return false;
}

/* --- the whole domain */

static bool prepare_one(Graphics *g, const GraphicsConfig *config, const char *domain_dir, GError **err)
{
    GraphicsListen *l = listen_of(g);
    if (l && !fill_listen(g, l, config, domain_dir, err))
        return false;
    if (wants_port(g) && !fill_ports(g, config, err))
        return false;
    if (g->type == GRAPHICS_DBUS && !g->dbus_address && g->p2p != TRI_YES) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                    "graphics of type 'dbus': this daemon runs no bus for guests; use p2p='yes' or name an address");
        return false;
    }
    return fill_rendernode(g, err);
}

bool graphics_prepare(DomainDef *def, const GraphicsConfig *config, const char *domain_dir, GError **err)
{
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g)
        if (!prepare_one(g, config, domain_dir, err)) {
            graphics_release(def);
            return false;
        }
    return true;
}

/* Only ports that were chosen here: fixed ones belong to who named them. */
static void mark_ports(const DomainDef *def, bool on)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&lock);
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g) {
        if (g->autoport == TRI_YES && g->port.set && g->port.v > 0 && g->port.v < PORTS)
            mark((guint)g->port.v, on);
        if (g->websocket.set && g->websocket.v > 0 && g->websocket.v < PORTS)
            mark((guint)g->websocket.v, on);
    }
}

void graphics_release(const DomainDef *def)
{
    mark_ports(def, false);
}

void graphics_adopt(const DomainDef *def)
{
    mark_ports(def, true);
}

void graphics_prepare_dry(DomainDef *def, const char *domain_dir, const char *run_dir)
{
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g) {
        GraphicsListen *l = listen_of(g);
        if (l)
            fill_socket(g, l, domain_dir);
        if (wants_port(g) && any_port(g))
            g->port = (OptI32){ true, g->type == GRAPHICS_VNC ? 5900 : 5901 };
        if (g->type == GRAPHICS_DBUS && !g->dbus_address && g->p2p != TRI_YES) {
            g_autofree char *base = g_path_get_basename(domain_dir ? domain_dir : "");
            const char *name = g_str_has_prefix(base, "domain-") ? base + strlen("domain-") : base;
            g->dbus_address = g_strdup_printf("unix:path=%s/qemu/dbus/%s-dbus.sock", run_dir ? run_dir : "", name);
        }
    }
}

/* --- passwords */

static json_object *call(const char *name, json_object *arguments)
{
    json_object *c = json_object_new_object();
    json_object_object_add(c, "execute", json_object_new_string(name));
    json_object_object_add(c, "arguments", arguments);
    return c;
}

static json_object *protocol_arguments(const Graphics *g)
{
    json_object *a = json_object_new_object();
    json_object_object_add(a, "protocol", json_object_new_string(xm_enum_name(&graphics_type, g->type)));
    return a;
}

/* "never", or seconds since 1970 as QEMU wants them: in a string. */
static char *expiry(const Graphics *g)
{
    int year, month, day, hour, minute, second;
    if (!g->password_valid_to ||
        sscanf(g->password_valid_to, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second) != 6)
        return g_strdup("never");
    g_autoptr(GDateTime) when = g_date_time_new_utc(year, month, day, hour, minute, second);
    return when ? g_strdup_printf("%" G_GINT64_FORMAT, g_date_time_to_unix(when)) : g_strdup("never");
}

json_object *graphics_password_calls(const DomainDef *def)
{
    static const char *const connected[CONNECTED__N] = { "keep", "fail", "disconnect", "keep" };
    json_object *calls = json_object_new_array();
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g) {
        if (!g->password || (g->type != GRAPHICS_VNC && g->type != GRAPHICS_SPICE))
            continue;
        g_autofree char *until = expiry(g);
        json_object *set = protocol_arguments(g), *expire = protocol_arguments(g);
        json_object_object_add(set, "password", json_object_new_string(g->password));
        json_object_object_add(set, "connected", json_object_new_string(connected[g->connected]));
        json_object_object_add(expire, "time", json_object_new_string(until));
        json_object_array_add(calls, call("set_password", set));
        json_object_array_add(calls, call("expire_password", expire));
    }
    return calls;
}
