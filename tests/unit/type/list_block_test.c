#include "type/list_block.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

#define MOST 40

/* The elements of a block, each a run of one letter. */
static struct {
    char letter;
    size_t n;
} model[MOST];
static uint32_t count;

static struct bytes text_of(char letter, size_t n)
{
    static char text[70000];
    memset(text, letter, n);
    return bytes_of(text, n);
}

static uint32_t offset_of(uint32_t i)
{
    size_t at = 0;
    for (uint32_t k = 0; k < i; k++)
        at += list_block_size_of(model[k].n);
    return (uint32_t)at;
}

static bool same(const struct list_block *b)
{
    uint32_t at = b->start, size;
    if (!list_block_is_sound(b, count) || list_block_used(b) != offset_of(count))
        return false;
    for (uint32_t i = 0; i < count; i++, at += size) {
        struct bytes x = list_block_read(b->data + at, &size);
        if (!bytes_equal(x, text_of(model[i].letter, model[i].n)))
            return false;
    }
    return at == b->end;
}

static void open_model(uint32_t at)
{
    memmove(&model[at + 1], &model[at], (count - at) * sizeof(model[0]));
    count++;
}

static void close_model(uint32_t at)
{
    count--;
    memmove(&model[at], &model[at + 1], (count - at) * sizeof(model[0]));
}

static void run(uint64_t seed)
{
    struct rng r;
    struct list_block *b = list_block_new(10, seed % 2);
    rng_seed(&r, seed);
    count = 0;
    for (int step = 0; step < 3000; step++) {
        size_t n = (size_t)rng_below(&r, rng_below(&r, 10) ? 50 : 300);
        char letter = (char)('a' + rng_below(&r, 26));
        uint32_t at = (uint32_t)rng_below(&r, count + 1), size = (uint32_t)list_block_size_of(n);
        struct bytes x = text_of(letter, n);
        switch (rng_below(&r, 5)) {
        case 0: {
            bool front = rng_below(&r, 2);
            if (count == MOST)
                break;
            b = list_block_reserve(b, front, size, 4096);
            list_block_push(b, front, x);
            open_model(at = front ? 0 : count);
            model[at].letter = letter;
            model[at].n = n;
            break;
        }
        case 1:
            if (count == MOST)
                break;
            b = list_block_splice(b, offset_of(at), 0, size);
            list_block_write(b->data + b->start + offset_of(at), x);
            open_model(at);
            model[at].letter = letter;
            model[at].n = n;
            break;
        case 2:
            if (at == count)
                break;
            b = list_block_splice(b, offset_of(at), offset_of(at + 1) - offset_of(at), 0);
            close_model(at);
            break;
        case 3:
            if (step % 3)
                break;
            b = list_block_compress(b);
            break;
        default:
            if (step % 10)
                break;
            /* Cut in two; the part behind is looked at and goes. */
            b = list_block_expand(b);
            struct list_block *upper = list_block_split(b, offset_of(at));
            CHECK(list_block_is_sound(upper, count - at));
            mem_free(upper);
            count = at;
        }
        CHECK(same(b->packed_n ? (b = list_block_expand(b)) : b));
    }
    struct list_block *copy = list_block_copy(b);
    CHECK(same(copy));
    mem_free(copy);
    mem_free(b);
}

TEST(behaves_like_an_array)
{
    for (uint64_t seed = 1; seed < 9; seed++)
        run(seed);
}

TEST(lengths_of_every_size_are_read_in_both_directions)
{
    static const size_t sizes[] = {0, 1, 127, 128, 129, 16383, 16384, 16385, 65000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t whole = list_block_size_of(sizes[i]);
        struct list_block *b = list_block_new(whole, false);
        uint32_t size;
        list_block_push(b, false, text_of('x', sizes[i]));
        CHECK(list_block_used(b) == whole);
        CHECK(list_block_read(b->data, &size).n == sizes[i] && size == whole);
        CHECK(list_block_size_before(b->data + b->end) == whole);
        CHECK(list_block_is_sound(b, 1) && !list_block_is_sound(b, 2) &&
              !list_block_is_sound(b, 0));
        mem_free(b);
    }
}

TEST(compression_is_for_what_becomes_smaller)
{
    struct rng r;
    char noise[200];
    struct list_block *b = list_block_new(1000, false);
    rng_seed(&r, 1);
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)rng_next(&r);
    list_block_push(b, false, text_of('x', 40));
    CHECK(list_block_compress(b) == b && !b->packed_n); /* too short */
    list_block_splice(b, 0, list_block_used(b), 0);
    list_block_push(b, false, bytes_of(noise, sizeof(noise)));
    CHECK(list_block_compress(b) == b && !b->packed_n); /* too much of a noise */
    list_block_push(b, false, text_of('x', 500));
    uint32_t used = list_block_used(b);
    b = list_block_compress(b);
    CHECK(b->packed_n && b->packed_n < used && list_block_used(b) == used);
    CHECK(list_block_is_sound(b, 2) && list_block_compress(b) == b);
    unsigned char expanded[1000];
    uint32_t size;
    list_block_expand_to(b, expanded);
    CHECK(bytes_equal(list_block_read(expanded, &size), bytes_of(noise, sizeof(noise))));
    CHECK(b->packed_n); /* as it was */
    b = list_block_expand(b);
    CHECK(!b->packed_n && list_block_is_sound(b, 2));
    mem_free(b);
}

UNIT_MAIN(T(behaves_like_an_array), T(lengths_of_every_size_are_read_in_both_directions),
          T(compression_is_for_what_becomes_smaller))
