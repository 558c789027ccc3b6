/* The command line's rendering: JSON, escaped options, quoting, and the reasons. */
#include "drivers/qemu/command.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

typedef struct { const char *name, *json, *wanted; } Case;

static const Case cases[] = {
    { "bare first word", "{\"\": \"socket\", \"id\": \"a\"}", "socket,id=a" },
    { "comma is doubled", "{\"file\": \"/a,b,,c\"}", "file=/a,,b,,,,c" },
    { "booleans and numbers", "{\"server\": true, \"wait\": false, \"n\": 12}", "server=on,wait=off,n=12" },
    { "an array repeats its key", "{\"channel\": [\"a\", \"b\"]}", "channel=a,channel=b" },
    { "an object is dotted", "{\"cache\": {\"direct\": true, \"x\": {\"y\": 1}}}", "cache.direct=on,cache.x.y=1" },
    { "equals sign is nothing special", "{\"k\": \"a=b\"}", "k=a=b" },
};

static void test_opts(void **state)
{
    const Case *c = *state;
    g_autoptr(QemuCommand) cmd = qemu_command_new("/bin/qemu");
    qemu_command_opts(cmd, "-x", json_tokener_parse(c->json), reason_why("test"));
    g_auto(GStrv) argv = qemu_command_argv(cmd);
    assert_string_equal(argv[0], "/bin/qemu");
    assert_string_equal(argv[1], "-x");
    assert_string_equal(argv[2], c->wanted);
    assert_null(argv[3]);
}

static void text_can_be_pasted_into_a_shell(void **state)
{
    g_autoptr(QemuCommand) cmd = qemu_command_new("/bin/qemu");
    json_object *p = props_new("virtio-blk-pci", "d0");
    props_str(p, "serial", "it's");
    qemu_command_env(cmd, "LC_ALL", "C");
    qemu_command_flag(cmd, "-S", reason_why("started by the daemon"));
    qemu_command_json(cmd, "-device", p, reason_path("/domain/devices/disk[1]", 7));
    g_autofree char *text = qemu_command_text(cmd);
    assert_string_equal(text, "LC_ALL=C \\\n/bin/qemu \\\n-S \\\n"
                        "-device '{\"driver\":\"virtio-blk-pci\",\"id\":\"d0\",\"serial\":\"it'\\''s\"}'\n");
}

static void reasons_are_told(void **state)
{
    g_autoptr(QemuCommand) cmd = qemu_command_new("q");
    qemu_command_word(cmd, "-name", "x", reason_path("/domain/name", 2));
    json_object *list = qemu_command_explain(cmd);
    assert_string_equal(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
                        "[{\"argument\":[\"-name\",\"x\"],\"path\":\"/domain/name\",\"line\":2}]");
    json_object_put(list);
}

static void absent_properties_are_left_out(void **state)
{
    json_object *p = props_new("d", NULL);
    props_str(p, "a", NULL);
    props_tri(p, "b", TRI_ABSENT);
    props_u64_opt(p, "c", 0);
    props_optu32(p, "d", (OptU32){ 0 });
    props_onoff(p, "e", TRI_NO);
    assert_string_equal(json_object_to_json_string_ext(p, JSON_C_TO_STRING_PLAIN), "{\"driver\":\"d\",\"e\":\"off\"}");
    json_object_put(p);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases) + 3];
    guint n = 0;
    for (; n < G_N_ELEMENTS(cases); n++)
        tests[n] = (struct CMUnitTest){ cases[n].name, test_opts, NULL, NULL, (void *)&cases[n] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(text_can_be_pasted_into_a_shell);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(reasons_are_told);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(absent_properties_are_left_out);
    return _cmocka_run_group_tests("command", tests, n, NULL, NULL);
}
