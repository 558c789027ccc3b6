/* Definitions: writing, reading, editing them. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "conf/domain.h"
#include "tools/cli/cli.h"
#include "tools/cli/console.h"
#include "tools/cli/domain_xml.h"

enum { XML_SECURE = 1, XML_INACTIVE = 2, XML_UPDATE_CPU = 4, XML_MIGRATABLE = 8 };     /* virDomainXMLFlags */
enum { DEFINE_VALIDATE = 1, CREATE_PAUSED = 1, CREATE_VALIDATE = 16 };

/* A file, or standard input for "-". */
static char *read_file(const char *path, GError **err)
{
    g_autoptr(GError) why = NULL;
    char *text = NULL;

    if (g_file_get_contents(strcmp(path, "-") ? path : "/dev/stdin", &text, NULL, &why))
        return text;
    g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "cannot read '%s': %s", path, why->message);
    return NULL;
}

static bool run_define(Cli *cli, GError **err)
{
    g_autofree char *xml = read_file(cli->args[0], err);
    RemoteDomainDefineXmlFlagsRet ret = { 0 };

    if (!xml || !cli_call(cli, PROC_DOMAIN_DEFINE_XML_FLAGS,
                          &(RemoteDomainDefineXmlFlagsArgs){ xml, cli_flag(cli, "validate") ? DEFINE_VALIDATE : 0 }, &ret, err))
        return false;
    said(cli, "Domain '%s' defined from '%s'", ret.dom.name, cli->args[0]);
    domain_clear(&ret.dom);
    return true;
}

static bool run_create(Cli *cli, GError **err)
{
    g_autofree char *xml = read_file(cli->args[0], err);
    g_auto(RemoteNonnullDomain) dom = { 0 };
    RemoteDomainCreateXmlRet ret = { 0 };
    guint flags = (cli_flag(cli, "paused") ? CREATE_PAUSED : 0) | (cli_flag(cli, "validate") ? CREATE_VALIDATE : 0);

    if (!xml || !cli_call(cli, PROC_DOMAIN_CREATE_XML, &(RemoteDomainCreateXmlArgs){ xml, flags }, &ret, err))
        return false;
    dom = ret.dom;
    if (cli_flag(cli, "console"))
        return console_attach(cli, &dom, NULL, err);
    said(cli, "Domain '%s' started from '%s'", dom.name, cli->args[0]);
    return true;
}

static bool run_dumpxml(Cli *cli, GError **err)
{
    guint flags = (cli_flag(cli, "inactive") ? XML_INACTIVE : 0) | (cli_flag(cli, "security-info") ? XML_SECURE : 0) |
                  (cli_flag(cli, "update-cpu") ? XML_UPDATE_CPU : 0) | (cli_flag(cli, "migratable") ? XML_MIGRATABLE : 0);
    g_autofree char *xml = domain_xml(cli, 0, flags, err);

    if (xml)
        say(cli, "xml", "%s", xml);
    return xml;
}

static bool run_editor(const char *path, GError **err)
{
    const char *editor = g_getenv("VISUAL") ? g_getenv("VISUAL") : g_getenv("EDITOR") ? g_getenv("EDITOR") : "sensible-editor";
    g_autofree char *quoted = g_shell_quote(path), *line = g_strdup_printf("%s %s", editor, quoted);
    const char *argv[] = { "/bin/sh", "-c", line, NULL };
    int status;

    return g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL, &status, err) &&
           g_spawn_check_wait_status(status, err);
}

/* Asks what to do with an edit that was refused; the text is never thrown away unasked. */
static bool edit_again(const GError *err)
{
    char answer[8] = "";

    fprintf(stderr, "error: %s\n", err->message);
    if (!isatty(STDIN_FILENO))
        return false;
    fputs("Edit again? [Y/n] ", stderr);
    return fgets(answer, sizeof answer, stdin) && *answer != 'n' && *answer != 'N';
}

static bool edit_file(Cli *cli, const char *path, const char *before, GError **err)
{
    RemoteDomainDefineXmlFlagsRet ret = { 0 };

    for (;;) {
        g_autofree char *after = NULL;
        g_autoptr(GError) why = NULL;
        if (!run_editor(path, err) || !(after = read_file(path, err)))
            return false;
        if (!strcmp(before, after)) {
            said(cli, "Nothing changed");
            return true;
        }
        if (cli_call(cli, PROC_DOMAIN_DEFINE_XML_FLAGS, &(RemoteDomainDefineXmlFlagsArgs){ after, DEFINE_VALIDATE }, &ret, &why)) {
            said(cli, "Domain '%s' changed", ret.dom.name);
            domain_clear(&ret.dom);
            return true;
        }
        if (!edit_again(why)) {
            g_propagate_error(err, g_steal_pointer(&why));
            return false;
        }
    }
}

static bool run_edit(Cli *cli, GError **err)
{
    g_autofree char *xml = domain_xml(cli, 0, XML_INACTIVE | XML_SECURE, err), *path = NULL;
    int fd = xml ? g_file_open_tmp("qvirt-XXXXXX.xml", &path, err) : -1;

    if (fd < 0)
        return false;
    close(fd);
    bool ok = g_file_set_contents_full(path, xml, -1, G_FILE_SET_CONTENTS_NONE, 0600, err) && edit_file(cli, path, xml, err);
    if (ok)
        g_unlink(path);
    else
        fprintf(stderr, "Your text is kept in '%s'\n", path);
    return ok;
}

static bool run_validate(Cli *cli, GError **err)
{
    g_autofree char *xml = read_file(cli->args[0], err);
    g_autoptr(DomainDef) def = xml ? domain_def_parse(xml, strlen(xml), cli->args[0], XM_PARSE_STRICT, err) : NULL;

    if (!def)
        return false;
    said(cli, "'%s' is a sound definition of domain '%s'", cli->args[0], def->frame.name);
    return true;
}

/* --- titles and descriptions: virDomainMetadataType 0 and 1 */

static bool run_desc(Cli *cli, GError **err)
{
    g_auto(RemoteNonnullDomain) dom = { 0 };
    RemoteDomainGetMetadataRet ret = { 0 };
    int type = cli_flag(cli, "title");
    guint flags = (cli_flag(cli, "live") ? 1 : 0) | (cli_flag(cli, "config") ? 2 : 0);

    if (!cli_domain(cli, 0, &dom, err))
        return false;
    if (cli->args[1]) {
        RemoteDomainSetMetadataArgs args = { dom, type, *cli->args[1] ? cli->args[1] : NULL, NULL, NULL, flags };
        if (!cli_call(cli, PROC_DOMAIN_SET_METADATA, &args, NULL, err))
            return false;
        said(cli, "The %s of '%s' is changed", type ? "title" : "description", dom.name);
        return true;
    }
    if (!cli_call(cli, PROC_DOMAIN_GET_METADATA, &(RemoteDomainGetMetadataArgs){ dom, type, NULL, flags }, &ret, err))
        return false;
    say(cli, type ? "title" : "description", "%s", ret.metadata);
    rpc_conn_clear(PROC_DOMAIN_GET_METADATA, &ret);
    return true;
}

#define VALIDATE { "validate", NULL, "refuse unknown elements and attributes" }
const Command xml_commands[] = {
    { "define", "FILE", "Define a guest, or change its definition", run_define, { VALIDATE } },
    { "create", "FILE", "Start a guest without keeping a definition", run_create,
      { { "console", NULL, "and open its console" }, { "paused", NULL, "but leave its CPUs stopped" }, VALIDATE } },
    { "dumpxml", "DOMAIN", "Show a guest's XML", run_dumpxml,
      { { "inactive", NULL, "as it is defined, not as it runs" }, { "security-info", NULL, "with passwords" },
        { "update-cpu", NULL, "with the CPU spelled out" }, { "migratable", NULL, "for another host" } } },
    { "edit", "DOMAIN", "Change a guest's definition in your editor", run_edit, { { 0 } } },
    { "validate", "FILE", "Check a definition, strictly and without a daemon", run_validate, { { 0 } }, .offline = true },
    { "desc", "DOMAIN [TEXT]", "Show or set a guest's description", run_desc,
      { { "title", NULL, "its title instead" }, { "live", NULL, "of the running guest" }, { "config", NULL, "of the definition" } } },
    { NULL },
};
