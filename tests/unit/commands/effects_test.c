/* What the journal gets of commands whose outcome depends on the clock, on chance, on who waits or
 * on what a key held: what they did, in words that older servers know. A mistake here shows only
 * after a restart. */
#include "commands/families.h"
#include "engine.h"
#include "persist/dump.h"
#include "persist/wrap.h"
#include "unit.h"

/* now_ms of the bench is 1700000000000. Effects are separated by ';', and '@' is in front of those
 * that Redis 7.2 (rdb-compat 11) does not know: they are wrapped. */
static const struct {
    const char *before, *request, *effects;
} cases[] = {
    {NULL, "SET k v", "SET k v"},
    {NULL, "SET k v EX 10", "SET k v PXAT 1700000010000"},
    {"SET k w EX 10", "SET k v KEEPTTL", "SET k v KEEPTTL"},
    {NULL, "SET k v GET", "SET k v"},
    {"SET k v", "SET k w NX", ""},
    {NULL, "SETEX k 10 v", "SET k v PXAT 1700000010000"},
    {NULL, "PSETEX k 10 v", "SET k v PXAT 1700000000010"},
    {"SET k v", "GETSET k w", "SET k w"},
    {"SET k v", "GETDEL k", "DEL k"},
    {"SET k v", "GETEX k", ""},
    {"SET k v", "GETEX k PX 5", "PEXPIREAT k 1700000000005"},
    {"SET k v", "GETEX k PXAT 1", "DEL k"},
    {"SET k v EX 5", "GETEX k PERSIST", "PERSIST k"},
    {"SET k 5", "INCRBYFLOAT k 0.5", "SET k 5.5 KEEPTTL"},
    {"SET k 5", "INCREX k BYINT 2 UBOUND 6 SATURATE", "SET k 6 KEEPTTL"},
    {"SET k 5", "INCREX k BYINT 2 UBOUND 6", ""},
    {"SET k v", "DELEX k IFEQ v", "DEL k"},
    {"SET k v", "DELEX k IFEQ w", ""},
    {NULL, "MSETEX 1 k v EX 1", "SET k v PXAT 1700000001000"},
    {"SET k v", "EXPIRE k 20", "PEXPIREAT k 1700000020000"},
    {"SET k v", "EXPIRE k -1", "DEL k"},
    {"SET k v EX 5", "EXPIRE k 1 GT", ""},
    {"SET k v EX 5", "PERSIST k", "PERSIST k"},
    {"SADD k x", "SPOP k", "DEL k"},
    {"SADD k x y", "SPOP k 2", "DEL k"},
    {"SADD k x", "SPOP k 0", ""},
    {"RPUSH k a b", "LMPOP 1 k LEFT", "LPOP k 1"},
    {"RPUSH k a b", "LMPOP 2 none k RIGHT COUNT 5", "RPOP k 2"},
    {"RPUSH k a b", "BLPOP none k 0", "LPOP k"},
    {"RPUSH k a b", "BLMOVE k l LEFT RIGHT 0", "LMOVE k l LEFT RIGHT"},
    {"RPUSH k a b c", "LMOVEM k l LEFT RIGHT COUNT 2 OBO", "LPOP k 2;RPUSH l a b"},
    {"RPUSH k a b c", "LMOVEM k l LEFT LEFT COUNT 2 OBO", "LPOP k 2;LPUSH l a b"},
    {"RPUSH k a b c", "LMOVEM k l LEFT LEFT COUNT 2 BULK", "LPOP k 2;LPUSH l b a"},
    {"RPUSH k a b;PEXPIRE k 500", "LMOVEM k k LEFT RIGHT COUNT 2 OBO",
     "LPOP k 2;RPUSH k a b;PEXPIREAT k 1700000000500"},
    {"RPUSH k a b;PEXPIRE k 500", "LMOVEM k k LEFT RIGHT COUNT 1 OBO", "LPOP k 1;RPUSH k a"},
    {"RPUSH k a b c", "LMOVEM k l LEFT LEFT EXACTLY 4 BULK", ""},
    {"ZADD k 1 a 2 b", "ZMPOP 1 k MAX", "ZPOPMAX k 1"},
    {"ZADD k 1 a 2 b", "BZPOPMIN none k 0", "ZPOPMIN k"},
    {"HSET k f v", "HPEXPIRE k 100 FIELDS 1 f", "@HPEXPIREAT k 1700000000100 FIELDS 1 f"},
    {"HSET k f v", "HPEXPIRE k 100 FIELDS 2 f g", "@HPEXPIREAT k 1700000000100 FIELDS 1 f"},
    {"HSET k f v", "HEXPIRE k 100 XX FIELDS 1 f", ""},
    {"HSET k f v g w", "HPEXPIREAT k 1 FIELDS 1 g", "HDEL k g"},
    {"HSET k f v g w", "HGETDEL k FIELDS 2 g h", "HDEL k g"},
    {"HSET k f 5", "HINCRBYFLOAT k f 0.5", "HSET k f 5.5"},
    {NULL, "HSETEX k PX 5 FIELDS 1 f v", "HSET k f v;@HPEXPIREAT k 1700000000005 FIELDS 1 f"},
    {NULL, "HSETEX k FIELDS 1 f v", "HSET k f v"},
    {"HSETEX k PX 5 FIELDS 1 f v", "HSETEX k KEEPTTL FIELDS 2 f w g x",
     "HSET k f w g x;@HPEXPIREAT k 1700000000005 FIELDS 1 f"},
    {"HSETEX k PX 5 FIELDS 1 f 5", "HINCRBYFLOAT k f 0.5",
     "HSET k f 5.5;@HPEXPIREAT k 1700000000005 FIELDS 1 f"},
    {"HSETEX k PX 5 FIELDS 1 f v", "HPERSIST k FIELDS 2 f g", "@HPERSIST k FIELDS 1 f"},
    {"HSETEX k PX 5 FIELDS 1 f v", "HGETEX k PERSIST FIELDS 1 f", "@HPERSIST k FIELDS 1 f"},
    {NULL, "XADD k 1-0 f v", "XADD k 1-0 f v"},
    {NULL, "XADD k * f v", "XADD k 1700000000000-0 f v"},
    {NULL, "XADD k KEEPREF 1-0 f v", "XADD k 1-0 f v"},
    {NULL, "XADD k IDMP p i * f v",
     "XADD k 1700000000000-0 f v;@XIDMPRECORD k p i 1700000000000-0"},
    {"XADD k 1-0 f v", "XADD k IDMP p i MAXLEN 1 * f v",
     "XADD k 1700000000000-0 f v;@XIDMPRECORD k p i 1700000000000-0;XTRIM k MAXLEN = 1"},
    {"XADD k 1-0 f v", "XADD k MAXLEN 1 2-0 f v", "XADD k MAXLEN 1 2-0 f v"},
    {"XADD k 1-0 f v", "XADD k MAXLEN = 1 DELREF 2-0 f v",
     "XADD k 2-0 f v;@XTRIM k MAXLEN = 1 DELREF;XTRIM k MAXLEN = 1"},
    {"XADD k 1-0 f v", "XADD k MINID 2 ACKED 2-0 f v", "XADD k 2-0 f v;XDEL k 1-0"},
    {"XADD k 1-0 f v", "XADD k MAXLEN 5 ACKED 2-0 f v", "XADD k 2-0 f v"},
    {"XADD k 1-0 f v", "XTRIM k MAXLEN 0 DELREF", "@XTRIM k MAXLEN = 0 DELREF;XTRIM k MAXLEN = 0"},
    {"XADD k 1-0 f v", "XTRIM k MAXLEN 0 KEEPREF", "XTRIM k MAXLEN = 0"},
    {"XADD k 1-0 f v", "XTRIM k MAXLEN 0 ACKED", "XDEL k 1-0"},
    {"XADD k 1-0 f v", "XTRIM k MAXLEN 0", "XTRIM k MAXLEN 0"},
    {"XADD k 1-0 f v", "XDELEX k IDS 2 1-0 2-0", "XDEL k 1-0"},
    {"XADD k 1-0 f v", "XDELEX k DELREF IDS 1 1-0", "XDEL k 1-0"},
    {"XADD k 1-0 f v;XGROUP CREATE k g 0;XREADGROUP GROUP g c STREAMS k >",
     "XDELEX k DELREF IDS 1 1-0", "@XDELEX k DELREF IDS 1 1-0;XDEL k 1-0"},
    {"XADD k 1-0 f v;XGROUP CREATE k g 0;XREADGROUP GROUP g c STREAMS k >",
     "XDELEX k ACKED IDS 1 1-0", ""},
    {"XADD k 1-0 f v;XGROUP CREATE k g 0;XREADGROUP GROUP g c STREAMS k >", "XACKDEL k g IDS 1 1-0",
     "XACK k g 1-0;XDEL k 1-0"},
    {"XADD k 1-0 f v;XGROUP CREATE k g 0;XGROUP CREATE k h 0;XREADGROUP GROUP g c STREAMS k "
     ">;XREADGROUP GROUP h c STREAMS k >",
     "XACKDEL k g DELREF IDS 1 1-0", "@XACKDEL k g DELREF IDS 1 1-0;XACK k g 1-0;XDEL k 1-0"},
    {"XADD k 1-0 f v;XGROUP CREATE k g 0;XREADGROUP GROUP g c STREAMS k >",
     "XNACK k g FAIL IDS 1 1-0", "@XNACK k g FAIL IDS 1 1-0"},
    {"XADD k 1-0 f v;XGROUP CREATE k g 0", "XNACK k g SILENT IDS 2 1-0 5-5 RETRYCOUNT 3 FORCE",
     "@XNACK k g SILENT IDS 1 1-0 RETRYCOUNT 3 FORCE"},
    {"XADD k 1-0 f v;XADD k 2-0 f v;XGROUP CREATE k g 0;XDEL k 1-0",
     "XNACK k g FATAL IDS 2 1-0 2-0 FORCE", "@XNACK k g FATAL IDS 1 2-0 FORCE"},
    {"XADD k 1-0 f v;XGROUP CREATE k g 0", "XNACK k g FAIL IDS 1 5-5 FORCE", ""},
    {"XADD k 1-0 f v;XADD k 2-0 f v;XGROUP CREATE k g 0;XREADGROUP GROUP g c STREAMS k >",
     "XACKIF k g c IDS 3 1-0 9-9 2-0", "XACK k g 1-0 2-0"},
    {"XADD k 1-0 f v;XGROUP CREATE k g 0;XREADGROUP GROUP g c STREAMS k >",
     "XACKIF k g d IDS 1 1-0", ""},
    {"XADD k 1-0 f v", "XCFGSET k IDMP-DURATION 5", "@XCFGSET k IDMP-DURATION 5 IDMP-MAXSIZE 100"},
    {"HSET k f v", "HSETEX k FNX PX 5 FIELDS 1 f w", ""},
};

static void print_command(struct buf *to, struct bytes words)
{
    size_t n = 1;
    for (size_t i = 0; i < words.n; i++)
        n += words.p[i] == ' ';
    buf_printf(to, "*%zu\r\n", n);
    for (const char *p = words.p; n--;) {
        size_t word = strcspn(p, " ;");
        buf_printf(to, "$%zu\r\n%.*s\r\n", word, (int)word, p);
        p += word + 1;
    }
}

/* The effects as the journal has them: several are one group. */
static void print_effects(struct buf *to, const char *effects)
{
    bool group = strchr(effects, ';');
    if (group)
        buf_printf(to, "*1\r\n$5\r\nMULTI\r\n");
    for (const char *p = effects; *p;) {
        size_t len = strcspn(p, ";");
        struct buf inner = {0};
        bool wrapped = *p == '@';
        print_command(&inner, bytes_of(p + wrapped, len - wrapped));
        if (wrapped)
            wrap_format(to, buf_bytes(&inner));
        else
            buf_add(to, buf_bytes(&inner));
        buf_free(&inner);
        p += len;
        p += *p == ';';
    }
    if (group)
        buf_printf(to, "*1\r\n$4\r\nEXEC\r\n");
}

static void say_all(struct client *c, const char *requests)
{
    char one[256];
    for (const char *p = requests; p && *p;) {
        size_t len = strcspn(p, ";");
        snprintf(one, sizeof(one), "%.*s", (int)len, p);
        bench_says(c, one);
        p += len;
        p += *p == ';';
    }
}

TEST(the_journal_gets_what_was_done)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = bench_begin(families_all());
        struct client *c = bench_client(b);
        struct buf want = {0};
        say_all(c, cases[i].before);
        bench_journal(b);
        bench_says(c, cases[i].request);
        print_effects(&want, cases[i].effects);
        buf_add(&want, bytes_of("", 1));
        bool same = bench_journalled(b, want.p);
        if (!same)
            printf("# %s\n", cases[i].request);
        CHECK(same);
        buf_free(&want);
        bench_end(b);
    }
}

/* What came after 7.0 is marked as such: else its effects would not be wrapped. */
TEST(newer_commands_that_write_are_known_as_such)
{
    for (const struct command *const *c = families_all(); *c; c++) {
        bool writes = (*c)->flags & COMMAND_WRITE, newer = (*c)->flags & COMMAND_NEWER;
        if (newer != (writes && wrap_is_needed((*c)->since, 10)))
            printf("# %s\n", (*c)->name);
        CHECK(newer == (writes && wrap_is_needed((*c)->since, 10)));
        for (const struct command *const *s = (*c)->subcommands; s && *s; s++)
            CHECK(((*s)->flags & COMMAND_NEWER) ==
                  ((*s)->flags & COMMAND_WRITE && wrap_is_needed((*s)->since, 10) ? COMMAND_NEWER
                                                                                  : 0));
    }
}

TEST(the_oldest_reader_decides)
{
    for (int compat = 10; compat <= 12; compat++) {
        struct bench *b = bench_begin(families_all());
        struct client *c = bench_client(b);
        struct buf want = {0};
        b->engine.settings->rdb_compat = compat;
        bench_says(c, "HSET k f v");
        bench_journal(b);
        bench_says(c, "HPEXPIRE k 100 FIELDS 1 f");
        print_effects(&want, compat < 12 ? "@HPEXPIREAT k 1700000000100 FIELDS 1 f"
                                         : "HPEXPIREAT k 1700000000100 FIELDS 1 f");
        buf_add(&want, bytes_of("", 1));
        CHECK(bench_journalled(b, want.p));
        buf_free(&want);
        bench_end(b);
    }
}

/* The payload as it came, what the reader knows of it, and the whole behind that. */
TEST(a_payload_is_told_in_what_the_reader_knows)
{
    static const struct {
        const char *make;
        bool plain[3], whole[3]; /* by rdb-compat: as it came; wrapped behind what is known */
    } all[] = {
        {"SET k v", {true, true, true}, {false, false, false}},
        {"HSETEX k PX 5 FIELDS 1 f v", {false, false, true}, {true, true, false}},
        {"XADD k IDMP p i * f v", {false, false, false}, {true, true, true}},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        for (int compat = 10; compat <= 12; compat++) {
            struct bench *b = bench_begin(families_all());
            struct client *c = bench_client(b);
            struct buf payload = {0}, known = {0}, want = {0};
            b->engine.settings->rdb_compat = compat;
            bench_says(c, all[i].make);
            struct entry *e = db_read(c->db, BYTES("k"));
            dump_write(&payload, e, true);
            bool plain = all[i].plain[compat - 10], whole = all[i].whole[compat - 10];
            CHECK(dump_is_for(buf_bytes(&payload), compat) == plain);
            CHECK(dump_write_for(&known, e, b->engine.settings->rdbcompression, compat) == whole);
            CHECK(dump_is_for(buf_bytes(&known), compat));
            struct bytes argv[] = {BYTES("RESTORE"), BYTES("k"), BYTES("0"),
                                   plain ? buf_bytes(&payload) : buf_bytes(&known),
                                   BYTES("REPLACE")};
            struct bytes request[] = {BYTES("RESTORE"), BYTES("k"), BYTES("0"), buf_bytes(&payload),
                                      BYTES("REPLACE")};
            if (whole)
                buf_add_text(&want, "*1\r\n$5\r\nMULTI\r\n");
            journal_format(&want, argv, 5);
            if (whole) {
                struct buf inner = {0};
                journal_format(&inner, request, 5);
                wrap_format(&want, buf_bytes(&inner));
                buf_add_text(&want, "*1\r\n$4\r\nEXEC\r\n");
                buf_free(&inner);
            }
            bench_journal(b);
            struct buf asked = {0};
            journal_format(&asked, request, 5);
            bench_says_bytes(c, buf_bytes(&asked));
            buf_free(&asked);
            CHECK(bytes_equal(buf_bytes(&b->engine.journal->pending), buf_bytes(&want)));
            buf_free(&payload);
            buf_free(&known);
            buf_free(&want);
            bench_end(b);
        }
    }
}

/* What a client may not say is what redis-server makes of "XADD s MINID ~ 3 LIMIT 1 ...". */
TEST(a_limit_beside_an_exact_threshold_comes_from_redis)
{
    struct bench *b = bench_begin(families_all());
    struct client *c = bench_client(b), *stream = bench_client(b);
    bench_says(c, "XADD s 1-1 f v");
    bench_says(c, "XADD s 2-1 f v");
    bench_says(c, "XADD s 3-1 f v");
    CHECK(bench_heard(c, "$3|1-1|$3|2-1|$3|3-1|"));
    bench_says(c, "XADD s MINID = 3-1 LIMIT 1 9-1 f v");
    CHECK(bench_heard(c, "-ERR syntax error, LIMIT cannot be used without the special ~ option|"));
    stream->flags |= CLIENT_REPLAY;
    bench_says(stream, "XADD s MINID = 3-1 LIMIT 1 9-1 f v");
    stream->flags &= ~(unsigned)CLIENT_REPLAY;
    bench_says(c, "XLEN s");
    CHECK(bench_heard(c, ":2|"));
    bench_end(b);
}

TEST(a_claim_is_applied_by_a_clock_that_is_behind)
{
    struct bench *b = bench_begin(families_all());
    struct client *c = bench_client(b), *stream = bench_client(b);
    bench_says(c, "XADD s 1-1 f v");
    bench_says(c, "XGROUP CREATE s g 0");
    CHECK(bench_heard(c, "$3|1-1|+OK|"));
    stream->flags |= CLIENT_REPLAY;
    bench_says(stream, "XCLAIM s g a 0 1-1 TIME 1700000005000 RETRYCOUNT 1 FORCE JUSTID");
    bench_says(stream, "XCLAIM s g b 0 1-1 TIME 1700000006000 RETRYCOUNT 2 FORCE JUSTID");
    stream->flags &= ~(unsigned)CLIENT_REPLAY;
    bench_says(c, "XPENDING s g");
    CHECK(bench_heard(c, "*4|:1|$3|1-1|$3|1-1|*1|*2|$1|b|$1|1|"));
    bench_says(c, "XCLAIM s g a 1 1-1 JUSTID");
    CHECK(bench_heard(c, "*0|"));
    bench_end(b);
}

UNIT_MAIN(T(newer_commands_that_write_are_known_as_such), T(the_oldest_reader_decides),
          T(a_payload_is_told_in_what_the_reader_knows), T(the_journal_gets_what_was_done),
          T(a_limit_beside_an_exact_threshold_comes_from_redis),
          T(a_claim_is_applied_by_a_clock_that_is_behind))
