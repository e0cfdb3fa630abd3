/* Data read is added to the stream at once; after damage the caller frees the stream. Only what
 * commands could have created is accepted, so that a restored stream can also be saved as commands
 * and loaded again. */
#include "persist/dump_stream_extra.h"

#include "base/assert.h"
#include "base/mem.h"
#include "type/stream/stream_limits_words.h"

#define FIELDS_MOST 524000 /* XADD's other words leave room for no more */
#define BYTES_MOST  ((uint64_t)1 << 30)
#define LARGE       ((size_t)1 << 20) /* bytes; memory for a larger copy is tried first */

static void put_id(struct rdb_sink *s, struct stream_id id)
{
    rdb_sink_length(s, id.ms);
    rdb_sink_length(s, id.seq);
}

/* The next ID of a section, above the one before (0-0: none). */
static bool get_id(struct rdb_source *r, struct stream_id *id)
{
    struct stream_id before = *id;
    if (!rdb_source_length(r, &id->ms) || !rdb_source_length(r, &id->seq))
        return false;
    return stream_id_compare(*id, before) > 0 || rdb_source_fail(r, "IDs out of order");
}

/* ---- Limits */

bool dump_stream_extra_has_limits(const struct stream *s)
{
    struct stream_limits none = stream_limits_none();
    return s->extra && !stream_limits_equal(&s->extra->limits, &none);
}

void dump_stream_extra_put_limits(struct rdb_sink *to, const struct stream *s)
{
    struct stream_limits_words w;
    stream_limits_words_print(&s->extra->limits, &w);
    rdb_sink_length(to, (uint64_t)w.n);
    for (int i = 0; i < w.n; i++)
        rdb_sink_string(to, w.words[i]);
}

bool dump_stream_extra_get_limits(struct rdb_source *r, struct stream *s)
{
    struct bytes words[STREAM_LIMITS_WORDS_MOST];
    char text[STREAM_LIMITS_WORDS_MOST][NUM_INT_MAX];
    struct stream_limits l = stream_limits_none();
    uint64_t n;
    unsigned given = 0;
    const char *name;
    if (!rdb_source_length(r, &n))
        return false;
    bool good = n <= STREAM_LIMITS_WORDS_MOST;
    for (uint64_t i = 0; good && i < n; i++) {
        struct bytes word;
        good = rdb_source_string(r, &word) && word.n <= NUM_INT_MAX;
        if (good && word.n)
            memcpy(text[i], word.p, word.n);
        words[i] = bytes_of(text[i], good ? word.n : 0);
    }
    for (int i = 0; good && i < (int)n; i++)
        good = stream_limits_words_option(&l, words, (int)n, &i, &given, &name) ==
               STREAM_LIMITS_WORDS_TAKEN;
    if (!good)
        return rdb_source_fail(r, "Damaged limits, or of a later version");
    stream_need_extra(s)->limits = l;
    return true;
}

/* ---- Scheduled messages */

bool dump_stream_extra_has_scheduled(const struct stream *s)
{
    return s->extra && stream_future_count(&s->extra->future);
}

void dump_stream_extra_put_scheduled(struct rdb_sink *to, const struct stream *s)
{
    const struct stream_future *f = &s->extra->future;
    struct stream_future_message m;
    struct stream_map_place at;
    struct bytes *pairs = NULL;
    size_t cap = 0;
    uint64_t left = stream_future_count(f);
    rdb_sink_length(to, left);
    bool any = stream_future_seek(f, STREAM_ID_MIN, &at, &m);
    for (; any; any = stream_future_next(f, &at, &m), left--) {
        size_t n = (size_t)m.fields * 2;
        if (n > cap)
            pairs = mem_realloc(pairs, (cap = n) * sizeof(*pairs));
        stream_future_pairs(&m, pairs);
        put_id(to, m.id);
        rdb_sink_length(to, m.fields);
        for (size_t i = 0; i < n; i++)
            rdb_sink_string(to, pairs[i]);
    }
    mem_free(pairs);
    ASSERT(left == 0);
}

/* Names and values of one message, concatenated, and where each ends. */
struct payload {
    struct buf text, ends, pairs;
};

/* A compressed string may expand to anything: large blocks are checked before they are allocated.
 */
static bool gather(struct rdb_source *r, struct buf *text, struct bytes word)
{
    if (text->cap - text->n < word.n && !buf_try_room(text, text->n + word.n))
        return rdb_source_fail(r, "Not enough memory for a scheduled message");
    buf_add(text, word);
    return true;
}

static bool get_payload(struct rdb_source *r, struct payload *x, uint64_t fields)
{
    x->text.n = x->ends.n = 0;
    if (fields == 0 || fields > FIELDS_MOST)
        return rdb_source_fail(r, "Damaged scheduled message");
    for (uint64_t i = 0; i < fields * 2; i++) {
        struct bytes word;
        if (!rdb_source_string(r, &word))
            return false;
        if (x->text.n + word.n > BYTES_MOST)
            return rdb_source_fail(r, "Scheduled message too large");
        if (!gather(r, &x->text, word))
            return false;
        buf_add(&x->ends, bytes_of((const char *)&x->text.n, sizeof(x->text.n)));
    }
    size_t copy = x->text.n + x->ends.n * 2;
    if (copy < LARGE)
        return true;
    /* The copy is made by functions that abort without memory. Trying the allocation first turns
     * that into an error of the load. */
    void *block = mem_try_alloc(copy + LARGE);
    mem_free(block);
    return block || rdb_source_fail(r, "Not enough memory for a scheduled message");
}

static void schedule(struct stream_future *f, struct stream_id id, struct payload *x)
{
    size_t n = x->ends.n / sizeof(size_t), from = 0;
    x->pairs.n = 0;
    for (size_t i = 0; i < n; i++) {
        size_t end;
        memcpy(&end, x->ends.p + i * sizeof(end), sizeof(end));
        struct bytes word = bytes_of(x->text.p ? x->text.p + from : "", end - from);
        buf_add(&x->pairs, bytes_of((const char *)&word, sizeof(word)));
        from = end;
    }
    stream_future_add(f, id, (const struct bytes *)(const void *)x->pairs.p, n / 2);
}

bool dump_stream_extra_get_scheduled(struct rdb_source *r, struct stream *s)
{
    struct payload x = {0};
    struct stream_id id = STREAM_ID_MIN;
    uint64_t n, fields;
    bool good = rdb_source_length(r, &n);
    for (; good && n; n--) {
        good = get_id(r, &id) && rdb_source_length(r, &fields) && get_payload(r, &x, fields);
        if (good && (id.ms > DUMP_STREAM_EXTRA_MOMENT_MOST || stream_log_has(&s->log, id)))
            good = rdb_source_fail(r, "Scheduled message has an invalid ID");
        if (good)
            schedule(&stream_need_extra(s)->future, id, &x);
    }
    buf_free(&x.text);
    buf_free(&x.ends);
    buf_free(&x.pairs);
    return good;
}

/* ---- Expiries */

bool dump_stream_extra_has_expiries(const struct stream *s)
{
    return s->extra && stream_expiry_count(&s->extra->expiry);
}

void dump_stream_extra_put_expiries(struct rdb_sink *to, const struct stream *s)
{
    const struct stream_expiry *x = &s->extra->expiry;
    struct stream_map_place at;
    struct stream_id id;
    int64_t ms;
    uint64_t left = stream_expiry_count(x);
    rdb_sink_length(to, left);
    bool any = stream_expiry_seek(x, STREAM_ID_MIN, &at, &id, &ms);
    for (; any; any = stream_expiry_next(x, &at, &id, &ms), left--) {
        put_id(to, id);
        rdb_sink_little64(to, (uint64_t)ms);
    }
    ASSERT(left == 0);
}

bool dump_stream_extra_get_expiries(struct rdb_source *r, struct stream *s)
{
    struct stream_id id = STREAM_ID_MIN;
    uint64_t n, ms;
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--) {
        if (!get_id(r, &id) || !rdb_source_little64(r, &ms))
            return false;
        if (ms == 0 || ms > STREAM_EXPIRY_MOST)
            return rdb_source_fail(r, "Damaged moment of expiry");
        if (!stream_log_has(&s->log, id) && !(s->extra && stream_future_has(&s->extra->future, id)))
            return rdb_source_fail(r, "An expiration refers to a message that does not exist");
        stream_expiry_set(&stream_need_extra(s)->expiry, id, (int64_t)ms);
    }
    return true;
}
