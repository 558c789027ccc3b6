#include "config.h"
#include "conf/rng.h"

XM_ENUM(rng_model, "RNG model", NULL, "virtio", "virtio-transitional", "virtio-non-transitional");
XM_COVERS(rng_model, RNG_MODEL__N);
XM_ENUM(rng_backend, "RNG backend", NULL, "random", "egd", "builtin");
XM_COVERS(rng_backend, RNG__N);

static guint backend_variant(gconstpointer obj)
{
    return ((const Rng *)obj)->backend;
}

static bool backend_check(gconstpointer obj, char **why)
{
    const Rng *r = obj;
    if (r->backend == RNG_EGD && !r->src.type)
        *why = g_strdup("an EGD backend needs a type: how its server is reached");
    return *why == NULL;
}

static bool rng_check(gconstpointer obj, char **why)
{
    if (!((const Rng *)obj)->backend)
        *why = g_strdup("an <rng> needs one <backend model=>: 'random', 'builtin' or 'egd'");
    return *why == NULL;
}

static bool rng_loaded(G_GNUC_UNUSED gpointer obj, xmlNode *node, char **why)
{
    guint n = 0;
    for (const xmlNode *c = node->children; c; c = c->next)
        n += c->type == XML_ELEMENT_NODE && xmlStrEqual(c->name, BAD_CAST "backend");
    if (n > 1)
        *why = g_strdup_printf("%u <backend> are here; an <rng> has one", n);
    return n <= 1;
}

static bool rate_present(gconstpointer obj)
{
    return ((const Rng *)obj)->rate_bytes != 0;
}

static const XmRow rate_rows[] = {
    A_U32(Rng, rate_bytes, "bytes", .doc = "bytes in each period"),
    A_U32(Rng, rate_period, "period", .doc = "milliseconds (default 1000)"),
};
static const XmElem rate_elem = ELEM("rate", Rng, rate_rows, .present = rate_present);

static const XmRow backend_rows[] = {
    A_ENUM  (Rng, backend, "model", rng_backend, .flags = XM_REQUIRED, .doc = "where entropy comes from"),
    TEXT_STR(Rng, path, .when = XM_BIT(RNG_RANDOM), .doc = "device of the host"),
    INCLUDE (Rng, src, chardev_source_elem, .when = XM_BIT(RNG_EGD)),
};
static const XmElem backend_elem =
    ELEM("backend", Rng, backend_rows, .variant = backend_variant, .check = backend_check);

static const XmRow rng_rows[] = {
    A_ENUM  (Rng, model, "model", rng_model, .flags = XM_REQUIRED | XM_ABI, .doc = "the device the guest sees"),
    INLINE  ("rate", rate_elem),
    INLINE  ("backend", backend_elem),
    INLINE_AT(Rng, virtio, "driver", virtio_options_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem rng_elem = ELEM("rng", Rng, rng_rows, .has_line = true, .loaded = rng_loaded, .check = rng_check);
