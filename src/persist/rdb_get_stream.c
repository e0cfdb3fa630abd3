#include "persist/rdb_get_stream.h"

#include "base/mem.h"
#include "persist/listpack.h"
#include "persist/rdb_get_options.h"
#include "type/stream/stream.h"

static struct stream_id big_endian_id(const unsigned char *p)
{
    struct stream_id id = {0, 0};
    for (int i = 0; i < 8; i++) {
        id.ms = id.ms << 8 | p[i];
        id.seq = id.seq << 8 | p[8 + i];
    }
    return id;
}

static bool get_id(struct rdb_source *r, struct stream_id *out)
{
    return rdb_source_length(r, &out->ms) && rdb_source_length(r, &out->seq);
}

static bool get_raw_id(struct rdb_source *r, struct stream_id *out)
{
    if (!rdb_source_need(r, 16))
        return false;
    *out = big_endian_id(r->p);
    r->p += 16;
    return true;
}

#define ELEMENT_LEAST 2 /* bytes of an element in a pack: its kind and its length backwards */

/* Elements of a listpack, kept until the entry is complete; the memory serves all of a stream's. */
struct elements {
    struct bytes *names, *pairs; /* cap; 2 * cap */
    char *numbers;               /* 24 of each: the text of integers */
    size_t n, cap;
};

/* Room for all that a pack of this size can hold. */
static void make_room(struct elements *e, size_t pack_n)
{
    size_t cap = pack_n / ELEMENT_LEAST + 1;
    e->n = 0;
    if (cap <= e->cap)
        return;
    e->cap = cap;
    e->names = mem_realloc(e->names, cap * sizeof(*e->names));
    e->pairs = mem_realloc(e->pairs, cap * sizeof(*e->pairs) * 2);
    e->numbers = mem_realloc(e->numbers, cap * 24);
}

static bool next_element(struct listpack_reader *p, struct elements *e, struct bytes *to)
{
    bool bad;
    return e->n < e->cap && listpack_next(p, e->numbers + e->n++ * 24, to, &bad);
}

static bool read_block(struct rdb_source *r, struct stream *s, struct stream_id master,
                       struct bytes pack, struct elements *e, const struct rdb_get_options *o)
{
    struct listpack_reader p;
    struct stream_log_policy policy = {o->node_entries, o->node_bytes, o->raw_blocks};
    int64_t count, deleted, fields, zero;
    bool good = listpack_open(&p, pack) && listpack_next_int(&p, &count) &&
                listpack_next_int(&p, &deleted) && listpack_next_int(&p, &fields) && count >= 0 &&
                deleted >= 0 && fields >= 0 && (uint64_t)count <= pack.n &&
                (uint64_t)deleted <= pack.n && (uint64_t)fields <= pack.n / ELEMENT_LEAST;
    if (!good)
        return rdb_source_fail(r, "Damaged stream node");
    make_room(e, pack.n);
    struct bytes *pairs = e->pairs;
    for (int64_t i = 0; i < fields && good; i++)
        good = next_element(&p, e, &e->names[i]);
    size_t names = e->n;
    good = good && listpack_next_int(&p, &zero);
    for (int64_t i = 0; i < count + deleted && good; i++) {
        int64_t flags, ms, seq, n = fields, tail;
        e->n = names;
        good = listpack_next_int(&p, &flags) && listpack_next_int(&p, &ms) &&
               listpack_next_int(&p, &seq);
        bool same = good && (flags & 2);
        if (good && !same)
            good = listpack_next_int(&p, &n) && n >= 0 && (uint64_t)n <= pack.n / ELEMENT_LEAST;
        for (int64_t f = 0; f < n && good; f++) {
            if (same)
                pairs[2 * f] = e->names[f];
            else
                good = next_element(&p, e, &pairs[2 * f]);
            good = good && next_element(&p, e, &pairs[2 * f + 1]);
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
    return good || rdb_source_fail(r, "Damaged stream node");
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

static bool read_consumer(struct rdb_source *r, struct stream_group *g, unsigned type,
                          const struct told *told, size_t told_n, uint32_t *owner)
{
    struct bytes name;
    uint64_t seen, active = 0, n;
    if (!rdb_source_string(r, &name))
        return false;
    struct stream_consumer *c = stream_group_add_consumer(g, name, 0);
    if (!c)
        return rdb_source_fail(r, "Consumer named twice");
    if (!rdb_source_little64(r, &seen) || (type >= 21 && !rdb_source_little64(r, &active)) ||
        !rdb_source_length(r, &n))
        return false;
    c->seen_ms = (int64_t)seen;
    c->active_ms = type >= 21 ? (int64_t)active : (int64_t)seen;
    for (uint64_t i = 0; i < n; i++) {
        struct stream_id id;
        if (!get_raw_id(r, &id))
            return false;
        const struct told *t = find_told(told, told_n, id);
        if (!t || owner[t - told] != STREAM_PENDING_NO_CONSUMER)
            return rdb_source_fail(r, "Pending entry of a consumer is not in its group");
        owner[t - told] = c->number;
    }
    return true;
}

static bool read_group(struct rdb_source *r, struct stream *s, unsigned type)
{
    struct bytes name;
    struct stream_id last;
    uint64_t read = (uint64_t)-1, n, consumers;
    if (!rdb_source_string(r, &name))
        return false;
    struct stream_group *g = stream_add_group(s, name, STREAM_ID_MIN, -1);
    if (!g)
        return rdb_source_fail(r, "Group named twice");
    if (!get_id(r, &last) || (type >= 19 && !rdb_source_length(r, &read)) ||
        !rdb_source_length(r, &n))
        return false;
    g->last_id = last;
    g->entries_read = read <= INT64_MAX ? (int64_t)read : -1;
    if (n > (uint64_t)(r->end - r->p) / 25)
        return rdb_source_fail(r, "More pending entries than bytes");
    struct told *told = mem_alloc((n + 1) * sizeof(*told));
    uint32_t *owner = mem_alloc((n + 1) * sizeof(*owner));
    bool good = true;
    for (uint64_t i = 0; i < n && good; i++) {
        uint64_t time_ms;
        good = get_raw_id(r, &told[i].id) && rdb_source_little64(r, &time_ms) &&
               rdb_source_length(r, &told[i].count);
        told[i].time_ms = good ? (int64_t)time_ms : 0;
        owner[i] = STREAM_PENDING_NO_CONSUMER;
        if (good && i && stream_id_compare(told[i].id, told[i - 1].id) <= 0)
            good = rdb_source_fail(r, "Pending entries out of order");
    }
    good = good && rdb_source_length(r, &consumers);
    for (uint64_t i = 0; good && i < consumers; i++)
        good = read_consumer(r, g, type, told, (size_t)n, owner);
    for (uint64_t i = 0; good && i < n; i++) {
        struct stream_consumer *c = stream_group_owner(g, owner[i]);
        if (!c)
            good = rdb_source_fail(r, "Pending entry without a consumer");
        else
            stream_group_restore(g, told[i].id, c, told[i].time_ms, told[i].count);
    }
    mem_free(told);
    mem_free(owner);
    return good;
}

struct entry *rdb_get_stream(struct rdb_source *r, struct bytes key, unsigned type,
                             const struct rdb_get_options *o)
{
    struct stream *s = stream_new(o->dedup_duration_s, o->dedup_max);
    uint64_t blocks, length, groups;
    struct stream_id first, last;
    struct elements e = {0};
    bool good = rdb_source_length(r, &blocks);
    for (uint64_t i = 0; good && i < blocks; i++) {
        struct bytes id, pack;
        good = rdb_source_string(r, &id) &&
               (id.n == 16 || rdb_source_fail(r, "Damaged stream node ID"));
        struct stream_id master = {0, 0};
        if (good)
            master = big_endian_id((const unsigned char *)id.p);
        good = good && rdb_source_string_into(r, &pack, &r->blob) &&
               read_block(r, s, master, pack, &e, o);
    }
    mem_free(e.names);
    mem_free(e.pairs);
    mem_free(e.numbers);
    good = good && rdb_source_length(r, &length) && get_id(r, &last);
    if (good && (length != s->log.length || stream_id_compare(last, s->last_id) < 0))
        good = rdb_source_fail(r, "Stream length or last ID does not fit its entries");
    s->last_id = good ? last : s->last_id;
    s->added = s->log.length;
    if (good && type >= 19)
        good = get_id(r, &first) && get_id(r, &s->max_deleted) && rdb_source_length(r, &s->added);
    if (s->added > INT64_MAX)
        s->added = INT64_MAX;
    good = good && rdb_source_length(r, &groups);
    for (uint64_t i = 0; good && i < groups; i++)
        good = read_group(r, s, type);
    if (!good) {
        stream_free(s);
        return NULL;
    }
    return entry_new_word(key, VALUE_STREAM, (uintptr_t)s);
}
