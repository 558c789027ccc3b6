/* The daemon's log. Every part logs with GLib's own words (g_debug, g_info, g_message, g_warning,
 * g_critical); this module decides which reach which output, and how they look there.
 *   log_setup(&(LogConfig){ .output = LOG_TO_STDERR, .level = G_LOG_LEVEL_INFO }, &err);
 * A topic is a file's G_LOG_DOMAIN (#define G_LOG_DOMAIN "qmp" before the includes); debug messages
 * appear only for topics switched on ("qmp,rpc" or "all"), everything else from @level upwards.
 * Libraries do not log what they return as an error. Any thread may log; set up on one. */
#ifndef QV_UTIL_LOG_H
#define QV_UTIL_LOG_H
#include <glib.h>
#include <stdbool.h>

typedef enum { LOG_TO_STDERR, LOG_TO_FILE, LOG_TO_JOURNAL } LogOutput;

typedef struct {
    LogOutput output;
    const char *file;          /* LOG_TO_FILE: appended to, mode 0600 */
    GLogLevelFlags level;      /* the least level that is written: G_LOG_LEVEL_INFO ... */
    const char *debug;         /* topics of debug messages, "all", or NULL */
} LogConfig;

/* Takes effect at once; may be called again (a reload, a reopened file). On failure the log stays
 * as it was. */
bool log_setup(const LogConfig *config, GError **err);
/* "error", "warning", "info" or "debug" to the level; false for another word. */
bool log_level_parse(const char *word, GLogLevelFlags *ret_level);
#endif
