#include "replica/reach.h"

#include "unit.h"

#include <stdio.h>

TEST(what_is_of_this_machine_alone)
{
    CHECK(reach_is_loopback(BYTES("127.0.0.1")) && reach_is_loopback(BYTES("127.1.2.3")));
    CHECK(reach_is_loopback(BYTES("::1")) && reach_is_loopback(BYTES("localhost")));
    CHECK(!reach_is_loopback(BYTES("10.0.0.1")) && !reach_is_loopback(BYTES("*")));
    CHECK(!reach_is_loopback(BYTES("::")) && !reach_is_loopback(BYTES("12.7.0.1")));
}

static bool is_closed(const char *addresses)
{
    char text[100];
    struct settings s = {.bind = text};
    snprintf(text, sizeof(text), "%s", addresses);
    return reach_is_closed(&s);
}

TEST(one_address_that_others_reach_is_enough)
{
    CHECK(is_closed("127.0.0.1") && is_closed("127.0.0.1 -::1") && is_closed("localhost"));
    CHECK(!is_closed("") && !is_closed("*") && !is_closed("127.0.0.1 10.0.0.1"));
    CHECK(!is_closed("* -::*"));
}

UNIT_MAIN(T(what_is_of_this_machine_alone), T(one_address_that_others_reach_is_enough))
