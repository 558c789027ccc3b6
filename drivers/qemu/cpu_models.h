/* x86 CPU models: what a name stands for, which model comes nearest to a processor, comparison and baseline.
 * libvirt's names mean what libvirt's clients expect; QEMU says what its models have, a table says where the two differ.
 * Objects are immutable once made: any thread. */
#ifndef QV_QEMU_CPU_MODELS_H
#define QV_QEMU_CPU_MODELS_H
#include "conf/cpu.h"
#include "drivers/qemu/caps.h"
#include "drivers/qemu/cpu_bits.h"

/* A processor, real or as QEMU shows it. */
typedef struct {
    char *vendor;                          /* "AMD", or NULL where nothing is known of it */
    guint family, model, stepping;
    CpuBits bits;
} CpuData;
void cpu_data_free(CpuData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuData, cpu_data_free)

/* The host's own processor, by the CPUID instruction; NULL with an error on other architectures. Gives. */
CpuData *cpu_data_host(GError **err);
/* The richest processor that @caps can show: QEMU's "host" with KVM, its "max" without. NULL when QEMU does not say
 * (other architectures). Gives. */
CpuData *cpu_data_guest(const QemuCaps *caps, bool kvm);

/* All model names of an architecture that libvirt 9.0 knows, NULL-terminated; NULL: no such list. Static. */
const char *const *cpu_model_names(const char *arch);
/* "Intel" of a model; NULL: of no vendor in particular. */
const char *cpu_model_vendor(const char *model);
/* What @model has, by @caps. False: it is not known. */
bool cpu_model_bits(const QemuCaps *caps, const char *model, CpuBits *ret);
/* Whether it may be chosen to describe a guest's (else a host's) processor, and whether one of @data's signature is really it. */
bool cpu_model_describes(const char *model, bool guest);
bool cpu_model_is(const char *model, const CpuData *data);
/* "AMD" for "AuthenticAMD"; NULL: unknown. */
const char *cpu_vendor_of(const char *id);
/* Whether QEMU has a model of that name. */
bool cpu_model_in_qemu(const QemuCaps *caps, const char *model);

/* Which models may be chosen. */
typedef enum { CPU_CHOOSE_HOST, CPU_CHOOSE_GUEST, CPU_CHOOSE_ANY } CpuChoice;
/* @data as a CPU of mode custom: the nearest model, then what it has more (require) and less (disable). A host's
 * description names no model of which the host lacks something, while there is one. @kvm: whose list of unavailable
 * features counts for CPU_CHOOSE_GUEST. NULL: no model is known. Gives. */
Cpu *cpu_describe(const QemuCaps *caps, bool kvm, const CpuData *data, CpuChoice choice);

/* What @cpu asks for at least. False with QV_ERR_CONFIG_UNSUPPORTED for an unknown model or feature. */
bool cpu_asked(const QemuCaps *caps, const Cpu *cpu, CpuBits *ret, GError **err);
/* virCPUCompareResult; @ret_why: what is in the way (gives; NULL without). CPU_ERROR with @err. */
typedef enum { CPU_ERROR = -1, CPU_INCOMPATIBLE, CPU_IDENTICAL, CPU_SUPERSET } CpuComparison;
CpuComparison cpu_compare(const QemuCaps *caps, const CpuData *have, const Cpu *cpu, char **ret_why, GError **err);
/* What all of @cpus (Cpu) have in common, as a CPU that every one of them can run. @limit: and QEMU, too; or NULL.
 * Flags: virConnectBaselineCPUFlags. Gives. */
enum { CPU_EXPAND_FEATURES = 1, CPU_MIGRATABLE = 2 };
Cpu *cpu_baseline(const QemuCaps *caps, bool kvm, GPtrArray *cpus, const CpuData *limit, guint flags, GError **err);

/* A live guest's <cpu>: mode host-model, and match 'minimum', become the custom CPU that they stand for here, what the user
 * asked for besides included; optional features are there or not. Does nothing when QEMU does not say what it can show.
 * False: a host-model names a model that is not known. */
bool cpu_settle(const QemuCaps *caps, bool kvm, Cpu *cpu, GError **err);
#endif
