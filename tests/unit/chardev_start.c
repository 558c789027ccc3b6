/* Sockets, files and pseudo terminals of character devices, as a start fills them in. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "drivers/qemu/chardev_start.h"

static DomainDef *domain_new(void)
{
    DomainDef *def = g_new0(DomainDef, 1);
    for (guint k = 0; k < DEV__N; k++)
        def->devices.by_kind[k] = g_ptr_array_new();
    return def;
}

static Chardev *add(DomainDef *def, DeviceKind kind, ChardevType type, const char *alias)
{
    Chardev *c = g_new0(Chardev, 1);
    c->src.type = type;
    c->info.alias = g_strdup(alias);
    g_ptr_array_add(def->devices.by_kind[kind], c);
    return c;
}

static Chardev *add_channel(DomainDef *def, const char *name)
{
    Chardev *c = add(def, DEV_CHANNEL, CHR_UNIX, "channel0");
    c->channel = CHANNEL_VIRTIO;
    c->name = g_strdup(name);
    c->info.addr.serial.port = (OptU32){ true, 3 };
    return c;
}

static void test_channel_sockets(G_GNUC_UNUSED void **state)
{
    static const struct { const char *name, *socket; } cases[] = {
        { "org.qemu.guest_agent.0", "/lib/qemu/channel/target/domain-4-web/org.qemu.guest_agent.0" },
        { NULL, "/lib/qemu/channel/target/domain-4-web/vioser-00-00-03.sock" },
        { "../../etc/passwd", "/lib/qemu/channel/target/domain-4-web/vioser-00-00-03.sock" },
        { "..", "/lib/qemu/channel/target/domain-4-web/vioser-00-00-03.sock" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(DomainDef) def = domain_new();
        Chardev *c = add_channel(def, cases[i].name);
        chardevs_prepare(def, "/lib", "/run/qemu/domain-4-web");
        assert_string_equal(c->src.path, cases[i].socket);
        assert_int_equal(c->src.mode, CHR_BIND);
    }
}

static void test_named_socket_is_kept(G_GNUC_UNUSED void **state)
{
    g_autoptr(DomainDef) def = domain_new();
    Chardev *c = add_channel(def, "a");
    c->src.path = g_strdup("/tmp/mine");
    chardevs_prepare(def, "/lib", "/run/qemu/domain-4-web");
    assert_string_equal(c->src.path, "/tmp/mine");
    assert_false(c->src.path_generated);
}

static void test_folders_come_and_go(G_GNUC_UNUSED void **state)
{
    g_autofree char *lib = g_dir_make_tmp("chardev-XXXXXX", NULL);
    g_autofree char *dir = g_build_filename(lib, "qemu/channel/target/domain-4-web", NULL);
    g_autoptr(DomainDef) def = domain_new();
    add_channel(def, "a");
    chardevs_prepare(def, lib, "/run/domain-4-web");
    assert_true(chardevs_make_folders(def, lib, "/run/domain-4-web", (uid_t)-1, (gid_t)-1, NULL));
    assert_true(g_file_test(dir, G_FILE_TEST_IS_DIR));
    chardevs_remove_folders(lib, "/run/domain-4-web");
    assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
    chardevs_remove_folders(lib, "/run/domain-4-web");      /* again: nothing there is success */
}

static void test_ptys_and_states(G_GNUC_UNUSED void **state)
{
    json_object *reply = json_tokener_parse(
        "[{\"label\":\"charserial0\",\"filename\":\"pty:/dev/pts/9\",\"frontend-open\":true},"
        " {\"label\":\"charchannel0\",\"filename\":\"disconnected:unix:/x,server=on\",\"frontend-open\":true},"
        " {\"label\":\"compat_monitor0\",\"filename\":\"unix:/m\"}]");
    g_autoptr(DomainDef) def = domain_new();
    Chardev *serial = add(def, DEV_SERIAL, CHR_PTY, "serial0"), *channel = add_channel(def, "a");
    chardevs_fill_ptys(def, reply);
    assert_string_equal(serial->src.path, "/dev/pts/9");
    assert_int_equal(channel->state, CHANNEL_CONNECTED);
    assert_false(chardevs_port_changed(def, "channel0", true));
    assert_true(chardevs_port_changed(def, "channel0", false));
    assert_int_equal(channel->state, CHANNEL_DISCONNECTED);
    json_object_put(reply);
}

static void test_answers_of_another_shape(G_GNUC_UNUSED void **state)
{
    static const char *const replies[] = { "{}", "[]", "[1, null]", "[{\"label\":3}]", "[{\"label\":\"charserial0\",\"filename\":[]}]" };
    for (guint i = 0; i < G_N_ELEMENTS(replies); i++) {
        json_object *reply = json_tokener_parse(replies[i]);
        g_autoptr(DomainDef) def = domain_new();
        Chardev *serial = add(def, DEV_SERIAL, CHR_PTY, "serial0");
        chardevs_fill_ptys(def, reply);
        assert_null(serial->src.path);
        json_object_put(reply);
    }
}

static void test_log_keeps_or_truncates(G_GNUC_UNUSED void **state)
{
    static const struct { Tristate append; const char *left; } cases[] = {
        { TRI_YES, "old new" }, { TRI_NO, " new" }, { TRI_ABSENT, " new" },
    };
    g_autofree char *dir = g_dir_make_tmp("chardev-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "log", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = NULL;
        g_autoptr(GHashTable) fds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(DomainDef) def = domain_new();
        Chardev *serial = add(def, DEV_SERIAL, CHR_PTY, "serial0");
        serial->src.log.file = g_strdup(path);
        serial->src.log.append = cases[i].append;
        assert_true(g_file_set_contents(path, "old", -1, NULL));
        assert_true(chardevs_open_files(def, fds, NULL));
        GArray *fd = g_hash_table_lookup(fds, "charserial0-log");
        assert_non_null(fd);
        assert_int_equal(write(g_array_index(fd, int, 0), " new", 4), 4);
        close(g_array_index(fd, int, 0));
        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        assert_string_equal(text, cases[i].left);
    }
    g_unlink(path);
    g_rmdir(dir);
}

static void test_finding(G_GNUC_UNUSED void **state)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(DomainDef) def = domain_new();
    Chardev *serial = add(def, DEV_SERIAL, CHR_PTY, "serial0"), *channel = add_channel(def, "org.agent");
    assert_ptr_equal(chardev_find(def, NULL, false, NULL), serial);
    assert_ptr_equal(chardev_find(def, "serial0", false, NULL), serial);
    assert_ptr_equal(chardev_find(def, "org.agent", true, NULL), channel);
    assert_null(chardev_find(def, "serial7", false, &err));
    assert_non_null(strstr(err->message, "serial7"));
}

static void test_opening_a_terminal(G_GNUC_UNUSED void **state)
{
    char byte = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    g_autoptr(DomainDef) def = domain_new();
    Chardev *serial = add(def, DEV_SERIAL, CHR_PTY, "serial0");
    serial->src.path = g_strdup(ptsname(master));
    int fd = chardev_open(serial, NULL);
    assert_true(fd >= 0);
    /* Raw: a newline stays one, and nothing comes back as an echo. */
    assert_int_equal(write(master, "\n", 1), 1);
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(byte, '\n');
    close(fd);
    close(master);
}

static void test_nothing_to_open(G_GNUC_UNUSED void **state)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(DomainDef) def = domain_new();
    assert_int_equal(chardev_open(add(def, DEV_SERIAL, CHR_NULL, "serial0"), &err), -1);
    assert_non_null(strstr(err->message, "'serial0' of type 'null'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel_sockets),
        cmocka_unit_test(test_named_socket_is_kept),
        cmocka_unit_test(test_folders_come_and_go),
        cmocka_unit_test(test_ptys_and_states),
        cmocka_unit_test(test_answers_of_another_shape),
        cmocka_unit_test(test_log_keeps_or_truncates),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_opening_a_terminal),
        cmocka_unit_test(test_nothing_to_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
