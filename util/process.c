#include "util/process.h"
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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

typedef struct { bool change; uid_t uid; gid_t gid; } Identity;

static bool find_identity(const ProcessSpec *spec, Identity *who, GError **err)
{
    char space[4096];
    struct passwd pw, *user = NULL;
    struct group gr, *group = NULL;

    *who = (Identity){ .change = spec->user || spec->group, .uid = getuid(), .gid = getgid() };
    if (spec->user && (getpwnam_r(spec->user, &pw, space, sizeof space, &user) || !user)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "there is no user '%s'", spec->user);
        return false;
    }
    if (user) {
        who->uid = user->pw_uid;
        who->gid = user->pw_gid;
    }
    if (spec->group && (getgrnam_r(spec->group, &gr, space, sizeof space, &group) || !group)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "there is no group '%s'", spec->group);
        return false;
    }
    if (group)
        who->gid = group->gr_gid;
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

static bool become(const ProcessSpec *spec, const Identity *who)
{
    if (who->change && (setgroups(1, &who->gid) < 0 || setgid(who->gid) < 0 || setuid(who->uid) < 0))
        return false;
    if (!spec->drop_capabilities)
        return true;
    if (getuid() != 0) {           /* nothing to keep; a root QEMU needs none either, but files of others */
        capng_clear(CAPNG_SELECT_BOTH);
        capng_apply(CAPNG_SELECT_CAPS);
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static void run_child(const ProcessSpec *spec, const Identity *who, int report)
{
    setsid();
    default_signals();
    standard_fds(spec);
    fence_fds(spec);
    if (become(spec, who))
        execve(spec->argv[0], spec->argv, spec->envp ? spec->envp : environ);
    int why = errno;
    (void)!write(report, &why, sizeof why);
    _exit(127);
}

bool process_spawn(const ProcessSpec *spec, pid_t *ret_pid, int *ret_pidfd, GError **err)
{
    int report[2], why = 0;
    Identity who;

    g_return_val_if_fail(!keeps(spec, 0) && !keeps(spec, 1) && !keeps(spec, 2), false);
    if (!find_identity(spec, &who, err))
        return false;
    if (pipe2(report, O_CLOEXEC) < 0)
        return qv_error_errno(err, errno, "cannot start '%s': pipe", spec->argv[0]);
    pid_t pid = fork();
    if (!pid)
        run_child(spec, &who, report[1]);
    int saved = errno;
    close(report[1]);
    ssize_t n = pid < 0 ? 0 : read(report[0], &why, sizeof why);
    close(report[0]);
    if (pid < 0)
        return qv_error_errno(err, saved, "cannot start '%s': fork", spec->argv[0]);
    if (n == sizeof why) {
        waitpid(pid, NULL, 0);
        return qv_error_errno(err, why, "cannot run '%s'", spec->argv[0]);
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
