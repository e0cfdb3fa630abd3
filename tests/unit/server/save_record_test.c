#include "server/save_record.h"
#include "unit.h"

static struct settings two_points(void)
{
    struct settings s = {.save_point_n = 2};
    s.save_points[0].seconds = 60;
    s.save_points[0].changes = 100;
    s.save_points[1].seconds = 600;
    s.save_points[1].changes = 1;
    return s;
}

TEST(a_point_needs_its_changes_and_its_time)
{
    struct settings c = two_points();
    struct save_record r;
    save_record_begin(&r, 1000, 0);
    CHECK(r.ok && r.last_s == -1);
    CHECK(save_record_due(&r, &c, 100, 1000 + 60000) < 0); /* the time has not passed, only come */
    CHECK(save_record_due(&r, &c, 100, 1000 + 60001) == 0);
    CHECK(save_record_due(&r, &c, 99, 1000 + 60001) < 0);
    CHECK(save_record_due(&r, &c, 99, 1000 + 600000) < 0);
    CHECK(save_record_due(&r, &c, 99, 1000 + 600001) == 1);
    CHECK(save_record_due(&r, &c, 0, 1000 + 9000000) < 0);
}

TEST(no_changes_no_snapshot_even_where_none_are_asked_for)
{
    struct settings c = two_points();
    struct save_record r;
    c.save_points[1].changes = 0;
    save_record_begin(&r, 0, 0);
    CHECK(save_record_due(&r, &c, 0, 9000000) < 0);
    CHECK(save_record_due(&r, &c, 1, 9000000) == 1);
}

/* Those since the fork of the child are not in its file. */
TEST(changes_while_a_child_writes_are_not_saved)
{
    struct settings c = two_points();
    struct save_record r;
    save_record_begin(&r, 0, 0);
    save_record_saved(&r, 500, 70000, 1234);
    CHECK(r.saved_wall_ms == 1234);
    CHECK(save_record_due(&r, &c, 599, 70000 + 60001) < 0);
    CHECK(save_record_due(&r, &c, 600, 70000 + 60001) == 0);
}

TEST(after_a_failure_five_seconds_pass)
{
    struct settings c = two_points();
    struct save_record r;
    save_record_begin(&r, 0, 0);
    r.tried_ms = 100000;
    r.ok = false;
    CHECK(save_record_due(&r, &c, 100, 104999) < 0);
    CHECK(save_record_due(&r, &c, 100, 105000) == 0);
    save_record_saved(&r, 100, 105500, 0);
    CHECK(r.ok);
}

TEST(without_points_nothing_is_due)
{
    struct settings c = {0};
    struct save_record r;
    save_record_begin(&r, 0, 0);
    CHECK(save_record_due(&r, &c, 1000000, 1000000000) < 0);
}

UNIT_MAIN(T(a_point_needs_its_changes_and_its_time),
          T(no_changes_no_snapshot_even_where_none_are_asked_for),
          T(changes_while_a_child_writes_are_not_saved), T(after_a_failure_five_seconds_pass),
          T(without_points_nothing_is_due))
