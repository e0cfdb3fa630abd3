/* The cache of EVAL's scripts.
 *
 * A script is found by its text: by_hash has a fast 128-bit hash of it, which is not trusted (the
 * texts are compared), so SHA-1 is computed only for new texts. EVALSHA finds it in by_digest. Both
 * have every script, except that by_hash has only the later one of two texts with the same hash.
 *
 * A script is kept (SCRIPT LOAD: until SCRIPT FLUSH) or transient (EVAL only). Transient ones are
 * in the list `recent`, the least recently used first, and are forgotten
 *   - one by one, when there are more than SCRIPT_CACHE_TRANSIENT;
 *   - by halves, when what the Lua state keeps is above half of its limit (trim_cache);
 *   - all at once, when a new script met the limit while it was compiled; then it is tried again.
 *
 * Compilation can fail: by a wrong first line, a syntax error, lack of memory or a timeout. Each
 * gives an error reply, and nothing is added. */
#include "script/script_cache.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "script/library.h"
#include "script/redis_lib.h"
#include "script/sandbox.h"

#include <ctype.h>

static int open_eval(lua_State *L)
{
    sandbox_open(L, redis_lib_open);
    return 0;
}

void script_cache_init(struct script_cache *c, struct run *run)
{
    *c = (struct script_cache){.run = run};
    dlist_init(&c->recent);
    run_open(run, &c->vm, open_eval);
}

static void forget(struct script_cache *c, struct script *x)
{
    dict_remove(&c->by_digest, bytes_of(x->digest, DIGEST_SHA1_HEX));
    dict_remove(&c->by_hash, bytes_of(x->hash, sizeof(x->hash)));
    if (dlist_linked(&x->recent)) {
        dlist_remove(&x->recent);
        ASSERT(c->transient > 0);
        c->transient--;
    }
    ASSERT(c->text_bytes >= x->text->n);
    c->text_bytes -= x->text->n;
    luaL_unref(c->vm.L, LUA_REGISTRYINDEX, x->ref);
    str_unref(x->text);
    mem_free(x);
}

static void forget_all(struct script_cache *c)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&c->by_digest, &w));)
        forget(c, n->value);
    ASSERT(c->transient == 0 && dlist_empty(&c->recent) && c->text_bytes == 0);
}

void script_cache_free(struct script_cache *c)
{
    forget_all(c);
    dict_clear(&c->by_digest);
    dict_clear(&c->by_hash);
    vm_free(&c->vm);
}

void script_cache_flush(struct script_cache *c)
{
    forget_all(c);
    vm_free(&c->vm);
    run_open(c->run, &c->vm, open_eval);
}

struct script *script_cache_find(struct script_cache *c, struct bytes digest)
{
    char lower[DIGEST_SHA1_HEX];
    if (digest.n != sizeof(lower))
        return NULL;
    for (size_t i = 0; i < sizeof(lower); i++)
        lower[i] = (char)tolower((unsigned char)digest.p[i]);
    return dict_get(&c->by_digest, bytes_of(lower, sizeof(lower)));
}

/* Parses a first line "#!lua flags=a,b". *head: its length. */
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

bool script_cache_declares(struct bytes text, unsigned *flags)
{
    struct chain nowhere = {0};
    struct reply reply = {.out = &nowhere, .resp = 2};
    struct script x = {0};
    size_t head;
    bool good = parse_shebang(text, &x, &head, &reply);
    chain_free(&nowhere);
    *flags = x.flags;
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

static void compile_once(struct script_cache *c, struct compile_job *j)
{
    c->run->compiling = true;
    run_prepare(c->run, &c->vm);
    int failed = vm_protect(&c->vm, compile_protected, j);
    if (failed) {
        const char *text = lua_tostring(c->vm.L, -1);
        j->error = failed;
        j->why.n = 0;
        buf_add_text(&j->why, text ? text : "unknown error");
    }
    lua_settop(c->vm.L, 0);
    run_prepared(c->run);
}

/* Transient scripts must leave memory to run in: the least recently used are evicted when the state
 * keeps more than half of its limit. */
static void trim_cache(struct script_cache *c)
{
    struct vm *vm = &c->vm;
    size_t most = vm->limit / 2;
    while (most && vm->used > most && (c->transient || vm->used > vm->floor + vm->limit / 8)) {
        for (size_t n = c->transient / 2; n && vm->used <= vm->floor + vm->limit / 8; n--)
            forget(c, dlist_item(c->recent.next, struct script, recent));
        if (c->transient == 1 && vm->used <= vm->floor + vm->limit / 8)
            forget(c, dlist_item(c->recent.next, struct script, recent));
        vm_collect(vm);
    }
}

static bool compile(struct script_cache *c, struct script *x, struct bytes text,
                    struct reply *reply)
{
    size_t head;
    if (!parse_shebang(text, x, &head, reply))
        return false;
    struct compile_job j = {.text = bytes_of(text.p + head, text.n - head)};
    trim_cache(c);
    compile_once(c, &j);
    if (j.error && c->vm.refused) {
        while (!dlist_empty(&c->recent))
            forget(c, dlist_item(c->recent.next, struct script, recent));
        j.why.n = 0;
        compile_once(c, &j);
    }
    if (j.error)
        reply_errorf(reply, "ERR Error compiling script (new function): %.*s", (int)j.why.n,
                     j.why.p);
    x->ref = j.ref;
    buf_free(&j.why);
    return j.error == 0;
}

void script_cache_use(struct script_cache *c, struct script *x)
{
    if (dlist_linked(&x->recent) && c->recent.prev != &x->recent) {
        dlist_remove(&x->recent);
        dlist_append(&c->recent, &x->recent);
    }
}

static void keep_for_good(struct script_cache *c, struct script *x)
{
    if (!dlist_linked(&x->recent))
        return;
    dlist_remove(&x->recent);
    c->transient--;
}

struct script *script_cache_add(struct script_cache *c, struct bytes text, bool keep,
                                struct reply *reply)
{
    uint64_t hash[2];
    hash_xxh3_128(text, &hash[0], &hash[1]);
    struct script *x = dict_get(&c->by_hash, bytes_of(hash, sizeof(hash)));
    /* The hash is fast but can be forged, so the texts are compared. */
    if (x && !bytes_equal(str_bytes(x->text), text))
        x = NULL;
    char digest[DIGEST_SHA1_HEX + 1] = {0};
    if (!x) {
        digest_sha1_hex(text, digest);
        x = dict_get(&c->by_digest, bytes_of(digest, DIGEST_SHA1_HEX));
    }
    if (x) {
        if (keep)
            keep_for_good(c, x);
        else
            script_cache_use(c, x);
        return x;
    }
    x = mem_zalloc(sizeof(*x));
    if (!compile(c, x, text, reply)) {
        mem_free(x);
        return NULL;
    }
    x->text = str_new(text);
    memcpy(x->digest, digest, sizeof(digest));
    memcpy(x->hash, hash, sizeof(hash));
    c->text_bytes += text.n;
    dict_ensure(&c->by_digest, bytes_of(x->digest, DIGEST_SHA1_HEX))->value = x;
    dict_ensure(&c->by_hash, bytes_of(hash, sizeof(hash)))->value = x;
    if (!keep) {
        dlist_append(&c->recent, &x->recent);
        if (++c->transient > SCRIPT_CACHE_TRANSIENT)
            forget(c, dlist_item(c->recent.next, struct script, recent));
    }
    return x;
}
