/* What model names stand for, and which one comes nearest to a processor. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include "drivers/qemu/cpu_models.h"

typedef struct {
    const char *name;
    const char *like;            /* QEMU's model of which it is a variant; NULL: that of the same name */
    const char *vendor;
    const char *signatures;      /* "family/model", "family/model/stepping-stepping" of real ones */
    const char *delta;           /* where it differs from what QEMU's TCG says of its model, "hypervisor" apart */
    bool not_for_guests;         /* never chosen to describe a guest's processor */
    bool not_for_hosts;          /* nor a host's: a name of old, for XML that has it */
} Model;

static const Model models[] = {
    { "486", NULL, NULL, "", "+vme" },
    { "pentium", NULL, NULL, "", "+vme -apic" },
    { "pentium2", NULL, NULL, "", "+vme -apic" },
    { "pentium3", NULL, NULL, "", "+vme -apic" },
    { "pentiumpro", "qemu32", NULL, "", "-pni" },
    { "coreduo", NULL, "Intel", "", "+vme -acpi -ss" },
    { "n270", NULL, "Intel", "", "+vme -acpi -ss -movbe -lahf_lm" },
    { "core2duo", NULL, "Intel", "", "+vme -acpi -ss -cx16 -lahf_lm" },
    { "qemu32", NULL, NULL, "", "" },
    { "kvm32", NULL, NULL, "", "" },
    { "cpu64-rhel5", "Opteron_G1", NULL, "", "", true, true },
    { "cpu64-rhel6", "Opteron_G2", NULL, "", "-svm", true, true },
    { "qemu64", NULL, NULL, "", "-lahf_lm" },
    { "kvm64", NULL, NULL, "", "" },
    { "Conroe", NULL, "Intel", "6/15 6/22", "" },
    { "Penryn", NULL, "Intel", "6/23 6/29", "" },
    { "Nehalem", NULL, "Intel", "6/26 6/30 6/31 6/46", "" },
    { "Nehalem-IBRS", NULL, "Intel", "6/26 6/30 6/31 6/46", "" },
    { "Westmere", NULL, "Intel", "6/44 6/47 6/37", "-pclmuldq -arat" },
    { "Westmere-IBRS", NULL, "Intel", "6/44", "-pclmuldq -arat" },
    { "SandyBridge", NULL, "Intel", "6/42 6/45", "-arat -xsaveopt" },
    { "SandyBridge-IBRS", NULL, "Intel", "6/42 6/45", "-arat -xsaveopt" },
    { "IvyBridge", NULL, "Intel", "6/58 6/62", "+vme -arat -xsaveopt" },
    { "IvyBridge-IBRS", NULL, "Intel", "6/58 6/62", "+vme -arat -xsaveopt" },
    { "Haswell-noTSX", NULL, "Intel", "6/60 6/63 6/69 6/70", "-f16c -rdrand -arat -xsaveopt -abm" },
    { "Haswell-noTSX-IBRS", NULL, "Intel", "6/60 6/63 6/69 6/70", "-f16c -rdrand -arat -xsaveopt -abm" },
    { "Haswell", NULL, "Intel", "6/60 6/63 6/69 6/70", "-f16c -rdrand -arat -xsaveopt -abm" },
    { "Haswell-IBRS", NULL, "Intel", "6/60 6/63 6/69 6/70", "-f16c -rdrand -arat -xsaveopt -abm" },
    { "Broadwell-noTSX", NULL, "Intel", "6/61 6/71 6/79 6/86", "-f16c -rdrand -arat -xsaveopt -abm" },
    { "Broadwell-noTSX-IBRS", NULL, "Intel", "6/61 6/71 6/79 6/86", "-f16c -rdrand -arat -xsaveopt -abm" },
    { "Broadwell", NULL, "Intel", "6/61 6/71 6/79 6/86", "-f16c -rdrand -arat -xsaveopt -abm" },
    { "Broadwell-IBRS", NULL, "Intel", "6/61 6/71 6/79 6/86", "-f16c -rdrand -arat -xsaveopt -abm" },
    { "Skylake-Client", NULL, "Intel", "6/94 6/78 6/142 6/158", "+vme +mpx" },
    { "Skylake-Client-IBRS", NULL, "Intel", "6/94 6/78 6/142 6/158", "+vme +mpx" },
    { "Skylake-Client-noTSX-IBRS", NULL, "Intel", "6/94 6/78 6/142 6/158", "+vme +mpx", true },
    { "Skylake-Server", NULL, "Intel", "6/85/0-4", "+vme +mpx -clflushopt -pku" },
    { "Skylake-Server-IBRS", NULL, "Intel", "6/85/0-4", "+vme +mpx -pku" },
    { "Skylake-Server-noTSX-IBRS", NULL, "Intel", "6/85/0-4", "+vme +mpx -pku", true },
    { "Cascadelake-Server", NULL, "Intel", "6/85/5-7", "+vme +mpx -pku" },
    { "Cascadelake-Server-noTSX", NULL, "Intel", "6/85/5-7", "+vme +mpx -pku -arch-capabilities -rdctl-no "
      "-ibrs-all -skip-l1dfl-vmentry -mds-no", true },
    { "Icelake-Client", "Icelake-Server", "Intel", "6/126", "+vme +mpx -avx512f -avx512dq -clflushopt -clwb "
      "-avx512cd -avx512bw -avx512vl -la57 -pdpe1gb" },
    { "Icelake-Client-noTSX", "Icelake-Server-noTSX", "Intel", "6/126", "+vme +mpx -avx512f -avx512dq "
      "-clflushopt -clwb -avx512cd -avx512bw -avx512vl -la57 -pdpe1gb", true },
    { "Icelake-Server", NULL, "Intel", "6/106", "+vme +mpx" },
    { "Icelake-Server-noTSX", NULL, "Intel", "6/106", "+vme +mpx", true },
    { "Cooperlake", NULL, "Intel", "6/85/10-11", "+vme" },
    { "Snowridge", NULL, "Intel", "6/134", "+vme -monitor -mpx" },
    { "athlon", NULL, "AMD", "", "+vme -mca" },
    { "phenom", NULL, "AMD", "", "-cx16 -popcnt -pdpe1gb -rdtscp -lahf_lm -abm -sse4a -npt" },
    { "Opteron_G1", NULL, "AMD", "15/6", "" },
    { "Opteron_G2", NULL, "AMD", "15/6", "+rdtscp" },
    { "Opteron_G3", NULL, "AMD", "15/6", "-monitor" },
    { "Opteron_G4", NULL, "AMD", "21/1", "-npt -nrip-save" },
    { "Opteron_G5", NULL, "AMD", "21/2", "-npt -nrip-save" },
    { "EPYC", NULL, "AMD", "23/1", "+vme -monitor -topoext -npt -nrip-save" },
    { "EPYC-IBPB", NULL, "AMD", "23/1", "+vme -monitor -topoext -npt -nrip-save" },
    { "EPYC-Rome", NULL, "AMD", "23/49", "+vme -monitor -xsaves -topoext" },
    { "EPYC-Milan", NULL, "AMD", "25/1", "+vme -monitor -topoext" },
    { "Dhyana", NULL, "Hygon", "24/0", "+vme -monitor -topoext -npt -nrip-save" },
};

/* Of other architectures only the names matter: nothing is computed with them. */
static const char *const ppc64_names[] = { "POWER6", "POWER7", "POWER8", "POWER9", "POWER10", "POWERPC_e5500", "POWERPC_e6500", NULL };
static const char *const no_names[] = { NULL };
static const struct { const char *arch; const char *const *names; } listed[] = {
    { "ppc64", ppc64_names }, { "ppc64le", ppc64_names }, { "aarch64", no_names }, { "armv7l", no_names }, { "s390x", no_names },
};

static const Model *model_find(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(models); i++)
        if (!strcmp(models[i].name, name))
            return &models[i];
    return NULL;
}

const char *const *cpu_model_names(const char *arch)
{
    static const char *x86[G_N_ELEMENTS(models) + 1];
    static gsize made;

    if (g_once_init_enter(&made)) {
        for (guint i = 0; i < G_N_ELEMENTS(models); i++)
            x86[i] = models[i].name;
        g_once_init_leave(&made, 1);
    }
    if (!strcmp(arch, "x86_64") || !strcmp(arch, "i686"))
        return x86;
    for (guint i = 0; i < G_N_ELEMENTS(listed); i++)
        if (!strcmp(arch, listed[i].arch))
            return listed[i].names;
    return NULL;
}

const char *cpu_model_vendor(const char *name)
{
    const Model *m = model_find(name);
    return m ? m->vendor : NULL;
}

bool cpu_model_describes(const char *name, bool guest)
{
    const Model *m = model_find(name);
    return m && !(guest ? m->not_for_guests : m->not_for_hosts);
}

bool cpu_model_in_qemu(const QemuCaps *caps, const char *model)
{
    json_object *all = qemu_caps_cpu_models(caps, false);
    for (gsize i = 0; all && i < json_object_array_length(all); i++) {
        json_object *name;
        if (json_object_object_get_ex(json_object_array_get_idx(all, i), "name", &name) &&
            !strcmp(json_object_get_string(name), model))
            return true;
    }
    return false;
}

/* "+a -b": changes @bits. */
static void apply(CpuBits *bits, const char *delta)
{
    g_auto(GStrv) steps = g_strsplit(delta, " ", -1);
    for (guint i = 0; steps[i]; i++) {
        int f = *steps[i] ? cpu_feature_find(steps[i] + 1) : -1;
        if (f >= 0 && *steps[i] == '+')
            cpu_bits_set(bits, (guint)f);
        else if (f >= 0)
            cpu_bits_clear(bits, (guint)f);
    }
}

/* The features that QEMU says an expanded model has. */
static CpuBits bits_of(json_object *expanded)
{
    CpuBits bits = { { 0 } };
    json_object *on = NULL;
    json_object_object_get_ex(expanded, "on", &on);
    for (gsize i = 0; on && i < json_object_array_length(on); i++) {
        int f = cpu_feature_find(json_object_get_string(json_object_array_get_idx(on, i)));
        if (f >= 0)
            cpu_bits_set(&bits, (guint)f);
    }
    return bits;
}

bool cpu_model_bits(const QemuCaps *caps, const char *name, CpuBits *ret)
{
    const Model *m = model_find(name);
    json_object *expanded = qemu_caps_cpu_expanded(caps, false, m && m->like ? m->like : name);
    if (!expanded)
        return false;
    *ret = bits_of(expanded);
    apply(ret, "-hypervisor");
    if (m)
        apply(ret, m->delta);
    return true;
}

bool cpu_model_is(const char *name, const CpuData *data)
{
    const Model *m = model_find(name);
    g_auto(GStrv) each = m ? g_strsplit(m->signatures, " ", -1) : NULL;
    for (guint i = 0; each && each[i]; i++) {
        guint family, model, low = 0, high = 255;
        if (sscanf(each[i], "%u/%u/%u-%u", &family, &model, &low, &high) >= 2 && family == data->family &&
            model == data->model && data->stepping >= low && data->stepping <= high)
            return true;
    }
    return false;
}

/* --- processors */

static const struct { const char *name, *id; } vendors[] = {
    { "Intel", "GenuineIntel" }, { "AMD", "AuthenticAMD" }, { "Hygon", "HygonGenuine" },
};

const char *cpu_vendor_of(const char *id)
{
    for (guint i = 0; i < G_N_ELEMENTS(vendors); i++)
        if (g_strcmp0(vendors[i].id, id) == 0)
            return vendors[i].name;
    return NULL;
}

void cpu_data_free(CpuData *data)
{
    if (data)
        g_free(data->vendor);
    g_free(data);
}

static guint number(json_object *o, const char *name)
{
    json_object *v;
    return json_object_object_get_ex(o, name, &v) ? (guint)json_object_get_int64(v) : 0;
}

CpuData *cpu_data_guest(const QemuCaps *caps, bool kvm)
{
    json_object *expanded = qemu_caps_cpu_expanded(caps, kvm, kvm ? "host" : "max"), *vendor;
    if (!expanded)
        return NULL;
    CpuData *data = g_new0(CpuData, 1);
    if (json_object_object_get_ex(expanded, "vendor", &vendor))
        data->vendor = g_strdup(cpu_vendor_of(json_object_get_string(vendor)));
    data->family = number(expanded, "family");
    data->model = number(expanded, "model");
    data->stepping = number(expanded, "stepping");
    data->bits = bits_of(expanded);
    return data;
}
