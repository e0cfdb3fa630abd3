/* Servers write a hash in one of three forms: the number of fields, then the fields one by one; one
 * string that packs all fields; or, with field names shared as a template, the values alone. The
 * type byte and the dialect tell the form, and how deadlines are written: absolute, relative to the
 * earliest, or as text.
 *
 * Whatever the form, the hash is built field by field in the encoding that this server's limits
 * prescribe. Malformed input, also a duplicate field, sets r->failed, and the partial hash is
 * freed. */
#include "persist/rdb_get_hash.h"

#include "base/num.h"
#include "persist/blob.h"
#include "persist/rdb_put.h"
#include "persist/rdb_template.h"

#define DEADLINE_MOST       (((int64_t)1 << 48) - 1) /* of a field in Redis */
#define DRAGONFLY_EPOCH_S   1675209600               /* its deadlines count from 2023-02-01 */
#define DRAGONFLY_SPAN_MOST ((long long)1 << 34)     /* seconds; more is damage */

struct making {
    struct rdb_source *r;
    struct hash *h;
    const struct rdb_get_options *o;
};

static bool damaged(struct making *m)
{
    return rdb_source_fail(m->r, "Damaged hash: Hash integrity check failed");
}

static bool add_field(struct making *m, struct bytes name, struct bytes value, int64_t deadline_ms)
{
    if (deadline_ms > DEADLINE_MOST)
        return rdb_source_fail(m->r, "Damaged deadline of a hash field");
    return hash_set(&m->h, name, value, deadline_ms, &m->o->hash) ||
           rdb_source_fail(m->r, "Hash field stands twice");
}

static bool damaged_pack(struct making *m, enum blob_kind kind)
{
    return kind == BLOB_ZIPMAP
               ? rdb_source_fail(m->r, "Damaged hash: Zipmap integrity check failed")
               : damaged(m);
}

/* (field, value)... or (field, value, deadline or 0)... */
static bool get_pack(struct making *m, enum blob_kind kind, bool timed)
{
    struct blob_reader p;
    struct bytes pack, name, value;
    char a[24], b[24];
    bool bad;
    if (!rdb_source_string(m->r, &pack))
        return false;
    if (!blob_open(&p, kind, pack))
        return damaged_pack(m, kind);
    while (blob_next(&p, a, &name, &bad)) {
        int64_t deadline_ms = 0;
        if (!blob_next(&p, b, &value, &bad) || (timed && !blob_next_int(&p, &deadline_ms)))
            return damaged_pack(m, kind);
        if (!add_field(m, name, value, deadline_ms > 0 ? deadline_ms : HASH_NO_TTL))
            return false;
    }
    return !bad || damaged_pack(m, kind);
}

static bool get_name_and_value(struct making *m, struct bytes *name, struct bytes *value)
{
    return rdb_source_string_into(m->r, name, &m->r->blob) && rdb_source_string(m->r, value);
}

/* n fields; timed: each is preceded by its deadline minus `least` plus one, or 0 for none. */
static bool get_fields(struct making *m, bool timed, uint64_t least)
{
    uint64_t n, span = 0;
    struct bytes name, value;
    if (!rdb_source_length(m->r, &n))
        return false;
    for (; n; n--) {
        if (timed && !rdb_source_length(m->r, &span))
            return false;
        if (!get_name_and_value(m, &name, &value))
            return false;
        uint64_t at = least + span - 1;
        if (span && (at < least || at > (uint64_t)DEADLINE_MOST))
            return rdb_source_fail(m->r, "Damaged deadline of a hash field");
        if (!add_field(m, name, value, span ? (int64_t)at : HASH_NO_TTL))
            return false;
    }
    return true;
}

/* The earliest deadline comes first: before a listpack it is only a hint, else the others are
 * relative to it. */
static bool get_timed(struct making *m, bool packed)
{
    uint64_t least;
    if (!rdb_source_little64(m->r, &least))
        return false;
    return packed ? get_pack(m, BLOB_LISTPACK, true) : get_fields(m, true, least);
}

static bool get_valkey(struct making *m)
{
    uint64_t n, at;
    struct bytes name, value;
    if (!rdb_source_length(m->r, &n))
        return false;
    for (; n; n--) {
        if (!get_name_and_value(m, &name, &value) || !rdb_source_little64(m->r, &at))
            return false;
        int64_t deadline_ms = (int64_t)at;
        if (deadline_ms < HASH_NO_TTL)
            return rdb_source_fail(m->r, "Damaged deadline of a hash field");
        if (!add_field(m, name, value, deadline_ms))
            return false;
    }
    return true;
}

/* Deadlines are text: seconds since Dragonfly's epoch, -1 for none. */
static bool get_dragonfly(struct making *m)
{
    uint64_t n;
    struct bytes name, value, text;
    struct buf kept = {0};
    bool good = rdb_source_length(m->r, &n);
    for (; good && n; n--) {
        long long span;
        good = get_name_and_value(m, &name, &value);
        if (!good)
            break;
        kept.n = 0;
        buf_add(&kept, value);
        good = rdb_source_string(m->r, &text) &&
               ((num_parse_int(text, &span) && span >= -1 && span < DRAGONFLY_SPAN_MOST) ||
                rdb_source_fail(m->r, "Damaged deadline of a hash field"));
        good = good && add_field(m, name, buf_bytes(&kept),
                                 span < 0 ? HASH_NO_TTL : (DRAGONFLY_EPOCH_S + span) * 1000);
    }
    buf_free(&kept);
    return good;
}

/* Values in the order of a template's names. with_id: the pack begins with a number, meaningless
 * here since the names came before. */
static bool get_template_pack(struct making *m, const struct rdb_template *t)
{
    struct blob_reader p;
    struct bytes pack, value;
    char scratch[24];
    bool bad;
    int64_t id;
    if (!rdb_source_string(m->r, &pack))
        return false;
    if (!blob_open(&p, BLOB_LISTPACK, pack) || !blob_next_int(&p, &id))
        return damaged(m);
    if (!t && m->r->templates && id >= 0)
        t = rdb_template_find(m->r->templates, (uint64_t)id);
    if (!t)
        return rdb_source_fail(m->r, "Hash template %lld is not there", (long long)id);
    for (size_t i = 0; i < t->n; i++)
        if (!blob_next(&p, scratch, &value, &bad))
            return damaged(m);
        else if (!add_field(m, t->names[i], value, HASH_NO_TTL))
            return false;
    return (!blob_next(&p, scratch, &value, &bad) && !bad) || damaged(m);
}

static bool get_template_values(struct making *m, const struct rdb_template *t)
{
    struct bytes value;
    for (size_t i = 0; i < t->n; i++)
        if (!rdb_source_string(m->r, &value) || !add_field(m, t->names[i], value, HASH_NO_TTL))
            return false;
    return true;
}

static bool get_template(struct making *m, unsigned type)
{
    if (type == RDB_TEMPLATE_HASH_PACK_ID)
        return get_template_pack(m, NULL);
    if (type == RDB_TEMPLATE_HASH_ID) {
        uint64_t id;
        if (!rdb_source_length(m->r, &id))
            return false;
        const struct rdb_template *t =
            m->r->templates ? rdb_template_find(m->r->templates, id) : NULL;
        if (!t)
            return rdb_source_fail(m->r, "Hash template %llu is not there", (unsigned long long)id);
        return get_template_values(m, t);
    }
    struct rdb_template *t = rdb_template_inline(m->r);
    bool good =
        t && (type == RDB_TEMPLATE_HASH_PACK ? get_template_pack(m, t) : get_template_values(m, t));
    rdb_template_free(t);
    return good;
}

static bool get_any(struct making *m, unsigned type)
{
    enum rdb_dialect dialect = m->r->dialect;
    switch (type) {
    case RDB_HASH:
        return get_fields(m, false, 0);
    case RDB_HASH_PACK:
        return get_pack(m, BLOB_LISTPACK, false);
    case RDB_OLD_HASH_ZIPLIST:
        return get_pack(m, BLOB_ZIPLIST, false);
    case RDB_OLD_HASH_ZIPMAP:
        return get_pack(m, BLOB_ZIPMAP, false);
    case RDB_TIMED_HASH:
        return get_timed(m, false);
    case RDB_TIMED_HASH_PACK:
        return get_timed(m, true);
    case RDB_VALKEY_HASH:
        /* Redis' release candidates wrote absolute deadlines, hence least 1. */
        return dialect == RDB_VALKEY ? get_valkey(m) : get_fields(m, true, 1);
    case RDB_CANDIDATE_HASH_PACK:
        return get_pack(m, BLOB_LISTPACK, true);
    case RDB_DRAGONFLY_HASH: /* and RDB_TEMPLATE_HASH */
        return dialect == RDB_DRAGONFLY ? get_dragonfly(m) : get_template(m, type);
    default:
        return get_template(m, type);
    }
}

struct entry *rdb_get_hash(struct rdb_source *r, struct bytes key, unsigned type,
                           const struct rdb_get_options *o)
{
    struct making m = {r, hash_new(), o};
    bool good = get_any(&m, type);
    if (good && hash_count(m.h) == 0)
        r->empty = true;
    if (!good || r->empty) {
        hash_free(m.h);
        return NULL;
    }
    struct entry *e = entry_new_word(key, VALUE_HASH, (uintptr_t)m.h);
    value_set_field_ttl(e, hash_has_ttl(m.h));
    return e;
}

bool rdb_get_hash_deadline(struct entry *e, struct bytes name, int64_t deadline_ms)
{
    struct hash *h = value_to_change(e);
    bool good =
        deadline_ms > 0 && deadline_ms <= DEADLINE_MOST && hash_set_deadline(&h, name, deadline_ms);
    entry_put_word(e, (uintptr_t)h);
    value_set_field_ttl(e, hash_has_ttl(h));
    return good;
}

bool rdb_get_hash_drop_past(struct entry *e, int64_t now_ms)
{
    struct str *names[64];
    struct hash *h = value_to_change(e);
    size_t n;
    do {
        n = hash_purge(&h, now_ms, names, 64);
        for (size_t i = 0; i < n; i++)
            str_unref(names[i]);
    } while (n == 64);
    entry_put_word(e, (uintptr_t)h);
    value_set_field_ttl(e, hash_has_ttl(h));
    return hash_count(h) > 0;
}
