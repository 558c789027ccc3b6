/* The model of a domain: what <domain> says, as C structs, with one table row per attribute.
 * Parts live in headers of their own: conf/os.h, conf/cpu.h ... for the guest's frame, and
 * conf/disk.h, conf/chardev.h ... for its devices.
 *
 * Pure: text in, model out, text out. No file, socket or process is touched. */
#ifndef QV_CONF_DOMAIN_H
#define QV_CONF_DOMAIN_H
#include "conf/device.h"
#include "conf/frame.h"

/* One GPtrArray per kind of device, in the order of the XML; each owns its items, never NULL after
 * parsing. Items: Disk, Controller, Lease, Filesystem, Interface, Smartcard, Chardev (serials,
 * parallels, consoles, channels), Input, Tpm, Graphics, Sound, Audio, Video, Hostdev, Redirdev, Hub,
 * Watchdog, Memballoon, Rng, Nvram, Panic, Shmem, MemoryDevice, Crypto, Iommu, Vsock. */
typedef struct {
    char *emulator;
    GPtrArray *by_kind[DEV__N];
    struct RedirFilter *redirfilter;
} DomainDevices;

struct DomainDef {
    guint line;
    DomainFrame frame;        /* everything outside <devices> */
    DomainDevices devices;
};
typedef struct DomainDef DomainDef;

extern const XmElem domain_elem;

/* Parses a <domain> document: rows and the rules of single elements only. Defaults that depend on
 * QEMU come from qemu_define (drivers/qemu/define.h). @flags: XmParseFlags. Gives. */
DomainDef *domain_def_parse(const char *text, gsize len, const char *file, guint flags, GError **err);
/* The same for what a list of domains shows alone: name, UUID, memory, vcpus, os. At a third of the cost. */
DomainDef *domain_def_parse_facts(const char *text, gsize len, const char *file, GError **err);
char *domain_def_format(const DomainDef *def, guint xm_format_flags);
DomainDef *domain_def_copy(const DomainDef *def);
void domain_def_free(DomainDef *def);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainDef, domain_def_free)

/* What the iterator and address assignment know of a kind. */
typedef struct {
    const char *name;          /* element: "disk" */
    const XmElem *elem;
} DeviceKindInfo;
extern const DeviceKindInfo device_kinds[DEV__N];

typedef struct {
    DeviceKind kind;
    guint index;               /* in its list */
    gpointer dev;              /* Disk * ... by kind */
    DeviceInfo *info;          /* == dev */
} DeviceRef;

/* Walks all devices, in DeviceKind order; for (DeviceIter i = {0}; device_next(def, &i, &ref);) */
typedef struct { guint kind, index; } DeviceIter;
bool device_next(const DomainDef *def, DeviceIter *iter, DeviceRef *ret_ref);
GPtrArray *domain_devices(const DomainDef *def, DeviceKind kind);

/* Parses one device element (attach-device); the kind is its element's name. Gives. */
gpointer device_parse(const char *text, gsize len, guint flags, DeviceKind *ret_kind, GError **err);
void device_free(DeviceKind kind, gpointer dev);
/* Bytes of all memory devices, and what <memory> leaves the guest to boot with. */
guint64 domain_module_memory(const DomainDef *def);
guint64 domain_boot_memory(const DomainDef *def);
#endif
