/* <rng>: entropy for the guest. */
#ifndef QV_CONF_RNG_H
#define QV_CONF_RNG_H
#include "conf/chardev.h"
#include "conf/device.h"
#include "conf/virtio.h"

typedef enum { RNG_MODEL_NONE, RNG_VIRTIO, RNG_VIRTIO_TRANSITIONAL, RNG_VIRTIO_NON_TRANSITIONAL, RNG_MODEL__N } RngModel;
typedef enum { RNG_NONE, RNG_RANDOM, RNG_EGD, RNG_BUILTIN, RNG__N } RngBackend;
typedef struct {
    DeviceInfo info;
    RngModel model;
    guint32 rate_bytes, rate_period;       /* period: ms */
    RngBackend backend;
    char *path;                            /* random: "/dev/urandom" */
    ChardevSource src;                     /* egd */
    VirtioOptions virtio;
} Rng;
extern const XmElem rng_elem;
extern const XmEnum rng_model;
#endif
