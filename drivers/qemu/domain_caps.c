/* <domainCapabilities>: what a domain of this emulator, machine and accelerator may have. Each value is listed for a
 * reason that QEMU gave (a device type, a schema entry) or the host (a firmware descriptor, a program). */
#include "config.h"
#include <string.h>
#include "drivers/qemu/capabilities_xml.h"
#include "drivers/qemu/cpu_models.h"
#include "drivers/qemu/firmware.h"

typedef struct { GString *out; const QemuCaps *caps; const QemuMachine *machine; const char *arch; bool kvm; } Writer;

/* A value, and the device type that QEMU must have for it (NULL: every QEMU). */
typedef struct { const char *value, *type; } Value;

/* The board that has IDE of its own. */
static bool is_i440fx(const Writer *w)
{
    return g_str_has_prefix(w->machine->name, "pc-i440fx");
}

static void put_enum(const Writer *w, const char *indent, const char *name, const Value *values, guint n)
{
    GString *body = g_string_new(NULL);
    for (guint i = 0; i < n; i++)
        if (!values[i].type || qemu_caps_has_type(w->caps, values[i].type))
            g_string_append_printf(body, "%s  <value>%s</value>\n", indent, values[i].value);
    if (body->len)
        g_string_append_printf(w->out, "%s<enum name='%s'>\n%s%s</enum>\n", indent, name, body->str, indent);
    else
        g_string_append_printf(w->out, "%s<enum name='%s'/>\n", indent, name);
    g_string_free(body, TRUE);
}
#define PUT(w, indent, name, ...) \
    do { \
        static const Value values_[] = { __VA_ARGS__ }; \
        put_enum(w, indent, name, values_, G_N_ELEMENTS(values_)); \
    } while (0)

/* --- firmware */

static void put_os(const Writer *w)
{
    g_autoptr(GPtrArray) images = firmware_images(w->arch, w->machine->name, NULL);
    bool efi = false, secure = false;
    for (guint i = 0; i < images->len; i++) {
        const FirmwareImage *image = images->pdata[i];
        efi = efi || image->efi;
        secure = secure || image->secure;
    }
    g_string_append(w->out, "  <os supported='yes'>\n");
    g_string_append(w->out, efi ? "    <enum name='firmware'>\n      <value>efi</value>\n    </enum>\n" : "    <enum name='firmware'/>\n");
    g_string_append(w->out, "    <loader supported='yes'>\n");
    for (guint i = 0; i < images->len; i++) {
        g_autofree char *path = g_markup_escape_text(((const FirmwareImage *)images->pdata[i])->path, -1);
        g_string_append_printf(w->out, "      <value>%s</value>\n", path);
    }
    PUT(w, "      ", "type", { "rom", NULL }, { "pflash", NULL });
    PUT(w, "      ", "readonly", { "yes", NULL }, { "no", NULL });
    if (secure)
        PUT(w, "      ", "secure", { "yes", NULL }, { "no", NULL });
    else
        PUT(w, "      ", "secure", { "no", NULL });
    g_string_append(w->out, "    </loader>\n  </os>\n");
}

/* --- CPU modes */

static void put_own_mode(const Writer *w, const char *mode, const char *name, bool supported)
{
    if (!supported) {
        g_string_append_printf(w->out, "    <mode name='%s' supported='no'/>\n", mode);
        return;
    }
    g_string_append_printf(w->out, "    <mode name='%s' supported='yes'>\n", mode);
    PUT(w, "      ", name, { "on", NULL }, { "off", NULL });
    g_string_append(w->out, "    </mode>\n");
}

static void put_host_model(const Writer *w)
{
    g_autoptr(CpuData) data = cpu_data_guest(w->caps, w->kvm);
    Cpu *cpu = data ? cpu_describe(w->caps, w->kvm, data, CPU_CHOOSE_GUEST) : NULL;
    if (!cpu) {
        g_string_append(w->out, "    <mode name='host-model' supported='no'/>\n");
        return;
    }
    g_string_append_printf(w->out, "    <mode name='host-model' supported='yes'>\n      <model fallback='forbid'>%s</model>\n",
                           cpu->model.name);
    if (cpu->vendor)
        g_string_append_printf(w->out, "      <vendor>%s</vendor>\n", cpu->vendor);
    for (guint i = 0; cpu->features && i < cpu->features->len; i++) {
        const CpuFeature *f = g_ptr_array_index(cpu->features, i);
        g_string_append_printf(w->out, "      <feature policy='%s' name='%s'/>\n", xm_enum_name(&cpu_policy, f->policy), f->name);
    }
    g_string_append(w->out, "    </mode>\n");
    xm_free(&cpu_elem, cpu);
}

static bool member_true(json_object *o, const char *name)
{
    json_object *v;
    return json_object_object_get_ex(o, name, &v) && json_object_get_boolean(v);
}

static void put_custom_model(const Writer *w, json_object *definition)
{
    json_object *name = NULL, *missing = NULL;
    if (!json_object_object_get_ex(definition, "name", &name))
        return;
    const char *model = json_object_get_string(name), *vendor = cpu_model_vendor(model);
    const char *const *known = cpu_model_names(w->arch);
    if (known && *known && !g_strv_contains(known, model))      /* versions, and what describes the host */
        return;
    const char *usable = !json_object_object_get_ex(definition, "unavailable-features", &missing) ? "unknown"
                         : json_object_array_length(missing)                                      ? "no"
                                                                                                  : "yes";
    g_autofree char *text = g_markup_escape_text(model, -1);
    g_string_append_printf(w->out, "      <model usable='%s'%s vendor='%s'>%s</model>\n", usable,
                           member_true(definition, "deprecated") ? " deprecated='yes'" : "", vendor ? vendor : "unknown", text);
}

static void put_cpu(const Writer *w)
{
    json_object *models = qemu_caps_cpu_models(w->caps, w->kvm);
    g_string_append(w->out, "  <cpu>\n");
    put_own_mode(w, "host-passthrough", "hostPassthroughMigratable", w->kvm);
    put_own_mode(w, "maximum", "maximumMigratable", qemu_caps_cpu_expanded(w->caps, false, "max") != NULL);
    put_host_model(w);
    g_string_append_printf(w->out, "    <mode name='custom' supported='%s'%s>\n", models ? "yes" : "no", models ? "" : "/");
    for (gsize i = 0; models && i < json_object_array_length(models); i++)
        put_custom_model(w, json_object_array_get_idx(models, i));
    g_string_append(w->out, models ? "    </mode>\n  </cpu>\n" : "  </cpu>\n");
}

/* --- devices */

static void open_device(const Writer *w, const char *name)
{
    g_string_append_printf(w->out, "    <%s supported='yes'>\n", name);
}

static void close_device(const Writer *w, const char *name)
{
    g_string_append_printf(w->out, "    </%s>\n", name);
}

static void put_disk(const Writer *w)
{
    open_device(w, "disk");
    PUT(w, "      ", "diskDevice", { "disk", NULL }, { "cdrom", NULL }, { "floppy", "floppy" }, { "lun", NULL });
    if (is_i440fx(w))
        PUT(w, "      ", "bus", { "ide", "ide-hd" }, { "fdc", "isa-fdc" }, { "scsi", "scsi-hd" }, { "virtio", "virtio-blk-device" },
            { "usb", "usb-storage" }, { "sata", "ich9-ahci" });
    else
        PUT(w, "      ", "bus", { "fdc", "isa-fdc" }, { "scsi", "scsi-hd" }, { "virtio", "virtio-blk-device" }, { "usb", "usb-storage" },
            { "sata", "ich9-ahci" });
    PUT(w, "      ", "model", { "virtio", "virtio-blk-pci" }, { "virtio-transitional", "virtio-blk-pci-transitional" },
        { "virtio-non-transitional", "virtio-blk-pci-non-transitional" });
    close_device(w, "disk");
}

/* A display is in the schema when this QEMU was built with it; VNC and SPICE have commands of their own. */
static void put_graphics(const Writer *w)
{
    const struct { const char *name; bool there; } all[] = {
        { "sdl", qemu_caps_has_schema(w->caps, "query-display-options/ret-type/type/^sdl") },
        { "vnc", qemu_caps_has_command(w->caps, "query-vnc") },
        { "spice", qemu_caps_has_command(w->caps, "query-spice") },
        { "egl-headless", qemu_caps_has_schema(w->caps, "query-display-options/ret-type/type/^egl-headless") },
        { "dbus", qemu_caps_has_schema(w->caps, "query-display-options/ret-type/type/^dbus") },
    };
    open_device(w, "graphics");
    g_string_append(w->out, "      <enum name='type'>\n");
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i].there)
            g_string_append_printf(w->out, "        <value>%s</value>\n", all[i].name);
    g_string_append(w->out, "      </enum>\n");
    close_device(w, "graphics");
}

static void put_video(const Writer *w)
{
    open_device(w, "video");
    PUT(w, "      ", "modelType", { "vga", "VGA" }, { "cirrus", "cirrus-vga" }, { "vmvga", "vmware-svga" }, { "qxl", "qxl" },
        { "virtio", "virtio-gpu-pci" }, { "none", NULL }, { "bochs", "bochs-display" }, { "ramfb", "ramfb" });
    close_device(w, "video");
}

static void put_hostdev(const Writer *w)
{
    open_device(w, "hostdev");
    PUT(w, "      ", "mode", { "subsystem", NULL });
    PUT(w, "      ", "startupPolicy", { "default", NULL }, { "mandatory", NULL }, { "requisite", NULL }, { "optional", NULL });
    PUT(w, "      ", "subsysType", { "usb", "usb-host" }, { "pci", "vfio-pci" }, { "scsi", "scsi-generic" });
    g_string_append(w->out, "      <enum name='capsType'/>\n");
    if (g_file_test("/dev/vfio/vfio", G_FILE_TEST_EXISTS))
        PUT(w, "      ", "pciBackend", { "default", NULL }, { "vfio", NULL });
    else
        g_string_append(w->out, "      <enum name='pciBackend'/>\n");
    close_device(w, "hostdev");
}

static void put_rng_and_files(const Writer *w)
{
    open_device(w, "rng");
    PUT(w, "      ", "model", { "virtio", "virtio-rng-pci" }, { "virtio-transitional", "virtio-rng-pci-transitional" },
        { "virtio-non-transitional", "virtio-rng-pci-non-transitional" });
    PUT(w, "      ", "backendModel", { "random", "rng-random" }, { "egd", "rng-egd" }, { "builtin", "rng-builtin" });
    close_device(w, "rng");
    open_device(w, "filesystem");
    PUT(w, "      ", "driverType", { "path", "virtio-9p-device" }, { "handle", "virtio-9p-device" }, { "virtiofs", "vhost-user-fs-device" });
    close_device(w, "filesystem");
}

static bool have_program(const char *name)
{
    g_autofree char *path = g_find_program_in_path(name);
    return path;
}

static void put_tpm(const Writer *w)
{
    open_device(w, "tpm");
    PUT(w, "      ", "model", { "tpm-tis", "tpm-tis" }, { "tpm-crb", "tpm-crb" }, { "tpm-spapr", "tpm-spapr" });
    if (have_program("swtpm") && have_program("swtpm_setup"))
        PUT(w, "      ", "backendModel", { "passthrough", NULL }, { "emulator", NULL });
    else
        PUT(w, "      ", "backendModel", { "passthrough", NULL });
    close_device(w, "tpm");
}

static void put_channels(const Writer *w)
{
    open_device(w, "redirdev");
    PUT(w, "      ", "bus", { "usb", "usb-redir" });
    close_device(w, "redirdev");
    open_device(w, "channel");
    PUT(w, "      ", "type", { "pty", NULL }, { "unix", NULL }, { "spicevmc", "chardev-spicevmc" });
    close_device(w, "channel");
}

/* --- the rest */

static void put_features(const Writer *w)
{
    const char *x86 = g_str_has_prefix(w->arch, "x86") || !strcmp(w->arch, "i686") ? "yes" : "no";
    g_string_append_printf(w->out, "  <features>\n    <gic supported='no'/>\n    <vmcoreinfo supported='%s'/>\n"
                                   "    <genid supported='%s'/>\n    <backingStoreInput supported='yes'/>\n"
                                   "    <backup supported='yes'/>\n    <sev supported='no'/>\n    <sgx supported='no'/>\n",
                           qemu_caps_has_type(w->caps, "vmcoreinfo") ? "yes" : "no",
                           qemu_caps_has_type(w->caps, "vmgenid") ? "yes" : "no");
    g_string_append_printf(w->out, "    <hyperv supported='%s'%s>\n", x86, strcmp(x86, "yes") ? "/" : "");
    if (!strcmp(x86, "yes")) {
        PUT(w, "      ", "features", { "spinlocks", NULL }, { "vendor_id", NULL });
        g_string_append(w->out, "    </hyperv>\n");
    }
    g_string_append(w->out, "  </features>\n");
}

char *qemu_domain_capabilities_xml(const QemuCaps *caps, const QemuMachine *machine, const char *arch, bool kvm)
{
    Writer w = { g_string_new("<domainCapabilities>\n"), caps, machine, arch, kvm };
    g_autofree char *path = g_markup_escape_text(qemu_caps_binary(caps), -1);
    g_string_append_printf(w.out, "  <path>%s</path>\n  <domain>%s</domain>\n  <machine>%s</machine>\n  <arch>%s</arch>\n"
                                  "  <vcpu max='%u'/>\n  <iothreads supported='%s'/>\n",
                           path, kvm ? "kvm" : "qemu", machine->name, arch, machine->max_cpus,
                           qemu_caps_has_type(caps, "iothread") ? "yes" : "no");
    put_os(&w);
    put_cpu(&w);
    g_string_append(w.out, "  <memoryBacking supported='yes'>\n");
    PUT(&w, "    ", "sourceType", { "file", "memory-backend-file" }, { "anonymous", NULL }, { "memfd", "memory-backend-memfd" });
    g_string_append(w.out, "  </memoryBacking>\n  <devices>\n");
    put_disk(&w);
    put_graphics(&w);
    put_video(&w);
    put_hostdev(&w);
    put_rng_and_files(&w);
    put_tpm(&w);
    put_channels(&w);
    g_string_append(w.out, "  </devices>\n");
    put_features(&w);
    g_string_append(w.out, "</domainCapabilities>\n");
    return g_string_free(w.out, FALSE);
}
