/* QEMU's command line, and why each argument is there. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include "tools/cli/cli.h"
#include "tools/cli/domain_xml.h"

enum { XML_SECURE = 1, XML_INACTIVE = 2, VIR_ERR_INVALID_ARG = 8 };

/* The definition of a domain, or the text of a file that argument 0 names. */
static char *definition(Cli *cli, GError **err)
{
    char *xml = NULL;

    if (strchr(cli->args[0], '/') || g_str_has_suffix(cli->args[0], ".xml"))
        return g_file_get_contents(cli->args[0], &xml, NULL, err) ? xml : NULL;
    return domain_xml(cli, 0, XML_INACTIVE, err);
}

static char *native(Cli *cli, const char *format, GError **err)
{
    g_autofree char *xml = definition(cli, err);
    RemoteConnectDomainXmlToNativeRet ret = { 0 };

    if (!xml || !cli_call(cli, PROC_CONNECT_DOMAIN_XML_TO_NATIVE,
                          &(RemoteConnectDomainXmlToNativeArgs){ (char *)format, xml, 0 }, &ret, err))
        return NULL;
    return ret.nativeConfig;
}

static bool run_argv(Cli *cli, GError **err)
{
    g_autofree char *text = native(cli, "qemu-argv", err);

    if (text)
        say(cli, "argv", "%s", text);
    return text;
}

static const char *text_of(json_object *o, const char *name)
{
    json_object *value;
    return json_object_object_get_ex(o, name, &value) && value ? json_object_get_string(value) : NULL;
}

static void explain_one(json_object *o)
{
    json_object *words = json_object_object_get(o, "argument");
    const char *path = text_of(o, "path"), *why = text_of(o, "why");
    gint64 line = json_object_get_int64(json_object_object_get(o, "line"));

    for (size_t i = 0; i < json_object_array_length(words); i++)
        printf("%s%s", i ? " " : "", json_object_get_string(json_object_array_get_idx(words, i)));
    printf("\n      ");
    if (path && line)
        printf("%s, line %d", path, (int)line);
    else
        printf("%s", path ? path : why ? why : "");
    printf("%s%s\n", path && why ? ": " : "", path && why ? why : "");
}

static bool run_explain(Cli *cli, GError **err)
{
    g_autofree char *text = native(cli, "qvirt-explain", err);
    json_object *all = text ? json_tokener_parse(text) : NULL;

    if (!text) {
        if (rpc_conn_error_code(cli->conn) == VIR_ERR_INVALID_ARG && g_strrstr((*err)->message, "config type"))
            g_prefix_error(err, "only qvirtd knows the reasons; see qvirt argv: ");
        return false;
    }
    if (!json_object_is_type(all, json_type_array)) {
        json_object_put(all);
        g_set_error(err, QV_ERROR, QV_ERR_RPC, "the daemon's explanation cannot be read");
        return false;
    }
    if (cli->json)
        puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    for (size_t i = 0; !cli->json && i < json_object_array_length(all); i++)
        explain_one(json_object_array_get_idx(all, i));
    json_object_put(all);
    return true;
}

const Command explain_commands[] = {
    { "argv", "DOMAIN-OR-FILE", "Show the command line a guest's QEMU would get", run_argv, { { 0 } } },
    { "explain", "DOMAIN-OR-FILE", "Show each argument beside what asked for it", run_explain, { { 0 } } },
    { NULL },
};
