/* The daemon's configuration file: what is understood, and how the rest is refused. */
#include "daemon/settings.h"
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

typedef struct { const char *name, *text, *error; } Case;

static const Case cases[] = {
    { "empty file", "", NULL },
    { "comments and blanks", "# nothing\n\n   # more\n", NULL },
    { "unknown name", "max_client = 5\n", "conf:1: unknown setting 'max_client'; did you mean 'max_clients'?" },
    { "no value", "\naudit\n", "conf:2: 'audit' is not of the form name = value" },
    { "not a number", "max_clients = many\n", "conf:1: 'many' for max_clients is not a number of 1..100000" },
    { "out of range", "max_clients = 0\n", "conf:1: '0' for max_clients is not a number of 1..100000" },
    { "not octal", "unix_sock_rw_perms = 0999\n", "conf:1: '0999' for unix_sock_rw_perms is not an octal mode of 0..777" },
    { "neither yes nor no", "audit = maybe\n", "conf:1: 'maybe' for audit is neither yes nor no" },
    { "open quote", "user = \"me\n", "conf:1: the quote \" is not closed" },
    { "twice", "audit = yes\naudit = no\n", "conf:2: audit is given twice" },
    { "ports crossed", "remote_display_port_min = 6000\nremote_display_port_max = 5950\n",
      "conf: remote_display_port_min 6000 is above remote_display_port_max 5950" },
    { "log level", "log_level = loud\n", "conf: log_level 'loud' is not error, warning, info or debug" },
};

static char *write_conf(const char *text)
{
    char *path = g_build_filename(g_get_tmp_dir(), "qvirt-settings-XXXXXX", NULL);
    close(g_mkstemp(path));
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void test_case(void **state)
{
    const Case *c = *state;
    g_autoptr(GError) err = NULL;
    g_autoptr(DaemonConfig) config = daemon_config_new("/r", false);
    g_autofree char *path = write_conf(c->text);
    bool ok = daemon_config_load(config, path, &err);
    if (c->error) {
        assert_false(ok);
        assert_true(g_str_has_prefix(err->message, path));
        assert_string_equal(err->message + strlen(path), c->error + strlen("conf"));
    } else {
        assert_true(ok);
    }
    g_unlink(path);
}

static void test_values(void **state)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(DaemonConfig) config = daemon_config_new("/r", false);
    g_autofree char *path = write_conf("unix_sock_group = \"kvm\"  # who\nunix_sock_rw_perms=0660\nmax_clients = 7 # few\naudit= off\n");
    assert_true(daemon_config_load(config, path, &err));
    assert_string_equal(config->socket_group, "kvm");
    assert_int_equal(config->socket_mode, 0660);
    assert_int_equal(config->max_clients, 7);
    assert_false(config->audit);
    assert_string_equal(config->run_dir, "/r/run");
    g_unlink(path);
}

/* What --print-config writes is a file that is understood, with every line taken out of its comment too. */
static void test_print(void **state)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(DaemonConfig) config = daemon_config_new(NULL, false);
    g_autofree char *text = daemon_config_print();
    GString *on = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        g_string_append_printf(on, "%s\n", lines[i][0] == '#' && g_ascii_islower(lines[i][1]) ? lines[i] + 1 : lines[i]);
    g_autofree char *path = write_conf(on->str);
    g_string_free(on, TRUE);
    assert_true(daemon_config_load(config, path, &err));
    assert_int_equal(config->max_clients, 5000);
    g_unlink(path);
}

static void test_missing(void **state)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(DaemonConfig) config = daemon_config_new("/nowhere", false);
    assert_true(daemon_config_load(config, NULL, &err));
    assert_false(daemon_config_load(config, "/nowhere/named.conf", &err));
    assert_non_null(strstr(err->message, "/nowhere/named.conf"));
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases) + 3];
    guint n = 0;
    for (; n < G_N_ELEMENTS(cases); n++)
        tests[n] = (struct CMUnitTest){ cases[n].name, test_case, NULL, NULL, (void *)&cases[n] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_values);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_print);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_missing);
    return _cmocka_run_group_tests("settings", tests, n, NULL, NULL);
}
