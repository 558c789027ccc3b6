/* Network devices, in a network namespace of our own; without the right to make one, names only. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "util/link.h"
#include "util/tap.h"

static const struct { const char *name; bool ok; } names[] = {
    { "vnet0", true }, { "", false }, { "fifteen-bytes-0", true }, { "sixteen-bytes-00", false }, { "a b", false },
    { "a/b", false }, { "..", false }, { "veth1.2", true }, { "a:b", false },
};

static void test_names(void **state)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        assert_int_equal(link_name_ok(names[i].name), names[i].ok);
}

static void test_series(void **state)
{
    NameSeries series = { "vnet", -1 };
    char name[16];
    static const char *const others[] = { "eth7", "vnet", "vnet3x", "vnet99999999999", "vnets4" };
    name_series_next(&series, name);
    assert_string_equal(name, "vnet0");
    name_series_seen(&series, "vnet5");
    name_series_seen(&series, "vnet2");
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        name_series_seen(&series, others[i]);
    name_series_next(&series, name);
    assert_string_equal(name, "vnet6");
}

static bool own_namespace;

static void close_all(GArray *fds)
{
    for (guint i = 0; i < fds->len; i++)
        close(g_array_index(fds, int, i));
    g_array_unref(fds);
}

static void test_tap_port(void **state)
{
    static const guint8 mac[6] = { 0xfe, 0x54, 0, 1, 2, 3 };
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int)), *taken = g_array_new(FALSE, FALSE, sizeof(int));
    TapSpec spec = { .queues = 2, .vnet_hdr = true };
    g_autoptr(GError) err = NULL;
    Link link, bridge;

    if (!own_namespace)
        skip();
    assert_true(link_create("br0", "bridge", &err));
    assert_false(link_create("br0", "bridge", NULL));
    /* Another daemon's vnet0 is stepped over. */
    assert_true(link_create("vnet0", "bridge", &err));
    g_autofree char *name = tap_open(&spec, fds, &err);
    assert_string_equal(name, "vnet1");
    assert_int_equal(fds->len, 2);
    LinkChange change = { .mac = mac, .mtu = 1400, .bridge = "br0", .state = LINK_STATE_UP };
    assert_true(link_change(name, &change, &err));
    LinkPort port = { .isolated = PORT_ON, .learning = PORT_OFF };
    assert_true(link_set_port(name, &port, &err));
    assert_true(link_fdb_add(name, mac, &err));
    assert_true(link_fdb_remove(name, mac, &err));
    assert_true(link_fdb_remove(name, mac, &err));
    assert_true(link_find(name, &link, &err) && link_find("br0", &bridge, &err));
    assert_int_equal(link.master, bridge.index);
    assert_int_equal(link.mtu, 1400);
    assert_memory_equal(link.mac, mac, 6);
    assert_true(link.up);
    assert_string_equal(link.kind, "tun");
    assert_true(link_add_address(name, "10.9.8.7", NULL, 24, &err));
    assert_true(link_add_route(name, "10.20.0.0", 16, "10.9.8.1", 0, &err));
    /* A name of the user's that is in use. */
    TapSpec busy = { .name = name };
    assert_null(tap_open(&busy, taken, &err));
    assert_non_null(strstr(err->message, name));
    g_clear_error(&err);
    assert_true(link_leave_bridge(name, &err));
    close_all(fds);
    close_all(taken);
    assert_false(link_exists(name));
    assert_true(link_delete(name, &err) && link_leave_bridge(name, &err));
}

static const struct { const char *device, *bridge, *words; } wrong[] = {
    { "vnet9", "br0", "cannot set up network device 'vnet9'" },
    { "vnet0", "br9", "bridge 'br9' does not exist (needed by 'vnet0')" },
    { "vnet0", "lo", "network device 'lo' is no bridge" },
};

static void test_errors(void **state)
{
    if (!own_namespace)
        skip();
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) err = NULL;
        LinkChange change = { .bridge = wrong[i].bridge };
        assert_false(link_change(wrong[i].device, &change, &err));
        assert_non_null(strstr(err->message, wrong[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_series), cmocka_unit_test(test_tap_port), cmocka_unit_test(test_errors),
    };
    own_namespace = unshare(CLONE_NEWNET) == 0 && access("/dev/net/tun", R_OK | W_OK) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
