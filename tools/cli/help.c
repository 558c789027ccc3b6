#include "tools/cli/help.h"
#include <stdio.h>
#include <string.h>

const CommandGroup command_groups[] = {
    { "Guests", domain_commands },
    { "Starting and stopping", life_commands },
    { "Definitions", xml_commands },
    { "The XML of a definition", reference_commands },
    { "Consoles and screens", console_commands },
    { "Watching", watch_commands },
    { "Usage", top_commands },
    { "QEMU's command line", explain_commands },
    { "The host", host_commands },
    { "Help", help_commands },
    { NULL, NULL },
};

#define EACH_COMMAND(c) \
    for (const CommandGroup *c##_g = command_groups; c##_g->title; c##_g++) \
        for (const Command *c = c##_g->commands; c->name; c++)

const Command *command_find(const char *name)
{
    EACH_COMMAND(c)
        if (!strcmp(c->name, name))
            return c;
    return NULL;
}

char *help_nearest(const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    EACH_COMMAND(c)
        g_ptr_array_add(names, (gpointer)c->name);
    return qv_error_nearest(name, (const char *const *)names->pdata, names->len);
}

/* "DOMAIN [FILE]": one to two; a last "..." any number. */
void help_count_args(const Command *command, guint *ret_least, guint *ret_most)
{
    g_auto(GStrv) words = g_strsplit(command->args, " ", -1);

    *ret_least = *ret_most = 0;
    for (guint i = 0; words[i] && *words[i]; i++) {
        *ret_least += *words[i] != '[';
        *ret_most = g_str_has_suffix(words[i], "...") || g_str_has_suffix(words[i], "...]") ? G_MAXUINT : *ret_most + 1;
    }
}

static void help_all(void)
{
    puts("Usage: qvirt [--connect URI | --root DIR] [--json] [--readonly] [--quiet] COMMAND [ARGUMENT...]");
    for (const CommandGroup *g = command_groups; g->title; g++) {
        printf("\n%s\n", g->title);
        for (const Command *c = g->commands; c->name; c++) {
            g_autofree char *line = g_strdup_printf("%s %s", c->name, c->args);
            printf("  %-34s %s\n", line, c->help);
        }
    }
    puts("\nDOMAIN is an id, a UUID or a name. \"qvirt help COMMAND\" says a command's options.");
}

static bool run_help(Cli *cli, GError **err)
{
    const Command *c = cli->n_args ? command_find(cli->args[0]) : NULL;

    if (!cli->n_args) {
        help_all();
        return true;
    }
    if (!strcmp(cli->args[0], "xml"))
        return cli_help_xml(cli, err);
    if (!c) {
        g_autofree char *near = help_nearest(cli->args[0]);
        g_set_error(err, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "there is no command '%s'%s", cli->args[0], near);
        return false;
    }
    printf("Usage: qvirt %s%s%s%s\n\n%s.\n", c->name, c->options[0].name ? " [OPTION...]" : "", *c->args ? " " : "", c->args, c->help);
    for (const CliOption *o = c->options; o->name; o++) {
        g_autofree char *option = g_strdup_printf("--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        printf("%s  %-22s %s\n", o == c->options ? "\n" : "", option, o->help);
    }
    return true;
}

/* For the shell: "complete COMMANDS", "complete OPTIONS start", "complete ARGUMENT start 1" (what kind of word). */
static bool run_complete(Cli *cli, GError **err)
{
    const Command *of = cli->n_args > 1 ? command_find(cli->args[1]) : NULL;

    if (!strcmp(cli->args[0], "commands")) {
        EACH_COMMAND(c)
            puts(c->name);
    } else if (!strcmp(cli->args[0], "options") && of) {
        for (const CliOption *o = of->options; o->name; o++)
            printf("--%s\n", o->name);
        puts("--json\n--quiet");
    } else if (!strcmp(cli->args[0], "arguments") && of) {
        puts(of->args);
    }
    return true;
}

/* The manual's list, in its markup. */
static bool run_manual(Cli *cli, GError **err)
{
    for (const CommandGroup *g = command_groups; g->title; g++) {
        printf(".SS %s\n", g->title);
        for (const Command *c = g->commands; c->name; c++) {
            printf(".TP\n.B %s\\fR %s\n%s.\n", c->name, c->args, c->help);
            for (const CliOption *o = c->options; o->name; o++)
                printf(".br\n\\fB\\-\\-%s\\fR%s%s: %s.\n", o->name, o->value ? " " : "", o->value ? o->value : "", o->help);
        }
    }
    return true;
}

const Command help_commands[] = {
    { "help", "[COMMAND] [ELEMENT]", "List the commands, or explain one", run_help, .offline = true },
    { "complete", "WHAT [COMMAND]", "Words for the shell's completion", run_complete, .offline = true },
    { "manual", "", "The list of commands in the manual's markup", run_manual, .offline = true },
    { NULL },
};
