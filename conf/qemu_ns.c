/* Rows of <qemu:commandline>, <qemu:capabilities>, <qemu:override> and <qemu:deprecation>. */
#include "config.h"
#include <string.h>
#include "conf/qemu_ns.h"

#define QEMU_NS "http://libvirt.org/schemas/domain/qemu/1.0"
#define IN_QEMU_NS .ns = QEMU_NS, .prefix = "qemu"

XM_ENUM(deprecation, "behaviour of deprecated features", NULL, "none", "omit", "reject", "crash");
XM_COVERS(deprecation, DEPRECATION__N);
XM_ENUM(property_type, "type of property", NULL, "string", "unsigned", "signed", "bool", "remove");
XM_COVERS(property_type, PROPERTY__N);

/* --- <qemu:commandline> */

static const XmRow argument_rows[] = { A_STR(QemuArgument, value, "value", .flags = XM_REQUIRED) };
static const XmElem argument_elem = ELEM("arg", QemuArgument, argument_rows);
static const XmRow variable_rows[] = {
    A_STR(QemuVariable, name, "name", .flags = XM_REQUIRED),
    A_STR(QemuVariable, value, "value"),
};
static bool variable_check(gconstpointer obj, char **why)
{
    const char *name = ((const QemuVariable *)obj)->name;
    bool word = name && (g_ascii_isalpha(*name) || *name == '_');
    for (const char *c = name; word && *c; c++)
        word = g_ascii_isalnum(*c) || *c == '_';
    if (!word)
        *why = g_strdup_printf("'%.64s' is no name of a variable: letters, digits and _ only", name ? name : "");
    return word;
}
static const XmElem variable_elem = ELEM("env", QemuVariable, variable_rows, .check = variable_check);
static const XmRow commandline_rows[] = {
    LIST(QemuNs, args, "arg", argument_elem, IN_QEMU_NS),
    LIST(QemuNs, env, "env", variable_elem, IN_QEMU_NS),
};
static const XmElem commandline_elem = ELEM("commandline", QemuNs, commandline_rows);

/* --- <qemu:capabilities> */

static const XmRow capability_rows[] = { A_STR(QemuCapability, name, "capability", .flags = XM_REQUIRED) };
static const XmElem add_elem = ELEM("add", QemuCapability, capability_rows);
static const XmElem del_elem = ELEM("del", QemuCapability, capability_rows);
static const XmRow capabilities_rows[] = {
    LIST(QemuNs, caps_add, "add", add_elem, IN_QEMU_NS),
    LIST(QemuNs, caps_del, "del", del_elem, IN_QEMU_NS),
};
static const XmElem capabilities_elem = ELEM("capabilities", QemuNs, capabilities_rows);

/* --- <qemu:override> */

static bool is_number(const DeviceProperty *p)
{
    if (p->type == PROPERTY_SIGNED)
        return g_ascii_string_to_signed(p->value, 10, G_MININT64, G_MAXINT64, NULL, NULL);
    return g_ascii_string_to_unsigned(p->value, 10, 0, G_MAXUINT64, NULL, NULL);
}

static bool property_check(gconstpointer obj, char **why)
{
    const DeviceProperty *p = obj;
    if (p->type == PROPERTY_REMOVE && p->value)
        *why = g_strdup_printf("property '%s' of type 'remove' has no value", p->name);
    else if (p->type != PROPERTY_REMOVE && !p->value)
        *why = g_strdup_printf("property '%s' needs a value", p->name);
    else if ((p->type == PROPERTY_UNSIGNED || p->type == PROPERTY_SIGNED) && !is_number(p))
        *why = g_strdup_printf("property '%s': '%.32s' is not a number of its type", p->name, p->value);
    else if (p->type == PROPERTY_BOOL && strcmp(p->value, "true") && strcmp(p->value, "false"))
        *why = g_strdup_printf("property '%s': a bool is true or false, not '%.32s'", p->name, p->value);
    return !*why;
}
static const XmRow property_rows[] = {
    A_STR(DeviceProperty, name, "name", .flags = XM_REQUIRED | XM_ABI),
    A_ENUM(DeviceProperty, type, "type", property_type, .flags = XM_REQUIRED | XM_NONZERO | XM_ABI),
    A_STR(DeviceProperty, value, "value", .flags = XM_ABI),
};
static const XmElem property_elem = ELEM("property", DeviceProperty, property_rows, .check = property_check);
static const XmRow frontend_rows[] = { LIST(DeviceOverride, properties, "property", property_elem, IN_QEMU_NS) };
static const XmElem frontend_elem = ELEM("frontend", DeviceOverride, frontend_rows);
static const XmRow device_rows[] = {
    A_STR(DeviceOverride, alias, "alias", .flags = XM_REQUIRED | XM_ABI, .doc = "of a device that has one of your own: ua-..."),
    INLINE("frontend", frontend_elem, IN_QEMU_NS),
};
static const XmElem device_elem = ELEM("device", DeviceOverride, device_rows);
static const XmRow override_rows[] = { LIST(QemuNs, overrides, "device", device_elem, IN_QEMU_NS, .key = "alias") };
static const XmElem override_elem = ELEM("override", QemuNs, override_rows);

static const XmRow deprecation_rows[] = { A_ENUM(QemuNs, deprecation, "behavior", deprecation, .flags = XM_REQUIRED | XM_NONZERO) };
static const XmElem deprecation_elem = ELEM("deprecation", QemuNs, deprecation_rows);

static const XmRow qemu_ns_rows[] = {
    INLINE("commandline", commandline_elem, IN_QEMU_NS),
    INLINE("capabilities", capabilities_elem, IN_QEMU_NS),
    INLINE("override", override_elem, IN_QEMU_NS),
    INLINE("deprecation", deprecation_elem, IN_QEMU_NS),
};
const XmElem qemu_ns_elem = ELEM("domain", QemuNs, qemu_ns_rows);
