/* Taps: a guest's network card as a device of the host. A tap lives as long as its descriptors are open, here or in
 * QEMU: none is left behind, however either ends.
 *
 *   TapSpec spec = { .queues = 2, .vnet_hdr = true };
 *   g_autofree char *name = tap_open(&spec, fds, &err);      // "vnet0"
 *
 * Names of our own are PREFIX0, PREFIX1 ... each tried until the kernel grants one, so that daemons do not race; a
 * number is used again only after the daemon's restart. Any thread that may wait for the kernel. */
#ifndef QV_UTIL_TAP_H
#define QV_UTIL_TAP_H
#include "util/error.h"

typedef struct {
    const char *name;              /* NULL: the next vnetN; "x%d": the kernel's next number; else opened if it is there */
    const char *path;              /* NULL: /dev/net/tun */
    guint queues;                  /* 0 counts as 1 */
    bool vnet_hdr;                 /* frames carry virtio's header: for virtio cards only */
    bool must_exist;               /* somebody else's persistent tap */
} TapSpec;
/* Appends a descriptor (int) for each queue to @fds; nothing on failure. Gives the name. */
char *tap_open(const TapSpec *spec, GArray *fds, GError **err);

/* Names of a series: the next number after all that were given or seen. Any thread. */
typedef struct { const char *prefix; gint last; } NameSeries;
extern NameSeries tap_names, macvtap_names;
void name_series_next(NameSeries *series, char ret_name[16]);
void name_series_seen(NameSeries *series, const char *name);      /* a guest of an earlier daemon has it */
#endif
