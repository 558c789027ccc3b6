/* Between probing (caps_probe.c), caching and answering (caps.c): what QEMU said, as JSON.
 * { "version", "package", "arch", "kvm-present", "machines", "types", "props": { type: [names] },
 *   "schema", "cpus", "cpus-kvm", "models", "models-kvm": { name: what qemu_caps_cpu_expanded gives } } */
#ifndef QV_QEMU_CAPS_DATA_H
#define QV_QEMU_CAPS_DATA_H
#include "drivers/qemu/caps.h"

/* Bump when what is probed changes: older cache files are not read any more. */
#define CAPS_FORMAT 2

/* Starts @binary and asks. Gives. */
json_object *caps_ask(const char *binary, bool kvm, GError **err);
/* Takes @data. Gives. */
QemuCaps *caps_from_data(const char *binary, json_object *data);
/* Whether this process may open /dev/kvm. */
bool caps_host_kvm(void);
#endif
