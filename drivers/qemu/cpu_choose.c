/* From a set of features to a model and its differences, and back: description, comparison, baseline. */
#include "config.h"
#include <string.h>
#include "drivers/qemu/cpu_models.h"

static void add_feature(Cpu *cpu, CpuPolicy policy, const char *name)
{
    CpuFeature *f = g_new0(CpuFeature, 1);
    f->policy = policy;
    f->name = g_strdup(name);
    if (!cpu->features)
        cpu->features = g_ptr_array_new();
    g_ptr_array_add(cpu->features, f);
}

/* --- description */

typedef struct { const char *name; CpuBits bits; bool real; guint more, less; } Candidate;

static void count(const CpuBits *have, Candidate *c)
{
    c->more = c->less = 0;
    for (guint w = 0; w < G_N_ELEMENTS(have->w); w++) {
        c->more += (guint)__builtin_popcountll(have->w[w] & ~c->bits.w[w]);
        c->less += (guint)__builtin_popcountll(c->bits.w[w] & ~have->w[w]);
    }
}

/* What a model costs: a feature that is missing weighs more than one that is there besides, since a program that finds
 * a model expects what the model stands for; the first is cheap. The numbers are such that the choice is libvirt's. */
static guint weight(const Candidate *c)
{
    guint penalty = c->less > 1 ? 13 * (c->less - 1) : 5 * c->less;
    return 5 * (c->more + c->less) + penalty;
}

/* A model whose signature the processor bears counts more than any other. */
static bool nearer(const Candidate *a, const Candidate *best)
{
    if (!best->name || a->real != best->real)
        return !best->name || a->real;
    return weight(a) < weight(best);
}

static bool eligible(const QemuCaps *caps, const char *name, const CpuData *data, CpuChoice choice)
{
    const char *vendor = cpu_model_vendor(name);
    if (vendor && g_strcmp0(vendor, data->vendor) != 0)
        return false;
    bool guest = choice == CPU_CHOOSE_GUEST;
    return cpu_model_describes(name, guest) && (!guest || cpu_model_in_qemu(caps, name));
}

/* Later models first: of two that are equally near the newer one is taken. */
static Candidate choose(const QemuCaps *caps, const CpuData *data, CpuChoice choice)
{
    const char *const *names = cpu_model_names("x86_64");
    Candidate best = { 0 };
    for (guint i = g_strv_length((char **)names); i-- > 0;) {
        Candidate c = { .name = names[i], .real = cpu_model_is(names[i], data) };
        if (!eligible(caps, c.name, data, choice) || !cpu_model_bits(caps, c.name, &c.bits))
            continue;
        count(&data->bits, &c);
        if (choice == CPU_CHOOSE_HOST && c.less)
            continue;
        if (nearer(&c, &best))
            best = c;
    }
    return best;
}

/* Features of a model that QEMU has and cannot show with this accelerator. */
static void add_unavailable(const QemuCaps *caps, bool kvm, const char *model, CpuBits *bits)
{
    json_object *all = qemu_caps_cpu_models(caps, kvm), *name, *list;
    for (gsize i = 0; all && i < json_object_array_length(all); i++) {
        json_object *one = json_object_array_get_idx(all, i);
        if (!json_object_object_get_ex(one, "name", &name) || strcmp(json_object_get_string(name), model) ||
            !json_object_object_get_ex(one, "unavailable-features", &list))
            continue;
        for (gsize k = 0; k < json_object_array_length(list); k++) {
            int f = cpu_feature_find(json_object_get_string(json_object_array_get_idx(list, k)));
            if (f >= 0)
                cpu_bits_set(bits, (guint)f);
        }
    }
}

static void list_features(Cpu *cpu, const CpuBits *have, const CpuBits *model, CpuBits off)
{
    for (guint i = 0; i < cpu_feature_count(); i++) {
        if (cpu_bits_has(have, i) && !cpu_bits_has(model, i))
            add_feature(cpu, CPU_REQUIRE, cpu_feature_name(i));
        if (cpu_bits_has(model, i) && !cpu_bits_has(have, i))
            cpu_bits_set(&off, i);
    }
    for (guint i = 0; i < cpu_feature_count(); i++)
        if (cpu_bits_has(&off, i) && !cpu_bits_has(have, i))
            add_feature(cpu, CPU_DISABLE, cpu_feature_name(i));
}

static Cpu *named(const char *model, const char *vendor)
{
    Cpu *cpu = xm_new(&cpu_elem);
    cpu->mode = CPU_CUSTOM;
    cpu->match = CPU_MATCH_EXACT;
    cpu->model.name = g_strdup(model);
    cpu->model.fallback = CPU_FALLBACK_FORBID;
    cpu->vendor = g_strdup(vendor);
    return cpu;
}

Cpu *cpu_describe(const QemuCaps *caps, bool kvm, const CpuData *data, CpuChoice choice)
{
    Candidate best = choose(caps, data, choice);
    if (!best.name && choice == CPU_CHOOSE_HOST)
        best = choose(caps, data, CPU_CHOOSE_ANY);
    if (!best.name)
        return NULL;
    Cpu *cpu = named(best.name, data->vendor);
    CpuBits off = { { 0 } };
    if (choice == CPU_CHOOSE_GUEST)
        add_unavailable(caps, kvm, best.name, &off);
    list_features(cpu, &data->bits, &best.bits, off);
    return cpu;
}

/* --- what a <cpu> asks for */

static bool feature_number(const char *name, guint *ret, GError **err)
{
    int f = cpu_feature_find(name);
    if (f < 0) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "Unknown CPU feature %s", name);
        return false;
    }
    *ret = (guint)f;
    return true;
}

bool cpu_asked(const QemuCaps *caps, const Cpu *cpu, CpuBits *ret, GError **err)
{
    CpuBits bits = { { 0 } };
    if (cpu->model.name && !cpu_model_bits(caps, cpu->model.name, &bits)) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "Unknown CPU model %s", cpu->model.name);
        return false;
    }
    for (guint i = 0; cpu->features && i < cpu->features->len; i++) {
        const CpuFeature *f = g_ptr_array_index(cpu->features, i);
        guint n;
        if (!feature_number(f->name, &n, err))
            return false;
        if (f->policy == CPU_DISABLE || f->policy == CPU_FORBID || f->policy == CPU_OPTIONAL || f->policy == CPU_FORCE)
            cpu_bits_clear(&bits, n);           /* a forced feature is shown whatever the host has */
        else
            cpu_bits_set(&bits, n);
    }
    *ret = bits;
    return true;
}

/* Features of the host that @cpu forbids. */
static CpuBits forbidden(const Cpu *cpu, const CpuBits *have)
{
    CpuBits bits = { { 0 } };
    for (guint i = 0; cpu->features && i < cpu->features->len; i++) {
        const CpuFeature *f = g_ptr_array_index(cpu->features, i);
        int n = cpu_feature_find(f->name);
        if (f->policy == CPU_FORBID && n >= 0 && cpu_bits_has(have, (guint)n))
            cpu_bits_set(&bits, (guint)n);
    }
    return bits;
}

static char *names_of(const CpuBits *bits)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < cpu_feature_count(); i++)
        if (cpu_bits_has(bits, i))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", cpu_feature_name(i));
    return g_string_free(text, text->len == 0);
}

static CpuBits without(CpuBits a, const CpuBits *b)
{
    for (guint w = 0; w < G_N_ELEMENTS(a.w); w++)
        a.w[w] &= ~b->w[w];
    return a;
}

static char *obstacle(const CpuData *have, const Cpu *cpu, const CpuBits *asked)
{
    CpuBits missing = without(*asked, &have->bits), unwanted = forbidden(cpu, &have->bits);
    g_autofree char *lacks = names_of(&missing), *has = names_of(&unwanted);
    if (cpu->vendor && g_strcmp0(cpu->vendor, have->vendor) != 0)
        return g_strdup_printf("host CPU vendor does not match required CPU vendor %s", cpu->vendor);
    if (has)
        return g_strdup_printf("Host CPU provides forbidden features: %s", has);
    return lacks ? g_strdup_printf("Host CPU does not provide required features: %s", lacks) : NULL;
}

CpuComparison cpu_compare(const QemuCaps *caps, const CpuData *have, const Cpu *cpu, char **ret_why, GError **err)
{
    CpuBits asked, more;
    if (!cpu_asked(caps, cpu, &asked, err))
        return CPU_ERROR;
    *ret_why = obstacle(have, cpu, &asked);
    if (*ret_why)
        return CPU_INCOMPATIBLE;
    more = without(have->bits, &asked);
    g_autofree char *extra = names_of(&more);
    if (!extra)
        return CPU_IDENTICAL;
    if (cpu->match != CPU_MATCH_STRICT)
        return CPU_SUPERSET;
    *ret_why = g_strdup_printf("Host CPU does not strictly match guest CPU: Extra features: %s", extra);
    return CPU_INCOMPATIBLE;
}

/* --- baseline */

/* What all so far have in common. */
typedef struct { CpuData data; const char *model; bool same_model, vendor_said; } Common;

/* A model's vendor counts as long as all agree; what the CPUs themselves say must not differ. */
static bool add_vendor(Common *c, const Cpu *cpu, bool first, GError **err)
{
    const char *vendor = cpu->vendor ? cpu->vendor : cpu_model_vendor(cpu->model.name);
    if (!first && cpu->vendor && c->vendor_said && g_strcmp0(cpu->vendor, c->data.vendor) != 0) {
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "CPU vendors do not match: '%s' and '%s'", c->data.vendor, cpu->vendor);
        return false;
    }
    c->vendor_said = cpu->vendor && (first || c->vendor_said);
    if (!first && g_strcmp0(vendor, c->data.vendor) == 0)
        return true;
    g_free(c->data.vendor);
    c->data.vendor = first ? g_strdup(vendor) : NULL;
    return true;
}

static bool add_to_baseline(const QemuCaps *caps, const Cpu *cpu, bool first, Common *c, GError **err)
{
    CpuBits bits;
    if (!cpu->model.name) {
        g_set_error(err, QV_ERROR, QV_ERR_INVALID_ARG, "a CPU without a model cannot be part of a baseline");
        return false;
    }
    if (!cpu_asked(caps, cpu, &bits, err) || !add_vendor(c, cpu, first, err))
        return false;
    c->same_model = first || (c->same_model && !strcmp(c->model, cpu->model.name));
    c->model = cpu->model.name;
    for (guint w = 0; w < G_N_ELEMENTS(bits.w); w++)
        c->data.bits.w[w] = first ? bits.w[w] : c->data.bits.w[w] & bits.w[w];
    return true;
}

/* A feature that does not survive a migration: its bit says something of this host's clock or of its state. */
static void drop_host_bound(CpuBits *bits)
{
    static const char *const bound[] = { "invtsc", "xsaves" };
    for (guint i = 0; i < G_N_ELEMENTS(bound); i++)
        cpu_bits_clear(bits, (guint)cpu_feature_find(bound[i]));
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const CpuFeature *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* The model's own features said, too; in alphabetical order. */
static void expand_features(Cpu *cpu, const CpuBits *bits)
{
    g_autoptr(GPtrArray) old = g_steal_pointer(&cpu->features);
    for (guint i = 0; i < cpu_feature_count(); i++)
        if (cpu_bits_has(bits, i))
            add_feature(cpu, CPU_REQUIRE, cpu_feature_name(i));
    for (guint i = 0; old && i < old->len; i++) {
        CpuFeature *f = g_ptr_array_index(old, i);
        if (f->policy == CPU_DISABLE)
            add_feature(cpu, CPU_DISABLE, f->name);
        g_free(f->name);
        g_free(f);
    }
    if (cpu->features)
        g_ptr_array_sort(cpu->features, by_name);
}

/* One model that all of them bear is kept, else the nearest is chosen. */
static Cpu *describe_common(const QemuCaps *caps, bool kvm, const Common *c, bool guest)
{
    CpuBits none = { { 0 } }, model;
    if (!c->same_model || !cpu_model_bits(caps, c->model, &model))
        return cpu_describe(caps, kvm, &c->data, guest ? CPU_CHOOSE_GUEST : CPU_CHOOSE_ANY);
    Cpu *cpu = named(c->model, c->data.vendor);
    list_features(cpu, &c->data.bits, &model, none);
    return cpu;
}

Cpu *cpu_baseline(const QemuCaps *caps, bool kvm, GPtrArray *cpus, const CpuData *limit, guint flags, GError **err)
{
    Common c = { .model = NULL };
    bool ok = true;
    for (guint i = 0; i < cpus->len && ok; i++)
        ok = add_to_baseline(caps, g_ptr_array_index(cpus, i), i == 0, &c, err);
    for (guint w = 0; limit && w < G_N_ELEMENTS(c.data.bits.w); w++)
        c.data.bits.w[w] &= limit->bits.w[w];
    cpu_bits_clear(&c.data.bits, (guint)cpu_feature_find("osxsave"));      /* what the running system set, no property */
    cpu_bits_clear(&c.data.bits, (guint)cpu_feature_find("ospke"));
    if (flags & CPU_MIGRATABLE)
        drop_host_bound(&c.data.bits);
    Cpu *cpu = ok ? describe_common(caps, kvm, &c, limit) : NULL;
    if (ok && !cpu)
        g_set_error(err, QV_ERROR, QV_ERR_OPERATION_FAILED, "CPUs are incompatible: no CPU model is found in all of them");
    if (cpu && !c.vendor_said)
        g_clear_pointer(&cpu->vendor, g_free);
    if (cpu && !limit && cpus->len > 1)
        cpu->model.fallback = CPU_FALLBACK_ALLOW;
    if (cpu && flags & CPU_EXPAND_FEATURES)
        expand_features(cpu, &c.data.bits);
    g_free(c.data.vendor);
    return cpu;
}

/* --- host-model */

/* An optional feature is there when the host has it. */
static CpuPolicy settled(const CpuFeature *f, const CpuBits *have)
{
    int n = cpu_feature_find(f->name);
    if (f->policy != CPU_OPTIONAL)
        return f->policy;
    return n >= 0 && cpu_bits_has(have, (guint)n) ? CPU_REQUIRE : CPU_DISABLE;
}

/* What the user asked for stands above what the model says. */
static void merge_feature(Cpu *cpu, const CpuFeature *wish, const CpuBits *have)
{
    int n = cpu_feature_find(wish->name);
    CpuPolicy policy = settled(wish, have);
    for (guint i = 0; cpu->features && i < cpu->features->len; i++) {
        CpuFeature *f = g_ptr_array_index(cpu->features, i);
        if (n >= 0 ? cpu_feature_find(f->name) == n : !strcmp(f->name, wish->name)) {
            f->policy = policy;
            return;
        }
    }
    add_feature(cpu, policy, wish->name);
}

static void take_host(Cpu *cpu, Cpu *host, const CpuData *data)
{
    for (guint i = 0; cpu->features && i < cpu->features->len; i++)
        merge_feature(host, g_ptr_array_index(cpu->features, i), &data->bits);
    cpu->mode = CPU_CUSTOM;
    cpu->match = CPU_MATCH_EXACT;
    GPtrArray *features = host->features;
    host->features = cpu->features;
    cpu->features = features;
    g_free(cpu->model.name);
    cpu->model.name = g_steal_pointer(&host->model.name);
    cpu->model.fallback = CPU_FALLBACK_FORBID;
    g_free(cpu->vendor);
    cpu->vendor = g_steal_pointer(&host->vendor);
    xm_free(&cpu_elem, host);
}

bool cpu_settle(const QemuCaps *caps, bool kvm, Cpu *cpu, GError **err)
{
    CpuBits unused;
    bool like_host = cpu->mode == CPU_HOST_MODEL || (cpu->mode == CPU_CUSTOM && cpu->match == CPU_MATCH_MINIMUM);
    g_autoptr(CpuData) data = cpu_data_guest(caps, kvm);
    if (!data)
        return true;
    if (cpu->mode == CPU_HOST_MODEL && cpu->model.name && !cpu_model_bits(caps, cpu->model.name, &unused)) {
        g_set_error(err, QV_ERROR, QV_ERR_INTERNAL, "Unknown CPU model %s: leave <model> out of a <cpu mode='host-model'>",
                    cpu->model.name);
        return false;
    }
    Cpu *host = like_host ? cpu_describe(caps, kvm, data, CPU_CHOOSE_GUEST) : NULL;
    if (host)
        take_host(cpu, host, data);
    for (guint i = 0; cpu->features && i < cpu->features->len; i++) {
        CpuFeature *f = g_ptr_array_index(cpu->features, i);
        f->policy = settled(f, &data->bits);
    }
    return true;
}
