/* The parts of pass_misc_devices that have files of their own. */
#ifndef QV_QEMU_MISC_DEFINE_H
#define QV_QEMU_MISC_DEFINE_H
#include "drivers/qemu/define.h"

bool hostdevs_define(DomainDef *def, const DefineCtx *ctx, GError **err);   /* hostdev_define.c */
#endif
