/* Defaults and rules of host devices, memory modules and the board's small devices. */
#include "config.h"
#include <string.h>
#include "conf/board.h"
#include "conf/hostdev.h"
#include "drivers/qemu/address.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/define.h"
#include "drivers/qemu/misc_define.h"

#define REFUSE(...) qv_refuse(err, QV_ERR_CONFIG_UNSUPPORTED, __VA_ARGS__)

static bool at_most_one(const DomainDef *def, DeviceKind kind, GError **err)
{
    if (domain_devices(def, kind)->len < 2)
        return true;
    return REFUSE("only a single <%s> is supported", device_kinds[kind].name);
}

static bool is_x86(const DomainDef *def)
{
    const char *arch = def->frame.os.arch;
    return !arch || strcmp(arch, "x86_64") == 0 || strcmp(arch, "i686") == 0;
}

static bool is_ppc64(const DomainDef *def)
{
    return def->frame.os.arch && g_str_has_prefix(def->frame.os.arch, "ppc64");
}

/* --- <watchdog>, <memballoon>, <panic> */

static bool watchdogs(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    EACH_DEVICE(def, DEV_WATCHDOG, Watchdog, w) {
        AddrType at = w->info.addr.type;
        if (!w->action)
            w->action = WATCHDOG_RESET;
        if (w->model == WATCHDOG_DIAG288 && is_x86(def))
            return REFUSE("the diag288 watchdog is for s390x only; use model='i6300esb'");
        if (w->model == WATCHDOG_ITCO)
            return REFUSE("the model 'itco' of <watchdog> is unknown here; use model='i6300esb'");
        if (w->model == WATCHDOG_IB700 && at != ADDR_NONE && at != ADDR_UNASSIGNED)
            return REFUSE("the ib700 watchdog has a fixed place; leave out its <address>");
        if (w->model == WATCHDOG_I6300ESB && at != ADDR_NONE && at != ADDR_UNASSIGNED && at != ADDR_PCI)
            return REFUSE("the i6300esb watchdog needs a PCI <address>");
    }
    return at_most_one(def, DEV_WATCHDOG, err);
}

static bool memballoons(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    GPtrArray *all = domain_devices(def, DEV_MEMBALLOON);
    if (!all->len) {
        Memballoon *implied = g_new0(Memballoon, 1);
        implied->model = BALLOON_VIRTIO;
        g_ptr_array_add(all, implied);
    }
    EACH_DEVICE(def, DEV_MEMBALLOON, Memballoon, b) {
        if (b->model == BALLOON_XEN)
            return REFUSE("a <memballoon model='xen'> is not for QEMU; use model='virtio'");
        if (b->model == BALLOON_NONE)
            b->info.addr.type = ADDR_NONE;
    }
    return at_most_one(def, DEV_MEMBALLOON, err);
}

static bool panic_rules(const DomainDef *def, const Panic *p, GError **err)
{
    AddrType at = p->info.addr.type;
    bool placed = at != ADDR_NONE && at != ADDR_UNASSIGNED;
    switch (p->model) {
    case PANIC_ISA:
        if (placed && at != ADDR_ISA)
            return REFUSE("<panic model='isa'> is supported only with an ISA <address>");
        return is_x86(def) || REFUSE("<panic model='isa'> needs an ISA bus");
    case PANIC_HYPERV:
        return !placed || REFUSE("<panic model='hyperv'> has no <address>");
    case PANIC_PSERIES:
        return is_ppc64(def) || REFUSE("only pSeries guests support <panic model='pseries'>");
    case PANIC_S390:
        return !is_x86(def) || REFUSE("only S390 guests support <panic model='s390'>");
    default:
        return REFUSE("<panic model='pvpanic'> is not supported; use model='isa'");
    }
}

static bool panics(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    guint seen = 0;
    EACH_DEVICE(def, DEV_PANIC, Panic, p) {
        if (!p->model)
            p->model = is_x86(def) ? PANIC_ISA : is_ppc64(def) ? PANIC_PSERIES : PANIC_S390;
        if (!panic_rules(def, p, err))
            return false;
        if (seen & (1u << p->model))
            return REFUSE("two <panic> devices are of one model; keep one of them");
        seen |= 1u << p->model;
    }
    return true;
}

/* --- <shmem> */

#define SHMEM_DEFAULT_MIB 4

static bool shmem_rules(const Shmem *s, const DefineCtx *ctx, GError **err)
{
    if (s->msi.present && !s->has_server)
        return REFUSE("<msi> of shared memory '%s' is only supported with a <server>", s->name);
    if (s->model == SHMEM_IVSHMEM || !s->model)
        return REFUSE("this QEMU has no 'ivshmem'; use <model type='ivshmem-plain'/> for '%s'", s->name);
    if (s->model == SHMEM_PLAIN && s->has_server)
        return REFUSE("'ivshmem-plain' of '%s' takes no <server>", s->name);
    if (s->model == SHMEM_DOORBELL && !s->has_server)
        return REFUSE("'ivshmem-doorbell' of '%s' needs a <server>", s->name);
    if (s->model == SHMEM_DOORBELL && s->size.mib)
        return REFUSE("'ivshmem-doorbell' of '%s' takes no <size>: its server knows it", s->name);
    return true;
}

static bool shmems(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    EACH_DEVICE(def, DEV_SHMEM, Shmem, s) {
        if (!shmem_rules(s, ctx, err))
            return false;
        if (s->model == SHMEM_PLAIN && !s->size.bytes) {
            s->size.mib = SHMEM_DEFAULT_MIB;
            s->size.bytes = (guint64)SHMEM_DEFAULT_MIB << 20;
            g_free(s->size.unit);
            s->size.unit = g_strdup("M");
        }
        if (s->model == SHMEM_DOORBELL) {
            s->msi.present = true;
            s->msi.enabled = TRI_YES;
            if (!s->msi.ioeventfd)
                s->msi.ioeventfd = TRI_YES;
        }
    }
    return true;
}

/* --- <memory>, <iommu>, <vsock>, <nvram> */

static bool iommus(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    Board board = domain_board(def);
    EACH_DEVICE(def, DEV_IOMMU, Iommu, i) {
        bool tuned = i->intremap || i->caching_mode || i->eim || i->iotlb || i->aw_bits;
        AddrType at = i->info.addr.type;
        if (i->model == IOMMU_SMMUV3)
            return REFUSE("<iommu model='smmuv3'> is only supported with ARM Virt machines");
        if (board != BOARD_Q35)
            return REFUSE("<iommu model='%s'> is only supported with Q35 machines", xm_enum_name(&iommu_model, i->model));
        if (i->model == IOMMU_VIRTIO && tuned)
            return REFUSE("<iommu model='virtio'> takes no <driver>");
        if (i->model == IOMMU_VIRTIO && at != ADDR_NONE && at != ADDR_UNASSIGNED && at != ADDR_PCI)
            return REFUSE("<iommu model='virtio'> needs a PCI <address>");
        if (i->model == IOMMU_INTEL && at != ADDR_NONE)
            return REFUSE("<iommu model='intel'> has no <address>");
        if (i->model == IOMMU_VIRTIO && !def->frame.features.acpi)
            return REFUSE("<iommu model='virtio'> requires <features><acpi/>");
        if (i->intremap == TRI_YES && def->frame.features.ioapic != IOAPIC_QEMU)
            return REFUSE("<iommu><driver intremap='on'> requires <features><ioapic driver='qemu'/>");
        if (i->eim == TRI_YES && i->intremap != TRI_YES)
            return REFUSE("<iommu><driver eim='on'> requires intremap='on'");
    }
    return at_most_one(def, DEV_IOMMU, err);
}

static bool vsocks(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    EACH_DEVICE(def, DEV_VSOCK, Vsock, v) {
        if (!v->model)
            v->model = VSOCK_VIRTIO;
        if (!v->auto_cid)
            v->auto_cid = v->cid ? TRI_NO : TRI_YES;
    }
    return at_most_one(def, DEV_VSOCK, err);
}

static bool nvrams(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    if (domain_devices(def, DEV_NVRAM)->len && !is_ppc64(def))
        return REFUSE("an <nvram> device is only supported for PPC64; firmware's variables are <os><nvram>");
    return at_most_one(def, DEV_NVRAM, err);
}

/* Order matters little: each looks at its own kind. */
bool pass_misc_devices(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    static const DefinePass passes[] = {
        hostdevs_define, watchdogs, memballoons, panics, shmems, iommus, vsocks, nvrams,
    };
    for (guint i = 0; i < G_N_ELEMENTS(passes); i++)
        if (!passes[i](def, ctx, err))
            return false;
    return true;
}
