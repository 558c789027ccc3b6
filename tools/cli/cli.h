/* What the commands of qvirt share. A command is a row of a table (commands.c lists the tables); the row says its
 * arguments and options, and from it come parsing, help, completion and the manual's list. */
#ifndef QV_TOOLS_CLI_H
#define QV_TOOLS_CLI_H
#include "rpc/client.h"

typedef struct Cli Cli;
typedef struct { const char *name, *value, *help; } CliOption;      /* @value: what it takes, NULL for a flag */
typedef struct {
    const char *name;
    const char *args;              /* "DOMAIN [FILE]": how many, and what completes them */
    const char *help;
    bool (*run)(Cli *cli, GError **err);
    CliOption options[8];
    bool offline;                  /* needs no daemon */
    guint32 procedure;             /* for commands that share a function */
    const char *done;              /* what they say then, of "%s" */
} Command;
/* The tables, each ended by a row without a name. */
typedef struct { const char *title; const Command *commands; } CommandGroup;
extern const CommandGroup command_groups[];
extern const Command domain_commands[], life_commands[], xml_commands[], host_commands[], console_commands[],
                     watch_commands[], top_commands[], explain_commands[], reference_commands[];
const Command *command_find(const char *name);

struct Cli {
    const Command *command;
    char **args;                   /* of the command; NULL-terminated */
    guint n_args;
    GHashTable *options;           /* name -> value, "" for a flag */
    RpcConn *conn;
    char *uri;
    bool json, readonly, quiet;
    int status;                    /* exit status of a command that went well: 0 unless it says so */
};
bool cli_flag(const Cli *cli, const char *name);
const char *cli_option(const Cli *cli, const char *name);       /* NULL: not given */
bool cli_number(const Cli *cli, const char *name, gint64 otherwise, gint64 *ret, GError **err);
/* The domain that argument @i names, by id, UUID or name; freed by domain_clear. */
bool cli_domain(Cli *cli, guint i, RemoteNonnullDomain *ret, GError **err);
void domain_clear(RemoteNonnullDomain *dom);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RemoteNonnullDomain, domain_clear)
bool cli_call(Cli *cli, guint32 procedure, const void *args, void *ret, GError **err);

/* --- output.c: a table for people, columns for pipes, or JSON. */
typedef struct Table Table;
Table *table_new(const char *first_column, ...) G_GNUC_NULL_TERMINATED;      /* "Id", "Name", ... */
void table_row(Table *table, const char *first, ...) G_GNUC_NULL_TERMINATED; /* copied; as many as columns */
void table_print(Table *table, const Cli *cli);
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)
/* Names and values below each other ("Id: 1"), an object in JSON. Numbers and true/false stay so there. */
typedef struct Facts Facts;
Facts *facts_new(void);
void facts_add(Facts *facts, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
void facts_print(Facts *facts, const Cli *cli);                              /* and frees */
/* One word or document; {"NAME": text} in JSON. */
void say(const Cli *cli, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* What was done; nothing with --quiet, {"done": true, "message": ...} in JSON. */
void said(const Cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* --- uri.c */
/* Splits a connection URI into the socket and the name to open there. Gives both. */
bool uri_resolve(const char *uri, bool readonly, char **ret_socket, char **ret_name, GError **err);
/* --connect, else QVIRT_DEFAULT_URI, LIBVIRT_DEFAULT_URI, VIRSH_DEFAULT_CONNECT_URI, else by who we are. Gives. */
char *uri_default(void);

/* --- words for numbers, as virsh has them */
const char *domain_state_name(int state);
const char *domain_reason_name(int state, int reason);
#endif
