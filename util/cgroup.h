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
    CGROUP_MEMORY_HARD,       /* bytes */
    CGROUP_MEMORY_SOFT,       /* bytes */
    CGROUP_MEMORY_SWAP_HARD,  /* bytes of memory + swap */
    CGROUP_BLKIO_WEIGHT,      /* 10..1000 */
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
void cgroup_remove(const CgroupHost *host, const char *group);
/* The process with all its threads; on v1 a thread with cgroup_attach_thread. */
bool cgroup_attach(const CgroupHost *host, const char *group, guint controllers, pid_t pid, GError **err);

bool cgroup_set(const CgroupHost *host, const char *group, CgroupParam param, gint64 value, GError **err);
bool cgroup_set_text(const CgroupHost *host, const char *group, CgroupParam param, const char *value, GError **err);
/* @device: "MAJOR:MINOR"; 0 removes the limit. */
bool cgroup_set_device(const CgroupHost *host, const char *group, CgroupParam param, const char *device, guint64 value, GError **err);
/* The file's text without its newline. Gives; NULL with an error. */
char *cgroup_get(const CgroupHost *host, const char *group, CgroupParam param, GError **err);
#endif
