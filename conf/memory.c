#include "conf/memory.h"
#include "util/size.h"

XM_ENUM(memory_source, "memory source", NULL, "file", "anonymous", "memfd");
XM_COVERS(memory_source, MEMSOURCE__N);
XM_ENUM(memory_access, "memory access", NULL, "shared", "private");
XM_COVERS(memory_access, MEMACCESS__N);
XM_ENUM(memory_allocation, "memory allocation", NULL, "immediate", "ondemand");
XM_COVERS(memory_allocation, MEMALLOC__N);

static const XmRow page_rows[] = {
    A_U64(HugePage, size, "size", .flags = XM_REQUIRED | XM_NONZERO, .doc = "in @unit; KiB without"),
    A_STR(HugePage, unit, "unit"),
    A_BITS(HugePage, nodeset, "nodeset", .doc = "NUMA cells of the guest"),
};
static bool page_loaded(gpointer obj, xmlNode *node, char **why)
{
    HugePage *page = obj;
    guint64 bytes;

    if (!size_scale(page->size, page->unit, 1024, &bytes))
        *why = g_strdup_printf("'%.32s' is not a unit of size, or the page is too large", page->unit ? page->unit : "KiB");
    else
        page->size = (bytes + 1023) / 1024;
    g_free(page->unit);
    page->unit = g_strdup("KiB");
    return !*why;
}
static const XmElem page_elem = ELEM("page", HugePage, page_rows, .loaded = page_loaded);
static const XmRow hugepages_rows[] = { LIST(Memory, backing.hugepages, "page", page_elem) };
static bool hugepages_loaded(gpointer obj, xmlNode *node, char **why)
{
    ((Memory *)obj)->backing.hugepages_wanted = true;
    return true;
}
static bool hugepages_present(gconstpointer obj)
{
    return ((const Memory *)obj)->backing.hugepages_wanted;
}
static const XmElem hugepages_elem = ELEM("hugepages", Memory, hugepages_rows, .loaded = hugepages_loaded,
                                          .present = hugepages_present);
static const XmRow source_rows[] = { A_ENUM(Memory, backing.source, "type", memory_source, .flags = XM_REQUIRED | XM_NONZERO) };
static const XmElem source_elem = ELEM("source", Memory, source_rows);
static const XmRow access_rows[] = { A_ENUM(Memory, backing.access, "mode", memory_access, .flags = XM_REQUIRED | XM_NONZERO) };
static const XmElem access_elem = ELEM("access", Memory, access_rows);
static const XmRow allocation_rows[] = {
    A_ENUM(Memory, backing.allocation.mode, "mode", memory_allocation, .flags = XM_NONZERO),
    A_U32(Memory, backing.allocation.threads, "threads", .flags = XM_NONZERO),
};
static const XmElem allocation_elem = ELEM("allocation", Memory, allocation_rows);

static const XmRow backing_rows[] = {
    INLINE("hugepages", hugepages_elem),
    FLAG(Memory, backing.nosharepages, "nosharepages", .doc = "keep KSM away from the guest's memory"),
    FLAG(Memory, backing.locked, "locked", .doc = "the guest's memory is never swapped out"),
    INLINE("source", source_elem),
    INLINE("access", access_elem),
    INLINE("allocation", allocation_elem),
    FLAG(Memory, backing.discard, "discard"),
};
const XmElem memory_backing_elem = ELEM("memoryBacking", Memory, backing_rows);

static const XmRow max_rows[] = {
    A_U32(Memory, max_slots, "slots", .flags = XM_REQUIRED | XM_NONZERO | XM_ABI, .doc = "places for memory devices"),
};
static const XmElem max_elem = ELEM("maxMemory", Memory, max_rows);
static const XmRow size_rows[] = { A_ONOFF(Memory, dump_core, "dumpCore") };
static const XmElem size_elem = ELEM("memory", Memory, size_rows);

static const XmRow memory_rows[] = {
    SIZE(Memory, max, "maxMemory", .elem = &max_elem, .flags = XM_ABI, .doc = "with memory devices"),
    SIZE(Memory, size, "memory", .elem = &size_elem, .flags = XM_ABI, .doc = "at boot"),
    SIZE(Memory, current, "currentMemory", .flags = XM_HOT, .doc = "what the balloon leaves"),
};
const XmElem memory_elem = ELEM("memory", Memory, memory_rows);

static const XmRow tune_rows[] = {
    SIZE(Memory, tune.hard, "hard_limit", .flags = XM_HOT),
    SIZE(Memory, tune.soft, "soft_limit", .flags = XM_HOT),
    SIZE(Memory, tune.min_guarantee, "min_guarantee", .flags = XM_HOT),
    SIZE(Memory, tune.swap_hard, "swap_hard_limit", .flags = XM_HOT),
};
static bool tune_check(gconstpointer obj, char **why)
{
    if (((const Memory *)obj)->tune.min_guarantee)
        *why = g_strdup("min_guarantee is not supported with QEMU; use soft_limit");
    return !*why;
}
const XmElem memtune_elem = ELEM("memtune", Memory, tune_rows, .check = tune_check, .refuse_code = QV_ERR_CONFIG_UNSUPPORTED);
