/* The builders of a command line, in libvirt's order: devices without an address get theirs from QEMU in
 * the order in which they come. */
#include "config.h"
#include "drivers/qemu/build.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/misc_build.h"

static const struct { const char *name; QemuBuildFn build; } builders[] = {
    { "frame", build_frame },
    { "memory devices", build_memory_devices },
    { "IOMMU", build_iommus },
    { "controllers", build_controllers },
    { "hubs", build_hubs },
    { "disks", build_disks },
    { "filesystems", build_filesystems },
    { "interfaces", build_interfaces },
    { "chardevs", build_chardevs },
    { "tpm", build_tpm },
    { "display", build_display },
    { "watchdog", build_watchdogs },
    { "redirdevs", build_redirdevs },
    { "host devices", build_hostdevs },
    { "balloon", build_memballoons },
    { "rngs", build_rngs },
    { "NVRAM", build_nvrams },
    { "panic", build_panics },
    { "shared memory", build_shmems },
    { "crypto", build_cryptos },
    { "vsock", build_vsocks },
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
