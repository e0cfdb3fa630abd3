#include "script/vm.h"

#include "lua_state.h"
#include "unit.h"

static int nothing(lua_State *L)
{
    (void)L;
    return 0;
}

static int poll_now(lua_State *L)
{
    vm_poll(L);
    return 0;
}

static int open_poll(lua_State *L)
{
    lua_pushcfunction(L, poll_now);
    lua_setglobal(L, "poll");
    return 0;
}

TEST(memory_is_counted_and_bounded_while_code_runs)
{
    struct vm vm;
    size_t before = vm_total();
    vm_init(&vm, 1 << 20);
    vm_protect(&vm, lua_open_base, NULL);
    CHECK(vm.used > 1000 && vm_total() - before == vm.used);
    vm.floor = vm.used;
    vm_enter(&vm);
    CHECK(lua_says(&vm, "local t = {} for i = 1, 1e6 do t[i] = {} end", "not enough memory"));
    CHECK(vm.refused && vm.used <= vm.limit);
    vm_leave(&vm);
    CHECK(vm.used < vm.limit / 2 && !vm.bounded && vm.floor == vm.used);
    /* The same is allowed to the server's own code. */
    CHECK(lua_says(&vm, "local t = {} for i = 1, 1e5 do t[i] = {} end return #t", "100000"));
    vm_collect(&vm);
    CHECK(vm.used < vm.limit);
    vm_free(&vm);
    CHECK(vm_total() == before);
}

TEST(garbage_within_the_limit_is_collected_while_code_runs)
{
    struct vm vm;
    vm_init(&vm, 1 << 20);
    vm_protect(&vm, lua_open_base, NULL);
    vm_enter(&vm);
    CHECK(lua_says(&vm, "collectgarbage('stop') for i = 1, 1e5 do local t = {i} end return 'done'",
                   "done"));
    vm_leave(&vm);
    vm_free(&vm);
}

TEST(reserve_makes_room_by_a_collection)
{
    struct vm vm;
    vm_init(&vm, 1 << 20);
    vm_protect(&vm, lua_open_base, NULL);
    vm_collect(&vm);
    size_t least = vm.used;
    CHECK(lua_says(&vm, "collectgarbage('stop') local s = ('x'):rep(200000) return #s", "200000"));
    vm_enter(&vm);
    CHECK(vm.used > least + 200000);
    vm_reserve(vm.L, 1000);
    CHECK(vm.used > least + 200000);
    vm_reserve(vm.L, 800000);
    CHECK(vm.used < least + 100000);
    vm_leave(&vm);
    vm_free(&vm);
}

static int turns;

static const char *tick(struct vm *vm)
{
    (void)vm;
    return ++turns >= 2 ? "ended by the test" : NULL;
}

TEST(what_runs_long_is_interrupted_and_cannot_catch_it)
{
    struct vm vm;
    vm_init(&vm, 0);
    vm_protect(&vm, lua_open_base, NULL);
    vm.tick = tick;
    turns = 0;
    vm_enter(&vm);
    CHECK(lua_says(&vm, "while true do pcall(function() while true do end end) end",
                   "ended by the test"));
    CHECK(turns == 2 && vm.ended);
    vm_leave(&vm);
    CHECK(!vm.ended);
    CHECK(lua_says(&vm, "return 1", "1"));
    vm_free(&vm);
}

TEST(a_function_of_c_is_interrupted_when_it_polls)
{
    struct vm vm;
    vm_init(&vm, 0);
    vm_protect(&vm, lua_open_base, NULL);
    vm_protect(&vm, open_poll, NULL);
    vm.tick = tick;
    turns = 1;
    vm_enter(&vm);
    CHECK(lua_says(&vm, "while true do poll() end", "ended by the test"));
    vm_leave(&vm);
    CHECK(turns == 2);
    vm_free(&vm);
}

TEST(bytecode_is_not_loaded)
{
    struct vm vm;
    lua_begin(&vm, nothing);
    CHECK(lua_says(&vm, "\033Lua", "t:1: unexpected symbol near 'char(27)'"));
    CHECK(lua_says(&vm, "return (", "t:1: unexpected symbol near '<eof>'"));
    vm_free(&vm);
}

TEST(text_of_many_pieces_is_one_chunk)
{
    struct vm vm;
    static char code[5000];
    lua_begin(&vm, nothing);
    memset(code, ' ', sizeof(code) - 1);
    memcpy(code + 1020, "local a = 12345", 15);
    memcpy(code + sizeof(code) - 10, "return a", 8);
    CHECK(lua_says(&vm, code, "12345"));
    vm_free(&vm);
}

TEST(swapped_states_count_for_their_new_owners)
{
    struct vm a, b;
    vm_init(&a, 0);
    vm_init(&b, 0);
    vm_protect(&a, lua_open_base, NULL);
    size_t a_used = a.used, b_used = b.used;
    CHECK(a_used > b_used);
    vm_swap(&a, &b);
    CHECK(a.used == b_used && b.used == a_used);
    CHECK(vm_of(a.L) == &a && vm_of(b.L) == &b);
    CHECK(lua_says(&b, "return 1", "1"));
    vm_free(&a);
    vm_free(&b);
    CHECK(a.used == 0 && b.used == 0);
}

UNIT_MAIN(T(memory_is_counted_and_bounded_while_code_runs),
          T(garbage_within_the_limit_is_collected_while_code_runs),
          T(reserve_makes_room_by_a_collection),
          T(what_runs_long_is_interrupted_and_cannot_catch_it),
          T(a_function_of_c_is_interrupted_when_it_polls), T(bytecode_is_not_loaded),
          T(text_of_many_pieces_is_one_chunk), T(swapped_states_count_for_their_new_owners))
