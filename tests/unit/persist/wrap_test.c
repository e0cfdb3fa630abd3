#include "persist/wrap.h"

#include "unit.h"

TEST(what_the_reader_knows_is_not_wrapped)
{
    static const struct {
        const char *since;
        bool needed[3]; /* by rdb-compat 10, 11, 12 */
    } all[] = {{"0.2.0", {true, true, true}},    {"1.0.0", {false, false, false}},
               {"6.2.0", {false, false, false}}, {"7.0.0", {false, false, false}},
               {"7.2.0", {true, false, false}},  {"7.4.0", {true, true, false}},
               {"8.0.0", {true, true, true}},    {"8.10.0", {true, true, true}},
               {"9.0.0", {true, true, true}},    {"10.0.0", {true, true, true}}};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        for (int compat = 10; compat <= 12; compat++)
            CHECK(wrap_is_needed(all[i].since, compat) == all[i].needed[compat - 10]);
}

TEST(commands_without_a_version_are_known_to_all_readers)
{
    CHECK(!wrap_is_needed(NULL, 10));
}

TEST(a_wrapped_effect_is_one_effect_in_its_database)
{
    struct journal *j = journal_new();
    struct journal_reader r = {0};
    const struct bytes argv[] = {BYTES("XCFGSET"), BYTES("k")};
    wrap_add(j, 3, argv, 2, bytes_of(NULL, 0));
    CHECK(j->offset == 0); /* nobody reads */
    journal_attach(j, &r);
    journal_group_begin(j);
    wrap_add(j, 3, argv, 2, bytes_of(NULL, 0));
    journal_group_end(j);
    CHECK(bytes_is(journal_unread(&r),
                   "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
                   "*2\r\n$4\r\nPING\r\n$24\r\n*2\r\n$7\r\nXCFGSET\r\n$1\r\nk\r\n\r\n"));
    journal_take(&r, journal_unread(&r).n);
    /* As it came. */
    journal_group_begin(j);
    wrap_add(j, 3, argv, 2, BYTES("*1\r\n$1\r\nx\r\n"));
    journal_group_end(j);
    CHECK(bytes_is(journal_unread(&r), "*2\r\n$4\r\nPING\r\n$11\r\n*1\r\n$1\r\nx\r\n\r\n"));
    journal_detach(&r);
    journal_free(j);
}

TEST(what_is_inside_is_found_and_nothing_else)
{
    struct aof_parse_room room = {0};
    struct bytes argv[] = {BYTES("PING"), BYTES("*2\r\n$1\r\na\r\n$3\r\nb\r\n\r\n")};
    CHECK(wrap_open(argv, 2, &room) == 2);
    CHECK(bytes_is(room.argv[0], "a") && bytes_is(room.argv[1], "b\r\n"));
    argv[0] = BYTES("ping");
    CHECK(wrap_open(argv, 2, &room) == 2);
    CHECK(wrap_open(argv, 1, &room) == 0);
    argv[0] = BYTES("ECHO");
    CHECK(wrap_open(argv, 2, &room) == 0);
    argv[0] = BYTES("PING");
    static const char *const none[] = {
        "", "hello", "*", "*1\r\n$1\r\na\r", "*1\r\n$1\r\na\r\n*1\r\n", "#SKIP:1\r\n", "*0\r\n"};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        argv[1] = bytes_text(none[i]);
        CHECK(wrap_open(argv, 2, &room) == 0);
    }
    struct buf out = {0};
    wrap_format(&out, BYTES("*1\r\n$1\r\na\r\n"));
    CHECK(bytes_is(buf_bytes(&out), "*2\r\n$4\r\nPING\r\n$11\r\n*1\r\n$1\r\na\r\n\r\n"));
    buf_free(&out);
    aof_parse_free(&room);
}

UNIT_MAIN(T(commands_without_a_version_are_known_to_all_readers),
          T(what_the_reader_knows_is_not_wrapped),
          T(a_wrapped_effect_is_one_effect_in_its_database),
          T(what_is_inside_is_found_and_nothing_else))
