#include "script/script_cache.h"

#include "engine_commands.h"
#include "unit.h"

#define ONE_DIGEST "e0e1f9fabfc9d4800c877a703b823ac0578ff8db" /* of "return 1" */

struct cache_bench {
    struct bench *b;
    struct run run;
    struct script_cache c;
    struct chain out;
    struct reply reply;
};

static void begin(struct cache_bench *x)
{
    *x = (struct cache_bench){.b = bench_begin(engine_commands)};
    x->reply = (struct reply){.out = &x->out, .resp = 2};
    run_init(&x->run, &x->b->engine);
    script_cache_init(&x->c, &x->run);
}

static void end(struct cache_bench *x)
{
    script_cache_free(&x->c);
    run_free(&x->run);
    chain_free(&x->out);
    bench_end(x->b);
}

static struct script *add(struct cache_bench *x, int i, bool keep)
{
    char text[32];
    snprintf(text, sizeof(text), "return %d", i);
    return script_cache_add(&x->c, bytes_text(text), keep, &x->reply);
}

TEST(a_script_is_compiled_once)
{
    struct cache_bench x;
    begin(&x);
    struct script *one = add(&x, 1, true);
    CHECK(one && strcmp(one->digest, ONE_DIGEST) == 0);
    CHECK(add(&x, 1, false) == one && x.c.by_digest.used == 1 && x.c.by_hash.used == 1);
    CHECK(add(&x, 2, true) != one);
    CHECK(x.c.text_bytes == 16 && x.c.transient == 0);
    CHECK(script_cache_find(&x.c, BYTES(ONE_DIGEST)) == one);
    CHECK(script_cache_find(&x.c, BYTES("E0E1F9FABFC9D4800C877A703B823AC0578FF8DB")) == one);
    CHECK(!script_cache_find(&x.c, BYTES("e0e1")));
    script_cache_flush(&x.c);
    CHECK(!script_cache_find(&x.c, BYTES(ONE_DIGEST)) && x.c.text_bytes == 0);
    CHECK(add(&x, 1, false) && x.c.transient == 1);
    end(&x);
}

TEST(the_least_recently_used_transient_script_makes_room)
{
    struct cache_bench x;
    begin(&x);
    struct script *kept = add(&x, 0, true), *first = add(&x, 1, false), *second = add(&x, 2, false);
    char digest[41];
    strcpy(digest, second->digest);
    for (int i = 3; i <= SCRIPT_CACHE_TRANSIENT; i++)
        add(&x, i, false);
    CHECK(x.c.transient == SCRIPT_CACHE_TRANSIENT);
    script_cache_use(&x.c, first);
    add(&x, 9999, false);
    CHECK(x.c.transient == SCRIPT_CACHE_TRANSIENT);
    CHECK(!script_cache_find(&x.c, bytes_text(digest)));
    CHECK(script_cache_find(&x.c, BYTES(ONE_DIGEST)) == first);
    CHECK(script_cache_find(&x.c, bytes_text(kept->digest)) == kept);
    CHECK(add(&x, 1, true) == first && x.c.transient == SCRIPT_CACHE_TRANSIENT - 1);
    end(&x);
}

TEST(what_does_not_compile_is_not_kept)
{
    struct cache_bench x;
    begin(&x);
    CHECK(!script_cache_add(&x.c, BYTES("return ("), true, &x.reply));
    CHECK(chain_pending(&x.out) > 0 && x.c.by_digest.used == 0 && x.c.text_bytes == 0);
    CHECK(lua_gettop(x.c.vm.L) == 0);
    end(&x);
}

static bool declares(const char *text, unsigned want)
{
    unsigned flags = 0;
    return script_cache_declares(bytes_text(text), &flags) && flags == want;
}

TEST(the_first_line_declares_flags)
{
    unsigned flags;
    CHECK(declares("#!lua\nreturn 1", 0));
    CHECK(declares("#!lua flags=no-writes,allow-oom\n", 1 | 2));
    CHECK(declares("#!lua  flags=allow-stale, flags=no-cluster\n", 4 | 8));
    CHECK(!script_cache_declares(BYTES("return 1"), &flags));
    CHECK(!script_cache_declares(BYTES("#!lua"), &flags));
    CHECK(!script_cache_declares(BYTES("#!tcl\n"), &flags));
    CHECK(!script_cache_declares(BYTES("#!lua name=x\n"), &flags));
    CHECK(!script_cache_declares(BYTES("#!lua flags=fast\n"), &flags));
}

UNIT_MAIN(T(a_script_is_compiled_once), T(the_least_recently_used_transient_script_makes_room),
          T(what_does_not_compile_is_not_kept), T(the_first_line_declares_flags))
