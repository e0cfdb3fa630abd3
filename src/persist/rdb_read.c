/* Loads a snapshot: magic and version, then records until RDB_EOF, then the checksum.
 *
 *   mapped file --> record --> key? --> rdb_get_value() --> waiting[16] --> database
 *                    prefix: the deadline, idle time or frequency of the key that follows
 *                    aux:    effects to apply, the position in the journal, or a note
 *                    select: the database that the following keys go to
 *
 * A key that was read waits in a ring while the CPU prefetches its hash table bucket; it is
 * inserted after 16 others were read. Whatever needs the keys in place (effects, progress, the end)
 * empties the ring first, so records take effect in file order.
 *
 * The checksum runs ahead of the parser in steps of 128 KiB, so the file is fetched from memory
 * once. It is compared at the end, when the keys are in the store already: callers that must not
 * keep a damaged snapshot load into an empty store and discard it on failure.
 *
 * The first failure ends the loading: r->in.error holds its reason and offset, failed_type and
 * failed_key the value that could not be read. Keys in the ring are still inserted. Only counted
 * and reported as warnings: unsupported values if skip_unknown is set, empty collections, keys of
 * slots being imported, module metadata. */
#include "persist/rdb_read.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "persist/aof_parse.h"
#include "persist/rdb_checksum.h"
#include "persist/rdb_get_hash.h"
#include "persist/rdb_skip.h"
#include "persist/rdb_source.h"
#include "persist/rdb_template.h"
#include "store/lru.h"
#include "type/value.h"

#include <stdio.h>

#define PROGRESS_EVERY (2u << 20)
#define KEY_USUAL      16 /* estimated bytes of a key and its value */
#define WAITING        16
#define SLOTS          16384 /* of a cluster */
#define META_NAME      4u
#define META_TOLD      64u

struct waiting {
    struct db *db;
    struct entry *entry;
    uint64_t hash;
};

/* Records that precede a key's type. */
struct prefix {
    int64_t deadline_ms; /* -1: none */
    long long idle_s, frequency;
};

#define NO_PREFIX ((struct prefix){.deadline_ms = -1, .idle_s = -1, .frequency = -1})

struct reader {
    struct rdb_source in;
    struct rdb_templates templates;
    int db;
    struct prefix prefix;
    unsigned char *importing;   /* one bit a slot; NULL: none is being imported */
    struct buf meta_classes;    /* names of 4 bytes already reported */
    struct aof_parse_room room; /* for commands after a key */
    struct buf subkey;          /* a member whose deadline is in the next AUX field (KeyDB) */
    const struct rdb_read_options *o;
    struct rdb_read_result *result;
    struct store *store;
    uint64_t reported, every;
    struct buf key;                  /* of the entry being read */
    struct waiting waiting[WAITING]; /* entries read but not inserted, in order */
    unsigned first, waiting_n;
    struct rdb_checksum checksum;
};

/* Inserts the oldest waiting entry. */
static bool insert_one(struct reader *r)
{
    ASSERT(r->waiting_n > 0);
    struct waiting w = r->waiting[r->first];
    r->first = (r->first + 1) % WAITING;
    r->waiting_n--;
    if (table_find(&w.db->keys, w.hash, entry_key(w.entry))) {
        if (!r->o->merge) {
            value_free(w.entry);
            return rdb_source_fail(&r->in, "Key is there already, or stands twice in the RDB file");
        }
        db_delete(w.db, entry_key(w.entry));
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

/* Queues an entry and prefetches its bucket. */
static bool enqueue(struct reader *r, struct db *db, struct entry *e)
{
    if (r->waiting_n == WAITING && !insert_one(r)) {
        value_free(e);
        return false;
    }
    ASSERT(r->waiting_n < WAITING);
    struct waiting *w = &r->waiting[(r->first + r->waiting_n++) % WAITING];
    *w = (struct waiting){db, e, db->keys.hash(entry_key(e))};
    table_prefetch_bucket(&db->keys, w->hash);
    return true;
}

static bool apply_effects(struct reader *r, int db, struct bytes effects)
{
    for (struct aof_parsed c = {0}; c.next < effects.n;) {
        c = aof_parse(effects, c.next, &r->room);
        if (c.item != AOF_PARSE_COMMAND || !r->o->apply ||
            !r->o->apply(r->o->context, db, r->room.argv, c.argc))
            return rdb_source_fail(&r->in, "Damaged millrace-effects field");
    }
    return true;
}

static void warn(void *context, const char *text)
{
    struct reader *r = context;
    if (r->result->warnings++ < RDB_READ_WARNINGS && r->o->warn)
        r->o->warn(r->o->context, text);
}

static int shown(struct bytes key)
{
    return key.n < 64 ? (int)key.n : 64;
}

/* KeyDB stores the deadline of a member after its key. */
static void set_member_deadline(struct reader *r, struct bytes at)
{
    long long ms;
    struct entry *e = r->waiting_n && !r->o->check_only
                          ? r->waiting[(r->first + r->waiting_n - 1) % WAITING].entry
                          : NULL;
    bool good = e && value_type(e) == TYPE_HASH && num_parse_int(at, &ms) &&
                rdb_get_hash_deadline(e, buf_bytes(&r->subkey), ms);
    if (!good && !r->o->check_only)
        rdb_source_warn(&r->in,
                        "the deadline of member %.*s is left out: only fields of hashes have one",
                        shown(buf_bytes(&r->subkey)), r->subkey.p);
}

static bool use_aux(struct reader *r, struct bytes name, struct bytes value)
{
    long long v;
    if (bytes_is(name, "millrace-effects"))
        return insert_all(r) && apply_effects(r, r->db, value);
    if (bytes_is(name, "repl-offset") && num_parse_int(value, &v)) {
        r->result->journal_offset = (uint64_t)v;
    } else if (bytes_is(name, "repl-id") && value.n == 40) {
        memcpy(r->result->replication_id, value.p, 40);
    } else if (bytes_is(name, "repl-stream-db") && num_parse_int(value, &v)) {
        r->result->stream_db = v >= 0 && v < INT32_MAX ? (int)v : -1;
    } else if (bytes_is(name, "df-ver")) {
        r->in.dialect = RDB_DRAGONFLY;
    } else if (bytes_is(name, "keydb-subexpire-key")) {
        r->subkey.n = 0;
        buf_add(&r->subkey, value);
    } else if (bytes_is(name, "keydb-subexpire-when")) {
        set_member_deadline(r, value);
    }
    return true;
}

static bool read_aux(struct reader *r)
{
    struct bytes name, value;
    struct buf kept = {0};
    bool good = rdb_source_string(&r->in, &name);
    if (good) {
        buf_add(&kept, name);
        good = rdb_source_string(&r->in, &value) && use_aux(r, buf_bytes(&kept), value);
    }
    if (good && r->o->note)
        r->o->note(r->o->context, (uint64_t)(r->in.p - r->in.start), buf_bytes(&kept), value);
    buf_free(&kept);
    return good;
}

/* ---- Keys */

static void keep_name(struct reader *r, unsigned type, struct bytes key)
{
    r->result->failed_type = (int)type;
    snprintf(r->result->failed_key, sizeof(r->result->failed_key), "%.*s", shown(key), key.p);
}

/* Slots being imported still belong to the sender. */
static bool is_imported(const struct reader *r, struct bytes key)
{
    if (!r->importing)
        return false;
    const char *open = key.n ? memchr(key.p, '{', key.n) : NULL;
    if (open) {
        size_t left = (size_t)(key.p + key.n - open - 1);
        const char *close = left ? memchr(open + 1, '}', left) : NULL;
        if (close && close > open + 1)
            key = bytes_of(open + 1, (size_t)(close - open - 1));
    }
    unsigned slot = crc_16(0, key.p, key.n) % SLOTS;
    return r->importing[slot / 8] >> slot % 8 & 1;
}

static bool read_foreign(struct reader *r, unsigned type)
{
    struct bytes key;
    char what[96];
    if (!rdb_source_string_into(&r->in, &key, &r->key))
        return false;
    keep_name(r, type, key);
    if (!rdb_skip_value(&r->in, type, what, sizeof(what)))
        return false;
    if (!r->o->skip_unknown)
        return rdb_source_fail(&r->in, "Key %.*s holds %s, which has no counterpart here",
                               shown(key), key.p, what);
    r->result->failed_type = -1;
    r->result->left_out++;
    rdb_source_warn(&r->in, "key %.*s of database %d is left out: it holds %s", shown(key), key.p,
                    r->db, what);
    return true;
}

/* Counts, drops or inserts a key that was read. */
static bool take_key(struct reader *r, struct bytes key, struct entry *e)
{
    const struct rdb_read_options *o = r->o;
    const struct prefix *x = &r->prefix;
    if (o->key_delay_us)
        clock_delay(*o->key_delay_us, r->result->keys);
    bool past = x->deadline_ms >= 0 && x->deadline_ms <= o->now_ms;
    if (o->check_only) {
        r->result->keys++;
        r->result->expires += x->deadline_ms >= 0;
        r->result->expired += past;
        value_free(e);
        return true;
    }
    if (is_imported(r, key)) {
        r->result->imported++;
        value_free(e);
        return true;
    }
    if (o->drop_expired && (past || (!o->expired && value_has_field_ttl(e) &&
                                     !rdb_get_hash_drop_past(e, o->now_ms)))) {
        if (o->expired)
            o->expired(o->context, r->db, key);
        r->result->expired++;
        value_free(e);
        return true;
    }
    ASSERT(r->db < r->store->count); /* read_select() */
    if (x->deadline_ms >= 0)
        e = entry_set_deadline(e, x->deadline_ms);
    if (x->idle_s >= 0 || x->frequency >= 0)
        lru_set(&r->store->lru, e, x->idle_s, x->frequency);
    return enqueue(r, &r->store->dbs[r->db], e);
}

static bool turn(void *context)
{
    struct reader *r = context;
    bool good = !r->o->progress || r->o->progress(r->o->context, r->reported);
    rdb_source_time_turn(&r->in, r->o->progress_us);
    return good || rdb_source_fail(&r->in, "Loading was stopped");
}

/* Between the steps of work that consumes no input, which therefore takes no turns by itself. */
static bool turn_if_due(struct reader *r)
{
    return !rdb_source_turn_is_due(&r->in) || (insert_all(r) && turn(r));
}

static bool read_key(struct reader *r, unsigned type)
{
    struct bytes key;
    if (rdb_format_foreign(r->in.dialect, type))
        return read_foreign(r, type);
    if (!rdb_source_string_into(&r->in, &key, &r->key))
        return false;
    r->in.turn = r->o->progress_us && rdb_source_may_take_turns(type) ? turn : NULL;
    struct entry *e = rdb_get_value(&r->in, key, type, &r->o->values);
    if (e)
        return take_key(r, key, e);
    if (r->in.empty) {
        r->in.empty = false;
        r->result->empty++;
        return true;
    }
    keep_name(r, type, key);
    if (!r->in.failed)
        rdb_source_fail(&r->in, "Key %.*s: RDB type %u is not known", shown(key), key.p, type);
    return false;
}

/* ---- Other records */

static bool read_library(struct reader *r)
{
    struct bytes code;
    if (!rdb_source_string(&r->in, &code))
        return false;
    const struct bytes replace[] = {BYTES("FUNCTION"), BYTES("LOAD"), BYTES("REPLACE"), code};
    const struct bytes add[] = {BYTES("FUNCTION"), BYTES("LOAD"), code};
    bool keep = r->o->keep_libraries;
    return (r->o->apply && r->o->apply(r->o->context, 0, keep ? add : replace, keep ? 3 : 4)) ||
           rdb_source_fail(&r->in, "A function library cannot be loaded");
}

static bool read_module_aux(struct reader *r)
{
    char name[10];
    bool empty;
    if (!rdb_skip_module_aux(&r->in, name, &empty))
        return false;
    if (!empty)
        rdb_source_warn(&r->in, "a field of the module %s is left out", name);
    return true;
}

/* Reports each class once. */
static void warn_meta(void *context, const char *name, bool harmless)
{
    struct reader *r = context;
    struct bytes told = buf_bytes(&r->meta_classes), one = {name, META_NAME};
    for (size_t i = 0; i < told.n; i += META_NAME)
        if (bytes_equal(bytes_of(told.p + i, META_NAME), one))
            return;
    if (told.n >= META_TOLD * META_NAME)
        return;
    buf_add(&r->meta_classes, one);
    rdb_source_warn(&r->in, "metadata of keys of the class %s are left out%s", name,
                    harmless ? "" : ": they were not meant to be");
}

/* The ranges of slots that were being imported when the file was written. */
static bool read_slot_import(struct reader *r)
{
    struct bytes job;
    uint64_t n, from, to;
    if (!rdb_source_string(&r->in, &job) || !rdb_source_length(&r->in, &n))
        return false;
    if (!r->importing)
        r->importing = mem_zalloc(SLOTS / 8);
    for (; n; n--) {
        if (!rdb_source_length(&r->in, &from) || !rdb_source_length(&r->in, &to))
            return false;
        if (from > to || to >= SLOTS)
            return rdb_source_fail(&r->in, "Damaged range of slots");
        for (uint64_t i = from; i <= to; i++)
            r->importing[i / 8] |= (unsigned char)(1u << i % 8);
    }
    return true;
}

/* Reserves for the announced number of keys, but no more than the rest of the file usually has; the
 * table grows if there are more. */
static bool read_resize(struct reader *r)
{
    uint64_t keys, expires, most = (uint64_t)(r->in.end - r->in.p) / KEY_USUAL;
    if (!rdb_source_length(&r->in, &keys) || !rdb_source_length(&r->in, &expires))
        return false;
    if (r->o->check_only)
        return true;
    struct table *t = &r->store->dbs[r->db].keys;
    while (table_reserve_some(t, (size_t)(keys < most ? keys : most)))
        if (!turn_if_due(r))
            return false;
    return true;
}

static bool read_select(struct reader *r)
{
    uint64_t db;
    if (!rdb_source_length(&r->in, &db))
        return false;
    if (db > INT32_MAX || (!r->o->check_only && db >= (uint64_t)r->store->count))
        return rdb_source_fail(&r->in, "Database %llu does not exist here (see 'databases')",
                               (unsigned long long)db);
    r->db = (int)db;
    if (r->o->note) {
        char number[24];
        r->o->note(r->o->context, (uint64_t)(r->in.p - r->in.start),
                   bytes_of(number, num_print_uint(number, db)), bytes_of(NULL, 0));
    }
    return true;
}

static bool skip_lengths(struct reader *r, unsigned n)
{
    uint64_t x;
    while (n--)
        if (!rdb_source_length(&r->in, &x))
            return false;
    return true;
}

static bool read_little32(struct reader *r, uint32_t *out)
{
    if (!rdb_source_need(&r->in, 4))
        return false;
    const unsigned char *p = r->in.p;
    *out = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    r->in.p += 4;
    return true;
}

/* Reads a record that precedes a key. *is: it was one. */
static bool read_prefix(struct reader *r, unsigned op, bool *is)
{
    uint64_t x;
    uint32_t word;
    unsigned byte;
    *is = true;
    switch (op) {
    case RDB_EXPIRE_MS:
        if (!rdb_source_little64(&r->in, &x))
            return false;
        r->prefix.deadline_ms = (int64_t)x;
        return true;
    case RDB_EXPIRE_S:
        if (!read_little32(r, &word))
            return false;
        r->prefix.deadline_ms = (int64_t)(int32_t)word * 1000;
        return true;
    case RDB_IDLE:
        if (!rdb_source_length(&r->in, &x))
            return false;
        r->prefix.idle_s = x > INT32_MAX ? INT32_MAX : (long long)x;
        return true;
    case RDB_FREQUENCY:
        if (!rdb_source_byte(&r->in, &byte))
            return false;
        r->prefix.frequency = byte;
        return true;
    case RDB_REDIS_KEY_META:
        if (r->in.dialect == RDB_VALKEY)
            break;
        return rdb_skip_key_meta(&r->in, warn_meta, r);
    case RDB_DRAGONFLY_KEY_FLAGS:
        if (r->in.dialect != RDB_DRAGONFLY)
            break;
        return read_little32(r, &word) && (!(word & 2) || read_little32(r, &word));
    default:
        break;
    }
    *is = false;
    return true;
}

static bool refuse(struct reader *r, unsigned op)
{
    const char *foreign = rdb_format_foreign_opcode(r->in.dialect, op);
    return foreign ? rdb_source_fail(&r->in, "RDB opcode %u: %s", op, foreign)
                   : rdb_source_fail(&r->in, "RDB opcode %u is not known", op);
}

static bool read_record(struct reader *r, unsigned op)
{
    switch (op) {
    case RDB_SELECT:
        return read_select(r);
    case RDB_RESIZE:
        return read_resize(r);
    case RDB_AUX:
        return read_aux(r);
    case RDB_FUNCTION:
        return read_library(r);
    case RDB_MODULE_AUX:
        return read_module_aux(r);
    case RDB_SLOT_INFO:
        return skip_lengths(r, 3);
    case RDB_VALKEY_SLOT_IMPORT: /* in files of Redis it is a prefix */
        return read_slot_import(r);
    case RDB_REDIS_HASH_TEMPLATE:
        if (r->in.dialect == RDB_REDIS)
            return rdb_template_add(&r->templates, &r->in);
        break;
    default:
        break;
    }
    return refuse(r, op);
}

static bool read_all(struct reader *r)
{
    for (;;) {
        unsigned op;
        bool is_prefix;
        uint64_t at = (uint64_t)(r->in.p - r->in.start);
        if (at - r->reported > r->every || rdb_source_turn_is_due(&r->in)) {
            r->reported = at;
            if (!insert_all(r) || !turn(r))
                return false;
        }
        if (r->o->verify && r->in.p >= r->checksum.summed)
            rdb_checksum_advance(&r->checksum, r->in.p, r->in.end);
        if (!rdb_source_byte(&r->in, &op))
            return false;
        if (op == RDB_EOF)
            return true;
        if (op < RDB_ENTERPRISE_LEAST) {
            if (!read_key(r, op))
                return false;
            r->prefix = NO_PREFIX;
            continue;
        }
        if (!read_prefix(r, op, &is_prefix) || (!is_prefix && !read_record(r, op)))
            return false;
    }
}

bool rdb_read_is_snapshot(struct bytes data)
{
    return (data.n >= 5 && memcmp(data.p, "REDIS", 5) == 0) ||
           (data.n >= 6 && memcmp(data.p, "VALKEY", 6) == 0);
}

/* Redis writes four digits, Valkey three after a longer name. From 80 on their versions differ, and
 * those of the other server are errors. */
static bool read_magic(struct reader *r, struct bytes data, long long *version)
{
    bool valkey = data.n >= 6 && memcmp(data.p, "VALKEY", 6) == 0;
    if (data.n < RDB_MAGIC_BYTES || !rdb_read_is_snapshot(data))
        return rdb_source_fail(&r->in, "Wrong signature trying to load DB from file");
    struct bytes digits = valkey ? bytes_of(data.p + 6, 3) : bytes_of(data.p + 5, 4);
    while (digits.n > 1 && digits.p[0] == '0')
        digits.p++, digits.n--;
    bool good = num_parse_int(digits, version) && *version >= 1 &&
                (valkey ? *version >= RDB_VALKEY_VERSION : *version <= RDB_REDIS_RESERVED_MOST);
    if (!good)
        return rdb_source_fail(&r->in, "Can't handle RDB format version %.*s",
                               (int)(data.p + RDB_MAGIC_BYTES - digits.p), digits.p);
    r->in.dialect = valkey ? RDB_VALKEY : RDB_REDIS;
    if (*version > (valkey ? RDB_VALKEY_VERSION : RDB_REDIS_VERSION_MOST))
        rdb_source_warn(&r->in,
                        "format version %lld is newer than this server knows: it is read as "
                        "far as everything in it is known",
                        *version);
    r->in.p += RDB_MAGIC_BYTES;
    return true;
}

bool rdb_read(struct store *s, struct bytes data, const struct rdb_read_options *o,
              struct rdb_read_result *result)
{
    *result = (struct rdb_read_result){.failed_type = -1, .stream_db = -1};
    const unsigned char *start = (const unsigned char *)data.p;
    struct reader r = {.in = {.start = start, .p = start, .end = start + data.n},
                       .o = o,
                       .result = result,
                       .store = s,
                       .prefix = NO_PREFIX,
                       .every = o->progress_every ? o->progress_every : PROGRESS_EVERY,
                       .checksum = rdb_checksum_begin(start)};
    long long version = 0;
    r.in.templates = &r.templates;
    r.in.warn = warn;
    r.in.warn_context = r.in.turn_context = &r;
    rdb_source_time_turn(&r.in, o->progress_us);
    bool good = read_magic(&r, data, &version);
    good = good && read_all(&r);
    good = insert_all(&r) && good;
    if (good && version >= 5) {
        uint64_t sum, seen = o->verify ? rdb_checksum_at(&r.checksum, r.in.p, r.in.end) : 0;
        good = rdb_source_little64(&r.in, &sum);
        if (good && sum && o->verify && seen != sum)
            good = rdb_source_fail(&r.in, "Wrong RDB checksum: RDB CRC error");
    }
    ASSERT(r.waiting_n == 0 && r.in.p <= r.in.end && good == !r.in.failed);
    result->length = (size_t)(r.in.p - r.in.start);
    memcpy(result->error, r.in.error, sizeof(result->error));
    rdb_source_free(&r.in);
    rdb_template_clear(&r.templates);
    mem_free(r.importing);
    buf_free(&r.meta_classes);
    aof_parse_free(&r.room);
    buf_free(&r.subkey);
    buf_free(&r.key);
    return good;
}
