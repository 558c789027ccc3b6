/* Network devices of the host ("links"): what they are, and changes to them. By name; libnl3, no ip or bridge program.
 *
 *   LinkChange change = { .mac = mac, .mtu = 1500, .bridge = "br0", .state = LINK_STATE_UP };
 *   link_change("vnet0", &change, &err)
 *
 * Errors: QV_ERR_SYSTEM with the kernel's words and the device's name. Threads as util/netlink.h. */
#ifndef QV_UTIL_LINK_H
#define QV_UTIL_LINK_H
#include "util/error.h"

enum { LINK_NAME_MAX = 15 };
/* Whether the kernel could call a device so. */
bool link_name_ok(const char *name);

typedef struct LinkCounters { guint64 rx_bytes, rx_packets, rx_errors, rx_dropped, tx_bytes, tx_packets, tx_errors, tx_dropped; } LinkCounters;
typedef struct {
    int index, lower, master;      /* 0: none; @lower: what a macvtap or VLAN sits on */
    guint32 mtu;
    guint8 mac[6];
    bool up;                       /* administratively */
    char kind[16];                 /* "bridge", "tun", "macvtap", "veth" ...; "" for hardware */
    LinkCounters counters;         /* as the host sees it: what a tap receives is what its guest sends */
} Link;
bool link_find(const char *name, Link *ret, GError **err);
bool link_exists(const char *name);
/* Counters of the interface @name: for domain statistics. The guest's rx is a tap's tx. */
bool interface_stats(const char *name, LinkCounters *ret, GError **err);

typedef enum { LINK_STATE_SAME, LINK_STATE_UP, LINK_STATE_DOWN } LinkAdmin;
/* What shall change, in one request: all of it or nothing of it. Zeroes: as it is. */
typedef struct {
    const guint8 *mac;
    guint32 mtu;
    const char *bridge;            /* becomes a port of it */
    LinkAdmin state;
} LinkChange;
bool link_change(const char *name, const LinkChange *change, GError **err);
/* Leaves its bridge; success when it is in none, or gone. */
bool link_leave_bridge(const char *name, GError **err);
/* A new device of @kind ("bridge", "ifb" ...), down. QV_ERR_SYSTEM (EEXIST) when the name is taken. */
bool link_create(const char *name, const char *kind, GError **err);
/* Removes the device; success when there is none. */
bool link_delete(const char *name, GError **err);

/* --- ports of a Linux bridge */
typedef enum { PORT_SAME, PORT_ON, PORT_OFF } PortSwitch;
typedef struct { PortSwitch isolated, learning, flood; } LinkPort;
bool link_set_port(const char *name, const LinkPort *port, GError **err);
/* Whether the bridge @name tells VLANs apart (vlan_filtering). */
bool link_bridge_filters_vlans(const char *name);
/* The port's VLANs replace what it has: @native (0: none) is what untagged frames belong to, sent without a tag when
 * @native_untagged; @tags are let through tagged. */
bool link_set_port_vlans(const char *name, const guint16 *tags, guint n_tags, guint16 native, bool native_untagged, GError **err);
/* An entry of the bridge's table of addresses, for ports that do not learn. Removing one that is not there succeeds. */
bool link_fdb_add(const char *port, const guint8 mac[6], GError **err);
bool link_fdb_remove(const char *port, const guint8 mac[6], GError **err);

/* --- the host's neighbours: @fn for each entry with a known address, of both IP families. @ip: text. */
typedef void (*LinkNeighbour)(const guint8 mac[6], bool v6, const char *ip, gpointer user);
bool link_neighbours(LinkNeighbour fn, gpointer user, GError **err);

/* --- addresses and routes of the host's end. @address, @gateway, @destination: text of one family. */
bool link_add_address(const char *name, const char *address, const char *peer, guint prefix, GError **err);
bool link_add_route(const char *name, const char *destination, guint prefix, const char *gateway, guint32 metric, GError **err);
#endif
