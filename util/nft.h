/* nftables rules by libnftables' JSON (libnftables-json(5)): a list of commands is one transaction of the kernel.
 *
 *   json_object *batch = json_object_new_array();
 *   nft_add(batch, "add", "table", nft_object("s:family", "bridge", "s:name", table, NULL));
 *   nft_run(batch, &err)
 *
 * Texts go in as JSON strings, never through a shell or nft's own language. Any thread; it waits for the kernel. */
#ifndef QV_UTIL_NFT_H
#define QV_UTIL_NFT_H
#include <json-c/json.h>
#include "util/error.h"

/* Appends {@verb: {@what: @object}}; takes @object. */
void nft_add(json_object *batch, const char *verb, const char *what, json_object *object);
/* An object out of pairs "s:KEY", const char *; "i:KEY", gint64; "o:KEY", json_object * (taken). Gives. */
json_object *nft_object(const char *first, ...) G_GNUC_NULL_TERMINATED;
/* Runs the commands of @batch (taken) as one: all or nothing. QV_ERR_SYSTEM with the kernel's words. */
bool nft_run(json_object *batch, GError **err);
#endif
