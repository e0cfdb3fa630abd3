#include "persist/stream_rebuild.h"

#include "base/mem.h"
#include "base/num.h"
#include "type/stream/stream_pending_deferred.h"
#include "type/stream/stream_policy_words.h"

#define IDS_MOST 64 /* in a command */

struct rebuild {
    struct bytes key;
    stream_rebuild_take *take;
    void *context;
};

static void message_ids(const struct rebuild *r, const struct stream *s)
{
    char a[STREAM_ID_TEXT_MAX], b[NUM_INT_MAX];
    if (s->dedup.duration_s != 100 || s->dedup.max_size != 100) {
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

/* Entries of a run have everything but the ID in common. */
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
    if (count > INT64_MAX) /* from a file: XNACK takes no more */
        count = INT64_MAX;
    if (x->n == IDS_MOST || x->count != count || x->due_ms != due_ms ||
        !bytes_equal(x->reason, reason))
        end_run(x);
    x->count = count;
    x->due_ms = due_ms;
    x->reason = reason;
    x->ids[x->n++] = id;
}

/* As XNACK takes it: from a payload it may be any number. */
static int64_t moment(int64_t due_ms)
{
    return due_ms > 0 ? due_ms : 0;
}

/* In the order in which they come next: released ones, then deferred ones by due time. What fell
 * due is told with its moment, and falls due again when it is loaded. */
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
    message_ids(&r, s);
    struct stream_group **groups = stream_sorted_groups(s, &n);
    for (size_t i = 0; i < n; i++) {
        policy(&r, groups[i]);
        unowned(&r, groups[i]);
    }
    mem_free(groups);
}
