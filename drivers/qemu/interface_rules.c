/* What a network card must not be. One rule a function: NULL, or why not. */
#include "config.h"
#include <arpa/inet.h>
#include <string.h>
#include "drivers/qemu/interface_define.h"
#include "util/ids.h"

typedef const char *(*Rule)(const Interface *nic);

static const char *rule_mac(const Interface *nic)
{
    guint8 mac[6];
    if (mac_parse(nic->mac.address, mac) && mac_is_multicast(mac))
        return "a card's MAC address is unicast; this one is multicast";
    if (nic->mac.type && strcmp(nic->mac.type, "generated") != 0 && strcmp(nic->mac.type, "static") != 0)
        return "<mac type> is 'generated' or 'static'";
    return NULL;
}

static const char *rule_model(const Interface *nic)
{
    static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (nic->model && nic->model[strspn(nic->model, ok)])
        return "the model's name contains invalid characters";
    if (nic->type == NET_VHOSTUSER && !interface_is_virtio(nic))
        return "type='vhostuser' requires a virtio <model>";
    return NULL;
}

static const char *rule_driver(const Interface *nic)
{
    const VirtioOptions *o = &nic->driver.virtio;
    if (!interface_is_virtio(nic) && (o->iommu || o->ats || o->packed || o->page_per_vq))
        return "<driver iommu, ats, packed, page_per_vq> is only supported for virtio devices";
    if (nic->type != NET_HOSTDEV && nic->driver.name > NIC_VHOST)
        return "<driver name> is 'qemu' or 'vhost' here";
    if (nic->type == NET_HOSTDEV && nic->driver.name && nic->driver.name < NIC_VFIO)
        return "<driver name> of an assigned card is 'vfio'";
    if (nic->driver.rx_queue_size & (nic->driver.rx_queue_size - 1))
        return "rx_queue_size has to be a power of two";
    if (nic->driver.tx_queue_size & (nic->driver.tx_queue_size - 1))
        return "tx_queue_size has to be a power of two";
    return NULL;
}

/* --- addresses of the guest's end: only QEMU's own network can be told them */

static const char *check_ip(const InterfaceIp *ip, guint seen[2])
{
    guint8 raw[16];
    bool v6 = ip->family && strcmp(ip->family, "ipv6") == 0;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, ip->address, raw) != 1)
        return "an <ip address> is not valid in its family";
    if (ip->peer)
        return "a peer address of the guest's end is not supported";
    if (seen[v6]++)
        return v6 ? "only one IPv6 address per interface is allowed" : "only one IPv4 address per interface is allowed";
    if (!v6 && ip->prefix.set && ip->prefix.v && (ip->prefix.v < 4 || ip->prefix.v > 27))
        return "the prefix of an IPv4 address must be 4 to 27";
    if (v6 && ip->prefix.set && ip->prefix.v && ip->prefix.v != 64)
        return "the prefix of an IPv6 address must be 64";
    return NULL;
}

static const char *rule_ip(const Interface *nic)
{
    guint n_ips = nic->ips ? nic->ips->len : 0, seen[2] = { 0 };
    const char *why = NULL;
    if (nic->routes && nic->routes->len)
        return "a <route> of the guest's end is not supported by QEMU";
    if (n_ips && nic->type != NET_USER && nic->type != NET_VDPA)
        return "an <ip> of the guest's end is not supported by QEMU for this type";
    for (guint i = 0; i < n_ips && !why; i++)
        why = check_ip(nic->ips->pdata[i], seen);
    return why;
}

/* --- the host's end */

#define BIT(x) (1u << NET_##x)

static const char *rule_host(const Interface *nic)
{
    guint type = 1u << nic->type;
    if (nic->mtu && !(type & (BIT(NETWORK) | BIT(BRIDGE) | BIT(ETHERNET) | BIT(VHOSTUSER))))
        return "setting <mtu> is not supported for this type";
    if (nic->coalesce.max.set && !(type & (BIT(NETWORK) | BIT(BRIDGE))))
        return "<coalesce> is not supported for this type";
    if (nic->isolated && !(type & (BIT(NETWORK) | BIT(BRIDGE))))
        return "<port isolated> is not supported for this type";
    if (nic->vport.present && !(type & (BIT(NETWORK) | BIT(BRIDGE) | BIT(DIRECT) | BIT(HOSTDEV))))
        return "<virtualport> is not supported for this type";
    if (nic->bandwidth.in.floor && nic->type != NET_NETWORK)
        return "<inbound floor> needs a network that shares its bandwidth";
    return NULL;
}

static const char *rule_passt(const Interface *nic)
{
    bool passt = nic->type == NET_USER && nic->backend.type == NIC_BACKEND_PASST;
    g_autofree char *program = passt ? g_find_program_in_path("passt") : NULL;
    if (passt && !program)
        return "<backend type='passt'> needs the program passt, which this host does not have; install it, or remove <backend>";
    if (nic->forwards && nic->forwards->len && !passt)
        return "<portForward> needs an interface of type='user' with <backend type='passt'>";
    if (nic->backend.log_file && !passt)
        return "<backend logFile> needs an interface of type='user' with <backend type='passt'>";
    if (nic->backend.type == NIC_BACKEND_PASST && nic->type != NET_USER)
        return "<backend type='passt'> needs an interface of type='user'";
    if (nic->type == NET_USER && nic->source.dev && !passt)
        return "<source dev> of an interface of type='user' needs <backend type='passt'>";
    return NULL;
}

static const char *rule_host_ip(const Interface *nic)
{
    guint8 raw[16];
    for (guint i = 0; nic->source.ips && i < nic->source.ips->len; i++) {
        const InterfaceIp *ip = nic->source.ips->pdata[i];
        bool v6 = g_strcmp0(ip->family, "ipv6") == 0;
        if (inet_pton(v6 ? AF_INET6 : AF_INET, ip->address, raw) != 1)
            return "an <ip address> of <source> is not valid in its family";
    }
    return NULL;
}

static const char *rule_teaming(const Interface *nic)
{
    if (nic->teaming.type == TEAMING_PERSISTENT && g_strcmp0(nic->model, "virtio") != 0)
        return "a <teaming type='persistent'> interface must be <model type='virtio'/>";
    if (nic->teaming.type == TEAMING_TRANSIENT && nic->type != NET_HOSTDEV && nic->type != NET_NETWORK)
        return "a <teaming type='transient'> interface must be type='hostdev'";
    return NULL;
}

static const Rule rules[] = { rule_mac, rule_model, rule_driver, rule_ip, rule_host, rule_host_ip, rule_passt, rule_teaming };

bool interface_check(const Interface *nic, GError **err)
{
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        const char *why = rules[i](nic);
        if (!why)
            continue;
        g_set_error_literal(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, why);
        return false;
    }
    return true;
}
