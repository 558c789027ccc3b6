/* Rows of <sound> and <audio>: the card the guest sees, and where its sound goes. */
#include "config.h"
#include "conf/display.h"

XM_ENUM(sound_model, "sound model", NULL, "sb16", "es1370", "pcspk", "ac97", "ich6", "ich7", "usb", "ich9");
XM_COVERS(sound_model, SOUND__N);
XM_ENUM(codec_type, "codec", NULL, "duplex", "micro", "output");
XM_COVERS(codec_type, CODEC__N);

static const XmRow codec_rows[] = {
    A_ENUM(SoundCodec, type, "type", codec_type, .flags = XM_REQUIRED | XM_ABI, .doc = "what is plugged into the card"),
};
static const XmElem codec_elem = ELEM("codec", SoundCodec, codec_rows);
static const XmRow sound_audio_rows[] = {
    A_OPT(Sound, audio_id, "id", .flags = XM_REQUIRED, .doc = "<audio> that it plays on"),
};
static const XmElem sound_audio_elem = ELEM("audio", Sound, sound_audio_rows);
static guint sound_variant(gconstpointer obj)
{
    return ((const Sound *)obj)->model;
}

/* Codecs are plugged into Intel's HDA cards; other models have none. */
static const XmRow sound_rows[] = {
    A_ENUM(Sound, model, "model", sound_model, .flags = XM_REQUIRED | XM_ABI, .doc = "the card"),
    LIST  (Sound, codecs, "codec", codec_elem, .when = XM_BIT(SOUND_ICH6) | XM_BIT(SOUND_ICH9)),
    INLINE("audio", sound_audio_elem),
    INCLUDE_SAME(device_info_elem),
};
const XmElem sound_elem = ELEM("sound", Sound, sound_rows, .has_line = true, .variant = sound_variant);

/* --- <audio> */

XM_ENUM(audio_type, "audio backend", NULL, "none", "alsa", "coreaudio", "jack", "oss", "pulseaudio", "sdl", "spice",
        "file", "dbus");
XM_COVERS(audio_type, AUDIO__N);
XM_ENUM(audio_format, "sample format", NULL, "s8", "u8", "s16", "u16", "s32", "u32", "f32");
XM_COVERS(audio_format, AUDIO_FORMAT__N);
XM_ENUM(sdl_driver, "SDL audio driver", NULL, "esd", "alsa", "arts", "pulseaudio");
XM_COVERS(sdl_driver, SDL__N);

static const XmRow settings_rows[] = {
    A_U32 (AudioDirection, settings.frequency, "frequency", .flags = XM_NONZERO, .doc = "Hz"),
    A_U32 (AudioDirection, settings.channels, "channels", .flags = XM_NONZERO, .doc = "number of channels"),
    A_ENUM(AudioDirection, settings.format, "format", audio_format, .doc = "of a sample"),
};
static const XmElem settings_elem = ELEM("settings", AudioDirection, settings_rows);

static const XmRow common_rows[] = {
    A_YESNO(AudioDirection, mixing_engine, "mixingEngine", .doc = "QEMU mixes"),
    A_YESNO(AudioDirection, fixed_settings, "fixedSettings", .doc = "the host's settings are those below"),
    A_U32  (AudioDirection, voices, "voices", .flags = XM_NONZERO, .doc = "number of voices"),
    A_U32  (AudioDirection, buffer_length, "bufferLength", .flags = XM_NONZERO, .doc = "microseconds"),
    INLINE ("settings", settings_elem),
};
static const XmElem common_elem = ELEM("input", AudioDirection, common_rows);

#define DIRECTION(id, ...) \
    static const XmRow id##_rows[] = { INCLUDE_SAME(common_elem), __VA_ARGS__ }; \
    static const XmElem id##_elem = ELEM("input", AudioDirection, id##_rows)
#define DEV A_STR(AudioDirection, dev, "dev", .doc = "the host's device"),
#define BUFFER_COUNT A_U32(AudioDirection, buffer_count, "bufferCount", .flags = XM_NONZERO, .doc = "number of buffers"),
DIRECTION(alsa, DEV);
DIRECTION(coreaudio, BUFFER_COUNT);
DIRECTION(jack,
    A_STR  (AudioDirection, server_name, "serverName", .doc = "of the JACK server"),
    A_STR  (AudioDirection, client_name, "clientName", .doc = "under which QEMU shows up"),
    A_STR  (AudioDirection, connect_ports, "connectPorts", .doc = "pattern of ports to connect to"),
    A_YESNO(AudioDirection, exact_name, "exactName", .doc = "the client's name must be free"),
);
DIRECTION(oss,
    DEV
    BUFFER_COUNT
    A_YESNO(AudioDirection, try_poll, "tryPoll", .doc = "poll the device"),
);
DIRECTION(pulse,
    A_STR(AudioDirection, name, "name", .doc = "of the sink or source"),
    A_STR(AudioDirection, stream_name, "streamName", .doc = "under which the guest shows up"),
    A_U32(AudioDirection, latency, "latency", .doc = "microseconds"),
);
DIRECTION(sdl, BUFFER_COUNT);

static guint audio_variant(gconstpointer obj)
{
    return ((const Audio *)obj)->type;
}

#define ON(t) .when = XM_BIT(AUDIO_##t)
#define PLAIN .when = XM_BIT(AUDIO_NONE) | XM_BIT(AUDIO_SPICE) | XM_BIT(AUDIO_FILE) | XM_BIT(AUDIO_DBUS)
#define BOTH(elem, ...) \
    INLINE_AT(Audio, input, "input", elem, __VA_ARGS__), \
    INLINE_AT(Audio, output, "output", elem, __VA_ARGS__)
static const XmRow audio_rows[] = {
    A_OPT  (Audio, id, "id", .flags = XM_REQUIRED | XM_NONZERO, .min = 1, .max = G_MAXUINT32,
            .doc = "number that <sound> refers to"),
    A_ENUM (Audio, type, "type", audio_type, .flags = XM_REQUIRED, .doc = "where sound goes"),
    A_U32  (Audio, timer_period, "timerPeriod", .flags = XM_NONZERO, .doc = "microseconds"),
    A_STR  (Audio, server_name, "serverName", ON(PULSEAUDIO), .doc = "of the PulseAudio server"),
    A_STR  (Audio, path, "path", ON(FILE), .doc = "WAV file that sound is written to"),
    A_ENUM (Audio, sdl_driver, "driver", sdl_driver, ON(SDL), .doc = "SDL's own backend"),
    A_YESNO(Audio, try_mmap, "tryMMap", ON(OSS), .doc = "map the device"),
    A_YESNO(Audio, exclusive, "exclusive", ON(OSS), .doc = "nobody else may use it"),
    A_OPTI (Audio, dsp_policy, "dspPolicy", ON(OSS), .doc = "timing policy"),
    BOTH   (common_elem, PLAIN),
    BOTH   (alsa_elem, ON(ALSA)),
    BOTH   (coreaudio_elem, ON(COREAUDIO)),
    BOTH   (jack_elem, ON(JACK)),
    BOTH   (oss_elem, ON(OSS)),
    BOTH   (pulse_elem, ON(PULSEAUDIO)),
    BOTH   (sdl_elem, ON(SDL)),
};
const XmElem audio_elem = ELEM("audio", Audio, audio_rows, .has_line = true, .variant = audio_variant);
