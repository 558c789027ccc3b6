/* What the kernel shows under /sys/class/net (Documentation/ABI/testing/sysfs-class-net). */
#include "config.h"
#include "drivers/interface/interface.h"
#include <stdlib.h>
#include <string.h>

static const char class_net[] = "/sys/class/net";

void host_interface_free(HostInterface *i)
{
    if (!i)
        return;
    g_free(i->name);
    g_free(i->mac);
    g_free(i->state);
    g_free(i);
}

bool host_interface_active(const HostInterface *i)
{
    return !strcmp(i->state, "up");
}

/* NULL: there is no such file, or it cannot be read now. */
static char *read_value(const char *name, const char *file)
{
    g_autofree char *path = g_build_filename(class_net, name, file, NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text) : NULL;
}

static bool exists(const char *name, const char *file)
{
    g_autofree char *path = g_build_filename(class_net, name, file, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static HostInterface *look(const char *name)
{
    g_autofree char *mac = read_value(name, "address");
    if (!mac)
        return NULL;
    HostInterface *i = g_new(HostInterface, 1);
    *i = (HostInterface){ g_strdup(name), g_steal_pointer(&mac), read_value(name, "operstate") };
    if (!i->state)
        i->state = g_strdup("unknown");
    return i;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(HostInterface *const *)a)->name, (*(HostInterface *const *)b)->name);
}

GPtrArray *host_interfaces(void)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)host_interface_free);
    g_autoptr(GDir) dir = g_dir_open(class_net, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        HostInterface *i = exists(name, "master") ? NULL : look(name);
        if (i)
            g_ptr_array_add(all, i);
    }
    g_ptr_array_sort(all, by_name);
    return all;
}

HostInterface *host_interface_by_name(const char *name, GError **err)
{
    HostInterface *i = *name && !strchr(name, '/') && name[0] != '.' ? look(name) : NULL;
    if (!i)
        g_set_error(err, QV_ERROR, QV_ERR_NO_INTERFACE, "couldn't find interface named '%s'", name);
    return i;
}

HostInterface *host_interface_by_mac(const char *mac, GError **err)
{
    g_autoptr(GPtrArray) all = host_interfaces();
    for (guint i = 0; i < all->len; i++)
        if (!g_ascii_strcasecmp(((const HostInterface *)all->pdata[i])->mac, mac))
            return g_ptr_array_steal_index(all, i);
    g_set_error(err, QV_ERROR, QV_ERR_NO_INTERFACE, "couldn't find interface with MAC address '%s'", mac);
    return NULL;
}

/* --- XML */

static void line(GString *out, guint indent, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void line(GString *out, guint indent, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_markup_vprintf_escaped(format, args);
    va_end(args);
    g_string_append_printf(out, "%*s%s\n", (int)indent, "", text);
}

static void add_link(GString *out, guint indent, const HostInterface *i)
{
    g_autofree char *speed = host_interface_active(i) ? read_value(i->name, "speed") : NULL;
    if (speed && atoi(speed) > 0)
        line(out, indent, "<link speed='%d' state='%s'/>", atoi(speed), i->state);
    else
        line(out, indent, "<link state='%s'/>", i->state);
}

static void add_interface(GString *out, guint indent, const HostInterface *i, bool top);

static void add_members(GString *out, guint indent, const char *name, const char *pattern)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)host_interface_free);
    g_autofree char *folder = g_build_filename(class_net, name, NULL);
    g_autofree char *ports = g_build_filename(folder, pattern, NULL);
    g_autoptr(GDir) dir = g_dir_open(strcmp(pattern, "lower_") ? ports : folder, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        bool lower = !strcmp(pattern, "lower_");
        HostInterface *member = lower && !g_str_has_prefix(entry, pattern) ? NULL : look(lower ? entry + strlen(pattern) : entry);
        if (member)
            g_ptr_array_add(all, member);
    }
    g_ptr_array_sort(all, by_name);
    for (guint j = 0; j < all->len; j++)
        add_interface(out, indent, all->pdata[j], false);
}

static void add_bridge(GString *out, guint indent, const HostInterface *i)
{
    g_autofree char *stp = read_value(i->name, "bridge/stp_state"), *delay = read_value(i->name, "bridge/forward_delay");
    line(out, indent, "<bridge stp='%s' delay='%s'>", stp && atoi(stp) ? "on" : "off", delay ? delay : "0");
    add_members(out, indent + 2, i->name, "brif");
    line(out, indent, "</bridge>");
}

static void add_bond(GString *out, guint indent, const HostInterface *i)
{
    g_autofree char *mode = read_value(i->name, "bonding/mode");
    if (mode && strchr(mode, ' '))
        *strchr(mode, ' ') = 0;                      /* "balance-rr 0" */
    line(out, indent, "<bond mode='%s'>", mode ? mode : "");
    add_members(out, indent + 2, i->name, "lower_");
    line(out, indent, "</bond>");
}

/* The tag stands in /proc/net/vlan, where the kernel lists VLANs by name. */
static bool add_vlan(GString *out, guint indent, const HostInterface *i)
{
    g_autofree char *path = g_build_filename("/proc/net/vlan", i->name, NULL), *text = NULL, *under = NULL;
    const char *id, *device;
    if (!g_file_get_contents(path, &text, NULL, NULL) || !(id = strstr(text, "VID: ")) || !(device = strstr(text, "Device: ")))
        return false;
    under = g_strndup(device + strlen("Device: "), strcspn(device + strlen("Device: "), " \n"));
    line(out, indent, "<vlan tag='%d'>", atoi(id + strlen("VID: ")));
    line(out, indent + 2, "<interface name='%s'/>", under);
    line(out, indent, "</vlan>");
    return true;
}

static void add_interface(GString *out, guint indent, const HostInterface *i, bool top)
{
    bool bridge = exists(i->name, "bridge"), bond = exists(i->name, "bonding");
    g_autofree char *vlan = g_build_filename("/proc/net/vlan", i->name, NULL), *mtu = top ? read_value(i->name, "mtu") : NULL;
    bool tagged = g_file_test(vlan, G_FILE_TEST_EXISTS);

    line(out, indent, "<interface type='%s' name='%s'>", bridge ? "bridge" : bond ? "bond" : tagged ? "vlan" : "ethernet", i->name);
    if (mtu)
        line(out, indent + 2, "<mtu size='%s'/>", mtu);
    if (bridge)
        add_bridge(out, indent + 2, i);
    else if (bond)
        add_bond(out, indent + 2, i);
    else if (!tagged || !add_vlan(out, indent + 2, i)) {
        add_link(out, indent + 2, i);
        line(out, indent + 2, "<mac address='%s'/>", i->mac);
    }
    line(out, indent, "</interface>");
}

char *host_interface_xml(const HostInterface *i)
{
    GString *out = g_string_new(NULL);
    add_interface(out, 0, i, true);
    return g_string_free(out, FALSE);
}
