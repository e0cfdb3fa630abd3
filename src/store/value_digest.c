/* A value is printed as a canonical text, whatever its form in memory, and the text is hashed by
 * XXH3. Unordered parts (fields, members, keys) are hashed separately and their digests combined by
 * exclusive or. Every byte string is preceded by its length, so that no two values have the same
 * text.
 *
 * Covers what clients can see, now or later, and what a copy of the data has too: not how a value
 * is divided into blocks, statistics, or when a consumer was last seen. A stream without Millrace
 * features has the same text as in earlier versions. */
#include "store/value_digest.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "type/hash.h"
#include "type/list.h"
#include "type/set.h"
#include "type/stream/stream.h"
#include "type/stream/stream_bindings_words.h"
#include "type/stream/stream_policy_words.h"
#include "type/stream/stream_schedule_words.h"
#include "type/string.h"
#include "type/zset.h"

static void add_number(struct buf *b, uint64_t v, char behind)
{
    b->n += num_print_uint(buf_room(b, NUM_INT_MAX), v);
    buf_add_char(b, behind);
}

static void add(struct buf *b, struct bytes x)
{
    add_number(b, x.n, ':');
    buf_add(b, x);
}

static void add_id(struct buf *b, struct stream_id id)
{
    add_number(b, id.ms, '-');
    add_number(b, id.seq, ',');
}

/* The rules of the policy, without its counters. */
static void add_policy(struct buf *b, const struct stream_policy *p)
{
    struct bytes words[STREAM_POLICY_WORDS_MOST];
    struct buf room = {0};
    int n = stream_policy_words(p, words, &room);
    buf_add_text(b, "policy ");
    for (int i = 0; i < n; i++)
        add(b, words[i]);
    buf_free(&room);
}

/* Its due time and the stated reason, so that a server that has released it itself and one that
 * only applies effects agree. Whether it is blocked is local to a server. */
static void add_unowned(struct buf *b, const struct stream_pending *p, struct stream_id id)
{
    struct bytes reason = stream_pending_reason(p, id);
    int64_t due_ms = stream_pending_due_ms(p, id);
    if (due_ms)
        buf_printf(b, "due %lld,", (long long)due_ms);
    if (reason.n) {
        buf_add_text(b, "reason ");
        add(b, reason);
    }
}

/* Includes consumers with nothing pending; not when they were last seen. */
static void add_group(struct buf *b, struct stream_group *g)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    add(b, str_bytes(g->name));
    add_id(b, g->last_id);
    buf_printf(b, "read %lld,", (long long)g->entries_read);
    size_t n;
    struct stream_consumer **all = stream_group_sorted(g, &n);
    for (size_t i = 0; i < n; i++)
        add(b, str_bytes(all[i]->name));
    mem_free(all);
    if (g->policy)
        add_policy(b, g->policy);
    bool any = stream_pending_seek(&g->pending, STREAM_ID_MIN, &at);
    for (; any; any = stream_pending_next(&g->pending, &at)) {
        stream_pending_get(&g->pending, at, &e);
        struct stream_consumer *c = stream_group_owner(g, e.consumer);
        add_id(b, e.id);
        buf_add_int(b, e.time_ms);
        buf_add_char(b, ',');
        add_number(b, e.count, ',');
        if (c)
            add(b, str_bytes(c->name));
        else
            add_unowned(b, &g->pending, e.id);
    }
}

static void add_schedule(struct buf *b, const struct stream_schedule *x)
{
    struct bytes *words = mem_alloc((STREAM_SCHEDULE_WORDS + x->rules.pairs_n) * sizeof(*words));
    struct stream_schedule_words w;
    int n = stream_schedule_words_print(&x->rules, x->rules.limit, &w, words);
    buf_add_text(b, "schedule ");
    add(b, str_bytes(x->name));
    add_number(b, (uint64_t)n, ',');
    for (int i = 0; i < n; i++)
        add(b, words[i]);
    buf_printf(b, "%lld,%llu,%lld,", (long long)x->last_ms, (unsigned long long)x->fired,
               (long long)x->passed_ms);
    mem_free(words);
}

static void add_bindings(struct buf *b, const struct stream_bindings *all)
{
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    struct stream_bindings_words w;
    for (const struct stream_binding *x = NULL; (x = stream_bindings_next(all, x));) {
        struct stream_binding_rule rule = stream_bindings_rule(x, args);
        stream_bindings_words_print(&rule, &w);
        buf_add_text(b, "binding ");
        add_number(b, (uint64_t)w.n, ',');
        for (int i = 0; i < w.n; i++)
            add(b, w.words[i]);
    }
}

static void add_captures(struct buf *b, const struct stream_captures *c)
{
    size_t n;
    struct bytes *all = stream_captures_sorted(c, &n);
    for (size_t i = 0; i < n; i++) {
        buf_add_text(b, "capture ");
        add(b, all[i]);
    }
    mem_free(all);
}

/* Limits, scheduled messages with their content, expiry times, schedules and what they have fired,
 * bindings, captures (broker Z8). */
static void add_extra(struct buf *b, const struct stream_extra *x)
{
    const struct stream_limits *l = &x->limits;
    struct stream_map_place at;
    struct stream_future_message m;
    struct stream_id id;
    int64_t ms;
    buf_printf(b, "limits %lld,%lld,%lld,%d,%d,", (long long)l->max_entries,
               (long long)l->max_bytes, (long long)l->max_age_ms, l->refuses, l->strategy);
    bool any = stream_future_seek(&x->future, STREAM_ID_MIN, &at, &m);
    for (; any; any = stream_future_next(&x->future, &at, &m)) {
        struct bytes *pairs = mem_alloc((size_t)m.fields * 2 * sizeof(*pairs));
        stream_future_pairs(&m, pairs);
        buf_add_text(b, "scheduled ");
        add_id(b, m.id);
        for (size_t i = 0; i < (size_t)m.fields * 2; i++)
            add(b, pairs[i]);
        mem_free(pairs);
    }
    any = stream_expiry_seek(&x->expiry, STREAM_ID_MIN, &at, &id, &ms);
    for (; any; any = stream_expiry_next(&x->expiry, &at, &id, &ms)) {
        buf_add_text(b, "expires ");
        add_id(b, id);
        buf_printf(b, "%lld,", (long long)ms);
    }
    size_t n;
    struct stream_schedule **all = stream_schedules_sorted(&x->schedules, &n);
    for (size_t i = 0; i < n; i++)
        add_schedule(b, all[i]);
    mem_free(all);
    if (x->bindings)
        add_bindings(b, x->bindings);
    add_captures(b, &x->captures);
}

/* Reads entry by entry, so that the division into blocks is irrelevant. */
static void add_stream(struct buf *b, const struct stream *s)
{
    struct stream_cursor c;
    struct stream_entry e;
    struct bytes name, value;
    buf_printf(b, "stream %llu,%llu,", (unsigned long long)s->log.length,
               (unsigned long long)s->added);
    add_id(b, s->last_id);
    add_id(b, s->max_deleted);
    bool any = stream_log_seek(&s->log, STREAM_ID_MIN, &c);
    for (; any; any = stream_log_next(&c)) {
        stream_log_read(&c, &e);
        add_id(b, e.id);
        for (uint32_t i = 0, n = e.fields; i < n; i++) {
            stream_block_field(&e, &name, &value);
            add(b, name);
            add(b, value);
        }
    }
    stream_log_end(&c);
    size_t n;
    struct stream_group **groups = stream_sorted_groups(s, &n);
    for (size_t i = 0; i < n; i++)
        add_group(b, groups[i]);
    mem_free(groups);
    if (s->extra && !stream_extra_is_empty(s->extra))
        add_extra(b, s->extra);
}

void value_digest_of_text(struct bytes x, unsigned char out[20])
{
    uint64_t low, high, third = hash_xxh3(x);
    hash_xxh3_128(x, &low, &high);
    memcpy(out, &low, 8);
    memcpy(out + 8, &high, 8);
    memcpy(out + 16, &third, 4);
}

/* Adds the digest of an unordered part, by exclusive or. */
static void mix(unsigned char sum[20], struct buf *part)
{
    unsigned char one[20];
    value_digest_of_text(buf_bytes(part), one);
    for (int i = 0; i < 20; i++)
        sum[i] ^= one[i];
    part->n = 0;
}

/* Includes the deadlines of fields, passed or not. */
static void add_hash(struct buf *b, const struct hash *h)
{
    struct hash_walk w;
    struct hash_field f;
    struct buf part = {0};
    unsigned char sum[20] = {0};
    hash_walk_start(&w, h, HASH_ALL);
    while (hash_walk_next(&w, &f)) {
        add(&part, f.name);
        add(&part, f.value);
        buf_add_int(&part, f.deadline_ms);
        mix(sum, &part);
    }
    buf_add_text(b, "hash ");
    buf_add(b, bytes_of(sum, 20));
    buf_free(&part);
}

static void add_set(struct buf *b, const struct set *s)
{
    struct set_walk w;
    struct bytes x;
    struct buf part = {0};
    unsigned char sum[20] = {0};
    set_walk_start(&w, s);
    while (set_walk_next(&w, &x)) {
        add(&part, x);
        mix(sum, &part);
    }
    buf_add_text(b, "set ");
    buf_add(b, bytes_of(sum, 20));
    buf_free(&part);
}

/* Items are in order already. A score is printed as its eight bytes. */
static void add_zset(struct buf *b, const struct zset *z)
{
    struct zset_walk w;
    struct zset_item x;
    buf_add_text(b, "zset ");
    zset_walk_start(&w, z, 0, zset_count(z), false);
    while (zset_walk_next(&w, &x)) {
        add(b, x.member);
        buf_add(b, bytes_of((const char *)&x.score, sizeof(x.score)));
    }
}

void value_digest_print(struct buf *b, const struct entry *e)
{
    struct list_cursor c;
    char scratch[NUM_INT_MAX];
    switch (value_type(e)) {
    case TYPE_LIST:
        buf_add_text(b, "list ");
        for (bool any = list_seek(value_object(e), 0, &c); any; any = list_next(&c))
            add(b, list_get(&c));
        list_end(&c);
        break;
    case TYPE_STREAM:
        add_stream(b, value_object(e));
        break;
    case TYPE_HASH:
        add_hash(b, value_object(e));
        break;
    case TYPE_SET:
        add_set(b, value_object(e));
        break;
    case TYPE_ZSET:
        add_zset(b, value_object(e));
        break;
    case TYPE_STRING:
        buf_add_text(b, "string ");
        add(b, string_view(e, scratch));
    }
}

void value_digest(const struct entry *e, unsigned char out[20])
{
    struct buf b = {0};
    value_digest_print(&b, e);
    ASSERT(b.n > 0);
    value_digest_of_text(buf_bytes(&b), out);
    buf_free(&b);
}
