#include "store/noted.h"

#include "base/assert.h"
#include "base/hash.h"

static struct table *table_of(struct db *db, const struct entry *e)
{
    return value_stream_acts(e) ? &db->acting : &db->hashes_with_ttl;
}

static void tell(struct db *db, struct entry *e, bool comes)
{
    const struct store_events *events = &db->store->events;
    if (comes && events->linked)
        events->linked(events->context, db, e);
    if (!comes && events->unlinked)
        events->unlinked(events->context, db, e);
}

void noted_add(struct db *db, uint64_t hash, struct entry *e)
{
    table_insert(table_of(db, e), hash, e);
    if (value_stream_acts(e))
        tell(db, e, true);
}

void noted_remove(struct db *db, uint64_t hash, struct entry *e)
{
    table_remove_address(table_of(db, e), hash, e);
    if (value_stream_acts(e))
        tell(db, e, false);
}

void noted_move(struct db *db, uint64_t hash, const void *old, struct entry *e)
{
    struct entry **slot = table_find_address(table_of(db, e), hash, old);
    ASSERT(slot != NULL);
    *slot = e;
}

void noted_mark(struct db *db, struct entry *e, bool marked)
{
    bool was = noted_is_marked(e);
    ASSERT(e->kind == VALUE_HASH || e->kind == VALUE_STREAM);
    if (was && !marked)
        noted_remove(db, hash_key(entry_key(e)), e);
    e->kind_flag = marked;
    if (!was && marked)
        noted_add(db, hash_key(entry_key(e)), e);
}

void noted_tell_all(struct db *db, bool come)
{
    struct table_walk w;
    table_walk_start(&w, &db->acting);
    for (struct entry *e; (e = table_walk_next(&w));)
        tell(db, e, come);
}
