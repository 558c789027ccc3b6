/* The host's end of guests' network cards: made at a start or a hot-plug, given back at a guest's end or an unplug.
 *
 *   NicHost host = { .driver = d, .def = def, .undo = run->undo, .dir = run->dir, .fds = fds };
 *   interface_acquire(&host, nic, &err)      // fds: "net0" -> taps, "net0.vhost" -> vhost-net; the live XML is completed
 *   interface_release(run->undo, "net0", &err)
 *
 * A tap lives as long as QEMU has it open. All else that a card takes of the host is a record of the guest's undo list, by
 * the kinds of nic_kinds: "ALIAS<tab>..." says whose it is. Worker. */
#ifndef QV_QEMU_INTERFACE_START_H
#define QV_QEMU_INTERFACE_START_H
#include "conf/interface.h"
#include "drivers/qemu/start.h"

typedef struct {
    QemuDriver *driver;
    const DomainDef *def;          /* whose card it is */
    Undo *undo;
    const char *dir;               /* the guest's folder */
    GHashTable *fds;               /* key -> GArray of int, which owns them */
} NicHost;

/* The host's end of @nic, which has its alias. Completes @nic with names. On failure what was taken is on the undo list. */
bool interface_acquire(const NicHost *host, Interface *nic, GError **err);
/* Gives back everything of the card @alias; all is tried, the first error told. */
bool interface_release(Undo *undo, const char *alias, GError **err);
/* The start step. */
bool start_interfaces(Start *s, GError **err);
/* Tells QEMU which links are down (before the guest runs). */
bool interfaces_set_links(Qmp *qmp, const DomainDef *def, GError **err);
/* Bandwidth of a card whose host device exists: replaces what it had. @undo may get a record. */
bool interface_set_bandwidth(Undo *undo, const Interface *nic, GError **err);
/* Whether host and guest count in the same direction: the host receives what the guest receives (macvtap). */
bool interface_shares_view(const Interface *nic);
/* Whether the card has a device on the host, named target.dev in its live definition. */
bool interface_has_device(const Interface *nic);

/* release.c's rows: how each kind is undone, and their names, in the order they are taken. */
bool nic_undo_port(const char *record, gpointer user, GError **err);
bool nic_undo_macvtap(const char *record, gpointer user, GError **err);
bool nic_undo_lower(const char *record, gpointer user, GError **err);
bool nic_undo_qdisc(const char *record, gpointer user, GError **err);
bool nic_undo_filter(const char *record, gpointer user, GError **err);
bool nic_undo_script(const char *record, gpointer user, GError **err);
bool nic_undo_network(const char *record, gpointer user, GError **err);
bool nic_undo_ovs(const char *record, gpointer user, GError **err);

/* interface_ovs.c: Open vSwitch, by its own program. */
bool ovs_add_port(const char *bridge, const char *dev, const Interface *nic, const DomainDef *def, GError **err);
bool ovs_remove_port(const char *dev, GError **err);
/* Runs a program and waits; its words are in the error. */
bool run_program(const char *const *argv, GError **err);

/* interface_passt.c: user-mode networking by a process beside QEMU, which ends with QEMU's connection. */
char *passt_folder(const char *run_dir, const char *domain_dir, const Interface *nic);      /* its socket, pid; gives */
bool passt_start(const NicHost *host, const Interface *nic, GError **err);
bool nic_undo_passt(const char *record, gpointer user, GError **err);
#endif
