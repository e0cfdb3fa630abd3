#include "replica/own_ack.h"

#include "unit.h"

static const struct own_ack_file none = {.filed = 500};

TEST(each_second_and_when_asked)
{
    struct own_ack a = {.told_ms = 1000};
    CHECK(!own_ack_is_due(&a, &none, 1999) && own_ack_is_due(&a, &none, 2000));
    CHECK(own_ack_tell(&a, &none, 480, 2000) == 480 && !own_ack_is_due(&a, &none, 2999));
    a.asked = true;
    a.offset = 470;
    CHECK(own_ack_is_due(&a, &none, 2001) && own_ack_tell(&a, &none, 480, 2001) == 470);
    CHECK(!own_ack_is_due(&a, &none, 2002));
    a.due = true;
    CHECK(own_ack_is_due(&a, &none, 2002) && own_ack_tell(&a, &none, 490, 2002) == 490);
    CHECK(!own_ack_is_due(&a, &none, 3001) && own_ack_is_due(&a, &none, 3002));
}

TEST(what_was_asked_for_is_told_again_when_it_is_written_and_when_it_is_synced)
{
    struct own_ack a = {.told_ms = 1000, .asked = true, .offset = 300};
    struct own_ack_file file = {.filed = 200, .synced = 100, .open = true};
    CHECK(own_ack_tell(&a, &file, 300, 1001) == 200);
    file.filed = 299;
    file.synced = 200;
    CHECK(!own_ack_is_due(&a, &file, 1002));
    file.filed = 300;
    CHECK(own_ack_is_due(&a, &file, 1002) && own_ack_tell(&a, &file, 300, 1002) == 300);
    CHECK(!own_ack_is_due(&a, &file, 1003));
    file.synced = 299;
    CHECK(!own_ack_is_due(&a, &file, 1003));
    file.synced = 300;
    CHECK(own_ack_is_due(&a, &file, 1003) && own_ack_tell(&a, &file, 300, 1003) == 300);
    CHECK(!own_ack_is_due(&a, &file, 1004));
}

TEST(after_a_periodic_ack_none_is_due)
{
    struct own_ack a = {.told_ms = 1000};
    struct own_ack_file file = {.filed = 200, .synced = 100, .open = true};
    CHECK(own_ack_tell(&a, &file, 300, 2000) == 200);
    file.filed = file.synced = 300;
    CHECK(!own_ack_is_due(&a, &file, 2001));
}

TEST(a_file_that_goes_is_not_waited_for)
{
    struct own_ack a = {.told_ms = 1000, .asked = true, .offset = 300};
    struct own_ack_file file = {.filed = 300, .synced = 100, .open = true};
    CHECK(own_ack_tell(&a, &file, 300, 1001) == 300 && a.owes_synced == 300);
    file.open = false;
    CHECK(!own_ack_is_due(&a, &file, 1002) && own_ack_tell(&a, &file, 310, 2001) == 300);
    CHECK(a.owes_synced == 0);
}

TEST(a_new_link_is_owed_nothing)
{
    struct own_ack a = {
        .told_ms = 1000, .due = true, .asked = true, .offset = 300, .owes_filed = 9};
    own_ack_forget(&a);
    CHECK(!own_ack_is_due(&a, &none, 1999) && a.told_ms == 1000);
    CHECK(own_ack_is_due(&a, &none, 2000));
}

UNIT_MAIN(T(each_second_and_when_asked),
          T(what_was_asked_for_is_told_again_when_it_is_written_and_when_it_is_synced),
          T(after_a_periodic_ack_none_is_due), T(a_file_that_goes_is_not_waited_for),
          T(a_new_link_is_owed_nothing))
