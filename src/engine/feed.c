/* From bytes to commands, in groups of up to FEED_GROUP clients, to make use of the CPU's cache:
 *
 *   feed_add()  splits input into requests (request_quick(), without copying), hashes the first key
 *               of each and prefetches its bucket;
 *   feed_run()  prefetches entries, then values, of all requests; then runs client after client.
 *
 * Looking ahead has no effect on results: a request it does not handle (inline, partial, too long,
 * malformed, an unknown command) is parsed and checked in its turn by run_slow_parse(). If a client
 * has more requests than were looked ahead for, looking ahead is repeated.
 *
 * What cannot run is kept, in this order: a partial request moves into the client (client.partial);
 * bytes after it, or after a command that blocks or is held by a pause, or beyond one turn's
 * budget or time, move to client.in (keep_rest()). Pointers into the group's buffer are valid until
 * feed_run() returns.
 *
 * A long command may let the server take turns meanwhile: feed_detach_pending() returns the
 * remaining clients' bytes to them, so that another feed may run them. */
#include "engine/feed.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/exec.h"
#include "engine/observe.h"
#include "engine/pause.h"

#define ARGS_POOL    512
#define COMMAND_POOL 64
#define PER_CLIENT   32
#define TURN_BUDGET  4096 /* commands of one client in one turn */
#define NEAR         1024 /* with fewer keys than this, they are in the cache anyway */

/* Built in place and run from there: copying what was just written in smaller pieces would stall on
 * store forwarding. */
struct parsed {
    struct exec_request request; /* .command NULL: unknown */
    struct feed_key key;
};

struct member {
    struct client *client;
    const char *data;
    size_t n;
    unsigned first, count; /* among the parsed commands */
};

struct feed {
    struct bytes args[ARGS_POOL];
    struct parsed commands[COMMAND_POOL];
    struct member members[FEED_GROUP];
    unsigned arg_n, command_n, member_n, running;
    unsigned far;    /* commands worth prefetching for */
    unsigned budget; /* commands that one client may still run in this group: TURN_BUDGET, or 0
                        once the group is out of time or a long script let the server take turns */
    uint64_t until;  /* in ticks: when the group has run long enough */
    struct request scratch;
};

struct feed *feed_new(void)
{
    struct feed *f = mem_zalloc(sizeof(*f));
    request_init(&f->scratch);
    return f;
}

void feed_free(struct feed *f)
{
    if (f)
        request_free(&f->scratch);
    mem_free(f);
}

char *feed_place(struct client *c, size_t want, size_t *room)
{
    char *big = c->partial ? request_place(c->partial, room) : NULL;
    if (big)
        return big;
    if (c->in_n == 0)
        return NULL;
    if (c->in_cap - c->in_n < want) {
        size_t cap = c->in_n * 2 > c->in_n + want ? c->in_n * 2 : c->in_n + want;
        char *wider = mem_alloc(cap);
        memcpy(wider, c->in, c->in_n);
        if (c->partial)
            request_rebase(c->partial, c->in, wider);
        mem_free(c->in);
        c->in = wider;
        c->in_cap = cap;
    }
    *room = c->in_cap - c->in_n;
    return c->in + c->in_n;
}

void feed_placed(struct client *c, size_t n)
{
    size_t room;
    if (c->partial && request_place(c->partial, &room))
        request_got(c->partial, n);
    else
        c->in_n += n;
    ASSERT(c->in_n <= c->in_cap);
}

void feed_begin(struct feed *f, uint64_t until)
{
    f->until = until;
    f->arg_n = f->command_n = f->member_n = f->far = 0;
    f->budget = TURN_BUDGET;
}

void feed_key(struct feed_key *key, const struct client *c, const struct command *command,
              const struct bytes *argv, int argc)
{
    *key = (struct feed_key){0};
    const struct key_spec *k = command ? &command->keys[0] : NULL;
    if (k && k->flags && !k->keyword && !k->counted && k->at > 0 && k->at < argc) {
        key->hashed.key = bytes_of(argv[k->at].p, argv[k->at].n);
        key->hashed.hash = hash_key(key->hashed.key);
        key->far = c->db->keys.used > NEAR;
        if (key->far)
            table_prefetch_bucket(&c->db->keys, key->hashed.hash);
    }
}

void feed_prefetch_entry(const struct client *c, const struct feed_key *key)
{
    if (key->far)
        table_prefetch_entry(&c->db->keys, key->hashed.hash);
}

void feed_prefetch_value(const struct client *c, const struct feed_key *key)
{
    __asm__ volatile(""); /* keeps the compiler from removing the call as one without effect */
    const struct entry *e = key->far ? table_guess(&c->db->keys, key->hashed.hash) : NULL;
    if (e && e->kind > VALUE_INT) {
        const char *object = value_object(e);
        __builtin_prefetch(object);
        __builtin_prefetch(object + 64);
    }
}

/* Splits commands from data+at on into the pools; returns how many. */
static unsigned look_ahead(struct feed *f, struct client *c, const char *data, size_t at, size_t n)
{
    unsigned count = 0;
    const char *end = data + n;
    struct registry *registry = c->engine->registry;
    while (count < PER_CLIENT && f->command_n < COMMAND_POOL && at < n) {
        int room = ARGS_POOL - (int)f->arg_n;
        struct parsed *p = &f->commands[f->command_n];
        struct exec_request *q = &p->request;
        size_t len = room ? request_quick(data + at, end, f->args + f->arg_n, room, &q->argc) : 0;
        if (len == 0)
            break;
        q->argv = f->args + f->arg_n;
        q->raw = bytes_of(data + at, len);
        q->command = registry_find(registry, q->argv[0]);
        q->hashed = &p->key.hashed;
        feed_key(&p->key, c, q->command, q->argv, q->argc);
        f->far += p->key.far;
        at += len;
        f->arg_n += (unsigned)q->argc;
        f->command_n++;
        count++;
    }
    ASSERT(f->arg_n <= ARGS_POOL && f->command_n <= COMMAND_POOL && at <= n);
    return count;
}

static void prefetch_entries(struct feed *f, const struct client *c, unsigned first, unsigned count)
{
    for (unsigned i = first; f->far && i < first + count; i++)
        feed_prefetch_entry(c, &f->commands[i].key);
}

static void prefetch_values(struct feed *f, const struct client *c, unsigned first, unsigned count)
{
    for (unsigned i = first; f->far && i < first + count; i++)
        feed_prefetch_value(c, &f->commands[i].key);
}

void feed_add(struct feed *f, struct client *c, const char *data, size_t n)
{
    ASSERT(f->member_n < FEED_GROUP);
    struct member *m = &f->members[f->member_n++];
    *m = (struct member){.client = c, .data = data, .n = n, .first = f->command_n};
    if (!c->partial && !(c->flags & CLIENT_ANONYMOUS))
        m->count = look_ahead(f, c, data, 0, n);
}

/* True: the request was consumed. */
static bool run_one(struct client *c, const struct exec_request *q)
{
    enum exec_result result = exec_request(c, q);
    if (result == EXEC_HOLD) {
        pause_hold(c);
        return false;
    }
    struct engine *e = c->engine;
    if (__builtin_expect(!dlist_empty(&e->blocking.ready), 0))
        block_serve(e);
    return true;
}

static struct request_limits limits_of(const struct client *c)
{
    const struct settings *s = c->engine->settings;
    bool known = !(c->flags & CLIENT_ANONYMOUS);
    return (struct request_limits){
        .bulk = known ? s->proto_max_bulk_len : 16384,
        .args = known ? INT32_MAX : 10,
        .inline_ = 65536,
        .authenticated = known,
    };
}

/* Parses one request at data+*at by the slow parser. True: continue after it. */
static bool run_slow_parse(struct feed *f, struct client *c, const char *data, size_t n, size_t *at)
{
    struct request *q = c->partial ? c->partial : &f->scratch;
    struct request_limits limits = limits_of(c);
    enum request_state state = request_parse(q, data + *at, n - *at, &limits);
    if (state == REQUEST_BAD) {
        if (!client_is_silent(c))
            reply_error_bytes(&c->reply, bytes_text(q->error));
        observe_count_error(c->engine, "ERR");
        client_close_after_reply(c);
        *at = n;
        request_reset(q);
        return false;
    }
    if (state == REQUEST_MORE) {
        if (!c->partial && (q->argc || q->big || q->left >= 0)) {
            c->partial = mem_alloc(sizeof(*q));
            *c->partial = *q;
            request_init(q);
        }
        return false;
    }
    size_t used = q->at;
    bool consumed = true;
    if (q->argc > 0) {
        struct exec_request r = {
            .argv = q->argv,
            .argc = q->argc,
            .owned = q->owned,
            .raw = q->verbatim ? bytes_of(data + *at, used) : bytes_of(NULL, 0),
        };
        r.command = registry_find(c->engine->registry, r.argv[0]);
        size_t apart = c->partial ? 0 : request_memory(q); /* a partial one is counted already */
        client_holds(c, apart, 0);
        consumed = run_one(c, &r);
        client_holds(c, 0, apart);
    }
    if (!consumed)
        return false; /* it stays parsed (partial) or is parsed again (scratch) */
    *at += used;
    if (c->partial) {
        request_free(c->partial);
        mem_free(c->partial);
        c->partial = NULL;
    } else {
        request_reset(q);
    }
    return true;
}

static void keep_rest(struct client *c, const char *data, size_t n, size_t at)
{
    const char *old = data + at;
    ASSERT(at <= n);
    client_keep(c, old, n - at);
    if (c->partial && c->in_n)
        request_rebase(c->partial, old, c->in);
}

/* Asked where a batch of commands ends, not after each. */
static bool is_late(const struct feed *f, const struct client *c)
{
    return c->engine->timing.last_ticks >= f->until;
}

static void run_member(struct feed *f, struct member *m)
{
    struct client *c = m->client;
    size_t at = 0;
    unsigned done = 0, i = m->first, left = m->count;
    while (at < m->n && client_may_run(c)) {
        if (done >= f->budget && !c->partial) {
            if (!dlist_linked(&c->resuming))
                dlist_append(&c->engine->clients.resuming, &c->resuming);
            break;
        }
        if (left == 0 && !c->partial && !(c->flags & CLIENT_ANONYMOUS)) {
            if (done && is_late(f, c)) {
                f->budget = 0;
                continue;
            }
            /* Frees the pools, except for members still to come. */
            f->command_n = f->arg_n = 0;
            for (struct member *o = m + 1; o < f->members + f->member_n; o++)
                o->count = 0;
            i = 0;
            f->far = 0;
            left = look_ahead(f, c, m->data, at, m->n);
            prefetch_entries(f, c, 0, left);
            prefetch_values(f, c, 0, left);
        }
        if (left) {
            const struct exec_request *q = &f->commands[i].request;
            if (!run_one(c, q))
                break;
            at += q->raw.n;
            i++;
            left--;
        } else if (!run_slow_parse(f, c, m->data, m->n, &at)) {
            break;
        }
        done++;
    }
    if (!client_is_staying(c))
        at = m->n;
    if (&f->scratch != c->partial)
        request_reset(&f->scratch);
    keep_rest(c, m->data, m->n, at);
    client_count_input(c);
    client_has_reply(c);
}

void feed_detach_pending(struct feed *f)
{
    f->budget = 0;
    for (unsigned i = f->running + 1; i < f->member_n; i++) {
        struct member *m = &f->members[i];
        if (!m->client)
            continue;
        keep_rest(m->client, m->data, m->n, 0);
        if (!dlist_linked(&m->client->resuming))
            dlist_append(&m->client->engine->clients.resuming, &m->client->resuming);
        m->client = NULL;
    }
}

void feed_run(struct feed *f)
{
    /* Time spent reading sockets belongs to no command. */
    if (f->member_n)
        exec_begin_clock(f->members[0].client->engine);
    for (unsigned i = 0; i < f->member_n; i++)
        prefetch_entries(f, f->members[i].client, f->members[i].first, f->members[i].count);
    for (unsigned i = 0; i < f->member_n; i++)
        prefetch_values(f, f->members[i].client, f->members[i].first, f->members[i].count);
    for (f->running = 0; f->running < f->member_n; f->running++) {
        struct member *m = &f->members[f->running];
        if (!m->client)
            continue;
        if (f->running && is_late(f, m->client))
            f->budget = 0;
        run_member(f, m);
    }
    f->member_n = 0;
}
