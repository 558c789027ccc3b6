/* The QEMU driver's public face: what the daemon's glue calls.
 *
 * Threads. Every function here is called on the I/O thread and returns at once. Reads answer from the
 * domain's published view. Writes are queued on the domain's actor; their DomainDone runs later on
 * the I/O thread, after the new view was published: whoever sees the reply sees the change. */
#ifndef QV_QEMU_QEMU_H
#define QV_QEMU_QEMU_H
#include <glib.h>
#include <json-c/json.h>
#include "drivers/qemu/caps.h"
#include "util/bitmap.h"
#include "util/error.h"

typedef struct QemuDriver QemuDriver;
typedef struct Domain Domain;

typedef struct {
    char *etc_dir, *lib_dir, *run_dir, *log_dir, *cache_dir;
    bool session;               /* unprivileged */
    char *user, *group;         /* QEMU runs as; NULL: the daemon's own */
    char *vnc_listen, *spice_listen;   /* "127.0.0.1" */
    guint vnc_port_min, vnc_port_max;
    bool clear_caps;
    char *const *emulators;     /* extra binaries; NULL: /usr/bin/qemu-system-* */
    guint workers;              /* 0: a default */
    guint start_timeout_ms;     /* 0: a default */
} QemuDriverConfig;

/* virDomainState and virDomainEventType numbers (libvirt-domain.h) are used as they are. */
typedef enum { DOM_NOSTATE, DOM_RUNNING, DOM_BLOCKED, DOM_PAUSED, DOM_SHUTDOWN, DOM_SHUTOFF, DOM_CRASHED, DOM_PMSUSPENDED } DomState;

/* What the world may know of a domain now. Immutable; shared by reference. */
typedef struct {
    guint refs;
    char *name;
    guint8 uuid[16];
    int id;                       /* -1: not running */
    DomState state;
    int reason;
    bool persistent, autostart, updated, has_managed_save;
    guint32 vcpus, vcpus_max;
    guint64 memory_kib, max_memory_kib;      /* balloon target, maximum */
    pid_t pid;                    /* 0 when off */
    gint64 started_us;            /* g_get_real_time at the start */
    char *os_type;                /* "hvm" */
} DomainView;
DomainView *domain_view(Domain *dom);                /* gives a reference */
void domain_view_unref(DomainView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainView, domain_view_unref)

QemuDriver *qemu_driver_new(const QemuDriverConfig *config, GError **err);
/* Loads definitions and status files, adopts live guests, then calls @ready; autostarts follow. */
void qemu_driver_load(QemuDriver *driver, void (*ready)(gpointer user), gpointer user);
void qemu_driver_free(QemuDriver *driver);           /* guests go on running */

Domain *domain_ref(Domain *dom);
void domain_unref(Domain *dom);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Domain, domain_unref)
/* Lookups give a reference, or NULL with QV_ERR_NO_DOMAIN. */
Domain *qemu_driver_by_uuid(QemuDriver *driver, const guint8 uuid[16], GError **err);
Domain *qemu_driver_by_name(QemuDriver *driver, const char *name, GError **err);
Domain *qemu_driver_by_id(QemuDriver *driver, int id, GError **err);
/* virConnectListAllDomainsFlags; elements are references. */
GPtrArray *qemu_driver_list(QemuDriver *driver, guint flags);
guint qemu_driver_count(QemuDriver *driver, guint flags);

/* XML by virDomainXMLFlags; the string is shared with the cache (g_ref_string; release with
 * g_ref_string_release). NULL with an error when it cannot be had without waiting. */
char *domain_xml(Domain *dom, guint flags, GError **err);
/* cumulative CPU time of a running guest, ns; read from /proc on the spot. */
guint64 domain_cpu_time(Domain *dom);

/* --- events: on the I/O thread, in order; registered once by the glue. */
typedef enum {
    DOMAIN_EVENT_LIFECYCLE, DOMAIN_EVENT_REBOOT, DOMAIN_EVENT_RTC_CHANGE, DOMAIN_EVENT_WATCHDOG,
    DOMAIN_EVENT_IO_ERROR, DOMAIN_EVENT_GRAPHICS, DOMAIN_EVENT_IO_ERROR_REASON, DOMAIN_EVENT_CONTROL_ERROR,
    DOMAIN_EVENT_BLOCK_JOB, DOMAIN_EVENT_DISK_CHANGE, DOMAIN_EVENT_TRAY_CHANGE, DOMAIN_EVENT_PMWAKEUP,
    DOMAIN_EVENT_PMSUSPEND, DOMAIN_EVENT_BALLOON_CHANGE, DOMAIN_EVENT_PMSUSPEND_DISK, DOMAIN_EVENT_DEVICE_REMOVED,
    DOMAIN_EVENT_BLOCK_JOB_2, DOMAIN_EVENT_TUNABLE, DOMAIN_EVENT_AGENT_LIFECYCLE, DOMAIN_EVENT_DEVICE_ADDED,
    DOMAIN_EVENT_MIGRATION_ITERATION, DOMAIN_EVENT_JOB_COMPLETED, DOMAIN_EVENT_DEVICE_REMOVAL_FAILED,
    DOMAIN_EVENT_METADATA_CHANGE, DOMAIN_EVENT_BLOCK_THRESHOLD, DOMAIN_EVENT_MEMORY_FAILURE,
    DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE,
    DOMAIN_EVENT_MONITOR = 1000,          /* qemu program: any QMP event */
} DomainEventId;                          /* virDomainEventID numbers */
typedef struct {
    DomainEventId id;
    const char *name; guint8 uuid[16]; int dom_id;     /* the handle as it was then */
    int a, b, c;                    /* lifecycle: type, detail; watchdog/io-error: action; tray: reason; metadata: type ... */
    gint64 number;                  /* rtc offset, balloon KiB ... */
    const char *s1, *s2, *s3;       /* device alias, source path, reason, nsuri ... */
    json_object *data;              /* DOMAIN_EVENT_MONITOR: the event's data; GRAPHICS: details */
    gint64 seconds; guint micros;   /* DOMAIN_EVENT_MONITOR */
    const GArray *params;           /* TUNABLE: DomainStat */
} DomainEvent;
typedef void (*DomainEventFn)(const DomainEvent *event, gpointer user);
void qemu_driver_on_event(QemuDriver *driver, DomainEventFn fn, gpointer user);

/* --- writes. @err NULL: it worked. @result: what the call says, borrowed during the callback. */
typedef void (*DomainDone)(Domain *dom, gpointer result, const GError *err, gpointer user);

/* Defines (virDomainDefineFlags); the new or changed domain is @dom of the callback. */
void qemu_define_xml(QemuDriver *driver, const char *xml, guint flags, DomainDone done, gpointer user);
/* Creates a transient domain or starts the persistent one of that name (virDomainCreateFlags). */
void qemu_create_xml(QemuDriver *driver, const char *xml, guint flags, DomainDone done, gpointer user);
/* "qemu-argv"; also our own "qvirt-explain" (JSON). @result: const char *; @dom NULL. */
void qemu_xml_to_native(QemuDriver *driver, const char *format, const char *xml, guint flags, DomainDone done, gpointer user);
/* Capabilities and domain capabilities XML; @result: const char *. Any argument may be NULL. */
void qemu_capabilities(QemuDriver *driver, DomainDone done, gpointer user);
void qemu_domain_capabilities(QemuDriver *driver, const char *emulator, const char *arch, const char *machine,
                              const char *virttype, guint flags, DomainDone done, gpointer user);
/* CPUs (<cpu> elements) to be compared or brought together, for an emulator, arch, machine and virttype (each may be
 * NULL). @by_hypervisor: with what QEMU can show, else with the host's own processor. Copied. */
typedef struct {
    const char *emulator, *arch, *machine, *virttype;
    char *const *cpus;
    guint n, flags;
    bool by_hypervisor;
} QemuCpuQuestion;
/* virConnectCompareCPUFlags; @result: int * virCPUCompareResult. */
void qemu_compare_cpu(QemuDriver *driver, const QemuCpuQuestion *cpu, DomainDone done, gpointer user);
/* virConnectBaselineCPUFlags; @result: const char * <cpu>. */
void qemu_baseline_cpu(QemuDriver *driver, const QemuCpuQuestion *cpus, DomainDone done, gpointer user);
/* The CPU models of an architecture, NULL-terminated and static; NULL: an architecture without such a list. */
const char *const *qemu_cpu_model_names(const char *arch);
/* The default emulator's version, 7002022; from the probe. @result: guint *. */
void qemu_version(QemuDriver *driver, DomainDone done, gpointer user);

void domain_undefine(Domain *dom, guint flags, DomainDone done, gpointer user);
void domain_start(Domain *dom, guint flags, DomainDone done, gpointer user);      /* virDomainCreateFlags */
void domain_destroy(Domain *dom, guint flags, DomainDone done, gpointer user);    /* overtakes the queue */
void domain_shutdown(Domain *dom, guint flags, DomainDone done, gpointer user);
void domain_reboot(Domain *dom, guint flags, DomainDone done, gpointer user);
void domain_reset(Domain *dom, guint flags, DomainDone done, gpointer user);
void domain_suspend(Domain *dom, DomainDone done, gpointer user);
void domain_resume(Domain *dom, DomainDone done, gpointer user);
void domain_wakeup(Domain *dom, DomainDone done, gpointer user);
void domain_set_autostart(Domain *dom, bool on, DomainDone done, gpointer user);
void domain_rename(Domain *dom, const char *name, guint flags, DomainDone done, gpointer user);
/* type: virDomainMetadataType. */
void domain_set_metadata(Domain *dom, int type, const char *text, const char *key, const char *uri, guint flags, DomainDone done, gpointer user);
char *domain_get_metadata(Domain *dom, int type, const char *uri, guint flags, GError **err);    /* gives */
void domain_send_key(Domain *dom, guint codeset, guint hold_ms, const guint *codes, guint n, guint flags, DomainDone done, gpointer user);
void domain_inject_nmi(Domain *dom, guint flags, DomainDone done, gpointer user);
/* @result: DomainScreenshot { int fd; const char *mime }: the fd is given (dup it away). */
typedef struct { int fd; const char *mime; } DomainScreenshot;
void domain_screenshot(Domain *dom, guint screen, guint flags, DomainDone done, gpointer user);
/* @result: const char * reply text. flags: VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP 1. */
void domain_monitor_command(Domain *dom, const char *command, guint flags, DomainDone done, gpointer user);
void domain_set_lifecycle_action(Domain *dom, guint type, guint action, guint flags, DomainDone done, gpointer user);
/* Opens a console (NULL: the first) or channel; @result: int * fd, given (dup it away). flags 1 FORCE: the
 * former owner's stream is ended by its fd's end. */
void domain_open_console(Domain *dom, const char *device, guint flags, bool channel, DomainDone done, gpointer user);
void domain_open_graphics(Domain *dom, guint index, guint flags, DomainDone done, gpointer user);   /* @result: int * fd */
void domain_add_graphics(Domain *dom, guint index, int fd /* taken */, guint flags, DomainDone done, gpointer user);
/* --- the guest agent (agent.h). Errors: ARGUMENT_UNSUPPORTED without its channel, AGENT_UNRESPONSIVE when it is not there or
 * says nothing in time. */
/* @commands (taken): {"guest-get-time": arguments or null, ...}; @result: json_object * of their values. Where several are
 * asked, those that the agent does not know are left out. */
void domain_agent_ask(Domain *dom, json_object *commands, DomainDone done, gpointer user);
/* A command after which the agent is silent. @args: taken, may be NULL. */
void domain_agent_tell(Domain *dom, const char *command, json_object *args, DomainDone done, gpointer user);
/* A command as a client wrote it; @result: const char *, the answer. @timeout_ms: AGENT_FOREVER, AGENT_DEFAULT or so many. */
void domain_agent_command(Domain *dom, const char *text, int timeout_ms, DomainDone done, gpointer user);
void domain_agent_set_timeout(Domain *dom, int timeout_ms);
bool domain_agent_connected(Domain *dom);
/* The target ("vda") of the disk whose address the agent tells (guest-get-fsinfo's "disk"); NULL: none of ours. */
const char *domain_agent_disk(Domain *dom, json_object *address);
/* Statistics. First the guests are asked, all at once; then each domain's numbers are taken, as last known. Groups are
 * virDomainStatsTypes, and parts of them that other calls want. */
enum {
    STATS_STATE = 1, STATS_CPU = 2, STATS_BALLOON = 4, STATS_VCPU = 8, STATS_INTERFACE = 16, STATS_BLOCK = 32, STATS_PERF = 64,
    STATS_IOTHREAD = 128, STATS_MEMORY = 256, STATS_DIRTYRATE = 512, STATS_VM = 1024, STATS_ALL = 2047,
    STATS_DISK_ERRORS = 1 << 16, STATS_DISK_COUNTERS = 1 << 17, STATS_DISK_FILES = 1 << 18, STATS_VCPU_THREADS = 1 << 19,
};
/* True: @ready is called soon, when all have answered or it is not worth waiting longer; false: there is nothing to wait
 * for, and @ready is not called. @doms: a reference is taken. */
bool domain_stats_ask(GPtrArray *doms, guint groups, void (*ready)(gpointer user), gpointer user);
typedef struct { int tag; guint64 value; } DomainMemoryStat;
GArray *domain_memory_stats(Domain *dom);            /* virDomainMemoryStatTags; gives */
typedef struct { char *name; int type; /* virTypedParameterType */ union { int i; guint u; gint64 l; guint64 ul; double d; bool b; char *s; } v; } DomainStat;
/* Name/value pairs, named as libvirt names them. @backing: disks with the images beneath. */
GArray *domain_stats(Domain *dom, guint groups, bool backing);      /* gives; free with domain_stats_free */
void domain_stats_free(GArray *stats);
/* One disk, by its target ("vda") or source path. Numbers that are not known are -1. False: there is no such disk. */
typedef struct {
    const char *target;                              /* borrowed */
    bool empty;                                      /* nothing is in the drive */
    gint64 rd_reqs, rd_bytes, rd_times, wr_reqs, wr_bytes, wr_times, fl_reqs, fl_times;
    guint64 capacity, allocation, physical;          /* after STATS_DISK_FILES */
} DomainDiskStats;
bool domain_disk_stats(Domain *dom, const char *disk, DomainDiskStats *ret, GError **err);
/* The sums of all disks ("" of the call on one disk). */
void domain_disk_sums(Domain *dom, DomainDiskStats *ret);
typedef struct { const char *target; int error; } DomainDiskError;      /* virDomainDiskErrorCode; borrowed */
GArray *domain_disk_errors(Domain *dom);             /* after STATS_DISK_ERRORS; gives */
guint domain_disk_count(Domain *dom);                /* of a running guest */
/* Milliseconds since a guest that does not answer was asked; 0: it answers. */
guint64 domain_silent_ms(Domain *dom);
typedef struct { guint number; int state; guint64 cpu_time_ns; int cpu; } DomainVcpuInfo;
/* How often the guest's balloon tells its numbers; 0: never. @flags: virDomainModificationImpact. */
void domain_set_stats_period(Domain *dom, guint period_s, guint flags, DomainDone done, gpointer user);
GArray *domain_vcpus(Domain *dom);                   /* after STATS_VCPU_THREADS; gives */
/* --- devices (hotplug.c): @flags virDomainDeviceModifyFlags; @xml: one device. */
void domain_attach_device(Domain *dom, const char *xml, guint flags, DomainDone done, gpointer user);
void domain_detach_device(Domain *dom, const char *xml, guint flags, DomainDone done, gpointer user);
void domain_detach_device_alias(Domain *dom, const char *alias, guint flags, DomainDone done, gpointer user);
void domain_update_device(Domain *dom, const char *xml, guint flags, DomainDone done, gpointer user);
/* --- network cards (interface_op.c). @device: the name on the host, or the MAC address. */
typedef struct LinkCounters LinkCounters;
/* Of a running guest, as the guest sees it: rx is what it receives. I/O thread. */
bool domain_interface_stats(Domain *dom, const char *device, LinkCounters *ret, GError **err);
/* Rates in the order of interface_rate_names; domain_interface_rates gives all that count now (virDomainModificationImpact). */
enum { INTERFACE_RATES = 7 };
extern const char *const interface_rate_names[INTERFACE_RATES];
typedef struct { bool set; guint64 value; } InterfaceRate;
bool domain_interface_rates(Domain *dom, const char *device, guint flags, guint64 ret[INTERFACE_RATES], GError **err);
void domain_set_interface_rates(Domain *dom, const char *device, const InterfaceRate rates[INTERFACE_RATES], guint flags, DomainDone done,
                                gpointer user);
/* Addresses of the guest's cards that the host's neighbour tables know: DomainNicAddress. Gives. */
typedef struct { char *name, *mac, *address; bool v6; guint prefix; } DomainNicAddress;
void domain_nic_address_free(DomainNicAddress *address);
/* A running guest's cards of virtual networks: DomainNic. Gives. */
typedef struct { char *name, *mac, *network; } DomainNic;
GPtrArray *domain_network_nics(Domain *dom, GError **err);
GPtrArray *domain_interface_neighbours(Domain *dom, GError **err);
/* --- tuning (tune_op.c): groups of typed parameters, read from the kernel where the guest runs. Flags: AFFECT_LIVE,
 * AFFECT_CONFIG. */
typedef enum { TUNE_SCHED, TUNE_MEMORY, TUNE_BLKIO, TUNE_NUMA, TUNE_DISK, TUNE__N } DomainTune;
typedef struct { const char *name; int type; } DomainTuneField;       /* virTypedParameterType */
const DomainTuneField *domain_tune_fields(DomainTune what, guint *ret_n);
/* @disk: of TUNE_DISK, its target or source path. Items: DomainStat; give, free with domain_stats_free. */
GArray *domain_tune_get(Domain *dom, DomainTune what, const char *disk, guint flags, GError **err);
/* @params (taken): DomainStat of the fields' types, each field once. */
void domain_tune_set(Domain *dom, DomainTune what, const char *disk, GArray *params, guint flags, DomainDone done, gpointer user);
/* --- threads (pin_op.c). Items of pins: DomainPin; a running thread's from the kernel; an empty set: any CPU. Give. */
typedef enum { DOMAIN_THREAD_EMULATOR, DOMAIN_THREAD_VCPU, DOMAIN_THREAD_IOTHREAD } DomainThread;
typedef struct { guint number; Bitmap *cpus; } DomainPin;
GArray *domain_pins(Domain *dom, DomainThread kind, guint flags, GError **err);
void domain_pin(Domain *dom, DomainThread kind, guint number, Bitmap *cpus /* taken */, guint flags, DomainDone done, gpointer user);
typedef enum { DOMAIN_IOTHREAD_ADD, DOMAIN_IOTHREAD_DEL, DOMAIN_IOTHREAD_SET } DomainIothreadChange;
/* @params (taken): DomainStat of DOMAIN_IOTHREAD_SET, else NULL. */
void domain_change_iothread(Domain *dom, DomainIothreadChange what, guint id, GArray *params, guint flags, DomainDone done, gpointer user);
/* --- sizes (size_op.c). flags: AFFECT_*, and 4 for the maximum. @ids is taken. */
void domain_set_vcpus(Domain *dom, guint number, guint flags, DomainDone done, gpointer user);
bool domain_count_vcpus(Domain *dom, guint flags, guint *ret_current, guint *ret_max, GError **err);
void domain_set_vcpu(Domain *dom, Bitmap *ids, bool on, guint flags, DomainDone done, gpointer user);
void domain_set_memory(Domain *dom, guint64 kib, guint flags, DomainDone done, gpointer user);
/* When a client goes: guests started with AUTODESTROY by @owner are destroyed. */
void qemu_driver_owner_gone(QemuDriver *driver, gconstpointer owner);
void domain_set_owner(Domain *dom, gconstpointer owner);
#endif
