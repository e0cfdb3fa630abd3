#include "store/noted.h"

#include "base/assert.h"
#include "base/hash.h"

static bool is_stream(const struct entry *e)
{
    return e->kind == VALUE_STREAM;
}

/* The table for its mark. */
static struct table *marked(struct noted *n, const struct entry *e)
{
    ASSERT(noted_is_known(e) && e->kind_flag);
    return is_stream(e) ? &n->acting : &n->hashes;
}

void noted_init(struct noted *n)
{
    table_init(&n->hashes, hash_key);
    table_init(&n->acting, hash_key);
    table_init(&n->streams, hash_key);
}

bool noted_clear_some(struct noted *n)
{
    return table_clear_some(&n->hashes) || table_clear_some(&n->acting) ||
           table_clear_some(&n->streams);
}

void noted_clear(struct noted *n)
{
    while (noted_clear_some(n)) {
    }
}

void noted_mark(struct noted *n, uint64_t hash, struct entry *e, bool has)
{
    ASSERT(e->kind_flag != has);
    if (!has)
        table_remove_address(marked(n, e), hash, e);
    e->kind_flag = has;
    if (has)
        table_insert(marked(n, e), hash, e);
}

void noted_add(struct noted *n, uint64_t hash, struct entry *e)
{
    if (is_stream(e))
        table_insert(&n->streams, hash, e);
    if (e->kind_flag)
        table_insert(marked(n, e), hash, e);
}

void noted_remove(struct noted *n, uint64_t hash, const struct entry *e)
{
    if (is_stream(e))
        table_remove_address(&n->streams, hash, e);
    if (e->kind_flag)
        table_remove_address(marked(n, e), hash, e);
}

static void move(struct table *t, uint64_t hash, const void *old, struct entry *e)
{
    struct entry **slot = table_find_address(t, hash, old);
    ASSERT(slot != NULL);
    *slot = e;
}

void noted_move(struct noted *n, uint64_t hash, const void *old, struct entry *e)
{
    if (is_stream(e))
        move(&n->streams, hash, old, e);
    if (e->kind_flag)
        move(marked(n, e), hash, old, e);
}

size_t noted_memory(const struct noted *n)
{
    return table_memory(&n->hashes) + table_memory(&n->acting) + table_memory(&n->streams);
}
