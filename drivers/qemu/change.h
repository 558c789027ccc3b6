/* Changes of a domain's definitions, by VIR_DOMAIN_AFFECT_LIVE, _CONFIG or neither (the one that counts now).
 *
 *   static bool edit_it(const Change *c, GError **err)  { c->now->frame.tune.blkio.weight = *(guint *)c->data; return true; }
 *   static bool apply_it(const Change *c, GError **err) { return tell_the_kernel(c->run, c->now, err); }
 *   static const ChangeKind blkio_change = { "blkiotune", edit_it, apply_it };
 *   domain_change(dom, flags, &blkio_change, g_memdup2(&weight, sizeof weight), g_free, done, user);
 *
 * Theory of operation. A definition is replaced whole, never edited in place: a job edits a copy, makes it true, and
 * the I/O thread swaps it in and publishes the view before @done runs. The copy is taken when it is the change's turn
 * in its queue, so that no change loses another: live ones are jobs of the domain's actor (a hung guest holds up its
 * own only), stored ones of the driver's actor, as are define, rename and undefine. With both, the stored copy is
 * edited first for the sake of its errors, then the guest is changed, then the file. A live change is written to the
 * status file too, so that it outlives the daemon. Whoever changes a definition goes through here.
 *
 * Errors as libvirt has them: OPERATION_INVALID for LIVE of a guest that is off and for CONFIG of a transient one. */
#ifndef QV_QEMU_CHANGE_H
#define QV_QEMU_CHANGE_H
#include "drivers/qemu/driver.h"

enum { CHANGE_LIVE = 1, CHANGE_CONFIG = 2 };      /* virDomainModificationImpact; other bits of flags are not looked at */

typedef struct {
    QemuDriver *driver;
    Run *run;                /* the guest; NULL when @now is the stored definition */
    const DomainDef *was;    /* before the edit */
    DomainDef *now;          /* a copy, to be edited */
    gpointer data;           /* what the caller gave */
} Change;

typedef struct {
    const char *name;        /* of the job */
    /* Changes @now or refuses. Worker; may run twice for one change (live and stored). */
    bool (*edit)(const Change *c, GError **err);
    /* After the edit of the live definition: makes it so on the guest, or leaves all as it was. May complete @now.
     * Worker. NULL: a definition is all there is. */
    bool (*apply)(const Change *c, GError **err);
    /* I/O thread, after the new view was published, once for each definition that changed: events. May be NULL. */
    void (*changed)(Domain *dom, bool live, gpointer data);
} ChangeKind;

/* @data is freed with @data_free when all is done, and is @done's result. I/O thread. */
void domain_change(Domain *dom, guint flags, const ChangeKind *kind, gpointer data, GDestroyNotify data_free,
                   DomainDone done, gpointer user);
/* The definition that @flags mean, for a read: LIVE and CONFIG together are refused. Borrowed for this turn of the I/O
 * thread. */
const DomainDef *domain_definition(Domain *dom, guint flags, bool *ret_live, GError **err);
#endif
