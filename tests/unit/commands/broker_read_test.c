/* What readers of a group see, and what it costs. */
#include "commands/families.h"
#include "engine.h"
#include "type/stream/stream.h"
#include "unit.h"

static const struct stream_group *group(struct bench *b, struct bytes key, struct bytes name)
{
    struct entry *e = db_find(&b->engine.store->dbs[0], key);
    return e ? stream_find_group(value_object(e), name) : NULL;
}

/* broker Q12. */
TEST(an_empty_group_is_read_once_for_all_blocked_readers)
{
    struct bench *b = bench_begin(families_all());
    struct client *p = bench_client(b), *c[4], *other = bench_client(b);
    bench_says(p, "XGROUP CREATE q g 0 MKSTREAM");
    bench_says(p, "XGROUP CREATE q h 0");
    for (int i = 0; i < 4; i++) {
        char line[80];
        snprintf(line, sizeof(line), "XREADGROUP GROUP g c%d COUNT 1 BLOCK 0 STREAMS q >", i);
        bench_says(c[i] = bench_client(b), line);
    }
    bench_says(other, "XREADGROUP GROUP h c BLOCK 0 STREAMS q >");
    int64_t before = b->engine.now_ms;
    bench_wait(b, 10);
    bench_says(p, "XADD q 1-1 a 1");
    bench_turn(b);
    CHECK(bench_heard(c[0], "*1|*2|$1|q|*1|*2|$3|1-1|*2|$1|a|$1|1|"));
    CHECK(bench_heard(c[1], "") && bench_heard(c[2], "") && bench_heard(c[3], ""));
    CHECK(bench_heard(other, "*1|*2|$1|q|*1|*2|$3|1-1|*2|$1|a|$1|1|"));
    const struct stream_group *g = group(b, BYTES("q"), BYTES("g"));
    CHECK(stream_group_consumer(g, BYTES("c1"))->seen_ms == before + 10); /* found nothing */
    CHECK(stream_group_consumer(g, BYTES("c2"))->seen_ms == before);
    CHECK(stream_group_consumer(g, BYTES("c3"))->seen_ms == before);
    /* Two entries serve two. */
    bench_says(p, "MULTI");
    bench_says(p, "XADD q 2-1 a 1");
    bench_says(p, "XADD q 2-2 a 1");
    bench_says(p, "EXEC");
    bench_turn(b);
    CHECK(bench_heard(c[1], "*1|*2|$1|q|*1|*2|$3|2-1|*2|$1|a|$1|1|"));
    CHECK(bench_heard(c[2], "*1|*2|$1|q|*1|*2|$3|2-2|*2|$1|a|$1|1|"));
    CHECK(bench_heard(c[3], ""));
    /* All hear that the group is gone. */
    bench_says(p, "XGROUP DESTROY q g");
    bench_turn(b);
    CHECK(b->engine.blocking.count == 0);
    bench_end(b);
}

/* MAXCOUNT is for the whole reply: also for a stream that gives what was claimed and what is new,
 * with a policy and without. */
TEST(what_is_claimed_and_what_is_new_share_maxcount)
{
    for (int policy = 0; policy < 2; policy++) {
        struct bench *b = bench_begin(families_all());
        struct client *c = bench_client(b);
        bench_says(c, policy ? "XPOLICY SET q g MKSTREAM LEASE 1" : "XGROUP CREATE q g 0 MKSTREAM");
        bench_says(c, "XADD q 1-1 a 1");
        bench_says(c, "XADD q 2-1 a 1");
        bench_says(c, "XGROUP CREATE r g 0 MKSTREAM");
        bench_says(c, "XADD r 1-1 a 1");
        bench_says(c, "XADD r 2-1 a 1");
        bench_says(c, "XREADGROUP GROUP g c COUNT 1 STREAMS q >");
        chain_take(&c->out, chain_pending(&c->out));
        bench_wait(b, 5);
        bench_says(c, "XREADGROUP GROUP g c COUNT 2 MAXCOUNT 3 CLAIM 2 STREAMS r q > >");
        const struct stream_group *g = group(b, BYTES("q"), BYTES("g"));
        CHECK(stream_id_compare(g->last_id, (struct stream_id){1, 1}) == 0);
        bench_end(b);
    }
}

UNIT_MAIN(T(an_empty_group_is_read_once_for_all_blocked_readers),
          T(what_is_claimed_and_what_is_new_share_maxcount))
