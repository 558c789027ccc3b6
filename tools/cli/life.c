/* Starting, stopping, and what lies between. */
#include <string.h>
#include "tools/cli/cli.h"
#include "tools/cli/console.h"

/* --- one call with a domain and flags; or a domain alone */

static const struct { const char *option; guint32 procedure, flag; } life_flags[] = {
    { "paused", PROC_DOMAIN_CREATE_WITH_FLAGS, 1 },
    { "autodestroy", PROC_DOMAIN_CREATE_WITH_FLAGS, 2 },
    { "graceful", PROC_DOMAIN_DESTROY_FLAGS, 1 },
    { "managed-save", PROC_DOMAIN_UNDEFINE_FLAGS, 1 },
    { "nvram", PROC_DOMAIN_UNDEFINE_FLAGS, 4 },
    { "keep-nvram", PROC_DOMAIN_UNDEFINE_FLAGS, 8 },
};
/* virDomainShutdownFlagValues and virDomainRebootFlagValues are the same numbers. */
static const struct { const char *mode; guint flag; } modes[] = {
    { "acpi", 1 }, { "agent", 2 }, { "initctl", 4 }, { "signal", 8 }, { "paravirt", 16 },
};

static bool flags_of(const Cli *cli, guint32 *ret, GError **err)
{
    const char *mode = cli_option(cli, "mode");

    *ret = 0;
    for (guint i = 0; i < G_N_ELEMENTS(life_flags); i++)
        if (life_flags[i].procedure == cli->command->procedure && cli_flag(cli, life_flags[i].option))
            *ret |= life_flags[i].flag;
    for (guint i = 0; mode && i < G_N_ELEMENTS(modes); i++)
        if (!strcmp(mode, modes[i].mode)) {
            *ret |= modes[i].flag;
            return true;
        }
    if (mode)
        g_set_error(err, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--mode is acpi or agent, not '%s'", mode);
    return !mode;
}

static bool run_life(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    RemoteDomainCreateWithFlagsArgs args;            /* a domain, then flags where there are any: alike for all */

    if (!cli_domain(cli, 0, &dom, err))
        return false;
    args.dom = dom;
    if (!flags_of(cli, &args.flags, err) || !cli_call(cli, cli->command->procedure, &args, NULL, err))
        return false;
    if (cli_flag(cli, "console"))
        return console_attach(cli, &dom, NULL, err);
    said(cli, "Domain '%s' %s", dom.name, cli->command->done);
    return true;
}

static bool run_autostart(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    bool on = !cli_flag(cli, "disable");

    if (!cli_domain(cli, 0, &dom, err) ||
        !cli_call(cli, PROC_DOMAIN_SET_AUTOSTART, &(RemoteDomainSetAutostartArgs){ dom, on }, NULL, err))
        return false;
    said(cli, "Domain '%s' %s with the host", dom.name, on ? "starts" : "no longer starts");
    return true;
}

static bool run_rename(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };

    if (!cli_domain(cli, 0, &dom, err) ||
        !cli_call(cli, PROC_DOMAIN_RENAME, &(RemoteDomainRenameArgs){ dom, cli->args[1], 0 }, NULL, err))
        return false;
    said(cli, "Domain '%s' is now '%s'", dom.name, cli->args[1]);
    return true;
}

#define MODE { "mode", "MODE", "how to ask the guest: acpi or agent" }
const Command life_commands[] = {
    { "start", "DOMAIN", "Start a guest", run_life,
      { { "console", NULL, "and open its console" }, { "paused", NULL, "but leave its CPUs stopped" } },
      .procedure = PROC_DOMAIN_CREATE_WITH_FLAGS, .done = "started" },
    { "shutdown", "DOMAIN", "Ask a guest to shut down", run_life, { MODE },
      .procedure = PROC_DOMAIN_SHUTDOWN_FLAGS, .done = "is asked to shut down" },
    { "reboot", "DOMAIN", "Ask a guest to reboot", run_life, { MODE },
      .procedure = PROC_DOMAIN_REBOOT, .done = "is asked to reboot" },
    { "reset", "DOMAIN", "Press a guest's reset button", run_life, { { 0 } }, .procedure = PROC_DOMAIN_RESET, .done = "reset" },
    { "destroy", "DOMAIN", "Pull a guest's plug", run_life, { { "graceful", NULL, "let QEMU write what it holds" } },
      .procedure = PROC_DOMAIN_DESTROY_FLAGS, .done = "destroyed" },
    { "suspend", "DOMAIN", "Stop a guest's CPUs", run_life, { { 0 } }, .procedure = PROC_DOMAIN_SUSPEND, .done = "suspended" },
    { "resume", "DOMAIN", "Let them go on", run_life, { { 0 } }, .procedure = PROC_DOMAIN_RESUME, .done = "resumed" },
    { "undefine", "DOMAIN", "Forget a guest's definition", run_life,
      { { "nvram", NULL, "remove its firmware's variables" }, { "keep-nvram", NULL, "keep them" },
        { "managed-save", NULL, "remove its saved state" } },
      .procedure = PROC_DOMAIN_UNDEFINE_FLAGS, .done = "undefined" },
    { "autostart", "DOMAIN", "Start a guest with the host", run_autostart, { { "disable", NULL, "or no longer" } } },
    { "domrename", "DOMAIN NEW-NAME", "Give a guest another name", run_rename, { { 0 } } },
    { NULL },
};
