/* Reads values from the RDB format: dispatches by type, and builds lists, sets and sorted sets.
 * Hashes and streams have files of their own.
 *
 * A collection is built element by element while it is read, in the encoding that this server's
 * limits ask for, whatever encoding the file used. There are three ways in: a count and as many
 * strings; one blob (listpack, ziplist, intset) that holds all elements; for lists, nodes that are
 * such blobs. A count or a blob's header is never believed beyond the bytes that are there, so a
 * damaged file costs no more memory than its size.
 *
 * Every function ends in one of three ways:
 *
 *   an entry   the caller owns it
 *   empty      NULL and r->empty: a collection without elements, which old servers wrote; the
 *              caller leaves the key out
 *   damaged    NULL and r->failed: what was built so far is freed here
 *
 * Duplicates are damage: no writer produces them, and counts would no longer match. */
#include "persist/rdb_get.h"

#include "base/num.h"
#include "persist/blob.h"
#include "persist/rdb_get_hash.h"
#include "persist/rdb_get_stream.h"
#include "persist/rdb_put.h"
#include "type/list.h"
#include "type/string.h"

#include <math.h>

static bool push_pack(struct rdb_source *r, struct list *l, enum blob_kind kind, struct bytes blob)
{
    struct blob_reader p;
    char scratch[24];
    bool bad = !blob_open(&p, kind, blob);
    for (struct bytes x; !bad && blob_next(&p, scratch, &x, &bad);)
        list_push(l, false, x);
    return !bad || rdb_source_fail(r, "Damaged list node: List integrity check failed");
}

static struct entry *get_list(struct rdb_source *r, struct bytes key, unsigned type,
                              const struct rdb_get_options *o)
{
    struct list *l = list_new(o->list_fill, o->list_depth);
    uint64_t nodes = 1, container;
    struct bytes x;
    bool good = type == RDB_OLD_LIST_ZIPLIST || rdb_source_length(r, &nodes);
    for (uint64_t i = 0; good && i < nodes; i++) {
        container = type == RDB_OLD_LIST ? RDB_NODE_PLAIN : RDB_NODE_PACK;
        if (type == RDB_LIST)
            good = rdb_source_length(r, &container);
        good = good && rdb_source_string(r, &x);
        if (!good)
            break;
        if (container == RDB_NODE_PLAIN)
            list_push(l, false, x);
        else if (container == RDB_NODE_PACK)
            good = push_pack(r, l, type == RDB_LIST ? BLOB_LISTPACK : BLOB_ZIPLIST, x);
        else
            good = rdb_source_fail(r, "Damaged list node: List integrity check failed");
    }
    if (good && l->count == 0)
        r->empty = true;
    if (!good || r->empty) {
        list_free(l);
        return NULL;
    }
    return entry_new_word(key, VALUE_LIST, (uintptr_t)l);
}

/* ---- Sets */

static bool add_member(struct rdb_source *r, struct set **s, struct bytes x,
                       const struct rdb_get_options *o)
{
    return set_add(s, x, &o->set) || rdb_source_fail(r, "Set member stands twice");
}

static bool get_intset(struct rdb_source *r, struct set **s, const struct rdb_get_options *o)
{
    struct bytes blob;
    char text[NUM_INT_MAX];
    if (!rdb_source_string(r, &blob))
        return false;
    const unsigned char *p = (const unsigned char *)blob.p;
    uint32_t width = 0, n = 0;
    if (blob.n >= 8) {
        memcpy(&width, p, 4);
        memcpy(&n, p + 4, 4);
    }
    if ((width != 2 && width != 4 && width != 8) || blob.n != 8 + (uint64_t)width * n)
        return rdb_source_fail(r, "Damaged set of integers: Intset integrity check failed");
    for (uint32_t i = 0; i < n; i++) {
        uint64_t u = 0;
        memcpy(&u, p + 8 + (size_t)width * i, width);
        if (width < 8 && u >> (8 * width - 1))
            u |= ~(uint64_t)0 << (8 * width);
        if (!add_member(r, s, bytes_of(text, num_print_int(text, (int64_t)u)), o))
            return false;
    }
    return true;
}

static bool get_set_pack(struct rdb_source *r, struct set **s, const struct rdb_get_options *o)
{
    struct blob_reader p;
    struct bytes pack, x;
    char scratch[24];
    bool bad;
    if (!rdb_source_string(r, &pack))
        return false;
    if (!blob_open(&p, BLOB_LISTPACK, pack))
        return rdb_source_fail(r, "Damaged set: Set listpack integrity check failed");
    while (blob_next(&p, scratch, &x, &bad))
        if (!add_member(r, s, x, o))
            return false;
    return !bad || rdb_source_fail(r, "Damaged set: Set listpack integrity check failed");
}

static bool get_members(struct rdb_source *r, struct set **s, const struct rdb_get_options *o)
{
    uint64_t n;
    struct bytes x;
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--)
        if (!rdb_source_string(r, &x) || !add_member(r, s, x, o))
            return false;
    return true;
}

static struct entry *get_set(struct rdb_source *r, struct bytes key, unsigned type,
                             const struct rdb_get_options *o)
{
    struct set *s = set_new();
    bool good = type == RDB_INTSET     ? get_intset(r, &s, o)
                : type == RDB_SET_PACK ? get_set_pack(r, &s, o)
                                       : get_members(r, &s, o);
    if (good && set_count(s) == 0)
        r->empty = true;
    if (!good || r->empty) {
        set_free(s);
        return NULL;
    }
    return entry_new_word(key, VALUE_SET, (uintptr_t)s);
}

/* ---- Sorted sets */

static bool add_item(struct rdb_source *r, struct zset **z, struct bytes member, double score,
                     const struct rdb_get_options *o)
{
    if (isnan(score))
        return rdb_source_fail(r, "Score is not a number");
    return zset_set(z, member, score, &o->zset) ||
           rdb_source_fail(r, "Sorted set member stands twice");
}

static bool get_zset_pack(struct rdb_source *r, struct zset **z, enum blob_kind kind,
                          const struct rdb_get_options *o)
{
    struct blob_reader p;
    struct bytes pack, member, text;
    char a[24], b[24];
    bool bad;
    double score;
    if (!rdb_source_string(r, &pack))
        return false;
    if (!blob_open(&p, kind, pack))
        return rdb_source_fail(r, "Damaged sorted set: Zset integrity check failed");
    while (blob_next(&p, a, &member, &bad)) {
        if (!blob_next(&p, b, &text, &bad) || !num_parse_double(text, &score))
            return rdb_source_fail(r, "Damaged sorted set: Zset integrity check failed");
        if (!add_item(r, z, member, score, o))
            return false;
    }
    return !bad || rdb_source_fail(r, "Damaged sorted set: Zset integrity check failed");
}

/* A score as before 4.0: length and text, or a special length. */
static bool get_old_score(struct rdb_source *r, double *out)
{
    unsigned n;
    if (!rdb_source_byte(r, &n))
        return false;
    if (n >= RDB_SCORE_NAN) {
        *out = n == RDB_SCORE_NAN ? NAN : n == RDB_SCORE_INFINITY ? INFINITY : -INFINITY;
        return true;
    }
    if (!rdb_source_need(r, n))
        return false;
    bool good = num_parse_double(bytes_of(r->p, n), out);
    r->p += n;
    return good || rdb_source_fail(r, "Score is not a number");
}

static bool get_items(struct rdb_source *r, struct zset **z, unsigned type,
                      const struct rdb_get_options *o)
{
    uint64_t n, word;
    struct bytes member;
    double score;
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--) {
        if (!rdb_source_string(r, &member))
            return false;
        if (type == RDB_OLD_ZSET) {
            if (!get_old_score(r, &score))
                return false;
        } else {
            if (!rdb_source_little64(r, &word))
                return false;
            memcpy(&score, &word, 8);
        }
        if (!add_item(r, z, member, score, o))
            return false;
    }
    return true;
}

static struct entry *get_zset(struct rdb_source *r, struct bytes key, unsigned type,
                              const struct rdb_get_options *o)
{
    struct zset *z = zset_new();
    bool good = type == RDB_ZSET_PACK          ? get_zset_pack(r, &z, BLOB_LISTPACK, o)
                : type == RDB_OLD_ZSET_ZIPLIST ? get_zset_pack(r, &z, BLOB_ZIPLIST, o)
                                               : get_items(r, &z, type, o);
    if (good && zset_count(z) == 0)
        r->empty = true;
    if (!good || r->empty) {
        zset_free(z);
        return NULL;
    }
    return entry_new_word(key, VALUE_ZSET, (uintptr_t)z);
}

struct entry *rdb_get_value(struct rdb_source *r, struct bytes key, unsigned type,
                            const struct rdb_get_options *o)
{
    struct bytes x;
    switch (type) {
    case RDB_STRING:
        return rdb_source_string_into(r, &x, &r->blob) ? string_new(key, x) : NULL;
    case RDB_OLD_LIST:
    case RDB_OLD_LIST_ZIPLIST:
    case RDB_OLD_LIST_ZIPLISTS:
    case RDB_LIST:
        return get_list(r, key, type, o);
    case RDB_SET:
    case RDB_INTSET:
    case RDB_SET_PACK:
        return get_set(r, key, type, o);
    case RDB_HASH:
    case RDB_HASH_PACK:
    case RDB_OLD_HASH_ZIPMAP:
    case RDB_OLD_HASH_ZIPLIST:
    case RDB_CANDIDATE_HASH: /* and RDB_VALKEY_HASH */
    case RDB_CANDIDATE_HASH_PACK:
    case RDB_TIMED_HASH:
    case RDB_TIMED_HASH_PACK:
    case RDB_TEMPLATE_HASH_PACK:
    case RDB_TEMPLATE_HASH_PACK_ID:
    case RDB_TEMPLATE_HASH: /* and RDB_DRAGONFLY_HASH */
    case RDB_TEMPLATE_HASH_ID:
        return rdb_get_hash(r, key, type, o);
    case RDB_OLD_ZSET:
    case RDB_OLD_ZSET_ZIPLIST:
    case RDB_ZSET:
    case RDB_ZSET_PACK:
        return get_zset(r, key, type, o);
    case RDB_OLD_STREAM:
    case RDB_STREAM:
    case RDB_STREAM_ACTIVE:
    case RDB_STREAM_DEDUP:
    case RDB_STREAM_RELEASED:
        return rdb_get_stream(r, key, type, o);
    default:
        return NULL;
    }
}
