#include "config.h"
#include "conf/tpm.h"

XM_ENUM(tpm_model, "TPM model", NULL, "tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy");
XM_COVERS(tpm_model, TPM_MODEL__N);
XM_ENUM(tpm_backend, "TPM backend", NULL, "passthrough", "emulator", "external");
XM_COVERS(tpm_backend, TPM__N);
XM_ENUM(tpm_version, "TPM version", NULL, "1.2", "2.0");
XM_COVERS(tpm_version, TPM_VERSION__N);

static bool backend_check(gconstpointer obj, char **why)
{
    const Tpm *t = obj;
    bool outside = t->backend == TPM_EXTERNAL;
    if (!t->backend)
        *why = g_strdup("a <tpm> needs <backend type=>: 'emulator', 'passthrough' or 'external'");
    else if (outside && !t->src.type)
        *why = g_strdup("an external TPM needs <source type='unix' mode='connect' path=>");
    else if (outside && t->src.type != CHR_UNIX)
        *why = g_strdup("an external TPM is reached over a UNIX socket only: <source type='unix'>");
    else if (outside && t->src.mode == CHR_BIND)
        *why = g_strdup("an external TPM is connected to, not listened for: <source mode='connect'>");
    else if (outside && !t->src.path)
        *why = g_strdup("an external TPM needs the path of its socket: <source path=>");
    return *why == NULL;
}

static guint backend_variant(gconstpointer obj)
{
    return ((const Tpm *)obj)->backend;
}

static const XmRow device_rows[] = {
    A_STR(Tpm, device, "path", .flags = XM_EMPTY_ABSENT, .doc = "the host's TPM"),
};
static const XmElem device_elem = ELEM("device", Tpm, device_rows);

static const XmRow encryption_rows[] = {
    A_UUID(Tpm, encryption, "secret", .flags = XM_REQUIRED, .doc = "secret that encrypts the TPM's state"),
};
static const XmElem encryption_elem = ELEM("encryption", Tpm, encryption_rows);

static const XmRow banks_rows[] = {
    FLAG(Tpm, sha1, "sha1"),
    FLAG(Tpm, sha256, "sha256"),
    FLAG(Tpm, sha384, "sha384"),
    FLAG(Tpm, sha512, "sha512"),
};
static const XmElem banks_elem = ELEM("active_pcr_banks", Tpm, banks_rows);

static const XmRow socket_rows[] = {
    A_ENUM(ChardevSource, type, "type", chardev_type, .doc = "unix"),
    A_ENUM(ChardevSource, mode, "mode", chardev_mode, .doc = "connect"),
    A_STR (ChardevSource, path, "path", .doc = "socket of a TPM emulator that somebody else runs"),
};
static const XmElem socket_elem = ELEM("source", ChardevSource, socket_rows);

#define ON_EMULATOR .when = XM_BIT(TPM_EMULATOR)
static const XmRow backend_rows[] = {
    A_ENUM  (Tpm, backend, "type", tpm_backend, .doc = "who is the TPM"),
    A_ENUM  (Tpm, version, "version", tpm_version, .flags = XM_ABI, .doc = "TPM specification (emulator: 1.2 or 2.0)"),
    A_YESNO (Tpm, persistent_state, "persistent_state", ON_EMULATOR, .doc = "keep the state of a transient domain"),
    INLINE  ("device", device_elem, .when = XM_BIT(TPM_PASSTHROUGH)),
    INLINE  ("encryption", encryption_elem, ON_EMULATOR),
    INLINE  ("active_pcr_banks", banks_elem, ON_EMULATOR),
    INLINE_AT(Tpm, src, "source", socket_elem, .when = XM_BIT(TPM_EXTERNAL)),
};
static const XmElem backend_elem =
    ELEM("backend", Tpm, backend_rows, .variant = backend_variant, .check = backend_check);

static bool tpm_check(gconstpointer obj, char **why)
{
    const Tpm *t = obj;
    if (!t->backend)
        *why = g_strdup("a <tpm> needs a <backend>");
    return *why == NULL;
}

static const XmRow tpm_rows[] = {
    A_ENUM(Tpm, model, "model", tpm_model, .flags = XM_ABI, .doc = "the interface the guest sees"),
    INLINE("backend", backend_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem tpm_elem = ELEM("tpm", Tpm, tpm_rows, .has_line = true, .check = tpm_check);
