#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "drivers/qemu/caps_data.h"

struct QemuCaps {
    gint refs;
    char *binary, *arch, *package;
    guint version;
    bool kvm;
    json_object *data;
    GHashTable *types;       /* const char * of data */
    GHashTable *props;       /* "type.property" */
    GHashTable *schema;      /* name -> json_object * of data */
    GArray *machines;        /* QemuMachine, strings of data */
};

/* --- reading JSON */

static json_object *get(json_object *o, const char *name)
{
    json_object *v = NULL;
    json_object_object_get_ex(o, name, &v);
    return v;
}

static const char *get_str(json_object *o, const char *name)
{
    json_object *v = get(o, name);
    return v ? json_object_get_string(v) : NULL;
}

static guint get_uint(json_object *o, const char *name)
{
    return (guint)json_object_get_int64(get(o, name));
}

static size_t length(json_object *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

/* --- building */

static void add_machines(QemuCaps *c)
{
    json_object *all = get(c->data, "machines");
    for (size_t i = 0; i < length(all); i++) {
        json_object *m = json_object_array_get_idx(all, i);
        json_object *acpi = get(m, "acpi");
        QemuMachine machine = {
            .name = get_str(m, "name"), .alias = get_str(m, "alias"), .max_cpus = get_uint(m, "cpu-max"),
            .hotpluggable_cpus = json_object_get_boolean(get(m, "hotpluggable-cpus")),
            .numa_mem_supported = json_object_get_boolean(get(m, "numa-mem-supported")),
            .deprecated = json_object_get_boolean(get(m, "deprecated")),
            .is_default = json_object_get_boolean(get(m, "is-default")),
            .acpi = !acpi || json_object_get_boolean(acpi),
            .default_cpu = get_str(m, "default-cpu-type"), .default_ram_id = get_str(m, "default-ram-id"),
        };
        if (machine.name)
            g_array_append_val(c->machines, machine);
    }
}

static void add_names(QemuCaps *c)
{
    json_object *types = get(c->data, "types"), *schema = get(c->data, "schema"), *props = get(c->data, "props");
    for (size_t i = 0; i < length(types); i++)
        g_hash_table_add(c->types, (gpointer)json_object_get_string(json_object_array_get_idx(types, i)));
    for (size_t i = 0; i < length(schema); i++) {
        json_object *entry = json_object_array_get_idx(schema, i);
        if (get_str(entry, "name"))
            g_hash_table_insert(c->schema, (gpointer)get_str(entry, "name"), entry);
    }
    if (!props)
        return;
    json_object_object_foreach(props, type, names)
        for (size_t i = 0; i < length(names); i++)
            g_hash_table_add(c->props, g_strdup_printf("%s.%s", type, json_object_get_string(json_object_array_get_idx(names, i))));
}

bool caps_host_kvm(void)
{
    return access("/dev/kvm", R_OK | W_OK) == 0;
}

QemuCaps *caps_from_data(const char *binary, json_object *data)
{
    QemuCaps *c = g_new0(QemuCaps, 1);
    json_object *version = get(data, "version"), *numbers = version ? get(version, "qemu") : NULL;
    c->refs = 1;
    c->binary = g_strdup(binary);
    c->data = data;
    c->arch = g_strdup(get(data, "target") ? get_str(get(data, "target"), "arch") : "");
    if (g_str_equal(c->arch, "i386")) {
        g_free(c->arch);
        c->arch = g_strdup("i686");
    }
    c->package = g_strdup(version && get_str(version, "package") ? get_str(version, "package") : "");
    c->version = numbers ? get_uint(numbers, "major") * 1000000 + get_uint(numbers, "minor") * 1000 + get_uint(numbers, "micro") : 0;
    c->kvm = get(data, "kvm") && json_object_get_boolean(get(get(data, "kvm"), "present")) && caps_host_kvm();
    c->types = g_hash_table_new(g_str_hash, g_str_equal);
    c->props = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    c->schema = g_hash_table_new(g_str_hash, g_str_equal);
    c->machines = g_array_new(FALSE, FALSE, sizeof(QemuMachine));
    add_machines(c);
    add_names(c);
    return c;
}

QemuCaps *qemu_caps_ref(QemuCaps *c)
{
    g_atomic_int_inc(&c->refs);
    return c;
}

void qemu_caps_unref(QemuCaps *c)
{
    if (!c || !g_atomic_int_dec_and_test(&c->refs))
        return;
    g_hash_table_unref(c->types);
    g_hash_table_unref(c->props);
    g_hash_table_unref(c->schema);
    g_array_unref(c->machines);
    json_object_put(c->data);
    g_free(c->binary);
    g_free(c->arch);
    g_free(c->package);
    g_free(c);
}

/* --- probing and the cache */

QemuCaps *qemu_caps_probe(const char *binary, GError **err)
{
    json_object *data = caps_ask(binary, false, err), *with_kvm = NULL;
    if (!data)
        return NULL;
    /* CPU models differ with the accelerator; everything else does not. */
    if (caps_host_kvm() && (with_kvm = caps_ask(binary, true, NULL))) {
        json_object_object_add(data, "cpus-kvm", json_object_get(get(with_kvm, "cpus")));
        json_object_object_add(data, "models-kvm", json_object_get(get(with_kvm, "models")));
        json_object_put(with_kvm);
    }
    return caps_from_data(binary, data);
}

/* What the answers depend on; another key makes the file worthless. */
static char *cache_key(const char *binary)
{
    struct stat st;
    if (stat(binary, &st) < 0)
        return NULL;
    return g_strdup_printf("%d %s %ju %jd %jd.%09ld %d", CAPS_FORMAT, binary, (uintmax_t)st.st_ino, (intmax_t)st.st_size,
                           (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, caps_host_kvm());
}

static char *cache_path(const char *binary, const char *cache_dir)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, binary, -1);
    return g_strdup_printf("%s/capabilities/%s.json", cache_dir, sum);
}

static QemuCaps *cache_read(const char *binary, const char *path, const char *key)
{
    json_object *file = json_object_from_file(path);
    json_object *data = get(file, "data");
    QemuCaps *caps = data && g_strcmp0(get_str(file, "key"), key) == 0 ? caps_from_data(binary, json_object_get(data)) : NULL;
    json_object_put(file);
    return caps;
}

/* A cache that cannot be written costs time only. */
static void cache_write(const QemuCaps *caps, const char *path, const char *key)
{
    g_autofree char *dir = g_path_get_dirname(path);
    json_object *file = json_object_new_object();
    json_object_object_add(file, "key", json_object_new_string(key));
    json_object_object_add(file, "data", json_object_get(caps->data));
    g_mkdir_with_parents(dir, 0755);
    g_file_set_contents(path, json_object_to_json_string_ext(file, JSON_C_TO_STRING_PLAIN), -1, NULL);
    json_object_put(file);
}

QemuCaps *qemu_caps_get(const char *binary, const char *cache_dir, GError **err)
{
    g_autofree char *key = cache_key(binary), *path = cache_dir ? cache_path(binary, cache_dir) : NULL;
    if (!key) {
        qv_error_errno(err, errno, "cannot use the emulator '%s'", binary);
        return NULL;
    }
    QemuCaps *caps = path ? cache_read(binary, path, key) : NULL;
    if (caps)
        return caps;
    caps = qemu_caps_probe(binary, err);
    if (caps && path)
        cache_write(caps, path, key);
    return caps;
}

/* --- answers */

const char *qemu_caps_binary(const QemuCaps *c) { return c->binary; }
const char *qemu_caps_arch(const QemuCaps *c) { return c->arch; }
guint qemu_caps_version(const QemuCaps *c) { return c->version; }
const char *qemu_caps_package(const QemuCaps *c) { return c->package; }
bool qemu_caps_kvm(const QemuCaps *c) { return c->kvm; }

bool qemu_caps_has_type(const QemuCaps *c, const char *qom_type)
{
    return qom_type && g_hash_table_contains(c->types, qom_type);
}

bool qemu_caps_has_prop(const QemuCaps *c, const char *qom_type, const char *prop)
{
    g_autofree char *key = g_strdup_printf("%s.%s", qom_type, prop);
    return g_hash_table_contains(c->props, key);
}

bool qemu_caps_has_command(const QemuCaps *c, const char *qmp_command)
{
    json_object *entry = g_hash_table_lookup(c->schema, qmp_command);
    return entry && g_strcmp0(get_str(entry, "meta-type"), "command") == 0;
}

/* The member of @entry that @step names, as a schema entry's name. */
static const char *schema_step(json_object *entry, const char *step)
{
    bool arm = *step == '+';
    json_object *list = get(entry, arm ? "variants" : "members");
    if (!arm && get_str(entry, step))      /* arg-type, ret-type, element-type */
        return get_str(entry, step);
    for (size_t i = 0; i < length(list); i++) {
        json_object *one = json_object_array_get_idx(list, i);
        if (g_strcmp0(get_str(one, arm ? "case" : "name"), step + arm) == 0)
            return get_str(one, "type");
    }
    return NULL;
}

static bool schema_value(json_object *entry, const char *value)
{
    json_object *values = get(entry, "values");
    for (size_t i = 0; i < length(values); i++)
        if (g_strcmp0(json_object_get_string(json_object_array_get_idx(values, i)), value) == 0)
            return true;
    return false;
}

bool qemu_caps_has_schema(const QemuCaps *c, const char *path)
{
    g_auto(GStrv) steps = g_strsplit(path, "/", -1);
    json_object *entry = steps[0] ? g_hash_table_lookup(c->schema, steps[0]) : NULL;
    for (guint i = 1; entry && steps[i]; i++) {
        if (g_strcmp0(get_str(entry, "meta-type"), "array") == 0 && get_str(entry, "element-type"))
            entry = g_hash_table_lookup(c->schema, get_str(entry, "element-type"));
        if (entry && *steps[i] == '^')
            return schema_value(entry, steps[i] + 1);
        const char *next = entry ? schema_step(entry, steps[i]) : NULL;
        entry = next ? g_hash_table_lookup(c->schema, next) : NULL;
        if (next && !entry)                /* a built-in type has no entry of its own */
            return !steps[i + 1];
    }
    return entry != NULL;
}

const QemuMachine *qemu_caps_machine(const QemuCaps *c, const char *name)
{
    for (guint i = 0; i < c->machines->len; i++) {
        const QemuMachine *m = &g_array_index(c->machines, QemuMachine, i);
        if (name ? g_str_equal(m->name, name) || g_strcmp0(m->alias, name) == 0 : m->is_default)
            return m;
    }
    return NULL;
}

guint qemu_caps_machines(const QemuCaps *c, const QemuMachine **ret_first)
{
    *ret_first = (const QemuMachine *)(gconstpointer)c->machines->data;
    return c->machines->len;
}

json_object *qemu_caps_cpu_models(const QemuCaps *c, bool kvm)
{
    json_object *models = kvm ? get(c->data, "cpus-kvm") : NULL;
    return models ? models : get(c->data, "cpus");
}

json_object *qemu_caps_cpu_expanded(const QemuCaps *c, bool kvm, const char *model)
{
    json_object *all = get(c->data, kvm ? "models-kvm" : "models");
    return all ? get(all, model) : NULL;
}
