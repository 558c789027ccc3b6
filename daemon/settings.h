/* The daemon's configuration: where things are, and the file with the administrator's wishes.
 *
 * Each setting is one row of a table (settings.c): name, type, limits, default and what it is for.
 * The file is lines of "name = value", with # comments; strings may stand in quotes. A name nobody
 * knows, a value out of bounds or a name given twice is refused with file and line.
 * `qvirtd --print-config` writes the table as a commented file. */
#ifndef QV_DAEMON_SETTINGS_H
#define QV_DAEMON_SETTINGS_H
#include "drivers/qemu/qemu.h"
#include <glib.h>
#include <stdbool.h>

typedef struct {
    /* where: set by daemon_config_new */
    bool session;
    char *root;                    /* --root, or NULL */
    char *etc_dir, *lib_dir, *run_dir, *log_dir, *cache_dir;
    char *path;                    /* the configuration file */

    /* rows of the file */
    char *socket_group;
    guint socket_mode, readonly_socket_mode;
    bool libvirt_sockets;
    guint max_clients, max_clients_per_user, max_client_requests;
    guint keepalive_interval_s, keepalive_count;
    char *log_level, *log_output, *log_debug;
    bool audit;
    char *user, *group;
    char *vnc_listen, *spice_listen;
    guint vnc_port_min, vnc_port_max;
    bool clear_caps;
    guint workers, start_timeout_ms;
    guint metrics_port;
} DaemonConfig;

/* Defaults for a daemon under @root (NULL: the system's folders, or the user's when @session). Gives. */
DaemonConfig *daemon_config_new(const char *root, bool session);
void daemon_config_free(DaemonConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonConfig, daemon_config_free)

/* Reads @path over the defaults. A missing file is an error only when @path was asked for by name;
 * @path NULL: qvirtd.conf in the etc folder. */
bool daemon_config_load(DaemonConfig *config, const char *path, GError **err);
/* Every setting with its meaning and default, as a configuration file. Gives. */
char *daemon_config_print(void);

/* The log as configured; @verbose: debug messages of all topics. */
bool daemon_config_log(const DaemonConfig *config, bool verbose, GError **err);
/* Borrows from @config. */
QemuDriverConfig daemon_config_qemu(const DaemonConfig *config);
#endif
