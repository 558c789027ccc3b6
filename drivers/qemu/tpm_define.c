/* Defaults and rules of <tpm>. */
#include "config.h"
#include "conf/tpm.h"
#include "drivers/qemu/chardev_define.h"
#include "drivers/qemu/each.h"

/* QEMU's device for each model; PPC's are its own. */
static const char *const tpm_devices[TPM_MODEL__N] = {
    [TPM_TIS] = "tpm-tis", [TPM_CRB] = "tpm-crb", [TPM_SPAPR] = "tpm-spapr", [TPM_SPAPR_PROXY] = "spapr-tpm-proxy",
};

static bool is_x86(const DomainDef *def)
{
    const char *arch = def->frame.os.arch;
    return arch && (g_str_equal(arch, "x86_64") || g_str_equal(arch, "i686"));
}

static void default_tpm(const DomainDef *def, Tpm *t)
{
    bool ppc = def->frame.os.arch && g_str_has_prefix(def->frame.os.arch, "ppc64");
    if (!t->model)
        t->model = !ppc ? TPM_TIS : t->backend == TPM_PASSTHROUGH ? TPM_SPAPR_PROXY : TPM_SPAPR;
    if (t->backend == TPM_PASSTHROUGH && !t->device)
        t->device = g_strdup("/dev/tpm0");
    if (t->backend != TPM_EMULATOR)
        t->version = TPM_VERSION_NONE;
    else if (!t->version)
        t->version = is_x86(def) && t->model == TPM_TIS ? TPM_1_2 : TPM_2_0;
    if (t->persistent_state == TRI_NO)
        t->persistent_state = TRI_ABSENT;
    if (t->backend == TPM_EXTERNAL)
        t->src.mode = CHR_CONNECT;
}

static bool check_tpm(const Tpm *t, const DefineCtx *ctx, GError **err)
{
    const char *model = xm_enum_name(&tpm_model, t->model), *why = NULL;
    bool banks = t->sha1 || t->sha256 || t->sha384 || t->sha512;
    if (t->version == TPM_1_2 && t->model != TPM_TIS)
        why = "speaks TPM 2.0 only; use version='2.0' or model='tpm-tis'";
    else if (banks && t->version != TPM_2_0)
        why = "<active_pcr_banks> needs version='2.0'";
    else if (!qemu_caps_has_type(ctx->caps, tpm_devices[t->model]) &&
             !qemu_caps_has_type(ctx->caps, t->model == TPM_TIS ? "tpm-tis-device" : tpm_devices[t->model]))
        why = "this QEMU has no such device";
    if (why)
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "tpm of model '%s': %s", model, why);
    return why == NULL;
}

bool define_tpms(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    guint proxies = 0, others = 0;
    EACH_DEVICE(def, DEV_TPM, Tpm, t) {
        default_tpm(def, t);
        if (!check_tpm(t, ctx, err))
            return false;
        *(t->model == TPM_SPAPR_PROXY ? &proxies : &others) += 1;
    }
    if (proxies > 1 || others > 1) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "a domain can have one TPM, and %u are here",
                    proxies + others);
        return false;
    }
    return true;
}
