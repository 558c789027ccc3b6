/* Bandwidth limits of a network device, by queueing disciplines of the kernel (netlink; no tc program).
 *
 * What a device sends is shaped by an htb class; what it receives is redirected to an ifb device and shaped there, since
 * shaping keeps a TCP stream within a few per cent of its limit. A kernel without ifb polices: what is too much is lost,
 * and streams stay some way below (measured: 25 % at 400 kB/s). Rates are bytes a second, sizes bytes. Threads as util/netlink.h. */
#ifndef QV_UTIL_QDISC_H
#define QV_UTIL_QDISC_H
#include "util/error.h"

typedef struct { guint64 average, peak, burst; } QdiscRate;      /* average 0: no limit; peak, burst 0: a default */

/* Replaces the limit of what @dev sends. */
bool qdisc_limit_sent(const char *dev, const QdiscRate *rate, GError **err);
/* Replaces the limit of what @dev receives. @ifb: the name of the device that is made where one is needed. */
bool qdisc_limit_received(const char *dev, const char *ifb, const QdiscRate *rate, GError **err);
/* Removes both; success when there is nothing, or no @dev. */
bool qdisc_clear(const char *dev, const char *ifb, GError **err);

/* --- a bridge whose guests share its bandwidth with guaranteed parts */

/* Limits what the bridge @dev sends to its guests: the root of the shares. */
bool qdisc_share_begin(const char *dev, const QdiscRate *rate, GError **err);
/* Guarantees @floor, up to @ceil, to frames for @mac; @id: 3 to 4095, of one share. Removing one that is not there
 * succeeds. */
bool qdisc_share_add(const char *dev, guint id, const guint8 mac[6], guint64 floor, guint64 ceil, GError **err);
bool qdisc_share_remove(const char *dev, guint id, GError **err);
/* What is left for those without a guarantee: the default class. */
bool qdisc_share_rest(const char *dev, guint64 rate, guint64 ceil, GError **err);
#endif
