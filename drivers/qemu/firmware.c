/* The host's firmware images, by their descriptors (QEMU's docs/interop/firmware.json). */
#include "config.h"
#include <string.h>
#include "drivers/qemu/build.h"
#include "drivers/qemu/firmware.h"
#include "drivers/qemu/firmware_template.h"

#define MAX_DESCRIPTOR (1 << 20)

static const char *const usual_dirs[] = { "/etc/qemu/firmware", "/usr/share/qemu/firmware", NULL };

/* --- descriptors */

static json_object *member(json_object *o, const char *name, json_type type)
{
    json_object *value = NULL;
    return o && json_object_object_get_ex(o, name, &value) && json_object_is_type(value, type) ? value : NULL;
}

static const char *text(json_object *o, const char *name)
{
    json_object *value = member(o, name, json_type_string);
    return value ? json_object_get_string(value) : NULL;
}

static bool lists(json_object *o, const char *name, const char *wanted)
{
    json_object *list = member(o, name, json_type_array);
    for (gsize i = 0; list && i < json_object_array_length(list); i++) {
        json_object *item = json_object_array_get_idx(list, i);
        if (json_object_is_type(item, json_type_string) && g_str_equal(json_object_get_string(item), wanted))
            return true;
    }
    return false;
}

static json_object *read_descriptor(const char *path)
{
    g_autofree char *bytes = NULL;
    gsize len = 0;
    if (!g_file_get_contents(path, &bytes, &len, NULL) || !len || len > MAX_DESCRIPTOR)
        return NULL;
    json_object *o = json_tokener_parse(bytes);
    if (o && !json_object_is_type(o, json_type_object))
        g_clear_pointer(&o, json_object_put);
    return o;
}

static gint by_name(gconstpointer a, gconstpointer b, G_GNUC_UNUSED gpointer user)
{
    return strcmp(a, b);
}

/* Paths in the order of the files' names; a name counts once, in the first folder that has it. An empty file
 * there hides the others. */
static GPtrArray *descriptor_paths(const char *const *dirs)
{
    g_autoptr(GTree) names = g_tree_new_full(by_name, NULL, g_free, g_free);
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; dirs[i]; i++) {
        g_autoptr(GDir) dir = g_dir_open(dirs[i], 0, NULL);
        for (const char *name; dir && (name = g_dir_read_name(dir));)
            if (g_str_has_suffix(name, ".json") && !g_tree_lookup(names, name))
                g_tree_insert(names, g_strdup(name), g_build_filename(dirs[i], name, NULL));
    }
    for (GTreeNode *n = g_tree_node_first(names); n; n = g_tree_node_next(n))
        g_ptr_array_add(paths, g_strdup(g_tree_node_value(n)));
    return paths;
}

/* --- does one fit? */

static bool fits_machine(json_object *d, const Os *os)
{
    json_object *targets = member(d, "targets", json_type_array);
    for (gsize i = 0; targets && i < json_object_array_length(targets); i++) {
        json_object *target = json_object_array_get_idx(targets, i);
        json_object *machines = member(target, "machines", json_type_array);
        if (g_strcmp0(text(target, "architecture"), os->arch) != 0)
            continue;
        for (gsize k = 0; machines && k < json_object_array_length(machines); k++) {
            const char *pattern = json_object_get_string(json_object_array_get_idx(machines, k));
            if (pattern && g_pattern_match_simple(pattern, os->machine))
                return true;
        }
    }
    return false;
}

static bool fits_features(json_object *d, const DomainDef *def)
{
    const DomainFrame *f = &def->frame;
    const GPtrArray *wanted = f->os.firmware_features;
    for (guint i = 0; wanted && i < wanted->len; i++) {
        const FirmwareFeature *feature = g_ptr_array_index(wanted, i);
        bool has = lists(d, "features", xm_enum_name(&firmware_feature, feature->name));
        if (feature->enabled && has != (feature->enabled == TRI_YES))
            return false;
    }
    if (lists(d, "features", "requires-smm") && f->features.smm.state == TRI_NO)
        return false;
    if ((f->pm_suspend.mem == TRI_YES && !lists(d, "features", "acpi-s3")) ||
        (f->pm_suspend.disk == TRI_YES && !lists(d, "features", "acpi-s4")))
        return false;
    if (!f->launch_security || f->launch_security->type != LAUNCH_SEV)
        return true;
    bool encrypted_state = f->launch_security->policy.v & 0x4;
    return lists(d, "features", encrypted_state ? "amd-sev-es" : "amd-sev");
}

/* Flash in two parts ("split", the default), in one ("combined", "stateless": no variables), or memory. */
static bool fits_mapping(json_object *d, const Os *os)
{
    json_object *mapping = member(d, "mapping", json_type_object);
    const char *device = text(mapping, "device"), *mode = text(mapping, "mode");
    bool split = !mode || g_str_equal(mode, "split");
    if (g_strcmp0(device, "memory") == 0)
        return text(mapping, "filename") && os->loader.stateless != TRI_NO && !os->nvram.path;
    if (g_strcmp0(device, "flash") != 0 || !text(member(mapping, "executable", json_type_object), "filename"))
        return false;
    if (g_strcmp0(text(member(mapping, "executable", json_type_object), "format"), "raw") != 0)
        return false;
    return os->loader.stateless == TRI_YES ? g_strcmp0(mode, "stateless") == 0 : split;
}

static bool fits(json_object *d, const DomainDef *def)
{
    return lists(d, "interface-types", def->frame.os.firmware == FIRMWARE_EFI ? "uefi" : "bios") &&
           fits_machine(d, &def->frame.os) && fits_features(d, def) && fits_mapping(d, &def->frame.os);
}

/* --- what it means for the guest */

static void apply_flash(Os *os, json_object *mapping, const char *name, const char *lib_dir)
{
    os->loader.type = LOADER_PFLASH;
    os->loader.readonly = TRI_YES;
    os->loader.path = g_strdup(text(member(mapping, "executable", json_type_object), "filename"));
    if (os->loader.stateless == TRI_YES)
        return;
    if (!os->nvram.template)
        os->nvram.template = g_strdup(text(member(mapping, "nvram-template", json_type_object), "filename"));
    if (!os->nvram.path && os->nvram.source.type == SOURCE_NONE)
        os->nvram.path = g_strdup_printf("%s/qemu/nvram/%s_VARS.fd", lib_dir, name);
}

static void apply(DomainDef *def, json_object *d, const char *lib_dir)
{
    DomainFrame *f = &def->frame;
    json_object *mapping = member(d, "mapping", json_type_object);
    if (g_str_equal(text(mapping, "device"), "memory")) {
        f->os.loader.type = LOADER_ROM;
        f->os.loader.path = g_strdup(text(mapping, "filename"));
    } else {
        apply_flash(&f->os, mapping, f->name, lib_dir);
    }
    if (!lists(d, "features", "requires-smm"))
        return;
    f->features.smm.present = true;
    f->features.smm.state = TRI_YES;
    f->os.loader.secure = TRI_YES;
}

bool firmware_select(DomainDef *def, const char *lib_dir, const char *const *dirs, GError **err)
{
    const Os *os = &def->frame.os;
    if (!os->firmware || os->loader.path)
        return true;
    g_autoptr(GPtrArray) paths = descriptor_paths(dirs ? dirs : usual_dirs);
    for (guint i = 0; i < paths->len; i++) {
        json_object *d = read_descriptor(paths->pdata[i]);
        bool fit = d && fits(d, def);
        if (fit)
            apply(def, d, lib_dir);
        json_object_put(d);
        if (fit)
            return true;
    }
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED,
                "Unable to find any firmware to satisfy '%s' for machine '%s': no descriptor in /etc/qemu/firmware or "
                "/usr/share/qemu/firmware fits; install one (package ovmf), or name a <loader>",
                xm_enum_name(&firmware, os->firmware), os->machine);
    return false;
}

/* --- templates of images that the user names */

static void image_free(gpointer data)
{
    g_free(((FirmwareImage *)data)->path);
    g_free(data);
}

GPtrArray *firmware_images(const char *arch, const char *machine, const char *const *dirs)
{
    GPtrArray *images = g_ptr_array_new_with_free_func(image_free);
    g_autoptr(GPtrArray) paths = descriptor_paths(dirs ? dirs : usual_dirs);
    const Os os = { .arch = (char *)arch, .machine = (char *)machine };
    for (guint i = 0; i < paths->len; i++) {
        json_object *d = read_descriptor(paths->pdata[i]), *mapping = member(d, "mapping", json_type_object);
        const char *path = text(member(mapping, "executable", json_type_object), "filename");
        path = path ? path : text(mapping, "filename");
        if (path && fits_machine(d, &os)) {
            FirmwareImage *image = g_new0(FirmwareImage, 1);
            *image = (FirmwareImage){ g_strdup(path), lists(d, "interface-types", "uefi"), lists(d, "features", "requires-smm") };
            g_ptr_array_add(images, image);
        }
        json_object_put(d);
    }
    return images;
}

char *firmware_template_of(const char *loader, const char *const *dirs)
{
    g_autoptr(GPtrArray) paths = descriptor_paths(dirs ? dirs : usual_dirs);
    char *found = NULL;
    for (guint i = 0; i < paths->len && !found; i++) {
        json_object *d = read_descriptor(paths->pdata[i]), *mapping = member(d, "mapping", json_type_object);
        if (g_strcmp0(text(member(mapping, "executable", json_type_object), "filename"), loader) == 0)
            found = g_strdup(text(member(mapping, "nvram-template", json_type_object), "filename"));
        json_object_put(d);
    }
    return found;
}
