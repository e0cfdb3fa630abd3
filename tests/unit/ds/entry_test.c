#include "ds/entry.h"

#include "base/rng.h"
#include "unit.h"

static bool is(const struct entry *e, struct bytes key, struct bytes value)
{
    return e->is_inline && bytes_equal(entry_key(e), key) && bytes_equal(entry_inline(e), value);
}

TEST(an_entry_is_what_it_was_made_of)
{
    struct entry *e = entry_new_inline(BYTES("key"), 3, BYTES("value"));
    CHECK(is(e, BYTES("key"), BYTES("value")) && e->kind == 3 && !e->has_ttl);
    CHECK(entry_deadline_ms(e) == -1 && entry_size(e) == sizeof(*e) + 2 + 3 + 5);
    entry_free(e);
    e = entry_new_word(BYTES(""), 15, UINT64_MAX);
    CHECK(!e->is_inline && entry_key(e).n == 0 && entry_word(e) == UINT64_MAX && e->kind == 15);
    entry_put_word(e, 7);
    CHECK(entry_word(e) == 7);
    entry_free(e);
    entry_free(NULL);
}

/* Every change keeps all that it is not about. */
TEST(changes_agree_with_a_model)
{
    static char value[ENTRY_INLINE_MAX];
    static const char *const keys[] = {"", "k", "key", "a key that is somewhat longer"};
    struct {
        const char *key;
        size_t n;
        char letter;
        uint64_t word;
        bool is_inline;
        int64_t deadline_ms;
        unsigned lru;
    } m = {.key = "k", .word = 1, .deadline_ms = -1, .lru = 77};
    struct rng r;
    struct entry *e = entry_new_word(BYTES("k"), 1, 1);
    e->lru = 77;
    e->epoch = 1;
    rng_seed(&r, 4);
    for (int step = 0; step < 20000; step++) {
        switch (rng_below(&r, 4)) {
        case 0:
            m.n = (size_t)rng_below(&r, rng_below(&r, 5) ? 30 : ENTRY_INLINE_MAX + 1);
            m.letter = (char)('a' + step % 26);
            m.is_inline = true;
            memset(value, m.letter, m.n);
            e = entry_set_inline(e, 2, bytes_of(value, m.n));
            break;
        case 1:
            m.is_inline = false;
            m.word = rng_next(&r);
            e = entry_become_word(e, 1, m.word);
            break;
        case 2:
            m.deadline_ms = rng_below(&r, 2) ? (int64_t)rng_below(&r, 1000000) : -1;
            e = entry_set_deadline(e, m.deadline_ms);
            break;
        default:
            m.key = keys[rng_below(&r, 4)];
            e->kind_flag = step % 2 != 0;
            e = entry_rename(e, bytes_of(m.key, strlen(m.key)));
            CHECK(e->kind_flag == (step % 2 != 0));
        }
        CHECK(bytes_is(entry_key(e), m.key) && entry_deadline_ms(e) == m.deadline_ms);
        CHECK(e->has_ttl == (m.deadline_ms >= 0) && e->lru == 77 && e->epoch == 1);
        CHECK(e->is_inline == m.is_inline && e->kind == (m.is_inline ? 2 : 1));
        if (m.is_inline) {
            memset(value, m.letter, m.n);
            CHECK(bytes_equal(entry_inline(e), bytes_of(value, m.n)));
        } else {
            CHECK(entry_word(e) == m.word);
        }
        CHECK(entry_size(e) ==
              sizeof(*e) + (e->has_ttl ? 8 : 0) + strlen(m.key) + (m.is_inline ? 2 + m.n : 8));
    }
    entry_free(e);
}

TEST(a_value_may_be_a_part_of_the_old_one)
{
    struct entry *e = entry_new_inline(BYTES("k"), 0, BYTES("abcdefgh"));
    struct bytes now = entry_inline(e);
    e = entry_set_inline(e, 0, bytes_of(now.p + 2, 6));
    CHECK(is(e, BYTES("k"), BYTES("cdefgh")));
    entry_free(e);
}

UNIT_MAIN(T(an_entry_is_what_it_was_made_of), T(changes_agree_with_a_model),
          T(a_value_may_be_a_part_of_the_old_one))
