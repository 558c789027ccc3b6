/* The names of x86 CPU features, as libvirt's clients know them, by the bit that says a processor has them:
 * CPUID as in Intel's SDM volume 2A and AMD's APM volume 3, MSRs as in the SDM volume 4. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/cpu_bits.h"

#define DASHES15 "- - - - - - - - - - - - - - - "
#define DASHES16 DASHES15 "- "

/* One register: its names from bit 0 up, '-' for a bit without one. The order is that of listings. */
static const struct { guint32 leaf, sub; CpuidRegister reg; const char *names; } words[] = {
    { 0x1, 0, CPUID_EDX,
      "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - ds acpi mmx "
      "fxsr sse sse2 ss ht tm ia64 pbe" },
    { 0x1, 0, CPUID_ECX,
      "pni pclmuldq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid - fma cx16 xtpr pdcm - pcid dca sse4.1 "
      "sse4.2 x2apic movbe popcnt tsc-deadline aes xsave osxsave avx f16c rdrand hypervisor" },
    { 0x6, 0, CPUID_EAX, "- - arat" },
    { 0x7, 0, CPUID_EBX,
      "fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cmt - mpx - avx512f avx512dq "
      "rdseed adx smap avx512ifma pcommit clflushopt clwb intel-pt avx512pf avx512er avx512cd sha-ni "
      "avx512bw avx512vl" },
    { 0x7, 0, CPUID_ECX,
      "- avx512vbmi umip pku ospke waitpkg avx512vbmi2 - gfni vaes vpclmulqdq avx512vnni avx512bitalg - "
      "avx512-vpopcntdq - la57 - - - - - rdpid - bus-lock-detect cldemote - movdiri movdir64b - sgxlc pks" },
    { 0x7, 0, CPUID_EDX,
      "- - avx512-4vnniw avx512-4fmaps fsrm - - - avx512-vp2intersect - md-clear - - - serialize - tsx-ldtrk - pconfig arch-lbr - - amx-bf16 avx512-fp16 amx-tile amx-int8 spec-ctrl stibp - arch-capabilities core-capability ssbd" },
    { 0x7, 1, CPUID_EAX, "- - - - avx-vnni avx512-bf16" },
    { 0xd, 1, CPUID_EAX, "xsaveopt xsavec xgetbv1 xsaves xfd" },
    { 0xf, 1, CPUID_EDX, "- mbm_total mbm_local" },
    { 0x12, 0, CPUID_EAX, "sgx1 sgx2" },
    { 0x12, 0, CPUID_EBX, "sgx-exinfo" },
    { 0x12, 1, CPUID_EAX, "- sgx-debug sgx-mode64 - sgx-provisionkey sgx-tokenkey - sgx-kss" },
    { 0x14, 0, CPUID_ECX, DASHES16 DASHES15 "intel-pt-lip" },
    { 0x80000001, 0, CPUID_EDX,
      "- - - - - - - - - - - syscall - - - - - - - - nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm 3dnowext "
      "3dnow" },
    { 0x80000001, 0, CPUID_ECX,
      "lahf_lm cmp_legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt "
      "- lwp fma4 tce cvt16 nodeid_msr - tbm topoext perfctr_core perfctr_nb" },
    { 0x80000007, 0, CPUID_EDX, "- - - - - - - - invtsc" },
    { 0x80000008, 0, CPUID_EBX,
      "clzero - xsaveerptr - - - - - - wbnoinvd - - ibpb - ibrs amd-stibp - - - - - - - - amd-ssbd virt-ssbd amd-no-ssb" },
    { 0x8000000a, 0, CPUID_EDX,
      "npt lbrv svm-lock nrip-save tsc-scale vmcb-clean flushbyasid decodeassists - - pause-filter - "
      "pfthreshold avic - v-vmsave-vmload vgif - - - - - - - - - - - svme-addr-chk" },
    { 0x10a, 0, CPUID_MSR, "rdctl-no ibrs-all rsba skip-l1dfl-vmentry ssb-no mds-no pschange-mc-no tsx-ctrl taa-no" },
    { 0xcf, 0, CPUID_MSR, "- - - - - split-lock-detect" },
};

/* What QEMU calls differently, beside '-' for '_'. */
static const struct { const char *name, *qemu; } spelled[] = { { "pclmuldq", "pclmulqdq" } };
/* Other names of the same bits. */
static const struct { const char *alias, *name; } aliases[] = {
    { "sse3", "pni" }, { "pclmulqdq", "pclmuldq" }, { "xd", "nx" }, { "i64", "lm" }, { "ffxsr", "fxsr_opt" }, { "cqm", "cmt" },
    { "sse4-1", "sse4.1" }, { "sse4-2", "sse4.2" }, { "sse4_1", "sse4.1" }, { "sse4_2", "sse4.2" },
};

typedef struct { char *name, *qemu; guint32 leaf, sub; CpuidRegister reg; guint bit; } Feature;
static Feature features[CPU_FEATURES_MAX];
static guint n_features;
static GHashTable *by_name;

static char *qemu_spelling(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(spelled); i++)
        if (!strcmp(spelled[i].name, name))
            return g_strdup(spelled[i].qemu);
    return g_strdelimit(g_strdup(name), "_", '-');
}

static void add_word(guint w)
{
    g_auto(GStrv) names = g_strsplit(words[w].names, " ", -1);
    for (guint bit = 0; names[bit] && n_features < CPU_FEATURES_MAX; bit++) {
        if (!strcmp(names[bit], "-"))
            continue;
        Feature *f = &features[n_features++];
        *f = (Feature){ g_strdup(names[bit]), qemu_spelling(names[bit]), words[w].leaf, words[w].sub, words[w].reg, bit };
        g_hash_table_insert(by_name, f->name, GUINT_TO_POINTER(n_features));
        g_hash_table_insert(by_name, f->qemu, GUINT_TO_POINTER(n_features));
    }
}

/* Made once, for the life of the process. */
static void need_table(void)
{
    static gsize made;
    if (!g_once_init_enter(&made))
        return;
    by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint w = 0; w < G_N_ELEMENTS(words); w++)
        add_word(w);
    for (guint i = 0; i < G_N_ELEMENTS(aliases); i++)
        g_hash_table_insert(by_name, (gpointer)aliases[i].alias, g_hash_table_lookup(by_name, aliases[i].name));
    g_once_init_leave(&made, 1);
}

guint cpu_feature_count(void)
{
    need_table();
    return n_features;
}

int cpu_feature_find(const char *name)
{
    need_table();
    return (int)GPOINTER_TO_UINT(g_hash_table_lookup(by_name, name)) - 1;
}

const char *cpu_feature_name(guint i)
{
    need_table();
    return features[i].name;
}

const char *cpu_feature_qemu_name(guint i)
{
    need_table();
    return features[i].qemu;
}

CpuBits cpu_bits_read(bool (*read)(guint32 leaf, guint32 sub, guint32 ret[4]))
{
    CpuBits bits = { { 0 } };
    need_table();
    for (guint i = 0; i < n_features; i++) {
        guint32 r[4];
        if (features[i].reg != CPUID_MSR && read(features[i].leaf, features[i].sub, r) && r[features[i].reg] >> features[i].bit & 1)
            cpu_bits_set(&bits, i);
    }
    return bits;
}
