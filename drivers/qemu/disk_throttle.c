#include "drivers/qemu/disk_throttle.h"
#include <string.h>
#include "util/error.h"

enum { CALL_TIMEOUT_MS = 10000 };

/* XML, QEMU (qapi/block-core.json, BlockIOThrottle), and which of three the number excludes. */
typedef enum { TOTAL, READ, WRITE, ALONE } Role;
static const struct { const char *name, *qmp; size_t offset; guint family; Role role; } fields[] = {
#define ROW(name, qmp, field, family, role) { name, qmp, offsetof(DiskIotune, field), family, role }
    ROW("total_bytes_sec", "bps", total_bytes, 0, TOTAL),
    ROW("read_bytes_sec", "bps_rd", read_bytes, 0, READ),
    ROW("write_bytes_sec", "bps_wr", write_bytes, 0, WRITE),
    ROW("total_iops_sec", "iops", total_iops, 1, TOTAL),
    ROW("read_iops_sec", "iops_rd", read_iops, 1, READ),
    ROW("write_iops_sec", "iops_wr", write_iops, 1, WRITE),
    ROW("total_bytes_sec_max", "bps_max", total_bytes_max, 2, TOTAL),
    ROW("read_bytes_sec_max", "bps_rd_max", read_bytes_max, 2, READ),
    ROW("write_bytes_sec_max", "bps_wr_max", write_bytes_max, 2, WRITE),
    ROW("total_iops_sec_max", "iops_max", total_iops_max, 3, TOTAL),
    ROW("read_iops_sec_max", "iops_rd_max", read_iops_max, 3, READ),
    ROW("write_iops_sec_max", "iops_wr_max", write_iops_max, 3, WRITE),
    ROW("total_bytes_sec_max_length", "bps_max_length", total_bytes_length, 4, ALONE),
    ROW("read_bytes_sec_max_length", "bps_rd_max_length", read_bytes_length, 4, ALONE),
    ROW("write_bytes_sec_max_length", "bps_wr_max_length", write_bytes_length, 4, ALONE),
    ROW("total_iops_sec_max_length", "iops_max_length", total_iops_length, 4, ALONE),
    ROW("read_iops_sec_max_length", "iops_rd_max_length", read_iops_length, 4, ALONE),
    ROW("write_iops_sec_max_length", "iops_wr_max_length", write_iops_length, 4, ALONE),
    ROW("size_iops_sec", "iops_size", size_iops, 5, ALONE),
};
enum { N_FAMILIES = 4 };
static const guint64 max_value = G_GUINT64_CONSTANT(1000000000000000);       /* QEMU: THROTTLE_VALUE_MAX */

static guint64 *at(const DiskIotune *t, guint i)
{
    return (guint64 *)((char *)t + fields[i].offset);
}

guint64 *throttle_field(DiskIotune *t, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (!strcmp(fields[i].name, name))
            return at(t, i);
    return NULL;
}

void throttle_clear_siblings(DiskIotune *t, const char *name)
{
    for (guint k = 0; k < G_N_ELEMENTS(fields); k++)
        for (guint i = 0; !strcmp(fields[k].name, name) && fields[k].family < N_FAMILIES && i < G_N_ELEMENTS(fields); i++)
            if (fields[i].family == fields[k].family)
                *at(t, i) = 0;
}

static guint64 sum_of(const DiskIotune *t, guint family, bool totals)
{
    guint64 sum = 0;
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].family == family && (fields[i].role == TOTAL) == totals)
            sum |= *at(t, i);
    return sum;
}

bool throttle_check(const DiskIotune *t, GError **err)
{
    static const char *const words[N_FAMILIES] = { "bytes_sec", "iops_sec", "bytes_sec_max", "iops_sec_max" };

    for (guint f = 0; f < N_FAMILIES; f++)
        if (sum_of(t, f, true) && sum_of(t, f, false)) {
            g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "total and read/write of %s cannot be set at the same time", words[f]);
            return false;
        }
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (*at(t, i) > max_value) {
            g_set_error(err, QV_ERROR, QV_ERR_ARGUMENT_UNSUPPORTED, "block I/O throttle limit value of '%s' must be no more than %" G_GUINT64_FORMAT,
                        fields[i].name, max_value);
            return false;
        }
    return true;
}

bool throttle_is_empty(const DiskIotune *t)
{
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (*at(t, i))
            return false;
    return true;
}

/* QEMU names a drive's device by its QOM path, which for some is a child of the device with the disk's alias. */
static char *device_path(json_object *blocks, const char *alias)
{
    g_autofree char *part = g_strdup_printf("/%s/", alias), *end = g_strdup_printf("/%s", alias);

    for (size_t i = 0; i < json_object_array_length(blocks); i++) {
        const char *qdev = json_object_get_string(json_object_object_get(json_object_array_get_idx(blocks, i), "qdev"));
        if (qdev && (!strcmp(qdev, alias) || strstr(qdev, part) || g_str_has_suffix(qdev, end)))
            return g_strdup(qdev);
    }
    return NULL;
}

bool throttle_apply(Qmp *qmp, const Disk *disk, GError **err)
{
    static const DiskIotune none;
    const DiskIotune *t = disk->iotune ? disk->iotune : &none;
    g_autoptr(QmpReply) blocks = qmp_call(qmp, "query-block", NULL, CALL_TIMEOUT_MS, err);
    g_autofree char *path = blocks ? device_path(blocks, disk->info.alias) : NULL;

    if (!path) {
        if (blocks)
            g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "disk '%s' cannot be throttled: QEMU has no drive for it", disk->dst);
        return false;
    }
    json_object *args = json_object_new_object();
    json_object_object_add(args, "id", json_object_new_string(path));
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (*at(t, i) || fields[i].family < 2)
            json_object_object_add(args, fields[i].qmp, json_object_new_int64((gint64)*at(t, i)));
    if (t->group)
        json_object_object_add(args, "group", json_object_new_string(t->group));
    g_autoptr(QmpReply) reply = qmp_call(qmp, "block_set_io_throttle", args, CALL_TIMEOUT_MS, err);
    if (!reply)
        g_prefix_error(err, "disk '%s': ", disk->dst);
    return reply;
}
