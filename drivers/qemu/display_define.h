/* Parts of pass_display, by file. */
#ifndef QV_QEMU_DISPLAY_DEFINE_H
#define QV_QEMU_DISPLAY_DEFINE_H
#include "conf/display.h"
#include "drivers/qemu/define.h"

bool define_graphics(DomainDef *def, GError **err);                         /* graphics_define.c */
bool define_videos(DomainDef *def, const DefineCtx *ctx, GError **err);     /* video_define.c */
bool define_inputs(DomainDef *def, GError **err);                           /* display_define.c */
bool define_audio(DomainDef *def, GError **err);                            /* audio_define.c: <audio> and <sound> */

/* The Audio that plays for a device which names @id (unset: the first); NULL with an error. */
const Audio *audio_of(const DomainDef *def, OptU32 id, GError **err);
#endif
