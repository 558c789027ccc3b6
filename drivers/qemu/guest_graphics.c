/* A client's own connection to a guest's display: one end of a socket for QEMU, the other for the client. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "drivers/qemu/driver.h"
#include "drivers/qemu/each.h"
#include "conf/display.h"

enum { CALL_TIMEOUT_MS = 10000, SKIPAUTH = 1 };

static void close_fd(gpointer fd)
{
    close(*(int *)fd);
}

static bool open_job(gpointer user, GError **err)
{
    Op *op = user;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return qv_error_errno(err, errno, "cannot make a socket for the display");
    op->number = ends[0];
    op->result = &op->number;
    op->result_free = close_fd;
    bool given = qmp_give_fd(op->run->qmp, "display", ends[1], CALL_TIMEOUT_MS, err);
    close(ends[1]);
    if (!given)
        return false;
    json_object *args = json_object_new_object();
    json_object_object_add(args, "protocol", json_object_new_string(op->text));
    json_object_object_add(args, "fdname", json_object_new_string("display"));
    json_object_object_add(args, "skipauth", json_object_new_boolean(op->flags & SKIPAUTH));
    g_autoptr(QmpReply) reply = qmp_call(op->run->qmp, "add_client", args, CALL_TIMEOUT_MS, err);
    return reply != NULL;
}

static void ended(gpointer user, const GError *err)
{
    op_end(user, err);
}

/* The protocol of display @index as QEMU's add_client calls it; NULL with an error. */
static const char *protocol_of(const DomainDef *def, guint index, GError **err)
{
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g) {
        if (g_i != index)
            continue;
        if (g->type == GRAPHICS_VNC || g->type == GRAPHICS_SPICE)
            return g->type == GRAPHICS_VNC ? "vnc" : "spice";
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "a connection can be opened to VNC and SPICE displays only");
        return NULL;
    }
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "No graphics backend with index %u", index);
    return NULL;
}

void domain_open_graphics(Domain *dom, guint index, guint flags, DomainDone done, gpointer user)
{
    Op *op = op_new(dom->driver, dom, flags, done, user);
    GError *err = NULL;
    const char *protocol = (op->run = domain_run(dom, &err)) ? protocol_of(dom->live, index, &err) : NULL;
    if (!protocol) {
        op_fail_later(op, err);
        return;
    }
    op->text = g_strdup(protocol);
    actor_push(dom->actor, "open display", open_job, ended, op);
}
