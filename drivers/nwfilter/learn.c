/* Learning a guest's IPv4 address: from the first frame in which it uses one, or from a DHCP server's answer to it. A packet
 * socket on the device hangs on the I/O loop; DHCP is listened to for as long as the binding lives, since leases change. */
#define G_LOG_DOMAIN "nwfilter"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>
#include "drivers/nwfilter/private.h"
#include "util/file.h"
#include "util/ids.h"
#include "util/link.h"
#include "util/loop.h"

struct NwLearn {
    NwBound *bound;                /* a reference */
    NwLearning how;
    guint8 mac[6];
    guint32 server;                /* the only DHCP server that counts; 0: any. Network order */
    Fd fd;
    LoopWatch *watch;              /* I/O thread */
    bool done;                     /* I/O thread */
};

enum { FRAMES_AT_ONCE = 64, DHCP_MAGIC = 0x63825363, DHCP_ACK = 5, OPTION_PAD = 0, OPTION_TYPE = 53, OPTION_END = 255 };

/* --- frames */

static guint16 be16(const guint8 *p)
{
    return (guint16)(p[0] << 8 | p[1]);
}

/* The address that a server gives to our guest in this answer; 0: none. Network order. */
static guint32 dhcp_address(const NwLearn *l, const guint8 *ip, gsize len)
{
    guint32 address, from;
    gsize head = (ip[0] & 15u) * 4;

    if (len < head + 8 + 240 || ip[9] != IPPROTO_UDP || be16(ip + head) != 67 || be16(ip + head + 2) != 68)
        return 0;
    const guint8 *bootp = ip + head + 8, *end = ip + len;
    memcpy(&from, ip + 12, 4);
    memcpy(&address, bootp + 16, 4);
    if (bootp[0] != 2 || memcmp(bootp + 28, l->mac, 6) || (l->server && from != l->server) ||
        (guint32)be16(bootp + 236) << 16 != (DHCP_MAGIC & 0xffff0000u) || be16(bootp + 238) != (DHCP_MAGIC & 0xffff))
        return 0;
    for (const guint8 *option = bootp + 240; option < end && *option != OPTION_END;) {
        if (*option == OPTION_PAD) {
            option++;
            continue;
        }
        if (end - option < 3 || end - option < 2 + option[1])
            return 0;
        if (option[0] == OPTION_TYPE)
            return option[2] == DHCP_ACK ? address : 0;
        option += 2 + option[1];
    }
    return 0;
}

/* The address of the sender of @frame, as the guest itself writes it. */
static guint32 used_address(const NwLearn *l, const guint8 *frame, gsize len)
{
    guint32 address = 0;

    if (memcmp(frame + 6, l->mac, 6))
        return 0;
    if (be16(frame + 12) == ETHERTYPE_ARP && len >= 14 + 28 && !memcmp(frame + 22, l->mac, 6))
        memcpy(&address, frame + 14 + 14, 4);
    else if (be16(frame + 12) == ETHERTYPE_IP && len >= 14 + 20)
        memcpy(&address, frame + 14 + 12, 4);
    return IN_MULTICAST(ntohl(address)) || address == INADDR_BROADCAST ? 0 : address;
}

static guint32 frame_address(const NwLearn *l, const guint8 *frame, gsize len, bool to_guest)
{
    if (len < 14 + 20)
        return 0;
    if (to_guest)
        return be16(frame + 12) == ETHERTYPE_IP ? dhcp_address(l, frame + 14, len - 14) : 0;
    return l->how == NW_LEARN_ANY ? used_address(l, frame, len) : 0;
}

static void on_frames(guint ready, gpointer user)
{
    NwLearn *l = user;
    guint8 frame[1600];
    struct sockaddr_ll from;
    char text[INET_ADDRSTRLEN];

    for (guint i = 0; !l->done && i < FRAMES_AT_ONCE; i++) {
        socklen_t from_len = sizeof from;
        gssize n = recvfrom(l->fd, frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
        if (n < 0)
            return;
        guint32 address = frame_address(l, frame, (gsize)n, from.sll_pkttype == PACKET_OUTGOING);
        if (!address)
            continue;
        l->done = l->how == NW_LEARN_ANY;
        nw_bound_learned(l->bound, inet_ntop(AF_INET, &address, text, sizeof text));
    }
    if (l->done)
        loop_watch_set(l->watch, 0);
}

/* --- the socket */

/* Only what comes from port 67 of UDP over IPv4 without options wakes us. */
static bool only_dhcp(int fd)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 5),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 3),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 34), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff), BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = { G_N_ELEMENTS(code), code };
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static int open_socket(const char *dev, bool dhcp, GError **err)
{
    Link link;
    struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
    g_auto(Fd) fd = -1;

    if (!link_find(dev, &link, err))
        return -1;
    address.sll_ifindex = link.index;
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || (dhcp && !only_dhcp(fd)) || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        qv_error_errno(err, errno, "cannot listen on '%s' for the guest's address", dev);
        return -1;
    }
    int ret = fd;
    fd = -1;
    return ret;
}

static gboolean attach(gpointer user)
{
    NwLearn *l = user;
    if (!(l->watch = loop_watch(l->fd, LOOP_READ, on_frames, l)))
        g_warning("cannot watch '%s' for the guest's address: %s", l->bound->binding->portdev, g_strerror(errno));
    return G_SOURCE_REMOVE;
}

static gboolean detach(gpointer user)
{
    NwLearn *l = user;
    loop_unwatch(l->watch);
    fd_clear(&l->fd);
    nw_bound_unref(l->bound);
    g_free(l);
    return G_SOURCE_REMOVE;
}

static guint32 server_of(const NwBinding *binding)
{
    guint32 address = 0;
    for (guint i = 0; binding->ref.parameters && i < binding->ref.parameters->len; i++) {
        const FilterParameter *p = binding->ref.parameters->pdata[i];
        if (g_str_equal(p->name, "DHCPSERVER"))
            inet_pton(AF_INET, p->value, &address);
    }
    return address;
}

bool nw_learn_start(NwBound *bound, NwLearning how, GError **err)
{
    int fd = open_socket(bound->binding->portdev, how == NW_LEARN_DHCP, err);

    if (fd < 0)
        return false;
    NwLearn *l = g_new0(NwLearn, 1);
    *l = (NwLearn){ .bound = nw_bound_ref(bound), .how = how, .fd = fd, .server = server_of(bound->binding) };
    mac_parse(bound->binding->mac, l->mac);
    bound->learn = l;
    g_idle_add(attach, l);
    return true;
}

void nw_learn_stop(NwBound *bound)
{
    NwLearn *l = g_steal_pointer(&bound->learn);
    if (l)
        g_idle_add(detach, l);
}
