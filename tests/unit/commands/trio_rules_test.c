/* Each rule of confirmation (docs/decisions/0039), by the run of docs/models/README.md in which a
 * write is lost without it; its name stands in the test's. Nothing here but faults, orders of
 * somebody who knows nothing, and what clients write and hear. `trio_rules_test NAME` runs one
 * alone and shows its log. */
#include "trio_led.h"
#include "unit.h"

#include "base/clock.h"
#include "base/crc.h"
#include "base/hash.h"

/* A write is told by the primary, and nobody who is told later is without the one before. */
static bool tells(int i)
{
    unsigned number = led_write(i);
    return LED_UNTIL(led_is_told(number));
}

/* 2 has acknowledged w, 1 lacks it. */
static bool only_2_has_it(unsigned *w)
{
    led_part(0, 1);
    led_part(1, 2);
    *w = led_write(0);
    return LED_UNTIL(led_is_told(*w)) && led_has(2, *w) && !led_has(1, *w);
}

/* 1 is confirmed, cut off from 0. 2 has promised to follow it, and goes to 0, which knows of
 * nothing, before it has a byte of 1's ID. */
TEST(a_promise_is_told_to_the_former_primary_PROMISE_UNSEATING)
{
    CHECK(led_begin());
    led_part(0, 1);
    led_promote(1);
    led_follow(2, 1);
    CHECK(LED_UNTIL(led_is_confirmed(1)));
    led_follow(2, 0);
    CHECK(tells(0));
    led_follow(2, 1);
    CHECK(tells(1) && led_has(1, led.numbers - 1));
    CHECK(led_ends(1));
}

/* 1 is confirmed and writes w with 2. 0 knows of nothing. 1 itself is told to follow 0. */
TEST(who_has_proposed_is_no_former_primary_s_replica_OWN_PROMISE_BYTES)
{
    CHECK(led_begin());
    led_part(0, 1);
    led_part(0, 2);
    led_promote(1);
    led_follow(2, 1);
    CHECK(LED_UNTIL(led_is_confirmed(1)) && tells(1));
    led_join(0, 1);
    led_follow(1, 0);
    CHECK(tells(0) && led_has(0, led.numbers - 1));
    CHECK(led_ends(0));
}

/* 1 writes w with 2; 2 restarts with all data and has forgotten its promise. It comes to 0, the
 * former primary, and 1 loses everything. */
TEST(a_restart_that_keeps_the_data_is_no_fault_BYTES)
{
    CHECK(led_begin());
    led_part(0, 1);
    led_part(0, 2);
    led_promote(1);
    led_follow(2, 1);
    CHECK(LED_UNTIL(led_is_confirmed(1)) && tells(1));
    unsigned w = led.numbers;
    led_crash(2, LED_ALL);
    led_part(1, 2);
    led_join(0, 2);
    led_follow(2, 0);
    led_start(2);
    led_waits(2000);
    led_crash(1, LED_NOTHING);
    led_follow(1, 0);
    led_start(1);
    led_join(0, 1);
    CHECK(tells(0) && led_has(0, w));
    CHECK(led_ends(0));
}

/* 2, which lags and is cut off, is promoted. */
TEST(no_primary_is_confirmed_without_a_quorum_QUORUM)
{
    CHECK(led_begin());
    led_part(0, 2);
    led_part(1, 2);
    CHECK(tells(0));
    led_promote(2);
    led_waits(3000);
    CHECK(!led_is_confirmed(2));
    led_join(1, 2);
    led_follow(1, 2);
    CHECK(tells(2) && led_has(2, led.numbers - 1));
    CHECK(led_ends(2));
}

/* 2 has asked 1, which is promoted, but not heard its answer: it goes back to 0 and confirms w
 * there. Had that question been enough, 1 would be confirmed without w. */
TEST(only_an_ACK_of_everything_counts_EXACT)
{
    CHECK(led_begin());
    led_part(0, 1);
    led_promote(1);
    led_follow(2, 1);
    CHECK(LED_UNTIL(led_link_is(2, FOLLOW_ASK)));
    led_hold(1, 2, true);
    led_waits(60);
    led_follow(2, 0);
    led_hold(1, 2, false);
    CHECK(tells(0));
    led_follow(2, 1);
    CHECK(tells(1) && led_has(1, led.numbers - 1));
    CHECK(led_ends(1));
}

/* 0 restarts without w, which 2 has. 1, which lags, comes to it: both hold the same. */
TEST(a_primary_that_has_lost_the_end_waits_for_others_WHOLE)
{
    unsigned w;
    CHECK(led_begin());
    long before = (long)led_file(0);
    CHECK(only_2_has_it(&w));
    led_part(0, 2);
    led_crash(0, before);
    led_start(0);
    CHECK(!led_has(0, w));
    led_join(0, 1);
    led_waits(3000);
    CHECK(!led_is_confirmed(0));
    led_join(0, 2);
    CHECK(tells(0) && led_has(0, w));
    CHECK(led_ends(0));
}

/* The same with 1 promoted, and 0 as its replica. */
TEST(a_laggard_is_not_confirmed_by_one_who_has_lost_the_end_WHOLE_FETCH)
{
    unsigned w;
    CHECK(led_begin());
    CHECK(only_2_has_it(&w));
    led_crash(0, LED_NOTHING);
    led_follow(0, 1);
    led_start(0);
    led_join(0, 1);
    led_promote(1);
    led_waits(3000);
    CHECK(!led_is_confirmed(1));
    led_join(1, 2);
    led_follow(2, 1);
    CHECK(tells(1) && led_has(1, w));
    CHECK(led_ends(1));
}

/* 2 has promised 1 to follow it, restarts empty and has forgotten that; its ACK confirms 1. It
 * comes to 0, the former primary, which has nobody else. */
TEST(one_witness_does_not_make_a_replica_complete_WITNESS)
{
    CHECK(led_begin());
    led_part(0, 1);
    led_promote(1);
    led_follow(2, 1);
    CHECK(LED_UNTIL(led_link_is(2, FOLLOW_ASK)));
    led_hold(2, 1, true);
    CHECK(LED_UNTIL(history_generation(led.nodes[2].r->confirmation.promise) == 2));
    led_crash(2, LED_NOTHING);
    led_hold(2, 1, false);
    CHECK(LED_UNTIL(led_is_confirmed(1)));
    led_follow(2, 0);
    led_start(2);
    unsigned w = led_write(0);
    led_waits(3000);
    CHECK(!led_is_told(w));
    led_follow(2, 1);
    led_waits(3000);
    CHECK(led_ends(1));
}

/* 2, which lags, is promoted, and 1 comes to it, which has w. */
TEST(a_promoted_replica_catches_up_first_FETCH)
{
    CHECK(led_begin());
    led_part(0, 2);
    CHECK(tells(0) && led_has(1, led.numbers) && !led_has(2, led.numbers));
    led_part(0, 1);
    led_promote(2);
    led_follow(1, 2);
    CHECK(tells(2) && led_has(2, led.numbers - 1));
    CHECK(led_ends(2));
}

/* 2 is promoted and has w; 0 has w and more, so 2 will fetch from it. But 0 restarts without
 * either. */
TEST(a_fetch_takes_nothing_that_is_less_LOOKING_AGAIN_REFUSAL)
{
    unsigned w;
    CHECK(led_begin());
    long before = (long)led_file(0);
    CHECK(only_2_has_it(&w));
    led_hold(0, 2, true);
    led_write_bytes(0, 20);
    led_waits(40);
    led_part(0, 2);
    led_hold(0, 2, false);
    led_promote(2);
    led_join(0, 2);
    led_follow(0, 2);
    CHECK(LED_UNTIL(led_fetches(2)));
    trio_crash(&led, 0, led_file(0) - (size_t)before, false, false);
    led_start(0);
    led_waits(2000);
    led_join(1, 2);
    led_follow(1, 2);
    CHECK(tells(2) && led_has(2, w));
    CHECK(led_ends(2));
}

/* 2 has w and is told to follow 1, which is a replica that lags. Then 1 is promoted. */
TEST(a_replica_does_not_set_back_another_one_REFUSAL)
{
    CHECK(led_begin());
    led_hold(0, 1, true);
    CHECK(tells(0) && led_has(2, led.numbers) && !led_has(1, led.numbers));
    unsigned w = led.numbers;
    led_follow(2, 1);
    led_waits(2000);
    led_part(0, 1);
    led_part(0, 2);
    led_hold(0, 1, false);
    led_promote(1);
    CHECK(tells(1) && led_has(1, w));
    CHECK(led_ends(1));
}

/* 0 has much that nobody got; 1 and 2 have little, but under a later ID. 2 comes to 0. */
TEST(later_is_ahead_of_longer_GENERATION)
{
    CHECK(led_begin());
    led_hold(0, 1, true);
    led_hold(0, 2, true);
    led_write_bytes(0, 400);
    led_waits(40);
    led_part(0, 1);
    led_part(0, 2);
    led_hold(0, 1, false);
    led_hold(0, 2, false);
    led_promote(1);
    led_follow(2, 1);
    CHECK(LED_UNTIL(led_is_confirmed(1)) && tells(1));
    unsigned w = led.numbers;
    led_part(1, 2);
    led_join(0, 2);
    led_follow(2, 0);
    CHECK(tells(0) && led_has(0, w));
    CHECK(led_ends(0));
}

/* Two promotions and no fault. 0 and 2 have w. 2 is promoted and confirmed by 0. 1 comes to it and
 * has got a part of what it lacks, not w, when the link breaks. 1 is promoted, 0 comes to it. */
TEST(an_ID_does_not_run_ahead_of_its_data_STEPS)
{
    unsigned w;
    CHECK(led_begin());
    uint64_t from = led.nodes[1].engine.journal->offset;
    led_part(0, 1);
    led_part(1, 2);
    led_write_bytes(0, 100);
    led_waits(100);
    size_t part = (size_t)(led.nodes[0].engine.journal->offset - from);
    CHECK(only_2_has_it(&w));
    led_promote(2);
    led_follow(0, 2);
    CHECK(LED_UNTIL(led_is_confirmed(2)));
    led_part(0, 2);
    led_join(1, 2);
    led_follow(1, 2);
    CHECK(LED_UNTIL(led_link_is(1, FOLLOW_INTRODUCE)));
    led_hold(2, 1, true);
    led_waits(40);
    led_deliver(2, 1, strlen("+CONTINUE \r\n") + HISTORY_ID_LENGTH + part);
    led_waits(20);
    led_part(1, 2);
    led_hold(2, 1, false);
    CHECK(led.nodes[1].engine.journal->offset > from && !led_has(1, w));
    led_promote(1);
    led_join(0, 1);
    led_follow(0, 1);
    CHECK(tells(1) && led_has(1, w));
    CHECK(led_ends(1));
}

/* 0 has w that nobody got; 1 is confirmed and has written x that nobody got. 2 brings 0's data up
 * to 0's new confirmation, and goes to 1 before it has a byte under 0's new ID. */
TEST(nothing_is_told_before_the_ID_has_a_byte_PING_COVER)
{
    CHECK(led_begin());
    led_hold(0, 1, true);
    led_hold(0, 2, true);
    unsigned w = led_write(0);
    led_waits(40);
    led_part(0, 1);
    led_part(0, 2);
    led_hold(0, 1, false);
    led_hold(0, 2, false);
    led_promote(1);
    led_follow(2, 1);
    CHECK(LED_UNTIL(led_is_confirmed(1)));
    led_part(1, 2);
    led_follow(2, 0);
    led_join(0, 2);
    CHECK(LED_UNTIL(led_generation(0) == 3 && led_link_is(2, FOLLOW_ASK)));
    led_hold(0, 2, true);
    led_waits(20);
    led_deliver(0, 2, strlen("+CONTINUE \r\n") + HISTORY_ID_LENGTH);
    led_waits(100);
    CHECK(led_has(2, w) && !led_is_told(w));
    led_part(0, 2);
    led_hold(0, 2, false);
    led_join(1, 2);
    led_follow(2, 1);
    CHECK(tells(1));
    CHECK(led_ends(1));
}

/* One after the other is promoted, in no order, while all go on writing. */
TEST(promotions_in_a_row_lose_nothing)
{
    static const int orders[] = {1, 2, 0, 0, 2, 1, 0, 1, 2};
    CHECK(led_begin());
    for (size_t k = 0; k < sizeof(orders) / sizeof(*orders); k++) {
        int i = orders[k];
        CHECK(tells(led.primary));
        led_promote(i);
        if (k % 3 == 1)
            led_promote((i + 1) % TRIO_NODES);
        led_follow((i + 1) % TRIO_NODES, i);
        led_follow((i + 2) % TRIO_NODES, i);
        led.primary = i;
        led_waits(20 * (int)k);
    }
    CHECK(tells(led.primary));
    CHECK(led_ends(led.primary));
}

static const struct unit_test tests[] = {
    T(a_promise_is_told_to_the_former_primary_PROMISE_UNSEATING),
    T(who_has_proposed_is_no_former_primary_s_replica_OWN_PROMISE_BYTES),
    T(a_restart_that_keeps_the_data_is_no_fault_BYTES),
    T(no_primary_is_confirmed_without_a_quorum_QUORUM),
    T(only_an_ACK_of_everything_counts_EXACT),
    T(a_primary_that_has_lost_the_end_waits_for_others_WHOLE),
    T(a_laggard_is_not_confirmed_by_one_who_has_lost_the_end_WHOLE_FETCH),
    T(one_witness_does_not_make_a_replica_complete_WITNESS),
    T(a_promoted_replica_catches_up_first_FETCH),
    T(a_fetch_takes_nothing_that_is_less_LOOKING_AGAIN_REFUSAL),
    T(a_replica_does_not_set_back_another_one_REFUSAL),
    T(later_is_ahead_of_longer_GENERATION),
    T(an_ID_does_not_run_ahead_of_its_data_STEPS),
    T(nothing_is_told_before_the_ID_has_a_byte_PING_COVER),
    T(promotions_in_a_row_lose_nothing)};

int main(int argc, char **argv)
{
    crc_init();
    hash_init("trio", 4);
    clock_ticks_per_us();
    log_set_level(argc == 2 ? LOG_VERBOSE : LOG_WARNING + 1);
    for (size_t i = 0; argc == 2 && i < sizeof(tests) / sizeof(*tests); i++)
        if (strcmp(tests[i].name, argv[1]) == 0)
            return unit_run(&tests[i], 1);
    /* What is made once and stays is no leak of a test. */
    if (!led_begin() || !led_ends(0))
        return 1;
    return unit_run(tests, (int)(sizeof(tests) / sizeof(tests[0])));
}
