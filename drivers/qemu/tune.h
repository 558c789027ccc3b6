/* <cputune>, <memtune>, <blkiotune>, <numatune> of a running guest: from the definition to the kernel, and back.
 *
 * All work on the guest's Group and the kernel's files in memory: workers, and reads on the I/O thread. What the host
 * lacks is QV_ERR_CONFIG_UNSUPPORTED, naming the piece. */
#ifndef QV_QEMU_TUNE_H
#define QV_QEMU_TUNE_H
#include <stddef.h>
#include "drivers/qemu/group.h"
#include "util/process.h"

/* --- at the start, and when a guest is taken up again */

/* The controllers without which the definition cannot be honoured (CgroupController mask). */
guint tune_controllers(const DomainDef *def);
/* Whether vcpus or iothreads are to be told apart before the guest runs. */
bool tune_asks_threads(const DomainDef *def);
/* Limits of the whole guest: before QEMU is there. */
bool tune_domain(Group *group, const DomainDef *def, GError **err);
/* CPUs, quota and nodes of one kind of threads: the emulator's as soon as QEMU is placed, the others' once they are known. */
bool tune_threads(Group *group, const DomainDef *def, ThreadKind kind, GError **err);
/* What only a process can be given: locked memory. */
bool tune_process(const DomainDef *def, pid_t pid, GError **err);
/* Where QEMU's memory is to come from, as a ProcessSpec has it. */
bool tune_memory_policy(const DomainDef *def, ProcessSpec *spec, GError **err);

/* --- the parts, for live changes */

/* One CPU parameter: a row of the XML, a cgroup file, a parameter of "virsh schedinfo". */
typedef struct {
    const char *name;            /* "vcpu_quota" */
    bool whole;                  /* of the whole guest, not of a kind of threads */
    ThreadKind kind;
    CgroupParam param;
    size_t offset;               /* in Tune */
    gint64 min, max;             /* 0 is taken as well; for a quota, any negative number */
} CpuTune;
extern const CpuTune cpu_tunes[];
extern const guint n_cpu_tunes;
/* false and 0: not given. */
bool cpu_tune_get(const Tune *tune, const CpuTune *row, gint64 *ret_value);
void cpu_tune_set(Tune *tune, const CpuTune *row, gint64 value);
bool cpu_tune_apply(Group *group, const CpuTune *row, gint64 value, GError **err);
/* What the kernel has, from the first thread of its kind. */
bool cpu_tune_read(Group *group, const CpuTune *row, gint64 *ret_value, GError **err);

/* The CPUs that the definition gives a thread, or NULL: any. Borrowed. */
const Bitmap *tune_pin(const DomainDef *def, ThreadKind kind, guint number);
bool tune_apply_pin(Group *group, const DomainDef *def, ThreadKind kind, guint number, GError **err);
/* What the kernel lets it run on. Gives. */
Bitmap *tune_read_pin(Group *group, ThreadKind kind, guint number, GError **err);

bool tune_apply_memory(Group *group, const Memory *memory, GError **err);
bool tune_apply_blkio(Group *group, const Tune *was, const Tune *now, GError **err);      /* @was: NULL at the start */
bool tune_apply_nodes(Group *group, const Bitmap *nodes, GError **err);

enum { MEMORY_UNLIMITED_KIB_SHIFT = 10 };
#define MEMORY_UNLIMITED_KIB G_GUINT64_CONSTANT(9007199254740991)       /* VIR_DOMAIN_MEMORY_PARAM_UNLIMITED */

typedef struct { const char *name; size_t offset; CgroupParam param; } BlkioTune;     /* field of BlkioDevice */
extern const BlkioTune blkio_tunes[];
extern const guint n_blkio_tunes;
/* "8:0" of a disk's path. Gives. */
char *blkio_device_number(const char *path, GError **err);
#endif
