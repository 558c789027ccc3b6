#include "config.h"
#include <string.h>
#include "conf/board.h"
#include "conf/chardev.h"
#include "conf/disk.h"
#include "conf/display.h"
#include "conf/rules.h"

static const GPtrArray *cells(const DomainDef *def)
{
    const GPtrArray *list = def->frame.cpu ? def->frame.cpu->cells : NULL;
    return list && list->len ? list : NULL;
}

static guint max_vcpus(const DomainDef *def)
{
    return MAX(def->frame.vcpus.max, 1);
}

/* --- the frame */

static bool check_name(const DomainDef *def, GError **err)
{
    const char *name = def->frame.name;

    if (!name)
        return qv_refuse(err, QV_ERR_XML, "the domain has no name: <name> is missing or empty");
    if (strchr(name, '/'))
        return qv_refuse(err, QV_ERR_XML, "name %s cannot contain '/'", name);
    if (strchr(name, '\n'))
        return qv_refuse(err, QV_ERR_XML, "name %s cannot contain '\\n'", name);
    if (!name[strspn(name, " \t")])
        return qv_refuse(err, QV_ERR_XML, "a domain's name needs a character that can be seen");
    return true;
}

static bool check_os_type(const DomainDef *def, GError **err)
{
    const char *type = def->frame.os.type;

    if (!type)
        return qv_refuse(err, QV_ERR_XML, "an os <type> must be specified; use <os><type>hvm</type></os>");
    if (strcmp(type, "hvm") != 0)
        return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "unknown OS type '%s'; QEMU runs hvm guests", type);
    return true;
}

static bool check_memory(const DomainDef *def, GError **err)
{
    if (def->frame.memory.size || cells(def))
        return true;
    return qv_refuse(err, QV_ERR_XML, "Memory size must be specified via <memory> or in the <numa> configuration");
}

static bool check_topology(const DomainDef *def, GError **err)
{
    const Cpu *cpu = def->frame.cpu;

    if (!cpu || !cpu->topology.sockets)
        return true;
    guint64 n = (guint64)cpu->topology.sockets * MAX(cpu->topology.dies, 1) * MAX(cpu->topology.cores, 1) *
                MAX(cpu->topology.threads, 1);
    if (n == max_vcpus(def))
        return true;
    return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED,
                  "CPU topology doesn't match maximum vcpu count: <topology> makes %" G_GUINT64_FORMAT ", <vcpu> says %u",
                  n, max_vcpus(def));
}

static bool check_numa_cpus(const DomainDef *def, GError **err)
{
    for (guint i = 0; cells(def) && i < cells(def)->len; i++) {
        const NumaCell *cell = g_ptr_array_index(cells(def), i);
        if (bitmap_next(cell->cpus, max_vcpus(def)) >= 0)
            return qv_refuse(err, QV_ERR_INTERNAL, "Number of CPUs in <numa> exceeds the <vcpu> count of %u (cell %u)",
                          max_vcpus(def), i);
    }
    return true;
}

static bool check_memnodes(const DomainDef *def, GError **err)
{
    if (!def->frame.tune.numa.memnodes || !def->frame.tune.numa.memnodes->len || cells(def))
        return true;
    return qv_refuse(err, QV_ERR_XML, "Element 'memnode' is invalid without any guest NUMA cells");
}

static bool check_vcpu_list(const DomainDef *def, GError **err)
{
    const GPtrArray *list = def->frame.vcpus.list;

    for (guint i = 0; list && i < list->len; i++) {
        const Vcpu *vcpu = g_ptr_array_index(list, i);
        if (vcpu->id.v >= max_vcpus(def))
            return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "vCPU '%u' is not present in domain definition", vcpu->id.v);
        if (!vcpu->id.v && vcpu->enabled == TRI_NO)
            return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "vcpu 0 can't be offline");
    }
    return true;
}

static bool check_numatune(const DomainDef *def, GError **err)
{
    const Tune *t = &def->frame.tune;

    if (!t->numa.present || t->numa.nodeset || t->numa.placement == 2 || def->frame.vcpus.placement == PLACEMENT_AUTO)
        return true;
    return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
}

static bool has_iothread(const Vcpus *v, guint id)
{
    for (guint i = 0; v->iothread_ids && i < v->iothread_ids->len; i++)
        if (((const IoThread *)g_ptr_array_index(v->iothread_ids, i))->id == id)
            return true;
    return id >= 1 && id <= v->iothreads && !(v->iothread_ids && v->iothread_ids->len >= v->iothreads);
}

/* Schedulers are for threads that exist, each by one element. */
static bool check_schedulers(const DomainDef *def, GError **err)
{
    const struct { const GPtrArray *list; bool vcpus; } kinds[] = {
        { def->frame.tune.cpu.vcpusched, true }, { def->frame.tune.cpu.iothreadsched, false },
    };

    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        for (guint i = 0; kinds[k].list && i < kinds[k].list->len; i++) {
            const CpuSched *s = g_ptr_array_index(kinds[k].list, i);
            for (int id = bitmap_next(s->ids, 0); id >= 0; id = bitmap_next(s->ids, id + 1)) {
                if (kinds[k].vcpus && (guint)id >= max_vcpus(def))
                    return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "vCPU '%d' of <vcpusched> is not present in the domain", id);
                if (!kinds[k].vcpus && !has_iothread(&def->frame.vcpus, id))
                    return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "iothread '%d' of <iothreadsched> does not exist", id);
                if (!g_hash_table_add(seen, GINT_TO_POINTER(id + 1)))
                    return qv_refuse(err, QV_ERR_XML, "two schedulers are given for %s %d", kinds[k].vcpus ? "vCPU" : "iothread", id);
            }
        }
    }
    return true;
}

static bool check_resctrl(const DomainDef *def, GError **err)
{
    const Tune *t = &def->frame.tune;
    g_autofree char *why = NULL;

    return resctrl_check(t->cpu.cachetune, t->cpu.memorytune, max_vcpus(def), &why) || qv_refuse(err, QV_ERR_XML, "%s", why);
}

/* Features that only boards of other architectures have. */
static bool check_features(const DomainDef *def, GError **err)
{
    const Features *f = &def->frame.features;
    const struct { const char *name; bool wanted; } foreign[] = {
        { "hpt", f->hpt.present }, { "htm", f->htm }, { "nested-hv", f->nested_hv }, { "ccf-assist", f->ccf_assist },
        { "cfpc", f->cfpc }, { "sbbc", f->sbbc }, { "ibs", f->ibs }, { "gic", f->gic_version },
    };

    for (guint i = 0; i < G_N_ELEMENTS(foreign); i++)
        if (foreign[i].wanted)
            return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "The '%s' feature is not supported for x86 machines; leave it out",
                          foreign[i].name);
    if (f->tb_cache && def->frame.virt == VIRT_KVM)
        return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "<tcg> features go with domains of type 'qemu'; KVM translates nothing");
    return true;
}

static bool check_seclabels(const DomainDef *def, GError **err)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; def->frame.seclabels && i < def->frame.seclabels->len; i++) {
        const Seclabel *label = g_ptr_array_index(def->frame.seclabels, i);
        if (!label->model && def->frame.seclabels->len > 1)
            return qv_refuse(err, QV_ERR_XML, "missing security model when using multiple labels: each <seclabel> needs a model");
        if (label->model && !g_hash_table_add(seen, label->model))
            return qv_refuse(err, QV_ERR_XML_SYNTAX, "seclabel for model %s is already provided", label->model);
    }
    return true;
}

/* --- memory modules */

static bool check_memory_hotplug(const DomainDef *def, GError **err)
{
    const GPtrArray *modules = domain_devices(def, DEV_MEMORY);
    const Memory *memory = &def->frame.memory;

    if (memory->max && !cells(def))
        return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "At least one numa node has to be configured when enabling memory hotplug");
    if (modules->len && !memory->max)
        return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED,
                      "cannot use/hotplug a memory device when domain 'maxMemory' is not defined");
    if (modules->len > memory->max_slots)
        return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "memory device count '%u' exceeds slots count '%u'", modules->len,
                      memory->max_slots);
    return true;
}

/* --- all devices */

static bool check_boot_order(const DomainDef *def, GError **err)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    DeviceRef ref;

    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        if (ref.info->boot_order && !g_hash_table_add(seen, GUINT_TO_POINTER(ref.info->boot_order)))
            return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "boot order '%u' used for more than one device",
                          ref.info->boot_order);
    return true;
}

static bool check_alias(const DomainDef *def, GError **err)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    DeviceRef ref;

    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);) {
        bool twin = ref.kind == DEV_CONSOLE && ref.index == 0;      /* the first serial's, under its name */
        if (ref.info->alias && !twin && !g_hash_table_add(seen, ref.info->alias))
            return qv_refuse(err, QV_ERR_XML, "non unique alias detected: %s", ref.info->alias);
    }
    return true;
}

static bool check_loadparm(const DomainDef *def, GError **err)
{
    DeviceRef ref;

    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        if (ref.info->loadparm && (!*ref.info->loadparm || strlen(ref.info->loadparm) > 8))
            return qv_refuse(err, QV_ERR_INTERNAL, "loadparm value '%s' must be between 1 and 8 characters", ref.info->loadparm);
    return true;
}

static bool check_disk_target(const DomainDef *def, GError **err)
{
    const GPtrArray *disks = domain_devices(def, DEV_DISK);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = g_ptr_array_index(disks, i);
        if (disk->dst && !g_hash_table_add(seen, disk->dst))
            return qv_refuse(err, QV_ERR_XML, "target '%s' duplicated: two disks have it", disk->dst);
    }
    return true;
}

static bool check_shmem(const DomainDef *def, GError **err)
{
    const GPtrArray *list = domain_devices(def, DEV_SHMEM);

    for (guint i = 0; i < list->len; i++) {
        const Shmem *s = g_ptr_array_index(list, i);
        if (s->msi.present && !s->has_server)
            return qv_refuse(err, QV_ERR_XML, "msi option is only supported with a server (shmem '%s')", s->name);
        if (s->model <= SHMEM_IVSHMEM)
            return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED,
                          "ivshmem device is not supported with this QEMU binary; use model ivshmem-plain or "
                          "ivshmem-doorbell (shmem '%s')", s->name);
    }
    return true;
}

static bool check_smartcards(const DomainDef *def, GError **err)
{
    if (domain_devices(def, DEV_SMARTCARD)->len <= 1)
        return true;
    return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "this QEMU binary lacks multiple smartcard support; keep one <smartcard>");
}

static bool check_graphics(const DomainDef *def, GError **err)
{
    const GPtrArray *list = domain_devices(def, DEV_GRAPHICS);

    for (guint i = 0; i < list->len; i++) {
        const Graphics *g = g_ptr_array_index(list, i);
        if (g->type == GRAPHICS_RDP || g->type == GRAPHICS_DESKTOP)
            return qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, "%s graphics are not supported with this QEMU; use vnc or spice",
                          xm_enum_name(&graphics_type, g->type));
    }
    return true;
}

const DomainRule domain_rules[] = {
    { "name", check_name },
    { "os-type", check_os_type },
    { "memory", check_memory },
    { "cpu-topology", check_topology },
    { "numa-cpus", check_numa_cpus },
    { "numa-memnode", check_memnodes },
    { "vcpu-list", check_vcpu_list },
    { "numatune", check_numatune },
    { "schedulers", check_schedulers },
    { "cachetune", check_resctrl },
    { "features", check_features },
    { "seclabel-unique", check_seclabels },
    { "memory-hotplug", check_memory_hotplug },
    { "boot-order-unique", check_boot_order },
    { "alias-unique", check_alias },
    { "loadparm", check_loadparm },
    { "disk-target-unique", check_disk_target },
    { "shmem", check_shmem },
    { "smartcard-single", check_smartcards },
    { "graphics-type", check_graphics },
};
const guint n_domain_rules = G_N_ELEMENTS(domain_rules);

bool domain_rules_check(const DomainDef *def, GError **err)
{
    for (guint i = 0; i < n_domain_rules; i++)
        if (!domain_rules[i].check(def, err))
            return false;
    return true;
}
