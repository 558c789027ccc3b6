/* Identifiers: UUIDs and MAC addresses, as libvirt reads, writes and makes them. Any thread. */
#ifndef QV_UTIL_IDS_H
#define QV_UTIL_IDS_H
#include <glib.h>
#include <stdbool.h>

/* 32 hexadecimal digits, with or without dashes and blanks between. */
bool uuid_parse(const char *text, guint8 uuid[16]);
char *uuid_format(const guint8 uuid[16]);            /* gives; lower case with dashes */
void uuid_random(guint8 uuid[16]);                   /* version 4 */
bool uuid_is_trivial(const guint8 uuid[16]);         /* all bytes alike */

/* Six hexadecimal numbers of one or two digits, with colons. */
bool mac_parse(const char *text, guint8 mac[6]);
char *mac_format(const guint8 mac[6]);               /* gives */
void mac_random(guint8 mac[6]);                      /* 52:54:00:xx:xx:xx, QEMU/KVM's own prefix */
bool mac_is_multicast(const guint8 mac[6]);
#endif
