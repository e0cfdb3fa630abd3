#include "acl/foreign.h"

#include "unit.h"

TEST(commands_of_others_are_known)
{
    CHECK(foreign_command(BYTES("cluster")));
    CHECK(foreign_command(BYTES("asking")));        /* the first of the list */
    CHECK(foreign_command(BYTES("rg.unregister"))); /* and the last */
    CHECK(foreign_command(BYTES("ft.search")));
    CHECK(!foreign_command(BYTES("get")));
    CHECK(!foreign_command(BYTES("luster")));
    CHECK(!foreign_command(BYTES("cluste")));
    CHECK(!foreign_command(BYTES("")));
    CHECK(!foreign_command(BYTES("asking cluster")));
    CHECK(!foreign_command(BYTES(" asking")));
}

TEST(parts_that_are_listed_are_the_only_ones)
{
    CHECK(foreign_command(BYTES("cluster|info")));
    CHECK(!foreign_command(BYTES("cluster|inf")));
    CHECK(foreign_command(BYTES("client|no-touch")));
    CHECK(!foreign_command(BYTES("client|no-such")));
}

TEST(any_part_of_a_command_whose_parts_are_not_listed)
{
    CHECK(foreign_command(BYTES("ft.config|get")));
    CHECK(foreign_command(BYTES("graph.config|anything")));
    CHECK(!foreign_command(BYTES("get|anything")));
    CHECK(!foreign_command(BYTES("|anything")));
    /* Longer than any name that is known. */
    char text[200];
    memset(text, 'x', sizeof(text));
    text[150] = '|';
    CHECK(!foreign_command(bytes_of(text, sizeof(text))));
}

TEST(categories_of_others_are_known)
{
    CHECK(foreign_category(BYTES("array")) && foreign_category(BYTES("vectorset")));
    CHECK(foreign_category(BYTES("json")));
    CHECK(!foreign_category(BYTES("read")) && !foreign_category(BYTES("jso")));
    CHECK(!foreign_category(BYTES("")));
}

UNIT_MAIN(T(commands_of_others_are_known), T(parts_that_are_listed_are_the_only_ones),
          T(any_part_of_a_command_whose_parts_are_not_listed), T(categories_of_others_are_known))
