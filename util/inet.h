/* Internet addresses of both families as numbers: networks, ranges, netmasks. Numeric text only, no names are looked
 * up. Any thread.
 *   Inet a;
 *   if (inet_parse("192.168.122.1", &a) && inet_same_net(&a, &b, 24)) ... */
#ifndef QV_UTIL_INET_H
#define QV_UTIL_INET_H
#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

typedef struct { int family; guint8 b[16]; } Inet;      /* AF_INET: 4 bytes of it, AF_INET6: 16; network order */

bool inet_parse(const char *text, Inet *ret);           /* NULL is no address */
char *inet_format(const Inet *a);                       /* gives */
guint inet_bits(const Inet *a);                         /* 32 or 128 */
bool inet_same_net(const Inet *a, const Inet *b, guint prefix);      /* of one family, and alike in @prefix bits */
int inet_compare(const Inet *a, const Inet *b);
Inet inet_first(const Inet *a, guint prefix);           /* the other bits 0: the network itself */
Inet inet_last(const Inet *a, guint prefix);            /* the other bits 1: IPv4's broadcast address */
/* How many bits @mask has set at its front; -1 when others are set too. */
int inet_mask_prefix(const Inet *mask);
/* The prefix of an address that came without one: by its class (RFC 791), 64 for IPv6; 0: it has no class. */
guint inet_class_prefix(const Inet *a);
#endif
