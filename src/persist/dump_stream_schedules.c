#include "persist/dump_stream_schedules.h"

#include "base/mem.h"
#include "type/stream/stream_schedule_words.h"

#define WORDS_MOST 1048000 /* XCRON SET's other words leave room for no more */
#define BYTES_MOST ((uint64_t)1 << 30)

bool dump_stream_schedules_has(const struct stream *s)
{
    return s->extra && stream_schedules_count(&s->extra->schedules);
}

static void put_one(struct rdb_sink *to, const struct stream_schedule *x)
{
    struct bytes *words = mem_alloc((STREAM_SCHEDULE_WORDS + x->rules.pairs_n) * sizeof(*words));
    struct stream_schedule_words w;
    int n = stream_schedule_words_print(&x->rules, x->rules.limit, &w, words);
    rdb_sink_string(to, str_bytes(x->name));
    rdb_sink_length(to, (uint64_t)n);
    for (int i = 0; i < n; i++)
        rdb_sink_string(to, words[i]);
    rdb_sink_little64(to, (uint64_t)x->last_ms);
    rdb_sink_little64(to, (uint64_t)x->passed_ms);
    rdb_sink_length(to, x->fired);
    mem_free(words);
}

void dump_stream_schedules_put(struct rdb_sink *to, const struct stream *s)
{
    size_t n;
    struct stream_schedule **all = stream_schedules_sorted(&s->extra->schedules, &n);
    rdb_sink_length(to, n);
    for (size_t i = 0; i < n; i++)
        put_one(to, all[i]);
    mem_free(all);
}

/* A name and words, concatenated, and where each ends. */
struct reading {
    struct buf name, text, ends, words;
};

static bool get_words(struct rdb_source *r, struct reading *x, uint64_t n)
{
    x->text.n = x->ends.n = 0;
    if (n > WORDS_MOST)
        return rdb_source_fail(r, "Damaged schedule");
    for (uint64_t i = 0; i < n; i++) {
        struct bytes word;
        if (!rdb_source_string(r, &word))
            return false;
        if (x->text.n + word.n > BYTES_MOST)
            return rdb_source_fail(r, "Schedule too large");
        buf_add(&x->text, word);
        buf_add(&x->ends, bytes_of(&x->text.n, sizeof(x->text.n)));
    }
    return true;
}

static const struct bytes *words_of(struct reading *x, uint64_t n)
{
    size_t from = 0, end;
    x->words.n = 0;
    for (uint64_t i = 0; i < n; i++, from = end) {
        memcpy(&end, x->ends.p + i * sizeof(end), sizeof(end));
        struct bytes word = bytes_of(x->text.p ? x->text.p + from : "", end - from);
        buf_add(&x->words, bytes_of(&word, sizeof(word)));
    }
    return (const struct bytes *)(const void *)x->words.p;
}

static bool get_one(struct rdb_source *r, struct stream *s, struct reading *x)
{
    struct stream_schedules *to = &stream_need_extra(s)->schedules;
    struct stream_schedule_rules rules;
    struct bytes name;
    uint64_t n, last_ms, passed_ms, fired;
    if (!rdb_source_string(r, &name))
        return false;
    x->name.n = 0;
    buf_add(&x->name, name);
    if (!rdb_source_length(r, &n) || !get_words(r, x, n) || !rdb_source_little64(r, &last_ms) ||
        !rdb_source_little64(r, &passed_ms) || !rdb_source_length(r, &fired))
        return false;
    if (!stream_schedule_words_read(words_of(x, n), (int)n, stream_zones(s), &rules))
        return rdb_source_fail(r, "Damaged schedule, or one of a later version");
    if (passed_ms > STREAM_SCHEDULE_MOMENT_MOST || last_ms > passed_ms || fired > INT64_MAX ||
        stream_schedules_find(to, buf_bytes(&x->name)))
        return rdb_source_fail(r, "Damaged schedule");
    struct stream_schedule *made = stream_schedules_set(to, buf_bytes(&x->name), &rules);
    stream_schedules_mark(to, made, (int64_t)last_ms, fired);
    stream_schedules_pass(to, made, (int64_t)passed_ms);
    return true;
}

bool dump_stream_schedules_get(struct rdb_source *r, struct stream *s)
{
    struct reading x = {0};
    uint64_t n;
    bool good = rdb_source_length(r, &n);
    for (; good && n; n--)
        good = get_one(r, s, &x);
    buf_free(&x.name);
    buf_free(&x.text);
    buf_free(&x.ends);
    buf_free(&x.words);
    return good;
}
