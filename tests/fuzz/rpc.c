/* The bytes of a client's whole session: framing, every procedure's arguments, keepalive, streams. One server, a connection
 * for each input; every procedure answers with zeroes, so that answers are encoded too. */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "rpc/server.h"
#include "tests/fuzz/fuzz.h"

static RpcServer *server;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len;

static RpcOutcome answer(RpcCall *call, const void *args, void *ret, GError **err)
{
    rpc_client_set_authenticated(rpc_call_client(call));
    return RPC_DONE;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const RpcServerConfig config = { .max_clients = 100 };
    static RpcHandlerRow *rows;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    fuzz_quiet();
    rows = g_new(RpcHandlerRow, rpc_n_procedures);
    for (guint i = 0; i < rpc_n_procedures; i++)
        rows[i] = (RpcHandlerRow){ rpc_procedures[i].program, rpc_procedures[i].number, answer };
    server = rpc_server_new(&config, rows, rpc_n_procedures);
    /* The abstract name space: no file is left. */
    g_snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "qvirt-fuzz-%d", (int)getpid());
    address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(address.sun_path + 1));
    g_assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, address_len) == 0 && listen(fd, 16) == 0);
    g_assert_true(rpc_server_listen_fd(server, fd, false, NULL));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char discard[65536];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_true(connect(fd, (struct sockaddr *)&address, address_len) == 0);
    if (size && send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        size = 0;
    shutdown(fd, SHUT_WR);
    /* Accept, read, answer, see the end; nothing of a client may stay. */
    for (guint i = 0; i < 1000; i++) {
        while (g_main_context_iteration(NULL, FALSE))
            ;
        while (recv(fd, discard, sizeof discard, MSG_DONTWAIT) > 0)
            ;
        if (i > 1 && rpc_server_clients(server) == 0)
            break;
    }
    close(fd);
    for (guint i = 0; i < 100 && rpc_server_clients(server); i++)
        g_main_context_iteration(NULL, FALSE);
    g_assert_cmpuint(rpc_server_clients(server), ==, 0);
    return 0;
}
