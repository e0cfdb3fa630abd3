/* XPOLICY: what it takes, what it refuses, what the journal and others hear of it. */
#include "acl/users.h"
#include "broker.h"
#include "persist/dump.h"

#define JOBS_WORDS                                                                                 \
    "LEASE 30000 RETRY EXP 1000 600000 2 JITTER 20 MAXDELIVER 16 DEADLETTER {q}:dlq ONACK DELETE " \
    "PREFETCH 0 MAXPENDING 0 RATE 0 0 ORDERBY \"\" HOLD SINGLE 0 ONDISCONNECT KEEP CONSUMERTTL 0 " \
    "GROUPTTL 0 PAUSE OFF"
#define NO_WORDS                                                                                   \
    "RETRY NONE JITTER 0 MAXDELIVER 0 DEADLETTER {q}:dlq ONACK KEEP PREFETCH 0 MAXPENDING 0 RATE " \
    "0 0 ORDERBY \"\" HOLD SINGLE 0 ONDISCONNECT KEEP CONSUMERTTL 0 GROUPTTL 0 PAUSE OFF"

/* broker P1, P6, P8, G8, G11: every refusal, and that nothing is made by one. */
TEST(arguments_are_judged_before_anything_is_made)
{
    static const struct broker_line all[] = {
        {"XPOLICY SET q g", "!ERR wrong number of arguments for 'xpolicy|set' command"},
        {"XPOLICY SET q g SPEED 5", "!ERR syntax error"},
        {"XPOLICY SET q g LEASE", "!ERR syntax error"},
        {"XPOLICY SET q g JOBS JOBS", "!ERR syntax error"},
        {"XPOLICY SET q g LEASE 5 JOBS", "!ERR syntax error"},
        {"XPOLICY SET q g LEASE x", "!ERR LEASE must be between 0 and 604800000"},
        {"XPOLICY SET q g LEASE 604800001", "!ERR LEASE must be between 0 and 604800000"},
        {"XPOLICY SET q g lease 5 LEASE 6", "!ERR LEASE specified multiple times"},
        {"XPOLICY SET q g JITTER 101", "!ERR JITTER must be between 0 and 100"},
        {"XPOLICY SET q g MAXDELIVER -1", "!ERR MAXDELIVER must be between 0 and 1000000"},
        {"XPOLICY SET q g PREFETCH 1000001", "!ERR PREFETCH must be between 0 and 1000000"},
        {"XPOLICY SET q g MAXPENDING -1", "!ERR MAXPENDING must be between 0 and 100000000"},
        {"XPOLICY SET q g ONACK MAYBE", "!ERR syntax error"},
        {"XPOLICY SET q g PAUSE MAYBE", "!ERR syntax error"},
        {"XPOLICY SET q g RETRY SOON", "!ERR syntax error"},
        {"XPOLICY SET q g RETRY FIXED", "!ERR syntax error"},
        {"XPOLICY SET q g RETRY EXP 1", "!ERR syntax error"},
        {"XPOLICY SET q g RETRY LIST", "!ERR syntax error"},
        {"XPOLICY SET q g RETRY FIXED 2592000001", "!ERR RETRY must be between 0 and 2592000000"},
        {"XPOLICY SET q g RETRY LIST 1 x", "!ERR RETRY must be between 0 and 2592000000"},
        {"XPOLICY SET q g RETRY EXP 1 2 0.5", "!ERR RETRY must be between 1 and 100"},
        {"XPOLICY SET q g RETRY EXP 1 2 101", "!ERR RETRY must be between 1 and 100"},
        {"XPOLICY SET q g DEADLETTER q", "!ERR the dead-letter key must not be the stream itself"},
        {"XPOLICY SET q g RATE 1000001 1", "!ERR RATE must be between 0 and 1000000"},
        {"XPOLICY SET q g RATE 1 0", "!ERR RATE must be between 1 and 86400000"},
        {"XPOLICY SET q g RATE 1", "!ERR syntax error"},
        {"XPOLICY SET q g ORDERBY", "!ERR syntax error"},
        {"XPOLICY SET q g ORDERBY f MAYBE", "!ERR syntax error"},
        {"XPOLICY SET q g SINGLE 86400001", "!ERR SINGLE must be between 0 and 86400000"},
        {"XPOLICY SET q g SINGLE 86400001", "!ERR SINGLE must be between 0 and 86400000"},
        {"XPOLICY SET q g ONDISCONNECT DROP", "!ERR syntax error"},
        {"XPOLICY SET q g CONSUMERTTL -1", "!ERR CONSUMERTTL must be between 0 and 31536000000"},
        {"XPOLICY SET q g GROUPTTL 31536000001", "!ERR GROUPTTL must be between 0 and 31536000000"},
        {"XPOLICY SET q g LEASE 5", "!NOGROUP No such key 'q' or consumer group 'g'"},
        {"XPOLICY SET q g SINGLE 0", "!NOGROUP No such key 'q' or consumer group 'g'"},
        {"XPOLICY SET a}b g MKSTREAM",
         "!ERR no default dead-letter key for this name, specify DEADLETTER"},
        {"XPOLICY GET q g", "!NOGROUP No such key 'q' or consumer group 'g'"},
        {"XPOLICY DEL q g", "!NOGROUP No such key 'q' or consumer group 'g'"},
        {"XPOLICY STATS q g", "!NOGROUP No such key 'q' or consumer group 'g'"},
        {"XPOLICY RETRIES q g", "!NOGROUP No such key 'q' or consumer group 'g'"},
        {"XPOLICY RETRIES q g COUNT 0", "!ERR COUNT must be between 1 and 100000"},
        {"XPOLICY RETRIES q g COUNT 1 COUNT 1", "!ERR COUNT specified multiple times"},
        {"XPOLICY RETRIES q g START x", "!ERR START must be between 0 and 253402300799999"},
        {"XPOLICY RETRIES q g START", "!ERR syntax error"},
        {"XPOLICY LIST MATCH", "!ERR syntax error"},
        {"XPOLICY SET s g MKSTREAM", "!WRONGTYPE*"},
        {"XPOLICY GET s g", "!WRONGTYPE*"},
        {"XPOLICY DEL s g", "!WRONGTYPE*"},
        {"DBSIZE", "1"},
    };
    broker_refuses(all, sizeof(all) / sizeof(*all));
}

/* broker P2, P3, P4, P5, P7, P11, P12. */
TEST(a_start_line_may_be_repeated)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    bench_journal(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM JOBS", "OK");
    EFFECTS(b, "{XGROUP CREATE q g 0 MKSTREAM;@XPOLICY SET q g " JOBS_WORDS "}");
    SAYS(c, "XPOLICY GET q g",
         "[lease 30000 retry EXP 1000 600000 2 jitter 20 maxdeliver 16 deadletter {q}:dlq onack "
         "DELETE prefetch 0 maxpending 0 rate 0 0 orderby  order HOLD single 0 ondisconnect KEEP "
         "consumerttl 0 groupttl 0 pause OFF]");
    SAYS(c, "XPOLICY SET q g PAUSE ON RETRY LIST 1000 5000 MAXDELIVER 5", "OK");
    broker_forget_effects(b);
    /* Neither the pause nor anything else is undone, and nothing is written. */
    SAYS(c, "XPOLICY SET q g jobs mkstream", "OK");
    SAYS(c, "XPOLICY SET q g MKSTREAM JOBS LEASE 30000 PAUSE on", "OK");
    EFFECTS(b, "");
    SAYS(c, "XPOLICY GET q g",
         "[lease 30000 retry LIST 1000 5000 jitter 20 maxdeliver 5 deadletter {q}:dlq onack DELETE "
         "prefetch 0 maxpending 0 rate 0 0 orderby  order HOLD single 0 ondisconnect KEEP "
         "consumerttl 0 groupttl 0 pause ON]");
    /* What is there is not touched: the group keeps its place. */
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XGROUP CREATE q h $", "OK");
    SAYS(c, "XPOLICY GET q h", "(nil)");
    broker_forget_effects(b);
    SAYS(c, "XPOLICY SET q h MKSTREAM LEASE 7", "OK");
    EFFECTS(b, "@XPOLICY SET q h LEASE 7 " NO_WORDS);
    SAYS(c, "XREADGROUP GROUP h c STREAMS q >", "(nil)");
    SAYS(c, "XPOLICY LIST", "[[q g] [q h]]");
    SAYS(c, "XGROUP SETID q h 0", "OK");
    SAYS(c, "XPOLICY LIST", "[[q g] [q h]]");
    SAYS(c, "XGROUP DESTROY q h", "1");
    SAYS(c, "XPOLICY LIST", "[[q g]]");
    SAYS(c, "XGROUP CREATE q h 0", "OK");
    SAYS(c, "XPOLICY GET q h", "(nil)");
    SAYS(c, "XPOLICY DEL q h", "0");
    CHECK(b->engine.broker->policies == 1);
    broker_bench_end(b);
}

/* broker P5: names of dead-letter keys. */
TEST(the_dead_letter_key_lies_in_the_same_slot)
{
    static const char *const names[][2] = {
        {"q", "{q}:dlq"}, {"{a}b", "{a}b:dlq"}, {"x{a}", "x{a}:dlq"}, {"a{b", "{a{b}:dlq"}};
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        char line[80], want[80];
        snprintf(line, sizeof(line), "XPOLICY SET %s g MKSTREAM", names[i][0]);
        SAYS(c, line, "OK");
        snprintf(line, sizeof(line), "XPOLICY GET %s g", names[i][0]);
        snprintf(want, sizeof(want), "[lease 0 retry NONE jitter 0 maxdeliver 0 deadletter %s *",
                 names[i][1]);
        SAYS(c, line, want);
    }
    SAYS(c, "XPOLICY SET a}b g MKSTREAM DEADLETTER x", "OK");
    /* It stays when the stream gets another name. */
    SAYS(c, "RENAME q p", "OK");
    SAYS(c, "XPOLICY GET p g", "[lease 0 retry NONE jitter 0 maxdeliver 0 deadletter {q}:dlq *");
    CHECK(b->engine.broker->policies == 5);
    broker_bench_end(b);
}

/* broker P8, P13: what was deferred is released, and a plain read does not find it. */
TEST(without_its_policy_a_group_is_one_of_redis)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM RETRY FIXED 5000", "OK");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XADD q 2-1 a 2", "2-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [a 1]] [2-1 [a 2]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1 REASON why", "1");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY 9000", "1");
    SAYS(c, "XPOLICY RETRIES q g", "[[2-1 1700000005000 1 why] [1-1 1700000009000 1 ]]");
    SAYS(c, "XPOLICY RETRIES q g COUNT 1", "[[2-1 1700000005000 1 why]]");
    SAYS(c, "XPOLICY RETRIES q g START 1700000005001", "[[1-1 1700000009000 1 ]]");
    bench_journal(b);
    SAYS(c, "XPOLICY DEL q g", "1");
    EFFECTS(b, "@XPOLICY DEL q g");
    SAYS(c, "XPOLICY DEL q g", "0");
    EFFECTS(b, "");
    SAYS(c, "XPOLICY RETRIES q g", "[]");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "(nil)");
    SAYS(c, "XREADGROUP GROUP g c CLAIM 1000000 STREAMS q >",
         "[[q [[2-1 [a 2] 1700000000000 1] [1-1 [a 1] 1700000000000 1]]]]");
    CHECK(b->engine.broker->policies == 0);
    broker_bench_end(b);
}

/* As in files, where they stand with the rules. */
TEST(reasons_go_with_the_rules)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM", "OK");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [a 1]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 REASON why", "1");
    SAYS(c, "XPOLICY DEL q g", "1");
    SAYS(c, "XPOLICY SET q g MAXDELIVER 1", "OK");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "(nil)");
    SAYS(c, "XRANGE {q}:dlq - +", "[[1700000000000-0 [a 1 dl-reason maxdeliver dl-text  dl-key q*");
    broker_bench_end(b);
}

/* broker P9, N6: whose keys the user may not read are left out. */
TEST(the_list_is_sorted_and_shows_what_may_be_read)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *u = bench_client(b);
    SAYS(c, "XPOLICY SET b g MKSTREAM", "OK");
    SAYS(c, "XPOLICY SET a h MKSTREAM", "OK");
    SAYS(c, "XPOLICY SET a g MKSTREAM", "OK");
    SAYS(c, "XPOLICY SET ab g MKSTREAM", "OK");
    SAYS(c, "XPOLICY LIST", "[[a g] [a h] [ab g] [b g]]");
    SAYS(c, "XPOLICY LIST MATCH a*", "[[a g] [a h] [ab g]]");
    SAYS(c, "ACL SETUSER u on nopass +xpolicy ~a %R~b %W~ab", "OK");
    SAYS(u, "AUTH u x", "OK");
    SAYS(u, "XPOLICY LIST", "[[a g] [a h] [b g]]");
    SAYS(c, "ACL SETUSER u resetkeys -@all (~b +xpolicy) (~a* +xadd)", "OK");
    SAYS(u, "XPOLICY LIST", "[[b g]]");
    SAYS(c, "DEL a", "1");
    SAYS(c, "SELECT 1", "OK");
    SAYS(c, "XPOLICY LIST", "[]");
    SAYS(c, "SWAPDB 0 1", "OK");
    SAYS(c, "XPOLICY LIST", "[[ab g] [b g]]");
    SAYS(c, "FLUSHDB", "OK");
    SAYS(c, "XPOLICY LIST", "[]");
    CHECK(b->engine.broker->policies == 0);
    broker_bench_end(b);
}

/* broker N1, N2: the dead-letter key is written to by who sets the policy, named or not. */
TEST(the_dead_letter_key_needs_a_right)
{
    static const struct {
        const char *rules, *line, *reply;
    } all[] = {
        {"~q ~{q}:dlq", "XPOLICY SET q g MKSTREAM", "OK"},
        {"~q", "XPOLICY SET q g MKSTREAM", "!NOPERM*"},
        {"~q %R~{q}:dlq", "XPOLICY SET q g MKSTREAM", "!NOPERM*"},
        {"~q", "XPOLICY SET q g MKSTREAM DEADLETTER x", "!NOPERM*"},
        {"~q", "XPOLICY SET q g MKSTREAM RETRY LIST 1 DEADLETTER x", "!NOPERM*"},
        {"~q ~x", "XPOLICY SET q g MKSTREAM DEADLETTER x", "OK"},
        {"~q ~LEASE", "XPOLICY SET q g MKSTREAM DEADLETTER LEASE LEASE 5", "OK"},
        {"%R~q ~x", "XPOLICY SET q g MKSTREAM DEADLETTER x", "!NOPERM*"},
        /* broker N3: messages that die can be read there. */
        {"%W~q ~x", "XPOLICY SET q g MKSTREAM DEADLETTER x", "!NOPERM*"},
        {"%W~q ~{q}:dlq", "XPOLICY SET q g MKSTREAM", "!NOPERM*"},
        {"~x", "XPOLICY GET q g", "!NOPERM*"},
        {"%R~q", "XPOLICY GET q g", "!NOGROUP*"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct bench *b = broker_bench();
        struct client *c = bench_client(b), *u = bench_client(b);
        char line[128];
        snprintf(line, sizeof(line), "ACL SETUSER u on nopass +@stream %s", all[i].rules);
        SAYS(c, line, "OK");
        SAYS(u, "AUTH u x", "OK");
        SAYS(u, all[i].line, all[i].reply);
        /* broker N1: nothing here is dangerous. */
        SAYS(c, "ACL SETUSER v on nopass +@all -@dangerous ~*", "OK");
        SAYS(u, "AUTH v x", "OK");
        SAYS(u, "XPOLICY SET q g MKSTREAM", "OK");
        broker_bench_end(b);
    }
}

/* broker N5: what a payload or a copy makes the server write to, its maker must be allowed to. */
TEST(a_value_brings_its_dead_letter_key)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *u = bench_client(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM DEADLETTER d", "OK");
    SAYS(c, "ACL SETUSER u on nopass +@all ~q ~p", "OK");
    SAYS(u, "AUTH u x", "OK");
    SAYS(u, "COPY q p", "!NOPERM No permissions to access a key");
    SAYS(u, "EXISTS p", "0");
    struct buf payload = {0}, request = {0};
    dump_write(&payload, db_find(&b->engine.store->dbs[0], BYTES("q")), false);
    const struct bytes argv[] = {BYTES("RESTORE"), BYTES("p"), BYTES("0"), buf_bytes(&payload)};
    journal_format(&request, argv, 4);
    bench_says_bytes(u, buf_bytes(&request));
    HEARS(u, "!NOPERM No permissions to access a key");
    SAYS(u, "EXISTS p", "0");
    SAYS(c, "ACL SETUSER u ~d", "OK");
    SAYS(u, "COPY q p", "1");
    SAYS(u, "DEL p", "1");
    bench_says_bytes(u, buf_bytes(&request));
    HEARS(u, "OK");
    SAYS(u, "XPOLICY LIST", "[[p g] [q g]]");
    /* What is added to w later would die into d, where u reads. */
    SAYS(c, "ACL SETUSER u %W~w", "OK");
    SAYS(u, "COPY q w", "!NOPERM*");
    SAYS(u, "RENAME q w", "!NOPERM*");
    SAYS(u, "RENAMENX q w", "!NOPERM*");
    SAYS(c, "EXISTS q w", "1");
    SAYS(u, "DEL p", "1");
    SAYS(u, "RENAME q p", "OK");
    buf_free(&payload);
    buf_free(&request);
    broker_bench_end(b);
}

/* broker N7. */
TEST(events_tell_of_policies)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *e = bench_client(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    SAYS(c, "XPOLICY SET q g MKSTREAM", "OK");
    HEARS(e, "[pmessage * __keyevent@0__:xgroup-create q] "
             "[pmessage * __keyevent@0__:xpolicy-set q]");
    SAYS(c, "XPOLICY SET q g MKSTREAM", "OK");
    HEARS(e, "");
    SAYS(c, "XPOLICY SET q g LEASE 5", "OK");
    HEARS(e, "[pmessage * __keyevent@0__:xpolicy-set q]");
    SAYS(c, "XPOLICY DEL q g", "1");
    HEARS(e, "[pmessage * __keyevent@0__:xpolicy-del q]");
    SAYS(c, "XPOLICY DEL q g", "0");
    HEARS(e, "");
    broker_bench_end(b);
}

/* broker P10: at once, and on everything pending. */
TEST(a_policy_acts_on_what_is_pending)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *r = bench_client(b);
    SAYS(c, "XGROUP CREATE q g 0 MKSTREAM", "OK");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XADD q 2-1 a 2", "2-1");
    SAYS(c, "XADD q 3-1 a 3", "3-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q *");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1", "1");
    SAYS(c, "XCLAIM q g c 0 3-1 TIME 1700000000000 RETRYCOUNT 5 JUSTID", "[3-1]");
    broker_bench_wait(b, 1000);
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    HEARS(r, "");
    SAYS(c, "XPOLICY SET q g LEASE 1000 MAXDELIVER 5", "OK");
    broker_bench_turn(b);
    HEARS(r, "[[q [[2-1 [a 2]] [1-1 [a 1]]]]]");
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 [[r 2]]]");
    SAYS(c, "XRANGE {q}:dlq - +",
         "[[1700000001000-0 [a 3 dl-reason maxdeliver dl-text lease ended*");
    /* What was looked at is looked at again when that may mean death. */
    SAYS(c, "XPOLICY SET q g MAXDELIVER 0", "OK");
    bench_says(r, "XREADGROUP GROUP none r BLOCK 0 STREAMS q >");
    broker_bench_wait(b, 1000);
    SAYS(c, "XLEN {q}:dlq", "1");
    SAYS(c, "XPOLICY SET q g MAXDELIVER 2", "OK");
    broker_bench_turn(b);
    SAYS(c, "XLEN {q}:dlq", "3");
    broker_bench_end(b);
}

/* broker G3: in files and from a primary everything is taken literally. */
TEST(a_replay_decides_nothing)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *file = bench_client(b);
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "XGROUP CREATE q g 0 MKSTREAM");
    bench_says(file, "XPOLICY SET q g LEASE 5 RETRY FIXED 1000 JITTER 0 MAXDELIVER 1 DEADLETTER "
                     "{q}:dlq ONACK DELETE PREFETCH 1 MAXPENDING 1 RATE 0 0 ORDERBY f HOLD");
    bench_says(file, "XPOLICY SET q g LEASE 5 RETRY FIXED 1000 JITTER 0 MAXDELIVER 1 DEADLETTER "
                     "{q}:dlq ONACK DELETE");
    bench_says(file, "XADD q 1-1 a 1");
    bench_says(file, "XADD q 2-1 a 1");
    bench_says(file, "XADD q 3-1 a 1");
    bench_says(file, "XCLAIM q g c 0 1-1 2-1 3-1 TIME 1699999990000 RETRYCOUNT 1 FORCE JUSTID "
                     "LASTID 3-1");
    bench_says(file, "XNACK q g FAIL IDS 1 1-1 RETRYCOUNT 1");
    bench_says(file, "XNACK q g FAIL IDS 1 2-1 AT 1700000003000 REASON r RETRYCOUNT 7");
    bench_says(file, "XACK q g 3-1");
    file->flags &= ~(unsigned)CLIENT_REPLAY;
    SAYS(c, "XLEN q", "3");
    SAYS(c, "XPENDING q g - + 10", "[[1-1  -1 1] [2-1  -1 7]]");
    SAYS(c, "XPOLICY RETRIES q g", "[[2-1 1700000003000 7 r]]");
    SAYS(c, "EXISTS {q}:dlq", "0");
    broker_bench_end(b);
}

/* broker G4: nothing happens by itself while a client's write would not run; then, all of it. */
TEST(nothing_is_done_while_nothing_may_be_written)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM LEASE 100 MAXDELIVER 1", "OK");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [a 1]]]]]");
    broker_bench_turn(b);
    SAYS(c, "CLIENT PAUSE 1000 WRITE", "OK");
    broker_bench_wait(b, 99);
    CHECK(broker_late_ms(b->engine.broker) == 0);
    broker_bench_wait(b, 401);
    CHECK(!broker_has_work(b->engine.broker) && broker_late_ms(b->engine.broker) == 400);
    SAYS(c, "EXISTS {q}:dlq", "0");
    SAYS(c, "CLIENT UNPAUSE", "OK");
    CHECK(broker_has_work(b->engine.broker));
    broker_bench_turn(b);
    SAYS(c, "EXISTS {q}:dlq", "1");
    CHECK(!broker_has_work(b->engine.broker));
    broker_bench_end(b);
}

/* broker P5, P6, G3: RENAME may make the dead-letter key the stream's own. What the primary tells
 * of a change then is taken by files and replicas. */
TEST(a_replay_takes_a_stream_that_is_its_own_dead_letter_key)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *file = bench_client(b);
    bench_journal(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM DEADLETTER d", "OK");
    SAYS(c, "RENAME q d", "OK");
    SAYS(c, "XPOLICY SET d g MAXDELIVER 2", "OK");
    SAYS(c, "XPOLICY SET d g DEADLETTER d",
         "!ERR the dead-letter key must not be the stream itself");
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "XPOLICY SET d g MAXDELIVER 3 DEADLETTER d");
    CHECK(broker_group(b, "d", "g")->policy->max_deliver == 3);
    broker_bench_end(b);
}

UNIT_MAIN(T(a_replay_takes_a_stream_that_is_its_own_dead_letter_key),
          T(arguments_are_judged_before_anything_is_made), T(a_start_line_may_be_repeated),
          T(the_dead_letter_key_lies_in_the_same_slot),
          T(without_its_policy_a_group_is_one_of_redis), T(reasons_go_with_the_rules),
          T(the_list_is_sorted_and_shows_what_may_be_read), T(the_dead_letter_key_needs_a_right),
          T(a_value_brings_its_dead_letter_key), T(events_tell_of_policies),
          T(a_policy_acts_on_what_is_pending), T(a_replay_decides_nothing),
          T(nothing_is_done_while_nothing_may_be_written))
