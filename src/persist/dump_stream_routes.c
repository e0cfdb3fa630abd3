#include "persist/dump_stream_routes.h"

#include "base/assert.h"
#include "base/mem.h"
#include "type/stream/stream_bindings_words.h"

#define BYTES_MOST ((uint64_t)1 << 30) /* of one binding, or of all patterns */

/* ---- Bindings */

bool dump_stream_routes_has_bindings(const struct stream *s)
{
    return s->extra && s->extra->bindings;
}

void dump_stream_routes_put_bindings(struct rdb_sink *to, const struct stream *s)
{
    const struct stream_bindings *b = s->extra->bindings;
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    struct stream_bindings_words w;
    rdb_sink_length(to, b->count);
    for (const struct stream_binding *x = NULL; (x = stream_bindings_next(b, x));) {
        struct stream_binding_rule rule = stream_bindings_rule(x, args);
        stream_bindings_words_print(&rule, &w);
        rdb_sink_length(to, (uint64_t)w.n);
        for (int i = 0; i < w.n; i++)
            rdb_sink_string(to, w.words[i]);
    }
}

/* Words concatenated in *text, and where each ends. */
static bool get_words(struct rdb_source *r, struct buf *text, size_t *ends, uint64_t n)
{
    text->n = 0;
    if (n > STREAM_BINDINGS_WORDS_MOST)
        return rdb_source_fail(r, "Damaged binding");
    for (uint64_t i = 0; i < n; i++) {
        struct bytes word;
        if (!rdb_source_string(r, &word))
            return false;
        if (text->n + word.n > BYTES_MOST)
            return rdb_source_fail(r, "Binding too large");
        buf_add(text, word);
        ends[i] = text->n;
    }
    return true;
}

static bool get_binding(struct rdb_source *r, struct stream *s, struct buf *text)
{
    struct bytes words[STREAM_BINDINGS_WORDS_MOST];
    size_t ends[STREAM_BINDINGS_WORDS_MOST];
    struct stream_binding_rule rule;
    uint64_t n;
    if (!rdb_source_length(r, &n) || !get_words(r, text, ends, n))
        return false;
    for (uint64_t i = 0; i < n; i++) {
        size_t from = i ? ends[i - 1] : 0;
        words[i] = bytes_of(text->p ? text->p + from : "", ends[i] - from);
    }
    if (stream_bindings_words_read(words, (int)n, &rule) != STREAM_BINDINGS_WORDS_GOOD)
        return rdb_source_fail(r, "Damaged binding, or one of a later version");
    return stream_bindings_add(stream_extra_need_bindings(stream_need_extra(s)), &rule) ||
           rdb_source_fail(r, "Duplicate binding");
}

bool dump_stream_routes_get_bindings(struct rdb_source *r, struct stream *s)
{
    struct buf text = {0};
    uint64_t n;
    bool good = rdb_source_length(r, &n);
    for (; good && n; n--)
        good = get_binding(r, s, &text);
    buf_free(&text);
    return good;
}

/* ---- Captures */

bool dump_stream_routes_has_captures(const struct stream *s)
{
    return s->extra && stream_captures_count(&s->extra->captures);
}

void dump_stream_routes_put_captures(struct rdb_sink *to, const struct stream *s)
{
    size_t n;
    struct bytes *all = stream_captures_sorted(&s->extra->captures, &n);
    rdb_sink_length(to, n);
    for (size_t i = 0; i < n; i++)
        rdb_sink_string(to, all[i]);
    mem_free(all);
}

bool dump_stream_routes_get_captures(struct rdb_source *r, struct stream *s)
{
    uint64_t n, bytes = 0;
    if (!rdb_source_length(r, &n))
        return false;
    for (; n; n--) {
        struct bytes pattern;
        if (!rdb_source_string(r, &pattern))
            return false;
        bytes += pattern.n;
        if (bytes > BYTES_MOST || !stream_captures_add(&stream_need_extra(s)->captures, pattern))
            return rdb_source_fail(r, "Damaged captures");
    }
    return true;
}
