/* Host sides on the command line, for builders of devices that have one. */
#ifndef QV_QEMU_CHARDEV_BUILD_H
#define QV_QEMU_CHARDEV_BUILD_H
#include "conf/chardev.h"
#include "drivers/qemu/build.h"

/* As build_chardev_source; @role is what the device is for: "parallel", or what a spicevmc channel
 * carries: "vdagent", "usbredir", "smartcard". @why is taken. */
bool build_chardev(QemuBuild *b, const ChardevSource *src, const char *id, const char *role, Reason why,
                   GError **err);
/* "char" + alias of @info. Gives. */
char *chardev_id(const DeviceInfo *info);
/* The reason of device @i of @kind; a new one for each argument. */
Reason build_reason(DeviceKind kind, guint i, gpointer dev);
/* -device of @props, which are taken; adds the address of @info and what all devices share. */
bool build_device(QemuBuild *b, json_object *props, const DeviceInfo *info, Reason why, GError **err);

bool build_smartcards(QemuBuild *b, GError **err);   /* redirdev_build.c */
bool build_redirdevs(QemuBuild *b, GError **err);    /* redirdev_build.c */
bool build_hubs(QemuBuild *b, GError **err);         /* input_build.c; before devices behind a hub */
bool build_rngs(QemuBuild *b, GError **err);         /* rng_build.c */
#endif
