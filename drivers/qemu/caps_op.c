/* Calls about what QEMU and the host can do: capabilities, and CPUs compared and brought together. Each is a job of the
 * driver's own actor, since the first question to an emulator starts it. */
#include "config.h"
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/capabilities_xml.h"
#include "drivers/qemu/cpu_models.h"
#include "drivers/qemu/driver.h"
#include "util/ids.h"
#include "util/process.h"

static const struct { const char *arch, *binary; } emulators[] = {
    { "x86_64", "/usr/bin/qemu-system-x86_64" }, { "i686", "/usr/bin/qemu-system-i386" },
};

/* What was asked for; any string may be NULL. Owned by its Op as a whole. */
typedef struct {
    char *emulator, *arch, *machine, *virttype;
    GPtrArray *texts;              /* <cpu> elements */
    guint flags;
    bool by_hypervisor;            /* compare with what QEMU can show, not with the host's own processor */
    QemuDriver *driver;
    DomainDone done;
    gpointer user;
    gpointer result;
    int number;
} Question;

static void ended(gpointer user, const GError *err)
{
    Question *q = user;
    q->done(NULL, q->result, err, q->user);
    if (q->result != &q->number)
        g_free(q->result);
    g_free(q->emulator);
    g_free(q->arch);
    g_free(q->machine);
    g_free(q->virttype);
    if (q->texts)
        g_ptr_array_unref(q->texts);
    g_free(q);
}

static void ask(QemuDriver *d, const char *what, bool (*job)(gpointer user, GError **err), Question question)
{
    Question *q = g_new(Question, 1);
    *q = question;
    q->driver = d;
    actor_push(d->actor, what, job, ended, q);
}

/* --- capabilities */

static bool capabilities_job(gpointer user, GError **err)
{
    Question *q = user;
    guint8 uuid[16];
    g_autofree char *id = NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_caps_unref);
    QemuCaps *own = driver_caps(q->driver, NULL, err);

    if (!own)
        return false;
    g_ptr_array_add(all, own);
    for (guint i = 0; i < G_N_ELEMENTS(emulators); i++) {
        bool there = strcmp(emulators[i].binary, qemu_caps_binary(own)) && g_file_test(emulators[i].binary, G_FILE_TEST_IS_EXECUTABLE);
        QemuCaps *caps = there ? driver_caps(q->driver, emulators[i].binary, NULL) : NULL;
        if (caps)
            g_ptr_array_add(all, caps);
    }
    if (!g_file_get_contents("/etc/machine-id", &id, NULL, NULL) || !uuid_parse(g_strstrip(id), uuid))
        memset(uuid, 0, sizeof uuid);
    uid_t uid;
    gid_t gid;
    if (!process_find_user(q->driver->config.user, q->driver->config.group, &uid, &gid, err))
        return false;
    q->result = qemu_capabilities_xml(all, uuid, uid, gid);
    return true;
}

void qemu_capabilities(QemuDriver *d, DomainDone done, gpointer user)
{
    ask(d, "capabilities", capabilities_job, (Question){ .done = done, .user = user });
}

/* --- of a domain */

static const char *emulator_for(const Question *q)
{
    for (guint i = 0; !q->emulator && q->arch && i < G_N_ELEMENTS(emulators); i++)
        if (!strcmp(emulators[i].arch, q->arch))
            return emulators[i].binary;
    return q->emulator;
}

static bool invalid(GError **err, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool invalid(GError **err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(err, QV_ERROR, QV_ERR_INVALID_ARG, text);
    return false;
}

typedef struct { QemuCaps *caps; const QemuMachine *machine; const char *arch; bool kvm; } Platform;

/* The emulator, machine and accelerator that the question means. */
static bool platform_of(const Question *q, Platform *ret, GError **err)
{
    const char *binary = emulator_for(q), *virt = q->virttype;
    if (!binary && q->arch)
        return invalid(err, "unable to find any emulator to serve '%s' architecture", q->arch);
    if (virt && strcmp(virt, "kvm") && strcmp(virt, "qemu"))
        return invalid(err, "virttype '%s' is not one of this driver's: use kvm or qemu", virt);
    g_autoptr(QemuCaps) caps = driver_caps(q->driver, binary, err);
    if (!caps)
        return false;
    const char *own = qemu_caps_arch(caps), *arch = q->arch ? q->arch : own;
    if (strcmp(arch, own) && !(!strcmp(own, "x86_64") && !strcmp(arch, "i686")))
        return invalid(err, "architecture from emulator '%s' doesn't match given architecture '%s'", own, arch);
    const QemuMachine *machine = qemu_caps_machine(caps, q->machine);
    if (!machine)
        return invalid(err, "the machine '%s' is not supported by emulator '%s'", q->machine ? q->machine : "", qemu_caps_binary(caps));
    if (virt && !strcmp(virt, "kvm") && !qemu_caps_kvm(caps))
        return invalid(err, "KVM is not supported by '%s' on this host", qemu_caps_binary(caps));
    bool kvm = virt ? !strcmp(virt, "kvm") : qemu_caps_kvm(caps);
    *ret = (Platform){ g_steal_pointer(&caps), machine, arch, kvm };
    return true;
}

static bool domain_capabilities_job(gpointer user, GError **err)
{
    Question *q = user;
    Platform p = { 0 };
    if (!platform_of(q, &p, err))
        return false;
    q->result = qemu_domain_capabilities_xml(p.caps, p.machine, p.arch, p.kvm);
    qemu_caps_unref(p.caps);
    return true;
}

static Question about(const char *emulator, const char *arch, const char *machine, const char *virttype, guint flags,
                      DomainDone done, gpointer user)
{
    return (Question){ .emulator = g_strdup(emulator), .arch = g_strdup(arch), .machine = g_strdup(machine),
                       .virttype = g_strdup(virttype), .flags = flags, .done = done, .user = user };
}

void qemu_domain_capabilities(QemuDriver *d, const char *emulator, const char *arch, const char *machine,
                              const char *virttype, guint flags, DomainDone done, gpointer user)
{
    ask(d, "domain capabilities", domain_capabilities_job, about(emulator, arch, machine, virttype, flags, done, user));
}

/* --- CPUs */

static bool is_x86(const Platform *p)
{
    return !strcmp(p->arch, "x86_64") || !strcmp(p->arch, "i686");
}

/* What is compared with: the host's processor, or the best that QEMU can show. */
static CpuData *reference(const Question *q, const Platform *p, GError **err)
{
    if (!is_x86(p)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "CPUs of architecture '%s' are not compared by this driver", p->arch);
        return NULL;
    }
    CpuData *data = q->by_hypervisor ? cpu_data_guest(p->caps, p->kvm) : cpu_data_host(err);
    if (!data && q->by_hypervisor)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "'%s' does not say what CPUs it can show", qemu_caps_binary(p->caps));
    return data;
}

static Cpu *parse_cpu(const char *text, GError **err)
{
    return xm_parse(&cpu_elem, text, strlen(text), NULL, 0, err);
}

static bool compare_with(Question *q, const Platform *p, GError **err)
{
    enum { FAIL_INCOMPATIBLE = 1 };
    g_autofree char *why = NULL;
    g_autoptr(CpuData) have = reference(q, p, err);
    Cpu *cpu = have ? parse_cpu(q->texts->pdata[0], err) : NULL;
    if (!cpu)
        return false;
    q->number = cpu_compare(p->caps, have, cpu, &why, err);
    xm_free(&cpu_elem, cpu);
    if (q->number == CPU_ERROR)
        return false;
    if (q->number == CPU_INCOMPATIBLE && q->flags & FAIL_INCOMPATIBLE) {
        g_set_error(err, QV_ERROR, QV_ERR_CPU_INCOMPATIBLE, "%s", why ? why : "the CPUs do not match");
        return false;
    }
    q->result = &q->number;
    return true;
}

static bool compare_job(gpointer user, GError **err)
{
    Platform p = { 0 };
    if (!platform_of(user, &p, err))
        return false;
    bool ok = compare_with(user, &p, err);
    qemu_caps_unref(p.caps);
    return ok;
}

static void cpu_drop(gpointer cpu)
{
    xm_free(&cpu_elem, cpu);
}

static bool baseline_of(Question *q, const Platform *p, GError **err)
{
    g_autoptr(GPtrArray) cpus = g_ptr_array_new_with_free_func(cpu_drop);
    g_autoptr(CpuData) limit = q->by_hypervisor ? reference(q, p, err) : NULL;
    if (q->by_hypervisor && !limit)
        return false;
    for (guint i = 0; i < q->texts->len; i++) {
        Cpu *cpu = parse_cpu(q->texts->pdata[i], err);
        if (!cpu)
            return false;
        g_ptr_array_add(cpus, cpu);
    }
    if (!cpus->len)
        return invalid(err, "no CPUs given: a baseline needs at least one");
    Cpu *base = cpu_baseline(p->caps, p->kvm, cpus, limit, q->flags, err);
    if (!base)
        return false;
    q->result = xm_format(&cpu_elem, base, 0);
    xm_free(&cpu_elem, base);
    return true;
}

static bool baseline_job(gpointer user, GError **err)
{
    Platform p = { 0 };
    if (!platform_of(user, &p, err))
        return false;
    bool ok = baseline_of(user, &p, err);
    qemu_caps_unref(p.caps);
    return ok;
}

static void ask_cpus(QemuDriver *d, const QemuCpuQuestion *cpus, const char *what, bool (*job)(gpointer, GError **), DomainDone done,
                     gpointer user)
{
    Question q = about(cpus->emulator, cpus->arch, cpus->machine, cpus->virttype, cpus->flags, done, user);
    q.by_hypervisor = cpus->by_hypervisor;
    q.texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < cpus->n; i++)
        g_ptr_array_add(q.texts, g_strdup(cpus->cpus[i]));
    ask(d, what, job, q);
}

void qemu_compare_cpu(QemuDriver *d, const QemuCpuQuestion *cpu, DomainDone done, gpointer user)
{
    ask_cpus(d, cpu, "compare-cpu", compare_job, done, user);
}

void qemu_baseline_cpu(QemuDriver *d, const QemuCpuQuestion *cpus, DomainDone done, gpointer user)
{
    ask_cpus(d, cpus, "baseline-cpu", baseline_job, done, user);
}

const char *const *qemu_cpu_model_names(const char *arch)
{
    return cpu_model_names(arch);
}
