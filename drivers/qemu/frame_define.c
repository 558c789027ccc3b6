/* What the guest's frame gets when a domain is defined: identity, machine, processor, memory, clock,
 * and where it boots from. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/define.h"
#include "drivers/qemu/each.h"
#include "util/ids.h"

static bool refuse(GError **err, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s", why);
    return false;
}

/* --- identity and machine */

static void default_identity(DomainFrame *f)
{
    char **ids[] = { f->uuid ? NULL : &f->uuid, f->genid.present && !f->genid.uuid ? &f->genid.uuid : NULL };
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        guint8 uuid[16];
        if (!ids[i])
            continue;
        uuid_random(uuid);
        *ids[i] = uuid_format(uuid);
    }
}

static bool check_kind(const DomainFrame *f, const DefineCtx *ctx, GError **err)
{
    if (!f->name || !*f->name || strchr(f->name, '/'))
        return refuse(err, "a domain needs a name without '/'");
    if (f->virt != VIRT_QEMU && f->virt != VIRT_KVM)
        return refuse(err, "this driver runs domains of type 'qemu' and 'kvm'");
    if (f->virt == VIRT_KVM && !qemu_caps_kvm(ctx->caps))
        return refuse(err, "type 'kvm' needs KVM: this host has no /dev/kvm that could be used; use type 'qemu'");
    if (g_strcmp0(f->os.type, "hvm") != 0)
        return refuse(err, "QEMU runs <os><type>hvm</type> only");
    return true;
}

/* A 64-bit PC runs 32-bit guests too. */
static bool runs(const DefineCtx *ctx, const char *arch)
{
    const char *own = qemu_caps_arch(ctx->caps);
    return g_str_equal(own, arch) || (g_str_equal(own, "x86_64") && g_str_equal(arch, "i686"));
}

const char *qemu_emulator_of(const DomainDef *def)
{
    static const struct { const char *arch, *binary; } usual[] = {
        { "i686", "/usr/bin/qemu-system-i386" }, { "x86_64", "/usr/bin/qemu-system-x86_64" },
    };
    const char *arch = def->frame.os.arch ? def->frame.os.arch : "x86_64";
    for (guint i = 0; !def->devices.emulator && i < G_N_ELEMENTS(usual); i++)
        if (g_str_equal(usual[i].arch, arch) && g_file_test(usual[i].binary, G_FILE_TEST_IS_EXECUTABLE))
            return usual[i].binary;
    return def->devices.emulator ? def->devices.emulator : "/usr/bin/qemu-system-x86_64";
}

static bool define_machine(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    Os *os = &def->frame.os;
    const QemuMachine *m = qemu_caps_machine(ctx->caps, os->machine);
    if (!os->arch)
        os->arch = g_strdup(qemu_caps_arch(ctx->caps));
    if (!runs(ctx, os->arch)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "the emulator '%s' does not run guests of arch '%s'",
                    qemu_caps_binary(ctx->caps), os->arch);
        return false;
    }
    if (!m) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "this QEMU has no machine '%s'", os->machine ? os->machine : "");
        return false;
    }
    g_free(os->machine);
    os->machine = g_strdup(m->name);
    if (!def->devices.emulator)
        def->devices.emulator = g_strdup(qemu_caps_binary(ctx->caps));
    return true;
}

/* --- processors */

/* "qemu64-x86_64-cpu" is the model "qemu64". */
static char *default_model(const DomainFrame *f, const DefineCtx *ctx)
{
    const QemuMachine *m = qemu_caps_machine(ctx->caps, f->os.machine);
    const char *type = m && m->default_cpu ? m->default_cpu : "qemu64-x86_64-cpu";
    const char *dash = strchr(type, '-');
    return g_strndup(type, dash ? (gsize)(dash - type) : strlen(type));
}

static void default_cpu(DomainFrame *f, const DefineCtx *ctx)
{
    if (!f->cpu)
        f->cpu = xm_new(&cpu_elem);
    Cpu *cpu = f->cpu;
    if (!cpu->mode)
        cpu->mode = CPU_CUSTOM;
    if (cpu->mode == CPU_CUSTOM) {
        if (!cpu->model.name) {
            cpu->model.name = default_model(f, ctx);
            cpu->model.fallback = CPU_FALLBACK_FORBID;
        }
        cpu->match = cpu->match ? cpu->match : CPU_MATCH_EXACT;
        cpu->model.fallback = cpu->model.fallback ? cpu->model.fallback : CPU_FALLBACK_ALLOW;
    } else {
        cpu->match = CPU_MATCH_NONE;
    }
    if (!cpu->check)
        cpu->check = cpu->mode == CPU_HOST_MODEL ? CPU_CHECK_PARTIAL : CPU_CHECK_NONE;
    if (cpu->mode == CPU_HOST_PASSTHROUGH && !cpu->migratable)
        cpu->migratable = TRI_YES;
    if (cpu->mode == CPU_HOST_MODEL)
        cpu->model.fallback = !cpu->model.name ? CPU_FALLBACK_NONE : cpu->model.fallback ? cpu->model.fallback : CPU_FALLBACK_ALLOW;
    for (guint i = 0; cpu->features && i < cpu->features->len; i++) {
        CpuFeature *feature = g_ptr_array_index(cpu->features, i);
        feature->policy = feature->policy ? feature->policy : CPU_REQUIRE;
    }
    if (cpu->topology.sockets || cpu->topology.cores || cpu->topology.threads)
        cpu->topology.dies = MAX(cpu->topology.dies, 1);
}

static bool define_vcpus(DomainFrame *f, GError **err)
{
    const Cpu *cpu = f->cpu;
    if (!f->vcpus.max)
        f->vcpus.max = 1;
    if (f->vcpus.current == f->vcpus.max)
        f->vcpus.current = 0;
    if (!f->vcpus.placement)
        f->vcpus.placement = PLACEMENT_STATIC;
    if (f->vcpus.current > f->vcpus.max)
        return refuse(err, "<vcpu current=> is larger than the number of processors");
    if (cpu && cpu->topology.sockets &&
        (guint64)cpu->topology.sockets * MAX(cpu->topology.dies, 1) * MAX(cpu->topology.cores, 1) * MAX(cpu->topology.threads, 1) !=
            f->vcpus.max)
        return refuse(err, "<cpu><topology> and <vcpu> give different numbers of processors");
    return true;
}

/* Processors that are in no cell are in the first. */
static void complete_cells(DomainFrame *f)
{
    const GPtrArray *cells = f->cpu ? f->cpu->cells : NULL;
    if (!cells || !cells->len)
        return;
    NumaCell *first = g_ptr_array_index(cells, 0);
    for (guint cpu = 0; cpu < f->vcpus.max; cpu++) {
        bool placed = false;
        for (guint i = 0; i < cells->len && !placed; i++) {
            const NumaCell *cell = g_ptr_array_index(cells, i);
            placed = cell->cpus && bitmap_has(cell->cpus, cpu);
        }
        if (placed)
            continue;
        if (!first->cpus)
            first->cpus = bitmap_new();
        bitmap_set(first->cpus, cpu);
    }
}

/* --- memory */

/* The sum counts: cells, or the machine's own, and modules. */
static bool define_memory(DomainDef *def, GError **err)
{
    DomainFrame *f = &def->frame;
    const GPtrArray *cells = f->cpu ? f->cpu->cells : NULL;
    guint64 sum = 0;
    for (guint i = 0; cells && i < cells->len; i++) {
        const NumaCell *cell = g_ptr_array_index(cells, i);
        if (cell->memory > (G_MAXUINT64 - sum) / 1024)
            return refuse(err, "the memory of all NUMA cells together is more than 16 EiB");
        sum += cell->memory * 1024;
    }
    guint64 modules = domain_module_memory(def);
    if (sum)
        f->memory.size = sum > G_MAXUINT64 - modules ? G_MAXUINT64 : sum + modules;
    if (!f->memory.size)
        return refuse(err, "a domain needs <memory>");
    if (f->memory.size <= modules)
        return refuse(err, "<memory> counts memory devices too, and leaves nothing to boot with");
    if (!f->memory.current || f->memory.current > f->memory.size)
        f->memory.current = f->memory.size;
    return true;
}

/* --- life cycle and clock */

static void default_rest(DomainFrame *f)
{
    if (!f->on_poweroff)
        f->on_poweroff = LIFECYCLE_DESTROY;
    if (!f->on_reboot)
        f->on_reboot = LIFECYCLE_RESTART;
    if (!f->on_crash)
        f->on_crash = LIFECYCLE_DESTROY;
    if (!f->clock.offset)
        f->clock.offset = CLOCK_UTC;
}

bool pass_machine(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    default_identity(&def->frame);
    if (!check_kind(&def->frame, ctx, err) || !define_machine(def, ctx, err))
        return false;
    default_cpu(&def->frame, ctx);
    default_rest(&def->frame);
    if (!define_vcpus(&def->frame, err))
        return false;
    complete_cells(&def->frame);
    return define_memory(def, err);
}

/* --- boot */

static bool has_boot_order(const DomainDef *def)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        if (ref.info->boot_order)
            return true;
    return false;
}

/* A domain that says nothing boots from its disk. */
bool pass_boot(DomainDef *def, G_GNUC_UNUSED const DefineCtx *ctx, G_GNUC_UNUSED GError **err)
{
    Os *os = &def->frame.os;
    if ((os->boot && os->boot->len) || has_boot_order(def))
        return true;
    Boot *boot = g_new0(Boot, 1);
    boot->dev = BOOT_HD;
    if (!os->boot)
        os->boot = g_ptr_array_new();
    g_ptr_array_add(os->boot, boot);
    return true;
}
