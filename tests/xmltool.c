/* xmltool: what the driver makes of a domain's XML, without a daemon.
 *   xmltool [--lib DIR] FILE...         canonical XML, then the command line
 *   xmltool [--lib DIR] --batch         JSON lines on standard input: {"name", "input"}; on standard output
 *                                       {"name", "xml", "argv", "error": [code, domain, text], "argv_error"} */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include "drivers/qemu/build.h"
#include "drivers/qemu/define.h"

static char *lib_dir = NULL, *cache_dir = NULL;
static gboolean batch = FALSE, validate = FALSE;
static GHashTable *all_caps;      /* binary -> QemuCaps */

static const GOptionEntry options[] = {
    { "lib", 0, 0, G_OPTION_ARG_FILENAME, &lib_dir, "state folder in the answers", "DIR" },
    { "cache", 0, 0, G_OPTION_ARG_FILENAME, &cache_dir, "where QEMU's capabilities are kept", "DIR" },
    { "batch", 0, 0, G_OPTION_ARG_NONE, &batch, "JSON lines in and out", NULL },
    { "validate", 0, 0, G_OPTION_ARG_NONE, &validate, "refuse unknown elements and attributes", NULL },
    { NULL },
};

static QemuCaps *caps_of(const DomainDef *def, GError **err)
{
    const char *binary = qemu_emulator_of(def);
    QemuCaps *caps = g_hash_table_lookup(all_caps, binary);
    if (!caps && (caps = qemu_caps_get(binary, cache_dir, err)))
        g_hash_table_insert(all_caps, g_strdup(binary), caps);
    return caps;
}

static json_object *error_json(const GError *err)
{
    g_autofree char *text = qv_error_text(err);
    json_object *e = json_object_new_array();
    json_object_array_add(e, json_object_new_int(qv_error_libvirt_code(err)));
    json_object_array_add(e, json_object_new_int(qv_error_libvirt_domain(err)));
    json_object_array_add(e, json_object_new_string(text));
    return e;
}

static char *native(DomainDef *def, QemuCaps *caps, GError **err)
{
    g_autofree char *name = g_strndup(def->frame.name, 20);
    g_autofree char *dir = g_strdup_printf("%s/qemu/domain--1-%s", lib_dir, name);
    QemuBuild b = { .def = def, .caps = caps, .lib_dir = lib_dir, .domain_dir = dir, .run_dir = "/run/qvirt",
                    .log_dir = "/var/log/qvirt", .dry = true };
    if (!qemu_prepare_live(def, &b, err))
        return NULL;
    g_autoptr(QemuCommand) cmd = qemu_build(&b, err);
    return cmd ? qemu_command_text(cmd) : NULL;
}

static DomainDef *defined(const char *text, QemuCaps **ret_caps, GError **err)
{
    g_autoptr(DomainDef) def = domain_def_parse(text, strlen(text), NULL, validate ? XM_PARSE_STRICT : 0, err);
    if (!def || !(*ret_caps = caps_of(def, err)))
        return NULL;
    DefineCtx ctx = { .caps = *ret_caps, .lib_dir = lib_dir };
    return qemu_define(def, &ctx, err) ? g_steal_pointer(&def) : NULL;
}

static json_object *answer(const char *text)
{
    g_autoptr(GError) err = NULL;
    QemuCaps *caps = NULL;
    json_object *a = json_object_new_object();
    g_autoptr(DomainDef) def = defined(text, &caps, &err);
    if (!def) {
        json_object_object_add(a, "error", error_json(err));
        return a;
    }
    g_autofree char *xml = domain_def_format(def, XM_FORMAT_SECRET), *argv = native(def, caps, &err);
    json_object_object_add(a, "xml", json_object_new_string(xml));
    if (argv)
        json_object_object_add(a, "argv", json_object_new_string(argv));
    else
        json_object_object_add(a, "argv_error", error_json(err));
    return a;
}

static void run_batch(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        json_object *question = json_tokener_parse(line), *name = NULL, *input = NULL;
        json_object_object_get_ex(question, "name", &name);
        json_object_object_get_ex(question, "input", &input);
        json_object *a = answer(input ? json_object_get_string(input) : "");
        json_object_object_add(a, "name", json_object_get(name));
        puts(json_object_to_json_string_ext(a, JSON_C_TO_STRING_PLAIN));
        fflush(stdout);
        json_object_put(a);
        json_object_put(question);
    }
    free(line);
}

static void print_member(json_object *a, const char *name)
{
    json_object *v;
    if (json_object_object_get_ex(a, name, &v))
        printf("%s\n", json_object_is_type(v, json_type_array) ? json_object_get_string(json_object_array_get_idx(v, 2))
                                                               : json_object_get_string(v));
}

static int run_file(const char *path)
{
    static const char *const members[] = { "xml", "argv", "error", "argv_error" };
    g_autofree char *text = NULL;
    g_autoptr(GError) err = NULL;
    if (!g_file_get_contents(path, &text, NULL, &err)) {
        fprintf(stderr, "%s\n", err->message);
        return 1;
    }
    json_object *a = answer(text);
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        print_member(a, members[i]);
    int status = json_object_object_get_ex(a, "error", NULL);
    json_object_put(a);
    return status;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("[FILE...]");
    g_autoptr(GError) err = NULL;
    int status = 0;
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &err)) {
        fprintf(stderr, "xmltool: %s\n", err->message);
        return 2;
    }
    if (!lib_dir)
        lib_dir = g_strdup("/var/lib/qvirt");
    if (!cache_dir)
        cache_dir = g_build_filename(g_get_user_cache_dir(), "qvirt-xmltool", NULL);
    all_caps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)qemu_caps_unref);
    if (batch)
        run_batch();
    for (int i = 1; i < argc; i++)
        status |= run_file(argv[i]);
    g_hash_table_unref(all_caps);
    g_free(lib_dir);
    g_free(cache_dir);
    return status;
}
