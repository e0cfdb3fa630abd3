#include "type/stream/stream_block.h"

#include "base/mem.h"
#include "base/num.h"
#include "unit.h"

#include <string.h>

static struct stream_cache *cache;

/* n entries with IDs 1000-i*2; every third has names of its own, of another number. */
static struct stream_block *filled(unsigned n, size_t value_n)
{
    static char value[70000];
    struct stream_block *b = stream_block_new();
    cache = stream_cache_new();
    for (unsigned i = 0; i < n; i++) {
        char number[16];
        memset(value, 'a' + (int)(i % 26), sizeof(value));
        struct bytes pairs[] = {BYTES("name"), bytes_of(value, value_n),
                                i % 3 ? BYTES("n") : BYTES("other"),
                                bytes_of(number, num_print_uint(number, i))};
        stream_block_append(b, (struct stream_id){1000, (uint64_t)i * 2}, pairs, i % 3 ? 2 : 1);
    }
    return b;
}

static void end(struct stream_block *b)
{
    stream_block_free(b, cache);
    stream_cache_free(cache);
}

static bool holds(struct stream_block *b, unsigned i, size_t value_n)
{
    const unsigned char *data = stream_block_pin(b, cache);
    struct stream_entry e;
    struct bytes name, value;
    stream_block_entry(b, data, i, &e);
    bool good = e.id.ms == 1000 && e.id.seq == (uint64_t)i * 2 && e.fields == (i % 3 ? 2 : 1);
    stream_block_field(&e, &name, &value);
    good = good && bytes_equal(name, BYTES("name")) && value.n == value_n &&
           (value_n == 0 || value.p[value_n - 1] == 'a' + (int)(i % 26));
    if (e.fields == 2) {
        long long number;
        stream_block_field(&e, &name, &value);
        good = good && bytes_equal(name, BYTES("n")) && num_parse_int(value, &number) &&
               number == (long long)i;
    }
    stream_block_unpin(b, cache);
    return good;
}

TEST(entries_read_back_raw_sealed_and_compressed)
{
    static const size_t sizes[] = {0, 1, 127, 128, 1000, 70000};
    for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        unsigned n = sizes[k] > 1000 ? 9 : 200;
        struct stream_block *b = filled(n, sizes[k]);
        for (int form = 0; form < 3; form++) {
            CHECK(b->count == n && b->live == n && stream_block_is_sound(b, cache));
            for (unsigned i = 0; i < n; i++)
                CHECK(holds(b, i, sizes[k]));
            if (form == 0)
                stream_block_seal(b);
            else
                stream_block_compress(b);
        }
        CHECK(b->wide == (b->raw_n > UINT16_MAX));
        CHECK((sizes[k] > 1) == (b->packed_n != 0) || b->packed_n < b->raw_n);
        end(b);
    }
}

/* A reply's size is reserved by it. */
TEST(an_entry_tells_the_most_that_its_texts_take)
{
    static const unsigned header = 6; /* the first one's count and name, "\1\4name" */
    for (unsigned n = 1; n <= 20; n++) {
        struct stream_block *b = filled(n, 50);
        const unsigned char *data = stream_block_pin(b, cache);
        uint32_t sum = 0;
        for (unsigned i = 0; i < n; i++) {
            struct stream_entry e;
            stream_block_entry(b, data, i, &e);
            CHECK(e.bytes > header + 50 && e.bytes <= b->raw_n);
            sum += e.bytes - header;
        }
        CHECK(sum == b->raw_n - header);
        stream_block_unpin(b, cache);
        end(b);
    }
}

TEST(what_compression_does_not_shrink_stays)
{
    struct stream_block *b = stream_block_new();
    cache = stream_cache_new();
    struct bytes pair[] = {BYTES("f"), BYTES("v")};
    stream_block_append(b, (struct stream_id){1, 1}, pair, 1);
    stream_block_compress(b); /* not sealed yet */
    CHECK(!b->packed_n);
    stream_block_seal(b);
    stream_block_compress(b); /* too small */
    CHECK(!b->packed_n && stream_block_is_sound(b, cache));
    end(b);
}

TEST(a_search_finds_the_first_that_is_not_below)
{
    struct stream_block *b = filled(100, 5);
    const unsigned char *data = stream_block_pin(b, cache);
    for (uint64_t seq = 0; seq < 210; seq++) {
        uint32_t i = stream_block_search(b, data, (struct stream_id){1000, seq});
        CHECK(i == (seq > 198 ? 100 : (seq + 1) / 2));
    }
    CHECK(stream_block_search(b, data, (struct stream_id){999, 0}) == 0);
    CHECK(stream_block_search(b, data, (struct stream_id){1001, 0}) == 100);
    stream_block_unpin(b, cache);
    end(b);
}

TEST(tombstones_are_counted)
{
    struct stream_block *b = filled(200, 5);
    stream_block_seal(b);
    /* In the middle: a bit each. */
    stream_block_delete(b, 70);
    stream_block_delete(b, 199);
    CHECK(b->live == 198 && b->first_live == 0 && stream_block_is_sound(b, cache));
    CHECK(stream_block_is_deleted(b, 70) && !stream_block_is_deleted(b, 71));
    CHECK(stream_block_live_between(b, 0, 200) == 198);
    CHECK(stream_block_live_between(b, 70, 71) == 0 && stream_block_live_between(b, 69, 72) == 2);
    /* In front: the first that lives moves on, over those that were deleted before. */
    for (unsigned i = 0; i < 70; i++)
        stream_block_delete(b, i);
    CHECK(b->first_live == 71 && b->live == 128 && stream_block_is_sound(b, cache));
    CHECK(stream_block_live_between(b, 0, 80) == 9 && stream_block_live_between(b, 80, 80) == 0);
    struct stream_block *copy = stream_block_copy(b);
    stream_block_delete(copy, 100);
    CHECK(copy->live == 127 && b->live == 128 && !stream_block_is_deleted(b, 100));
    CHECK(stream_block_is_sound(copy, cache) && holds(copy, 150, 5));
    stream_block_free(copy, cache);
    end(b);
}

TEST(a_copy_of_a_compressed_block_is_cached_for_itself)
{
    struct stream_block *b = filled(100, 100);
    stream_block_seal(b);
    stream_block_compress(b);
    CHECK(b->packed_n && holds(b, 1, 100) && b->cached && stream_cache_count(cache) == 1);
    struct stream_block *copy = stream_block_copy(b);
    CHECK(!copy->cached && holds(copy, 1, 100) && stream_cache_count(cache) == 2);
    stream_block_free(copy, cache);
    CHECK(stream_cache_count(cache) == 1 && holds(b, 99, 100));
    end(b);
}

/* Names that are the first entry's cost nothing; others stand in the entry, also where there are as
 * many. */
TEST(names_are_those_of_the_first_entry_or_its_own)
{
    static const char *const names[][2] = {
        {"a", "b"}, {"a", "b"}, {"a", "c"}, {"c", "b"}, {"b", "a"}};
    struct stream_block *b = stream_block_new();
    cache = stream_cache_new();
    uint32_t before = 0;
    for (unsigned i = 0; i < 5; i++) {
        struct bytes pairs[] = {bytes_text(names[i][0]), BYTES("v"), bytes_text(names[i][1]),
                                BYTES("w")};
        before = b->raw_n;
        stream_block_append(b, (struct stream_id){1, i + 1}, pairs, 2);
        /* flags, two numbers, two values of two bytes; else a count and two names as well */
        CHECK(i == 0 || b->raw_n - before == (i == 1 ? 7u : 12u));
    }
    const unsigned char *data = stream_block_pin(b, cache);
    for (unsigned i = 0; i < 5; i++) {
        struct stream_entry e;
        struct bytes name, value;
        stream_block_entry(b, data, i, &e);
        CHECK(e.fields == 2 && e.id.seq == i + 1);
        for (int f = 0; f < 2; f++) {
            stream_block_field(&e, &name, &value);
            CHECK(bytes_is(name, names[i][f]) && bytes_is(value, f ? "w" : "v"));
        }
    }
    stream_block_unpin(b, cache);
    end(b);
}

UNIT_MAIN(T(entries_read_back_raw_sealed_and_compressed),
          T(an_entry_tells_the_most_that_its_texts_take), T(what_compression_does_not_shrink_stays),
          T(a_search_finds_the_first_that_is_not_below), T(tombstones_are_counted),
          T(a_copy_of_a_compressed_block_is_cached_for_itself),
          T(names_are_those_of_the_first_entry_or_its_own))
