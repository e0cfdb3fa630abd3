#include "script/library.h"

#include "engine_commands.h"
#include "unit.h"

struct library_bench {
    struct bench *b;
    struct run run;
    struct libraries all;
    struct chain out;
    struct reply reply;
};

static void begin(struct library_bench *x)
{
    *x = (struct library_bench){.b = bench_begin(engine_commands)};
    x->reply = (struct reply){.out = &x->out, .resp = 2};
    library_init(&x->all);
    run_init(&x->run, &x->b->engine);
}

static void end(struct library_bench *x)
{
    while (!dlist_empty(&x->all.all)) {
        struct library *l = dlist_item(x->all.all.next, struct library, node);
        library_remove(&x->all, l);
        library_free(l);
    }
    dict_clear(&x->all.by_name);
    dict_clear(&x->all.functions);
    run_free(&x->run);
    chain_free(&x->out);
    bench_end(x->b);
}

static struct library *load(struct library_bench *x, const char *code)
{
    return library_load(&x->run, bytes_text(code), &x->reply);
}

/* Whether loading fails with this text. */
static bool fails(struct library_bench *x, const char *code, const char *want)
{
    struct library *l = load(x, code);
    char got[512] = "";
    struct iovec piece = {0};
    chain_pieces(&x->out, &piece, 1, UINT64_MAX);
    if (piece.iov_len > 2)
        snprintf(got, sizeof(got), "%.*s", (int)piece.iov_len - 2, (char *)piece.iov_base);
    chain_take(&x->out, chain_pending(&x->out));
    if (l)
        library_free(l);
    if (strcmp(got, want) != 0)
        printf("# got <%s>, wanted <%s>\n", got, want);
    return !l && strcmp(got, want) == 0;
}

TEST(the_first_line_names_the_library)
{
    struct library_bench x;
    begin(&x);
    CHECK(fails(&x, "return 1", "-ERR Missing library metadata"));
    CHECK(fails(&x, "#!lua name=x", "-ERR Invalid library metadata"));
    CHECK(fails(&x, "#!tcl name=x\n", "-ERR Engine 'tcl' not found"));
    CHECK(fails(&x, "#!lua\n", "-ERR Library name was not given"));
    CHECK(fails(&x, "#!lua name=a name=b\n",
                "-ERR Invalid metadata value, name argument was given multiple times"));
    CHECK(fails(&x, "#!lua nom=a\n", "-ERR Invalid metadata value given: nom=a"));
    char name[64];
    size_t head;
    CHECK(library_parse_head(BYTES("#!lua name=a_1\ncode"), name, &head, &x.reply));
    CHECK(strcmp(name, "a_1") == 0 && head == 14);
    CHECK(!library_parse_head(BYTES("#!lua name=a-1\n"), name, &head, &x.reply));
    end(&x);
}

#define REGISTER "#!lua name=l\nredis.register_function"

TEST(functions_are_registered)
{
    struct library_bench x;
    begin(&x);
    struct library *l =
        load(&x, REGISTER "('one', function() end) "
                          "redis.register_function{function_name = 'two', callback = function() "
                          "end, flags = {'no-writes', 'allow-oom'}, description = 'text'}");
    CHECK(l && strcmp(l->name, "l") == 0);
    struct function *one = dlist_item(l->functions.next, struct function, node);
    struct function *two = dlist_item(one->node.next, struct function, node);
    CHECK(bytes_equal(str_bytes(one->name), BYTES("one")) && !one->description && !one->flags);
    CHECK(bytes_equal(str_bytes(two->name), BYTES("two")) && two->library == l);
    CHECK(two->flags == (FUNCTION_NO_WRITES | FUNCTION_ALLOW_OOM));
    CHECK(bytes_equal(str_bytes(two->description), BYTES("text")));
    CHECK(two->node.next == &l->functions && x.run.library == NULL && !x.run.registering);
    library_free(l);
    end(&x);
}

TEST(wrong_registrations)
{
    struct library_bench x;
    begin(&x);
#define REFUSED(args, why) fails(&x, REGISTER args, "-ERR Error registering functions: ERR " why)
    CHECK(REFUSED("('a')", "calling redis.register_function with a single argument is only "
                           "applicable to Lua table (representing named arguments)."));
    CHECK(REFUSED("(1, 2)", "first argument to redis.register_function must be a string"));
    CHECK(REFUSED("('a', 2)", "second argument to redis.register_function must be a function"));
    CHECK(REFUSED("()", "wrong number of arguments to redis.register_function"));
    CHECK(REFUSED("{callback = function() end}",
                  "redis.register_function must get a function name argument"));
    CHECK(REFUSED("{function_name = 'a'}", "redis.register_function must get a callback argument"));
    CHECK(REFUSED("{function_name = 'a', callback = function() end, flags = {'x'}}",
                  "unknown flag given"));
    CHECK(REFUSED("{x = 1}", "unknown argument given to redis.register_function"));
    CHECK(REFUSED("('a', function() end) redis.register_function('A', function() end)",
                  "Function already exists in the library"));
    CHECK(fails(&x, "#!lua name=l\nreturn 1", "-ERR No functions registered"));
    end(&x);
}

#define LIBRARY(name, function)                                                                    \
    "#!lua name=" name "\nredis.register_function('" function "', function() return 1 end)"

TEST(names_of_functions_are_unique_among_libraries)
{
    struct library_bench x;
    begin(&x);
    struct library *a = load(&x, LIBRARY("a", "F"));
    CHECK(a && library_fits(&x.all, a, NULL, &x.reply));
    library_add(&x.all, a);
    const struct function *f = library_function(&x.all, BYTES("f"));
    CHECK(f && f->library == a && f == library_function(&x.all, BYTES("F")));
    CHECK(!library_function(&x.all, BYTES("g")));
    struct library *b = load(&x, LIBRARY("b", "f"));
    CHECK(!library_fits(&x.all, b, NULL, &x.reply));
    CHECK(library_fits(&x.all, b, a, &x.reply));
    library_remove(&x.all, a);
    CHECK(!library_function(&x.all, BYTES("f")) && x.all.by_name.used == 0);
    CHECK(library_fits(&x.all, b, NULL, &x.reply));
    library_free(a);
    library_free(b);
    end(&x);
}

TEST(reloading_keeps_the_functions_and_drops_what_they_kept)
{
    struct library_bench x;
    begin(&x);
    struct library *a = load(&x, "#!lua name=a\nlocal kept = ('x'):rep(100000) "
                                 "redis.register_function('f', function() return #kept end)");
    CHECK(a);
    struct function *f = dlist_item(a->functions.next, struct function, node);
    lua_State *before = a->vm.L;
    library_reload(&x.run, a);
    CHECK(a->vm.L && a->vm.L != before);
    CHECK(f == dlist_item(a->functions.next, struct function, node) && f->library == a);
    lua_rawgeti(a->vm.L, LUA_REGISTRYINDEX, f->ref);
    CHECK(lua_isfunction(a->vm.L, -1));
    lua_pop(a->vm.L, 1);
    library_free(a);
    end(&x);
}

TEST(flags_have_names)
{
    CHECK(library_flag(BYTES("no-writes")) == FUNCTION_NO_WRITES);
    CHECK(library_flag(BYTES("allow-cross-slot-keys")) == FUNCTION_CROSS_SLOT);
    CHECK(library_flag(BYTES("No-Writes")) == 0);
    CHECK(strcmp(library_flag_name(FUNCTION_ALLOW_STALE), "allow-stale") == 0);
    CHECK(!library_flag_name(1 << 5));
}

UNIT_MAIN(T(the_first_line_names_the_library), T(functions_are_registered), T(wrong_registrations),
          T(names_of_functions_are_unique_among_libraries),
          T(reloading_keeps_the_functions_and_drops_what_they_kept), T(flags_have_names))
