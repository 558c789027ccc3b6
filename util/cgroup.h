/* cgroup: groups of the kernel's control groups, v1 and v2 alike.
 *
 * CgroupHost says where each controller is on this host: in a v1 hierarchy of its own (several may share
 * one), or in the unified v2 tree; hybrids mix. It is read from mountinfo, never assumed.
 * A group is a path below the hierarchies' roots ("machine/qemu-1-web"), the same in each of them.
 *
 *   g_autoptr(CgroupHost) host = cgroup_host_new(NULL);
 *   cgroup_create(host, "machine/qemu-1-web", CGROUP_CPU | CGROUP_MEMORY, &err)
 *   cgroup_set(host, "machine/qemu-1-web", CGROUP_CPU_SHARES, 2048, &err)
 *   cgroup_attach(host, "machine/qemu-1-web", pid, &err)
 *   cgroup_remove(host, "machine/qemu-1-web")      // and the groups below it; gone already is fine
 *
 * Blocks on the kernel only (no disk): worker threads; the host description is immutable, any thread.
 * Errors: QV_ERR_CONFIG_UNSUPPORTED when the host lacks a controller or file, QV_ERR_SYSTEM otherwise. */
#ifndef QV_UTIL_CGROUP_H
#define QV_UTIL_CGROUP_H
#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include "util/error.h"

typedef enum {
    CGROUP_CPU = 1 << 0, CGROUP_CPUACCT = 1 << 1, CGROUP_CPUSET = 1 << 2, CGROUP_MEMORY = 1 << 3,
    CGROUP_BLKIO = 1 << 4, CGROUP_DEVICES = 1 << 5, CGROUP_FREEZER = 1 << 6, CGROUP_PIDS = 1 << 7,
} CgroupController;

/* What can be set; units as libvirt's XML has them once read: bytes, µs, libvirt's cpu shares. */
typedef enum {
    CGROUP_CPU_SHARES,        /* 2..262144; v2: cpu.weight = 1 + (shares - 2) * 9999 / 262142 */
    CGROUP_CPU_PERIOD,        /* µs, 1000..1000000 */
    CGROUP_CPU_QUOTA,         /* µs; negative: none */
    CGROUP_CPUSET_CPUS,       /* text, kernel list format */
    CGROUP_CPUSET_MEMS,       /* text */
    CGROUP_MEMORY_HARD,       /* bytes; G_MAXINT64: no limit */
    CGROUP_MEMORY_SOFT,       /* bytes */
    CGROUP_MEMORY_SWAP_HARD,  /* as the kernel has it; see cgroup_set_swap */
    CGROUP_BLKIO_WEIGHT,      /* 10..1000 */
    CGROUP_BLKIO_DEVICE_WEIGHT,                                   /* per device; needs its scheduler to be bfq, or iocost */
    CGROUP_BLKIO_READ_BPS, CGROUP_BLKIO_WRITE_BPS, CGROUP_BLKIO_READ_IOPS, CGROUP_BLKIO_WRITE_IOPS, /* per device */
    CGROUP_PARAM__N
} CgroupParam;

typedef struct CgroupHost CgroupHost;

/* @mountinfo: text in the format of /proc/self/mountinfo, for tests; NULL: this host's. */
CgroupHost *cgroup_host_new(const char *mountinfo);
void cgroup_host_free(CgroupHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CgroupHost, cgroup_host_free)
guint cgroup_host_controllers(const CgroupHost *host);     /* mask of what is there */
/* Folder of @group in the hierarchy of @controller, or NULL. Gives. */
char *cgroup_folder(const CgroupHost *host, const char *group, CgroupController controller);

/* Makes @group in every hierarchy that holds one of @controllers; on v1 cpusets the parents' cpus and
 * mems are copied down, on v2 the controllers are enabled in the parents' subtree_control. */
bool cgroup_create(const CgroupHost *host, const char *group, guint controllers, GError **err);
/* A group below one that cgroup_create made, for single threads of its processes: on v2 a threaded one, which CPU, CPUSET,
 * CPUACCT and PIDS bear; others of @controllers are left out there. */
bool cgroup_create_threaded(const CgroupHost *host, const char *group, guint controllers, GError **err);
/* false while something of it is still there: processes that have not quite ended. */
bool cgroup_remove(const CgroupHost *host, const char *group);
void cgroup_remove_empty(const CgroupHost *host, const char *group);    /* unless something is in it */
bool cgroup_exists(const CgroupHost *host, const char *group, CgroupController controller);
/* The process with all its threads. Either way hierarchies where the group does not exist are an error. */
bool cgroup_attach(const CgroupHost *host, const char *group, guint controllers, pid_t pid, GError **err);

bool cgroup_attach_thread(const CgroupHost *host, const char *group, guint controllers, pid_t tid, GError **err);

bool cgroup_set(const CgroupHost *host, const char *group, CgroupParam param, gint64 value, GError **err);
/* Memory and swap together, bytes, G_MAXINT64: no limit. v2 counts swap alone: what is above the memory's own limit. */
bool cgroup_set_swap(const CgroupHost *host, const char *group, gint64 value, GError **err);
bool cgroup_get_swap(const CgroupHost *host, const char *group, gint64 *ret_value, GError **err);
bool cgroup_set_text(const CgroupHost *host, const char *group, CgroupParam param, const char *value, GError **err);
/* Back from the kernel in the same units; no limit: -1 for a quota, G_MAXINT64 for memory. What is found on v2 has
 * gone through a coarser scale (weights of CPU). */
bool cgroup_get_number(const CgroupHost *host, const char *group, CgroupParam param, gint64 *ret_value, GError **err);
/* What @shares become and come back as, so that a value can be told from a changed one. */
gint64 cgroup_shares_kept(const CgroupHost *host, gint64 shares);
/* How often the kernel has ended a process of the group for want of memory; 0 when it does not say. */
guint64 cgroup_oom_kills(const CgroupHost *host, const char *group);
/* @device: "MAJOR:MINOR"; 0 removes the limit. */
bool cgroup_set_device(const CgroupHost *host, const char *group, CgroupParam param, const char *device, guint64 value, GError **err);
/* 0: no limit for that device. */
bool cgroup_get_device(const CgroupHost *host, const char *group, CgroupParam param, const char *device, guint64 *ret_value,
                       GError **err);
/* The file's text without its newline. Gives; NULL with an error. */
char *cgroup_get(const CgroupHost *host, const char *group, CgroupParam param, GError **err);
#endif
