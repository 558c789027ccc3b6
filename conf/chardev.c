/* Rows of <serial>, <parallel>, <console> and <channel>. */
#include "config.h"
#include "conf/chardev.h"

XM_ENUM(serial_target, "target type of <serial>", NULL, "isa-serial", "usb-serial", "pci-serial", "spapr-vio-serial",
        "system-serial", "sclp-serial", "isa-debug");
XM_COVERS(serial_target, SERIAL__N);
XM_ENUM(serial_model, "model of <serial>", NULL, "isa-serial", "usb-serial", "pci-serial", "spapr-vty", "pl011",
        "sclpconsole", "sclplmconsole", "16550a", "isa-debugcon");
XM_COVERS(serial_model, SERIAL_MODEL__N);
XM_ENUM(console_target, "target type of <console>", NULL, "serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp",
        "sclplm");
XM_COVERS(console_target, CONSOLE__N);
XM_ENUM(channel_target, "target type of <channel>", NULL, "guestfwd", "virtio", "xen");
XM_COVERS(channel_target, CHANNEL__N);
XM_ENUM(channel_state, "state of a channel", NULL, "disconnected", "connected");
XM_COVERS(channel_state, CHANNEL_STATE__N);

/* Without a type the host's end is a pseudo terminal. */
static void chardev_init(gpointer obj)
{
    ((Chardev *)obj)->src.type = CHR_PTY;
}

static bool chardev_loaded(gpointer obj, xmlNode *node, char **why)
{
    return chardev_sources_counted(&((Chardev *)obj)->src, node, why);
}

static const XmRow model_rows[] = {
    A_ENUM(Chardev, model, "name", serial_model, .flags = XM_ABI, .doc = "the very device the guest sees"),
};
static const XmElem model_elem = ELEM("model", Chardev, model_rows);

static const XmRow serial_target_rows[] = {
    A_ENUM(Chardev, serial, "type", serial_target, .flags = XM_ABI, .doc = "the bus of the serial port"),
    A_OPTI(Chardev, port, "port", .flags = XM_ABI, .doc = "number of the port, from 0"),
    INLINE("model", model_elem),
};
static const XmElem serial_target_elem = ELEM("target", Chardev, serial_target_rows);
static const XmRow serial_rows[] = {
    INCLUDE(Chardev, src, chardev_source_elem),
    INLINE ("target", serial_target_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem serial_elem =
    ELEM("serial", Chardev, serial_rows, .has_line = true, .init = chardev_init, .loaded = chardev_loaded);

static const XmRow parallel_target_rows[] = {
    A_OPTI(Chardev, port, "port", .flags = XM_ABI, .doc = "number of the port, from 0"),
};
static const XmElem parallel_target_elem = ELEM("target", Chardev, parallel_target_rows);
static const XmRow parallel_rows[] = {
    INCLUDE(Chardev, src, chardev_source_elem),
    INLINE ("target", parallel_target_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem parallel_elem =
    ELEM("parallel", Chardev, parallel_rows, .has_line = true, .init = chardev_init, .loaded = chardev_loaded);

static const XmRow console_target_rows[] = {
    A_ENUM(Chardev, console, "type", console_target, .flags = XM_ABI, .doc = "a serial port, or a virtio console"),
    A_OPTI(Chardev, port, "port", .flags = XM_ABI, .doc = "number of the console"),
};
static const XmElem console_target_elem = ELEM("target", Chardev, console_target_rows);
static const XmRow console_rows[] = {
    INCLUDE(Chardev, src, chardev_source_elem),
    A_STR  (Chardev, tty, "tty", .flags = XM_LIVE, .doc = "the pseudo terminal, as old clients look for it"),
    INLINE ("target", console_target_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem console_elem =
    ELEM("console", Chardev, console_rows, .has_line = true, .init = chardev_init, .loaded = chardev_loaded);

static guint channel_variant(gconstpointer obj)
{
    return ((const Chardev *)obj)->channel;
}

static bool channel_check(gconstpointer obj, char **why)
{
    const Chardev *c = obj;
    if (c->channel == CHANNEL_NONE)
        *why = g_strdup("a <channel> needs <target type=>: 'virtio' or 'guestfwd'");
    else if (c->channel == CHANNEL_GUESTFWD && !c->address)
        *why = g_strdup("a guestfwd channel needs the address that the guest connects to");
    else if (c->channel == CHANNEL_GUESTFWD && !c->port.set)
        *why = g_strdup("a guestfwd channel needs the port that the guest connects to");
    return *why == NULL;
}

#define NAMED (XM_BIT(CHANNEL_VIRTIO) | XM_BIT(CHANNEL_XEN))
static const XmRow channel_target_rows[] = {
    A_ENUM(Chardev, channel, "type", channel_target, .flags = XM_ABI, .doc = "a virtio port, or a forwarded TCP address"),
    A_STR (Chardev, address, "address", .when = XM_BIT(CHANNEL_GUESTFWD), .doc = "IPv4 address in the guest's network"),
    A_OPTI(Chardev, port, "port", .when = XM_BIT(CHANNEL_GUESTFWD), .max = 65535, .doc = "TCP port"),
    A_STR (Chardev, name, "name", .when = NAMED, .flags = XM_ABI, .doc = "name under which the guest finds it"),
    A_ENUM(Chardev, state, "state", channel_state, .when = XM_BIT(CHANNEL_VIRTIO), .flags = XM_LIVE,
           .doc = "whether the guest has it open"),
};
static const XmElem channel_target_elem =
    ELEM("target", Chardev, channel_target_rows, .variant = channel_variant);
static const XmRow channel_rows[] = {
    INCLUDE(Chardev, src, chardev_source_elem),
    INLINE ("target", channel_target_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem channel_elem = ELEM("channel", Chardev, channel_rows, .has_line = true, .init = chardev_init,
                                 .loaded = chardev_loaded, .check = channel_check);
