#include "daemon/settings.h"
#include "util/log.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

typedef enum { SETTING_STRING, SETTING_UINT, SETTING_OCTAL, SETTING_BOOL } SettingType;

typedef struct {
    const char *name;
    SettingType type;
    size_t offset;
    guint min, max;
    const char *fallback;          /* as it would stand in the file; NULL: unset */
    const char *doc;
} Setting;

#define ROW_STRING(name, field, fallback, doc) \
    { name, SETTING_STRING, offsetof(DaemonConfig, field), 0, 0, fallback, doc }
#define ROW_BOOL(name, field, fallback, doc) \
    { name, SETTING_BOOL, offsetof(DaemonConfig, field), 0, 1, fallback, doc }
#define ROW_UINT(name, field, min, max, fallback, doc) \
    { name, SETTING_UINT, offsetof(DaemonConfig, field), min, max, fallback, doc }
#define ROW_OCTAL(name, field, fallback, doc) \
    { name, SETTING_OCTAL, offsetof(DaemonConfig, field), 0, 0777, fallback, doc }

static const Setting settings[] = {
    ROW_STRING("unix_sock_group", socket_group, NULL, "Group whose members may use the read-write socket. Unset: root only."),
    ROW_OCTAL("unix_sock_rw_perms", socket_mode, "0770", "Mode of the read-write socket."),
    ROW_OCTAL("unix_sock_ro_perms", readonly_socket_mode, "0777", "Mode of the read-only socket."),
    ROW_BOOL("libvirt_sockets", libvirt_sockets, "no",
             "Also listen where libvirt's clients look by themselves (/run/libvirt/libvirt-sock); not with --root."),
    ROW_UINT("max_clients", max_clients, 1, 100000, "5000", "Connections served at once; more of root's wait, others are refused."),
    ROW_UINT("max_clients_per_user", max_clients_per_user, 1, 100000, "500",
             "Connections of one user other than root; max_clients counts root's apart, so that nobody locks root out."),
    ROW_UINT("max_client_requests", max_client_requests, 1, 10000, "50", "Unanswered calls of one client before it is read no further."),
    ROW_UINT("keepalive_interval", keepalive_interval_s, 0, 86400, "5", "Seconds of silence before a client is asked whether it lives; 0: never."),
    ROW_UINT("keepalive_count", keepalive_count, 1, 1000, "5", "Unanswered questions before the connection is closed."),
    ROW_STRING("log_level", log_level, "info", "The least that is logged: error, warning, info or debug."),
    ROW_STRING("log_output", log_output, "stderr", "stderr, journal, or file:PATH."),
    ROW_STRING("log_debug", log_debug, NULL, "Topics whose debug messages are logged: qmp, rpc, ..., or all."),
    ROW_BOOL("audit", audit, "yes", "Log each state-changing call with the user and process that made it."),
    ROW_STRING("user", user, NULL, "The user QEMU runs as. Unset: the daemon's own."),
    ROW_STRING("group", group, NULL, "The group QEMU runs as. Unset: the daemon's own."),
    ROW_STRING("vnc_listen", vnc_listen, "127.0.0.1", "Where VNC listens when the domain does not say."),
    ROW_STRING("spice_listen", spice_listen, "127.0.0.1", "Where SPICE listens when the domain does not say."),
    ROW_UINT("remote_display_port_min", vnc_port_min, 5900, 65535, "5900", "First port given to displays with autoport."),
    ROW_UINT("remote_display_port_max", vnc_port_max, 5900, 65535, "65535", "Last port given to displays with autoport."),
    ROW_BOOL("clear_emulator_capabilities", clear_caps, "yes", "Run QEMU without capabilities."),
    ROW_UINT("workers", workers, 0, 256, "0", "Threads that start, stop and change guests; 0: as many as fit the host."),
    ROW_UINT("start_timeout", start_timeout_ms, 0, 3600000, "0", "Milliseconds QEMU may take until it greets; 0: 30000."),
    ROW_UINT("metrics_port", metrics_port, 0, 65535, "0", "Port on 127.0.0.1 for metrics, beside the socket metrics.sock; 0: none."),
};

static bool set_string(char **field, const char *value, GError **err)
{
    g_free(*field);
    *field = *value ? g_strdup(value) : NULL;
    return true;
}

static bool set_number(guint *field, const Setting *row, const char *value, guint base, GError **err)
{
    guint64 number;
    if (!g_ascii_string_to_unsigned(value, base, row->min, row->max, &number, NULL)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                    base == 8 ? "'%s' for %s is not an octal mode of %o..%o" : "'%s' for %s is not a number of %u..%u",
                    value, row->name, row->min, row->max);
        return false;
    }
    *field = (guint)number;
    return true;
}

static bool set_bool(bool *field, const Setting *row, const char *value, GError **err)
{
    static const char *const yes[] = { "yes", "1", "true", "on", NULL }, *const no[] = { "no", "0", "false", "off", NULL };
    bool on = g_strv_contains(yes, value);
    if (!on && !g_strv_contains(no, value)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "'%s' for %s is neither yes nor no", value, row->name);
        return false;
    }
    *field = on;
    return true;
}

static bool setting_set(DaemonConfig *config, const Setting *row, const char *value, GError **err)
{
    gpointer field = (char *)config + row->offset;
    switch (row->type) {
    case SETTING_STRING:
        return set_string(field, value, err);
    case SETTING_BOOL:
        return set_bool(field, row, value, err);
    case SETTING_OCTAL:
        return set_number(field, row, value, 8, err);
    case SETTING_UINT:
        return set_number(field, row, value, 10, err);
    }
    return false;
}

static const Setting *setting_find(const char *name, GError **err)
{
    const char *names[G_N_ELEMENTS(settings)];
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (g_str_equal(settings[i].name, name))
            return &settings[i];
        names[i] = settings[i].name;
    }
    g_autofree char *nearest = qv_error_nearest(name, names, G_N_ELEMENTS(names));
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "unknown setting '%s'%s", name, nearest);
    return NULL;
}

/* The value without blanks, a comment behind it, or quotes; changes @text. NULL: broken. */
static char *value_strip(char *text, GError **err)
{
    g_strstrip(text);
    char quote = *text;
    if (quote == '"' || quote == '\'') {
        char *end = strchr(text + 1, quote);
        if (!end) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "the quote %c is not closed", quote);
            return NULL;
        }
        *end = '\0';
        return text + 1;
    }
    char *comment = strchr(text, '#');
    if (comment)
        *comment = '\0';
    return g_strchomp(text);
}

static bool line_apply(DaemonConfig *config, char *line, GHashTable *seen, GError **err)
{
    g_strstrip(line);
    if (!*line || *line == '#')
        return true;
    char *equals = strchr(line, '=');
    if (!equals) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "'%s' is not of the form name = value", line);
        return false;
    }
    *equals = '\0';
    const Setting *row = setting_find(g_strchomp(line), err);
    char *value = row ? value_strip(equals + 1, err) : NULL;
    if (!value)
        return false;
    if (!g_hash_table_add(seen, (gpointer)row->name)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s is given twice", row->name);
        return false;
    }
    return setting_set(config, row, value, err);
}

/* Rules between rows. */
static bool config_check(const DaemonConfig *config, GError **err)
{
    GLogLevelFlags level;
    if (config->vnc_port_min > config->vnc_port_max) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "remote_display_port_min %u is above remote_display_port_max %u",
                    config->vnc_port_min, config->vnc_port_max);
        return false;
    }
    if (!config->log_level || !log_level_parse(config->log_level, &level)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "log_level '%s' is not error, warning, info or debug",
                    config->log_level ? config->log_level : "");
        return false;
    }
    return true;
}

bool daemon_config_load(DaemonConfig *config, const char *path, GError **err)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *text = NULL;
    g_free(config->path);
    config->path = path ? g_strdup(path) : g_build_filename(config->etc_dir, "qvirtd.conf", NULL);
    if (!g_file_get_contents(config->path, &text, NULL, &why)) {
        if (!path && g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return true;
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "cannot read the configuration: %s", why->message);
        return false;
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (!line_apply(config, lines[i], seen, err)) {
            g_prefix_error(err, "%s:%u: ", config->path, i + 1);
            return false;
        }
    }
    if (config_check(config, err))
        return true;
    g_prefix_error(err, "%s: ", config->path);
    return false;
}

char *daemon_config_print(void)
{
    GString *out = g_string_new("# qvirtd.conf: settings of qvirtd, each with its default.\n");
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
        const char *quote = settings[i].type == SETTING_STRING ? "\"" : "";
        g_string_append_printf(out, "\n# %s\n#%s = %s%s%s\n", settings[i].doc, settings[i].name, quote,
                               settings[i].fallback ? settings[i].fallback : "", quote);
    }
    return g_string_free(out, FALSE);
}

/* The folders, by the three ways to run: under a root, as a user, as the system's daemon. */
static void config_folders(DaemonConfig *config)
{
    if (config->root) {
        config->etc_dir = g_build_filename(config->root, "etc", NULL);
        config->lib_dir = g_build_filename(config->root, "lib", NULL);
        config->run_dir = g_build_filename(config->root, "run", NULL);
        config->log_dir = g_build_filename(config->root, "log", NULL);
        config->cache_dir = g_build_filename(config->root, "cache", NULL);
        return;
    }
    if (config->session) {
        config->etc_dir = g_build_filename(g_get_user_config_dir(), "qvirt", NULL);
        config->lib_dir = g_build_filename(g_get_user_data_dir(), "qvirt", NULL);
        config->run_dir = g_build_filename(g_get_user_runtime_dir(), "qvirt", NULL);
        config->log_dir = g_build_filename(g_get_user_cache_dir(), "qvirt", "log", NULL);
        config->cache_dir = g_build_filename(g_get_user_cache_dir(), "qvirt", NULL);
        return;
    }
    config->etc_dir = g_strdup(SYSCONFDIR "/qvirt");
    config->lib_dir = g_strdup(LOCALSTATEDIR "/lib/qvirt");
    config->run_dir = g_strdup(RUNSTATEDIR "/qvirt");
    config->log_dir = g_strdup(LOCALSTATEDIR "/log/qvirt");
    config->cache_dir = g_strdup(LOCALSTATEDIR "/cache/qvirt");
}

DaemonConfig *daemon_config_new(const char *root, bool session)
{
    DaemonConfig *config = g_new0(DaemonConfig, 1);
    config->session = session;
    config->root = root ? g_canonicalize_filename(root, NULL) : NULL;
    config_folders(config);
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (settings[i].fallback && !setting_set(config, &settings[i], settings[i].fallback, NULL))
            g_critical("the default of %s is out of its bounds", settings[i].name);
    }
    return config;
}

void daemon_config_free(DaemonConfig *config)
{
    if (!config)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (settings[i].type == SETTING_STRING)
            g_free(*(char **)((char *)config + settings[i].offset));
    }
    char *folders[] = { config->root, config->etc_dir, config->lib_dir, config->run_dir, config->log_dir,
                        config->cache_dir, config->path };
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        g_free(folders[i]);
    g_free(config);
}

bool daemon_config_log(const DaemonConfig *config, bool verbose, GError **err)
{
    const char *output = config->log_output ? config->log_output : "stderr";
    const char *topics = g_getenv("QVIRT_DEBUG");
    LogConfig log = { .output = LOG_TO_STDERR, .debug = topics ? topics : config->log_debug };
    log_level_parse(config->log_level, &log.level);
    if (verbose)
        log.level = G_LOG_LEVEL_DEBUG;
    if (g_str_has_prefix(output, "file:")) {
        log.output = LOG_TO_FILE;
        log.file = output + strlen("file:");
    } else if (g_str_equal(output, "journal")) {
        log.output = LOG_TO_JOURNAL;
    } else if (!g_str_equal(output, "stderr")) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "log_output '%s' is not stderr, journal or file:PATH", output);
        return false;
    }
    return log_setup(&log, err);
}

QemuDriverConfig daemon_config_qemu(const DaemonConfig *config)
{
    return (QemuDriverConfig){
        .etc_dir = config->etc_dir,
        .lib_dir = config->lib_dir,
        .run_dir = config->run_dir,
        .log_dir = config->log_dir,
        .cache_dir = config->cache_dir,
        .session = config->session,
        .user = config->user,
        .group = config->group,
        .vnc_listen = config->vnc_listen,
        .spice_listen = config->spice_listen,
        .vnc_port_min = config->vnc_port_min,
        .vnc_port_max = config->vnc_port_max,
        .clear_caps = config->clear_caps,
        .workers = config->workers,
        .start_timeout_ms = config->start_timeout_ms,
    };
}
