#include "script/run.h"

#include "engine/state.h"
#include "script_commands.h"
#include "unit.h"

TEST(numbers_become_arguments_in_the_shortest_form)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    static const struct {
        const char *number, *text;
    } rows[] = {
        {"12", "12"},
        {"-7", "-7"},
        {"0.1", "0.1"},
        {"2^53", "9007199254740992"},
        {"2^62", "4611686018427388000"},
        {"-2^63", "-9223372036854776000"},
        {"1e17", "100000000000000000"},
        {"1/3", "0.3333333333333333"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char code[128];
        snprintf(code, sizeof(code), "redis.call('PUT', %s) return redis.call('HAS', '%s')",
                 rows[i].number, rows[i].text);
        CHECK(script_says(c, "EVAL", code, ":1|"));
    }
    script_end(b);
}

TEST(calls_that_are_no_commands)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    CHECK(
        script_says(c, "EVAL", "return redis.pcall().err:sub(1, 20)", "$20|ERR Please specify a|"));
    CHECK(script_says(c, "EVAL",
                      "return redis.pcall({}).err == 'ERR Lua redis lib command "
                      "arguments must be strings or integers'",
                      ":1|"));
    CHECK(script_says(c, "EVAL", "return redis.pcall('HAS', true).err ~= nil", ":1|"));
    CHECK(script_says(c, "EVAL", "return redis.pcall('EVAL').err ~= nil", ":1|"));
    CHECK(script_says(c, "EVAL", "return redis.pcall('NONE').err ~= nil", ":1|"));
    script_end(b);
}

TEST(an_error_of_a_command_ends_call_and_not_pcall)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    CHECK(script_says(c, "EVAL", "redis.pcall('FAIL') return 5", ":5|"));
    CHECK(script_says(c, "EVAL", "local ok, e = pcall(redis.call, 'FAIL') return {ok, e}",
                      "*2|$-1|$16|ERR syntax error|"));
    CHECK(script_says(c, "EVAL", "return redis.call('FAIL')",
                      "-ERR syntax error script: 033c14787bbd7c54bdb853383ad95cd3e658f999, on "
                      "@user_script:1.|"));
    script_end(b);
}

TEST(effects_of_a_script_are_one_group)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    bench_journal(b);
    CHECK(script_says(c, "EVAL", "redis.call('BOTH', 'a', 'b') return 1", ":1|"));
    CHECK(bench_journalled(b, RAW_MULTI RAW_PUT("a") RAW_PUT("b") RAW_EXEC));
    CHECK(script_says(c, "EVAL", "redis.call('HAS', 'a') return 1", ":1|"));
    CHECK(bench_journalled(b, ""));
    script_end(b);
}

TEST(without_memory_nothing_grows)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    b->has_room = false;
    state_set(&b->engine, ENGINE_MAXMEMORY, true);
    CHECK(script_says(c, "EVAL", "return redis.pcall('PUT', 'k').err:sub(1, 3)", "$3|OOM|"));
    CHECK(script_says(c, "EVAL", "return redis.call('HAS', 'k')", ":0|"));
    CHECK(script_says(c, "EVAL", "#!lua\nreturn 1",
                      "-OOM allow-oom flag is not set on the script, can not run it when used "
                      "memory > 'maxmemory'|"));
    CHECK(script_says(c, "EVAL", "#!lua flags=allow-oom\nreturn redis.call('PUT', 'k')", "+OK|"));
    script_end(b);
}

static int busy_turns;

static bool busy_turn(void *context)
{
    struct bench *b = context;
    busy_turns++;
    /* While others have a turn the script may be asked to end. */
    if (busy_turns == 2) {
        struct chain out = {0};
        struct reply reply = {.out = &out, .resp = 2};
        if (!(b->engine.slow_path & ENGINE_BUSY) ||
            !scripting_kill(b->engine.scripting, false, &reply))
            busy_turns = 1000;
        chain_free(&out);
    }
    return busy_turns < 1000;
}

TEST(a_busy_script_lets_others_have_turns_and_can_be_killed)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    b->engine.services.busy_turn = busy_turn;
    b->settings->busy_reply_threshold = 1;
    busy_turns = 0;
    script_code = "while true do end";
    bench_says(c, "EVAL");
    struct iovec piece = {0};
    chain_pieces(&c->out, &piece, 1, UINT64_MAX);
    CHECK(piece.iov_len > 20 && memmem(piece.iov_base, piece.iov_len, "Script killed by user", 21));
    CHECK(busy_turns == 2 && !(b->engine.slow_path & ENGINE_BUSY));
    chain_take(&c->out, chain_pending(&c->out));
    CHECK(script_says(c, "EVAL", "return 1", ":1|"));
    script_end(b);
}

UNIT_MAIN(T(numbers_become_arguments_in_the_shortest_form), T(calls_that_are_no_commands),
          T(an_error_of_a_command_ends_call_and_not_pcall), T(effects_of_a_script_are_one_group),
          T(without_memory_nothing_grows),
          T(a_busy_script_lets_others_have_turns_and_can_be_killed))
