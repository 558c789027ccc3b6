/* What one QEMU binary can do, as it says itself over QMP.
 * Immutable and shared after probing: any thread. Never ask for a version where a question about a
 * device, property or QMP schema is possible. */
#ifndef QV_QEMU_CAPS_H
#define QV_QEMU_CAPS_H
#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include "util/error.h"

typedef struct QemuCaps QemuCaps;

typedef struct {
    const char *name, *alias;       /* "pc-i440fx-7.2", "pc" or NULL */
    guint max_cpus;
    bool hotpluggable_cpus, numa_mem_supported, deprecated, is_default, acpi;
    const char *default_cpu;        /* QOM type name, "qemu64-x86_64-cpu", or NULL */
    const char *default_ram_id;     /* "pc.ram" */
} QemuMachine;

/* Starts @binary with -machine none and asks. Blocks: worker threads only. Gives. */
QemuCaps *qemu_caps_probe(const char *binary, GError **err);
/* From the cache file under @cache_dir when its key (path, inode, size, mtime, format version, KVM)
 * still holds, else probes and writes it. Blocks: worker threads only. Gives. */
QemuCaps *qemu_caps_get(const char *binary, const char *cache_dir, GError **err);
QemuCaps *qemu_caps_ref(QemuCaps *caps);
void qemu_caps_unref(QemuCaps *caps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCaps, qemu_caps_unref)

const char *qemu_caps_binary(const QemuCaps *caps);
const char *qemu_caps_arch(const QemuCaps *caps);          /* "x86_64" */
guint qemu_caps_version(const QemuCaps *caps);             /* 7002022 for 7.2.22 */
const char *qemu_caps_package(const QemuCaps *caps);       /* "Debian 1:7.2+dfsg-..." */
bool qemu_caps_kvm(const QemuCaps *caps);                  /* KVM usable by this QEMU on this host */
bool qemu_caps_has_type(const QemuCaps *caps, const char *qom_type);   /* device or object type */
bool qemu_caps_has_prop(const QemuCaps *caps, const char *qom_type, const char *prop);
bool qemu_caps_has_command(const QemuCaps *caps, const char *qmp_command);
/* Path into the QMP schema: "blockdev-add/arg-type/+file/aio", "object-add/arg-type/qom-type/^tdx":
 * names are members, '+VALUE' enters a union's arm, '^VALUE' asks for an enum's value. */
bool qemu_caps_has_schema(const QemuCaps *caps, const char *path);
/* By name or alias; NULL when this QEMU has none of that name. @name NULL: the default. */
const QemuMachine *qemu_caps_machine(const QemuCaps *caps, const char *name);
guint qemu_caps_machines(const QemuCaps *caps, const QemuMachine **ret_first);
/* CPU models as query-cpu-definitions gives them (json array; borrowed), for TCG or KVM. */
json_object *qemu_caps_cpu_models(const QemuCaps *caps, bool kvm);
/* A model, or "max" or "host", in full: { "vendor": "AuthenticAMD", "family", "model", "stepping", "on": [features] }
 * (borrowed). NULL: QEMU did not say. With @kvm only "max" and "host" are asked for. */
json_object *qemu_caps_cpu_expanded(const QemuCaps *caps, bool kvm, const char *model);
#endif
