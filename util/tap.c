#include "util/tap.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include "util/file.h"
#include "util/link.h"

NameSeries tap_names = { "vnet", -1 }, macvtap_names = { "macvtap", -1 };

/* --- names */

enum { NUMBERS = 100000000 };           /* eight digits fit after the longest prefix */

void name_series_next(NameSeries *series, char ret_name[16])
{
    guint n = (guint)(g_atomic_int_add(&series->last, 1) + 1) % NUMBERS;
    g_snprintf(ret_name, 16, "%s%u", series->prefix, n);
}

void name_series_seen(NameSeries *series, const char *name)
{
    gsize len = strlen(series->prefix);
    char *end;
    if (!name || strncmp(name, series->prefix, len) != 0 || !g_ascii_isdigit(name[len]))
        return;
    guint64 number = g_ascii_strtoull(name + len, &end, 10);
    if (*end || number >= NUMBERS)
        return;
    gint last = g_atomic_int_get(&series->last);
    while (last < (gint)number && !g_atomic_int_compare_and_exchange(&series->last, last, (gint)number))
        last = g_atomic_int_get(&series->last);
}

/* --- opening */

/* A queue of the tap @name, which the kernel may complete. -1 with errno. */
static int open_queue(const TapSpec *spec, char name[IFNAMSIZ], int more_flags)
{
    g_auto(Fd) fd = open(spec->path ? spec->path : "/dev/net/tun", O_RDWR | O_CLOEXEC);
    struct ifreq request = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | more_flags) };

    if (fd < 0)
        return -1;
    if (spec->vnet_hdr)
        request.ifr_flags |= IFF_VNET_HDR;
    if (spec->queues > 1)
        request.ifr_flags |= IFF_MULTI_QUEUE;
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (ioctl(fd, TUNSETIFF, &request) < 0)
        return -1;
    g_strlcpy(name, request.ifr_name, IFNAMSIZ);
    int open_fd = fd;
    fd = -1;
    return open_fd;
}

/* IFF_TUN_EXCL: busy when a device of that name is there, whoever's it is. */
static int open_next(const TapSpec *spec, char name[IFNAMSIZ])
{
    for (guint i = 0; i < 65536; i++) {
        name_series_next(&tap_names, name);
        int fd = open_queue(spec, name, IFF_TUN_EXCL);
        if (fd >= 0 || errno != EBUSY)
            return fd;
    }
    return -1;
}

static int open_first(const TapSpec *spec, char name[IFNAMSIZ])
{
    if (!spec->name)
        return open_next(spec, name);
    g_strlcpy(name, spec->name, IFNAMSIZ);
    return open_queue(spec, name, 0);
}

static const char *advice(int failed)
{
    switch (failed) {
    case EBUSY:
        return " (another guest or program has it open; change <target dev>)";
    case EINVAL:
        return " (a device of that name is no tap, or a tap with other queues; change <target dev>)";
    case ENOENT:
        return " (the kernel has no tun driver here: modprobe tun)";
    default:
        return "";
    }
}

static bool refused(const TapSpec *spec, int failed, GError **err)
{
    qv_error_errno(err, failed, "Unable to create tap device %s", spec->name ? spec->name : "vnet%d");
    if (err && *err) {
        g_autofree char *old = (*err)->message;
        (*err)->message = g_strconcat(old, advice(failed), NULL);
    }
    return false;
}

static bool check_spec(const TapSpec *spec, GError **err)
{
    const char *percent = spec->name ? strchr(spec->name, '%') : NULL;
    if (spec->name && (!link_name_ok(spec->name) || (percent && (percent[1] != 'd' || strchr(percent + 1, '%'))))) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "'%s' cannot be the name of a tap (1 to %d bytes; at most one %%d); change <target dev>",
                    spec->name, LINK_NAME_MAX);
        return false;
    }
    if (spec->must_exist && !link_exists(spec->name)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "target managed='no' but specified dev '%s' doesn't exist", spec->name);
        return false;
    }
    return true;
}

char *tap_open(const TapSpec *spec, GArray *fds, GError **err)
{
    char name[IFNAMSIZ] = "";
    guint queues = MAX(spec->queues, 1), had = fds->len;

    if (!check_spec(spec, err))
        return NULL;
    for (guint i = 0; i < queues; i++) {
        int fd = i == 0 ? open_first(spec, name) : open_queue(spec, name, 0);
        int failed = errno;
        if (fd >= 0) {
            g_array_append_val(fds, fd);
            continue;
        }
        for (guint n = had; n < fds->len; n++)
            close(g_array_index(fds, int, n));
        g_array_set_size(fds, had);
        refused(spec, failed, err);
        return NULL;
    }
    return g_strdup(name);
}
