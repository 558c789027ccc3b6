#include "rpc/address.h"
#include "util/error.h"
#include <string.h>
#include <unistd.h>

static const char *default_uri(void)
{
    static const char *const names[] = { "QVIRT_DEFAULT_URI", "LIBVIRT_DEFAULT_URI" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);
        if (value && *value)
            return value;
    }
    return geteuid() ? "qemu:///session" : "qemu:///system";
}

static bool refuse(GError **err, const char *uri, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_NO_CONNECT, "cannot connect to '%s': %s", uri, why);
    return false;
}

/* "qemu+unix" into driver and transport; the transport is "unix" or absent. */
static bool take_scheme(const char *uri, const char *scheme, char **ret_driver, GError **err)
{
    const char *plus = strchr(scheme, '+');
    if (plus && strcmp(plus + 1, "unix"))
        return refuse(err, uri, "only the transport 'unix' is there; for another host, run qvirt on it (ssh HOST qvirt ...)");
    *ret_driver = plus ? g_strndup(scheme, (gsize)(plus - scheme)) : g_strdup(scheme);
    return true;
}

/* The socket= parameter, and what is left of the query for the daemon. */
static bool take_query(const char *uri, const char *query, char **ret_socket, char **ret_rest, GError **err)
{
    g_autoptr(GString) rest = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit_set(query ? query : "", "&;", -1);
    g_autofree char *path = NULL;

    for (char **part = parts; *part; part++) {
        if (g_str_has_prefix(*part, "socket=")) {
            g_free(path);
            path = g_uri_unescape_string(*part + strlen("socket="), NULL);
            if (!path || !g_path_is_absolute(path))
                return refuse(err, uri, "socket= wants an absolute path");
        } else if (**part) {
            g_string_append_printf(rest, "%c%s", rest->len ? '&' : '?', *part);
        }
    }
    *ret_socket = g_steal_pointer(&path);
    *ret_rest = g_strdup(rest->str);
    return true;
}

/* Ours first; a libvirtd's where ours is not there. */
static char **usual_sockets(bool session, bool readonly)
{
    const char *run = session ? g_get_user_runtime_dir() : RUNSTATEDIR;
    GPtrArray *list = g_ptr_array_new();
    const char *end = readonly && !session ? "-ro" : "";

    g_ptr_array_add(list, g_strdup_printf("%s/qvirt/qvirt-sock%s", run, readonly ? "-ro" : ""));
    g_ptr_array_add(list, g_strdup_printf("%s/libvirt/libvirt-sock%s", session ? run : "/run", end));
    g_ptr_array_add(list, g_strdup_printf("%s/libvirt/virtqemud-sock%s", session ? run : "/run", end));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

RpcAddress *rpc_address_parse(const char *uri, bool readonly, GError **err)
{
    const char *text = uri && *uri ? uri : default_uri();
    g_autoptr(GUri) parsed = g_uri_parse(text, G_URI_FLAGS_ENCODED, NULL);
    g_autofree char *driver = NULL, *path = NULL, *rest = NULL;

    if (!parsed) {
        refuse(err, text, "this is no URI; write it as qemu:///system or qemu+unix:///system?socket=/path");
        return NULL;
    }
    if (g_uri_get_host(parsed) && *g_uri_get_host(parsed)) {
        refuse(err, text, "it names a host; three slashes (qemu:///system) mean this one");
        return NULL;
    }
    if (!take_scheme(text, g_uri_get_scheme(parsed), &driver, err) ||
        !take_query(text, g_uri_get_query(parsed), &path, &rest, err))
        return NULL;

    RpcAddress *address = g_new0(RpcAddress, 1);
    address->name = g_strdup_printf("%s://%s%s", driver, g_uri_get_path(parsed), rest);
    if (path) {
        char *one[] = { path, NULL };
        address->sockets = g_strdupv(one);
    } else {
        address->sockets = usual_sockets(!strcmp(g_uri_get_path(parsed), "/session"), readonly);
    }
    return address;
}

void rpc_address_free(RpcAddress *address)
{
    if (!address)
        return;
    g_free(address->name);
    g_strfreev(address->sockets);
    g_free(address);
}
