/* Scripts and functions of a server.
 *
 * There are two runs: `eval` for scripts, `functions` for functions; at most one is active. Scripts
 * share one Lua state (script_cache), each library has its own.
 *
 * A call: the flags of the script or function are checked against what the request allows
 * (may_run), the run gets its name, and invoke() does the rest. After a function, a library that
 * hit its memory limit and keeps more than half of it is reloaded, so that the next call has memory
 * again.
 *
 * FUNCTION LOAD builds a library completely before it removes the one it replaces; FUNCTION RESTORE
 * and loading from files set all libraries aside, load the new ones, and then either drop the old
 * ones or put them back. A failed load leaves the libraries unchanged and counts in `failures`.
 *
 * SCRIPT KILL, FUNCTION KILL and shutdown mark the active run; it ends at its next turn (run.c), or
 * not at all if it has written. */
#include "script/scripting.h"

#include "base/glob.h"
#include "base/log.h"
#include "base/mem.h"
#include "script/invoke.h"
#include "script/library.h"
#include "script/script_cache.h"

#include <stdio.h>

struct scripting {
    struct engine *engine;
    struct run eval, functions;
    struct script_cache scripts;
    struct libraries libraries; /* each has its own Lua state */
    size_t library_bytes;       /* of their code */
    uint64_t failures;
};

struct scripting *scripting_new(struct engine *engine)
{
    struct scripting *s = mem_zalloc(sizeof(*s));
    s->engine = engine;
    library_init(&s->libraries);
    run_init(&s->eval, engine);
    run_init(&s->functions, engine);
    s->functions.is_function = true;
    script_cache_init(&s->scripts, &s->eval);
    return s;
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
    script_cache_free(&s->scripts);
    free_libraries(&s->libraries.all);
    dict_clear(&s->libraries.by_name);
    dict_clear(&s->libraries.functions);
    run_free(&s->eval);
    run_free(&s->functions);
    mem_free(s);
}

/* ---- Scripts */

struct script *scripting_find(struct scripting *s, struct bytes digest)
{
    return script_cache_find(&s->scripts, digest);
}

struct script *scripting_add(struct scripting *s, struct bytes text, bool keep, struct reply *reply)
{
    return script_cache_add(&s->scripts, text, keep, reply);
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
    script_cache_flush(&s->scripts);
}

static unsigned does(unsigned flags)
{
    bool writes = !(flags & FUNCTION_NO_WRITES);
    return (writes ? SCRIPTING_WRITES : 0) |
           (writes && !(flags & FUNCTION_ALLOW_OOM) ? SCRIPTING_GROWS : 0) |
           (flags & FUNCTION_ALLOW_STALE ? SCRIPTING_STALE : 0);
}

unsigned scripting_function_does(const struct function *f)
{
    return does(f->flags);
}

bool scripting_declares(struct bytes text, unsigned *what)
{
    unsigned flags;
    bool declared = script_cache_declares(text, &flags);
    *what = does(flags);
    return declared;
}

/* ---- Running */

static bool refuse_oom(struct call *call)
{
    struct engine *e = call->engine;
    if (!(e->slow_path & ENGINE_MAXMEMORY) || e->services.make_room(e->services.context))
        return false;
    reply_errorf(call->reply, "OOM allow-oom flag is not set on the script, can not run it when "
                              "used memory > 'maxmemory'");
    return true;
}

/* Scripts without flags were already checked by the flags of EVAL. */
static bool refuse_stale(struct call *call)
{
    if (!(call->engine->slow_path & ENGINE_STALE) || (call->client->flags & CLIENT_REPLAY))
        return false;
    call_error(call, ERR_MASTERDOWN);
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

static void run(struct call *call, struct invocation in, const struct scripting_request *q)
{
    in.readonly |= q->readonly;
    in.keys = q->keys;
    in.key_count = q->key_count;
    in.args = q->args;
    in.arg_count = q->arg_count;
    invoke(call, &in);
}

void scripting_eval(struct call *call, struct script *x, const struct scripting_request *q)
{
    struct scripting *s = call->engine->scripting;
    if (x->declared ? !may_run(call, x->flags, q) : refuse_stale(call))
        return;
    script_cache_use(&s->scripts, x);
    memcpy(s->eval.name, x->digest, sizeof(x->digest));
    run(call,
        (struct invocation){.run = &s->eval,
                            .vm = &s->scripts.vm,
                            .ref = x->ref,
                            .readonly = x->flags & FUNCTION_NO_WRITES,
                            .allow_oom = x->declared},
        q);
}

void scripting_fcall(struct call *call, const struct function *f, const struct scripting_request *q)
{
    struct scripting *s = call->engine->scripting;
    if (!may_run(call, f->flags, q))
        return;
    snprintf(s->functions.name, sizeof(s->functions.name), "%.*s", (int)f->name->n, f->name->p);
    struct library *x = f->library;
    run(call,
        (struct invocation){.run = &s->functions,
                            .vm = &x->vm,
                            .ref = f->ref,
                            .readonly = f->flags & FUNCTION_NO_WRITES,
                            .allow_oom = true},
        q);
    if (x->vm.refused && x->vm.used > x->vm.limit / 2) {
        /* It keeps so much between calls that the next ones would lack memory. */
        log_line(LOG_WARNING,
                 "The functions of library %s hold %zu bytes, more than half of "
                 "script-memory-limit, and exceeded it: reloading the library without its state.",
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

/* ---- The running script */

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
    r->kill = "Script killed by user with SCRIPT KILL..."; /* for functions too, as in Redis */
    return true;
}

bool scripting_interrupt(struct scripting *s, const char *why)
{
    struct run *r = running(s);
    if (!r)
        return true;
    if (r->rules.wrote)
        return false;
    r->kill = why;
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
        .eval_vm = s->scripts.vm.used,
        .scripts = s->scripts.text_bytes + dict_memory(&s->scripts.by_digest) +
                   dict_memory(&s->scripts.by_hash) +
                   s->scripts.by_digest.used * sizeof(struct script),
        .script_count = s->scripts.by_digest.used,
        .libraries = s->library_bytes,
        .library_count = s->libraries.by_name.used,
        .function_count = s->libraries.functions.used,
    };
    for (struct dlist_node *n = s->libraries.all.next; n != &s->libraries.all; n = n->next)
        out->function_vm += dlist_item(n, struct library, node)->vm.used;
}
