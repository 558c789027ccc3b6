/* <os>, <sysinfo>, <launchSecurity>: what the guest boots, and what its firmware tells it. */
#ifndef QV_CONF_OS_H
#define QV_CONF_OS_H
#include "conf/disk.h"

typedef enum { FIRMWARE_NONE, FIRMWARE_BIOS, FIRMWARE_EFI, FIRMWARE__N } Firmware;
typedef enum { LOADER_NONE, LOADER_ROM, LOADER_PFLASH, LOADER__N } LoaderType;
typedef enum { BOOT_NONE, BOOT_FD, BOOT_HD, BOOT_CDROM, BOOT_NETWORK, BOOT__N } BootDevice;
typedef enum { SMBIOS_NONE, SMBIOS_EMULATE, SMBIOS_HOST, SMBIOS_SYSINFO, SMBIOS__N } SmbiosMode;
typedef enum { SYSINFO_NONE, SYSINFO_SMBIOS, SYSINFO_FWCFG, SYSINFO__N } SysinfoType;

typedef struct { BootDevice dev; } Boot;
typedef enum { FW_FEATURE_NONE, FW_ENROLLED_KEYS, FW_SECURE_BOOT, FW_FEATURE__N } FirmwareFeatureName;
typedef struct { Tristate enabled; FirmwareFeatureName name; } FirmwareFeature;
typedef struct { char *value; } OsArgument;

typedef struct {
    char *arch, *machine, *type;
    Firmware firmware;
    GPtrArray *firmware_features;    /* FirmwareFeature */
    struct { Tristate readonly, secure, stateless; LoaderType type; char *path; } loader;
    struct { char *template, *path; StorageSource source; } nvram;   /* path, or a source of a type */
    GPtrArray *boot;                 /* Boot */
    struct { Tristate enable; OptU32 timeout; } bootmenu;
    struct { Tristate useserial; OptI32 reboot_timeout; } bios;
    SmbiosMode smbios;
    char *init, *initdir, *inituser, *initgroup, *bootloader, *bootloader_args;
    GPtrArray *initargs;             /* OsArgument */
    char *kernel, *initrd, *cmdline, *dtb, *root, *slic_table;
    char *acpi_table_type;
} Os;

typedef struct { char *name, *value, *file; } SysinfoEntry;
typedef struct { GPtrArray *entries; } SysinfoBlock;
typedef struct {
    SysinfoType type;
    GPtrArray *bios, *system, *chassis, *oem_strings;   /* SysinfoEntry */
    GPtrArray *base_boards;                             /* SysinfoBlock */
    GPtrArray *fwcfg;                                   /* SysinfoEntry */
} Sysinfo;

typedef enum { LAUNCH_NONE, LAUNCH_SEV, LAUNCH_S390_PV, LAUNCH__N } LaunchType;
typedef struct {
    LaunchType type;
    Tristate kernel_hashes;
    OptU32 cbitpos, reduced_phys_bits;
    OptU32 policy;
    char *dh_cert, *session;
} LaunchSecurity;

extern const XmEnum boot_device, firmware, loader_type, smbios_mode, firmware_feature;
extern const XmElem os_elem, sysinfo_elem, launch_security_elem;
#endif
