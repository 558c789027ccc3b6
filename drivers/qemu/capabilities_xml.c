/* <capabilities>: the guests. */
#include "config.h"
#include "drivers/qemu/capabilities_xml.h"

static void append_machine(GString *out, const QemuMachine *m)
{
    g_autofree char *name = g_markup_escape_text(m->name, -1);
    const char *deprecated = m->deprecated ? " deprecated='yes'" : "";
    g_string_append_printf(out, "      <machine maxCpus='%u'%s>%s</machine>\n", m->max_cpus, deprecated, name);
    if (m->alias)
        g_string_append_printf(out, "      <machine canonical='%s' maxCpus='%u'%s>%s</machine>\n", name, m->max_cpus, deprecated, m->alias);
}

/* The default comes first: clients take that one. */
static void append_machines(GString *out, const QemuCaps *caps)
{
    const QemuMachine *machines;
    guint n = qemu_caps_machines(caps, &machines);

    for (guint i = 0; i < n; i++)
        if (machines[i].is_default)
            append_machine(out, &machines[i]);
    for (guint i = 0; i < n; i++)
        if (!machines[i].is_default && !g_str_equal(machines[i].name, "none"))
            append_machine(out, &machines[i]);
}

/* An emulator of 64-bit guests runs those of 32 bits too; they can leave out PAE. */
static void append_guest(GString *out, const QemuCaps *caps)
{
    const char *arch = qemu_caps_arch(caps);
    bool narrow = g_str_equal(arch, "i686");
    g_autofree char *emulator = g_markup_escape_text(qemu_caps_binary(caps), -1);
    g_string_append_printf(out, "\n  <guest>\n    <os_type>hvm</os_type>\n    <arch name='%s'>\n      <wordsize>%d</wordsize>\n"
                                "      <emulator>%s</emulator>\n", arch, narrow ? 32 : 64, emulator);
    append_machines(out, caps);
    g_string_append(out, "      <domain type='qemu'/>\n");
    if (qemu_caps_kvm(caps))
        g_string_append(out, "      <domain type='kvm'/>\n");
    g_string_append_printf(out, "    </arch>\n    <features>\n%s      <acpi default='on' toggle='yes'/>\n"
                                "      <apic default='on' toggle='no'/>\n      <cpuselection/>\n      <deviceboot/>\n"
                                "      <disksnapshot default='on' toggle='no'/>\n    </features>\n  </guest>\n",
                           narrow ? "      <pae/>\n      <nonpae/>\n" : "");
}

char *qemu_capabilities_xml(GPtrArray *all, const guint8 host_uuid[16], uid_t uid, gid_t gid)
{
    GString *out = g_string_new("<capabilities>\n\n");
    append_host(out, all->pdata[0], host_uuid, uid, gid);
    for (guint i = all->len; i-- > 0;)
        append_guest(out, all->pdata[i]);
    g_string_append(out, "\n</capabilities>\n");
    return g_string_free(out, FALSE);
}
