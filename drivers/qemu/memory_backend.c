/* Plain memory, memfd, files, huge pages, and the host's NUMA nodes they come from. */
#include "config.h"
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "drivers/qemu/memory_backend.h"
#include "util/bitmap.h"

/* --- huge pages */

/* The page of @cell: that of its node set, or the one without a node set. NULL: ordinary pages. */
static const HugePage *page_of(const Memory *m, int cell)
{
    const HugePage *any = NULL;
    for (guint i = 0; m->backing.hugepages && i < m->backing.hugepages->len; i++) {
        const HugePage *page = g_ptr_array_index(m->backing.hugepages, i);
        if (page->nodeset && bitmap_next(page->nodeset, MAX(cell, 0)) == MAX(cell, 0))
            return page;
        any = any || page->nodeset ? any : page;
    }
    return any;
}

static guint64 default_page_size(void)
{
    g_autofree char *text = NULL;
    const char *line = g_file_get_contents("/proc/meminfo", &text, NULL, NULL) ? strstr(text, "Hugepagesize:") : NULL;
    return line ? g_ascii_strtoull(line + strlen("Hugepagesize:"), NULL, 10) * 1024 : 0;
}

/* Bytes of the huge page for @cell; 0: ordinary pages. */
static guint64 page_size(const Memory *m, int cell)
{
    if (!m->backing.hugepages_wanted)
        return 0;
    if (!m->backing.hugepages || !m->backing.hugepages->len)
        return default_page_size();
    const HugePage *page = page_of(m, cell);
    guint64 size = page ? page->size * 1024 : 0;
    return size == (guint64)sysconf(_SC_PAGESIZE) ? 0 : size;
}

/* Where hugetlbfs with pages of @size is mounted. */
static char *hugetlbfs_of(guint64 size)
{
    char *found = NULL, buffer[4096];
    struct mntent entry;
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    while (mounts && !found && getmntent_r(mounts, &entry, buffer, sizeof buffer)) {
        struct statfs fs;
        if (g_str_equal(entry.mnt_type, "hugetlbfs") && statfs(entry.mnt_dir, &fs) == 0 && (guint64)fs.f_bsize == size)
            found = g_strdup(entry.mnt_dir);
    }
    if (mounts)
        endmntent(mounts);
    return found;
}

/* "ID-NAME" of ".../domain-ID-NAME". */
static char *short_name(const char *domain_dir)
{
    g_autofree char *base = g_path_get_basename(domain_dir ? domain_dir : "");
    return g_strdup(g_str_has_prefix(base, "domain-") ? base + strlen("domain-") : base);
}

/* @dry: where the pages would be, were they mounted. */
static char *huge_folder(guint64 size, const char *domain_dir, bool dry, GError **err)
{
    g_autofree char *mount = hugetlbfs_of(size), *name = short_name(domain_dir);
    if (!mount && dry && size == default_page_size())
        mount = g_strdup("/dev/hugepages");
    if (mount)
        return g_strdup_printf("%s/libvirt/qemu/%s", mount, name);
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL,
                "Unable to find any usable hugetlbfs mount for %" G_GUINT64_FORMAT " KiB; mount one (mount -t hugetlbfs), or "
                "drop <hugepages>", size / 1024);
    return NULL;
}

static char *file_folder(const char *lib_dir, const char *domain_dir)
{
    g_autofree char *name = short_name(domain_dir);
    return g_strdup_printf("%s/qemu/ram/%s", lib_dir, name);
}

/* --- NUMA of the host */

static const MemNode *memnode_of(const Tune *t, int cell)
{
    for (guint i = 0; cell >= 0 && t->numa.memnodes && i < t->numa.memnodes->len; i++) {
        const MemNode *m = g_ptr_array_index(t->numa.memnodes, i);
        if (m->cell.v == (guint)cell)
            return m;
    }
    return NULL;
}

static void add_host_nodes(json_object *p, const Tune *t, const MemNode *own)
{
    static const char *const policies[NUMA_MODE__N] = {
        [NUMA_MODE_NONE] = "bind", [NUMA_STRICT] = "bind", [NUMA_PREFERRED] = "preferred", [NUMA_INTERLEAVE] = "interleave",
    };
    const Bitmap *nodes = own ? own->nodeset : t->numa.nodeset;
    const char *policy = policies[own ? own->mode : (guint32)t->numa.mode];
    if (!nodes || !policy)      /* restrictive: the cgroup alone says */
        return;
    json_object *list = json_object_new_array();
    for (int n = bitmap_next(nodes, 0); n >= 0; n = bitmap_next(nodes, n + 1))
        json_object_array_add(list, json_object_new_int(n));
    json_object_object_add(p, "host-nodes", list);
    props_str(p, "policy", policy);
}

/* --- the object */

static const char *kind_of(const Memory *m, guint64 page, guint32 access)
{
    if (m->backing.source == MEMSOURCE_MEMFD)
        return "memory-backend-memfd";
    return page || m->backing.source == MEMSOURCE_FILE || access ? "memory-backend-file" : "memory-backend-ram";
}

static bool add_place(const QemuBuild *b, json_object *p, const char *kind, const char *id, guint64 page, GError **err)
{
    g_autofree char *folder = NULL;
    if (g_str_equal(kind, "memory-backend-memfd")) {
        if (page) {
            props_bool(p, "hugetlb", true);
            props_u64(p, "hugetlbsize", page);
        }
        return true;
    }
    if (!g_str_equal(kind, "memory-backend-file"))
        return true;
    folder = page ? huge_folder(page, b->domain_dir, b->dry, err) : file_folder(b->lib_dir, b->domain_dir);
    if (!folder)
        return false;
    props_strf(p, "mem-path", page ? "%s" : "%s/%s", folder, id);
    return true;
}

bool memory_backend_props(const QemuBuild *b, json_object *p, const MemoryPiece *piece, bool *ret_plain, GError **err)
{
    const Memory *m = &b->def->frame.memory;
    const Tune *tune = &b->def->frame.tune;
    guint32 access = piece->access ? piece->access : m->backing.access;
    Tristate discard = piece->discard ? piece->discard : m->backing.discard ? TRI_YES : TRI_ABSENT;
    guint64 page = page_size(m, piece->cell);
    const char *kind = kind_of(m, page, access);
    const MemNode *own = memnode_of(tune, piece->cell);
    bool plain = g_str_equal(kind, "memory-backend-ram"), now = m->backing.allocation.mode == MEMALLOC_IMMEDIATE;

    props_str(p, "qom-type", kind);
    props_str(p, "id", piece->id);
    if (!add_place(b, p, kind, piece->id, page, err))
        return false;
    if (access)
        props_bool(p, "share", access == MEMACCESS_SHARED);
    if (!plain)
        props_tri(p, "discard-data", discard);
    if (piece->cell < 0 && !plain)      /* the name that older QEMUs gave this memory in migration */
        props_bool(p, "x-use-canonical-path-for-ramblock-id", false);
    if (now || (page && !g_str_equal(kind, "memory-backend-memfd")))
        props_bool(p, "prealloc", true);
    props_u64_opt(p, "prealloc-threads", now ? m->backing.allocation.threads : 0);
    props_u64(p, "size", piece->size);
    add_host_nodes(p, tune, own);
    *ret_plain = plain && !own;
    return true;
}

/* --- folders */

GPtrArray *memory_folders(const DomainDef *def, const char *lib_dir, const char *domain_dir, GError **err)
{
    const Memory *m = &def->frame.memory;
    const GPtrArray *cells = def->frame.cpu ? def->frame.cpu->cells : NULL;
    int n = cells ? (int)cells->len : 0;
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);

    for (int cell = n ? 0 : -1; cell < n; cell++) {
        const NumaCell *c = cell >= 0 ? g_ptr_array_index(cells, cell) : NULL;
        guint64 page = page_size(m, cell);
        if (!g_str_equal(kind_of(m, page, c && c->access ? c->access : m->backing.access), "memory-backend-file"))
            continue;
        char *folder = page ? huge_folder(page, domain_dir, false, err) : file_folder(lib_dir, domain_dir);
        if (!folder)
            return NULL;
        if (g_ptr_array_find_with_equal_func(folders, folder, g_str_equal, NULL))
            g_free(folder);
        else
            g_ptr_array_add(folders, folder);
    }
    return g_steal_pointer(&folders);
}
