/* The host's own processor, by the CPUID instruction: a question that any process may ask, at the price of nothing. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/cpu_models.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

static bool ask(guint32 leaf, guint32 sub, guint32 r[4])
{
    if (leaf > __get_cpuid_max(leaf & 0x80000000, NULL))
        return false;
    __cpuid_count(leaf, sub, r[CPUID_EAX], r[CPUID_EBX], r[CPUID_ECX], r[CPUID_EDX]);
    return true;
}

/* Intel SDM volume 2A, CPUID leaf 1: the extended fields count for family 15, and for models of 6. */
static void signature(CpuData *data)
{
    guint32 r[4] = { 0 };
    ask(1, 0, r);
    data->stepping = r[CPUID_EAX] & 15;
    data->model = r[CPUID_EAX] >> 4 & 15;
    data->family = r[CPUID_EAX] >> 8 & 15;
    if (data->family == 15 || data->family == 6)
        data->model |= (r[CPUID_EAX] >> 16 & 15) << 4;
    if (data->family == 15)
        data->family += r[CPUID_EAX] >> 20 & 255;
}

CpuData *cpu_data_host(GError **err)
{
    guint32 r[4] = { 0 };
    char id[13] = "";
    CpuData *data = g_new0(CpuData, 1);
    ask(0, 0, r);
    memcpy(id, &r[CPUID_EBX], 4);
    memcpy(id + 4, &r[CPUID_EDX], 4);
    memcpy(id + 8, &r[CPUID_ECX], 4);
    data->vendor = g_strdup(cpu_vendor_of(id));
    signature(data);
    data->bits = cpu_bits_read(ask);
    return data;
}
#else
CpuData *cpu_data_host(GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_NO_SUPPORT, "the processors of this host are described on x86 only");
    return NULL;
}
#endif
