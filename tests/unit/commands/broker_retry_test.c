/* XNACK in groups with a policy, and what becomes of entries that are given back. */
#include "broker.h"

/* broker R1, R9. */
TEST(the_mode_says_what_counts)
{
    struct client *c;
    struct bench *b = broker_queue("", 4, true, &c);
    SAYS(c, "XNACK q g SILENT IDS 2 1-1 9-9", "1");
    EFFECTS(b, "@XNACK q g FAIL IDS 1 1-1 RETRYCOUNT 0");
    SAYS(c, "XNACK q g FAIL IDS 2 2-1 3-1", "2");
    EFFECTS(b, "@XNACK q g FAIL IDS 2 2-1 3-1 RETRYCOUNT 1");
    SAYS(c, "XNACK q g SILENT IDS 1 1-1", "1"); /* also an unowned one; not below 0 */
    EFFECTS(b, "@XNACK q g FAIL IDS 1 1-1 RETRYCOUNT 0");
    SAYS(c, "XPENDING q g - + 10", "[[1-1  -1 0] [2-1  -1 1] [3-1  -1 1] [4-1 c 0 1]]");
    SAYS(c, "XNACK q g FAIL IDS 2 4-1 1-1 RETRYCOUNT 5 REASON why", "2");
    EFFECTS(b, "@XNACK q g FAIL IDS 2 4-1 1-1 REASON why RETRYCOUNT 5");
    SAYS(c, "XNACK q g FATAL IDS 1 2-1 REASON bad RETRYCOUNT 3", "1");
    EFFECTS(b, "{XADD {q}:dlq 1700000000000-0 n 2 dl-reason fatal dl-text bad dl-key q dl-group g "
               "dl-id 2-1 dl-consumer \"\" dl-count 3 dl-delivered 0;XACK q g 2-1}");
    /* Readers get them in the order in which they were released. */
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "[[q [[3-1 [n 3]] [4-1 [n 4]] [1-1 [n 1]]]]]");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 d 0 6] [3-1 d 0 2] [4-1 d 0 6]]");
    SAYS(c, "XNACK q g FAIL IDS 1 9-9 FORCE", "0");
    SAYS(c, "XADD q 9-9 n 9", "9-9");
    broker_forget_effects(b);
    SAYS(c, "XNACK q g FAIL IDS 1 9-9 FORCE", "1");
    EFFECTS(b, "@XNACK q g FAIL IDS 1 9-9 RETRYCOUNT 0 FORCE");
    broker_bench_end(b);
}

/* broker R2: how long, after how many deliveries. */
TEST(the_back_off_follows_the_count)
{
    static const struct {
        const char *rules;
        int count;
        long long ms;
    } all[] = {{"RETRY NONE", 3, 0},
               {"RETRY FIXED 500", 0, 500},
               {"RETRY FIXED 500", 9, 500},
               {"RETRY EXP 1000 600000", 1, 1000},
               {"RETRY EXP 1000 600000 2", 0, 1000},
               {"RETRY EXP 1000 600000 2", 4, 8000},
               {"RETRY EXP 1000 600000 1.5", 3, 2250},
               {"RETRY EXP 1000 5000", 4, 5000},
               {"RETRY LIST 10 20 30", 1, 10},
               {"RETRY LIST 10 20 30", 3, 30},
               {"RETRY LIST 10 20 30", 7, 30},
               {"RETRY LIST 0 20", 1, 0}};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct client *c;
        struct bench *b = broker_queue(all[i].rules, 1, true, &c);
        char line[100], want[100];
        snprintf(line, sizeof(line), "XNACK q g FAIL IDS 1 1-1 RETRYCOUNT %d", all[i].count);
        SAYS(c, line, "1");
        if (all[i].ms)
            snprintf(want, sizeof(want), "[[1-1 %lld %d ]]", BROKER_EPOCH + all[i].ms,
                     all[i].count);
        SAYS(c, "XPOLICY RETRIES q g", all[i].ms ? want : "[]");
        broker_bench_wait(b, all[i].ms - 1);
        if (all[i].ms)
            SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "(nil)");
        broker_bench_wait(b, 1);
        SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]]]]]");
        broker_bench_end(b);
    }
}

/* broker R3, R8, G8. */
TEST(a_moment_may_be_told)
{
    struct client *c;
    struct bench *b = broker_queue("RETRY FIXED 500 JITTER 50", 4, true, &c);
    SAYS(c, "XGROUP CREATE plain g 0 MKSTREAM", "OK");
    SAYS(c, "XNACK plain g FAIL IDS 1 1-1 DELAY 5", "!ERR DELAY, AT and REASON need a policy");
    SAYS(c, "XNACK plain g FAIL IDS 1 1-1 AT 5", "!ERR DELAY, AT and REASON need a policy");
    SAYS(c, "XNACK plain g FAIL IDS 1 1-1 REASON x", "!ERR DELAY, AT and REASON need a policy");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY", "!ERR syntax error");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY x", "!ERR DELAY must be between 0 and 2592000000");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 AT -1", "!ERR AT must be between 0 and 253402300799999");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY 1 DELAY 1", "!ERR DELAY specified multiple times");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 REASON a REASON b", "!ERR REASON specified multiple times");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY 1 AT 1", "!ERR syntax error");
    SAYS(c, "XNACK q g FATAL IDS 1 1-1 DELAY 1", "!ERR syntax error");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 SOON", "!ERR Unrecognized XNACK option 'SOON'");
    broker_forget_effects(b);
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY 3000", "1");
    EFFECTS(b, "@XNACK q g FAIL IDS 1 1-1 AT 1700000003000 RETRYCOUNT 1");
    SAYS(c, "XNACK q g SILENT IDS 1 2-1 AT 1700000002000 REASON later", "1");
    EFFECTS(b, "@XNACK q g FAIL IDS 1 2-1 AT 1700000002000 REASON later RETRYCOUNT 0");
    SAYS(c, "XNACK q g FAIL IDS 1 3-1 AT 1", "1"); /* past: now */
    EFFECTS(b, "@XNACK q g FAIL IDS 1 3-1 RETRYCOUNT 1");
    SAYS(c, "XNACK q g FAIL IDS 1 4-1 DELAY 0", "1");
    SAYS(c, "XPOLICY RETRIES q g", "[[2-1 1700000002000 0 later] [1-1 1700000003000 1 ]]");
    broker_bench_end(b);
}

/* broker R4. */
TEST(jitter_makes_it_earlier_never_later)
{
    struct client *c;
    struct bench *b = broker_queue("RETRY FIXED 1000 JITTER 20", 200, true, &c);
    long long least = INT64_MAX, most = 0;
    for (int i = 1; i <= 200; i++) {
        char line[64];
        int64_t due;
        snprintf(line, sizeof(line), "XNACK q g FAIL IDS 1 %d-1", i);
        SAYS(c, line, "1");
        CHECK(stream_pending_is_deferred(&broker_group(b, "q", "g")->pending,
                                         (struct stream_id){(uint64_t)i, 1}, &due));
        due -= BROKER_EPOCH;
        CHECK(due >= 800 && due <= 1000);
        least = due < least ? due : least;
        most = due > most ? due : most;
    }
    CHECK(most - least > 100);
    broker_bench_end(b);
}

/* broker R5, L3: in the order of due times, and readers are woken. */
TEST(what_is_due_wakes_readers)
{
    struct client *c;
    struct bench *b = broker_queue("", 3, true, &c);
    struct client *r = bench_client(b);
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY 300", "1");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1 DELAY 200", "1");
    SAYS(c, "XNACK q g FAIL IDS 1 3-1 DELAY 300", "1");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    broker_bench_wait(b, 199);
    HEARS(r, "");
    broker_forget_effects(b);
    broker_bench_wait(b, 1);
    HEARS(r, "[[q [[2-1 [n 2]]]]]");
    EFFECTS(b, "XCLAIM q g r 0 2-1 TIME 1700000000200 RETRYCOUNT 2 FORCE JUSTID LASTID 3-1");
    broker_bench_wait(b, 1000);
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    HEARS(r, "[[q [[1-1 [n 1]] [3-1 [n 3]]]]]");
    broker_bench_end(b);
}

/* broker R6: the text is kept for as long as nobody has the entry. */
TEST(a_reason_is_kept)
{
    struct client *c;
    struct bench *b = broker_queue("RETRY FIXED 10 MAXDELIVER 2", 1, true, &c);
    char line[1300] = "XNACK q g FAIL IDS 1 1-1 REASON ";
    size_t n = strlen(line);
    memset(line + n, 'x', 1200);
    line[n + 1200] = 0;
    SAYS(c, line, "1");
    struct stream_pending *p = &broker_group(b, "q", "g")->pending;
    CHECK(stream_pending_reason(p, (struct stream_id){1, 1}).n == 1024);
    broker_bench_wait(b, 10);
    CHECK(stream_pending_reason(p, (struct stream_id){1, 1}).n == 1024);
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    CHECK(stream_pending_reason(p, (struct stream_id){1, 1}).n == 0);
    broker_bench_end(b);
}

/* broker R7: what was lost is ready at once, and counts. */
TEST(what_is_lost_does_not_back_off)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100 RETRY FIXED 5000", 1, true, &c);
    broker_bench_wait(b, 100);
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 d 0 2]]");
    SAYS(c, "XGROUP DELCONSUMER q g d", "1");
    SAYS(c, "XREADGROUP GROUP g e STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 e 0 3]]");
    broker_bench_end(b);
}

/* broker R9: who acknowledges cancels a retry, who claims takes it early. */
TEST(a_deferred_entry_can_be_taken_by_its_id)
{
    struct client *c;
    struct bench *b = broker_queue("RETRY FIXED 5000 ONACK DELETE", 2, true, &c);
    SAYS(c, "XNACK q g FAIL IDS 2 1-1 2-1", "2");
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XAUTOCLAIM q g d 0 0", "[0-0 [] []]");
    SAYS(c, "XCLAIM q g d 0 2-1", "[[2-1 [n 2]]]");
    SAYS(c, "XPENDING q g - + 10", "[[2-1 d 0 2]]");
    broker_bench_wait(b, 5000);
    SAYS(c, "XREADGROUP GROUP g e STREAMS q >", "(nil)");
    broker_bench_end(b);
}

/* broker G1, R8: without a policy XNACK is that of Redis. */
TEST(a_group_without_a_policy_keeps_what_it_had)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM RETRY FIXED 1000", "OK");
    SAYS(c, "XGROUP CREATE q plain 0", "OK");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XREADGROUP GROUP plain c STREAMS q >", "[[q [[1-1 [a 1]]]]]");
    bench_journal(b);
    SAYS(c, "XNACK q plain FAIL IDS 1 1-1", "1");
    EFFECTS(b, "@XNACK q plain FAIL IDS 1 1-1");
    SAYS(c, "XREADGROUP GROUP plain c STREAMS q >", "(nil)");
    SAYS(c, "XNACK q plain FATAL IDS 1 1-1", "1");
    SAYS(c, "XPENDING q plain - + 10", "[[1-1  -1 9223372036854775807]]");
    SAYS(c, "XGROUP DELCONSUMER q plain c", "0");
    /* D1: that count is used up, whatever the limit is. */
    SAYS(c, "XPOLICY SET q plain LEASE 5", "OK");
    SAYS(c, "XREADGROUP GROUP plain c STREAMS q >", "(nil)");
    SAYS(c, "XRANGE {q}:dlq - +", "[[1700000000000-0 [a 1 dl-reason fatal*");
    broker_bench_end(b);
}

UNIT_MAIN(T(the_mode_says_what_counts), T(the_back_off_follows_the_count), T(a_moment_may_be_told),
          T(jitter_makes_it_earlier_never_later), T(what_is_due_wakes_readers), T(a_reason_is_kept),
          T(what_is_lost_does_not_back_off), T(a_deferred_entry_can_be_taken_by_its_id),
          T(a_group_without_a_policy_keeps_what_it_had))
