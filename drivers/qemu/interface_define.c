/* Defaults of network cards: addresses, models, and what makes no sense for a card is dropped as clients know it. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/each.h"
#include "drivers/qemu/define.h"
#include "drivers/qemu/interface_define.h"
#include "util/ids.h"

bool interface_is_virtio(const Interface *nic)
{
    static const char *const models[] = { "virtio", "virtio-transitional", "virtio-non-transitional", NULL };
    return nic->model && g_strv_contains(models, nic->model);
}

bool interface_has_tap(const Interface *nic)
{
    return nic->type == NET_BRIDGE || nic->type == NET_ETHERNET || nic->type == NET_NETWORK;
}

static void make_mac(Interface *nic)
{
    guint8 mac[6];
    if (nic->mac.address)
        return;
    mac_random(mac);
    nic->mac.address = mac_format(mac);
}

/* What a card is when nobody said: the first of a list that this QEMU has. */
static const char *default_model(const DomainDef *def, const DefineCtx *ctx, const Interface *nic)
{
    static const struct { const char *model, *type; } x86[] = {
        { "rtl8139", "rtl8139" }, { "e1000", "e1000" }, { "virtio", "virtio-net-pci" },
    };
    const char *arch = def->frame.os.arch ? def->frame.os.arch : "";
    if (nic->type == NET_VDPA)
        return "virtio";
    if (strcmp(arch, "x86_64") != 0 && strcmp(arch, "i686") != 0)
        return "virtio";
    for (guint i = 0; i < G_N_ELEMENTS(x86); i++)
        if (!ctx->caps || qemu_caps_has_type(ctx->caps, x86[i].type))
            return x86[i].model;
    return NULL;
}

/* Names that we give ourselves at start mean nothing in a definition. */
static bool is_generated(const char *name)
{
    static const char *const prefixes[] = { "vnet", "macvtap", "macvlan" };
    for (guint i = 0; name && i < G_N_ELEMENTS(prefixes); i++) {
        gsize len = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], len) == 0 && name[len] && name[len + strspn(name + len, "0123456789")] == '\0')
            return true;
    }
    return false;
}

static void drop_filter(Interface *nic)
{
    g_clear_pointer(&nic->filter.filter, g_free);
    /* The array does not own them: the rows do. */
    for (guint i = 0; nic->filter.parameters && i < nic->filter.parameters->len; i++) {
        FilterParameter *parameter = nic->filter.parameters->pdata[i];
        g_free(parameter->name);
        g_free(parameter->value);
        g_free(parameter);
    }
    if (nic->filter.parameters)
        g_ptr_array_set_size(nic->filter.parameters, 0);
}

/* Options of the virtio card are read for one only. */
static void drop_meaningless(Interface *nic)
{
    bool filterable = interface_has_tap(nic);
    if (is_generated(nic->target.dev))
        g_clear_pointer(&nic->target.dev, g_free);
    if (!filterable)
        drop_filter(nic);
    if (!nic->coalesce.max.v)
        nic->coalesce.max.set = false;
    if (nic->driver.queues == 1)
        nic->driver.queues = 0;
    if (!interface_is_virtio(nic)) {
        VirtioOptions kept = nic->driver.virtio;
        NicDriver name = nic->type == NET_HOSTDEV ? nic->driver.name : NIC_DRIVER_NONE;
        memset(&nic->driver, 0, sizeof(nic->driver));
        nic->driver.virtio = kept;
        nic->driver.name = name;
        g_clear_pointer(&nic->backend.vhost, g_free);
    }
}

static void default_family(GPtrArray *ips)
{
    for (guint i = 0; ips && i < ips->len; i++) {
        InterfaceIp *ip = ips->pdata[i];
        if (!ip->family)
            ip->family = g_strdup(ip->address && strchr(ip->address, ':') ? "ipv6" : "ipv4");
    }
}

/* Open vSwitch knows its ports by a name of their own; a port whose kind the network decides may become one. */
static void default_vport(Interface *nic)
{
    guint8 uuid[16];
    bool maybe = nic->vport.type == VPORT_NONE_GIVEN && (nic->vport.instanceid || nic->vport.profileid);
    if ((nic->vport.type != VPORT_OPENVSWITCH && !maybe) || nic->vport.interfaceid)
        return;
    uuid_random(uuid);
    nic->vport.interfaceid = uuid_format(uuid);
}

static void fill(const DomainDef *def, const DefineCtx *ctx, Interface *nic)
{
    make_mac(nic);
    if (!nic->model && nic->type != NET_HOSTDEV)
        nic->model = g_strdup(default_model(def, ctx, nic));
    if (nic->type == NET_DIRECT && !nic->source.mode)
        nic->source.mode = MACVTAP_VEPA;
    default_family(nic->ips);
    default_family(nic->source.ips);
    default_vport(nic);
    drop_meaningless(nic);
}


bool pass_interfaces(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    EACH_DEVICE(def, DEV_INTERFACE, Interface, nic) {
        fill(def, ctx, nic);
        if (!interface_check(nic, err)) {
            g_prefix_error(err, "interface %s: ", nic->mac.address);
            return false;
        }
    }
    return true;
}
