/* What the guest shows, hears and is typed at: <graphics>, <video>, <sound>, <audio>, <input>, <hub>. */
#ifndef QV_CONF_DISPLAY_H
#define QV_CONF_DISPLAY_H
#include "conf/chardev.h"
#include "conf/device.h"
#include "conf/virtio.h"

typedef enum {
    GRAPHICS_NONE, GRAPHICS_SDL, GRAPHICS_VNC, GRAPHICS_RDP, GRAPHICS_DESKTOP, GRAPHICS_SPICE, GRAPHICS_EGL_HEADLESS,
    GRAPHICS_DBUS, GRAPHICS__N
} GraphicsType;
typedef enum { LISTEN_NONE_GIVEN, LISTEN_NONE, LISTEN_ADDRESS, LISTEN_NETWORK, LISTEN_SOCKET, LISTEN__N } ListenType;
typedef struct {
    ListenType type;
    char *address, *network, *socket;
    bool generated;            /* socket or address was chosen by the daemon */
} GraphicsListen;

typedef enum { CONNECTED_NONE, CONNECTED_FAIL, CONNECTED_DISCONNECT, CONNECTED_KEEP, CONNECTED__N } AuthConnected;
typedef enum { SHARE_NONE, SHARE_ALLOW_EXCLUSIVE, SHARE_FORCE_SHARED, SHARE_IGNORE, SHARE__N } VncSharePolicy;
typedef enum { SPICE_MODE_NONE, SPICE_MODE_ANY, SPICE_MODE_SECURE, SPICE_MODE_INSECURE, SPICE_MODE__N } SpiceMode;
typedef enum {
    SPICE_CHANNEL_NONE, SPICE_MAIN, SPICE_DISPLAY, SPICE_INPUTS, SPICE_CURSOR, SPICE_PLAYBACK, SPICE_RECORD,
    SPICE_SMARTCARD, SPICE_USBREDIR, SPICE_CHANNEL__N
} SpiceChannelName;
typedef struct { SpiceChannelName name; SpiceMode mode; } SpiceChannel;

typedef struct {
    DeviceInfo info;           /* line only */
    GraphicsType type;
    OptI32 port, tls_port, websocket;      /* -1: chosen at start */
    Tristate autoport;
    char *listen, *socket;                 /* old spellings of the first <listen> */
    GPtrArray *listens;                    /* GraphicsListen; after define at least one for vnc, spice, rdp */
    char *keymap;
    char *password, *password_valid_to;
    AuthConnected connected;
    VncSharePolicy share_policy;
    Tristate power_control;
    SpiceMode default_mode;
    GPtrArray *channels;                   /* SpiceChannel */
    guint image, jpeg, zlib, playback, streaming;    /* values of the enumerations spice_* */
    MouseMode mouse;
    Tristate copypaste, filetransfer;
    Tristate gl;
    char *rendernode;
    char *display, *xauth;                 /* sdl, desktop */
    Tristate fullscreen;
    Tristate replace_user, multi_user;     /* rdp */
    char *dbus_address;
    Tristate p2p;
    OptU32 audio_id;
} Graphics;

typedef enum {
    VIDEO_NONE_GIVEN, VIDEO_DEFAULT, VIDEO_VGA, VIDEO_CIRRUS, VIDEO_VMVGA, VIDEO_XEN, VIDEO_VBOX, VIDEO_QXL,
    VIDEO_PARALLELS, VIDEO_VIRTIO, VIDEO_GOP, VIDEO_NONE, VIDEO_BOCHS, VIDEO_RAMFB, VIDEO__N
} VideoType;
typedef enum { VIDEO_BACKEND_NONE, VIDEO_BACKEND_QEMU, VIDEO_BACKEND_VHOSTUSER, VIDEO_BACKEND__N } VideoBackend;
typedef enum { VGACONF_NONE, VGACONF_IO, VGACONF_ON, VGACONF_OFF, VGACONF__N } VgaConf;
typedef struct {
    DeviceInfo info;
    struct { VideoBackend name; VgaConf vgaconf; VirtioOptions virtio; } driver;
    VideoType type;
    guint32 ram, vram, vram64, vgamem;     /* KiB */
    OptU32 heads;
    Tristate primary;
    struct { Tristate accel2d, accel3d; char *rendernode; } accel;
    struct { guint32 x, y; } resolution;
} Video;

typedef enum {
    SOUND_NONE, SOUND_SB16, SOUND_ES1370, SOUND_PCSPK, SOUND_AC97, SOUND_ICH6, SOUND_ICH7, SOUND_USB, SOUND_ICH9, SOUND__N
} SoundModel;
typedef enum { CODEC_NONE, CODEC_DUPLEX, CODEC_MICRO, CODEC_OUTPUT, CODEC__N } SoundCodecType;
typedef struct { SoundCodecType type; } SoundCodec;
typedef struct {
    DeviceInfo info;
    SoundModel model;
    GPtrArray *codecs;                     /* SoundCodec */
    OptU32 audio_id;
} Sound;

typedef enum {
    AUDIO_NONE_GIVEN, AUDIO_NONE, AUDIO_ALSA, AUDIO_COREAUDIO, AUDIO_JACK, AUDIO_OSS, AUDIO_PULSEAUDIO, AUDIO_SDL,
    AUDIO_SPICE, AUDIO_FILE, AUDIO_DBUS, AUDIO__N
} AudioType;
typedef enum {
    AUDIO_FORMAT_NONE, AUDIO_S8, AUDIO_U8, AUDIO_S16, AUDIO_U16, AUDIO_S32, AUDIO_U32, AUDIO_F32, AUDIO_FORMAT__N
} AudioFormat;
typedef enum { SDL_NONE, SDL_ESD, SDL_ALSA, SDL_ARTS, SDL_PULSEAUDIO, SDL__N } SdlDriver;
/* One direction (<input>, <output>); which fields count says the type of the <audio>. */
typedef struct {
    Tristate mixing_engine, fixed_settings;
    guint32 voices, buffer_length;         /* buffer_length: us */
    struct { guint32 frequency, channels; AudioFormat format; } settings;
    char *dev;                             /* alsa, oss */
    guint32 buffer_count;                  /* coreaudio, oss, sdl */
    Tristate try_poll;                     /* oss */
    char *server_name, *client_name, *connect_ports;   /* jack */
    Tristate exact_name;                   /* jack */
    char *name, *stream_name;              /* pulseaudio */
    guint32 latency;                       /* pulseaudio: us */
} AudioDirection;
typedef struct {
    DeviceInfo info;                       /* line only */
    OptU32 id;
    AudioType type;
    guint32 timer_period;
    AudioDirection input, output;
    char *server_name;                     /* pulseaudio */
    char *path;                            /* file */
    SdlDriver sdl_driver;
    Tristate try_mmap, exclusive;          /* oss */
    OptI32 dsp_policy;                     /* oss */
} Audio;

typedef enum { INPUT_NONE, INPUT_MOUSE, INPUT_TABLET, INPUT_KEYBOARD, INPUT_PASSTHROUGH, INPUT_EVDEV, INPUT__N } InputType;
typedef enum { INPUT_BUS_NONE, INPUT_BUS_PS2, INPUT_BUS_USB, INPUT_BUS_XEN, INPUT_BUS_PARALLELS, INPUT_BUS_VIRTIO, INPUT_BUS__N } InputBus;
typedef enum { INPUT_MODEL_NONE, INPUT_VIRTIO, INPUT_VIRTIO_TRANSITIONAL, INPUT_VIRTIO_NON_TRANSITIONAL, INPUT_MODEL__N } InputModel;
typedef enum { GRAB_NONE, GRAB_ALL, GRAB__N } InputGrab;
typedef enum {
    GRAB_TOGGLE_NONE, GRAB_CTRL_CTRL, GRAB_ALT_ALT, GRAB_SHIFT_SHIFT, GRAB_META_META, GRAB_SCROLLLOCK,
    GRAB_CTRL_SCROLLLOCK, GRAB_TOGGLE__N
} InputGrabToggle;
typedef struct {
    DeviceInfo info;
    InputType type;
    InputBus bus;
    InputModel model;
    VirtioOptions virtio;
    char *evdev;                           /* passthrough: source/@evdev; evdev: source/@dev */
    InputGrab grab;
    InputGrabToggle grab_toggle;
    Tristate repeat;
} Input;

typedef enum { HUB_NONE, HUB_USB, HUB__N } HubType;
typedef struct { DeviceInfo info; HubType type; } Hub;

extern const XmElem graphics_elem, video_elem, sound_elem, audio_elem, input_elem, hub_elem;
extern const XmEnum graphics_type, vnc_share, video_type, sound_model, audio_type, audio_format, sdl_driver;
extern const XmEnum input_type, input_bus, input_grab_toggle;
extern const XmEnum spice_channel, spice_mode, spice_image, spice_jpeg, spice_zlib, spice_playback, spice_streaming;
#endif
