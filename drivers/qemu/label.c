#include "drivers/qemu/label.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "conf/disk.h"
#include "conf/display.h"
#include "drivers/qemu/each.h"
#include "util/owner.h"
#include "util/process.h"

void guest_user_clear(GuestUser *user)
{
    g_clear_pointer(&user->user, g_free);
    g_clear_pointer(&user->group, g_free);
}

static Seclabel *dac_label(const DomainDef *def)
{
    GPtrArray *all = def->frame.seclabels;

    for (guint i = 0; all && i < all->len; i++) {
        Seclabel *s = all->pdata[i];
        if (!s->model || !strcmp(s->model, "dac"))
            return s;
    }
    return NULL;
}

/* "USER:GROUP", each a name, a number or "+NUMBER". */
static bool split_label(const char *label, GuestUser *ret, GError **err)
{
    const char *colon = strchr(label, ':');

    guest_user_clear(ret);
    if (!colon || colon == label || !colon[1]) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "dac label '%s' is not of the form USER:GROUP", label);
        return false;
    }
    ret->user = g_strndup(label, (gsize)(colon - label));
    ret->group = g_strdup(colon + 1);
    return process_find_user(ret->user, ret->group, &ret->uid, &ret->gid, err);
}

bool guest_user(const QemuDriver *d, const DomainDef *def, GuestUser *ret, GError **err)
{
    const Seclabel *s = dac_label(def);

    *ret = (GuestUser){ .user = g_strdup(d->config.user), .group = g_strdup(d->config.group), .relabel = !d->config.session };
    if (s && (s->type == SECLABEL_NONE || s->relabel == TRI_NO))
        ret->relabel = false;
    if (s && s->type == SECLABEL_STATIC && !d->config.session)
        return split_label(s->label, ret, err);
    return process_find_user(ret->user, ret->group, &ret->uid, &ret->gid, err);
}

/* Labels of a model that is not there would protect nothing: whoever asks for them is told. */
static bool model_known(const char *model, GError **err)
{
    if (!model || !strcmp(model, "dac") || !strcmp(model, "none"))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                "Unable to find security driver for model %s: this host's is dac; remove that <seclabel> to start the domain", model);
    return false;
}

static const DeviceSeclabel *device_label(GPtrArray *labels)
{
    for (guint i = 0; labels && i < labels->len; i++) {
        const DeviceSeclabel *s = labels->pdata[i];
        if (!s->model || !strcmp(s->model, "dac"))
            return s;
    }
    return NULL;
}

bool label_file(Start *s, const GuestUser *who, const char *path, bool write, GPtrArray *dev_labels, GError **err)
{
    for (guint i = 0; dev_labels && i < dev_labels->len; i++) {
        const DeviceSeclabel *label = dev_labels->pdata[i];
        if (label->relabel != TRI_NO && !model_known(label->model, err))
            return false;
    }
    const DeviceSeclabel *own = device_label(dev_labels);
    g_auto(GuestUser) other = { 0 };
    g_autofree char *note = NULL;

    if (!who->relabel || !path || (own && own->relabel == TRI_NO) || access(path, F_OK) < 0)
        return true;
    if (own && own->label && !split_label(own->label, &other, err))
        return false;
    if (!other.user && owner_may_open(path, who->uid, who->gid, write))
        return true;
    const GuestUser *to = other.user ? &other : who;
    return (note = owner_note(path, s->run->dir, err)) && undo_push(s->run->undo, "owner", note, err) &&
           owner_lend(path, s->run->dir, to->uid, to->gid, err);
}

static bool label_source(Start *s, const GuestUser *who, const StorageSource *src, bool write, GError **err)
{
    if (src->type != SOURCE_FILE && src->type != SOURCE_BLOCK)
        return true;
    return label_file(s, who, src->path, write, src->seclabels, err);
}

static bool label_disk(Start *s, const GuestUser *who, const Disk *disk, GError **err)
{
    bool ok = label_source(s, who, &disk->src, disk->readonly != TRI_YES, err);

    for (const StorageBacking *back = disk->src.backing; ok && back; back = back->src.backing)
        ok = label_source(s, who, &back->src, false, err);
    return ok;
}

static bool label_chardev(Start *s, const GuestUser *who, const Chardev *c, GError **err)
{
    const ChardevSource *src = &c->src;
    return src->type != CHR_DEV || label_file(s, who, src->path, true, src->seclabels, err);
}

static bool label_boot_files(Start *s, const GuestUser *who, GError **err)
{
    const Os *os = &s->def->frame.os;
    const char *read_only[] = { os->kernel, os->initrd, os->dtb, os->slic_table, os->loader.path };

    for (guint i = 0; i < G_N_ELEMENTS(read_only); i++)
        if (!label_file(s, who, read_only[i], false, NULL, err))
            return false;
    return label_file(s, who, os->nvram.path, true, NULL, err) && label_source(s, who, &os->nvram.source, true, err);
}

static bool label_devices(Start *s, const GuestUser *who, GError **err)
{
    EACH_DEVICE(s->def, DEV_DISK, Disk, disk)
        if (!label_disk(s, who, disk, err))
            return false;
    EACH_DEVICE(s->def, DEV_SERIAL, Chardev, serial)
        if (!label_chardev(s, who, serial, err))
            return false;
    EACH_DEVICE(s->def, DEV_PARALLEL, Chardev, parallel)
        if (!label_chardev(s, who, parallel, err))
            return false;
    EACH_DEVICE(s->def, DEV_INPUT, Input, input)
        if (!label_file(s, who, input->evdev, true, NULL, err))
            return false;
    return true;
}

/* The guest's own folder dies with the guest: nothing to remember. */
static bool own_folder(const Start *s, const GuestUser *who, GError **err)
{
    g_autofree char *key = g_build_filename(s->run->dir, "master-key.aes", NULL);

    if (who->uid == geteuid() && who->gid == getegid())
        return true;
    return (chown(s->run->dir, who->uid, who->gid) == 0 && chown(key, who->uid, who->gid) == 0) ||
           qv_error_errno(err, errno, "cannot give '%s' to QEMU's user", s->run->dir);
}

/* The live definition says whom QEMU runs as, as libvirt's does. */
static void show_label(DomainDef *def, const GuestUser *who)
{
    Seclabel *s = dac_label(def);

    if (s && s->type == SECLABEL_NONE)
        return;
    if (!s) {
        s = xm_new(&seclabel_elem);
        s->type = SECLABEL_DYNAMIC;
        s->relabel = TRI_YES;
        if (!def->frame.seclabels)
            def->frame.seclabels = g_ptr_array_new();
        g_ptr_array_add(def->frame.seclabels, s);
    }
    g_free(s->model);
    s->model = g_strdup("dac");
    if (s->type == SECLABEL_DYNAMIC) {
        g_free(s->label);
        s->label = g_strdup_printf("+%u:+%u", who->uid, who->gid);
    }
    g_free(s->imagelabel);
    s->imagelabel = who->relabel ? g_strdup_printf("+%u:+%u", who->uid, who->gid) : NULL;
}

static bool models_known(const DomainDef *def, GError **err)
{
    GPtrArray *all = def->frame.seclabels;

    for (guint i = 0; all && i < all->len; i++) {
        const Seclabel *s = all->pdata[i];
        if (s->type != SECLABEL_NONE && !model_known(s->model, err))
            return false;
    }
    return true;
}

/* A lease that nobody takes would guard nothing. */
static bool no_leases(const DomainDef *def, GError **err)
{
    if (!domain_devices(def, DEV_LEASE)->len)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED,
                "<lease> needs a lock manager, which is not there; remove it to start the domain (images are locked by QEMU itself)");
    return false;
}

bool start_labels(Start *s, GError **err)
{
    g_auto(GuestUser) who = { 0 };

    if (!models_known(s->def, err) || !no_leases(s->def, err) || !guest_user(s->driver, s->def, &who, err))
        return false;
    if (!s->driver->config.session)
        show_label(s->def, &who);
    return own_folder(s, &who, err) && label_boot_files(s, &who, err) && label_devices(s, &who, err);
}

/* --- disks that come and go */

bool label_images(Start *s, gconstpointer disk, GError **err)
{
    g_auto(GuestUser) who = { 0 };
    return guest_user(s->driver, s->def, &who, err) && label_disk(s, &who, disk, err);
}

static bool has_image(const Disk *disk, const char *path)
{
    if (!g_strcmp0(disk->src.path, path))
        return true;
    for (const StorageBacking *back = disk->src.backing; back; back = back->src.backing)
        if (!g_strcmp0(back->src.path, path))
            return true;
    return false;
}

static bool is_used(const DomainDef *def, const char *path)
{
    EACH_DEVICE(def, DEV_DISK, Disk, disk)
        if (has_image(disk, path))
            return true;
    return false;
}

bool label_return_images(Undo *undo, const DomainDef *def, gconstpointer disk, GError **err)
{
    g_auto(GStrv) notes = undo_names(undo, "owner");
    bool ok = true;
    for (guint i = 0; notes[i]; i++) {
        const char *path = strchr(notes[i], '\t');
        if (path && has_image(disk, path + 1) && !is_used(def, path + 1))
            ok = undo_one(undo, "owner", notes[i], ok ? err : NULL) && ok;
    }
    return ok;
}
