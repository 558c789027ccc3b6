#include "util/netlink.h"
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

NetlinkMsg *netlink_msg(int type, int flags)
{
    NetlinkMsg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);
    g_assert(msg);
    return msg;
}

NetlinkMsg *netlink_link_msg(int type, int flags, const char *name)
{
    NetlinkMsg *msg = netlink_msg(type, flags);
    struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
    nlmsg_append(msg, &head, sizeof head, NLMSG_ALIGNTO);
    if (name)
        nla_put_string(msg, IFLA_IFNAME, name);
    return msg;
}

typedef struct {
    NetlinkAnswer on_answer;
    gpointer user;
    int failed;
    bool ended;
    char *words;
} Call;

/* After the code of an error comes the request's head (or the whole request), and then, where asked for, attributes. */
static char *words_of(struct nlmsghdr *head, const struct nlmsgerr *error)
{
    gsize skip = sizeof *error;
    if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
        return NULL;
    if (!(head->nlmsg_flags & NLM_F_CAPPED))
        skip += error->msg.nlmsg_len - sizeof error->msg;
    struct nlattr *first = (struct nlattr *)((char *)nlmsg_data(head) + NLMSG_ALIGN(skip));
    struct nlattr *text = nla_find(first, nlmsg_datalen(head) - (int)NLMSG_ALIGN(skip), NLMSGERR_ATTR_MSG);
    return text ? g_strdup(nla_get_string(text)) : NULL;
}

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *error, void *user)
{
    Call *call = user;
    call->failed = -error->error;
    call->words = words_of((struct nlmsghdr *)((char *)error - NLMSG_HDRLEN), error);
    call->ended = true;
    return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *user)
{
    Call *call = user;
    if (call->on_answer)
        call->on_answer(nlmsg_hdr(msg), call->user);
    return NL_OK;
}

static int on_end(struct nl_msg *msg, void *user)
{
    ((Call *)user)->ended = true;
    return NL_STOP;
}

/* The words of refusals; kernels before 4.12 have none. */
static void ask_for_words(struct nl_sock *sock)
{
    int on = 1;
    setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

static int exchange(struct nl_sock *sock, NetlinkMsg *msg, Call *call)
{
    struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
    int status = nl_send_auto(sock, msg);

    nl_cb_err(cb, NL_CB_CUSTOM, on_error, call);
    nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, call);
    nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, call);
    nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, call);
    while (status >= 0 && !call->ended)
        status = nl_recvmsgs(sock, cb);
    nl_cb_put(cb);
    return call->failed ? call->failed : status < 0 ? EIO : 0;
}

int netlink_call(NetlinkMsg *msg, NetlinkAnswer on_answer, gpointer user, char **ret_words)
{
    Call call = { .on_answer = on_answer, .user = user };
    struct nl_sock *sock = nl_socket_alloc();
    int failed = nl_connect(sock, NETLINK_ROUTE) < 0 ? errno : 0;

    if (!failed) {
        ask_for_words(sock);
        failed = exchange(sock, msg, &call);
    }
    nl_socket_free(sock);
    if (failed && ret_words)
        *ret_words = g_steal_pointer(&call.words);
    g_free(call.words);
    return failed;
}

bool netlink_do(NetlinkMsg *msg, GError **err, const char *what, ...)
{
    g_autofree char *words = NULL, *subject = NULL;
    int failed = netlink_call(msg, NULL, NULL, &words);
    va_list args;

    if (!failed)
        return true;
    va_start(args, what);
    subject = g_strdup_vprintf(what, args);
    va_end(args);
    qv_error_errno(err, failed, "%s", subject);
    if (words && err && *err) {
        g_autofree char *old = (*err)->message;
        (*err)->message = g_strdup_printf("%s (%s)", old, words);
    }
    return false;
}
