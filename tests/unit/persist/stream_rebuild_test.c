#include "persist/stream_rebuild.h"

#include "base/hash.h"
#include "rdb.h"
#include "unit.h"

static void write_down(void *context, const struct bytes *argv, int argc)
{
    struct buf *to = context;
    for (int i = 0; i < argc; i++) {
        buf_add(to, argv[i].n ? argv[i] : BYTES("\"\""));
        buf_add_char(to, i + 1 < argc ? ' ' : '\n');
    }
}

static bool commands_are(const struct stream *s, const char *want)
{
    struct buf b = {0};
    stream_rebuild(s, BYTES("k"), write_down, &b);
    bool good = bytes_equal(buf_bytes(&b), bytes_text(want));
    if (!good)
        printf("# <%.*s>\n", (int)b.n, b.n ? b.p : "");
    buf_free(&b);
    return good;
}

static struct stream_id id(uint64_t ms)
{
    return (struct stream_id){ms, 0};
}

static void release(struct stream_group *g, uint64_t ms, uint64_t count, const char *reason)
{
    stream_group_restore(g, id(ms), NULL, 0, count);
    stream_pending_set_reason(&g->pending, id(ms), bytes_text(reason));
}

static void defer(struct stream_group *g, uint64_t ms, uint64_t count, int64_t due_ms,
                  const char *reason)
{
    struct stream_pending_place at;
    stream_group_restore(g, id(ms), NULL, 0, count);
    CHECK(stream_pending_find(&g->pending, id(ms), &at));
    stream_group_defer(g, at, count, due_ms);
    stream_pending_set_reason(&g->pending, id(ms), bytes_text(reason));
}

#define RULES                                                                                      \
    "LEASE 0 RETRY NONE JITTER 0 MAXDELIVER 0 DEADLETTER d ONACK KEEP PREFETCH 0 MAXPENDING 0 "    \
    "RATE 0 0 ORDERBY \"\" HOLD SINGLE 0 ONDISCONNECT KEEP CONSUMERTTL 0 GROUPTTL 0 PAUSE OFF\n"

/* broker Z1: message ids, then by group the policy, released ones, deferred ones; runs of what is
 * alike are one command. What fell due bears its moment. */
TEST(commands_come_in_the_order_in_which_they_are_needed)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    CHECK(commands_are(s, ""));
    struct stream_group *b = stream_add_group(s, BYTES("b"), STREAM_ID_MIN, 0),
                        *a = stream_add_group(s, BYTES("a"), STREAM_ID_MIN, 0);
    stream_set_policy(s, b, stream_policy_new(BYTES("d")));
    CHECK(commands_are(s, "XPOLICY SET k b " RULES));
    stream_dedup_record(&s->dedup, BYTES("p"), BYTES("i"), id(1), 7);
    release(a, 9, 2, "");
    release(a, 5, 2, "");
    release(a, 7, UINT64_MAX, "");
    defer(b, 1, 3, 900, "");
    defer(b, 2, 3, 800, "boom");
    defer(b, 3, 3, 900, "");
    defer(b, 4, 3, 900, "other");
    release(b, 8, 1, "why");
    defer(b, 10, 1, 700, "");
    CHECK(stream_pending_release_due(&b->pending, 700, 9) == 1);
    CHECK(commands_are(s, "XIDMPRECORD k p i 1-0\n"
                          "XNACK k a FAIL IDS 2 9-0 5-0 RETRYCOUNT 2 FORCE\n"
                          "XNACK k a FAIL IDS 1 7-0 RETRYCOUNT 9223372036854775807 FORCE\n"
                          "XGROUP DELCONSUMER k a millrace-unowned\n"
                          "XPOLICY SET k b " RULES
                          "XNACK k b FAIL IDS 1 8-0 REASON why RETRYCOUNT 1 FORCE\n"
                          "XNACK k b FAIL IDS 1 10-0 AT 700 RETRYCOUNT 1 FORCE\n"
                          "XNACK k b FAIL IDS 1 2-0 AT 800 REASON boom RETRYCOUNT 3 FORCE\n"
                          "XNACK k b FAIL IDS 2 1-0 3-0 AT 900 RETRYCOUNT 3 FORCE\n"
                          "XNACK k b FAIL IDS 1 4-0 AT 900 REASON other RETRYCOUNT 3 FORCE\n"
                          "XGROUP DELCONSUMER k b millrace-unowned\n"));
    stream_free(s);
}

/* Somebody's consumer that has this name stays. */
TEST(a_consumer_of_that_name_is_not_deleted)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    CHECK(!stream_rebuild_has_unowned(g));
    release(g, 1, 1, "");
    CHECK(stream_rebuild_has_unowned(g));
    stream_group_add_consumer(g, STREAM_REBUILD_UNOWNED, 1);
    CHECK(!stream_rebuild_has_unowned(g));
    CHECK(commands_are(s, "XNACK k g FAIL IDS 1 1-0 RETRYCOUNT 1 FORCE\n"));
    stream_free(s);
}

static void count(void *context, const struct bytes *argv, int argc)
{
    CHECK(argc <= 128 && argv[0].n);
    ++*(unsigned *)context;
}

/* A command has a limit; the longest policy stays below it. */
TEST(many_take_several_commands)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_policy *p = stream_policy_new(BYTES("d"));
    int64_t ms[STREAM_POLICY_BACKOFFS_MOST] = {0};
    unsigned n = 0;
    hash_init("seed", 4);
    stream_policy_set_retry(p, STREAM_RETRY_LIST, ms, STREAM_POLICY_BACKOFFS_MOST, 2);
    stream_set_policy(s, g, p);
    for (unsigned i = 1; i <= 129; i++)
        release(g, i, 1, "");
    stream_rebuild(s, BYTES("k"), count, &n);
    CHECK(n == 1 + 3 + 1);
    stream_free(s);
}

static void schedule(struct stream *s, uint64_t ms, uint64_t seq, size_t fields)
{
    struct bytes pairs[] = {BYTES("a"), BYTES("1"), BYTES("b"), BYTES("2")};
    stream_future_add(&stream_need_extra(s)->future, (struct stream_id){ms, seq}, pairs, fields);
}

/* broker Z1, Z2: limits in front, scheduled messages and moments of expiry behind the groups. */
TEST(extras_come_around_the_groups)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_log_policy policy = {100, 4096, 2};
    struct bytes pair[] = {BYTES("a"), BYTES("b")};
    struct stream_extra *x = stream_need_extra(s);
    CHECK(commands_are(s, "") && stream_rebuild_kinds(s) == 0);
    x->limits.max_entries = 5;
    x->limits.refuses = true;
    CHECK(commands_are(s, "XCFGSET k MAXLEN 5 MAXBYTES -1 MAXAGE -1 OVERFLOW REJECT\n"));
    CHECK(stream_rebuild_kinds(s) == 1u << STREAM_REBUILD_SETTINGS);
    stream_append(s, (struct stream_id){7, 0}, pair, 1, &policy);
    stream_dedup_set_limits(&s->dedup, 50, 60);
    stream_dedup_record(&s->dedup, BYTES("p"), BYTES("i"), id(1), 7);
    stream_set_policy(s, stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0),
                      stream_policy_new(BYTES("d")));
    schedule(s, 900, 1, 1);
    schedule(s, 900, 0, 2);
    schedule(s, 5, UINT64_MAX, 1);
    stream_expiry_set(&x->expiry, id(900), 950);
    stream_expiry_set(&x->expiry, id(7), 950);
    stream_expiry_set(&x->expiry, (struct stream_id){900, 1}, 1950);
    CHECK(commands_are(s, "XCFGSET k MAXLEN 5 MAXBYTES -1 MAXAGE -1 OVERFLOW REJECT\n"
                          "XCFGSET k IDMP-DURATION 50 IDMP-MAXSIZE 60\n"
                          "XIDMPRECORD k p i 1-0\n"
                          "XPOLICY SET k g " RULES "XADD k AT 5 5-18446744073709551615 a 1\n"
                          "XADD k AT 900 900-0 a 1 b 2\n"
                          "XADD k AT 900 900-1 a 1\n"
                          "XSCHED EXPIRE k 950 7-0 900-0\n"
                          "XSCHED EXPIRE k 1950 900-1\n"));
    CHECK(stream_rebuild_kinds(s) ==
          (1u << STREAM_REBUILD_SETTINGS | 1u << STREAM_REBUILD_MESSAGE_IDS |
           1u << STREAM_REBUILD_POLICIES | 1u << STREAM_REBUILD_SCHEDULED |
           1u << STREAM_REBUILD_EXPIRIES));
    release(stream_find_group(s, BYTES("g")), 9, 2, "");
    CHECK(stream_rebuild_kinds(s) >> STREAM_REBUILD_UNOWNED_ENTRIES & 1);
    for (unsigned i = 0; i < STREAM_REBUILD_KINDS; i++)
        CHECK(strlen(stream_rebuild_kind_name((enum stream_rebuild_kind)i)) > 5);
    stream_free(s);
}

/* broker Z1: schedules come last, each with what it has fired. */
TEST(schedules_come_last)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct bytes pairs[] = {BYTES("a"), BYTES("1"), BYTES("b"), BYTES("2")};
    struct stream_schedules *to = &stream_need_extra(s)->schedules;
    struct stream_schedule_rules r = {
        .every_ms = 500, .start_ms = 7, .limit = 3, .pairs = pairs, .pairs_n = 4};
    stream_schedules_set(to, BYTES("z"), &r);
    r = (struct stream_schedule_rules){.cron = BYTES("@daily"),
                                       .zone = BYTES("Asia/Tokyo"),
                                       .start_ms = 8,
                                       .until_ms = 9,
                                       .limit = -1,
                                       .catchup = STREAM_CATCHUP_ALL,
                                       .pairs = pairs,
                                       .pairs_n = 2};
    stream_schedules_set(to, BYTES("n"), &r);
    schedule(s, 900, 0, 1);
    CHECK(commands_are(s, "XADD k AT 900 900-0 a 1\n"
                          "XCRON SET k n CRON @daily TZ Asia/Tokyo START 8 CATCHUP ALL UNTIL 9 "
                          "FIELDS a 1\n"
                          "XCRON SET k z EVERY 500 START 7 CATCHUP NONE LIMIT 3 FIELDS a 1 b 2\n"));
    CHECK(stream_rebuild_kinds(s) >> STREAM_REBUILD_SCHEDULES & 1);
    stream_schedules_mark(to, stream_schedules_find(to, BYTES("z")), 507, 1);
    stream_schedules_remove(to, stream_schedules_find(to, BYTES("n")));
    stream_cancel(s, id(900));
    CHECK(commands_are(s, "XCRON SET k z EVERY 500 START 7 CATCHUP NONE LIMIT 3 FIELDS a 1 b 2\n"
                          "XCRON MARK k z 507 1\n"));
    stream_schedules_pass(to, stream_schedules_find(to, BYTES("z")), 1007);
    CHECK(commands_are(s, "XCRON SET k z EVERY 500 START 7 CATCHUP NONE LIMIT 3 FIELDS a 1 b 2\n"
                          "XCRON MARK k z 507 1 1007\n"));
    stream_free(s);
}

/* Runs of one moment are cut. */
TEST(many_moments_of_expiry_take_several_commands)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    unsigned n = 0;
    for (unsigned i = 1; i <= 130; i++)
        stream_expiry_set(&stream_need_extra(s)->expiry, id(i), i <= 129 ? 7 : 8);
    stream_rebuild(s, BYTES("k"), count, &n);
    CHECK(n == 3 + 1);
    stream_free(s);
}

/* broker Z1: in the order in which they were added. */
TEST(bindings_and_captures_come_behind_all)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_extra *x = stream_need_extra(s);
    struct bytes value = BYTES("v"), pair[] = {BYTES("a"), BYTES("b")};
    struct stream_binding_rule all = {.kind = STREAM_BINDING_ALL, .dest = BYTES("z")},
                               direct = {.kind = STREAM_BINDING_DIRECT,
                                         .field = BYTES("f"),
                                         .args = &value,
                                         .args_n = 1,
                                         .dest = BYTES("y")},
                               headers = {.kind = STREAM_BINDING_HEADERS,
                                          .args = pair,
                                          .args_n = 2,
                                          .dest = BYTES("x")};
    stream_bindings_add(stream_extra_need_bindings(x), &all);
    stream_bindings_add(x->bindings, &direct);
    stream_bindings_add(x->bindings, &headers);
    stream_captures_add(&x->captures, BYTES("b*"));
    stream_captures_add(&x->captures, BYTES("a*"));
    CHECK(commands_are(s, "XBIND ADD k ALL TO z\n"
                          "XBIND ADD k DIRECT v BY f TO y\n"
                          "XBIND ADD k HEADERS ALL 1 a b TO x\n"
                          "XCAPTURE ADD k a* b*\n"));
    CHECK(stream_rebuild_kinds(s) ==
          (1u << STREAM_REBUILD_BINDINGS | 1u << STREAM_REBUILD_CAPTURES));
    unsigned n = 0;
    char text[16];
    for (int i = 0; i < 100; i++)
        stream_captures_add(&x->captures, bytes_of(text, (size_t)snprintf(text, 16, "%d", i)));
    stream_rebuild(s, BYTES("k"), count, &n);
    CHECK(n == 3 + 2);
    stream_free(s);
}

UNIT_MAIN(T(extras_come_around_the_groups), T(bindings_and_captures_come_behind_all),
          T(schedules_come_last), T(many_moments_of_expiry_take_several_commands),
          T(commands_come_in_the_order_in_which_they_are_needed),
          T(a_consumer_of_that_name_is_not_deleted), T(many_take_several_commands))
