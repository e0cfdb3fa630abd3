/* Names of fields that many hashes share: the templates of files of Redis 8.10. */
#ifndef PERSIST_RDB_TEMPLATE_H
#define PERSIST_RDB_TEMPLATE_H

#include "ds/dict.h"
#include "persist/rdb_source.h"

struct rdb_template {
    size_t n;
    struct bytes names[]; /* their bytes lie behind the array */
};

struct rdb_templates {
    struct dict by_id; /* 8 bytes to struct rdb_template */
};

void rdb_template_free(struct rdb_template *t);
void rdb_template_clear(struct rdb_templates *all);
/* The number and n names of a HASH_TEMPLATE record. False: damaged, or the number stands twice. */
bool rdb_template_add(struct rdb_templates *all, struct rdb_source *r);
/* NULL: there is none of that number. */
const struct rdb_template *rdb_template_find(const struct rdb_templates *all, uint64_t id);
/* The names in front of a value in DUMP: a format, then a pack of them or n strings. Belongs to the
 * caller; NULL: damaged. */
struct rdb_template *rdb_template_inline(struct rdb_source *r);

#endif
