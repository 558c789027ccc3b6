#include <string.h>
#include "conf/board.h"
#include "conf/chardev.h"
#include "conf/controller.h"
#include "conf/disk.h"
#include "conf/display.h"
#include "conf/domain.h"
#include "conf/filesystem.h"
#include "conf/hostdev.h"
#include "conf/interface.h"
#include "conf/lease.h"
#include "conf/rng.h"
#include "conf/tpm.h"

/* In the order of the XML. */
const DeviceKindInfo device_kinds[DEV__N] = {
    [DEV_DISK] = { "disk", &disk_elem },
    [DEV_CONTROLLER] = { "controller", &controller_elem },
    [DEV_LEASE] = { "lease", &lease_elem },
    [DEV_FILESYSTEM] = { "filesystem", &filesystem_elem },
    [DEV_INTERFACE] = { "interface", &interface_elem },
    [DEV_SMARTCARD] = { "smartcard", &smartcard_elem },
    [DEV_SERIAL] = { "serial", &serial_elem },
    [DEV_PARALLEL] = { "parallel", &parallel_elem },
    [DEV_CONSOLE] = { "console", &console_elem },
    [DEV_CHANNEL] = { "channel", &channel_elem },
    [DEV_INPUT] = { "input", &input_elem },
    [DEV_TPM] = { "tpm", &tpm_elem },
    [DEV_GRAPHICS] = { "graphics", &graphics_elem },
    [DEV_SOUND] = { "sound", &sound_elem },
    [DEV_AUDIO] = { "audio", &audio_elem },
    [DEV_VIDEO] = { "video", &video_elem },
    [DEV_HOSTDEV] = { "hostdev", &hostdev_elem },
    [DEV_REDIRDEV] = { "redirdev", &redirdev_elem },
    [DEV_HUB] = { "hub", &hub_elem },
    [DEV_WATCHDOG] = { "watchdog", &watchdog_elem },
    [DEV_MEMBALLOON] = { "memballoon", &memballoon_elem },
    [DEV_RNG] = { "rng", &rng_elem },
    [DEV_NVRAM] = { "nvram", &nvram_elem },
    [DEV_PANIC] = { "panic", &panic_elem },
    [DEV_SHMEM] = { "shmem", &shmem_elem },
    [DEV_MEMORY] = { "memory", &memory_device_elem },
    [DEV_CRYPTO] = { "crypto", &crypto_elem },
    [DEV_IOMMU] = { "iommu", &iommu_elem },
    [DEV_VSOCK] = { "vsock", &vsock_elem },
};

#define DEVICES(kind, name, elem) LIST(DomainDevices, by_kind[kind], name, elem, .flags = XM_ABI)
static const XmRow devices_rows[] = {
    LEAF_STR(DomainDevices, emulator, "emulator", .flags = XM_EMPTY_ABSENT, .doc = "path of the QEMU binary"),
    DEVICES(DEV_DISK, "disk", disk_elem),
    DEVICES(DEV_CONTROLLER, "controller", controller_elem),
    DEVICES(DEV_LEASE, "lease", lease_elem),
    DEVICES(DEV_FILESYSTEM, "filesystem", filesystem_elem),
    DEVICES(DEV_INTERFACE, "interface", interface_elem),
    DEVICES(DEV_SMARTCARD, "smartcard", smartcard_elem),
    DEVICES(DEV_SERIAL, "serial", serial_elem),
    DEVICES(DEV_PARALLEL, "parallel", parallel_elem),
    DEVICES(DEV_CONSOLE, "console", console_elem),
    DEVICES(DEV_CHANNEL, "channel", channel_elem),
    DEVICES(DEV_INPUT, "input", input_elem),
    DEVICES(DEV_TPM, "tpm", tpm_elem),
    DEVICES(DEV_GRAPHICS, "graphics", graphics_elem),
    DEVICES(DEV_SOUND, "sound", sound_elem),
    DEVICES(DEV_AUDIO, "audio", audio_elem),
    DEVICES(DEV_VIDEO, "video", video_elem),
    DEVICES(DEV_HOSTDEV, "hostdev", hostdev_elem),
    DEVICES(DEV_REDIRDEV, "redirdev", redirdev_elem),
    CHILD(DomainDevices, redirfilter, "redirfilter", redirfilter_elem),
    DEVICES(DEV_HUB, "hub", hub_elem),
    DEVICES(DEV_WATCHDOG, "watchdog", watchdog_elem),
    DEVICES(DEV_MEMBALLOON, "memballoon", memballoon_elem),
    DEVICES(DEV_RNG, "rng", rng_elem),
    DEVICES(DEV_NVRAM, "nvram", nvram_elem),
    DEVICES(DEV_PANIC, "panic", panic_elem),
    DEVICES(DEV_SHMEM, "shmem", shmem_elem),
    DEVICES(DEV_MEMORY, "memory", memory_device_elem),
    DEVICES(DEV_CRYPTO, "crypto", crypto_elem),
    DEVICES(DEV_IOMMU, "iommu", iommu_elem),
    DEVICES(DEV_VSOCK, "vsock", vsock_elem),
};

static void devices_init(gpointer obj)
{
    DomainDevices *d = obj;
    for (guint i = 0; i < DEV__N; i++)
        d->by_kind[i] = g_ptr_array_new();
}

static void domain_init(gpointer obj)
{
    devices_init(&((DomainDef *)obj)->devices);
}

static const XmElem devices_elem = ELEM("devices", DomainDevices, devices_rows);

static const XmRow domain_rows[] = {
    INCLUDE(DomainDef, frame, frame_before_elem),
    INLINE_AT(DomainDef, devices, "devices", devices_elem, .flags = XM_EMPTY_OK),
    INCLUDE(DomainDef, frame, frame_after_elem),
};
const XmElem domain_elem = ELEM("domain", DomainDef, domain_rows, .has_line = true, .init = domain_init);

/* QEMU's names of devices are made at each start; only a user's own ("ua-...") belong to a definition. */
static void drop_generated_aliases(DomainDef *def)
{
    DeviceRef ref;
    for (DeviceIter i = { 0 }; device_next(def, &i, &ref);)
        if (ref.info->alias && !g_str_has_prefix(ref.info->alias, "ua-"))
            g_clear_pointer(&ref.info->alias, g_free);
}

DomainDef *domain_def_parse(const char *text, gsize len, const char *file, guint flags, GError **err)
{
    DomainDef *def = xm_parse(&domain_elem, text, len, file, flags, err);
    if (def && !(flags & XM_PARSE_LIVE))
        drop_generated_aliases(def);
    return def;
}

static const XmRow facts_rows[] = { INCLUDE(DomainDef, frame, frame_facts_elem) };
static const XmElem facts_elem = ELEM("domain", DomainDef, facts_rows, .has_line = true);

DomainDef *domain_def_parse_facts(const char *text, gsize len, const char *file, GError **err)
{
    return xm_parse(&facts_elem, text, len, file, 0, err);
}

char *domain_def_format(const DomainDef *def, guint xm_format_flags)
{
    return xm_format(&domain_elem, def, xm_format_flags);
}

DomainDef *domain_def_copy(const DomainDef *def)
{
    return xm_copy(&domain_elem, def);
}

void domain_def_free(DomainDef *def)
{
    if (!def)
        return;
    /* xm_free drops the lists of the kinds it has rows for; the others are empty. */
    for (guint i = 0; i < DEV__N; i++)
        if (!device_kinds[i].elem)
            g_clear_pointer(&def->devices.by_kind[i], g_ptr_array_unref);
    xm_free(&domain_elem, def);
}

GPtrArray *domain_devices(const DomainDef *def, DeviceKind kind)
{
    return def->devices.by_kind[kind];
}

bool device_next(const DomainDef *def, DeviceIter *iter, DeviceRef *ret_ref)
{
    for (; iter->kind < DEV__N; iter->kind++, iter->index = 0) {
        const GPtrArray *list = def->devices.by_kind[iter->kind];
        if (!list || iter->index >= list->len)
            continue;
        gpointer dev = g_ptr_array_index(list, iter->index);
        *ret_ref = (DeviceRef){ .kind = iter->kind, .index = iter->index++, .dev = dev, .info = dev };
        return true;
    }
    return false;
}

gpointer device_parse(const char *text, gsize len, guint flags, DeviceKind *ret_kind, GError **err)
{
    xmlDoc *doc = xm_read(text, len, NULL, NULL, err);
    gpointer dev = NULL;

    if (!doc)
        return NULL;
    xmlNode *root = xmlDocGetRootElement(doc);
    for (guint i = 0; i < DEV__N && !dev; i++) {
        if (!device_kinds[i].elem || strcmp((const char *)root->name, device_kinds[i].name))
            continue;
        *ret_kind = i;
        dev = xm_parse_node(device_kinds[i].elem, root, NULL, flags, err);
        break;
    }
    if (!dev && err && !*err)
        g_set_error(err, QV_ERROR, QV_ERR_XML, "<%s> is not a device", root->name);
    xmlFreeDoc(doc);
    return dev;
}

void device_free(DeviceKind kind, gpointer dev)
{
    xm_free(device_kinds[kind].elem, dev);
}

guint64 domain_module_memory(const DomainDef *def)
{
    const GPtrArray *modules = domain_devices(def, DEV_MEMORY);
    guint64 sum = 0;

    for (guint i = 0; i < modules->len; i++) {
        guint64 size = ((const MemoryDevice *)g_ptr_array_index(modules, i))->target.size;
        sum = size > G_MAXUINT64 - sum ? G_MAXUINT64 : sum + size;
    }
    return sum;
}

guint64 domain_boot_memory(const DomainDef *def)
{
    guint64 modules = domain_module_memory(def), all = def->frame.memory.size;
    return all > modules ? all - modules : 0;
}
