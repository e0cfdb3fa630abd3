/* XREADGROUP with CLAIM, where most of what is idle for long enough may not be taken: each call
 * gets what a walk of everything finds, and does not walk over the same entries each time. */
#include "commands/stream/xread_group.h"

#include "base/rng.h"
#include "broker.h"

#define MANY 300

/* How many pending entries the line goes past; no entry is delivered. */
static uint64_t visits(struct bench *b, struct client *c, const char *line)
{
    struct stream_pending *p = &broker_group(b, "q", "g")->pending;
    uint64_t before = p->walked;
    SAYS(c, line, "(nil)");
    CHECK(stream_is_sound(broker_stream(b, "q")));
    return p->walked - before;
}

#define CLAIMS(ms) "XREADGROUP GROUP g d CLAIM " #ms " STREAMS q >"

/* Without a policy references to deleted messages stay pending. */
TEST(what_is_deleted_is_passed_over_once)
{
    struct client *c;
    struct bench *b = broker_queue("", MANY, true, &c);
    SAYS(c, "XPOLICY DEL q g", "1");
    SAYS(c, "XTRIM q MAXLEN 0", "300");
    SAYS(c, "XNACK q g SILENT IDS 2 7-1 8-1", "2");
    broker_bench_wait(b, 100);
    CHECK(visits(b, c, CLAIMS(101)) == 2 && visits(b, c, CLAIMS(101)) == 0);
    CHECK(visits(b, c, CLAIMS(50)) == MANY - 2 && visits(b, c, CLAIMS(50)) == 0);
    SAYS(c, "XREADGROUP GROUP g d BLOCK 1 CLAIM 50 STREAMS q >", "");
    CHECK(broker_group(b, "q", "g")->pending.walked == MANY);
    broker_bench_wait(b, 1);
    HEARS(c, "(nil)");
    SAYS(c, "XADD q 1000-1 n x", "1000-1");
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "[[q [[1000-1 [n x]]]]]");
    broker_bench_wait(b, 100);
    SAYS(c, CLAIMS(100), "[[q [[1000-1 [n x] 100 1]]]]");
    SAYS(c, "XTRIM q MAXLEN 0", "1");
    SAYS(c, "XSETID q 2-1", "OK"); /* IDs are given once more */
    SAYS(c, "XADD q 8-1 n y", "8-1");
    SAYS(c, "XADD q 9-1 n z", "9-1");
    SAYS(c, "XCLAIM q g c 0 9-1 TIME 0 JUSTID", "[9-1]");
    SAYS(c, CLAIMS(100), "[[q [[8-1 [n y] 1700000000201 0] [9-1 [n z] 1700000000201 1]]]]");
    broker_bench_end(b);
}

/* broker L11, R7: those that have used up their deliveries are not taken before their lease ends.
 */
TEST(what_is_used_up_is_passed_over_once)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1", MANY, true, &c);
    broker_bench_wait(b, 100);
    CHECK(visits(b, c, CLAIMS(101)) == 0);
    CHECK(visits(b, c, CLAIMS(50)) == MANY && visits(b, c, CLAIMS(50)) == 0);
    SAYS(c, "XCLAIM q g c 0 5-1 IDLE 70 RETRYCOUNT 0 JUSTID", "[5-1]");
    SAYS(c, CLAIMS(50), "[[q [[5-1 [n 5] 70 0]]]]");
    CHECK(visits(b, c, CLAIMS(50)) == 0);
    SAYS(c, "XCLAIM q g c 0 6-1 IDLE 200 JUSTID", "[6-1]");
    CHECK(visits(b, c, CLAIMS(50)) == 1 && visits(b, c, CLAIMS(50)) == 0);
    broker_forget_effects(b);
    SAYS(c, "XDEL q 9-1", "1");
    broker_forget_effects(b);
    CHECK(visits(b, c, CLAIMS(50)) <= 2 * MANY);
    EFFECTS(b, "XACK q g 9-1");
    CHECK(visits(b, c, CLAIMS(50)) == 0);
    SAYS(c, "XTRIM q MINID 11-1", "9"); /* of ten, one was deleted */
    broker_forget_effects(b);
    SAYS(c, CLAIMS(50), "(nil)");
    EFFECTS(b, "XACK q g 6-1 1-1 2-1 3-1 4-1 7-1 8-1 10-1");
    CHECK(visits(b, c, CLAIMS(50)) == 0);
    SAYS(c, "XCLAIM q g c 0 20-1 IDLE 999 JUSTID", "[20-1]");
    broker_bench_wait(b, 1);                   /* the broker finds what has ended */
    SAYS(c, "XPENDING q g 20-1 20-1 1", "[]"); /* dead */
    SAYS(c, "XPOLICY SET q g MAXDELIVER 2", "OK");
    SAYS(c, "XREADGROUP GROUP g d COUNT 1 CLAIM 50 STREAMS q >", "[[q [[11-1 [n 11] 101 1]]]]");
    broker_bench_end(b);
}

/* broker O3: what is claimed of a value that another takes waits until that one is through. */
TEST(what_must_wait_is_passed_over_until_its_value_is_free)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 0, false, &c);
    char line[80];
    for (int i = 1; i <= MANY; i++) {
        snprintf(line, sizeof(line), "XADD q %d-1 k %d", i, i % 2);
        bench_says(c, line);
    }
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "*");
    SAYS(c, "XPOLICY SET q g ORDERBY k", "*");
    broker_bench_wait(b, 100);
    CHECK(visits(b, c, CLAIMS(50)) == MANY && visits(b, c, CLAIMS(50)) == 0);
    for (int i = 4; i <= MANY; i += 2) {
        snprintf(line, sizeof(line), "XACK q g %d-1", i);
        SAYS(c, line, "1");
    }
    SAYS(c, CLAIMS(50), "[[q [[2-1 [k 0] 100 1]]]]");
    visits(b, c, CLAIMS(50));
    CHECK(visits(b, c, CLAIMS(50)) == 0);
    broker_bench_end(b);
}

/* Of two that take a value, the lease of the one that was in the way has ended; another entry is
 * delivered in the same read. */
TEST(a_lease_that_ends_frees_another_entry_at_once)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 0, false, &c);
    SAYS(c, "XADD q 1-1 k a", "1-1");
    SAYS(c, "XADD q 2-1 k a", "2-1");
    SAYS(c, "XADD q 3-1 k b", "3-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "*");
    SAYS(c, "XPOLICY SET q g ORDERBY k", "*");
    broker_bench_wait(b, 50);
    SAYS(c, "XCLAIM q g c 0 1-1 3-1 JUSTID", "[1-1 3-1]");
    broker_bench_wait(b, 100);
    SAYS(c, "XCLAIM q g c 0 3-1 JUSTID", "[3-1]");
    CHECK(visits(b, c, CLAIMS(90)) == 2 && visits(b, c, CLAIMS(90)) == 0);
    broker_bench_wait(b, 860);
    SAYS(c, "XNACK q g FAIL IDS 1 3-1", "1");
    SAYS(c, CLAIMS(90), "[[q [[3-1 [k b] 1700000001010 1] [1-1 [k a] 960 1]]]]");
    broker_bench_end(b);
}

/* A blocked reader is woken in time for an entry behind many that it may not take. */
TEST(who_waits_is_woken_for_what_is_behind_many_used_up)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 2", 1200, true, &c);
    char line[80];
    for (int i = 1; i < 1200; i++) {
        snprintf(line, sizeof(line), "XCLAIM q g c 0 %d-1 RETRYCOUNT 2 JUSTID", i);
        bench_says(c, line);
    }
    SAYS(c, "XCLAIM q g c 0 1200-1 RETRYCOUNT 1 JUSTID", "*");
    broker_bench_wait(b, 60);
    SAYS(c, "XREADGROUP GROUP g d BLOCK 0 CLAIM 100 STREAMS q >", "");
    broker_bench_wait(b, 30);
    HEARS(c, "");
    broker_bench_wait(b, 30);
    HEARS(c, "[[q [[1200-1 [n 1200] 120 1]]]]");
    broker_bench_end(b);
}

/* ---- The same requests, with and without memory of what was passed */

static void forget(struct bench *b)
{
    struct stream_group *g = broker_stream(b, "q") ? broker_group(b, "q", "g") : NULL;
    if (g)
        stream_pending_walk_unbar(&g->pending);
}

static unsigned below(struct rng *r, unsigned n)
{
    return (unsigned)rng_below(r, n);
}

static void say(struct rng *r, char *out, size_t size, unsigned *last)
{
    static const char *const rules[] = {"LEASE 300",    "LEASE 0",      "MAXDELIVER 2",
                                        "MAXDELIVER 0", "MAXDELIVER 3", "ORDERBY k",
                                        "ORDERBY \"\"", "MAXPENDING 9", "MAXPENDING 0",
                                        "PREFETCH 3",   "PREFETCH 0",   "ORDERBY k SKIP"};
    unsigned i = 1 + below(r, *last + 1), what = below(r, 100), ms = below(r, 400);
    char who = (char)('a' + below(r, 3));
    if (what < 25)
        snprintf(out, size, "XADD q %u-1 k %u", ++*last, below(r, 4));
    else if (what < 60)
        snprintf(out, size, "XREADGROUP GROUP g %c COUNT %u CLAIM %u STREAMS q >", who,
                 1 + below(r, 9), ms);
    else if (what < 64)
        snprintf(out, size, "XREADGROUP GROUP g %c COUNT %u STREAMS q >", who, 1 + below(r, 9));
    else if (what < 69)
        snprintf(out, size, "XACK q g %u-1", i);
    else if (what < 73)
        snprintf(out, size, "XDEL q %u-1", i);
    else if (what < 77)
        snprintf(out, size, "XNACK q g %s IDS 1 %u-1", below(r, 2) ? "FAIL" : "SILENT", i);
    else if (what < 81)
        snprintf(out, size, "XCLAIM q g %c 0 %u-1 IDLE %u RETRYCOUNT %u JUSTID", who, i, ms,
                 below(r, 4));
    else if (what < 84)
        snprintf(out, size, "XCLAIM q g %c %u %u-1", who, ms, i);
    else if (what < 87)
        snprintf(out, size, "XAUTOCLAIM q g %c %u 0 COUNT 2", who, ms);
    else if (what < 89)
        snprintf(out, size, "XTRIM q MAXLEN %u", 20 + below(r, 40));
    else if (what == 89)
        snprintf(out, size, "XSETID q %u-1", i);
    else if (what == 90)
        snprintf(out, size, "XPOLICY DEL q g");
    else if (what == 91)
        snprintf(out, size, "XGROUP DELCONSUMER q g %c", who);
    else if (what < 96)
        snprintf(out, size, "XPOLICY SET q g %s", rules[below(r, 12)]);
    else
        snprintf(out, size, "XPENDING q g - + 100");
}

#define STEPS 3000

/* What the requests of one seed brought: replies and effects. */
struct outcome {
    struct buf all;
    size_t ends[STEPS]; /* of each step */
};

static void run(unsigned seed, bool forgets, struct outcome *out)
{
    static const char *const first[] = {"LEASE 500", "MAXDELIVER 2 RETRY FIXED 100",
                                        "LEASE 300 ORDERBY k MAXDELIVER 3"};
    struct client *c;
    struct bench *b = broker_queue(first[seed % 3], 0, false, &c);
    struct rng r;
    unsigned last = 0;
    char line[120];
    rng_seed(&r, seed);
    for (int step = 0; step < STEPS; step++) {
        if (forgets)
            forget(b);
        broker_bench_wait(b, below(&r, 4) ? 0 : below(&r, 60));
        say(&r, line, sizeof(line), &last);
        buf_add(&out->all, bytes_text(line));
        bench_says(c, line);
        broker_drain(c, &out->all);
        buf_add(&out->all, journal_unread(&b->reader));
        broker_forget_effects(b);
        out->ends[step] = out->all.n;
        CHECK(stream_is_sound(broker_stream(b, "q")));
    }
    broker_bench_end(b);
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
    size_t from = 0;
    for (int i = 0; i < STEPS; from = a->ends[i++])
        if (a->ends[i] != b->ends[i] ||
            memcmp(a->all.p + from, b->all.p + from, a->ends[i] - from) != 0) {
            printf("# step %d\n# %.300s\n# %.300s\n", i, a->all.p + from, b->all.p + from);
            return false;
        }
    return true;
}

TEST(what_is_passed_over_changes_no_reply)
{
    static struct outcome with, without;
    for (unsigned seed = 1; seed <= 6; seed++) {
        run(seed, false, &with);
        run(seed, true, &without);
        bool same = is_same(&with, &without);
        if (!same)
            printf("# seed %u\n", seed);
        buf_free(&with.all);
        buf_free(&without.all);
        CHECK(same);
    }
}

UNIT_MAIN(T(what_is_deleted_is_passed_over_once), T(what_is_used_up_is_passed_over_once),
          T(what_must_wait_is_passed_over_until_its_value_is_free),
          T(a_lease_that_ends_frees_another_entry_at_once),
          T(who_waits_is_woken_for_what_is_behind_many_used_up),
          T(what_is_passed_over_changes_no_reply))
