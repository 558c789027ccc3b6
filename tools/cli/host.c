/* The host and its daemon. */
#include <string.h>
#include "config.h"
#include "tools/cli/cli.h"

static void version_text(guint64 number, char text[32])
{
    g_snprintf(text, 32, "%u.%u.%u", (guint)(number / 1000000), (guint)(number / 1000 % 1000), (guint)(number % 1000));
}

static bool run_version(Cli *cli, GError **err)
{
    RemoteConnectGetVersionRet qemu = { 0 };
    RemoteConnectGetLibVersionRet api = { 0 };
    char text[2][32];

    if (!cli_call(cli, PROC_CONNECT_GET_LIB_VERSION, NULL, &api, err) ||
        !cli_call(cli, PROC_CONNECT_GET_VERSION, NULL, &qemu, err))
        return false;
    version_text(api.lib_ver, text[0]);
    version_text(qemu.hv_ver, text[1]);
    Facts *facts = facts_new();
    facts_add(facts, "qvirt", "%s", PACKAGE_VERSION);
    facts_add(facts, "API", "libvirt %s", text[0]);
    facts_add(facts, "Hypervisor", "QEMU %s", text[1]);
    facts_print(facts, cli);
    return true;
}

/* Calls that answer with one text. */
static bool run_text(Cli *cli, GError **err)
{
    struct { char *text; } ret = { NULL };

    if (!cli_call(cli, cli->command->procedure, NULL, &ret, err))
        return false;
    say(cli, cli->command->name, "%s", ret.text);
    rpc_conn_clear(cli->command->procedure, &ret);
    return true;
}

static bool run_domcapabilities(Cli *cli, GError **err)
{
    RemoteConnectGetDomainCapabilitiesArgs args = {
        (char *)cli_option(cli, "emulator"), (char *)cli_option(cli, "arch"), (char *)cli_option(cli, "machine"),
        (char *)cli_option(cli, "virttype"), 0 };
    RemoteConnectGetDomainCapabilitiesRet ret = { 0 };

    if (!cli_call(cli, PROC_CONNECT_GET_DOMAIN_CAPABILITIES, &args, &ret, err))
        return false;
    say(cli, "xml", "%s", ret.capabilities);
    rpc_conn_clear(PROC_CONNECT_GET_DOMAIN_CAPABILITIES, &ret);
    return true;
}

static bool run_nodeinfo(Cli *cli, GError **err)
{
    RemoteNodeGetInfoRet info = { 0 };

    if (!cli_call(cli, PROC_NODE_GET_INFO, NULL, &info, err))
        return false;
    Facts *facts = facts_new();
    facts_add(facts, "CPU model", "%.32s", (const char *)info.model);
    facts_add(facts, "CPU(s)", "%d", info.cpus);
    facts_add(facts, "CPU frequency MHz", "%d", info.mhz);
    facts_add(facts, "CPU socket(s)", "%d", info.sockets);
    facts_add(facts, "Core(s) per socket", "%d", info.cores);
    facts_add(facts, "Thread(s) per core", "%d", info.threads);
    facts_add(facts, "NUMA cell(s)", "%d", info.nodes);
    facts_add(facts, "Memory size KiB", "%" G_GUINT64_FORMAT, info.memory);
    facts_print(facts, cli);
    return true;
}

const Command host_commands[] = {
    { "version", "", "Tell the versions of qvirt, its API and QEMU", run_version, { { 0 } } },
    { "uri", "", "Tell what qvirt is connected to", run_text, { { 0 } }, .procedure = PROC_CONNECT_GET_URI },
    { "hostname", "", "Tell the name of the daemon's host", run_text, { { 0 } }, .procedure = PROC_CONNECT_GET_HOSTNAME },
    { "nodeinfo", "", "Tell the host's processors and memory", run_nodeinfo, { { 0 } } },
    { "capabilities", "", "Show what the host can do, in XML", run_text, { { 0 } }, .procedure = PROC_CONNECT_GET_CAPABILITIES },
    { "domcapabilities", "", "Show what guests can have, in XML", run_domcapabilities,
      { { "emulator", "PATH", "of this QEMU" }, { "arch", "ARCH", "for guests of this architecture" },
        { "machine", "MACHINE", "of this machine type" }, { "virttype", "TYPE", "kvm or qemu" } } },
    { NULL },
};
