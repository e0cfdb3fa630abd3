#include "store/noted.h"

#include "base/assert.h"
#include "base/hash.h"

static struct table *table_of(struct noted *n, const struct entry *e)
{
    ASSERT(noted_is_marked(e));
    return value_stream_acts(e) ? &n->acting : &n->hashes;
}

void noted_init(struct noted *n)
{
    table_init(&n->hashes, hash_key);
    table_init(&n->acting, hash_key);
}

void noted_clear(struct noted *n)
{
    table_clear(&n->hashes);
    table_clear(&n->acting);
}

void noted_add(struct noted *n, uint64_t hash, struct entry *e)
{
    table_insert(table_of(n, e), hash, e);
}

void noted_remove(struct noted *n, uint64_t hash, const struct entry *e)
{
    table_remove_address(table_of(n, e), hash, e);
}

void noted_move(struct noted *n, uint64_t hash, const void *old, struct entry *e)
{
    struct entry **slot = table_find_address(table_of(n, e), hash, old);
    ASSERT(slot != NULL);
    *slot = e;
}

size_t noted_memory(const struct noted *n)
{
    return table_memory(&n->hashes) + table_memory(&n->acting);
}
