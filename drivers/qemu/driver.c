/* The driver: configuration, capabilities, lookups, reads. */
#include "drivers/qemu/driver.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "conf/disk.h"
#include "drivers/qemu/build.h"
#include "drivers/qemu/define.h"
#include "util/cgroup.h"
#include "util/file.h"
#include "util/host.h"
#include "util/ids.h"

static const char default_emulator[] = "/usr/bin/qemu-system-x86_64";

/* --- calls on their way */

Op *op_new(QemuDriver *driver, Domain *dom, guint flags, DomainDone done, gpointer user)
{
    Op *op = g_new0(Op, 1);
    *op = (Op){ .driver = driver, .dom = dom ? domain_ref(dom) : NULL, .flags = flags, .done = done, .user = user };
    return op;
}

void op_end(Op *op, const GError *err)
{
    if (op->done)
        op->done(op->dom, op->result, err, op->user);
    if (op->result && op->result_free)
        op->result_free(op->result);
    if (op->run)
        run_unref(op->run);
    domain_unref(op->dom);
    domain_def_free(op->def);
    g_clear_pointer(&op->stored, g_ref_string_release);
    json_object_put(op->json);
    g_free(op->text);
    g_free(op->text2);
    g_free(op->text3);
    g_free(op);
}

typedef struct { Op *op; GError *err; } Later;

static gboolean end_now(gpointer user)
{
    Later *later = user;
    op_end(later->op, later->err);
    g_clear_error(&later->err);
    g_free(later);
    return G_SOURCE_REMOVE;
}

void op_fail_later(Op *op, GError *err)
{
    Later *later = g_new(Later, 1);
    *later = (Later){ op, err };
    g_idle_add_full(G_PRIORITY_DEFAULT, end_now, later, NULL);
}

static void job_ended(gpointer user, const GError *err)
{
    op_end(user, err);
}

/* --- the driver itself */

QemuDriver *qemu_driver_new(const QemuDriverConfig *config, GError **err)
{
    QemuDriver *d = g_new0(QemuDriver, 1);

    d->config = *config;
    d->config.etc_dir = g_strdup(config->etc_dir);
    d->config.lib_dir = g_strdup(config->lib_dir);
    d->config.run_dir = g_strdup(config->run_dir);
    d->config.log_dir = g_strdup(config->log_dir);
    d->config.cache_dir = g_strdup(config->cache_dir);
    d->qemu_etc = g_build_filename(config->etc_dir, "qemu", NULL);
    d->autostart = g_build_filename(d->qemu_etc, "autostart", NULL);
    d->status = g_build_filename(config->run_dir, "qemu", NULL);
    d->index = index_new();
    d->actor = actor_new();
    d->cgroups = cgroup_host_new(NULL);
    g_mutex_init(&d->lock);
    d->caps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)qemu_caps_unref);
    g_autofree char *logs = g_build_filename(config->log_dir, "qemu", NULL);
    g_autofree char *lib = g_build_filename(config->lib_dir, "qemu", NULL);
    if (!file_mkdir_p(d->autostart, 0700, err) || !file_mkdir_p(d->status, 0700, err) ||
        !file_mkdir_p(logs, 0700, err) || !file_mkdir_p(lib, 0751, err) || !file_mkdir_p(config->cache_dir, 0700, err)) {
        qemu_driver_free(d);
        return NULL;
    }
    actors_start(config->workers);
    return d;
}

void qemu_driver_free(QemuDriver *d)
{
    if (!d)
        return;
    actors_stop(500);
    index_free(d->index);
    actor_free(d->actor);
    cgroup_host_free(d->cgroups);
    g_hash_table_unref(d->caps);
    g_mutex_clear(&d->lock);
    g_free(d->qemu_etc);
    g_free(d->autostart);
    g_free(d->status);
    g_free(d->config.etc_dir);
    g_free(d->config.lib_dir);
    g_free(d->config.run_dir);
    g_free(d->config.log_dir);
    g_free(d->config.cache_dir);
    g_free(d);
}

char *driver_config_path(const QemuDriver *d, const char *name)
{
    return g_strdup_printf("%s/%s.xml", d->qemu_etc, name);
}

QemuCaps *driver_caps(QemuDriver *d, const char *binary, GError **err)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&d->lock);
    const char *path = binary ? binary : default_emulator;
    QemuCaps *caps = g_hash_table_lookup(d->caps, path);

    if (!caps && (caps = qemu_caps_get(path, d->config.cache_dir, err)))
        g_hash_table_insert(d->caps, g_strdup(path), caps);
    return caps ? qemu_caps_ref(caps) : NULL;
}

DomainDef *driver_define(QemuDriver *d, const char *xml, guint parse_flags, GError **err)
{
    g_autoptr(DomainDef) def = domain_def_parse(xml, strlen(xml), NULL, parse_flags, err);
    if (!def)
        return NULL;
    g_autoptr(QemuCaps) caps = driver_caps(d, qemu_emulator_of(def), err);
    DefineCtx ctx = { .caps = caps, .lib_dir = d->config.lib_dir };
    return caps && qemu_define(def, &ctx, err) ? g_steal_pointer(&def) : NULL;
}

void driver_refresh_view(DomainView *view, const DomainDef *def)
{
    const DomainFrame *f = &def->frame;

    g_free(view->name);
    view->name = g_strdup(f->name);
    uuid_parse(f->uuid, view->uuid);
    view->vcpus_max = f->vcpus.max;
    view->vcpus = f->vcpus.current ? f->vcpus.current : f->vcpus.max;
    view->max_memory_kib = f->memory.size / 1024;
    view->memory_kib = (f->memory.current ? f->memory.current : f->memory.size) / 1024;
    g_free(view->os_type);
    view->os_type = g_strdup(f->os.type ? f->os.type : "hvm");
}

DomainView *driver_new_view(const DomainDef *def)
{
    DomainView *view = g_new0(DomainView, 1);
    view->refs = 1;
    view->id = -1;
    view->state = DOM_SHUTOFF;
    driver_refresh_view(view, def);
    return view;
}

/* --- lookups */

Domain *qemu_driver_by_uuid(QemuDriver *d, const guint8 uuid[16], GError **err)
{
    return index_by_uuid(d->index, uuid, err);
}

Domain *qemu_driver_by_name(QemuDriver *d, const char *name, GError **err)
{
    return index_by_name(d->index, name, err);
}

Domain *qemu_driver_by_id(QemuDriver *d, int id, GError **err)
{
    return index_by_id(d->index, id, err);
}

GPtrArray *qemu_driver_list(QemuDriver *d, guint flags)
{
    return index_list(d->index, flags);
}

guint qemu_driver_count(QemuDriver *d, guint flags)
{
    return index_count(d->index, flags);
}

void qemu_driver_on_event(QemuDriver *d, DomainEventFn fn, gpointer user)
{
    d->on_event = fn;
    d->event_user = user;
}

void driver_emit(QemuDriver *d, Domain *dom, DomainEventId id, int a, int b)
{
    DomainEvent event = { .id = id, .name = dom->view->name, .dom_id = dom->view->id, .a = a, .b = b };
    memcpy(event.uuid, dom->view->uuid, 16);
    if (d->on_event)
        d->on_event(&event, d->event_user);
}

/* --- reads */

enum { XML_SECURE = 1, XML_INACTIVE = 2, XML_UPDATE_CPU = 4, XML_MIGRATABLE = 8 };    /* virDomainXMLFlags */

char *domain_xml(Domain *dom, guint flags, GError **err)
{
    bool live = dom->live && !(flags & XML_INACTIVE);
    guint format = (flags & XML_SECURE ? XM_FORMAT_SECRET : 0) | (live && !(flags & XML_MIGRATABLE) ? XM_FORMAT_LIVE : 0);

    if (!live && dom->stored)
        return domain_stored_xml(dom, flags & XML_SECURE, err);
    if (!dom->live) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "domain '%s' is being started", dom->view->name);
        return NULL;
    }
    if (!dom->live_xml || dom->live_flags != format) {
        g_autofree char *text = domain_def_format(dom->live, format);
        g_clear_pointer(&dom->live_xml, g_ref_string_release);
        dom->live_xml = g_ref_string_new(text);
        dom->live_flags = format;
    }
    return g_ref_string_acquire(dom->live_xml);
}

guint64 domain_cpu_time(Domain *dom)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)dom->view->pid), *text = NULL;
    unsigned long user = 0, system = 0;
    const char *rest;

    if (!dom->view->pid || !g_file_get_contents(path, &text, NULL, NULL) || !(rest = strrchr(text, ')')) ||
        sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return 0;
    return (guint64)(user + system) * (G_GUINT64_CONSTANT(1000000000) / sysconf(_SC_CLK_TCK));
}

void domain_set_owner(Domain *dom, gconstpointer owner)
{
    dom->owner = owner;
}

void qemu_driver_owner_gone(QemuDriver *d, gconstpointer owner)
{
    g_autoptr(GPtrArray) all = index_list(d->index, 0);
    for (guint i = 0; i < all->len; i++) {
        Domain *dom = g_ptr_array_index(all, i);
        if (dom->owner == owner && dom->run)
            domain_destroy(dom, 0, NULL, NULL);
    }
}

/* --- what QEMU can do, and command lines */

static bool version_job(gpointer user, GError **err)
{
    Op *op = user;
    g_autoptr(QemuCaps) caps = driver_caps(op->driver, NULL, err);
    if (!caps)
        return false;
    op->number = qemu_caps_version(caps);
    op->result = &op->number;
    return true;
}

void qemu_version(QemuDriver *d, DomainDone done, gpointer user)
{
    actor_push(d->actor, "version", version_job, job_ended, op_new(d, NULL, 0, done, user));
}

static bool native_job(gpointer user, GError **err)
{
    Op *op = user;
    QemuDriver *d = op->driver;
    bool explain = !strcmp(op->text2, "qvirt-explain");

    if (!explain && strcmp(op->text2, "qemu-argv")) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "unsupported config type %s; use qemu-argv or qvirt-explain", op->text2);
        return false;
    }
    g_autoptr(DomainDef) def = driver_define(d, op->text, 0, err);
    g_autoptr(QemuCaps) caps = def ? driver_caps(d, qemu_emulator_of(def), err) : NULL;
    if (!caps)
        return false;
    g_autofree char *name = g_strndup(def->frame.name, 20);
    g_autofree char *dir = g_strdup_printf("%s/qemu/domain--1-%s", d->config.lib_dir, name);
    QemuBuild b = { .def = def, .caps = caps, .lib_dir = d->config.lib_dir, .domain_dir = dir,
                    .run_dir = d->config.run_dir, .log_dir = d->config.log_dir, .dry = true };
    if (!qemu_prepare_live(def, &b, err))
        return false;
    g_autoptr(QemuCommand) cmd = qemu_build(&b, err);
    if (!cmd)
        return false;
    json_object *list = explain ? qemu_command_explain(cmd) : NULL;
    op->result = list ? g_strdup(json_object_to_json_string(list)) : qemu_command_text(cmd);
    op->result_free = g_free;
    json_object_put(list);
    return true;
}

void qemu_xml_to_native(QemuDriver *d, const char *format, const char *xml, guint flags, DomainDone done, gpointer user)
{
    Op *op = op_new(d, NULL, flags, done, user);
    op->text = g_strdup(xml);
    op->text2 = g_strdup(format);
    actor_push(d->actor, "domxml-to-native", native_job, job_ended, op);
}
