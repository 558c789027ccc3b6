/* Descriptors on one epoll, which is a single source of GLib's main loop: thousands of sockets cost each
 * turn of the loop nothing. I/O thread only (the default main context's).
 *
 *   LoopWatch *w = loop_watch(fd, LOOP_READ, on_ready, self);
 *   loop_watch_set(w, LOOP_READ | LOOP_WRITE);
 *   loop_unwatch(w);                      // also from inside a callback, of this or another watch
 * The watch does not own the descriptor; unwatch before closing it. */
#ifndef QV_UTIL_LOOP_H
#define QV_UTIL_LOOP_H
#include <glib.h>
#include <stdbool.h>

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_END = 4 };      /* END: hang-up or error; always told, never asked for */
typedef struct LoopWatch LoopWatch;
typedef void (*LoopReady)(guint ready, gpointer user);

/* NULL with errno when the descriptor cannot be watched (EPERM: a regular file). */
LoopWatch *loop_watch(int fd, guint wanted, LoopReady fn, gpointer user);
void loop_watch_set(LoopWatch *watch, guint wanted);
/* Nothing is told for @ms: for a descriptor whose readiness cannot be served now, as when accept() finds no descriptors
 * left, and which would be told again at once. */
void loop_watch_rest(LoopWatch *watch, guint ms);
/* NULL is fine. The callback never runs again. */
void loop_unwatch(LoopWatch *watch);
#endif
