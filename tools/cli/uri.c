/* Connection URIs, as virsh has them: qemu:///system, qemu:///session, qemu+unix:///system?socket=PATH&mode=... */
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "tools/cli/cli.h"

char *uri_default(void)
{
    static const char *const names[] = { "QVIRT_DEFAULT_URI", "LIBVIRT_DEFAULT_URI", "VIRSH_DEFAULT_CONNECT_URI" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_getenv(names[i]) && *g_getenv(names[i]))
            return g_strdup(g_getenv(names[i]));
    return g_strdup(geteuid() == 0 ? "qemu:///system" : "qemu:///session");
}

/* Ours, or where libvirt's daemon listens when ours is not there. */
static char *default_socket(bool session, bool readonly)
{
    const char *end = readonly ? "-ro" : "";
    const char *run = g_get_user_runtime_dir();
    g_autofree char *own = g_strdup_printf("%s/qvirt/qvirt-sock%s", session ? run : RUNSTATEDIR, session ? "" : end);
    g_autofree char *other = g_strdup_printf("%s/libvirt/libvirt-sock%s", session ? run : "/run", session ? "" : end);

    if (access(own, F_OK) < 0 && access(other, F_OK) == 0)
        return g_steal_pointer(&other);
    return g_steal_pointer(&own);
}

static bool refuse(const char *uri, const char *why, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_NO_CONNECT, "URI '%s': %s", uri, why);
    return false;
}

bool uri_resolve(const char *uri, bool readonly, char **ret_socket, char **ret_name, GError **err)
{
    g_autoptr(GUri) parts = g_uri_parse(uri, G_URI_FLAGS_NONE, NULL);
    g_autoptr(GHashTable) params = NULL;

    if (!parts)
        return refuse(uri, "is no URI; try qemu:///system", err);
    const char *scheme = g_uri_get_scheme(parts), *path = g_uri_get_path(parts), *query = g_uri_get_query(parts);
    if (strcmp(scheme, "qemu") && strcmp(scheme, "qemu+unix"))
        return refuse(uri, "only qemu: and qemu+unix: can be reached; for another host use ssh HOST qvirt ...", err);
    if (g_uri_get_host(parts) && *g_uri_get_host(parts))
        return refuse(uri, "names a host; use ssh HOST qvirt ...", err);
    if (strcmp(path, "/system") && strcmp(path, "/session"))
        return refuse(uri, "its path must be /system or /session", err);
    if (query && !(params = g_uri_parse_params(query, -1, "&;", G_URI_PARAMS_NONE, NULL)))
        return refuse(uri, "its parameters cannot be read", err);
    const char *socket = params ? g_hash_table_lookup(params, "socket") : NULL;
    bool session = !strcmp(path, "/session");
    *ret_socket = socket ? g_strdup(socket) : default_socket(session, readonly);
    *ret_name = g_strconcat("qemu://", path, NULL);
    return true;
}
