#include "script/scripting.h"

#include "script_commands.h"
#include "unit.h"

#define LIBRARY(name, function, body)                                                              \
    "#!lua name=" name "\nredis.register_function('" function "', function() " body " end)"

TEST(a_library_is_loaded_replaced_and_deleted)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    struct scripting *s = b->engine.scripting;
    CHECK(script_says(c, "LOAD", LIBRARY("l", "f", "return 1"), "$1|l|"));
    CHECK(
        script_says(c, "LOAD", LIBRARY("l", "f", "return 2"), "-ERR Library 'l' already exists|"));
    CHECK(scripting_failures(s) == 1);
    CHECK(script_says(c, "CALL F", "", ":1|"));
    CHECK(script_says(c, "RELOAD", LIBRARY("l", "f", "return 2"), "$1|l|"));
    CHECK(script_says(c, "CALL f", "", ":2|"));
    CHECK(script_says(c, "LOAD", LIBRARY("m", "f", "return 3"), "-ERR Function f already exists|"));
    CHECK(scripting_failures(s) == 2);
    CHECK(scripting_delete(s, BYTES("l")) && !scripting_delete(s, BYTES("l")));
    CHECK(script_says(c, "CALL f", "", "$-1|"));
    struct scripting_memory m;
    scripting_memory(s, &m);
    CHECK(m.libraries == 0 && m.library_count == 0 && m.function_count == 0);
    script_end(b);
}

static bool lists(struct bench *b, const char *pattern, bool code, const char *want)
{
    struct client *c = bench_client(b);
    scripting_list(b->engine.scripting, pattern ? bytes_text(pattern) : bytes_of(NULL, 0), code,
                   &c->reply);
    bool same = bench_heard(c, want);
    session_close(c);
    return same;
}

TEST(libraries_are_listed_in_the_order_of_loading)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    struct scripting *s = b->engine.scripting;
#define ENTRY(l, f)                                                                                \
    "*6|$12|library_name|$1|" l "|$6|engine|$3|LUA|$9|functions|*1|*6|$4|name|$1|" f               \
    "|$11|description|$-1|$5|flags|*0|"
    CHECK(lists(b, NULL, false, "*0|"));
    CHECK(script_says(c, "LOAD", LIBRARY("y", "f", ""), "$1|y|"));
    CHECK(script_says(c, "LOAD", LIBRARY("x", "g", ""), "$1|x|"));
    CHECK(lists(b, NULL, false, "*2|" ENTRY("y", "f") ENTRY("x", "g")));
    CHECK(lists(b, "X*", false, "*1|" ENTRY("x", "g")));
    CHECK(bytes_equal(scripting_library(s, 0), BYTES(LIBRARY("y", "f", ""))));
    CHECK(bytes_equal(scripting_library(s, 1), BYTES(LIBRARY("x", "g", ""))));
    CHECK(scripting_library(s, 2).n == 0);
    scripting_flush_functions(s);
    CHECK(lists(b, NULL, false, "*0|") && scripting_library(s, 0).n == 0);
    script_end(b);
}

TEST(libraries_set_aside_come_back_or_go)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    struct scripting *s = b->engine.scripting;
    struct scripting_memory before, m;
    CHECK(script_says(c, "LOAD", LIBRARY("l", "f", "return 1"), "$1|l|"));
    scripting_memory(s, &before);
    struct scripting_libraries *aside = scripting_set_aside(s);
    CHECK(script_says(c, "CALL f", "", "$-1|"));
    CHECK(script_says(c, "LOAD", LIBRARY("m", "f", "return 2"), "$1|m|"));
    CHECK(!scripting_copy(s, aside)); /* f exists */
    scripting_put_back(s, aside);
    CHECK(script_says(c, "CALL f", "", ":1|"));
    scripting_memory(s, &m);
    CHECK(m.libraries == before.libraries && m.library_count == 1);
    aside = scripting_set_aside(s);
    CHECK(scripting_copy(s, aside));
    scripting_drop(aside);
    CHECK(script_says(c, "CALL f", "", ":1|"));
    script_end(b);
}

TEST(what_is_declared)
{
    unsigned does;
    CHECK(!scripting_declares(BYTES("return 1"), &does));
    CHECK(scripting_declares(BYTES("#!lua\n"), &does));
    CHECK(does == (SCRIPTING_WRITES | SCRIPTING_GROWS));
    CHECK(scripting_declares(BYTES("#!lua flags=allow-oom\n"), &does) && does == SCRIPTING_WRITES);
    CHECK(scripting_declares(BYTES("#!lua flags=no-writes\n"), &does) && does == 0);
    CHECK(scripting_declares(BYTES("#!lua flags=no-writes,allow-stale\n"), &does) &&
          does == SCRIPTING_STALE);
}

TEST(a_script_that_may_write_is_no_readonly_one)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    CHECK(script_says(c, "EVALRO", "#!lua\nreturn 1",
                      "-ERR Can not execute a script with write flag using *_ro command.|"));
    CHECK(script_says(c, "EVALRO", "#!lua flags=no-writes\nreturn 1", ":1|"));
    CHECK(script_says(c, "EVAL", "#!lua flags=no-writes\nreturn redis.pcall('PUT', 'k').err ~= nil",
                      ":1|"));
    script_end(b);
}

/* What declares nothing comes through on what EVAL may, and is refused here. */
TEST(a_script_that_declares_nothing_reads_no_old_data)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    struct scripting_request q = {0};
    struct script *x = scripting_add(b->engine.scripting, BYTES("return 1"), false, &c->reply);
    struct script *y =
        scripting_add(b->engine.scripting, BYTES("#!lua flags=no-writes,allow-stale\nreturn 2"),
                      false, &c->reply);
    struct call call = {.client = c, .engine = &b->engine, .reply = &c->reply};
    b->settings->replica_serve_stale_data = false;
    state_set_role(&b->engine, ROLE_REPLICA_DOWN);
    scripting_eval(&call, x, &q);
    CHECK(bench_heard(c, "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set "
                         "to 'no'.|"));
    scripting_eval(&call, y, &q);
    CHECK(bench_heard(c, ":2|"));
    state_set_role(&b->engine, ROLE_REPLICA_UP);
    scripting_eval(&call, x, &q);
    CHECK(bench_heard(c, ":1|"));
    script_end(b);
}

TEST(nothing_runs_that_could_be_killed)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    struct scripting *s = b->engine.scripting;
    CHECK(!scripting_kill(s, false, &c->reply));
    CHECK(bench_heard(c, "-NOTBUSY No scripts in execution right now.|"));
    CHECK(scripting_interrupt(s, "The server is shutting down.") && !scripting_runs_function(s));
    scripting_stats(s, &c->reply);
    CHECK(bench_heard(c, "*4|$14|running_script|$-1|$7|engines|*2|$3|LUA|*4|$15|libraries_count|:0|"
                         "$15|functions_count|:0|"));
    script_end(b);
}

static char told[256];

static bool busy_turn(void *context)
{
    struct bench *b = context;
    struct scripting *s = b->engine.scripting;
    struct client *c = bench_client(b);
    bool killed = scripting_kill(s, !scripting_runs_function(s), &c->reply);
    struct iovec piece = {0};
    chain_pieces(&c->out, &piece, 1, UINT64_MAX);
    snprintf(told, sizeof(told), "%d %.*s %d", killed, (int)strcspn(piece.iov_base, " "),
             (char *)piece.iov_base, scripting_interrupt(s, "The server is shutting down."));
    session_close(c);
    return false; /* end it whatever it has done */
}

TEST(what_has_written_is_not_interrupted)
{
    struct bench *b = script_begin();
    struct client *c = bench_client(b);
    b->engine.services.busy_turn = busy_turn;
    b->settings->busy_reply_threshold = 1;
    script_code = "while true do end";
    bench_says(c, "EVAL");
    CHECK(strcmp(told, "0 -BUSY 1") == 0);
    script_code = "redis.call('PUT', 'k') while true do end";
    bench_says(c, "EVAL");
    CHECK(strcmp(told, "0 -BUSY 0") == 0);
    chain_take(&c->out, chain_pending(&c->out));
    script_end(b);
}

UNIT_MAIN(T(a_library_is_loaded_replaced_and_deleted),
          T(libraries_are_listed_in_the_order_of_loading), T(libraries_set_aside_come_back_or_go),
          T(what_is_declared), T(a_script_that_may_write_is_no_readonly_one),
          T(a_script_that_declares_nothing_reads_no_old_data), T(nothing_runs_that_could_be_killed),
          T(what_has_written_is_not_interrupted))
