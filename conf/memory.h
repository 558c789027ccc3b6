/* How much memory a guest has, and what backs it. Sizes in bytes. */
#ifndef QV_CONF_MEMORY_H
#define QV_CONF_MEMORY_H
#include "conf/xm.h"

typedef enum { MEMSOURCE_NONE, MEMSOURCE_FILE, MEMSOURCE_ANONYMOUS, MEMSOURCE_MEMFD, MEMSOURCE__N } MemorySource;
typedef enum { MEMACCESS_NONE, MEMACCESS_SHARED, MEMACCESS_PRIVATE, MEMACCESS__N } MemoryAccess;
typedef enum { MEMALLOC_NONE, MEMALLOC_IMMEDIATE, MEMALLOC_ONDEMAND, MEMALLOC__N } MemoryAllocation;

typedef struct { guint64 size; char *unit; Bitmap *nodeset; } HugePage;     /* size in unit; once read, in KiB */

typedef struct {
    guint64 max; guint32 max_slots;          /* <maxMemory> */
    guint64 size;                            /* <memory>; with NUMA cells: their sum */
    Tristate dump_core;
    guint64 current;                         /* <currentMemory> */
    struct {
        bool hugepages_wanted;
        GPtrArray *hugepages;                /* HugePage */
        bool nosharepages, locked, discard;
        MemorySource source;
        MemoryAccess access;
        struct { MemoryAllocation mode; guint32 threads; } allocation;
    } backing;
    struct { guint64 hard, soft, min_guarantee, swap_hard; } tune;   /* G_MAXUINT64 / unlimited: 0 is absent */
} Memory;

extern const XmEnum memory_source, memory_access, memory_allocation;
extern const XmElem memory_elem;     /* maxMemory memory currentMemory: to be included */
extern const XmElem memory_backing_elem;
extern const XmElem memtune_elem;
#endif
