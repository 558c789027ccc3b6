/* The guest agent (QEMU's docs/interop/qemu-ga.rst): a program in the guest that answers JSON commands on the virtio
 * channel org.qemu.guest_agent.0. What it says is the guest's word: never trusted, always bounded.
 *
 * Each exchange connects to the channel's socket, synchronises, asks and leaves; nothing is kept between them. A guest's
 * exchanges go one after another on an actor of their own (Domain.agent), so that an agent that does not answer holds
 * up nothing but itself. Worker. */
#ifndef QV_QEMU_AGENT_H
#define QV_QEMU_AGENT_H
#include <json-c/json.h>
#include "util/error.h"

/* AGENT_NO_REPLY: commands after which the agent says nothing (power down, suspend): an error that comes within a
 * moment is told, silence is success. Timeouts in milliseconds. */
enum { AGENT_FOREVER = -2, AGENT_DEFAULT = -1 };
typedef struct Agent Agent;
/* @path: the channel's socket. QV_ERR_AGENT_UNRESPONSIVE when nobody answers in time. */
Agent *agent_open(const char *path, int timeout_ms, GError **err);
void agent_close(Agent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Agent, agent_close)
/* Gives the whole answer, {"return": ...} or {"error": ...}; @command is borrowed. */
json_object *agent_ask(Agent *agent, json_object *command, int timeout_ms, GError **err);
/* For commands without an answer: an empty object unless an answer came. */
json_object *agent_tell(Agent *agent, json_object *command, GError **err);
/* The value of an answer (borrowed), or NULL with the agent's words. @what: the command's name. */
json_object *agent_value(json_object *answer, const char *what, GError **err);
#endif
