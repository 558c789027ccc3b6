/* Elements that are understood and kept in the XML, and that no guest of this driver can have. */
#ifndef QV_QEMU_KEPT_H
#define QV_QEMU_KEPT_H
#include "conf/domain.h"

/* Whether @def asks for none of them. @start: the guest is about to run, so that nothing may be left unapplied;
 * otherwise only what QEMU itself would have to do counts. Errors: QV_ERR_CONFIG_UNSUPPORTED with the element's name. */
bool kept_check(const DomainDef *def, bool start, GError **err);
#endif
