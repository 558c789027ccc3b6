/* -smbios and -fw_cfg out of <sysinfo>. */
#include "config.h"
#include "drivers/qemu/frame_build.h"

static void build_table(QemuBuild *b, guint type, const GPtrArray *entries)
{
    if (!entries || !entries->len)
        return;
    json_object *p = json_object_new_object();
    props_u64(p, "type", type);
    for (guint i = 0; i < entries->len; i++) {
        const SysinfoEntry *e = g_ptr_array_index(entries, i);
        if (e->name)
            props_str(p, e->name, e->value);
    }
    qemu_command_opts(b->cmd, "-smbios", p, reason_path("/domain/sysinfo", 0));
}

static void build_strings(QemuBuild *b, const GPtrArray *entries)
{
    if (!entries || !entries->len)
        return;
    json_object *p = json_object_new_object(), *values = json_object_new_array();
    props_u64(p, "type", 11);
    for (guint i = 0; i < entries->len; i++) {
        const char *value = ((const SysinfoEntry *)g_ptr_array_index(entries, i))->value;
        json_object_array_add(values, json_object_new_string(value ? value : ""));
    }
    json_object_object_add(p, "value", values);
    qemu_command_opts(b->cmd, "-smbios", p, reason_path("/domain/sysinfo/oemStrings", 0));
}

static void build_fwcfg(QemuBuild *b, const GPtrArray *entries)
{
    for (guint i = 0; entries && i < entries->len; i++) {
        const SysinfoEntry *e = g_ptr_array_index(entries, i);
        json_object *p = json_object_new_object();
        props_str(p, "name", e->name);
        props_str(p, "file", e->file);
        props_str(p, "string", e->file ? NULL : e->value);
        qemu_command_opts(b->cmd, "-fw_cfg", p, reason_path("/domain/sysinfo[@type='fwcfg']", 0));
    }
}

void build_smbios(QemuBuild *b)
{
    const DomainFrame *f = &b->def->frame;
    for (guint i = 0; f->sysinfo && i < f->sysinfo->len; i++) {
        const Sysinfo *s = g_ptr_array_index(f->sysinfo, i);
        build_fwcfg(b, s->fwcfg);
        if (s->type != SYSINFO_SMBIOS || f->os.smbios != SMBIOS_SYSINFO)
            continue;
        build_table(b, 0, s->bios);
        build_table(b, 1, s->system);
        for (guint k = 0; s->base_boards && k < s->base_boards->len; k++)
            build_table(b, 2, ((const SysinfoBlock *)g_ptr_array_index(s->base_boards, k))->entries);
        build_table(b, 3, s->chassis);
        build_strings(b, s->oem_strings);
    }
}
