/* A domain's queue: order, one at a time, parallel among domains, overtaking, ends told on the I/O thread. */
#include "drivers/qemu/actor.h"
#include <gio/gio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

typedef struct { char name; guint sleep_us; bool fails; } Step;

static GString *began, *ended;
static GMutex lock;
static gint at_once, most;
static GThread *io_thread;
static guint failures;

static bool run_step(gpointer user, GError **err)
{
    const Step *step = user;
    gint now = g_atomic_int_add(&at_once, 1) + 1;
    g_mutex_lock(&lock);
    most = MAX(most, now);
    g_string_append_c(began, step->name);
    g_mutex_unlock(&lock);
    g_usleep(step->sleep_us);
    g_atomic_int_add(&at_once, -1);
    if (step->fails)
        g_set_error(err, G_IO_ERROR, G_IO_ERROR_FAILED, "%c fails", step->name);
    return !step->fails;
}

static void step_done(gpointer user, const GError *err)
{
    const Step *step = user;
    assert_ptr_equal(g_thread_self(), io_thread);
    assert_int_equal(err != NULL, step->fails);
    failures += err != NULL;
    g_string_append_c(ended, step->name);
}

static void wait_for(gsize n)
{
    while (ended->len < n)
        g_main_context_iteration(NULL, TRUE);
}

static int reset(void **state)
{
    if (began) {
        g_string_free(began, TRUE);
        g_string_free(ended, TRUE);
    }
    began = g_string_new(NULL);
    ended = g_string_new(NULL);
    at_once = most = 0;
    failures = 0;
    io_thread = g_thread_self();
    return 0;
}

static void jobs_of_one_actor_run_in_order_one_at_a_time(void **state)
{
    static const Step steps[] = { { 'a', 2000 }, { 'b', 0, true }, { 'c', 1000 }, { 'd', 0 } };
    Actor *actor = actor_new();
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        actor_push(actor, "step", run_step, step_done, (gpointer)&steps[i]);
    assert_int_equal(actor_queued(actor), 3);
    wait_for(4);
    assert_string_equal(began->str, "abcd");
    assert_string_equal(ended->str, "abcd");
    assert_int_equal(most, 1);
    assert_int_equal(failures, 1);
    actor_free(actor);
}

static void actors_run_in_parallel(void **state)
{
    static const Step slow = { 's', 100000 };
    Actor *actors[4];
    for (guint i = 0; i < G_N_ELEMENTS(actors); i++) {
        actors[i] = actor_new();
        actor_push(actors[i], "slow", run_step, step_done, (gpointer)&slow);
    }
    wait_for(4);
    assert_int_equal(most, 4);
    for (guint i = 0; i < G_N_ELEMENTS(actors); i++)
        actor_free(actors[i]);
}

static void an_urgent_job_overtakes_the_queue(void **state)
{
    static const Step a = { 'a', 5000 }, b = { 'b', 0 }, urgent = { 'u', 0 };
    Actor *actor = actor_new();
    gint64 since = 0;
    actor_push(actor, "a", run_step, step_done, (gpointer)&a);
    actor_push(actor, "b", run_step, step_done, (gpointer)&b);
    actor_push_first(actor, "urgent", run_step, step_done, (gpointer)&urgent);
    assert_string_equal(actor_current(actor, &since), "a");
    assert_true(since > 0);
    wait_for(3);
    assert_string_equal(ended->str, "aub");
    assert_null(actor_current(actor, &since));
    actor_free(actor);
}

static void a_freed_actor_ends_what_it_has(void **state)
{
    static const Step a = { 'a', 1000 }, b = { 'b', 0 };
    Actor *actor = actor_new();
    actor_push(actor, "a", run_step, step_done, (gpointer)&a);
    actor_push(actor, "b", run_step, step_done, (gpointer)&b);
    actor_free(actor);
    wait_for(2);
    assert_string_equal(ended->str, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(jobs_of_one_actor_run_in_order_one_at_a_time, reset),
        cmocka_unit_test_setup(actors_run_in_parallel, reset),
        cmocka_unit_test_setup(an_urgent_job_overtakes_the_queue, reset),
        cmocka_unit_test_setup(a_freed_actor_ends_what_it_has, reset),
    };
    actors_start(8);
    return cmocka_run_group_tests_name("actor", tests, NULL, NULL);
}
