/* A domain's queue of jobs: one at a time, in order, on a pool of workers that all actors share.
 *
 *   actor_push(dom->actor, "start", start_job, start_done, start);
 * The job runs on a worker and may wait; its end is told on the I/O thread (the default main context), after
 * which the next job begins: whoever sees the end of one job sees all it changed. Different actors run in
 * parallel. actor_push_first goes before everything that is queued, for a destroy that has already made the running
 * job fail by killing what it waits for.
 * Functions are for the I/O thread, except that a job may ask actors_stopping. */
#ifndef QV_QEMU_ACTOR_H
#define QV_QEMU_ACTOR_H
#include <glib.h>
#include <stdbool.h>

typedef struct Actor Actor;
typedef bool (*ActorJob)(gpointer user, GError **err);
typedef void (*ActorDone)(gpointer user, const GError *err);      /* NULL: it worked */

/* Workers of all actors; 0: a default by the host's size. Idle ones end after a while. */
void actors_start(guint workers);
/* From now on no queued job begins; waits for running ones up to @timeout_ms. */
void actors_stop(guint timeout_ms);
/* Any thread: whether a long job should give up. */
bool actors_stopping(void);

Actor *actor_new(void);
/* Jobs that are queued still run; the memory goes with the last of them. */
void actor_free(Actor *actor);
void actor_push(Actor *actor, const char *what, ActorJob job, ActorDone done, gpointer user);
void actor_push_first(Actor *actor, const char *what, ActorJob job, ActorDone done, gpointer user);
/* What runs now, and since when (monotonic microseconds); NULL when it is idle. */
const char *actor_current(const Actor *actor, gint64 *ret_since_us);
guint actor_queued(const Actor *actor);
#endif
