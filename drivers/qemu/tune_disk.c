/* Disks: the host's (blkiotune, by control groups) and the guest's (blkdeviotune, by QEMU's own throttle). */
#include <string.h>
#include "conf/disk.h"
#include "drivers/qemu/disk_throttle.h"
#include "drivers/qemu/each.h"
#include "drivers/qemu/tune_op.h"

/* --- blkiotune */

static const DomainTuneField blkio_fields[] = {
    { "weight", PARAM_UINT },                    { "device_weight", PARAM_STRING },
    { "device_read_iops_sec", PARAM_STRING },    { "device_write_iops_sec", PARAM_STRING },
    { "device_read_bytes_sec", PARAM_STRING },   { "device_write_bytes_sec", PARAM_STRING },
};

static guint64 get_field(const BlkioDevice *d, const BlkioTune *row)
{
    gconstpointer at = (const char *)d + row->offset;
    return row->param == CGROUP_BLKIO_DEVICE_WEIGHT ? *(const guint32 *)at : *(const guint64 *)at;
}

static void set_field(BlkioDevice *d, const BlkioTune *row, guint64 value)
{
    gpointer at = (char *)d + row->offset;
    if (row->param == CGROUP_BLKIO_DEVICE_WEIGHT)
        *(guint32 *)at = (guint32)value;
    else
        *(guint64 *)at = value;
}

/* "/dev/sda,100,/dev/sdb,200" of one parameter. Gives. */
static char *devices_text(Group *g, const Tune *t, const BlkioTune *row)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; t->blkio.devices && i < t->blkio.devices->len; i++) {
        const BlkioDevice *d = g_ptr_array_index(t->blkio.devices, i);
        g_autofree char *number = g ? blkio_device_number(d->path, NULL) : NULL;
        guint64 value = get_field(d, row);
        if (value && number)
            cgroup_get_device(g->host, g->name, row->param, number, &value, NULL);
        if (value)
            g_string_append_printf(text, "%s%s,%" G_GUINT64_FORMAT, text->len ? "," : "", d->path, value);
    }
    return g_string_free(text, FALSE);
}

static bool get_blkio(Group *g, const DomainDef *def, const char *disk, GArray *out, GError **err)
{
    const Tune *t = &def->frame.tune;
    gint64 weight = t->blkio.weight;

    if (g && !group_has(g, CGROUP_BLKIO, "blkio", err))
        return false;
    if (g)
        (void)cgroup_get_number(g->host, g->name, CGROUP_BLKIO_WEIGHT, &weight, NULL);      /* kernels without BFQ have none */
    tune_add_number(out, "weight", PARAM_UINT, weight);
    for (guint i = 0; i < n_blkio_tunes; i++) {
        g_autofree char *text = devices_text(g, t, &blkio_tunes[i]);
        tune_add_text(out, blkio_tunes[i].name, text);
    }
    return true;
}

static BlkioDevice *device_of(Tune *t, const char *path)
{
    if (!t->blkio.devices)
        t->blkio.devices = g_ptr_array_new();
    for (guint i = 0; i < t->blkio.devices->len; i++) {
        BlkioDevice *d = g_ptr_array_index(t->blkio.devices, i);
        if (!strcmp(d->path, path))
            return d;
    }
    BlkioDevice *d = g_new0(BlkioDevice, 1);
    d->path = g_strdup(path);
    g_ptr_array_add(t->blkio.devices, d);
    return d;
}

static bool take_devices(Tune *t, const BlkioTune *row, const char *text, GError **err)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    guint n = g_strv_length(words);
    guint64 value, most = row->param == CGROUP_BLKIO_DEVICE_WEIGHT ? 1000 : G_MAXUINT64;

    for (guint i = 0; i < n; i += 2) {
        if (i + 1 < n && *words[i] && g_ascii_string_to_unsigned(words[i + 1], 10, 0, most, &value, NULL)) {
            set_field(device_of(t, words[i]), row, value);
            continue;
        }
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "%s '%s' is not a list of PATH,NUMBER,PATH,NUMBER ...", row->name, text);
        return false;
    }
    return true;
}

static bool edit_blkio(const Change *c, GError **err)
{
    enum { WEIGHT_MIN = 1, WEIGHT_MAX = 1000 };       /* of BFQ */
    const TuneArgs *args = c->data;
    const DomainStat *p = tune_param(args->params, "weight");

    if (p && (p->v.u < WEIGHT_MIN || p->v.u > WEIGHT_MAX)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "weight '%u' must be in range [%d, %d]", p->v.u, WEIGHT_MIN, WEIGHT_MAX);
        return false;
    }
    if (p)
        c->now->frame.tune.blkio.weight = p->v.u;
    for (guint i = 0; i < n_blkio_tunes; i++)
        if ((p = tune_param(args->params, blkio_tunes[i].name)) && !take_devices(&c->now->frame.tune, &blkio_tunes[i], p->v.s, err))
            return false;
    return true;
}

static bool apply_blkio(const Change *c, GError **err)
{
    return group_has(c->run->group, CGROUP_BLKIO, "blkio", err) &&
           tune_apply_blkio(c->run->group, &c->was->frame.tune, &c->now->frame.tune, err);
}

const TuneGroup tune_blkio = { blkio_fields, G_N_ELEMENTS(blkio_fields), get_blkio, { "blkiotune", edit_blkio, apply_blkio, NULL } };

/* --- blkdeviotune */

static const DomainTuneField disk_fields[] = {
    { "total_bytes_sec", PARAM_ULLONG },            { "read_bytes_sec", PARAM_ULLONG },
    { "write_bytes_sec", PARAM_ULLONG },            { "total_iops_sec", PARAM_ULLONG },
    { "read_iops_sec", PARAM_ULLONG },              { "write_iops_sec", PARAM_ULLONG },
    { "total_bytes_sec_max", PARAM_ULLONG },        { "read_bytes_sec_max", PARAM_ULLONG },
    { "write_bytes_sec_max", PARAM_ULLONG },        { "total_iops_sec_max", PARAM_ULLONG },
    { "read_iops_sec_max", PARAM_ULLONG },          { "write_iops_sec_max", PARAM_ULLONG },
    { "size_iops_sec", PARAM_ULLONG },              { "group_name", PARAM_STRING },
    { "total_bytes_sec_max_length", PARAM_ULLONG }, { "read_bytes_sec_max_length", PARAM_ULLONG },
    { "write_bytes_sec_max_length", PARAM_ULLONG }, { "total_iops_sec_max_length", PARAM_ULLONG },
    { "read_iops_sec_max_length", PARAM_ULLONG },   { "write_iops_sec_max_length", PARAM_ULLONG },
};

static Disk *find_disk(const DomainDef *def, const char *name, GError **err)
{
    EACH_DEVICE(def, DEV_DISK, Disk, disk)
        if (!g_strcmp0(disk->dst, name) || (name && !g_strcmp0(disk->src.path, name)))
            return disk;
    g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "disk '%s' was not found in the domain config", name ? name : "");
    return NULL;
}

static bool get_disk(Group *g, const DomainDef *def, const char *name, GArray *out, GError **err)
{
    static const DiskIotune none;
    const Disk *disk = find_disk(def, name, err);
    const DiskIotune *t = disk && disk->iotune ? disk->iotune : &none;

    for (guint i = 0; disk && i < G_N_ELEMENTS(disk_fields); i++) {
        const guint64 *field = throttle_field((DiskIotune *)t, disk_fields[i].name);
        if (field)
            tune_add_number(out, disk_fields[i].name, PARAM_ULLONG, (gint64)*field);
        else
            tune_add_text(out, disk_fields[i].name, t->group);
    }
    return disk;
}

static bool edit_disk(const Change *c, GError **err)
{
    const TuneArgs *args = c->data;
    Disk *disk = find_disk(c->now, args->disk, err);

    if (!disk)
        return false;
    if (!disk->iotune)
        disk->iotune = g_new0(DiskIotune, 1);
    for (guint i = 0; i < args->params->len; i++)
        throttle_clear_siblings(disk->iotune, g_array_index(args->params, DomainStat, i).name);
    for (guint i = 0; i < args->params->len; i++) {
        const DomainStat *p = &g_array_index(args->params, DomainStat, i);
        guint64 *field = throttle_field(disk->iotune, p->name);
        if (field) {
            *field = p->v.ul;
        } else {
            g_free(disk->iotune->group);
            disk->iotune->group = *p->v.s ? g_strdup(p->v.s) : NULL;
        }
    }
    if (!throttle_check(disk->iotune, err))
        return false;
    if (throttle_is_empty(disk->iotune)) {
        g_free(disk->iotune->group);
        g_clear_pointer(&disk->iotune, g_free);
    }
    return true;
}

static bool apply_disk(const Change *c, GError **err)
{
    const TuneArgs *args = c->data;
    const Disk *disk = find_disk(c->now, args->disk, err);
    return disk && throttle_apply(c->run->qmp, disk, err);
}

static void tell_disk(Domain *dom, bool live, gpointer data)
{
    const TuneArgs *args = data;
    if (live)
        tune_tell(dom, "blkdeviotune", args->disk, args->params);
}

const TuneGroup tune_disk = { disk_fields, G_N_ELEMENTS(disk_fields), get_disk, { "blkdeviotune", edit_disk, apply_disk, tell_disk } };
