/* qvirt: one command line, one command. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "tools/cli/cli.h"
#include "tools/cli/help.h"

enum { EXIT_USAGE = 2, EXIT_NO_CONNECTION = 3 };

/* Options before the command. */
typedef struct { char *uri, *root; gboolean readonly, json, quiet, version; } Global;

static bool usage(GError **err, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool usage(GError **err, const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    g_autofree char *text = g_strdup_vprintf(format, rest);
    va_end(rest);
    g_set_error_literal(err, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
    return false;
}

bool cli_flag(const Cli *cli, const char *name)
{
    return g_hash_table_contains(cli->options, name);
}

const char *cli_option(const Cli *cli, const char *name)
{
    return g_hash_table_lookup(cli->options, name);
}

bool cli_number(const Cli *cli, const char *name, gint64 otherwise, gint64 *ret, GError **err)
{
    const char *text = cli_option(cli, name);

    *ret = otherwise;
    if (!text || g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, ret, NULL))
        return true;
    return usage(err, "--%s takes a number, not '%s'", name, text);
}

static const CliOption *find_option(const Command *c, const char *name, gsize len)
{
    for (const CliOption *o = c->options; o->name; o++)
        if (strlen(o->name) == len && !strncmp(o->name, name, len))
            return o;
    return NULL;
}

/* "--name", "--name VALUE", "--name=VALUE"; @at is left at the last word it used. */
static bool take_option(Cli *cli, char **words, guint *at, GError **err)
{
    const char *word = words[*at] + 2, *equal = strchr(word, '=');
    const CliOption *o = find_option(cli->command, word, equal ? (gsize)(equal - word) : strlen(word));

    if (!strcmp(word, "json") || !strcmp(word, "quiet")) {
        *(*word == 'j' ? &cli->json : &cli->quiet) = true;
        return true;
    }
    if (!o)
        return usage(err, "'%s' has no option '%s'; see: qvirt help %s", cli->command->name, words[*at], cli->command->name);
    if (!o->value && equal)
        return usage(err, "--%s takes no value", o->name);
    if (o->value && !equal && !words[*at + 1])
        return usage(err, "--%s needs %s", o->name, o->value);
    const char *value = !o->value ? "" : equal ? equal + 1 : words[++*at];
    g_hash_table_replace(cli->options, g_strdup(o->name), g_strdup(value));
    return true;
}

static bool check_count(const Cli *cli, GError **err)
{
    guint least, most;

    help_count_args(cli->command, &least, &most);
    if (cli->n_args >= least && cli->n_args <= most)
        return true;
    return usage(err, "usage: qvirt %s %s", cli->command->name, cli->command->args);
}

static bool parse_words(Cli *cli, char **words, GError **err)
{
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    bool only_args = false;

    for (guint i = 0; words[i]; i++) {
        if (!only_args && !strcmp(words[i], "--"))
            only_args = true;
        else if (!only_args && g_str_has_prefix(words[i], "--")) {
            if (!take_option(cli, words, &i, err))
                return false;
        } else
            g_ptr_array_add(args, words[i]);
    }
    cli->n_args = args->len;
    g_ptr_array_add(args, NULL);
    cli->args = (char **)g_ptr_array_free(g_steal_pointer(&args), FALSE);
    return check_count(cli, err);
}

static bool connect_cli(Cli *cli, GError **err)
{
    g_autofree char *socket = NULL, *name = NULL;

    if (!uri_resolve(cli->uri, cli->readonly, &socket, &name, err))
        return false;
    cli->conn = rpc_conn_open(socket, name, cli->readonly, err);
    return cli->conn != NULL;
}

static int complain(const GError *err, int status)
{
    fprintf(stderr, "error: %s\n", err->message);
    return status;
}

static int run_command(Cli *cli, char **words)
{
    g_autoptr(GError) err = NULL;

    if (!parse_words(cli, words, &err))
        return complain(err, EXIT_USAGE);
    if (!cli->command->offline && !connect_cli(cli, &err))
        return complain(err, EXIT_NO_CONNECTION);
    bool ok = cli->command->run(cli, &err);
    if (fflush(stdout) && ok)
        return EXIT_FAILURE;
    return ok ? cli->status : complain(err, err && err->domain == G_OPTION_ERROR ? EXIT_USAGE : EXIT_FAILURE);
}

static int unknown_command(const char *name)
{
    g_autofree char *near = help_nearest(name);

    fprintf(stderr, "error: there is no command '%s'%s\nSee: qvirt help\n", name, near);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    Global g = { 0 };
    const GOptionEntry entries[] = {
        { "connect", 'c', 0, G_OPTION_ARG_STRING, &g.uri, "The daemon to talk to (qemu:///system, qemu:///session, ...)", "URI" },
        { "root", 'R', 0, G_OPTION_ARG_FILENAME, &g.root, "The private daemon started with qvirtd --root DIR", "DIR" },
        { "readonly", 'r', 0, G_OPTION_ARG_NONE, &g.readonly, "Look, do not touch", NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &g.json, "Answer in JSON", NULL },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &g.quiet, "No headings and no messages", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &g.version, "Say the version of qvirt and end", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [ARGUMENT...]");
    g_autoptr(GError) err = NULL;

    setlocale(LC_ALL, "");
    g_option_context_set_summary(context, "Runs guests through qvirtd. \"qvirt help\" lists the commands, \"qvirt help COMMAND\" explains one.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_strict_posix(context, TRUE);
    if (!g_option_context_parse(context, &argc, &argv, &err))
        return complain(err, EXIT_USAGE);
    if (g.version) {
        puts("qvirt " PACKAGE_VERSION);
        return 0;
    }
    const char *name = argc > 1 ? argv[1] : "help";
    const Command *command = command_find(name);
    if (!command)
        return unknown_command(name);
    Cli cli = { .command = command, .json = g.json, .readonly = g.readonly, .quiet = g.quiet,
                .options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free) };
    cli.uri = g.root ? g_strdup_printf("qemu+unix:///system?socket=%s/run/qvirt-sock%s", g.root, g.readonly ? "-ro" : "")
                     : g.uri ? g_strdup(g.uri) : uri_default();
    int status = run_command(&cli, argc > 1 ? argv + 2 : argv + 1);
    g_clear_pointer(&cli.conn, rpc_conn_free);
    g_hash_table_unref(cli.options);
    g_free(cli.args);
    g_free(cli.uri);
    g_free(g.uri);
    g_free(g.root);
    return status;
}
