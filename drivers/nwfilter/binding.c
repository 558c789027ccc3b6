/* Bindings: a filter in force on a device. The file under run/ comes before the rules, so that whoever starts after a
 * crash knows of them; it goes after them. */
#define G_LOG_DOMAIN "nwfilter"
#include <arpa/inet.h>
#include <string.h>
#include "drivers/nwfilter/private.h"
#include "util/fault.h"
#include "util/file.h"
#include "util/ids.h"
#include "util/link.h"

static char *bindings_dir;

/* --- references and look-ups */

NwBound *nw_bound_ref(NwBound *bound)
{
    g_atomic_int_inc(&bound->refs);
    return bound;
}

void nw_bound_unref(NwBound *bound)
{
    if (!bound || !g_atomic_int_dec_and_test(&bound->refs))
        return;
    nwbinding_free(bound->binding);
    nw_program_free(bound->program);
    g_free(bound->learned);
    g_free(bound);
}

static NwBound *find(const char *dev)
{
    g_mutex_lock(&nw_lock);
    NwBound *bound = nw_bounds ? g_hash_table_lookup(nw_bounds, dev) : NULL;
    bound = bound ? nw_bound_ref(bound) : NULL;
    g_mutex_unlock(&nw_lock);
    return bound;
}

static gint by_device(gconstpointer a, gconstpointer b)
{
    return strcmp((*(NwBound *const *)a)->binding->portdev, (*(NwBound *const *)b)->binding->portdev);
}

GPtrArray *nw_bounds_list(void)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)nw_bound_unref);
    GHashTableIter iter;
    gpointer bound;

    g_mutex_lock(&nw_lock);
    g_hash_table_iter_init(&iter, nw_bounds);
    while (g_hash_table_iter_next(&iter, NULL, &bound))
        g_ptr_array_add(all, nw_bound_ref(bound));
    g_mutex_unlock(&nw_lock);
    g_ptr_array_sort(all, by_device);
    return all;
}

bool nw_filter_in_use(const char *name)
{
    g_autoptr(GPtrArray) all = nw_bounds_list();
    for (guint i = 0; i < all->len; i++)
        if (nw_filter_reaches(((NwBound *)all->pdata[i])->binding->ref.filter, name))
            return true;
    return false;
}

bool nw_bounds_refresh(const char *filter, GError **err)
{
    g_autoptr(GPtrArray) all = nw_bounds_list();

    for (guint i = 0; i < all->len; i++) {
        NwBound *bound = all->pdata[i];
        if (!nw_filter_reaches(bound->binding->ref.filter, filter) || nw_bound_apply(bound, err))
            continue;
        if (err && *err)
            g_prefix_error(err, "device '%s' of domain '%s': ", bound->binding->portdev, bound->binding->owner.name);
        return false;
    }
    return true;
}

/* --- what a binding's rules are now */

static NwLearning learning_of(NwVars *vars)
{
    GPtrArray *values = g_hash_table_lookup(vars, "CTRL_IP_LEARNING");
    const char *word = values ? values->pdata[0] : "any";
    return g_str_equal(word, "dhcp") ? NW_LEARN_DHCP : g_str_equal(word, "none") ? NW_LEARN_NONE : NW_LEARN_ANY;
}

static bool fail_missing(const char *name, GError **err)
{
    g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "Cannot instantiate filter due to unresolvable variables or unavailable list elements: %s; "
                "give <parameter name='%s' value='...'/> in <filterref>", name, name);
    return false;
}

bool nw_bound_apply(NwBound *bound, GError **err)
{
    g_autoptr(GHashTable) base = nw_vars_new();
    g_autofree char *missing = NULL;

    nw_vars_set(base, "MAC", bound->binding->mac);
    if (bound->learned)
        nw_vars_set(base, "IP", bound->learned);
    g_autoptr(GHashTable) vars = nw_vars_with(base, &bound->binding->ref);
    NwLearning how = learning_of(vars);
    NwProgram *program = nw_compile(bound->binding->ref.filter, vars, nw_host(), &missing, err);
    bool learn = !program && missing && g_str_equal(missing, "IP") && how != NW_LEARN_NONE;
    if (!program && !missing)
        return false;
    if (!program && !learn)
        return fail_missing(missing, err);
    if (learn && !(program = nw_compile_learning(how == NW_LEARN_DHCP, bound->binding->mac, err)))
        return false;
    if (!nw_table_apply(bound, program, err))
        return false;
    return !learn || bound->learn || nw_learn_start(bound, how, err);
}

/* --- files */

static char *path_of(const char *dev, const char *suffix)
{
    g_autofree char *file = g_strconcat(dev, suffix, NULL);
    return g_build_filename(bindings_dir, file, NULL);
}

static bool write_binding(const NwBound *bound, GError **err)
{
    g_autofree char *path = path_of(bound->binding->portdev, ".xml"), *text = nwbinding_format(bound->binding);
    return file_replace(path, text, strlen(text), 0600, err);
}

static bool remove_files(const char *dev, GError **err)
{
    g_autofree char *path = path_of(dev, ".xml"), *learned = path_of(dev, ".learned");
    return file_remove(learned, err) && file_remove(path, err);
}

/* --- bind and unbind; nw_change held */

/* Names go into nftables, where '*' ends a pattern and '@' begins a set. */
static bool device_ok(const char *dev, GError **err)
{
    Link link;

    if (!link_name_ok(dev) || *dev == '.' ||
        strspn(dev, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+-") != strlen(dev)) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "'%.64s' is no name of a device that a filter can be bound to: letters, digits and _ . : + - "
                    "only, at most %d", dev, LINK_NAME_MAX);
        return false;
    }
    if (!link_find(dev, &link, err))
        return false;
    if (!g_str_equal(link.kind, "macvtap") && !g_str_equal(link.kind, "macvlan"))
        return true;
    g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "filters act where a device joins a bridge: '%s' is a %s, whose frames pass no bridge; "
                "remove <filterref> or connect the guest to a bridge or network", dev, link.kind);
    return false;
}

static void forget(NwBound *bound)
{
    nw_learn_stop(bound);
    g_mutex_lock(&nw_lock);
    bound->gone = true;
    g_hash_table_remove(nw_bounds, bound->binding->portdev);
    g_mutex_unlock(&nw_lock);
}

static NwBound *remember(NwBinding *binding)
{
    NwBound *bound = g_new0(NwBound, 1);
    bound->refs = 2;                       /* the table's and ours */
    bound->binding = binding;
    g_mutex_lock(&nw_lock);
    g_hash_table_replace(nw_bounds, binding->portdev, bound);
    g_mutex_unlock(&nw_lock);
    return bound;
}

static bool unbind(const char *dev, GError **err)
{
    NwBound *bound = find(dev);

    if (!bound)
        return true;
    nw_learn_stop(bound);
    bool ok = nw_table_apply(bound, NULL, err) && fault_point("nwfilter-forget", err) && remove_files(dev, err);
    if (ok)
        forget(bound);
    nw_bound_unref(bound);
    return ok;
}

/* Takes @binding. */
static bool bind_it(NwBinding *binding, GError **err)
{
    g_autoptr(NwBinding) fresh = binding;
    g_autoptr(NwFilter) filter = NULL;
    NwBound *known = find(binding->portdev);

    if (known) {
        nw_bound_unref(known);
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "binding '%s' already exists", binding->portdev);
        return false;
    }
    if (!device_ok(binding->portdev, err) || !(filter = nw_filter_get(binding->ref.filter, err)))
        return false;
    NwBound *bound = remember(g_steal_pointer(&fresh));
    bool ok = write_binding(bound, err) && fault_point("nwfilter-bind", err) && nw_bound_apply(bound, err);
    if (!ok) {
        nw_learn_stop(bound);
        nw_table_apply(bound, NULL, NULL);
        remove_files(bound->binding->portdev, NULL);
        forget(bound);
    }
    nw_bound_unref(bound);
    return ok;
}

static NwBinding *binding_of(const Interface *interface, const char *dev, const char *domain, const guint8 domain_uuid[16])
{
    NwBinding *binding = xm_new(&nwbinding_elem);

    binding->owner.name = g_strdup(domain);
    binding->owner.uuid = uuid_format(domain_uuid);
    binding->portdev = g_strdup(dev);
    binding->mac = g_strdup(interface->mac.address);
    binding->ref.filter = g_strdup(interface->filter.filter);
    for (guint i = 0; interface->filter.parameters && i < interface->filter.parameters->len; i++) {
        const FilterParameter *from = interface->filter.parameters->pdata[i];
        FilterParameter *to = g_new(FilterParameter, 1);
        *to = (FilterParameter){ g_strdup(from->name), g_strdup(from->value) };
        if (!binding->ref.parameters)
            binding->ref.parameters = g_ptr_array_new();
        g_ptr_array_add(binding->ref.parameters, to);
    }
    return binding;
}

bool nwfilter_bind(const Interface *interface, const char *dev, const char *domain, const guint8 domain_uuid[16], GError **err)
{
    if (!interface->filter.filter)
        return true;
    g_autoptr(NwBinding) raw = binding_of(interface, dev, domain, domain_uuid);
    g_autofree char *text = nwbinding_format(raw);
    NwBinding *binding = nwbinding_parse(text, 0, err);      /* parameters in order, names checked */
    if (!binding)
        return false;
    g_mutex_lock(&nw_change);
    bool ok = unbind(dev, err) && bind_it(binding, err);
    g_mutex_unlock(&nw_change);
    return ok;
}

bool nwfilter_unbind(const char *dev, GError **err)
{
    if (!nw_bounds)
        return true;
    g_mutex_lock(&nw_change);
    bool ok = unbind(dev, err);
    g_mutex_unlock(&nw_change);
    return ok;
}

/* --- what was learned: a worker */

static gpointer learned_job(gpointer data, GError **err)
{
    NwBound *bound = data;
    g_autofree char *path = path_of(bound->binding->portdev, ".learned");

    if (bound->gone)
        return NULL;
    if (!file_replace(path, bound->learned, strlen(bound->learned), 0600, err) || !nw_bound_apply(bound, err)) {
        if (err && *err)
            g_warning("cannot put the filter of '%s' in force with its address %s: %s", bound->binding->portdev, bound->learned, (*err)->message);
        return NULL;
    }
    g_info("%s (%s) uses the address %s: filter '%s' is in force", bound->binding->owner.name, bound->binding->portdev, bound->learned,
           bound->binding->ref.filter);
    return NULL;
}

typedef struct { NwBound *bound; char *address; } Learned;

static void learned_free(gpointer data)
{
    Learned *l = data;
    nw_bound_unref(l->bound);
    g_free(l->address);
    g_free(l);
}

static gpointer learned_apply(gpointer data, GError **err)
{
    Learned *l = data;
    if (g_strcmp0(l->bound->learned, l->address)) {
        g_free(l->bound->learned);
        l->bound->learned = g_strdup(l->address);
        learned_job(l->bound, err);
    }
    return NULL;
}

void nw_bound_learned(NwBound *bound, const char *address)
{
    Learned *l = g_new(Learned, 1);
    *l = (Learned){ nw_bound_ref(bound), g_strdup(address) };
    nw_async(learned_apply, l, learned_free, NULL, NULL, NULL);
}

/* --- after a restart */

static void load_binding(const char *dev)
{
    g_autofree char *path = path_of(dev, ".xml"), *learned_path = path_of(dev, ".learned"), *text = NULL, *learned = NULL;
    g_autoptr(GError) err = NULL;
    NwBinding *binding = g_file_get_contents(path, &text, NULL, NULL) ? nwbinding_parse(text, 0, &err) : NULL;

    if (!binding || strcmp(binding->portdev, dev) || !link_exists(dev)) {
        nwbinding_free(binding);
        remove_files(dev, NULL);
        return;
    }
    NwBound *bound = remember(binding);
    if (g_file_get_contents(learned_path, &learned, NULL, NULL) && inet_pton(AF_INET, learned, &(struct in_addr){ 0 }) == 1)
        bound->learned = g_steal_pointer(&learned);
    if (!nw_bound_apply(bound, &err)) {
        /* The old rules may be in force still: they stay rather than none. */
        g_warning("cannot put filter '%s' in force on '%s' again: %s", binding->ref.filter, dev, err->message);
    }
    nw_bound_unref(bound);
}

void nw_bindings_load(const char *run_dir)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GDir) dir = NULL;
    guint n = 0;

    bindings_dir = g_build_filename(run_dir, "nwfilter", NULL);
    if (!file_mkdir_p(bindings_dir, 0700, &err)) {
        g_warning("%s", err->message);
        return;
    }
    file_remove_leftovers(bindings_dir);
    dir = g_dir_open(bindings_dir, 0, NULL);
    for (const char *file = dir ? g_dir_read_name(dir) : NULL; file; file = g_dir_read_name(dir)) {
        g_autofree char *dev = g_str_has_suffix(file, ".xml") ? g_strndup(file, strlen(file) - 4) : NULL;
        if (dev)
            load_binding(dev);
        n += dev != NULL;
    }
    /* Rules of devices that are gone. */
    if (n && g_hash_table_size(nw_bounds) == 0)
        nw_table_rebuild(NULL);
}

/* --- for clients */

static void port_free(gpointer data)
{
    NwfilterPort *port = data;
    g_free(port->dev);
    g_free(port->filter);
    g_free(port);
}

static NwfilterPort *port_of(const NwBound *bound)
{
    NwfilterPort *port = g_new(NwfilterPort, 1);
    *port = (NwfilterPort){ g_strdup(bound->binding->portdev), g_strdup(bound->binding->ref.filter) };
    return port;
}

GPtrArray *nwfilter_bindings(void)
{
    GPtrArray *ports = g_ptr_array_new_with_free_func(port_free);
    g_autoptr(GPtrArray) all = nw_bounds_list();
    for (guint i = 0; i < all->len; i++)
        g_ptr_array_add(ports, port_of(all->pdata[i]));
    return ports;
}

static NwBound *find_for_client(const char *dev, GError **err)
{
    NwBound *bound = find(dev);
    if (!bound)
        g_set_error(err, QV_ERROR, QV_ERR_NO_NWFILTER_BINDING, "no nwfilter binding for port dev '%s'", dev);
    return bound;
}

char *nwfilter_binding_xml(const char *dev, GError **err)
{
    NwBound *bound = find_for_client(dev, err);
    char *xml = bound ? nwbinding_format(bound->binding) : NULL;
    nw_bound_unref(bound);
    return xml;
}

char *nwfilter_binding_filter(const char *dev, GError **err)
{
    NwBound *bound = find_for_client(dev, err);
    char *filter = bound ? g_strdup(bound->binding->ref.filter) : NULL;
    nw_bound_unref(bound);
    return filter;
}

typedef struct { char *text; guint flags; } Asked;

static void asked_free(gpointer data)
{
    Asked *asked = data;
    g_free(asked->text);
    g_free(asked);
}

static gpointer create_job(gpointer data, GError **err)
{
    const Asked *asked = data;
    NwBinding *binding = nwbinding_parse(asked->text, asked->flags, err);
    g_autofree char *dev = binding ? g_strdup(binding->portdev) : NULL;

    if (!binding || !bind_it(binding, err))
        return NULL;
    NwBound *bound = find(dev);
    NwfilterPort *port = port_of(bound);
    nw_bound_unref(bound);
    return port;
}

void nwfilter_binding_create(const char *xml, guint parse_flags, NwfilterDone done, gpointer user)
{
    Asked *asked = g_new(Asked, 1);
    *asked = (Asked){ g_strdup(xml), parse_flags };
    nw_async(create_job, asked, asked_free, port_free, done, user);
}

static gpointer delete_job(gpointer data, GError **err)
{
    const Asked *asked = data;
    NwBound *bound = find_for_client(asked->text, err);
    if (bound)
        unbind(asked->text, err);
    nw_bound_unref(bound);
    return NULL;
}

void nwfilter_binding_delete(const char *dev, NwfilterDone done, gpointer user)
{
    Asked *asked = g_new(Asked, 1);
    *asked = (Asked){ g_strdup(dev), 0 };
    nw_async(delete_job, asked, asked_free, NULL, done, user);
}
