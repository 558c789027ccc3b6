#include "drivers/qemu/group_devices.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const char *const always[] = {
    "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/ptmx", "/dev/tty", "/dev/kvm", "/dev/userfaultfd",
    "/dev/rtc", "/dev/hpet", "/dev/vhost-net", "/dev/vhost-vsock",
};
enum { MAJOR_PTS = 136, MAJOR_OSS = 14, MAJOR_ALSA = 116, MAJOR_USB = 189, MAJOR_DRI = 226, MAJOR_MISC = 10, MINOR_VFIO = 196 };

/* Words that make QEMU open devices by itself; a path is looked at, a driver is looked up in /proc/devices. */
static const struct { const char *word, *path, *driver; int major, minor; } implied[] = {
    { "vfio", NULL, "vfio", 0, 0 },
    { "vfio", NULL, NULL, MAJOR_MISC, MINOR_VFIO },
    { "usb-host", NULL, NULL, MAJOR_USB, -1 },
    { "alsa", NULL, NULL, MAJOR_ALSA, -1 },
    { "oss", NULL, NULL, MAJOR_OSS, -1 },
    { "egl-headless", NULL, NULL, MAJOR_DRI, -1 },
    { "gl=", NULL, NULL, MAJOR_DRI, -1 },
    { "\"gl\"", NULL, NULL, MAJOR_DRI, -1 },
    { "rendernode", NULL, NULL, MAJOR_DRI, -1 },
    { "sev-guest", "/dev/sev", NULL, 0, 0 },
    { "sgx", "/dev/sgx_vepc", NULL, 0, 0 },
    { "sgx", "/dev/sgx_provision", NULL, 0, 0 },
};

static void add(GArray *devices, char type, int major_number, int minor_number)
{
    const CgroupDevice new = { type, major_number, minor_number };

    for (guint i = 0; i < devices->len; i++) {
        const CgroupDevice *d = &g_array_index(devices, CgroupDevice, i);
        if (d->type == type && d->major == major_number && (d->minor == minor_number || d->minor < 0))
            return;
    }
    g_array_append_val(devices, new);
}

static void add_path(GArray *devices, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)))
        add(devices, S_ISBLK(st.st_mode) ? 'b' : 'c', (int)major(st.st_rdev), (int)minor(st.st_rdev));
}

/* "NUMBER NAME" lines of /proc/devices, among the character devices. */
static void add_driver(GArray *devices, const char *name)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/devices", &text, NULL, NULL))
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && strncmp(*line, "Block", 5); line++) {
        const char *blank = strrchr(*line, ' ');
        if (blank && !strcmp(blank + 1, name))
            add(devices, 'c', atoi(*line), -1);
    }
}

/* Absolute paths in an argument or in JSON text (whose "\/" is "/"), each from a delimiter to the next. */
static void add_mentioned(GArray *devices, const char *text)
{
    static const char before[] = "\"=, :", after[] = "\",";

    for (const char *at = text; (at = strchr(at, '/')); ) {
        const char *start = at > text && at[-1] == '\\' ? at - 1 : at;
        if (start > text && !strchr(before, start[-1])) {
            at++;
            continue;
        }
        g_autoptr(GString) path = g_string_new(NULL);
        for (at = start; *at && !strchr(after, *at); at++)
            if (*at != '\\')
                g_string_append_c(path, *at);
        add_path(devices, path->str);
    }
    for (guint i = 0; i < G_N_ELEMENTS(implied); i++) {
        if (!strstr(text, implied[i].word))
            continue;
        if (implied[i].path)
            add_path(devices, implied[i].path);
        else if (implied[i].driver)
            add_driver(devices, implied[i].driver);
        else
            add(devices, 'c', implied[i].major, implied[i].minor);
    }
}

static void note(const Group *g)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) err = NULL;

    for (guint i = 0; i < g->devices->len; i++) {
        const CgroupDevice *d = &g_array_index(g->devices, CgroupDevice, i);
        g_string_append_printf(text, "%c %d %d\n", d->type, d->major, d->minor);
    }
    if (!g_file_set_contents_full(g->devices_note, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &err))
        g_warning("the list of devices is not kept for the next daemon: %s", err->message);
}

bool group_restrict_devices(Group *g, char *const *argv, const char *dir, GError **err)
{
    g_autoptr(GArray) devices = g_array_new(FALSE, TRUE, sizeof(CgroupDevice));
    g_autoptr(GError) why = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(always); i++)
        add_path(devices, always[i]);
    add(devices, 'c', MAJOR_PTS, -1);
    for (guint i = 1; argv[i]; i++)
        add_mentioned(devices, argv[i]);
    if (!g->controllers || !cgroup_restrict_devices(g->host, g->name, (const CgroupDevice *)devices->data, devices->len, &why)) {
        g_debug("devices of '%s' are not limited: %s", g->name, why ? why->message : "it has no control group");
        return true;
    }
    g->devices_note = g_build_filename(dir, "devices", NULL);
    g->devices = g_steal_pointer(&devices);
    note(g);
    return true;
}

/* Commands that make QEMU open something. */
static bool opens(const char *name)
{
    static const char *const words[] = { "add", "change", "reopen", "mirror", "snapshot", "backup", "open", "migrate", "human" };
    for (guint i = 0; name && i < G_N_ELEMENTS(words); i++)
        if (strstr(name, words[i]))
            return true;
    return false;
}

void group_allow_mentioned(json_object *command, gpointer user)
{
    Group *g = user;
    g_autoptr(GError) err = NULL;

    if (!g->devices || !opens(json_object_get_string(json_object_object_get(command, "execute"))))
        return;
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&g->devices_lock);
    guint before = g->devices->len;
    add_mentioned(g->devices, json_object_to_json_string_ext(command, JSON_C_TO_STRING_NOSLASHESCAPE));
    if (g->devices->len == before)
        return;
    if (!cgroup_add_devices(g->host, g->name, (const CgroupDevice *)g->devices->data, g->devices->len, g->devices->len - before, &err))
        g_warning("QEMU will not be able to open a device: %s", err->message);
    note(g);
}

void group_resume_devices(Group *g, const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "devices", NULL), *text = NULL;
    CgroupDevice d;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    g->devices = g_array_new(FALSE, TRUE, sizeof(CgroupDevice));
    g->devices_note = g_steal_pointer(&path);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (sscanf(*line, "%c %d %d", &d.type, &d.major, &d.minor) == 3)
            g_array_append_val(g->devices, d);
}
