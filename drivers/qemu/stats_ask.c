/* Asking guests without waiting for those that do not answer; see stats.h. */
#include "conf/board.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/stats.h"
#include "util/host.h"

/* How long a guest is waited for: several times what it took lately, within bounds. */
enum { PATIENCE = 8, PATIENCE_MIN_MS = 200, PATIENCE_MAX_MS = 1000, FILES_MS = 1000 };

/* A read on its way; counted by its rounds and jobs. */
typedef struct {
    guint refs, pending;
    guint timer;
    GPtrArray *doms;               /* references */
    void (*ready)(gpointer user);  /* NULL: was told */
    gpointer user;
} Wait;

/* Commands to one guest. */
typedef struct StatRound {
    Domain *dom;                   /* references, both */
    Run *run;
    guint asks, pending;
    gint64 sent_us;
    bool answered;
    GPtrArray *waits;              /* Wait */
} StatRound;

typedef struct { StatRound *round; const StatQuery *query; } Question;

DomainStats *domain_stats_of(Domain *dom)
{
    if (!dom->stats)
        dom->stats = g_new0(DomainStats, 1);
    return dom->stats;
}

void domain_stats_release(DomainStats *s)
{
    if (!s)
        return;
    guest_stats_free(s->guest);
    g_clear_pointer(&s->images, g_ptr_array_unref);
    g_clear_pointer(&s->images_of, g_ref_string_release);
    g_free(s);
}

guint64 stats_round_age_ms(const DomainStats *s)
{
    return s->round ? (guint64)(g_get_monotonic_time() - s->round->sent_us) / 1000 : 0;
}

/* --- waiting */

static void wait_unref(Wait *w)
{
    if (--w->refs)
        return;
    g_ptr_array_unref(w->doms);
    g_free(w);
}

static void tell(Wait *w)
{
    void (*ready)(gpointer) = w->ready;
    if (w->timer)
        g_source_remove(w->timer);
    w->timer = 0;
    w->ready = NULL;
    if (ready)
        ready(w->user);
}

static void one_less(gpointer user)
{
    Wait *w = user;
    if (--w->pending == 0)
        tell(w);
    wait_unref(w);
}

static void one_more(Wait *w)
{
    w->refs++;
    w->pending++;
}

/* Whoever has not answered by now is not waited for again until it does. */
static gboolean too_late(gpointer user)
{
    Wait *w = user;
    gint64 now = g_get_monotonic_time();
    w->timer = 0;
    for (guint i = 0; i < w->doms->len; i++) {
        DomainStats *s = domain_stats_of(w->doms->pdata[i]);
        if (s->round && now - s->round->sent_us > PATIENCE_MIN_MS * 1000 / 2)
            s->hung = true;
    }
    w->refs++;
    tell(w);
    wait_unref(w);
    return G_SOURCE_REMOVE;
}

/* --- rounds */

static StatRound *round_new(Domain *dom, guint asks)
{
    StatRound *r = g_new0(StatRound, 1);
    *r = (StatRound){ .dom = domain_ref(dom), .run = run_ref(dom->run), .asks = asks, .waits = g_ptr_array_new() };
    return r;
}

static void round_free(StatRound *r)
{
    for (guint i = 0; i < r->waits->len; i++)
        one_less(r->waits->pdata[i]);
    g_ptr_array_free(r->waits, TRUE);
    run_unref(r->run);
    domain_unref(r->dom);
    g_free(r);
}

static void round_send(DomainStats *s, StatRound *r);

/* The balloon's size changes with the guest's driver, whoever set it: the view follows. */
static void follow_balloon(Domain *dom, const GuestStats *g)
{
    if (!g->has_balloon || dom->view->memory_kib == g->balloon_kib)
        return;
    DomainView *view = domain_view_copy(dom->view);
    view->memory_kib = g->balloon_kib;
    index_publish(dom->driver->index, dom, view);
}

static void round_ended(StatRound *r)
{
    DomainStats *s = r->dom->stats;
    gint64 took = g_get_monotonic_time() - r->sent_us;
    if (r->answered)
        s->slowest_us = MAX(took, s->slowest_us * 3 / 4);
    s->round = s->next;
    s->next = NULL;
    if (r->answered && r->dom->run == r->run)
        follow_balloon(r->dom, s->guest);
    if (s->round && s->round->run == r->dom->run) {
        round_send(s, s->round);
    } else if (s->round) {
        round_free(s->round);          /* of a guest that has ended */
        s->round = NULL;
    }
    round_free(r);
}

static void answered(json_object *reply, const GError *err, gpointer user)
{
    g_autofree Question *q = user;
    StatRound *r = q->round;
    DomainStats *s = r->dom->stats;
    bool same = s->id == (int)r->dom->view->id;

    if (reply && same) {
        if (!q->query->parse(s->guest, reply))
            g_warning("domain '%s': QEMU's answer to '%s' is not understood", r->dom->view->name, q->query->command);
        s->taken_us = g_get_monotonic_time();
    }
    if (same && (q->query->once || (err && q->query->optional)) && !g_error_matches(err, QV_ERROR, QV_ERR_SYSTEM))
        s->refused |= q->query->ask;
    if (reply || (err && !g_error_matches(err, QV_ERROR, QV_ERR_SYSTEM))) {
        s->hung = false;
        r->answered = true;
    }
    if (--r->pending == 0)
        round_ended(r);
}

static const char *balloon_alias(const DomainDef *live)
{
    EACH_DEVICE(live, DEV_MEMBALLOON, Memballoon, balloon)
        if (balloon->model != BALLOON_NONE && balloon->info.alias)
            return balloon->info.alias;
    return NULL;
}

static void round_send(DomainStats *s, StatRound *r)
{
    const char *balloon = balloon_alias(r->dom->live);
    r->sent_us = g_get_monotonic_time();
    r->pending = 1;                    /* our own, until all is sent */
    for (guint i = 0; i < n_stat_queries; i++) {
        const StatQuery *q = &stat_queries[i];
        if (!(r->asks & q->ask) || (s->refused & q->ask))
            continue;
        Question *question = g_new(Question, 1);
        *question = (Question){ r, q };
        r->pending++;
        qmp_send(r->run->qmp, q->command, q->args ? q->args(balloon) : NULL, answered, question);
    }
    if (--r->pending == 0)
        round_ended(r);
}

/* --- one guest of a read */

static bool is_kvm(const Domain *dom)
{
    return dom->live->frame.virt == VIRT_KVM;
}

/* What this guest can be asked. */
static guint askable(const Domain *dom, guint asks)
{
    if (!balloon_alias(dom->live))
        asks &= ~(guint)(ASK_BALLOON | ASK_GUEST_MEMORY);
    if (!is_kvm(dom))
        asks &= ~(guint)(ASK_KVM_SCHEMA | ASK_KVM_VCPU | ASK_KVM_VM);
    return asks & ~(guint)ASK_FILES;
}

static bool is_stopped(const Domain *dom)
{
    HostProcess process;
    return host_process(dom->view->pid, 0, &process, NULL) && (process.state == 'T' || process.state == 't');
}

/* A new guest's numbers begin anew. */
static void begin_guest(DomainStats *s, int id)
{
    if (s->id == id)
        return;
    g_clear_pointer(&s->guest, guest_stats_free);
    s->guest = guest_stats_new();
    s->id = id;
    s->refused = 0;
    s->hung = false;
    s->slowest_us = 0;
    s->taken_us = 0;
}

static void join(StatRound *r, Wait *w)
{
    one_more(w);
    g_ptr_array_add(r->waits, w);
}

static guint patience_ms(const DomainStats *s)
{
    return s->taken_us ? (guint)CLAMP(s->slowest_us * PATIENCE / 1000, PATIENCE_MIN_MS, PATIENCE_MAX_MS) : PATIENCE_MAX_MS;
}

/* Gives for how long it is worth waiting, in milliseconds; 0: not at all. */
static guint ask_guest(Domain *dom, guint asks, Wait *w)
{
    DomainStats *s = domain_stats_of(dom);
    if (!dom->run || !dom->run->pid_watch || !dom->live)
        return 0;
    begin_guest(s, dom->view->id);
    asks = askable(dom, asks);
    if (!(asks & ~s->refused) || (s->hung && s->round))
        return 0;
    if (is_stopped(dom)) {
        s->hung = true;
        if (s->round)
            return 0;
    }
    if (s->round) {
        if (!s->next)
            s->next = round_new(dom, 0);
        s->next->asks |= asks;
        join(s->next, w);
    } else {
        s->round = round_new(dom, asks);
        if (!s->hung)
            join(s->round, w);
        round_send(s, s->round);
    }
    return s->hung ? 0 : patience_ms(s);
}

/* --- a read of many */

/* virDomainStatsTypes */
static guint asks_of(guint types)
{
    static const struct { guint type, asks; } rows[] = {
        { STATS_CPU, ASK_KVM_SCHEMA | ASK_KVM_VCPU }, { STATS_BALLOON, ASK_BALLOON | ASK_GUEST_MEMORY },
        { STATS_VCPU, ASK_VCPUS | ASK_KVM_SCHEMA | ASK_KVM_VCPU }, { STATS_BLOCK, ASK_FRONTS | ASK_NODES | ASK_FILES },
        { STATS_IOTHREAD, ASK_IOTHREADS }, { STATS_DIRTYRATE, ASK_DIRTY }, { STATS_VM, ASK_KVM_SCHEMA | ASK_KVM_VM },
        { STATS_DISK_ERRORS, ASK_ERRORS }, { STATS_DISK_COUNTERS, ASK_FRONTS }, { STATS_VCPU_THREADS, ASK_VCPUS },
        { STATS_DISK_FILES, ASK_NODES | ASK_FRONTS | ASK_FILES },
    };
    guint asks = 0;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (types & rows[i].type)
            asks |= rows[i].asks;
    return asks;
}

/* Whose image files are to be looked at: those that are off, and all when a read is of files. */
static GPtrArray *need_files(const GPtrArray *doms, guint types)
{
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    for (guint i = 0; i < doms->len; i++) {
        Domain *dom = doms->pdata[i];
        if (!dom->run || (types & STATS_DISK_FILES))
            g_ptr_array_add(found, domain_ref(dom));
    }
    return found;
}

bool domain_stats_ask(GPtrArray *doms, guint types, void (*ready)(gpointer user), gpointer user)
{
    guint asks = asks_of(types), patience = 0;
    Wait *w = g_new0(Wait, 1);
    *w = (Wait){ .refs = 1, .pending = 1, .doms = g_ptr_array_ref(doms), .user = user };
    for (guint i = 0; asks && i < doms->len; i++)
        patience = MAX(patience, ask_guest(doms->pdata[i], asks, w));
    g_autoptr(GPtrArray) files = asks & ASK_FILES ? need_files(doms, types) : NULL;
    if (files && files->len) {
        one_more(w);
        patience = MAX(patience, FILES_MS);
        stats_images_read(files, one_less, w);
    }
    bool waits = w->pending > 1;
    if (waits) {
        w->ready = ready;
        w->timer = g_timeout_add(patience, too_late, w);
    }
    one_less(w);
    return waits;
}
