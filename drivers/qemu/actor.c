#include "drivers/qemu/actor.h"
#include <gio/gio.h>

enum { IDLE_MS = 10000, LEAST_WORKERS = 8 };

typedef struct {
    Actor *actor;
    const char *what;
    ActorJob job;
    ActorDone done;
    gpointer user;
    GError *err;
} Job;

struct Actor {
    GQueue queue;              /* of Job; the running one is not in it */
    Job *running;
    gint64 since_us;
    bool freed;
};

static struct {
    GThreadPool *workers;
    gint running;              /* atomic: jobs on workers */
    gint stopping;             /* atomic */
} actors;

static void job_free(Job *job)
{
    g_clear_error(&job->err);
    g_free(job);
}

static void next_job(Actor *actor)
{
    if (actor->running || g_atomic_int_get(&actors.stopping))
        return;
    actor->running = g_queue_pop_head(&actor->queue);
    actor->since_us = g_get_monotonic_time();
    if (actor->running) {
        g_atomic_int_inc(&actors.running);
        g_thread_pool_push(actors.workers, actor->running, NULL);
    } else if (actor->freed) {
        g_free(actor);
    }
}

/* I/O thread. The next job begins after the end of this one was told. */
static gboolean job_ended(gpointer data)
{
    Job *job = data;
    Actor *actor = job->actor;
    if (job->done)
        job->done(job->user, job->err);
    job_free(job);
    actor->running = NULL;
    next_job(actor);
    return G_SOURCE_REMOVE;
}

/* Worker. */
static void work(gpointer data, gpointer user)
{
    Job *job = data;
    if (!job->job(job->user, &job->err) && !job->err)
        g_set_error(&job->err, G_IO_ERROR, G_IO_ERROR_FAILED, "%s failed without a reason", job->what);
    /* Not g_main_context_invoke: that may run the end here when the loop is between two turns. */
    GSource *end = g_idle_source_new();
    g_source_set_priority(end, G_PRIORITY_DEFAULT);
    g_source_set_callback(end, job_ended, job, NULL);
    g_source_attach(end, NULL);
    g_source_unref(end);
    g_atomic_int_add(&actors.running, -1);
}

void actors_start(guint workers)
{
    guint n = workers ? workers : MAX(4 * g_get_num_processors(), LEAST_WORKERS);
    g_atomic_int_set(&actors.stopping, 0);
    g_thread_pool_set_max_unused_threads(1);
    g_thread_pool_set_max_idle_time(IDLE_MS);
    actors.workers = g_thread_pool_new(work, NULL, (gint)n, FALSE, NULL);
}

void actors_stop(guint timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    g_atomic_int_set(&actors.stopping, 1);
    while (g_atomic_int_get(&actors.running) && g_get_monotonic_time() < end)
        g_usleep(1000);
}

bool actors_stopping(void)
{
    return g_atomic_int_get(&actors.stopping);
}

Actor *actor_new(void)
{
    Actor *actor = g_new0(Actor, 1);
    g_queue_init(&actor->queue);
    return actor;
}

void actor_free(Actor *actor)
{
    if (!actor)
        return;
    actor->freed = true;
    if (!actor->running && g_queue_is_empty(&actor->queue))
        g_free(actor);
}

static Job *job_new(Actor *actor, const char *what, ActorJob fn, ActorDone done, gpointer user)
{
    Job *job = g_new(Job, 1);
    *job = (Job){ actor, what, fn, done, user, NULL };
    return job;
}

void actor_push(Actor *actor, const char *what, ActorJob job, ActorDone done, gpointer user)
{
    g_queue_push_tail(&actor->queue, job_new(actor, what, job, done, user));
    next_job(actor);
}

void actor_push_first(Actor *actor, const char *what, ActorJob job, ActorDone done, gpointer user)
{
    g_queue_push_head(&actor->queue, job_new(actor, what, job, done, user));
    next_job(actor);
}

const char *actor_current(const Actor *actor, gint64 *ret_since_us)
{
    if (!actor->running)
        return NULL;
    *ret_since_us = actor->since_us;
    return actor->running->what;
}

guint actor_queued(const Actor *actor)
{
    return g_queue_get_length((GQueue *)&actor->queue);
}
