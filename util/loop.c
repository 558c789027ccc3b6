#include "util/loop.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

struct LoopWatch {
    int fd;
    guint wanted;
    LoopReady fn;              /* NULL: unwatched, freed after the turn */
    gpointer user;
    guint rest;                /* timer of loop_watch_rest */
};

static struct {
    int epoll;                 /* 0: not made yet */
    bool dispatching;
    GPtrArray *dead;           /* unwatched during a turn: their events may still lie in the turn's list */
} loop;

static guint32 to_epoll(guint wanted)
{
    return (wanted & LOOP_READ ? EPOLLIN : 0) | (wanted & LOOP_WRITE ? EPOLLOUT : 0);
}

static guint from_epoll(guint32 events)
{
    return (events & EPOLLIN ? LOOP_READ : 0) | (events & EPOLLOUT ? LOOP_WRITE : 0) |
           (events & (EPOLLHUP | EPOLLERR) ? LOOP_END : 0);
}

static gboolean loop_dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
    struct epoll_event events[64];
    int n = epoll_wait(loop.epoll, events, G_N_ELEMENTS(events), 0);
    loop.dispatching = true;
    for (int i = 0; i < n; i++) {
        LoopWatch *watch = events[i].data.ptr;
        if (watch->fn)
            watch->fn(from_epoll(events[i].events), watch->user);
    }
    loop.dispatching = false;
    g_ptr_array_set_size(loop.dead, 0);
    return G_SOURCE_CONTINUE;
}

static void loop_start(void)
{
    static GSourceFuncs funcs = { .dispatch = loop_dispatch };
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop.epoll < 0)
        g_error("cannot make an epoll descriptor: %s", g_strerror(errno));
    loop.dead = g_ptr_array_new_with_free_func(g_free);
    GSource *source = g_source_new(&funcs, sizeof(GSource));
    g_source_set_name(source, "descriptors");
    g_source_add_unix_fd(source, loop.epoll, G_IO_IN);
    /* Nobody runs a loop within the loop; without this GLib takes our descriptor out of its poll set for each dispatch,
     * which wakes it up again: three system calls, a third of what a read costs. */
    g_source_set_can_recurse(source, TRUE);
    g_source_attach(source, NULL);
    g_source_unref(source);
}

LoopWatch *loop_watch(int fd, guint wanted, LoopReady fn, gpointer user)
{
    if (!loop.epoll)
        loop_start();
    LoopWatch *watch = g_new(LoopWatch, 1);
    *watch = (LoopWatch){ .fd = fd, .wanted = wanted, .fn = fn, .user = user };
    struct epoll_event event = { .events = to_epoll(wanted), .data.ptr = watch };
    if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return watch;
    g_free(watch);
    return NULL;
}

static void apply(LoopWatch *watch)
{
    struct epoll_event event = { .events = watch->rest ? 0 : to_epoll(watch->wanted), .data.ptr = watch };
    if (epoll_ctl(loop.epoll, EPOLL_CTL_MOD, watch->fd, &event) != 0)
        g_warning("cannot change the watch of descriptor %d: %s", watch->fd, g_strerror(errno));
}

void loop_watch_set(LoopWatch *watch, guint wanted)
{
    if (watch->wanted == wanted)
        return;
    watch->wanted = wanted;
    if (!watch->rest)
        apply(watch);
}

static gboolean end_rest(gpointer user)
{
    LoopWatch *watch = user;
    watch->rest = 0;
    apply(watch);
    return G_SOURCE_REMOVE;
}

void loop_watch_rest(LoopWatch *watch, guint ms)
{
    if (watch->rest)
        return;
    watch->rest = g_timeout_add(ms, end_rest, watch);
    apply(watch);
}

void loop_unwatch(LoopWatch *watch)
{
    if (!watch)
        return;
    epoll_ctl(loop.epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    if (watch->rest)
        g_source_remove(watch->rest);
    watch->rest = 0;
    watch->fn = NULL;
    if (loop.dispatching)
        g_ptr_array_add(loop.dead, watch);
    else
        g_free(watch);
}
