#include "persist/rdb_read.h"

#include "base/crc.h"
#include "base/num.h"
#include "persist/rdb_source.h"
#include "proto/request.h"

#include <stdio.h>

#define VERSION_MOST   13
#define PROGRESS_EVERY (2u << 20)
#define KEY_USUAL      16 /* bytes of a key and its value */
#define WAITING        16
#define SUM_STEP       ((size_t)128 << 10)

struct waiting {
    struct db *db;
    struct entry *entry;
    uint64_t hash;
};

struct reader {
    struct rdb_source in;
    const struct rdb_read_options *o;
    struct rdb_read_result *result;
    struct store *store;
    uint64_t reported;
    struct buf key;                  /* of the entry that is being read */
    struct waiting waiting[WAITING]; /* entries that were read, in order */
    unsigned first, waiting_n;
    /* The checksum goes a step ahead, so that the bytes that are read come from the cache: `before`
     * is that of the bytes in front of `step`, `sum` that of the bytes in front of `summed`. */
    uint64_t before, sum;
    const unsigned char *step, *summed;
};

/* Brings the checksum so far that `summed` is behind the next byte to read. */
static void sum_ahead(struct reader *r)
{
    while (r->summed <= r->in.p && r->summed < r->in.end) {
        size_t left = (size_t)(r->in.end - r->summed), n = left < SUM_STEP ? left : SUM_STEP;
        r->step = r->summed;
        r->before = r->sum;
        r->sum = crc_64(r->sum, r->step, n);
        r->summed += n;
    }
}

/* The checksum of everything in front of the next byte. */
static uint64_t sum_here(struct reader *r)
{
    sum_ahead(r);
    return crc_64(r->before, r->step, (size_t)(r->in.p - r->step));
}

/* The oldest that waits goes into its database. */
static bool insert_one(struct reader *r)
{
    struct waiting w = r->waiting[r->first];
    r->first = (r->first + 1) % WAITING;
    r->waiting_n--;
    if (table_find(&w.db->keys, w.hash, entry_key(w.entry))) {
        value_free(w.entry);
        return rdb_source_fail(&r->in, "Key stands twice in the RDB file");
    }
    db_add(w.db, w.entry);
    r->result->keys++;
    return true;
}

static bool insert_all(struct reader *r)
{
    bool good = true;
    while (r->waiting_n)
        good = insert_one(r) && good;
    return good;
}

/* While it waits its bucket comes into the cache. */
static bool enqueue(struct reader *r, struct db *db, struct entry *e)
{
    if (r->waiting_n == WAITING && !insert_one(r)) {
        value_free(e);
        return false;
    }
    struct waiting *w = &r->waiting[(r->first + r->waiting_n++) % WAITING];
    *w = (struct waiting){db, e, db->keys.hash(entry_key(e))};
    table_prefetch_bucket(&db->keys, w->hash);
    return true;
}

static bool apply_effects(struct reader *r, int db, struct bytes effects)
{
    struct bytes argv[64];
    while (effects.n) {
        int argc;
        size_t n = request_quick(effects.p, effects.p + effects.n, argv, 64, &argc);
        if (n == 0 || !r->o->apply || !r->o->apply(r->o->context, db, argv, argc))
            return rdb_source_fail(&r->in, "Damaged millrace-effects field");
        effects.p += n;
        effects.n -= n;
    }
    return true;
}

static bool read_aux(struct reader *r, int db)
{
    struct bytes name, value;
    struct buf kept = {0};
    bool good = rdb_source_string(&r->in, &name);
    if (good) {
        buf_add(&kept, name);
        good = rdb_source_string(&r->in, &value);
    }
    if (good) {
        struct bytes k = buf_bytes(&kept);
        long long v;
        if (bytes_is(k, "millrace-effects"))
            good = insert_all(r) && apply_effects(r, db, value);
        else if (bytes_is(k, "repl-offset") && num_parse_int(value, &v))
            r->result->journal_offset = (uint64_t)v;
        else if (bytes_is(k, "repl-id") && value.n == 40)
            memcpy(r->result->replication_id, value.p, 40);
        if (good && r->o->note)
            r->o->note(r->o->context, (uint64_t)(r->in.p - r->in.start), k, value);
    }
    buf_free(&kept);
    return good;
}

static int name_length(struct bytes key)
{
    return key.n < 64 ? (int)key.n : 64;
}

static bool read_key(struct reader *r, struct db *db, unsigned type, int64_t deadline_ms)
{
    struct bytes key;
    if (!rdb_source_string_into(&r->in, &key, &r->key))
        return false;
    struct entry *e = rdb_get_value(&r->in, key, type, &r->o->values);
    bool good = e != NULL;
    r->result->failed_type = good ? -1 : (int)type;
    if (r->in.empty) {
        r->in.empty = false;
        r->result->failed_type = -1;
        r->result->empty++;
        return true;
    }
    if (!good)
        snprintf(r->result->failed_key, sizeof(r->result->failed_key), "%.*s", name_length(key),
                 key.p);
    if (good && r->o->check_only) {
        r->result->keys++;
        r->result->expires += deadline_ms >= 0;
        r->result->expired += deadline_ms >= 0 && deadline_ms <= r->o->now_ms;
        value_free(e);
    } else if (good && deadline_ms >= 0 && r->o->drop_expired && deadline_ms <= r->o->now_ms) {
        value_free(e);
        r->result->expired++;
    } else if (good) {
        if (deadline_ms >= 0)
            e = entry_set_deadline(e, deadline_ms);
        good = enqueue(r, db, e);
    }
    return good;
}

static bool read_library(struct reader *r)
{
    struct bytes code;
    if (!rdb_source_string(&r->in, &code))
        return false;
    const struct bytes argv[] = {BYTES("FUNCTION"), BYTES("LOAD"), BYTES("REPLACE"), code};
    return (r->o->apply && r->o->apply(r->o->context, 0, argv, 4)) ||
           rdb_source_fail(&r->in, "A library of functions cannot be loaded");
}

/* A module's field: its ID, then when it is to be read and parts with their kinds, 0 at the end. */
static bool skip_module(struct reader *r)
{
    uint64_t id, when_kind, when, kind, number;
    struct bytes text;
    if (!rdb_source_length(&r->in, &id) || !rdb_source_length(&r->in, &when_kind) ||
        !rdb_source_length(&r->in, &when))
        return false;
    for (;;) {
        if (!rdb_source_length(&r->in, &kind))
            return false;
        bool good = kind == 0   ? true
                    : kind <= 2 ? rdb_source_length(&r->in, &number)
                    : kind == 3 ? rdb_source_need(&r->in, 4) && (r->in.p += 4)
                    : kind == 4 ? rdb_source_need(&r->in, 8) && (r->in.p += 8)
                    : kind == 5 ? rdb_source_string(&r->in, &text)
                                : rdb_source_fail(&r->in, "Damaged field of a module");
        if (!good)
            return false;
        if (kind == 0)
            break;
    }
    r->result->module_fields++;
    return true;
}

/* As many keys as are announced, and no more than the bytes that are left usually hold: the table
 * grows when there are more. */
static void reserve(struct reader *r, int db, uint64_t keys)
{
    uint64_t most = (uint64_t)(r->in.end - r->in.p) / KEY_USUAL;
    if (!r->o->check_only)
        table_reserve(&r->store->dbs[db].keys, (size_t)(keys < most ? keys : most));
}

static bool read_all(struct reader *r)
{
    int64_t deadline_ms = -1;
    int db = 0;
    for (;;) {
        unsigned op;
        uint64_t a, b;
        if ((uint64_t)(r->in.p - r->in.start) - r->reported > PROGRESS_EVERY) {
            r->reported = (uint64_t)(r->in.p - r->in.start);
            if (!insert_all(r))
                return false;
            if (r->o->progress && !r->o->progress(r->o->context, r->reported))
                return rdb_source_fail(&r->in, "Loading was stopped");
        }
        if (r->o->verify && r->in.p >= r->summed)
            sum_ahead(r);
        if (!rdb_source_byte(&r->in, &op))
            return false;
        switch (op) {
        case 0xff:
            return true;
        case 0xfe:
            if (!rdb_source_length(&r->in, &a))
                return false;
            if (!r->o->check_only && a >= (uint64_t)r->store->count)
                return rdb_source_fail(&r->in,
                                       "Database %llu does not exist here (see 'databases')",
                                       (unsigned long long)a);
            db = (int)a;
            if (r->o->note) {
                char number[24];
                r->o->note(r->o->context, (uint64_t)(r->in.p - r->in.start),
                           bytes_of(number, num_print_uint(number, a)), bytes_of(NULL, 0));
            }
            break;
        case 0xfb:
            if (!rdb_source_length(&r->in, &a) || !rdb_source_length(&r->in, &b))
                return false;
            reserve(r, db, a);
            break;
        case 0xfa:
            if (!read_aux(r, db))
                return false;
            break;
        case 0xfc:
            if (!rdb_source_little64(&r->in, &a))
                return false;
            deadline_ms = (int64_t)a;
            break;
        case 0xfd:
            if (!rdb_source_need(&r->in, 4))
                return false;
            deadline_ms = (int64_t)(r->in.p[0] | (uint64_t)r->in.p[1] << 8 |
                                    (uint64_t)r->in.p[2] << 16 | (uint64_t)r->in.p[3] << 24) *
                          1000;
            r->in.p += 4;
            break;
        case 0xf5:
            if (!read_library(r))
                return false;
            break;
        case 0xf7: /* a module's field: its parts are typed, so that it can be left out */
            if (!skip_module(r))
                return false;
            break;
        case 0xf4: /* the size of a cluster's slot */
            if (!rdb_source_length(&r->in, &a) || !rdb_source_length(&r->in, &a) ||
                !rdb_source_length(&r->in, &a))
                return false;
            break;
        case 0xf8:
            if (!rdb_source_length(&r->in, &a))
                return false;
            break;
        case 0xf9:
            if (!rdb_source_need(&r->in, 1))
                return false;
            r->in.p++;
            break;
        default:
            if (!read_key(r, r->o->check_only ? NULL : &r->store->dbs[db], op, deadline_ms))
                return false;
            deadline_ms = -1;
        }
    }
}

bool rdb_read(struct store *s, struct bytes data, const struct rdb_read_options *o,
              struct rdb_read_result *result)
{
    *result = (struct rdb_read_result){.failed_type = -1};
    const unsigned char *start = (const unsigned char *)data.p;
    struct reader r = {.in = {.start = start, .p = start, .end = start + data.n},
                       .o = o,
                       .result = result,
                       .store = s,
                       .step = start,
                       .summed = start};
    long long version;
    bool good = data.n >= 9 && memcmp(data.p, "REDIS", 5) == 0;
    if (!good) {
        rdb_source_fail(&r.in, "Wrong signature trying to load DB from file");
    } else {
        struct bytes digits = {data.p + 5, 4};
        while (digits.n > 1 && digits.p[0] == '0')
            digits.p++, digits.n--;
        good = num_parse_int(digits, &version) && version >= 1 && version <= VERSION_MOST;
        if (!good)
            rdb_source_fail(&r.in, "Can't handle RDB format version %.4s", data.p + 5);
    }
    r.in.p += good ? 9 : 0;
    good = good && read_all(&r);
    good = insert_all(&r) && good;
    if (good && version >= 5) {
        uint64_t sum, seen = o->verify ? sum_here(&r) : 0;
        good = rdb_source_little64(&r.in, &sum);
        if (good && sum && o->verify && seen != sum)
            good = rdb_source_fail(&r.in, "Wrong RDB checksum");
    }
    result->length = (size_t)(r.in.p - r.in.start);
    memcpy(result->error, r.in.error, sizeof(result->error));
    rdb_source_free(&r.in);
    buf_free(&r.key);
    return good;
}
