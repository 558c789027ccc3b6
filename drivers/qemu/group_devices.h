/* The devices of the host that a guest's QEMU may open, and no others.
 *
 * Theory of operation. What QEMU is to open stands on its command line, and later in what its monitor is told: every
 * path there that is a device is allowed, beside a few that any QEMU needs and those that some words bring with them
 * (vfio, usb-host, alsa ...). So no kind of device has to remember the list. It is kept in the guest's folder ("devices")
 * for the next daemon; a guest without that file, and one with <qemu:commandline>, is not limited. */
#ifndef QV_QEMU_GROUP_DEVICES_H
#define QV_QEMU_GROUP_DEVICES_H
#include "drivers/qemu/group.h"

/* @argv is QEMU's, which is not there yet. A host that cannot limit devices is no error. */
bool group_restrict_devices(Group *group, char *const *argv, const char *dir, GError **err);
/* A command of the monitor that is about to be sent (qmp_before); worker. */
void group_allow_mentioned(json_object *command, gpointer group);
/* Takes up what an earlier daemon has allowed. */
void group_resume_devices(Group *group, const char *dir);
#endif
