#include "drivers/qemu/hotplug.h"
#include <string.h>
#include <unistd.h>
#include "conf/disk.h"
#include "conf/interface.h"
#include "drivers/qemu/build.h"
#include "drivers/qemu/define.h"
#include "drivers/qemu/each.h"
#include "util/fault.h"
#include "util/ids.h"

enum { UNPLUG_WAIT_MS = 5000, CALL_TIMEOUT_MS = 10000 };

/* What one call wants; the data of its change. */
typedef struct {
    char *xml, *alias;             /* one of both: what @dev is read from, or the alias of a device to go */
    DeviceKind kind;
    gpointer dev;                  /* parsed at the first edit */
    char *told;                    /* alias that events name */
    bool done;                     /* it has come, or gone */
    bool other_medium;             /* what shall come to the guest is a medium for a drive that is there */
} Wanted;

static void wanted_free(gpointer data)
{
    Wanted *w = data;
    if (w->dev)
        device_free(w->kind, w->dev);
    g_free(w->xml);
    g_free(w->alias);
    g_free(w->told);
    g_free(w);
}

const HotKind *hot_kind(DeviceKind kind)
{
    static const HotKind *const kinds[] = { &hot_interface, &hot_disk, &hot_rng, &hot_controller, &hot_input, &hot_watchdog };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i]->kind == kind)
            return kinds[i];
    return NULL;
}

/* --- reading what is wanted */

/* Both definitions get the same card. */
static void complete(Wanted *w)
{
    guint8 mac[6];
    Interface *nic = w->dev;
    if (w->kind != DEV_INTERFACE || nic->mac.address)
        return;
    mac_random(mac);
    nic->mac.address = mac_format(mac);
}

static bool parse(Wanted *w, GError **err)
{
    if (!w->dev && w->xml)
        w->dev = device_parse(w->xml, strlen(w->xml), 0, &w->kind, err);
    return w->dev || w->alias;
}

static gpointer copy_of(DeviceKind kind, gconstpointer dev)
{
    return xm_copy(device_kinds[kind].elem, dev);
}

static bool live_possible(const Wanted *w, const char *verb, GError **err)
{
    const HotKind *hot = hot_kind(w->kind);
    if (hot && hot->live)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "live %s of device '%s' is not supported; change the stored definition (--config)",
                verb, device_kinds[w->kind].name);
    return false;
}

/* --- defaults and addresses, by the passes of a definition */

static DefineCtx context(const Change *c, QemuCaps *caps)
{
    return (DefineCtx){ .caps = caps, .lib_dir = c->driver->config.lib_dir };
}

static bool define(const Change *c, DomainDef *def, GError **err)
{
    g_autoptr(QemuCaps) caps = driver_caps(c->driver, qemu_emulator_of(def), err);
    DefineCtx ctx = context(c, caps);
    return caps && qemu_define(def, &ctx, err);
}

static bool same_devices_but(const DomainDef *a, const DomainDef *b, DeviceKind but, GError **err)
{
    for (guint kind = 0; kind < DEV__N; kind++) {
        const GPtrArray *x = domain_devices(a, kind), *y = domain_devices(b, kind);
        if (kind == but || (x ? x->len : 0) == (y ? y->len : 0))
            continue;
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "No more available PCI slots: the device needs another <%s>, which cannot come while the "
                    "guest runs; add it to the stored definition (on q35: a <controller type='pci' model='pcie-root-port'/>)",
                    device_kinds[kind].name);
        return false;
    }
    return true;
}

/* @dev (taken), completed in a copy of the running guest's definition as if that were defined with it; it goes into @now
 * if nothing else had to come with it. */
static bool plug_into_live(const Change *c, DeviceKind kind, gpointer dev, GError **err)
{
    g_autofree char *text = domain_def_format(c->now, XM_FORMAT_SECRET);
    g_autoptr(DomainDef) scratch = domain_def_parse(text, strlen(text), NULL, 0, err);
    if (!scratch) {
        device_free(kind, dev);
        return false;
    }
    g_ptr_array_add(domain_devices(scratch, kind), dev);
    if (!define(c, scratch, err) || !same_devices_but(scratch, c->now, kind, err))
        return false;
    guint at;
    if (!g_ptr_array_find(domain_devices(scratch, kind), dev, &at)) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "a device was lost on its way into the definition");
        return false;
    }
    g_ptr_array_steal_index(domain_devices(scratch, kind), at);
    GPtrArray *list = domain_devices(c->now, kind);
    g_ptr_array_insert(list, (gint)at, dev);
    device_give_alias(c->now, (DeviceRef){ .kind = kind, .index = at, .dev = dev, .info = dev });
    ((DeviceInfo *)dev)->boot_index = ((DeviceInfo *)dev)->boot_order;
    return true;
}

static gpointer device_with_alias(const DomainDef *def, DeviceKind kind, const char *alias, guint *ret_at)
{
    GPtrArray *list = domain_devices(def, kind);
    for (guint i = 0; list && i < list->len; i++)
        if (!g_strcmp0(((DeviceInfo *)list->pdata[i])->alias, alias)) {
            *ret_at = i;
            return list->pdata[i];
        }
    return NULL;
}

/* --- attach */

static bool edit_update(const Change *c, GError **err);
static bool apply_update(const Change *c, GError **err);

/* A CD-ROM or floppy for a drive that is there is a medium for it. */
static bool is_medium(const Change *c, const Wanted *w)
{
    const Disk *disk = w->dev;
    return w->kind == DEV_DISK && (disk->device == DISK_DEVICE_CDROM || disk->device == DISK_DEVICE_FLOPPY) &&
           hot_disk.find(c->now, disk, NULL) >= 0;
}

static bool edit_attach(const Change *c, GError **err)
{
    Wanted *w = c->data;
    if (!parse(w, err) || (c->run && !live_possible(w, "attach", err)))
        return false;
    complete(w);
    if (is_medium(c, w)) {
        w->other_medium = w->other_medium || c->run;
        return edit_update(c, err);
    }
    gpointer dev = copy_of(w->kind, w->dev);
    const HotKind *hot = hot_kind(w->kind);
    if (c->run) {
        if (hot->check && !hot->check(dev, err)) {
            device_free(w->kind, dev);
            return false;
        }
        if (!plug_into_live(c, w->kind, dev, err))
            return false;
        g_free(w->told);
        w->told = g_strdup(((DeviceInfo *)dev)->alias);
        return !hot->check || hot->check(dev, err);      /* again, with its defaults */
    }
    g_ptr_array_add(domain_devices(c->now, w->kind), dev);
    return define(c, c->now, err);
}

static void free_fds(gpointer list)
{
    GArray *fds = list;
    for (guint i = 0; i < fds->len; i++)
        close(g_array_index(fds, int, i));
    g_array_unref(fds);
}

static bool apply_attach(const Change *c, GError **err)
{
    Wanted *w = c->data;
    if (w->other_medium)
        return apply_update(c, err);
    const HotKind *hot = hot_kind(w->kind);
    g_autoptr(GHashTable) fds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_fds);
    guint at;
    gpointer dev = device_with_alias(c->now, w->kind, w->told, &at);

    if (fault_point("attach-acquire", err) && (!hot->acquire || hot->acquire(c, dev, fds, err)) && fault_point("attach-qemu", err) &&
        hotplug_add(c, fds, err) && (!hot->plugged || hot->plugged(c, dev, err))) {
        w->done = true;
        return true;
    }
    if (hot->release)
        hot->release(c, dev);
    g_prefix_error(err, "cannot attach %s to domain '%s': ", device_kinds[w->kind].name, c->now->frame.name);
    return false;
}

static void emit(Domain *dom, DomainEventId id, const char *alias)
{
    DomainEvent event = { .id = id, .name = dom->view->name, .dom_id = dom->view->id, .s1 = alias };
    memcpy(event.uuid, dom->view->uuid, 16);
    if (dom->driver->on_event)
        dom->driver->on_event(&event, dom->driver->event_user);
}

static void attached(Domain *dom, bool live, gpointer data)
{
    const Wanted *w = data;
    if (live && w->done)
        emit(dom, DOMAIN_EVENT_DEVICE_ADDED, w->told);
}

static const ChangeKind attach_change = { "attach-device", edit_attach, apply_attach, attached };

/* --- detach */

/* By its alias, or by what the description and the device's own name (MAC address, target) say. */
static gpointer find(const DomainDef *def, Wanted *w, guint *ret_at, GError **err)
{
    const HotKind *hot;
    if (w->alias) {
        for (guint kind = 0; kind < DEV__N; kind++) {
            gpointer dev = device_with_alias(def, kind, w->alias, ret_at);
            if (dev)
                w->kind = kind;
            if (dev)
                return dev;
        }
        g_set_error(err, QV_ERROR, QV_ERR_DEVICE_MISSING, "no device found with alias %s", w->alias);
        return NULL;
    }
    if (!(hot = hot_kind(w->kind)) || !hot->find) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "detaching and updating of device '%s' is not supported",
                    device_kinds[w->kind].name);
        return NULL;
    }
    int at = hot->find(def, w->dev, err);
    if (at < 0)
        return NULL;
    *ret_at = (guint)at;
    return domain_devices(def, w->kind)->pdata[at];
}

static void drop(DomainDef *def, DeviceKind kind, guint at)
{
    device_free(kind, g_ptr_array_steal_index(domain_devices(def, kind), at));
}

static bool edit_detach(const Change *c, GError **err)
{
    Wanted *w = c->data;
    guint at;
    gpointer dev = parse(w, err) ? find(c->now, w, &at, err) : NULL;
    if (!dev || (c->run && !live_possible(w, "detach", err)))
        return false;
    if (!c->run) {
        drop(c->now, w->kind, at);
        return true;
    }
    const HotKind *hot = hot_kind(w->kind);
    g_free(w->told);
    w->told = g_strdup(((DeviceInfo *)dev)->alias);
    return !hot->may_go || hot->may_go(c->now, dev, err);
}

/* It has left the guest: its other parts go, and its place in the definition. */
static bool finish(const Change *c, Wanted *w)
{
    const HotKind *hot = hot_kind(w->kind);
    g_autoptr(GError) why = NULL;
    guint at;
    gpointer dev = device_with_alias(c->now, w->kind, w->told, &at);

    if (!dev)
        return true;
    g_ptr_array_steal_index(domain_devices(c->now, w->kind), at);
    if (!hotplug_remove(c, &why))
        g_warning("domain '%s': what belonged to '%s' stays in QEMU: %s", c->now->frame.name, w->told, why->message);
    if (hot && hot->release)
        hot->release(c, dev);
    device_free(w->kind, dev);
    w->done = true;
    return true;
}

static GMutex unplug_lock;
static GCond unplug_changed;
enum { UNPLUG_WAITING, UNPLUG_GONE, UNPLUG_REFUSED, UNPLUG_ENDED };

static void unplug_begin(Run *run, const char *alias)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&unplug_lock);
    run->unplug.alias = g_strdup(alias);
    run->unplug.state = UNPLUG_WAITING;
}

/* What became of it within @ms. */
static int unplug_end(Run *run, guint ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)ms * 1000;
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&unplug_lock);
    while (run->unplug.state == UNPLUG_WAITING)
        if (!g_cond_wait_until(&unplug_changed, &unplug_lock, deadline))
            break;
    g_clear_pointer(&run->unplug.alias, g_free);
    return run->unplug.state;
}

static bool apply_detach(const Change *c, GError **err)
{
    Wanted *w = c->data;
    json_object *args = json_object_new_object();
    json_object_object_add(args, "id", json_object_new_string(w->told));

    unplug_begin(c->run, w->told);
    g_autoptr(QmpReply) asked = qmp_call(c->run->qmp, "device_del", args, CALL_TIMEOUT_MS, err);
    int state = unplug_end(c->run, asked ? UNPLUG_WAIT_MS : 0);
    if (!asked)
        return false;
    if (state == UNPLUG_REFUSED) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "the guest refused to let device '%s' go", w->told);
        return false;
    }
    return state != UNPLUG_GONE || finish(c, w);
}

static void detached(Domain *dom, bool live, gpointer data)
{
    const Wanted *w = data;
    if (live && w->done)
        emit(dom, DOMAIN_EVENT_DEVICE_REMOVED, w->told);
}

static const ChangeKind detach_change = { "detach-device", edit_detach, apply_detach, detached };

/* --- devices that go when nobody waits any more */

static bool edit_gone(const Change *c, GError **err)
{
    Wanted *w = c->data;
    guint at;
    if (!find(c->now, w, &at, err))
        return false;
    g_free(w->told);
    w->told = g_strdup(w->alias);
    return true;
}

static bool apply_gone(const Change *c, GError **err)
{
    return finish(c, c->data);
}

static const ChangeKind gone_change = { "device-deleted", edit_gone, apply_gone, detached };

static bool told_waiter(Run *run, const char *alias, int state)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&unplug_lock);
    if (!run->unplug.alias || (alias && strcmp(run->unplug.alias, alias) != 0))
        return false;
    run->unplug.state = state;
    g_cond_broadcast(&unplug_changed);
    return true;
}

void hotplug_guest_ended(Run *run)
{
    told_waiter(run, NULL, UNPLUG_ENDED);
}

void hotplug_event(Run *run, const char *event, json_object *data)
{
    json_object *name;
    if (!data || !json_object_object_get_ex(data, "device", &name))
        return;
    const char *alias = json_object_get_string(name);
    bool gone = !strcmp(event, "DEVICE_DELETED");
    if (!gone && strcmp(event, "DEVICE_UNPLUG_GUEST_ERROR") != 0)
        return;
    bool waited = told_waiter(run, alias, gone ? UNPLUG_GONE : UNPLUG_REFUSED);
    if (!gone)
        emit(run->dom, DOMAIN_EVENT_DEVICE_REMOVAL_FAILED, alias);
    if (!gone || waited)
        return;
    Wanted *w = g_new0(Wanted, 1);
    w->alias = g_strdup(alias);
    domain_change(run->dom, CHANGE_LIVE, &gone_change, w, wanted_free, NULL, NULL);
}

/* --- update */

static void replace(DomainDef *def, DeviceKind kind, guint at, gpointer dev)
{
    GPtrArray *list = domain_devices(def, kind);
    device_free(kind, list->pdata[at]);
    list->pdata[at] = dev;
}

/* What is left open stays as it is. */
static gpointer update_of(const Wanted *w, gconstpointer was)
{
    const DeviceInfo *old = was;
    gpointer dev = copy_of(w->kind, w->dev);
    DeviceInfo *info = dev;
    if (!info->alias)
        info->alias = g_strdup(old->alias);
    if (!info->addr.type)
        info->addr = old->addr, info->addr.usb.port = g_strdup(old->addr.usb.port);
    info->boot_index = old->boot_index;
    return dev;
}

static bool edit_update(const Change *c, GError **err)
{
    Wanted *w = c->data;
    const HotKind *hot;
    guint at;
    gconstpointer was = parse(w, err) ? find(c->now, w, &at, err) : NULL;
    if (!was)
        return false;
    hot = hot_kind(w->kind);
    if (c->run && (!hot || !hot->update)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "live update of device '%s' is not supported", device_kinds[w->kind].name);
        return false;
    }
    gpointer dev = update_of(w, was);
    g_free(w->told);
    w->told = c->run ? g_strdup(((const DeviceInfo *)was)->alias) : NULL;
    replace(c->now, w->kind, at, dev);
    return c->run || define(c, c->now, err);
}

static bool apply_update(const Change *c, GError **err)
{
    Wanted *w = c->data;
    guint at;
    gpointer now = device_with_alias(c->now, w->kind, w->told, &at), was = device_with_alias(c->was, w->kind, w->told, &at);
    return hot_kind(w->kind)->update(c, was, now, err);
}

static const ChangeKind update_change = { "update-device", edit_update, apply_update, NULL };

/* --- calls */

static void change(Domain *dom, const ChangeKind *kind, const char *xml, const char *alias, guint flags, DomainDone done, gpointer user)
{
    Wanted *w = g_new0(Wanted, 1);
    w->xml = g_strdup(xml);
    w->alias = g_strdup(alias);
    domain_change(dom, flags, kind, w, wanted_free, done, user);
}

void domain_attach_device(Domain *dom, const char *xml, guint flags, DomainDone done, gpointer user)
{
    change(dom, &attach_change, xml, NULL, flags, done, user);
}

void domain_detach_device(Domain *dom, const char *xml, guint flags, DomainDone done, gpointer user)
{
    change(dom, &detach_change, xml, NULL, flags, done, user);
}

void domain_detach_device_alias(Domain *dom, const char *alias, guint flags, DomainDone done, gpointer user)
{
    change(dom, &detach_change, NULL, alias, flags, done, user);
}

void domain_update_device(Domain *dom, const char *xml, guint flags, DomainDone done, gpointer user)
{
    change(dom, &update_change, xml, NULL, flags, done, user);
}
