#include "script/bit_lib.h"

#include "lua_state.h"
#include "unit.h"

static int open(lua_State *L)
{
    bit_lib_open(L);
    lua_setglobal(L, "bit");
    return 0;
}

static bool says(const char *code, const char *want)
{
    return lua_opened_says(open, code, want);
}

TEST(arguments_are_numbers_modulo_2_to_32)
{
    CHECK(says("return bit.tobit(0xffffffff), bit.tobit(0x80000000), bit.tobit(4294967301)",
               "-1 -2147483648 5"));
    CHECK(says("return bit.tobit(0.5), bit.tobit(1.5), bit.tobit(-0.5)", "0 2 0"));
    CHECK(
        says("return bit.tobit('x')", "bad argument #1 to 'tobit' (number expected, got string)"));
}

TEST(logic)
{
    CHECK(says("return bit.bnot(0), bit.band(7, 6, 12), bit.bor(1, 4, 8), bit.bxor(7, 2, 1)",
               "-1 4 13 4"));
    CHECK(says("return bit.bswap(0x12345678) == 0x78563412", "true"));
}

TEST(shifts_take_five_bits_of_their_count)
{
    CHECK(says("return bit.lshift(1, 31), bit.lshift(1, 32), bit.lshift(3, 1)", "-2147483648 1 6"));
    CHECK(says("return bit.rshift(-1, 31), bit.rshift(-8, 32)", "1 -8"));
    CHECK(says("return bit.arshift(-8, 1), bit.arshift(-8, 0), bit.arshift(8, 2)", "-4 -8 2"));
    CHECK(says("return bit.rol(0x80000001, 1), bit.rol(5, 0), bit.ror(1, 1), bit.ror(6, 1)",
               "3 5 -2147483648 3"));
}

TEST(hexadecimal_digits)
{
    CHECK(says("return bit.tohex(255), bit.tohex(255, 4), bit.tohex(-1, 2)", "000000ff 00ff ff"));
    CHECK(says("return bit.tohex(0xabcdef, -6), bit.tohex(1, 99), bit.tohex(10, -99)",
               "ABCDEF 00000001 0000000A"));
}

UNIT_MAIN(T(arguments_are_numbers_modulo_2_to_32), T(logic),
          T(shifts_take_five_bits_of_their_count), T(hexadecimal_digits))
