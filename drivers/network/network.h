/* The network driver's public face: virtual networks (bridge, NAT, DHCP and DNS), for the daemon's glue, and the ports
 * that guests' interfaces take of them, for the QEMU driver.
 *
 * Threads: ports are taken and given back on workers (start steps and undo); all else says its thread. */
#ifndef QV_NETWORK_NETWORK_H
#define QV_NETWORK_NETWORK_H
#include "conf/interface.h"
#include "util/error.h"

/* What an interface of type 'network' becomes on the host. */
typedef enum {
    NETWORK_PORT_BRIDGE,          /* a tap on @bridge: nat, route, open, isolated, and forward mode bridge */
    NETWORK_PORT_DIRECT,          /* a macvtap on @dev in @mode: vepa, private, passthrough, bridge with an interface pool */
    NETWORK_PORT_HOSTDEV,         /* a PCI function of the pool: @hostdev */
} NetworkPortKind;

typedef struct {
    char *id;                     /* UUID text; names the port from now on */
    NetworkPortKind kind;
    char *bridge, *dev;
    MacvtapMode mode;
    Address hostdev;
    guint32 mtu;                  /* 0: the kernel's */
    bool isolated;
    bool mac_table;               /* macTableManager='libvirt': learning and flooding off, MACs put in by hand */
    Interface settings;           /* of network and portgroup: only vlan, vport, bandwidth; where the interface has its own, those win */
} NetworkPort;
void network_port_free(NetworkPort *port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkPort, network_port_free)

/* Takes a port of the active network @interface->source.network (QV_ERR_NO_NETWORK, or OPERATION_INVALID when it is not
 * active) for the domain named @domain. The network stays in use by it until it is released. @id: a UUID text that the
 * caller chose and pushed its undo for. Worker. */
NetworkPort *network_port_take(const Interface *interface, const char *domain, const guint8 domain_uuid[16], const char *id, GError **err);
/* Gives the port back; success when it is not there. Worker. */
bool network_port_release(const char *network, const char *id, GError **err);
#endif
