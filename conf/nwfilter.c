#include "conf/nwfilter.h"
#include "conf/nwfilter_match.h"
#include <string.h>
#include "util/ids.h"

enum { RULE_PRIORITY = 500, PRIORITY_LIMIT = 1000, CHAIN_NAME_MAX = 12, NAME_MAX_BYTES = 200 };

/* --- rules */

XM_ENUM(nw_action, "action", NULL, "drop", "accept", "reject", "return", "continue");
XM_COVERS(nw_action, NW_ACTION__N);
XM_ENUM(nw_direction, "direction", NULL, "in", "out", "inout");
XM_COVERS(nw_direction, NW_DIRECTION__N);

static bool priority_ok(OptI32 priority, const char *what, char **why)
{
    if (!priority.set || (priority.v >= -PRIORITY_LIMIT && priority.v <= PRIORITY_LIMIT))
        return true;
    *why = g_strdup_printf("priority %d of the %s is not within -%d and %d", priority.v, what, PRIORITY_LIMIT, PRIORITY_LIMIT);
    return false;
}

static bool rule_loaded(gpointer obj, xmlNode *node, char **why)
{
    NwRule *rule = obj;

    if (!rule->priority.set)
        rule->priority = (OptI32){ true, RULE_PRIORITY };
    /* Only the words for "no" are known; anything else leaves it on. */
    rule->stateless = rule->statematch && (!g_ascii_strcasecmp(rule->statematch, "false") || !strcmp(rule->statematch, "0"));
    g_clear_pointer(&rule->statematch, g_free);
    if (rule->stateless)
        rule->statematch = g_strdup("false");
    return true;
}

static bool rule_check(gconstpointer obj, char **why)
{
    const NwRule *rule = obj;
    guint n = 0;

    for (guint i = 0; i < NW_PROTOCOL__N; i++)
        n += rule->match[i] != NULL;
    if (n > 1) {
        *why = g_strdup("a rule is about one protocol; make a rule for each");
        return false;
    }
    return priority_ok(rule->priority, "rule", why);
}

#define P(id, n) CHILD(NwRule, match[id], n, nwmatch_elems[id], .flags = XM_EMPTY_OK)
static const XmRow rule_rows[] = {
    A_ENUM(NwRule, action, "action", nw_action, .flags = XM_REQUIRED),
    A_ENUM(NwRule, direction, "direction", nw_direction, .flags = XM_REQUIRED),
    A_OPTI(NwRule, priority, "priority", .doc = "rules run from the smallest to the largest"),
    A_STR (NwRule, statematch, "statematch", .doc = "false: each packet by itself, without its connection"),
    P(NW_MAC, "mac"), P(NW_VLAN, "vlan"), P(NW_STP, "stp"), P(NW_ARP, "arp"), P(NW_RARP, "rarp"), P(NW_IP, "ip"), P(NW_IPV6, "ipv6"),
    P(NW_TCP, "tcp"), P(NW_UDP, "udp"), P(NW_UDPLITE, "udplite"), P(NW_SCTP, "sctp"), P(NW_ICMP, "icmp"), P(NW_IGMP, "igmp"),
    P(NW_ESP, "esp"), P(NW_AH, "ah"), P(NW_ALL, "all"),
    P(NW_TCP6, "tcp-ipv6"), P(NW_UDP6, "udp-ipv6"), P(NW_UDPLITE6, "udplite-ipv6"), P(NW_SCTP6, "sctp-ipv6"),
    P(NW_ICMPV6, "icmpv6"), P(NW_ESP6, "esp-ipv6"), P(NW_AH6, "ah-ipv6"), P(NW_ALL6, "all-ipv6"),
};
static const XmElem rule_elem = ELEM("rule", NwRule, rule_rows, .loaded = rule_loaded, .check = rule_check);

NwProtocol nwrule_protocol(const NwRule *rule)
{
    guint i = 0;
    while (i < NW_PROTOCOL__N && !rule->match[i])
        i++;
    return i;
}

/* --- references to filters, with parameters */

static bool parameter_check(gconstpointer obj, char **why)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const FilterParameter *p = obj;

    if (*p->name && strlen(p->name) < 64 && strspn(p->name, letters) == strlen(p->name))
        return true;
    *why = g_strdup_printf("'%.64s' is no name of a parameter: letters, digits and _", p->name);
    return false;
}
static const XmRow parameter_rows[] = {
    A_STR(FilterParameter, name, "name", .flags = XM_REQUIRED),
    A_STR(FilterParameter, value, "value", .flags = XM_REQUIRED),
};
static const XmElem parameter_elem = ELEM("parameter", FilterParameter, parameter_rows, .check = parameter_check);

static gint by_name(gconstpointer a, gconstpointer b)
{
    const FilterParameter *x = *(FilterParameter *const *)a, *y = *(FilterParameter *const *)b;
    return strcmp(x->name, y->name);
}

/* By name, as they are written; values of one name stay in order, since GPtrArray's sort is stable. */
static bool ref_loaded(gpointer obj, xmlNode *node, char **why)
{
    NwRef *ref = obj;
    if (ref->parameters)
        g_ptr_array_sort(ref->parameters, by_name);
    return true;
}
static const XmRow ref_rows[] = {
    A_STR(NwRef, filter, "filter", .flags = XM_REQUIRED),
    LIST (NwRef, parameters, "parameter", parameter_elem, .max_items = 1024),
};
static const XmElem ref_elem = ELEM("filterref", NwRef, ref_rows, .loaded = ref_loaded);

/* --- filters */

typedef struct { const char *prefix; int priority; } Chain;
static const Chain chains[] = { { "mac", -800 }, { "vlan", -750 }, { "stp", -810 }, { "arp", -500 }, { "rarp", -400 },
                                { "ipv4", -700 }, { "ipv6", -600 } };

static const Chain *chain_of(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(chains); i++)
        if (g_str_has_prefix(name, chains[i].prefix))
            return &chains[i];
    return NULL;
}

static bool chain_ok(const char *name, char **why)
{
    if (!strcmp(name, "root"))
        return true;
    if (strlen(name) > CHAIN_NAME_MAX)
        *why = g_strdup_printf("the name of chain '%.64s' is longer than %d bytes", name, CHAIN_NAME_MAX);
    else if (!chain_of(name))
        *why = g_strdup_printf("'%s' is no name of a chain: root, or one that begins with mac, vlan, stp, arp, rarp, ipv4 or ipv6", name);
    else if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") != strlen(name))
        *why = g_strdup("the name of a chain has letters, digits and _ . : - only");
    return !*why;
}

/* The name becomes a file's. */
static bool name_ok(const char *name, char **why)
{
    bool ok = *name && *name != '.' && strlen(name) <= NAME_MAX_BYTES && !strchr(name, '/');
    for (const char *c = name; *c; c++)
        ok = ok && !g_ascii_iscntrl(*c);
    if (!ok)
        *why = g_strdup_printf("'%.64s' is no name of a filter: no '/', no leading '.', no control characters, at most %d bytes", name,
                               NAME_MAX_BYTES);
    return ok;
}

static bool filter_loaded(gpointer obj, xmlNode *node, char **why)
{
    NwFilter *filter = obj;
    GString *order = g_string_new(NULL);

    for (const xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE && (xmlStrEqual(child->name, BAD_CAST "rule") || xmlStrEqual(child->name, BAD_CAST "filterref")))
            g_string_append_c(order, (char)child->name[0]);
    g_free(filter->order);
    filter->order = g_string_free(order, FALSE);
    if (!filter->chain)
        filter->chain = g_strdup("root");
    const Chain *chain = chain_of(filter->chain);
    if (!filter->priority.set && chain)
        filter->priority = (OptI32){ true, chain->priority };
    return true;
}

static bool filter_check(gconstpointer obj, char **why)
{
    const NwFilter *filter = obj;
    return name_ok(filter->name, why) && chain_ok(filter->chain, why) && priority_ok(filter->priority, "chain", why);
}

static const XmRow filter_rows[] = {
    A_STR (NwFilter, name, "name", .flags = XM_REQUIRED),
    A_STR (NwFilter, chain, "chain", .flags = XM_EMPTY_ABSENT),
    A_OPTI(NwFilter, priority, "priority"),
    LEAF_UUID(NwFilter, uuid, "uuid"),
    LIST  (NwFilter, nested, "filterref", ref_elem, .max_items = 1024),
    LIST  (NwFilter, rules, "rule", rule_elem, .max_items = 8192),
    A_STR (NwFilter, order, "order", .flags = XM_LIVE, .doc = "never in XML: a row, so that it is freed with the rest"),
};
const XmElem nwfilter_elem = ELEM("filter", NwFilter, filter_rows, .loaded = filter_loaded, .check = filter_check);

NwFilter *nwfilter_parse(const char *xml, guint flags, GError **err)
{
    NwFilter *filter = xm_parse(&nwfilter_elem, xml, strlen(xml), NULL, flags, err);
    guint8 uuid[16];

    if (!filter)
        return NULL;
    filter->refs = 1;
    if (!filter->uuid) {
        uuid_random(uuid);
        filter->uuid = uuid_format(uuid);
    }
    return filter;
}

NwFilter *nwfilter_ref(NwFilter *filter)
{
    g_atomic_int_inc(&filter->refs);
    return filter;
}

void nwfilter_unref(NwFilter *filter)
{
    if (!filter || !g_atomic_int_dec_and_test(&filter->refs))
        return;
    xm_free(&nwfilter_elem, filter);
}

/* The rows alone would write all rules after all references; @order says how they alternate. */
char *nwfilter_format(const NwFilter *filter)
{
    g_autofree char *name = g_markup_escape_text(filter->name, -1);
    GString *out = g_string_new(NULL);
    guint rule = 0, ref = 0;

    g_string_append_printf(out, "<filter name='%s' chain='%s'", name, filter->chain);
    if (filter->priority.set)
        g_string_append_printf(out, " priority='%d'", filter->priority.v);
    g_string_append_printf(out, ">\n  <uuid>%s</uuid>\n", filter->uuid);
    for (const char *c = filter->order; *c; c++) {
        if (*c == 'r')
            xm_format_to(&rule_elem, filter->rules->pdata[rule++], 0, 2, out);
        else
            xm_format_to(&ref_elem, filter->nested->pdata[ref++], 0, 2, out);
    }
    g_string_append(out, "</filter>\n");
    return g_string_free(out, FALSE);
}

/* --- bindings */

static const XmRow owner_rows[] = {
    LEAF_STR(NwBinding, owner.name, "name", .flags = XM_REQUIRED),
    LEAF_UUID(NwBinding, owner.uuid, "uuid", .flags = XM_REQUIRED),
};
static const XmElem owner_elem = ELEM("owner", NwBinding, owner_rows);
static const XmRow portdev_rows[] = { A_STR(NwBinding, portdev, "name", .flags = XM_REQUIRED) };
static const XmElem portdev_elem = ELEM("portdev", NwBinding, portdev_rows);
static const XmRow linkdev_rows[] = { A_STR(NwBinding, linkdev, "name", .flags = XM_REQUIRED) };
static const XmElem linkdev_elem = ELEM("linkdev", NwBinding, linkdev_rows);
static const XmRow mac_rows[] = { A_MAC(NwBinding, mac, "address", .flags = XM_REQUIRED) };
static const XmElem mac_elem = ELEM("mac", NwBinding, mac_rows);

static bool binding_check(gconstpointer obj, char **why)
{
    const NwBinding *binding = obj;
    const char *missing = !binding->owner.name ? "<owner>" : !binding->portdev ? "<portdev>" : !binding->mac ? "<mac>" :
                          !binding->ref.filter ? "<filterref>" : NULL;
    if (missing)
        *why = g_strdup_printf("%s is missing", missing);
    return !missing;
}
static const XmRow binding_rows[] = {
    INLINE("owner", owner_elem), INLINE("portdev", portdev_elem), INLINE("linkdev", linkdev_elem), INLINE("mac", mac_elem),
    INLINE_AT(NwBinding, ref, "filterref", ref_elem),
};
const XmElem nwbinding_elem = ELEM("filterbinding", NwBinding, binding_rows, .check = binding_check);

NwBinding *nwbinding_parse(const char *xml, guint flags, GError **err)
{
    return xm_parse(&nwbinding_elem, xml, strlen(xml), NULL, flags, err);
}

char *nwbinding_format(const NwBinding *binding)
{
    return xm_format(&nwbinding_elem, binding, 0);
}

void nwbinding_free(NwBinding *binding)
{
    if (binding)
        xm_free(&nwbinding_elem, binding);
}
