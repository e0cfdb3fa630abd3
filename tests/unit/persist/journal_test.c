#include "persist/journal.h"

#include "unit.h"

static void add(struct journal *j, int db, const char *a, const char *b)
{
    struct bytes argv[] = {bytes_text(a), bytes_text(b)};
    journal_add(j, db, argv, 2, bytes_of(NULL, 0));
}

TEST(nothing_is_formatted_for_nobody)
{
    struct journal j = {.db = -1};
    journal_group_begin(&j);
    add(&j, 0, "DEL", "a");
    journal_group_end(&j);
    CHECK(j.offset == 0 && j.pending.n == 0);
}

TEST(one_effect_stands_alone_and_several_in_a_transaction)
{
    struct journal j = {.db = -1, .on = true};
    journal_group_begin(&j);
    add(&j, 3, "DEL", "a");
    journal_group_end(&j);
    CHECK(bytes_is(buf_bytes(&j.pending),
                   "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"));
    CHECK(j.offset == j.pending.n);
    journal_taken(&j, j.pending.n);
    journal_group_begin(&j);
    journal_group_begin(&j); /* EXEC, and a command in it */
    add(&j, 3, "DEL", "a");
    journal_group_end(&j);
    add(&j, 3, "DEL", "b");
    uint64_t before = j.offset;
    journal_group_end(&j);
    CHECK(bytes_is(buf_bytes(&j.pending), "*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"
                                          "*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n*1\r\n$4\r\nEXEC\r\n"));
    CHECK(j.offset > before);
    uint64_t end = j.offset;
    journal_taken(&j, j.pending.n);
    journal_forget_db(&j);
    journal_group_begin(&j);
    add(&j, 3, "DEL", "c");
    journal_group_end(&j);
    CHECK(memcmp(j.pending.p, "*2\r\n$6\r\nSELECT", 14) == 0 && j.offset == end + j.pending.n);
    buf_free(&j.pending);
}

TEST(an_open_group_stays_when_the_rest_is_taken)
{
    struct journal j = {.db = 0, .on = true};
    journal_group_begin(&j);
    add(&j, 0, "DEL", "a");
    journal_group_end(&j);
    size_t whole = j.pending.n;
    journal_group_begin(&j);
    add(&j, 0, "DEL", "b");
    CHECK(journal_whole(&j) == whole);
    journal_taken(&j, whole);
    CHECK(journal_whole(&j) == 0 && j.pending.n == whole);
    add(&j, 0, "DEL", "c");
    journal_group_end(&j);
    CHECK(bytes_is(buf_bytes(&j.pending), "*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n"
                                          "*2\r\n$3\r\nDEL\r\n$1\r\nc\r\n*1\r\n$4\r\nEXEC\r\n"));
    journal_group_begin(&j);
    add(&j, 0, "DEL", "d");
    journal_drop(&j);
    journal_group_end(&j);
    CHECK(j.pending.n == 0 && journal_whole(&j) == 0);
    buf_free(&j.pending);
}

/* faults B14 */
static void goes_on_under_the_id_of_the_files_and_under_no_other(void)
{
    struct journal *j = journal_new();
    char own[41];
    memcpy(own, j->id, sizeof(own));
    CHECK(strlen(own) == 40 && j->offset == 0);
    static const char *const none[] = {"", "short", "0123456789012345678901234567890123456:\n9",
                                       "01234567890123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        journal_continue(j, none[i], 77);
        CHECK(strcmp(j->id, own) == 0 && j->offset == 0);
    }
    journal_continue(j, "abcdef7890123456789012345678901234567890", 77);
    CHECK(strcmp(j->id, "abcdef7890123456789012345678901234567890") == 0 && j->offset == 77);
    journal_free(j);
}

UNIT_MAIN(T(goes_on_under_the_id_of_the_files_and_under_no_other),
          T(nothing_is_formatted_for_nobody),
          T(one_effect_stands_alone_and_several_in_a_transaction),
          T(an_open_group_stays_when_the_rest_is_taken))
