/* <graphics>: where it listens, said in one way. Three things are written at two places each: the
 * address (@listen and the first <listen>), the socket (@socket and <listen>), and "any free port"
 * (port -1 and @autoport). */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "drivers/qemu/display_define.h"
#include "drivers/qemu/each.h"

static bool refuse(GError **err, const Graphics *g, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "graphics of type '%s': %s", xm_enum_name(&graphics_type, g->type),
                why);
    return false;
}

/* --- listens */

static GraphicsListen *first_listen(Graphics *g)
{
    if (!g->listens)
        g->listens = g_ptr_array_new();
    if (!g->listens->len) {
        GraphicsListen *l = g_new0(GraphicsListen, 1);
        l->type = LISTEN_ADDRESS;
        g_ptr_array_add(g->listens, l);
    }
    return g_ptr_array_index(g->listens, 0);
}

/* @attr is the old spelling of @value: takes its place, or must be the same. */
static bool merge(GError **err, const Graphics *g, const char *what, const char *attr, char **value)
{
    if (!attr)
        return true;
    if (!*value)
        *value = g_strdup(attr);
    if (g_str_equal(attr, *value))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                "graphics of type '%s': %s='%s' contradicts '%s' of the first <listen>; write one of them",
                xm_enum_name(&graphics_type, g->type), what, attr, *value);
    return false;
}

static bool normalise_listens(Graphics *g, GError **err)
{
    GraphicsListen *l = first_listen(g);
    if (g->type == GRAPHICS_VNC && g->socket && l->type == LISTEN_ADDRESS)
        l->type = LISTEN_SOCKET;
    if (l->type == LISTEN_SOCKET && !merge(err, g, "socket", g->socket, &l->socket))
        return false;
    if (l->type == LISTEN_ADDRESS && !merge(err, g, "listen", g->listen, &l->address))
        return false;
    if (l->type == LISTEN_NETWORK && !l->network)
        return refuse(err, g, "<listen type='network'> needs the network's name");
    /* From here on the old spellings only mirror the first <listen>. */
    g_free(g->listen);
    g_free(g->socket);
    g->listen = l->type == LISTEN_ADDRESS ? g_strdup(l->address) : NULL;
    g->socket = l->type == LISTEN_SOCKET ? g_strdup(l->socket) : NULL;
    return true;
}

/* --- ports */

static bool is(OptI32 port, gint32 value)
{
    return port.set && port.v == value;
}

static void normalise_vnc_ports(Graphics *g)
{
    bool any = !g->port.set || is(g->port, -1);
    if (g->autoport == TRI_ABSENT)
        g->autoport = any ? TRI_YES : TRI_NO;
    if (g->autoport == TRI_YES)
        g->port = (OptI32){ true, -1 };
    else if (any || g->port.v == 0)
        g->port = (OptI32){ false, 0 };
    if (is(g->websocket, 0))
        g->websocket.set = false;
}

/* SPICE: without any port it is reached through file descriptors only. */
static void normalise_spice_ports(Graphics *g)
{
    GraphicsListen *l = g_ptr_array_index(g->listens, 0);
    if (is(g->port, -1) && is(g->tls_port, -1))
        g->autoport = TRI_YES;
    if (g->autoport == TRI_YES) {
        g->port.set = g->tls_port.set = false;
        return;
    }
    g->autoport = TRI_NO;
    if (is(g->port, 0))
        g->port.set = false;
    if (is(g->tls_port, 0))
        g->tls_port.set = false;
    if (!g->port.set && !g->tls_port.set && l->type == LISTEN_ADDRESS) {
        g_clear_pointer(&l->address, g_free);
        g_clear_pointer(&g->listen, g_free);
        l->type = LISTEN_NONE;
    }
}

/* --- passwords */

static bool normalise_valid_to(Graphics *g, GError **err)
{
    int year, month, day, hour, minute, second, end = 0;
    if (!g->password_valid_to)
        return true;
    if (sscanf(g->password_valid_to, "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &end) != 6 ||
        g->password_valid_to[end])
        return refuse(err, g, "passwdValidTo is not a time like 2030-12-31T23:59:59");
    g_autoptr(GDateTime) when = g_date_time_new_utc(year, month, day, hour, minute, second);
    if (!when)
        return refuse(err, g, "passwdValidTo is not a time of the calendar");
    return true;
}

static bool normalise_password(Graphics *g, GError **err)
{
    if (!g->password) {
        g_clear_pointer(&g->password_valid_to, g_free);
        g->connected = CONNECTED_NONE;
        return true;
    }
    if (g->type == GRAPHICS_VNC && strlen(g->password) > 8)
        return refuse(err, g, "a VNC password has 8 characters at most");
    if (g->type == GRAPHICS_VNC && g->connected && g->connected != CONNECTED_KEEP)
        return refuse(err, g, "VNC knows only connected='keep'");
    return normalise_valid_to(g, err);
}

/* --- the rest of SPICE */

static gint channel_order(gconstpointer a, gconstpointer b)
{
    return (int)(*(SpiceChannel *const *)a)->name - (int)(*(SpiceChannel *const *)b)->name;
}

/* One entry for each channel, in the protocol's order: the last one counts, and "any" says nothing. */
static void normalise_channels(Graphics *g)
{
    GPtrArray *all = g->channels;
    for (guint i = all->len; i-- > 0;) {
        SpiceChannel *c = g_ptr_array_index(all, i);
        for (guint j = i; j-- > 0;)
            if (((SpiceChannel *)g_ptr_array_index(all, j))->name == c->name) {
                g_free(g_ptr_array_steal_index(all, j));
                i--;
            }
    }
    for (guint i = all->len; i-- > 0;)
        if (((SpiceChannel *)g_ptr_array_index(all, i))->mode == SPICE_MODE_ANY)
            g_free(g_ptr_array_steal_index(all, i));
    g_ptr_array_sort(all, channel_order);
}

static bool define_spice(Graphics *g, GError **err)
{
    if (!normalise_listens(g, err) || !normalise_password(g, err))
        return false;
    normalise_spice_ports(g);
    const GraphicsListen *l = g_ptr_array_index(g->listens, 0);
    if (g->tls_port.set && g->tls_port.v > 0 && (l->type == LISTEN_ADDRESS || l->type == LISTEN_NETWORK))
        return refuse(err, g, "tlsPort needs certificates for SPICE, and this daemon has none; drop it");
    if (g->default_mode == SPICE_MODE_ANY)
        g->default_mode = SPICE_MODE_NONE;
    if (g->channels)
        normalise_channels(g);
    return true;
}

static bool define_vnc(Graphics *g, GError **err)
{
    normalise_vnc_ports(g);
    return normalise_listens(g, err) && normalise_password(g, err);
}

static bool define_dbus(Graphics *g, GError **err)
{
    if (g->p2p == TRI_NO)
        g->p2p = TRI_ABSENT;
    if (g->p2p == TRI_YES && g->dbus_address)
        return refuse(err, g, "p2p='yes' uses no bus; drop the address");
    return true;
}

static bool define_local(Graphics *g, G_GNUC_UNUSED GError **err)
{
    if (g->fullscreen == TRI_NO)
        g->fullscreen = TRI_ABSENT;
    return true;
}

static bool define_absent(Graphics *g, GError **err)
{
    return refuse(err, g, "QEMU has no such display");
}

static bool (*const definers[GRAPHICS__N])(Graphics *, GError **) = {
    [GRAPHICS_SDL] = define_local, [GRAPHICS_VNC] = define_vnc, [GRAPHICS_RDP] = define_absent,
    [GRAPHICS_DESKTOP] = define_absent, [GRAPHICS_SPICE] = define_spice, [GRAPHICS_EGL_HEADLESS] = define_local,
    [GRAPHICS_DBUS] = define_dbus,
};

static bool draws_with_gl(const Graphics *g)
{
    return g->type == GRAPHICS_EGL_HEADLESS || g->gl == TRI_YES;
}

/* A screen that only draws must be watched through a display that can show what it drew. */
static bool check_headless(const DomainDef *def, GError **err)
{
    bool headless = false;
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g)
        headless |= g->type == GRAPHICS_EGL_HEADLESS;
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, other)
        if (headless && other->type != GRAPHICS_EGL_HEADLESS && other->type != GRAPHICS_VNC && other->type != GRAPHICS_SPICE)
            return refuse(err, other, "it cannot be together with type 'egl-headless'; use 'vnc' or 'spice'");
    return true;
}

bool define_graphics(DomainDef *def, GError **err)
{
    guint gl = 0;
    if (!check_headless(def, err))
        return false;
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g)
        if (g->type == GRAPHICS_NONE || g->type >= GRAPHICS__N || !definers[g->type](g, err))
            return false;
        else if (draws_with_gl(g) && ++gl > 1)
            return refuse(err, g, "QEMU draws with OpenGL on one display only");
    return true;
}
