/* <cputune>, <blkiotune>, <numatune>: what the guest may take from the host. */
#ifndef QV_CONF_TUNE_H
#define QV_CONF_TUNE_H
#include "conf/resctrl.h"

typedef struct { OptU32 id; Bitmap *cpus; } CpuPin;
typedef struct { Bitmap *ids; char *scheduler; OptU32 priority; } CpuSched;
typedef struct { char *path; guint32 weight; guint64 read_iops, write_iops, read_bps, write_bps; } BlkioDevice;
typedef struct { OptU32 cell; guint32 mode; Bitmap *nodeset; } MemNode;

typedef enum { NUMA_MODE_NONE, NUMA_STRICT, NUMA_PREFERRED, NUMA_INTERLEAVE, NUMA_RESTRICTIVE, NUMA_MODE__N } NumaMode;

typedef struct {
    struct {
        OptU64 shares;
        guint64 period, global_period, emulator_period, iothread_period;     /* µs */
        OptI32 quota, global_quota, emulator_quota, iothread_quota;           /* µs; negative: none */
        GPtrArray *vcpupin, *iothreadpin;                                     /* CpuPin */
        Bitmap *emulatorpin;
        GPtrArray *vcpusched, *iothreadsched;                                 /* CpuSched */
        struct { char *scheduler; OptU32 priority; } emulatorsched;
        GPtrArray *cachetune, *memorytune;                                    /* CacheTune, MemoryTune */
    } cpu;
    struct { guint32 weight; GPtrArray *devices; /* BlkioDevice */ } blkio;
    struct { NumaMode mode; Bitmap *nodeset; guint32 placement; bool present; GPtrArray *memnodes; /* MemNode */ } numa;
} Tune;

extern const XmEnum numa_mode;
extern const XmElem cputune_elem, blkiotune_elem, numatune_elem;
#endif
