#include "engine/call.h"

#include "engine_commands.h"
#include "type/hash.h"
#include "unit.h"

/* The arguments of a call, without a command that runs. */
static struct call call_with(struct client *c, const struct bytes *argv, int argc)
{
    return (struct call){.client = c,
                         .engine = c->engine,
                         .store = c->engine->store,
                         .db = c->db,
                         .argv = argv,
                         .argc = argc,
                         .reply = &c->reply};
}

TEST(numbers_or_an_error)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    const struct bytes argv[] = {BYTES("5"),  BYTES("x"),  BYTES("10"),
                                 BYTES("11"), BYTES("-1"), BYTES("0.5")};
    struct call call = call_with(c, argv, 6);
    long long n = 0;
    double d = 0;
    CHECK(call_int(&call, 0, &n) && n == 5 && bench_heard(c, ""));
    CHECK(!call_int(&call, 1, &n));
    CHECK(bench_heard(c, "-ERR value is not an integer or out of range|"));
    CHECK(call_int_range(&call, 2, 0, 10, ERR_SYNTAX, &n) && n == 10);
    CHECK(!call_int_range(&call, 3, 0, 10, ERR_SYNTAX, &n) && bench_heard(c, "-ERR syntax error|"));
    CHECK(!call_int_range(&call, 4, 0, 10, ERR_SYNTAX, &n) && bench_heard(c, "-ERR syntax error|"));
    CHECK(call_int_range(&call, 4, -1, 10, ERR_SYNTAX, &n) && n == -1);
    CHECK(!call_int_range(&call, 1, 0, 10, ERR_SYNTAX, &n));
    CHECK(bench_heard(c, "-ERR value is not an integer or out of range|"));
    CHECK(call_double(&call, 5, &d) && d == 0.5);
    CHECK(!call_double(&call, 1, &d) && bench_heard(c, "-ERR value is not a valid float|"));
    bench_end(b);
}

TEST(keys_of_the_right_type)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    struct call call = call_with(c, NULL, 0);
    struct entry *e = NULL;
    CHECK(call_read(&call, BYTES("k"), TYPE_HASH, &e) && !e);
    db_add(c->db, string_new(BYTES("k"), BYTES("x")));
    CHECK(call_read(&call, BYTES("k"), TYPE_STRING, &e) && e);
    CHECK(!call_read(&call, BYTES("k"), TYPE_HASH, &e));
    CHECK(!call_write(&call, BYTES("k"), TYPE_LIST, &e));
    static const char wrong[] =
        "-WRONGTYPE Operation against a key holding the wrong kind of value|";
    char both[256];
    snprintf(both, sizeof(both), "%s%s", wrong, wrong);
    CHECK(bench_heard(c, both));
    CHECK(call_write(&call, BYTES("k"), TYPE_STRING, &e) && e);
    CHECK(call_write(&call, BYTES("j"), TYPE_STRING, &e) && !e && bench_heard(c, ""));
    bench_end(b);
}

TEST(a_long_argument_is_not_copied)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    struct str *own = str_new(BYTES("long"));
    struct str *owned[] = {NULL, own};
    const struct bytes argv[] = {BYTES("short"), str_bytes(own)};
    struct call call = call_with(c, argv, 2);
    struct str *x = call_arg_str(&call, 0);
    CHECK(bytes_is(str_bytes(x), "short"));
    str_unref(x);
    call.owned = owned;
    x = call_arg_str(&call, 1);
    CHECK(x == own);
    str_unref(x);
    x = call_arg_str(&call, 0);
    CHECK(x != own && bytes_is(str_bytes(x), "short"));
    str_unref(x);
    str_unref(own);
    bench_end(b);
}

TEST(effects_replace_the_request)
{
    struct bench *b = bench_begin_journal();
    struct client *c = bench_client(b);
    struct call call = call_with(c, NULL, 0);
    CALL_EFFECT(&call, BYTES("PUT"), BYTES("k"));
    CHECK(call.rewritten && bench_journalled(b, RAW_PUT("k")));
    call.rewritten = false;
    call_no_effect(&call);
    CHECK(call.rewritten && bench_journalled(b, ""));
    bench_end(b);
}

UNIT_MAIN(T(numbers_or_an_error), T(keys_of_the_right_type), T(a_long_argument_is_not_copied),
          T(effects_replace_the_request))
