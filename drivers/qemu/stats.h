/* Statistics of domains: what QEMU last said of each guest, and how it is asked.
 *
 * Theory of operation. Each domain has a DomainStats, the I/O thread's. A read names what it wants (ASK_*): one round
 * of commands goes to each guest at once (qmp_send), replies are parsed into the cache as they come (stats_parse.c),
 * and the read is answered from the caches of all when the last round has ended, or at its deadline with what is there
 * (stats_ask.c). A guest has one round on its way; reads that come meanwhile share the next, so that nobody is given
 * an answer older than the question. A guest that let a deadline pass is not waited for again until it says something;
 * one whose process is stopped (SIGSTOP, a freezer) is not waited for at all.
 * What is off has its images read by a job (stats_image.c). stats_fill.c makes named values of it all. */
#ifndef QV_QEMU_STATS_H
#define QV_QEMU_STATS_H
#include "conf/disk.h"
#include "drivers/qemu/driver.h"

/* One thing QEMU is asked; rows in stats_parse.c. */
enum {
    ASK_FRONTS = 1 << 0,       /* counters of disks as the guest sees them */
    ASK_NODES = 1 << 1,        /* sizes of images */
    ASK_BALLOON = 1 << 2, ASK_GUEST_MEMORY = 1 << 3,
    ASK_VCPUS = 1 << 4, ASK_IOTHREADS = 1 << 5, ASK_DIRTY = 1 << 6,
    ASK_KVM_SCHEMA = 1 << 7, ASK_KVM_VCPU = 1 << 8, ASK_KVM_VM = 1 << 9,
    ASK_ERRORS = 1 << 10,      /* disks that stopped on an error */
    ASK_FILES = 1 << 11,       /* not QEMU: sizes of image files, by a job */
};

typedef struct { guint64 reqs, bytes, times; } IoCounter;
/* A disk as the guest sees it. */
typedef struct { char *qdev; IoCounter rd, wr, fl; } StatFront;
/* An image, by node name. */
typedef struct { guint64 highest, capacity, physical, threshold; } StatNode;
typedef struct { guint index; int tid; char *qom; } StatVcpu;
typedef struct { guint id; int tid; gint64 max_ns, grow, shrink; } StatIothread;
typedef struct { char *qdev; int error; } StatError;           /* virDomainDiskErrorCode */
typedef enum { KVM_CUMULATIVE, KVM_INSTANT, KVM_PEAK } KvmKind;
/* Of KVM: of a vCPU (by its QOM path) or of the whole guest (NULL). */
typedef struct { char *qom, *name; bool is_bool; guint64 value; } StatKvm;

enum { GUEST_MEMORY__N = 13 };     /* virDomainMemoryStatTags */
typedef struct {
    GPtrArray *fronts;             /* StatFront */
    GHashTable *nodes;             /* name -> StatNode */
    bool has_balloon;
    guint64 balloon_kib;
    bool has_guest[GUEST_MEMORY__N];
    guint64 guest[GUEST_MEMORY__N];
    GPtrArray *vcpus, *iothreads, *errors;
    bool has_dirty, has_dirty_rate;
    struct { int status; gint64 start; int period; gint64 rate; char *mode; } dirty;
    GHashTable *kvm_kinds;         /* "vcpu/NAME", "vm/NAME" -> KvmKind + 1 */
    GPtrArray *kvm_vcpu, *kvm_vm;  /* StatKvm */
} GuestStats;
GuestStats *guest_stats_new(void);
void guest_stats_free(GuestStats *stats);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuestStats, guest_stats_free)

typedef struct {
    guint ask;
    const char *command;
    json_object *(*args)(const char *balloon);     /* NULL: none; @balloon: its alias */
    bool (*parse)(GuestStats *stats, json_object *reply);      /* false: not what QEMU says; @stats may be half changed */
    bool once;                     /* the answer holds for the guest's life */
    bool optional;                 /* a QEMU that refuses is not asked again */
} StatQuery;
extern const StatQuery stat_queries[];
extern const guint n_stat_queries;

/* --- finding among them; borrowed, NULL: nothing is known */
const StatNode *stats_node(const GuestStats *stats, const StorageSource *src, const char *layer);   /* "format", "storage" */
const StatFront *stats_front(const GuestStats *stats, const char *alias);
/* Whether @qdev (an id, or a path of QEMU's objects) is the device @alias, or a part of it. */
bool stats_is_device(const char *qdev, const char *alias);

/* What a guest that runs is told once (stats_period.c). I/O thread, after qmp_attach. */
void stats_begin(Run *run, const DomainDef *live);

/* --- images of a domain, as files (stats_image.c) */
typedef struct { char *path, *target; guint format; bool local, known; guint64 allocation, capacity, physical; } StatImage;

struct DomainStats {
    int id;                        /* whose @guest is: the running guest's id, 0 none */
    GuestStats *guest;
    gint64 taken_us;               /* monotonic: when it last answered */
    guint refused;                 /* ASK_* it does not know */
    struct StatRound *round, *next;
    bool hung;                     /* let a deadline pass */
    gint64 slowest_us;             /* of its rounds, decaying: how long it is waited for */
    GPtrArray *images;             /* StatImage of the top sources; NULL: never looked */
    char *images_of;               /* the stored text they were read out of (a g_ref_string); NULL: live */
};
/* Since when the round on its way is on its way; 0: none is. */
guint64 stats_round_age_ms(const DomainStats *stats);
DomainStats *domain_stats_of(Domain *dom);         /* made at first use; borrowed */
void domain_stats_release(DomainStats *stats);     /* for domain_unref */

/* Begins to look at the image files of @doms (Domain, references) and calls @done on the I/O thread. */
void stats_images_read(GPtrArray *doms, void (*done)(gpointer user), gpointer user);
const StatImage *stats_image(const DomainStats *stats, const char *target);
#endif
