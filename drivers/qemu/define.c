/* The passes of a definition, in order. The order is the matter: firmware decides what a machine has,
 * devices come before the controllers they imply, and addresses before what repeats them. */
#include "config.h"
#include "conf/rules.h"
#include "drivers/qemu/chardev_define.h"
#include "drivers/qemu/define.h"

bool pass_rules(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    return domain_rules_check(def, err);
}

static const struct { const char *name; DefinePass pass; } passes[] = {
    { "rules", pass_rules },      /* first: what is wrong is told as the user wrote it */
    { "machine", pass_machine },
    { "firmware", pass_firmware },
    { "tune", pass_tune },
    { "chardevs", pass_chardevs },
    { "frame rules", pass_frame_rules },
    { "disks", pass_disks },
    { "interfaces", pass_interfaces },
    { "display", pass_display },
    { "small devices", pass_misc_devices },
    { "controllers", pass_controllers },
    { "boot", pass_boot },
    { "addresses", pass_addresses },
    { "console alias", pass_console_alias },
};

bool qemu_define(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    for (guint i = 0; i < G_N_ELEMENTS(passes); i++)
        if (!passes[i].pass(def, ctx, err))
            return false;
    return true;
}
