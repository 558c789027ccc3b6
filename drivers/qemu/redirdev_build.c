/* What clients lend to the guest: smartcards and USB devices. */
#include "config.h"
#include <stdio.h>
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/each.h"

#define NSS_DATABASE "/etc/pki/nssdb"

/* --- smartcard */

static bool add_host_card(json_object *p)
{
    props_str(p, "backend", "nss-emulated");
    return true;
}

static bool add_certificates(json_object *p, const Smartcard *s)
{
    static const char *const names[] = { "cert1", "cert2", "cert3" };
    props_str(p, "backend", "certificates");
    for (guint i = 0; s->certificates && i < s->certificates->len && i < G_N_ELEMENTS(names); i++)
        props_str(p, names[i], ((const SmartcardCertificate *)g_ptr_array_index(s->certificates, i))->name);
    props_str(p, "db", s->database ? s->database : NSS_DATABASE);
    return true;
}

static json_object *smartcard_props(QemuBuild *b, Smartcard *s, guint i, GError **err)
{
    if (s->mode == SMARTCARD_PASSTHROUGH) {
        g_autofree char *id = chardev_id(&s->info);
        if (!build_chardev(b, &s->src, id, "smartcard", build_reason(DEV_SMARTCARD, i, s), err))
            return NULL;
        json_object *p = props_new("ccid-card-passthru", NULL);
        props_str(p, "chardev", id);
        return p;
    }
    json_object *p = props_new("ccid-card-emulated", NULL);
    s->mode == SMARTCARD_HOST ? add_host_card(p) : add_certificates(p, s);
    return p;
}

bool build_smartcards(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_SMARTCARD, Smartcard, s) {
        json_object *p = smartcard_props(b, s, s_i, err);
        if (!p)
            return false;
        props_str(p, "id", s->info.alias);
        if (!build_device(b, p, &s->info, build_reason(DEV_SMARTCARD, s_i, s), err))
            return false;
    }
    return true;
}

/* --- redirdev */

static void append_id(GString *out, OptU32 id, guint width)
{
    if (id.set)
        g_string_append_printf(out, "0x%0*X:", (int)width, id.v);
    else
        g_string_append(out, "-1:");
}

/* CLASS:VENDOR:PRODUCT:VERSION:ALLOW, joined by '|'; versions are BCD, 1.10 is 0x0110. */
static char *filter_text(const RedirFilter *f)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; f && f->usbdevs && i < f->usbdevs->len; i++) {
        const RedirUsbdev *u = g_ptr_array_index(f->usbdevs, i);
        guint major = 0, minor = 0;
        g_string_append(out, out->len ? "|" : "");
        append_id(out, u->class_id, 2);
        append_id(out, u->vendor, 4);
        append_id(out, u->product, 4);
        if (u->version && sscanf(u->version, "%2u.%2u", &major, &minor) == 2)
            g_string_append_printf(out, "0x%02u%02u:", major, minor);
        else
            g_string_append(out, "-1:");
        g_string_append(out, u->allow == TRI_YES ? "1" : "0");
    }
    return g_string_free(out, out->len == 0);
}

bool build_redirdevs(QemuBuild *b, GError **err)
{
    g_autofree char *filter = filter_text(b->def->devices.redirfilter);
    EACH_DEVICE(b->def, DEV_REDIRDEV, Redirdev, r) {
        g_autofree char *id = chardev_id(&r->info);
        if (!build_chardev(b, &r->src, id, "usbredir", build_reason(DEV_REDIRDEV, r_i, r), err))
            return false;
        json_object *p = props_new("usb-redir", NULL);
        props_str(p, "chardev", id);
        props_str(p, "id", r->info.alias);
        props_str(p, "filter", filter);
        if (!build_device(b, p, &r->info, build_reason(DEV_REDIRDEV, r_i, r), err))
            return false;
    }
    return true;
}
