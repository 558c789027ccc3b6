/* A QMP connection to one QEMU.
 *
 *   g_autoptr(Qmp) qmp = qmp_connect(path, 5000, &err);
 *   g_autoptr(QmpReply) reply = qmp_call(qmp, "query-status", NULL, 2000, &err);   // worker: waits for "return"
 *   qmp_send(qmp, "query-balloon", NULL, on_balloon, self);                        // I/O thread: never waits
 *
 * Theory of operation. Commands carry ids; replies find their caller by it, so many may be on their way at once. Until
 * qmp_attach whoever calls reads for itself (a start's job, the capability probe). From then on the I/O thread alone
 * reads: it hands events to the event function in order, ends what was sent and wakes workers that wait in qmp_call.
 * Neither waits for the other: a worker that waits ten seconds for a slow command holds up no question.
 * What QEMU does not take off its socket at once stays in a buffer, for the next one who reads or writes.
 *
 * Errors: QV_ERR_OPERATION_TIMEOUT when QEMU does not answer in time (the connection stays usable: the late reply is
 * dropped by its id), QV_ERR_OPERATION_FAILED when QEMU refuses (its own words), QV_ERR_SYSTEM when it is gone. */
#ifndef QV_QEMU_QMP_H
#define QV_QEMU_QMP_H
#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

typedef struct Qmp Qmp;
typedef json_object QmpReply;
/* On the thread that reads. @data may be NULL; borrowed. */
typedef void (*QmpEvent)(const char *name, json_object *data, gint64 seconds, guint micros, gpointer user);

/* Connects to QEMU's monitor socket, retrying until it is there, greets and negotiates. Gives. */
Qmp *qmp_connect(const char *path, guint timeout_ms, GError **err);
/* To a QEMU that is known to be one and may hang: neither waits for a greeting nor fails. When there is no connection to be
 * had within @timeout_ms, every command tells that QEMU's monitor is closed. Gives. */
Qmp *qmp_connect_unheard(const char *path, guint timeout_ms);
/* The same as qmp_connect over a connected socket (taken, also on failure). */
Qmp *qmp_new(int fd, guint timeout_ms, GError **err);
void qmp_free(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_free)

/* Called on the worker with each command before it is sent. */
void qmp_before(Qmp *qmp, void (*fn)(json_object *command, gpointer user), gpointer user);
void qmp_on_event(Qmp *qmp, QmpEvent fn, gpointer user);
/* From here on the I/O thread reads (and the caller is it). What came before is handled on the spot. */
void qmp_attach(Qmp *qmp);
/* No more: everything that waits, here and on workers, is told that QEMU is gone. Idempotent. */
void qmp_detach(Qmp *qmp);

/* What QEMU said: @reply (borrowed), or NULL and why. On the I/O thread, once for each qmp_send. */
typedef void (*QmpDone)(json_object *reply, const GError *err, gpointer user);
/* I/O thread, between qmp_attach and qmp_detach. There is no deadline: the caller watches the clock, and a late reply
 * is still told. @args: taken, may be NULL. @done never runs before this returns. */
void qmp_send(Qmp *qmp, const char *command, json_object *args, QmpDone done, gpointer user);

/* Worker (once attached). @args: taken, may be NULL. Gives the value of "return". */
QmpReply *qmp_call(Qmp *qmp, const char *command, json_object *args, guint timeout_ms, GError **err);
/* Gives QEMU a copy of @fd, which its commands then know by @name (getfd). */
bool qmp_give_fd(Qmp *qmp, const char *name, int fd, guint timeout_ms, GError **err);
/* A whole command line as a client wrote it ({"execute": ...}); gives QEMU's whole answer, error or not. */
QmpReply *qmp_call_raw(Qmp *qmp, json_object *command /* taken */, guint timeout_ms, GError **err);
static inline void qmp_reply_free(QmpReply *reply)
{
    json_object_put(reply);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpReply, qmp_reply_free)
#endif
