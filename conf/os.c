#include "conf/os.h"
#include "conf/storage_rows.h"
#include <string.h>

XM_ENUM(boot_device, "boot device", NULL, "fd", "hd", "cdrom", "network");
XM_COVERS(boot_device, BOOT__N);
XM_ENUM(firmware, "firmware", NULL, "bios", "efi");
XM_COVERS(firmware, FIRMWARE__N);
XM_ENUM(firmware_feature, "firmware feature", NULL, "enrolled-keys", "secure-boot");
XM_COVERS(firmware_feature, FW_FEATURE__N);
XM_ENUM(loader_type, "loader type", NULL, "rom", "pflash");
XM_COVERS(loader_type, LOADER__N);
XM_ENUM(smbios_mode, "smbios mode", NULL, "emulate", "host", "sysinfo");
XM_COVERS(smbios_mode, SMBIOS__N);

static const XmRow type_rows[] = {
    A_STR(Os, arch, "arch", .flags = XM_ABI),
    A_STR(Os, machine, "machine", .flags = XM_ABI, .doc = "machine type; an alias is replaced by its newest version"),
    TEXT_STR(Os, type, .flags = XM_REQUIRED | XM_ABI),
};
static const XmElem type_elem = ELEM("type", Os, type_rows);

static const XmRow feature_rows[] = {
    A_YESNO(FirmwareFeature, enabled, "enabled", .flags = XM_REQUIRED),
    A_ENUM(FirmwareFeature, name, "name", firmware_feature, .flags = XM_REQUIRED | XM_NONZERO),
};
static const XmElem feature_elem = ELEM("feature", FirmwareFeature, feature_rows);
static const XmRow firmware_rows[] = { LIST(Os, firmware_features, "feature", feature_elem) };
static const XmElem firmware_elem = ELEM("firmware", Os, firmware_rows);

static const XmRow loader_rows[] = {
    A_YESNO(Os, loader.readonly, "readonly", .flags = XM_ABI),
    A_YESNO(Os, loader.secure, "secure", .flags = XM_ABI),
    A_ENUM(Os, loader.type, "type", loader_type, .flags = XM_NONZERO | XM_ABI),
    A_YESNO(Os, loader.stateless, "stateless", .flags = XM_ABI),
    TEXT_STR(Os, loader.path, .flags = XM_EMPTY_ABSENT),
};
static const XmElem loader_elem = ELEM("loader", Os, loader_rows);
/* Where the variables live: a path as text, or a source of a type. */
static guint nvram_variant(gconstpointer obj)
{
    return ((const Os *)obj)->nvram.source.type != SOURCE_NONE;
}

static const XmRow nvram_rows[] = {
    A_STR(Os, nvram.template, "template"),
    A_ENUM(Os, nvram.source.type, "type", source_type, .flags = XM_NONZERO),
    INLINE_AT(Os, nvram.source, "source", storage_source_elem, .when = XM_BIT(1)),
    TEXT_STR(Os, nvram.path, .when = XM_BIT(0), .flags = XM_EMPTY_ABSENT),
};
static const XmElem nvram_elem = ELEM("nvram", Os, nvram_rows, .variant = nvram_variant);

static const XmRow boot_rows[] = { A_ENUM(Boot, dev, "dev", boot_device, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI) };
static const XmElem boot_elem = ELEM("boot", Boot, boot_rows);
static const XmRow bootmenu_rows[] = {
    A_YESNO(Os, bootmenu.enable, "enable", .flags = XM_REQUIRED),
    A_OPT(Os, bootmenu.timeout, "timeout", .max = 65535, .doc = "ms"),
};
static const XmElem bootmenu_elem = ELEM("bootmenu", Os, bootmenu_rows);
static const XmRow bios_rows[] = {
    A_YESNO(Os, bios.useserial, "useserial"),
    A_OPTI(Os, bios.reboot_timeout, "rebootTimeout", .max = 65535, .doc = "ms; -1: never"),
};
static const XmElem bios_elem = ELEM("bios", Os, bios_rows);
static const XmRow smbios_rows[] = { A_ENUM(Os, smbios, "mode", smbios_mode, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI) };
static const XmElem smbios_elem = ELEM("smbios", Os, smbios_rows);
static const XmRow argument_rows[] = { TEXT_STR(OsArgument, value) };
static const XmElem argument_elem = ELEM("initarg", OsArgument, argument_rows);
static const XmRow table_rows[] = {
    A_STR(Os, acpi_table_type, "type", .flags = XM_REQUIRED),
    TEXT_STR(Os, slic_table, .flags = XM_REQUIRED),
};
static bool table_check(gconstpointer obj, char **why)
{
    const Os *os = obj;
    if (os->acpi_table_type && strcmp(os->acpi_table_type, "slic"))
        *why = g_strdup_printf("ACPI table type '%s' is not known; use slic", os->acpi_table_type);
    return !*why;
}
static const XmElem table_elem = ELEM("table", Os, table_rows, .check = table_check);
static const XmRow acpi_rows[] = { INLINE("table", table_elem) };
static const XmElem acpi_elem = ELEM("acpi", Os, acpi_rows);

static const XmRow os_rows[] = {
    A_ENUM(Os, firmware, "firmware", firmware, .flags = XM_NONZERO | XM_ABI, .doc = "chosen from the host's firmware descriptors"),
    INLINE("type", type_elem, .flags = XM_REQUIRED),
    INLINE("firmware", firmware_elem),
    LEAF_STR(Os, init, "init"),
    LIST(Os, initargs, "initarg", argument_elem),
    LEAF_STR(Os, initdir, "initdir"),
    LEAF_STR(Os, inituser, "inituser"),
    LEAF_STR(Os, initgroup, "initgroup"),
    INLINE("loader", loader_elem),
    INLINE("nvram", nvram_elem),
    LEAF_STR(Os, kernel, "kernel", .flags = XM_EMPTY_ABSENT),
    LEAF_STR(Os, initrd, "initrd", .flags = XM_EMPTY_ABSENT),
    LEAF_STR(Os, cmdline, "cmdline", .flags = XM_EMPTY_ABSENT),
    LEAF_STR(Os, dtb, "dtb", .flags = XM_EMPTY_ABSENT),
    LEAF_STR(Os, root, "root"),
    INLINE("acpi", acpi_elem),
    LIST(Os, boot, "boot", boot_elem),
    INLINE("bootmenu", bootmenu_elem),
    INLINE("bios", bios_elem),
    INLINE("smbios", smbios_elem),
};
/* How a container's first process starts means nothing to a machine with firmware. */
static bool os_loaded(gpointer obj, xmlNode *node, char **why)
{
    Os *os = obj;
    if (!g_strcmp0(os->type, "exe"))
        return true;
    char **fields[] = { &os->init, &os->initdir, &os->inituser, &os->initgroup };
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        g_clear_pointer(fields[i], g_free);
    for (guint i = os->initargs ? os->initargs->len : 0; i-- > 0;)
        xm_free(&argument_elem, g_ptr_array_steal_index(os->initargs, i));
    return true;
}
const XmElem os_elem = ELEM("os", Os, os_rows, .loaded = os_loaded);

/* --- sysinfo */

XM_ENUM(sysinfo_type, "sysinfo type", NULL, "smbios", "fwcfg");
XM_COVERS(sysinfo_type, SYSINFO__N);

static const XmRow entry_rows[] = {
    A_STR(SysinfoEntry, name, "name"),
    A_STR(SysinfoEntry, file, "file"),
    TEXT_STR(SysinfoEntry, value),
};
static const XmElem entry_elem = ELEM("entry", SysinfoEntry, entry_rows);
/* MM/DD/YYYY, or the year of two digits. */
static bool bios_date(const char *text)
{
    char *end;
    guint64 month = g_ascii_strtoull(text, &end, 10);
    if (*end != '/' || month < 1 || month > 12)
        return false;
    guint64 day = g_ascii_strtoull(end + 1, &end, 10);
    if (*end != '/' || day < 1 || day > 31)
        return false;
    guint64 year = g_ascii_strtoull(end + 1, &end, 10);
    return !*end && (year < 100 || (year >= 1900 && year <= 9999));
}

static bool bios_check(gconstpointer obj, char **why)
{
    const GPtrArray *entries = ((const Sysinfo *)obj)->bios;
    for (guint i = 0; entries && i < entries->len; i++) {
        const SysinfoEntry *e = g_ptr_array_index(entries, i);
        if (!g_strcmp0(e->name, "date") && e->value && !bios_date(e->value))
            *why = g_strdup_printf("Invalid BIOS 'date' format '%.32s': use MM/DD/YYYY", e->value);
    }
    return !*why;
}

/* Names below these belong to QEMU and its firmware. */
static bool fwcfg_check(const GPtrArray *entries, char **why)
{
    for (guint i = 0; entries && i < entries->len; i++) {
        const SysinfoEntry *e = g_ptr_array_index(entries, i);
        if (!e->name || !g_str_has_prefix(e->name, "opt/") || g_str_has_prefix(e->name, "opt/ovmf/") ||
            g_str_has_prefix(e->name, "opt/org.qemu/"))
            *why = g_strdup_printf("Invalid firmware name '%.64s': use opt/ and a domain of your own, as in opt/org.example/name",
                                   e->name ? e->name : "");
        else if (!e->value == !e->file)
            *why = g_strdup_printf("firmware entry '%.64s' needs either a text or a file", e->name);
        if (*why)
            return false;
    }
    return true;
}

static bool sysinfo_check(gconstpointer obj, char **why)
{
    return fwcfg_check(((const Sysinfo *)obj)->fwcfg, why);
}

static const XmRow block_rows[] = { LIST(SysinfoBlock, entries, "entry", entry_elem) };
static const XmElem block_elem = ELEM("baseBoard", SysinfoBlock, block_rows);
static const XmRow bios_block_rows[] = { LIST(Sysinfo, bios, "entry", entry_elem) };
static const XmElem bios_block = ELEM("bios", Sysinfo, bios_block_rows, .check = bios_check);
static const XmRow system_rows[] = { LIST(Sysinfo, system, "entry", entry_elem) };
static const XmElem system_block = ELEM("system", Sysinfo, system_rows);
static const XmRow chassis_rows[] = { LIST(Sysinfo, chassis, "entry", entry_elem) };
static const XmElem chassis_block = ELEM("chassis", Sysinfo, chassis_rows);
static const XmRow oem_rows[] = { LIST(Sysinfo, oem_strings, "entry", entry_elem) };
static const XmElem oem_block = ELEM("oemStrings", Sysinfo, oem_rows);

static guint sysinfo_variant(gconstpointer obj)
{
    return ((const Sysinfo *)obj)->type;
}

#define IN_SMBIOS .when = XM_BIT(SYSINFO_SMBIOS), .flags = XM_ABI
static const XmRow sysinfo_rows[] = {
    A_ENUM(Sysinfo, type, "type", sysinfo_type, .flags = XM_REQUIRED | XM_NONZERO),
    INLINE("bios", bios_block, IN_SMBIOS),
    INLINE("system", system_block, IN_SMBIOS),
    LIST(Sysinfo, base_boards, "baseBoard", block_elem, IN_SMBIOS),
    INLINE("chassis", chassis_block, IN_SMBIOS),
    INLINE("oemStrings", oem_block, IN_SMBIOS),
    LIST(Sysinfo, fwcfg, "entry", entry_elem, .when = XM_BIT(SYSINFO_FWCFG), .flags = XM_ABI),
};
const XmElem sysinfo_elem = ELEM("sysinfo", Sysinfo, sysinfo_rows, .variant = sysinfo_variant, .check = sysinfo_check,
                                 .refuse_code = QV_ERR_CONFIG_UNSUPPORTED);

/* --- confidential guests */

XM_ENUM(launch_type, "launch security type", NULL, "sev", "s390-pv");
XM_COVERS(launch_type, LAUNCH__N);

static const XmRow launch_rows[] = {
    A_ENUM(LaunchSecurity, type, "type", launch_type, .flags = XM_REQUIRED | XM_NONZERO),
    A_YESNO(LaunchSecurity, kernel_hashes, "kernelHashes"),
    LEAF_OPT(LaunchSecurity, cbitpos, "cbitpos"),
    LEAF_OPT(LaunchSecurity, reduced_phys_bits, "reducedPhysBits"),
    XM_SCALAR(XM_LEAF, LaunchSecurity, policy, "policy", xm_hex, OptU32, .width = 4),
    LEAF_STR(LaunchSecurity, dh_cert, "dhCert"),
    LEAF_STR(LaunchSecurity, session, "session"),
};
const XmElem launch_security_elem = ELEM("launchSecurity", LaunchSecurity, launch_rows);
