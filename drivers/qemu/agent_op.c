/* What is asked of guest agents: jobs of the domain's second actor. */
#include <string.h>
#include "conf/chardev.h"
#include "conf/controller.h"
#include "conf/disk.h"
#include "drivers/qemu/agent.h"
#include "drivers/qemu/driver.h"
#include "drivers/qemu/each.h"

static const Chardev *agent_channel(const DomainDef *live)
{
    EACH_DEVICE(live, DEV_CHANNEL, Chardev, c)
        if (c->channel == CHANNEL_VIRTIO && !g_strcmp0(c->name, "org.qemu.guest_agent.0"))
            return c;
    return NULL;
}

/* The agent's socket; NULL with the reason why it cannot be asked. Gives. */
static char *agent_path(Domain *dom, GError **err)
{
    const Chardev *c = dom->live ? agent_channel(dom->live) : NULL;
    if (!c || c->src.type != CHR_UNIX || !c->src.path)
        g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "QEMU guest agent is not configured: domain '%s' has no <channel "
                    "type='unix'> with <target type='virtio' name='org.qemu.guest_agent.0'/>", dom->view->name);
    else if (c->state != CHANNEL_CONNECTED)
        g_set_error(err, QV_ERROR, QV_ERR_AGENT_UNRESPONSIVE, "QEMU guest agent is not connected: install and start qemu-guest-agent "
                    "in domain '%s'", dom->view->name);
    else
        return g_strdup(c->src.path);
    return NULL;
}

/* An Op that asks the agent, or NULL when that cannot be (the caller is told). */
static Op *agent_op(Domain *dom, guint flags, DomainDone done, gpointer user)
{
    GError *err = NULL;
    Op *op = op_new(dom->driver, dom, flags, done, user);
    if ((op->run = domain_run(dom, &err)) && (op->text2 = agent_path(dom, &err))) {
        op->number = dom->agent_timeout_ms;
        return op;
    }
    op_fail_later(op, err);
    return NULL;
}

static void ended(gpointer user, const GError *err)
{
    op_end(user, err);
}

static void push(Op *op, ActorJob job)
{
    if (!op->dom->agent)
        op->dom->agent = actor_new();
    actor_push(op->dom->agent, "guest agent", job, ended, op);
}

static void put_result(gpointer object)
{
    json_object_put(object);
}

static json_object *command_of(const char *name, json_object *args)
{
    json_object *command = json_object_new_object();
    json_object_object_add(command, "execute", json_object_new_string(name));
    if (args)
        json_object_object_add(command, "arguments", json_object_get(args));
    return command;
}

/* --- questions */

/* op->json: command -> arguments; the results in an object of the same keys. A command that the agent does not know is
 * left out when several are asked. */
static bool ask_job(gpointer user, GError **err)
{
    Op *op = user;
    bool several = json_object_object_length(op->json) > 1;
    g_autoptr(Agent) agent = agent_open(op->text2, op->number, err);
    if (!agent)
        return false;
    op->result = json_object_new_object();
    op->result_free = put_result;
    json_object_object_foreach(op->json, name, args) {
        g_autoptr(GError) why = NULL;
        json_object *command = command_of(name, args);
        json_object *answer = agent_ask(agent, command, op->number, &why);
        json_object *value = answer ? agent_value(answer, name, &why) : NULL;
        if (value)
            json_object_object_add(op->result, name, json_object_get(value));
        json_object_put(command);
        json_object_put(answer);
        if (!value && (!several || !g_error_matches(why, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED))) {
            g_propagate_error(err, g_steal_pointer(&why));
            return false;
        }
    }
    return true;
}

void domain_agent_ask(Domain *dom, json_object *commands, DomainDone done, gpointer user)
{
    Op *op = agent_op(dom, 0, done, user);
    if (!op) {
        json_object_put(commands);
        return;
    }
    op->json = commands;
    push(op, ask_job);
}

/* --- words without an answer: power down, suspend */

static bool tell_job(gpointer user, GError **err)
{
    Op *op = user;
    g_autoptr(Agent) agent = agent_open(op->text2, op->number, err);
    if (!agent)
        return false;
    json_object *command = command_of(op->text, op->json);
    json_object *answer = agent_tell(agent, command, err);
    bool ok = answer && agent_value(answer, op->text, err);
    json_object_put(command);
    json_object_put(answer);
    return ok;
}

void domain_agent_tell(Domain *dom, const char *command, json_object *args, DomainDone done, gpointer user)
{
    Op *op = agent_op(dom, 0, done, user);
    if (!op) {
        json_object_put(args);
        return;
    }
    op->text = g_strdup(command);
    op->json = args;
    push(op, tell_job);
}

bool domain_agent_connected(Domain *dom)
{
    g_autofree char *path = agent_path(dom, NULL);
    return path;
}

/* --- commands as they are */

static bool raw_job(gpointer user, GError **err)
{
    Op *op = user;
    json_object *command = json_tokener_parse(op->text);
    json_object *answer = NULL;
    if (!json_object_is_type(command, json_type_object)) {
        json_object_put(command);
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "an agent command is a JSON object like {\"execute\": \"guest-ping\"}");
        return false;
    }
    g_autoptr(Agent) agent = agent_open(op->text2, op->number, err);
    if (agent && (answer = agent_ask(agent, command, op->number, err)) && agent_value(answer, op->text, err)) {
        op->result = g_strdup(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        op->result_free = g_free;
    }
    json_object_put(command);
    json_object_put(answer);
    return op->result;
}

void domain_agent_command(Domain *dom, const char *text, int timeout_ms, DomainDone done, gpointer user)
{
    Op *op = agent_op(dom, 0, done, user);
    if (!op)
        return;
    op->text = g_strdup(text);
    op->number = timeout_ms;
    push(op, raw_job);
}

void domain_agent_set_timeout(Domain *dom, int timeout_ms)
{
    dom->agent_timeout_ms = timeout_ms;
}

/* --- which of our disks a disk of the guest is */

static gint64 number_of(json_object *object, const char *name)
{
    json_object *value;
    return json_object_object_get_ex(object, name, &value) ? json_object_get_int64(value) : -1;
}

static bool at_pci(const Address *a, json_object *pci)
{
    return a->type == ADDR_PCI && number_of(pci, "domain") == a->pci.domain.v && number_of(pci, "bus") == a->pci.bus.v &&
           number_of(pci, "slot") == a->pci.slot.v && number_of(pci, "function") == a->pci.function.v;
}

static const char *dst_at(const DomainDef *live, json_object *address, json_object *pci)
{
    EACH_DEVICE(live, DEV_DISK, Disk, disk) {
        const Address *a = &disk->info.addr;
        if (at_pci(a, pci))
            return disk->dst;
        if (a->type != ADDR_DRIVE || number_of(address, "bus") != a->drive.bus.v || number_of(address, "target") != a->drive.target.v ||
            number_of(address, "unit") != a->drive.unit.v)
            continue;
        EACH_DEVICE(live, DEV_CONTROLLER, Controller, c)
            if (c->index.v == a->drive.controller.v && at_pci(&c->info.addr, pci))
                return disk->dst;
    }
    return NULL;
}

const char *domain_agent_disk(Domain *dom, json_object *address)
{
    json_object *pci;
    return dom->live && json_object_object_get_ex(address, "pci-controller", &pci) ? dst_at(dom->live, address, pci) : NULL;
}
