/* Networks and their jobs. */
#include "config.h"
#include "drivers/network/driver.h"
#include <string.h>
#include "util/file.h"
#include "util/ids.h"

static NetworkDriver *the_driver;      /* of this process: ports are taken without naming it */

NetworkDriver *network_the_driver(void)
{
    return the_driver;
}

Network *network_new(NetworkDriver *driver, NetworkDef *def)
{
    Network *net = g_new0(Network, 1);
    *net = (Network){ .refs = 1, .driver = driver, .def = def };
    uuid_parse(def->uuid, net->uuid);
    return net;
}

static Network *network_ref(Network *net)
{
    net->refs++;
    return net;
}

void network_unref(Network *net)
{
    if (!net || --net->refs)
        return;
    server_unwatch(net);
    if (net->stored != net->def)
        network_def_free(net->stored);
    network_def_free(net->def);
    g_free(net);
}

char *network_file(const char *folder, const char *name, const char *suffix)
{
    return g_strdup_printf("%s/%s%s", folder, name, suffix);
}

void network_emit(Network *net, NetworkEvent event)
{
    if (net->driver->on_event)
        net->driver->on_event(net, event, net->driver->event_user);
}

void network_driver_on_event(NetworkDriver *driver, NetworkEventFn fn, gpointer user)
{
    driver->on_event = fn;
    driver->event_user = user;
}

/* --- looking */

const GPtrArray *networks(const NetworkDriver *driver)
{
    return driver->all;
}

Network *network_by_name(const NetworkDriver *driver, const char *name, GError **err)
{
    for (guint i = 0; i < driver->all->len; i++) {
        Network *net = driver->all->pdata[i];
        if (!strcmp(net->def->name, name))
            return net;
    }
    g_set_error(err, QV_ERROR, QV_ERR_NO_NETWORK, "no network with matching name '%s'", name);
    return NULL;
}

Network *network_by_uuid(const NetworkDriver *driver, const guint8 uuid[16], GError **err)
{
    for (guint i = 0; i < driver->all->len; i++) {
        Network *net = driver->all->pdata[i];
        if (!memcmp(net->uuid, uuid, 16))
            return net;
    }
    g_autofree char *text = uuid_format(uuid);
    g_set_error(err, QV_ERROR, QV_ERR_NO_NETWORK, "no network with matching uuid '%s'", text);
    return NULL;
}

char *network_xml(const Network *net, bool inactive)
{
    if (inactive || !net->active)
        return network_def_format(net->stored ? net->stored : net->def, 0);
    g_autoptr(NetworkDef) live = network_def_copy(net->def);
    g_autoptr(GPtrArray) ports = network_ports(net);
    live->connections = ports->len;
    for (guint i = 0; i < ports->len; i++) {
        const PortDef *port = ports->pdata[i];
        for (guint j = 0; live->forward.interfaces && j < live->forward.interfaces->len; j++) {
            PoolDevice *device = live->forward.interfaces->pdata[j];
            device->connections += port->plug.type == PLUG_DIRECT && !g_strcmp0(device->dev, port->plug.dev);
        }
    }
    return network_def_format(live, XM_FORMAT_LIVE);
}

/* --- jobs: one at a time, so that what was checked still holds when it is done */

static void next_job(NetworkDriver *driver);

static void job_free(NetworkJob *job)
{
    network_unref(job->net);
    network_def_free(job->def);
    network_def_free(job->live);
    g_free((char *)job->update.xml);
    g_free(job->text);
    g_clear_error(&job->err);
    g_free(job);
}

static gboolean job_end(gpointer user)
{
    NetworkJob *job = user;
    NetworkDriver *driver = job->driver;

    if (!job->err && job->steps->finish)
        job->steps->finish(job);
    if (job->net && job->net->active)
        server_watch(job->net);                      /* the old one, where it failed */
    if (job->done)
        job->done(job->err ? NULL : job->net, job->err, job->user);
    else if (job->err)
        g_warning("%s", job->err->message);
    driver->current = NULL;
    job_free(job);
    next_job(driver);
    return G_SOURCE_REMOVE;
}

static void job_run(gpointer data, gpointer user)
{
    NetworkJob *job = data;
    if (!job->steps->work(job, &job->err) && !job->err)
        g_set_error(&job->err, QV_ERROR, QV_ERR_INTERNAL, "a job of the network driver failed without a word");
    g_idle_add_full(G_PRIORITY_DEFAULT, job_end, job, NULL);
}

static void next_job(NetworkDriver *driver)
{
    if (driver->current || driver->stopping || g_queue_is_empty(&driver->queue))
        return;
    NetworkJob *job = driver->current = g_queue_pop_head(&driver->queue);
    bool ok = !job->steps->check || job->steps->check(job, &job->err);
    if (ok && job->steps->work)
        g_thread_pool_push(driver->thread, job, NULL);
    else
        g_idle_add_full(G_PRIORITY_DEFAULT, job_end, job, NULL);
}

static const NetworkSteps *const all_steps[] = {
    [NETWORK_DEFINE] = &network_define_steps, [NETWORK_CREATE] = &network_create_steps, [NETWORK_START] = &network_start_steps,
    [NETWORK_STOP] = &network_stop_steps, [NETWORK_UNDEFINE] = &network_undefine_steps,
    [NETWORK_AUTOSTART] = &network_autostart_steps, [NETWORK_NO_AUTOSTART] = &network_autostart_steps,
    [NETWORK_UPDATE] = &network_update_steps, [NETWORK_SERVE] = &network_serve_steps,
};

void network_request(NetworkDriver *driver, const NetworkRequest *request, NetworkDone done, gpointer user)
{
    NetworkJob *job = g_new0(NetworkJob, 1);
    *job = (NetworkJob){ .driver = driver, .op = request->op, .steps = all_steps[request->op],
                         .net = request->net ? network_ref(request->net) : NULL, .text = g_strdup(request->text),
                         .flags = request->flags, .done = done, .user = user };
    if (request->update) {
        job->update = *request->update;
        job->update.xml = g_strdup(request->update->xml);
    }
    g_queue_push_tail(&driver->queue, job);
    next_job(driver);
}

/* --- loading */

static NetworkDef *read_def(const char *path)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *text = NULL;
    gsize size;
    NetworkDef *def = g_file_get_contents(path, &text, &size, &err) ? network_def_parse(text, size, path, 0, &err) : NULL;
    if (!def || !def->uuid) {
        g_warning("the network in '%s' is left out: %s", path, err ? err->message : "it has no uuid");
        g_clear_pointer(&def, network_def_free);
    }
    return def;
}

static void load_defined(NetworkDriver *driver)
{
    g_autoptr(GDir) dir = g_dir_open(driver->lib, 0, NULL);
    const char *file;
    file_remove_leftovers(driver->lib);
    while (dir && (file = g_dir_read_name(dir))) {
        if (!g_str_has_suffix(file, ".xml"))
            continue;
        g_autofree char *path = g_build_filename(driver->lib, file, NULL);
        NetworkDef *def = read_def(path);
        if (!def)
            continue;
        g_autofree char *link = network_file(driver->autostart, def->name, ".xml");
        Network *net = network_new(driver, def);
        net->stored = def;
        net->persistent = true;
        net->autostart = g_file_test(link, G_FILE_TEST_IS_SYMLINK);
        g_ptr_array_add(driver->all, net);
    }
}

/* A status file says that a start came to its end. */
static void adopt(NetworkDriver *driver, NetworkDef *def)
{
    Network *net = network_by_name(driver, def->name, NULL);
    if (!net)
        g_ptr_array_add(driver->all, net = network_new(driver, def));
    else
        net->def = def;                              /* beside what is stored */
    net->active = true;
    server_watch(net);
}

static void load_active(NetworkDriver *driver)
{
    g_autoptr(GDir) dir = g_dir_open(driver->run, 0, NULL);
    const char *file;
    file_remove_leftovers(driver->run);
    while (dir && (file = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(driver->run, file, NULL);
        if (g_str_has_suffix(file, ".xml")) {
            NetworkDef *def = read_def(path);
            if (def)
                adopt(driver, def);
        } else if (g_str_has_suffix(file, ".journal")) {
            g_autofree char *name = g_strndup(file, strlen(file) - strlen(".journal"));
            g_autofree char *status = network_file(driver->run, name, ".xml");
            g_autoptr(GError) err = NULL;
            if (g_file_test(status, G_FILE_TEST_EXISTS))
                continue;
            g_message("the start of network '%s' was never finished: giving back what it took", name);
            if (!network_down(driver, name, &err))
                g_warning("network '%s': %s", name, err->message);
        }
    }
}

static const char default_xml[] =
    "<network><name>default</name><forward mode='nat'/><bridge name='virbr0' stp='on' delay='0'/>"
    "<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip>"
    "</network>";

static bool make_default(NetworkDriver *driver, bool autostart, GError **err)
{
    g_autoptr(NetworkDef) def = network_def_parse(default_xml, strlen(default_xml), NULL, 0, err);
    Network *known;
    g_autofree char *path = network_file(driver->lib, "default", ".xml"), *link = network_file(driver->autostart, "default", ".xml");
    if (!def || !network_complete(driver, def, &known, err))
        return false;
    g_autofree char *text = network_def_format(def, 0);
    return file_replace(path, text, strlen(text), 0600, err) && (!autostart || file_link(path, link, err));
}

NetworkDriver *network_driver_new(const NetworkDriverConfig *config, GError **err)
{
    NetworkDriver *driver = g_new0(NetworkDriver, 1);
    g_mutex_init(&driver->lock);
    driver->all = g_ptr_array_new_with_free_func((GDestroyNotify)network_unref);
    driver->ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, port_free);
    driver->lib = g_build_filename(config->lib_dir, "network", NULL);
    driver->autostart = g_build_filename(driver->lib, "autostart", NULL);
    driver->run = g_build_filename(config->run_dir, "network", NULL);
    driver->thread = g_thread_pool_new(job_run, NULL, 1, FALSE, NULL);
    bool first = !g_file_test(driver->lib, G_FILE_TEST_IS_DIR);
    if (!file_mkdir_p(driver->autostart, 0755, err) || !file_mkdir_p(driver->run, 0755, err) ||
        (first && config->with_default && !make_default(driver, config->autostart_default, err)) || !ports_load(driver, err)) {
        network_driver_free(driver);
        return NULL;
    }
    load_defined(driver);
    load_active(driver);
    return the_driver = driver;
}

typedef struct { guint left; void (*ready)(gpointer user); gpointer user; } Autostart;

static void autostarted(Network *net, const GError *err, gpointer user)
{
    Autostart *all = user;
    if (err)
        g_warning("a network that is marked does not come up: %s", err->message);
    if (--all->left)
        return;
    all->ready(all->user);
    g_free(all);
}

static gboolean all_asked(gpointer user)
{
    autostarted(NULL, NULL, user);
    return G_SOURCE_REMOVE;
}

void network_driver_autostart(NetworkDriver *driver, void (*ready)(gpointer user), gpointer user)
{
    Autostart *all = g_new(Autostart, 1);
    *all = (Autostart){ 1, ready, user };
    for (guint i = 0; i < driver->all->len; i++) {
        Network *net = driver->all->pdata[i];
        if (net->autostart && !net->active) {
            all->left++;
            network_request(driver, &(NetworkRequest){ .op = NETWORK_START, .net = net }, autostarted, all);
        }
    }
    g_idle_add_full(G_PRIORITY_DEFAULT, all_asked, all, NULL);
}

void network_driver_free(NetworkDriver *driver)
{
    if (!driver)
        return;
    driver->stopping = true;
    g_thread_pool_free(driver->thread, FALSE, TRUE);
    the_driver = NULL;
    g_ptr_array_unref(driver->all);
    g_hash_table_unref(driver->ports);
    g_mutex_clear(&driver->lock);
    g_free(driver->lib);
    g_free(driver->autostart);
    g_free(driver->run);
    g_free(driver);
}
