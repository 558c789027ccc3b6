#include "util/inet.h"
#include <arpa/inet.h>
#include <string.h>

bool inet_parse(const char *text, Inet *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->family = text && strchr(text, ':') ? AF_INET6 : AF_INET;
    return text && inet_pton(ret->family, text, ret->b) == 1;
}

char *inet_format(const Inet *a)
{
    char text[INET6_ADDRSTRLEN];
    return g_strdup(inet_ntop(a->family, a->b, text, sizeof text));
}

guint inet_bits(const Inet *a)
{
    return a->family == AF_INET6 ? 128 : 32;
}

static Inet fill(const Inet *a, guint prefix, bool ones)
{
    Inet n = *a;
    for (guint i = prefix; i < inet_bits(a); i++) {
        guint8 bit = 0x80 >> i % 8;
        n.b[i / 8] = ones ? n.b[i / 8] | bit : n.b[i / 8] & ~bit;
    }
    return n;
}

Inet inet_first(const Inet *a, guint prefix)
{
    return fill(a, prefix, false);
}

Inet inet_last(const Inet *a, guint prefix)
{
    return fill(a, prefix, true);
}

int inet_compare(const Inet *a, const Inet *b)
{
    return a->family != b->family ? a->family - b->family : memcmp(a->b, b->b, inet_bits(a) / 8);
}

bool inet_same_net(const Inet *a, const Inet *b, guint prefix)
{
    Inet x = inet_first(a, prefix), y = inet_first(b, prefix);
    return !inet_compare(&x, &y);
}

int inet_mask_prefix(const Inet *mask)
{
    guint n = 0;
    while (n < inet_bits(mask) && mask->b[n / 8] & 0x80 >> n % 8)
        n++;
    Inet network = inet_first(mask, n);
    return inet_compare(mask, &network) ? -1 : (int)n;
}

guint inet_class_prefix(const Inet *a)
{
    if (a->family == AF_INET6)
        return 64;
    return !(a->b[0] & 0x80) ? 8 : (a->b[0] & 0xc0) == 0x80 ? 16 : (a->b[0] & 0xe0) == 0xc0 ? 24 : 0;
}
