/* From what the user wrote to what the guest will have: defaults, implied devices, addresses and
 * rules, run once when a domain is defined, and written into the model, so that the stored XML says
 * what the guest got. An ordered list of named passes; the order is the matter (define.c). */
#ifndef QV_QEMU_DEFINE_H
#define QV_QEMU_DEFINE_H
#include "conf/domain.h"
#include "drivers/qemu/caps.h"

typedef struct {
    const QemuCaps *caps;
    const char *lib_dir;       /* state folder: <lib>/qemu/nvram/NAME_VARS.fd and the like */
} DefineCtx;

/* A pass changes @def or refuses it. Worker threads (may read firmware descriptors). */
typedef bool (*DefinePass)(DomainDef *def, const DefineCtx *ctx, GError **err);

/* The emulator of a domain: the one it names, else the first of the host's for its arch, else QEMU's usual path.
 * Borrowed from @def, or static. */
const char *qemu_emulator_of(const DomainDef *def);

bool qemu_define(DomainDef *def, const DefineCtx *ctx, GError **err);

/* Passes, by the file that holds them. Called in this order: */
bool pass_machine(DomainDef *def, const DefineCtx *ctx, GError **err);            /* frame_define.c: machine, arch, emulator, ids, memory, vcpus, cpu, clock, lifecycle defaults */
bool pass_tune(DomainDef *def, const DefineCtx *ctx, GError **err);               /* tune_define.c: one scheduler for each thread, iothread ids */
bool pass_frame_rules(DomainDef *def, const DefineCtx *ctx, GError **err);        /* frame_rules.c: numbers twice, timers; after chardevs */
bool pass_firmware(DomainDef *def, const DefineCtx *ctx, GError **err);           /* firmware_define.c */
bool pass_chardevs(DomainDef *def, const DefineCtx *ctx, GError **err);           /* chardev_define.c: console/serial duplication, targets, ports */
bool pass_disks(DomainDef *def, const DefineCtx *ctx, GError **err);              /* disk_define.c: bus, format, targets */
bool pass_interfaces(DomainDef *def, const DefineCtx *ctx, GError **err);         /* interface_define.c: MAC, model */
bool pass_display(DomainDef *def, const DefineCtx *ctx, GError **err);            /* display_define.c: graphics, video, audio, inputs */
bool pass_misc_devices(DomainDef *def, const DefineCtx *ctx, GError **err);       /* misc_define.c: memballoon, hostdev, tpm, watchdog ... */
bool pass_controllers(DomainDef *def, const DefineCtx *ctx, GError **err);        /* controller_define.c: implied ones */
bool pass_boot(DomainDef *def, const DefineCtx *ctx, GError **err);               /* frame_define.c: boot devices and order */
bool pass_rules(DomainDef *def, const DefineCtx *ctx, GError **err);              /* conf/rules.c and drivers/qemu/support.c */
bool pass_addresses(DomainDef *def, const DefineCtx *ctx, GError **err);          /* address.c: PCI, drive, virtio-serial, USB, ccid, dimm */
#endif
