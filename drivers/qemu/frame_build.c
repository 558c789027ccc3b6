/* What is no device: machine, processors, memory, identity, clock, boot, and how QEMU itself runs. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/address.h"
#include "drivers/qemu/build.h"
#include "drivers/qemu/frame_build.h"
#include "drivers/qemu/memory_backend.h"

#define MIB ((guint64)1024 * 1024)

static Reason because(const char *path)
{
    return reason_path(path, 0);
}

/* --- QEMU itself */

static void build_environment(QemuBuild *b)
{
    static const struct { const char *name, *below; } homes[] = {
        { "HOME", "" }, { "XDG_DATA_HOME", "/.local/share" }, { "XDG_CACHE_HOME", "/.cache" }, { "XDG_CONFIG_HOME", "/.config" },
    };
    qemu_command_env(b->cmd, "LC_ALL", "C");
    qemu_command_env(b->cmd, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    for (guint i = 0; b->domain_dir && i < G_N_ELEMENTS(homes); i++) {
        g_autofree char *path = g_strconcat(b->domain_dir, homes[i].below, NULL);
        qemu_command_env(b->cmd, homes[i].name, path);
    }
}

static void build_name(QemuBuild *b)
{
    json_object *p = json_object_new_object();
    props_str(p, "guest", b->def->frame.name);
    props_str(p, "debug-threads", "on");
    qemu_command_opts(b->cmd, "-name", p, because("/domain/name"));
    qemu_command_flag(b->cmd, "-S", reason_why("the guest starts when everything is ready"));
}

/* What a client knows to be there; secrets of a guest that starts are files of their own. */
static void build_master_key(QemuBuild *b)
{
    if (!b->dry)
        return;
    json_object *p = json_object_new_object();
    props_str(p, "qom-type", "secret");
    props_str(p, "id", "masterKey0");
    props_str(p, "format", "raw");
    props_strf(p, "file", "%s/master-key.aes", b->domain_dir);
    qemu_command_json(b->cmd, "-object", p, reason_why("secrets are encrypted with a key of the guest's own"));
}

static void build_monitor(QemuBuild *b)
{
    json_object *chardev = json_object_new_object(), *mon = json_object_new_object();
    props_str(chardev, "", "socket");
    props_str(chardev, "id", "charmonitor");
    props_strf(chardev, "path", "%s/monitor.sock", b->domain_dir);
    props_str(chardev, "server", "on");
    props_str(chardev, "wait", "off");
    qemu_command_opts(b->cmd, "-chardev", chardev, reason_why("every guest has a monitor"));
    props_str(mon, "chardev", "charmonitor");
    props_str(mon, "id", "monitor");
    props_str(mon, "mode", "control");
    qemu_command_opts(b->cmd, "-mon", mon, reason_why("every guest has a monitor"));
}

/* --- machine */

static const QemuMachine *machine_of(const QemuBuild *b)
{
    return qemu_caps_machine(b->caps, b->def->frame.os.machine);
}

/* The one memory object of a machine without NUMA cells. */
static const char *default_ram(const QemuBuild *b)
{
    const QemuMachine *m = machine_of(b);
    const Cpu *cpu = b->def->frame.cpu;
    return m && !(cpu && cpu->cells && cpu->cells->len) ? m->default_ram_id : NULL;
}

static bool has_nvdimm(const QemuBuild *b)
{
    return frame_has_nvdimm(b->def);
}

static void build_accelerator(QemuBuild *b)
{
    const DomainFrame *f = &b->def->frame;
    json_object *p = json_object_new_object();
    props_str(p, "", f->virt == VIRT_KVM ? "kvm" : "tcg");
    if (f->virt == VIRT_KVM && f->features.kvm.dirty_ring == TRI_YES)
        props_u64(p, "dirty-ring-size", f->features.kvm.dirty_ring_size);
    props_u64_opt(p, "tb-size", f->features.tb_cache / MIB);
    qemu_command_opts(b->cmd, "-accel", p, because("/domain/@type"));
}

static void build_machine(QemuBuild *b)
{
    const DomainFrame *f = &b->def->frame;
    json_object *p = json_object_new_object();
    props_str(p, "", f->os.machine);
    props_str(p, "usb", "off");
    props_onoff(p, "vmport", f->features.vmport);
    if (f->os.bios.useserial == TRI_YES)      /* the firmware speaks on the serial line */
        props_str(p, "graphics", "off");
    if (f->features.smm.present)
        props_onoff(p, "smm", f->features.smm.state == TRI_ABSENT ? TRI_YES : f->features.smm.state);
    if (f->features.ioapic)
        props_str(p, "kernel_irqchip", f->features.ioapic == IOAPIC_QEMU ? "split" : "on");
    props_str(p, "dump-guest-core", f->memory.dump_core == TRI_YES ? "on" : "off");
    if (f->memory.backing.nosharepages)
        props_str(p, "mem-merge", "off");
    if (has_nvdimm(b))
        props_str(p, "nvdimm", "on");
    if (frame_has_hmat(b->def))
        props_str(p, "hmat", "on");
    props_str(p, "memory-backend", default_ram(b));
    if (f->os.loader.path && f->os.loader.type == LOADER_PFLASH) {
        props_str(p, "pflash0", "libvirt-pflash0-format");
        props_str(p, "pflash1", frame_has_nvram(b->def) ? "libvirt-pflash1-format" : NULL);
    }
    qemu_command_opts(b->cmd, "-machine", p, because("/domain/os/type"));
    build_accelerator(b);
}

/* --- memory */

static void build_memory_size(QemuBuild *b)
{
    const Memory *m = &b->def->frame.memory;
    guint64 boot = domain_boot_memory(b->def);
    json_object *p = json_object_new_object();
    if (m->max) {
        props_strf(p, "size", "%" G_GUINT64_FORMAT "k", boot / 1024);
        props_u64(p, "slots", m->max_slots);
        props_strf(p, "maxmem", "%" G_GUINT64_FORMAT "k", m->max / 1024);
    } else {
        props_strf(p, "", "%" G_GUINT64_FORMAT, (boot + MIB - 1) / MIB);
    }
    qemu_command_opts(b->cmd, "-m", p, because("/domain/memory"));
}

static bool build_default_ram(QemuBuild *b, GError **err)
{
    MemoryPiece piece = { .id = default_ram(b), .size = (domain_boot_memory(b->def) + MIB - 1) / MIB * MIB, .cell = -1 };
    bool plain;
    if (!piece.id)
        return true;
    json_object *p = json_object_new_object();
    if (!memory_backend_props(b, p, &piece, &plain, err)) {
        json_object_put(p);
        return false;
    }
    qemu_command_json(b->cmd, "-object", p, because("/domain/memory"));
    return true;
}

static bool build_memory(QemuBuild *b, GError **err)
{
    json_object *p = json_object_new_object();
    build_memory_size(b);
    props_str(p, "mem-lock", b->def->frame.memory.backing.locked ? "on" : "off");
    if (!build_default_ram(b, err)) {
        json_object_put(p);
        return false;
    }
    qemu_command_opts(b->cmd, "-overcommit", p, because("/domain/memoryBacking/locked"));
    return true;
}

/* --- processors */

static void build_smp(QemuBuild *b)
{
    const DomainFrame *f = &b->def->frame;
    const Cpu *cpu = f->cpu;
    guint current = f->vcpus.current ? f->vcpus.current : f->vcpus.max;
    json_object *p = json_object_new_object();
    props_strf(p, "", "%u", current);
    if (current != f->vcpus.max)
        props_u64(p, "maxcpus", f->vcpus.max);
    if (cpu && cpu->topology.sockets) {
        props_u64(p, "sockets", cpu->topology.sockets);
        props_u64(p, "dies", MAX(cpu->topology.dies, 1));
        props_u64(p, "cores", MAX(cpu->topology.cores, 1));
        props_u64(p, "threads", MAX(cpu->topology.threads, 1));
    } else {
        props_u64(p, "sockets", f->vcpus.max);
        props_u64(p, "cores", 1);
        props_u64(p, "threads", 1);
    }
    qemu_command_opts(b->cmd, "-smp", p, because("/domain/vcpu"));
}

static void build_iothread(QemuBuild *b, guint id, const IoThread *t)
{
    json_object *p = json_object_new_object();
    props_str(p, "qom-type", "iothread");
    props_strf(p, "id", "iothread%u", id);
    if (t) {
        props_optu32(p, "thread-pool-min", t->pool_min);
        props_optu32(p, "thread-pool-max", t->pool_max);
    }
    qemu_command_json(b->cmd, "-object", p, because("/domain/iothreads"));
}

static void build_iothreads(QemuBuild *b)
{
    const Vcpus *v = &b->def->frame.vcpus;
    for (guint i = 0; v->iothread_ids && i < v->iothread_ids->len; i++) {
        const IoThread *t = g_ptr_array_index(v->iothread_ids, i);
        build_iothread(b, t->id, t);
    }
    for (guint id = 1; !(v->iothread_ids && v->iothread_ids->len) && id <= v->iothreads; id++)
        build_iothread(b, id, NULL);
    if (!v->default_iothread.pool_min.set && !v->default_iothread.pool_max.set)
        return;
    json_object *p = json_object_new_object();
    props_str(p, "qom-type", "main-loop");
    props_str(p, "id", "main-loop");
    props_optu32(p, "thread-pool-min", v->default_iothread.pool_min);
    props_optu32(p, "thread-pool-max", v->default_iothread.pool_max);
    qemu_command_json(b->cmd, "-object", p, because("/domain/defaultiothread"));
}

/* --- clock */

static const Timer *timer_of(const QemuBuild *b, TimerName name)
{
    const GPtrArray *timers = b->def->frame.clock.timers;
    for (guint i = 0; timers && i < timers->len; i++) {
        const Timer *t = g_ptr_array_index(timers, i);
        if (t->name == name)
            return t;
    }
    return NULL;
}

/* The moment the guest's clock starts at, when it is neither the host's UTC nor its local time. */
static char *clock_moment(const Clock *c)
{
    gint64 at = c->offset == CLOCK_ABSOLUTE ? (gint64)c->start.v : g_get_real_time() / G_USEC_PER_SEC;
    if (c->adjustment && c->offset != CLOCK_ABSOLUTE)
        at += g_ascii_strtoll(c->adjustment, NULL, 10);
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(at);
    return when ? g_date_time_format(when, "%Y-%m-%dT%H:%M:%S") : g_strdup("utc");
}

static void build_rtc(QemuBuild *b)
{
    static const char *const clocks[TRACK__N] = { [TRACK_BOOT] = NULL, [TRACK_GUEST] = "vm", [TRACK_WALL] = NULL, [TRACK_REALTIME] = "rt" };
    const Clock *c = &b->def->frame.clock;
    const Timer *rtc = timer_of(b, TIMER_RTC);
    bool moment = c->offset == CLOCK_VARIABLE || c->offset == CLOCK_ABSOLUTE;
    g_autofree char *at = moment ? clock_moment(c) : NULL;
    json_object *p = json_object_new_object();
    props_str(p, "base", moment ? at : c->offset == CLOCK_LOCALTIME || c->offset == CLOCK_TIMEZONE ? "localtime" : "utc");
    if (c->timezone)
        qemu_command_env(b->cmd, "TZ", c->timezone);
    if (rtc) {
        props_str(p, "clock", clocks[rtc->track]);
        props_str(p, "driftfix", rtc->tickpolicy == TICK_CATCHUP ? "slew" : NULL);
    }
    qemu_command_opts(b->cmd, "-rtc", p, because("/domain/clock"));
}

/* Memory that only system management mode sees. */
static void build_tseg(QemuBuild *b)
{
    guint64 size = b->def->frame.features.smm.tseg;
    if (!size)
        return;
    g_autofree char *word = g_strdup_printf("mch.extended-tseg-mbytes=%" G_GUINT64_FORMAT, size / MIB);
    qemu_command_word(b->cmd, "-global", word, because("/domain/features/smm/tseg"));
}

static void build_timers(QemuBuild *b)
{
    const Timer *pit = timer_of(b, TIMER_PIT), *hpet = timer_of(b, TIMER_HPET);
    if (pit && (pit->tickpolicy == TICK_DELAY || pit->tickpolicy == TICK_DISCARD))
        qemu_command_word(b->cmd, "-global", pit->tickpolicy == TICK_DELAY ? "kvm-pit.lost_tick_policy=delay"
                                                                           : "kvm-pit.lost_tick_policy=discard",
                          because("/domain/clock/timer[@name='pit']"));
    if (hpet && hpet->present == TRI_NO)
        qemu_command_flag(b->cmd, "-no-hpet", because("/domain/clock/timer[@name='hpet']"));
}

/* --- power and boot */

static void build_sleep(QemuBuild *b, const char *state, Tristate wanted)
{
    const char *machine = b->def->frame.os.machine ? b->def->frame.os.machine : "";
    const char *chip = strstr(machine, "q35") ? "ICH9-LPC" : "PIIX4_PM";
    if (!wanted)
        return;
    g_autofree char *word = g_strdup_printf("%s.disable_%s=%d", chip, state, wanted == TRI_NO);
    qemu_command_word(b->cmd, "-global", word, because("/domain/pm"));
}

/* Hot-plug on the board's own bus is a matter of its chipset. */
static void build_root_hotplug(QemuBuild *b)
{
    const Controller *root = controller_find(b->def, CONTROLLER_PCI, 0);
    if (root && root->model == MODEL_PCI_ROOT && root->pci.hotplug)
        qemu_command_word(b->cmd, "-global", root->pci.hotplug == TRI_YES ? "PIIX4_PM.acpi-root-pci-hotplug=on"
                                                                          : "PIIX4_PM.acpi-root-pci-hotplug=off",
                          because("/domain/devices/controller[@type='pci']/target/@hotplug"));
}

static void build_power(QemuBuild *b)
{
    const DomainFrame *f = &b->def->frame;
    const char *arch = f->os.arch ? f->os.arch : "";
    build_sleep(b, "s3", f->pm_suspend.mem);
    build_sleep(b, "s4", f->pm_suspend.disk);
    qemu_command_flag(b->cmd, "-no-shutdown", reason_why("a guest that powers off is seen and ended by the daemon"));
    if (!f->features.acpi && (g_str_equal(arch, "x86_64") || g_str_equal(arch, "i686")))
        qemu_command_flag(b->cmd, "-no-acpi", because("/domain/features/acpi"));
}

static void build_boot(QemuBuild *b)
{
    const Os *os = &b->def->frame.os;
    json_object *p = json_object_new_object();
    props_onoff(p, "menu", os->bootmenu.enable);
    if (os->bootmenu.enable == TRI_YES)
        props_optu32(p, "splash-time", os->bootmenu.timeout);
    if (os->bios.reboot_timeout.set)
        props_strf(p, "reboot-timeout", "%d", os->bios.reboot_timeout.v);
    props_str(p, "strict", "on");
    qemu_command_opts(b->cmd, "-boot", p, because("/domain/os/boot"));
    if (os->kernel)
        qemu_command_word(b->cmd, "-kernel", os->kernel, because("/domain/os/kernel"));
    if (os->initrd)
        qemu_command_word(b->cmd, "-initrd", os->initrd, because("/domain/os/initrd"));
    if (os->cmdline)
        qemu_command_word(b->cmd, "-append", os->cmdline, because("/domain/os/cmdline"));
    if (os->dtb)
        qemu_command_word(b->cmd, "-dtb", os->dtb, because("/domain/os/dtb"));
    if (os->slic_table) {
        json_object *table = json_object_new_object();
        props_str(table, "sig", "SLIC");
        props_str(table, "file", os->slic_table);
        qemu_command_opts(b->cmd, "-acpitable", table, because("/domain/os/acpi/table"));
    }
}

/* --- what the user adds */

static json_object *property_value(const DeviceProperty *p)
{
    switch (p->type) {
    case PROPERTY_UNSIGNED:
        return json_object_new_uint64(g_ascii_strtoull(p->value, NULL, 10));
    case PROPERTY_SIGNED:
        return json_object_new_int64(g_ascii_strtoll(p->value, NULL, 10));
    case PROPERTY_BOOL:
        return json_object_new_boolean(g_str_equal(p->value, "true"));
    case PROPERTY_STRING:
        return json_object_new_string(p->value);
    default:
        return NULL;
    }
}

static void build_overrides(QemuBuild *b)
{
    const GPtrArray *list = b->def->frame.qemu.overrides;
    for (guint i = 0; list && i < list->len; i++) {
        const DeviceOverride *o = g_ptr_array_index(list, i);
        for (guint k = 0; o->properties && k < o->properties->len; k++) {
            const DeviceProperty *p = g_ptr_array_index(o->properties, k);
            qemu_command_override(b->cmd, o->alias, p->name, property_value(p));
        }
    }
}

static void build_deprecation(QemuBuild *b)
{
    static const char *const input[DEPRECATION__N] = {
        [DEPRECATION_OMIT] = "accept", [DEPRECATION_REJECT] = "reject", [DEPRECATION_CRASH] = "crash",
    };
    const char *behaviour = input[b->def->frame.qemu.deprecation];
    if (!behaviour)
        return;
    json_object *p = json_object_new_object();
    props_str(p, "deprecated-output", "hide");
    props_str(p, "deprecated-input", behaviour);
    qemu_command_json(b->cmd, "-compat", p, because("/domain/deprecation"));
}

/* Last, so that the user has the last word. */
static bool build_own(QemuBuild *b, GError **err)
{
    const QemuNs *q = &b->def->frame.qemu;
    const char *unmet = qemu_command_unmet_override(b->cmd);
    if (unmet) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "<qemu:override> names the device '%s', which the domain does "
                    "not have; give a device that <alias name=>", unmet);
        return false;
    }
    for (guint i = 0; q->env && i < q->env->len; i++) {
        const QemuVariable *v = g_ptr_array_index(q->env, i);
        qemu_command_env(b->cmd, v->name, v->value);
    }
    for (guint i = 0; q->args && i < q->args->len; i++) {
        const QemuArgument *a = g_ptr_array_index(q->args, i);
        qemu_command_argument(b->cmd, a->value ? a->value : "", because("/domain/commandline/arg"));
    }
    return true;
}

/* --- the two parts */

bool build_frame(QemuBuild *b, GError **err)
{
    build_environment(b);
    build_name(b);
    build_deprecation(b);
    build_overrides(b);
    build_master_key(b);
    build_machine(b);
    if (!build_firmware(b, err) || !build_cpu(b, err) || !build_memory(b, err))
        return false;
    build_smp(b);
    build_iothreads(b);
    if (!build_numa(b, err))
        return false;
    if (b->def->frame.genid.present) {
        json_object *genid = props_new("vmgenid", "vmgenid0");
        props_str(genid, "guid", b->def->frame.genid.uuid);
        qemu_command_json(b->cmd, "-device", genid, because("/domain/genid"));
    }
    qemu_command_word(b->cmd, "-uuid", b->def->frame.uuid ? b->def->frame.uuid : "", because("/domain/uuid"));
    build_smbios(b);
    qemu_command_flag(b->cmd, "-no-user-config", reason_why("only the definition says what the guest has"));
    qemu_command_flag(b->cmd, "-nodefaults", reason_why("only the definition says what the guest has"));
    build_monitor(b);
    build_rtc(b);
    build_timers(b);
    build_tseg(b);
    build_power(b);
    build_root_hotplug(b);
    build_boot(b);
    return true;
}

bool build_frame_late(QemuBuild *b, GError **err)
{
    qemu_command_word(b->cmd, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
                      reason_why("QEMU needs few system calls"));
    qemu_command_word(b->cmd, "-msg", "timestamp=on", reason_why("QEMU's log says when"));
    return build_own(b, err);
}
