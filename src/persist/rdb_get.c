#include "persist/rdb_get.h"

#include "base/num.h"
#include "persist/listpack.h"
#include "persist/rdb_get_stream.h"
#include "persist/rdb_put.h"
#include "type/list.h"
#include "type/string.h"

#include <math.h>

static struct entry *get_list(struct rdb_source *r, struct bytes key, unsigned type,
                              const struct rdb_get_options *o)
{
    struct list *l = list_new(o->list_fill, o->list_depth);
    uint64_t nodes;
    struct bytes x;
    bool good = rdb_source_length(r, &nodes);
    for (uint64_t i = 0; good && i < nodes; i++) {
        uint64_t container = 1;
        if (type == 18)
            good = rdb_source_length(r, &container);
        good = good && rdb_source_string(r, &x);
        if (!good)
            break;
        if (container == 1) {
            list_push(l, false, x);
            continue;
        }
        struct listpack_reader p;
        if (container != 2 || !listpack_open(&p, x)) {
            good = rdb_source_fail(r, "Damaged list node");
            break;
        }
        char scratch[24];
        bool bad;
        for (struct bytes element; listpack_next(&p, scratch, &element, &bad);)
            list_push(l, false, element);
        if (bad)
            good = rdb_source_fail(r, "Damaged list node");
    }
    if (good && l->count == 0)
        good = rdb_source_fail(r, "Empty list");
    if (!good) {
        list_free(l);
        return NULL;
    }
    return entry_new_word(key, VALUE_LIST, (uintptr_t)l);
}

/* ---- Hashes */

static bool add_field(struct rdb_source *r, struct hash **h, struct bytes name, struct bytes value,
                      int64_t deadline_ms, const struct rdb_get_options *o)
{
    return hash_set(h, name, value, deadline_ms, &o->hash) ||
           rdb_source_fail(r, "Hash field stands twice");
}

/* (field, value)... or (field, value, deadline or 0)... */
static bool get_hash_pack(struct rdb_source *r, struct hash **h, bool timed,
                          const struct rdb_get_options *o)
{
    struct listpack_reader p;
    struct bytes pack, name, value;
    char a[24], b[24];
    bool bad;
    if (!rdb_source_string(r, &pack))
        return false;
    if (!listpack_open(&p, pack))
        return rdb_source_fail(r, "Damaged hash");
    while (listpack_next(&p, a, &name, &bad)) {
        int64_t deadline_ms = 0;
        if (!listpack_next(&p, b, &value, &bad) || (timed && !listpack_next_int(&p, &deadline_ms)))
            return rdb_source_fail(r, "Damaged hash");
        if (!add_field(r, h, name, value, deadline_ms > 0 ? deadline_ms : HASH_NO_DEADLINE, o))
            return false;
    }
    return !bad || rdb_source_fail(r, "Damaged hash");
}

static bool get_hash_fields(struct rdb_source *r, struct hash **h, unsigned type,
                            const struct rdb_get_options *o)
{
    uint64_t n, least = 0, span = 0;
    struct bytes name, value;
    if ((type == RDB_PUT_TIMED_HASH && !rdb_source_little64(r, &least)) ||
        !rdb_source_length(r, &n))
        return false;
    for (; n; n--) {
        if (type == RDB_PUT_TIMED_HASH && !rdb_source_length(r, &span))
            return false;
        if (!rdb_source_string_into(r, &name, &r->blob) || !rdb_source_string(r, &value))
            return false;
        uint64_t at = least + span - 1;
        if (span && (at < least || at > INT64_MAX))
            return rdb_source_fail(r, "Damaged deadline of a hash field");
        if (!add_field(r, h, name, value, span ? (int64_t)at : HASH_NO_DEADLINE, o))
            return false;
    }
    return true;
}

#define HASH_TIMED_PACK 25u /* of Redis 7.4: a deadline in front, then a pack of triples */

static struct entry *get_hash(struct rdb_source *r, struct bytes key, unsigned type,
                              const struct rdb_get_options *o)
{
    struct hash *h = hash_new();
    uint64_t least;
    bool good = type == HASH_TIMED_PACK
                    ? rdb_source_little64(r, &least) && get_hash_pack(r, &h, true, o)
                : type == RDB_PUT_HASH_PACK ? get_hash_pack(r, &h, false, o)
                                            : get_hash_fields(r, &h, type, o);
    if (good && hash_count(h) == 0)
        good = rdb_source_fail(r, "Empty hash");
    if (!good) {
        hash_free(h);
        return NULL;
    }
    struct entry *e = entry_new_word(key, VALUE_HASH, (uintptr_t)h);
    e->mark = hash_is_timed(h);
    return e;
}

/* ---- Sets */

#define SET_PACK 20u /* of Redis 7.2 */

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
        return rdb_source_fail(r, "Damaged set of integers");
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
    struct listpack_reader p;
    struct bytes pack, x;
    char scratch[24];
    bool bad;
    if (!rdb_source_string(r, &pack))
        return false;
    if (!listpack_open(&p, pack))
        return rdb_source_fail(r, "Damaged set");
    while (listpack_next(&p, scratch, &x, &bad))
        if (!add_member(r, s, x, o))
            return false;
    return !bad || rdb_source_fail(r, "Damaged set");
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
    bool good = type == RDB_PUT_INTSET ? get_intset(r, &s, o)
                : type == SET_PACK     ? get_set_pack(r, &s, o)
                                       : get_members(r, &s, o);
    if (good && set_count(s) == 0)
        good = rdb_source_fail(r, "Empty set");
    if (!good) {
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

static bool get_zset_pack(struct rdb_source *r, struct zset **z, const struct rdb_get_options *o)
{
    struct listpack_reader p;
    struct bytes pack, member, text;
    char a[24], b[24];
    bool bad;
    double score;
    if (!rdb_source_string(r, &pack))
        return false;
    if (!listpack_open(&p, pack))
        return rdb_source_fail(r, "Damaged sorted set");
    while (listpack_next(&p, a, &member, &bad)) {
        if (!listpack_next(&p, b, &text, &bad) || !num_parse_double(text, &score))
            return rdb_source_fail(r, "Damaged sorted set");
        if (!add_item(r, z, member, score, o))
            return false;
    }
    return !bad || rdb_source_fail(r, "Damaged sorted set");
}

static bool get_items(struct rdb_source *r, struct zset **z, const struct rdb_get_options *o)
{
    uint64_t n, word;
    struct bytes member;
    double score;
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--) {
        if (!rdb_source_string(r, &member) || !rdb_source_little64(r, &word))
            return false;
        memcpy(&score, &word, 8);
        if (!add_item(r, z, member, score, o))
            return false;
    }
    return true;
}

static struct entry *get_zset(struct rdb_source *r, struct bytes key, unsigned type,
                              const struct rdb_get_options *o)
{
    struct zset *z = zset_new();
    bool good = type == RDB_PUT_ZSET_PACK ? get_zset_pack(r, &z, o) : get_items(r, &z, o);
    if (good && zset_count(z) == 0)
        good = rdb_source_fail(r, "Empty sorted set");
    if (!good) {
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
    case RDB_PUT_STRING:
        return rdb_source_string_into(r, &x, &r->blob) ? string_new(key, x) : NULL;
    case 1:
    case RDB_PUT_LIST:
        return get_list(r, key, type, o);
    case RDB_PUT_SET:
    case RDB_PUT_INTSET:
    case SET_PACK:
        return get_set(r, key, type, o);
    case RDB_PUT_HASH:
    case RDB_PUT_HASH_PACK:
    case RDB_PUT_TIMED_HASH:
    case HASH_TIMED_PACK:
        return get_hash(r, key, type, o);
    case RDB_PUT_ZSET:
    case RDB_PUT_ZSET_PACK:
        return get_zset(r, key, type, o);
    case 15:
    case RDB_PUT_STREAM:
    case RDB_PUT_STREAM_ACTIVE:
        return rdb_get_stream(r, key, type, o);
    default:
        rdb_source_fail(r, "Value type %u is not supported by this version", type);
        return NULL;
    }
}
