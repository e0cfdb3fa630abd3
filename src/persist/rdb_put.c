/* Values in the RDB format: the type a value is written as, its bytes, and its effects.
 *
 * The type depends on the value's encoding and the sink's version. Small hashes and sorted sets
 * become one listpack, sets of integers an intset, lists nodes of listpacks; everything else is a
 * count and as many strings. Only types that Redis 7.0 reads are used, unless the version asks for
 * more (11: active times of consumers, 12: deadlines of fields).
 *
 * What the chosen type cannot hold is written as effects: commands in RESP that the reader applies
 * after the key (XIDMPRECORD, XNACK, HPEXPIREAT ...). Other servers ignore the field with them and
 * lose only that.
 *
 * A count precedes its elements, so the value must not change in between: the writer is a forked
 * child, or blocks the loop. The number of elements written is asserted against the count, since a
 * mismatch would corrupt everything after it. Nothing here can fail: errors of write() are kept in
 * the sink. */
#include "persist/rdb_put.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "persist/listpack.h"
#include "persist/rdb_put_stream.h"
#include "type/hash.h"
#include "type/list.h"
#include "type/set.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "type/zset.h"

#include <math.h>
#include <stdio.h>

#define NODE_BYTES    8192u
#define INTSET_HEADER 8u

/* For walk_nodes(), which counts nodes or writes them. */
struct nodes {
    struct rdb_sink *to; /* NULL: only count */
    uint64_t n;
};

static void plain_node(struct nodes *nodes, struct bytes x)
{
    nodes->n++;
    if (nodes->to) {
        rdb_sink_length(nodes->to, RDB_NODE_PLAIN);
        rdb_sink_string(nodes->to, x);
    }
}

static void pack_node(struct nodes *nodes)
{
    struct rdb_sink *s = nodes->to;
    nodes->n++;
    if (s) {
        listpack_end(&s->pack);
        rdb_sink_length(s, RDB_NODE_PACK);
        rdb_sink_string(s, buf_bytes(&s->pack));
        listpack_begin(&s->pack);
    }
}

static void walk_nodes(struct nodes *nodes, const struct list *l)
{
    struct list_cursor c;
    size_t used = 0, in_node = 0;
    if (nodes->to)
        listpack_begin(&nodes->to->pack);
    for (bool any = list_seek(l, 0, &c); any; any = list_next(&c)) {
        struct bytes x = list_get(&c);
        bool plain = x.n > NODE_BYTES;
        if (in_node && (plain || used + x.n > NODE_BYTES)) {
            pack_node(nodes);
            used = in_node = 0;
        }
        if (plain) {
            plain_node(nodes, x);
            continue;
        }
        if (nodes->to)
            listpack_add(&nodes->to->pack, x);
        used += x.n + 4;
        in_node++;
    }
    if (in_node)
        pack_node(nodes);
    list_end(&c);
}

/* Writes a list as nodes of about 8 KiB; a longer element is a plain node of its own. Two passes,
 * since the count comes first. */
static void put_list(struct rdb_sink *s, const struct list *l)
{
    struct nodes counted = {0}, written = {.to = s};
    walk_nodes(&counted, l);
    rdb_sink_length(s, counted.n);
    walk_nodes(&written, l);
    ASSERT(written.n == counted.n);
}

static void put_set(struct rdb_sink *s, const struct set *x)
{
    struct set_walk w;
    struct bytes member;
    size_t left = set_count(x);
    rdb_sink_length(s, left);
    set_walk_start(&w, x);
    for (; set_walk_next(&w, &member); left--)
        rdb_sink_string(s, member);
    ASSERT(left == 0);
}

static void put_little(struct buf *b, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_add_char(b, (char)(v >> (8 * i)));
}

/* width 4 | count 4 | integers, ascending */
static void put_intset(struct rdb_sink *s, const struct set *x)
{
    struct set_walk w;
    struct bytes member;
    long long v;
    unsigned width = 2;
    set_walk_start(&w, x);
    while (set_walk_next(&w, &member))
        if (num_parse_int(member, &v) && (v < INT16_MIN || v > INT16_MAX))
            width = v < INT32_MIN || v > INT32_MAX || width == 8 ? 8 : 4;
    s->pack.n = 0;
    put_little(&s->pack, width, 4);
    put_little(&s->pack, set_count(x), 4);
    set_walk_start(&w, x);
    while (set_walk_next(&w, &member))
        if (num_parse_int(member, &v))
            put_little(&s->pack, (uint64_t)v, width);
    ASSERT(s->pack.n == INTSET_HEADER + set_count(x) * width);
    rdb_sink_string(s, buf_bytes(&s->pack));
}

static void put_hash(struct rdb_sink *s, const struct hash *h, bool packed)
{
    struct hash_walk w;
    struct hash_field f;
    size_t left = hash_count(h);
    hash_walk_start(&w, h, HASH_ALL);
    if (packed)
        listpack_begin(&s->pack);
    else
        rdb_sink_length(s, left);
    for (; hash_walk_next(&w, &f); left--) {
        if (packed) {
            listpack_add(&s->pack, f.name);
            listpack_add(&s->pack, f.value);
        } else {
            rdb_sink_string(s, f.name);
            rdb_sink_string(s, f.value);
        }
    }
    ASSERT(left == 0);
    if (packed) {
        listpack_end(&s->pack);
        rdb_sink_string(s, buf_bytes(&s->pack));
    }
}

/* earliest deadline 8 | count | (deadline less the earliest and plus one, or 0 | field | value)...
 */
static void put_timed_hash(struct rdb_sink *s, const struct hash *h)
{
    struct hash_walk w;
    struct hash_field f;
    int64_t least = INT64_MAX;
    hash_walk_start(&w, h, HASH_ALL);
    while (hash_walk_next(&w, &f))
        if (f.deadline_ms >= 0 && f.deadline_ms < least)
            least = f.deadline_ms;
    size_t left = hash_count(h);
    ASSERT(least != INT64_MAX); /* rdb_put_type(): at least one field has a deadline */
    rdb_sink_little64(s, (uint64_t)least);
    rdb_sink_length(s, left);
    hash_walk_start(&w, h, HASH_ALL);
    for (; hash_walk_next(&w, &f); left--) {
        rdb_sink_length(s, f.deadline_ms < 0 ? 0 : (uint64_t)(f.deadline_ms - least) + 1);
        rdb_sink_string(s, f.name);
        rdb_sink_string(s, f.value);
    }
    ASSERT(left == 0);
}

static void put_score(struct buf *b, double score)
{
    char text[NUM_DOUBLE_MAX];
    size_t n;
    if (fabs(score) < 1e15 && score == (double)(long long)score)
        n = num_print_int(text, (long long)score);
    else
        n = (size_t)snprintf(text, sizeof(text), "%.17g", score);
    listpack_add(b, bytes_of(text, n));
}

/* Not packed: from the highest score down, as Redis does. */
static void put_zset(struct rdb_sink *s, const struct zset *z, bool packed)
{
    struct zset_walk w;
    struct zset_item x;
    size_t n = zset_count(z), left = n;
    zset_walk_start(&w, z, packed ? 0 : n - 1, n, !packed);
    if (packed)
        listpack_begin(&s->pack);
    else
        rdb_sink_length(s, n);
    for (; zset_walk_next(&w, &x); left--) {
        if (packed) {
            listpack_add(&s->pack, x.member);
            put_score(&s->pack, x.score);
        } else {
            uint64_t word;
            memcpy(&word, &x.score, 8);
            rdb_sink_string(s, x.member);
            rdb_sink_little64(s, word);
        }
    }
    ASSERT(left == 0);
    if (packed) {
        listpack_end(&s->pack);
        rdb_sink_string(s, buf_bytes(&s->pack));
    }
}

unsigned rdb_put_type(const struct rdb_sink *s, const struct entry *e)
{
    switch (value_type(e)) {
    case TYPE_LIST:
        return RDB_LIST;
    case TYPE_STREAM:
        return s->version >= 11 ? RDB_STREAM_ACTIVE : RDB_STREAM;
    case TYPE_SET:
        return set_is_ints(value_object(e)) ? RDB_INTSET : RDB_SET;
    case TYPE_ZSET:
        return zset_is_large(value_object(e)) ? RDB_ZSET : RDB_ZSET_PACK;
    case TYPE_HASH:
        if (s->version >= 12 && hash_has_ttl(value_object(e)))
            return RDB_TIMED_HASH;
        return hash_is_large(value_object(e)) ? RDB_HASH : RDB_HASH_PACK;
    default:
        return RDB_STRING;
    }
}

void rdb_put_value(struct rdb_sink *s, const struct entry *e, unsigned type)
{
    char scratch[NUM_INT_MAX];
    switch (type) {
    case RDB_LIST:
        put_list(s, value_object(e));
        break;
    case RDB_STREAM:
    case RDB_STREAM_ACTIVE:
        rdb_put_stream(s, value_object(e), true);
        break;
    case RDB_INTSET:
        put_intset(s, value_object(e));
        break;
    case RDB_SET:
        put_set(s, value_object(e));
        break;
    case RDB_HASH:
    case RDB_HASH_PACK:
        put_hash(s, value_object(e), type == RDB_HASH_PACK);
        break;
    case RDB_TIMED_HASH:
        put_timed_hash(s, value_object(e));
        break;
    case RDB_ZSET:
    case RDB_ZSET_PACK:
        put_zset(s, value_object(e), type == RDB_ZSET_PACK);
        break;
    default:
        ASSERT(type == RDB_STRING && value_type(e) == TYPE_STRING);
        rdb_sink_string(s, string_view(e, scratch));
    }
}

/* The TTLs of fields. */
static void hash_effects(struct bytes key, const struct hash *h, stream_rebuild_take *take,
                         void *context)
{
    struct hash_walk w;
    struct hash_field f;
    char text[NUM_INT_MAX];
    hash_walk_start(&w, h, HASH_ALL);
    while (hash_walk_next(&w, &f)) {
        if (f.deadline_ms < 0)
            continue;
        struct bytes argv[] = {
            BYTES("HPEXPIREAT"), key,        bytes_of(text, num_print_int(text, f.deadline_ms)),
            BYTES("FIELDS"),     BYTES("1"), f.name};
        take(context, argv, 6);
    }
}

void rdb_put_effects(struct bytes key, const struct entry *e, unsigned type,
                     stream_rebuild_take *take, void *context)
{
    if (value_type(e) == TYPE_STREAM)
        stream_rebuild(value_object(e), key, take, context);
    else if (value_has_field_ttl(e) && type != RDB_TIMED_HASH)
        hash_effects(key, value_object(e), take, context);
}
