/* A guest's console in this terminal. */
#ifndef QV_TOOLS_CLI_CONSOLE_H
#define QV_TOOLS_CLI_CONSOLE_H
#include "tools/cli/cli.h"

/* Until Ctrl+] or the guest's end. @device: an alias, or NULL for the first. */
bool console_attach(Cli *cli, const RemoteNonnullDomain *dom, const char *device, GError **err);
#endif
