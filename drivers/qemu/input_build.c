/* Inputs and USB hubs; and build_display, which calls the others. */
#include "config.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/display_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/virtio_props.h"

static const char *const usb_inputs[INPUT__N] = {
    [INPUT_MOUSE] = "usb-mouse", [INPUT_TABLET] = "usb-tablet", [INPUT_KEYBOARD] = "usb-kbd",
};
static const char *const virtio_inputs[INPUT__N] = {
    [INPUT_MOUSE] = "virtio-mouse", [INPUT_TABLET] = "virtio-tablet", [INPUT_KEYBOARD] = "virtio-keyboard",
    [INPUT_PASSTHROUGH] = "virtio-input-host",
};

static bool refuse(GError **err, guint i, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "input %u: %s", i, why);
    return false;
}

static bool build_evdev(QemuBuild *b, Input *in, guint i, GError **err)
{
    if (!in->evdev)
        return refuse(err, i, "type 'evdev' needs <source dev>");
    json_object *p = json_object_new_object();
    props_str(p, "qom-type", "input-linux");
    props_str(p, "id", in->info.alias);
    props_str(p, "evdev", in->evdev);
    props_tri(p, "repeat", in->repeat);
    if (in->grab == GRAB_ALL)
        props_bool(p, "grab_all", true);
    props_str(p, "grab-toggle", xm_enum_name(&input_grab_toggle, in->grab_toggle));
    qemu_command_json(b->cmd, "-object", p, build_reason(DEV_INPUT, i, in));
    return true;
}

static bool build_virtio(QemuBuild *b, Input *in, guint i, GError **err)
{
    g_autofree char *driver = virtio_device(virtio_inputs[in->type], &in->info, VIRTIO_DEFAULT);
    if (in->model > INPUT_VIRTIO)
        return refuse(err, i, "QEMU has no (non-)transitional model of it; use model='virtio'");
    if (in->type == INPUT_PASSTHROUGH && !in->evdev)
        return refuse(err, i, "type 'passthrough' needs <source evdev>");
    json_object *p = props_new(driver, NULL);
    props_virtio_options(p, &in->virtio);
    props_str(p, "id", in->info.alias);
    props_str(p, "evdev", in->type == INPUT_PASSTHROUGH ? in->evdev : NULL);
    return build_device(b, p, &in->info, build_reason(DEV_INPUT, i, in), err);
}

static bool build_input(QemuBuild *b, Input *in, guint i, GError **err)
{
    if (in->type == INPUT_EVDEV)
        return build_evdev(b, in, i, err);
    if (in->bus == INPUT_BUS_PS2)        /* on board */
        return true;
    if (in->bus == INPUT_BUS_VIRTIO && virtio_inputs[in->type])
        return build_virtio(b, in, i, err);
    if (in->bus != INPUT_BUS_USB || !usb_inputs[in->type])
        return refuse(err, i, "QEMU has no such input on this bus");
    if (virtio_options_any(&in->virtio))
        return refuse(err, i, "the options of its <driver> are only for bus 'virtio'");
    return build_device(b, props_new(usb_inputs[in->type], in->info.alias), &in->info, build_reason(DEV_INPUT, i, in), err);
}

bool build_inputs(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_INPUT, Input, in)
        if (!build_input(b, in, in_i, err))
            return false;
    return true;
}

bool build_hubs(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_HUB, Hub, h)
        if (!build_device(b, props_new("usb-hub", h->info.alias), &h->info, build_reason(DEV_HUB, h_i, h), err))
            return false;
    return true;
}

bool build_display(QemuBuild *b, GError **err)
{
    return build_inputs(b, err) && build_audios(b, err) && build_graphics(b, err) && build_videos(b, err) &&
           build_sounds(b, err);
}
