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

/* Gives QEMU the display's end of a socket. */
static bool add_client(const Op *op, int fd, GError **err)
{
    if (!qmp_give_fd(op->run->qmp, "display", fd, CALL_TIMEOUT_MS, err))
        return false;
    json_object *args = json_object_new_object();
    json_object_object_add(args, "protocol", json_object_new_string(op->text));
    json_object_object_add(args, "fdname", json_object_new_string("display"));
    json_object_object_add(args, "skipauth", json_object_new_boolean(op->flags & SKIPAUTH));
    g_autoptr(QmpReply) reply = qmp_call(op->run->qmp, "add_client", args, CALL_TIMEOUT_MS, err);
    return reply != NULL;
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
    bool ok = add_client(op, ends[1], err);
    close(ends[1]);
    return ok;
}

static bool add_job(gpointer user, GError **err)
{
    const Op *op = user;
    return add_client(op, op->number, err);
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

/* An Op with the protocol of display @index in @text, or NULL (the caller is told). */
static Op *graphics_op(Domain *dom, guint index, guint flags, DomainDone done, gpointer user)
{
    Op *op = op_new(dom->driver, dom, flags, done, user);
    GError *err = NULL;
    const char *protocol = (op->run = domain_run(dom, &err)) ? protocol_of(dom->live, index, &err) : NULL;
    if (!protocol) {
        op_fail_later(op, err);
        return NULL;
    }
    op->text = g_strdup(protocol);
    return op;
}

void domain_open_graphics(Domain *dom, guint index, guint flags, DomainDone done, gpointer user)
{
    Op *op = graphics_op(dom, index, flags, done, user);
    if (op)
        actor_push(dom->actor, "open display", open_job, ended, op);
}

void domain_add_graphics(Domain *dom, guint index, int fd, guint flags, DomainDone done, gpointer user)
{
    Op *op = graphics_op(dom, index, flags, done, user);
    if (!op) {
        close(fd);
        return;
    }
    op->number = fd;
    op->result = &op->number;      /* closed with the Op */
    op->result_free = close_fd;
    actor_push(dom->actor, "open display", add_job, ended, op);
}
