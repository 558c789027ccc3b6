/* <cachetune> and <memorytune>: shares of the host's caches and memory bandwidth (resctrl). */
#ifndef QV_CONF_RESCTRL_H
#define QV_CONF_RESCTRL_H
#include "conf/xm.h"

typedef enum { CACHE_TYPE_NONE, CACHE_TYPE_BOTH, CACHE_TYPE_CODE, CACHE_TYPE_DATA, CACHE_TYPE__N } CacheType;
typedef struct { OptU32 id, level; CacheType type; guint64 size; char *unit; } CacheShare;   /* size in unit; once read, in KiB or bytes */
typedef struct { OptU32 level; Bitmap *vcpus; } CacheMonitor;
typedef struct { OptU32 id, bandwidth; } BandwidthShare;                                     /* percent */
typedef struct { Bitmap *vcpus; GPtrArray *caches, *monitors; } CacheTune;                   /* CacheShare, CacheMonitor */
typedef struct { Bitmap *vcpus; GPtrArray *nodes, *monitors; } MemoryTune;                   /* BandwidthShare, CacheMonitor */

extern const XmEnum cache_type;
extern const XmElem cachetune_elem, memorytune_elem;

/* Whether no share is given twice: groups of processors are equal or apart, and one cache is
 * divided once for each. @caches: CacheTune, @memory: MemoryTune, either NULL. */
bool resctrl_check(const GPtrArray *caches, const GPtrArray *memory, guint max_vcpus, char **why);
#endif
