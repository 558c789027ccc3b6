/* A QMP connection to one QEMU, for threads that may wait (domain workers, the capability probe).
 *
 *   g_autoptr(Qmp) qmp = qmp_connect(path, 5000, &err);
 *   g_autoptr(QmpReply) reply = qmp_call(qmp, "query-status", NULL, 2000, &err);   // the "return" member
 *
 * One reader thread would be one more per guest; instead whoever waits for a reply reads for all: events that
 * come meanwhile are handed to the event function in order, and qmp_read takes them when nobody waits (hang it on the
 * loop by qmp_fd). Calls from several threads are served one after another.
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
/* The same over a connected socket (taken, also on failure). */
Qmp *qmp_new(int fd, guint timeout_ms, GError **err);
void qmp_free(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_free)

void qmp_on_event(Qmp *qmp, QmpEvent fn, gpointer user);
int qmp_fd(const Qmp *qmp);
/* Handles what has arrived, without waiting. false: QEMU closed the connection. */
bool qmp_read(Qmp *qmp, GError **err);

/* @args: taken, may be NULL. Gives the value of "return". */
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
