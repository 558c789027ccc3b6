/* <interface>: a network card of the guest, and what it is connected to on the host. */
#ifndef QV_CONF_INTERFACE_H
#define QV_CONF_INTERFACE_H
#include "conf/chardev.h"
#include "conf/device.h"
#include "conf/virtio.h"

typedef enum {
    NET_NONE, NET_USER, NET_ETHERNET, NET_VHOSTUSER, NET_SERVER, NET_CLIENT, NET_MCAST, NET_NETWORK, NET_BRIDGE, NET_INTERNAL,
    NET_DIRECT, NET_HOSTDEV, NET_UDP, NET_VDPA, NET_NULL, NET_VDS, NET__N
} InterfaceType;
typedef enum { MACVTAP_NONE, MACVTAP_VEPA, MACVTAP_PRIVATE, MACVTAP_BRIDGE, MACVTAP_PASSTHROUGH, MACVTAP__N } MacvtapMode;
typedef enum { VPORT_NONE_GIVEN, VPORT_NONE, VPORT_8021QBG, VPORT_8021QBH, VPORT_OPENVSWITCH, VPORT_MIDONET, VPORT__N } VportType;
typedef enum { NIC_DRIVER_NONE, NIC_QEMU, NIC_VHOST, NIC_VFIO, NIC_KVM, NIC_XEN, NIC_DRIVER__N } NicDriver;
typedef enum { TXMODE_NONE, TXMODE_IOTHREAD, TXMODE_TIMER, TXMODE__N } NicTxmode;
typedef enum { LINK_NONE, LINK_UP, LINK_DOWN, LINK__N } LinkState;
typedef enum { TEAMING_NONE, TEAMING_PERSISTENT, TEAMING_TRANSIENT, TEAMING__N } TeamingType;
typedef enum { NATIVE_NONE, NATIVE_TAGGED, NATIVE_UNTAGGED, NATIVE__N } NativeVlan;

typedef struct { char *family, *address, *peer; OptU32 prefix; } InterfaceIp;
typedef struct { char *family, *address, *netmask, *gateway; OptU32 prefix, metric; } InterfaceRoute;
typedef struct { OptU32 id; NativeVlan native; } VlanTag;
typedef struct { OptU32 start, end, to; Tristate exclude; } ForwardRange;
typedef struct { guint32 proto; char *address, *dev; GPtrArray *ranges; } PortForward;      /* proto 1: tcp, 2: udp; ForwardRange */
typedef enum { NIC_BACKEND_DEFAULT, NIC_BACKEND_PASST, NIC_BACKEND__N } NicBackendType;
typedef struct { char *name, *value; } FilterParameter;
typedef struct { guint64 average, peak, burst, floor; } Rate;      /* KiB/s, burst KiB */
typedef struct { Tristate csum, gso, tso4, tso6, ecn, ufo, mrg_rxbuf; } NicOffload;

typedef struct {
    DeviceInfo info;
    InterfaceType type;
    Tristate managed, trust_filters;
    struct { char *address, *type; Tristate check; } mac;
    struct {
        char *network, *portgroup, *portid;                        /* network; portid: live */
        char *bridge, *dev, *name;                                 /* bridge; direct, vdpa, user; internal */
        MacvtapMode mode;                                          /* direct */
        char *address; OptU32 port;                                /* server, client, mcast, udp */
        char *local_address; OptU32 local_port;
        char *type, *path, *vhost_mode;                            /* vhostuser */
        struct { Tristate enabled; guint32 timeout_s; } reconnect;
        char *switchid, *portgroupid; OptU32 vds_portid, connectionid;
        Address hostdev;                                           /* hostdev: PCI; the bus and device of USB */
        GPtrArray *ips, *routes;                                   /* of the host's end */
    } source;
    struct { Tristate trunk; GPtrArray *tags; } vlan;              /* VlanTag */
    struct { VportType type; bool present; OptU32 managerid, typeid, typeidversion; char *instanceid, *profileid, *interfaceid; } vport;
    struct { Rate in, out; } bandwidth;
    Tristate isolated;
    GPtrArray *ips, *routes;                                       /* of the guest's end */
    GPtrArray *forwards;                                           /* PortForward; user */
    char *script, *downscript, *backend_domain;
    struct { char *dev; Tristate managed; } target;
    struct { char *dev, *actual; } guest;
    char *model;
    struct {
        NicDriver name; NicTxmode txmode; Tristate ioeventfd, event_idx;
        guint32 queues, rx_queue_size, tx_queue_size; Tristate rss, rss_hash_report;
        VirtioOptions virtio; NicOffload host, guest;
    } driver;
    struct { NicBackendType type; char *tap, *vhost, *log_file; } backend;
    struct { char *filter; GPtrArray *parameters; } filter;        /* FilterParameter */
    struct { TeamingType type; char *persistent; } teaming;
    LinkState link;
    OptU32 sndbuf;
    struct { OptU32 max; } coalesce;
    guint32 mtu;
} Interface;

extern const XmElem interface_elem;
/* Parts that networks have too; their rows lie in an Interface (route_elem: InterfaceRoute). */
extern const XmElem vlan_elem, vport_elem, bandwidth_elem, route_elem;
extern const XmEnum interface_type, macvtap_mode, vport_type, nic_driver, link_state;
#endif
