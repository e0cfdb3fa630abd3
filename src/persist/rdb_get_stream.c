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

#define CHUNK 256 /* texts of integers that are allocated together */
#define TEXT  24

/* Strings that were read; the list grows with them, not ahead of them. */
struct strings {
    struct bytes *p;
    size_t n, cap;
};

/* Elements of a listpack, kept until the entry is complete; the memory serves all of a stream's. */
struct elements {
    struct strings names, pairs; /* of the node; of an entry */
    char **chunks;               /* the texts of integers: they must not move */
    size_t chunk_n, texts;       /* texts: in use */
};

static void elements_free(struct elements *e)
{
    for (size_t i = 0; i < e->chunk_n; i++)
        mem_free(e->chunks[i]);
    mem_free(e->chunks);
    mem_free(e->names.p);
    mem_free(e->pairs.p);
}

static void add_string(struct strings *to, struct bytes x)
{
    if (to->n == to->cap) {
        to->cap = to->cap ? to->cap * 2 : 16;
        to->p = mem_realloc(to->p, to->cap * sizeof(*to->p));
    }
    to->p[to->n++] = x;
}

static bool next_element(struct listpack_reader *p, struct elements *e, struct strings *to)
{
    struct bytes x;
    bool bad;
    if (e->texts == e->chunk_n * CHUNK) {
        e->chunks = mem_realloc(e->chunks, (e->chunk_n + 1) * sizeof(*e->chunks));
        e->chunks[e->chunk_n++] = mem_alloc((size_t)CHUNK * TEXT);
    }
    char *text = e->chunks[e->texts / CHUNK] + e->texts % CHUNK * TEXT;
    if (!listpack_next(p, text, &x, &bad))
        return false;
    e->texts += x.p == text;
    add_string(to, x);
    return true;
}

/* n fields and values, or only values behind the names of the node. */
static bool next_pairs(struct listpack_reader *p, struct elements *e, int64_t n, bool same)
{
    e->pairs.n = 0;
    for (int64_t i = 0; i < n; i++) {
        if (same)
            add_string(&e->pairs, e->names.p[i]);
        else if (!next_element(p, e, &e->pairs))
            return false;
        if (!next_element(p, e, &e->pairs))
            return false;
    }
    return true;
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
    e->texts = e->names.n = 0;
    for (int64_t i = 0; good && i < fields; i++)
        good = next_element(&p, e, &e->names);
    size_t names = e->texts;
    good = good && listpack_next_int(&p, &zero);
    for (int64_t i = 0; good && i < count + deleted; i++) {
        int64_t flags, ms, seq, n = fields, tail;
        e->texts = names;
        good = listpack_next_int(&p, &flags) && listpack_next_int(&p, &ms) &&
               listpack_next_int(&p, &seq);
        bool same = good && (flags & 2);
        if (good && !same)
            good = listpack_next_int(&p, &n) && n > 0 && (uint64_t)n <= pack.n / ELEMENT_LEAST;
        good = good && next_pairs(&p, e, n, same) && listpack_next_int(&p, &tail);
        if (!good || (flags & 1))
            continue;
        struct stream_id id = {master.ms + (uint64_t)ms, master.seq + (uint64_t)seq};
        if (s->log.length && stream_id_compare(id, s->last_id) <= 0) {
            good = false;
            break;
        }
        stream_log_append(&s->log, id, e->pairs.p, (size_t)n, &policy);
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
    /* Before 7.0 nobody counted: what can be told from the group's place is. */
    g->entries_read = type < 19           ? stream_entries_read_at(s, last)
                      : read <= INT64_MAX ? (int64_t)read
                                          : -1;
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
    elements_free(&e);
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
