/* XCFGSET's limits: what it takes, what it refuses, what the journal hears, what XINFO tells. */
#include "broker.h"
#include "persist/dump.h"

#define NO_LIMITS "MAXLEN -1 MAXBYTES -1 MAXAGE -1 OVERFLOW DROP KEEPREF"

/* broker M1, G8: every refusal, and that nothing is made by one. */
TEST(arguments_are_judged_before_anything_is_made)
{
    static const struct broker_line all[] = {
        {"XCFGSET q", "!ERR At least one parameter must be specified"},
        {"XCFGSET q MKSTREAM", "!ERR At least one parameter must be specified"},
        {"XCFGSET q MKSTREAM MKSTREAM", "!ERR syntax error"},
        {"XCFGSET q MAXLEN 5 MKSTREAM", "!ERR syntax error"},
        {"XCFGSET q SPEED 5", "!ERR syntax error"},
        {"XCFGSET q MAXLEN", "!ERR syntax error"},
        {"XCFGSET q IDMP-DURATION", "!ERR syntax error"},
        {"XCFGSET q OVERFLOW", "!ERR syntax error"},
        {"XCFGSET q OVERFLOW DELREF", "!ERR syntax error"},
        {"XCFGSET q OVERFLOW REJECT ACKED", "!ERR syntax error"},
        {"XCFGSET q MAXLEN x", "!ERR MAXLEN must be between -1 and 9223372036854775807"},
        {"XCFGSET q maxbytes -2", "!ERR MAXBYTES must be between -1 and 9223372036854775807"},
        {"XCFGSET q MAXAGE 1.5", "!ERR MAXAGE must be between -1 and 9223372036854775807"},
        {"XCFGSET q MAXAGE 1 MAXAGE 1", "!ERR MAXAGE specified multiple times"},
        {"XCFGSET q OVERFLOW DROP overflow REJECT", "!ERR OVERFLOW specified multiple times"},
        {"XCFGSET q MAXLEN 5 IDMP-MAXSIZE 0",
         "!ERR IDMP-MAXSIZE must be between 1 and 10000 entries"},
        {"XCFGSET q MAXLEN 5", "!ERR no such key"},
        {"XCFGSET s MKSTREAM MAXLEN 5", "!WRONGTYPE*"},
        {"DBSIZE", "1"},
    };
    broker_refuses(all, sizeof(all) / sizeof(*all));
}

/* broker M1: what is not mentioned stays; the effect is all limits, written out, which no Redis
 * knows; what changes nothing is no write. */
TEST(limits_are_set_and_changed)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    bench_journal(b);
    SAYS(c, "XCFGSET q MKSTREAM MAXLEN 5", "OK");
    EFFECTS(b, "{" MADE("q") "@XCFGSET q MAXLEN 5 MAXBYTES -1 MAXAGE -1 OVERFLOW DROP KEEPREF}");
    SAYS(c, "XCFGSET q MKSTREAM maxlen 5", "OK");
    EFFECTS(b, "");
    SAYS(c, "XCFGSET q MAXAGE 7 OVERFLOW DROP ACKED", "OK");
    EFFECTS(b, "@XCFGSET q MAXLEN 5 MAXBYTES -1 MAXAGE 7 OVERFLOW DROP ACKED");
    SAYS(c, "XCFGSET q MAXBYTES 0 IDMP-DURATION 5", "OK");
    EFFECTS(b, "{@XCFGSET q MAXLEN 5 MAXBYTES 0 MAXAGE 7 OVERFLOW DROP ACKED;@XCFGSET q "
               "IDMP-DURATION 5 IDMP-MAXSIZE 100}");
    SAYS(c, "XCFGSET q IDMP-MAXSIZE 7", "OK");
    EFFECTS(b, "@XCFGSET q IDMP-DURATION 5 IDMP-MAXSIZE 7");
    SAYS(c, "XCFGSET q IDMP-MAXSIZE 7 MAXLEN 5", "OK");
    EFFECTS(b, "");
    SAYS(c, "XCFGSET q OVERFLOW REJECT", "OK");
    EFFECTS(b, "@XCFGSET q MAXLEN 5 MAXBYTES 0 MAXAGE 7 OVERFLOW REJECT");
    /* Without any it is a stream as others are. */
    SAYS(c, "XCFGSET q MAXLEN -1 MAXBYTES -1 MAXAGE -1 OVERFLOW DROP", "OK");
    EFFECTS(b, "@XCFGSET q " NO_LIMITS);
    CHECK(!broker_stream(b, "q")->extra);
    /* MKSTREAM with what a new stream has anyway. */
    SAYS(c, "XCFGSET r MKSTREAM MAXLEN -1", "OK");
    EFFECTS(b, "{XGROUP CREATE r millrace-made 0 MKSTREAM;XGROUP DESTROY r millrace-made}");
    CHECK(broker_stream(b, "r") && !broker_stream(b, "r")->extra);
    SAYS(c, "XCFGSET t MKSTREAM IDMP-DURATION 9", "OK");
    EFFECTS(b, "{" MADE("t") "@XCFGSET t IDMP-DURATION 9 IDMP-MAXSIZE 100}");
    broker_bench_end(b);
}

#define BEFORE                                                                                     \
    "[length 0 radix-tree-keys 0 radix-tree-nodes 1 last-generated-id 0-0 max-deleted-entry-id "   \
    "0-0 entries-added 0 recorded-first-entry-id 0-0 idmp-duration 100 idmp-maxsize 100 "          \
    "pids-tracked 0 iids-tracked 0 iids-added 0 iids-duplicates 0 groups "
#define NO_ENTRIES " first-entry (nil) last-entry (nil)"

/* broker I4 */
TEST(xinfo_tells_what_redis_has_not)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    struct bytes pairs[] = {BYTES("a"), BYTES("1")};
    SAYS(c, "XGROUP CREATE q g $ MKSTREAM", "OK");
    SAYS(c, "XINFO STREAM q", BEFORE "1" NO_ENTRIES "]");
    SAYS(c, "XPOLICY SET q g LEASE 5", "OK");
    SAYS(c, "XINFO STREAM q",
         BEFORE "1" NO_ENTRIES " maxlen -1 maxbytes -1 maxage -1 overflow DROP KEEPREF scheduled 0 "
                "next-scheduled-id 0-0 expiries 0 schedules 0 bindings 0 captures 0]");
    SAYS(c, "XCFGSET r MKSTREAM MAXLEN 5 MAXBYTES 6 MAXAGE 7 OVERFLOW DROP ACKED", "OK");
    struct stream_extra *x = broker_stream(b, "r")->extra;
    stream_future_add(&x->future, (struct stream_id){1900000000000, 3}, pairs, 1);
    stream_future_add(&x->future, (struct stream_id){1900000000000, 4}, pairs, 1);
    stream_expiry_set(&x->expiry, (struct stream_id){1900000000000, 4}, 1900000000001);
    SAYS(c, "XINFO STREAM r",
         BEFORE "0" NO_ENTRIES " maxlen 5 maxbytes 6 maxage 7 overflow DROP ACKED scheduled 2 "
                "next-scheduled-id 1900000000000-3 expiries 1 schedules 0 bindings 0 captures 0]");
    SAYS(c, "XCFGSET r OVERFLOW DROP DELREF", "OK");
    SAYS(c, "XINFO STREAM r",
         BEFORE "0" NO_ENTRIES " maxlen 5 maxbytes 6 maxage 7 overflow DROP "
                "DELREF scheduled 2*");
    SAYS(c, "XCFGSET r OVERFLOW REJECT", "OK");
    SAYS(c, "XINFO STREAM r",
         BEFORE "0" NO_ENTRIES " maxlen 5 maxbytes 6 maxage 7 overflow REJECT "
                "scheduled 2*");
    broker_bench_end(b);
}

/* A file leaves out how long message ids are known if that is the built-in default: this comes
 * back, not what is configured for new streams. */
TEST(what_is_configured_is_for_new_streams)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    struct buf payload = {0}, request = {0};
    b->settings->stream_idmp_duration = 5;
    b->settings->stream_idmp_maxsize = 6;
    SAYS(c, "XCFGSET q MKSTREAM MAXAGE 7", "OK");
    CHECK(broker_stream(b, "q")->dedup.duration_s == 5 &&
          broker_stream(b, "q")->dedup.max_size == 6);
    SAYS(c, "XCFGSET q IDMP-DURATION 100 IDMP-MAXSIZE 100", "OK");
    dump_write(&payload, db_find(&b->engine.store->dbs[0], BYTES("q")), true);
    struct bytes words[] = {BYTES("RESTORE"), BYTES("r"), BYTES("0"), buf_bytes(&payload)};
    journal_format(&request, words, 4);
    bench_says_bytes(c, buf_bytes(&request));
    HEARS(c, "OK");
    CHECK(broker_stream(b, "r")->dedup.duration_s == 100 &&
          broker_stream(b, "r")->dedup.max_size == 100);
    buf_free(&payload);
    buf_free(&request);
    broker_bench_end(b);
}

/* broker Z7: a copy and what RESTORE makes have all of it, and act. */
TEST(copies_have_all_of_it)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    struct bytes pairs[] = {BYTES("a"), BYTES("1")};
    struct stream_id later = {1900000000000, 3};
    struct buf payload = {0}, request = {0};
    int64_t ms;
    SAYS(c, "XCFGSET q MKSTREAM MAXAGE 7", "OK");
    struct stream_extra *x = broker_stream(b, "q")->extra;
    stream_future_add(&x->future, later, pairs, 1);
    stream_expiry_set(&x->expiry, later, 1900000000001);
    SAYS(c, "COPY q copied", "1");
    dump_write(&payload, db_find(&b->engine.store->dbs[0], BYTES("q")), true);
    struct bytes words[] = {BYTES("RESTORE"), BYTES("restored"), BYTES("0"), buf_bytes(&payload)};
    journal_format(&request, words, 4);
    bench_says_bytes(c, buf_bytes(&request));
    HEARS(c, "OK");
    static const char *const keys[] = {"copied", "restored"};
    for (int i = 0; i < 2; i++) {
        const struct stream *s = broker_stream(b, keys[i]);
        CHECK(s->extra && s->extra != x && s->extra->watch && stream_is_sound(s));
        CHECK(s->extra->limits.max_age_ms == 7 && stream_future_has(&s->extra->future, later));
        CHECK(stream_expiry_get(&s->extra->expiry, later, &ms) && ms == 1900000000001);
    }
    buf_free(&payload);
    buf_free(&request);
    broker_bench_end(b);
}

UNIT_MAIN(T(arguments_are_judged_before_anything_is_made), T(limits_are_set_and_changed),
          T(xinfo_tells_what_redis_has_not), T(what_is_configured_is_for_new_streams),
          T(copies_have_all_of_it))
