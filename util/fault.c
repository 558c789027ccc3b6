#include "util/fault.h"
#include <signal.h>
#include <string.h>

/* What @name shall do: "fail", "kill" or NULL. */
static const char *action_of(char **wanted, const char *name)
{
    gsize len = strlen(name);

    for (; *wanted; wanted++)
        if (!strncmp(*wanted, name, len) && (!strcmp(*wanted + len, ":fail") || !strcmp(*wanted + len, ":kill")))
            return *wanted + len + 1;
    return NULL;
}

bool fault_point(const char *name, GError **err)
{
    const char *spec = g_getenv("QVIRT_FAULT");
    g_auto(GStrv) wanted = NULL;
    const char *action;

    if (G_LIKELY(!spec))
        return true;
    wanted = g_strsplit(spec, ",", -1);
    action = action_of(wanted, name);
    if (!action)
        return true;
    if (!strcmp(action, "kill"))
        raise(SIGKILL);
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "fault point '%s' was told to fail by QVIRT_FAULT", name);
    return false;
}
