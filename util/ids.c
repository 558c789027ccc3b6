#include "util/ids.h"
#include <string.h>
#include <sys/random.h>

bool uuid_parse(const char *text, guint8 uuid[16])
{
    guint digits = 0;

    while (g_ascii_isspace(*text))
        text++;
    for (; *text && digits < 32; text++) {
        if (*text == '-' || *text == ' ')
            continue;
        if (!g_ascii_isxdigit(*text))
            return false;
        uuid[digits / 2] = (digits % 2 ? uuid[digits / 2] << 4 : 0) | g_ascii_xdigit_value(*text);
        digits++;
    }
    while (g_ascii_isspace(*text))
        text++;
    return digits == 32 && !*text;
}

char *uuid_format(const guint8 uuid[16])
{
    static const char hex[] = "0123456789abcdef";
    char *text = g_malloc(37), *p = text;

    for (guint i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = hex[uuid[i] >> 4];
        *p++ = hex[uuid[i] & 15];
    }
    *p = 0;
    return text;
}

static void random_bytes(guint8 *to, gsize len)
{
    if (getrandom(to, len, 0) == (gssize)len)
        return;
    for (gsize i = 0; i < len; i++)     /* no getrandom before Linux 3.17, or a seccomp filter */
        to[i] = g_random_int();
}

void uuid_random(guint8 uuid[16])
{
    random_bytes(uuid, 16);
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

bool uuid_is_trivial(const guint8 uuid[16])
{
    return !memcmp(uuid, uuid + 1, 15);
}

bool mac_parse(const char *text, guint8 mac[6])
{
    for (guint i = 0; i < 6; i++) {
        guint value = 0, digits = 0;
        for (; g_ascii_isxdigit(*text) && digits < 2; text++, digits++)
            value = value * 16 + g_ascii_xdigit_value(*text);
        if (!digits || *text != (i < 5 ? ':' : 0))
            return false;
        text += i < 5;
        mac[i] = value;
    }
    return true;
}

char *mac_format(const guint8 mac[6])
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void mac_random(guint8 mac[6])
{
    static const guint8 prefix[3] = { 0x52, 0x54, 0x00 };
    memcpy(mac, prefix, 3);
    random_bytes(mac + 3, 3);
}

bool mac_is_multicast(const guint8 mac[6])
{
    return mac[0] & 1;
}
