/* Child processes, followed by pidfd. Any thread.
 *
 *   ProcessSpec spec = { .argv = argv, .stdin_fd = -1, .stdout_fd = log, .stderr_fd = log };
 *   process_spawn(&spec, &pid, &pidfd, &err)          // an exec that fails is an error here
 *   process_kill(pidfd, SIGTERM); process_wait(pidfd, 1000, &status); close(pidfd); */
#ifndef QV_UTIL_PROCESS_H
#define QV_UTIL_PROCESS_H
#include <sys/types.h>
#include "util/error.h"

typedef struct {
    char *const *argv;              /* argv[0]: path of the program */
    char *const *envp;              /* NULL: ours */
    const int *fds;                 /* inherited under the same number; every other one is closed */
    guint n_fds;
    int stdin_fd, stdout_fd, stderr_fd;      /* -1: /dev/null */
    const char *user, *group;       /* NULL: as we are; a user comes with all its groups */
    bool drop_capabilities;         /* all of them, the bounding set too, and no_new_privs */
    int cgroup_fd;                  /* a folder of the unified hierarchy to be born in; 0: ours */
    const int *task_fds;            /* open "tasks" files of v1 groups, which the child joins by itself */
    guint n_task_fds;
    /* Called here while the child waits just before it becomes the program: sets its CPUs and limits, so that the
     * program never runs without them. When it fails the program never runs. NULL: nothing to do. */
    bool (*place)(pid_t pid, gpointer user, GError **err);
    gpointer place_user;
    int memory_mode;                /* set_mempolicy(2) of the program and its threads; 0: the default */
    gulong memory_nodes;            /* its nodes, 0 to 63 */
} ProcessSpec;

/* Detached by setsid(2), default signals. Blocks until the program runs or could not. */
bool process_spawn(const ProcessSpec *spec, pid_t *ret_pid, int *ret_pidfd, GError **err);
/* The ids of names; NULL: the user's own group, or ours. */
bool process_find_user(const char *user, const char *group, uid_t *ret_uid, gid_t *ret_gid, GError **err);
bool process_kill(int pidfd, int signal);
/* Whether it ended within @timeout_ms; ret_status as waitid has it, -1 when it is no child of ours. */
bool process_wait(int pidfd, guint timeout_ms, int *ret_status);
int process_open(pid_t pid);                 /* a pidfd; -1 with errno */
guint64 process_start_time(pid_t pid);       /* clock ticks since boot (proc(5), stat field 22); 0: no such process */
#endif
