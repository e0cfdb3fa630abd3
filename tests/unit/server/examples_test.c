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

UNIT_MAIN(T(an_example_is_found_by_its_commands_full_name), T(nothing_is_found_by_another_name))
