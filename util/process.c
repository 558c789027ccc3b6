#include "util/process.h"
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "util/file.h"

typedef struct { bool change; uid_t uid; gid_t gid; gid_t groups[64]; int n_groups; } Identity;

/* "+NUMBER", or a number that is nobody's name. */
static bool is_id(const char *name, id_t *ret)
{
    guint64 value;
    if (!g_ascii_string_to_unsigned(name + (*name == '+'), 10, 0, G_MAXUINT32 - 1, &value, NULL))
        return false;
    *ret = (id_t)value;
    return true;
}

bool process_find_user(const char *user_name, const char *group_name, uid_t *ret_uid, gid_t *ret_gid, GError **err)
{
    char space[4096];
    struct passwd pw, *user = NULL;
    struct group gr, *group = NULL;

    *ret_uid = getuid();
    *ret_gid = getgid();
    if (user_name && (getpwnam_r(user_name, &pw, space, sizeof space, &user) || !user) && !is_id(user_name, ret_uid)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "there is no user '%s'", user_name);
        return false;
    }
    if (user) {
        *ret_uid = user->pw_uid;
        *ret_gid = user->pw_gid;
    }
    if (group_name && (getgrnam_r(group_name, &gr, space, sizeof space, &group) || !group) && !is_id(group_name, ret_gid)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "there is no group '%s'", group_name);
        return false;
    }
    if (group)
        *ret_gid = group->gr_gid;
    return true;
}

/* With the user's other groups: /dev/kvm is a matter of one. */
static bool find_identity(const ProcessSpec *spec, Identity *who, GError **err)
{
    *who = (Identity){ .change = spec->user || spec->group, .n_groups = G_N_ELEMENTS(who->groups) };
    if (!process_find_user(spec->user, spec->group, &who->uid, &who->gid, err))
        return false;
    if (!spec->user || getgrouplist(spec->user, who->gid, who->groups, &who->n_groups) < 0) {
        who->groups[0] = who->gid;
        who->n_groups = 1;
    }
    return true;
}

/* --- in the child: async-signal-safe calls, until exec; what fails is told by errno through @report. */

static void standard_fds(const ProcessSpec *spec)
{
    const int from[3] = { spec->stdin_fd, spec->stdout_fd, spec->stderr_fd };
    int null = open("/dev/null", O_RDWR);

    for (int i = 0; i < 3; i++)
        dup2(from[i] >= 0 ? from[i] : null, i);
}

static bool keeps(const ProcessSpec *spec, int fd)
{
    for (guint i = 0; i < spec->n_fds; i++)
        if (spec->fds[i] == fd)
            return true;
    return false;
}

/* Everything above stderr is closed at exec, but for what is to be inherited. */
static void fence_fds(const ProcessSpec *spec)
{
    syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    for (guint i = 0; i < spec->n_fds; i++)
        fcntl(spec->fds[i], F_SETFD, 0);
}

static void default_signals(void)
{
    sigset_t none;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The bounding set is cleared while we still may, the rest when nothing else needs it. Root without capabilities opens
 * what is root's, and nothing of others. */
static bool become(const ProcessSpec *spec, const Identity *who)
{
    bool root = geteuid() == 0;

    if (spec->drop_capabilities && root) {
        capng_clear(CAPNG_SELECT_BOTH);
        if (capng_apply(CAPNG_SELECT_BOUNDS) < 0)
            return false;
    }
    if (who->change && root &&
        (syscall(SYS_setgroups, who->n_groups, who->groups) < 0 || syscall(SYS_setgid, who->gid) < 0 ||
         syscall(SYS_setuid, who->uid) < 0))
        return false;
    if (!spec->drop_capabilities)
        return true;
    if (root && !who->change && capng_apply(CAPNG_SELECT_CAPS) < 0)
        return false;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* Until the parent has placed us; its end of @gate closes with it when it dies, and then we never run. */
static bool wait_placed(int gate)
{
    char go;
    ssize_t n;

    while ((n = read(gate, &go, 1)) < 0 && errno == EINTR)
        ;
    if (n == 1)
        return true;
    errno = ECANCELED;
    return false;
}

/* A single thread that moves itself needs no lock of the kernel's on thread groups, for which others wait milliseconds. */
static bool join_groups(const ProcessSpec *spec)
{
    for (guint i = 0; i < spec->n_task_fds; i++)
        if (write(spec->task_fds[i], "0", 1) < 0)
            return false;
    return true;
}

static bool set_memory_policy(const ProcessSpec *spec)
{
    return !spec->memory_mode ||
           syscall(SYS_set_mempolicy, spec->memory_mode, &spec->memory_nodes, 8 * sizeof spec->memory_nodes + 1) == 0;
}

static void run_child(const ProcessSpec *spec, const Identity *who, int report, int gate)
{
    setsid();
    default_signals();
    standard_fds(spec);
    fence_fds(spec);
    if (join_groups(spec) && wait_placed(gate) && set_memory_policy(spec) && become(spec, who))
        execve(spec->argv[0], spec->argv, spec->envp ? spec->envp : environ);
    int why = errno;
    (void)!write(report, &why, sizeof why);
    _exit(127);
}

/* fork, or with a group to be born in, the kernel's own call: the child does nothing there that the library's fork
 * would have to prepare (its setuid tells other threads, of which the child has none, hence the bare calls in become). */
static pid_t make_child(const ProcessSpec *spec)
{
    struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (guint64)spec->cgroup_fd };
    return spec->cgroup_fd > 0 ? (pid_t)syscall(SYS_clone3, &args, sizeof args) : fork();
}

/* The child's story once it is there: placed, told to go on, and run or not. */
static bool see_it_run(const ProcessSpec *spec, pid_t pid, int gate, int report, GError **err)
{
    int why = 0;

    if (spec->place && !spec->place(pid, spec->place_user, err))
        return false;
    (void)!write(gate, "", 1);
    if (read(report, &why, sizeof why) == sizeof why)
        return qv_error_errno(err, why, "cannot run '%s'", spec->argv[0]);
    return true;
}

bool process_spawn(const ProcessSpec *spec, pid_t *ret_pid, int *ret_pidfd, GError **err)
{
    g_auto(Fd) report_out = -1, report = -1, gate_in = -1, gate = -1;
    int ends[2];
    Identity who;

    g_return_val_if_fail(!keeps(spec, 0) && !keeps(spec, 1) && !keeps(spec, 2), false);
    if (!find_identity(spec, &who, err))
        return false;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return qv_error_errno(err, errno, "cannot start '%s': pipe", spec->argv[0]);
    report = ends[0];
    report_out = ends[1];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return qv_error_errno(err, errno, "cannot start '%s': pipe", spec->argv[0]);
    gate_in = ends[0];
    gate = ends[1];
    pid_t pid = make_child(spec);
    if (!pid) {
        close(gate);
        run_child(spec, &who, report_out, gate_in);
    }
    int saved = errno;
    close(g_steal_fd(&report_out));
    if (pid < 0)
        return qv_error_errno(err, saved, "cannot start '%s': fork", spec->argv[0]);
    if (!see_it_run(spec, pid, gate, report, err)) {
        close(g_steal_fd(&gate));           /* one that still waits gives up */
        waitpid(pid, NULL, 0);
        return false;
    }
    *ret_pid = pid;
    *ret_pidfd = process_open(pid);
    return *ret_pidfd >= 0 || qv_error_errno(err, errno, "cannot follow process %d: pidfd_open", (int)pid);
}

/* --- following one */

int process_open(pid_t pid)
{
    return syscall(SYS_pidfd_open, pid, 0);        /* close-on-exec by itself */
}

bool process_kill(int pidfd, int sig)
{
    return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) == 0;
}

bool process_wait(int pidfd, guint timeout_ms, int *ret_status)
{
    struct pollfd p = { .fd = pidfd, .events = POLLIN };
    siginfo_t info = { 0 };

    if (poll(&p, 1, timeout_ms) != 1)
        return false;
    *ret_status = waitid((idtype_t)3 /* P_PIDFD */, pidfd, &info, WEXITED) < 0 ? -1 : info.si_status;
    return true;
}

guint64 process_start_time(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid), *text = NULL;
    const char *rest;
    unsigned long long start = 0;

    if (!g_file_get_contents(path, &text, NULL, NULL) || !(rest = strrchr(text, ')')))
        return 0;
    for (guint i = 0; rest && i < 20; i++)         /* field 2 ends at ')', field 22 follows 20 blanks on */
        rest = strchr(rest + 1, ' ');
    return rest && sscanf(rest, "%llu", &start) == 1 ? start : 0;
}
