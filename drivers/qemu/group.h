/* A guest's control groups and threads.
 *
 * Theory of operation. Its group is PARENT/qemu-ID-NAME in every hierarchy that can be had; PARENT is <partition>, or
 * "machine", or for a daemon with --root one of its own, so that two daemons never meet. Below it, where the host has
 * cpu or cpuset, lie "emulator" (QEMU and all its threads at birth), "vcpuN" and "iothreadN", to which those threads
 * move once QEMU has told which they are. QEMU is placed before it becomes QEMU (util/process.h). A hierarchy that cannot
 * be had matters only when the definition asks for it. The undo kind is "cgroup", its name the group's.
 *
 * Threads are learnt by jobs and read anywhere (a lock). */
#ifndef QV_QEMU_GROUP_H
#define QV_QEMU_GROUP_H
#include "drivers/qemu/driver.h"
#include "util/cgroup_devices.h"

typedef enum { THREAD_EMULATOR, THREAD_VCPU, THREAD_IOTHREAD } ThreadKind;

typedef struct Group {
    const CgroupHost *host;       /* the driver's */
    char *name;
    guint controllers;            /* CgroupController mask: where it exists */
    pid_t pid;                    /* QEMU */
    GMutex lock;                  /* of @threads */
    GMutex devices_lock;
    GArray *devices;              /* CgroupDevice (group_devices.h); NULL: not limited */
    char *devices_note;
    GHashTable *threads;          /* kind << 24 | number -> thread id */
} Group;

/* The group of a guest, not made yet. Gives. */
Group *group_new(const QemuDriver *driver, const DomainDef *def);
void group_free(Group *group);
/* Makes it with "emulator" below; @needed controllers are an error when they cannot be had. */
bool group_create(Group *group, guint needed, GError **err);
/* Where QEMU is to be born: a unified folder (0: none) and v1 "tasks" files, closed with the array. */
bool group_birth(Group *group, int *ret_unified, GArray **ret_tasks, GError **err);
/* Puts a running process and its threads there. */
bool group_place(Group *group, pid_t pid, GError **err);
/* Asks QEMU for its threads and makes a group for each. */
bool group_learn(Group *group, Qmp *qmp, GError **err);
/* Moves each thread to its group. Takes the kernel some milliseconds. */
bool group_move_threads(Group *group, GError **err);
/* 0: there is none. */
pid_t group_thread(Group *group, ThreadKind kind, guint number);
/* The numbers of all threads of a kind, ascending. Gives. */
GArray *group_numbers(Group *group, ThreadKind kind);
void group_forget(Group *group, ThreadKind kind, guint number);      /* removes its group too */
/* "machine/qemu-1-web/vcpu0". Gives. */
char *group_child(const Group *group, ThreadKind kind, guint number);
/* Removes a group by name, waiting a little for processes that are just ending. */
bool group_remove(const QemuDriver *driver, const char *name, GError **err);
/* When the kernel has killed a process of it for want of memory, that in words, else NULL. @def may be NULL. Gives. */
char *group_why_killed(const Group *group, const DomainDef *def);
/* OPERATION_INVALID as libvirt words it when the running guest has no such group. */
bool group_has(const Group *group, CgroupController controller, const char *what, GError **err);
#endif
