#include "config.h"
#include "daemon/service.h"
#ifdef HAVE_SYSTEMD
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

/* Whether the socket's path says that it is for reading only. */
static bool socket_readonly(int fd)
{
    struct sockaddr_un address = { 0 };
    socklen_t size = sizeof address - 1;
    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 && g_str_has_suffix(address.sun_path, "-ro");
}

bool service_listen(RpcServer *server, guint *ret_count, GError **err)
{
    int n = sd_listen_fds(1);
    *ret_count = 0;
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0) {
            g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "descriptor %d of the service manager is no listening UNIX socket", fd);
            return false;
        }
        if (!rpc_server_listen_fd(server, fd, socket_readonly(fd), err))
            return false;
        (*ret_count)++;
    }
    return true;
}

static gboolean heartbeat(gpointer user)
{
    sd_notify(0, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

void service_ready(const char *status)
{
    static guint beat;
    guint64 limit_us = 0;
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
    if (!beat && sd_watchdog_enabled(0, &limit_us) > 0)
        beat = g_timeout_add((guint)(limit_us / 2000), heartbeat, NULL);
}

void service_reloading(void)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
}

void service_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}
#else
bool service_listen(RpcServer *server, guint *ret_count, GError **err)
{
    *ret_count = 0;
    return true;
}

void service_ready(const char *status)
{
}

void service_reloading(void)
{
}

void service_stopping(void)
{
}
#endif
