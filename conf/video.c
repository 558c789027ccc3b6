/* Rows of <video>, <input> and <hub>. */
#include "config.h"
#include "conf/display.h"

XM_ENUM(video_type, "video model", NULL, "default", "vga", "cirrus", "vmvga", "xen", "vbox", "qxl", "parallels", "virtio",
        "gop", "none", "bochs", "ramfb");
XM_COVERS(video_type, VIDEO__N);
XM_ENUM(video_backend, "video backend", NULL, "qemu", "vhostuser");
XM_COVERS(video_backend, VIDEO_BACKEND__N);
XM_ENUM(vgaconf, "vgaconf", NULL, "io", "on", "off");
XM_COVERS(vgaconf, VGACONF__N);

static const XmRow accel_rows[] = {
    A_YESNO(Video, accel.accel3d, "accel3d", .doc = "3D acceleration"),
    A_YESNO(Video, accel.accel2d, "accel2d", .doc = "2D acceleration"),
    A_STR  (Video, accel.rendernode, "rendernode", .doc = "DRM device that draws"),
};
static const XmElem accel_elem = ELEM("acceleration", Video, accel_rows);
static const XmRow resolution_rows[] = {
    A_U32(Video, resolution.x, "x", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI, .doc = "pixels"),
    A_U32(Video, resolution.y, "y", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI, .doc = "pixels"),
};
static const XmElem resolution_elem = ELEM("resolution", Video, resolution_rows);

static bool has_heads(gconstpointer obj)
{
    return ((const Video *)obj)->heads.v > 0;
}

static const XmRow model_rows[] = {
    A_ENUM (Video, type, "type", video_type, .flags = XM_ABI, .doc = "the graphics card"),
    A_U32  (Video, ram, "ram", .flags = XM_ABI, .doc = "KiB of the primary bar (qxl)"),
    A_U32  (Video, vram, "vram", .flags = XM_ABI, .doc = "KiB of video memory"),
    A_U32  (Video, vram64, "vram64", .flags = XM_ABI, .doc = "KiB of the 64-bit bar (qxl)"),
    A_U32  (Video, vgamem, "vgamem", .flags = XM_ABI, .doc = "KiB of the VGA framebuffer"),
    A_OPT  (Video, heads, "heads", .flags = XM_ABI, .written = has_heads, .doc = "screens"),
    A_YESNO(Video, primary, "primary", .flags = XM_ABI, .doc = "the card the guest boots on"),
    INLINE ("acceleration", accel_elem),
    INLINE ("resolution", resolution_elem),
};
static const XmElem model_elem = ELEM("model", Video, model_rows);

static const XmRow driver_rows[] = {
    INCLUDE(Video, driver.virtio, virtio_options_elem),
    A_ENUM (Video, driver.name, "name", video_backend, .doc = "qemu itself, or a vhost-user process"),
    A_ENUM (Video, driver.vgaconf, "vgaconf", vgaconf, .doc = "bhyve's VGA"),
};
static const XmElem driver_elem = ELEM("driver", Video, driver_rows);

static const XmRow video_rows[] = {
    INLINE("driver", driver_elem),
    INLINE("model", model_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem video_elem = ELEM("video", Video, video_rows, .has_line = true);

/* --- <input> */

XM_ENUM(input_type, "input type", NULL, "mouse", "tablet", "keyboard", "passthrough", "evdev");
XM_COVERS(input_type, INPUT__N);
XM_ENUM(input_bus, "input bus", NULL, "ps2", "usb", "xen", "parallels", "virtio");
XM_COVERS(input_bus, INPUT_BUS__N);
XM_ENUM(input_model, "input model", NULL, "virtio", "virtio-transitional", "virtio-non-transitional");
XM_COVERS(input_model, INPUT_MODEL__N);
XM_ENUM(input_grab, "grab mode", NULL, "all");
XM_COVERS(input_grab, GRAB__N);
XM_ENUM(input_grab_toggle, "grab toggle", NULL, "ctrl-ctrl", "alt-alt", "shift-shift", "meta-meta", "scrolllock",
        "ctrl-scrolllock");
XM_COVERS(input_grab_toggle, GRAB_TOGGLE__N);

static guint input_variant(gconstpointer obj)
{
    return ((const Input *)obj)->type;
}

static const XmRow passthrough_rows[] = {
    A_STR(Input, evdev, "evdev", .flags = XM_REQUIRED, .doc = "event device of the host"),
};
static const XmElem passthrough_elem = ELEM("source", Input, passthrough_rows);
static const XmRow evdev_rows[] = {
    A_STR  (Input, evdev, "dev", .flags = XM_REQUIRED, .doc = "event device of the host"),
    A_ENUM (Input, grab, "grab", input_grab, .doc = "grab all event devices at once"),
    A_ENUM (Input, grab_toggle, "grabToggle", input_grab_toggle, .doc = "keys that switch between host and guest"),
    A_ONOFF(Input, repeat, "repeat", .doc = "autorepeat"),
};
static const XmElem evdev_elem = ELEM("source", Input, evdev_rows);

static const XmRow input_rows[] = {
    A_ENUM  (Input, type, "type", input_type, .flags = XM_REQUIRED | XM_ABI, .doc = "what it is"),
    A_ENUM  (Input, bus, "bus", input_bus, .flags = XM_ABI, .doc = "how the guest reaches it"),
    A_ENUM  (Input, model, "model", input_model, .flags = XM_ABI, .doc = "virtio: which generation"),
    INLINE_AT(Input, virtio, "driver", virtio_options_elem),
    INLINE  ("source", passthrough_elem, .when = XM_BIT(INPUT_PASSTHROUGH)),
    INLINE  ("source", evdev_elem, .when = XM_BIT(INPUT_EVDEV)),
    INCLUDE_SAME(device_info_elem),
};
const XmElem input_elem = ELEM("input", Input, input_rows, .has_line = true, .variant = input_variant);

/* --- <hub> */

XM_ENUM(hub_type, "hub type", NULL, "usb");
XM_COVERS(hub_type, HUB__N);
static const XmRow hub_rows[] = {
    A_ENUM(Hub, type, "type", hub_type, .flags = XM_REQUIRED | XM_ABI, .doc = "always usb"),
    INCLUDE_SAME(device_info_elem),
};
const XmElem hub_elem = ELEM("hub", Hub, hub_rows, .has_line = true);
