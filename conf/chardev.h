/* Character devices: <serial>, <parallel>, <console>, <channel>, and the host side they share with
 * <smartcard>, <redirdev>, <rng> and <tpm>. */
#ifndef QV_CONF_CHARDEV_H
#define QV_CONF_CHARDEV_H
#include "conf/device.h"
#include "conf/seclabel.h"

typedef enum {
    CHR_NONE, CHR_NULL, CHR_VC, CHR_PTY, CHR_DEV, CHR_FILE, CHR_PIPE, CHR_STDIO, CHR_UDP, CHR_TCP, CHR_UNIX,
    CHR_SPICEVMC, CHR_SPICEPORT, CHR_NMDM, CHR_VDAGENT, CHR_DBUS, CHR__N
} ChardevType;
typedef enum { CHR_MODE_NONE, CHR_CONNECT, CHR_BIND, CHR_MODE__N } ChardevMode;
typedef enum { CHR_PROTO_NONE, CHR_RAW, CHR_TELNET, CHR_TELNETS, CHR_TLS, CHR_PROTO__N } ChardevProtocol;
typedef enum { MOUSE_MODE_NONE, MOUSE_CLIENT, MOUSE_SERVER, MOUSE_MODE__N } MouseMode;

/* One end of a UDP source; canonical order: bind, then connect. */
typedef struct {
    ChardevMode mode;
    char *host, *service;
} ChardevUdpEnd;

/* The host side. Which fields count says @type; the others are unset. */
typedef struct ChardevSource {
    ChardevType type;
    char *path;                         /* dev, file, pipe, unix; pty: of the running guest */
    Tristate append;                    /* file */
    ChardevMode mode;                   /* tcp, unix */
    char *host, *service;               /* tcp */
    Tristate tls;                       /* tcp */
    ChardevProtocol protocol;           /* tcp */
    struct { Tristate enabled; OptU32 timeout; } reconnect;     /* tcp, unix; seconds */
    char *master, *slave;               /* nmdm */
    char *channel;                      /* spiceport, dbus: the name */
    Tristate copypaste;                 /* qemu-vdagent */
    MouseMode mouse;                    /* qemu-vdagent */
    GPtrArray *udp;                     /* ChardevUdpEnd */
    GPtrArray *seclabels;               /* DeviceSeclabel: dev, file, pipe, unix, pty */
    struct { char *file; Tristate append; } log;
    bool path_generated;                /* unix: the path was made by qemu_prepare_live */
} ChardevSource;

typedef enum {
    SERIAL_NONE, SERIAL_ISA, SERIAL_USB, SERIAL_PCI, SERIAL_SPAPR_VIO, SERIAL_SYSTEM, SERIAL_SCLP, SERIAL_ISA_DEBUG,
    SERIAL__N
} SerialTarget;
typedef enum {
    SERIAL_MODEL_NONE, SERIAL_MODEL_ISA, SERIAL_MODEL_USB, SERIAL_MODEL_PCI, SERIAL_MODEL_SPAPR_VTY, SERIAL_MODEL_PL011,
    SERIAL_MODEL_SCLPCONSOLE, SERIAL_MODEL_SCLPLMCONSOLE, SERIAL_MODEL_16550A, SERIAL_MODEL_ISA_DEBUGCON, SERIAL_MODEL__N
} SerialModel;
typedef enum {
    CONSOLE_NONE, CONSOLE_SERIAL, CONSOLE_XEN, CONSOLE_UML, CONSOLE_VIRTIO, CONSOLE_LXC, CONSOLE_OPENVZ, CONSOLE_SCLP,
    CONSOLE_SCLPLM, CONSOLE__N
} ConsoleTarget;
typedef enum { CHANNEL_NONE, CHANNEL_GUESTFWD, CHANNEL_VIRTIO, CHANNEL_XEN, CHANNEL__N } ChannelTarget;
typedef enum { CHANNEL_STATE_NONE, CHANNEL_DISCONNECTED, CHANNEL_CONNECTED, CHANNEL_STATE__N } ChannelState;

/* One struct for the four kinds; the unused targets are unset. */
typedef struct Chardev {
    DeviceInfo info;
    ChardevSource src;
    char *tty;                          /* live, first console on a pty: = src.path */
    OptI32 port;                        /* serial, parallel, console: number; guestfwd: TCP port; -1: unset */
    SerialTarget serial;
    SerialModel model;
    ConsoleTarget console;
    ChannelTarget channel;
    char *address;                      /* guestfwd: IPv4 */
    char *name;                         /* virtio channel */
    ChannelState state;                 /* live: virtio channel, as the guest's agent has it open */
} Chardev;

typedef enum { SMARTCARD_NONE, SMARTCARD_HOST, SMARTCARD_HOST_CERTIFICATES, SMARTCARD_PASSTHROUGH, SMARTCARD__N } SmartcardMode;
typedef struct { char *name; } SmartcardCertificate;
typedef struct {
    DeviceInfo info;
    SmartcardMode mode;
    GPtrArray *certificates;            /* SmartcardCertificate; three, by host-certificates */
    char *database;
    ChardevSource src;                  /* passthrough */
} Smartcard;

typedef enum { REDIR_BUS_NONE, REDIR_BUS_USB, REDIR_BUS__N } RedirBus;
typedef struct {
    DeviceInfo info;
    RedirBus bus;
    ChardevSource src;
} Redirdev;

typedef struct {
    OptU32 class_id, vendor, product;   /* unset: any */
    char *version;                      /* "1.09"; NULL: any */
    Tristate allow;
} RedirUsbdev;
typedef struct RedirFilter {
    GPtrArray *usbdevs;                 /* RedirUsbdev, first match decides */
} RedirFilter;

/* To be included by elements that carry a host side: @type, <source>, <protocol>, <log>. */
extern const XmElem chardev_source_elem;
extern const XmElem serial_elem, parallel_elem, console_elem, channel_elem;
extern const XmElem smartcard_elem, redirdev_elem, redirfilter_elem;
extern const XmEnum chardev_type, chardev_mode, mouse_mode;
extern const XmEnum serial_target, serial_model, console_target, channel_target;

/* For the loaded hook of an element with a host side: not more <source> than its type can have. */
bool chardev_sources_counted(const ChardevSource *src, const xmlNode *node, char **why);
/* Static defaults of a host side (mode, protocol) and canonical order of its parts. */
void chardev_source_normalise(ChardevSource *src);
/* What no host side may lack; @what names the device in the message ("serial 0"). */
bool chardev_source_check(const ChardevSource *src, const char *what, GError **err);
bool chardev_source_equal(const ChardevSource *a, const ChardevSource *b);
/* A copy of a whole host side into @to (which is overwritten without being freed). */
void chardev_source_copy(ChardevSource *to, const ChardevSource *from);
#endif
