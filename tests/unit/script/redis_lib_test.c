#include "script/redis_lib.h"

#include "script_commands.h"
#include "unit.h"

static struct bench *b;
static struct client *c;

static bool says(const char *code, const char *want)
{
    return script_says(c, "EVAL", code, want);
}

static void begin(void)
{
    b = script_begin();
    c = bench_client(b);
}

TEST(replies_made_by_scripts)
{
    begin();
    CHECK(says("return redis.error_reply('MINE x')", "-MINE x|"));
    CHECK(says("return redis.error_reply('-MINE x')", "-MINE x|"));
    CHECK(says("return redis.error_reply('single')", "-ERR single|"));
    CHECK(says("return redis.status_reply('FINE')", "+FINE|"));
    CHECK(says("return redis.status_reply(1)", "-ERR wrong number or type of arguments|"));
    CHECK(says("return redis.error_reply('a', 'b')", "-ERR wrong number or type of arguments|"));
    script_end(b);
}

TEST(sha1hex)
{
    begin();
    CHECK(says("return redis.sha1hex('')", "$40|da39a3ee5e6b4b0d3255bfef95601890afd80709|"));
    CHECK(
        says("return redis.sha1hex('return 1')", "$40|e0e1f9fabfc9d4800c877a703b823ac0578ff8db|"));
    CHECK(
        says("local ok, e = pcall(redis.sha1hex) return e", "$29|ERR wrong number of arguments|"));
    script_end(b);
}

#define ERROR_OF(call) "local ok, e = pcall(function() " call " end) return e"

TEST(wrong_use_is_refused)
{
    begin();
    CHECK(says(ERROR_OF("redis.log(1)") " == 'ERR redis.log() requires two arguments or more.'",
               ":1|"));
    CHECK(says(ERROR_OF("redis.log('x', 'y')") " == 'ERR First argument must be a number (log "
                                               "level).'",
               ":1|"));
    CHECK(says(ERROR_OF("redis.log(4, 'y')") " == 'ERR Invalid debug level.'", ":1|"));
    CHECK(says(ERROR_OF("redis.setresp(4)") " == 'ERR RESP version must be 2 or 3.'", ":1|"));
    CHECK(says(ERROR_OF("redis.setresp()") " == 'ERR redis.setresp() requires one argument.'",
               ":1|"));
    CHECK(says(ERROR_OF("redis.set_repl(4)") ":sub(1, 29) == 'ERR Invalid replication flags'",
               ":1|"));
    script_end(b);
}

TEST(setresp_holds_until_the_script_ends)
{
    begin();
    CHECK(says("redis.setresp(3) return false", ":0|"));
    CHECK(says("return false", "$-1|"));
    script_end(b);
}

TEST(rights_are_those_of_the_caller)
{
    begin();
    CHECK(says("return redis.acl_check_cmd('PUT', 'k')", ":1|"));
    CHECK(says(ERROR_OF("redis.acl_check_cmd()") ":sub(1, 10)", "$10|ERR Please|"));
    CHECK(says(ERROR_OF("redis.acl_check_cmd('NONE')") ":sub(1, 11)", "$11|ERR Invalid|"));
    CHECK(says(ERROR_OF("redis.acl_check_cmd({})") ":sub(1, 9)", "$9|ERR redis|"));
    script_end(b);
}

TEST(constants)
{
    begin();
    CHECK(says("return {redis.LOG_DEBUG, redis.LOG_WARNING, redis.REPL_ALL, redis.REPL_AOF, "
               "redis.REDIS_VERSION, redis.REDIS_VERSION_NUM}",
               "*6|:0|:3|:3|:1|$5|7.2.4|:459268|"));
    CHECK(says("return {redis.replicate_commands(), redis.breakpoint(), redis.debug('x')}",
               "*2|:1|$-1|"));
    script_end(b);
}

TEST(what_a_library_sees_while_it_is_loaded)
{
    begin();
    CHECK(script_says(c, "LOAD",
                      "#!lua name=l\nredis.register_function('f', function() "
                      "return {redis.call('HAS', 'k'), redis.register_function == nil} end)",
                      "$1|l|"));
    CHECK(script_says(c, "CALL f", "", "*2|:0|:1|"));
    script_code = "#!lua name=m\nredis.call('HAS', 'k')";
    bench_says(c, "LOAD");
    CHECK(bench_heard(c, "-ERR Error registering functions: ERR user_function:2: Script attempted "
                         "to access nonexistent global variable 'call'|"));
    script_end(b);
}

UNIT_MAIN(T(replies_made_by_scripts), T(sha1hex), T(wrong_use_is_refused),
          T(setresp_holds_until_the_script_ends), T(rights_are_those_of_the_caller), T(constants),
          T(what_a_library_sees_while_it_is_loaded))
