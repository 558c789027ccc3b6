/* <tpm>: a TPM of the host passed through, emulated by swtpm, or served by someone else's socket. */
#ifndef QV_CONF_TPM_H
#define QV_CONF_TPM_H
#include "conf/chardev.h"
#include "conf/device.h"

typedef enum { TPM_MODEL_NONE, TPM_TIS, TPM_CRB, TPM_SPAPR, TPM_SPAPR_PROXY, TPM_MODEL__N } TpmModel;
typedef enum { TPM_NONE, TPM_PASSTHROUGH, TPM_EMULATOR, TPM_EXTERNAL, TPM__N } TpmBackend;
typedef enum { TPM_VERSION_NONE, TPM_1_2, TPM_2_0, TPM_VERSION__N } TpmVersion;
typedef struct {
    DeviceInfo info;
    TpmModel model;
    TpmBackend backend;
    char *device;                          /* passthrough: "/dev/tpm0" */
    TpmVersion version;                    /* emulator */
    Tristate persistent_state;
    char *encryption;                      /* emulator: UUID of a secret */
    bool pcr_banks;                        /* <active_pcr_banks> is there */
    bool sha1, sha256, sha384, sha512;
    ChardevSource src;                     /* external: unix, connect */
    char *socket;                          /* emulator, live: swtpm's control socket */
} Tpm;
extern const XmElem tpm_elem;
extern const XmEnum tpm_model, tpm_version;
#endif
