#include "util/error.h"
#include <string.h>

/* libvirt's virErrorDomain numbers that our errors use. */
enum { FROM_NONE = 0, FROM_RPC = 7, FROM_QEMU = 10, FROM_STORAGE = 18, FROM_NETWORK = 19, FROM_DOMAIN = 20,
       FROM_NODEDEV = 22, FROM_CPU = 31, FROM_INTERFACE = 26, FROM_SECRET = 30, FROM_NWFILTER = 33, FROM_AUTH = 46, FROM_ACCESS = 55 };

typedef struct {
    int code;              /* virErrorNumber */
    int domain;            /* virErrorDomain */
    const char *opening;   /* what libvirt writes before the message */
} LibvirtError;

static const LibvirtError libvirt_errors[] = {
    [QV_ERR_INTERNAL]              = { 1, FROM_QEMU, "internal error: " },
    [QV_ERR_NO_MEMORY]             = { 2, FROM_QEMU, "out of memory: " },
    [QV_ERR_NO_SUPPORT]            = { 3, FROM_QEMU, "this function is not supported by the connection driver: " },
    [QV_ERR_NO_CONNECT]            = { 5, FROM_NONE, "no connection driver available for " },
    [QV_ERR_INVALID_ARG]           = { 8, FROM_QEMU, "invalid argument: " },
    [QV_ERR_OPERATION_FAILED]      = { 9, FROM_QEMU, "operation failed: " },
    [QV_ERR_OPERATION_INVALID]     = { 55, FROM_QEMU, "Requested operation is not valid: " },
    [QV_ERR_OPERATION_DENIED]      = { 29, FROM_DOMAIN, "operation forbidden: " },
    [QV_ERR_OPERATION_TIMEOUT]     = { 68, FROM_QEMU, "Timed out during operation: " },
    [QV_ERR_OPERATION_ABORTED]     = { 78, FROM_QEMU, "operation aborted: " },
    [QV_ERR_OPERATION_UNSUPPORTED] = { 84, FROM_QEMU, "Operation not supported: " },
    [QV_ERR_ARGUMENT_UNSUPPORTED]  = { 74, FROM_QEMU, "argument unsupported: " },
    [QV_ERR_XML]                   = { 27, FROM_DOMAIN, "XML error: " },
    [QV_ERR_XML_SYNTAX]            = { 35, FROM_DOMAIN, "" },
    [QV_ERR_XML_INVALID_SCHEMA]    = { 92, FROM_DOMAIN, "XML document failed to validate against schema: " },
    [QV_ERR_CONFIG_UNSUPPORTED]    = { 67, FROM_QEMU, "unsupported configuration: " },
    [QV_ERR_NO_DOMAIN]             = { 42, FROM_QEMU, "Domain not found: " },
    [QV_ERR_NO_NETWORK]            = { 43, FROM_NETWORK, "Network not found: " },
    [QV_ERR_NO_INTERFACE]          = { 57, FROM_INTERFACE, "Interface not found: " },
    [QV_ERR_NO_NETWORK_PORT]       = { 107, FROM_NETWORK, "network port not found: " },
    [QV_ERR_NO_STORAGE_POOL]       = { 49, FROM_STORAGE, "Storage pool not found: " },
    [QV_ERR_NO_STORAGE_VOL]        = { 50, FROM_STORAGE, "Storage volume not found: " },
    [QV_ERR_NO_SECRET]             = { 66, FROM_SECRET, "Secret not found: " },
    [QV_ERR_NO_NODE_DEVICE]        = { 53, FROM_NODEDEV, "Node device not found: " },
    [QV_ERR_NO_NWFILTER]           = { 62, FROM_NWFILTER, "Network filter not found: " },
    [QV_ERR_NO_NWFILTER_BINDING]   = { 101, FROM_NWFILTER, "Network filter binding not found: " },
    [QV_ERR_NO_DOMAIN_METADATA]    = { 80, FROM_DOMAIN, "metadata not found: " },
    [QV_ERR_NO_DOMAIN_SNAPSHOT]    = { 72, FROM_QEMU, "Domain snapshot not found: " },
    [QV_ERR_DOM_EXIST]             = { 9, FROM_QEMU, "operation failed: " },
    [QV_ERR_AUTH_FAILED]           = { 45, FROM_AUTH, "authentication failed: " },
    [QV_ERR_AUTH_DENIED]           = { 45, FROM_AUTH, "authentication failed: " },
    [QV_ERR_ACCESS_DENIED]         = { 88, FROM_ACCESS, "access denied: " },
    [QV_ERR_SYSTEM]                = { 38, FROM_QEMU, "" },
    [QV_ERR_RPC]                   = { 39, FROM_RPC, "" },
    [QV_ERR_AGENT_UNRESPONSIVE]    = { 86, FROM_QEMU, "Guest agent is not responding: " },
    [QV_ERR_DEVICE_MISSING]        = { 99, FROM_QEMU, "device not found: " },
    [QV_ERR_CPU_INCOMPATIBLE]      = { 91, FROM_CPU, "the CPU is incompatible with host CPU: " },
};
G_STATIC_ASSERT(G_N_ELEMENTS(libvirt_errors) == QV_ERR__N);

G_DEFINE_QUARK(qv-error-quark, qv_error)

static const LibvirtError *row(const GError *err)
{
    guint code = err && err->domain == QV_ERROR && err->code >= 0 && err->code < QV_ERR__N ? (guint)err->code : QV_ERR_INTERNAL;
    return &libvirt_errors[code];
}

int qv_error_libvirt_code(const GError *err)
{
    return row(err)->code;
}

int qv_error_libvirt_domain(const GError *err)
{
    return row(err)->domain;
}

char *qv_error_text(const GError *err)
{
    return g_strconcat(row(err)->opening, err ? err->message : "unknown error", NULL);
}

bool qv_error_errno(GError **err, int errno_value, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "%s: %s", what, g_strerror(errno_value));
    return false;
}

bool qv_refuse(GError **err, QvErrorCode code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(err, QV_ERROR, code, text);
    return false;
}

/* Levenshtein distance of two short words, over one row of the matrix. */
static guint distance(const char *a, const char *b)
{
    gsize len = strlen(b);
    g_autofree guint *cost = g_new(guint, len + 1);

    for (gsize j = 0; j <= len; j++)
        cost[j] = j;
    for (gsize i = 0; a[i]; i++) {
        guint corner = cost[0];
        cost[0] = i + 1;
        for (gsize j = 0; j < len; j++) {
            guint replace = corner + (a[i] != b[j]);
            corner = cost[j + 1];
            cost[j + 1] = MIN(replace, MIN(cost[j], corner) + 1);
        }
    }
    return cost[len];
}

char *qv_error_nearest(const char *word, const char *const *names, guint n)
{
    const char *best = NULL;
    guint least = G_MAXUINT;

    if (strlen(word) > 64)
        return g_strdup("");
    for (guint i = 0; i < n; i++) {
        guint d = names[i] && strlen(names[i]) <= 64 ? distance(word, names[i]) : G_MAXUINT;
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    if (!best || least > MAX(1, strlen(word) * 2 / 5))
        return g_strdup("");
    return g_strdup_printf("; did you mean '%s'?", best);
}
