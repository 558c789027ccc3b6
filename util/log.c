#include "util/log.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* GLib's levels are bits, the gravest lowest: a message is written when its bit is at most that of @level. */
static struct {
    GMutex lock;
    LogOutput output;
    int fd;
    GLogLevelFlags level;
    char **topics;             /* NULL: none */
    bool all_topics;
} log_state = { .fd = STDERR_FILENO, .level = G_LOG_LEVEL_INFO };

static const struct { const char *word; GLogLevelFlags level; } log_levels[] = {
    { "error", G_LOG_LEVEL_CRITICAL },
    { "warning", G_LOG_LEVEL_WARNING },
    { "info", G_LOG_LEVEL_INFO },
    { "debug", G_LOG_LEVEL_DEBUG },
};

bool log_level_parse(const char *word, GLogLevelFlags *ret_level)
{
    for (guint i = 0; i < G_N_ELEMENTS(log_levels); i++) {
        if (g_str_equal(word, log_levels[i].word)) {
            *ret_level = log_levels[i].level;
            return true;
        }
    }
    return false;
}

static const char *level_word(GLogLevelFlags level)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return "error";
    if (level & G_LOG_LEVEL_WARNING)
        return "warning";
    return level & G_LOG_LEVEL_DEBUG ? "debug" : "info";
}

static const char *field(const GLogField *fields, gsize n, const char *key)
{
    for (gsize i = 0; i < n; i++) {
        if (g_str_equal(fields[i].key, key) && fields[i].length < 0)
            return fields[i].value;
    }
    return NULL;
}

static bool wanted(GLogLevelFlags level, const char *topic)
{
    if ((level & G_LOG_LEVEL_MASK) <= (log_state.level & G_LOG_LEVEL_MASK))
        return true;
    if (!(level & G_LOG_LEVEL_DEBUG))
        return false;
    return log_state.all_topics ||
           (log_state.topics && topic && g_strv_contains((const char *const *)log_state.topics, topic));
}

/* What others wrote (a name, QEMU's words) makes no lines of its own, nor commands to a terminal. */
static char *one_line(const char *message)
{
    GString *out = g_string_new(NULL);
    for (const char *at = message; *at; at++) {
        if ((guchar)*at >= 0x20 && *at != 0x7f)
            g_string_append_c(out, *at);
        else if (*at == '\n' || *at == '\t')
            g_string_append(out, *at == '\n' ? "\\n" : "\\t");
        else
            g_string_append_printf(out, "\\x%02x", (guchar)*at);
    }
    return g_string_free(out, FALSE);
}

/* One write per line, so that lines of several threads do not mix. */
static void write_line(GLogLevelFlags level, const char *topic, const char *message)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
    g_autofree char *text = one_line(message);
    g_autofree char *line = g_strdup_printf("%s.%03ldZ %s: %s%s%s\n", stamp, now.tv_nsec / 1000000, level_word(level),
                                            topic ? topic : "", topic ? ": " : "", text);
    /* A log that cannot be written has nobody to tell. */
    ssize_t written G_GNUC_UNUSED = write(log_state.fd, line, strlen(line));
}

static GLogWriterOutput log_writer(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer user)
{
    const char *topic = field(fields, n, "GLIB_DOMAIN");
    const char *message = field(fields, n, "MESSAGE");
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&log_state.lock);
    if (!message || !wanted(level, topic))
        return G_LOG_WRITER_HANDLED;
    if (log_state.output == LOG_TO_JOURNAL &&
        g_log_writer_journald(level, fields, n, NULL) == G_LOG_WRITER_HANDLED)
        return G_LOG_WRITER_HANDLED;
    write_line(level, topic, message);
    return G_LOG_WRITER_HANDLED;
}

bool log_setup(const LogConfig *config, GError **err)
{
    static gsize installed;
    int fd = STDERR_FILENO;
    if (config->output == LOG_TO_FILE) {
        fd = open(config->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0)
            return qv_error_errno(err, errno, "cannot open log file '%s'", config->file);
    }
    g_mutex_lock(&log_state.lock);
    int old = log_state.fd;
    log_state.fd = fd;
    log_state.output = config->output;
    log_state.level = config->level;
    g_strfreev(log_state.topics);
    log_state.topics = config->debug ? g_strsplit(config->debug, ",", -1) : NULL;
    log_state.all_topics = log_state.topics && g_strv_contains((const char *const *)log_state.topics, "all");
    g_mutex_unlock(&log_state.lock);
    if (old != STDERR_FILENO)
        close(old);
    if (g_once_init_enter(&installed)) {
        g_log_set_writer_func(log_writer, NULL, NULL);
        g_once_init_leave(&installed, 1);
    }
    return true;
}
