#define G_LOG_DOMAIN "nft"
#include "util/nft.h"
#include <nftables/libnftables.h>
#include <stdarg.h>
#include <string.h>

void nft_add(json_object *batch, const char *verb, const char *what, json_object *object)
{
    json_object *inner = json_object_new_object(), *command = json_object_new_object();
    json_object_object_add(inner, what, object);
    json_object_object_add(command, verb, inner);
    json_object_array_add(batch, command);
}

json_object *nft_object(const char *first, ...)
{
    json_object *object = json_object_new_object();
    va_list args;

    va_start(args, first);
    for (const char *key = first; key; key = va_arg(args, const char *)) {
        json_object *value = key[0] == 's' ? json_object_new_string(va_arg(args, const char *)) :
                             key[0] == 'i' ? json_object_new_int64(va_arg(args, gint64)) : va_arg(args, json_object *);
        json_object_object_add(object, key + 2, value);
    }
    va_end(args);
    return object;
}

/* The first line of what the library says, which has the cause. */
static void set_error(const char *words, GError **err)
{
    g_auto(GStrv) lines = g_strsplit(words ? words : "", "\n", 2);
    const char *line = lines[0] && *lines[0] ? lines[0] : "unknown error";
    g_set_error(err, QV_ERROR, QV_ERR_SYSTEM, "the kernel refuses nftables rules: %s", g_str_has_prefix(line, "internal:0:0-0: ") ? line + 16 : line);
}

bool nft_run(json_object *batch, GError **err)
{
    static GMutex lock;                    /* the library has global state */
    json_object *whole = json_object_new_object();

    json_object_object_add(whole, "nftables", batch);
    const char *text = json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    g_debug("%s", text);
    g_mutex_lock(&lock);
    struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
    bool ok = ctx != NULL;
    if (ctx) {
        nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_JSON);
        nft_ctx_buffer_output(ctx);
        nft_ctx_buffer_error(ctx);
        ok = nft_run_cmd_from_buffer(ctx, text) == 0;
        if (!ok)
            set_error(nft_ctx_get_error_buffer(ctx), err);
        nft_ctx_free(ctx);
    } else {
        set_error("no context of libnftables", err);
    }
    g_mutex_unlock(&lock);
    json_object_put(whole);
    return ok;
}
