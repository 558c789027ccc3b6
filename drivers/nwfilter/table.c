/* The daemon's table in the kernel: family bridge, four base chains (out and in, frames and connections), and a map for
 * each from a device's name to its chains, so that a frame costs the same however many guests there are.
 * A change is one transaction. The table comes with the first binding and goes with the last. */
#define G_LOG_DOMAIN "nwfilter"
#include <string.h>
#include "drivers/nwfilter/private.h"
#include "util/fault.h"
#include "util/nft.h"

static char *table_name;
static bool table_ready;           /* nw_change */

/* @hook sees frames of the guest when they come in, and to the guest when they leave; before other programs' filters. */
static const struct { const char *map, *chain, *hook, *key; int priority; } bases[] = {
    { "out2", "from-guest-frames", "prerouting", "iifname", -350 },
    { "out3", "from-guest-connections", "prerouting", "iifname", -340 },
    { "in2", "to-guest-frames", "postrouting", "oifname", 340 },
    { "in3", "to-guest-connections", "postrouting", "oifname", 350 },
};

void nw_table_init(const char *name)
{
    g_free(table_name);
    table_name = g_strdup(name);
    table_ready = false;
}

static json_object *in_table(const char *name)
{
    return nft_object("s:family", "bridge", "s:table", table_name, "s:name", name, NULL);
}

static json_object *table_object(void)
{
    return nft_object("s:family", "bridge", "s:name", table_name, NULL);
}

static json_object *chain_rule(const char *chain, json_object *expr)
{
    return nft_object("s:family", "bridge", "s:table", table_name, "s:chain", chain, "o:expr", expr, NULL);
}

static json_object *list_of(json_object *item)
{
    json_object *list = json_object_new_array();
    json_object_array_add(list, item);
    return list;
}

static void add_base(json_object *batch)
{
    nft_add(batch, "add", "table", table_object());
    nft_add(batch, "delete", "table", table_object());
    nft_add(batch, "add", "table", table_object());
    for (guint i = 0; i < G_N_ELEMENTS(bases); i++) {
        g_autofree char *reference = g_strconcat("@", bases[i].map, NULL);
        nft_add(batch, "add", "map", nft_object("s:family", "bridge", "s:table", table_name, "s:name", bases[i].map, "s:type", "ifname",
                                                "s:map", "verdict", NULL));
        nft_add(batch, "add", "chain", nft_object("s:family", "bridge", "s:table", table_name, "s:name", bases[i].chain, "s:type", "filter",
                                                  "s:hook", bases[i].hook, "i:prio", (gint64)bases[i].priority, "s:policy", "accept", NULL));
        json_object *key = nft_object("o:meta", nft_object("s:key", bases[i].key, NULL), NULL);
        nft_add(batch, "add", "rule", chain_rule(bases[i].chain, list_of(nft_object("o:vmap", nft_object("o:key", key, "s:data", reference, NULL), NULL))));
    }
}

/* --- one device */

/* Unique over time, so that a batch may remove the old and add the new. */
static char *chain_name(const NwBound *bound, guint generation, const char *name)
{
    g_autofree char *dev = g_strdup(bound->binding->portdev);
    return g_strdup_printf("%s-%u-%s", g_strcanon(dev, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", '_'), generation, name);
}

static void map_element(json_object *batch, const char *verb, const char *map, const NwBound *bound, guint generation)
{
    g_autofree char *root = g_strconcat(map, "-root", NULL);
    g_autofree char *target = chain_name(bound, generation, root);
    json_object *element = json_object_new_array();

    json_object_array_add(element, json_object_new_string(bound->binding->portdev));
    json_object_array_add(element, nw_verdict("jump", target));
    nft_add(batch, verb, "element", nft_object("s:family", "bridge", "s:table", table_name, "s:name", map, "o:elem", list_of(element), NULL));
}

/* Jumps within a program name its chains; in the kernel these carry the device as well. */
static json_object *with_targets(const NwBound *bound, guint generation, json_object *expr)
{
    json_object *copy = NULL, *jump, *target;
    gsize last = json_object_array_length(expr) - 1;

    json_object_deep_copy(expr, &copy, NULL);
    json_object *verdict = json_object_array_get_idx(copy, last);
    if (json_object_object_get_ex(verdict, "jump", &jump) && json_object_object_get_ex(jump, "target", &target)) {
        g_autofree char *name = chain_name(bound, generation, json_object_get_string(target));
        json_object_object_add(jump, "target", json_object_new_string(name));
    }
    return copy;
}

static void add_program(json_object *batch, const NwBound *bound, guint generation, const NwProgram *program)
{
    for (guint i = 0; i < program->chains->len; i++) {
        const NwChain *chain = program->chains->pdata[i];
        g_autofree char *name = chain_name(bound, generation, chain->name);
        nft_add(batch, "add", "chain", in_table(name));
    }
    for (guint i = 0; i < program->chains->len; i++) {
        const NwChain *chain = program->chains->pdata[i];
        g_autofree char *name = chain_name(bound, generation, chain->name);
        for (gsize k = 0; k < json_object_array_length(chain->rules); k++)
            nft_add(batch, "add", "rule", chain_rule(name, with_targets(bound, generation, json_object_array_get_idx(chain->rules, k))));
    }
    for (guint i = 0; i < G_N_ELEMENTS(bases); i++)
        map_element(batch, "add", bases[i].map, bound, generation);
}

static void remove_program(json_object *batch, const NwBound *bound)
{
    static const char *const verbs[] = { "flush", "delete" };

    for (guint i = 0; i < G_N_ELEMENTS(bases); i++)
        map_element(batch, "delete", bases[i].map, bound, bound->generation);
    for (guint v = 0; v < G_N_ELEMENTS(verbs); v++) {
        for (guint i = 0; i < bound->program->chains->len; i++) {
            const NwChain *chain = bound->program->chains->pdata[i];
            g_autofree char *name = chain_name(bound, bound->generation, chain->name);
            nft_add(batch, verbs[v], "chain", in_table(name));
        }
    }
}

/* --- transactions */

static bool drop_table(GError **err)
{
    json_object *batch = json_object_new_array();
    nft_add(batch, "add", "table", table_object());
    nft_add(batch, "delete", "table", table_object());
    return nft_run(batch, err);
}

bool nw_table_rebuild(GError **err)
{
    g_autoptr(GPtrArray) all = nw_bounds_list();
    guint n = 0;

    for (guint i = 0; i < all->len; i++)
        n += ((NwBound *)all->pdata[i])->program != NULL;
    if (!n) {
        table_ready = false;
        return drop_table(err);
    }
    json_object *batch = json_object_new_array();
    add_base(batch);
    for (guint i = 0; i < all->len; i++) {
        NwBound *bound = all->pdata[i];
        if (bound->program)
            add_program(batch, bound, bound->generation, bound->program);
    }
    table_ready = nft_run(batch, err);
    return table_ready;
}

static bool change(NwBound *bound, guint generation, const NwProgram *program, GError **err)
{
    json_object *batch = json_object_new_array();

    if (!table_ready)
        add_base(batch);
    else if (bound->program)
        remove_program(batch, bound);
    if (program)
        add_program(batch, bound, generation, program);
    return fault_point("nwfilter-rules", err) && nft_run(batch, err);
}

static guint others_with_rules(const NwBound *bound)
{
    g_autoptr(GPtrArray) all = nw_bounds_list();
    guint n = 0;
    for (guint i = 0; i < all->len; i++)
        n += all->pdata[i] != bound && ((NwBound *)all->pdata[i])->program;
    return n;
}

/* Somebody may have flushed the rules: what shall be there is known. */
static bool again(NwBound *bound, const GError *first)
{
    if (!table_ready)
        return false;
    bool ok = nw_table_rebuild(NULL);
    if (ok)
        g_info("rules of '%s' were not as they had been left (%s): all are in place again", bound->binding->portdev, first->message);
    table_ready = true;
    return ok;
}

bool nw_table_apply(NwBound *bound, NwProgram *program, GError **err)
{
    static guint generations;
    g_autoptr(GError) first = NULL;
    guint generation = ++generations, old_generation = bound->generation;

    if (!program && !bound->program)
        return true;
    /* A table with nobody else's rules is made anew, or goes. */
    if (!others_with_rules(bound))
        table_ready = false;
    bool ok = !program && !table_ready ? drop_table(&first) : change(bound, generation, program, &first);
    NwProgram *old = bound->program;
    bound->program = program;
    bound->generation = generation;
    if (!ok && !again(bound, first)) {
        bound->program = old;
        bound->generation = old_generation;
        nw_program_free(program);
        table_ready = table_ready || (old && others_with_rules(bound));
        g_propagate_error(err, g_steal_pointer(&first));
        return false;
    }
    table_ready = program || others_with_rules(bound);
    nw_program_free(old);
    return true;
}

/* --- what this kernel can */

const NwHost *nw_host(void)
{
    static NwHost host;
    static gsize probed;

    if (g_once_init_enter(&probed)) {
        json_object *batch = json_object_new_array(), *states = json_object_new_string("established");
        g_autofree char *saved = g_steal_pointer(&table_name);
        table_name = g_strconcat(saved, "-probe", NULL);
        json_object *ct = nft_object("o:ct", nft_object("s:key", "state", NULL), NULL);
        nft_add(batch, "add", "table", table_object());
        nft_add(batch, "add", "chain", nft_object("s:family", "bridge", "s:table", table_name, "s:name", "c", "s:type", "filter", "s:hook", "prerouting",
                                                  "i:prio", (gint64)0, "s:policy", "accept", NULL));
        nft_add(batch, "add", "rule", chain_rule("c", list_of(nft_object("o:match", nft_object("s:op", "in", "o:left", ct, "o:right", states, NULL), NULL))));
        nft_add(batch, "delete", "table", table_object());
        host.stateful = nft_run(batch, NULL);
        if (!host.stateful)
            g_info("this kernel does not follow connections over bridges: rules about connections look at each packet by itself");
        g_free(table_name);
        table_name = g_steal_pointer(&saved);
        g_once_init_leave(&probed, 1);
    }
    return &host;
}
