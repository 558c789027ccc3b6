#include <string.h>
#include "conf/frame.h"
#include "conf/seclabel.h"

XM_ENUM(virt_type, "virtualization type", NULL, "qemu", "kvm", "xen", "lxc", "openvz", "test", "vmware", "hyperv", "vbox",
        "phyp", "parallels", "bhyve", "vz", "hvf");
XM_COVERS(virt_type, VIRT__N);
XM_ENUM(lifecycle_action, "life cycle action", NULL, "destroy", "restart", "rename-restart", "preserve", "coredump-destroy",
        "coredump-restart");
XM_COVERS(lifecycle_action, LIFECYCLE__N);
XM_ENUM(lock_failure, "lock failure action", NULL, "poweroff", "restart", "pause", "ignore");
XM_COVERS(lock_failure, LOCKFAIL__N);

static const XmRow genid_rows[] = { XM_SCALAR(XM_TEXT, DomainFrame, genid.uuid, NULL, xm_uuid, char *, .flags = XM_ABI) };
static bool genid_loaded(gpointer obj, xmlNode *node, char **why)
{
    ((DomainFrame *)obj)->genid.present = true;
    return true;
}
static bool genid_present(gconstpointer obj)
{
    return ((const DomainFrame *)obj)->genid.present;
}
static const XmElem genid_elem = ELEM("genid", DomainFrame, genid_rows, .loaded = genid_loaded, .present = genid_present);

static const XmRow fc_rows[] = { A_STR(DomainFrame, resource.appid, "appid") };
static const XmElem fc_elem = ELEM("fibrechannel", DomainFrame, fc_rows);
static const XmRow resource_rows[] = {
    LEAF_STR(DomainFrame, resource.partition, "partition", .doc = "absolute path of the cgroup that holds the guest's"),
    INLINE("fibrechannel", fc_elem),
};
static const XmElem resource_elem = ELEM("resource", DomainFrame, resource_rows);

static const XmRow mem_rows[] = { A_YESNO(DomainFrame, pm_suspend.mem, "enabled", .flags = XM_ABI) };
static const XmElem suspend_mem_elem = ELEM("suspend-to-mem", DomainFrame, mem_rows);
static const XmRow disk_rows[] = { A_YESNO(DomainFrame, pm_suspend.disk, "enabled", .flags = XM_ABI) };
static const XmElem suspend_disk_elem = ELEM("suspend-to-disk", DomainFrame, disk_rows);
static const XmRow pm_rows[] = { INLINE("suspend-to-mem", suspend_mem_elem), INLINE("suspend-to-disk", suspend_disk_elem) };
static const XmElem pm_elem = ELEM("pm", DomainFrame, pm_rows);

XM_ENUM(perf_event, "performance event", NULL, "cmt", "mbmt", "mbml", "cpu_cycles", "instructions", "cache_references",
        "cache_misses", "branch_instructions", "branch_misses", "bus_cycles", "stalled_cycles_frontend",
        "stalled_cycles_backend", "ref_cpu_cycles", "cpu_clock", "task_clock", "page_faults", "context_switches",
        "cpu_migrations", "page_faults_min", "page_faults_maj", "alignment_faults", "emulation_faults");
static const XmRow event_rows[] = {
    A_ENUM(PerfEvent, name, "name", perf_event, .flags = XM_REQUIRED | XM_NONZERO),
    A_YESNO(PerfEvent, enabled, "enabled", .flags = XM_REQUIRED),
};
static const XmElem event_elem = ELEM("event", PerfEvent, event_rows);
static const XmRow perf_rows[] = { LIST(DomainFrame, perf, "event", event_elem, .key = "name") };
static gint by_event(gconstpointer a, gconstpointer b)
{
    const PerfEvent *const *x = a, *const *y = b;
    return (gint)(*x)->name - (gint)(*y)->name;
}
static bool perf_loaded(gpointer obj, xmlNode *node, char **why)
{
    GPtrArray *list = ((DomainFrame *)obj)->perf;
    if (list)
        g_ptr_array_sort(list, by_event);
    for (guint i = 1; list && i < list->len; i++) {
        const PerfEvent *e = g_ptr_array_index(list, i), *before = g_ptr_array_index(list, i - 1);
        if (e->name == before->name) {
            *why = g_strdup_printf("event '%s' is listed twice", xm_enum_name(&perf_event, e->name));
            return false;
        }
    }
    return true;
}
static const XmElem perf_elem = ELEM("perf", DomainFrame, perf_rows, .loaded = perf_loaded);

/* --- what only containers and s390 have: kept, refused at start */

static const XmRow range_rows[] = {
    A_OPT(IdRange, start, "start", .flags = XM_REQUIRED, .doc = "first id inside"),
    A_OPT(IdRange, target, "target", .flags = XM_REQUIRED, .doc = "first id of the host"),
    A_OPT(IdRange, count, "count", .flags = XM_REQUIRED),
};
static const XmElem uid_elem = ELEM("uid", IdRange, range_rows), gid_elem = ELEM("gid", IdRange, range_rows);
static const XmRow idmap_rows[] = {
    LIST(DomainFrame, uid_map, "uid", uid_elem, .max_items = 340),
    LIST(DomainFrame, gid_map, "gid", gid_elem, .max_items = 340),
};
static const XmElem idmap_elem = ELEM("idmap", DomainFrame, idmap_rows);

XM_ENUM(cipher_name, "cipher", NULL, "aes", "dea");
XM_COVERS(cipher_name, CIPHER__N);
static const XmRow cipher_rows[] = {
    A_ENUM(KeyCipher, name, "name", cipher_name, .flags = XM_REQUIRED | XM_NONZERO),
    A_ONOFF(KeyCipher, state, "state", .flags = XM_REQUIRED),
};
static const XmElem cipher_elem = ELEM("cipher", KeyCipher, cipher_rows);
static const XmRow keywrap_rows[] = { LIST(DomainFrame, keywrap, "cipher", cipher_elem, .key = "name", .max_items = 2) };
static const XmElem keywrap_elem = ELEM("keywrap", DomainFrame, keywrap_rows);

static const XmRow before_rows[] = {
    A_ENUM(DomainFrame, virt, "type", virt_type, .flags = XM_REQUIRED | XM_NONZERO, .doc = "kvm, or qemu for emulation"),
    A_U32(DomainFrame, id, "id", .flags = XM_LIVE),
    LEAF_STR(DomainFrame, name, "name", .flags = XM_REQUIRED, .doc = "unique on this host"),
    LEAF_UUID(DomainFrame, uuid, "uuid", .flags = XM_ABI),
    INLINE("genid", genid_elem),
    LEAF_STR(DomainFrame, title, "title", .flags = XM_HOT | XM_EMPTY_ABSENT),
    LEAF_STR(DomainFrame, description, "description", .flags = XM_HOT | XM_EMPTY_ABSENT),
    KEEP(DomainFrame, metadata, "metadata", .flags = XM_HOT),
    INCLUDE(DomainFrame, memory, memory_elem),
    INLINE_AT(DomainFrame, tune, "blkiotune", blkiotune_elem),
    INLINE_AT(DomainFrame, memory, "memtune", memtune_elem),
    INLINE_AT(DomainFrame, memory, "memoryBacking", memory_backing_elem),
    INCLUDE(DomainFrame, vcpus, vcpus_elem),
    INLINE_AT(DomainFrame, tune, "cputune", cputune_elem),
    INLINE_AT(DomainFrame, tune, "numatune", numatune_elem),
    INLINE("resource", resource_elem),
    LIST(DomainFrame, sysinfo, "sysinfo", sysinfo_elem),
    INLINE_AT(DomainFrame, os, "os", os_elem),
    INLINE("idmap", idmap_elem),
    INLINE_AT(DomainFrame, features, "features", features_elem),
    CHILD(DomainFrame, cpu, "cpu", cpu_elem),
    INLINE_AT(DomainFrame, clock, "clock", clock_elem),
    LEAF_ENUM(DomainFrame, on_poweroff, "on_poweroff", lifecycle_action, .flags = XM_NONZERO),
    LEAF_ENUM(DomainFrame, on_reboot, "on_reboot", lifecycle_action, .flags = XM_NONZERO),
    LEAF_ENUM(DomainFrame, on_crash, "on_crash", lifecycle_action, .flags = XM_NONZERO),
    LEAF_ENUM(DomainFrame, on_lockfailure, "on_lockfailure", lock_failure, .flags = XM_NONZERO),
    INLINE("pm", pm_elem),
    INLINE("perf", perf_elem),
};
/* What a list of domains shows. */
static const XmRow facts_rows[] = {
    LEAF_STR(DomainFrame, name, "name", .flags = XM_REQUIRED),
    LEAF_UUID(DomainFrame, uuid, "uuid", .flags = XM_REQUIRED),
    INCLUDE(DomainFrame, memory, memory_elem),
    INCLUDE(DomainFrame, vcpus, vcpus_elem),
    INLINE_AT(DomainFrame, os, "os", os_elem),
};
const XmElem frame_facts_elem = ELEM("domain", DomainFrame, facts_rows);

/* A client finds its metadata by namespace: the first of each counts, and what has none is nobody's. */
static bool metadata_loaded(gpointer obj, xmlNode *node, char **why)
{
    xmlNode *metadata = ((DomainFrame *)obj)->metadata;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (xmlNode *child = metadata ? metadata->children : NULL, *next; child; child = next) {
        next = child->next;
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (child->ns && !g_hash_table_contains(seen, child->ns->href)) {
            g_hash_table_add(seen, (gpointer)child->ns->href);
            continue;
        }
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
    return true;
}
const XmElem frame_before_elem = ELEM("domain", DomainFrame, before_rows, .loaded = metadata_loaded);

static const XmRow after_rows[] = {
    LIST(DomainFrame, seclabels, "seclabel", seclabel_elem, .max_items = 64),
    INLINE("keywrap", keywrap_elem),
    CHILD(DomainFrame, launch_security, "launchSecurity", launch_security_elem),
    INCLUDE(DomainFrame, qemu, qemu_ns_elem),
};
const XmElem frame_after_elem = ELEM("domain", DomainFrame, after_rows);
