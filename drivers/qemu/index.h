/* The domains of a daemon, found by UUID, name and id, and what is published of each.
 *
 * The index and the publishing of views belong to the I/O thread; a view may be taken on any thread. A domain is
 * changed by its own actor only, which ends each change by a new view: index_publish swaps it in whole, together with
 * the indexes, so that nobody sees a name without its domain. */
#ifndef QV_QEMU_INDEX_H
#define QV_QEMU_INDEX_H
#include "conf/domain.h"
#include "drivers/qemu/actor.h"
#include "drivers/qemu/qemu.h"

typedef struct Stored Stored;
typedef struct DomainStats DomainStats;

struct Domain {
    gint refs;
    GMutex lock;               /* of @view alone, held for a pointer's copy */
    DomainView *view;
    Actor *actor;
    Actor *agent;              /* questions to the guest agent; NULL before the first */
    int agent_timeout_ms;      /* agent.h */
    bool listed;               /* false once it was forgotten; references may outlive that */
    gconstpointer owner;       /* autodestroy: whose connection it dies with */
    Stored *stored;            /* stored.h; NULL: transient. The I/O thread's */
    DomainDef *live;           /* NULL: not running. The I/O thread's */
    char *live_xml;            /* @live as XML with @live_flags, until the next view; a g_ref_string */
    guint live_flags;
    struct QemuDriver *driver; /* whose it is */
    struct DomainStats *stats; /* stats.h; NULL: never asked for. The I/O thread's */
    struct Run *run;           /* the process; NULL when off. The I/O thread's */
};

typedef struct Index Index;
Index *index_new(void);
void index_free(Index *index);
/* A domain of its own, first seen with @view (taken). Name and UUID must be free (index_check). Borrowed. */
Domain *index_add(Index *index, DomainView *view);
/* Replaces what is known of it (@view taken). */
void index_publish(Index *index, Domain *dom, DomainView *view);
void index_remove(Index *index, Domain *dom);
/* Whether a definition of this name and UUID may come in: @ret_dom is the domain it would change, or NULL when it is
 * new (borrowed). QV_ERR_DOM_EXIST when name and UUID belong to different domains. */
bool index_check(const Index *index, const char *name, const guint8 uuid[16], Domain **ret_dom, GError **err);
/* References, or NULL with QV_ERR_NO_DOMAIN. */
Domain *index_by_uuid(const Index *index, const guint8 uuid[16], GError **err);
Domain *index_by_name(const Index *index, const char *name, GError **err);
Domain *index_by_id(const Index *index, int id, GError **err);
/* virConnectListAllDomainsFlags: within a group any flag fits, every group that is asked must. */
GPtrArray *index_list(const Index *index, guint flags);
guint index_count(const Index *index, guint flags);

DomainView *domain_view_copy(const DomainView *view);     /* a fresh one to change before it is published */
DomainView *domain_view_ref(DomainView *view);
#endif
