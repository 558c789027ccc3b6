#include "util/cgroup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Kernel documentation: admin-guide/cgroup-v1/, admin-guide/cgroup-v2.rst. */
static const struct {
    CgroupController bit;
    const char *v1, *v2;       /* names in mount options and in cgroup.controllers; NULL: not a v2 controller */
} controllers[] = {
    { CGROUP_CPU, "cpu", "cpu" },
    { CGROUP_CPUACCT, "cpuacct", "cpu" },
    { CGROUP_CPUSET, "cpuset", "cpuset" },
    { CGROUP_MEMORY, "memory", "memory" },
    { CGROUP_BLKIO, "blkio", "io" },
    { CGROUP_DEVICES, "devices", NULL },
    { CGROUP_FREEZER, "freezer", NULL },
    { CGROUP_PIDS, "pids", "pids" },
};
#define N_CONTROLLERS G_N_ELEMENTS(controllers)

struct CgroupHost {
    char *root[N_CONTROLLERS];     /* mount point that serves the controller, or NULL */
    bool unified[N_CONTROLLERS];
};

typedef char *(*Convert)(gint64 value);

static char *as_is(gint64 value)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, value);
}

static char *limit_v1(gint64 value)
{
    return as_is(value == G_MAXINT64 ? -1 : value);
}

static char *limit_v2(gint64 value)
{
    return value == G_MAXINT64 ? g_strdup("max") : as_is(value);
}

/* cgroup-v2.rst: weights 1..10000 for shares 2..262144. */
static char *shares_to_weight(gint64 value)
{
    return as_is(1 + (CLAMP(value, 2, 262144) - 2) * 9999 / 262142);
}

static char *quota_v2(gint64 value)
{
    return value < 0 ? g_strdup("max") : as_is(value);
}

/* blkio weights 10..1000 on io.bfq.weight's 1..1000: taken as they are. */
static char *blkio_weight_v2(gint64 value)
{
    return g_strdup_printf("default %" G_GINT64_FORMAT, value);
}

static const struct {
    CgroupController controller;
    const char *what;
    const char *v1, *v2;           /* file; v2 NULL: no such thing there */
    const char *device_key;        /* io.max: "rbps" */
    Convert v1_text, v2_text;
    const char *v2_other;          /* where the kernel has no @v2 */
} params[] = {
    [CGROUP_CPU_SHARES]       = { CGROUP_CPU, "cputune shares", "cpu.shares", "cpu.weight", NULL, as_is, shares_to_weight },
    [CGROUP_CPU_PERIOD]       = { CGROUP_CPU, "cputune period", "cpu.cfs_period_us", "cpu.max", NULL, as_is, as_is },
    [CGROUP_CPU_QUOTA]        = { CGROUP_CPU, "cputune quota", "cpu.cfs_quota_us", "cpu.max", NULL, as_is, quota_v2 },
    [CGROUP_CPUSET_CPUS]      = { CGROUP_CPUSET, "cpuset", "cpuset.cpus", "cpuset.cpus", NULL, as_is, as_is },
    [CGROUP_CPUSET_MEMS]      = { CGROUP_CPUSET, "numatune nodeset", "cpuset.mems", "cpuset.mems", NULL, as_is, as_is },
    [CGROUP_MEMORY_HARD]      = { CGROUP_MEMORY, "memtune hard_limit", "memory.limit_in_bytes", "memory.max", NULL, limit_v1, limit_v2 },
    [CGROUP_MEMORY_SOFT]      = { CGROUP_MEMORY, "memtune soft_limit", "memory.soft_limit_in_bytes", "memory.high", NULL, limit_v1, limit_v2 },
    [CGROUP_MEMORY_SWAP_HARD] = { CGROUP_MEMORY, "memtune swap_hard_limit", "memory.memsw.limit_in_bytes", "memory.swap.max", NULL, limit_v1, limit_v2 },
    [CGROUP_BLKIO_WEIGHT]     = { CGROUP_BLKIO, "blkiotune weight", "blkio.bfq.weight", "io.bfq.weight", NULL, as_is, blkio_weight_v2, "io.weight" },
    [CGROUP_BLKIO_DEVICE_WEIGHT] = { CGROUP_BLKIO, "blkiotune device weight", "blkio.bfq.weight_device", "io.bfq.weight", NULL, as_is, as_is, "io.weight" },
    [CGROUP_BLKIO_READ_BPS]   = { CGROUP_BLKIO, "blkiotune read_bytes_sec", "blkio.throttle.read_bps_device", "io.max", "rbps", as_is, as_is },
    [CGROUP_BLKIO_WRITE_BPS]  = { CGROUP_BLKIO, "blkiotune write_bytes_sec", "blkio.throttle.write_bps_device", "io.max", "wbps", as_is, as_is },
    [CGROUP_BLKIO_READ_IOPS]  = { CGROUP_BLKIO, "blkiotune read_iops_sec", "blkio.throttle.read_iops_device", "io.max", "riops", as_is, as_is },
    [CGROUP_BLKIO_WRITE_IOPS] = { CGROUP_BLKIO, "blkiotune write_iops_sec", "blkio.throttle.write_iops_device", "io.max", "wiops", as_is, as_is },
};
G_STATIC_ASSERT(G_N_ELEMENTS(params) == CGROUP_PARAM__N);

static guint index_of(CgroupController controller)
{
    for (guint i = 0; i < N_CONTROLLERS; i++)
        if (controllers[i].bit == controller)
            return i;
    g_return_val_if_reached(0);
}

static bool has_word(const char *list, const char *word, const char *separators)
{
    g_auto(GStrv) words = g_strsplit_set(list, separators, -1);
    return g_strv_contains((const char *const *)words, word);
}

/* Serves every controller that the unified tree at @mount offers and no v1 hierarchy has taken. */
static void take_unified(CgroupHost *host, const char *mount)
{
    g_autofree char *file = g_build_filename(mount, "cgroup.controllers", NULL);
    g_autofree char *offered = NULL;

    if (!g_file_get_contents(file, &offered, NULL, NULL))
        return;
    for (guint i = 0; i < N_CONTROLLERS; i++) {
        if (host->root[i] || !controllers[i].v2 || !has_word(offered, controllers[i].v2, " \n"))
            continue;
        host->root[i] = g_strdup(mount);
        host->unified[i] = true;
    }
}

/* One line of mountinfo (proc(5)): "... ROOT MOUNTPOINT ... - FSTYPE SOURCE SUPEROPTIONS". */
static void take_mount(CgroupHost *host, const char *line, char **ret_unified)
{
    const char *dash = strstr(line, " - ");
    if (!dash)
        return;
    g_auto(GStrv) left = g_strsplit(line, " ", 6);
    g_auto(GStrv) right = g_strsplit(dash + 3, " ", 3);
    if (g_strv_length(left) < 6 || g_strv_length(right) < 3)
        return;
    if (!strcmp(right[0], "cgroup2") && !*ret_unified)
        *ret_unified = g_strcompress(left[4]);
    if (strcmp(right[0], "cgroup"))
        return;
    for (guint i = 0; i < N_CONTROLLERS; i++)
        if (!host->root[i] && has_word(right[2], controllers[i].v1, ","))
            host->root[i] = g_strcompress(left[4]);
}

CgroupHost *cgroup_host_new(const char *mountinfo)
{
    CgroupHost *host = g_new0(CgroupHost, 1);
    g_autofree char *text = NULL, *unified = NULL;

    if (!mountinfo && g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL))
        mountinfo = text;
    g_auto(GStrv) lines = g_strsplit(mountinfo ? mountinfo : "", "\n", -1);
    for (char **line = lines; *line; line++)
        take_mount(host, *line, &unified);
    if (unified)
        take_unified(host, unified);
    return host;
}

void cgroup_host_free(CgroupHost *host)
{
    if (!host)
        return;
    for (guint i = 0; i < N_CONTROLLERS; i++)
        g_free(host->root[i]);
    g_free(host);
}

guint cgroup_host_controllers(const CgroupHost *host)
{
    guint mask = 0;
    for (guint i = 0; i < N_CONTROLLERS; i++)
        mask |= host->root[i] ? controllers[i].bit : 0;
    return mask;
}

char *cgroup_folder(const CgroupHost *host, const char *group, CgroupController controller)
{
    const char *root = host->root[index_of(controller)];
    return root ? g_build_filename(root, group, NULL) : NULL;
}

/* Control files take one write, whole. */
static bool write_file(const char *folder, const char *file, const char *text, GError **err)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int saved = errno;

    if (fd < 0 && saved == ENOENT) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "this kernel has no '%s' in '%s'", file, folder);
        return false;
    }
    if (fd < 0)
        return qv_error_errno(err, saved, "cannot open '%s'", path);
    ssize_t n = write(fd, text, strlen(text));
    saved = errno;
    close(fd);
    return n >= 0 || qv_error_errno(err, saved, "cannot write '%s' to '%s'", text, path);
}

/* A v1 cpuset is born empty and takes no process until it has cpus and mems. */
static bool inherit_cpuset(const char *folder, GError **err)
{
    static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
    g_autofree char *parent = g_path_get_dirname(folder);

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *mine = g_build_filename(folder, files[i], NULL);
        g_autofree char *theirs = g_build_filename(parent, files[i], NULL);
        g_autofree char *now = NULL, *text = NULL;
        if (g_file_get_contents(mine, &now, NULL, NULL) && *g_strstrip(now))
            continue;
        if (!g_file_get_contents(theirs, &text, NULL, err) || !write_file(folder, files[i], g_strstrip(text), err))
            return false;
    }
    return true;
}

static bool make_level(const CgroupHost *host, guint i, const char *parent, const char *folder, GError **err)
{
    if (host->unified[i]) {
        g_autofree char *enable = g_strconcat("+", controllers[i].v2, NULL);
        if (!write_file(parent, "cgroup.subtree_control", enable, err))
            return false;
    }
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        return qv_error_errno(err, errno, "cannot create the cgroup '%s'", folder);
    return host->unified[i] || controllers[i].bit != CGROUP_CPUSET || inherit_cpuset(folder, err);
}

static bool make_group(const CgroupHost *host, guint i, const char *group, GError **err)
{
    g_auto(GStrv) levels = g_strsplit(group, "/", -1);
    g_autofree char *parent = g_strdup(host->root[i]);

    for (char **level = levels; *level; level++) {
        g_autofree char *folder = g_build_filename(parent, *level, NULL);
        if (!make_level(host, i, parent, folder, err))
            return false;
        g_free(parent);
        parent = g_steal_pointer(&folder);
    }
    return true;
}

static bool lacking(guint i, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                "this host has no cgroup controller '%s': mount it (v1) or enable it in cgroup.subtree_control (v2)",
                controllers[i].v1);
    return false;
}

bool cgroup_create(const CgroupHost *host, const char *group, guint mask, GError **err)
{
    for (guint i = 0; i < N_CONTROLLERS; i++) {
        if (!(mask & controllers[i].bit))
            continue;
        if (!host->root[i])
            return lacking(i, err);
        if (!make_group(host, i, group, err))
            return false;
    }
    return true;
}

/* cgroup-v2.rst, "Threads": the first threaded child makes its parent a threaded domain, after which the parent may hand
 * out the controllers that can tell threads apart. */
static bool make_threaded(const CgroupHost *host, guint i, const char *group, GError **err)
{
    g_autofree char *folder = g_build_filename(host->root[i], group, NULL), *parent = g_path_get_dirname(folder);
    g_autofree char *enable = g_strconcat("+", controllers[i].v2, NULL);
    bool fresh = mkdir(folder, 0755) == 0;

    if (!fresh && errno != EEXIST)
        return qv_error_errno(err, errno, "cannot create the cgroup '%s'", folder);
    return (!fresh || write_file(folder, "cgroup.type", "threaded", err)) &&
           write_file(parent, "cgroup.subtree_control", enable, err);
}

bool cgroup_create_threaded(const CgroupHost *host, const char *group, guint mask, GError **err)
{
    for (guint i = 0; i < N_CONTROLLERS; i++) {
        bool bears = controllers[i].bit & (CGROUP_CPU | CGROUP_CPUACCT | CGROUP_CPUSET | CGROUP_PIDS);
        if (!(mask & controllers[i].bit) || (host->root[i] && host->unified[i] && !bears))
            continue;
        if (!host->root[i])
            return lacking(i, err);
        if (host->unified[i] ? !make_threaded(host, i, group, err) : !make_group(host, i, group, err))
            return false;
    }
    return true;
}

/* Depth first: a group with children cannot be removed. Files in it vanish with it. */
static bool remove_tree(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(folder, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_tree(child);
    }
    return rmdir(folder) == 0 || errno == ENOENT;
}

bool cgroup_remove(const CgroupHost *host, const char *group)
{
    bool gone = true;

    for (guint i = 0; i < N_CONTROLLERS; i++) {
        g_autofree char *folder = cgroup_folder(host, group, controllers[i].bit);
        gone = (!folder || remove_tree(folder)) && gone;
    }
    return gone;
}

void cgroup_remove_empty(const CgroupHost *host, const char *group)
{
    for (guint i = 0; i < N_CONTROLLERS; i++) {
        g_autofree char *folder = cgroup_folder(host, group, controllers[i].bit);
        if (folder)
            (void)rmdir(folder);
    }
}

bool cgroup_exists(const CgroupHost *host, const char *group, CgroupController controller)
{
    g_autofree char *folder = cgroup_folder(host, group, controller);
    return folder && g_file_test(folder, G_FILE_TEST_IS_DIR);
}

/* Of hierarchies that hold several controllers, each is written to once. */
static bool attach(const CgroupHost *host, const char *group, guint mask, pid_t id, bool thread, GError **err)
{
    g_autofree char *text = g_strdup_printf("%d", (int)id);
    const char *last = NULL;

    for (guint i = 0; i < N_CONTROLLERS; i++) {
        g_autofree char *folder = NULL;
        if (!(mask & controllers[i].bit) || (host->root[i] && last && !strcmp(host->root[i], last)))
            continue;
        if (!(folder = cgroup_folder(host, group, controllers[i].bit)))
            return lacking(i, err);
        if (!write_file(folder, !thread ? "cgroup.procs" : host->unified[i] ? "cgroup.threads" : "tasks", text, err))
            return false;
        last = host->root[i];
    }
    return true;
}

bool cgroup_attach(const CgroupHost *host, const char *group, guint mask, pid_t pid, GError **err)
{
    return attach(host, group, mask, pid, false, err);
}

bool cgroup_attach_thread(const CgroupHost *host, const char *group, guint mask, pid_t tid, GError **err)
{
    return attach(host, group, mask, tid, true, err);
}

/* The parameter's file among those in @folder. */
static const char *file_of(const CgroupHost *host, CgroupParam param, const char *folder)
{
    if (!host->unified[index_of(params[param].controller)])
        return params[param].v1;
    g_autofree char *first = g_build_filename(folder, params[param].v2, NULL);
    return params[param].v2_other && access(first, F_OK) < 0 ? params[param].v2_other : params[param].v2;
}

static bool set_file(const CgroupHost *host, const char *group, CgroupParam param, const char *text, GError **err)
{
    guint i = index_of(params[param].controller);
    g_autofree char *folder = cgroup_folder(host, group, params[param].controller);

    if (folder ? write_file(folder, file_of(host, param, folder), text, err) : lacking(i, err))
        return true;
    g_prefix_error(err, "%s: ", params[param].what);
    return false;
}

/* cpu.max holds quota and period in one line: "QUOTA PERIOD"; the other half stays as it is. */
static char *cpu_max(const CgroupHost *host, const char *group, CgroupParam param, const char *text)
{
    g_autofree char *now = cgroup_get(host, group, CGROUP_CPU_QUOTA, NULL);
    g_auto(GStrv) halves = g_strsplit(now ? now : "max 100000", " ", 2);

    if (param == CGROUP_CPU_QUOTA)
        return g_strdup_printf("%s %s", text, halves[1] ? halves[1] : "100000");
    return g_strdup_printf("%s %s", halves[0], text);
}

bool cgroup_set(const CgroupHost *host, const char *group, CgroupParam param, gint64 value, GError **err)
{
    bool unified = host->unified[index_of(params[param].controller)];
    g_autofree char *text = (unified ? params[param].v2_text : params[param].v1_text)(value);

    if (unified && (param == CGROUP_CPU_QUOTA || param == CGROUP_CPU_PERIOD)) {
        g_autofree char *both = cpu_max(host, group, param, text);
        return set_file(host, group, param, both, err);
    }
    return set_file(host, group, param, text, err);
}

bool cgroup_set_text(const CgroupHost *host, const char *group, CgroupParam param, const char *value, GError **err)
{
    return set_file(host, group, param, value, err);
}

bool cgroup_set_device(const CgroupHost *host, const char *group, CgroupParam param, const char *device, guint64 value,
                       GError **err)
{
    bool unified = host->unified[index_of(params[param].controller)], weight = param == CGROUP_BLKIO_DEVICE_WEIGHT;
    g_autofree char *number = weight && !value    ? g_strdup("default")
                              : unified && !value ? g_strdup("max")
                                                  : g_strdup_printf("%" G_GUINT64_FORMAT, value);
    g_autofree char *text = unified && !weight ? g_strdup_printf("%s %s=%s", device, params[param].device_key, number)
                                               : g_strdup_printf("%s %s", device, number);

    return set_file(host, group, param, text, err);
}

char *cgroup_get(const CgroupHost *host, const char *group, CgroupParam param, GError **err)
{
    g_autofree char *folder = cgroup_folder(host, group, params[param].controller);
    char *text = NULL;

    if (!folder) {
        lacking(index_of(params[param].controller), err);
        return NULL;
    }
    g_autofree char *path = g_build_filename(folder, file_of(host, param, folder), NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        qv_error_errno(err, errno, "cannot read '%s'", path);
        return NULL;
    }
    close(fd);
    return g_file_get_contents(path, &text, NULL, err) ? g_strchomp(text) : NULL;
}

/* --- back from the kernel */

static gint64 weight_to_shares(gint64 weight)
{
    return 2 + (weight - 1) * 262142 / 9999;
}

gint64 cgroup_shares_kept(const CgroupHost *host, gint64 shares)
{
    g_autofree char *weight = shares_to_weight(shares);
    return host->unified[index_of(CGROUP_CPU)] ? weight_to_shares(g_ascii_strtoll(weight, NULL, 10)) : shares;
}

/* v1 counts "no limit" of memory in whole pages below 2^63. */
static gint64 number_of(CgroupParam param, bool unified, const char *text)
{
    bool memory = params[param].controller == CGROUP_MEMORY;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    const char *word = words[0] ? words[0] : "";

    if (unified && param == CGROUP_CPU_PERIOD)
        word = words[0] && words[1] ? words[1] : "100000";
    if (!strcmp(word, "default"))
        word = words[1] ? words[1] : "";
    if (!strcmp(word, "max"))
        return memory ? G_MAXINT64 : -1;
    gint64 value = g_ascii_strtoll(word, NULL, 10);
    if (unified && param == CGROUP_CPU_SHARES)
        return weight_to_shares(value);
    return memory && value >= G_MAXINT64 - 65536 ? G_MAXINT64 : value;
}

bool cgroup_get_number(const CgroupHost *host, const char *group, CgroupParam param, gint64 *ret_value, GError **err)
{
    g_autofree char *text = cgroup_get(host, group, param, err);

    if (text)
        *ret_value = number_of(param, host->unified[index_of(params[param].controller)], text);
    return text;
}

bool cgroup_set_swap(const CgroupHost *host, const char *group, gint64 value, GError **err)
{
    gint64 memory = 0;

    if (host->unified[index_of(CGROUP_MEMORY)] && value != G_MAXINT64) {
        if (!cgroup_get_number(host, group, CGROUP_MEMORY_HARD, &memory, err))
            return false;
        value = MAX(value - memory, 0);
    }
    return cgroup_set(host, group, CGROUP_MEMORY_SWAP_HARD, value, err);
}

bool cgroup_get_swap(const CgroupHost *host, const char *group, gint64 *ret_value, GError **err)
{
    gint64 memory = 0, swap;

    if (!cgroup_get_number(host, group, CGROUP_MEMORY_SWAP_HARD, &swap, err) ||
        (host->unified[index_of(CGROUP_MEMORY)] && !cgroup_get_number(host, group, CGROUP_MEMORY_HARD, &memory, err)))
        return false;
    *ret_value = swap == G_MAXINT64 || memory > G_MAXINT64 - swap ? G_MAXINT64 : memory + swap;
    return true;
}

/* "8:0 rbps=1 wbps=max ..." on v2, "8:0 1" on v1 and for weights. */
bool cgroup_get_device(const CgroupHost *host, const char *group, CgroupParam param, const char *device, guint64 *ret_value,
                       GError **err)
{
    g_autofree char *text = cgroup_get(host, group, param, err);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    const char *key = host->unified[index_of(params[param].controller)] ? params[param].device_key : NULL;
    guint64 value = 0;

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        for (guint i = 1; words[0] && !strcmp(words[0], device) && words[i]; i++) {
            if (!key)
                value = g_ascii_strtoull(words[i], NULL, 10);
            else if (g_str_has_prefix(words[i], key))
                value = g_ascii_strtoull(words[i] + strlen(key) + 1, NULL, 10);       /* "max": 0 */
        }
    }
    if (text)
        *ret_value = value;
    return text;
}

guint64 cgroup_oom_kills(const CgroupHost *host, const char *group)
{
    g_autofree char *folder = cgroup_folder(host, group, CGROUP_MEMORY);
    g_autofree char *path = g_build_filename(folder ? folder : "", host->unified[index_of(CGROUP_MEMORY)] ? "memory.events" : "memory.oom_control", NULL);
    g_autofree char *text = NULL;
    const char *line = folder && g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, "oom_kill ") : NULL;

    return line ? g_ascii_strtoull(line + strlen("oom_kill "), NULL, 10) : 0;
}
