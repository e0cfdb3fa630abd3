/* XBIND: what is judged, kept, shown and told. What bindings do is in broker_route_test.c. */
#include "broker.h"

static struct bench *begin(struct client **c)
{
    struct bench *b = broker_bench();
    *c = bench_client(b);
    SAYS(*c, "SET str x", "OK");
    bench_journal(b);
    return b;
}

/* broker G8, G11, B1, B2, N1: every refusal, and that nothing is made by one. */
TEST(arguments_are_judged_before_anything_is_made)
{
    static const struct {
        const char *line, *reply;
    } all[] = {
        {"XBIND ADD q ALL TO", "!ERR wrong number of arguments for 'xbind|add' command"},
        {"XBIND ADD q ALL d TO", "!ERR syntax error"},
        {"XBIND ADD q SOME TO d", "!ERR syntax error"},
        {"XBIND ADD q DIRECT TO d", "!ERR syntax error"},
        {"XBIND ADD q ALL BY f TO d", "!ERR syntax error"},
        {"XBIND ADD q ALTERNATE BY f TO d", "!ERR syntax error"},
        {"XBIND ADD q DIRECT v TO d BY f", "!ERR syntax error"},
        {"XBIND ADD q TOPIC a SEPARATOR / TO d", "!ERR syntax error"},
        {"XBIND ADD q HEADERS ALL 2 a b TO d", "!ERR syntax error"},
        {"XBIND ADD q HEADERS BOTH 1 a b TO d", "!ERR syntax error"},
        {"XBIND ADD q HEADERS ALL 0 TO d", "!ERR HEADERS must be between 1 and 32"},
        {"XBIND ADD q HEADERS ANY 33 a b TO d", "!ERR HEADERS must be between 1 and 32"},
        {"XBIND ADD str SOME TO d", "!ERR syntax error"},
        {"XBIND ADD str ALL TO d",
         "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"XBIND DEL q ALL TO", "!ERR syntax error"},
        {"XBIND DEL q TO", "!ERR wrong number of arguments for 'xbind|del' command"},
        {"XBIND DEL q ALL TO d", "0"},
        {"XBIND DEL q TO d", "0"},
        {"XBIND DEL str TO d",
         "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"XBIND LIST q", "[]"},
        {"XBIND LIST str", "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"XBIND TEST q a", "!ERR wrong number of arguments for 'xbind|test' command"},
        {"XBIND TEST q a b c", "!ERR wrong number of arguments for 'xbind|test' command"},
        {"XBIND TEST q a b", "[]"},
        {"XBIND TEST str a b",
         "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"EXISTS q d", "0"},
    };
    struct client *c;
    struct bench *b = begin(&c);
    struct buf line = {0};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        SAYS(c, all[i].line, all[i].reply);
    buf_add_text(&line, "XBIND ADD q TOPIC #");
    for (int i = 1; i < 129; i++)
        buf_add_text(&line, ".#");
    buf_add_text(&line, " TO d");
    buf_add_char(&line, 0);
    SAYS(c, line.p, "!ERR the pattern has too many words");
    memmove(line.p + 18, line.p + 20, line.n - 20); /* one word less */
    SAYS(c, line.p, "1");
    buf_free(&line);
    broker_bench_end(b);
}

/* broker B1, B11, N7, Z5 */
TEST(bindings_are_added_shown_and_removed)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = bench_client(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    SAYS(c, "xbind add q all to d", "1");
    EFFECTS(b, "{" MADE("q") "@XBIND ADD q ALL TO d}");
    SAYS(c, "XBIND ADD q ALL TO d", "0");
    EFFECTS(b, "");
    SAYS(c, "XBIND ADD q DIRECT TO TO d", "1");
    SAYS(c, "XBIND ADD q TOPIC a.# BY f TO e", "1");
    SAYS(c, "XBIND ADD q HEADERS ANY 1 x y TO d", "1");
    SAYS(c, "XBIND ADD q ALTERNATE TO rest", "1");
    EFFECTS(b, "@XBIND ADD q DIRECT TO BY routing-key TO d;@XBIND ADD q TOPIC a.# BY f TO e;@XBIND "
               "ADD q HEADERS ANY 1 x y TO d;@XBIND ADD q ALTERNATE TO rest");
    SAYS(c, "XBIND LIST q",
         "[[ALL []  d] [DIRECT [TO] routing-key d] [TOPIC [a.#] f e] [HEADERS [ANY 1 x y]  d] "
         "[ALTERNATE []  rest]]");
    SAYS(c, "EXISTS d e rest", "0");
    HEARS(e, "[pmessage * __keyevent@0__:xbind q] [pmessage * __keyevent@0__:xbind q] [pmessage * "
             "__keyevent@0__:xbind q] [pmessage * __keyevent@0__:xbind q] [pmessage * "
             "__keyevent@0__:xbind q]");
    SAYS(c, "XBIND DEL q TOPIC a.# TO e", "0"); /* another field */
    SAYS(c, "XBIND DEL q TOPIC a.# BY f TO e", "1");
    SAYS(c, "XBIND DEL q TO d", "3");
    SAYS(c, "XBIND DEL q TO d", "0");
    EFFECTS(b, "@XBIND DEL q TOPIC a.# BY f TO e;@XBIND DEL q TO d");
    HEARS(e, "[pmessage * __keyevent@0__:xunbind q] [pmessage * __keyevent@0__:xunbind q]");
    SAYS(c, "XBIND LIST q", "[[ALTERNATE []  rest]]");
    CHECK(broker_stream(b, "q")->extra->bindings);
    SAYS(c, "XBIND DEL q ALTERNATE TO rest", "1");
    CHECK(!broker_stream(b, "q")->extra && broker_stream(b, "q")->log.length == 0);
    broker_bench_end(b);
}

/* broker B8: first hop, sorted, also what could not be copied. */
TEST(a_test_tells_where_a_message_would_go)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO z", "1");
    SAYS(c, "XBIND ADD q DIRECT v TO str", "1");
    SAYS(c, "XBIND ADD q DIRECT v TO a", "1");
    SAYS(c, "XBIND ADD q TOPIC * TO a", "1");
    SAYS(c, "XBIND ADD z ALL TO further", "1");
    SAYS(c, "XBIND ADD q ALL TO q", "1"); /* no stream gets a message twice */
    broker_forget_effects(b);
    SAYS(c, "XBIND TEST q x y", "[z]");
    SAYS(c, "XBIND TEST q routing-key v", "[a str z]");
    SAYS(c, "XBIND TEST q x y routing-key w", "[a z]");
    EFFECTS(b, "");
    SAYS(c, "XLEN q", "0");
    broker_bench_end(b);
}

/* broker B12, B13: they are names: they go with the source, and a destination that is renamed is
 * made anew; it is one of the source's database. */
TEST(bindings_go_with_the_source)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "RENAME d other", "OK");
    SAYS(c, "RENAME q r", "OK");
    SAYS(c, "XADD q 2-1 a 2", "2-1");
    SAYS(c, "EXISTS d", "0");
    SAYS(c, "XADD r 3-1 a 3", "3-1");
    SAYS(c, "XRANGE d - +", "[[3-1 [a 3]]]");
    SAYS(c, "XLEN other", "1");
    SAYS(c, "COPY r s", "1");
    SAYS(c, "XADD s 4-1 a 4", "4-1");
    SAYS(c, "XLEN d", "2");
    SAYS(c, "MOVE s 1", "1");
    SAYS(c, "SELECT 1", "OK");
    SAYS(c, "XADD s 5-1 a 5", "5-1");
    SAYS(c, "XRANGE d - +", "[[5-1 [a 5]]]"); /* in the same database */
    SAYS(c, "DEL s", "1");
    SAYS(c, "XADD s 6-1 a 6", "6-1");
    SAYS(c, "XLEN d", "1");
    SAYS(c, "SELECT 0", "OK");
    SAYS(c, "XLEN d", "2");
    broker_bench_end(b);
}

/* broker N3: who binds needs both keys; a producer needs the source only. */
TEST(rights)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *u = bench_client(b);
    const char *no = "!NOPERM No permissions to access a key";
    bench_says(c, "ACL SETUSER u on nopass ~q ~%R~ro +@all");
    bench_says(c, "ACL SETUSER u on nopass ~q %R~ro +@all");
    HEARS(c, "*");
    SAYS(u, "AUTH u x", "OK");
    SAYS(u, "XBIND ADD q ALL TO d", no);
    SAYS(u, "XBIND ADD q ALL TO ro", no);
    SAYS(u, "XBIND ADD d ALL TO q", no);
    SAYS(u, "XBIND ADD q DIRECT TO TO d", no);
    SAYS(u, "XBIND ADD q DIRECT d TO q", "1");
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(u, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XLEN d", "1");
    SAYS(u, "XBIND DEL q ALL TO d", no);
    SAYS(u, "XBIND LIST q", "[[DIRECT [d] routing-key q] [ALL []  d]]");
    /* broker N5 */
    SAYS(u, "COPY q q2", no);
    bench_says(c, "ACL SETUSER u ~q2");
    HEARS(c, "*");
    SAYS(u, "COPY q q2", no);
    SAYS(c, "XBIND DEL q TO d", "1");
    SAYS(u, "COPY q q2", "1");
    broker_bench_end(b);
}

/* broker N3, N5: what is copied can be read at the destination, so the source must be readable. */
TEST(binding_needs_the_right_to_read_the_source)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *u = bench_client(b);
    const char *no = "!NOPERM No permissions to access a key";
    SAYS(c, "ACL SETUSER u on nopass ~mine:* %W~wo:* +@all", "OK");
    SAYS(u, "AUTH u x", "OK");
    SAYS(u, "XBIND ADD wo:a ALL TO mine:b", no);
    SAYS(u, "XBIND ADD mine:a ALL TO mine:b", "1");
    SAYS(u, "COPY mine:a wo:a", no);
    SAYS(u, "RENAME mine:a wo:a", no);
    SAYS(u, "RENAMENX mine:a wo:a", no);
    SAYS(c, "EXISTS wo:a", "0");
    SAYS(c, "RENAME mine:a wo:a", "OK");
    SAYS(u, "XBIND DEL wo:a TO mine:b", "1"); /* only takes away */
    broker_bench_end(b);
}

TEST(memory_refuses_only_more)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    b->has_room = false;
    b->engine.slow_path |= ENGINE_MAXMEMORY;
    SAYS(c, "XBIND ADD q ALL TO e", "!OOM command not allowed when used memory > 'maxmemory'.");
    SAYS(c, "XBIND DEL q ALL TO d", "1");
    broker_bench_end(b);
}

UNIT_MAIN(T(arguments_are_judged_before_anything_is_made), T(bindings_are_added_shown_and_removed),
          T(a_test_tells_where_a_message_would_go), T(bindings_go_with_the_source), T(rights),
          T(binding_needs_the_right_to_read_the_source), T(memory_refuses_only_more))
