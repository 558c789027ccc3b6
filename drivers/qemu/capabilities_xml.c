#include "drivers/qemu/capabilities_xml.h"
#include <sys/utsname.h>
#include <unistd.h>
#include "util/ids.h"

static void append_machines(GString *out, const QemuCaps *caps)
{
    const QemuMachine *machines;
    guint n = qemu_caps_machines(caps, &machines);

    for (guint i = 0; i < n; i++) {
        const QemuMachine *m = &machines[i];
        g_autofree char *name = g_markup_escape_text(m->name, -1);
        g_string_append_printf(out, "      <machine maxCpus='%u'%s>%s</machine>\n", m->max_cpus,
                               m->deprecated ? " deprecated='yes'" : "", name);
        if (m->alias)
            g_string_append_printf(out, "      <machine canonical='%s' maxCpus='%u'>%s</machine>\n", name, m->max_cpus, m->alias);
    }
}

static void append_guest(GString *out, const QemuCaps *caps, const char *arch, int bits)
{
    g_string_append_printf(out, "  <guest>\n    <os_type>hvm</os_type>\n    <arch name='%s'>\n      <wordsize>%d</wordsize>\n"
                                "      <emulator>%s</emulator>\n", arch, bits, qemu_caps_binary(caps));
    append_machines(out, caps);
    g_string_append(out, "      <domain type='qemu'/>\n");
    if (qemu_caps_kvm(caps))
        g_string_append(out, "      <domain type='kvm'/>\n");
    g_string_append(out, "    </arch>\n    <features>\n      <acpi default='on' toggle='yes'/>\n"
                         "      <apic default='on' toggle='no'/>\n      <cpuselection/>\n      <deviceboot/>\n"
                         "    </features>\n  </guest>\n");
}

char *qemu_capabilities_xml(const QemuCaps *caps, const guint8 host_uuid[16])
{
    GString *out = g_string_new("<capabilities>\n");
    g_autofree char *uuid = uuid_format(host_uuid);
    struct utsname host;

    uname(&host);
    g_string_append_printf(out, "  <host>\n    <uuid>%s</uuid>\n    <cpu>\n      <arch>%s</arch>\n"
                                "      <topology sockets='1' dies='1' cores='%ld' threads='1'/>\n    </cpu>\n  </host>\n",
                           uuid, host.machine, sysconf(_SC_NPROCESSORS_ONLN));
    if (!g_strcmp0(qemu_caps_arch(caps), "x86_64"))
        append_guest(out, caps, "i686", 32);
    append_guest(out, caps, qemu_caps_arch(caps), !g_strcmp0(qemu_caps_arch(caps), "x86_64") ? 64 : 32);
    g_string_append(out, "</capabilities>\n");
    return g_string_free(out, FALSE);
}
