/* What a guest's controllers must keep to. */
#ifndef QV_QEMU_CONTROLLER_RULES_H
#define QV_QEMU_CONTROLLER_RULES_H
#include "drivers/qemu/define.h"

bool controllers_check(const DomainDef *def, const DefineCtx *ctx, GError **err);
#endif
