/* -device of serial and parallel ports, channels and consoles. */
#include "config.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/chardev_define.h"
#include "drivers/qemu/each.h"

#define MAX_ISA_SERIALS 4

char *chardev_id(const DeviceInfo *info)
{
    return g_strconcat("char", info->alias ? info->alias : "", NULL);
}

Reason build_reason(DeviceKind kind, guint i, gpointer dev)
{
    DeviceRef ref = { kind, i, dev, dev };
    return reason_device(&ref);
}

bool build_device(QemuBuild *b, json_object *props, const DeviceInfo *info, Reason why, GError **err)
{
    if (!props_address(props, b, info, err)) {
        json_object_put(props);
        g_free(why.path);
        return false;
    }
    props_device_common(props, info);
    qemu_command_json(b->cmd, "-device", props, why);
    return true;
}

static json_object *chardev_props(const char *driver, const char *chardev, const DeviceInfo *info)
{
    json_object *p = props_new(driver, NULL);
    props_str(p, "chardev", chardev);
    props_str(p, "id", info->alias);
    return p;
}

static bool refuse(GError **err, const char *kind, guint i, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s %u: %s", kind, i, why);
    return false;
}

/* --- serial */

static bool build_serial(QemuBuild *b, Chardev *c, guint i, GError **err)
{
    g_autofree char *id = chardev_id(&c->info);
    if (!build_chardev(b, &c->src, id, "vdagent", build_reason(DEV_SERIAL, i, c), err))
        return false;
    if (c->model == SERIAL_MODEL_NONE)
        return refuse(err, "serial", i, "this machine has no serial port on board; use <target type='isa-serial'>");
    if (c->serial == SERIAL_SYSTEM) {
        /* On-board ports are not devices: the machine takes the chardevs in order. */
        g_autofree char *word = g_strconcat("chardev:", id, NULL);
        qemu_command_word(b->cmd, "-serial", word, build_reason(DEV_SERIAL, i, c));
        return true;
    }
    /* Definitions with more are taken and shown as libvirt does; only starting them cannot work. */
    if (!b->dry && c->serial == SERIAL_ISA && c->port.v >= MAX_ISA_SERIALS)
        return refuse(err, "serial", i, "a PC has four ISA serial ports, 0 to 3; use <target type='pci-serial'>");
    json_object *p = chardev_props(xm_enum_name(&serial_model, c->model), id, &c->info);
    if (c->serial == SERIAL_ISA)
        props_u64(p, "index", (guint64)c->port.v);
    return build_device(b, p, &c->info, build_reason(DEV_SERIAL, i, c), err);
}

static bool build_parallel(QemuBuild *b, Chardev *c, guint i, GError **err)
{
    g_autofree char *id = chardev_id(&c->info);
    if (!build_chardev(b, &c->src, id, "parallel", build_reason(DEV_PARALLEL, i, c), err))
        return false;
    qemu_command_json(b->cmd, "-device", chardev_props("isa-parallel", id, &c->info), build_reason(DEV_PARALLEL, i, c));
    return true;
}

/* --- channel */

/* An own user network that does nothing but forward one address to the chardev. */
static void build_guestfwd(QemuBuild *b, Chardev *c, guint i, const char *chardev)
{
    json_object *p = json_object_new_object(), *rules = json_object_new_array(), *rule = json_object_new_object();
    props_strf(rule, "str", "tcp:%s:%d-chardev:%s", c->address, c->port.v, chardev);
    json_object_array_add(rules, rule);
    props_str(p, "type", "user");
    json_object_object_add(p, "guestfwd", rules);
    props_str(p, "id", c->info.alias);
    qemu_command_json(b->cmd, "-netdev", p, build_reason(DEV_CHANNEL, i, c));
}

static bool build_port(QemuBuild *b, Chardev *c, guint i, const char *chardev, GError **err)
{
    static const char spice[] = "com.redhat.spice.0";
    if (c->src.type == CHR_SPICEVMC && c->name && !g_str_equal(c->name, spice))
        return refuse(err, "channel", i, "a channel of type 'spicevmc' must be named 'com.redhat.spice.0'");
    json_object *p = chardev_props("virtserialport", chardev, &c->info);
    props_str(p, "name", c->src.type == CHR_SPICEVMC ? spice : c->name);
    return build_device(b, p, &c->info, build_reason(DEV_CHANNEL, i, c), err);
}

static bool build_channel(QemuBuild *b, Chardev *c, guint i, GError **err)
{
    g_autofree char *id = chardev_id(&c->info);
    if (c->channel == CHANNEL_XEN)
        return refuse(err, "channel", i, "<target type='xen'> needs a Xen host");
    if (!build_chardev(b, &c->src, id, "vdagent", build_reason(DEV_CHANNEL, i, c), err))
        return false;
    if (c->channel == CHANNEL_VIRTIO)
        return build_port(b, c, i, id, err);
    build_guestfwd(b, c, i, id);
    return true;
}

/* --- console */

static bool build_console(QemuBuild *b, Chardev *c, guint i, GError **err)
{
    if (console_is_serial(b->def, c))
        return true;
    g_autofree char *id = chardev_id(&c->info);
    if (!build_chardev(b, &c->src, id, "vdagent", build_reason(DEV_CONSOLE, i, c), err))
        return false;
    return build_device(b, chardev_props("virtconsole", id, &c->info), &c->info, build_reason(DEV_CONSOLE, i, c), err);
}

bool build_chardevs(QemuBuild *b, GError **err)
{
    if (!build_smartcards(b, err))
        return false;
    static const struct { DeviceKind kind; bool (*build)(QemuBuild *, Chardev *, guint, GError **); } kinds[] = {
        { DEV_SERIAL, build_serial }, { DEV_PARALLEL, build_parallel }, { DEV_CHANNEL, build_channel },
        { DEV_CONSOLE, build_console },
    };
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        EACH_DEVICE(b->def, kinds[k].kind, Chardev, c)
            if (!kinds[k].build(b, c, c_i, err))
                return false;
    }
    return true;
}
