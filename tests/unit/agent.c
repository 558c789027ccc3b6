/* The guest agent's client against agents that misbehave: each row is what the other side says. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "drivers/qemu/agent.h"

/* @first: said before the answer to our synchronisation; @answer: said to the question; NULL: nothing. */
typedef struct {
    const char *name, *first, *answer;
    bool no_sync, endless;
    QvErrorCode code;
    const char *words, *value;
} AgentCase;

static const AgentCase cases[] = {
    { "an answer", "", "{\"return\": {\"a\": 1}}\n", .value = "{\"a\":1}" },
    { "late answers before the synchronisation are dropped", "{\"return\": 7}\n{\"return\": {\"old\": 1}}\n", "{\"return\": {}}\n",
      .value = "{}" },
    { "half an answer before the delimiter", "{\"return\": [1, 2", "{\"return\": true}\n", .value = "true" },
    { "lines that are no JSON", "hello\n\n[]\n12\n", "nonsense\n{\"return\": 5}\n", .value = "5" },
    { "an error's words", "", "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such user\"}}\n", .code = QV_ERR_INTERNAL,
      .words = "command 'guest-x': no such user" },
    { "an unknown command", "", "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"not found\"}}\n",
      .code = QV_ERR_OPERATION_UNSUPPORTED, .words = "not found" },
    { "an error that is none", "", "{\"error\": 5}\n", .code = QV_ERR_INTERNAL, .words = "no reason given" },
    { "silence", "", NULL, .code = QV_ERR_AGENT_UNRESPONSIVE, .words = "in time" },
    { "no synchronisation", "{\"return\": 1}\n", NULL, .no_sync = true, .code = QV_ERR_AGENT_UNRESPONSIVE, .words = "in time" },
    { "an answer without an end", "", NULL, .endless = true, .code = QV_ERR_AGENT_UNRESPONSIVE, .words = "no end" },
};

static void put(int fd, const char *text)
{
    gsize size = strlen(text);
    assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* The id of {"execute":"guest-sync-delimited","arguments":{"id":N}}, behind 0xff. */
static gint64 read_sync(int fd)
{
    char text[512];
    ssize_t got = recv(fd, text, sizeof text - 1, 0);
    text[MAX(got, 0)] = '\0';
    const char *id = strstr(text, "\"id\":");
    return id ? g_ascii_strtoll(id + strlen("\"id\":"), NULL, 10) : -1;
}

typedef struct { const AgentCase *row; int listener; } Server;

static gpointer serve(gpointer data)
{
    const Server *server = data;
    const AgentCase *row = server->row;
    char text[512], filler[4096];
    int fd = accept(server->listener, NULL, NULL);
    gint64 id = read_sync(fd);
    put(fd, row->first);
    if (!row->no_sync) {
        g_autofree char *answer = g_strdup_printf("\xff{\"return\": %" G_GINT64_FORMAT "}\n", id);
        put(fd, answer);
        (void)!recv(fd, text, sizeof text, 0);
    }
    memset(filler, 'x', sizeof filler);
    while (row->endless && send(fd, filler, sizeof filler, MSG_NOSIGNAL) > 0)
        continue;
    if (row->answer)
        put(fd, row->answer);
    (void)!recv(fd, text, sizeof text, 0);         /* until the client leaves */
    close(fd);
    return NULL;
}

static void test_agent(void **state)
{
    enum { TIMEOUT_MS = 300, LONG_MS = 20000 };
    const AgentCase *row = *state;
    g_autofree char *dir = g_dir_make_tmp("agent-XXXXXX", NULL), *path = g_build_filename(dir, "sock", NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    Server server = { row, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server.listener, 1), 0);
    GThread *thread = g_thread_new("agent", serve, &server);

    g_autoptr(GError) err = NULL;
    json_object *command = json_tokener_parse("{\"execute\": \"guest-x\"}"), *answer = NULL, *value = NULL;
    int timeout = row->endless ? LONG_MS : TIMEOUT_MS;
    Agent *agent = agent_open(path, timeout, &err);
    if (agent && (answer = agent_ask(agent, command, timeout, &err)))
        value = agent_value(answer, "guest-x", &err);
    if (row->value) {
        assert_null(err);
        assert_string_equal(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), row->value);
    } else {
        assert_null(value);
        assert_non_null(err);
        assert_int_equal(err->code, row->code);
        assert_non_null(strstr(err->message, row->words));
    }
    agent_close(agent);
    json_object_put(command);
    json_object_put(answer);
    g_thread_join(thread);
    close(server.listener);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, test_agent, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
