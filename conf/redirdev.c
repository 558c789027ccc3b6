/* Rows of what clients lend to the guest: <smartcard>, <redirdev>, <redirfilter>. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include "conf/chardev.h"

XM_ENUM(smartcard_mode, "smartcard mode", NULL, "host", "host-certificates", "passthrough");
XM_COVERS(smartcard_mode, SMARTCARD__N);
XM_ENUM(redir_bus, "bus of redirected devices", NULL, "usb");
XM_COVERS(redir_bus, REDIR_BUS__N);

static guint smartcard_variant(gconstpointer obj)
{
    return ((const Smartcard *)obj)->mode;
}

static bool smartcard_check(gconstpointer obj, char **why)
{
    const Smartcard *s = obj;
    guint n = s->certificates ? s->certificates->len : 0;
    if (s->mode == SMARTCARD_HOST_CERTIFICATES && n != 3)
        *why = g_strdup_printf("mode='host-certificates' needs three <certificate>, and %u are here", n);
    else if (s->mode == SMARTCARD_HOST_CERTIFICATES && s->database && s->database[0] != '/')
        *why = g_strdup_printf("<database>%s</database> is not an absolute path", s->database);
    else if (s->mode == SMARTCARD_PASSTHROUGH && !s->src.type)
        *why = g_strdup("mode='passthrough' needs a type: how the client's card is reached");
    return *why == NULL;
}

static const XmRow certificate_rows[] = {
    TEXT_STR(SmartcardCertificate, name, .doc = "nickname of a certificate in the database"),
};
static const XmElem certificate_elem = ELEM("certificate", SmartcardCertificate, certificate_rows);
static const XmRow smartcard_rows[] = {
    A_ENUM  (Smartcard, mode, "mode", smartcard_mode, .flags = XM_REQUIRED | XM_ABI, .doc = "whose card the guest sees"),
    LIST    (Smartcard, certificates, "certificate", certificate_elem, .when = XM_BIT(SMARTCARD_HOST_CERTIFICATES)),
    LEAF_STR(Smartcard, database, "database", .when = XM_BIT(SMARTCARD_HOST_CERTIFICATES),
             .doc = "folder of the NSS database"),
    INCLUDE (Smartcard, src, chardev_source_elem, .when = XM_BIT(SMARTCARD_PASSTHROUGH)),
    INCLUDE_SAME(device_info_elem),
};
const XmElem smartcard_elem = ELEM("smartcard", Smartcard, smartcard_rows, .has_line = true,
                                   .variant = smartcard_variant, .check = smartcard_check);

static bool redirdev_check(gconstpointer obj, char **why)
{
    const Redirdev *r = obj;
    if (!r->src.type)
        *why = g_strdup("a <redirdev> needs a type: how the client's device is reached");
    return r->src.type != CHR_NONE;
}

static const XmRow redirdev_rows[] = {
    A_ENUM (Redirdev, bus, "bus", redir_bus, .flags = XM_ABI, .doc = "always usb"),
    INCLUDE(Redirdev, src, chardev_source_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem redirdev_elem = ELEM("redirdev", Redirdev, redirdev_rows, .has_line = true, .check = redirdev_check);

/* --- <usbdev>: numbers as usbredir writes them, in capitals; -1 stands for any. */

static bool id_parse(const XmRow *r, const char *text, gpointer v, char **why)
{
    return g_str_equal(text, "-1") || xm_hex.parse(r, text, v, why);
}
static void id_format(const XmRow *r, gconstpointer v, GString *out)
{
    g_string_append_printf(out, "0x%0*X", (int)r->width, ((const OptU32 *)v)->v);
}
static bool id_absent(gconstpointer v) { return xm_hex.absent(v); }
static bool id_equal(gconstpointer a, gconstpointer b) { return xm_hex.equal(a, b); }
static void id_copy(gpointer to, gconstpointer from) { xm_hex.copy(to, from); }
static void id_clear(gpointer v) { xm_hex.clear(v); }
static void id_random(const XmRow *r, gpointer v, GRand *rnd) { xm_hex.random(r, v, rnd); }
static const XmType usb_id = { "USB identifier", id_parse, id_format, id_absent, id_equal, id_copy, id_clear, id_random };
#define A_USB_ID(f, n, w, m, d) XM_SCALAR(XM_ATTR, RedirUsbdev, f, n, usb_id, OptU32, .width = w, .max = m, .doc = d)

static bool usbdev_loaded(gpointer obj, G_GNUC_UNUSED xmlNode *node, char **why)
{
    /* Canonical: one digit at least before the point, two after it; both are hexadecimal BCD. */
    RedirUsbdev *u = obj;
    if (!u->version || g_str_equal(u->version, "-1")) {
        g_clear_pointer(&u->version, g_free);
        return true;
    }
    guint major = 0, minor = 0;
    int end = 0;
    if (sscanf(u->version, "%2u.%n%2u%n", &major, &end, &minor, &end) < 2 || u->version[end]) {
        *why = g_strdup_printf("'%s' is not a USB version like 1.10", u->version);
        return false;
    }
    guint digits = strlen(strchr(u->version, '.') + 1);
    g_free(u->version);
    u->version = g_strdup_printf("%u.%02u", major, digits == 1 ? minor * 10 : minor);
    return true;
}

static const XmRow usbdev_rows[] = {
    A_USB_ID(class_id, "class", 2, 0xff, "USB class"),
    A_USB_ID(vendor, "vendor", 4, 0xffff, "vendor"),
    A_USB_ID(product, "product", 4, 0xffff, "product"),
    A_STR  (RedirUsbdev, version, "version", .doc = "device version, 1.10"),
    A_YESNO(RedirUsbdev, allow, "allow", .flags = XM_REQUIRED, .doc = "whether such devices may be redirected"),
};
static const XmElem usbdev_elem = ELEM("usbdev", RedirUsbdev, usbdev_rows, .loaded = usbdev_loaded);
static const XmRow redirfilter_rows[] = {
    LIST(RedirFilter, usbdevs, "usbdev", usbdev_elem),
};
const XmElem redirfilter_elem = ELEM("redirfilter", RedirFilter, redirfilter_rows);
