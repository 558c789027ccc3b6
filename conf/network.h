/* <network>: a virtual network: how its guests reach each other, the host and the world, and who they are told to be. */
#ifndef QV_CONF_NETWORK_H
#define QV_CONF_NETWORK_H
#include "conf/interface.h"

typedef enum {
    FORWARD_NONE, FORWARD_NAT, FORWARD_ROUTE, FORWARD_OPEN, FORWARD_BRIDGE, FORWARD_PRIVATE, FORWARD_VEPA, FORWARD_PASSTHROUGH,
    FORWARD_HOSTDEV, FORWARD__N
} ForwardMode;
typedef enum { MACTABLE_NONE, MACTABLE_KERNEL, MACTABLE_LIBVIRT, MACTABLE__N } MacTableManager;
typedef enum { LEASE_UNIT_NONE, LEASE_SECONDS, LEASE_MINUTES, LEASE_HOURS, LEASE_UNIT__N } LeaseUnit;
typedef enum { POOL_DRIVER_NONE, POOL_DRIVER_KVM, POOL_DRIVER_VFIO, POOL_DRIVER__N } PoolDriver;

typedef struct { OptU32 expiry; LeaseUnit unit; } Lease;            /* 0: for ever */
typedef struct { char *start, *end; Lease lease; } DhcpRange;
typedef struct { char *id, *mac, *name, *ip; Lease lease; } DhcpHost;
typedef struct {
    char *family, *address, *netmask;
    OptU32 prefix;
    Tristate local_ptr;
    char *tftp_root;
    GPtrArray *ranges, *hosts;                                      /* DhcpRange, DhcpHost */
    struct { char *file, *server; } bootp;
} NetworkIp;

typedef struct { char *domain, *address; } DnsForwarder;
typedef struct { char *name, *value; } DnsTxt;
typedef struct { char *service, *protocol, *domain, *target; OptU32 port, priority, weight; } DnsSrv;
typedef struct { char *name; } DnsHostname;
typedef struct { char *ip; GPtrArray *names; } DnsHost;             /* DnsHostname */

typedef struct { char *dev; guint32 connections; } PoolDevice;      /* connections: live */
typedef struct { Address address; guint32 connections; } PoolAddress;
typedef struct { char *name; Tristate is_default, trust_filters; Interface settings; } PortGroup;
typedef struct { char *value; } DnsmasqOption;
typedef struct { char *start, *end; } AddressRange;
typedef struct { guint32 start, end; } PortRange;
typedef struct { Tristate ipv6; GPtrArray *addresses, *ports; } Nat;   /* at most one AddressRange, PortRange */

typedef struct {
    char *name, *uuid;
    guint32 connections;                                            /* live */
    Tristate ipv6, trust_filters;
    xmlNode *metadata;
    struct {
        ForwardMode mode;
        char *dev;
        Tristate managed;
        GPtrArray *nats;                                            /* at most one Nat */
        GPtrArray *pfs, *interfaces, *addresses;                    /* PoolDevice; PoolAddress */
        PoolDriver driver;
    } forward;
    struct { char *name, *zone; Tristate stp; OptU32 delay; MacTableManager mac_table; } bridge;
    guint32 mtu;
    char *mac;
    struct { char *name; Tristate local_only; } domain;
    struct {
        Tristate enable, plain_names;
        GPtrArray *forwarders, *txts, *srvs, *hosts;
    } dns;
    Interface settings;                                             /* of every port: vlan, vport, bandwidth only */
    Tristate isolated;
    GPtrArray *ips, *routes, *portgroups;                           /* NetworkIp, InterfaceRoute, PortGroup */
    GPtrArray *dnsmasq;                                             /* DnsmasqOption */
} NetworkDef;

extern const XmElem network_elem, dhcp_range_elem, dhcp_host_elem, dns_host_elem, dns_txt_elem, dns_srv_elem, portgroup_elem,
    pool_device_elem;
extern const XmEnum forward_mode;

/* Reads and checks a definition; QV_ERR_XML*, QV_ERR_CONFIG_UNSUPPORTED. @flags: XmParseFlags. Gives. */
NetworkDef *network_def_parse(const char *text, gsize len, const char *file, guint flags, GError **err);
/* The rules that no single element knows (network_rules.c). network_def_parse applies them. */
bool network_def_check(const NetworkDef *net, GError **err);
char *network_def_format(const NetworkDef *net, guint flags);              /* gives */
NetworkDef *network_def_copy(const NetworkDef *net);                          /* gives */
void network_def_free(NetworkDef *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkDef, network_def_free)

/* A bridge of our own, with addresses and services: isolated, nat, route, open. */
bool network_has_bridge(const NetworkDef *net);
bool network_ip_is_v6(const NetworkIp *ip);
/* Prefix from prefix, netmask or class; address and netmask are known to be right (network_def_check). */
guint network_ip_prefix(const NetworkIp *ip);
guint network_route_prefix(const InterfaceRoute *route);
PortGroup *network_portgroup(const NetworkDef *net, const char *name);  /* NULL: the default one. Borrowed; NULL: there is none */

/* --- <networkport>: one guest's connection to a network */
typedef enum { PLUG_NONE, PLUG_NETWORK, PLUG_BRIDGE, PLUG_DIRECT, PLUG_HOSTDEV, PLUG__N } PlugType;
typedef struct {
    char *uuid, *owner_name, *owner_uuid, *group, *mac;
    Tristate trust_filters, isolated;
    OptU32 class_id;                                                /* of a guaranteed rate, on the bridge; ours */
    Interface settings;
    struct { PlugType type; char *bridge, *dev; MacvtapMode mode; MacTableManager mac_table; Tristate managed; Address address; PoolDriver driver; } plug;
} PortDef;
extern const XmElem port_def_elem;
#endif
