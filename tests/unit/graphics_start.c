/* Ports, sockets and passwords of displays, as a start fills them in. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "drivers/qemu/graphics_start.h"

/* A range that a busy host hardly uses. */
enum { FIRST = 47010, LAST = 47012 };
static const GraphicsConfig config = { .port_min = FIRST, .port_max = LAST };

static DomainDef *domain_with(GraphicsType type, ListenType listen, bool autoport)
{
    DomainDef *def = g_new0(DomainDef, 1);
    for (guint k = 0; k < DEV__N; k++)
        def->devices.by_kind[k] = g_ptr_array_new();
    Graphics *g = g_new0(Graphics, 1);
    GraphicsListen *l = g_new0(GraphicsListen, 1);
    g->type = type;
    g->autoport = autoport ? TRI_YES : TRI_NO;
    g->listens = g_ptr_array_new();
    l->type = listen;
    g_ptr_array_add(g->listens, l);
    g_ptr_array_add(def->devices.by_kind[DEV_GRAPHICS], g);
    return def;
}

static Graphics *graphics_of(DomainDef *def)
{
    return g_ptr_array_index(def->devices.by_kind[DEV_GRAPHICS], 0);
}

static int listen_on(guint port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((guint16)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void test_two_guests_get_two_ports(G_GNUC_UNUSED void **state)
{
    g_autoptr(DomainDef) a = domain_with(GRAPHICS_VNC, LISTEN_ADDRESS, true), b = domain_with(GRAPHICS_SPICE, LISTEN_ADDRESS, true);
    assert_true(graphics_prepare(a, &config, "/run/x", NULL));
    assert_true(graphics_prepare(b, &config, "/run/x", NULL));
    assert_int_not_equal(graphics_of(a)->port.v, graphics_of(b)->port.v);
    assert_string_equal(graphics_of(a)->listen, "127.0.0.1");
    graphics_release(a);
    graphics_release(b);
}

static void test_port_of_others_is_skipped(G_GNUC_UNUSED void **state)
{
    int fd = listen_on(FIRST);
    g_autoptr(DomainDef) def = domain_with(GRAPHICS_VNC, LISTEN_ADDRESS, true);
    assert_true(graphics_prepare(def, &config, "/run/x", NULL));
    assert_int_equal(graphics_of(def)->port.v, FIRST + 1);
    graphics_release(def);
    close(fd);
}

static void test_full_range_is_named(G_GNUC_UNUSED void **state)
{
    DomainDef *defs[LAST - FIRST + 2];
    g_autoptr(GError) err = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(defs); i++) {
        defs[i] = domain_with(GRAPHICS_VNC, LISTEN_ADDRESS, true);
        bool fits = i <= LAST - FIRST;
        assert_int_equal(graphics_prepare(defs[i], &config, "/run/x", fits ? NULL : &err), fits);
    }
    assert_non_null(strstr(err->message, "no free port in the range 47010 to 47012"));
    /* What a guest gives back is the next one's. */
    graphics_release(defs[1]);
    assert_true(graphics_prepare(defs[LAST - FIRST + 1], &config, "/run/x", NULL));
    assert_int_equal(graphics_of(defs[LAST - FIRST + 1])->port.v, FIRST + 1);
    for (guint i = 0; i < G_N_ELEMENTS(defs); i++)
        graphics_release(defs[i]);
    for (guint i = 0; i < G_N_ELEMENTS(defs); i++)
        domain_def_free(defs[i]);
}

static void test_fixed_port_is_kept(G_GNUC_UNUSED void **state)
{
    g_autoptr(DomainDef) def = domain_with(GRAPHICS_VNC, LISTEN_ADDRESS, false);
    graphics_of(def)->port = (OptI32){ true, 5999 };
    assert_true(graphics_prepare(def, &config, "/run/x", NULL));
    assert_int_equal(graphics_of(def)->port.v, 5999);
}

static void test_socket_is_made_up(G_GNUC_UNUSED void **state)
{
    g_autoptr(DomainDef) def = domain_with(GRAPHICS_SPICE, LISTEN_SOCKET, true);
    assert_true(graphics_prepare(def, &config, "/run/domain-7-web", NULL));
    assert_string_equal(graphics_of(def)->socket, "/run/domain-7-web/spice.sock");
    assert_false(graphics_of(def)->port.set);
}

static void test_network_needs_somebody_who_knows(G_GNUC_UNUSED void **state)
{
    g_autoptr(DomainDef) def = domain_with(GRAPHICS_VNC, LISTEN_NETWORK, true);
    ((GraphicsListen *)g_ptr_array_index(graphics_of(def)->listens, 0))->network = g_strdup("lab");
    g_autoptr(GError) err = NULL;
    assert_false(graphics_prepare(def, &config, "/run/x", &err));
    assert_int_equal(err->code, QV_ERR_NO_NETWORK);
    assert_non_null(strstr(err->message, "lab"));
}

static void test_passwords_go_over_qmp(G_GNUC_UNUSED void **state)
{
    g_autoptr(DomainDef) def = domain_with(GRAPHICS_VNC, LISTEN_ADDRESS, true);
    graphics_of(def)->password = g_strdup("s3cret");
    graphics_of(def)->password_valid_to = g_strdup("2030-01-02T03:04:05");
    json_object *calls = graphics_password_calls(def);
    const char *text = json_object_to_json_string_ext(calls, JSON_C_TO_STRING_PLAIN);
    assert_string_equal(text, "[{\"execute\":\"set_password\",\"arguments\":{\"protocol\":\"vnc\",\"password\":\"s3cret\","
                              "\"connected\":\"keep\"}},{\"execute\":\"expire_password\",\"arguments\":{\"protocol\":\"vnc\","
                              "\"time\":\"1893553445\"}}]");
    json_object_put(calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_guests_get_two_ports),
        cmocka_unit_test(test_port_of_others_is_skipped),
        cmocka_unit_test(test_full_range_is_named),
        cmocka_unit_test(test_fixed_port_is_kept),
        cmocka_unit_test(test_socket_is_made_up),
        cmocka_unit_test(test_network_needs_somebody_who_knows),
        cmocka_unit_test(test_passwords_go_over_qmp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
