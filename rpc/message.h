/* The frame of every message of libvirt's protocol: what server and client share. */
#ifndef QV_RPC_MESSAGE_H
#define QV_RPC_MESSAGE_H
#include <glib.h>

/* protocol: framing (libvirt 9.0) */
enum { MSG_CALL, MSG_REPLY, MSG_EVENT, MSG_STREAM, MSG_CALL_FDS, MSG_REPLY_FDS, MSG_STREAM_HOLE };
enum { STATUS_OK, STATUS_ERROR, STATUS_CONTINUE };
enum { HEADER_SIZE = 28, MESSAGE_MAX = 33554432 + 4, FDS_MAX = 32, STREAM_PACKET_MAX = 262120 - HEADER_SIZE };
enum { KEEPALIVE_PROGRAM = 0x6b656570, KEEPALIVE_PING = 1, KEEPALIVE_PONG = 2 };

typedef struct {
    guint32 program, version;
    gint32 procedure, type;
    guint32 serial;
    gint32 status;
} Header;
#endif
