/* Rows of <networkport>: one guest's connection to a network. Also what is kept of it while it lasts. */
#include "config.h"
#include "conf/network.h"

XM_ENUM(plug_type, "type of plug", NULL, "network", "bridge", "direct", "hostdev-pci");
XM_COVERS(plug_type, PLUG__N);
XM_ENUM(plug_mac_table, "manager of the table of addresses", NULL, "kernel", "libvirt");
XM_ENUM(plug_driver, "driver of a function", NULL, "kvm", "vfio");

static const XmRow owner_rows[] = {
    LEAF_STR(PortDef, owner_name, "name"),
    LEAF_UUID(PortDef, owner_uuid, "uuid"),
};
static const XmElem owner_elem = ELEM("owner", PortDef, owner_rows);
static const XmRow mac_rows[] = { A_MAC(PortDef, mac, "address") };
static const XmElem mac_elem = ELEM("mac", PortDef, mac_rows);
static const XmRow filters_rows[] = { A_YESNO(PortDef, trust_filters, "trustGuest") };
static const XmElem filters_elem = ELEM("rxfilters", PortDef, filters_rows);
static const XmRow port_rows[] = { A_YESNO(PortDef, isolated, "isolated") };
static const XmElem port_elem = ELEM("port", PortDef, port_rows);
static const XmRow class_rows[] = { A_OPT(PortDef, class_id, "id") };
static const XmElem class_elem = ELEM("class", PortDef, class_rows);
static const XmRow driver_rows[] = { A_ENUM(PortDef, plug.driver, "name", plug_driver) };
static const XmElem driver_elem = ELEM("driver", PortDef, driver_rows);

static guint plug_variant(gconstpointer obj)
{
    return ((const PortDef *)obj)->plug.type;
}

#define P(x) XM_BIT(PLUG_##x)
static const XmRow plug_rows[] = {
    A_ENUM(PortDef, plug.type, "type", plug_type, .flags = XM_REQUIRED | XM_NONZERO),
    A_STR(PortDef, plug.bridge, "bridge", .when = P(NETWORK) | P(BRIDGE), .flags = XM_REQUIRED),
    A_ENUM(PortDef, plug.mac_table, "macTableManager", plug_mac_table, .when = P(NETWORK) | P(BRIDGE)),
    A_STR(PortDef, plug.dev, "dev", .when = P(DIRECT), .flags = XM_REQUIRED),
    A_ENUM(PortDef, plug.mode, "mode", macvtap_mode, .when = P(DIRECT)),
    A_YESNO(PortDef, plug.managed, "managed", .when = P(HOSTDEV)),
    INLINE("driver", driver_elem, .when = P(HOSTDEV)),
    INLINE_AT(PortDef, plug.address, "address", address_elem, .when = P(HOSTDEV)),
};
static const XmElem plug_elem = ELEM("plug", PortDef, plug_rows, .variant = plug_variant);

static const XmRow port_def_rows[] = {
    LEAF_UUID(PortDef, uuid, "uuid"),
    INLINE("owner", owner_elem, .flags = XM_REQUIRED),
    LEAF_STR(PortDef, group, "group", .flags = XM_EMPTY_ABSENT),
    INLINE("mac", mac_elem, .flags = XM_REQUIRED),
    INLINE_AT(PortDef, settings, "virtualport", vport_elem),
    INLINE_AT(PortDef, settings, "bandwidth", bandwidth_elem),
    INLINE("class", class_elem),
    INLINE_AT(PortDef, settings, "vlan", vlan_elem),
    INLINE("port", port_elem),
    INLINE("rxfilters", filters_elem),
    INLINE("plug", plug_elem, .flags = XM_REQUIRED),
};
const XmElem port_def_elem = ELEM("networkport", PortDef, port_def_rows);
