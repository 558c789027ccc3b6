/* Sets of x86 CPU features, and their names. The table is fixed: any thread. */
#ifndef QV_QEMU_CPU_BITS_H
#define QV_QEMU_CPU_BITS_H
#include <glib.h>
#include <stdbool.h>

enum { CPU_FEATURES_MAX = 256 };
typedef enum { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX, CPUID_MSR } CpuidRegister;

/* One bit for each feature of the table, by its number. */
typedef struct { guint64 w[CPU_FEATURES_MAX / 64]; } CpuBits;

static inline bool cpu_bits_has(const CpuBits *b, guint i) { return b->w[i / 64] >> (i % 64) & 1; }
static inline void cpu_bits_set(CpuBits *b, guint i) { b->w[i / 64] |= 1ULL << (i % 64); }
static inline void cpu_bits_clear(CpuBits *b, guint i) { b->w[i / 64] &= ~(1ULL << (i % 64)); }

/* Features are numbered from 0 in the order in which they are listed. */
guint cpu_feature_count(void);
/* By libvirt's name, QEMU's, or another usual one; -1: unknown. */
int cpu_feature_find(const char *name);
const char *cpu_feature_name(guint i);
const char *cpu_feature_qemu_name(guint i);
/* What CPUID says; @read asks for one leaf and is false where the processor has none such. */
CpuBits cpu_bits_read(bool (*read)(guint32 leaf, guint32 sub, guint32 ret[4]));
#endif
