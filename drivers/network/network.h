/* The network driver's public face: virtual networks (bridge, NAT, DHCP and DNS), for the daemon's glue, and the ports
 * that guests' interfaces take of them, for the QEMU driver.
 *
 * Networks belong to the I/O thread: reads answer at once. What waits (files, the kernel, dnsmasq) is a job: one at a
 * time, in order, on a thread of the driver's own; its end is told on the I/O thread. Definitions lie in LIB/network, what
 * is active in RUN/network, with a journal for each network of what it took from the host.
 * Threads: ports are taken and given back on workers (start steps and undo); all else is for the I/O thread. */
#ifndef QV_NETWORK_NETWORK_H
#define QV_NETWORK_NETWORK_H
#include "conf/network.h"
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

/* --- the driver */
typedef struct NetworkDriver NetworkDriver;
typedef struct {
    gint refs;
    NetworkDriver *driver;
    NetworkDef *def, *stored;      /* what is in force; what is defined (NULL: transient). Alike unless it was redefined while active */
    guint8 uuid[16];
    bool active, persistent, autostart;
    struct NetworkServer *server;  /* its dnsmasq; NULL: none */
} Network;
typedef struct {
    const char *lib_dir, *run_dir;
    bool with_default;             /* make the network 'default' where there is no LIB/network yet */
    bool autostart_default;
} NetworkDriverConfig;

/* Blocks: before clients are served. Gives back what journals of unfinished starts list, adopts what is active. */
NetworkDriver *network_driver_new(const NetworkDriverConfig *config, GError **err);
/* Starts what is marked; @ready when that is done, well or badly: guests that use them may start now. */
void network_driver_autostart(NetworkDriver *driver, void (*ready)(gpointer user), gpointer user);
/* Networks stay as they are. */
void network_driver_free(NetworkDriver *driver);

/* Borrowed: for this turn of the loop. NULL with QV_ERR_NO_NETWORK. */
const GPtrArray *networks(const NetworkDriver *driver);
Network *network_by_name(const NetworkDriver *driver, const char *name, GError **err);
Network *network_by_uuid(const NetworkDriver *driver, const guint8 uuid[16], GError **err);
/* Gives. */
char *network_xml(const Network *net, bool inactive);
/* Its ports, as PortDef; the caller frees the array. */
GPtrArray *network_ports(const Network *net);

typedef struct { gint64 expiry; bool v6; char *mac, *iaid, *ip, *hostname, *client_id; guint prefix; } NetworkLease;
void network_lease_free(NetworkLease *lease);
/* Addresses that are given now (NetworkLease), of the card @mac alone when it is not NULL. Reads a small file of a tmpfs. */
GPtrArray *network_leases(const Network *net, const char *mac, GError **err);

/* --- events: virNetworkEventLifecycleType */
typedef enum { NETWORK_DEFINED, NETWORK_UNDEFINED, NETWORK_STARTED, NETWORK_STOPPED } NetworkEvent;
typedef void (*NetworkEventFn)(const Network *net, NetworkEvent event, gpointer user);
void network_driver_on_event(NetworkDriver *driver, NetworkEventFn fn, gpointer user);

/* --- changing: @net is what came of it, NULL with @err */
typedef void (*NetworkDone)(Network *net, const GError *err, gpointer user);
typedef enum {
    NETWORK_DEFINE,                /* @text: XML; @flags 1: validated strictly */
    NETWORK_CREATE,                /* @text: XML of a transient one; active then */
    NETWORK_START, NETWORK_STOP, NETWORK_UNDEFINE, NETWORK_AUTOSTART, NETWORK_NO_AUTOSTART,
    NETWORK_UPDATE,                /* @update */
    NETWORK_SERVE,                 /* its dnsmasq anew: it died, or reads other files now */
} NetworkOp;
/* virNetworkUpdate's numbers */
typedef struct { guint command, section, flags; int parent; const char *xml; } NetworkUpdate;
typedef struct { NetworkOp op; Network *net; const char *text; guint flags; const NetworkUpdate *update; } NetworkRequest;
void network_request(NetworkDriver *driver, const NetworkRequest *request, NetworkDone done, gpointer user);
#endif
