/* Hashes from the RDB format, of all servers and versions. */
#ifndef PERSIST_RDB_GET_HASH_H
#define PERSIST_RDB_GET_HASH_H

#include "persist/rdb_get_options.h"
#include "persist/rdb_source.h"
#include "type/value.h"

/* NULL: damaged, or without fields (r->empty). */
struct entry *rdb_get_hash(struct rdb_source *r, struct bytes key, unsigned type,
                           const struct rdb_get_options *o);
/* Sets the deadline of a field, which Dragonfly and KeyDB store separately. False: no such field.
 */
bool rdb_get_hash_deadline(struct entry *e, struct bytes name, int64_t deadline_ms);
/* Removes expired fields; false: none is left. */
bool rdb_get_hash_drop_past(struct entry *e, int64_t now_ms);

#endif
