/* Rows of <graphics>. */
#include "config.h"
#include "conf/display.h"

XM_ENUM(graphics_type, "type of graphics", NULL, "sdl", "vnc", "rdp", "desktop", "spice", "egl-headless", "dbus");
XM_COVERS(graphics_type, GRAPHICS__N);
XM_ENUM(listen_type, "type of <listen>", NULL, "none", "address", "network", "socket");
XM_COVERS(listen_type, LISTEN__N);
XM_ENUM(auth_connected, "action for connected clients", NULL, "fail", "disconnect", "keep");
XM_COVERS(auth_connected, CONNECTED__N);
XM_ENUM(vnc_share, "VNC share policy", NULL, "allow-exclusive", "force-shared", "ignore");
XM_COVERS(vnc_share, SHARE__N);
XM_ENUM(spice_mode, "channel mode", NULL, "any", "secure", "insecure");
XM_COVERS(spice_mode, SPICE_MODE__N);
XM_ENUM(spice_channel, "SPICE channel", NULL, "main", "display", "inputs", "cursor", "playback", "record", "smartcard",
        "usbredir");
XM_COVERS(spice_channel, SPICE_CHANNEL__N);
XM_ENUM(spice_image, "image compression", NULL, "auto_glz", "auto_lz", "quic", "glz", "lz", "off");
XM_ENUM(spice_jpeg, "JPEG compression", NULL, "auto", "never", "always");
XM_ENUM(spice_zlib, "zlib compression", NULL, "auto", "never", "always");
XM_ENUM(spice_playback, "playback compression", NULL, "on", "off");
XM_ENUM(spice_streaming, "streaming mode", NULL, "filter", "all", "off");

/* --- <listen> */

static guint listen_variant(gconstpointer obj)
{
    return ((const GraphicsListen *)obj)->type;
}

static bool listen_loaded(gpointer obj, xmlNode *node, char **why)
{
    static const struct { const char *attr; ListenType type; } own[] = {
        { "network", LISTEN_NETWORK }, { "socket", LISTEN_SOCKET },
    };
    for (guint i = 0; i < G_N_ELEMENTS(own) && !*why; i++)
        if (((const GraphicsListen *)obj)->type != own[i].type && xmlHasProp(node, BAD_CAST own[i].attr))
            *why = g_strdup_printf("the attribute '%s' is only for <listen type='%s'>", own[i].attr, own[i].attr);
    return *why == NULL;
}

static const XmRow listen_rows[] = {
    A_ENUM(GraphicsListen, type, "type", listen_type, .flags = XM_REQUIRED, .doc = "how clients reach the display"),
    A_STR (GraphicsListen, address, "address", .when = XM_BIT(LISTEN_ADDRESS), .flags = XM_EMPTY_ABSENT,
           .doc = "address of the host"),
    A_STR (GraphicsListen, network, "network", .when = XM_BIT(LISTEN_NETWORK), .doc = "a network's address on the host"),
    A_STR (GraphicsListen, address, "address", .when = XM_BIT(LISTEN_NETWORK), .flags = XM_LIVE,
           .doc = "what the network's address was at start"),
    A_STR (GraphicsListen, socket, "socket", .when = XM_BIT(LISTEN_SOCKET), .flags = XM_EMPTY_ABSENT, .doc = "path of a UNIX socket"),
};
static const XmElem listen_elem =
    ELEM("listen", GraphicsListen, listen_rows, .variant = listen_variant, .loaded = listen_loaded);

/* --- children of spice, sdl, egl-headless and dbus */

static const XmRow channel_rows[] = {
    A_ENUM(SpiceChannel, name, "name", spice_channel, .flags = XM_REQUIRED, .doc = "the channel"),
    A_ENUM(SpiceChannel, mode, "mode", spice_mode, .flags = XM_REQUIRED, .doc = "encrypted or not"),
};
static const XmElem spice_channel_elem = ELEM("channel", SpiceChannel, channel_rows);

#define COMPRESSION(id, field, doc_) \
    static const XmRow id##_rows[] = { \
        A_ENUM(Graphics, field, "compression", spice_##id, .flags = XM_REQUIRED, .doc = doc_), \
    }; \
    static const XmElem id##_elem = ELEM(#id, Graphics, id##_rows)
COMPRESSION(image, image, "of images");
COMPRESSION(jpeg, jpeg, "of images over slow links");
COMPRESSION(zlib, zlib, "of images over slow links, lossless");
COMPRESSION(playback, playback, "of sound");

static const XmRow streaming_rows[] = {
    A_ENUM(Graphics, streaming, "mode", spice_streaming, .flags = XM_REQUIRED, .doc = "what is sent as video"),
};
static const XmElem streaming_elem = ELEM("streaming", Graphics, streaming_rows);
static const XmRow mouse_rows[] = {
    A_ENUM(Graphics, mouse, "mode", mouse_mode, .flags = XM_REQUIRED, .doc = "who draws the pointer"),
};
static const XmElem mouse_elem = ELEM("mouse", Graphics, mouse_rows);
static const XmRow clipboard_rows[] = {
    A_YESNO(Graphics, copypaste, "copypaste", .flags = XM_REQUIRED, .doc = "share the clipboard"),
};
static const XmElem clipboard_elem = ELEM("clipboard", Graphics, clipboard_rows);
static const XmRow filetransfer_rows[] = {
    A_YESNO(Graphics, filetransfer, "enable", .flags = XM_REQUIRED, .doc = "accept files from the client"),
};
static const XmElem filetransfer_elem = ELEM("filetransfer", Graphics, filetransfer_rows);

static const XmRow gl_rows[] = {
    A_YESNO(Graphics, gl, "enable", .flags = XM_REQUIRED, .doc = "OpenGL"),
    A_STR  (Graphics, rendernode, "rendernode", .doc = "DRM device that draws"),
};
static const XmElem gl_elem = ELEM("gl", Graphics, gl_rows);
static const XmRow sdl_gl_rows[] = {
    A_YESNO(Graphics, gl, "enable", .flags = XM_REQUIRED, .doc = "OpenGL"),
};
static const XmElem sdl_gl_elem = ELEM("gl", Graphics, sdl_gl_rows);
static const XmRow egl_rows[] = {
    A_STR(Graphics, rendernode, "rendernode", .doc = "DRM device that draws"),
};
static const XmElem egl_elem = ELEM("gl", Graphics, egl_rows);
static const XmRow audio_rows[] = {
    A_OPT(Graphics, audio_id, "id", .flags = XM_REQUIRED, .doc = "<audio> whose sound goes the same way"),
};
static const XmElem audio_elem_ = ELEM("audio", Graphics, audio_rows);

/* --- <graphics> */

static guint graphics_variant(gconstpointer obj)
{
    return ((const Graphics *)obj)->type;
}

static bool is_socket(const Graphics *g)
{
    const GraphicsListen *l = g->listens && g->listens->len ? g_ptr_array_index(g->listens, 0) : NULL;
    return l && l->type == LISTEN_SOCKET;
}

static bool is_listening(const Graphics *g)
{
    const GraphicsListen *l = g->listens && g->listens->len ? g_ptr_array_index(g->listens, 0) : NULL;
    return l && (l->type == LISTEN_ADDRESS || l->type == LISTEN_NETWORK);
}

static bool ports_written(gconstpointer obj)
{
    const Graphics *g = obj;
    return g->type == GRAPHICS_RDP || is_listening(g);
}

static bool socket_written(gconstpointer obj)
{
    return ((const Graphics *)obj)->type == GRAPHICS_VNC && is_socket(obj);
}

#define VNC XM_BIT(GRAPHICS_VNC)
#define RDP XM_BIT(GRAPHICS_RDP)
#define SPICE XM_BIT(GRAPHICS_SPICE)
#define SDL XM_BIT(GRAPHICS_SDL)
#define DBUS XM_BIT(GRAPHICS_DBUS)
#define DESKTOP XM_BIT(GRAPHICS_DESKTOP)
#define SERVED (VNC | SPICE)
static const XmRow graphics_rows[] = {
    A_ENUM (Graphics, type, "type", graphics_type, .flags = XM_REQUIRED, .doc = "how the guest's screen is shown"),
    A_STR  (Graphics, socket, "socket", .when = SERVED, .written = socket_written, .doc = "path of a UNIX socket"),
    A_OPTI (Graphics, port, "port", .when = SERVED | RDP, .written = ports_written, .doc = "TCP port; -1: any free one"),
    A_OPTI (Graphics, tls_port, "tlsPort", .when = SPICE, .written = ports_written, .doc = "TCP port with TLS"),
    A_YESNO(Graphics, autoport, "autoport", .when = SERVED | RDP, .written = ports_written, .doc = "choose ports at start"),
    A_OPTI (Graphics, websocket, "websocket", .when = VNC, .written = ports_written, .doc = "port for browsers; -1: any"),
    A_STR  (Graphics, listen, "listen", .when = SERVED | RDP, .flags = XM_EMPTY_ABSENT, .written = ports_written,
            .doc = "address of the host, as the first <listen>"),
    A_STR  (Graphics, keymap, "keymap", .when = SERVED, .doc = "keyboard layout"),
    A_ENUM (Graphics, default_mode, "defaultMode", spice_mode, .when = SPICE, .doc = "mode of channels not named"),
    A_ENUM (Graphics, share_policy, "sharePolicy", vnc_share, .when = VNC, .doc = "several clients at once"),
    A_YESNO(Graphics, power_control, "powerControl", .when = VNC, .doc = "clients may shut down and reset"),
    A_STR  (Graphics, password, "passwd", .when = SERVED, .flags = XM_SECRET, .doc = "password"),
    A_STR  (Graphics, password_valid_to, "passwdValidTo", .when = SERVED, .doc = "until when, UTC"),
    A_ENUM (Graphics, connected, "connected", auth_connected, .when = SERVED, .doc = "what a new password does to clients"),
    A_STR  (Graphics, display, "display", .when = SDL | DESKTOP, .doc = "X display"),
    A_STR  (Graphics, xauth, "xauth", .when = SDL, .doc = "X authority file"),
    A_YESNO(Graphics, fullscreen, "fullscreen", .when = SDL | DESKTOP, .doc = "without a window"),
    A_YESNO(Graphics, replace_user, "replaceUser", .when = RDP, .doc = "a new client replaces the old"),
    A_YESNO(Graphics, multi_user, "multiUser", .when = RDP, .doc = "several clients at once"),
    A_YESNO(Graphics, p2p, "p2p", .when = DBUS, .doc = "clients are handed over one by one"),
    A_STR  (Graphics, dbus_address, "address", .when = DBUS, .doc = "bus to be on"),
    LIST   (Graphics, listens, "listen", listen_elem, .when = SERVED | RDP, .max_items = 64),
    LIST   (Graphics, channels, "channel", spice_channel_elem, .when = SPICE),
    INLINE ("image", image_elem, .when = SPICE),
    INLINE ("jpeg", jpeg_elem, .when = SPICE),
    INLINE ("zlib", zlib_elem, .when = SPICE),
    INLINE ("playback", playback_elem, .when = SPICE),
    INLINE ("streaming", streaming_elem, .when = SPICE),
    INLINE ("mouse", mouse_elem, .when = SPICE),
    INLINE ("clipboard", clipboard_elem, .when = SPICE),
    INLINE ("filetransfer", filetransfer_elem, .when = SPICE),
    INLINE ("gl", gl_elem, .when = SPICE | DBUS),
    INLINE ("gl", sdl_gl_elem, .when = SDL),
    INLINE ("gl", egl_elem, .when = XM_BIT(GRAPHICS_EGL_HEADLESS)),
    INLINE ("audio", audio_elem_, .when = VNC | DBUS),
};
const XmElem graphics_elem = ELEM("graphics", Graphics, graphics_rows, .has_line = true, .variant = graphics_variant);
