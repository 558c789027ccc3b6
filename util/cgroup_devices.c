#include "util/cgroup_devices.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "util/file.h"

/* --- v1: admin-guide/cgroup-v1/devices.rst */

static bool write_rule(const char *folder, const char *file, const char *rule, GError **err)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_auto(Fd) fd = open(path, O_WRONLY | O_CLOEXEC);

    return (fd >= 0 && write(fd, rule, strlen(rule)) >= 0) || qv_error_errno(err, errno, "cannot write '%s' to '%s'", rule, path);
}

static bool allow_v1(const char *folder, const CgroupDevice *devices, guint n, GError **err)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *minor = devices[i].minor < 0 ? g_strdup("*") : g_strdup_printf("%d", devices[i].minor);
        g_autofree char *rule = g_strdup_printf("%c %d:%s rw", devices[i].type, devices[i].major, minor);
        if (!write_rule(folder, "devices.allow", rule, err))
            return false;
    }
    return true;
}

/* --- v2: the program is given type, major and minor of what is opened, and answers 1 or 0 */

static struct bpf_insn insn(guint8 code, guint8 dst, guint8 src, gint16 off, gint32 imm)
{
    return (struct bpf_insn){ .code = code, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .off = off, .imm = imm };
}

static void put(GArray *program, struct bpf_insn one)
{
    g_array_append_val(program, one);
}

static void put_load(GArray *program, guint8 reg, size_t offset)
{
    put(program, insn(BPF_LDX | BPF_W | BPF_MEM, reg, BPF_REG_1, (gint16)offset, 0));
}

static void put_end(GArray *program, gint32 answer)
{
    put(program, insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, answer));
    put(program, insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

/* A test that fails jumps behind the rule's two last instructions. */
static void put_rule(GArray *program, const CgroupDevice *d)
{
    gint16 left = d->minor < 0 ? 3 : 4;

    put(program, insn(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, left--, d->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
    put(program, insn(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, left--, d->major));
    if (d->minor >= 0)
        put(program, insn(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, left, d->minor));
    put_end(program, 1);
}

static GArray *program_of(const CgroupDevice *devices, guint n)
{
    GArray *program = g_array_new(FALSE, TRUE, sizeof(struct bpf_insn));

    put_load(program, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    put(program, insn(BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff));
    put_load(program, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
    put_load(program, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
    for (guint i = 0; i < n; i++)
        put_rule(program, &devices[i]);
    put_end(program, 0);
    return program;
}

static bool attach_v2(const char *folder, const CgroupDevice *devices, guint n, GError **err)
{
    g_autoptr(GArray) program = program_of(devices, n);
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insns = (guint64)(gsize)program->data, .insn_cnt = program->len,
        .license = (guint64)(gsize)"GPL",
    };
    g_auto(Fd) group = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group < 0)
        return qv_error_errno(err, errno, "cannot open the cgroup '%s'", folder);
    g_auto(Fd) fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
    if (fd < 0)
        return qv_error_errno(err, errno, "cannot load the list of devices into the kernel");
    /* Without flags a later one takes the place of the former at once. */
    union bpf_attr attach = { .target_fd = (guint32)group, .attach_bpf_fd = (guint32)fd, .attach_type = BPF_CGROUP_DEVICE };
    return syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach) == 0 ||
           qv_error_errno(err, errno, "cannot limit the devices of the cgroup '%s'", folder);
}

/* --- both */

/* The group's folder on v2; any of its controllers will do. Gives, or NULL. */
static char *unified_folder(const CgroupHost *host, const char *group)
{
    for (guint bit = CGROUP_CPU; bit <= CGROUP_PIDS; bit <<= 1) {
        g_autofree char *folder = cgroup_folder(host, group, (CgroupController)bit);
        g_autofree char *type = g_build_filename(folder ? folder : "", "cgroup.type", NULL);
        if (folder && g_file_test(type, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&folder);
    }
    return NULL;
}

static bool set_devices(const CgroupHost *host, const char *group, const CgroupDevice *all, guint n, guint n_new, bool fresh, GError **err)
{
    g_autofree char *v1 = cgroup_folder(host, group, CGROUP_DEVICES), *v2 = v1 ? NULL : unified_folder(host, group);

    if (v1 && (!fresh || write_rule(v1, "devices.deny", "a", err)) && allow_v1(v1, all + n - n_new, n_new, err))
        return true;
    if (v1 && fresh)
        (void)write_rule(v1, "devices.allow", "a", NULL);
    if (v1)
        return false;
    if (v2)
        return attach_v2(v2, all, n, err);
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "this host has no control group that could limit devices");
    return false;
}

bool cgroup_restrict_devices(const CgroupHost *host, const char *group, const CgroupDevice *all, guint n, GError **err)
{
    return set_devices(host, group, all, n, n, true, err);
}

bool cgroup_add_devices(const CgroupHost *host, const char *group, const CgroupDevice *all, guint n, guint n_new, GError **err)
{
    return set_devices(host, group, all, n, n_new, false, err);
}
