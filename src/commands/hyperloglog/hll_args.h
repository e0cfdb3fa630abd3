/* What HyperLogLog commands share. */
#ifndef COMMANDS_HYPERLOGLOG_HLL_ARGS_H
#define COMMANDS_HYPERLOGLOG_HLL_ARGS_H

#include "base/buf.h"
#include "commands/string_args.h"
#include "type/hll.h"

/* The bytes under a key, checked; *e NULL: absent. scratch: NUM_INT_MAX. Valid until the next
 * change. False after the error reply. */
bool hll_args_find(const struct call *call, struct bytes key, bool writes, struct entry **e,
                   char *scratch, struct bytes *out);
/* The error for one whose registers cannot be read. */
void hll_args_damaged(const struct call *call);
/* Puts the bytes back; e as hll_args_find() gave it. */
void hll_args_put(const struct call *call, struct bytes key, struct entry *e, const struct buf *b);
/* Beyond so many bytes a sparse one becomes dense. */
size_t hll_args_sparse_max(const struct call *call);
/* The registers of the keys from argument `from` on, merged; *dense: one of them is. False after
 * the error reply. */
bool hll_args_merge(struct call *call, int from, uint8_t *most, bool *dense);

#endif
