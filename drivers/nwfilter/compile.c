/* From a filter with its references and variables to the chains of one device.
 *
 * Each direction has two trees, which a frame must both pass: frames (mac ... ipv6), whose rules and chains run by
 * priority, and connections (tcp ... all-ipv6). "accept" ends its tree, what no rule decides passes. */
#define G_LOG_DOMAIN "nwfilter"
#include <string.h>
#include "drivers/nwfilter/private.h"
#include "util/nft.h"

enum { DEPTH_MAX = 32, RULES_MAX = 20000 };

typedef struct { int priority; guint seq; json_object *expr; } Item;      /* expr: array of expressions */
typedef struct { char *name; GArray *items; } Building;
typedef struct {
    const NwHost *host;
    GPtrArray *chains;             /* Building */
    guint seq, depth;
    const NwFilter *filter;        /* whose rules are at hand */
    char **ret_missing;
} Compiler;

static void building_free(gpointer data)
{
    Building *b = data;
    for (guint i = 0; i < b->items->len; i++)
        json_object_put(g_array_index(b->items, Item, i).expr);
    g_array_unref(b->items);
    g_free(b->name);
    g_free(b);
}

static Building *find_chain(Compiler *c, const char *name)
{
    for (guint i = 0; i < c->chains->len; i++) {
        Building *b = c->chains->pdata[i];
        if (g_str_equal(b->name, name))
            return b;
    }
    return NULL;
}

static void add_item(Compiler *c, Building *b, int priority, json_object *expr)
{
    Item item = { priority, c->seq++, expr };
    g_array_append_val(b->items, item);
}

static Building *new_chain(Compiler *c, const char *name)
{
    Building *b = g_new(Building, 1);
    *b = (Building){ g_strdup(name), g_array_new(FALSE, FALSE, sizeof(Item)) };
    g_ptr_array_add(c->chains, b);
    return b;
}

/* The frames that a chain is for, by how its name begins. */
static json_object *chain_condition(const char *chain)
{
    static const struct { const char *prefix; guint type; } rows[] = { { "vlan", 0x8100 }, { "arp", 0x806 }, { "rarp", 0x8035 },
                                                                       { "ipv4", 0x800 }, { "ipv6", 0x86dd } };
    json_object *list = json_object_new_array();

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_has_prefix(chain, rows[i].prefix))
            json_object_array_add(list, nw_match_ether_type(rows[i].type));
    if (g_str_has_prefix(chain, "stp"))
        json_object_array_add(list, nw_match_ether_daddr("01:80:c2:00:00:00"));
    return list;
}

/* The chain of frames of the filter at hand; when it is new, root learns to jump there. */
static Building *frame_chain(Compiler *c, const char *direction)
{
    g_autofree char *name = g_strdup_printf("%s2-%s", direction, c->filter->chain);
    g_autofree char *root_name = g_strdup_printf("%s2-root", direction);
    Building *known = find_chain(c, name);

    if (known || g_str_equal(c->filter->chain, "root"))
        return known;
    json_object *expr = chain_condition(c->filter->chain);
    json_object_array_add(expr, nw_verdict("jump", name));
    add_item(c, find_chain(c, root_name), c->filter->priority.v, expr);
    return new_chain(c, name);
}

/* --- rules */

typedef struct { const char *direction; bool frames, mirrored, reply; const char *states; } Place;

static const char *verdict_of(NwAction action)
{
    return action == NW_ACCEPT ? "accept" : action == NW_RETURN ? "return" : "drop";
}

static bool add_rule(Compiler *c, const NwRule *rule, NwValues values, const Place *place, GError **err)
{
    g_autofree char *connections = g_strdup_printf("%s3-root", place->direction);
    Building *chain = place->frames ? frame_chain(c, place->direction) : find_chain(c, connections);

    if (place->mirrored)
        nw_mirror(&values);
    if (c->seq > RULES_MAX) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "filter '%s' has more than %d rules with all its variables", c->filter->name, RULES_MAX);
        return false;
    }
    json_object *expr = nw_rule_matches(nwrule_protocol(rule), rule, &values, place->states, place->reply, err);
    if (!expr)
        return false;
    json_object_array_add(expr, nw_verdict(verdict_of(rule->action), NULL));
    add_item(c, chain, rule->priority.v, expr);
    return true;
}

/* A request of ICMP and its answer: what comes back for a rule about requests. False: nothing does. */
static bool icmp_answer(NwProtocol protocol, NwValues *values)
{
    static const struct { bool v6; guint request; const char *answer; } rows[] = { { false, 8, "0" }, { false, 13, "14" }, { true, 128, "129" } };
    guint64 type;

    if ((protocol != NW_ICMP && protocol != NW_ICMPV6) || !values->v[NWF_TYPE])
        return true;
    for (guint i = 0; nw_number(values->v[NWF_TYPE], &type) && i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].v6 == (protocol == NW_ICMPV6) && rows[i].request == type) {
            values->v[NWF_TYPE] = rows[i].answer;
            return true;
        }
    }
    return false;
}

/* A rule about connections: in its own direction, and what answers in the other. */
static bool add_connection(Compiler *c, const NwRule *rule, const NwValues *values, GError **err)
{
    bool follow = c->host->stateful && !rule->stateless, accepts = rule->action == NW_ACCEPT || rule->action == NW_RETURN;
    const char *asked = values->v[NWF_STATE] && strcmp(values->v[NWF_STATE], "NONE") ? values->v[NWF_STATE] : NULL;
    Place there = { rule->direction == NW_OUT ? "out" : "in", false, false, false, asked };
    Place back = { rule->direction == NW_OUT ? "in" : "out", false, true, false, asked };
    NwValues answer = *values;

    if (asked && !c->host->stateful) {
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "filter '%s': <%s state='%s'>: this kernel does not follow connections over "
                    "bridges (CONFIG_NF_CONNTRACK_BRIDGE); leave the state out", c->filter->name, nw_protocol_name(nwrule_protocol(rule)), asked);
        return false;
    }
    if (!asked && follow && accepts && rule->direction != NW_INOUT) {
        there.states = "NEW,ESTABLISHED";
        back.states = "ESTABLISHED";
    }
    if (!add_rule(c, rule, *values, &there, err))
        return false;
    if (rule->direction == NW_INOUT)
        return add_rule(c, rule, *values, &back, err);
    if (!accepts || rule->stateless || asked || !icmp_answer(nwrule_protocol(rule), &answer))
        return true;
    back.reply = !follow;
    return add_rule(c, rule, answer, &back, err);
}

static bool add_values(const NwRule *rule, const NwValues *values, gpointer user, GError **err)
{
    Compiler *c = user;
    NwProtocol protocol = nwrule_protocol(rule);

    if (protocol >= NW_TCP && protocol < NW_PROTOCOL__N)
        return add_connection(c, rule, values, err);
    if (rule->direction != NW_IN) {
        /* Of a rule for both, the words are those of frames to the guest. */
        Place out = { "out", true, rule->direction == NW_INOUT, false, NULL };
        if (!add_rule(c, rule, *values, &out, err))
            return false;
    }
    Place in = { "in", true, false, false, NULL };
    return rule->direction == NW_OUT || add_rule(c, rule, *values, &in, err);
}

static bool add_filter(Compiler *c, const char *name, NwVars *vars, GError **err)
{
    g_autoptr(NwFilter) filter = nw_filter_get(name, err);
    guint rule = 0, ref = 0;

    if (!filter)
        return false;
    if (++c->depth > DEPTH_MAX) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "filter '%s' refers to filters more than %d deep", name, DEPTH_MAX);
        return false;
    }
    for (const char *o = filter->order; *o; o++) {
        if (*o == 'r') {
            const NwRule *r = filter->rules->pdata[rule++];
            c->filter = filter;
            if (r->action != NW_CONTINUE && !nw_expand(r, vars, add_values, c, c->ret_missing, err)) {
                if (err && *err)
                    g_prefix_error(err, "filter '%s': ", name);
                return false;
            }
        } else {
            const NwRef *nested = filter->nested->pdata[ref++];
            g_autoptr(GHashTable) more = nw_vars_with(vars, nested);
            if (!add_filter(c, nested->filter, more, err))
                return false;
        }
    }
    c->depth--;
    return true;
}

/* --- the whole */

static gint by_priority(gconstpointer a, gconstpointer b)
{
    const Item *x = a, *y = b;
    return x->priority != y->priority ? (x->priority < y->priority ? -1 : 1) : x->seq < y->seq ? -1 : 1;
}

static void chain_free(gpointer data)
{
    NwChain *chain = data;
    json_object_put(chain->rules);
    g_free(chain->name);
    g_free(chain);
}

void nw_program_free(NwProgram *program)
{
    if (!program)
        return;
    g_ptr_array_unref(program->chains);
    g_free(program);
}

static NwProgram *finish(Compiler *c)
{
    NwProgram *program = g_new(NwProgram, 1);

    program->chains = g_ptr_array_new_with_free_func(chain_free);
    for (guint i = 0; i < c->chains->len; i++) {
        Building *b = c->chains->pdata[i];
        NwChain *chain = g_new(NwChain, 1);
        *chain = (NwChain){ g_strdup(b->name), json_object_new_array() };
        g_array_sort(b->items, by_priority);
        for (guint k = 0; k < b->items->len; k++)
            json_object_array_add(chain->rules, json_object_get(g_array_index(b->items, Item, k).expr));
        g_ptr_array_add(program->chains, chain);
    }
    return program;
}

static void compiler_init(Compiler *c, const NwHost *host, char **ret_missing)
{
    static const char *const roots[] = { "out2-root", "out3-root", "in2-root", "in3-root" };

    *c = (Compiler){ .host = host, .chains = g_ptr_array_new_with_free_func(building_free), .ret_missing = ret_missing };
    for (guint i = 0; i < G_N_ELEMENTS(roots); i++)
        new_chain(c, roots[i]);
}

NwProgram *nw_compile(const char *filter, NwVars *vars, const NwHost *host, char **ret_missing, GError **err)
{
    Compiler c;

    compiler_init(&c, host, ret_missing);
    NwProgram *program = add_filter(&c, filter, vars, err) ? finish(&c) : NULL;
    g_ptr_array_unref(c.chains);
    return program;
}

/* The rules of the time of learning are a filter as well: written as one, and put together by the same code. */
NwProgram *nw_compile_learning(bool dhcp_only, const char *mac, GError **err)
{
    static const char *const texts[] = {
        "<filter name='learning' chain='root'>"
        "<rule action='accept' direction='out' priority='1'><mac srcmacaddr='$MAC' protocolid='ipv4'/></rule>"
        "<rule action='accept' direction='out' priority='2'><arp srcmacaddr='$MAC' arpsrcmacaddr='$MAC'/></rule>"
        "<rule action='accept' direction='in' priority='3'><mac protocolid='ipv4'/></rule>"
        "<rule action='accept' direction='in' priority='4'><mac protocolid='arp'/></rule>"
        "<rule action='drop' direction='inout' priority='5'/></filter>",
        "<filter name='learning' chain='root'>"
        "<rule action='accept' direction='out' priority='1'><ip srcmacaddr='$MAC' protocol='udp' srcportstart='68' dstportstart='67'/></rule>"
        "<rule action='accept' direction='in' priority='2'><ip protocol='udp' srcportstart='67' dstportstart='68'/></rule>"
        "<rule action='drop' direction='inout' priority='5'/></filter>",
    };
    g_autoptr(NwFilter) filter = nwfilter_parse(texts[dhcp_only], 0, err);
    g_autoptr(GHashTable) vars = nw_vars_new();
    NwHost host = { false };
    Compiler c;
    bool ok = filter != NULL;

    if (!ok)
        return NULL;
    nw_vars_set(vars, "MAC", mac);
    compiler_init(&c, &host, NULL);
    c.filter = filter;
    for (guint i = 0; ok && i < filter->rules->len; i++)
        ok = nw_expand(filter->rules->pdata[i], vars, add_values, &c, NULL, err);
    NwProgram *program = ok ? finish(&c) : NULL;
    g_ptr_array_unref(c.chains);
    return program;
}
