/* What displays need when a guest starts, runs and ends: ports, addresses, sockets, passwords.
 *
 * Ports come from a range by trying to bind them. A port that was found stays reserved in this process
 * until graphics_release, so that two guests that start at once never get the same one. Any thread. */
#ifndef QV_QEMU_GRAPHICS_START_H
#define QV_QEMU_GRAPHICS_START_H
#include <json-c/json.h>
#include "conf/display.h"
#include "conf/domain.h"

typedef struct {
    const char *vnc_listen, *spice_listen;      /* NULL: "127.0.0.1" */
    guint port_min, port_max;                   /* of VNC and SPICE; 0: 5900 to 65535 */
    guint websocket_min, websocket_max;         /* 0: 5700 to 65535 */
    /* The address of the host in a network (gives), or NULL with an error; NULL: networks are refused. */
    char *(*network_address)(const char *network, gpointer user, GError **err);
    gpointer user;
} GraphicsConfig;

/* For command lines that nobody runs: stand-in ports (5900, 5901), sockets below @domain_dir. */
void graphics_prepare_dry(DomainDef *def, const char *domain_dir, const char *run_dir);
/* Fills ports, addresses and sockets of a domain that starts, into the live definition. What was
 * reserved before a failure is released again. */
bool graphics_prepare(DomainDef *def, const GraphicsConfig *config, const char *domain_dir, GError **err);
/* Gives the ports back; for a guest that ended. */
void graphics_release(const DomainDef *def);
/* Marks the ports of a guest that was already running when this process began. */
void graphics_adopt(const DomainDef *def);
/* The QMP calls that set passwords once QEMU runs: [{"execute", "arguments"}]. Secret: not to be
 * logged. Gives. */
json_object *graphics_password_calls(const DomainDef *def);
#endif
