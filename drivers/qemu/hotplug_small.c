/* Devices that are QEMU's alone: they come and go with what the command line says of them. */
#include "conf/controller.h"
#include "conf/disk.h"
#include "conf/display.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/hotplug.h"

/* The one with its alias or PCI address; else the one of whom nothing that @like says is untrue. */
typedef struct { guint wrong; } Compare;

static void compare(const char *path, const XmRow *r, const char *was, const char *now, gpointer user)
{
    if (now)                              /* what @like leaves open may be anything */
        ((Compare *)user)->wrong++;
}

static int find_kind(const DomainDef *def, DeviceKind kind, gconstpointer like, GError **err)
{
    const GPtrArray *list = domain_devices(def, kind);
    int found = -1;
    for (guint i = 0; list && i < list->len; i++) {
        Compare c = { 0 };
        xm_diff(device_kinds[kind].elem, list->pdata[i], like, compare, &c);
        if (c.wrong)
            continue;
        if (found >= 0) {
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "several %s devices fit the description; say which by its <address> or <alias>",
                        device_kinds[kind].name);
            return -1;
        }
        found = (int)i;
    }
    if (found < 0)
        g_set_error(err, QV_ERROR, QV_ERR_DEVICE_MISSING, "no %s device fits the description", device_kinds[kind].name);
    return found;
}

static int find_rng(const DomainDef *def, gconstpointer like, GError **err)
{
    return find_kind(def, DEV_RNG, like, err);
}

static int find_controller(const DomainDef *def, gconstpointer like, GError **err)
{
    return find_kind(def, DEV_CONTROLLER, like, err);
}

static int find_input(const DomainDef *def, gconstpointer like, GError **err)
{
    return find_kind(def, DEV_INPUT, like, err);
}

static int find_watchdog(const DomainDef *def, gconstpointer like, GError **err)
{
    return find_kind(def, DEV_WATCHDOG, like, err);
}

static bool check_controller(gconstpointer dev, GError **err)
{
    const Controller *c = dev;
    if (c->type == CONTROLLER_SCSI || c->type == CONTROLLER_VIRTIO_SERIAL)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "'%s' controller cannot be hotplugged; scsi and virtio-serial can",
                xm_enum_name(&controller_type, c->type));
    return false;
}

/* What hangs on it would go with it. */
static bool controller_may_go(const DomainDef *def, gconstpointer dev, GError **err)
{
    const Controller *c = dev;
    EACH_DEVICE(def, DEV_DISK, Disk, disk) {
        if (c->type != CONTROLLER_SCSI || disk->bus != DISK_BUS_SCSI || disk->info.addr.drive.controller.v != c->index.v)
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "device cannot be detached: device is busy (disk '%s' is on it)", disk->dst);
        return false;
    }
    if (c->type != CONTROLLER_VIRTIO_SERIAL || domain_devices(def, DEV_CHANNEL)->len == 0)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "device cannot be detached: device is busy (channels are on it)");
    return false;
}

static bool check_input(gconstpointer dev, GError **err)
{
    const Input *input = dev;
    if (input->bus == INPUT_BUS_USB || input->bus == INPUT_BUS_VIRTIO)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "only input devices on bus 'usb' and 'virtio' can be hotplugged");
    return false;
}

const HotKind hot_rng = { .kind = DEV_RNG, .live = true, .find = find_rng };
const HotKind hot_controller = { .kind = DEV_CONTROLLER, .live = true, .check = check_controller, .find = find_controller,
                                 .may_go = controller_may_go };
const HotKind hot_input = { .kind = DEV_INPUT, .live = true, .check = check_input, .find = find_input };
const HotKind hot_watchdog = { .kind = DEV_WATCHDOG, .live = true, .find = find_watchdog };
