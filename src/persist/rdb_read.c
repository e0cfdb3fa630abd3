#include "persist/rdb_read.h"

#include "base/crc.h"
#include "base/lz.h"
#include "base/mem.h"
#include "base/num.h"
#include "persist/listpack.h"
#include "proto/request.h"
#include "type/list.h"
#include "type/stream/stream.h"
#include "type/string.h"

#include <stdarg.h>
#include <stdio.h>

#define VERSION_MOST   12
#define PROGRESS_EVERY (2u << 20)

struct reader {
    const unsigned char *start, *p, *end;
    const struct rdb_read_options *o;
    struct rdb_read_result *result;
    struct buf text; /* an expanded string, valid until the next one */
    struct buf blob;
    struct store *store;
    uint64_t reported;
    bool failed;
};

static bool fail(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct reader *r, const char *format, ...)
{
    if (r->failed)
        return false;
    r->failed = true;
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(r->result->error, sizeof(r->result->error), format, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < sizeof(r->result->error))
        snprintf(r->result->error + n, sizeof(r->result->error) - (size_t)n, " at offset %zu",
                 (size_t)(r->p - r->start));
    return false;
}

static bool need(struct reader *r, uint64_t n)
{
    if ((uint64_t)(r->end - r->p) >= n)
        return true;
    return fail(r, "Unexpected EOF reading RDB file");
}

static bool get_byte(struct reader *r, unsigned *out)
{
    if (!need(r, 1))
        return false;
    *out = *r->p++;
    return true;
}

/* A length; *encoded is set when the byte announces a specially encoded string instead. */
static bool get_length_or_code(struct reader *r, uint64_t *out, bool *encoded)
{
    unsigned c;
    *encoded = false;
    if (!get_byte(r, &c))
        return false;
    if (c >> 6 == 0) {
        *out = c & 63;
    } else if (c >> 6 == 1) {
        unsigned d;
        if (!get_byte(r, &d))
            return false;
        *out = (uint64_t)(c & 63) << 8 | d;
    } else if (c == 0x80 || c == 0x81) {
        unsigned n = c == 0x80 ? 4 : 8;
        if (!need(r, n))
            return false;
        *out = 0;
        for (unsigned i = 0; i < n; i++)
            *out = *out << 8 | *r->p++;
    } else if (c >> 6 == 3) {
        *encoded = true;
        *out = c & 63;
    } else {
        return fail(r, "Unknown length encoding %u", c);
    }
    return true;
}

static bool get_length(struct reader *r, uint64_t *out)
{
    bool encoded;
    if (!get_length_or_code(r, out, &encoded))
        return false;
    return !encoded || fail(r, "Unexpected encoded length");
}

static bool get_little64(struct reader *r, uint64_t *out)
{
    if (!need(r, 8))
        return false;
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out |= (uint64_t)*r->p++ << (8 * i);
    return true;
}

/* A string into `to` or, when it is plain, where it lies in the file. */
static bool get_string_into(struct reader *r, struct bytes *out, struct buf *to)
{
    uint64_t n, packed;
    bool encoded;
    if (!get_length_or_code(r, &n, &encoded))
        return false;
    if (!encoded) {
        if (!need(r, n))
            return false;
        *out = bytes_of(r->p, (size_t)n);
        r->p += n;
        return true;
    }
    if (n <= 2) {
        unsigned bytes = 1u << n;
        if (!need(r, bytes))
            return false;
        uint64_t u = 0;
        for (unsigned i = 0; i < bytes; i++)
            u |= (uint64_t)*r->p++ << (8 * i);
        if (u >> (8 * bytes - 1))
            u |= ~(uint64_t)0 << (8 * bytes);
        to->n = 0;
        buf_add_int(to, (int64_t)u);
        *out = buf_bytes(to);
        return true;
    }
    if (n != 3)
        return fail(r, "Unknown RDB string encoding type %llu", (unsigned long long)n);
    if (!get_length(r, &packed) || !get_length(r, &n) || !need(r, packed))
        return false;
    /* LZF expands at most about 88 times: a larger claim is damage, not worth an allocation. */
    if (n > packed * 300 + 64)
        return fail(r, "Invalid LZF compressed string");
    to->n = 0;
    char *place = buf_room(to, (size_t)n + 1);
    if (!lz_lzf_expand(r->p, (size_t)packed, place, (size_t)n))
        return fail(r, "Invalid LZF compressed string");
    to->n = (size_t)n;
    r->p += packed;
    *out = buf_bytes(to);
    return true;
}

static bool get_string(struct reader *r, struct bytes *out)
{
    return get_string_into(r, out, &r->text);
}

static struct entry *read_list(struct reader *r, struct bytes key, unsigned type)
{
    struct list *l = list_new(r->o->list_fill, r->o->list_depth);
    uint64_t nodes;
    struct bytes x;
    bool good = get_length(r, &nodes);
    for (uint64_t i = 0; good && i < nodes; i++) {
        uint64_t container = 1;
        if (type == 18)
            good = get_length(r, &container);
        good = good && get_string(r, &x);
        if (!good)
            break;
        if (container == 1) {
            list_push(l, false, x);
            continue;
        }
        struct listpack_reader p;
        if (container != 2 || !listpack_open(&p, x)) {
            good = fail(r, "Damaged list node");
            break;
        }
        char scratch[24];
        bool bad;
        for (struct bytes element; listpack_next(&p, scratch, &element, &bad);)
            list_push(l, false, element);
        if (bad)
            good = fail(r, "Damaged list node");
    }
    if (good && l->count == 0)
        good = fail(r, "Empty list");
    if (!good) {
        list_free(l);
        return NULL;
    }
    return entry_new_word(key, VALUE_LIST, (uintptr_t)l);
}

static struct stream_id big_endian_id(const unsigned char *p)
{
    struct stream_id id = {0, 0};
    for (int i = 0; i < 8; i++) {
        id.ms = id.ms << 8 | p[i];
        id.seq = id.seq << 8 | p[8 + i];
    }
    return id;
}

static bool get_id(struct reader *r, struct stream_id *out)
{
    return get_length(r, &out->ms) && get_length(r, &out->seq);
}

static bool get_raw_id(struct reader *r, struct stream_id *out)
{
    if (!need(r, 16))
        return false;
    *out = big_endian_id(r->p);
    r->p += 16;
    return true;
}

/* Elements of a listpack, kept until the entry is complete. */
struct elements {
    struct bytes *x;
    char *numbers;
    size_t n, cap;
};

static bool next_element(struct listpack_reader *p, struct elements *e)
{
    bool bad;
    if (e->n == e->cap)
        return false;
    bool got = listpack_next(p, e->numbers + e->n * 24, &e->x[e->n], &bad);
    e->n += got;
    return got;
}

static bool read_block(struct reader *r, struct stream *s, struct stream_id master,
                       struct bytes pack)
{
    struct listpack_reader p;
    struct stream_log_policy policy = {r->o->node_entries, r->o->node_bytes, r->o->raw_blocks};
    int64_t count, deleted, fields, zero;
    struct elements e = {0};
    bool good = listpack_open(&p, pack) && listpack_next_int(&p, &count) &&
                listpack_next_int(&p, &deleted) && listpack_next_int(&p, &fields) && count >= 0 &&
                deleted >= 0 && fields >= 0 && (uint64_t)fields <= pack.n;
    if (!good)
        return fail(r, "Damaged stream node");
    /* An entry has at most as many elements as the pack has bytes. */
    e.cap = pack.n;
    e.x = mem_alloc(e.cap * sizeof(*e.x));
    e.numbers = mem_alloc(e.cap * 24);
    struct bytes *pairs = mem_alloc((e.cap + 1) * sizeof(*pairs) * 2);
    for (int64_t i = 0; i < fields && good; i++)
        good = next_element(&p, &e);
    size_t names = e.n;
    good = good && listpack_next_int(&p, &zero);
    for (int64_t i = 0; i < count + deleted && good; i++) {
        int64_t flags, ms, seq, n = fields, tail;
        e.n = names;
        good = listpack_next_int(&p, &flags) && listpack_next_int(&p, &ms) &&
               listpack_next_int(&p, &seq);
        bool same = good && (flags & 2);
        if (good && !same)
            good = listpack_next_int(&p, &n) && n >= 0 && (uint64_t)n <= pack.n;
        for (int64_t f = 0; f < n && good; f++) {
            if (same) {
                pairs[2 * f] = e.x[f];
            } else {
                good = next_element(&p, &e);
                pairs[2 * f] = e.x[e.n - 1];
            }
            good = good && next_element(&p, &e);
            pairs[2 * f + 1] = e.x[e.n ? e.n - 1 : 0];
        }
        good = good && listpack_next_int(&p, &tail);
        if (!good || (flags & 1))
            continue;
        struct stream_id id = {master.ms + (uint64_t)ms, master.seq + (uint64_t)seq};
        if (s->log.length && stream_id_compare(id, s->last_id) <= 0) {
            good = false;
            break;
        }
        stream_log_append(&s->log, id, pairs, (size_t)n, &policy);
        s->last_id = id;
    }
    mem_free(e.x);
    mem_free(e.numbers);
    mem_free(pairs);
    return good || fail(r, "Damaged stream node");
}

struct told {
    struct stream_id id;
    int64_t time_ms;
    uint64_t count;
};

static int compare_told(const void *key, const void *item)
{
    return stream_id_compare(*(const struct stream_id *)key, ((const struct told *)item)->id);
}

static const struct told *find_told(const struct told *all, size_t n, struct stream_id id)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_told(&id, &all[middle]);
        if (order == 0)
            return &all[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool read_consumer(struct reader *r, struct stream_group *g, unsigned type,
                          const struct told *told, size_t told_n, uint32_t *owner)
{
    struct bytes name;
    uint64_t seen, active = 0, n;
    if (!get_string(r, &name))
        return false;
    struct stream_consumer *c = stream_group_add_consumer(g, name, 0);
    if (!c)
        return fail(r, "Consumer named twice");
    if (!get_little64(r, &seen) || (type >= 21 && !get_little64(r, &active)) || !get_length(r, &n))
        return false;
    c->seen_ms = (int64_t)seen;
    c->active_ms = type >= 21 ? (int64_t)active : (int64_t)seen;
    for (uint64_t i = 0; i < n; i++) {
        struct stream_id id;
        if (!get_raw_id(r, &id))
            return false;
        const struct told *t = find_told(told, told_n, id);
        if (!t || owner[t - told] != STREAM_PENDING_NO_CONSUMER)
            return fail(r, "Pending entry of a consumer is not in its group");
        owner[t - told] = c->number;
    }
    return true;
}

static bool read_group(struct reader *r, struct stream *s, unsigned type)
{
    struct bytes name;
    struct stream_id last;
    uint64_t read = (uint64_t)-1, n, consumers;
    if (!get_string(r, &name))
        return false;
    struct stream_group *g = stream_add_group(s, name, STREAM_ID_MIN, -1);
    if (!g)
        return fail(r, "Group named twice");
    if (!get_id(r, &last) || (type >= 19 && !get_length(r, &read)) || !get_length(r, &n))
        return false;
    g->last_id = last;
    g->entries_read = (int64_t)read;
    if (n > (uint64_t)(r->end - r->p) / 25)
        return fail(r, "More pending entries than bytes");
    struct told *told = mem_alloc((n + 1) * sizeof(*told));
    uint32_t *owner = mem_alloc((n + 1) * sizeof(*owner));
    bool good = true;
    for (uint64_t i = 0; i < n && good; i++) {
        uint64_t time_ms;
        good = get_raw_id(r, &told[i].id) && get_little64(r, &time_ms) &&
               get_length(r, &told[i].count);
        told[i].time_ms = good ? (int64_t)time_ms : 0;
        owner[i] = STREAM_PENDING_NO_CONSUMER;
        if (good && i && stream_id_compare(told[i].id, told[i - 1].id) <= 0)
            good = fail(r, "Pending entries out of order");
    }
    good = good && get_length(r, &consumers);
    for (uint64_t i = 0; good && i < consumers; i++)
        good = read_consumer(r, g, type, told, (size_t)n, owner);
    for (uint64_t i = 0; good && i < n; i++) {
        struct stream_consumer *c = stream_group_owner(g, owner[i]);
        if (!c)
            good = fail(r, "Pending entry without a consumer");
        else
            stream_group_restore(g, told[i].id, c, told[i].time_ms, told[i].count);
    }
    mem_free(told);
    mem_free(owner);
    return good;
}

static struct entry *read_stream(struct reader *r, struct bytes key, unsigned type)
{
    struct stream *s = stream_new(r->o->dedup_duration_s, r->o->dedup_max);
    uint64_t blocks, length, groups;
    struct stream_id first, last;
    bool good = get_length(r, &blocks);
    for (uint64_t i = 0; good && i < blocks; i++) {
        struct bytes id, pack;
        good = get_string(r, &id) && (id.n == 16 || fail(r, "Damaged stream node ID"));
        struct stream_id master = {0, 0};
        if (good)
            master = big_endian_id((const unsigned char *)id.p);
        good = good && get_string_into(r, &pack, &r->blob) && read_block(r, s, master, pack);
    }
    good = good && get_length(r, &length) && get_id(r, &last);
    if (good && (length != s->log.length || stream_id_compare(last, s->last_id) < 0))
        good = fail(r, "Stream length or last ID does not fit its entries");
    s->last_id = good ? last : s->last_id;
    s->added = s->log.length;
    if (good && type >= 19)
        good = get_id(r, &first) && get_id(r, &s->max_deleted) && get_length(r, &s->added);
    good = good && get_length(r, &groups);
    for (uint64_t i = 0; good && i < groups; i++)
        good = read_group(r, s, type);
    if (!good) {
        stream_free(s);
        return NULL;
    }
    return entry_new_word(key, VALUE_STREAM, (uintptr_t)s);
}

static struct entry *read_value(struct reader *r, struct bytes key, unsigned type)
{
    struct bytes x;
    switch (type) {
    case 0:
        return get_string_into(r, &x, &r->blob) ? string_new(key, x) : NULL;
    case 1:
    case 18:
        return read_list(r, key, type);
    case 15:
    case 19:
    case 21:
        return read_stream(r, key, type);
    default:
        fail(r, "Value type %u is not supported by this version", type);
        return NULL;
    }
}

static bool apply_effects(struct reader *r, int db, struct bytes effects)
{
    struct bytes argv[64];
    while (effects.n) {
        int argc;
        size_t n = request_quick(effects.p, effects.p + effects.n, argv, 64, &argc);
        if (n == 0 || !r->o->apply || !r->o->apply(r->o->context, db, argv, argc))
            return fail(r, "Damaged millrace-effects field");
        effects.p += n;
        effects.n -= n;
    }
    return true;
}

static bool read_aux(struct reader *r, int db)
{
    struct bytes name, value;
    struct buf kept = {0};
    bool good = get_string(r, &name);
    if (good) {
        buf_add(&kept, name);
        good = get_string(r, &value);
    }
    if (good) {
        struct bytes k = buf_bytes(&kept);
        long long v;
        if (bytes_is(k, "millrace-effects"))
            good = apply_effects(r, db, value);
        else if (bytes_is(k, "repl-offset") && num_parse_int(value, &v))
            r->result->journal_offset = (uint64_t)v;
        else if (bytes_is(k, "repl-id") && value.n == 40)
            memcpy(r->result->replication_id, value.p, 40);
    }
    buf_free(&kept);
    return good;
}

static bool read_key(struct reader *r, struct db *db, unsigned type, int64_t deadline_ms)
{
    struct bytes name;
    struct buf key = {0};
    if (!get_string(r, &name))
        return false;
    buf_add(&key, name);
    struct entry *e = read_value(r, buf_bytes(&key), type);
    bool good = e != NULL;
    if (good && deadline_ms >= 0 && r->o->drop_expired && deadline_ms <= r->o->now_ms) {
        value_free(e);
        r->result->expired++;
    } else if (good) {
        if (deadline_ms >= 0)
            e = entry_set_deadline(e, deadline_ms);
        if (table_find(&db->keys, db->keys.hash(buf_bytes(&key)), buf_bytes(&key))) {
            value_free(e);
            good = fail(r, "Key stands twice in the RDB file");
        } else {
            db_add(db, e);
            r->result->keys++;
        }
    }
    buf_free(&key);
    return good;
}

static bool read_all(struct reader *r)
{
    int64_t deadline_ms = -1;
    int db = 0;
    for (;;) {
        unsigned op;
        uint64_t a, b;
        if ((uint64_t)(r->p - r->start) - r->reported > PROGRESS_EVERY) {
            r->reported = (uint64_t)(r->p - r->start);
            if (r->o->progress && !r->o->progress(r->o->context, r->reported))
                return fail(r, "Loading was stopped");
        }
        if (!get_byte(r, &op))
            return false;
        switch (op) {
        case 0xff:
            return true;
        case 0xfe:
            if (!get_length(r, &a))
                return false;
            if (a >= (uint64_t)r->store->count)
                return fail(r, "Database %llu does not exist here (see 'databases')",
                            (unsigned long long)a);
            db = (int)a;
            break;
        case 0xfb:
            if (!get_length(r, &a) || !get_length(r, &b))
                return false;
            break;
        case 0xfa:
            if (!read_aux(r, db))
                return false;
            break;
        case 0xfc:
            if (!get_little64(r, &a))
                return false;
            deadline_ms = (int64_t)a;
            break;
        case 0xfd:
            if (!need(r, 4))
                return false;
            deadline_ms = (int64_t)(r->p[0] | (uint64_t)r->p[1] << 8 | (uint64_t)r->p[2] << 16 |
                                    (uint64_t)r->p[3] << 24) *
                          1000;
            r->p += 4;
            break;
        case 0xf8:
            if (!get_length(r, &a))
                return false;
            break;
        case 0xf9:
            if (!need(r, 1))
                return false;
            r->p++;
            break;
        default:
            if (!read_key(r, &r->store->dbs[db], op, deadline_ms))
                return false;
            deadline_ms = -1;
        }
    }
}

bool rdb_read(struct store *s, struct bytes data, const struct rdb_read_options *o,
              struct rdb_read_result *result)
{
    *result = (struct rdb_read_result){0};
    struct reader r = {.start = (const unsigned char *)data.p,
                       .p = (const unsigned char *)data.p,
                       .end = (const unsigned char *)data.p + data.n,
                       .o = o,
                       .result = result,
                       .store = s};
    long long version;
    bool good = data.n >= 9 && memcmp(data.p, "REDIS", 5) == 0;
    if (!good) {
        fail(&r, "Wrong signature trying to load DB from file");
    } else {
        struct bytes digits = {data.p + 5, 4};
        while (digits.n > 1 && digits.p[0] == '0')
            digits.p++, digits.n--;
        good = num_parse_int(digits, &version) && version >= 1 && version <= VERSION_MOST;
        if (!good)
            fail(&r, "Can't handle RDB format version %.4s", data.p + 5);
    }
    r.p += good ? 9 : 0;
    good = good && read_all(&r);
    if (good && version >= 5) {
        const unsigned char *end = r.p;
        uint64_t sum;
        good = get_little64(&r, &sum);
        if (good && sum && o->verify && crc_64(0, r.start, (size_t)(end - r.start)) != sum)
            good = fail(&r, "Wrong RDB checksum");
    }
    result->length = (size_t)(r.p - r.start);
    buf_free(&r.text);
    buf_free(&r.blob);
    return good;
}
