/* The monitor's client against a scripted QEMU: replies, errors, events between, silence, garbage, the end. */
#include "drivers/qemu/qmp.h"
#include "util/error.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"

typedef struct { const char *name, *answer; QvErrorCode code; const char *words; guint events; } Case;

/* What QEMU says to the call after the handshake, whose id is 2. */
static const Case cases[] = {
    { "a reply", "{\"return\": {\"x\": 1}, \"id\": 2}\r\n", QV_ERR__N, NULL, 0 },
    { "an event before the reply", "{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 5, \"microseconds\": 6}}\r\n{\"return\": {}, \"id\": 2}\r\n", QV_ERR__N, NULL, 1 },
    { "a late reply of another call", "{\"return\": {}, \"id\": 77}\r\n{\"return\": {}, \"id\": 2}\r\n", QV_ERR__N, NULL, 0 },
    { "garbage between", "what\r\n[1]\r\n{\"return\": {}, \"id\": 2}\r\n", QV_ERR__N, NULL, 0 },
    { "an error", "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}, \"id\": 2}\r\n", QV_ERR_OPERATION_FAILED, "monitor command 'test': no such thing", 0 },
    { "silence", "", QV_ERR_OPERATION_TIMEOUT, "does not answer in time", 0 },
    { "the end", NULL, QV_ERR_SYSTEM, "QEMU closed its monitor", 0 },
};

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static gpointer scripted_qemu(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);
    char line[1000];
    say(fd, GREETING);
    if (read(fd, line, sizeof line) > 0)
        say(fd, "{\"return\": {}, \"id\": 1}\r\n");
    return NULL;
}

static void count_event(const char *name, json_object *data, gint64 seconds, guint micros, gpointer user)
{
    assert_string_equal(name, "STOP");
    assert_int_equal(seconds, 5);
    assert_int_equal(micros, 6);
    (*(guint *)user)++;
}

static void test_case(void **state)
{
    const Case *c = *state;
    int ends[2];
    guint events = 0;
    g_autoptr(GError) err = NULL;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    GThread *qemu = g_thread_new("qemu", scripted_qemu, GINT_TO_POINTER(ends[1]));
    g_autoptr(Qmp) qmp = qmp_new(ends[0], 5000, &err);
    g_thread_join(qemu);
    assert_non_null(qmp);
    qmp_on_event(qmp, count_event, &events);
    if (c->answer)
        say(ends[1], c->answer);
    else
        close(ends[1]);
    g_autoptr(QmpReply) reply = qmp_call(qmp, "test", NULL, 200, &err);
    assert_int_equal(events, c->events);
    if (c->code == QV_ERR__N) {
        assert_non_null(reply);
    } else {
        assert_null(reply);
        assert_true(g_error_matches(err, QV_ERROR, (gint)c->code));
        assert_non_null(strstr(err->message, c->words));
    }
    if (c->answer)
        close(ends[1]);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, test_case, NULL, NULL, (void *)&cases[i] };
    return _cmocka_run_group_tests("qmp", tests, G_N_ELEMENTS(cases), NULL, NULL);
}
