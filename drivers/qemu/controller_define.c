/* Controllers that a definition implies: what the machine has anyway, and what disks, channels and the
 * like hang on. New ones go to the end of the list. */
#include "config.h"
#include "conf/chardev.h"
#include "conf/disk.h"
#include "conf/hostdev.h"
#include "drivers/qemu/address.h"
#include "drivers/qemu/controller_rules.h"
#include "drivers/qemu/disk_rules.h"

/* More controllers of one type than any PCI tree could hold are refused before they are made. */
#define CONTROLLER_INDEX_MAX 1023

Controller *controller_find(const DomainDef *def, ControllerType type, guint index)
{
    GPtrArray *all = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < all->len; i++) {
        Controller *c = all->pdata[i];
        if (c->type == type && c->index.set && c->index.v == index)
            return c;
    }
    return NULL;
}

Controller *controller_add(DomainDef *def, ControllerType type, guint index, ControllerModel model)
{
    Controller *c = g_new0(Controller, 1);
    c->type = type;
    c->index = (OptU32){ true, index };
    c->model = model;
    g_ptr_array_add(domain_devices(def, DEV_CONTROLLER), c);
    return c;
}

/* --- the order of a definition: grouped by type, within it by index (a new one without goes before all) */

static gint64 order_of(const Controller *c)
{
    return c->index.set ? (gint64)c->index.v : -1;
}

static bool is_companion(const Controller *c)
{
    return c->info.master_startport.set || (c->index.set && c->type == CONTROLLER_USB && c->model >= MODEL_ICH9_UHCI1 && c->model <= MODEL_ICH9_UHCI3);
}

/* Behind the last of its type that does not have a higher index; a master before its companions. */
static guint place_of(GPtrArray *all, const Controller *c)
{
    gint64 at = -1;
    for (guint i = all->len; i-- > 0;) {
        const Controller *other = all->pdata[i];
        if (other->type != c->type)
            continue;
        if (order_of(other) > order_of(c))
            at = i;
        else if (order_of(other) == order_of(c) && !is_companion(c) && is_companion(other))
            at = i;
        else if (at < 0)
            at = i + 1;
    }
    return at < 0 ? all->len : (guint)at;
}

static void sort_controllers(DomainDef *def)
{
    GPtrArray *all = domain_devices(def, DEV_CONTROLLER);
    g_autoptr(GPtrArray) given = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++)
        g_ptr_array_add(given, all->pdata[i]);
    for (guint i = all->len; i-- > 0;)
        g_ptr_array_steal_index(all, i);
    for (guint i = 0; i < given->len; i++)
        g_ptr_array_insert(all, place_of(all, given->pdata[i]), given->pdata[i]);
}

/* --- indices that nobody gave */

static bool is_usb2(const Controller *c)
{
    return c->type == CONTROLLER_USB && c->model >= MODEL_ICH9_EHCI1 && c->model <= MODEL_ICH9_UHCI3;
}

static bool has_twin(GPtrArray *all, const Controller *c, guint index)
{
    for (guint i = 0; i < all->len; i++) {
        const Controller *other = all->pdata[i];
        if (other != c && other->type == c->type && other->model == c->model && order_of(other) == index)
            return true;
    }
    return false;
}

static guint free_index(const DomainDef *def, ControllerType type)
{
    guint index = 0;
    while (controller_find(def, type, index))
        index++;
    return index;
}

/* The parts of a USB 2 controller that follow each other are one controller. */
static void give_indices(DomainDef *def)
{
    GPtrArray *all = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < all->len; i++) {
        Controller *c = all->pdata[i];
        const Controller *before = i ? all->pdata[i - 1] : NULL;
        if (c->index.set)
            continue;
        bool same = before && is_usb2(c) && is_usb2(before) && !has_twin(all, c, before->index.v);
        c->index = (OptU32){ true, same ? before->index.v : free_index(def, c->type) };
    }
}

/* --- what the machine has */

static bool need_root(DomainDef *def, ControllerModel model, GError **err)
{
    const Controller *root = controller_find(def, CONTROLLER_PCI, 0);
    if (!root) {
        controller_add(def, CONTROLLER_PCI, 0, model);
        return true;
    }
    if (root->model == model)
        return true;
    const char *found = xm_enum_name(&controller_model, root->model);
    g_set_error(err, QV_ERROR, QV_ERR_XML, "The PCI controller with index='0' must be model='%s' for this machine type, "
                "but model='%s' was found instead", xm_enum_name(&controller_model, model), found ? found : "(none)");
    return false;
}

static bool add_board_controllers(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    Board board = domain_board(def);
    if (board == BOARD_OTHER)
        return true;
    if (!controller_find(def, CONTROLLER_USB, 0)) {
        bool xhci = board == BOARD_Q35 && qemu_caps_has_type(ctx->caps, "qemu-xhci");
        controller_add(def, CONTROLLER_USB, 0, xhci ? MODEL_QEMU_XHCI : MODEL_NONE);
    }
    if (board == BOARD_Q35 && !controller_find(def, CONTROLLER_SATA, 0))
        controller_add(def, CONTROLLER_SATA, 0, MODEL_NONE);
    return need_root(def, board == BOARD_Q35 ? MODEL_PCIE_ROOT : MODEL_PCI_ROOT, err);
}

/* --- what devices hang on */

static bool need_up_to(DomainDef *def, ControllerType type, gint64 highest, ControllerModel model, GError **err)
{
    if (highest > CONTROLLER_INDEX_MAX) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s controller index %" G_GINT64_FORMAT " is out of range: "
                    "QEMU's guests have no room for more than %d", xm_enum_name(&controller_type, type), highest,
                    CONTROLLER_INDEX_MAX + 1);
        return false;
    }
    for (gint64 i = 0; i <= highest; i++)
        if (!controller_find(def, type, i))
            controller_add(def, type, i, model);
    return true;
}

static bool need_for_disks(DomainDef *def, DiskBus bus, ControllerType type, GError **err)
{
    GPtrArray *disks = domain_devices(def, DEV_DISK);
    gint64 highest = -1;
    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];
        if (disk->bus == bus && disk->info.addr.type == ADDR_DRIVE)
            highest = MAX(highest, disk->info.addr.drive.controller.v);
    }
    return need_up_to(def, type, highest, MODEL_NONE, err);
}

static bool need_one(DomainDef *def, ControllerType type, guint index, GError **err)
{
    if (index > CONTROLLER_INDEX_MAX)
        return need_up_to(def, type, index, MODEL_NONE, err);
    if (!controller_find(def, type, index))
        controller_add(def, type, index, MODEL_NONE);
    return true;
}

static bool need_for_serials(DomainDef *def, DeviceKind kind, GError **err)
{
    GPtrArray *chardevs = domain_devices(def, kind);
    for (guint i = 0; i < chardevs->len; i++) {
        const Chardev *c = chardevs->pdata[i];
        bool is_virtio = kind == DEV_CHANNEL ? c->channel == CHANNEL_VIRTIO : c->console == CONSOLE_VIRTIO;
        guint index = c->info.addr.type == ADDR_VIRTIO_SERIAL ? c->info.addr.serial.controller.v : 0;
        if (is_virtio && !need_one(def, CONTROLLER_VIRTIO_SERIAL, index, err))
            return false;
    }
    return true;
}

/* Smartcards without an address follow each other on the first controller. */
static bool need_for_smartcards(DomainDef *def, GError **err)
{
    GPtrArray *cards = domain_devices(def, DEV_SMARTCARD);
    gint64 highest_slot = -1;
    for (guint i = 0; i < cards->len; i++) {
        const Address *a = &((const Smartcard *)cards->pdata[i])->info.addr;
        if (a->type == ADDR_CCID && a->ccid.controller.v == 0)
            highest_slot = MAX(highest_slot, a->ccid.slot.v);
    }
    for (guint i = 0; i < cards->len; i++) {
        Address *a = &((Smartcard *)cards->pdata[i])->info.addr;
        if (a->type == ADDR_NONE) {
            a->type = ADDR_CCID;
            a->ccid.controller = (OptU32){ true, 0 };
            a->ccid.slot = (OptU32){ true, ++highest_slot };
        }
        if (a->type == ADDR_CCID && !need_one(def, CONTROLLER_CCID, a->ccid.controller.v, err))
            return false;
    }
    return true;
}

/* Host devices hang on more of what there is already. */
static ControllerModel scsi_model(const DomainDef *def)
{
    GPtrArray *all = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < all->len; i++) {
        const Controller *c = all->pdata[i];
        if (c->type == CONTROLLER_SCSI)
            return c->model;
    }
    return MODEL_NONE;
}

static bool need_for_hostdevs(DomainDef *def, GError **err)
{
    GPtrArray *hostdevs = domain_devices(def, DEV_HOSTDEV);
    gint64 highest = -1;
    for (guint i = 0; i < hostdevs->len; i++) {
        const Hostdev *h = hostdevs->pdata[i];
        if (h->type == HOSTDEV_SCSI && h->info.addr.type == ADDR_DRIVE)
            highest = MAX(highest, h->info.addr.drive.controller.v);
    }
    return need_up_to(def, CONTROLLER_SCSI, highest, scsi_model(def), err);
}

static bool add_implied(DomainDef *def, GError **err)
{
    return need_for_disks(def, DISK_BUS_SCSI, CONTROLLER_SCSI, err) &&
           need_for_disks(def, DISK_BUS_FDC, CONTROLLER_FDC, err) &&
           need_for_disks(def, DISK_BUS_IDE, CONTROLLER_IDE, err) &&
           need_for_disks(def, DISK_BUS_SATA, CONTROLLER_SATA, err) &&
           need_for_serials(def, DEV_CHANNEL, err) && need_for_serials(def, DEV_CONSOLE, err) &&
           need_for_smartcards(def, err) && scsi_hostdevs_place(def, err) &&
           need_for_hostdevs(def, err);
}

/* --- defaults of each */

static void fill(Controller *c, const DefineCtx *ctx)
{
    if (c->type == CONTROLLER_USB && c->model == MODEL_NONE)
        c->model = qemu_caps_has_type(ctx->caps, "piix3-usb-uhci") ? MODEL_PIIX3_UHCI : MODEL_PCI_OHCI;
    if (c->type == CONTROLLER_SCSI && (c->model == MODEL_NONE || c->model == MODEL_SCSI_AUTO))
        c->model = qemu_caps_has_type(ctx->caps, "lsi53c895a") ? MODEL_LSILOGIC : MODEL_VIRTIO_SCSI;
    /* Companions count the master's ports in twos. */
    if (is_usb2(c) && c->model != MODEL_ICH9_EHCI1 && !c->info.master_startport.set)
        c->info.master_startport = (OptU32){ true, 2 * (c->model - MODEL_ICH9_UHCI1) };
}

static void fill_all(DomainDef *def, const DefineCtx *ctx)
{
    GPtrArray *all = domain_devices(def, DEV_CONTROLLER);
    for (guint i = 0; i < all->len; i++)
        fill(all->pdata[i], ctx);
}

bool pass_controllers(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    sort_controllers(def);
    give_indices(def);
    if (!add_board_controllers(def, ctx, err) || !add_implied(def, err))
        return false;
    fill_all(def, ctx);
    return controllers_check(def, ctx, err) && disks_check_places(def, err);
}
