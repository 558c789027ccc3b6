/* -audiodev of <audio>, and the cards that play on it. */
#include "config.h"
#include "drivers/qemu/chardev_build.h"
#include "drivers/qemu/display_build.h"
#include "drivers/qemu/display_define.h"
#include "drivers/qemu/each.h"

/* QEMU's names: a few differ from XML's. */
static const char *const drivers[AUDIO__N] = {
    [AUDIO_NONE] = "none", [AUDIO_ALSA] = "alsa", [AUDIO_COREAUDIO] = "coreaudio", [AUDIO_JACK] = "jack",
    [AUDIO_OSS] = "oss", [AUDIO_PULSEAUDIO] = "pa", [AUDIO_SDL] = "sdl", [AUDIO_SPICE] = "spice", [AUDIO_FILE] = "wav",
    [AUDIO_DBUS] = "dbus",
};

/* Unset fields are left out, so what does not belong to a type needs no question here: rows of other
 * types cannot fill it. */
static void add_direction(json_object *p, const char *name, const AudioDirection *d)
{
    json_object *o = json_object_new_object();
    props_tri(o, "mixing-engine", d->mixing_engine);
    props_tri(o, "fixed-settings", d->fixed_settings);
    props_u64_opt(o, "voices", d->voices);
    props_u64_opt(o, "buffer-length", d->buffer_length);
    props_u64_opt(o, "frequency", d->settings.frequency);
    props_u64_opt(o, "channels", d->settings.channels);
    props_str(o, "format", xm_enum_name(&audio_format, d->settings.format));
    props_str(o, "dev", d->dev);
    props_u64_opt(o, "buffer-count", d->buffer_count);
    props_tri(o, "try-poll", d->try_poll);
    props_str(o, "server-name", d->server_name);
    props_str(o, "client-name", d->client_name);
    props_str(o, "connect-ports", d->connect_ports);
    props_tri(o, "exact-name", d->exact_name);
    props_str(o, "name", d->name);
    props_str(o, "stream-name", d->stream_name);
    props_u64_opt(o, "latency", d->latency);
    if (json_object_object_length(o))
        json_object_object_add(p, name, o);
    else
        json_object_put(o);
}

static void build_audio(QemuBuild *b, Audio *a, guint i)
{
    json_object *p = json_object_new_object();
    props_strf(p, "id", "audio%u", a->id.v);
    props_str(p, "driver", drivers[a->type]);
    props_u64_opt(p, "timer-period", a->timer_period);
    props_str(p, "server", a->server_name);
    props_str(p, "path", a->path);
    props_tri(p, "try-mmap", a->try_mmap);
    props_tri(p, "exclusive", a->exclusive);
    if (a->dsp_policy.set)
        json_object_object_add(p, "dsp-policy", json_object_new_int(a->dsp_policy.v));
    add_direction(p, "in", &a->input);
    add_direction(p, "out", &a->output);
    /* SDL takes the choice of its own backend from the environment only. */
    if (a->sdl_driver)
        qemu_command_env(b->cmd, "SDL_AUDIODRIVER", xm_enum_name(&sdl_driver, a->sdl_driver));
    qemu_command_json(b->cmd, "-audiodev", p, build_reason(DEV_AUDIO, i, a));
}

bool build_audios(QemuBuild *b, G_GNUC_UNUSED GError **err)
{
    EACH_DEVICE(b->def, DEV_AUDIO, Audio, a)
        build_audio(b, a, a_i);
    return true;
}

/* --- sound */

static const struct { const char *driver; bool hda; } cards[SOUND__N] = {
    [SOUND_SB16] = { "sb16", false }, [SOUND_ES1370] = { "ES1370", false }, [SOUND_AC97] = { "AC97", false },
    [SOUND_ICH6] = { "intel-hda", true }, [SOUND_USB] = { "usb-audio", false }, [SOUND_ICH9] = { "ich9-intel-hda", true },
};
static const char *const codecs[CODEC__N] = {
    [CODEC_DUPLEX] = "hda-duplex", [CODEC_MICRO] = "hda-micro", [CODEC_OUTPUT] = "hda-output",
};

static void build_codec(QemuBuild *b, Sound *s, guint i, guint n, SoundCodecType type, const char *audiodev)
{
    json_object *p = props_new(codecs[type], NULL);
    props_strf(p, "id", "%s-codec%u", s->info.alias, n);
    props_strf(p, "bus", "%s.0", s->info.alias);
    props_u64(p, "cad", n);
    props_str(p, "audiodev", audiodev);
    qemu_command_json(b->cmd, "-device", p, build_reason(DEV_SOUND, i, s));
}

static bool build_card(QemuBuild *b, Sound *s, guint i, const char *audiodev, GError **err)
{
    json_object *p = props_new(cards[s->model].driver, s->info.alias);
    if (!cards[s->model].hda)
        props_str(p, "audiodev", audiodev);
    if (!build_device(b, p, &s->info, build_reason(DEV_SOUND, i, s), err))
        return false;
    if (!cards[s->model].hda)
        return true;
    guint n = s->codecs ? s->codecs->len : 0;
    for (guint c = 0; c < n; c++)
        build_codec(b, s, i, c, ((const SoundCodec *)g_ptr_array_index(s->codecs, c))->type, audiodev);
    if (!n)
        build_codec(b, s, i, 0, CODEC_DUPLEX, audiodev);
    return true;
}

/* The PC speaker is part of the machine: only its sound is led somewhere. */
static void build_speaker(QemuBuild *b, Sound *s, guint i, const char *audiodev)
{
    json_object *p = json_object_new_object();
    props_str(p, "pcspk-audiodev", audiodev);
    qemu_command_opts(b->cmd, "-machine", p, build_reason(DEV_SOUND, i, s));
}

bool build_sounds(QemuBuild *b, GError **err)
{
    EACH_DEVICE(b->def, DEV_SOUND, Sound, s) {
        const Audio *a = audio_of(b->def, s->audio_id, err);
        if (!a)
            return false;
        g_autofree char *audiodev = g_strdup_printf("audio%u", a->id.v);
        if (s->model == SOUND_PCSPK)
            build_speaker(b, s, s_i, audiodev);
        else if (!build_card(b, s, s_i, audiodev, err))
            return false;
    }
    return true;
}
