/* The builders of a command line, in libvirt's order: devices without an address get theirs from QEMU in
 * the order in which they come. */
#include "config.h"
#include "drivers/qemu/build.h"
#include "drivers/qemu/chardev_build.h"

static const struct { const char *name; QemuBuildFn build; } builders[] = {
    { "frame", build_frame },
    { "controllers", build_controllers },
    { "hubs", build_hubs },
    { "disks", build_disks },
    { "filesystems", build_filesystems },
    { "chardevs", build_chardevs },
    { "tpm", build_tpm },
    { "display", build_display },
    { "redirdevs", build_redirdevs },
    { "rngs", build_rngs },
    { "frame, late", build_frame_late },
};

QemuCommand *qemu_build(QemuBuild *b, GError **err)
{
    const char *binary = b->def->devices.emulator ? b->def->devices.emulator : qemu_caps_binary(b->caps);
    g_autoptr(QemuCommand) cmd = qemu_command_new(binary);
    b->cmd = cmd;
    for (guint i = 0; i < G_N_ELEMENTS(builders); i++)
        if (!builders[i].build(b, err))
            return NULL;
    return g_steal_pointer(&cmd);
}
