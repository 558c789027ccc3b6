/* The DAC model of security: whom QEMU runs as, and the files that are lent to that user while the guest runs. */
#ifndef QV_QEMU_LABEL_H
#define QV_QEMU_LABEL_H
#include <sys/types.h>
#include "drivers/qemu/start.h"

/* Whom a guest's QEMU runs as. */
typedef struct {
    char *user, *group;      /* for process_spawn; NULL: as the daemon */
    uid_t uid;
    gid_t gid;
    bool relabel;            /* files are lent to it */
} GuestUser;
void guest_user_clear(GuestUser *user);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GuestUser, guest_user_clear)

/* From the settings and the domain's <seclabel model='dac'>. */
bool guest_user(const QemuDriver *d, const DomainDef *def, GuestUser *ret, GError **err);
/* Lends @path, which @dev_labels (<seclabel> of its device, or NULL) may forbid or give another owner. A file that the
 * user may open anyhow stays as it is. */
bool label_file(Start *s, const GuestUser *who, const char *path, bool write, GPtrArray *dev_labels, GError **err);
/* The images of one disk (Disk), lent as at a start; and given back, unless another of the running @def has them too. */
bool label_images(Start *s, gconstpointer disk, GError **err);
bool label_return_images(Undo *undo, const DomainDef *def, gconstpointer disk, GError **err);
#endif
