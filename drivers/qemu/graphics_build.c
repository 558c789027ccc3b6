/* -vnc, -spice and -display. Passwords never stand here: they are set over QMP after the start. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/display_build.h"
#include "drivers/qemu/display_define.h"
#include "drivers/qemu/each.h"

#define VNC_BASE 5900

static bool refuse(GError **err, const Graphics *g, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "graphics of type '%s': %s", xm_enum_name(&graphics_type, g->type),
                why);
    return false;
}

static const GraphicsListen *only_listen(const Graphics *g, GError **err)
{
    guint n = g->listens ? g->listens->len : 0;
    if (n == 1)
        return g_ptr_array_index(g->listens, 0);
    refuse(err, g, n ? "QEMU listens at one place only; keep one <listen>" : "it has no <listen>");
    return NULL;
}

/* The address of a <listen>, as a start filled it in. */
static const char *listen_address(const Graphics *g, const GraphicsListen *l, GError **err)
{
    if (l->address)
        return l->address;
    if (l->type != LISTEN_NETWORK)
        return "127.0.0.1";
    g_set_error(err, QV_ERROR, QV_ERR_NO_NETWORK, "graphics of type '%s': network '%s' has no address to listen on",
                xm_enum_name(&graphics_type, g->type), l->network);
    return NULL;
}

static bool add_audiodev(const QemuBuild *b, const Graphics *g, json_object *p, GError **err)
{
    const Audio *a = audio_of(b->def, g->audio_id, err);
    if (a)
        props_strf(p, "audiodev", "audio%u", a->id.v);
    return a != NULL;
}

static void build_keymap(QemuBuild *b, Graphics *g, guint i)
{
    if (g->keymap)
        qemu_command_word(b->cmd, "-k", g->keymap, build_reason(DEV_GRAPHICS, i, g));
}

/* --- VNC */

static bool add_vnc_place(Graphics *g, json_object *p, GError **err)
{
    const GraphicsListen *l = only_listen(g, err);
    if (!l)
        return false;
    if (l->type == LISTEN_SOCKET) {
        props_strf(p, "vnc", "unix:%s", l->socket ? l->socket : "");
        return l->socket ? true : refuse(err, g, "its socket has no path");
    }
    if (l->type == LISTEN_NONE) {
        props_str(p, "", "none");
        return true;
    }
    const char *address = listen_address(g, l, err);
    if (!address)
        return false;
    if (!g->port.set || g->port.v < VNC_BASE || g->port.v > 65535)
        return refuse(err, g, "a VNC port is in the range 5900 to 65535");
    bool v6 = strchr(address, ':') != NULL;
    props_strf(p, "", "%s%s%s:%d", v6 ? "[" : "", address, v6 ? "]" : "", g->port.v - VNC_BASE);
    if (g->websocket.set)
        json_object_object_add(p, "websocket", json_object_new_int(g->websocket.v));
    return true;
}

static bool build_vnc(QemuBuild *b, Graphics *g, guint i, GError **err)
{
    json_object *p = json_object_new_object();
    bool ok = add_vnc_place(g, p, err);
    props_str(p, "share", xm_enum_name(&vnc_share, g->share_policy));
    if (g->password)
        props_str(p, "password", "on");
    props_onoff(p, "power-control", g->power_control);
    if (!ok || !add_audiodev(b, g, p, err)) {
        json_object_put(p);
        return false;
    }
    qemu_command_opts(b->cmd, "-vnc", p, build_reason(DEV_GRAPHICS, i, g));
    build_keymap(b, g, i);
    return true;
}

/* --- SPICE */

static bool add_spice_place(const Graphics *g, json_object *p, GError **err)
{
    const GraphicsListen *l = only_listen(g, err);
    if (!l)
        return false;
    if (l->type == LISTEN_SOCKET) {
        props_str(p, "", "unix");
        props_str(p, "addr", l->socket);
        return l->socket ? true : refuse(err, g, "its socket has no path");
    }
    if (l->type == LISTEN_NONE) {
        props_u64(p, "port", 0);
        return true;
    }
    const char *address = listen_address(g, l, err);
    if (!address)
        return false;
    if (g->tls_port.set)
        return refuse(err, g, "tlsPort needs certificates for SPICE, and this daemon has none");
    if (!g->port.set || g->port.v < 1 || g->port.v > 65535)
        return refuse(err, g, "a SPICE port is in the range 1 to 65535");
    props_u64(p, "port", (guint64)g->port.v);
    props_str(p, "addr", address);
    return true;
}

static bool add_channel(const Graphics *g, json_object *modes, const char *name, SpiceMode mode, GError **err)
{
    if (mode == SPICE_MODE_SECURE)
        return refuse(err, g, "secure channels need a tlsPort and certificates");
    if (mode == SPICE_MODE_INSECURE)
        json_object_array_add(modes, json_object_new_string(name));
    return true;
}

/* Each channel is an option of its own, under the same name. */
static bool add_channels(const Graphics *g, json_object *p, GError **err)
{
    json_object *modes = json_object_new_array();
    bool ok = add_channel(g, modes, "default", g->default_mode, err);
    for (guint i = 0; ok && g->channels && i < g->channels->len; i++) {
        const SpiceChannel *c = g_ptr_array_index(g->channels, i);
        ok = add_channel(g, modes, xm_enum_name(&spice_channel, c->name), c->mode, err);
    }
    if (ok && json_object_array_length(modes))
        json_object_object_add(p, "plaintext-channel", modes);
    else
        json_object_put(modes);
    return ok;
}

static void add_tuning(const Graphics *g, json_object *p)
{
    props_str(p, "image-compression", xm_enum_name(&spice_image, g->image));
    props_str(p, "jpeg-wan-compression", xm_enum_name(&spice_jpeg, g->jpeg));
    props_str(p, "zlib-glz-wan-compression", xm_enum_name(&spice_zlib, g->zlib));
    props_str(p, "playback-compression", xm_enum_name(&spice_playback, g->playback));
    props_str(p, "streaming-video", xm_enum_name(&spice_streaming, g->streaming));
    if (g->copypaste == TRI_NO)
        props_str(p, "disable-copy-paste", "on");
    if (g->filetransfer == TRI_NO)
        props_str(p, "disable-agent-file-xfer", "on");
    if (g->gl == TRI_YES) {
        props_str(p, "gl", "on");
        props_str(p, "rendernode", g->rendernode);
    }
    props_str(p, "seamless-migration", "on");
}

static bool build_spice(QemuBuild *b, Graphics *g, guint i, GError **err)
{
    json_object *p = json_object_new_object();
    bool ok = add_spice_place(g, p, err);
    if (g->mouse)
        props_str(p, "agent-mouse", g->mouse == MOUSE_CLIENT ? "on" : "off");
    if (!g->password)
        props_str(p, "disable-ticketing", "on");
    if (!ok || !add_channels(g, p, err)) {
        json_object_put(p);
        return false;
    }
    add_tuning(g, p);
    qemu_command_opts(b->cmd, "-spice", p, build_reason(DEV_GRAPHICS, i, g));
    build_keymap(b, g, i);
    return true;
}

/* --- windows of the host, and none */

static json_object *display(const char *kind)
{
    json_object *p = json_object_new_object();
    props_str(p, "", kind);
    return p;
}

static bool build_sdl(QemuBuild *b, Graphics *g, guint i, G_GNUC_UNUSED GError **err)
{
    json_object *p = display("sdl");
    if (g->xauth)
        qemu_command_env(b->cmd, "XAUTHORITY", g->xauth);
    if (g->display)
        qemu_command_env(b->cmd, "DISPLAY", g->display);
    if (g->fullscreen == TRI_YES)
        props_str(p, "full-screen", "on");
    props_onoff(p, "gl", g->gl);
    qemu_command_opts(b->cmd, "-display", p, build_reason(DEV_GRAPHICS, i, g));
    return true;
}

static bool build_egl(QemuBuild *b, Graphics *g, guint i, G_GNUC_UNUSED GError **err)
{
    json_object *p = display("egl-headless");
    props_str(p, "rendernode", g->rendernode);
    qemu_command_opts(b->cmd, "-display", p, build_reason(DEV_GRAPHICS, i, g));
    return true;
}

static bool build_dbus(QemuBuild *b, Graphics *g, guint i, GError **err)
{
    json_object *p = display("dbus");
    if (g->p2p == TRI_YES)
        props_str(p, "p2p", "on");
    props_str(p, "addr", g->dbus_address);
    props_onoff(p, "gl", g->gl);
    props_str(p, "rendernode", g->rendernode);
    if (g->audio_id.set && !add_audiodev(b, g, p, err)) {
        json_object_put(p);
        return false;
    }
    qemu_command_opts(b->cmd, "-display", p, build_reason(DEV_GRAPHICS, i, g));
    return true;
}

static bool (*const builders[GRAPHICS__N])(QemuBuild *, Graphics *, guint, GError **) = {
    [GRAPHICS_SDL] = build_sdl, [GRAPHICS_VNC] = build_vnc, [GRAPHICS_SPICE] = build_spice,
    [GRAPHICS_EGL_HEADLESS] = build_egl, [GRAPHICS_DBUS] = build_dbus,
};

bool build_graphics(QemuBuild *b, GError **err)
{
    bool seen[GRAPHICS__N] = { false };
    EACH_DEVICE(b->def, DEV_GRAPHICS, Graphics, g) {
        if (g->type >= GRAPHICS__N || !builders[g->type])
            return refuse(err, g, "QEMU has no such display");
        if (seen[g->type])
            return refuse(err, g, "a guest has one display of each type");
        seen[g->type] = true;
        if (!builders[g->type](b, g, g_i, err))
            return false;
    }
    if (!domain_devices(b->def, DEV_GRAPHICS)->len)
        qemu_command_opts(b->cmd, "-display", display("none"), reason_why("without <graphics> the guest has no display"));
    return true;
}
