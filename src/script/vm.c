#include "script/vm.h"

#include "base/alarm.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <luajit.h>

#define HOOK_STEPS 1000

/* The alarm's handler sees only these. */
static lua_State *volatile running;
static volatile uint64_t run_number, armed_for; /* armed_for 0: not armed */
static volatile bool hooked;

static void *allocate(void *context, void *block, size_t old, size_t n)
{
    struct vm *vm = context;
    if (n == 0) {
        vm->used -= old;
        mem_free(block);
        return NULL;
    }
    if (vm->bounded && vm->limit && n > old && vm->used + (n - old) > vm->limit)
        return NULL;
    void *moved = mem_try_realloc(block, n);
    if (moved)
        vm->used += n - old;
    return moved;
}

static int panic(lua_State *L)
{
    const char *text = lua_tostring(L, -1);
    ASSERT(!text && "a Lua error outside of protection");
    return 0;
}

struct vm *vm_of(lua_State *L)
{
    void *vm;
    lua_getallocf(L, &vm);
    return vm;
}

static void end_code(lua_State *L, struct vm *vm)
{
    luaL_error(L, "%s", vm->ended);
}

void vm_poll(lua_State *L)
{
    struct vm *vm = vm_of(L);
    if (!vm->ended && vm->tick && hooked)
        vm->ended = vm->tick(vm);
    if (vm->ended)
        end_code(L, vm);
}

static void hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct vm *vm = vm_of(L);
    if (!vm->ended && vm->tick)
        vm->ended = vm->tick(vm);
    if (vm->ended) {
        /* Whoever catches it gets it again at once. */
        lua_sethook(L, hook, LUA_MASKCOUNT, 1);
        end_code(L, vm);
    }
}

static void rang(void)
{
    bool same = armed_for == run_number;
    armed_for = 0;
    if (running && !same) {
        armed_for = run_number;
        alarm_arm(VM_PATIENCE_US);
    } else if (running) {
        hooked = true;
        lua_sethook(running, hook, LUA_MASKCOUNT, HOOK_STEPS);
    }
}

void vm_init(struct vm *vm, size_t limit)
{
    *vm = (struct vm){.limit = limit};
    vm->L = lua_newstate(allocate, vm);
    ASSERT(vm->L);
    lua_atpanic(vm->L, panic);
    luaJIT_setmode(vm->L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
}

void vm_free(struct vm *vm)
{
    if (vm->L)
        lua_close(vm->L);
    vm->L = NULL;
}

int vm_protect(struct vm *vm, lua_CFunction f, void *context)
{
    return lua_cpcall(vm->L, f, context);
}

void vm_enter(struct vm *vm)
{
    vm->ended = NULL;
    vm->bounded = true;
    run_number++;
    running = vm->L;
    if (!armed_for) {
        /* Made late: a timer does not outlive the fork into the background. */
        static bool made;
        if (!made)
            alarm_make(rang);
        made = true;
        armed_for = run_number;
        alarm_arm(VM_PATIENCE_US);
    }
}

void vm_leave(struct vm *vm)
{
    running = NULL;
    vm->bounded = false;
    if (hooked)
        lua_sethook(vm->L, NULL, 0, 0);
    hooked = false;
    vm->ended = NULL;
}

/* ---- The text of chunks */

/* Behind "[==[ ... ]==]" at p, or p: there is no long bracket. */
static const char *skip_long(const char *p, const char *end)
{
    size_t level = 0;
    const char *q = p + 1;
    for (; q < end && *q == '='; q++)
        level++;
    if (q >= end || *q != '[')
        return p;
    for (q++; q < end; q++) {
        size_t k = 0;
        if (*q != ']')
            continue;
        while (k < level && q + 1 + k < end && q[1 + k] == '=')
            k++;
        if (k == level && q + 1 + k < end && q[1 + k] == ']')
            return q + k + 2;
    }
    return end;
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Behind the token, comment or single character at p. */
static const char *skip_token(const char *p, const char *end)
{
    char c = *p;
    if (c == '-' && p + 1 < end && p[1] == '-') {
        p += 2;
        const char *behind = p < end && *p == '[' ? skip_long(p, end) : p;
        if (behind != p)
            return behind;
        while (p < end && *p != '\n')
            p++;
        return p;
    }
    if (c == '[') {
        const char *behind = skip_long(p, end);
        return behind == p ? p + 1 : behind;
    }
    if (c == '"' || c == '\'') {
        for (p++; p < end && *p != c && *p != '\n'; p++)
            if (*p == '\\')
                p++;
        return p < end ? p + 1 : end;
    }
    if (in_name(c)) {
        bool number = isdigit((unsigned char)c);
        while (p < end && (in_name(*p) || (number && *p == '.' && !(p + 1 < end && p[1] == '.'))))
            p++;
        return p;
    }
    return p + 1;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (isspace((unsigned char)*p) || (*p == '-' && p + 1 < end && p[1] == '-')))
        p = skip_token(p, end);
    return p;
}

/* What LuaJIT reads and Lua 5.1 does not: numbers as 1LL, 1ULL and 1i, names with bytes beyond
 * ASCII. The place of it, or NULL. */
static const char *strange(const char *p, const char *end, size_t *n, const char **why)
{
    while (p < end) {
        const char *start = p;
        p = skip_token(p, end);
        for (const char *c = start; in_name(*start) && c < p; c++)
            if ((unsigned char)*c >= 0x80) {
                *n = 1;
                *why = "unexpected symbol";
                return c;
            }
        if (!isdigit((unsigned char)*start))
            continue;
        char last = p[-1];
        bool hex = p - start > 1 && (start[1] == 'x' || start[1] == 'X');
        if (strchr("iIlL", last) || (!hex && (last == 'u' || last == 'U'))) {
            *n = (size_t)(p - start);
            *why = "malformed number";
            return start;
        }
    }
    return NULL;
}

static bool token_is(const char *from, const char *to, const char *word)
{
    return (size_t)(to - from) == strlen(word) && memcmp(from, word, (size_t)(to - from)) == 0;
}

/* The functions of C that libraries have: of these names, or under them. */
static bool is_library(const char *from, const char *to)
{
    static const char *const names[] = {
        "redis",  "cjson",        "cmsgpack", "struct", "string",     "table",    "math",    "bit",
        "error",  "assert",       "tonumber", "unpack", "select",     "ipairs",   "pairs",   "next",
        "rawset", "setmetatable", "rawget",   "load",   "loadstring", "tostring", "rawequal"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (token_is(from, to, names[i]))
            return true;
    return false;
}

/* Whether `return` (p behind it) is followed by one call of a library function and nothing else.
 * *open: where the call begins, *close: behind it. */
static bool tail_call(const char *p, const char *end, const char **open, const char **close)
{
    p = skip_blanks(p, end);
    *open = p;
    if (p >= end || !in_name(*p) || isdigit((unsigned char)*p))
        return false;
    const char *word = p;
    p = skip_token(p, end);
    if (!is_library(word, p))
        return false;
    for (p = skip_blanks(p, end); p < end && *p == '.'; p = skip_blanks(p, end)) {
        p = skip_blanks(p + 1, end);
        if (p >= end || !in_name(*p))
            return false;
        p = skip_token(p, end);
    }
    if (p >= end || *p != '(')
        return false;
    int depth = 0;
    do {
        depth += (*p == '(') - (*p == ')');
        p = skip_token(p, end);
    } while (p < end && depth > 0);
    *close = p;
    p = skip_blanks(p, end);
    if (depth > 0)
        return false;
    word = p;
    p = p < end ? skip_token(p, end) : p;
    return word == end || token_is(word, p, "end") || token_is(word, p, "else") ||
           token_is(word, p, "elseif") || token_is(word, p, "until") || token_is(word, p, ";");
}

/* LuaJIT forgets the caller of a function of C that is called last: errors then have no place.
 * So `return redis.call(...)` becomes `return VM_SAME(redis.call(...))`. */
static void keep_callers(struct buf *out, const char *p, const char *end)
{
    const char *done = p;
    while (p < end) {
        const char *start = p, *open, *close;
        p = skip_token(p, end);
        if (!token_is(start, p, "return") || !tail_call(p, end, &open, &close))
            continue;
        buf_add(out, bytes_of(done, (size_t)(open - done)));
        buf_add_text(out, VM_SAME "(");
        /* What is inside may hold functions with calls of the same kind. */
        keep_callers(out, open, close);
        buf_add_char(out, ')');
        done = p = close;
    }
    buf_add(out, bytes_of(done, (size_t)(end - done)));
}

int vm_load(lua_State *L, struct bytes text, const char *name)
{
    size_t n = 0;
    const char *end = text.p + text.n, *why, *odd = strange(text.p, end, &n, &why);
    if (odd) {
        int line = 1;
        for (const char *p = text.p; p < odd; p++)
            line += *p == '\n';
        lua_pushfstring(L, "%s:%d: %s near '", name + (*name == '@'), line, why);
        lua_pushlstring(L, odd, n);
        lua_pushliteral(L, "'");
        lua_concat(L, 3);
        return LUA_ERRSYNTAX;
    }
    /* No collection while the parser holds what nothing else refers to yet. */
    lua_gc(L, LUA_GCSTOP, 0);
    int error = luaL_loadbufferx(L, text.n ? text.p : "", text.n, name, "t");
    struct buf kept = {0};
    if (!error)
        keep_callers(&kept, text.p, end);
    if (!error && kept.n != text.n) {
        if (luaL_loadbufferx(L, kept.p, kept.n, name, "t") == 0)
            lua_remove(L, -2);
        else
            lua_pop(L, 1); /* then as it was */
    }
    buf_free(&kept);
    lua_gc(L, LUA_GCRESTART, 0);
    return error;
}
