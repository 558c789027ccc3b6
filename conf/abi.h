/* Whether two definitions are the same machine to the guest: for restore, migration, revert, update. */
#ifndef QV_CONF_ABI_H
#define QV_CONF_ABI_H
#include "conf/domain.h"

/* Every row that the guest sees (XM_ABI) and every device with such rows must be as in @was. Both definitions
 * must have passed qemu_define, so that defaults and addresses are in them. Errors: QV_ERR_CONFIG_UNSUPPORTED,
 * "the target differs in PATH: ..." with the first difference and how many there are. Any thread. */
bool domain_def_abi_check(const DomainDef *was, const DomainDef *now, GError **err);

/* All differences that the guest sees, as lines "PATH: WAS -> NOW", empty when there are none; gives. */
char *domain_def_abi_diff(const DomainDef *was, const DomainDef *now);
#endif
