/* Looking at guests: list, states, facts, devices. */
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <string.h>
#include "tools/cli/cli.h"
#include "tools/cli/domain_xml.h"
#include "util/ids.h"

/* --- finding one */

void domain_clear(RemoteNonnullDomain *dom)
{
    g_clear_pointer(&dom->name, g_free);
}

bool cli_call(Cli *cli, guint32 procedure, const void *args, void *ret, GError **err)
{
    return rpc_conn_call(cli->conn, procedure, args, ret, err);
}

bool cli_domain(Cli *cli, guint i, RemoteNonnullDomain *ret, GError **err)
{
    const char *word = cli->args[i];
    RemoteDomainLookupByIdArgs by_id = { 0 };
    RemoteDomainLookupByUuidArgs by_uuid;
    RemoteDomainLookupByNameArgs by_name = { (char *)word };
    RemoteDomainLookupByNameRet found = { 0 };       /* the same type of reply for all three */
    gint64 id;

    if (g_ascii_string_to_signed(word, 10, 0, G_MAXINT32, &id, NULL)) {
        by_id.id = (gint32)id;
        if (cli_call(cli, PROC_DOMAIN_LOOKUP_BY_ID, &by_id, &found, NULL)) {
            *ret = found.dom;
            return true;
        }
    }
    if (uuid_parse(word, by_uuid.uuid) && cli_call(cli, PROC_DOMAIN_LOOKUP_BY_UUID, &by_uuid, &found, NULL)) {
        *ret = found.dom;
        return true;
    }
    if (!cli_call(cli, PROC_DOMAIN_LOOKUP_BY_NAME, &by_name, &found, err))
        return false;
    *ret = found.dom;
    return true;
}

/* --- words */

const char *domain_state_name(int state)
{
    static const char *const names[] = { "no state", "running", "idle", "paused", "in shutdown", "shut off", "crashed", "pmsuspended" };
    return state >= 0 && state < (int)G_N_ELEMENTS(names) ? names[state] : "unknown";
}

const char *domain_reason_name(int state, int reason)
{
    static const char *const running[] = { "unknown", "booted", "migrated", "restored", "from snapshot", "unpaused",
                                           "migration canceled", "save canceled", "event wakeup", "crashed", "post-copy" };
    static const char *const paused[] = { "unknown", "user", "migrating", "saving", "dumping", "I/O error", "watchdog",
                                          "from snapshot", "shutting down", "creating snapshot", "crashed", "starting up",
                                          "post-copy", "post-copy failed" };
    static const char *const off[] = { "unknown", "shutdown", "destroyed", "crashed", "migrated", "saved", "failed",
                                       "from snapshot", "daemon" };
    static const struct { const char *const *names; guint n; } by_state[] = {
        [1] = { running, G_N_ELEMENTS(running) }, [3] = { paused, G_N_ELEMENTS(paused) }, [5] = { off, G_N_ELEMENTS(off) },
    };
    if (state < 0 || state >= (int)G_N_ELEMENTS(by_state) || reason < 0 || (guint)reason >= by_state[state].n)
        return "unknown";
    return by_state[state].names[reason];
}

/* --- list */

static const struct { const char *option; guint flag; } list_filters[] = {
    { "inactive", 2 }, { "persistent", 4 }, { "transient", 8 }, { "state-running", 16 }, { "state-paused", 32 },
    { "state-shutoff", 64 }, { "autostart", 1024 }, { "no-autostart", 2048 },
};

static guint list_flags(const Cli *cli)
{
    guint flags = cli_flag(cli, "all") ? 3 : cli_flag(cli, "inactive") ? 2 : 1;

    for (guint i = 1; i < G_N_ELEMENTS(list_filters); i++)
        if (cli_flag(cli, list_filters[i].option))
            flags |= list_filters[i].flag;
    return flags;
}

static int by_id_and_name(gconstpointer a, gconstpointer b)
{
    const RemoteNonnullDomain *x = a, *y = b;
    guint idx = (guint)x->id, idy = (guint)y->id;          /* -1 comes last */
    return idx != idy ? (idx < idy ? -1 : 1) : strcmp(x->name, y->name);
}

static bool list_row(Cli *cli, Table *table, const RemoteNonnullDomain *dom, GError **err)
{
    RemoteDomainGetStateArgs args = { *dom, 0 };
    RemoteDomainGetStateRet state = { 0 };
    char id[16];

    if (!cli_call(cli, PROC_DOMAIN_GET_STATE, &args, &state, err))
        return false;
    g_autofree char *uuid = uuid_format(dom->uuid);
    g_snprintf(id, sizeof id, "%d", dom->id);
    table_row(table, dom->id < 0 ? "-" : id, dom->name, domain_state_name(state.state), uuid, NULL);
    return true;
}

static bool run_list(Cli *cli, GError **err)
{
    RemoteConnectListAllDomainsArgs args = { 1, list_flags(cli) };
    RemoteConnectListAllDomainsRet ret = { 0 };
    g_autoptr(Table) table = table_new("Id", "Name", "State", "UUID", NULL);
    bool ok = true, plain = cli_flag(cli, "name") && !cli->json;

    if (!cli_call(cli, PROC_CONNECT_LIST_ALL_DOMAINS, &args, &ret, err))
        return false;
    qsort(ret.domains, ret.n_domains, sizeof *ret.domains, by_id_and_name);
    for (guint i = 0; ok && i < ret.n_domains; i++)
        if (plain)
            puts(ret.domains[i].name);
        else if (!list_row(cli, table, &ret.domains[i], err))
            ok = rpc_conn_error_code(cli->conn) == 42;       /* gone meanwhile */
    if (ok && !plain)
        table_print(table, cli);
    rpc_conn_clear(PROC_CONNECT_LIST_ALL_DOMAINS, &ret);
    return ok;
}

/* --- one guest */

static bool run_ids(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };

    if (!cli_domain(cli, 0, &dom, err))
        return false;
    g_autofree char *uuid = uuid_format(dom.uuid);
    if (!strcmp(cli->command->name, "domname"))
        say(cli, "name", "%s", dom.name);
    else if (!strcmp(cli->command->name, "domuuid"))
        say(cli, "uuid", "%s", uuid);
    else if (dom.id < 0)
        say(cli, "id", "-");
    else
        say(cli, "id", "%d", dom.id);
    return true;
}

static bool run_state(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    RemoteDomainGetStateRet s = { 0 };

    if (!cli_domain(cli, 0, &dom, err) ||
        !cli_call(cli, PROC_DOMAIN_GET_STATE, &(RemoteDomainGetStateArgs){ dom, 0 }, &s, err))
        return false;
    if (cli_flag(cli, "reason") && !cli->json) {
        printf("%s (%s)\n", domain_state_name(s.state), domain_reason_name(s.state, s.reason));
        return true;
    }
    if (!cli->json) {
        puts(domain_state_name(s.state));
        return true;
    }
    Facts *facts = facts_new();
    facts_add(facts, "State", "%s", domain_state_name(s.state));
    facts_add(facts, "Reason", "%s", domain_reason_name(s.state, s.reason));
    facts_print(facts, cli);
    return true;
}

static bool run_info(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    RemoteDomainGetInfoRet info = { 0 };
    RemoteDomainGetAutostartRet autostart = { 0 };
    RemoteDomainIsPersistentRet persistent = { 0 };

    if (!cli_domain(cli, 0, &dom, err) ||
        !cli_call(cli, PROC_DOMAIN_GET_INFO, &(RemoteDomainGetInfoArgs){ dom }, &info, err) ||
        !cli_call(cli, PROC_DOMAIN_IS_PERSISTENT, &(RemoteDomainIsPersistentArgs){ dom }, &persistent, err))
        return false;
    if (persistent.persistent && !cli_call(cli, PROC_DOMAIN_GET_AUTOSTART, &(RemoteDomainGetAutostartArgs){ dom }, &autostart, err))
        return false;
    Facts *facts = facts_new();
    g_autofree char *uuid = uuid_format(dom.uuid);
    facts_add(facts, "Id", dom.id < 0 ? "-" : "%d", dom.id);
    facts_add(facts, "Name", "%s", dom.name);
    facts_add(facts, "UUID", "%s", uuid);
    facts_add(facts, "State", "%s", domain_state_name(info.state));
    facts_add(facts, "CPUs", "%u", info.nrVirtCpu);
    if (info.cpuTime)
        facts_add(facts, "CPU time", "%.1fs", (double)info.cpuTime / 1e9);
    facts_add(facts, "Max memory KiB", "%" G_GUINT64_FORMAT, info.maxMem);
    facts_add(facts, "Used memory KiB", "%" G_GUINT64_FORMAT, info.memory);
    facts_add(facts, "Persistent", "%s", persistent.persistent ? "yes" : "no");
    facts_add(facts, "Autostart", "%s", autostart.autostart ? "yes" : "no");
    facts_print(facts, cli);
    return true;
}

/* --- devices, out of the XML */

typedef struct { const char *title, *xpath; } Column;

static bool device_table(Cli *cli, const char *devices, const Column *columns, GError **err)
{
    g_autoptr(GPtrArray) rows = domain_xml_rows(cli, 0, devices, &columns[0].xpath, sizeof *columns, 4, err);

    if (!rows)
        return false;
    g_autoptr(Table) table = table_new(columns[0].title, columns[1].title, columns[2].title, columns[3].title, NULL);
    for (guint i = 0; i < rows->len; i++) {
        char **cells = rows->pdata[i];
        table_row(table, cells[0], cells[1], cells[2], cells[3], NULL);
    }
    table_print(table, cli);
    return true;
}

static bool run_blklist(Cli *cli, GError **err)
{
    static const Column columns[] = { { "Target", "string(target/@dev)" }, { "Device", "string(@device)" }, { "Type", "string(@type)" },
                                      { "Source", "string(source/@*[name()='file' or name()='dev' or name()='name' or name()='volume'])" } };
    return device_table(cli, "/domain/devices/disk", columns, err);
}

static bool run_iflist(Cli *cli, GError **err)
{
    static const Column columns[] = { { "Interface", "string(target/@dev)" }, { "Type", "string(@type)" },
                                      { "Source", "string(source/@*[name()='bridge' or name()='network' or name()='dev'])" },
                                      { "MAC", "string(mac/@address)" } };
    return device_table(cli, "/domain/devices/interface", columns, err);
}

static bool run_ifaddr(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    RemoteDomainInterfaceAddressesRet ret = { 0 };
    g_autoptr(Table) table = table_new("Name", "MAC", "Protocol", "Address", NULL);
    const char *source = cli_option(cli, "source");
    guint number = !source || !strcmp(source, "lease") ? 0 : !strcmp(source, "agent") ? 1 : 2;

    if (!cli_domain(cli, 0, &dom, err) ||
        !cli_call(cli, PROC_DOMAIN_INTERFACE_ADDRESSES, &(RemoteDomainInterfaceAddressesArgs){ dom, number, 0 }, &ret, err))
        return false;
    for (guint i = 0; i < ret.n_ifaces; i++)
        for (guint j = 0; j < ret.ifaces[i].n_addrs; j++) {
            const RemoteDomainIpAddr *a = &ret.ifaces[i].addrs[j];
            g_autofree char *text = g_strdup_printf("%s/%u", a->addr, a->prefix);
            table_row(table, ret.ifaces[i].name, ret.ifaces[i].hwaddr ? ret.ifaces[i].hwaddr : "-", a->type ? "ipv6" : "ipv4", text, NULL);
        }
    table_print(table, cli);
    rpc_conn_clear(PROC_DOMAIN_INTERFACE_ADDRESSES, &ret);
    return true;
}

const Command domain_commands[] = {
    { "list", "", "List the guests that run", run_list,
      { { "all", NULL, "those that do not run too" }, { "inactive", NULL, "only those that do not run" },
        { "name", NULL, "names only" }, { "persistent", NULL, "only those with a definition" },
        { "transient", NULL, "only those without one" }, { "autostart", NULL, "only those that start with the host" },
        { "state-paused", NULL, "only those that are paused" } } },
    { "dominfo", "DOMAIN", "Tell the main facts of a guest", run_info, { { 0 } } },
    { "domstate", "DOMAIN", "Tell the state of a guest", run_state, { { "reason", NULL, "and how it came to it" } } },
    { "domid", "DOMAIN", "Tell the id of a running guest", run_ids, { { 0 } } },
    { "domuuid", "DOMAIN", "Tell the UUID of a guest", run_ids, { { 0 } } },
    { "domname", "DOMAIN", "Tell the name of a guest", run_ids, { { 0 } } },
    { "domblklist", "DOMAIN", "List its disks", run_blklist, { { 0 } } },
    { "domiflist", "DOMAIN", "List its network interfaces", run_iflist, { { 0 } } },
    { "domifaddr", "DOMAIN", "List the addresses of its interfaces", run_ifaddr,
      { { "source", "SOURCE", "where to ask: lease (default), agent or arp" } } },
    { NULL },
};
