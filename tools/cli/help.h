/* What the tables of commands say about themselves: help, completion, near names. */
#ifndef QV_TOOLS_CLI_HELP_H
#define QV_TOOLS_CLI_HELP_H
#include "tools/cli/cli.h"

void help_count_args(const Command *command, guint *ret_least, guint *ret_most);
char *help_nearest(const char *name);       /* "; did you mean ...?", or ""; gives */
bool cli_help_xml(Cli *cli, GError **err);   /* "help xml [ELEMENT]"; reference.c */
extern const Command help_commands[];
#endif
