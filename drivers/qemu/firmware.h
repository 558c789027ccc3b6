/* Firmware: what a definition may say, which image of the host fulfils it, and the guest's own variables. */
#ifndef QV_QEMU_FIRMWARE_H
#define QV_QEMU_FIRMWARE_H
#include "conf/domain.h"
#include "drivers/qemu/define.h"

/* A guest whose firmware keeps variables in a file of its own: read-only flash for the code, flash for them. */
bool firmware_has_variables(const DomainDef *def);

/* <os firmware=>: fills in loader, variables and what the image needs (SMM), by the first descriptor of the
 * host that fulfils the definition. @dirs: folders of descriptors (NULL-terminated; an early folder's file hides
 * those of its name in later ones), NULL: the usual ones. Does nothing for a domain that names its loader.
 * Reads files: worker threads. Errors: QV_ERR_OPERATION_FAILED when no descriptor fits. */
bool firmware_select(DomainDef *def, const char *lib_dir, const char *const *dirs, GError **err);

/* The images that descriptors offer for a machine; an array of FirmwareImage. Reads files: worker threads. Gives. */
typedef struct { char *path; bool efi, secure; } FirmwareImage;
GPtrArray *firmware_images(const char *arch, const char *machine, const char *const *dirs);

/* Makes the file of variables from its template, if it is not there yet or @reset asks for a new one. To be called
 * by a start before QEMU runs, with the live definition. The file belongs to @uid and @gid ((uid_t)-1: left as
 * made). *@ret_made: whether a file was made, which a failing start removes again. Worker threads.
 * Errors: no template known, or it cannot be read, or the file cannot be written. */
bool firmware_nvram_prepare(const DomainDef *live, const char *const *dirs, bool reset, uid_t uid, gid_t gid, bool *ret_made,
                            GError **err);
#endif
