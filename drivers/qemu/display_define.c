/* pass_display: what the guest shows, hears and is typed at. Inputs are here, the rest by file. */
#include "config.h"
#include "drivers/qemu/display_define.h"
#include "drivers/qemu/each.h"

static bool is_x86(const DomainDef *def)
{
    const char *arch = def->frame.os.arch;
    return !arch || g_str_equal(arch, "x86_64") || g_str_equal(arch, "i686");
}

static void default_bus(const DomainDef *def, Input *in)
{
    if (in->bus || in->type == INPUT_EVDEV)
        return;
    if (in->type == INPUT_PASSTHROUGH)
        in->bus = INPUT_BUS_VIRTIO;
    else if (in->type != INPUT_TABLET && is_x86(def))
        in->bus = INPUT_BUS_PS2;
    else
        in->bus = INPUT_BUS_USB;
}

static const char *why_input(const Input *in)
{
    if (in->type == INPUT_EVDEV && in->bus)
        return "an evdev input is on no bus";
    if (in->bus == INPUT_BUS_XEN)
        return "QEMU has no bus 'xen'";
    if (in->bus == INPUT_BUS_PS2 && in->type != INPUT_MOUSE && in->type != INPUT_KEYBOARD)
        return "on bus 'ps2' there are a mouse and a keyboard only";
    if (in->type == INPUT_PASSTHROUGH && in->bus != INPUT_BUS_VIRTIO)
        return "type 'passthrough' is only for bus 'virtio'";
    if (in->model && in->bus != INPUT_BUS_VIRTIO)
        return "a model is only for bus 'virtio'";
    return NULL;
}

/* Every PC has a mouse and a keyboard, whether it says so or not. */
static void add_implied(DomainDef *def, InputType type)
{
    GPtrArray *all = domain_devices(def, DEV_INPUT);
    for (guint i = 0; i < all->len; i++) {
        const Input *in = g_ptr_array_index(all, i);
        if (in->type == type && in->bus == INPUT_BUS_PS2)
            return;
    }
    Input *in = g_new0(Input, 1);
    in->type = type;
    in->bus = INPUT_BUS_PS2;
    g_ptr_array_add(all, in);
}

bool define_inputs(DomainDef *def, GError **err)
{
    EACH_DEVICE(def, DEV_INPUT, Input, in) {
        default_bus(def, in);
        const char *why = why_input(in);
        if (why) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "input %u of type '%s': %s", in_i,
                        xm_enum_name(&input_type, in->type), why);
            return false;
        }
    }
    if (is_x86(def)) {
        add_implied(def, INPUT_MOUSE);
        add_implied(def, INPUT_KEYBOARD);
    }
    return true;
}

bool pass_display(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    return define_graphics(def, err) && define_videos(def, ctx, err) && define_inputs(def, err) && define_audio(def, err);
}
