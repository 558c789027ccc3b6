/* What a QEMU may say on its monitor, from the greeting on or after a proper one. */
#include <json-c/json.h>
#include <sys/socket.h>
#include <unistd.h>
#include "drivers/qemu/qmp.h"
#include "tests/fuzz/fuzz.h"

#define HELLO "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n{\"return\": {}, \"id\": 1}\r\n"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    fuzz_quiet();
    return 0;
}

static void on_event(const char *name, json_object *data, gint64 seconds, guint micros, gpointer user)
{
    g_assert_nonnull(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    g_autoptr(GError) err = NULL;
    bool greet = size && data[0] != '{';

    g_assert_true(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    if ((greet && send(ends[1], HELLO, strlen(HELLO), MSG_DONTWAIT) < 0) || (size && send(ends[1], data, size, MSG_DONTWAIT) < 0))
        size = 0;
    shutdown(ends[1], SHUT_WR);
    g_autoptr(Qmp) qmp = qmp_new(ends[0], 1000, &err);
    if (qmp) {
        qmp_on_event(qmp, on_event, NULL);
        g_autoptr(QmpReply) reply = qmp_call(qmp, "test", NULL, 1000, NULL);
        g_autoptr(QmpReply) second = qmp_call(qmp, "test", NULL, 1000, NULL);
    }
    close(ends[1]);
    return 0;
}
