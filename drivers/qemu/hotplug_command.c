/* From the difference of two definitions to QMP: each argument of the command line that only one of them has is a
 * command, with the same JSON. */
#include <string.h>
#include "drivers/qemu/build.h"
#include "drivers/qemu/define.h"
#include "drivers/qemu/hotplug.h"

enum { CALL_TIMEOUT_MS = 10000 };

static const struct { const char *option, *add, *remove, *id; } verbs[] = {
    { "-object", "object-add", "object-del", "id" },
    { "-blockdev", "blockdev-add", "blockdev-del", "node-name" },
    { "-netdev", "netdev_add", "netdev_del", "id" },
    { "-device", "device_add", NULL, "id" },         /* removed by the guest's leave */
};

/* @def's command line. Nothing is opened; @fds: what was, of which it holds copies. Gives. */
static QemuCommand *command_of(const Change *c, DomainDef *def, GHashTable *fds, GError **err)
{
    const QemuDriverConfig *config = &c->driver->config;
    g_autoptr(QemuCaps) caps = driver_caps(c->driver, qemu_emulator_of(def), err);
    if (!caps)
        return NULL;
    QemuBuild b = { .def = def, .caps = caps, .lib_dir = config->lib_dir, .domain_dir = c->run->dir, .run_dir = config->run_dir,
                    .log_dir = config->log_dir, .fds = fds, .dry = true, .session = config->session };
    return qemu_build(&b, err);
}

static json_object *words_of(json_object *all, size_t i)
{
    return json_object_object_get(json_object_array_get_idx(all, i), "argument");
}

static const char *word(json_object *words, size_t i)
{
    return json_object_get_string(json_object_array_get_idx(words, i));
}

static GHashTable *count(json_object *all)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        json_object *words = words_of(all, i);
        char *key = g_strjoin(" ", word(words, 0), word(words, 1), NULL);
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, key));
        g_hash_table_replace(seen, key, GUINT_TO_POINTER(n + 1));
    }
    return seen;
}

static void drop_json(gpointer value)
{
    json_object_put(value);
}

/* What @all has and @other has not, in order: arrays of words. Gives references. */
static GPtrArray *only_in(json_object *all, json_object *other)
{
    g_autoptr(GHashTable) seen = count(other);
    GPtrArray *only = g_ptr_array_new_with_free_func(drop_json);
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        json_object *words = words_of(all, i);
        char *key = g_strjoin(" ", word(words, 0), word(words, 1), NULL);
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, key));
        if (n) {
            g_hash_table_replace(seen, key, GUINT_TO_POINTER(n - 1));
            continue;
        }
        g_free(key);
        g_ptr_array_add(only, json_object_get(words));
    }
    return only;
}

static int verb_of(const char *option)
{
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (!strcmp(verbs[i].option, option))
            return (int)i;
    return -1;
}

/* --- descriptors: on a command line they are inherited under their numbers, here they are given by name */

static char *give_all(Run *run, const char *id, const char *member, const char *numbers, GError **err)
{
    g_auto(GStrv) list = g_strsplit(numbers, ":", -1);
    GString *names = g_string_new(NULL);
    for (guint i = 0; list[i]; i++) {
        g_autofree char *name = g_strdup_printf("%s-%s-%u", id, member, i);
        if (!qmp_give_fd(run->qmp, name, atoi(list[i]), CALL_TIMEOUT_MS, err)) {
            g_string_free(names, TRUE);
            return NULL;
        }
        g_string_append_printf(names, "%s%s", names->len ? ":" : "", name);
    }
    return g_string_free(names, FALSE);
}

static bool give_fds(Run *run, json_object *value, GError **err)
{
    static const char *const members[] = { "fd", "fds", "vhostfd", "vhostfds" };
    const char *id = json_object_get_string(json_object_object_get(value, "id"));
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        json_object *numbers;
        if (!json_object_object_get_ex(value, members[i], &numbers))
            continue;
        g_autofree char *names = give_all(run, id, members[i], json_object_get_string(numbers), err);
        if (!names)
            return false;
        json_object_object_add(value, members[i], json_object_new_string(names));
    }
    return true;
}

/* --- telling */

static bool remove_one(Run *run, int verb, const char *id, GError **err)
{
    json_object *args = json_object_new_object();
    const char *command = verbs[verb].remove ? verbs[verb].remove : "device_del";
    json_object_object_add(args, verbs[verb].id, json_object_new_string(id));
    g_autoptr(QmpReply) reply = qmp_call(run->qmp, command, args, CALL_TIMEOUT_MS, err);
    return reply;
}

static const char *id_of(json_object *value, int verb)
{
    return json_object_get_string(json_object_object_get(value, verbs[verb].id));
}

static bool add_one(Run *run, json_object *words, GError **err)
{
    int verb = verb_of(word(words, 0));
    json_object *value = verb >= 0 ? json_tokener_parse(word(words, 1)) : NULL;
    if (!value) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_UNSUPPORTED, "this device cannot be plugged into a running guest: it needs QEMU's %s; "
                    "attach it to the stored definition (--config)", word(words, 0));
        return false;
    }
    if (!give_fds(run, value, err)) {
        json_object_put(value);
        return false;
    }
    g_autoptr(QmpReply) reply = qmp_call(run->qmp, verbs[verb].add, value, CALL_TIMEOUT_MS, err);
    return reply;
}

/* The first @n again, backwards. */
static void take_back(Run *run, GPtrArray *added, guint n)
{
    for (guint i = n; i-- > 0;) {
        g_autoptr(GError) why = NULL;
        json_object *words = added->pdata[i], *value = json_tokener_parse(word(words, 1));
        int verb = verb_of(word(words, 0));
        if (value && !remove_one(run, verb, id_of(value, verb), &why))
            g_warning("what was plugged in half is not taken out: %s", why->message);
        json_object_put(value);
    }
}

static bool add_all(Run *run, GPtrArray *added, GError **err)
{
    for (guint i = 0; i < added->len; i++)
        if (!add_one(run, added->pdata[i], err)) {
            take_back(run, added, i);
            return false;
        }
    return true;
}

/* The arguments ([["-device", "{...}"], ...]) that @more has and @less has not. Gives. */
static GPtrArray *difference(const QemuCommand *more, const QemuCommand *less)
{
    json_object *a = qemu_command_explain(more), *b = qemu_command_explain(less);
    GPtrArray *only = only_in(a, b);
    json_object_put(a);
    json_object_put(b);
    return only;
}

bool hotplug_add(const Change *c, GHashTable *fds, GError **err)
{
    g_autoptr(DomainDef) before = domain_def_copy(c->was);
    g_autoptr(QemuCommand) was = command_of(c, before, NULL, err);
    g_autoptr(QemuCommand) now = was ? command_of(c, c->now, fds, err) : NULL;
    g_autoptr(GPtrArray) added = now ? difference(now, was) : NULL;
    return added && add_all(c->run, added, err);
}

bool hotplug_add_nodes(const Change *c, GError **err)
{
    g_autoptr(DomainDef) before = domain_def_copy(c->was);
    g_autoptr(QemuCommand) was = command_of(c, before, NULL, err);
    g_autoptr(QemuCommand) now = was ? command_of(c, c->now, NULL, err) : NULL;
    g_autoptr(GPtrArray) added = now ? difference(now, was) : NULL;
    for (guint i = added ? added->len : 0; i-- > 0;)
        if (!strcmp(word(added->pdata[i], 0), "-device"))
            g_ptr_array_remove_index(added, i);
    return added && add_all(c->run, added, err);
}

bool hotplug_remove(const Change *c, GError **err)
{
    g_autoptr(DomainDef) before = domain_def_copy(c->was);
    g_autoptr(QemuCommand) was = command_of(c, before, NULL, err);
    g_autoptr(QemuCommand) now = was ? command_of(c, c->now, NULL, err) : NULL;
    g_autoptr(GPtrArray) gone = now ? difference(was, now) : NULL;
    bool ok = gone;
    for (guint i = gone ? gone->len : 0; i-- > 0;) {
        json_object *words = gone->pdata[i], *value = json_tokener_parse(word(words, 1));
        int verb = verb_of(word(words, 0));
        if (value && verb >= 0 && verbs[verb].remove)
            ok = remove_one(c->run, verb, id_of(value, verb), ok ? err : NULL) && ok;
        json_object_put(value);
    }
    return ok;
}
