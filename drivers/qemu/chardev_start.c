#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/chardev_define.h"
#include "drivers/qemu/chardev_start.h"
#include "drivers/qemu/each.h"

/* --- socket folders */

static char *channel_dir(const char *lib_dir, const char *domain_dir)
{
    g_autofree char *base = g_path_get_basename(domain_dir ? domain_dir : "");
    return g_strdup_printf("%s/qemu/channel/target/%s", lib_dir ? lib_dir : "", base);
}

/* A channel's name comes from the XML: it must stay one file below the folder. */
static char *socket_name(const Chardev *c)
{
    const Address *a = &c->info.addr;
    if (!c->name || !*c->name || strchr(c->name, '/') || c->name[0] == '.')
        return g_strdup_printf("vioser-%02u-%02u-%02u.sock", a->serial.controller.v, a->serial.bus.v, a->serial.port.v);
    return g_strdup(c->name);
}

void chardevs_prepare(DomainDef *def, const char *lib_dir, const char *domain_dir)
{
    g_autofree char *dir = channel_dir(lib_dir, domain_dir);
    EACH_DEVICE(def, DEV_CHANNEL, Chardev, c) {
        if (c->channel != CHANNEL_VIRTIO || c->src.type != CHR_UNIX || c->src.path)
            continue;
        g_autofree char *name = socket_name(c);
        c->src.path = g_strdup_printf("%s/%s", dir, name);
        c->src.mode = CHR_BIND;
        c->src.path_generated = true;
    }
}

static bool has_own_socket(const DomainDef *def)
{
    EACH_DEVICE(def, DEV_CHANNEL, Chardev, c)
        if (c->src.path_generated)
            return true;
    return false;
}

bool chardevs_make_folders(const DomainDef *def, const char *lib_dir, const char *domain_dir, uid_t uid, gid_t gid,
                           GError **err)
{
    if (!has_own_socket(def))
        return true;
    g_autofree char *dir = channel_dir(lib_dir, domain_dir);
    g_autofree char *parent = g_path_get_dirname(dir);
    if (g_mkdir_with_parents(parent, 0755) < 0)
        return qv_error_errno(err, errno, "cannot make the folder '%s' for channel sockets", parent);
    if (g_mkdir(dir, 0750) < 0 && errno != EEXIST)
        return qv_error_errno(err, errno, "cannot make the folder '%s' for channel sockets", dir);
    if (uid != (uid_t)-1 && lchown(dir, uid, gid) < 0)
        return qv_error_errno(err, errno, "cannot give the folder '%s' to QEMU's user %u", dir, (guint)uid);
    return true;
}

void chardevs_remove_folders(const char *lib_dir, const char *domain_dir)
{
    g_autofree char *dir = channel_dir(lib_dir, domain_dir);
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    const char *name;
    while (open && (name = g_dir_read_name(open))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_unlink(path);
    }
    g_rmdir(dir);
}

/* --- files */

static void fds_add(GHashTable *fds, const char *id, const char *what, int fd)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_val(list, fd);
    g_hash_table_replace(fds, g_strdup_printf("%s-%s", id, what), list);
}

static bool open_file(GHashTable *fds, const char *id, const char *what, const char *path, bool append, GError **err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (append ? 0 : O_TRUNC), 0600);
    if (fd < 0)
        return qv_error_errno(err, errno, "cannot open '%s' for character device '%s'", path, id);
    fds_add(fds, id, what, fd);
    return true;
}

static bool open_source(GHashTable *fds, const ChardevSource *src, const DeviceInfo *info, GError **err)
{
    g_autofree char *id = chardev_id(info);
    if (src->type == CHR_FILE && !open_file(fds, id, "file", src->path, src->append == TRI_YES, err))
        return false;
    return !src->log.file || open_file(fds, id, "log", src->log.file, src->log.append == TRI_YES, err);
}

bool chardevs_open_files(const DomainDef *def, GHashTable *fds, GError **err)
{
    static const DeviceKind kinds[] = { DEV_SERIAL, DEV_PARALLEL, DEV_CHANNEL, DEV_CONSOLE };
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        EACH_DEVICE(def, kinds[k], Chardev, c)
            if (!console_is_serial(def, c) && !open_source(fds, &c->src, &c->info, err))
                return false;
    }
    EACH_DEVICE(def, DEV_SMARTCARD, Smartcard, s)
        if (s->mode == SMARTCARD_PASSTHROUGH && !open_source(fds, &s->src, &s->info, err))
            return false;
    EACH_DEVICE(def, DEV_REDIRDEV, Redirdev, r)
        if (!open_source(fds, &r->src, &r->info, err))
            return false;
    return true;
}

/* --- what QEMU answers */

static json_object *chardev_answer(json_object *reply, const char *id)
{
    for (size_t i = 0; json_object_is_type(reply, json_type_array) && i < json_object_array_length(reply); i++) {
        json_object *one = json_object_array_get_idx(reply, i), *label;
        if (json_object_object_get_ex(one, "label", &label) && g_strcmp0(json_object_get_string(label), id) == 0)
            return one;
    }
    return NULL;
}

static void fill_pty(Chardev *c, json_object *answer)
{
    json_object *name;
    if (c->src.type != CHR_PTY || !json_object_object_get_ex(answer, "filename", &name))
        return;
    const char *path = json_object_get_string(name);
    if (path && g_str_has_prefix(path, "pty:")) {
        g_free(c->src.path);
        c->src.path = g_strdup(path + strlen("pty:"));
    }
}

static void fill_state(Chardev *c, json_object *answer)
{
    json_object *open;
    if (c->channel == CHANNEL_VIRTIO && json_object_object_get_ex(answer, "frontend-open", &open))
        c->state = json_object_get_boolean(open) ? CHANNEL_CONNECTED : CHANNEL_DISCONNECTED;
}

void chardevs_fill_ptys(DomainDef *def, json_object *reply)
{
    static const DeviceKind kinds[] = { DEV_SERIAL, DEV_PARALLEL, DEV_CHANNEL, DEV_CONSOLE };
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        EACH_DEVICE(def, kinds[k], Chardev, c) {
            g_autofree char *id = chardev_id(&c->info);
            json_object *answer = chardev_answer(reply, id);
            if (!answer || console_is_serial(def, c))
                continue;
            fill_pty(c, answer);
            fill_state(c, answer);
        }
    }
    console_follow_serial(def);
}

bool chardevs_port_changed(DomainDef *def, const char *alias, bool open)
{
    ChannelState state = open ? CHANNEL_CONNECTED : CHANNEL_DISCONNECTED;
    EACH_DEVICE(def, DEV_CHANNEL, Chardev, c)
        if (c->channel == CHANNEL_VIRTIO && g_strcmp0(c->info.alias, alias) == 0) {
            bool changed = c->state != state;
            c->state = state;
            return changed;
        }
    return false;
}

const Chardev *chardev_find(const DomainDef *def, const char *name, bool channel, GError **err)
{
    static const DeviceKind consoles[] = { DEV_CONSOLE, DEV_SERIAL, DEV_PARALLEL }, channels[] = { DEV_CHANNEL };
    const DeviceKind *kinds = channel ? channels : consoles;
    for (guint k = 0; k < (channel ? G_N_ELEMENTS(channels) : G_N_ELEMENTS(consoles)); k++) {
        EACH_DEVICE(def, kinds[k], Chardev, c)
            if (!name || g_strcmp0(c->info.alias, name) == 0 || (channel && g_strcmp0(c->name, name) == 0))
                return c;
    }
    if (name)
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "cannot find %s '%s'", channel ? "channel" : "character device", name);
    else
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "the domain has no %s", channel ? "channel" : "console");
    return NULL;
}

/* --- streams */

static int open_terminal(const char *path, GError **err)
{
    struct termios mode;
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        qv_error_errno(err, errno, "cannot open the pseudo terminal '%s'", path);
        return -1;
    }
    /* What the guest sends is passed on as it is. */
    if (tcgetattr(fd, &mode) == 0) {
        cfmakeraw(&mode);
        tcsetattr(fd, TCSANOW, &mode);
    }
    return fd;
}

static int connect_socket(const char *path, GError **err)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(a.sun_path)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "the socket's path '%s' is longer than the kernel takes", path);
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
        qv_error_errno(err, errno, "cannot connect to the socket '%s'", path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

int chardev_open(const Chardev *c, GError **err)
{
    if (c->src.path && (c->src.type == CHR_PTY || c->src.type == CHR_DEV))
        return open_terminal(c->src.path, err);
    if (c->src.path && c->src.type == CHR_UNIX && c->src.mode == CHR_BIND)
        return connect_socket(c->src.path, err);
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED,
                "character device '%s' of type '%s' has no end that could be opened here; only 'pty' and 'unix' have",
                c->info.alias ? c->info.alias : "", xm_enum_name(&chardev_type, c->src.type));
    return -1;
}
