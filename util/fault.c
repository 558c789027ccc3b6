#define G_LOG_DOMAIN "fault"
#include "util/fault.h"
#include <signal.h>
#include <string.h>

/* How often the point was passed, this time included. */
static guint pass(const char *name)
{
    static GMutex lock;
    static GHashTable *passed;
    guint n;

    g_mutex_lock(&lock);
    if (!passed)
        passed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    n = GPOINTER_TO_UINT(g_hash_table_lookup(passed, name)) + 1;
    g_hash_table_replace(passed, g_strdup(name), GUINT_TO_POINTER(n));
    g_mutex_unlock(&lock);
    return n;
}

/* What @name at its @n-th time shall do: "fail", "kill" or NULL. */
static const char *action_of(char **wanted, const char *name, guint n)
{
    g_autofree char *nth = g_strdup_printf("%s@%u", name, n);
    const char *names[] = { nth, n == 1 ? name : nth };

    for (; *wanted; wanted++)
        for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
            const char *rest = *wanted + strlen(names[i]);
            if (g_str_has_prefix(*wanted, names[i]) && (!strcmp(rest, ":fail") || !strcmp(rest, ":kill")))
                return rest + 1;
        }
    return NULL;
}

bool fault_point(const char *name, GError **err)
{
    const char *spec = g_getenv("QVIRT_FAULT");
    const char *action;

    if (G_LIKELY(!spec))
        return true;
    g_auto(GStrv) wanted = g_strsplit(spec, ",", -1);
    guint n = pass(name);
    if (g_strv_contains((const char *const *)wanted, "trace"))
        g_message("passing fault point %s@%u", name, n);
    action = action_of(wanted, name, n);
    if (!action)
        return true;
    if (!strcmp(action, "kill"))
        raise(SIGKILL);
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "fault point '%s' was told to fail by QVIRT_FAULT", name);
    return false;
}
