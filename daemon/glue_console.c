/* Streams and descriptors: consoles, channels, screenshots, displays. */
#include "daemon/glue.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The driver lends its descriptor for the callback; the stream keeps its own. */
static RpcStream *open_stream(RpcCall *call, int lent, guint directions, void (*ended)(RpcStream *stream, bool aborted, gpointer user),
                              gpointer user, GError **err)
{
    int fd = fcntl(lent, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0)
        return rpc_stream_open_fd(call, fd, directions, ended, user);
    qv_error_errno(err, errno, "cannot duplicate the console's descriptor");
    return NULL;
}

/* --- consoles: who has which, so that it can be taken away by force */

typedef struct { RpcCall *call; guint8 uuid[16]; char *device; RpcStream *stream; } Console;
static GList *consoles;

static void console_forget(Console *console)
{
    consoles = g_list_remove(consoles, console);
    g_free(console->device);
    g_free(console);
}

static void console_ended(RpcStream *stream, bool aborted, gpointer user)
{
    console_forget(user);
}

/* A device that was not named may be any. */
static bool same_console(const Console *console, const guint8 uuid[16], const char *device)
{
    return console->stream && !memcmp(console->uuid, uuid, 16) &&
           (!device || !console->device || g_str_equal(device, console->device));
}

static void consoles_take_away(const guint8 uuid[16], const char *device)
{
    g_autoptr(GError) err = g_error_new(QV_ERROR, QV_ERR_OPERATION_ABORTED, "the console was taken over by another client");
    for (GList *at = consoles, *next; at; at = next) {
        const Console *console = at->data;
        next = at->next;
        if (same_console(console, uuid, device))
            rpc_stream_fail(console->stream, err);
    }
}

static void console_opened(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    Console *console = user;
    RpcCall *call = console->call;
    g_autoptr(GError) why = NULL;
    if (!err && (console->stream = open_stream(call, *(int *)result, RPC_STREAM_TO_CLIENT | RPC_STREAM_FROM_CLIENT, console_ended,
                                               console, &why))) {
        rpc_call_reply(call, NULL);                /* from here on the stream's end forgets it */
        return;
    }
    console_forget(console);
    rpc_call_fail(call, err ? err : why);
}

GLUE_WRITE(open_console, RemoteDomainOpenConsoleArgs)
{
    enum { FORCE = 1, SAFE = 2 };
    if (!glue_flags(call, args->flags, FORCE | SAFE, err))
        return false;
    if (args->flags & FORCE)
        consoles_take_away(args->dom.uuid, args->dev_name);
    Console *console = g_new0(Console, 1);
    *console = (Console){ .call = call, .device = g_strdup(args->dev_name) };
    memcpy(console->uuid, args->dom.uuid, 16);
    consoles = g_list_prepend(consoles, console);
    domain_open_console(dom, args->dev_name, args->flags & FORCE, false, console_opened, console);
    return true;
}

static void channel_opened(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    g_autoptr(GError) why = NULL;
    if (!err && open_stream(user, *(int *)result, RPC_STREAM_TO_CLIENT | RPC_STREAM_FROM_CLIENT, NULL, NULL, &why))
        rpc_call_reply(user, NULL);
    else
        rpc_call_fail(user, err ? err : why);
}

GLUE_WRITE(open_channel, RemoteDomainOpenChannelArgs)
{
    enum { FORCE = 1 };
    if (!glue_flags(call, args->flags, FORCE, err))
        return false;
    domain_open_console(dom, args->name, args->flags, true, channel_opened, call);
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
    if (!open_stream(user, shot->fd, RPC_STREAM_TO_CLIENT, NULL, NULL, &why)) {
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

/* The client brings its own descriptor. */
GLUE_WRITE(open_graphics, RemoteDomainOpenGraphicsArgs)
{
    enum { SKIPAUTH = 1 };
    const int *fds;
    if (!glue_flags(call, args->flags, SKIPAUTH, err))
        return false;
    if (rpc_call_fds(call, &fds) != 1) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "one descriptor must come with the call, the display's end of a socket");
        return false;
    }
    domain_add_graphics(dom, args->idx, fcntl(fds[0], F_DUPFD_CLOEXEC, 0), args->flags, glue_done, call);
    return true;
}

static const RpcHandlerRow glue_console_rows[] = {
    REMOTE(PROC_DOMAIN_OPEN_CONSOLE, open_console),
    REMOTE(PROC_DOMAIN_OPEN_CHANNEL, open_channel),
    REMOTE(PROC_DOMAIN_SCREENSHOT, screenshot),
    REMOTE(PROC_DOMAIN_OPEN_GRAPHICS_FD, open_graphics_fd),
    REMOTE(PROC_DOMAIN_OPEN_GRAPHICS, open_graphics),
};
GLUE_AREA(glue_console);
