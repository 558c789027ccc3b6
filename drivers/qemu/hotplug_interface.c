/* Network cards that come, go and change: what is theirs beside QEMU. */
#include <string.h>
#include "drivers/nwfilter/nwfilter.h"
#include "drivers/qemu/hotplug.h"
#include "drivers/qemu/interface_start.h"
#include "util/ids.h"
#include "util/link.h"

/* --- which one is meant: by MAC address and, where given, PCI address and alias */

static bool same_pci(const Address *a, const Address *b)
{
    return b->type != ADDR_PCI || !b->pci.bus.set ||
           (a->type == ADDR_PCI && a->pci.domain.v == b->pci.domain.v && a->pci.bus.v == b->pci.bus.v && a->pci.slot.v == b->pci.slot.v &&
            a->pci.function.v == b->pci.function.v);
}

static bool is_meant(const Interface *nic, const Interface *like)
{
    if (like->mac.address && g_strcmp0(nic->mac.address, like->mac.address) != 0)
        return false;
    if (like->info.alias && nic->info.alias && strcmp(nic->info.alias, like->info.alias) != 0)
        return false;
    return same_pci(&nic->info.addr, &like->info.addr);
}

static int find(const DomainDef *def, gconstpointer dev, GError **err)
{
    const GPtrArray *list = domain_devices(def, DEV_INTERFACE);
    const Interface *like = dev;
    const char *mac = like->mac.address ? like->mac.address : "(none)";
    int found = -1;

    for (guint i = 0; i < list->len; i++) {
        if (!is_meant(list->pdata[i], like))
            continue;
        if (found >= 0) {
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "multiple devices matching MAC address %s found; say which by its <address>", mac);
            return -1;
        }
        found = (int)i;
    }
    if (found < 0)
        g_set_error(err, QV_ERROR, QV_ERR_DEVICE_MISSING, "no device matching MAC address %s found", mac);
    return found;
}

/* --- coming and going */

static bool set_link(Run *run, const char *alias, bool up, GError **err)
{
    json_object *args = json_object_new_object();
    json_object_object_add(args, "name", json_object_new_string(alias));
    json_object_object_add(args, "up", json_object_new_boolean(up));
    g_autoptr(QmpReply) reply = qmp_call(run->qmp, "set_link", args, 10000, err);
    return reply;
}

static bool acquire(const Change *c, gpointer dev, GHashTable *fds, GError **err)
{
    NicHost host = { .driver = c->driver, .def = c->now, .undo = c->run->undo, .dir = c->run->dir, .fds = fds };
    return interface_acquire(&host, dev, err);
}

static void release(const Change *c, gconstpointer dev)
{
    const Interface *nic = dev;
    g_autoptr(GError) why = NULL;
    if (!interface_release(c->run->undo, nic->info.alias, &why))
        g_warning("domain '%s': interface '%s' has left something on the host: %s", c->now->frame.name, nic->info.alias, why->message);
}

static bool plugged(const Change *c, gpointer dev, GError **err)
{
    const Interface *nic = dev;
    return nic->link != LINK_DOWN || set_link(c->run, nic->info.alias, false, err);
}

/* --- changing in place */

/* What a running guest's card can change: rows that say so themselves, its filter, and the bridge it is on. What only a
 * running guest has is taken over from before. */
static void first_fixed(const char *path, const XmRow *r, const char *was, const char *now, gpointer user)
{
    char **fixed = user;
    bool live = r->flags & (XM_LIVE | XM_HOT);
    if (*fixed || live || strstr(path, "filterref") || g_str_has_suffix(path, "source/@bridge") || strstr(path, "@trustGuestRxFilters"))
        return;
    *fixed = g_strdup_printf("%s from '%s' to '%s'", path, was ? was : "", now ? now : "");
}

static void keep_text(char **now, const char *was)
{
    if (!*now)
        *now = g_strdup(was);
}

static void take_over(const Interface *was, Interface *now)
{
    keep_text(&now->mac.address, was->mac.address);
    keep_text(&now->target.dev, was->target.dev);
    keep_text(&now->model, was->model);
    keep_text(&now->vport.interfaceid, was->vport.interfaceid);
    if (was->type == NET_NETWORK && now->type == NET_NETWORK) {
        keep_text(&now->source.portid, was->source.portid);
        keep_text(&now->source.bridge, was->source.bridge);
        keep_text(&now->source.dev, was->source.dev);
        now->source.mode = was->source.mode;
    }
    if (!now->mtu)
        now->mtu = was->mtu;
}

static bool same_text(const char *a, const char *b)
{
    return g_strcmp0(a, b) == 0;
}

static bool update_bridge(const Interface *was, const Interface *now, GError **err)
{
    LinkChange change = { .bridge = now->source.bridge };
    if (now->type != NET_BRIDGE || same_text(was->source.bridge, now->source.bridge))
        return true;
    LinkPort port = { .isolated = now->isolated == TRI_YES ? PORT_ON : PORT_SAME };
    return link_change(now->target.dev, &change, err) && link_set_port(now->target.dev, &port, err);
}

static bool update_bandwidth(const Change *c, const Interface *was, const Interface *now, GError **err)
{
    if (!memcmp(&was->bandwidth, &now->bandwidth, sizeof was->bandwidth))
        return true;
    if (interface_has_device(now))
        return interface_set_bandwidth(c->run->undo, now, err);
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "this type of interface has no device on the host whose bandwidth could be limited");
    return false;
}

static bool same_filter(const Interface *a, const Interface *b)
{
    guint n = a->filter.parameters ? a->filter.parameters->len : 0, m = b->filter.parameters ? b->filter.parameters->len : 0;
    bool same = same_text(a->filter.filter, b->filter.filter) && n == m;
    for (guint i = 0; same && i < n; i++) {
        const FilterParameter *x = a->filter.parameters->pdata[i], *y = b->filter.parameters->pdata[i];
        same = same_text(x->name, y->name) && same_text(x->value, y->value);
    }
    return same;
}

static bool update_filter(const Change *c, const Interface *was, const Interface *now, GError **err)
{
    guint8 uuid[16];
    if (same_filter(was, now))
        return true;
    g_autofree char *record = g_strjoin("\t", now->info.alias, now->target.dev, NULL);
    if (!undo_one(c->run->undo, "nic-filter", record, err))
        return false;
    if (!now->filter.filter)
        return true;
    uuid_parse(c->now->frame.uuid, uuid);
    return undo_push(c->run->undo, "nic-filter", record, err) && nwfilter_bind(now, now->target.dev, c->now->frame.name, uuid, err);
}

static bool update_link(const Change *c, const Interface *was, const Interface *now, GError **err)
{
    bool was_up = was->link != LINK_DOWN, up = now->link != LINK_DOWN;
    return was_up == up || set_link(c->run, now->info.alias, up, err);
}

static bool update(const Change *c, gconstpointer old, gpointer new, GError **err)
{
    const Interface *was = old;
    Interface *now = new;
    g_autofree char *fixed = NULL;

    take_over(was, now);
    xm_diff(&interface_elem, was, now, first_fixed, &fixed);
    if (fixed || was->type != now->type) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "cannot change network interface '%s' of a running guest: %s",
                    was->info.alias, fixed ? fixed : "its type is fixed");
        return false;
    }
    return update_bridge(was, now, err) && update_bandwidth(c, was, now, err) && update_filter(c, was, now, err) &&
           update_link(c, was, now, err);
}

const HotKind hot_interface = {
    .kind = DEV_INTERFACE, .live = true, .find = find, .acquire = acquire, .release = release, .plugged = plugged, .update = update,
};
