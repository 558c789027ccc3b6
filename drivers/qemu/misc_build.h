/* Small devices on the command line, each where its order is right; build.c calls them. */
#ifndef QV_QEMU_MISC_BUILD_H
#define QV_QEMU_MISC_BUILD_H
#include "drivers/qemu/build.h"

bool build_memory_devices(QemuBuild *b, GError **err);   /* memory_build.c; before all other devices */
bool build_iommus(QemuBuild *b, GError **err);           /* before controllers */
bool build_watchdogs(QemuBuild *b, GError **err);
bool build_hostdevs(QemuBuild *b, GError **err);         /* hostdev_build.c */
bool build_memballoons(QemuBuild *b, GError **err);
bool build_panics(QemuBuild *b, GError **err);
bool build_shmems(QemuBuild *b, GError **err);
bool build_nvrams(QemuBuild *b, GError **err);
bool build_cryptos(QemuBuild *b, GError **err);
bool build_vsocks(QemuBuild *b, GError **err);
/* The numbers that QEMU inherits of what a start step opened under @key, joined by ':'; NULL: nothing was. Gives. */
char *build_fds(QemuBuild *b, const char *key);
/* How many those are. */
guint build_fds_count(const QemuBuild *b, const char *key);
#endif
