#include "persist/backlog.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

/* What the stream was: byte i of it (counted from 1) is this. */
static char stream_byte(uint64_t offset)
{
    return (char)('a' + offset * 7 % 26 + offset / 1000 % 3);
}

static void write_stream(struct journal *j, uint64_t n)
{
    char *text = mem_alloc(n + 1);
    for (uint64_t i = 0; i < n; i++)
        text[i] = stream_byte(j->offset + 1 + i);
    journal_stream_only(j, bytes_of(text, n));
    mem_free(text);
}

/* Whether all bytes from `offset` on are what they were. */
static bool reads_from(const struct backlog *b, uint64_t offset)
{
    struct iovec pieces[64];
    while (offset <= b->end) {
        int n = backlog_pieces(b, offset, pieces, 64);
        if (n == 0)
            return false;
        for (int i = 0; i < n; i++)
            for (size_t k = 0; k < pieces[i].iov_len; k++)
                if (((char *)pieces[i].iov_base)[k] != stream_byte(offset++))
                    return false;
    }
    return offset == b->end + 1 && backlog_pieces(b, offset, pieces, 64) == 0;
}

TEST(it_holds_what_the_journal_has_told)
{
    struct journal *j = journal_new();
    struct backlog b = {0};
    CHECK(!backlog_is_open(&b) && !backlog_reaches(&b, 1));
    backlog_open(&b, j);
    CHECK(backlog_length(&b) == 0 && backlog_reaches(&b, 1) && !backlog_reaches(&b, 0));
    write_stream(j, 100);
    CHECK(backlog_length(&b) == 0);
    backlog_take(&b);
    CHECK(b.first == 1 && b.end == 100 && backlog_length(&b) == 100 && reads_from(&b, 1));
    CHECK(backlog_reaches(&b, 101) && !backlog_reaches(&b, 102));
    CHECK(backlog_memory(&b) >= BACKLOG_BLOCK);
    backlog_close(&b);
    CHECK(!backlog_is_open(&b) && !j->on && backlog_has_work(&b));
    backlog_tidy(&b);
    CHECK(!backlog_has_work(&b) && backlog_memory(&b) == 0);
    journal_free(j);
}

TEST(random_appends_trims_and_reads_agree_with_the_stream)
{
    struct rng r;
    rng_seed(&r, 16);
    struct journal *j = journal_new();
    struct backlog b = {0};
    backlog_open(&b, j);
    uint64_t keep_from = 1;
    for (int step = 0; step < 400; step++) {
        write_stream(j, 1 + rng_below(&r, rng_below(&r, 4) ? 3000 : 5 * BACKLOG_BLOCK));
        backlog_take(&b);
        if (rng_below(&r, 3) == 0) {
            keep_from += rng_below(&r, (uint32_t)(b.end - keep_from + 1));
            backlog_trim(&b, keep_from);
            CHECK(b.first <= keep_from && keep_from - b.first < BACKLOG_BLOCK);
            size_t before = b.former.count;
            backlog_tidy(&b);
            CHECK(before - b.former.count <= BACKLOG_TIDIED);
        }
        if (step % 20 == 0) {
            CHECK(reads_from(&b, b.first) && reads_from(&b, b.end + 1));
            CHECK(reads_from(&b, b.first + rng_below(&r, (uint32_t)backlog_length(&b))));
        }
    }
    /* Everything is given back but the block of the end. */
    for (int i = 0; i < 100; i++)
        backlog_tidy(&b);
    backlog_trim(&b, UINT64_MAX);
    CHECK(b.ring.count <= 1 && backlog_is_sound(&b) && reads_from(&b, b.first));
    backlog_free(&b);
    journal_free(j);
}

TEST(the_tail_of_a_file_comes_in_front)
{
    struct journal *j = journal_new();
    struct backlog b = {0};
    char text[500];
    journal_continue(j, j->history.id, 1000);
    for (int i = 0; i < 500; i++)
        text[i] = stream_byte((uint64_t)(501 + i));
    backlog_open(&b, j);
    CHECK(b.first == 1001);
    backlog_fill(&b, bytes_of(text, 500));
    CHECK(b.first == 501 && b.end == 1000 && reads_from(&b, 501) && !backlog_reaches(&b, 500));
    write_stream(j, 70000);
    backlog_take(&b);
    CHECK(reads_from(&b, 501) && b.end == 71000);
    backlog_free(&b);
    journal_free(j);
}

TEST(another_history_begins_empty)
{
    struct journal *j = journal_new();
    struct backlog b = {0};
    backlog_open(&b, j);
    write_stream(j, 200000);
    backlog_take(&b);
    write_stream(j, 7);
    backlog_restart(&b);
    CHECK(b.ring.count == 0 && b.first == 200008 && backlog_length(&b) == 0);
    CHECK(backlog_reaches(&b, 200008) && !backlog_reaches(&b, 200007));
    write_stream(j, 10);
    backlog_take(&b);
    CHECK(reads_from(&b, 200008));
    backlog_free(&b);
    journal_free(j);
}

/* A backlog of any size is given up at once, and freed in steps; while it is full, nothing is
 * allocated. */
TEST(what_is_given_up_is_reused_or_freed_in_steps)
{
    enum { BLOCKS = 40 };
    struct journal *j = journal_new();
    struct backlog b = {0};
    backlog_open(&b, j);
    for (int i = 0; i < BLOCKS; i++) {
        write_stream(j, BACKLOG_BLOCK);
        backlog_take(&b);
    }
    size_t memory = backlog_memory(&b);
    for (int i = 0; i < BLOCKS; i++) {
        backlog_trim(&b, b.first + BACKLOG_BLOCK);
        backlog_tidy(&b);
        CHECK(backlog_memory(&b) >= memory && !backlog_has_work(&b));
        write_stream(j, BACKLOG_BLOCK);
        backlog_take(&b);
        CHECK(b.ring.count == BLOCKS && b.former.count == 0);
        memory = backlog_memory(&b);
    }
    backlog_restart(&b);
    CHECK(b.former.count == BLOCKS && backlog_memory(&b) >= memory && backlog_has_work(&b));
    int steps = 0;
    for (; backlog_has_work(&b); steps++) {
        size_t before = b.former.count;
        backlog_tidy(&b);
        CHECK(before - b.former.count <= BACKLOG_TIDIED);
    }
    CHECK(steps == (BLOCKS - (int)b.former.count + BACKLOG_TIDIED - 1) / BACKLOG_TIDIED);
    CHECK(b.former.count > 0 && b.former.count <= 4); /* kept for what comes */
    backlog_close(&b);
    CHECK(backlog_has_work(&b));
    backlog_tidy(&b);
    CHECK(!backlog_has_work(&b) && backlog_memory(&b) == 0);
    backlog_free(&b);
    journal_free(j);
}

UNIT_MAIN(T(what_is_given_up_is_reused_or_freed_in_steps), T(it_holds_what_the_journal_has_told),
          T(random_appends_trims_and_reads_agree_with_the_stream),
          T(the_tail_of_a_file_comes_in_front), T(another_history_begins_empty))
