/* Consoles and screens. */
#include "tools/cli/console.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "tools/cli/domain_xml.h"
#include "util/file.h"

enum { ESCAPE = 0x1d };        /* Ctrl+] */

/* @user: bool, set when the guest's end of the console is closed. */
static void to_terminal(const guint8 *data, gsize size, gpointer user)
{
    *(bool *)user |= size == 0;
    (void)file_write_all(STDOUT_FILENO, (const char *)data, size, NULL);
}

/* What was typed; false when it is time to leave. */
static bool from_terminal(Cli *cli, GError **err)
{
    guint8 typed[4096];
    ssize_t n = read(STDIN_FILENO, typed, sizeof typed);
    const guint8 *escape = n > 0 ? memchr(typed, ESCAPE, (gsize)n) : NULL;

    if (n <= 0)
        return false;
    return rpc_conn_stream_send(cli->conn, typed, escape ? (gsize)(escape - typed) : (gsize)n, err) && !escape;
}

static bool talk(Cli *cli, const bool *ended, GError **err)
{
    struct pollfd fds[] = { { .fd = rpc_conn_fd(cli->conn), .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };

    while (rpc_conn_stream_open(cli->conn)) {
        if (*ended)
            return rpc_conn_stream_finish(cli->conn, err);
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return qv_error_errno(err, errno, "cannot wait for the console");
        if (fds[0].revents && !rpc_conn_process(cli->conn, err))
            return false;
        if (fds[1].revents && !from_terminal(cli, err)) {
            if (err && *err)
                return false;
            fds[1].fd = -1;
            if (isatty(STDIN_FILENO))
                return rpc_conn_stream_finish(cli->conn, err);
        }
    }
    return rpc_conn_stream_result(cli->conn, err);
}

bool console_attach(Cli *cli, const RemoteNonnullDomain *dom, const char *device, GError **err)
{
    RemoteDomainOpenConsoleArgs args = { *dom, (char *)device, cli_flag(cli, "force") };
    struct termios before, raw;
    bool terminal = tcgetattr(STDIN_FILENO, &before) == 0, ended = false;

    rpc_conn_on_data(cli->conn, to_terminal, &ended);
    if (!cli_call(cli, PROC_DOMAIN_OPEN_CONSOLE, &args, NULL, err))
        return false;
    if (terminal) {
        fprintf(stderr, "Connected to domain '%s'; Ctrl+] leaves\n", dom->name);
        raw = before;
        cfmakeraw(&raw);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    bool ok = talk(cli, &ended, err);
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return ok;
}

static bool run_console(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    return cli_domain(cli, 0, &dom, err) && console_attach(cli, &dom, cli->args[1], err);
}

static bool run_ttyconsole(Cli *cli, GError **err)
{
    static const char *const path[] = { "string(/domain/devices/console[1]/@tty | /domain/devices/serial[1]/source/@path)" };
    g_autoptr(GPtrArray) rows = domain_xml_rows(cli, 0, "/domain", path, sizeof *path, 1, err);

    if (!rows)
        return false;
    say(cli, "tty", "%s", ((char **)rows->pdata[0])[0]);
    return true;
}

static bool run_display(Cli *cli, GError **err)
{
    static const char *const cells[] = { "string(@type)", "string(@listen)", "string(@port)", "string(@socket)" };
    g_autoptr(GPtrArray) rows = domain_xml_rows(cli, 0, "/domain/devices/graphics", cells, sizeof *cells, 4, err);
    bool vnc = !strcmp(cli->command->name, "vncdisplay");

    for (guint i = 0; rows && i < rows->len; i++) {
        char **c = rows->pdata[i];
        gint64 port;
        if (vnc && strcmp(c[0], "vnc"))
            continue;
        const char *host = strcmp(c[1], "-") && strcmp(c[1], "0.0.0.0") ? c[1] : vnc ? "" : "localhost";
        if (!g_ascii_string_to_signed(c[2], 10, 1, 65535, &port, NULL))
            continue;
        if (vnc)
            say(cli, "display", "%s:%d", host, (int)port - 5900);
        else
            say(cli, "display", "%s://%s:%d", c[0], host, (int)port);
        return true;
    }
    if (rows)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "domain '%s' has no %s that can be reached; does it run?",
                    cli->args[0], vnc ? "VNC display" : "display");
    return false;
}

static void to_file(const guint8 *data, gsize size, gpointer user)
{
    g_byte_array_append(user, data, (guint)size);
}

static bool run_screenshot(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    g_autoptr(GByteArray) image = g_byte_array_new();
    RemoteDomainScreenshotRet ret = { 0 };
    gint64 screen;

    rpc_conn_on_data(cli->conn, to_file, image);
    if (!cli_number(cli, "screen", 0, &screen, err) || !cli_domain(cli, 0, &dom, err) ||
        !cli_call(cli, PROC_DOMAIN_SCREENSHOT, &(RemoteDomainScreenshotArgs){ dom, (guint)screen, 0 }, &ret, err))
        return false;
    const char *end = g_strcmp0(ret.mime, "image/png") ? "ppm" : "png";
    g_autofree char *path = cli->args[1] ? g_strdup(cli->args[1]) : g_strdup_printf("%s.%s", dom.name, end);
    rpc_conn_clear(PROC_DOMAIN_SCREENSHOT, &ret);
    guint before;
    do {                                     /* an empty packet is the end of the data */
        before = image->len;
        if (!rpc_conn_process(cli->conn, err))
            return false;
    } while (image->len > before);
    if (!rpc_conn_stream_finish(cli->conn, err))
        return false;
    if (!g_file_set_contents(path, (char *)image->data, image->len, err))
        return false;
    said(cli, "The screen of '%s' is in '%s'", dom.name, path);
    return true;
}

static bool run_send_key(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    guint32 keys[16];
    guint n = cli->n_args - 1;

    if (n > G_N_ELEMENTS(keys)) {
        g_set_error(err, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "at most %u keys at once", (guint)G_N_ELEMENTS(keys));
        return false;
    }
    for (guint i = 0; i < n; i++) {
        guint64 code;
        if (!g_ascii_string_to_unsigned(cli->args[i + 1], 10, 1, 0xffff, &code, NULL)) {
            g_set_error(err, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is no key code; give numbers as in linux/input-event-codes.h "
                        "(28 is Enter)", cli->args[i + 1]);
            return false;
        }
        keys[i] = (guint32)code;
    }
    return cli_domain(cli, 0, &dom, err) &&
           cli_call(cli, PROC_DOMAIN_SEND_KEY, &(RemoteDomainSendKeyArgs){ dom, 0, 0, n, keys, 0 }, NULL, err);
}

const Command console_commands[] = {
    { "console", "DOMAIN [DEVICE]", "Open a guest's console here; Ctrl+] leaves", run_console,
      { { "force", NULL, "take it from whoever has it" } } },
    { "ttyconsole", "DOMAIN", "Tell the terminal device of its console", run_ttyconsole, { { 0 } } },
    { "vncdisplay", "DOMAIN", "Tell where its VNC display is", run_display, { { 0 } } },
    { "domdisplay", "DOMAIN", "Tell the URI of its display", run_display, { { 0 } } },
    { "screenshot", "DOMAIN [FILE]", "Take a picture of its screen", run_screenshot, { { "screen", "N", "which screen (default 0)" } } },
    { "send-key", "DOMAIN KEYCODE...", "Press keys at once, by Linux key codes", run_send_key, { { 0 } } },
    { NULL },
};
