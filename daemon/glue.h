/* From procedures to drivers: handlers by area (glue_AREA.c), each a table of rows, and what they share.
 *
 * A handler checks its flags, finds its domain, calls the driver and answers. Reads answer at once from
 * the domain's view; writes end in one of the glue_done_* callbacks, when the driver has done them.
 *
 *   GLUE_HANDLER(open_it, RemoteThingArgs, RemoteThingRet)
 *   {
 *       if (!glue_flags(call, args->flags, THING_A | THING_B, err))
 *           return RPC_FAILED;
 *       ret->answer = 42;
 *       return RPC_DONE;
 *   }
 * Everything runs on the I/O thread. */
#ifndef QV_DAEMON_GLUE_H
#define QV_DAEMON_GLUE_H
#include "daemon/daemon.h"
#include <string.h>

/* --- one client's connection */
typedef struct Session Session;
struct Session {
    guint refs;
    RpcClient *client;             /* NULL once it is gone */
    bool opened;
    char *uri;
    GPtrArray *subscriptions;      /* glue_events.c */
    bool legacy_lifecycle;
};
Session *session_of(RpcCall *call);            /* made at the first use; borrowed */
Session *session_ref(Session *session);
void session_unref(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_unref)

/* --- the whole */
const RpcHandlerRow *glue_rows(guint *ret_n);
/* Subscribes to the drivers' events; after the drivers were made. */
void glue_start(void);
void glue_network_start(void);        /* glue_network_port.c */
void glue_client_gone(RpcClient *client);

typedef struct { const RpcHandlerRow *rows; guint n; } GlueArea;
extern const GlueArea glue_connect, glue_cpu, glue_domain, glue_domain_xml, glue_domain_misc, glue_stats, glue_events,
    glue_node, glue_ksm, glue_console, glue_network, glue_network_port, glue_iface, glue_storage, glue_volume, glue_agent, glue_guest_info, glue_hotplug, glue_interface, glue_tune, glue_pin, glue_size, glue_nwfilter;
#define GLUE_AREA(area) const GlueArea area = { area##_rows, G_N_ELEMENTS(area##_rows) }
#define REMOTE(proc, handler) { REMOTE_PROGRAM, proc, handler }
#define QEMU(proc, handler) { QEMU_PROGRAM, proc, handler }

/* --- handlers with typed arguments */
#define GLUE_HANDLER(name, Args, Ret) \
    static RpcOutcome name##_typed(RpcCall *call, const Args *args, Ret *ret, GError **err); \
    static RpcOutcome name(RpcCall *call, const void *args, void *ret, GError **err) \
    { \
        return name##_typed(call, args, ret, err); \
    } \
    static RpcOutcome name##_typed(RpcCall *call, const Args *args, Ret *ret, GError **err)

/* A read of one domain: @dom and its @view are found already. */
#define GLUE_READ(name, Args, Ret) \
    static RpcOutcome name##_read(RpcCall *call, Domain *dom, const DomainView *view, const Args *args, Ret *ret, GError **err); \
    static RpcOutcome name(RpcCall *call, const void *args, void *ret, GError **err) \
    { \
        g_autoptr(Domain) dom = glue_domain_find(&((const Args *)args)->dom, err); \
        g_autoptr(DomainView) view = dom ? domain_view(dom) : NULL; \
        return dom ? name##_read(call, dom, view, args, ret, err) : RPC_FAILED; \
    } \
    static RpcOutcome name##_read(RpcCall *call, Domain *dom, const DomainView *view, const Args *args, Ret *ret, GError **err)

/* A change of one domain: the body hands the work to the driver with glue_done_* and @call; returns
 * true when it did, false with @err. */
#define GLUE_WRITE(name, Args) \
    static bool name##_write(RpcCall *call, Domain *dom, const Args *args, GError **err); \
    static RpcOutcome name(RpcCall *call, const void *args, void *ret, GError **err) \
    { \
        g_autoptr(Domain) dom = glue_domain_find(&((const Args *)args)->dom, err); \
        return dom && name##_write(call, dom, args, err) ? RPC_LATER : RPC_FAILED; \
    } \
    static bool name##_write(RpcCall *call, Domain *dom, const Args *args, GError **err)

/* libvirt's refusal of flags that are not in @known. */
bool glue_flags(RpcCall *call, guint flags, guint known, GError **err);
/* "domain is not running", as libvirt's own drivers refuse. */
bool glue_active(const DomainView *view, GError **err);
/* By the UUID of the handle alone: a stale id or name does no harm. Gives a reference. */
Domain *glue_domain_find(const RemoteNonnullDomain *handle, GError **err);
/* Gives the strings. */
void glue_handle(RemoteNonnullDomain *ret, const char *name, const guint8 uuid[16], int id);
void glue_handle_of(RemoteNonnullDomain *ret, const DomainView *view);

/* --- ends of writes: @user is the call */
void glue_done(Domain *dom, gpointer result, const GError *err, gpointer user);            /* no answer but success */
void glue_done_zero(Domain *dom, gpointer result, const GError *err, gpointer user);       /* one int, 0 */
void glue_done_handle(Domain *dom, gpointer result, const GError *err, gpointer user);     /* the domain's handle */
void glue_done_text(Domain *dom, gpointer result, const GError *err, gpointer user);       /* one string */

/* --- typed parameters (libvirt's virTypedParameterType) */
typedef enum { PARAM_INT = 1, PARAM_UINT, PARAM_LLONG, PARAM_ULLONG, PARAM_DOUBLE, PARAM_BOOLEAN, PARAM_STRING } ParamType;
/* A client's parameters, each of a known field, of its type, and given once; as DomainStat. Gives. */
typedef DomainTuneField GlueField;
GArray *glue_take_params(const RemoteTypedParam *params, guint n_params, const GlueField *fields, guint n_fields, GError **err);
/* A set of CPUs as bytes, all of the host's when it is empty; @map is zeros. */
void glue_cpu_map(guint8 *map, guint length, const Bitmap *cpus);
/* Gives; @stat is left as it is. */
void glue_param(RemoteTypedParam *ret, const DomainStat *stat);
void glue_param_ullong(RemoteTypedParam *ret, const char *field, guint64 value);
/* The number called @name among @stats; false when there is none. */
const DomainStat *glue_stat_find(const GArray *stats, const char *name);      /* NULL: there is none */
bool glue_stat_number(const GArray *stats, const char *name, guint64 *ret);
const char *glue_stat_text(const GArray *stats, const char *name);

/* --- flags of several areas */
enum { AFFECT_LIVE = 1, AFFECT_CONFIG = 2, TYPED_STRING_OKAY = 4 };
enum { START_PAUSED = 1, START_AUTODESTROY = 2, START_BYPASS_CACHE = 4, START_FORCE_BOOT = 8, START_VALIDATE = 16, START_RESET_NVRAM = 32 };
#endif
