/* Shared by HyperLogLog commands. */
#ifndef COMMANDS_HYPERLOGLOG_HLL_ARGS_H
#define COMMANDS_HYPERLOGLOG_HLL_ARGS_H

#include "base/buf.h"
#include "commands/string_args.h"
#include "type/hll.h"

/* The bytes under a key, validated; *e NULL: absent. scratch: NUM_INT_MAX. Valid until the next
 * change. False after the error reply. */
bool hll_args_find(const struct call *call, struct bytes key, bool writes, struct entry **e,
                   char *scratch, struct bytes *out);
/* The error reply for unreadable registers. */
void hll_args_damaged(const struct call *call);
/* Stores the bytes; e as returned by hll_args_find(). */
void hll_args_put(const struct call *call, struct bytes key, struct entry *e, const struct buf *b);
/* Size in bytes above which a sparse one becomes dense. */
size_t hll_args_sparse_max(const struct call *call);
/* The merged registers of the keys from argument `from` on; *dense: one of them is dense. False
 * after the error reply. */
bool hll_args_merge(struct call *call, int from, uint8_t *most, bool *dense);

#endif
