/* Threads of a guest: where vcpus, emulator and iothreads run, and iothreads that come and go. */
#include "daemon/glue.h"
#include "util/host.h"

enum { GET_FLAGS = AFFECT_LIVE | AFFECT_CONFIG };
enum { MAP_BYTES_MAX = 8388608 };                 /* of all maps in an answer (protocol.table) */

/* --- CPU maps: little-endian bits */

static Bitmap *bits_of(const guint8 *map, guint n)
{
    Bitmap *bits = bitmap_new();
    for (guint i = 0; i < n * 8 && i < BITMAP_MAX; i++)
        if (map[i / 8] & 1 << i % 8)
            bitmap_set(bits, i);
    return bits;
}

/* An empty set is any CPU of the host. */
void glue_cpu_map(guint8 *map, guint length, const Bitmap *cpus)
{
    guint present, online;

    if (bitmap_count(cpus)) {
        for (int i = bitmap_next(cpus, 0); i >= 0 && (guint)i < length * 8; i = bitmap_next(cpus, (guint)i + 1))
            map[i / 8] |= (guint8)(1 << i % 8);
        return;
    }
    g_autoptr(GByteArray) all = host_cpu_map(&present, &online);
    memcpy(map, all->data, MIN(length, all->len));
}

static bool pin(RpcCall *call, Domain *dom, DomainThread kind, guint number, const guint8 *map, guint n, guint flags, GError **err)
{
    if (!glue_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    domain_pin(dom, kind, number, bits_of(map, n), flags, glue_done, call);
    return true;
}

GLUE_WRITE(pin_vcpu, RemoteDomainPinVcpuArgs)
{
    return pin(call, dom, DOMAIN_THREAD_VCPU, args->vcpu, args->cpumap, args->n_cpumap, AFFECT_LIVE, err);
}

GLUE_WRITE(pin_vcpu_flags, RemoteDomainPinVcpuFlagsArgs)
{
    return pin(call, dom, DOMAIN_THREAD_VCPU, args->vcpu, args->cpumap, args->n_cpumap, args->flags, err);
}

GLUE_WRITE(pin_emulator, RemoteDomainPinEmulatorArgs)
{
    return pin(call, dom, DOMAIN_THREAD_EMULATOR, 0, args->cpumap, args->n_cpumap, args->flags, err);
}

GLUE_WRITE(pin_iothread, RemoteDomainPinIothreadArgs)
{
    return pin(call, dom, DOMAIN_THREAD_IOTHREAD, args->iothreads_id, args->cpumap, args->n_cpumap, args->flags, err);
}

/* Up to @most maps of @length bytes each, one after another. */
static bool get_maps(RpcCall *call, Domain *dom, DomainThread kind, int most, int length, guint flags, guint8 **ret_maps,
                     guint *ret_bytes, int *ret_n, GError **err)
{
    if (!glue_flags(call, flags, GET_FLAGS, err))
        return false;
    if (most < 0 || length < 0 || (gint64)most * length > MAP_BYTES_MAX) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "%d maps of %d bytes are more than fit an answer", most, length);
        return false;
    }
    g_autoptr(GArray) pins = domain_pins(dom, kind, flags, err);
    if (!pins)
        return false;
    guint n = MIN(pins->len, (guint)most);
    *ret_maps = g_malloc0((gsize)n * (guint)length);
    *ret_bytes = n * (guint)length;
    *ret_n = (int)n;
    for (guint i = 0; i < n; i++)
        glue_cpu_map(*ret_maps + (gsize)i * (guint)length, (guint)length, g_array_index(pins, DomainPin, i).cpus);
    return true;
}

GLUE_READ(get_vcpu_pins, RemoteDomainGetVcpuPinInfoArgs, RemoteDomainGetVcpuPinInfoRet)
{
    return get_maps(call, dom, DOMAIN_THREAD_VCPU, args->ncpumaps, args->maplen, args->flags, &ret->cpumaps, &ret->n_cpumaps,
                    &ret->num, err) ? RPC_DONE : RPC_FAILED;
}

GLUE_READ(get_emulator_pin, RemoteDomainGetEmulatorPinInfoArgs, RemoteDomainGetEmulatorPinInfoRet)
{
    return get_maps(call, dom, DOMAIN_THREAD_EMULATOR, 1, args->maplen, args->flags, &ret->cpumaps, &ret->n_cpumaps, &ret->ret, err)
               ? RPC_DONE : RPC_FAILED;
}

/* --- iothreads */

GLUE_READ(get_iothreads, RemoteDomainGetIothreadInfoArgs, RemoteDomainGetIothreadInfoRet)
{
    guint present, online;
    if (!glue_flags(call, args->flags, GET_FLAGS, err))
        return RPC_FAILED;
    g_autoptr(GArray) pins = domain_pins(dom, DOMAIN_THREAD_IOTHREAD, args->flags, err);
    if (!pins)
        return RPC_FAILED;
    g_autoptr(GByteArray) all = host_cpu_map(&present, &online);
    ret->info = g_new0(RemoteDomainIothreadInfo, pins->len);
    ret->n_info = ret->ret = pins->len;
    for (guint i = 0; i < pins->len; i++) {
        const DomainPin *p = &g_array_index(pins, DomainPin, i);
        ret->info[i].iothread_id = p->number;
        ret->info[i].cpumap = g_malloc0(all->len);
        ret->info[i].n_cpumap = all->len;
        glue_cpu_map(ret->info[i].cpumap, all->len, p->cpus);
    }
    return RPC_DONE;
}

GLUE_WRITE(add_iothread, RemoteDomainAddIothreadArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    domain_change_iothread(dom, DOMAIN_IOTHREAD_ADD, args->iothread_id, NULL, args->flags, glue_done, call);
    return true;
}

GLUE_WRITE(del_iothread, RemoteDomainDelIothreadArgs)
{
    if (!glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err))
        return false;
    domain_change_iothread(dom, DOMAIN_IOTHREAD_DEL, args->iothread_id, NULL, args->flags, glue_done, call);
    return true;
}

static const GlueField iothread_fields[] = {
    { "poll_max_ns", PARAM_ULLONG }, { "poll_grow", PARAM_UINT }, { "poll_shrink", PARAM_UINT },
    { "thread_pool_min", PARAM_INT }, { "thread_pool_max", PARAM_INT },
};

GLUE_WRITE(set_iothread, RemoteDomainSetIothreadParamsArgs)
{
    GArray *params = glue_flags(call, args->flags, AFFECT_LIVE | AFFECT_CONFIG, err)
                         ? glue_take_params(args->params, args->n_params, iothread_fields, G_N_ELEMENTS(iothread_fields), err) : NULL;
    if (params)
        domain_change_iothread(dom, DOMAIN_IOTHREAD_SET, args->iothread_id, params, args->flags, glue_done, call);
    return params;
}

static const RpcHandlerRow glue_pin_rows[] = {
    REMOTE(PROC_DOMAIN_PIN_VCPU, pin_vcpu),
    REMOTE(PROC_DOMAIN_PIN_VCPU_FLAGS, pin_vcpu_flags),
    REMOTE(PROC_DOMAIN_GET_VCPU_PIN_INFO, get_vcpu_pins),
    REMOTE(PROC_DOMAIN_PIN_EMULATOR, pin_emulator),
    REMOTE(PROC_DOMAIN_GET_EMULATOR_PIN_INFO, get_emulator_pin),
    REMOTE(PROC_DOMAIN_PIN_IOTHREAD, pin_iothread),
    REMOTE(PROC_DOMAIN_GET_IOTHREAD_INFO, get_iothreads),
    REMOTE(PROC_DOMAIN_ADD_IOTHREAD, add_iothread),
    REMOTE(PROC_DOMAIN_DEL_IOTHREAD, del_iothread),
    REMOTE(PROC_DOMAIN_SET_IOTHREAD_PARAMS, set_iothread),
};
GLUE_AREA(glue_pin);
