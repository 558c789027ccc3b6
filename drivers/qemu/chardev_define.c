/* What character devices get when a domain is defined: serial targets and models, port numbers, and
 * the twin of the first serial that old clients look for as <console>. */
#include "config.h"
#include <string.h>
#include "conf/display.h"
#include "drivers/qemu/chardev_define.h"
#include "drivers/qemu/each.h"

static bool refuse(GError **err, const char *kind, guint i, const char *why)
{
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s %u: %s", kind, i, why);
    return false;
}

/* --- host side */

static bool has_spice(const DomainDef *def)
{
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g)
        if (g->type == GRAPHICS_SPICE)
            return true;
    return false;
}

bool define_source(const DomainDef *def, ChardevSource *src, DeviceKind kind, guint i, GError **err)
{
    const char *name = device_kinds[kind].name;
    g_autofree char *what = g_strdup_printf("%s %u", name, i);
    chardev_source_normalise(src);
    if (!chardev_source_check(src, what, err))
        return false;
    if (src->type == CHR_SPICEVMC && (kind == DEV_SERIAL || kind == DEV_PARALLEL || kind == DEV_CONSOLE))
        return refuse(err, name, i, "type 'spicevmc' is only for virtio channels, smartcards and redirected devices");
    if ((src->type == CHR_SPICEVMC || src->type == CHR_SPICEPORT) && !has_spice(def)) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "%s: type '%s' needs <graphics type='spice'>", what,
                    xm_enum_name(&chardev_type, src->type));
        return false;
    }
    return true;
}

static bool define_plain_source(const DomainDef *def, ChardevSource *src, DeviceKind kind, guint i, GError **err)
{
    if (src->type == CHR_UNIX && !src->path)
        return refuse(err, device_kinds[kind].name, i, "a character device of type 'unix' needs <source path>");
    return define_source(def, src, kind, i, err);
}

/* --- serial */

/* What a serial of each target is, and where it may sit. */
static const struct {
    SerialModel model;
    AddrType addr;
    bool console;      /* a <console> shows it to old clients */
} serial_kinds[SERIAL__N] = {
    [SERIAL_NONE]      = { SERIAL_MODEL_NONE, ADDR_NONE, true },
    [SERIAL_ISA]       = { SERIAL_MODEL_ISA, ADDR_ISA, true },
    [SERIAL_USB]       = { SERIAL_MODEL_USB, ADDR_USB, false },
    [SERIAL_PCI]       = { SERIAL_MODEL_PCI, ADDR_PCI, false },
    [SERIAL_SPAPR_VIO] = { SERIAL_MODEL_SPAPR_VTY, ADDR_SPAPR_VIO, true },
    [SERIAL_SYSTEM]    = { SERIAL_MODEL_NONE, ADDR_NONE, true },
    [SERIAL_SCLP]      = { SERIAL_MODEL_SCLPCONSOLE, ADDR_NONE, true },
    [SERIAL_ISA_DEBUG] = { SERIAL_MODEL_ISA_DEBUGCON, ADDR_ISA, false },
};
static const SerialTarget model_targets[SERIAL_MODEL__N] = {
    [SERIAL_MODEL_ISA] = SERIAL_ISA, [SERIAL_MODEL_USB] = SERIAL_USB, [SERIAL_MODEL_PCI] = SERIAL_PCI,
    [SERIAL_MODEL_SPAPR_VTY] = SERIAL_SPAPR_VIO, [SERIAL_MODEL_PL011] = SERIAL_SYSTEM,
    [SERIAL_MODEL_16550A] = SERIAL_SYSTEM, [SERIAL_MODEL_SCLPCONSOLE] = SERIAL_SCLP,
    [SERIAL_MODEL_SCLPLMCONSOLE] = SERIAL_SCLP, [SERIAL_MODEL_ISA_DEBUGCON] = SERIAL_ISA_DEBUG,
};

/* The serial port that a machine of each architecture has on board; x86's is the last row. */
static const struct { const char *arch; SerialTarget target; SerialModel model; } board_serials[] = {
    { "aarch64", SERIAL_SYSTEM, SERIAL_MODEL_PL011 },
    { "arm", SERIAL_SYSTEM, SERIAL_MODEL_PL011 },
    { "riscv", SERIAL_SYSTEM, SERIAL_MODEL_16550A },
    { "ppc", SERIAL_SPAPR_VIO, SERIAL_MODEL_SPAPR_VTY },
    { "s390", SERIAL_SCLP, SERIAL_MODEL_SCLPCONSOLE },
    { "", SERIAL_ISA, SERIAL_MODEL_ISA },
};

static void default_serial(const char *arch, Chardev *c)
{
    guint i = 0;
    while (!g_str_has_prefix(arch ? arch : "", board_serials[i].arch))
        i++;
    if (!c->serial)
        c->serial = board_serials[i].target;
    if (!c->model && c->serial == board_serials[i].target)
        c->model = board_serials[i].model;
    if (!c->model)
        c->model = serial_kinds[c->serial].model;
}

static bool check_serial(const char *arch, const Chardev *c, guint i, GError **err)
{
    AddrType need = serial_kinds[c->serial].addr, has = c->info.addr.type;
    bool wrong_arch = (c->serial == SERIAL_SPAPR_VIO && !g_str_has_prefix(arch, "ppc64")) ||
                      (c->serial == SERIAL_SCLP && !g_str_has_prefix(arch, "s390"));
    if (wrong_arch)
        return refuse(err, "serial", i, "this target type does not exist on the domain's architecture");
    if (c->model && model_targets[c->model] != c->serial) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "serial %u: model '%s' is one of target type '%s', not '%s'",
                    i, xm_enum_name(&serial_model, c->model), xm_enum_name(&serial_target, model_targets[c->model]),
                    xm_enum_name(&serial_target, c->serial));
        return false;
    }
    if (has != ADDR_NONE && has != ADDR_UNASSIGNED && need != ADDR_NONE && has != need) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "serial %u: target type '%s' needs an <address> of type '%s'",
                    i, xm_enum_name(&serial_target, c->serial), xm_enum_name(&addr_type, need));
        return false;
    }
    return true;
}

/* Ports not given follow behind the highest one that is. */
static void number_ports(GPtrArray *devs)
{
    gint32 next = 0;
    for (guint i = 0; i < devs->len; i++) {
        const Chardev *c = g_ptr_array_index(devs, i);
        if (c->port.set && c->port.v >= next)
            next = c->port.v < G_MAXINT32 ? c->port.v + 1 : c->port.v;
    }
    for (guint i = 0; i < devs->len; i++) {
        Chardev *c = g_ptr_array_index(devs, i);
        if (!c->port.set || c->port.v < 0)
            c->port = (OptI32){ true, next++ };
    }
}

static bool define_serials(DomainDef *def, GError **err)
{
    const char *arch = def->frame.os.arch ? def->frame.os.arch : "";
    EACH_DEVICE(def, DEV_SERIAL, Chardev, c) {
        default_serial(arch, c);
        if (!check_serial(arch, c, c_i, err) || !define_plain_source(def, &c->src, DEV_SERIAL, c_i, err))
            return false;
    }
    number_ports(domain_devices(def, DEV_SERIAL));
    return true;
}

static bool define_parallels(DomainDef *def, GError **err)
{
    EACH_DEVICE(def, DEV_PARALLEL, Chardev, c)
        if (!define_plain_source(def, &c->src, DEV_PARALLEL, c_i, err))
            return false;
    number_ports(domain_devices(def, DEV_PARALLEL));
    return true;
}

/* --- console */

bool console_is_serial(const DomainDef *def, const Chardev *console)
{
    GPtrArray *consoles = domain_devices(def, DEV_CONSOLE);
    return consoles->len && g_ptr_array_index(consoles, 0) == console && console->console == CONSOLE_SERIAL &&
           domain_devices(def, DEV_SERIAL)->len;
}

static Chardev *chardev_clone(const Chardev *c)
{
    return xm_copy(&serial_elem, c);
}

void console_follow_serial(DomainDef *def)
{
    GPtrArray *consoles = domain_devices(def, DEV_CONSOLE), *serials = domain_devices(def, DEV_SERIAL);
    if (!consoles->len || !console_is_serial(def, g_ptr_array_index(consoles, 0)))
        return;
    Chardev *twin = chardev_clone(g_ptr_array_index(serials, 0));
    twin->serial = SERIAL_NONE;
    twin->model = SERIAL_MODEL_NONE;
    twin->console = CONSOLE_SERIAL;
    if (twin->src.type == CHR_PTY)
        twin->tty = g_strdup(twin->src.path);
    device_free(DEV_CONSOLE, consoles->pdata[0]);
    consoles->pdata[0] = twin;
}

bool pass_console_alias(DomainDef *def, G_GNUC_UNUSED const DefineCtx *ctx, G_GNUC_UNUSED GError **err)
{
    console_follow_serial(def);
    return true;
}

/* A lone serial <console> becomes the first <serial>; a lone <serial> gets its <console>. */
static void pair_first_console(DomainDef *def)
{
    GPtrArray *consoles = domain_devices(def, DEV_CONSOLE), *serials = domain_devices(def, DEV_SERIAL);
    Chardev *first = consoles->len ? g_ptr_array_index(consoles, 0) : NULL;
    if (first && first->console == CONSOLE_SERIAL) {
        if (!serials->len) {
            Chardev *serial = xm_copy(&console_elem, first);
            serial->console = CONSOLE_NONE;
            serial->port = (OptI32){ false, 0 };
            g_ptr_array_add(serials, serial);
        }
        return;
    }
    if (!serials->len || !serial_kinds[((Chardev *)g_ptr_array_index(serials, 0))->serial].console)
        return;
    Chardev *console = chardev_clone(g_ptr_array_index(serials, 0));
    console->console = CONSOLE_SERIAL;
    g_ptr_array_insert(consoles, 0, console);
}

/* Its own address would be a second device at the same place. */
static void forget_twin_address(DomainDef *def)
{
    GPtrArray *consoles = domain_devices(def, DEV_CONSOLE);
    if (consoles->len && console_is_serial(def, g_ptr_array_index(consoles, 0))) {
        Chardev *console = g_ptr_array_index(consoles, 0);
        g_free(console->info.addr.usb.port);
        memset(&console->info.addr, 0, sizeof(console->info.addr));
    }
}

static bool check_console(const Chardev *c, guint i, GError **err)
{
    if (i > 0 && c->console == CONSOLE_SERIAL)
        return refuse(err, "console", i, "only the first console can be a serial port; use <target type='virtio'>");
    if (c->console != CONSOLE_SERIAL && c->console != CONSOLE_VIRTIO) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "console %u: target type '%s' does not exist on this machine",
                    i, xm_enum_name(&console_target, c->console));
        return false;
    }
    return true;
}

static bool define_consoles(DomainDef *def, GError **err)
{
    EACH_DEVICE(def, DEV_CONSOLE, Chardev, c) {
        if (!check_console(c, c_i, err))
            return false;
        /* A twin's own source does not count. */
        if (!console_is_serial(def, c) && !define_plain_source(def, &c->src, DEV_CONSOLE, c_i, err))
            return false;
    }
    return true;
}

/* --- channel */

/* Paths that a daemon makes up for each start: a definition that was copied from a running guest
 * must not keep them. Folder names end with the guest's id. */
static bool is_generated_path(const char *path, const char *name, const char *lib_dir)
{
    const char *const state_dirs[] = { lib_dir, "/var/lib/libvirt" };
    for (guint i = 0; i < G_N_ELEMENTS(state_dirs); i++) {
        g_autofree char *dir = g_strdup_printf("%s/qemu/channel/target/", state_dirs[i] ? state_dirs[i] : "");
        const char *rest = g_str_has_prefix(path, dir) ? path + strlen(dir) : NULL;
        const char *dot = rest ? strchr(rest, '.') : NULL;
        if (dot && dot > rest && !memchr(rest, '/', dot - rest))
            return true;
    }
    if (!g_str_has_suffix(path, name))
        return false;
    g_autofree char *folder = g_strndup(path, strlen(path) - strlen(name));
    const char *domain = g_strrstr(folder, "domain-");
    return domain && domain[strlen("domain-")] != '/' && strchr(domain, '/') == domain + strlen(domain) - 1;
}

static bool check_channel(const Chardev *c, guint i, GError **err)
{
    if (c->channel == CHANNEL_GUESTFWD && !g_hostname_is_ip_address(c->address))
        return refuse(err, "channel", i, "<target address> is not an IPv4 address");
    if (c->channel == CHANNEL_GUESTFWD && strchr(c->address, ':'))
        return refuse(err, "channel", i, "guestfwd knows only IPv4 addresses");
    if (c->channel != CHANNEL_VIRTIO && c->src.type == CHR_SPICEVMC)
        return refuse(err, "channel", i, "type 'spicevmc' is only for <target type='virtio'>");
    return true;
}

static bool define_channels(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    EACH_DEVICE(def, DEV_CHANNEL, Chardev, c) {
        bool own_socket = c->channel == CHANNEL_VIRTIO && c->src.type == CHR_UNIX;
        if (own_socket && c->src.path && c->name && is_generated_path(c->src.path, c->name, ctx->lib_dir))
            g_clear_pointer(&c->src.path, g_free);
        if (!check_channel(c, c_i, err))
            return false;
        if (own_socket ? !define_source(def, &c->src, DEV_CHANNEL, c_i, err)
                       : !define_plain_source(def, &c->src, DEV_CHANNEL, c_i, err))
            return false;
    }
    return true;
}

/* --- the pass */

static bool define_smartcards(DomainDef *def, GError **err)
{
    if (domain_devices(def, DEV_SMARTCARD)->len > 1)
        return refuse(err, "smartcard", 1, "a guest can have one smartcard");
    EACH_DEVICE(def, DEV_SMARTCARD, Smartcard, s)
        if (s->mode == SMARTCARD_PASSTHROUGH && !define_plain_source(def, &s->src, DEV_SMARTCARD, s_i, err))
            return false;
    return true;
}

static void number_consoles(const DomainDef *def)
{
    EACH_DEVICE(def, DEV_CONSOLE, Chardev, c) {
        c->console = c->console ? c->console : CONSOLE_SERIAL;
        c->port = (OptI32){ true, (gint32)c_i };
    }
}

/* A console that becomes a serial is checked as one, and one that is a serial's twin is not checked
 * at all: pairing comes before the rules, and needs the serials' targets. */
bool pass_chardevs(DomainDef *def, const DefineCtx *ctx, GError **err)
{
    number_ports(domain_devices(def, DEV_SERIAL));
    number_consoles(def);
    EACH_DEVICE(def, DEV_SERIAL, Chardev, s)
        default_serial(def->frame.os.arch, s);
    pair_first_console(def);
    if (!define_serials(def, err) || !define_parallels(def, err) || !define_consoles(def, err))
        return false;
    forget_twin_address(def);
    return define_channels(def, ctx, err) && define_smartcards(def, err) && define_redirdevs(def, err) &&
           define_rngs(def, err) && define_tpms(def, ctx, err);
}
