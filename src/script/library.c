/* Function libraries.
 *
 * FUNCTION LOAD: the first line is parsed (library_parse_head), a Lua state is opened for the
 * library, and its code runs once. While it runs (run.registering) `redis` contains
 * register_function instead of the commands, and each call of it appends a function to the library;
 * its callback is kept in the state's registry under function.ref. Then the library is complete and
 * belongs to the caller; library_fits() and library_add() put it among the others.
 *
 * What can fail: the first line, compilation, an error or timeout of the code, no registered
 * function, a name used by another library. Each gives an error reply and frees the new library
 * with its state; existing libraries are not changed before everything has succeeded.
 *
 * Reloading (library_reload) runs the code again in a new state, when a library has kept so much
 * that its calls lack memory. The functions stay the same objects, since there are pointers to
 * them: only the states are exchanged and the refs replaced. If the code fails this time, or
 * registers other functions than before, the old state stays.
 *
 * by_name and functions are indexes of `all`, maintained by library_add() and library_remove(). */
#include "script/library.h"

#include "base/mem.h"
#include "base/words.h"
#include "script/redis_lib.h"
#include "script/sandbox.h"

#include <ctype.h>
#include <stdio.h>

#define NAME_ERROR                                                                                 \
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one " \
    "character long"

static const struct {
    unsigned bit;
    const char *name;
} flags[] = {
    {FUNCTION_NO_WRITES, "no-writes"},
    {FUNCTION_ALLOW_OOM, "allow-oom"},
    {FUNCTION_ALLOW_STALE, "allow-stale"},
    {FUNCTION_NO_CLUSTER, "no-cluster"},
    {FUNCTION_CROSS_SLOT, "allow-cross-slot-keys"},
};

unsigned library_flag(struct bytes word)
{
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (bytes_equal(word, bytes_text(flags[i].name)))
            return flags[i].bit;
    return 0;
}

const char *library_flag_name(unsigned bit)
{
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (flags[i].bit == bit)
            return flags[i].name;
    return NULL;
}

void library_init(struct libraries *l)
{
    *l = (struct libraries){0};
    dlist_init(&l->all);
}

static bool good_name(struct bytes name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
            return false;
    return name.n > 0;
}

bool library_parse_head(struct bytes code, char name[64], size_t *head, struct reply *reply)
{
    const char *end = code.n ? memchr(code.p, '\n', code.n) : NULL;
    if (!bytes_has_prefix(code, "#!")) {
        reply_errorf(reply, "ERR Missing library metadata");
        return false;
    }
    if (!end) {
        reply_error(reply, ERR_LIBRARY_METADATA);
        return false;
    }
    struct bytes words[16], given = {0};
    char *text;
    int n = words_split(bytes_of(code.p, (size_t)(end - code.p)), words, 16, &text);
    bool good = n > 0;
    if (!good)
        reply_error(reply, ERR_LIBRARY_METADATA);
    if (good && !bytes_is(words[0], "#!lua")) {
        reply_errorf(reply, "ERR Engine '%.*s' not found", (int)words[0].n - 2, words[0].p + 2);
        good = false;
    }
    for (int i = 1; i < n && good; i++) {
        good = bytes_has_prefix(words[i], "name=") && !given.p;
        if (good)
            given = bytes_of(words[i].p + 5, words[i].n - 5);
        else if (bytes_has_prefix(words[i], "name="))
            reply_errorf(reply,
                         "ERR Invalid metadata value, name argument was given multiple times");
        else
            reply_errorf(reply, "ERR Invalid metadata value given: %.*s", (int)words[i].n,
                         words[i].p);
    }
    if (good && !given.p) {
        reply_errorf(reply, "ERR Library name was not given");
        good = false;
    } else if (good && (!good_name(given) || given.n > 63)) {
        reply_errorf(reply, "ERR " NAME_ERROR);
        good = false;
    }
    if (good) {
        memcpy(name, given.p, given.n);
        name[given.n] = 0;
        *head = (size_t)(end - code.p);
    }
    mem_free(text);
    return good;
}

/* ---- Registering */

static int fail(lua_State *L, const char *text)
{
    lua_createtable(L, 0, 1);
    lua_pushfstring(L, "ERR %s", text);
    lua_setfield(L, -2, "err");
    return lua_error(L);
}

/* Reads the flags in the table on top. */
static unsigned read_flags(lua_State *L)
{
    unsigned all = 0;
    for (int i = 1;; i++) {
        size_t n;
        lua_rawgeti(L, -1, i);
        if (lua_isnil(L, -1))
            break;
        const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
        unsigned bit = word ? library_flag(bytes_of(word, n)) : 0;
        if (!bit)
            fail(L, "unknown flag given");
        all |= bit;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return all;
}

/* Named arguments: the table at 1 becomes name, callback, flags and description at 2 to 5. */
static void read_named(lua_State *L)
{
    lua_settop(L, 5);
    for (lua_pushnil(L); lua_next(L, 1);) {
        const char *key = lua_type(L, 6) == LUA_TSTRING ? lua_tostring(L, 6) : "";
        if (lua_type(L, 6) != LUA_TSTRING)
            fail(L, "named argument key given to redis.register_function is not a string");
        int type = lua_type(L, 7);
        if (strcmp(key, "function_name") == 0) {
            if (type != LUA_TSTRING)
                fail(L, "function_name argument given to redis.register_function must be a string");
            lua_replace(L, 2);
        } else if (strcmp(key, "callback") == 0) {
            if (type != LUA_TFUNCTION)
                fail(L, "callback argument given to redis.register_function must be a function");
            lua_replace(L, 3);
        } else if (strcmp(key, "flags") == 0) {
            if (type != LUA_TTABLE)
                fail(L, "flags argument to redis.register_function must be a table representing "
                        "function flags");
            lua_replace(L, 4);
        } else if (strcmp(key, "description") == 0) {
            if (type != LUA_TSTRING)
                fail(L, "description argument given to redis.register_function must be a string");
            lua_replace(L, 5);
        } else {
            fail(L, "unknown argument given to redis.register_function");
        }
    }
    if (lua_isnil(L, 2))
        fail(L, "redis.register_function must get a function name argument");
    if (lua_isnil(L, 3))
        fail(L, "redis.register_function must get a callback argument");
}

static int register_function(lua_State *L)
{
    struct run *r = run_of(L);
    struct library *x = r->library;
    int n = lua_gettop(L);
    if (!x || !r->registering)
        return fail(L, "redis.register_function can only be called on FUNCTION LOAD command");
    if (n == 1) {
        if (!lua_istable(L, 1))
            return fail(L, "calling redis.register_function with a single argument is only "
                           "applicable to Lua table (representing named arguments).");
        read_named(L);
    } else if (n == 2) {
        if (lua_type(L, 1) != LUA_TSTRING)
            return fail(L, "first argument to redis.register_function must be a string");
        if (!lua_isfunction(L, 2))
            return fail(L, "second argument to redis.register_function must be a function");
        lua_pushnil(L);
        lua_insert(L, 1);
        lua_settop(L, 5);
    } else {
        return fail(L, "wrong number of arguments to redis.register_function");
    }
    size_t len;
    const char *p = lua_tolstring(L, 2, &len);
    struct bytes name = bytes_of(p, len);
    if (!good_name(name))
        return fail(L, NAME_ERROR);
    for (struct dlist_node *at = x->functions.next; at != &x->functions; at = at->next)
        if (bytes_equal_nocase(str_bytes(dlist_item(at, struct function, node)->name), name))
            return fail(L, "Function already exists in the library");
    unsigned bits = 0;
    if (lua_istable(L, 4)) {
        lua_pushvalue(L, 4);
        bits = read_flags(L);
    }
    lua_pushvalue(L, 3);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    struct function *f = mem_zalloc(sizeof(*f));
    f->library = x;
    f->name = str_new(name);
    if (lua_type(L, 5) == LUA_TSTRING) {
        p = lua_tolstring(L, 5, &len);
        f->description = str_new(bytes_of(p, len));
    }
    f->flags = bits;
    f->ref = ref;
    dlist_append(&x->functions, &f->node);
    return 0;
}

/* ---- Loading */

struct load_job {
    struct run *run;
    struct bytes code; /* without the first line */
    struct buf error;
};

static void note_error(lua_State *L, struct buf *to, const char *what)
{
    if (lua_istable(L, -1)) {
        lua_pushliteral(L, "err");
        lua_rawget(L, -2);
    }
    const char *text = lua_tostring(L, -1);
    buf_printf(to, "ERR %s: %s", what, text ? text : "unknown");
}

static void push_functions_lib(lua_State *L)
{
    redis_lib_open_functions(L, register_function);
}

static int open_functions(lua_State *L)
{
    sandbox_open(L, push_functions_lib);
    return 0;
}

static int load_protected(lua_State *L)
{
    struct load_job *j = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_pushcfunction(L, sandbox_on_error);
    if (vm_load(L, j->code, "@user_function") != 0) {
        note_error(L, &j->error, "Error compiling function");
        return 0;
    }
    redis_lib_registering(L, true);
    int failed = lua_pcall(L, 0, 0, 1);
    j->run->vm->bounded = false;
    redis_lib_registering(L, false);
    if (failed)
        note_error(L, &j->error, "Error registering functions");
    return 0;
}

struct library *library_load(struct run *r, struct bytes code, struct reply *reply)
{
    struct library *x = mem_zalloc(sizeof(*x));
    size_t head;
    dlist_init(&x->functions);
    if (!library_parse_head(code, x->name, &head, reply)) {
        mem_free(x);
        return NULL;
    }
    x->code = str_new(code);
    struct load_job j = {.run = r, .code = bytes_of(code.p + head, code.n - head)};
    run_open(r, &x->vm, open_functions);
    r->library = x;
    r->registering = true;
    run_prepare(r, &x->vm);
    int failed = vm_protect(&x->vm, load_protected, &j);
    run_prepared(r);
    r->library = NULL;
    if (failed) {
        const char *text = lua_tostring(x->vm.L, -1);
        buf_printf(&j.error, "ERR Error registering functions: %s", text ? text : "unknown");
        lua_settop(x->vm.L, 0);
    }
    if (!j.error.n && dlist_empty(&x->functions))
        buf_printf(&j.error, "ERR No functions registered");
    if (j.error.n) {
        reply_error_bytes(reply, buf_bytes(&j.error));
        library_free(x);
        x = NULL;
    }
    buf_free(&j.error);
    return x;
}

static struct function *own_function(const struct library *x, struct bytes name)
{
    for (struct dlist_node *n = x->functions.next; n != &x->functions; n = n->next) {
        struct function *f = dlist_item(n, struct function, node);
        if (bytes_equal(str_bytes(f->name), name))
            return f;
    }
    return NULL;
}

void library_reload(struct run *r, struct library *x)
{
    struct chain nowhere = {0};
    struct reply reply = {.out = &nowhere, .resp = 2};
    struct library *fresh = library_load(r, str_bytes(x->code), &reply);
    chain_free(&nowhere);
    if (!fresh)
        return;
    bool same = true;
    for (struct dlist_node *n = x->functions.next; n != &x->functions && same; n = n->next)
        same = own_function(fresh, str_bytes(dlist_item(n, struct function, node)->name)) != NULL;
    if (!same) {
        library_free(fresh);
        return;
    }
    for (struct dlist_node *n = x->functions.next; n != &x->functions; n = n->next) {
        struct function *f = dlist_item(n, struct function, node);
        f->ref = own_function(fresh, str_bytes(f->name))->ref;
    }
    vm_swap(&x->vm, &fresh->vm);
    library_free(fresh);
}

/* The name in lower case, as a key of libraries.functions. The caller frees b. */
static struct bytes lower_case(struct buf *b, struct bytes name)
{
    char *to = buf_room(b, name.n + 1);
    for (size_t i = 0; i < name.n; i++)
        to[i] = (char)tolower((unsigned char)name.p[i]);
    b->n = name.n;
    return bytes_of(to, name.n);
}

const struct function *library_function(const struct libraries *l, struct bytes name)
{
    struct buf b = {0};
    const struct function *f = dict_get(&l->functions, lower_case(&b, name));
    buf_free(&b);
    return f;
}

bool library_fits(const struct libraries *l, const struct library *x,
                  const struct library *replaced, struct reply *reply)
{
    for (struct dlist_node *n = x->functions.next; n != &x->functions; n = n->next) {
        struct bytes name = str_bytes(dlist_item(n, struct function, node)->name);
        const struct function *f = library_function(l, name);
        if (f && f->library != replaced) {
            reply_errorf(reply, "ERR Function %.*s already exists", (int)name.n, name.p);
            return false;
        }
    }
    return true;
}

void library_add(struct libraries *l, struct library *x)
{
    dict_ensure(&l->by_name, bytes_text(x->name))->value = x;
    dlist_append(&l->all, &x->node);
    for (struct dlist_node *n = x->functions.next; n != &x->functions; n = n->next) {
        struct function *f = dlist_item(n, struct function, node);
        struct buf b = {0};
        dict_ensure(&l->functions, lower_case(&b, str_bytes(f->name)))->value = f;
        buf_free(&b);
    }
}

void library_remove(struct libraries *l, struct library *x)
{
    dict_remove(&l->by_name, bytes_text(x->name));
    dlist_remove(&x->node);
    for (struct dlist_node *n = x->functions.next; n != &x->functions; n = n->next) {
        struct buf b = {0};
        dict_remove(&l->functions,
                    lower_case(&b, str_bytes(dlist_item(n, struct function, node)->name)));
        buf_free(&b);
    }
}

void library_free(struct library *x)
{
    while (!dlist_empty(&x->functions)) {
        struct function *f = dlist_item(x->functions.next, struct function, node);
        dlist_remove(&f->node);
        str_unref(f->name);
        str_unref(f->description);
        mem_free(f);
    }
    vm_free(&x->vm);
    str_unref(x->code);
    mem_free(x);
}
