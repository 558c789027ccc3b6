#include "config.h"
#include "drivers/qemu/kept.h"

static bool some(const GPtrArray *list)
{
    return list && list->len > 0;
}

static bool wants_capabilities(const Features *f)
{
    for (guint i = 0; i < CAPS_SWITCHES; i++)
        if (f->caps[i])
            return true;
    return f->caps_policy != CAPS_POLICY_NONE;
}

static bool wants_perf(const DomainFrame *f)
{
    for (guint i = 0; f->perf && i < f->perf->len; i++)
        if (((const PerfEvent *)g_ptr_array_index(f->perf, i))->enabled == TRI_YES)
            return true;
    return false;
}

bool kept_check(const DomainDef *def, bool start, GError **err)
{
    const DomainFrame *f = &def->frame;
    const struct { bool asked, native; const char *name, *instead; } elements[] = {
        { some(f->keywrap), true, "<keywrap>", "is for s390 machines" },
        { f->launch_security && f->launch_security->type == LAUNCH_S390_PV, true, "<launchSecurity type='s390-pv'>",
          "is for s390 machines" },
        { some(f->uid_map) || some(f->gid_map), false, "<idmap>", "is for containers" },
        { wants_capabilities(&f->features), false, "<features><capabilities>", "is for containers" },
        { f->features.privnet, false, "<features><privnet>", "is for containers" },
        { f->features.xen.e820_host || f->features.xen.passthrough, false, "<features><xen>", "is for Xen" },
        { f->features.hap.present, false, "<features><hap>", "is for Xen; KVM uses it wherever the host has it" },
        { some(f->tune.cpu.cachetune), false, "<cachetune>", "needs resctrl, which this driver does not manage" },
        { some(f->tune.cpu.memorytune), false, "<memorytune>", "needs resctrl, which this driver does not manage" },
        { wants_perf(f), false, "<perf>", "needs perf events, which this driver does not count" },
        { some(f->qemu.caps_add) || some(f->qemu.caps_del), false, "<qemu:capabilities>",
          "changes flags that this driver asks QEMU itself for" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(elements); i++)
        if (elements[i].asked && (start || elements[i].native)) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s %s; remove it to start the domain", elements[i].name,
                        elements[i].instead);
            return false;
        }
    return true;
}
