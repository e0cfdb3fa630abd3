#include "script/invoke.h"

#include "script_commands.h"
#include "unit.h"

TEST(keys_and_arguments_are_global_tables_of_a_script)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    CHECK(script_says(c, "EVAL k a b", "return {KEYS[1], ARGV[1], ARGV[2], #KEYS, #ARGV}",
                      "*5|$1|k|$1|a|$1|b|:1|:2|"));
    CHECK(script_says(c, "EVAL", "return {#KEYS, #ARGV}", "*2|:0|:0|"));
    script_end(b);
}

TEST(and_parameters_of_a_function)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    CHECK(script_says(c, "LOAD",
                      "#!lua name=l\nredis.register_function('f', function(keys, args) "
                      "return {#keys, args[1], args[2]} end)",
                      "$1|l|"));
    CHECK(script_says(c, "CALL f x y", "", "*3|:0|$1|x|$1|y|"));
    script_end(b);
}

TEST(an_error_tells_the_script_and_the_line)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    struct engine_stat *s = stat_of(b, &eval_command);
    CHECK(script_says(c, "EVAL", "\nerror('no')",
                      "-ERR user_script:2: no script: e80c8b796e6a40d9d85ecad344f6e07d4da115b6, "
                      "on @user_script:2.|"));
    CHECK(s->failed == 1);
    CHECK(script_says(c, "EVAL", "error({err = '-MINE x'})",
                      "-MINE x script: d7dab478ff1a38fc7237229c55991b0129c0f847, "
                      "on @user_script:1.|"));
    CHECK(s->failed == 2);
    uint64_t errors = b->engine.stats.total_errors;
    /* Both commands failed, with one error. */
    CHECK(script_says(c, "EVAL", "return redis.pcall('FAIL')", "-ERR syntax error|"));
    CHECK(s->failed == 3 && counted(b, &fail_command, 1, 0, 1));
    CHECK(b->engine.stats.total_errors == errors + 1);
    script_end(b);
}

TEST(half_a_table_is_no_reply)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    script_code = "local t = {} t[1] = t return t";
    bench_says(c, "EVAL");
    struct iovec piece = {0};
    chain_pieces(&c->out, &piece, 1, UINT64_MAX);
    CHECK(piece.iov_len > 30 && memcmp(piece.iov_base, "-ERR reached lua stack limit", 28) == 0);
    chain_take(&c->out, chain_pending(&c->out));
    CHECK(script_says(c, "EVAL", "return {1, {2, {err = 'ERR x'}}}", "*2|:1|*2|:2|-ERR x|"));
    script_end(b);
}

TEST(a_script_that_only_reads_writes_nothing)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    script_code = "return redis.pcall('PUT', 'k').err ~= nil";
    bench_says(c, "EVALRO");
    CHECK(bench_heard(c, ":1|"));
    CHECK(script_says(c, "EVALRO", "return redis.call('HAS', 'k')", ":0|"));
    CHECK(script_says(c, "EVAL", "return redis.call('PUT', 'k')", "+OK|"));
    CHECK(script_says(c, "EVALRO", "return redis.call('HAS', 'k')", ":1|"));
    script_end(b);
}

UNIT_MAIN(T(keys_and_arguments_are_global_tables_of_a_script), T(and_parameters_of_a_function),
          T(an_error_tells_the_script_and_the_line), T(half_a_table_is_no_reply),
          T(a_script_that_only_reads_writes_nothing))
