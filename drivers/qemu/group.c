#include "drivers/qemu/group.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CALL_TIMEOUT_MS = 10000 };
enum { OF_THREADS = CGROUP_CPU | CGROUP_CPUACCT | CGROUP_CPUSET };

/* A parent that is empty goes with its last guest; making and removing must not meet. */
static GMutex tree_lock;

/* --- names */

static char *own_parent(const QemuDriver *d)
{
    if (!strcmp(d->config.run_dir, "/run/qvirt"))
        return g_strdup("machine");
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, d->config.run_dir, -1);
    return g_strdup_printf("machine-%.8s", hash);
}

Group *group_new(const QemuDriver *d, const DomainDef *def)
{
    const char *partition = def->frame.resource.partition;
    g_autofree char *parent = partition && strcmp(partition, "/machine") ? g_strdup(partition + strspn(partition, "/")) : own_parent(d);
    g_autofree char *name = g_strndup(def->frame.name, 32);
    Group *g = g_new0(Group, 1);

    g->host = d->cgroups;
    g->name = g_strdup_printf("%s/qemu-%u-%s", parent, def->frame.id, name);
    g_mutex_init(&g->lock);
    g_mutex_init(&g->devices_lock);
    g->threads = g_hash_table_new(NULL, NULL);
    return g;
}

void group_free(Group *g)
{
    if (!g)
        return;
    g_hash_table_unref(g->threads);
    g_mutex_clear(&g->lock);
    g_mutex_clear(&g->devices_lock);
    g_clear_pointer(&g->devices, g_array_unref);
    g_free(g->devices_note);
    g_free(g->name);
    g_free(g);
}

char *group_child(const Group *g, ThreadKind kind, guint number)
{
    if (kind == THREAD_EMULATOR)
        return g_strconcat(g->name, "/emulator", NULL);
    return g_strdup_printf("%s/%s%u", g->name, kind == THREAD_VCPU ? "vcpu" : "iothread", number);
}

/* --- making and removing */

bool group_create(Group *g, guint needed, GError **err)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&tree_lock);
    g_autofree char *emulator = group_child(g, THREAD_EMULATOR, 0);
    guint there = geteuid() ? needed : needed | cgroup_host_controllers(g->host);

    for (guint bit = CGROUP_CPU; bit <= CGROUP_PIDS; bit <<= 1) {
        g_autoptr(GError) why = NULL;
        if (!(there & bit))
            continue;
        if (cgroup_create(g->host, g->name, bit, &why) &&
            (!(bit & OF_THREADS) || cgroup_create_threaded(g->host, emulator, bit, &why))) {
            g->controllers |= bit;
        } else if (needed & bit) {
            g_propagate_error(err, g_steal_pointer(&why));
            return false;
        } else {
            g_debug("guest without a control group: %s", why->message);
        }
    }
    return true;
}

bool group_remove(const QemuDriver *d, const char *name, GError **err)
{
    enum { TRIES = 200, PAUSE_US = 5000 };
    g_autofree char *parent = g_path_get_dirname(name);

    for (guint i = 0; i < TRIES; i++) {
        g_mutex_lock(&tree_lock);
        bool gone = cgroup_remove(d->cgroups, name);
        if (gone && g_str_has_prefix(parent, "machine-"))
            cgroup_remove_empty(d->cgroups, parent);
        g_mutex_unlock(&tree_lock);
        if (gone)
            return true;
        g_usleep(PAUSE_US);
    }
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "the cgroup '%s' still holds processes", name);
    return false;
}

static bool add_task_file(GArray *files, const CgroupHost *host, const char *group, CgroupController bit, int *ret_unified,
                          GError **err)
{
    g_autofree char *folder = cgroup_folder(host, group, bit), *path = g_build_filename(folder, "tasks", NULL);
    bool unified = access(path, F_OK) < 0;
    int fd = unified ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return qv_error_errno(err, errno, "cannot open the cgroup '%s'", unified ? folder : path);
    if (!unified)
        g_array_append_val(files, fd);
    else if (*ret_unified)
        close(fd);
    else
        *ret_unified = fd;
    return true;
}

static void close_file(gpointer fd)
{
    close(*(int *)fd);
}

/* On v2 "emulator" is where all of QEMU is born, on v1 in those hierarchies that know threads. */
bool group_birth(Group *g, int *ret_unified, GArray **ret_tasks, GError **err)
{
    g_autoptr(GArray) files = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree char *emulator = group_child(g, THREAD_EMULATOR, 0);

    g_array_set_clear_func(files, close_file);
    for (guint bit = CGROUP_CPU; bit <= CGROUP_PIDS; bit <<= 1)
        if (g->controllers & bit && !add_task_file(files, g->host, bit & OF_THREADS ? emulator : g->name, bit, ret_unified, err))
            return false;
    *ret_tasks = g_steal_pointer(&files);
    return true;
}

bool group_place(Group *g, pid_t pid, GError **err)
{
    g_autofree char *emulator = group_child(g, THREAD_EMULATOR, 0);

    g->pid = pid;
    return cgroup_attach(g->host, g->name, g->controllers & ~OF_THREADS, pid, err) &&
           cgroup_attach(g->host, emulator, g->controllers & OF_THREADS, pid, err);
}

bool group_has(const Group *g, CgroupController controller, const char *what, GError **err)
{
    if (g && g->controllers & controller && cgroup_exists(g->host, g->name, controller))
        return true;
    if (g && g->controllers & controller)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "the cgroup '%s' (%s) was removed by somebody else; a restart of "
                    "the daemon makes it anew", g->name, what);
    else
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "cgroup %s controller is not mounted", what);
    return false;
}

char *group_why_killed(const Group *g, const DomainDef *def)
{
    guint64 limit = def ? def->frame.memory.tune.hard >> 10 : 0;

    if (!g || !(g->controllers & CGROUP_MEMORY) || !cgroup_oom_kills(g->host, g->name))
        return NULL;
    if (limit)
        return g_strdup_printf("killed by the kernel: it needed more memory than its hard_limit of %" G_GUINT64_FORMAT " KiB", limit);
    return g_strdup("killed by the kernel: the host is out of memory");
}

/* --- threads */

static gpointer key_of(ThreadKind kind, guint number)
{
    return GUINT_TO_POINTER((guint)kind << 24 | number);
}

pid_t group_thread(Group *g, ThreadKind kind, guint number)
{
    if (kind == THREAD_EMULATOR)
        return g->pid;
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&g->lock);
    return GPOINTER_TO_INT(g_hash_table_lookup(g->threads, key_of(kind, number)));
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    return (gint)(*(const guint *)a) - (gint)(*(const guint *)b);
}

GArray *group_numbers(Group *g, ThreadKind kind)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&g->lock);
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint));
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, g->threads);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        guint number = GPOINTER_TO_UINT(key) & 0xffffff;
        if (GPOINTER_TO_UINT(key) >> 24 == kind)
            g_array_append_val(numbers, number);
    }
    g_array_sort(numbers, by_number);
    return numbers;
}

void group_forget(Group *g, ThreadKind kind, guint number)
{
    g_autofree char *child = group_child(g, kind, number);

    g_mutex_lock(&g->lock);
    g_hash_table_remove(g->threads, key_of(kind, number));
    g_mutex_unlock(&g->lock);
    (void)cgroup_remove(g->host, child);       /* else with the whole */
}

/* A thread that QEMU has named. */
static bool take_thread(Group *g, ThreadKind kind, guint number, pid_t tid, GError **err)
{
    g_autofree char *child = group_child(g, kind, number);

    if (tid <= 0 || tid == g->pid || group_thread(g, kind, number) == tid)
        return true;       /* TCG with one thread for all: nothing to tell apart */
    if (!cgroup_create_threaded(g->host, child, g->controllers & OF_THREADS, err))
        return false;
    g_mutex_lock(&g->lock);
    g_hash_table_insert(g->threads, key_of(kind, number), GINT_TO_POINTER(tid));
    g_mutex_unlock(&g->lock);
    return true;
}

static gint64 field(json_object *o, const char *name)
{
    return json_object_get_int64(json_object_object_get(o, name));
}

/* One thread that serves all vcpus is nobody's. */
static bool shares_thread(json_object *cpus)
{
    return json_object_array_length(cpus) > 1 &&
           field(json_object_array_get_idx(cpus, 0), "thread-id") == field(json_object_array_get_idx(cpus, 1), "thread-id");
}

bool group_move_threads(Group *g, GError **err)
{
    for (ThreadKind kind = THREAD_VCPU; kind <= THREAD_IOTHREAD; kind++) {
        g_autoptr(GArray) numbers = group_numbers(g, kind);
        for (guint i = 0; i < numbers->len; i++) {
            guint number = g_array_index(numbers, guint, i);
            g_autofree char *child = group_child(g, kind, number);
            if (!cgroup_attach_thread(g->host, child, g->controllers & OF_THREADS, group_thread(g, kind, number), err))
                return false;
        }
    }
    return true;
}

bool group_learn(Group *g, Qmp *qmp, GError **err)
{
    g_autoptr(QmpReply) cpus = qmp_call(qmp, "query-cpus-fast", NULL, CALL_TIMEOUT_MS, err);
    g_autoptr(QmpReply) iothreads = cpus ? qmp_call(qmp, "query-iothreads", NULL, CALL_TIMEOUT_MS, err) : NULL;
    guint number;

    if (!iothreads)
        return false;
    for (size_t i = 0; !shares_thread(cpus) && i < json_object_array_length(cpus); i++) {
        json_object *cpu = json_object_array_get_idx(cpus, i);
        if (!take_thread(g, THREAD_VCPU, field(cpu, "cpu-index"), field(cpu, "thread-id"), err))
            return false;
    }
    for (size_t i = 0; i < json_object_array_length(iothreads); i++) {
        json_object *t = json_object_array_get_idx(iothreads, i);
        if (sscanf(json_object_get_string(json_object_object_get(t, "id")), "iothread%u", &number) == 1 &&
            !take_thread(g, THREAD_IOTHREAD, number, field(t, "thread-id"), err))
            return false;
    }
    return true;
}
