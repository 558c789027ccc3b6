/* Types of the values in filter rules. Each keeps canonical text, or a variable as it is written. Private to conf/. */
#ifndef QV_CONF_NWFILTER_TYPES_H
#define QV_CONF_NWFILTER_TYPES_H
#include "conf/nwfilter.h"

extern const XmType nw_mac, nw_ipv4, nw_ipv6, nw_ipv4_mask, nw_ipv6_mask,
                    nw_num,                     /* decimal or 0x..., row.max */
                    nw_ether_type, nw_ip_protocol, nw_arp_opcode, nw_boolean, nw_state, nw_tcp_flags, nw_ipset, nw_ipset_flags;
#endif
