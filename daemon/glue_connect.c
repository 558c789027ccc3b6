/* The connection itself: authentication list, opening, features, versions, capabilities. */
#include "config.h"
#include "daemon/glue.h"
#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* virDriverFeature numbers that this daemon offers. */
enum {
    FEATURE_FD_PASSING = 8, FEATURE_TYPED_PARAM_STRING = 9, FEATURE_KEEPALIVE = 10, FEATURE_XML_MIGRATABLE = 11,
    FEATURE_EVENT_CALLBACK = 14, FEATURE_CLOSE_CALLBACK = 15, FEATURE_NETWORK_UPDATE_ORDER = 16,
};
static const int features[] = {
    FEATURE_FD_PASSING, FEATURE_TYPED_PARAM_STRING, FEATURE_KEEPALIVE, FEATURE_XML_MIGRATABLE,
    FEATURE_EVENT_CALLBACK, FEATURE_CLOSE_CALLBACK, FEATURE_NETWORK_UPDATE_ORDER,
};

/* --- authentication: the socket's credentials are enough (access.c) */

GLUE_HANDLER(auth_list, void, RemoteAuthListRet)
{
    ret->types = g_malloc0(sizeof *ret->types);
    ret->n_types = 1;                              /* REMOTE_AUTH_NONE */
    rpc_client_set_authenticated(rpc_call_client(call));
    return RPC_DONE;
}

GLUE_HANDLER(auth_polkit, void, RemoteAuthPolkitRet)
{
    ret->complete = 1;
    rpc_client_set_authenticated(rpc_call_client(call));
    return RPC_DONE;
}

/* --- opening */

/* What the client named: which driver, and for which instance of the daemon. */
static bool uri_ok(const char *uri, GError **err)
{
    g_autofree char *scheme = g_uri_parse_scheme(uri);
    if (g_strcmp0(scheme, "qemu") != 0) {
        g_set_error(err, QV_ERROR, QV_ERR_NO_CONNECT, "'%s': this daemon serves qemu:///system", uri);
        return false;
    }
    g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_NONE, NULL);
    const char *path = parsed ? g_uri_get_path(parsed) : "";
    bool session = g_str_equal(path, "/session");
    if (!session && !g_str_equal(path, "/system")) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "unexpected qemu URI path '%s', try qemu:///%s", path,
                    qvirtd.config->session ? "session" : "system");
        return false;
    }
    if (!session && qvirtd.config->session) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "this daemon runs for one user: use qemu:///session instead of '%s'", uri);
        return false;
    }
    return true;
}

GLUE_HANDLER(open_it, RemoteConnectOpenArgs, void)
{
    enum { READONLY = 1 };
    Session *session = session_of(call);
    if (session->opened) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "connection already open");
        return RPC_FAILED;
    }
    const char *uri = args->name && *args->name ? args->name : qvirtd.config->session ? "qemu:///session" : "qemu:///system";
    if (!uri_ok(uri, err))
        return RPC_FAILED;
    session->opened = true;
    session->uri = g_strdup(uri);
    if (args->flags & READONLY)
        rpc_client_set_readonly(rpc_call_client(call));
    return RPC_DONE;
}

GLUE_HANDLER(close_it, void, void)
{
    session_of(call)->opened = false;
    rpc_client_close_after_reply(rpc_call_client(call));
    return RPC_DONE;
}

GLUE_HANDLER(supports_feature, RemoteConnectSupportsFeatureArgs, RemoteConnectSupportsFeatureRet)
{
    for (guint i = 0; i < G_N_ELEMENTS(features); i++)
        ret->supported |= features[i] == args->feature;
    if (args->feature == FEATURE_KEEPALIVE)
        rpc_client_start_keepalive(rpc_call_client(call));
    return RPC_DONE;
}

GLUE_HANDLER(accept, void, void)
{
    return RPC_DONE;                               /* there is no connection behind this one that could close */
}

/* A management daemon that speaks for its own client may say for whom; access is by the socket. */
GLUE_HANDLER(set_identity, RemoteConnectSetIdentityArgs, void)
{
    return glue_flags(call, args->flags, 0, err) ? RPC_DONE : RPC_FAILED;
}

/* --- who and what this is */

GLUE_HANDLER(get_type, void, RemoteConnectGetTypeRet)
{
    ret->type = g_strdup("QEMU");
    return RPC_DONE;
}

GLUE_HANDLER(get_lib_version, void, RemoteConnectGetLibVersionRet)
{
    ret->lib_ver = 9000000;                        /* the protocol and XML spoken; clients switch features by it */
    return RPC_DONE;
}

static void version_known(Domain *dom, gpointer result, const GError *err, gpointer user)
{
    RemoteConnectGetVersionRet ret = { 0 };
    if (err) {
        rpc_call_fail(user, err);
        return;
    }
    ret.hv_ver = *(guint *)result;
    rpc_call_reply(user, &ret);
}

GLUE_HANDLER(get_version, void, RemoteConnectGetVersionRet)
{
    qemu_version(qvirtd.qemu, version_known, call);
    return RPC_LATER;
}

GLUE_HANDLER(get_uri, void, RemoteConnectGetUriRet)
{
    ret->uri = g_strdup(session_of(call)->uri);
    return RPC_DONE;
}

GLUE_HANDLER(get_hostname, void, RemoteConnectGetHostnameRet)
{
    ret->hostname = g_strdup(g_get_host_name());
    return RPC_DONE;
}

GLUE_HANDLER(is_secure, void, RemoteConnectIsSecureRet)
{
    ret->secure = 1;                               /* a UNIX socket */
    return RPC_DONE;
}

GLUE_HANDLER(get_max_vcpus, RemoteConnectGetMaxVcpusArgs, RemoteConnectGetMaxVcpusRet)
{
    enum { TCG_VCPUS = 16 };                       /* what libvirt's driver answers for "qemu" */
    const char *type = args->type ? args->type : "kvm";
    if (g_ascii_strcasecmp(type, "qemu") == 0) {
        ret->max_vcpus = TCG_VCPUS;
        return RPC_DONE;
    }
    if (g_ascii_strcasecmp(type, "kvm") != 0) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "unknown type '%s': kvm or qemu", type);
        return RPC_FAILED;
    }
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        qv_error_errno(err, errno, "cannot open /dev/kvm");
        return RPC_FAILED;
    }
    ret->max_vcpus = ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
    close(fd);
    return RPC_DONE;
}

/* --- capabilities */

GLUE_HANDLER(get_capabilities, void, RemoteConnectGetCapabilitiesRet)
{
    qemu_capabilities(qvirtd.qemu, glue_done_text, call);
    return RPC_LATER;
}

GLUE_HANDLER(get_domain_capabilities, RemoteConnectGetDomainCapabilitiesArgs, RemoteConnectGetDomainCapabilitiesRet)
{
    enum { DISABLE_DEPRECATED_FEATURES = 1 };
    if (!glue_flags(call, args->flags, DISABLE_DEPRECATED_FEATURES, err))
        return RPC_FAILED;
    qemu_domain_capabilities(qvirtd.qemu, args->emulatorbin, args->arch, args->machine, args->virttype, args->flags,
                             glue_done_text, call);
    return RPC_LATER;
}

static const RpcHandlerRow glue_connect_rows[] = {
    REMOTE(PROC_AUTH_LIST, auth_list),
    REMOTE(PROC_AUTH_POLKIT, auth_polkit),
    REMOTE(PROC_CONNECT_OPEN, open_it),
    REMOTE(PROC_CONNECT_CLOSE, close_it),
    REMOTE(PROC_CONNECT_SUPPORTS_FEATURE, supports_feature),
    REMOTE(PROC_CONNECT_REGISTER_CLOSE_CALLBACK, accept),
    REMOTE(PROC_CONNECT_UNREGISTER_CLOSE_CALLBACK, accept),
    REMOTE(PROC_CONNECT_SET_IDENTITY, set_identity),
    REMOTE(PROC_CONNECT_GET_TYPE, get_type),
    REMOTE(PROC_CONNECT_GET_LIB_VERSION, get_lib_version),
    REMOTE(PROC_CONNECT_GET_VERSION, get_version),
    REMOTE(PROC_CONNECT_GET_URI, get_uri),
    REMOTE(PROC_CONNECT_GET_HOSTNAME, get_hostname),
    REMOTE(PROC_CONNECT_IS_SECURE, is_secure),
    REMOTE(PROC_CONNECT_GET_MAX_VCPUS, get_max_vcpus),
    REMOTE(PROC_CONNECT_GET_CAPABILITIES, get_capabilities),
    REMOTE(PROC_CONNECT_GET_DOMAIN_CAPABILITIES, get_domain_capabilities),
};
GLUE_AREA(glue_connect);
