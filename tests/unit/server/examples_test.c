#include "server/examples.h"

#include "unit.h"

TEST(an_example_is_found_by_its_commands_full_name)
{
    CHECK(bytes_has_prefix(examples_find("xadd"), "> XADD "));
    struct bytes text = examples_find("xgroup|create");
    CHECK(bytes_has_prefix(text, "> XGROUP CREATE "));
    CHECK(text.n && text.p[text.n - 1] == '\n');
}

TEST(nothing_is_found_by_another_name)
{
    CHECK(examples_find("xad").n == 0);
    CHECK(examples_find("xadds").n == 0);
    CHECK(examples_find("").n == 0);
}

TEST(a_reply_is_told_where_the_protocols_have_different_types)
{
    CHECK(bytes_has_prefix(examples_reply("config|get"), "map "));
    CHECK(examples_reply("get").n == 0);
}

TEST(differences_are_found_one_by_one)
{
    CHECK(bytes_has_prefix(examples_difference("zrank", 0), "| ZRANK, ZREVRANK with WITHSCORE |"));
    CHECK(bytes_equal(examples_difference("zrevrank", 0), examples_difference("zrank", 0)));
    CHECK(examples_difference("zrank", 1).n == 0);
    CHECK(examples_difference("config|set", 1).n != 0);
    CHECK(examples_difference("append", 0).n == 0);
}

TEST(a_word_that_is_part_of_another_command_names_none)
{
    CHECK(examples_difference("object", 0).n == 0); /* OBJECT ENCODING has */
    CHECK(examples_difference("ttl", 0).n == 0);    /* an option of XADD */
    CHECK(examples_difference("set", 0).n != 0);
    for (size_t i = 0; examples_difference("set", i).n; i++)
        CHECK(bytes_has_prefix(examples_difference("set", i), "| SET "));
}

UNIT_MAIN(T(an_example_is_found_by_its_commands_full_name), T(nothing_is_found_by_another_name),
          T(a_reply_is_told_where_the_protocols_have_different_types),
          T(differences_are_found_one_by_one), T(a_word_that_is_part_of_another_command_names_none))
