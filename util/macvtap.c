#include "util/macvtap.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "util/file.h"
#include "util/link.h"
#include "util/netlink.h"

bool macvtap_create(const char *name, const char *lower, MacvtapKind kind, const guint8 mac[6], int *ret_failed, GError **err)
{
    g_autofree char *words = NULL;
    g_autoptr(NetlinkMsg) msg = netlink_link_msg(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, name);
    Link below;

    if (ret_failed)
        *ret_failed = ENODEV;
    if (!link_find(lower, &below, err))
        return false;
    nla_put_u32(msg, IFLA_LINK, (guint32)below.index);
    nla_put(msg, IFLA_ADDRESS, 6, mac);
    struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);
    nla_put_string(msg, IFLA_INFO_KIND, "macvtap");
    struct nlattr *data = nla_nest_start(msg, IFLA_INFO_DATA);
    nla_put_u32(msg, IFLA_MACVLAN_MODE, kind);
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
    int failed = netlink_call(msg, NULL, NULL, &words);
    if (ret_failed)
        *ret_failed = failed;
    if (failed)
        qv_error_errno(err, failed, "cannot create macvtap '%s' on '%s'%s%s", name, lower, words ? ": " : "", words ? words : "");
    return !failed;
}

/* --- its character device */

/* Which device belongs to the macvtap: /sys of its own network namespace says; 0 when it does not show it. */
static dev_t device_number(const char *name, int index)
{
    g_autofree char *path = g_strdup_printf("/sys/class/net/%s/tap%d/dev", name, index), *text = NULL;
    guint major, minor;
    if (!g_file_get_contents(path, &text, NULL, NULL) || sscanf(text, "%u:%u", &major, &minor) != 2)
        return 0;
    return makedev(major, minor);
}

/* A node of our own, gone again at once. */
static int open_by_number(dev_t number)
{
    char folder[] = "/dev/.qvirt-XXXXXX";
    if (!g_mkdtemp_full(folder, 0700))
        return -1;
    g_autofree char *path = g_build_filename(folder, "tap", NULL);
    int fd = mknod(path, S_IFCHR | 0600, number) == 0 ? open(path, O_RDWR | O_CLOEXEC) : -1, failed = errno;
    unlink(path);
    rmdir(folder);
    errno = failed;
    return fd;
}

/* /dev/tapN counts interfaces of all network namespaces: what has that name may be another's, and then has another
 * number. */
static int open_device(const char *name, int index)
{
    g_autofree char *path = g_strdup_printf("/dev/tap%d", index);
    dev_t number = device_number(name, index);
    struct stat st;
    int fd = -1;

    for (guint i = 0; i < 100 && fd < 0; i++) {            /* udev may take a moment */
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd >= 0 || errno != ENOENT || number)
            break;
        g_usleep(10000);
    }
    if (!number || (fd >= 0 && fstat(fd, &st) == 0 && st.st_rdev == number))
        return fd;
    if (fd >= 0)
        close(fd);
    return open_by_number(number);
}

static int open_queue(const char *name, int index, guint queues, bool vnet_hdr)
{
    g_auto(Fd) fd = open_device(name, index);
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
    if (fd < 0)
        return -1;
    if (vnet_hdr)
        request.ifr_flags |= IFF_VNET_HDR;
    if (queues > 1)
        request.ifr_flags |= IFF_MULTI_QUEUE;
    if (ioctl(fd, TUNSETIFF, &request) < 0)
        return -1;
    int open_fd = fd;
    fd = -1;
    return open_fd;
}

bool macvtap_open(const char *name, guint queues, bool vnet_hdr, GArray *fds, GError **err)
{
    guint had = fds->len;
    Link link;

    if (!link_find(name, &link, err))
        return false;
    for (guint i = 0; i < MAX(queues, 1); i++) {
        int fd = open_queue(name, link.index, queues, vnet_hdr), failed = errno;
        if (fd >= 0) {
            g_array_append_val(fds, fd);
            continue;
        }
        for (guint n = had; n < fds->len; n++)
            close(g_array_index(fds, int, n));
        g_array_set_size(fds, had);
        return qv_error_errno(err, failed, "cannot open macvtap '%s' (/dev/tap%d)", name, link.index);
    }
    return true;
}

bool macvtap_remove(const char *name, const guint8 mac[6], GError **err)
{
    Link link;
    if (!link_find(name, &link, NULL) || strcmp(link.kind, "macvtap") != 0 || memcmp(link.mac, mac, 6) != 0)
        return true;
    return link_delete(name, err);
}
