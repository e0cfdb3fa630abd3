/* XCAPTURE, and what captures bring: which publications, when, and what is told of them. */
#include "broker.h"

#include "engine/state.h"

static struct bench *begin(struct client **c)
{
    struct bench *b = broker_bench();
    *c = bench_client(b);
    SAYS(*c, "SET str x", "OK");
    bench_journal(b);
    return b;
}

static uint64_t captured(const struct bench *b)
{
    return b->engine.broker->totals.captured;
}

static uint64_t failures(const struct bench *b)
{
    return b->engine.broker->totals.capture_failures;
}

/* broker H1, G11, N7, Z5 */
TEST(patterns_are_added_shown_and_removed)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = bench_client(b);
    const char *wrong = "!WRONGTYPE Operation against a key holding the wrong kind of value";
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    SAYS(c, "XCAPTURE ADD q", "!ERR wrong number of arguments for 'xcapture|add' command");
    SAYS(c, "XCAPTURE ADD str a", wrong);
    SAYS(c, "XCAPTURE DEL str a", wrong);
    SAYS(c, "XCAPTURE LIST str", wrong);
    SAYS(c, "XCAPTURE DEL q a", "0");
    SAYS(c, "XCAPTURE LIST q", "[]");
    SAYS(c, "EXISTS q", "0");
    SAYS(c, "XCAPTURE ADD q b* a* b*", "2");
    EFFECTS(b, "{" MADE("q") "@XCAPTURE ADD q b* a*}");
    SAYS(c, "XCAPTURE ADD q a* c?", "1");
    EFFECTS(b, "@XCAPTURE ADD q c?");
    SAYS(c, "XCAPTURE ADD q a*", "0");
    SAYS(c, "XCAPTURE LIST q", "[a* b* c?]");
    SAYS(c, "XCAPTURE DEL q x c? a*", "2");
    EFFECTS(b, "@XCAPTURE DEL q c? a*");
    HEARS(e, "[pmessage * __keyevent@0__:xcapture q] [pmessage * __keyevent@0__:xcapture q] "
             "[pmessage * __keyevent@0__:xuncapture q]");
    SAYS(c, "XCAPTURE DEL q b*", "1");
    CHECK(!broker_stream(b, "q")->extra && dlist_empty(&b->engine.broker->capturing));
    broker_bench_end(b);
}

/* broker H1, H3, H4: once for each stream; the reply counts receivers only; readers are woken. */
TEST(publications_are_appended)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = bench_client(b), *reader = bench_client(b);
    SAYS(c, "XCAPTURE ADD q news.* *.eu", "2");
    SAYS(c, "XCAPTURE ADD all *", "1");
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "SUBSCRIBE news.eu __keyevent@0__:xadd",
         "[subscribe news.eu 1] [subscribe "
         "__keyevent@0__:xadd 2]");
    bench_says(reader, "XREAD BLOCK 0 STREAMS q $");
    broker_forget_effects(b);
    SAYS(c, "PUBLISH news.eu hello", "1");
    EFFECTS(b, "{XADD q 1700000000000-0 channel news.eu message hello;XADD all 1700000000000-0 "
               "channel news.eu message hello}");
    HEARS(e, "[message news.eu hello]"); /* and of no xadd */
    bench_turn(b);
    HEARS(reader, "[[q [[1700000000000-0 [channel news.eu message hello]]]]]");
    SAYS(c, "PUBLISH other x", "0");
    SAYS(c, "SPUBLISH news.us x", "0");
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XLEN all", "2");
    CHECK(captured(b) == 3 && failures(b) == 0);
    broker_bench_end(b);
}

/* broker H2, H3: in the group of the command that caused it, behind its own effects. */
TEST(keyspace_notifications_are_publications)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCAPTURE ADD q __key*__:*", "1");
    SAYS(c, "SET k v", "OK"); /* they are not switched on */
    SAYS(c, "XLEN q", "0");
    broker_forget_effects(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_KEYSPACE | DB_EVENT_ALL | DB_EVENT_MISS;
    SAYS(c, "SET k v", "OK");
    EFFECTS(b, "{SET k v;XADD q 1700000000000-0 channel __keyspace@0__:k message set;XADD q "
               "1700000000000-1 channel __keyevent@0__:set message k}");
    SAYS(c, "GET nokey", "(nil)");
    EFFECTS(b, "{XADD q 1700000000000-2 channel __keyspace@0__:nokey message keymiss;XADD q "
               "1700000000000-3 channel __keyevent@0__:keymiss message nokey}");
    SAYS(c, "XADD other 1-1 a b", "1-1");
    SAYS(c, "XLEN q", "6");
    SAYS(c, "XADD q * a b", "1700000000000-6"); /* its own, by a client */
    SAYS(c, "XLEN q", "7");
    SAYS(c, "DEL q", "1");
    SAYS(c, "EXISTS q", "0");
    broker_forget_effects(b);
    SAYS(c, "XCAPTURE ADD e __keyevent@0__:expired", "1");
    SAYS(c, "SET k v PX 5", "OK");
    SAYS(c, "SET k2 v PX 5", "OK");
    broker_forget_effects(b);
    b->engine.now_ms = b->engine.store->now_ms += 10;
    SAYS(c, "GET k", "(nil)");
    EFFECTS(b, "{DEL k;XADD e 1700000000010-0 channel __keyevent@0__:expired message k}");
    /* Between commands: in the same turn. */
    db_expire_if_due(b->engine.store->dbs, db_find_past(b->engine.store->dbs, BYTES("k2")));
    SAYS(c, "XLEN e", "1");
    SAYS(c, "XLEN e", "2");
    broker_bench_end(b);
}

TEST(what_no_command_published_waits_for_the_turn)
{
    struct client *c;
    struct bench *b = begin(&c);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_ALL;
    SAYS(c, "XCAPTURE ADD e __keyevent@0__:expired __keyevent@0__:xexpired", "2");
    SAYS(c, "SET k v PX 5", "OK");
    SAYS(c, "XADD s TTL 5 * a 1", "1700000000000-0");
    broker_forget_effects(b);
    b->engine.now_ms = b->engine.store->now_ms += 6;
    db_expire_if_due(b->engine.store->dbs, db_find_past(b->engine.store->dbs, BYTES("k")));
    EFFECTS(b, "DEL k");
    b->engine.steady_ms += 6;
    pause_begin(&b->engine, b->engine.steady_ms + 100, true); /* not now */
    broker_bench_turn(b);
    EFFECTS(b, "");
    pause_end(&b->engine);
    broker_bench_turn(b);
    EFFECTS(b, "{XDEL s 1700000000000-0;XADD e 1700000000006-0 channel __keyevent@0__:expired "
               "message k;XADD e 1700000000006-1 channel __keyevent@0__:xexpired message s}");
    broker_bench_end(b);
}

/* broker X1, H1: in EXEC and in scripts each at its command's end. */
TEST(transactions)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCAPTURE ADD q a", "1");
    broker_forget_effects(b);
    SAYS(c, "MULTI", "OK");
    SAYS(c, "PUBLISH a 1", "QUEUED");
    SAYS(c, "XLEN q", "QUEUED");
    SAYS(c, "SET k v", "QUEUED");
    SAYS(c, "EXEC", "[0 1 OK]");
    struct bytes told = journal_unread(&b->reader);
    const char *set = memmem(told.p, told.n, "SET", 3);
    CHECK(memmem(told.p, told.n, "MULTI", 5) && set);
    CHECK(set && memmem(told.p, (size_t)(set - told.p), "message", 7));
    broker_bench_end(b);
}

/* broker H4, B7, M8 */
TEST(a_stream_that_cannot_take_it)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCFGSET full MKSTREAM MAXLEN 1 OVERFLOW REJECT", "OK");
    SAYS(c, "XCAPTURE ADD full *", "1");
    SAYS(c, "XCFGSET short MKSTREAM MAXLEN 1", "OK");
    SAYS(c, "XCAPTURE ADD short *", "1");
    SAYS(c, "XBIND ADD short DIRECT a BY channel TO d", "1");
    SAYS(c, "PUBLISH a 1", "0");
    SAYS(c, "PUBLISH a 2", "0");
    CHECK(captured(b) == 3 && failures(b) == 1);
    SAYS(c, "XRANGE full - +", "[[1700000000000-0 [channel a message 1]]]");
    SAYS(c, "XRANGE short - +", "[[1700000000000-1 [channel a message 2]]]");
    SAYS(c, "XLEN d", "2");
    /* Memory that is at its limit, and a server that does not write. */
    b->has_room = false;
    b->engine.slow_path |= ENGINE_MAXMEMORY;
    SAYS(c, "PUBLISH a 3", "0");
    b->has_room = true;
    CHECK(captured(b) == 3 && failures(b) == 3);
    state_set(&b->engine, ENGINE_DISK_FAILED, true);
    SAYS(c, "PUBLISH a 4", "0");
    state_set(&b->engine, ENGINE_DISK_FAILED, false);
    CHECK(captured(b) == 3 && failures(b) == 5);
    SAYS(c, "PUBLISH a 5", "0");
    SAYS(c, "XLEN d", "3");
    broker_bench_end(b);
}

/* broker H3: no chain of bindings, limits, or events makes a capture feed itself. */
TEST(nothing_captures_itself)
{
    struct client *c;
    struct bench *b = begin(&c);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_KEYSPACE | DB_EVENT_ALL | DB_EVENT_NEW;
    SAYS(c, "XCFGSET q MKSTREAM MAXLEN 3", "OK");
    SAYS(c, "XCAPTURE ADD q *", "1");
    SAYS(c, "XCAPTURE ADD r *", "1");
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XBIND ADD d ALL TO r", "1");
    uint64_t before = captured(b);
    SAYS(c, "PUBLISH a 1", "0");
    CHECK(captured(b) == before + 2);
    SAYS(c, "XLEN q", "3");
    SAYS(c, "XREVRANGE r + - COUNT 1", "[[1700000000000-13 [channel a message 1]]]");
    broker_bench_end(b);
}

/* broker H3: about its own key, in its own database, whatever the event. */
TEST(a_stream_does_not_capture_events_about_itself)
{
    struct client *c;
    struct bench *b = begin(&c);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_KEYSPACE | DB_EVENT_ALL;
    SAYS(c, "XCAPTURE ADD q __key*__:*", "1");
    SAYS(c, "XADD q 5-1 a b", "5-1");
    SAYS(c, "XTRIM q MAXLEN 0", "1");
    SAYS(c, "XADD q 5-2 a b", "5-2");
    SAYS(c, "XDEL q 5-2", "1");
    SAYS(c, "PEXPIRE q 100000", "1");
    SAYS(c, "PERSIST q", "1");
    CHECK(captured(b) == 0);
    SAYS(c, "SET qq v", "OK"); /* another key */
    CHECK(captured(b) == 2);
    SAYS(c, "SELECT 1", "OK");
    SAYS(c, "SET q v", "OK"); /* another database */
    CHECK(captured(b) == 4);
    broker_bench_end(b);
}

/* broker H3: what is captured becomes too old in the streams themselves, in those that capture each
 * other's events, and in a destination: nothing of it is captured again. */
TEST(an_idle_server_stays_idle)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = bench_client(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(c, "XCFGSET p MKSTREAM MAXAGE 50", "OK");
    SAYS(c, "XCFGSET q MKSTREAM MAXAGE 50", "OK");
    SAYS(c, "XCFGSET d MKSTREAM MAXAGE 50", "OK");
    SAYS(c, "XBIND ADD p ALL TO d", "1");
    SAYS(c, "XCAPTURE ADD p __keyevent@0__:xtrim", "1");
    SAYS(c, "XCAPTURE ADD q __keyevent@0__:xtrim", "1");
    SAYS(c, "XADD s 1-1 a b", "1-1");
    SAYS(c, "XTRIM s MAXLEN 0", "1");
    CHECK(captured(b) == 2);
    SAYS(c, "XLEN d", "1");
    SAYS(e, "SUBSCRIBE __keyevent@0__:xtrim", "[subscribe __keyevent@0__:xtrim 1]");
    for (int i = 0; i < 20; i++) {
        b->engine.now_ms = b->engine.store->now_ms += 60;
        b->engine.steady_ms += 60;
        broker_bench_turn(b);
    }
    CHECK(captured(b) == 2);
    SAYS(c, "XLEN p", "0");
    SAYS(c, "XLEN q", "0");
    SAYS(c, "XLEN d", "0");
    HEARS(e, "*"); /* subscribers do hear of it */
    broker_bench_end(b);
}

/* broker H5: what a primary or a file says is captured by nobody here. */
TEST(a_replica_captures_nothing)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCAPTURE ADD q *", "1");
    struct client *file = bench_client(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_ALL;
    state_set(&b->engine, ENGINE_LOADING, true);
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "PUBLISH a 1");
    bench_says(file, "SET k v");
    state_set(&b->engine, ENGINE_LOADING, false);
    state_set_role(&b->engine, ROLE_REPLICA_UP);
    bench_says(file, "PUBLISH a 2");
    bench_says(file, "SET k w");
    SAYS(c, "PUBLISH a 3", "0"); /* by its own client */
    SAYS(c, "XLEN q", "0");
    state_set_role(&b->engine, ROLE_PRIMARY);
    SAYS(c, "PUBLISH a 4", "0");
    SAYS(c, "XLEN q", "1");
    CHECK(captured(b) == 1);
    broker_bench_end(b);
}

/* The list of streams that capture follows them, whatever happens to their keys. */
TEST(captures_go_with_their_stream)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCAPTURE ADD q a", "1");
    SAYS(c, "RENAME q r", "OK");
    SAYS(c, "COPY r s", "1"); /* without captures */
    SAYS(c, "PUBLISH a 1", "0");
    SAYS(c, "XLEN r", "1");
    SAYS(c, "XLEN s", "0");
    SAYS(c, "XCAPTURE LIST s", "[]");
    SAYS(c, "MOVE r 1", "1");
    SAYS(c, "PUBLISH a 2", "0");
    SAYS(c, "SWAPDB 0 1", "OK");
    SAYS(c, "PUBLISH a 3", "0");
    SAYS(c, "XLEN r", "3");
    SAYS(c, "SET r x", "OK");
    SAYS(c, "PUBLISH a 4", "0");
    SAYS(c, "GET r", "x");
    CHECK(dlist_empty(&b->engine.broker->capturing) && captured(b) == 3);
    SAYS(c, "XCAPTURE ADD q a", "1");
    SAYS(c, "FLUSHDB", "OK");
    SAYS(c, "PUBLISH a 5", "0");
    SAYS(c, "EXISTS q", "0");
    /* One that expires while it would be written. */
    SAYS(c, "XCAPTURE ADD q a", "1");
    SAYS(c, "PEXPIRE q 5", "1");
    b->engine.now_ms = b->engine.store->now_ms += 10;
    SAYS(c, "PUBLISH a 6", "0");
    SAYS(c, "EXISTS q", "0");
    CHECK(dlist_empty(&b->engine.broker->capturing) && captured(b) == 3);
    broker_bench_end(b);
}

/* broker N4: as for PSUBSCRIBE: the pattern itself has to be allowed. */
TEST(rights)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *u = bench_client(b);
    bench_says(c, "ACL SETUSER u on nopass ~q resetchannels &news.* &x +@all");
    HEARS(c, "*");
    SAYS(u, "AUTH u x", "OK");
    SAYS(u, "XCAPTURE ADD r x", "!NOPERM No permissions to access a key");
    SAYS(u, "XCAPTURE ADD q *", "!NOPERM No permissions to access a channel");
    SAYS(u, "XCAPTURE ADD q x news.eu", "!NOPERM No permissions to access a channel");
    SAYS(u, "XCAPTURE ADD q x news.*", "2");
    SAYS(c, "XCAPTURE ADD q *", "1");
    SAYS(u, "XCAPTURE DEL q *", "1");
    broker_bench_end(b);
}

UNIT_MAIN(T(patterns_are_added_shown_and_removed), T(publications_are_appended),
          T(keyspace_notifications_are_publications),
          T(what_no_command_published_waits_for_the_turn), T(transactions),
          T(a_stream_that_cannot_take_it), T(nothing_captures_itself),
          T(a_stream_does_not_capture_events_about_itself), T(an_idle_server_stays_idle),
          T(a_replica_captures_nothing), T(captures_go_with_their_stream), T(rights))
