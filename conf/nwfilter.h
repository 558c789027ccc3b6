/* <filter>: rules for the traffic of guests' interfaces, and <filterbinding>: a filter on one device of the host.
 *
 * A rule names at most one protocol, whose attributes are values or variables ($NAME, $NAME[n], $NAME[@iterator]),
 * kept as canonical text. What they mean in packets is the driver's business. Pure: text in, model out, text out. */
#ifndef QV_CONF_NWFILTER_H
#define QV_CONF_NWFILTER_H
#include "conf/interface.h"
#include "conf/xm.h"

typedef enum { NW_ACTION_NONE, NW_DROP, NW_ACCEPT, NW_REJECT, NW_RETURN, NW_CONTINUE, NW_ACTION__N } NwAction;
typedef enum { NW_DIRECTION_NONE, NW_IN, NW_OUT, NW_INOUT, NW_DIRECTION__N } NwDirection;    /* as the guest sees it */
typedef enum { NW_MATCH_ABSENT, NW_MATCH_YES, NW_MATCH_NO, NW_MATCH__N } NwMatching;

typedef enum {
    NW_MAC, NW_VLAN, NW_STP, NW_ARP, NW_RARP, NW_IP, NW_IPV6,                       /* frames */
    NW_TCP, NW_UDP, NW_UDPLITE, NW_SCTP, NW_ICMP, NW_IGMP, NW_ESP, NW_AH, NW_ALL,   /* connections of IPv4 */
    NW_TCP6, NW_UDP6, NW_UDPLITE6, NW_SCTP6, NW_ICMPV6, NW_ESP6, NW_AH6, NW_ALL6,   /* and of IPv6 */
    NW_PROTOCOL__N
} NwProtocol;

typedef enum {
    NWF_SRCMAC, NWF_SRCMACMASK, NWF_DSTMAC, NWF_DSTMACMASK, NWF_PROTOCOLID, NWF_VLANID, NWF_ENCAP,
    NWF_STP_TYPE, NWF_STP_FLAGS, NWF_ROOT_PRI, NWF_ROOT_PRI_HI, NWF_ROOT_ADDR, NWF_ROOT_ADDR_MASK, NWF_ROOT_COST,
    NWF_ROOT_COST_HI, NWF_SENDER_PRI, NWF_SENDER_PRI_HI, NWF_SENDER_ADDR, NWF_SENDER_ADDR_MASK, NWF_PORT, NWF_PORT_HI,
    NWF_AGE, NWF_AGE_HI, NWF_MAX_AGE, NWF_MAX_AGE_HI, NWF_HELLO, NWF_HELLO_HI, NWF_DELAY, NWF_DELAY_HI,
    NWF_HWTYPE, NWF_PROTOCOLTYPE, NWF_OPCODE, NWF_ARPSRCMAC, NWF_ARPDSTMAC, NWF_ARPSRCIP, NWF_ARPSRCIPMASK,
    NWF_ARPDSTIP, NWF_ARPDSTIPMASK, NWF_GRATUITOUS,
    NWF_SRCIP, NWF_SRCIPMASK, NWF_DSTIP, NWF_DSTIPMASK, NWF_SRCIPFROM, NWF_SRCIPTO, NWF_DSTIPFROM, NWF_DSTIPTO,
    NWF_PROTOCOL, NWF_SRCPORT, NWF_SRCPORTEND, NWF_DSTPORT, NWF_DSTPORTEND, NWF_DSCP,
    NWF_TYPE, NWF_TYPEEND, NWF_CODE, NWF_CODEEND, NWF_CONNLIMIT, NWF_STATE, NWF_IPSET, NWF_IPSETFLAGS, NWF_OPTION, NWF_FLAGS,
    NWF_COMMENT, NWF__N
} NwField;

typedef struct { NwMatching match; char *v[NWF__N]; } NwMatch;
typedef struct {
    NwAction action;
    NwDirection direction;
    OptI32 priority;                /* set after parsing; smaller ones come first */
    bool stateless;                 /* statematch='false' */
    char *statematch;
    NwMatch *match[NW_PROTOCOL__N]; /* at most one */
} NwRule;
typedef struct { char *filter; GPtrArray *parameters; } NwRef;      /* FilterParameter, by name */

typedef struct {
    gint refs;
    char *name, *chain, *uuid;
    OptI32 priority;                /* of the chain; set after parsing but for 'root' */
    GPtrArray *rules, *nested;      /* NwRule, NwRef */
    char *order;                    /* 'r' and 'f', as the two alternate */
} NwFilter;

/* Complete: name, UUID (made up when there is none), chain and priorities are there. Gives a reference. */
NwFilter *nwfilter_parse(const char *xml, guint flags, GError **err);
char *nwfilter_format(const NwFilter *filter);                        /* gives */
NwFilter *nwfilter_ref(NwFilter *filter);
void nwfilter_unref(NwFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwFilter, nwfilter_unref)
/* Which protocol a rule names; NW_PROTOCOL__N: none, it fits every frame. */
NwProtocol nwrule_protocol(const NwRule *rule);
/* A number as values write it: 16, 0x10. */
bool nw_number(const char *text, guint64 *ret);
/* The number behind a name that a field takes ("arp", "tcp", "Request"); -1: it has none. */
int nw_named_number(NwField field, const char *text);
const char *nw_protocol_name(NwProtocol protocol);
/* @text, which came from a parameter, as the field of that protocol writes it; NULL when it is no such value. Gives. */
char *nw_field_value(NwProtocol protocol, NwField field, const char *text, GError **err);

typedef struct {
    struct { char *name, *uuid; } owner;
    char *portdev, *linkdev, *mac;
    NwRef ref;
} NwBinding;
NwBinding *nwbinding_parse(const char *xml, guint flags, GError **err);
char *nwbinding_format(const NwBinding *binding);
void nwbinding_free(NwBinding *binding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwBinding, nwbinding_free)

/* $NAME, $NAME[@iterator] or $NAME[index]. */
typedef struct { char name[64]; bool indexed; guint number; } NwVariable;    /* number: iterator, or index */
bool nw_variable(const char *text, NwVariable *ret);
extern const XmElem nwfilter_elem, nwbinding_elem;
#endif
