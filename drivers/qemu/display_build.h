/* Parts of build_display, by file. */
#ifndef QV_QEMU_DISPLAY_BUILD_H
#define QV_QEMU_DISPLAY_BUILD_H
#include "conf/display.h"
#include "drivers/qemu/build.h"

bool build_inputs(QemuBuild *b, GError **err);      /* input_build.c */
bool build_audios(QemuBuild *b, GError **err);      /* audio_build.c */
bool build_graphics(QemuBuild *b, GError **err);    /* graphics_build.c */
bool build_videos(QemuBuild *b, GError **err);      /* video_build.c */
bool build_sounds(QemuBuild *b, GError **err);      /* audio_build.c */
#endif
