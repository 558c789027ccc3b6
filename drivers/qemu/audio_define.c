/* <audio> and <sound>: the backend that a domain without one gets, and who plays on which. */
#include "config.h"
#include "drivers/qemu/display_define.h"
#include "drivers/qemu/each.h"

const Audio *audio_of(const DomainDef *def, OptU32 id, GError **err)
{
    EACH_DEVICE(def, DEV_AUDIO, Audio, a)
        if (!id.set || (a->id.set && a->id.v == id.v))
            return a;
    if (id.set)
        g_set_error(err, QV_ERROR, QV_ERR_XML, "there is no <audio id='%u'>", id.v);
    else
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "the domain has a sound card and no <audio> it could play on");
    return NULL;
}

/* The last display that has an opinion decides: sound goes with SPICE, is dropped with VNC, and with a
 * window of SDL nothing is chosen. The others bring none. */
static AudioType default_type(const DomainDef *def)
{
    static const struct { bool decides; AudioType type; } displays[GRAPHICS__N] = {
        [GRAPHICS_SDL] = { true, AUDIO_NONE_GIVEN }, [GRAPHICS_VNC] = { true, AUDIO_NONE },
        [GRAPHICS_SPICE] = { true, AUDIO_SPICE },
    };
    AudioType type = domain_devices(def, DEV_GRAPHICS)->len ? AUDIO_NONE_GIVEN : AUDIO_NONE;
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g)
        if (displays[g->type].decides)
            type = displays[g->type].type;
    return type;
}

static void add_default(DomainDef *def)
{
    GPtrArray *all = domain_devices(def, DEV_AUDIO);
    AudioType type = default_type(def);
    if (all->len || !type)
        return;
    Audio *a = g_new0(Audio, 1);
    a->id = (OptU32){ true, 1 };
    a->type = type;
    g_ptr_array_add(all, a);
}

static const char *why_direction(const AudioDirection *d)
{
    bool settings = d->settings.frequency || d->settings.channels || d->settings.format;
    if (settings && d->fixed_settings != TRI_YES)
        return "<settings> need fixedSettings='yes'";
    if (d->fixed_settings == TRI_YES && d->mixing_engine != TRI_YES)
        return "fixedSettings='yes' needs mixingEngine='yes'";
    return NULL;
}

static bool has_spice(const DomainDef *def)
{
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g)
        if (g->type == GRAPHICS_SPICE)
            return true;
    return false;
}

static bool check_audio(const DomainDef *def, const Audio *a, GError **err)
{
    const char *why = why_direction(&a->input);
    why = why ? why : why_direction(&a->output);
    if (!why && a->type == AUDIO_SPICE && !has_spice(def))
        why = "type 'spice' needs <graphics type='spice'>";
    EACH_DEVICE(def, DEV_AUDIO, Audio, other)
        if (!why && other != a && other->id.v == a->id.v)
            why = "another <audio> has the same id";
    if (why)
        g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "audio %u: %s", a->id.v, why);
    return why == NULL;
}

static bool check_references(DomainDef *def, GError **err)
{
    EACH_DEVICE(def, DEV_GRAPHICS, Graphics, g)
        if (g->audio_id.set && domain_devices(def, DEV_AUDIO)->len && !audio_of(def, g->audio_id, err))
            return false;
    EACH_DEVICE(def, DEV_SOUND, Sound, s) {
        if (s->audio_id.set && !audio_of(def, s->audio_id, err))
            return false;
        if (s->model == SOUND_ICH7) {
            g_set_error(err, QV_ERROR, QV_ERR_CONFIG_UNSUPPORTED, "sound %u: QEMU has no card of model 'ich7'", s_i);
            return false;
        }
    }
    return true;
}

bool define_audio(DomainDef *def, GError **err)
{
    add_default(def);
    EACH_DEVICE(def, DEV_AUDIO, Audio, a)
        if (!check_audio(def, a, err))
            return false;
    return check_references(def, err);
}
