/* Streams from the RDB format, types 15 to 27:
 *
 *   nodes n | (master ID 16 | listpack) * n
 *   length | last ID | first ID, max deleted ID, entries added (from 19 on)
 *   groups n | (name | last ID | entries read (19) | pending n | (ID 16 | time 8 | count) * n |
 *     consumers n | (name | seen 8 | active 8 (21) | pending n | ID 16 * n) * n |
 *     released n | ID 16 * n (27)) * n
 *   producers' message ids (26)
 *
 * A node's listpack has a master entry, whose field names the entries may share, then the entries
 * with their offset from the master ID. Deleted ones are skipped. Entries are appended to this
 * server's own blocks, so IDs must ascend.
 *
 * The pending entries of a group are listed twice: the group has time and count, each consumer the
 * IDs it owns. `told` is the first list, sorted, and `owner` the consumer of each; only when
 * everything was read do they become entries of the group. An ID claimed by two consumers, or not
 * listed by the group, is damage. An ID without a consumer is released, with a warning, so that it
 * is delivered again rather than lost.
 *
 * The length follows from the entries; a wrong one in the file is only a warning. Damage frees the
 * stream and returns NULL with the reason in r->error. */
#include "persist/rdb_get_stream.h"

#include "base/assert.h"
#include "base/mem.h"
#include "persist/listpack.h"
#include "persist/rdb_format.h"
#include "persist/rdb_get_options.h"
#include "type/stream/stream.h"

#include <stdlib.h>

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

/* Strings read; the list grows with them, not by the announced count. */
struct strings {
    struct bytes *p;
    size_t n, cap;
};

/* Elements of a listpack, kept until the entry is complete; the memory is reused for all entries of
 * a stream. */
struct elements {
    struct strings names, pairs; /* of the node; of an entry */
    char **chunks;               /* texts of integers, which must not move */
    size_t chunk_n, texts;       /* texts in use */
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
    ASSERT(e->texts <= e->chunk_n * CHUNK);
    add_string(to, x);
    return true;
}

/* n fields and values, or only values for the node's names. */
static bool next_pairs(struct listpack_reader *p, struct elements *e, int64_t n, bool same)
{
    ASSERT(!same || (size_t)n == e->names.n);
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
        bool same = good && (flags & RDB_ENTRY_SAME_FIELDS);
        if (good && !same)
            good = listpack_next_int(&p, &n) && n > 0 && (uint64_t)n <= pack.n / ELEMENT_LEAST;
        good = good && n > 0 && next_pairs(&p, e, n, same) && listpack_next_int(&p, &tail);
        if (!good || (flags & RDB_ENTRY_DELETED))
            continue;
        struct stream_id id = {master.ms + (uint64_t)ms, master.seq + (uint64_t)seq};
        if (s->log.length && stream_id_compare(id, s->last_id) <= 0) {
            good = false;
            break;
        }
        stream_append(s, id, e->pairs.p, (size_t)n, &policy);
    }
    return good ||
           rdb_source_fail(r, "Damaged stream node: Stream listpack integrity check failed");
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
        return rdb_source_fail(r, "Consumer named twice: Duplicate stream consumer detected");
    if (!rdb_source_little64(r, &seen) ||
        (type >= RDB_STREAM_ACTIVE && !rdb_source_little64(r, &active)) ||
        !rdb_source_length(r, &n))
        return false;
    stream_group_seen(c, (int64_t)seen);
    stream_group_active(c, type >= RDB_STREAM_ACTIVE ? (int64_t)active : (int64_t)seen);
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

/* The pending entries of a group while it is read: the group's data on each, and the owner given by
 * a consumer, or the position among the released ones. */
struct pending {
    struct told *told;
    uint32_t *owner;
    size_t n;
};

#define RELEASED (STREAM_PENDING_NO_CONSUMER - 1) /* not a possible consumer */

/* Reads which are released, in the order of their next delivery, which differs from that of IDs. */
static bool read_released(struct rdb_source *r, struct stream_group *g, struct pending *p)
{
    uint64_t n;
    struct stream_id id;
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--) {
        if (!get_raw_id(r, &id))
            return false;
        const struct told *t = find_told(p->told, p->n, id);
        if (!t || p->owner[t - p->told] != STREAM_PENDING_NO_CONSUMER)
            return rdb_source_fail(r, "Released entry is not pending, or somebody's");
        ASSERT((size_t)(t - p->told) < p->n);
        p->owner[t - p->told] = RELEASED;
        stream_group_restore(g, id, NULL, 0, t->count);
    }
    return true;
}

static int by_delivery(const void *a, const void *b)
{
    const struct told *x = *(const struct told *const *)a, *y = *(const struct told *const *)b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return stream_id_compare(x->id, y->id);
}

/* Entries that are neither owned nor released come from faulty writers: they are released here, to
 * be delivered again. An entry's place by time is searched from the end of those that are not in
 * order; inserting entries of random times one by one would take quadratic time, so they come last,
 * sorted; all of them do if there are released ones, which are not ordered by ID. */
static void put_pending(struct rdb_source *r, struct stream_group *g, const struct pending *p)
{
    const struct told **late = mem_alloc((p->n + 1) * sizeof(*late));
    size_t lost = 0, late_n = 0;
    bool sorts = g->pending.count > 0;
    int64_t latest_ms = INT64_MIN;
    for (size_t i = 0; i < p->n; i++) {
        const struct told *t = &p->told[i];
        struct stream_consumer *c =
            p->owner[i] == RELEASED ? NULL : stream_group_owner(g, p->owner[i]);
        if (c && (sorts || t->time_ms < latest_ms)) {
            late[late_n++] = t;
        } else if (c) {
            latest_ms = t->time_ms;
            stream_group_restore(g, t->id, c, t->time_ms, t->count);
        } else if (p->owner[i] != RELEASED) {
            stream_group_restore(g, t->id, NULL, 0, t->count);
            lost++;
        }
    }
    qsort(late, late_n, sizeof(*late), by_delivery);
    for (size_t i = 0; i < late_n; i++)
        stream_group_restore(g, late[i]->id, stream_group_owner(g, p->owner[late[i] - p->told]),
                             late[i]->time_ms, late[i]->count);
    mem_free(late);
    if (lost)
        rdb_source_warn(r, "%zu pending entries of group %.*s have no consumer: released", lost,
                        g->name->n < 64 ? (int)g->name->n : 64, g->name->p);
}

static bool read_told(struct rdb_source *r, struct pending *p)
{
    for (size_t i = 0; i < p->n; i++) {
        uint64_t time_ms;
        if (!get_raw_id(r, &p->told[i].id) || !rdb_source_little64(r, &time_ms) ||
            !rdb_source_length(r, &p->told[i].count))
            return false;
        p->told[i].time_ms = (int64_t)time_ms;
        p->owner[i] = STREAM_PENDING_NO_CONSUMER;
        if (i && stream_id_compare(p->told[i].id, p->told[i - 1].id) <= 0)
            return rdb_source_fail(r, "Pending entries out of order");
    }
    return true;
}

static bool read_pending(struct rdb_source *r, struct stream_group *g, unsigned type)
{
    uint64_t n, consumers;
    if (!rdb_source_length(r, &n))
        return false;
    if (n > (uint64_t)(r->end - r->p) / 25)
        return rdb_source_fail(r, "More pending entries than bytes");
    struct pending p = {mem_alloc((n + 1) * sizeof(*p.told)), mem_alloc((n + 1) * sizeof(*p.owner)),
                        (size_t)n};
    bool good = read_told(r, &p) && rdb_source_length(r, &consumers);
    for (uint64_t i = 0; good && i < consumers; i++)
        good = read_consumer(r, g, type, p.told, p.n, p.owner);
    if (good && type >= RDB_STREAM_RELEASED)
        good = read_released(r, g, &p);
    if (good)
        put_pending(r, g, &p);
    mem_free(p.told);
    mem_free(p.owner);
    return good;
}

static bool read_group(struct rdb_source *r, struct stream *s, unsigned type)
{
    struct bytes name;
    uint64_t read = (uint64_t)-1;
    if (!rdb_source_string(r, &name))
        return false;
    struct stream_group *g = stream_add_group(s, name, STREAM_ID_MIN, -1);
    if (!g)
        return rdb_source_fail(r, "Group named twice");
    struct stream_id last;
    if (!get_id(r, &last) || (type >= RDB_STREAM && !rdb_source_length(r, &read)))
        return false;
    /* Before 7.0 there was no counter: derive what the group's position tells. */
    int64_t counted = type < RDB_STREAM   ? stream_entries_read_at(s, last)
                      : read <= INT64_MAX ? (int64_t)read
                                          : -1;
    stream_group_set_position(g, last, counted);
    return read_pending(r, g, type);
}

/* ---- Producers' message ids */

#define DURATION_MOST 86400 /* as XCFGSET accepts */
#define RECORDS_MOST  10000

struct message_id {
    struct stream_id entry;
    size_t producer, iid; /* offsets in `text`, each of a size followed by its bytes */
};

struct message_ids {
    struct message_id *all;
    size_t n, cap;
    struct buf text;
};

static size_t keep_text(struct message_ids *m, struct bytes x)
{
    size_t at = m->text.n;
    buf_add(&m->text, bytes_of(&x.n, sizeof(x.n)));
    buf_add(&m->text, x);
    return at;
}

static struct bytes text_at(const struct message_ids *m, size_t at)
{
    size_t n;
    ASSERT(at + sizeof(n) <= m->text.n);
    memcpy(&n, m->text.p + at, sizeof(n));
    ASSERT(n <= m->text.n - at - sizeof(n));
    return bytes_of(m->text.p + at + sizeof(n), n);
}

/* Records of one entry keep their order: the last sort key is the position in the file. */
static int by_time(const void *a, const void *b)
{
    const struct message_id *x = a, *y = b;
    int order = stream_id_compare(x->entry, y->entry);
    return order ? order : x->iid < y->iid ? -1 : x->iid > y->iid;
}

static bool read_producer(struct rdb_source *r, struct message_ids *m)
{
    struct bytes text;
    struct message_id x;
    uint64_t n;
    if (!rdb_source_string(r, &text))
        return false;
    x.producer = keep_text(m, text);
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--) {
        if (!rdb_source_string(r, &text) || !get_id(r, &x.entry))
            return false;
        if (text_at(m, x.producer).n == 0 || text.n == 0)
            return rdb_source_fail(r, "Damaged message id of a stream");
        x.iid = keep_text(m, text);
        if (m->n == m->cap) {
            m->cap = m->cap ? m->cap * 2 : 16;
            m->all = mem_realloc(m->all, m->cap * sizeof(*m->all));
        }
        m->all[m->n++] = x;
    }
    return true;
}

/* An id's age counts from the time of its entry. The file has them by producer, the stream needs
 * them by time. Duplicates count once. */
static void put_message_ids(struct stream *s, struct message_ids *m)
{
    if (m->n)
        qsort(m->all, m->n, sizeof(*m->all), by_time);
    for (size_t i = 0; i < m->n; i++) {
        const struct message_id *x = &m->all[i];
        struct bytes producer = text_at(m, x->producer), iid = text_at(m, x->iid);
        if (!stream_dedup_find(&s->dedup, producer, iid) && x->entry.ms <= INT64_MAX)
            stream_dedup_record(&s->dedup, producer, iid, x->entry, (int64_t)x->entry.ms);
    }
}

static bool read_message_ids(struct rdb_source *r, struct stream *s)
{
    uint64_t duration, most, producers, added, duplicates;
    struct message_ids m = {0};
    if (!rdb_source_length(r, &duration) || !rdb_source_length(r, &most) ||
        !rdb_source_length(r, &producers))
        return false;
    if (duration < 1 || duration > DURATION_MOST || most < 1 || most > RECORDS_MOST)
        return rdb_source_fail(r, "Damaged settings of message ids");
    stream_dedup_set_limits(&s->dedup, (int64_t)duration, most);
    bool good = true;
    for (; good && producers; producers--)
        good = read_producer(r, &m);
    good = good && rdb_source_length(r, &added) && rdb_source_length(r, &duplicates);
    if (good) {
        put_message_ids(s, &m);
        stream_dedup_set_counts(&s->dedup, added, duplicates);
    }
    mem_free(m.all);
    buf_free(&m.text);
    return good;
}

/* ---- The stream */

static bool read_blocks(struct rdb_source *r, struct stream *s, const struct rdb_get_options *o)
{
    uint64_t blocks;
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
    return good;
}

/* The entries read are authoritative: faulty servers wrote wrong lengths. */
static bool read_counters(struct rdb_source *r, struct stream *s, unsigned type)
{
    uint64_t length;
    struct stream_id first, last;
    if (!rdb_source_length(r, &length) || !get_id(r, &last))
        return false;
    if (length != s->log.length)
        rdb_source_warn(r, "a stream of %llu entries is told to have %llu",
                        (unsigned long long)s->log.length, (unsigned long long)length);
    if (stream_id_compare(last, s->last_id) < 0)
        return rdb_source_fail(r, "Last ID of a stream does not fit its entries");
    struct stream_counters c = {.last_id = last, .added = s->log.length};
    if (type >= RDB_STREAM &&
        (!get_id(r, &first) || !get_id(r, &c.max_deleted) || !rdb_source_length(r, &c.added)))
        return false;
    stream_set_counters(s, &c);
    return true;
}

struct entry *rdb_get_stream(struct rdb_source *r, struct bytes key, unsigned type,
                             const struct rdb_get_options *o)
{
    struct stream *s = stream_new(o->streams, STREAM_DEDUP_DURATION_S, STREAM_DEDUP_MAX_SIZE);
    uint64_t groups;
    bool good = read_blocks(r, s, o) && read_counters(r, s, type) && rdb_source_length(r, &groups);
    for (uint64_t i = 0; good && i < groups; i++)
        good = read_group(r, s, type);
    if (good && type >= RDB_STREAM_DEDUP)
        good = read_message_ids(r, s);
    if (!good) {
        stream_free(s);
        return NULL;
    }
    return entry_new_word(key, VALUE_STREAM, (uintptr_t)s);
}
