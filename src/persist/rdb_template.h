/* Field names shared by many hashes: the templates in files of Redis 8.10. */
#ifndef PERSIST_RDB_TEMPLATE_H
#define PERSIST_RDB_TEMPLATE_H

#include "ds/dict.h"
#include "persist/rdb_source.h"

struct rdb_template {
    size_t n;
    struct bytes names[]; /* their bytes follow the array */
};

struct rdb_templates {
    struct dict by_id; /* 8 bytes to struct rdb_template */
};

void rdb_template_free(struct rdb_template *t);
void rdb_template_clear(struct rdb_templates *all);
/* Reads a HASH_TEMPLATE record: its number and names. False: damaged, or the number exists already.
 */
bool rdb_template_add(struct rdb_templates *all, struct rdb_source *r);
/* NULL: unknown number. */
const struct rdb_template *rdb_template_find(const struct rdb_templates *all, uint64_t id);
/* Reads the names that precede a value in DUMP: a format, then a listpack or n strings. Owned by
 * the caller; NULL: damaged. */
struct rdb_template *rdb_template_inline(struct rdb_source *r);

#endif
