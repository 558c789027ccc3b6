/* Defining, undefining, marking; and the ends of start and stop. */
#include "config.h"
#include "drivers/network/driver.h"
#include <net/if.h>
#include <string.h>
#include "util/fault.h"
#include "util/file.h"
#include "util/ids.h"
#include "util/link.h"

/* --- what a definition left out */

static bool bridge_taken(const NetworkDriver *driver, const NetworkDef *def, const char *bridge)
{
    for (guint i = 0; i < driver->all->len; i++) {
        const Network *net = driver->all->pdata[i];
        const NetworkDef *defs[] = { net->def, net->stored };
        for (guint j = 0; j < 2; j++)
            if (defs[j] && network_has_bridge(defs[j]) && strcmp(net->def->name, def->name) && !g_strcmp0(defs[j]->bridge.name, bridge))
                return true;
    }
    return false;
}

/* virbrN, or as a pattern with %d says. */
static bool choose_bridge(const NetworkDriver *driver, NetworkDef *def, GError **err)
{
    const char *pattern = def->bridge.name ? def->bridge.name : "virbr%d", *digits = strstr(pattern, "%d");

    if (!digits && !link_name_ok(pattern)) {
        g_set_error(err, QV_ERROR, QV_ERR_XML, "'%s' cannot be the name of a bridge: up to %d characters, no '/', no blank", pattern, LINK_NAME_MAX);
        return false;
    }
    if (!digits && bridge_taken(driver, def, pattern)) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "bridge name '%s' is another network's already", pattern);
        return false;
    }
    for (guint i = 0; digits && i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("%.*s%u%s", (int)(digits - pattern), pattern, i, digits + 2);
        if (!link_name_ok(name) || bridge_taken(driver, def, name) || if_nametoindex(name))
            continue;
        g_free(def->bridge.name);
        def->bridge.name = g_steal_pointer(&name);
        return true;
    }
    if (digits)
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "no name for a bridge like '%s' is free", pattern);
    return !digits;
}

bool network_complete(NetworkDriver *driver, NetworkDef *def, Network **ret_known, GError **err)
{
    guint8 uuid[16], mac[6];
    Network *known = *ret_known = network_by_name(driver, def->name, NULL);

    if (!def->uuid && known)
        def->uuid = g_strdup(known->def->uuid);
    if (!def->uuid) {
        uuid_random(uuid);
        def->uuid = uuid_format(uuid);
    }
    uuid_parse(def->uuid, uuid);
    const Network *other = network_by_uuid(driver, uuid, NULL);
    if (known && memcmp(known->uuid, uuid, 16)) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "network '%s' already exists with uuid %s", known->def->name, known->def->uuid);
        return false;
    }
    if (other && other != known) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "network '%s' is already defined with uuid %s", other->def->name, def->uuid);
        return false;
    }
    if (!network_has_bridge(def))
        return true;
    if (!def->bridge.name && known && network_has_bridge(known->def))
        def->bridge.name = g_strdup(known->def->bridge.name);
    if (!def->mac && known && known->def->mac)
        def->mac = g_strdup(known->def->mac);
    if (!def->mac) {
        mac_random(mac);
        def->mac = mac_format(mac);
    }
    return choose_bridge(driver, def, err);
}

/* --- define */

static bool parse(NetworkJob *job, Network **ret_known, GError **err)
{
    enum { VALIDATE = 1 };
    job->def = network_def_parse(job->text, strlen(job->text), NULL, job->flags & VALIDATE ? XM_PARSE_STRICT : 0, err);
    return job->def && network_complete(job->driver, job->def, ret_known, err);
}

static void add_network(NetworkJob *job)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&job->driver->lock);
    job->net->refs++;
    g_ptr_array_add(job->driver->all, job->net);
}

static bool define_check(NetworkJob *job, GError **err)
{
    Network *known = NULL;
    if (!parse(job, &known, err))
        return false;
    job->fresh = !known;
    if (known) {
        job->net = known;
        known->refs++;
    } else {
        job->net = network_new(job->driver, network_def_copy(job->def));
    }
    return true;
}

static bool write_def(NetworkJob *job, GError **err)
{
    g_autofree char *path = network_file(job->driver->lib, job->def->name, ".xml"), *text = network_def_format(job->def, 0);
    return fault_point("net-define", err) && file_replace(path, text, strlen(text), 0600, err);
}

/* A definition of an active network counts from its next start. */
static void store(Network *net, NetworkDef *def)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&net->driver->lock);
    if (net->stored && net->stored != net->def)
        network_def_free(net->stored);
    net->stored = def;
    if (!net->active) {
        network_def_free(net->def);
        net->def = def;
    }
    net->persistent = true;
}

static void define_finish(NetworkJob *job)
{
    store(job->net, g_steal_pointer(&job->def));
    if (job->fresh)
        add_network(job);
    network_emit(job->net, NETWORK_DEFINED);
}
const NetworkSteps network_define_steps = { define_check, write_def, define_finish };

/* --- start, and create: a start of what is not stored */

static bool create_check(NetworkJob *job, GError **err)
{
    Network *known = NULL;
    if (!parse(job, &known, err))
        return false;
    if (known && known->active) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "network '%s' is already active", known->def->name);
        return false;
    }
    if (known) {
        job->net = known;
        known->refs++;
    } else {
        job->net = network_new(job->driver, network_def_copy(job->def));
        job->fresh = true;
    }
    return true;
}

static bool start_check(NetworkJob *job, GError **err)
{
    if (job->net->active) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "network is already active");
        return false;
    }
    job->def = network_def_copy(job->net->def);
    return true;
}

static bool start_work(NetworkJob *job, GError **err)
{
    if (network_up(job->driver, job->def, err))
        return true;
    g_prefix_error(err, "cannot start network '%s': ", job->def->name);
    return false;
}

static void start_finish(NetworkJob *job)
{
    Network *net = job->net;
    g_mutex_lock(&job->driver->lock);
    if (net->def != net->stored)
        network_def_free(net->def);
    net->def = g_steal_pointer(&job->def);
    net->active = true;
    g_mutex_unlock(&job->driver->lock);
    if (job->fresh)
        add_network(job);
    g_info("network '%s' is active", net->def->name);
    network_emit(net, NETWORK_STARTED);
}
const NetworkSteps network_create_steps = { create_check, start_work, start_finish };
const NetworkSteps network_start_steps = { start_check, start_work, start_finish };

/* --- stop, undefine */

static void forget(Network *net)
{
    g_autoptr(GMutexLocker) locked = g_mutex_locker_new(&net->driver->lock);
    g_ptr_array_remove(net->driver->all, net);
}

static bool stop_check(NetworkJob *job, GError **err)
{
    if (job->net->active) {
        server_unwatch(job->net);
        return true;
    }
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "network '%s' is not active", job->net->def->name);
    return false;
}

/* Of a network that will be known no more, and that nobody serves now. */
static bool remove_leases(NetworkJob *job, GError **err)
{
    g_autofree char *path = network_file(job->driver->lib, job->net->def->uuid, ".leases");
    return file_remove(path, err);
}

static bool stop_work(NetworkJob *job, GError **err)
{
    return network_down(job->driver, job->net->def->name, err) && (job->net->persistent || remove_leases(job, err));
}

static void stop_finish(NetworkJob *job)
{
    Network *net = job->net;
    g_mutex_lock(&job->driver->lock);
    net->active = false;
    if (net->stored && net->stored != net->def) {
        network_def_free(net->def);
        net->def = net->stored;
    }
    g_mutex_unlock(&job->driver->lock);
    g_info("network '%s' is stopped", net->def->name);
    network_emit(net, NETWORK_STOPPED);
    if (!net->persistent)
        forget(net);
}
const NetworkSteps network_stop_steps = { stop_check, stop_work, stop_finish };

static bool persistent_check(NetworkJob *job, GError **err)
{
    if (job->net->persistent)
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_OPERATION_INVALID, "network '%s' is transient: it has no definition", job->net->def->name);
    return false;
}

static bool undefine_work(NetworkJob *job, GError **err)
{
    g_autofree char *path = network_file(job->driver->lib, job->net->def->name, ".xml");
    g_autofree char *link = network_file(job->driver->autostart, job->net->def->name, ".xml");
    return fault_point("net-undefine", err) && file_remove(link, err) && file_remove(path, err) &&
           (job->net->active || remove_leases(job, err));
}

/* An active one goes on as a transient one. */
static void undefine_finish(NetworkJob *job)
{
    Network *net = job->net;
    g_mutex_lock(&job->driver->lock);
    if (net->stored != net->def)
        network_def_free(net->stored);
    net->stored = NULL;
    net->persistent = net->autostart = false;
    g_mutex_unlock(&job->driver->lock);
    network_emit(net, NETWORK_UNDEFINED);
    if (!net->active)
        forget(net);
}
const NetworkSteps network_undefine_steps = { persistent_check, undefine_work, undefine_finish };

static bool autostart_work(NetworkJob *job, GError **err)
{
    g_autofree char *path = network_file(job->driver->lib, job->net->def->name, ".xml");
    g_autofree char *link = network_file(job->driver->autostart, job->net->def->name, ".xml");
    return job->op == NETWORK_AUTOSTART ? file_link(path, link, err) : file_remove(link, err);
}

static void autostart_finish(NetworkJob *job)
{
    job->net->autostart = job->op == NETWORK_AUTOSTART;
}
const NetworkSteps network_autostart_steps = { persistent_check, autostart_work, autostart_finish };

/* --- its dnsmasq anew */

static bool serve_check(NetworkJob *job, GError **err)
{
    server_unwatch(job->net);
    if (job->net->active)
        job->def = network_def_copy(job->net->def);
    return true;
}

static bool serve_work(NetworkJob *job, GError **err)
{
    return !job->def || server_start(job->driver, job->def, err);
}

const NetworkSteps network_serve_steps = { serve_check, serve_work, NULL };
