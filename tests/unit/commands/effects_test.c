/* What the journal gets of commands whose outcome depends on the clock, on chance, on who waits or
 * on what a key held: what they did, in words that older servers know. A mistake here shows only
 * after a restart. */
#include "commands/families.h"
#include "engine.h"
#include "unit.h"

/* now_ms of the bench is 1700000000000. Effects are separated by ';'. */
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
    {"RPUSH k a b c", "LMOVEM k l LEFT LEFT EXACTLY 4 BULK", ""},
    {"ZADD k 1 a 2 b", "ZMPOP 1 k MAX", "ZPOPMAX k 1"},
    {"ZADD k 1 a 2 b", "BZPOPMIN none k 0", "ZPOPMIN k"},
    {"HSET k f v", "HPEXPIRE k 100 FIELDS 1 f", "HPEXPIREAT k 1700000000100 FIELDS 1 f"},
    {"HSET k f v", "HPEXPIRE k 100 FIELDS 2 f g", "HPEXPIREAT k 1700000000100 FIELDS 1 f"},
    {"HSET k f v", "HEXPIRE k 100 XX FIELDS 1 f", ""},
    {"HSET k f v g w", "HPEXPIREAT k 1 FIELDS 1 g", "HDEL k g"},
    {"HSET k f v g w", "HGETDEL k FIELDS 2 g h", "HDEL k g"},
    {"HSET k f 5", "HINCRBYFLOAT k f 0.5", "HSET k f 5.5"},
    {NULL, "HSETEX k PX 5 FIELDS 1 f v", "HSET k f v;HPEXPIREAT k 1700000000005 FIELDS 1 f"},
    {"HSET k f v", "HSETEX k FNX PX 5 FIELDS 1 f w", ""},
};

/* The effects as the journal has them: several are one group. */
static void print_effects(struct buf *to, const char *effects)
{
    bool group = strchr(effects, ';');
    if (group)
        buf_printf(to, "*1\r\n$5\r\nMULTI\r\n");
    for (const char *p = effects; *p;) {
        size_t len = strcspn(p, ";"), n = 1;
        for (size_t i = 0; i < len; i++)
            n += p[i] == ' ';
        buf_printf(to, "*%zu\r\n", n);
        for (const char *end = p + len; n--;) {
            size_t word = strcspn(p, " ;");
            buf_printf(to, "$%zu\r\n%.*s\r\n", word, (int)word, p);
            p += word + (p + word < end);
        }
        p += *p == ';';
    }
    if (group)
        buf_printf(to, "*1\r\n$4\r\nEXEC\r\n");
}

TEST(the_journal_gets_what_was_done)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench *b = bench_begin(families_all());
        struct client *c = bench_client(b);
        struct buf want = {0};
        if (cases[i].before)
            bench_says(c, cases[i].before);
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

UNIT_MAIN(T(the_journal_gets_what_was_done))
