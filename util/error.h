/* Errors: one GError domain, one enumeration of codes, one table to libvirt's numbers.
 *
 *   g_set_error(err, QV_ERROR, QV_ERR_NO_DOMAIN, "no domain with matching name '%s'", name);
 *   g_prefix_error(err, "cannot start domain '%s': ", name);
 *
 * A message says what failed, on which object, why, and what to do. The words that libvirt
 * puts before it for its code ("Domain not found: ") are added by qv_error_text, once, where
 * the error leaves for a client; nobody writes them by hand.
 * Any thread. */
#ifndef QV_UTIL_ERROR_H
#define QV_UTIL_ERROR_H
#include <glib.h>
#include <stdbool.h>

typedef enum {
    QV_ERR_INTERNAL,
    QV_ERR_NO_MEMORY,
    QV_ERR_NO_SUPPORT,            /* this driver has no such call */
    QV_ERR_NO_CONNECT,            /* no driver for this URI */
    QV_ERR_INVALID_ARG,
    QV_ERR_OPERATION_FAILED,
    QV_ERR_OPERATION_INVALID,     /* not in this state */
    QV_ERR_OPERATION_DENIED,      /* read-only connection */
    QV_ERR_OPERATION_TIMEOUT,
    QV_ERR_OPERATION_ABORTED,
    QV_ERR_OPERATION_UNSUPPORTED,
    QV_ERR_ARGUMENT_UNSUPPORTED,
    QV_ERR_XML,                   /* well-formed, but not what was expected */
    QV_ERR_XML_SYNTAX,            /* not well-formed */
    QV_ERR_XML_INVALID_SCHEMA,    /* refused by validation */
    QV_ERR_CONFIG_UNSUPPORTED,    /* understood, and this host, QEMU or driver cannot do it */
    QV_ERR_NO_DOMAIN,
    QV_ERR_NO_NETWORK,
    QV_ERR_NO_NETWORK_PORT,
    QV_ERR_NO_INTERFACE,
    QV_ERR_NO_STORAGE_POOL,
    QV_ERR_NO_STORAGE_VOL,
    QV_ERR_NO_SECRET,
    QV_ERR_NO_NODE_DEVICE,
    QV_ERR_NO_NWFILTER,
    QV_ERR_NO_NWFILTER_BINDING,
    QV_ERR_NO_DOMAIN_METADATA,
    QV_ERR_NO_DOMAIN_SNAPSHOT,
    QV_ERR_DOM_EXIST,
    QV_ERR_AUTH_FAILED,
    QV_ERR_AUTH_DENIED,
    QV_ERR_ACCESS_DENIED,
    QV_ERR_SYSTEM,                /* a system call failed; its words are in the message */
    QV_ERR_RPC,
    QV_ERR_AGENT_UNRESPONSIVE,
    QV_ERR_DEVICE_MISSING,
    QV_ERR_CPU_INCOMPATIBLE,
    QV_ERR__N
} QvErrorCode;

#define QV_ERROR (qv_error_quark())
GQuark qv_error_quark(void);

/* libvirt's virErrorNumber and virErrorDomain of an error (libvirt 9.0 virterror.h).
 * An error of a foreign GError domain counts as QV_ERR_INTERNAL; NULL too. */
int qv_error_libvirt_code(const GError *err);
int qv_error_libvirt_domain(const GError *err);

/* The whole message as libvirt's clients know it, with its code's opening words. Gives. */
char *qv_error_text(const GError *err);

/* "WHAT: the system's words for errno_value" as QV_ERR_SYSTEM; always returns false. */
bool qv_error_errno(GError **err, int errno_value, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The message as @code; always returns false: "return qv_refuse(err, QV_ERR_XML, ...)". */
bool qv_refuse(GError **err, QvErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* "; did you mean 'NEAREST'?" out of @names (@n, NULLs skipped), or "" when none is near.
 * Gives. For messages that refuse a word. */
char *qv_error_nearest(const char *word, const char *const *names, guint n);
#endif
