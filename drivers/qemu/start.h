/* A start: the steps of one job of the domain's actor (start.c), from the definition to a guest that runs.
 *
 * Each step that takes something of the host first pushes on @run->undo what gives it back, by a kind of guest_kinds
 * (release.c) and a name. The list stays for the guest's life: its end runs it, or the next daemon after a crash. A new
 * kind of host resource is a row in guest_kinds and a row in start.c's table of steps. */
#ifndef QV_QEMU_START_H
#define QV_QEMU_START_H
#include "drivers/qemu/build.h"
#include "drivers/qemu/driver.h"
#include "util/undo.h"

typedef struct Start {
    Op *op;
    QemuDriver *driver;
    Run *run;
    DomainDef *def;           /* the live one, op's */
    QemuCaps *caps;
    GHashTable *fds;          /* alias -> GArray of int, closed with it: what builders hand to QEMU */
    QemuCommand *cmd;
    bool settle_later;        /* threads have yet to be moved to their groups */
    off_t log_start;          /* where this start begins in the guest's log */
} Start;
typedef bool (*StartStep)(Start *s, GError **err);

/* start_files.c */
bool start_folder(Start *s, GError **err);      /* the guest's folder, key and disks */
bool start_chardevs(Start *s, GError **err);    /* socket folders and log files of character devices */
bool start_status(Start *s, GError **err);      /* the status file, by which a later daemon adopts the guest */
bool start_chains(Start *s, GError **err);      /* disk_chain.c: backing chains of disks, read from the images */
bool start_labels(Start *s, GError **err);      /* label.c: QEMU's user, and the files it is lent */
/* start_tune.c */
bool start_group(Start *s, GError **err);       /* control groups with the guest's limits */
bool start_place(pid_t pid, gpointer start, GError **err);    /* ProcessSpec.place of QEMU */
bool start_threads(Start *s, GError **err);     /* QEMU's threads, each with its own limits */
bool start_throttle(Start *s, GError **err);    /* <iotune> of disks */
void start_settle(Run *run);                     /* does what start_threads left for later; I/O thread */
void adopt_group(Run *run, const DomainDef *live, const QmpReply *status /* NULL: it does not answer */);
/* start_process.c */
bool start_spawn(Start *s, GError **err);       /* QEMU, stopped */
bool start_greet(Start *s, GError **err);       /* until its monitor answers; QEMU's own words when it ends instead */
bool start_go(Start *s, GError **err);          /* passwords, ptys, and "cont" */

/* release.c: what undoes the steps; the user pointer is the QemuDriver. */
extern const UndoKind guest_kinds[];
char *guest_status_path(const QemuDriver *d, const char *name);      /* RUN/qemu/NAME.json; gives */
char *guest_journal_path(const QemuDriver *d, const char *name);     /* RUN/qemu/NAME.journal; gives */
/* Remembers in the guest's folder which process is its QEMU, so that its "process" record ends the right one. */
bool guest_note_process(const char *dir, pid_t pid, GError **err);
/* The status file of a guest that runs as @live says. */
bool guest_write_status(const Run *run, const DomainDef *live, GError **err);
#endif
