/* Requests to the kernel's route netlink, over libnl3: a message is built, sent and waited for.
 *
 *   g_autoptr(NetlinkMsg) msg = netlink_link_msg(RTM_SETLINK, 0, "vnet0");
 *   nla_put_u32(msg, IFLA_MTU, 9000);
 *   int failed = netlink_call(msg, NULL, NULL, &words);      // 0, or an errno value
 *
 * Each call has a socket of its own: any thread, no state. The kernel answers at once unless somebody holds its lock of
 * network devices (milliseconds): for workers, and short reads on the I/O thread. */
#ifndef QV_UTIL_NETLINK_H
#define QV_UTIL_NETLINK_H
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include "util/error.h"

typedef struct nl_msg NetlinkMsg;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetlinkMsg, nlmsg_free)

/* An empty request (RTM_...; NLM_F_... beside NLM_F_REQUEST). Gives. */
NetlinkMsg *netlink_msg(int type, int flags);
/* The same with the head of a link's request, which names the device @name (NULL: none). */
NetlinkMsg *netlink_link_msg(int type, int flags, const char *name);
/* Sends @msg; @on_answer (may be NULL) gets each message of the answer. 0, or the errno value of the refusal, then with
 * the kernel's own words in @ret_words when it has some (may be NULL; gives). */
typedef void (*NetlinkAnswer)(struct nlmsghdr *answer, gpointer user);
int netlink_call(NetlinkMsg *msg, NetlinkAnswer on_answer, gpointer user, char **ret_words);
/* The same, told as "WHAT: words". */
bool netlink_do(NetlinkMsg *msg, GError **err, const char *what, ...) G_GNUC_PRINTF(3, 4);
#endif
