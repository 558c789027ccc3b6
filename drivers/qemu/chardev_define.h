/* Defaults and rules of character devices that other passes need to know of. */
#ifndef QV_QEMU_CHARDEV_DEFINE_H
#define QV_QEMU_CHARDEV_DEFINE_H
#include "conf/chardev.h"
#include "drivers/qemu/define.h"

/* Whether the first <console> is only the first <serial> under another name: no device of its own,
 * so address assignment, aliases and builders must pass it by. */
bool console_is_serial(const DomainDef *def, const Chardev *console);
/* Makes that console say what the serial says (source, port, alias, address). To be called whenever
 * the serial changed: last at define, and when a guest starts. */
void console_follow_serial(DomainDef *def);
/* A pass of its own behind pass_addresses. */
bool pass_console_alias(DomainDef *def, const DefineCtx *ctx, GError **err);

/* Called by pass_chardevs: rng_define.c and tpm_define.c. */
bool define_tpms(DomainDef *def, const DefineCtx *ctx, GError **err);
bool define_rngs(DomainDef *def, GError **err);
bool define_redirdevs(DomainDef *def, GError **err);
/* Defaults and rules of the host side of the device at @i of @kind. */
bool define_source(const DomainDef *def, ChardevSource *src, DeviceKind kind, guint i, GError **err);
#endif
