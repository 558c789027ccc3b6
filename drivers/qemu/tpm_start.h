/* swtpm: the process behind <tpm><backend type='emulator'>, and the descriptors of a host's TPM.
 * swtpm ends by itself when QEMU closes its connection. */
#ifndef QV_QEMU_TPM_START_H
#define QV_QEMU_TPM_START_H
#include <sys/types.h>
#include "conf/domain.h"
#include "conf/tpm.h"

typedef struct {
    const char *lib_dir, *run_dir, *log_dir;    /* LIB/swtpm/UUID/tpm2, RUN/qemu/swtpm, LOG/swtpm/qemu */
    const char *domain_dir;                     /* its last part names socket and pid file */
    uid_t uid;                                  /* QEMU's user; (uid_t)-1: the daemon's own */
    gid_t gid;
} TpmStart;

/* Prepares the state (swtpm_setup, once) and starts swtpm of each emulated TPM; fills Tpm.socket.
 * Opens a TPM of the host and puts its two descriptors into @fds under the device's alias.
 * Blocks: worker threads only. Undo: tpm_stop. */
bool tpm_start(DomainDef *def, const TpmStart *start, GHashTable *fds, GError **err);
/* Ends a swtpm that is still there and removes its socket; nothing there is success. */
void tpm_stop(const TpmStart *start);
/* Removes the state for ever: the domain is undefined. Gives false only when something is left. */
bool tpm_remove_state(const char *lib_dir, const char *uuid, GError **err);
#endif
