/* What disks must keep to, alone and among each other. */
#ifndef QV_QEMU_DISK_RULES_H
#define QV_QEMU_DISK_RULES_H
#include "drivers/qemu/define.h"

bool disks_check(const DomainDef *def, const DefineCtx *ctx, GError **err);
/* What the adapters can address; once their models are known. */
bool disks_check_places(const DomainDef *def, GError **err);
#endif
