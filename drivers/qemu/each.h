/* Walking one kind of device:
 *   EACH_DEVICE(def, DEV_SOUND, Sound, s)
 *       use(s, s_i);                      // s_i: its place in the list */
#ifndef QV_QEMU_EACH_H
#define QV_QEMU_EACH_H
#include "conf/domain.h"

#define EACH_DEVICE(def, kind, T, var) \
    GPtrArray *var##_all = domain_devices(def, kind); \
    guint var##_i = 0; \
    for (T *var = NULL; var##_i < var##_all->len && (var = g_ptr_array_index(var##_all, var##_i)); var##_i++)
#endif
