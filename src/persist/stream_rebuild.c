/* Commands are in an order in which they can be applied: settings and limits (which are not
 * enforced meanwhile), message ids, for each group its policy and then entries without an owner,
 * which a policy may defer; scheduled messages, and then expiry times, which need their messages;
 * schedules, bindings, captures.
 *
 * Entries that share all but the ID are combined, at most IDS_MOST in a command, so that a million
 * of them take neither a million commands nor one of a million words. Nothing can fail. */
#include "persist/stream_rebuild.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "type/stream/stream_bindings_words.h"
#include "type/stream/stream_limits_words.h"
#include "type/stream/stream_pending_deferred.h"
#include "type/stream/stream_policy_words.h"
#include "type/stream/stream_schedule_words.h"

/* In one command. */
#define IDS_MOST      64
#define PATTERNS_MOST 64

struct rebuild {
    struct bytes key;
    stream_rebuild_take *take;
    void *context;
};

static bool has_settings(const struct stream *s)
{
    return s->dedup.duration_s != STREAM_DEDUP_DURATION_S ||
           s->dedup.max_size != STREAM_DEDUP_MAX_SIZE;
}

static bool has_limits(const struct stream *s)
{
    struct stream_limits none = stream_limits_none();
    return s->extra && !stream_limits_equal(&s->extra->limits, &none);
}

static void limits(const struct rebuild *r, const struct stream *s)
{
    struct bytes argv[2 + STREAM_LIMITS_WORDS_MOST] = {BYTES("XCFGSET"), r->key};
    struct stream_limits_words w;
    if (!has_limits(s))
        return;
    stream_limits_words_print(&s->extra->limits, &w);
    memcpy(argv + 2, w.words, (size_t)w.n * sizeof(*argv));
    r->take(r->context, argv, 2 + w.n);
}

static void message_ids(const struct rebuild *r, const struct stream *s)
{
    char a[STREAM_ID_TEXT_MAX], b[NUM_INT_MAX];
    if (has_settings(s)) {
        struct bytes argv[] = {
            BYTES("XCFGSET"),       r->key,
            BYTES("IDMP-DURATION"), bytes_of(a, num_print_int(a, s->dedup.duration_s)),
            BYTES("IDMP-MAXSIZE"),  bytes_of(b, num_print_uint(b, s->dedup.max_size))};
        r->take(r->context, argv, 6);
    }
    for (const struct stream_dedup_record *x = NULL; (x = stream_dedup_next(&s->dedup, x));) {
        struct bytes argv[] = {BYTES("XIDMPRECORD"), r->key, dict_key(x->producer->node),
                               bytes_of(x->iid, x->n), bytes_of(a, stream_id_print(a, x->id))};
        r->take(r->context, argv, 5);
    }
}

static void policy(const struct rebuild *r, const struct stream_group *g)
{
    struct bytes argv[4 + STREAM_POLICY_WORDS_MOST] = {BYTES("XPOLICY"), BYTES("SET"), r->key,
                                                       str_bytes(g->name)};
    struct buf room = {0};
    if (!g->policy)
        return;
    int argc = 4 + stream_policy_words(g->policy, argv + 4, &room);
    r->take(r->context, argv, argc);
    buf_free(&room);
}

/* A run of entries that share all but the ID. */
struct run {
    const struct rebuild *rebuild;
    struct bytes group;
    struct stream_id ids[IDS_MOST];
    int n;
    uint64_t count;
    int64_t due_ms; /* 0: released */
    struct bytes reason;
};

static void end_run(struct run *x)
{
    struct bytes argv[IDS_MOST + 16] = {BYTES("XNACK"), x->rebuild->key, x->group, BYTES("FAIL"),
                                        BYTES("IDS")};
    char ids[IDS_MOST][STREAM_ID_TEXT_MAX], n[NUM_INT_MAX], due[NUM_INT_MAX], count[NUM_INT_MAX];
    int argc = 5;
    if (!x->n)
        return;
    argv[argc++] = bytes_of(n, num_print_int(n, x->n));
    for (int i = 0; i < x->n; i++)
        argv[argc++] = bytes_of(ids[i], stream_id_print(ids[i], x->ids[i]));
    if (x->due_ms) {
        argv[argc++] = BYTES("AT");
        argv[argc++] = bytes_of(due, num_print_int(due, x->due_ms));
    }
    if (x->reason.n) {
        argv[argc++] = BYTES("REASON");
        argv[argc++] = x->reason;
    }
    argv[argc++] = BYTES("RETRYCOUNT");
    argv[argc++] = bytes_of(count, num_print_uint(count, x->count));
    argv[argc++] = BYTES("FORCE");
    x->rebuild->take(x->rebuild->context, argv, argc);
    x->n = 0;
}

static void add_to_run(struct run *x, struct stream_id id, uint64_t count, int64_t due_ms,
                       struct bytes reason)
{
    if (count > INT64_MAX) /* from a file; XNACK accepts no more */
        count = INT64_MAX;
    if (x->n == IDS_MOST || x->count != count || x->due_ms != due_ms ||
        !bytes_equal(x->reason, reason))
        end_run(x);
    x->count = count;
    x->due_ms = due_ms;
    x->reason = reason;
    x->ids[x->n++] = id;
}

/* Limited to what XNACK accepts: in a payload it may be any number. */
static int64_t moment(int64_t due_ms)
{
    return due_ms > 0 ? due_ms : 0;
}

/* In the order of delivery: released ones, then deferred ones by due time. An entry that fell due
 * has its due time, and falls due again when it is loaded. */
static void unowned(const struct rebuild *r, const struct stream_group *g)
{
    const struct stream_pending *p = &g->pending;
    struct run x = {.rebuild = r, .group = str_bytes(g->name)};
    struct stream_pending_entry e;
    uint32_t at = STREAM_TOUCHED_NONE;
    size_t n;
    while (stream_pending_walk_released(p, &at, &e))
        add_to_run(&x, e.id, e.count, moment(stream_pending_due_ms(p, e.id)),
                   stream_pending_reason(p, e.id));
    struct stream_pending_deferred *all = stream_pending_deferred(p, INT64_MIN, SIZE_MAX, &n);
    for (size_t i = 0; i < n; i++)
        add_to_run(&x, all[i].id, all[i].count, moment(all[i].due_ms), all[i].reason);
    end_run(&x);
    mem_free(all);
    if (!stream_rebuild_has_unowned(g))
        return;
    struct bytes argv[] = {BYTES("XGROUP"), BYTES("DELCONSUMER"), r->key, str_bytes(g->name),
                           STREAM_REBUILD_UNOWNED};
    r->take(r->context, argv, 5);
}

/* Their IDs are those they will have (broker T11). */
static void scheduled(const struct rebuild *r, const struct stream_future *f)
{
    struct stream_future_message m;
    struct stream_map_place at;
    struct bytes *argv = NULL;
    size_t cap = 0;
    char moment[NUM_INT_MAX], id[STREAM_ID_TEXT_MAX];
    bool any = stream_future_seek(f, STREAM_ID_MIN, &at, &m);
    for (; any; any = stream_future_next(f, &at, &m)) {
        size_t n = 5 + (size_t)m.fields * 2;
        if (n > cap)
            argv = mem_realloc(argv, (cap = n) * sizeof(*argv));
        argv[0] = BYTES("XADD");
        argv[1] = r->key;
        argv[2] = BYTES("AT");
        argv[3] = bytes_of(moment, num_print_uint(moment, m.id.ms));
        argv[4] = bytes_of(id, stream_id_print(id, m.id));
        stream_future_pairs(&m, argv + 5);
        r->take(r->context, argv, (int)n);
    }
    mem_free(argv);
}

/* One command for each run of IDs with the same time. */
static void expiries(const struct rebuild *r, const struct stream_expiry *x)
{
    struct bytes argv[4 + IDS_MOST] = {BYTES("XSCHED"), BYTES("EXPIRE"), r->key};
    char ids[IDS_MOST][STREAM_ID_TEXT_MAX], moment[NUM_INT_MAX];
    struct stream_map_place at;
    struct stream_id id;
    int64_t ms, before = -1;
    int n = 0;
    bool any = stream_expiry_seek(x, STREAM_ID_MIN, &at, &id, &ms);
    for (; any; any = stream_expiry_next(x, &at, &id, &ms)) {
        if (n == IDS_MOST || (n && ms != before)) {
            r->take(r->context, argv, 4 + n);
            n = 0;
        }
        before = ms;
        argv[3] = bytes_of(moment, num_print_int(moment, ms));
        argv[4 + n] = bytes_of(ids[n], stream_id_print(ids[n], id));
        n++;
    }
    if (n)
        r->take(r->context, argv, 4 + n);
}

/* The position and the count of fired messages are separate: LIMIT counts from the first on. */
static void schedule(const struct rebuild *r, const struct stream_schedule *x)
{
    struct bytes name = str_bytes(x->name);
    struct bytes *argv = mem_alloc((4 + STREAM_SCHEDULE_WORDS + x->rules.pairs_n) * sizeof(*argv));
    struct stream_schedule_words w;
    char last[NUM_INT_MAX], fired[NUM_INT_MAX], passed[NUM_INT_MAX];
    argv[0] = BYTES("XCRON");
    argv[1] = BYTES("SET");
    argv[2] = r->key;
    argv[3] = name;
    int n = 4 + stream_schedule_words_print(&x->rules, x->rules.limit, &w, argv + 4);
    r->take(r->context, argv, n);
    mem_free(argv);
    if (!x->last_ms && !x->fired && !x->passed_ms)
        return;
    const struct bytes mark[] = {BYTES("XCRON"),
                                 BYTES("MARK"),
                                 r->key,
                                 name,
                                 bytes_of(last, num_print_int(last, x->last_ms)),
                                 bytes_of(fired, num_print_uint(fired, x->fired)),
                                 bytes_of(passed, num_print_int(passed, x->passed_ms))};
    r->take(r->context, mark, x->passed_ms > x->last_ms ? 7 : 6);
}

static void schedules(const struct rebuild *r, const struct stream_schedules *s)
{
    size_t n;
    struct stream_schedule **all = stream_schedules_sorted(s, &n);
    for (size_t i = 0; i < n; i++)
        schedule(r, all[i]);
    mem_free(all);
}

static void bindings(const struct rebuild *r, const struct stream_bindings *b)
{
    struct bytes argv[3 + STREAM_BINDINGS_WORDS_MOST] = {BYTES("XBIND"), BYTES("ADD"), r->key},
                          args[2 * STREAM_BINDINGS_PAIRS_MOST];
    struct stream_bindings_words w;
    for (const struct stream_binding *x = NULL; (x = stream_bindings_next(b, x));) {
        struct stream_binding_rule rule = stream_bindings_rule(x, args);
        stream_bindings_words_print(&rule, &w);
        memcpy(argv + 3, w.words, (size_t)w.n * sizeof(*argv));
        r->take(r->context, argv, 3 + w.n);
    }
}

static void captures(const struct rebuild *r, const struct stream_captures *c)
{
    struct bytes argv[3 + PATTERNS_MOST] = {BYTES("XCAPTURE"), BYTES("ADD"), r->key};
    size_t n;
    struct bytes *all = stream_captures_sorted(c, &n);
    for (size_t i = 0, some; i < n; i += some) {
        some = n - i < PATTERNS_MOST ? n - i : PATTERNS_MOST;
        memcpy(argv + 3, all + i, some * sizeof(*argv));
        r->take(r->context, argv, 3 + (int)some);
    }
    mem_free(all);
}

unsigned stream_rebuild_kinds(const struct stream *s)
{
    bool unowned = false;
    struct dict_walk w = {0};
    for (struct dict_node *n; !unowned && (n = dict_next(&s->groups, &w));) {
        const struct stream_pending *p = &((struct stream_group *)n->value)->pending;
        unowned = p->count > stream_pending_owned_count(p);
    }
    bool has[STREAM_REBUILD_KINDS] = {
        [STREAM_REBUILD_SETTINGS] = has_settings(s) || has_limits(s),
        [STREAM_REBUILD_MESSAGE_IDS] = s->dedup.tracked > 0,
        [STREAM_REBUILD_POLICIES] = s->policies > 0,
        [STREAM_REBUILD_UNOWNED_ENTRIES] = unowned,
        [STREAM_REBUILD_SCHEDULED] = s->extra && stream_future_count(&s->extra->future),
        [STREAM_REBUILD_EXPIRIES] = s->extra && stream_expiry_count(&s->extra->expiry),
        [STREAM_REBUILD_SCHEDULES] = s->extra && stream_schedules_count(&s->extra->schedules),
        [STREAM_REBUILD_BINDINGS] = s->extra && s->extra->bindings,
        [STREAM_REBUILD_CAPTURES] = s->extra && stream_captures_count(&s->extra->captures)};
    unsigned kinds = 0;
    for (unsigned i = 0; i < STREAM_REBUILD_KINDS; i++)
        kinds |= (unsigned)has[i] << i;
    return kinds;
}

const char *stream_rebuild_kind_name(enum stream_rebuild_kind kind)
{
    static const char *const names[STREAM_REBUILD_KINDS] = {"settings and limits",
                                                            "message ids of producers",
                                                            "policies",
                                                            "entries without owner",
                                                            "scheduled messages",
                                                            "moments of expiry",
                                                            "schedules",
                                                            "bindings",
                                                            "captures"};
    ASSERT(kind < STREAM_REBUILD_KINDS);
    return names[kind];
}

bool stream_rebuild_has_unowned(const struct stream_group *g)
{
    return g->pending.count > stream_pending_owned_count(&g->pending) &&
           !stream_group_consumer(g, STREAM_REBUILD_UNOWNED);
}

void stream_rebuild(const struct stream *s, struct bytes key, stream_rebuild_take *take,
                    void *context)
{
    struct rebuild r = {key, take, context};
    size_t n;
    limits(&r, s);
    message_ids(&r, s);
    struct stream_group **groups = stream_sorted_groups(s, &n);
    for (size_t i = 0; i < n; i++) {
        policy(&r, groups[i]);
        unowned(&r, groups[i]);
    }
    mem_free(groups);
    if (!s->extra)
        return;
    scheduled(&r, &s->extra->future);
    expiries(&r, &s->extra->expiry);
    schedules(&r, &s->extra->schedules);
    if (s->extra->bindings)
        bindings(&r, s->extra->bindings);
    captures(&r, &s->extra->captures);
}
