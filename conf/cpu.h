/* <vcpu>, <vcpus>, <iothreads> and <cpu>. */
#ifndef QV_CONF_CPU_H
#define QV_CONF_CPU_H
#include "conf/xm.h"

typedef enum { PLACEMENT_NONE, PLACEMENT_STATIC, PLACEMENT_AUTO, PLACEMENT__N } Placement;
typedef enum { CPU_MODE_NONE, CPU_CUSTOM, CPU_HOST_MODEL, CPU_HOST_PASSTHROUGH, CPU_MAXIMUM, CPU_MODE__N } CpuMode;
typedef enum { CPU_MATCH_NONE, CPU_MATCH_MINIMUM, CPU_MATCH_EXACT, CPU_MATCH_STRICT, CPU_MATCH__N } CpuMatch;
typedef enum { CPU_CHECK_ABSENT, CPU_CHECK_NONE, CPU_CHECK_PARTIAL, CPU_CHECK_FULL, CPU_CHECK__N } CpuCheck;
typedef enum { CPU_FALLBACK_NONE, CPU_FALLBACK_ALLOW, CPU_FALLBACK_FORBID, CPU_FALLBACK__N } CpuFallback;
typedef enum { CPU_FEATURE_NONE, CPU_FORCE, CPU_REQUIRE, CPU_OPTIONAL, CPU_DISABLE, CPU_FORBID, CPU_FEATURE__N } CpuPolicy;
typedef enum { CPU_CACHE_NONE, CPU_CACHE_EMULATE, CPU_CACHE_PASSTHROUGH, CPU_CACHE_DISABLE, CPU_CACHE__N } CpuCacheMode;

typedef enum { PHYS_BITS_NONE, PHYS_BITS_EMULATE, PHYS_BITS_PASSTHROUGH, PHYS_BITS__N } PhysBitsMode;
typedef enum { NUMA_ACCESS_NONE, NUMA_ACCESS, NUMA_READ, NUMA_WRITE, NUMA_ACCESS__N } NumaAccess;
typedef enum { ASSOC_ABSENT, ASSOC_NONE, ASSOC_DIRECT, ASSOC_FULL, ASSOC__N } CacheAssociativity;
typedef enum { CACHE_POLICY_ABSENT, CACHE_POLICY_NONE, CACHE_POLICY_WRITEBACK, CACHE_POLICY_WRITETHROUGH, CACHE_POLICY__N } CachePolicy;

typedef struct { OptU32 id; Tristate enabled, hotpluggable; OptU32 order; } Vcpu;
typedef struct { guint32 id; OptU32 pool_min, pool_max; } IoThread;

typedef struct {
    Placement placement;
    Bitmap *cpuset;
    guint32 current, max;
    GPtrArray *list;                         /* Vcpu */
    guint32 iothreads;
    GPtrArray *iothread_ids;                 /* IoThread */
    struct { bool present; OptU32 pool_min, pool_max; } default_iothread;
} Vcpus;

typedef struct { CpuPolicy policy; char *name; } CpuFeature;
typedef struct { guint32 value; OptU32 id; } NumaDistance;
typedef struct {
    OptU32 level;
    CacheAssociativity associativity;
    CachePolicy policy;
    guint64 size, line;      /* size in size_unit, line in line_unit; written in KiB and bytes */
    char *size_unit, *line_unit;
} NumaCache;
/* One cost between nodes: latency in ns, bandwidth in KiB/s. */
typedef struct { OptU32 initiator, target, cache; NumaAccess type; guint64 value; char *unit; } NumaLatency;
typedef struct {
    OptU32 id;
    Bitmap *cpus;
    guint64 memory;          /* KiB */
    char *unit;
    guint32 access;          /* MemoryAccess */
    Tristate discard;
    GPtrArray *distances;    /* NumaDistance */
    GPtrArray *caches;       /* NumaCache */
} NumaCell;

typedef struct {
    CpuMode mode;
    CpuMatch match;
    CpuCheck check;
    Tristate migratable;     /* on, off */
    char *arch;
    struct { CpuFallback fallback; char *vendor_id, *name; } model;
    char *vendor;
    struct { guint32 sockets, dies, clusters, cores, threads; } topology;
    struct { OptU32 level; CpuCacheMode mode; } cache;
    struct { PhysBitsMode mode; OptU32 bits; } maxphysaddr;
    GPtrArray *features;     /* CpuFeature */
    GPtrArray *cells;        /* NumaCell */
    GPtrArray *latencies, *bandwidths;   /* NumaLatency */
} Cpu;

extern const XmEnum placement, cpu_mode, cpu_match, cpu_check, cpu_fallback, cpu_policy, cpu_cache_mode, phys_bits_mode, numa_access,
                    cache_associativity, cache_policy;
extern const XmElem vcpus_elem;   /* <vcpu> <vcpus> <iothreads> <iothreadids> <defaultiothread>: to be included */
extern const XmElem cpu_elem;
#endif
