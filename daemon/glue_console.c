/* Streams and descriptors: consoles, channels, screenshots, displays. */
#include "daemon/glue.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The driver lends its descriptor for the callback; the stream keeps its own. */
static bool open_stream(RpcCall *call, int lent, guint directions, GError **err)
{
    int fd = fcntl(lent, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return qv_error_errno(err, errno, "cannot duplicate the console's descriptor");
    return rpc_stream_open_fd(call, fd, directions, NULL, NULL) != NULL;
}

static void console_opened(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    g_autoptr(GError) why = NULL;
    if (err)
        rpc_call_fail(user, err);
    else if (open_stream(user, *(int *)result, RPC_STREAM_TO_CLIENT | RPC_STREAM_FROM_CLIENT, &why))
        rpc_call_reply(user, NULL);
    else
        rpc_call_fail(user, why);
}

GLUE_WRITE(open_console, RemoteDomainOpenConsoleArgs)
{
    enum { FORCE = 1, SAFE = 2 };
    if (!glue_flags(call, args->flags, FORCE | SAFE, err))
        return false;
    domain_open_console(dom, args->dev_name, args->flags & FORCE, false, console_opened, call);
    return true;
}

GLUE_WRITE(open_channel, RemoteDomainOpenChannelArgs)
{
    enum { FORCE = 1 };
    if (!glue_flags(call, args->flags, FORCE, err))
        return false;
    domain_open_console(dom, args->name, args->flags, true, console_opened, call);
    return true;
}

static void screenshot_taken(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    const DomainScreenshot *shot = result;
    g_autoptr(GError) why = NULL;
    RemoteDomainScreenshotRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    if (!open_stream(user, shot->fd, RPC_STREAM_TO_CLIENT, &why)) {
        rpc_call_fail(user, why);
        return;
    }
    ret.mime = g_strdup(shot->mime);
    rpc_call_reply(user, &ret);
}

GLUE_WRITE(screenshot, RemoteDomainScreenshotArgs)
{
    if (!glue_flags(call, args->flags, 0, err))
        return false;
    domain_screenshot(dom, args->screen, args->flags, screenshot_taken, call);
    return true;
}

static void graphics_opened(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    int fd = fcntl(*(int *)result, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0)
        rpc_call_send_fd(user, fd);
    rpc_call_reply(user, NULL);
}

GLUE_WRITE(open_graphics_fd, RemoteDomainOpenGraphicsFdArgs)
{
    enum { SKIPAUTH = 1 };
    if (!glue_flags(call, args->flags, SKIPAUTH, err))
        return false;
    domain_open_graphics(dom, args->idx, args->flags, graphics_opened, call);
    return true;
}

static const RpcHandlerRow glue_console_rows[] = {
    REMOTE(PROC_DOMAIN_OPEN_CONSOLE, open_console),
    REMOTE(PROC_DOMAIN_OPEN_CHANNEL, open_channel),
    REMOTE(PROC_DOMAIN_SCREENSHOT, screenshot),
    REMOTE(PROC_DOMAIN_OPEN_GRAPHICS_FD, open_graphics_fd),
};
GLUE_AREA(glue_console);
