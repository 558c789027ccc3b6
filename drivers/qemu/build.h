/* From a running domain's model to QEMU's command line.
 *
 * The model must be a live copy (qemu_prepare_live): aliases, ports, sockets and tap names are in it.
 * Builders touch nothing outside: what must be opened (taps, log files) was opened by a start step,
 * and lies in @fds by the device's alias. With @dry nothing was opened and stand-ins are named
 * (domxml-to-native, explain, plan). */
#ifndef QV_QEMU_BUILD_H
#define QV_QEMU_BUILD_H
#include "drivers/qemu/caps.h"
#include "drivers/qemu/command.h"

typedef struct {
    DomainDef *def;
    const QemuCaps *caps;
    QemuCommand *cmd;
    const char *lib_dir;      /* .../lib : per-domain folder is <lib_dir>/qemu/domain-ID-NAME */
    const char *domain_dir;   /* the per-domain folder: monitor.sock, master-key.aes */
    const char *run_dir;
    const char *log_dir;
    const char *const *firmware_dirs;   /* firmware descriptors, first wins; NULL: QEMU's usual ones */
    GHashTable *fds;          /* alias -> GArray of int; builders steal nothing */
    bool dry;
    bool session;             /* unprivileged daemon */
} QemuBuild;

typedef bool (*QemuBuildFn)(QemuBuild *b, GError **err);

/* Fills in what only a running domain has: aliases (libvirt's names: "virtio-disk0", "net0"),
 * graphics ports in @dry mode (5900), channel socket paths. The rest is done by start steps. */
bool qemu_prepare_live(DomainDef *def, const QemuBuild *b, GError **err);
/* A name that no other device of the running @def has, for a device that was plugged in. */
void device_give_alias(const DomainDef *def, DeviceRef ref);
/* The whole command line, in order. Gives. */
QemuCommand *qemu_build(QemuBuild *b, GError **err);

/* Builders, by file; build.c calls them in libvirt's order. */
bool build_frame(QemuBuild *b, GError **err);        /* frame_build.c: -name -S -machine -accel -cpu -m -object memory -smp -numa -uuid -smbios */
bool build_frame_late(QemuBuild *b, GError **err);   /* frame_build.c: -rtc -no-shutdown -global -boot -kernel ... and at the end -sandbox -msg */
bool build_controllers(QemuBuild *b, GError **err);  /* controller_build.c */
bool build_disks(QemuBuild *b, GError **err);        /* disk_build.c */
bool build_filesystems(QemuBuild *b, GError **err);  /* filesystem_build.c */
bool build_interfaces(QemuBuild *b, GError **err);   /* interface_build.c */
bool build_chardevs(QemuBuild *b, GError **err);     /* chardev_build.c: smartcard, serial, parallel, channel, console */
bool build_tpm(QemuBuild *b, GError **err);          /* tpm_build.c */
bool build_display(QemuBuild *b, GError **err);      /* display_build.c: inputs, audio, graphics, video, sound */

/* Adds bus/addr (or drive, USB, virtio-serial ...) of @info to -device properties. */
bool props_address(json_object *props, const QemuBuild *b, const DeviceInfo *info, GError **err);   /* address_build.c */
/* Adds bootindex, rom, acpi-index. */
void props_device_common(json_object *props, const DeviceInfo *info);
/* -chardev of a host side; used by chardevs, smartcard, redirdev, rng egd, tpm, vhostuser. */
struct ChardevSource;
bool build_chardev_source(QemuBuild *b, const struct ChardevSource *src, const char *id, Reason why, GError **err);
#endif
