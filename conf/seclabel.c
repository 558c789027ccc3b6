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
