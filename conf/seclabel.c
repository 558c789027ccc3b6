#include "config.h"
#include "conf/seclabel.h"

static bool seclabel_check(gconstpointer obj, char **why)
{
    const DeviceSeclabel *s = obj;
    if (s->label && s->relabel == TRI_NO) {
        *why = g_strdup("a <label> contradicts relabel='no'; drop one of them");
        return false;
    }
    return true;
}

static const XmRow seclabel_rows[] = {
    A_STR  (DeviceSeclabel, model, "model", .doc = "security driver that this is for: dac or selinux"),
    A_YESNO(DeviceSeclabel, labelskip, "labelskip", .flags = XM_LIVE, .doc = "the file could not be labelled"),
    A_YESNO(DeviceSeclabel, relabel, "relabel", .doc = "whether the file is given a label at start (default yes)"),
    LEAF_STR(DeviceSeclabel, label, "label", .doc = "the label, instead of the domain's own"),
};
const XmElem device_seclabel_elem = ELEM("seclabel", DeviceSeclabel, seclabel_rows, .check = seclabel_check);

void device_seclabels_normalise(GPtrArray *seclabels)
{
    for (guint i = seclabels ? seclabels->len : 0; i-- > 0;) {
        DeviceSeclabel *s = g_ptr_array_index(seclabels, i);
        if (s->relabel == TRI_ABSENT && s->labelskip != TRI_YES)
            s->relabel = TRI_YES;
        if (s->relabel == TRI_YES && !s->label)
            xm_free(&device_seclabel_elem, g_ptr_array_steal_index(seclabels, i));
    }
}

/* --- of the domain */

XM_ENUM(seclabel_type, "type of security label", NULL, "none", "dynamic", "static");
XM_COVERS(seclabel_type, SECLABEL__N);

/* A dynamic label is made at start and always put on what the guest uses. */
static bool domain_seclabel_loaded(gpointer obj, xmlNode *node, char **why)
{
    Seclabel *s = obj;
    if (!g_strcmp0(s->model, "none")) {      /* no driver: no label of any kind */
        s->type = SECLABEL_NONE;
        s->relabel = TRI_ABSENT;
    }
    if (!s->type)
        s->type = SECLABEL_DYNAMIC;
    if (!s->relabel && s->type != SECLABEL_NONE)
        s->relabel = s->type == SECLABEL_DYNAMIC ? TRI_YES : TRI_NO;
    return true;
}

static bool domain_seclabel_check(gconstpointer obj, char **why)
{
    const Seclabel *s = obj;
    if (s->type == SECLABEL_STATIC && !s->label)
        *why = g_strdup("a <seclabel type='static'> needs a <label>");
    else if (s->type == SECLABEL_DYNAMIC && s->relabel == TRI_NO)
        *why = g_strdup("a dynamic <seclabel> is put on files too; leave out relabel='no'");
    else if (s->type == SECLABEL_NONE && s->relabel == TRI_YES)
        *why = g_strdup("<seclabel type='none'> labels nothing; leave out relabel='yes'");
    return !*why;
}

static guint domain_seclabel_variant(gconstpointer obj)
{
    return ((const Seclabel *)obj)->type;
}

static const XmRow domain_seclabel_rows[] = {
    A_ENUM  (Seclabel, type, "type", seclabel_type, .flags = XM_NONZERO, .doc = "who chooses the label"),
    A_STR   (Seclabel, model, "model", .doc = "security driver: dac or selinux"),
    A_YESNO (Seclabel, relabel, "relabel", .doc = "put the label on the guest's files"),
    LEAF_STR(Seclabel, label, "label", .when = XM_BIT(SECLABEL_STATIC)),
    LEAF_STR(Seclabel, label, "label", .when = XM_BIT(SECLABEL_DYNAMIC), .flags = XM_LIVE),
    LEAF_STR(Seclabel, imagelabel, "imagelabel", .flags = XM_LIVE),
    LEAF_STR(Seclabel, baselabel, "baselabel"),
};
const XmElem seclabel_elem = ELEM("seclabel", Seclabel, domain_seclabel_rows, .variant = domain_seclabel_variant,
                                  .loaded = domain_seclabel_loaded, .check = domain_seclabel_check);
