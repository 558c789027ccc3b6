/* Rows of <cachetune> and <memorytune>. */
#include "config.h"
#include "conf/resctrl.h"
#include "util/size.h"

XM_ENUM(cache_type, "cache type", NULL, "both", "code", "data");
XM_COVERS(cache_type, CACHE_TYPE__N);

/* Written in KiB where that is exact. */
static bool share_loaded(gpointer obj, xmlNode *node, char **why)
{
    CacheShare *s = obj;
    guint64 bytes;

    if (!size_scale(s->size, s->unit, 1, &bytes)) {
        *why = g_strdup_printf("'%.32s' is not a unit of size, or the share is too large", s->unit ? s->unit : "B");
        return false;
    }
    s->size = bytes % 1024 ? bytes : bytes / 1024;
    g_free(s->unit);
    s->unit = g_strdup(bytes % 1024 ? "B" : "KiB");
    return true;
}

static const XmRow share_rows[] = {
    A_OPT(CacheShare, id, "id", .flags = XM_REQUIRED, .doc = "number of the host's cache"),
    A_OPT(CacheShare, level, "level", .flags = XM_REQUIRED),
    A_ENUM(CacheShare, type, "type", cache_type, .flags = XM_REQUIRED | XM_NONZERO),
    A_U64(CacheShare, size, "size", .flags = XM_REQUIRED | XM_NONZERO),
    A_STR(CacheShare, unit, "unit"),
};
static const XmElem share_elem = ELEM("cache", CacheShare, share_rows, .loaded = share_loaded);
static const XmRow monitor_rows[] = {
    A_OPT(CacheMonitor, level, "level", .flags = XM_REQUIRED),
    A_BITS(CacheMonitor, vcpus, "vcpus", .flags = XM_REQUIRED),
};
static const XmElem monitor_elem = ELEM("monitor", CacheMonitor, monitor_rows);
static const XmRow cachetune_rows[] = {
    A_BITS(CacheTune, vcpus, "vcpus", .flags = XM_REQUIRED),
    LIST(CacheTune, caches, "cache", share_elem, .max_items = 1024),
    LIST(CacheTune, monitors, "monitor", monitor_elem, .max_items = 1024),
};
const XmElem cachetune_elem = ELEM("cachetune", CacheTune, cachetune_rows);

static const XmRow node_rows[] = {
    A_OPT(BandwidthShare, id, "id", .flags = XM_REQUIRED),
    A_OPT(BandwidthShare, bandwidth, "bandwidth", .flags = XM_REQUIRED, .max = 100, .doc = "percent"),
};
static const XmElem node_elem = ELEM("node", BandwidthShare, node_rows);
static const XmRow memorytune_rows[] = {
    A_BITS(MemoryTune, vcpus, "vcpus", .flags = XM_REQUIRED),
    LIST(MemoryTune, nodes, "node", node_elem, .key = "id", .max_items = 1024),
    LIST(MemoryTune, monitors, "monitor", monitor_elem, .max_items = 1024),
};
const XmElem memorytune_elem = ELEM("memorytune", MemoryTune, memorytune_rows);

/* --- rules across them */

static bool within(const Bitmap *part, const Bitmap *whole)
{
    for (int i = bitmap_next(part, 0); i >= 0; i = bitmap_next(part, i + 1))
        if (bitmap_next(whole, i) != i)
            return false;
    return true;
}

static bool check_shares(const CacheTune *t, char **why)
{
    for (guint i = 0; t->caches && i < t->caches->len; i++)
        for (guint k = 0; k < i; k++) {
            const CacheShare *a = g_ptr_array_index(t->caches, i), *b = g_ptr_array_index(t->caches, k);
            if (a->id.v != b->id.v || a->level.v != b->level.v)
                continue;
            if (a->type != b->type && a->type != CACHE_TYPE_BOTH && b->type != CACHE_TYPE_BOTH)
                continue;
            *why = g_strdup_printf("colliding cache allocations for cache level '%u' id '%u', type '%s'", a->level.v, a->id.v,
                                   xm_enum_name(&cache_type, a->type));
            return false;
        }
    return true;
}

/* A monitor watches all processors of its group, or some that no other watches. */
static bool check_monitors(const Bitmap *vcpus, const GPtrArray *list, char **why)
{
    for (guint i = 0; list && i < list->len; i++) {
        const CacheMonitor *m = g_ptr_array_index(list, i);
        bool whole = within(vcpus, m->vcpus);
        if (!within(m->vcpus, vcpus))
            *why = g_strdup("a <monitor> watches vcpus of its own group only");
        for (guint k = 0; !*why && k < i; k++) {
            const CacheMonitor *other = g_ptr_array_index(list, k);
            if (!whole && !within(vcpus, other->vcpus) && bitmap_overlaps(m->vcpus, other->vcpus))
                *why = g_strdup("vcpus of two <monitor> elements overlap");
        }
        if (*why)
            return false;
    }
    return true;
}

typedef struct { const char *name; const Bitmap *vcpus; } Group;

static bool check_groups(const Group *groups, guint n, guint max_vcpus, char **why)
{
    for (guint i = 0; i < n; i++) {
        if (bitmap_next(groups[i].vcpus, 0) < 0 || bitmap_next(groups[i].vcpus, max_vcpus) >= 0)
            *why = g_strdup_printf("<%s> names no vcpu, or one that the domain does not have", groups[i].name);
        for (guint k = 0; !*why && k < i; k++) {
            bool same = within(groups[i].vcpus, groups[k].vcpus) && within(groups[k].vcpus, groups[i].vcpus);
            if (same && groups[i].name == groups[k].name)
                *why = g_strdup_printf("Identical vcpus in two <%s> elements", groups[i].name);
            else if (!same && bitmap_overlaps(groups[i].vcpus, groups[k].vcpus))
                *why = g_strdup_printf("Overlapping vcpus in <%s> and <%s>", groups[k].name, groups[i].name);
        }
        if (*why)
            return false;
    }
    return true;
}

bool resctrl_check(const GPtrArray *caches, const GPtrArray *memory, guint max_vcpus, char **why)
{
    guint n = (caches ? caches->len : 0) + (memory ? memory->len : 0), at = 0;
    g_autofree Group *groups = g_new0(Group, n + 1);

    for (guint i = 0; caches && i < caches->len; i++) {
        const CacheTune *t = g_ptr_array_index(caches, i);
        groups[at++] = (Group){ cachetune_elem.name, t->vcpus };
        if (!check_shares(t, why) || !check_monitors(t->vcpus, t->monitors, why))
            return false;
    }
    for (guint i = 0; memory && i < memory->len; i++) {
        const MemoryTune *t = g_ptr_array_index(memory, i);
        groups[at++] = (Group){ memorytune_elem.name, t->vcpus };
        if (!check_monitors(t->vcpus, t->monitors, why))
            return false;
    }
    return check_groups(groups, n, max_vcpus, why);
}
