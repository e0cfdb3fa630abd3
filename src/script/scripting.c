#include "script/scripting.h"

#include "base/assert.h"
#include "base/digest.h"
#include "base/glob.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "script/convert.h"
#include "script/library.h"
#include "script/redis_lib.h"
#include "script/sandbox.h"

#include <ctype.h>
#include <stdio.h>

struct script {
    struct dlist_node recent; /* in scripting.recent, while it is transient */
    struct str *text;
    char digest[DIGEST_SHA1_HEX + 1];
    uint64_t hash[2]; /* of the text */
    int ref;          /* of the function in the state's registry */
    bool declared;    /* begins with a shebang line: */
    unsigned flags;   /* FUNCTION_ bits then */
};

struct scripting {
    struct engine *engine;
    struct run eval, functions;
    struct vm eval_vm; /* of scripts; each library of functions has its own */
    struct dict by_digest, by_hash;
    struct dlist_node recent; /* transient scripts, the longest unused first */
    size_t transient, text_bytes;
    struct libraries libraries;
    size_t library_bytes;
    uint64_t failures;
};

static int open_eval(lua_State *L)
{
    sandbox_open(L, redis_lib_open);
    return 0;
}

struct scripting *scripting_new(struct engine *engine)
{
    struct scripting *s = mem_zalloc(sizeof(*s));
    s->engine = engine;
    dlist_init(&s->recent);
    library_init(&s->libraries);
    run_init(&s->eval, engine);
    run_init(&s->functions, engine);
    s->functions.is_function = true;
    run_open(&s->eval, &s->eval_vm, open_eval);
    return s;
}

static void forget(struct scripting *s, struct script *x)
{
    dict_remove(&s->by_digest, bytes_of(x->digest, DIGEST_SHA1_HEX));
    dict_remove(&s->by_hash, bytes_of(x->hash, sizeof(x->hash)));
    if (dlist_linked(&x->recent)) {
        dlist_remove(&x->recent);
        s->transient--;
    }
    s->text_bytes -= x->text->n;
    luaL_unref(s->eval_vm.L, LUA_REGISTRYINDEX, x->ref);
    str_unref(x->text);
    mem_free(x);
}

static void forget_all(struct scripting *s)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&s->by_digest, &w));)
        forget(s, n->value);
}

static void free_libraries(struct dlist_node *all)
{
    while (!dlist_empty(all)) {
        struct library *x = dlist_item(all->next, struct library, node);
        dlist_remove(&x->node);
        library_free(x);
    }
}

void scripting_free(struct scripting *s)
{
    if (!s)
        return;
    forget_all(s);
    free_libraries(&s->libraries.all);
    dict_clear(&s->by_digest);
    dict_clear(&s->by_hash);
    dict_clear(&s->libraries.by_name);
    dict_clear(&s->libraries.functions);
    vm_free(&s->eval_vm);
    run_free(&s->eval);
    run_free(&s->functions);
    mem_free(s);
}

/* ---- The cache */

struct script *scripting_find(struct scripting *s, struct bytes digest)
{
    char lower[DIGEST_SHA1_HEX];
    if (digest.n != sizeof(lower))
        return NULL;
    for (size_t i = 0; i < sizeof(lower); i++)
        lower[i] = (char)tolower((unsigned char)digest.p[i]);
    return dict_get(&s->by_digest, bytes_of(lower, sizeof(lower)));
}

/* "#!lua flags=a,b" in front of a script. *head: bytes of that line. */
static bool parse_shebang(struct bytes text, struct script *x, size_t *head, struct reply *reply)
{
    *head = 0;
    if (!bytes_has_prefix(text, "#!"))
        return true;
    const char *p = text.p, *end = memchr(p, '\n', text.n);
    if (!end) {
        reply_errorf(reply, "ERR Invalid script shebang");
        return false;
    }
    *head = (size_t)(end - p);
    x->declared = true;
    bool first = true;
    while (p < end) {
        const char *word = p;
        while (p < end && *p != ' ')
            p++;
        struct bytes w = bytes_of(word, (size_t)(p - word));
        p += p < end;
        if (first && !bytes_equal(w, BYTES("#!lua"))) {
            reply_errorf(reply, "ERR Unexpected engine in script shebang: %.*s", (int)w.n, w.p);
            return false;
        }
        if (!first && w.n && !bytes_has_prefix(w, "flags=")) {
            reply_errorf(reply, "ERR Unknown lua shebang option: %.*s", (int)w.n, w.p);
            return false;
        }
        for (size_t at = first || !w.n ? w.n : 6; at < w.n;) {
            size_t n = 0;
            while (at + n < w.n && w.p[at + n] != ',')
                n++;
            struct bytes flag = bytes_of(w.p + at, n);
            unsigned bit = library_flag(flag);
            if (!bit && n) {
                reply_errorf(reply, "ERR Unexpected flag in script shebang: %.*s", (int)n, flag.p);
                return false;
            }
            x->flags |= bit;
            at += n + 1;
        }
        first = false;
    }
    return true;
}

static unsigned does(unsigned flags)
{
    bool writes = !(flags & FUNCTION_NO_WRITES);
    return (writes ? SCRIPTING_WRITES : 0) |
           (writes && !(flags & FUNCTION_ALLOW_OOM) ? SCRIPTING_GROWS : 0);
}

unsigned scripting_function_does(const struct function *f)
{
    return does(f->flags);
}

bool scripting_declares(struct bytes text, unsigned *what)
{
    struct chain nowhere = {0};
    struct reply reply = {.out = &nowhere, .resp = 2};
    struct script x = {0};
    size_t head;
    bool good = parse_shebang(text, &x, &head, &reply);
    chain_free(&nowhere);
    *what = does(x.flags);
    return good && x.declared;
}

struct compile_job {
    struct bytes text;
    int ref, error;
    struct buf why;
};

static int compile_protected(lua_State *L)
{
    struct compile_job *j = lua_touserdata(L, 1);
    j->error = vm_load(L, j->text, "@user_script");
    if (j->error == 0)
        j->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    else
        buf_add_text(&j->why, lua_tostring(L, -1));
    return 0;
}

static void compile_once(struct scripting *s, struct compile_job *j)
{
    s->eval.compiling = true;
    run_prepare(&s->eval, &s->eval_vm);
    int failed = vm_protect(&s->eval_vm, compile_protected, j);
    if (failed) {
        const char *text = lua_tostring(s->eval_vm.L, -1);
        j->error = failed;
        j->why.n = 0;
        buf_add_text(&j->why, text ? text : "unknown error");
    }
    lua_settop(s->eval_vm.L, 0);
    run_prepared(&s->eval);
}

/* Scripts that only came by EVAL must not take the memory that scripts run in: the longest unused
 * go when all take more than half of it. */
static void trim_cache(struct scripting *s)
{
    struct vm *vm = &s->eval_vm;
    size_t most = vm->limit / 2;
    while (most && vm->used > most && (s->transient || vm->used > vm->floor + vm->limit / 8)) {
        for (size_t n = s->transient / 2; n && vm->used <= vm->floor + vm->limit / 8; n--)
            forget(s, dlist_item(s->recent.next, struct script, recent));
        if (s->transient == 1 && vm->used <= vm->floor + vm->limit / 8)
            forget(s, dlist_item(s->recent.next, struct script, recent));
        vm_collect(vm);
    }
}

static bool compile(struct scripting *s, struct script *x, struct bytes text, struct reply *reply)
{
    size_t head;
    if (!parse_shebang(text, x, &head, reply))
        return false;
    struct compile_job j = {.text = bytes_of(text.p + head, text.n - head)};
    trim_cache(s);
    compile_once(s, &j);
    if (j.error && s->eval_vm.refused) {
        /* The scripts that only came by EVAL make room. */
        while (!dlist_empty(&s->recent))
            forget(s, dlist_item(s->recent.next, struct script, recent));
        j.why.n = 0;
        compile_once(s, &j);
    }
    if (j.error)
        reply_errorf(reply, "ERR Error compiling script (new function): %.*s", (int)j.why.n,
                     j.why.p);
    x->ref = j.ref;
    buf_free(&j.why);
    return j.error == 0;
}

static void use(struct scripting *s, struct script *x)
{
    if (dlist_linked(&x->recent) && s->recent.prev != &x->recent) {
        dlist_remove(&x->recent);
        dlist_append(&s->recent, &x->recent);
    }
}

static void keep_for_good(struct scripting *s, struct script *x)
{
    if (!dlist_linked(&x->recent))
        return;
    dlist_remove(&x->recent);
    s->transient--;
}

struct script *scripting_add(struct scripting *s, struct bytes text, bool keep, struct reply *reply)
{
    uint64_t hash[2];
    hash_xxh3_128(text, &hash[0], &hash[1]);
    struct script *x = dict_get(&s->by_hash, bytes_of(hash, sizeof(hash)));
    /* The hash is quick but can be forged: the text decides. */
    if (x && !bytes_equal(str_bytes(x->text), text))
        x = NULL;
    char digest[DIGEST_SHA1_HEX + 1] = {0};
    if (!x) {
        digest_sha1_hex(text, digest);
        x = dict_get(&s->by_digest, bytes_of(digest, DIGEST_SHA1_HEX));
    }
    if (x) {
        if (keep)
            keep_for_good(s, x);
        else
            use(s, x);
        return x;
    }
    x = mem_zalloc(sizeof(*x));
    if (!compile(s, x, text, reply)) {
        mem_free(x);
        return NULL;
    }
    x->text = str_new(text);
    memcpy(x->digest, digest, sizeof(digest));
    memcpy(x->hash, hash, sizeof(hash));
    s->text_bytes += text.n;
    dict_ensure(&s->by_digest, bytes_of(x->digest, DIGEST_SHA1_HEX))->value = x;
    dict_ensure(&s->by_hash, bytes_of(hash, sizeof(hash)))->value = x;
    if (!keep) {
        dlist_append(&s->recent, &x->recent);
        if (++s->transient > SCRIPTING_TRANSIENT)
            forget(s, dlist_item(s->recent.next, struct script, recent));
    }
    return x;
}

const char *scripting_digest(const struct script *x)
{
    return x->digest;
}

struct bytes scripting_text(const struct script *x)
{
    return str_bytes(x->text);
}

void scripting_flush(struct scripting *s)
{
    forget_all(s);
    vm_free(&s->eval_vm);
    run_open(&s->eval, &s->eval_vm, open_eval);
}

/* ---- Running */

struct run_job {
    struct run *run;
    int ref;
    const struct scripting_request *q;
    struct reply *reply;
    struct chain aside; /* a table on its way to be a reply: others may have a turn meanwhile */
    struct reply to_aside;
};

static void push_strings(lua_State *L, const struct bytes *from, int n)
{
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        lua_pushlstring(L, from[i].p, from[i].n);
        lua_rawseti(L, -2, i + 1);
    }
}

/* The error on top of the stack: a table (sandbox_on_error()) or a message. */
static void reply_failure(lua_State *L, struct run *r, struct reply *reply)
{
    struct buf b = {0};
    const char *source = NULL, *text = NULL;
    int line = 0;
    size_t n = 0;
    if (lua_istable(L, -1)) {
        int at = lua_gettop(L);
        lua_pushliteral(L, "err");
        lua_rawget(L, at);
        if (lua_type(L, -1) == LUA_TSTRING)
            text = lua_tolstring(L, -1, &n);
        lua_pushliteral(L, "source");
        lua_rawget(L, at);
        if (lua_type(L, -1) == LUA_TSTRING)
            source = lua_tostring(L, -1);
        lua_pushliteral(L, "line");
        lua_rawget(L, at);
        line = (int)lua_tointeger(L, -1);
    }
    if (text) {
        if (n && *text == '-') {
            text++;
            n--;
        }
        buf_add(&b, bytes_of(text, n));
    } else {
        text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        buf_printf(&b, "ERR %s", text ? text : "unknown error");
    }
    buf_printf(&b, " script: %s", r->name);
    if (source)
        buf_printf(&b, ", on %s:%d.", source, line);
    reply_error_bytes(reply, buf_bytes(&b));
    buf_free(&b);
}

static int convert_protected(lua_State *L)
{
    struct run_job *j = lua_touserdata(L, 1);
    struct run *r = j->run;
    convert_to_reply(L, &j->to_aside, r->client->reply.resp == 3, r->vm->limit);
    return 0;
}

/* The result on top of the stack becomes the reply; a table first aside, because that may fail. */
static int reply_result(lua_State *L, struct run_job *j)
{
    if (!lua_istable(L, -1)) {
        convert_to_reply(L, j->reply, j->run->client->reply.resp == 3, 0);
        return 0;
    }
    j->aside.pool = j->reply->out->pool;
    j->to_aside = (struct reply){.out = &j->aside, .resp = j->reply->resp};
    lua_pushcfunction(L, convert_protected);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, j);
    lua_insert(L, -2);
    int failed = lua_pcall(L, 2, 0, 0);
    if (failed)
        return failed;
    chain_move(j->reply->out, &j->aside);
    j->reply->errors += j->to_aside.errors;
    if (j->to_aside.errors)
        memcpy(j->reply->error_code, j->to_aside.error_code, sizeof(j->reply->error_code));
    return 0;
}

static int run_protected(lua_State *L)
{
    struct run_job *j = lua_touserdata(L, 1);
    struct run *r = j->run;
    lua_settop(L, 0);
    lua_pushcfunction(L, sandbox_on_error);
    lua_rawgeti(L, LUA_REGISTRYINDEX, j->ref);
    push_strings(L, j->q->keys, j->q->key_count);
    if (!r->is_function)
        sandbox_set_global(L, "KEYS");
    push_strings(L, j->q->args, j->q->arg_count);
    if (!r->is_function)
        sandbox_set_global(L, "ARGV");
    int failed = lua_pcall(L, r->is_function ? 2 : 0, 1, 1);
    if (!failed)
        failed = reply_result(L, j);
    r->vm->bounded = false;
    if (failed)
        reply_failure(L, r, j->reply);
    return 0;
}

static void run(struct call *call, struct run *r, struct vm *vm, int ref, bool readonly,
                bool allow_oom, const struct scripting_request *q)
{
    unsigned errors = r->client->errors_counted;
    struct run_job j = {.run = r, .ref = ref, .q = q, .reply = call->reply};
    call_no_effect(call);
    run_begin(r, vm, call->client, readonly, allow_oom);
    r->argv_called = call->argv;
    r->argc_called = call->argc;
    int failed = vm_protect(vm, run_protected, &j);
    run_end(r);
    gate_inherit(call, r->client);
    if (failed)
        reply_failure(vm->L, r, call->reply);
    chain_free(&j.aside);
    lua_settop(vm->L, 0);
    /* An error of a command that the script hands on was counted when it happened. */
    call->errors_counted = r->client->errors_counted != errors;
}

static bool refuse_oom(struct call *call)
{
    struct engine *e = call->engine;
    if (!(e->slow_path & ENGINE_MAXMEMORY) || e->services.make_room(e->services.context))
        return false;
    reply_errorf(call->reply, "OOM allow-oom flag is not set on the script, can not run it when "
                              "used memory > 'maxmemory'");
    return true;
}

static bool may_run(struct call *call, unsigned flags, const struct scripting_request *q)
{
    if (q->readonly && !(flags & FUNCTION_NO_WRITES)) {
        reply_errorf(call->reply, "ERR Can not execute a script with write flag using *_ro "
                                  "command.");
        return false;
    }
    return (flags & (FUNCTION_ALLOW_OOM | FUNCTION_NO_WRITES)) || !refuse_oom(call);
}

void scripting_eval(struct call *call, struct script *x, const struct scripting_request *q)
{
    struct scripting *s = call->engine->scripting;
    if (x->declared && !may_run(call, x->flags, q))
        return;
    use(s, x);
    memcpy(s->eval.name, x->digest, sizeof(x->digest));
    run(call, &s->eval, &s->eval_vm, x->ref, q->readonly || (x->flags & FUNCTION_NO_WRITES),
        x->declared, q);
}

void scripting_fcall(struct call *call, const struct function *f, const struct scripting_request *q)
{
    struct scripting *s = call->engine->scripting;
    if (!may_run(call, f->flags, q))
        return;
    snprintf(s->functions.name, sizeof(s->functions.name), "%.*s", (int)f->name->n, f->name->p);
    struct library *x = f->library;
    run(call, &s->functions, &x->vm, f->ref, q->readonly || (f->flags & FUNCTION_NO_WRITES), true,
        q);
    if (x->vm.refused && x->vm.used > x->vm.limit / 2) {
        /* It keeps so much from one call to the next that none would find memory. */
        log_line(LOG_WARNING,
                 "The functions of library %s keep %zu bytes, more than half of "
                 "script-memory-limit, and met it: the library is loaded anew, without them.",
                 x->name, x->vm.used);
        library_reload(&s->functions, x);
    }
}

/* ---- Libraries */

static const char *load(struct scripting *s, struct bytes code, enum scripting_load how,
                        struct reply *reply)
{
    char name[64];
    size_t head;
    if (!library_parse_head(code, name, &head, reply))
        return NULL;
    struct library *old = dict_get(&s->libraries.by_name, bytes_text(name));
    if (old && how != SCRIPTING_REPLACE) {
        reply_errorf(reply,
                     how == SCRIPTING_RESTORE ? "ERR Library %s already exists"
                                              : "ERR Library '%s' already exists",
                     name);
        return NULL;
    }
    struct library *x = library_load(&s->functions, code, reply);
    if (!x)
        return NULL;
    if (!library_fits(&s->libraries, x, old, reply)) {
        library_free(x);
        return NULL;
    }
    if (old)
        scripting_delete(s, bytes_text(name));
    library_add(&s->libraries, x);
    s->library_bytes += code.n;
    return x->name;
}

const char *scripting_load(struct scripting *s, struct bytes code, enum scripting_load how,
                           struct reply *reply)
{
    const char *name = load(s, code, how, reply);
    s->failures += name == NULL;
    return name;
}

uint64_t scripting_failures(const struct scripting *s)
{
    return s->failures;
}

bool scripting_delete(struct scripting *s, struct bytes name)
{
    struct library *x = dict_get(&s->libraries.by_name, name);
    if (!x)
        return false;
    library_remove(&s->libraries, x);
    s->library_bytes -= x->code->n;
    library_free(x);
    return true;
}

void scripting_flush_functions(struct scripting *s)
{
    while (!dlist_empty(&s->libraries.all))
        scripting_delete(s,
                         bytes_text(dlist_item(s->libraries.all.next, struct library, node)->name));
}

const struct function *scripting_function(struct scripting *s, struct bytes name)
{
    return library_function(&s->libraries, name);
}

static void list_function(const struct function *f, struct reply *reply)
{
    size_t n = 0;
    reply_map(reply, 3);
    reply_bulk_text(reply, "name");
    reply_bulk_str(reply, f->name);
    reply_bulk_text(reply, "description");
    if (f->description)
        reply_bulk_str(reply, f->description);
    else
        reply_null(reply);
    reply_bulk_text(reply, "flags");
    for (unsigned bit = 1; bit <= FUNCTION_CROSS_SLOT; bit <<= 1)
        n += (f->flags & bit) != 0;
    reply_set(reply, n);
    for (unsigned bit = 1; bit <= FUNCTION_CROSS_SLOT; bit <<= 1)
        if (f->flags & bit)
            reply_simple(reply, library_flag_name(bit));
}

void scripting_list(struct scripting *s, struct bytes pattern, bool with_code, struct reply *reply)
{
    struct chain aside = {0};
    size_t n = 0;
    reply_later_begin(reply, &aside);
    for (struct dlist_node *at = s->libraries.all.next; at != &s->libraries.all; at = at->next) {
        struct library *x = dlist_item(at, struct library, node);
        if (pattern.p && !glob_match_nocase(pattern, bytes_text(x->name)))
            continue;
        size_t count = 0;
        for (struct dlist_node *f = x->functions.next; f != &x->functions; f = f->next)
            count++;
        reply_map(reply, with_code ? 4 : 3);
        reply_bulk_text(reply, "library_name");
        reply_bulk_text(reply, x->name);
        reply_bulk_text(reply, "engine");
        reply_bulk_text(reply, "LUA");
        reply_bulk_text(reply, "functions");
        reply_array(reply, count);
        for (struct dlist_node *f = x->functions.next; f != &x->functions; f = f->next)
            list_function(dlist_item(f, struct function, node), reply);
        if (with_code) {
            reply_bulk_text(reply, "library_code");
            reply_bulk_str(reply, x->code);
        }
        n++;
    }
    reply_later_end(reply, '*', n);
}

void scripting_stats(struct scripting *s, struct reply *reply)
{
    const struct run *r = &s->functions;
    if (s->eval.active) {
        reply_error(reply, ERR_BUSY);
        return;
    }
    reply_map(reply, 2);
    reply_bulk_text(reply, "running_script");
    if (r->active) {
        reply_map(reply, 3);
        reply_bulk_text(reply, "name");
        reply_bulk_text(reply, r->name);
        reply_bulk_text(reply, "command");
        reply_array(reply, (size_t)r->argc_called);
        for (int i = 0; i < r->argc_called; i++)
            reply_bulk(reply, r->argv_called[i]);
        reply_bulk_text(reply, "duration_ms");
        reply_int(reply, (r->ticked_us - r->started_us) / 1000);
    } else {
        reply_null(reply);
    }
    reply_bulk_text(reply, "engines");
    reply_map(reply, 1);
    reply_bulk_text(reply, "LUA");
    reply_map(reply, 2);
    reply_bulk_text(reply, "libraries_count");
    reply_int(reply, (long long)s->libraries.by_name.used);
    reply_bulk_text(reply, "functions_count");
    reply_int(reply, (long long)s->libraries.functions.used);
}

struct bytes scripting_library(struct scripting *s, size_t i)
{
    for (struct dlist_node *n = s->libraries.all.next; n != &s->libraries.all; n = n->next)
        if (i-- == 0)
            return str_bytes(dlist_item(n, struct library, node)->code);
    return bytes_of(NULL, 0);
}

struct scripting_libraries {
    struct scripting *scripting;
    struct libraries libraries;
    size_t bytes;
};

static void move_libraries(struct libraries *to, struct libraries *from)
{
    library_init(to);
    to->by_name = from->by_name;
    to->functions = from->functions;
    dlist_splice(&to->all, &from->all);
    library_init(from);
}

struct scripting_libraries *scripting_set_aside(struct scripting *s)
{
    struct scripting_libraries *a = mem_zalloc(sizeof(*a));
    a->scripting = s;
    a->bytes = s->library_bytes;
    move_libraries(&a->libraries, &s->libraries);
    s->library_bytes = 0;
    return a;
}

void scripting_put_back(struct scripting *s, struct scripting_libraries *a)
{
    free_libraries(&s->libraries.all);
    dict_clear(&s->libraries.by_name);
    dict_clear(&s->libraries.functions);
    move_libraries(&s->libraries, &a->libraries);
    s->library_bytes = a->bytes;
    mem_free(a);
}

bool scripting_copy(struct scripting *s, const struct scripting_libraries *a)
{
    struct chain nowhere = {0};
    struct reply reply = {.out = &nowhere, .resp = 2};
    bool good = true;
    for (struct dlist_node *n = a->libraries.all.next; n != &a->libraries.all && good; n = n->next)
        good = scripting_load(s, str_bytes(dlist_item(n, struct library, node)->code),
                              SCRIPTING_NEW, &reply) != NULL;
    chain_free(&nowhere);
    return good;
}

void scripting_drop(struct scripting_libraries *a)
{
    free_libraries(&a->libraries.all);
    dict_clear(&a->libraries.by_name);
    dict_clear(&a->libraries.functions);
    mem_free(a);
}

/* ---- What runs now */

static struct run *running(struct scripting *s)
{
    return s->eval.active ? &s->eval : s->functions.active ? &s->functions : NULL;
}

bool scripting_kill(struct scripting *s, bool function, struct reply *reply)
{
    struct run *r = running(s);
    if (!r) {
        reply_error(reply, ERR_NOTBUSY);
        return false;
    }
    if (r->is_function != function) {
        reply_error(reply, r->is_function ? ERR_BUSY_FUNCTION : ERR_BUSY);
        return false;
    }
    if (r->rules.wrote) {
        reply_error(reply, ERR_UNKILLABLE);
        return false;
    }
    r->kill = "Script killed by user with SCRIPT KILL..."; /* also for functions, as Redis */
    return true;
}

bool scripting_interrupt(struct scripting *s)
{
    struct run *r = running(s);
    if (!r)
        return true;
    if (r->rules.wrote)
        return false;
    r->kill = "The server is shutting down.";
    return true;
}

bool scripting_runs_function(const struct scripting *s)
{
    return s->functions.active;
}

size_t scripting_machines(void)
{
    return vm_total();
}

void scripting_memory(const struct scripting *s, struct scripting_memory *out)
{
    *out = (struct scripting_memory){
        .eval_vm = s->eval_vm.used,
        .scripts = s->text_bytes + dict_memory(&s->by_digest) + dict_memory(&s->by_hash) +
                   s->by_digest.used * sizeof(struct script),
        .script_count = s->by_digest.used,
        .libraries = s->library_bytes,
        .library_count = s->libraries.by_name.used,
        .function_count = s->libraries.functions.used,
    };
    for (struct dlist_node *n = s->libraries.all.next; n != &s->libraries.all; n = n->next)
        out->function_vm += dlist_item(n, struct library, node)->vm.used;
}
