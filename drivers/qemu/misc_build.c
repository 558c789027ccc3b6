/* Watchdog, balloon, panic, shared memory, vsock, crypto, NVRAM and IOMMU on the command line. */
#include "config.h"
#include <fcntl.h>
#include <unistd.h>
#include "conf/board.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/misc_build.h"
#include "drivers/qemu/virtio_props.h"

/* --- descriptors that a start step opened */

guint build_fds_count(const QemuBuild *b, const char *key)
{
    GArray *fds = b->fds ? g_hash_table_lookup(b->fds, key) : NULL;
    return fds ? fds->len : 0;
}

char *build_fds(QemuBuild *b, const char *key)
{
    guint n = build_fds_count(b, key);
    GArray *fds = n ? g_hash_table_lookup(b->fds, key) : NULL;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < n; i++) {
        int fd = fcntl(g_array_index(fds, int, i), F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
            continue;
        qemu_command_pass_fd(b->cmd, fd);
        g_string_append_printf(out, "%s%d", out->len ? ":" : "", fd);
    }
    return g_string_free(out, out->len == 0);
}

/* --- */

bool build_iommus(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_IOMMU, Iommu, i) {
        json_object *p = props_new(i->model == IOMMU_INTEL ? "intel-iommu" : "virtio-iommu", i->info.alias);
        props_onoff(p, "intremap", i->intremap);
        props_tri(p, "caching-mode", i->caching_mode);
        props_onoff(p, "eim", i->eim);
        props_tri(p, "device-iotlb", i->iotlb);
        props_u64_opt(p, "aw-bits", i->aw_bits);
        if (!build_device(b, p, &i->info, build_reason(DEV_IOMMU, i_i, i), err))
            return false;
    }
    return true;
}

/* QEMU knows no "dump": it pauses, and the daemon dumps when it hears of it. */
static const char *const watchdog_actions[WATCHDOG_ACTION__N] = {
    [WATCHDOG_RESET] = "reset", [WATCHDOG_SHUTDOWN] = "shutdown", [WATCHDOG_POWEROFF] = "poweroff", [WATCHDOG_PAUSE] = "pause",
    [WATCHDOG_DUMP] = "pause", [WATCHDOG_NOTHING] = "none", [WATCHDOG_INJECT_NMI] = "inject-nmi",
};

bool build_watchdogs(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_WATCHDOG, Watchdog, w) {
        json_object *p = props_new(xm_enum_name(&watchdog_model, w->model), w->info.alias);
        if (!build_device(b, p, &w->info, build_reason(DEV_WATCHDOG, w_i, w), err))
            return false;
        qemu_command_word(b->cmd, "-watchdog-action", watchdog_actions[w->action], build_reason(DEV_WATCHDOG, w_i, w));
    }
    return true;
}

static VirtioGeneration balloon_generation(MemballoonModel model)
{
    return model == BALLOON_VIRTIO_TRANSITIONAL ? VIRTIO_TRANSITIONAL :
           model == BALLOON_VIRTIO_NON_TRANSITIONAL ? VIRTIO_NON_TRANSITIONAL : VIRTIO_DEFAULT;
}

bool build_memballoons(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_MEMBALLOON, Memballoon, m) {
        if (m->model == BALLOON_NONE)
            continue;
        g_autofree char *driver = virtio_device("virtio-balloon", &m->info, balloon_generation(m->model));
        json_object *p = props_new(driver, m->info.alias);
        props_virtio_options(p, &m->virtio);
        props_tri(p, "deflate-on-oom", m->autodeflate);
        props_tri(p, "free-page-reporting", m->free_page_reporting);
        if (!build_device(b, p, &m->info, build_reason(DEV_MEMBALLOON, m_i, m), err))
            return false;
    }
    return true;
}

/* A Hyper-V guest's panic is part of its CPU. */
bool build_panics(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_PANIC, Panic, p) {
        if (p->model != PANIC_ISA)
            continue;
        json_object *props = props_new("pvpanic", NULL);
        if (p->info.addr.type == ADDR_ISA && p->info.addr.isa.iobase.set)
            props_u64(props, "ioport", p->info.addr.isa.iobase.v);
        qemu_command_json(b->cmd, "-device", props, build_reason(DEV_PANIC, p_i, p));
    }
    return true;
}

/* --- shared memory: a file in /dev/shm, or a server's */

static json_object *shmem_plain(QemuBuild *b, Shmem *s, guint i)
{
    g_autofree char *id = g_strdup_printf("shmmem-%s", s->info.alias);
    json_object *o = json_object_new_object();
    props_str(o, "qom-type", "memory-backend-file");
    props_str(o, "id", id);
    props_strf(o, "mem-path", "/dev/shm/%s", s->name);
    props_u64(o, "size", s->size.bytes);
    props_bool(o, "share", true);
    qemu_command_json(b->cmd, "-object", o, build_reason(DEV_SHMEM, i, s));
    json_object *p = props_new("ivshmem-plain", s->info.alias);
    props_str(p, "memdev", id);
    props_str(p, "master", s->role == SHMEM_MASTER ? "on" : "off");
    return p;
}

static json_object *shmem_doorbell(QemuBuild *b, Shmem *s, guint i)
{
    g_autofree char *id = chardev_id(&s->info);
    json_object *c = json_object_new_object();
    props_str(c, "", "socket");
    props_str(c, "id", id);
    if (s->server_path)
        props_str(c, "path", s->server_path);
    else
        props_strf(c, "path", "%s/shmem-%s-sock", b->lib_dir, s->name);
    qemu_command_opts(b->cmd, "-chardev", c, build_reason(DEV_SHMEM, i, s));
    json_object *p = props_new("ivshmem-doorbell", s->info.alias);
    props_str(p, "chardev", id);
    props_u64_opt(p, "vectors", s->msi.vectors);
    props_tri(p, "ioeventfd", s->msi.ioeventfd);
    props_onoff(p, "master", s->role == SHMEM_ROLE_NONE ? TRI_ABSENT : s->role == SHMEM_MASTER ? TRI_YES : TRI_NO);
    return p;
}

bool build_shmems(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_SHMEM, Shmem, s) {
        json_object *p = s->model == SHMEM_PLAIN ? shmem_plain(b, s, s_i) : shmem_doorbell(b, s, s_i);
        if (!build_device(b, p, &s->info, build_reason(DEV_SHMEM, s_i, s), err))
            return false;
    }
    return true;
}

bool build_nvrams(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_NVRAM, Nvram, n) {
        json_object *p = json_object_new_object();
        props_strf(p, "spapr-nvram.reg", "0x%" G_GINT64_MODIFIER "x", n->info.addr.reg.v);
        qemu_command_opts(b->cmd, "-global", p, build_reason(DEV_NVRAM, n_i, n));
    }
    return true;
}

bool build_cryptos(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_CRYPTO, Crypto, c) {
        g_autofree char *id = g_strconcat("obj", c->info.alias, NULL);
        g_autofree char *driver = virtio_device("virtio-crypto", &c->info, VIRTIO_DEFAULT);
        json_object *o = json_object_new_object();
        props_str(o, "qom-type", c->backend == CRYPTO_LKCF ? "cryptodev-backend-lkcf" : "cryptodev-backend-builtin");
        props_str(o, "id", id);
        props_u64_opt(o, "queues", c->queues);
        qemu_command_json(b->cmd, "-object", o, build_reason(DEV_CRYPTO, c_i, c));
        json_object *p = props_new(driver, c->info.alias);
        props_virtio_options(p, &c->virtio);
        props_str(p, "cryptodev", id);
        if (!build_device(b, p, &c->info, build_reason(DEV_CRYPTO, c_i, c), err))
            return false;
    }
    return true;
}

bool build_vsocks(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_VSOCK, Vsock, v) {
        if (!v->cid && !b->dry) {
            g_set_error_literal(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                                "vsock: choosing a context id is not supported yet; give <cid address='3'/> or higher");
            return false;
        }
        VirtioGeneration generation = v->model == VSOCK_VIRTIO_TRANSITIONAL ? VIRTIO_TRANSITIONAL :
                                      v->model == VSOCK_VIRTIO_NON_TRANSITIONAL ? VIRTIO_NON_TRANSITIONAL : VIRTIO_DEFAULT;
        g_autofree char *driver = virtio_device("vhost-vsock", &v->info, generation);
        g_autofree char *fd = build_fds(b, v->info.alias);
        json_object *p = props_new(driver, v->info.alias);
        props_virtio_options(p, &v->virtio);
        props_u64(p, "guest-cid", v->cid);
        props_str(p, "vhostfd", fd ? fd : b->dry ? "-1" : NULL);
        if (!build_device(b, p, &v->info, build_reason(DEV_VSOCK, v_i, v), err))
            return false;
    }
    return true;
}
