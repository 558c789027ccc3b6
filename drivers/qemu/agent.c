#include "drivers/qemu/agent.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEFAULT_MS = 5000, MOMENT_MS = 1000, ANSWER_MAX = 16 << 20, CHUNK = 4096, DEPTH = 64 };
#define SENTINEL "\xff"        /* ends whatever half answer lies in the pipe (guest-sync-delimited) */

struct Agent {
    int fd;
    GString *input;
};

static gint64 deadline_of(int timeout_ms)
{
    if (timeout_ms == AGENT_FOREVER)
        return G_MAXINT64;
    return g_get_monotonic_time() + (timeout_ms < 0 ? DEFAULT_MS : timeout_ms) * G_GINT64_CONSTANT(1000);
}

static bool silent(GError **err, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_AGENT_UNRESPONSIVE, "the guest agent does not answer: %s", why);
    return false;
}

static bool wait_ready(int fd, short events, gint64 deadline, GError **err)
{
    struct pollfd poll_fd = { .fd = fd, .events = events };
    for (;;) {
        gint64 left = deadline == G_MAXINT64 ? -1 : MAX(0, (deadline - g_get_monotonic_time() + 999) / 1000);
        int ready = poll(&poll_fd, 1, (int)MIN(left, G_MAXINT));
        if (ready > 0)
            return true;
        if (ready == 0)
            return silent(err, "it did not in time");
        if (errno != EINTR)
            return qv_error_errno(err, errno, "cannot wait for the guest agent");
    }
}

static bool send_text(Agent *agent, const char *text, gint64 deadline, GError **err)
{
    gsize size = strlen(text);
    while (size) {
        ssize_t sent = send(agent->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return silent(err, g_strerror(errno));
        if (sent < 0 && !wait_ready(agent->fd, POLLOUT, deadline, err))
            return false;
        text += MAX(sent, 0);
        size -= (gsize)MAX(sent, 0);
    }
    return true;
}

static bool send_command(Agent *agent, json_object *command, gint64 deadline, GError **err)
{
    g_autofree char *line = g_strconcat(json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
                                        "\n", NULL);
    return send_text(agent, line, deadline, err);
}

static json_object *parse(const char *line, gsize size)
{
    json_tokener *tokener = json_tokener_new_ex(DEPTH);
    json_object *object = json_tokener_parse_ex(tokener, line, (int)size);
    json_tokener_free(tokener);
    if (json_object_is_type(object, json_type_object))
        return object;
    json_object_put(object);
    return NULL;
}

/* The next line that is a JSON object; others are noise of an exchange that was given up. */
static json_object *next_answer(Agent *agent, gint64 deadline, GError **err)
{
    for (;;) {
        char chunk[CHUNK], *end;
        while ((end = memchr(agent->input->str, '\n', agent->input->len))) {
            const char *line = agent->input->str;
            gsize size = (gsize)(end - line);
            const char *delimiter = g_strrstr_len(line, (gssize)size, SENTINEL);
            const char *begin = delimiter ? delimiter + 1 : line;
            json_object *answer = parse(begin, (gsize)(end - begin));
            g_string_erase(agent->input, 0, (gssize)size + 1);
            if (answer)
                return answer;
        }
        if (!wait_ready(agent->fd, POLLIN, deadline, err))
            return NULL;
        ssize_t got = recv(agent->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            silent(err, "its channel was closed");
            return NULL;
        }
        if (agent->input->len + (gsize)MAX(got, 0) > ANSWER_MAX) {
            silent(err, "its answer has no end");
            return NULL;
        }
        g_string_append_len(agent->input, chunk, MAX(got, 0));
    }
}

/* What a former exchange left behind is read away, up to the answer to a number of our own. */
static bool synchronise(Agent *agent, gint64 deadline, GError **err)
{
    gint64 id = (gint64)g_random_int();
    g_autofree char *line = g_strdup_printf(SENTINEL "{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":%" G_GINT64_FORMAT "}}\n", id);
    if (!send_text(agent, line, deadline, err))
        return false;
    for (;;) {
        json_object *answer = next_answer(agent, deadline, err), *value;
        if (!answer)
            return false;
        bool ours = json_object_object_get_ex(answer, "return", &value) && json_object_is_type(value, json_type_int) &&
                    json_object_get_int64(value) == id;
        json_object_put(answer);
        if (ours)
            return true;
    }
}

Agent *agent_open(const char *path, int timeout_ms, GError **err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    gint64 deadline = deadline_of(timeout_ms);
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "the agent's socket '%s' has a name that is too long", path);
        return NULL;
    }
    g_autoptr(Agent) agent = g_new0(Agent, 1);
    agent->input = g_string_new(NULL);
    agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (agent->fd < 0 || connect(agent->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        qv_error_errno(err, errno, "cannot connect to the guest agent's socket '%s'", path);
        return NULL;
    }
    return synchronise(agent, deadline, err) ? g_steal_pointer(&agent) : NULL;
}

void agent_close(Agent *agent)
{
    if (!agent)
        return;
    if (agent->fd >= 0)
        close(agent->fd);
    g_string_free(agent->input, TRUE);
    g_free(agent);
}

json_object *agent_ask(Agent *agent, json_object *command, int timeout_ms, GError **err)
{
    gint64 deadline = deadline_of(timeout_ms);
    return send_command(agent, command, deadline, err) ? next_answer(agent, deadline, err) : NULL;
}

json_object *agent_tell(Agent *agent, json_object *command, GError **err)
{
    gint64 deadline = deadline_of(MOMENT_MS);
    if (!send_command(agent, command, deadline, err))
        return NULL;
    json_object *answer = next_answer(agent, deadline, NULL);
    return answer ? answer : json_object_new_object();
}

json_object *agent_value(json_object *answer, const char *what, GError **err)
{
    json_object *error, *value = NULL, *kind, *words;
    if (!json_object_object_get_ex(answer, "error", &error)) {
        json_object_object_get_ex(answer, "return", &value);
        return value ? value : answer;
    }
    bool unknown = json_object_object_get_ex(error, "class", &kind) && !g_strcmp0(json_object_get_string(kind), "CommandNotFound");
    g_set_error(err, QV_ERROR, unknown ? QV_ERR_OPERATION_UNSUPPORTED : QV_ERR_INTERNAL, "unable to execute QEMU agent command '%s': %s",
                what, json_object_object_get_ex(error, "desc", &words) ? json_object_get_string(words) : "no reason given");
    return NULL;
}
