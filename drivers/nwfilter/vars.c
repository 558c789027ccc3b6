/* Variables: what parameters say, and every combination of their values in one rule. */
#include <string.h>
#include "drivers/nwfilter/private.h"

enum { COMBINATIONS_MAX = 4096 };

NwVars *nw_vars_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
}

void nw_vars_set(NwVars *vars, const char *name, const char *value)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(values, g_strdup(value));
    g_hash_table_insert(vars, g_strdup(name), values);
}

NwVars *nw_vars_with(NwVars *base, const NwRef *ref)
{
    NwVars *vars = nw_vars_new();
    GHashTableIter iter;
    gpointer name, values;
    const char *last = NULL;

    g_hash_table_iter_init(&iter, base);
    while (g_hash_table_iter_next(&iter, &name, &values))
        g_hash_table_insert(vars, g_strdup(name), g_ptr_array_ref(values));
    /* Several parameters of one name, which stand together, are a list. */
    for (guint i = 0; ref->parameters && i < ref->parameters->len; i++) {
        const FilterParameter *p = ref->parameters->pdata[i];
        if (last && !strcmp(last, p->name))
            g_ptr_array_add(g_hash_table_lookup(vars, p->name), g_strdup(p->value));
        else
            nw_vars_set(vars, p->name, p->value);
        last = p->name;
    }
    return vars;
}

/* --- combinations: fields with one iterator step together, different iterators make a product */

typedef struct { NwField field; guint iterator; GPtrArray *values; } Used;
typedef struct {
    NwProtocol protocol;
    Used used[NWF__N];
    guint n_used;
    struct { guint number, len, at; } iterators[NWF__N];
    guint n_iterators;
    NwValues values;
    GPtrArray *kept;              /* canonical values of the present combination */
} Expansion;

static guint find_iterator(Expansion *x, guint number, guint len, GError **err)
{
    for (guint i = 0; i < x->n_iterators; i++) {
        if (x->iterators[i].number != number)
            continue;
        if (x->iterators[i].len == len)
            return i;
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "lists that step together have %u and %u values; give each an iterator of its own "
                    "($NAME[@1], $NAME[@2])", x->iterators[i].len, len);
        return G_MAXUINT;
    }
    x->iterators[x->n_iterators].number = number;
    x->iterators[x->n_iterators].len = len;
    return x->n_iterators++;
}

static bool use_variable(Expansion *x, NwField field, const NwVariable *var, NwVars *vars, char **ret_missing, GError **err)
{
    GPtrArray *values = g_hash_table_lookup(vars, var->name);

    if (!values || (var->indexed && var->number >= values->len)) {
        *ret_missing = g_strdup(var->name);
        return false;
    }
    if (var->indexed) {
        x->values.v[field] = values->pdata[var->number];
        return true;
    }
    guint iterator = find_iterator(x, var->number, values->len, err);
    x->used[x->n_used++] = (Used){ field, iterator, values };
    return iterator != G_MAXUINT;
}

/* Parameters are anybody's text: each must be what its field takes. */
static bool check_values(Expansion *x, const NwRule *rule, NwValues *out, GError **err)
{
    g_ptr_array_set_size(x->kept, 0);
    *out = x->values;
    for (guint f = 0; f < NWF__N; f++) {
        if (!out->v[f] || f == NWF_COMMENT)
            continue;
        char *value = nw_field_value(x->protocol, f, out->v[f], err);
        if (!value)
            return false;
        g_ptr_array_add(x->kept, value);
        out->v[f] = value;
    }
    return true;
}

static bool next_combination(Expansion *x)
{
    for (guint i = 0; i < x->n_iterators; i++) {
        if (++x->iterators[i].at < x->iterators[i].len)
            return true;
        x->iterators[i].at = 0;
    }
    return false;
}

static bool each_combination(Expansion *x, const NwRule *rule, NwEach fn, gpointer user, GError **err)
{
    guint n = 0;
    NwValues values;

    do {
        if (n++ > COMBINATIONS_MAX) {
            g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "the variables of one rule have more than %d combinations", COMBINATIONS_MAX);
            return false;
        }
        for (guint i = 0; i < x->n_used; i++)
            x->values.v[x->used[i].field] = x->used[i].values->pdata[x->iterators[x->used[i].iterator].at];
        if (!check_values(x, rule, &values, err) || !fn(rule, &values, user, err))
            return false;
    } while (next_combination(x));
    return true;
}

bool nw_expand(const NwRule *rule, NwVars *vars, NwEach fn, gpointer user, char **ret_missing, GError **err)
{
    Expansion x = { .protocol = nwrule_protocol(rule) };
    NwVariable var;

    for (guint f = 0; x.protocol < NW_PROTOCOL__N && f < NWF__N; f++) {
        const char *text = rule->match[x.protocol]->v[f];
        if (!text || f == NWF_COMMENT || !nw_variable(text, &var))
            x.values.v[f] = text;
        else if (!use_variable(&x, f, &var, vars, ret_missing, err))
            return false;
    }
    x.kept = g_ptr_array_new_with_free_func(g_free);
    bool ok = each_combination(&x, rule, fn, user, err);
    g_ptr_array_unref(x.kept);
    return ok;
}
