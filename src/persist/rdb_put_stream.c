#include "persist/rdb_put_stream.h"

#include "base/assert.h"
#include "base/mem.h"
#include "persist/listpack.h"
#include "persist/rdb_format.h"
#include "persist/stream_rebuild.h"
#include "type/stream/stream.h"

static void big_endian_id(unsigned char *to, struct stream_id id)
{
    for (int i = 0; i < 8; i++) {
        to[i] = (unsigned char)(id.ms >> (8 * (7 - i)));
        to[8 + i] = (unsigned char)(id.seq >> (8 * (7 - i)));
    }
}

/* Writes one block as Redis has it: master entry, then the live entries. */
static void put_block(struct rdb_sink *s, struct stream_block *b, struct stream_cache *cache)
{
    const unsigned char *data = stream_block_pin(b, cache);
    struct stream_entry e, first;
    struct bytes name, value;
    struct buf *p = &s->pack;
    uint32_t i = b->first_live;
    while (stream_block_is_deleted(b, i))
        i++;
    ASSERT(i < b->count); /* the log has no block without live entries */
    stream_block_entry(b, data, i, &first);
    unsigned char key[16];
    big_endian_id(key, first.id);
    listpack_begin(p);
    listpack_add_int(p, b->live);
    listpack_add_int(p, 0);
    /* The first live entry's names become the master's. */
    e = first;
    listpack_add_int(p, e.fields);
    for (uint32_t f = 0; f < e.fields; f++) {
        stream_block_field(&e, &name, &value);
        listpack_add(p, name);
    }
    listpack_add_int(p, 0);
    bool master_same = first.same;
    uint32_t left = b->live;
    for (; i < b->count; i++) {
        if (stream_block_is_deleted(b, i))
            continue;
        left--;
        stream_block_entry(b, data, i, &e);
        ASSERT(stream_id_compare(e.id, first.id) >= 0);
        bool same = (master_same && e.same) || stream_id_compare(e.id, first.id) == 0;
        listpack_add_int(p, same ? RDB_ENTRY_SAME_FIELDS : 0);
        listpack_add_int(p, (int64_t)(e.id.ms - first.id.ms));
        listpack_add_int(p, (int64_t)(e.id.seq - first.id.seq));
        if (!same)
            listpack_add_int(p, e.fields);
        for (uint32_t f = 0, n = e.fields; f < n; f++) {
            stream_block_field(&e, &name, &value);
            if (!same)
                listpack_add(p, name);
            listpack_add(p, value);
        }
        listpack_add_int(p, same ? e.fields + 3 : 2 * (int64_t)e.fields + 4);
    }
    ASSERT(left == 0);
    listpack_end(p);
    stream_block_unpin(b, cache);
    rdb_sink_string(s, bytes_of(key, 16));
    rdb_sink_string(s, buf_bytes(p));
}

static void put_id(struct rdb_sink *s, struct stream_id id)
{
    rdb_sink_length(s, id.ms);
    rdb_sink_length(s, id.seq);
}

static void put_raw_id(struct rdb_sink *s, struct stream_id id)
{
    unsigned char b[16];
    big_endian_id(b, id);
    rdb_sink_put(s, b, 16);
}

/* The group's list: all entries, or only those with an owner. */
static void put_pending(struct rdb_sink *s, const struct stream_pending *p, bool unowned)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    uint64_t left = unowned ? p->count : stream_pending_owned_count(p);
    rdb_sink_length(s, left);
    bool any = stream_pending_seek(p, STREAM_ID_MIN, &at);
    for (; any; any = stream_pending_next(p, &at)) {
        stream_pending_get(p, at, &e);
        if (!unowned && e.consumer == STREAM_PENDING_NO_CONSUMER)
            continue;
        put_raw_id(s, e.id);
        rdb_sink_little64(s, (uint64_t)e.time_ms);
        rdb_sink_length(s, e.count);
        left--;
    }
    ASSERT(left == 0);
}

static void put_consumer(struct rdb_sink *s, struct bytes name, int64_t seen_ms, int64_t active_ms)
{
    rdb_sink_string(s, name);
    rdb_sink_little64(s, (uint64_t)seen_ms);
    if (s->version >= 11)
        rdb_sink_little64(s, (uint64_t)active_ms);
}

/* The IDs of entries without an owner. */
static void put_unowned_ids(struct rdb_sink *s, const struct stream_pending *p)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    bool any = stream_pending_seek(p, STREAM_ID_MIN, &at);
    for (; any; any = stream_pending_next(p, &at)) {
        stream_pending_get(p, at, &e);
        if (e.consumer == STREAM_PENDING_NO_CONSUMER)
            put_raw_id(s, e.id);
    }
}

static void put_owned_ids(struct rdb_sink *s, const struct stream_pending *p,
                          const struct stream_consumer *c)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    uint64_t left = c->pending;
    bool any = stream_pending_seek_owned(p, STREAM_ID_MIN, c->number, &at);
    for (; any; any = stream_pending_next_owned(p, c->number, &at), left--) {
        stream_pending_get(p, at, &e);
        put_raw_id(s, e.id);
    }
    ASSERT(left == 0);
}

static void put_group(struct rdb_sink *s, struct stream_group *g, bool unowned)
{
    struct stream_pending *p = &g->pending;
    uint64_t nobodys = unowned ? p->count - stream_pending_owned_count(p) : 0;
    const struct stream_consumer *theirs = stream_group_consumer(g, STREAM_REBUILD_UNOWNED);
    size_t consumers = g->consumers.used + (nobodys && !theirs);
    rdb_sink_string(s, str_bytes(g->name));
    put_id(s, g->last_id);
    rdb_sink_length(s, (uint64_t)g->entries_read);
    put_pending(s, p, unowned);
    rdb_sink_length(s, consumers);
    for (uint32_t i = 0; i < g->numbers; i++) {
        const struct stream_consumer *c = g->by_number[i];
        if (!c)
            continue;
        bool also = nobodys && c == theirs;
        put_consumer(s, str_bytes(c->name), c->seen_ms, c->active_ms);
        rdb_sink_length(s, c->pending + (also ? nobodys : 0));
        put_owned_ids(s, p, c);
        if (also)
            put_unowned_ids(s, p);
        consumers--;
    }
    if (nobodys && !theirs) {
        put_consumer(s, STREAM_REBUILD_UNOWNED, 0, -1);
        rdb_sink_length(s, nobodys);
        put_unowned_ids(s, p);
        consumers--;
    }
    ASSERT(consumers == 0);
}

void rdb_put_stream(struct rdb_sink *s, const struct stream *x, bool unowned)
{
    rdb_sink_length(s, x->log.n);
    for (size_t i = 0; i < x->log.n; i++)
        put_block(s, stream_log_block(&x->log, i), x->log.cache);
    rdb_sink_length(s, x->log.length);
    put_id(s, x->last_id);
    put_id(s, stream_first_id(x));
    put_id(s, x->max_deleted);
    rdb_sink_length(s, x->added);
    size_t n;
    struct stream_group **groups = stream_sorted_groups(x, &n);
    rdb_sink_length(s, n);
    for (size_t i = 0; i < n; i++)
        put_group(s, groups[i], unowned);
    mem_free(groups);
}
