/* The network driver's inside. A job's check and finish run on the I/O thread, its work on the driver's thread, which
 * owns what is outside: files, the kernel's devices, rules, dnsmasq. */
#ifndef QV_NETWORK_DRIVER_H
#define QV_NETWORK_DRIVER_H
#include "drivers/network/network.h"
#include "util/undo.h"

typedef struct NetworkJob NetworkJob;
typedef struct {
    bool (*check)(NetworkJob *job, GError **err);      /* may be NULL; fills @net, @def */
    bool (*work)(NetworkJob *job, GError **err);       /* may be NULL */
    void (*finish)(NetworkJob *job);                   /* it worked: what it changed becomes known */
} NetworkSteps;

struct NetworkJob {
    NetworkDriver *driver;
    NetworkOp op;
    const NetworkSteps *steps;
    Network *net;                  /* a reference */
    bool fresh;                    /* @net is listed when the job ends */
    char *text;
    guint flags;
    NetworkUpdate update;
    NetworkDef *def;               /* what is to be written or brought up */
    NetworkDef *live;              /* update: what will be in force */
    bool restart_server;
    NetworkDone done;
    gpointer user;
    GError *err;
};

struct NetworkDriver {
    char *lib, *autostart, *run;
    GMutex lock;                   /* of @all's membership, Network.def and .active, and @ports; held for a look or a swap */
    GPtrArray *all;                /* Network, by name */
    GHashTable *ports;             /* UUID text -> Port */
    GThreadPool *thread;
    GQueue queue;
    NetworkJob *current;
    NetworkEventFn on_event;
    gpointer event_user;
    bool stopping;
};

typedef struct { char *network; PortDef *def; } Port;   /* network: its UUID's text */
void port_free(gpointer port);
bool ports_load(NetworkDriver *driver, GError **err);

NetworkDriver *network_the_driver(void);              /* NULL before there is one */
Network *network_new(NetworkDriver *driver, NetworkDef *def);
void network_unref(Network *net);
void network_emit(Network *net, NetworkEvent event);
extern const NetworkSteps network_define_steps, network_create_steps, network_start_steps, network_stop_steps,
    network_undefine_steps, network_autostart_steps, network_update_steps, network_serve_steps;
/* Name, UUID and bridge may come in; fills in what a definition left out. I/O thread. */
bool network_complete(NetworkDriver *driver, NetworkDef *def, Network **ret_known, GError **err);
/* LIB/network/NAME.xml and the like. Gives. */
char *network_file(const char *folder, const char *name, const char *suffix);

/* --- start.c: the driver thread */
extern const UndoKind network_kinds[];
bool network_up(NetworkDriver *driver, const NetworkDef *def, GError **err);
bool network_down(NetworkDriver *driver, const char *name, GError **err);
bool network_write_status(NetworkDriver *driver, const NetworkDef *def, GError **err);

/* --- rules.c. The table's text as libnftables' JSON; NULL: mode 'open' or no bridge. Gives. */
char *rules_json(const NetworkDef *def);
bool rules_add(const NetworkDef *def, GError **err);
bool rules_remove(const char *bridge, GError **err);

/* --- dnsmasq.c, server.c */
bool dnsmasq_wanted(const NetworkDef *def);
char *dnsmasq_config(const NetworkDef *def, const char *stem, const char *leases);
char *dnsmasq_hosts(const NetworkDef *def);            /* DHCP hosts */
char *dnsmasq_names(const NetworkDef *def);            /* DNS hosts */
bool server_write(NetworkDriver *driver, const NetworkDef *def, GError **err);
bool server_start(NetworkDriver *driver, const NetworkDef *def, GError **err);
bool server_stop(const char *config, GError **err);
bool server_reload(NetworkDriver *driver, const NetworkDef *def, GError **err);
void server_watch(Network *net);                       /* I/O thread: comes back when it dies */
void server_unwatch(Network *net);
#endif
