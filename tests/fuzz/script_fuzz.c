/* libFuzzer: what scripts give to the libraries: cjson, cmsgpack, struct, patterns, and texts that
 * are compiled. The first byte chooses. */
#include "base/assert.h"
#include "base/clock.h"
#include "script/run.h"
#include "script/sandbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
    const char *text;
    size_t n;
    int what;
};

static void empty(lua_State *L)
{
    lua_newtable(L);
}

static int open_all(lua_State *L)
{
    sandbox_open(L, empty);
    return 0;
}

static int call(lua_State *L)
{
    static const struct {
        const char *table, *function;
        bool split;
    } calls[] = {{"cjson", "decode", false},       {"cmsgpack", "unpack", false},
                 {"struct", "unpack", true},       {"struct", "pack", true},
                 {"string", "match", true},        {"string", "gsub", true},
                 {"cmsgpack", "unpack_one", false}};
    const struct input *in = lua_touserdata(L, 1);
    size_t k = (size_t)in->what % (sizeof(calls) / sizeof(calls[0]) + 1);
    lua_settop(L, 0);
    if (k == sizeof(calls) / sizeof(calls[0])) {
        vm_load(L, bytes_of(in->text, in->n), "@fuzz");
        return 0;
    }
    const char *cut = calls[k].split ? memchr(in->text, '\n', in->n) : NULL;
    size_t first = cut ? (size_t)(cut - in->text) : in->n;
    lua_getglobal(L, calls[k].table);
    lua_getfield(L, -1, calls[k].function);
    lua_pushlstring(L, in->text, first);
    if (calls[k].split)
        lua_pushlstring(L, cut ? cut + 1 : "", cut ? in->n - first - 1 : 0);
    lua_pushstring(L, "1");
    lua_call(L, calls[k].split ? 3 : 1, 0);
    return 0;
}

/* A pattern may look for very long; somebody ends it then, as SCRIPT KILL would. */
static int64_t deadline_us;

static const char *end_it(struct vm *vm)
{
    (void)vm;
    return clock_mono_us() > deadline_us ? "enough" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct vm vm;
    if (!vm.L) {
        vm_init(&vm, 32 << 20);
        ASSERT(vm_protect(&vm, open_all, NULL) == 0);
    }
    if (n < 1 || n > 4096)
        return 0;
    struct input in = {(const char *)data + 1, n - 1, data[0]};
    deadline_us = clock_mono_us() + 100000;
    vm.tick = end_it;
    vm_enter(&vm);
    vm_protect(&vm, call, &in);
    vm_leave(&vm);
    lua_settop(vm.L, 0);
    return 0;
}
