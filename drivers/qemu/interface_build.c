/* Network cards on the command line: -netdev for the host's end, -device for the guest's.
 * A start step opened taps under the card's alias, vhost descriptors under ALIAS.vhost. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/interface_define.h"
#include "drivers/qemu/interface_start.h"
#include "drivers/qemu/misc_build.h"
#include "drivers/qemu/virtio_props.h"

/* --- the host's end */

typedef bool (*HostFn)(QemuBuild *b, const Interface *nic, guint i, json_object *p, GError **err);

#define STAND_IN "-1"   /* where nothing was opened: a plan, not a guest */

static bool host_tap(QemuBuild *b, const Interface *nic, guint i, json_object *p, GError **err)
{
    g_autofree char *key = g_strconcat(nic->info.alias, ".vhost", NULL);
    g_autofree char *fds = build_fds(b, nic->info.alias), *vhost = build_fds(b, key);
    if (!fds && !b->dry) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "interface '%s': its tap was not opened", nic->info.alias);
        return false;
    }
    props_str(p, "type", "tap");
    props_str(p, build_fds_count(b, nic->info.alias) > 1 ? "fds" : "fd", fds ? fds : STAND_IN);
    if (vhost) {
        props_bool(p, "vhost", true);
        props_str(p, build_fds_count(b, key) > 1 ? "vhostfds" : "vhostfd", vhost);
    }
    if (nic->sndbuf.set)
        props_u64(p, "sndbuf", nic->sndbuf.v);
    return true;
}

static void host_passt(QemuBuild *b, const Interface *nic, json_object *p)
{
    g_autofree char *folder = passt_folder(b->run_dir, b->domain_dir, nic);
    json_object *address = json_object_new_object();
    props_str(address, "type", "unix");
    props_strf(address, "path", "%s/socket", folder);
    props_str(p, "type", "stream");
    json_object_object_add(p, "addr", address);
    props_bool(p, "server", false);
}

static bool host_user(QemuBuild *b, const Interface *nic, guint i, json_object *p, GError **err)
{
    if (nic->backend.type == NIC_BACKEND_PASST) {
        host_passt(b, nic, p);
        return true;
    }
    props_str(p, "type", "user");
    for (guint n = 0; nic->ips && n < nic->ips->len; n++) {
        const InterfaceIp *ip = nic->ips->pdata[n];
        bool v6 = g_strcmp0(ip->family, "ipv6") == 0;
        if (v6) {
            props_str(p, "ipv6-prefix", ip->address);
            props_optu32(p, "ipv6-prefixlen", ip->prefix);
        } else if (ip->prefix.set && ip->prefix.v)
            props_strf(p, "net", "%s/%u", ip->address, ip->prefix.v);
        else
            props_str(p, "net", ip->address);
    }
    return true;
}

static bool host_socket(QemuBuild *b, const Interface *nic, guint i, json_object *p, GError **err)
{
    static const char *const members[NET__N] = {
        [NET_CLIENT] = "connect", [NET_SERVER] = "listen", [NET_MCAST] = "mcast", [NET_UDP] = "udp",
    };
    props_str(p, "type", "socket");
    props_strf(p, members[nic->type], "%s:%u", nic->source.address ? nic->source.address : "", nic->source.port.v);
    if (nic->type == NET_UDP)
        props_strf(p, "localaddr", "%s:%u", nic->source.local_address ? nic->source.local_address : "", nic->source.local_port.v);
    return true;
}

static bool host_vhostuser(QemuBuild *b, const Interface *nic, guint i, json_object *p, GError **err)
{
    g_autofree char *id = chardev_id(&nic->info);
    json_object *c = json_object_new_object();
    props_str(c, "", "socket");
    props_str(c, "id", id);
    props_str(c, "path", nic->source.path);
    if (g_strcmp0(nic->source.vhost_mode, "server") == 0)
        props_str(c, "server", "on");
    if (nic->source.reconnect.enabled)
        props_u64(c, "reconnect", nic->source.reconnect.enabled == TRI_YES ? nic->source.reconnect.timeout_s : 0);
    qemu_command_opts(b->cmd, "-chardev", c, build_reason(DEV_INTERFACE, i, (gpointer)nic));
    props_str(p, "type", "vhost-user");
    props_str(p, "chardev", id);
    props_u64_opt(p, "queues", nic->driver.queues);
    return true;
}

static bool host_vdpa(QemuBuild *b, const Interface *nic, guint i, json_object *p, GError **err)
{
    props_str(p, "type", "vhost-vdpa");
    props_str(p, "vhostdev", nic->source.dev);
    props_u64_opt(p, "queues", nic->driver.queues);
    return true;
}

static const HostFn host_of[NET__N] = {
    [NET_USER] = host_user, [NET_BRIDGE] = host_tap, [NET_NETWORK] = host_tap, [NET_ETHERNET] = host_tap,
    [NET_DIRECT] = host_tap, [NET_CLIENT] = host_socket, [NET_SERVER] = host_socket, [NET_MCAST] = host_socket,
    [NET_UDP] = host_socket, [NET_VHOSTUSER] = host_vhostuser, [NET_VDPA] = host_vdpa,
};

static bool build_host(QemuBuild *b, const Interface *nic, guint i, GError **err)
{
    if (!host_of[nic->type]) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<interface type='%s'> is not supported by QEMU",
                    xm_enum_name(&interface_type, nic->type));
        return false;
    }
    json_object *p = json_object_new_object();
    if (!host_of[nic->type](b, nic, i, p, err)) {
        json_object_put(p);
        return false;
    }
    props_strf(p, "id", "host%s", nic->info.alias);
    qemu_command_json(b->cmd, "-netdev", p, build_reason(DEV_INTERFACE, i, (gpointer)nic));
    return true;
}

/* --- the guest's end */

static void props_offload(json_object *p, const NicOffload *host, const NicOffload *guest)
{
    props_tri(p, "csum", host->csum);
    props_tri(p, "gso", host->gso);
    props_tri(p, "host_tso4", host->tso4);
    props_tri(p, "host_tso6", host->tso6);
    props_tri(p, "host_ecn", host->ecn);
    props_tri(p, "host_ufo", host->ufo);
    props_tri(p, "mrg_rxbuf", host->mrg_rxbuf);
    props_tri(p, "guest_csum", guest->csum);
    props_tri(p, "guest_tso4", guest->tso4);
    props_tri(p, "guest_tso6", guest->tso6);
    props_tri(p, "guest_ecn", guest->ecn);
    props_tri(p, "guest_ufo", guest->ufo);
}

/* One interrupt for each direction of each queue pair, one for the control queue, one for changes. */
static void props_queues(json_object *p, const Interface *nic)
{
    if (nic->driver.queues < 2)
        return;
    props_bool(p, "mq", true);
    if (nic->info.addr.type != ADDR_CCW)
        props_u64(p, "vectors", 2 * (guint64)nic->driver.queues + 2);
}

static void props_virtio_nic(json_object *p, const Interface *nic)
{
    static const char *const tx[TXMODE__N] = { [TXMODE_IOTHREAD] = "bh", [TXMODE_TIMER] = "timer" };
    props_virtio_options(p, &nic->driver.virtio);
    props_str(p, "tx", tx[nic->driver.txmode]);
    props_tri(p, "ioeventfd", nic->driver.ioeventfd);
    props_tri(p, "event_idx", nic->driver.event_idx);
    props_offload(p, &nic->driver.host, &nic->driver.guest);
    props_queues(p, nic);
    props_u64_opt(p, "rx_queue_size", nic->driver.rx_queue_size);
    props_u64_opt(p, "tx_queue_size", nic->driver.tx_queue_size);
    props_tri(p, "rss", nic->driver.rss);
    props_tri(p, "hash", nic->driver.rss_hash_report);
    props_u64_opt(p, "host_mtu", nic->mtu);
    if (nic->teaming.type == TEAMING_PERSISTENT)
        props_bool(p, "failover", true);
}

static json_object *card_props(const Interface *nic)
{
    VirtioGeneration generation = strcmp(nic->model, "virtio-transitional") == 0 ? VIRTIO_TRANSITIONAL :
                                  strcmp(nic->model, "virtio-non-transitional") == 0 ? VIRTIO_NON_TRANSITIONAL : VIRTIO_DEFAULT;
    bool is_virtio = interface_is_virtio(nic);
    g_autofree char *driver = is_virtio ? virtio_device("virtio-net", &nic->info, generation) : g_strdup(nic->model);
    json_object *p = props_new(driver, nic->info.alias);
    if (is_virtio)
        props_virtio_nic(p, nic);
    props_strf(p, "netdev", "host%s", nic->info.alias);
    props_str(p, "mac", nic->mac.address);
    return p;
}

static json_object *assigned_props(const Interface *nic)
{
    const Address *a = &nic->source.hostdev;
    json_object *p = props_new("vfio-pci", nic->info.alias);
    props_strf(p, "host", "%04x:%02x:%02x.%x", a->pci.domain.v, a->pci.bus.v, a->pci.slot.v, a->pci.function.v);
    if (nic->teaming.type == TEAMING_TRANSIENT)
        props_str(p, "failover_pair_id", nic->teaming.persistent);
    return p;
}

static bool build_card(QemuBuild *b, Interface *nic, guint i, GError **err)
{
    bool assigned = nic->type == NET_HOSTDEV;
    if (!assigned && !build_host(b, nic, i, err))
        return false;
    json_object *p = assigned ? assigned_props(nic) : card_props(nic);
    return build_device(b, p, &nic->info, build_reason(DEV_INTERFACE, i, nic), err);
}

bool build_interfaces(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_INTERFACE, Interface, nic) {
        if (!build_card(b, nic, nic_i, err))
            return false;
    }
    return true;
}
