/* Disks that come and go, and media that are changed. */
#include <string.h>
#include <unistd.h>
#include "conf/disk.h"
#include "drivers/qemu/disk_nodes.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/label.h"
#include "util/error.h"

enum { CALL_TIMEOUT_MS = 10000, TRAY_WAIT_US = 250000, TRAY_TRIES = 20 };

static int find(const DomainDef *def, gconstpointer dev, GError **err)
{
    const Disk *like = dev;
    EACH_DEVICE(def, DEV_DISK, Disk, disk)
        if (!g_strcmp0(disk->dst, like->dst))
            return (int)disk_i;
    g_set_error(err, QV_ERROR, QV_ERR_DEVICE_MISSING, "disk %s not found", like->dst ? like->dst : "");
    return -1;
}

static bool check(gconstpointer dev, GError **err)
{
    const Disk *disk = dev;
    if (!disk->bus || disk->bus == DISK_BUS_VIRTIO || disk->bus == DISK_BUS_SCSI || disk->bus == DISK_BUS_USB)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "disk bus '%s' cannot be hotplugged; use virtio, scsi or usb",
                xm_enum_name(&disk_bus, disk->bus));
    return false;
}

/* --- images */

static void count_node(const StorageSource *src, guint *most)
{
    *most = MAX(*most, src->index);
}

/* Numbers of nodes that no image of the guest has or had lately. */
static void number_nodes(const DomainDef *def, Disk *disk)
{
    guint most = 0;
    EACH_DEVICE(def, DEV_DISK, Disk, other) {
        count_node(&other->src, &most);
        for (StorageBacking *b = other->src.backing; b; b = b->src.backing)
            count_node(&b->src, &most);
    }
    disk->src.index = ++most;
    for (StorageBacking *b = disk->src.backing; b && b->src.type != SOURCE_NONE; b = b->src.backing)
        b->src.index = ++most;
}

static bool exists(const Disk *disk, GError **err)
{
    const char *path = disk->src.type == SOURCE_FILE || disk->src.type == SOURCE_BLOCK ? disk->src.path : NULL;
    return !path || access(path, F_OK) == 0 || qv_error_errno(err, errno, "Cannot access storage file '%s' (disk '%s')", path, disk->dst);
}

static bool no_secrets(const Change *c, GError **err)
{
    g_autoptr(GPtrArray) after = disk_secrets(c->now, c->run->dir), before = disk_secrets(c->was, c->run->dir);
    if (after->len <= before->len)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "a disk with a secret cannot come to a running guest; attach it to the stored "
                "definition (--config)");
    return false;
}

/* Chain, node numbers, owner: as at a start. */
static bool take_images(const Change *c, Disk *disk, GError **err)
{
    Start s = { .driver = c->driver, .run = c->run, .def = c->now };
    if (source_is_empty(&disk->src))
        return true;
    if (!exists(disk, err) || !disk_complete_chain(disk, err))
        return false;
    number_nodes(c->now, disk);
    return no_secrets(c, err) && label_images(&s, disk, err);
}

static void give_back_images(const Change *c, const Disk *disk)
{
    g_autoptr(GError) why = NULL;
    if (!label_return_images(c->run->undo, c->now, disk, &why))
        g_warning("domain '%s': the images of disk '%s' stay lent: %s", c->now->frame.name, disk->dst, why->message);
}

static bool acquire(const Change *c, gpointer dev, GHashTable *fds, GError **err)
{
    return take_images(c, dev, err);
}

/* @dev is out of the definition after an unplug, and still in it after a plug that failed. */
static void release(const Change *c, gconstpointer dev)
{
    guint at;
    GPtrArray *list = domain_devices(c->now, DEV_DISK);
    bool there = g_ptr_array_find(list, dev, &at);
    if (there)
        g_ptr_array_steal_index(list, at);
    give_back_images(c, dev);
    if (there)
        g_ptr_array_insert(list, (gint)at, (gpointer)dev);
}

/* --- media */

static QmpReply *tray(const Change *c, const char *command, const Disk *disk, const char *member, json_object *value, GError **err)
{
    json_object *args = json_object_new_object();
    json_object_object_add(args, "id", json_object_new_string(disk->info.alias));
    if (member)
        json_object_object_add(args, member, value);
    return qmp_call(c->run->qmp, command, args, CALL_TIMEOUT_MS, err);
}

/* A guest that holds the tray is asked, and gets a while. */
static bool open_tray(const Change *c, const Disk *disk, GError **err)
{
    for (guint i = 0;; i++) {
        g_autoptr(GError) why = NULL;
        g_autoptr(QmpReply) opened = tray(c, "blockdev-open-tray", disk, "force", json_object_new_boolean(false), &why);
        g_autoptr(QmpReply) out = opened ? tray(c, "blockdev-remove-medium", disk, NULL, NULL, &why) : NULL;
        if (out)
            return true;
        if (i < TRAY_TRIES && (strstr(why->message, "locked") || strstr(why->message, "is not open"))) {
            g_usleep(TRAY_WAIT_US);
            continue;
        }
        g_propagate_prefixed_error(err, g_steal_pointer(&why), "cannot change the medium of '%s' (is it locked by the guest?): ", disk->dst);
        return false;
    }
}

static bool insert(const Change *c, const Disk *disk, GError **err)
{
    g_autofree char *node = g_strdup_printf("libvirt-%u-format", disk->src.index);
    g_autoptr(QmpReply) in = tray(c, "blockdev-insert-medium", disk, "node-name", json_object_new_string(node), err);
    return in;
}

static bool close_tray(const Change *c, const Disk *disk, GError **err)
{
    g_autoptr(QmpReply) closed = tray(c, "blockdev-close-tray", disk, NULL, NULL, err);
    return closed;
}

static bool change_medium(const Change *c, const Disk *was, Disk *now, GError **err)
{
    bool empty = source_is_empty(&now->src);
    g_autoptr(GError) why = NULL;

    if (!take_images(c, now, err) || (!empty && !hotplug_add_nodes(c, err)))
        return false;
    if (!open_tray(c, was, err) || (!empty && !insert(c, now, err)) || !close_tray(c, now, err))
        return false;
    if (!hotplug_remove(c, &why))
        g_warning("domain '%s': the former medium of '%s' stays in QEMU: %s", c->now->frame.name, now->dst, why->message);
    give_back_images(c, was);
    return true;
}

/* --- changing in place */

/* Another medium is another source and its driver's format; all else of a running guest's disk is fixed. */
static void first_fixed(const char *path, const XmRow *r, const char *was, const char *now, gpointer user)
{
    char **fixed = user;
    static const char *const medium[] = { "/source", "backingStore", "driver", "@type", "@startupPolicy", "@index", "@tray" };
    for (guint i = 0; i < G_N_ELEMENTS(medium); i++)
        if (strstr(path, medium[i]))
            return;
    if (!*fixed && !(r->flags & (XM_LIVE | XM_HOT)))
        *fixed = g_strdup_printf("%s from '%s' to '%s'", path, was ? was : "", now ? now : "");
}

static bool same_source(const Disk *a, const Disk *b)
{
    return a->src.type == b->src.type && !g_strcmp0(a->src.path, b->src.path) && a->src.format == b->src.format;
}

static bool update(const Change *c, gconstpointer old, gpointer new, GError **err)
{
    const Disk *was = old;
    Disk *now = new;
    g_autofree char *fixed = NULL;
    bool removable = was->device == DISK_DEVICE_CDROM || was->device == DISK_DEVICE_FLOPPY;

    now->readonly = was->readonly;
    if (!now->bus)
        now->bus = was->bus;
    if (!now->driver.name)
        now->driver.name = g_strdup(was->driver.name);
    if (!now->src.format)
        now->src.format = source_is_empty(&now->src) ? FORMAT_NONE : FORMAT_RAW;
    now->src.index = was->src.index;
    xm_diff(&disk_elem, was, now, first_fixed, &fixed);
    if (fixed || !removable) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "cannot change disk '%s' of a running guest: %s", was->dst,
                    fixed ? fixed : "it has no medium that could be changed");
        return false;
    }
    return same_source(was, now) || change_medium(c, was, now, err);
}

const HotKind hot_disk = {
    .kind = DEV_DISK, .live = true, .check = check, .find = find, .acquire = acquire, .release = release, .update = update,
};
