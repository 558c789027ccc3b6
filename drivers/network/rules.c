/* The rules of one network, in a table of its own ("qvirt_BRIDGE", family inet), made and removed in one transaction.
 *
 * What other tables of the host say still holds: an "accept" here ends this table only. Isolated guests reach the host
 * and each other; routed and translated ones also the world, which reaches translated ones only in answer. Sources: nft(8),
 * libnftables-json(5). */
#include "config.h"
#include "drivers/network/driver.h"
#include <json-c/json.h>
#include <nftables/libnftables.h>
#include <string.h>
#include "util/inet.h"

typedef struct { json_object *commands; const char *table; const NetworkDef *def; } Rules;

/* An object of one member. */
static json_object *one(const char *key, json_object *value)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, key, value);
    return o;
}

static json_object *text(const char *s)
{
    return json_object_new_string(s);
}

static json_object *put(json_object *o, const char *key, json_object *value)
{
    json_object_object_add(o, key, value);
    return o;
}

static json_object *add2(json_object *array, json_object *a, json_object *b)
{
    json_object_array_add(array, a);
    json_object_array_add(array, b);
    return array;
}

static json_object *match(const char *op, json_object *left, json_object *right)
{
    return one("match", put(put(one("op", text(op)), "left", left), "right", right));
}

static json_object *meta_is(const char *key, const char *value)
{
    return match("==", one("meta", one("key", text(key))), text(value));
}

static json_object *network_of(const NetworkIp *ip)
{
    Inet a;
    inet_parse(ip->address, &a);
    Inet network = inet_first(&a, network_ip_prefix(ip));
    g_autofree char *address = inet_format(&network);
    return one("prefix", put(one("addr", text(address)), "len", json_object_new_int((int)network_ip_prefix(ip))));
}

static json_object *address_is(const NetworkIp *ip, const char *field, const char *op)
{
    json_object *payload = put(one("protocol", text(network_ip_is_v6(ip) ? "ip6" : "ip")), "field", text(field));
    return match(op, one("payload", payload), network_of(ip));
}

static json_object *verdict(const char *what)
{
    return one(what, NULL);
}

/* Takes the expressions; NULLs are left out. */
static void rule(Rules *r, const char *chain, json_object *const *expressions, guint n)
{
    json_object *expr = json_object_new_array(), *o = one("family", text("inet"));
    for (guint i = 0; i < n; i++)
        if (expressions[i])
            json_object_array_add(expr, expressions[i]);
    put(put(put(o, "table", text(r->table)), "chain", text(chain)), "expr", expr);
    json_object_array_add(r->commands, one("add", one("rule", o)));
}
#define RULE(r, chain, ...) rule(r, chain, (json_object *[]){ __VA_ARGS__ }, \
                                 sizeof((json_object *[]){ __VA_ARGS__ }) / sizeof(json_object *))

static void chain(Rules *r, const char *name, const char *type, const char *hook, int priority)
{
    json_object *o = put(put(one("family", text("inet")), "table", text(r->table)), "name", text(name));
    put(put(put(put(o, "type", text(type)), "hook", text(hook)), "prio", json_object_new_int(priority)), "policy", text("accept"));
    json_object_array_add(r->commands, one("add", one("chain", o)));
}

static bool translated(const NetworkDef *def, const NetworkIp *ip)
{
    const Nat *nat = def->forward.nats && def->forward.nats->len ? def->forward.nats->pdata[0] : NULL;
    return def->forward.mode == FORWARD_NAT && (!network_ip_is_v6(ip) || (nat && nat->ipv6 == TRI_YES));
}

static json_object *outside(const NetworkDef *def, const char *key)
{
    return def->forward.dev ? meta_is(key, def->forward.dev) : NULL;
}

static void forward_rules(Rules *r)
{
    const NetworkDef *def = r->def;
    const char *bridge = def->bridge.name;

    RULE(r, "forward", meta_is("iifname", bridge), meta_is("oifname", bridge), verdict("accept"));
    for (guint i = 0; def->forward.mode && def->ips && i < def->ips->len; i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        json_object *answers = translated(def, ip)
            ? match("in", one("ct", one("key", text("state"))), add2(json_object_new_array(), text("established"), text("related"))) : NULL;
        RULE(r, "forward", meta_is("oifname", bridge), outside(def, "iifname"), address_is(ip, "daddr", "=="), answers, verdict("accept"));
        RULE(r, "forward", meta_is("iifname", bridge), outside(def, "oifname"), address_is(ip, "saddr", "=="), verdict("accept"));
    }
    RULE(r, "forward", meta_is("oifname", bridge), verdict("reject"));
    RULE(r, "forward", meta_is("iifname", bridge), verdict("reject"));
}

/* How the source changes: the leaving device's address, or one of a range; ports above those that servers trust. */
static json_object *translation(const NetworkDef *def, const NetworkIp *ip, bool ports)
{
    const Nat *nat = def->forward.nats && def->forward.nats->len ? def->forward.nats->pdata[0] : NULL;
    const AddressRange *addresses = nat && nat->addresses && nat->addresses->len && !network_ip_is_v6(ip) ? nat->addresses->pdata[0] : NULL;
    const PortRange *range = nat && nat->ports && nat->ports->len ? nat->ports->pdata[0] : NULL;
    json_object *o = json_object_new_object();

    if (addresses) {
        put(o, "family", text("ip"));
        put(o, "addr", strcmp(addresses->start, addresses->end)
                           ? one("range", add2(json_object_new_array(), text(addresses->start), text(addresses->end))) : text(addresses->start));
    }
    if (ports) {
        guint first = range ? range->start : 1024, last = range ? range->end : 65535;
        put(o, "port", first == last ? json_object_new_int((int)first)
                           : one("range", add2(json_object_new_array(), json_object_new_int((int)first), json_object_new_int((int)last))));
    }
    return one(addresses ? "snat" : "masquerade", json_object_object_length(o) ? o : (json_object_put(o), NULL));
}

static json_object *set_of(const char *a, const char *b)
{
    return one("set", add2(json_object_new_array(), text(a), text(b)));
}

static void nat_rules(Rules *r)
{
    static const char *const no_nat[] = { "224.0.0.0", "255.255.255.255" };
    for (guint i = 0; i < r->def->ips->len; i++) {
        const NetworkIp *ip = r->def->ips->pdata[i];
        if (!translated(r->def, ip))
            continue;
        for (guint j = 0; !network_ip_is_v6(ip) && j < G_N_ELEMENTS(no_nat); j++) {
            json_object *to = one("prefix", put(one("addr", text(no_nat[j])), "len", json_object_new_int(j ? 32 : 24)));
            json_object *payload = put(one("protocol", text("ip")), "field", text("daddr"));
            RULE(r, "nat", address_is(ip, "saddr", "=="), match("==", one("payload", payload), to), verdict("return"));
        }
        RULE(r, "nat", address_is(ip, "saddr", "=="), address_is(ip, "daddr", "!="), outside(r->def, "oifname"),
             match("==", one("meta", one("key", text("l4proto"))), set_of("tcp", "udp")), translation(r->def, ip, true));
        RULE(r, "nat", address_is(ip, "saddr", "=="), address_is(ip, "daddr", "!="), outside(r->def, "oifname"),
             translation(r->def, ip, false));
    }
}

static char *table_name(const char *bridge)
{
    char *name = g_strconcat("qvirt_", bridge, NULL);
    for (char *c = name; *c; c++)
        if (!g_ascii_isalnum(*c))
            *c = '_';
    return name;
}

static json_object *table(const char *name)
{
    return one("table", put(one("family", text("inet")), "name", text(name)));
}

char *rules_json(const NetworkDef *def)
{
    g_autofree char *name = table_name(def->bridge.name);
    Rules r = { json_object_new_array(), name, def };

    json_object_array_add(r.commands, one("add", table(name)));
    chain(&r, "forward", "filter", "forward", 0);
    forward_rules(&r);
    if (def->forward.mode == FORWARD_NAT) {
        chain(&r, "nat", "nat", "postrouting", 100);
        nat_rules(&r);
    }
    json_object *whole = one("nftables", r.commands);
    char *json = g_strdup(json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PLAIN));
    json_object_put(whole);
    return json;
}

static bool run(const char *json, const char *what, GError **err)
{
    struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
    nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_JSON);
    nft_ctx_buffer_error(nft);
    nft_ctx_buffer_output(nft);
    bool ok = nft_run_cmd_from_buffer(nft, json) == 0;
    if (!ok) {
        g_autofree char *words = g_strstrip(g_strdup(nft_ctx_get_error_buffer(nft)));
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "cannot %s: %s", what, *words ? words : "nftables gave no reason");
    }
    nft_ctx_free(nft);
    return ok;
}

bool rules_add(const NetworkDef *def, GError **err)
{
    g_autofree char *json = rules_json(def);
    return run(json, "make the network's nftables rules", err);
}

/* Making it first lets the removal succeed where there is none. */
bool rules_remove(const char *bridge, GError **err)
{
    g_autofree char *name = table_name(bridge);
    json_object *whole = one("nftables", add2(json_object_new_array(), one("add", table(name)), one("delete", table(name))));
    bool ok = run(json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PLAIN), "remove the network's nftables rules", err);
    json_object_put(whole);
    return ok;
}
