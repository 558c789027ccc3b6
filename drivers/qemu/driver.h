/* What the files of the driver core share. The I/O thread owns the index and, of each domain, the definitions and the
 * Run; jobs on workers get copies and references.
 *
 * Changes of what is defined (define, undefine, rename, autostart, metadata) are jobs of the driver's own actor, one
 * after another; starting, stopping and asking a guest are jobs of the domain's actor. */
#ifndef QV_QEMU_DRIVER_H
#define QV_QEMU_DRIVER_H
#include "drivers/qemu/index.h"
#include "drivers/qemu/qmp.h"
#include "drivers/qemu/stored.h"
#include "util/loop.h"
#include "util/undo.h"

struct QemuDriver {
    QemuDriverConfig config;
    Index *index;
    Actor *actor;                 /* definitions */
    GMutex lock;                  /* of caps */
    GHashTable *caps;             /* binary -> QemuCaps */
    GQueue recent;                /* stored.c */
    DomainEventFn on_event;
    gpointer event_user;
    int last_id;
    struct CgroupHost *cgroups;
    char *qemu_etc, *autostart, *status;     /* folders: ETC/qemu, ETC/qemu/autostart, RUN/qemu */
};

/* A running QEMU: its process and monitor. Shared by reference between the I/O thread and jobs. */
typedef struct Run {
    gint refs;
    QemuDriver *driver;
    Domain *dom;
    char *dir;                    /* LIB/qemu/domain-ID-NAME */
    pid_t pid;
    int pidfd;
    Qmp *qmp;
    struct Group *group;          /* its control groups and threads (group.h); NULL before they are made */
    Undo *undo;                   /* what it took of the host (release.c); used by jobs only, kept by run_unref */
    LoopWatch *pid_watch;
    gint cancelled;               /* atomic: destroyed while it starts, told to the start's job */
    bool destroyed, shut_down, paused_start;
    GPtrArray *waiting;           /* Op of destroys that wait for the end */
    struct { char *alias; int state; } unplug;    /* hotplug.c's, under its lock */
} Run;
Run *run_new(QemuDriver *driver, Domain *dom, char *dir);      /* @dir is taken; one reference */
Run *run_ref(Run *run);
void run_unref(Run *run);

/* One call from outside on its way: what it wants, and whom to tell. */
typedef struct Op {
    QemuDriver *driver;
    Domain *dom;                  /* a reference, or NULL */
    Run *run;                     /* a reference, or NULL */
    DomainDone done;
    gpointer user;
    guint flags;
    char *text, *text2, *text3;   /* XML, name ... by call */
    DomainDef *def;
    char *stored;                 /* @def as it was written to its file, a g_ref_string */
    json_object *json;
    int number;
    gpointer result;
    GDestroyNotify result_free;
} Op;
Op *op_new(QemuDriver *driver, Domain *dom, guint flags, DomainDone done, gpointer user);
void op_end(Op *op, const GError *err);           /* tells @done and frees; an ActorDone's usual end */
void op_fail_later(Op *op, GError *err);          /* the same from inside a call; @err taken */

void driver_emit(QemuDriver *driver, Domain *dom, DomainEventId id, int a, int b);
QemuCaps *driver_caps(QemuDriver *driver, const char *binary, GError **err);    /* worker; gives */
char *driver_config_path(const QemuDriver *driver, const char *name);           /* ETC/qemu/NAME.xml; gives */
/* Parses and completes a definition; worker. */
DomainDef *driver_define(QemuDriver *driver, const char *xml, guint parse_flags, GError **err);
/* Writes the stored definition's file; worker. Gives its text (a g_ref_string). */
char *driver_write_def(QemuDriver *driver, const DomainDef *def, GError **err);
/* Of a domain that is off. Gives. */
DomainView *driver_new_view(const DomainDef *def);
void driver_refresh_view(DomainView *view, const DomainDef *def);
/* Starts a domain whose definition is @op->def (taken); @op ends when it runs. I/O thread. */
void life_start(Op *op);
/* Takes up the guests that status files name and that still run, and clears up after the others; before the socket is
 * served, when nobody waits for the I/O thread yet. */
void life_adopt_all(QemuDriver *driver);
/* From here on the domain runs, as @live (taken) says. I/O thread, as the next two. */
void life_take_up(Run *run, DomainDef *live, bool paused);
void life_started(Run *run, DomainDef *live);     /* the same after a start, told to the world */
void life_start_failed(Run *run);                 /* @run is released */
/* Whether it runs; NULL with OPERATION_INVALID when not. A reference. */
Run *domain_run(Domain *dom, GError **err);
QemuDriver *domain_driver(void);
#endif
