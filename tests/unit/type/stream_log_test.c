#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "type/stream/stream.h"
#include "unit.h"

/* What the streams of this program share. */
static struct stream_context *context(void)
{
    static struct stream_context *x;
    if (!x)
        x = stream_context_new();
    return x;
}

#define MOST 3000

static struct {
    struct stream_id id;
    bool live;
    int fields;
    char text[64];
} model[MOST];
static unsigned added;

static unsigned live(unsigned from, unsigned to)
{
    unsigned n = 0;
    for (unsigned i = from; i < to; i++)
        n += model[i].live;
    return n;
}

static void compare(struct stream_log *l)
{
    struct stream_cursor c;
    struct stream_entry e;
    struct bytes name, value;
    unsigned i = 0;
    CHECK(l->length == live(0, added) && stream_log_is_sound(l));
    for (bool any = stream_log_seek(l, STREAM_ID_MIN, &c); any; any = stream_log_next(&c), i++) {
        while (i < added && !model[i].live)
            i++;
        stream_log_read(&c, &e);
        CHECK(i < added && stream_id_compare(e.id, model[i].id) == 0 &&
              e.fields == (uint32_t)model[i].fields);
        for (uint32_t f = 0, n = e.fields; f < n; f++) {
            stream_block_field(&e, &name, &value);
            CHECK(name.n == 2 && value.n == strlen(model[i].text) &&
                  memcmp(value.p, model[i].text, value.n) == 0);
        }
    }
    stream_log_end(&c);
    CHECK(live(i, added) == 0);
    i = added;
    for (bool any = stream_log_seek_back(l, STREAM_ID_MAX, &c); any;
         any = stream_log_previous(&c)) {
        while (i > 0 && !model[--i].live)
            ;
        CHECK(stream_id_compare(stream_log_id(&c), model[i].id) == 0);
    }
    stream_log_end(&c);
    CHECK(live(0, i) == 0);
}

static void run(unsigned seed, uint64_t entries, uint64_t bytes, size_t raw_blocks)
{
    struct stream_log l = {.cache = context()->cache};
    struct stream_log_policy policy = {entries, bytes, raw_blocks};
    struct rng rng;
    struct stream_id id = {1, 0};
    rng_seed(&rng, seed);
    added = 0;
    memset(model, 0, sizeof(model));
    for (int step = 0; step < 4000; step++) {
        unsigned what = (unsigned)rng_below(&rng, 12);
        if (what < 8 && added < MOST) {
            struct bytes pairs[8];
            int fields = 1 + (int)(rng_below(&rng, 10) ? 1 : rng_below(&rng, 3));
            static const char *const names[] = {"aa", "bb", "cc", "dd"};
            snprintf(model[added].text, 64, "value %u of %u, and some more of it", added, seed);
            for (int f = 0; f < fields; f++) {
                pairs[2 * f] = bytes_text(names[f]);
                pairs[2 * f + 1] = bytes_text(model[added].text);
            }
            if (rng_below(&rng, 2))
                id.seq++;
            else
                id = (struct stream_id){id.ms + 1 + rng_below(&rng, 5), rng_below(&rng, 3)};
            stream_log_append(&l, id, pairs, (size_t)fields, &policy);
            model[added].id = id;
            model[added].live = true;
            model[added++].fields = fields;
        } else if (what < 11 && added) {
            unsigned i = (unsigned)rng_below(&rng, added);
            CHECK(stream_log_has(&l, model[i].id) == model[i].live);
            CHECK(stream_log_delete(&l, model[i].id) == model[i].live);
            model[i].live = false;
        } else if (added && rng_below(&rng, 6) == 0) {
            /* A range, counted both ways. */
            unsigned a = (unsigned)rng_below(&rng, added),
                     b = a + (unsigned)rng_below(&rng, added - a);
            struct stream_cursor c;
            uint64_t n = 0;
            if (stream_log_seek(&l, model[a].id, &c))
                n = stream_log_count(&c, model[b].id, UINT64_MAX);
            stream_log_end(&c);
            CHECK(n == live(a, b + 1));
        }
        if (step % 400 == 0)
            compare(&l);
    }
    compare(&l);
    struct stream_log copy;
    stream_log_copy(&copy, &l);
    compare(&copy);
    stream_log_free(&copy);
    stream_log_free(&l);
}

TEST(behaves_like_an_array)
{
    for (unsigned seed = 1; seed < 5; seed++) {
        run(seed, 100, 4096, 2);
        run(seed, 3, 0, 1);
        run(seed, 0, 500, 0);
        run(seed, 1000, 200000, 1);
    }
}

TEST(trims_by_length_and_id)
{
    hash_init("seed", 4);
    for (int about = 0; about < 2; about++)
        for (unsigned keep = 0; keep < 300; keep += 37) {
            struct stream *s = stream_new(context(), 100, 100);
            struct stream_log_policy policy = {10, 0, 1};
            struct bytes pair[] = {BYTES("a"), BYTES("b")};
            for (unsigned i = 1; i <= 250; i++)
                stream_append(s, (struct stream_id){i, 0}, pair, 1, &policy);
            struct stream_trim t = {.about = about, .max_length = keep};
            uint64_t dropped, gone = stream_trim(s, &t, &dropped);
            CHECK(gone + s->log.length == 250 && s->log.length >= (keep < 250 ? keep : 250));
            CHECK(about ? s->log.length < keep + 10 || keep > 250
                        : s->log.length == (keep < 250 ? keep : 250));
            struct stream_trim by_id = {.by_id = true, .min_id = {240, 0}};
            stream_trim(s, &by_id, &dropped);
            CHECK(s->log.length <= 11);
            stream_free(s);
        }
}

/* Entries 10, 20 ... in blocks of three, all but the newest block compressed. */
static void by_tens(struct stream_log *l, unsigned n)
{
    const struct stream_log_policy policy = {3, 0, 1};
    char value[200]; /* what is short is not compressed */
    memset(value, 'v', sizeof(value));
    struct bytes pair[] = {BYTES("field"), bytes_of(value, sizeof(value))};
    *l = (struct stream_log){.cache = context()->cache};
    for (unsigned i = 1; i <= n; i++)
        stream_log_append(l, (struct stream_id){i * 10, 0}, pair, 1, &policy);
}

TEST(a_place_between_two_entries)
{
    struct stream_log l;
    struct stream_cursor c;
    by_tens(&l, 20);
    for (unsigned ms = 1; ms < 230; ms++) {
        bool below = stream_log_seek_back(&l, (struct stream_id){ms, 0}, &c);
        CHECK(below == (ms >= 10));
        if (below)
            CHECK(stream_log_id(&c).ms == (ms < 200 ? ms / 10 * 10 : 200));
        stream_log_end(&c);
        bool above = stream_log_seek(&l, (struct stream_id){ms, 0}, &c);
        CHECK(above == (ms <= 200));
        if (above)
            CHECK(stream_log_id(&c).ms == (ms + 9) / 10 * 10);
        stream_log_end(&c);
    }
    stream_log_free(&l);
}

/* From everywhere to everywhere, whether it is there or not. */
TEST(a_cursor_follows_ids)
{
    struct stream_log l;
    struct stream_cache *cache = context()->cache;
    by_tens(&l, 20);
    CHECK(stream_log_delete(&l, (struct stream_id){70, 0}));
    for (unsigned from = 1; from < 230; from++) {
        for (unsigned to = 1; to < 230; to++) {
            struct stream_cursor c = {0};
            struct stream_id a = {from, 0}, b = {to, 0};
            CHECK(stream_log_follow(&l, a, &c) == stream_log_has(&l, a));
            CHECK(stream_log_follow(&l, b, &c) == stream_log_has(&l, b));
            CHECK(!stream_log_has(&l, b) || stream_log_id(&c).ms == to);
            stream_log_end(&c);
        }
    }
    stream_cache_drop(cache);
    CHECK(stream_cache_count(cache) == 0); /* nothing is pinned */
    stream_log_free(&l);
}

/* A block that stays pinned could not be thrown out of the cache. */
TEST(looking_leaves_nothing_pinned)
{
    struct stream_log l;
    struct stream_cache *cache = context()->cache;
    struct stream_cursor c;
    struct stream_id id;
    by_tens(&l, 10);
    CHECK(stream_log_delete(&l, (struct stream_id){100, 0})); /* its block went with it */
    CHECK(stream_log_newest(&l, &id) && id.ms == 90);
    stream_cache_drop(cache);
    CHECK(stream_cache_count(cache) == 0);
    CHECK(stream_log_oldest(&l, &id) && id.ms == 10);
    CHECK(stream_log_has(&l, (struct stream_id){50, 0}));
    CHECK(!stream_log_has(&l, (struct stream_id){55, 0}));
    CHECK(stream_log_delete(&l, (struct stream_id){50, 0}));
    CHECK(!stream_log_delete(&l, (struct stream_id){50, 0}));
    size_t array = mem_block_size(l.blocks);
    CHECK(stream_log_memory(&l, 100) == stream_log_memory(&l, 0));
    CHECK(stream_log_memory(&l, 1) == array + 3 * stream_block_memory(stream_log_block(&l, 0)));
    CHECK(stream_log_front_below(&l, (struct stream_id){20, 0}) == 1);
    CHECK(stream_log_seek(&l, (struct stream_id){10, 0}, &c));
    CHECK(stream_log_count(&c, (struct stream_id){75, 0}, 100) == 6);
    stream_log_end(&c);
    for (bool any = stream_log_seek(&l, STREAM_ID_MIN, &c); any; any = stream_log_next(&c))
        ;
    stream_log_end(&c);
    for (bool any = stream_log_seek_back(&l, STREAM_ID_MAX, &c); any; any = stream_log_previous(&c))
        ;
    stream_log_end(&c);
    CHECK(stream_cache_count(cache) > 0);
    stream_cache_drop(cache);
    CHECK(stream_cache_count(cache) == 0);
    stream_log_free(&l);
}

/* Few blocks are forgotten one by one; of many the whole cache is. */
TEST(a_removed_stream_leaves_the_cache)
{
    struct stream_log few, many;
    struct stream_cache *cache = context()->cache;
    struct stream_id second = {20, 0};
    by_tens(&few, 4);
    by_tens(&many, 40);
    CHECK(stream_log_has(&few, second) && stream_log_has(&many, second));
    CHECK(stream_log_has(&many, (struct stream_id){100, 0}) && stream_cache_count(cache) == 3);
    stream_log_leave(&few);
    CHECK(stream_cache_count(cache) == 2);
    stream_log_leave(&many);
    CHECK(stream_cache_count(cache) == 0);
    stream_log_free(&few);
    stream_log_free(&many);
}

/* Exactly so many, also where a block has more; about: whole blocks only. */
TEST(trims_at_most_so_many)
{
    for (int about = 0; about < 2; about++)
        for (unsigned limit = 1; limit < 40; limit++) {
            struct stream *s = stream_new(context(), 100, 100);
            struct stream_log_policy policy = {10, 0, 1};
            struct bytes pair[] = {BYTES("a"), BYTES("b")};
            struct stream_id first;
            for (unsigned i = 1; i <= 100; i++)
                stream_append(s, (struct stream_id){i, 0}, pair, 1, &policy);
            struct stream_trim t = {
                .about = about, .by_id = true, .min_id = {26, 0}, .limit = limit};
            uint64_t dropped, gone = stream_trim(s, &t, &dropped);
            unsigned most = limit < 25 ? limit : 25;
            CHECK(gone == (about ? most / 10 * 10 : most) && s->log.length == 100 - gone);
            CHECK(stream_log_oldest(&s->log, &first) && first.ms == gone + 1);
            CHECK(stream_is_sound(s));
            stream_free(s);
        }
}

/* Names and values as they were written; a block counts until its last entry is gone. */
TEST(counts_bytes_by_blocks)
{
    struct stream_log l, copy;
    struct stream_id behind = {7, 7};
    by_tens(&l, 10); /* blocks of 615, 615, 615, 205 */
    CHECK(l.bytes == 2050 && stream_log_is_sound(&l));
    CHECK(!stream_log_over(&l, 2050, &behind) && behind.ms == 7);
    CHECK(stream_log_over(&l, 2049, &behind) && behind.ms == 40 && behind.seq == 0);
    CHECK(stream_log_over(&l, 1435, &behind) && behind.ms == 40);
    CHECK(stream_log_over(&l, 1434, &behind) && behind.ms == 70);
    CHECK(stream_log_over(&l, 0, &behind) && behind.ms == 100);
    CHECK(stream_log_delete(&l, (struct stream_id){10, 0}) &&
          stream_log_delete(&l, (struct stream_id){20, 0}) && l.bytes == 2050);
    stream_log_copy(&copy, &l);
    CHECK(stream_log_delete(&l, (struct stream_id){30, 0}) && l.bytes == 1435);
    CHECK(stream_log_drop_front(&l, 3) == 3 && l.bytes == 820 && stream_log_is_sound(&l));
    CHECK(copy.bytes == 2050 && stream_log_is_sound(&copy));
    CHECK(stream_log_drop_front(&copy, 1) == 1 && copy.bytes == 1435);
    stream_log_free(&l);
    CHECK(!stream_log_over(&l, 0, &behind) && l.bytes == 0);
    stream_log_free(&copy);
}

UNIT_MAIN(T(counts_bytes_by_blocks), T(trims_at_most_so_many), T(behaves_like_an_array),
          T(trims_by_length_and_id), T(a_place_between_two_entries), T(a_cursor_follows_ids),
          T(looking_leaves_nothing_pinned), T(a_removed_stream_leaves_the_cache))
