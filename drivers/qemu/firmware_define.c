/* What <os> may say about firmware, and where the guest's variables lie. The image itself is chosen at each
 * start: a definition that leaves the choice to the host keeps leaving it. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/firmware.h"

typedef struct { bool wrong; const char *why; } Check;

static bool first_wrong(const Check *checks, guint n, QvErrorCode code, GError **err)
{
    for (guint i = 0; i < n; i++)
        if (checks[i].wrong) {
            g_set_error(err, QV_ERROR, code, "%s", checks[i].why);
            return false;
        }
    return true;
}

bool firmware_has_variables(const DomainDef *def)
{
    const Os *os = &def->frame.os;
    return os->loader.type == LOADER_PFLASH && os->loader.path && os->loader.readonly == TRI_YES &&
           os->loader.stateless != TRI_YES;
}

static bool names_nvram(const Os *os)
{
    return os->nvram.path || os->nvram.source.type != SOURCE_NONE;
}

static Tristate wanted(const Os *os, FirmwareFeatureName name)
{
    for (guint i = 0; os->firmware_features && i < os->firmware_features->len; i++) {
        const FirmwareFeature *f = g_ptr_array_index(os->firmware_features, i);
        if (f->name == name)
            return f->enabled;
    }
    return TRI_ABSENT;
}

/* --- the host chooses */

static bool check_chosen(const Os *os, GError **err)
{
    const Check checks[] = {
        { wanted(os, FW_ENROLLED_KEYS) == TRI_YES && wanted(os, FW_SECURE_BOOT) == TRI_NO,
          "firmware feature 'enrolled-keys' cannot be enabled when firmware feature 'secure-boot' is disabled" },
        { os->loader.readonly, "loader attribute 'readonly' cannot be specified when firmware autoselection is enabled" },
        { os->loader.type, "loader attribute 'type' cannot be specified when firmware autoselection is enabled" },
        { os->loader.path, "loader path cannot be specified when firmware autoselection is enabled; drop <os firmware=> or it" },
        { os->loader.secure, "loader attribute 'secure' cannot be specified when firmware autoselection is enabled; use "
                             "<firmware><feature name='secure-boot'>" },
        { os->nvram.template, "nvram attribute 'template' cannot be specified when firmware autoselection is enabled" },
        { os->firmware != FIRMWARE_EFI && names_nvram(os), "firmware type 'bios' does not support nvram" },
        { os->firmware != FIRMWARE_EFI && os->loader.stateless == TRI_NO, "Only EFI firmware permits NVRAM" },
        { os->loader.stateless == TRI_YES && names_nvram(os), "NVRAM is not permitted when loader is stateless" },
    };
    return first_wrong(checks, G_N_ELEMENTS(checks), QV_ERR_XML_SYNTAX, err);
}

/* Keys are of use only to a firmware that checks signatures. */
static void imply_secure_boot(Os *os)
{
    if (wanted(os, FW_ENROLLED_KEYS) != TRI_YES || wanted(os, FW_SECURE_BOOT))
        return;
    FirmwareFeature *f = g_new0(FirmwareFeature, 1);
    f->name = FW_SECURE_BOOT;
    f->enabled = TRI_YES;
    g_ptr_array_add(os->firmware_features, f);
}

/* --- the user chose */

static bool check_named(const Os *os, GError **err)
{
    bool loader = os->loader.path || os->loader.type || os->loader.readonly || os->loader.secure || os->loader.stateless;
    bool variables = names_nvram(os) || os->nvram.template;
    bool flash = os->loader.type == LOADER_PFLASH;
    const Check checks[] = {
        { os->firmware_features && os->firmware_features->len,
          "cannot use feature-based firmware autoselection when firmware autoselection is disabled; set <os firmware='efi'>" },
        { (loader || variables) && !os->loader.path, "no loader path specified and firmware auto selection disabled" },
        { os->loader.stateless == TRI_YES && os->nvram.template, "NVRAM template is not permitted when loader is stateless" },
        { os->loader.stateless == TRI_YES && names_nvram(os), "NVRAM is not permitted when loader is stateless" },
        { !flash && (os->loader.stateless == TRI_NO || variables), "Only pflash loader type permits NVRAM" },
    };
    return first_wrong(checks, G_N_ELEMENTS(checks), QV_ERR_XML_SYNTAX, err);
}

/* --- both */

static bool check_board(const DomainDef *def, GError **err)
{
    const DomainFrame *f = &def->frame;
    const char *machine = f->os.machine ? f->os.machine : "";
    bool q35 = strstr(machine, "q35"), secure = f->os.loader.secure == TRI_YES;
    bool uefi = f->os.firmware == FIRMWARE_EFI || (f->os.loader.type == LOADER_PFLASH && f->os.loader.readonly == TRI_YES);
    const Check checks[] = {
        { uefi && !f->features.acpi, "UEFI requires ACPI on this architecture; add <features><acpi/>" },
        { f->features.smm.tseg && !q35, "SMM TSEG is only supported with q35 machine type" },
        { secure && !q35, "Secure boot is supported with q35 machine types only" },
        { secure && f->features.smm.state != TRI_YES, "Secure boot requires SMM feature enabled; add <features><smm state='on'/>" },
    };
    return first_wrong(checks, G_N_ELEMENTS(checks), QV_ERR_CONFIG_UNSUPPORTED, err);
}

bool pass_firmware(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    Os *os = &def->frame.os;
    if (!(os->firmware ? check_chosen(os, err) : check_named(os, err)) || !check_board(def, err))
        return false;
    if (os->firmware) {
        imply_secure_boot(os);
        return true;
    }
    if (os->loader.path && !os->loader.type)
        os->loader.type = LOADER_ROM;
    if (firmware_has_variables(def) && !names_nvram(os))
        os->nvram.path = g_strdup_printf("%s/qemu/nvram/%s_VARS.fd", ctx->lib_dir, def->frame.name);
    return true;
}
