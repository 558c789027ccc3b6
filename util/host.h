/* What the host has and does: processors, NUMA cells, memory and their counters, from /proc and /sys.
 * Nothing is cached; a call costs a few small reads of kernel memory. Any thread. */
#ifndef QV_UTIL_HOST_H
#define QV_UTIL_HOST_H
#include <glib.h>
#include <stdbool.h>

typedef struct {
    char arch[32];             /* "x86_64" */
    guint64 memory_kib;
    guint cpus;                /* online ones */
    guint mhz;                 /* of the first; 0 unknown */
    guint cells;               /* NUMA */
    guint sockets;             /* per cell */
    guint cores;               /* per socket */
    guint threads;             /* per core */
} HostInfo;
bool host_info(HostInfo *ret, GError **err);

/* Counters since the host's start. @name points to static text. */
typedef struct { const char *name; guint64 value; } HostValue;
/* Nanoseconds by kind of use (kernel, user, idle, iowait) of one CPU, -1: of all. Gives an array of HostValue. */
GArray *host_cpu_stats(int cpu, GError **err);
/* KiB (total, free, buffers, cached) of one NUMA cell (total and free only), -1: of the host. Gives likewise. */
GArray *host_memory_stats(int cell, GError **err);
/* Free bytes of the host, and of NUMA cell @cell. */
bool host_free_memory(guint64 *ret_bytes, GError **err);
bool host_cell_free_memory(guint cell, guint64 *ret_bytes, GError **err);
guint host_cells(void);
/* Bitmap, first CPU in the lowest bit, of the CPUs that are online; @ret_present: how many there are. Gives. */
GByteArray *host_cpu_map(guint *ret_present, guint *ret_online);
/* Free pages of @page_kib in a cell (-1: in the host). */
bool host_free_pages(int cell, guint page_kib, guint64 *ret_count, GError **err);

/* Of a process, or of one of its threads (@tid, or 0). */
typedef struct { guint64 user_ns, system_ns; guint64 rss_kib; int processor; char state; } HostProcess;
bool host_process(int pid, int tid, HostProcess *ret, GError **err);
/* How long a thread waited: for a processor (@delay), and at all. 0 where the kernel does not count. */
typedef struct { guint64 delay_ns, wait_ns; } HostWait;
void host_wait(int pid, int tid, HostWait *ret);
#endif
