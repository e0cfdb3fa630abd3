/* XNACK: a consumer returns pending entries.
 *
 *   without a policy   they have no owner then, and another consumer can claim them; with FORCE
 *                      this includes entries that were not pending, if they exist. The effect is
 *                      the request or, if FORCE skipped some, the request with the other IDs
 *   with a policy      broker_retry decides: released, deferred by the back-off, or dead
 *   replay             the effect of a decision, applied as it is
 *
 * All arguments are checked before anything changes. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "broker/broker_retry.h"
#include "broker/broker_watch.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"

#include <limits.h>

struct xnack {
    enum broker_retry_mode mode;
    long long n, retry;        /* number of IDs, from argument 6 on; RETRYCOUNT or -1 */
    long long delay_ms, at_ms; /* -1: not given */
    int reason;                /* index of the argument; 0: not given */
    bool force;
};

#define DELAY_MOST 2592000000

static bool parse_mode(struct bytes word, enum broker_retry_mode *out)
{
    if (bytes_is(word, "fail"))
        *out = BROKER_RETRY_FAIL;
    else if (bytes_is(word, "silent"))
        *out = BROKER_RETRY_SILENT;
    else if (bytes_is(word, "fatal"))
        *out = BROKER_RETRY_FATAL;
    else
        return false;
    return true;
}

static bool parse_moment(const struct call *call, int i, const char *name, long long most,
                         long long *out)
{
    if (*out != -1) {
        reply_errorf(call->reply, "ERR %s specified multiple times", name);
        return false;
    }
    return helpers_number(call, i, name, 0, most, out);
}

/* Options for groups with a policy. 1: parsed the option at *i, which moves to its value; 0: not
 * such an option; -1: after the error reply. */
static int parse_policy_option(const struct call *call, int *i, struct xnack *x)
{
    bool delay = bytes_is(call->argv[*i], "delay"), at = bytes_is(call->argv[*i], "at");
    if (!delay && !at && !bytes_is(call->argv[*i], "reason"))
        return 0;
    if (++*i >= call->argc) {
        call_error(call, ERR_SYNTAX);
        return -1;
    }
    if (delay)
        return parse_moment(call, *i, "DELAY", DELAY_MOST, &x->delay_ms) ? 1 : -1;
    if (at)
        return parse_moment(call, *i, "AT", STREAM_ARGS_MOMENT_MOST, &x->at_ms) ? 1 : -1;
    if (x->reason) {
        reply_errorf(call->reply, "ERR REASON specified multiple times");
        return -1;
    }
    x->reason = *i;
    return 1;
}

/* Checks options that exclude each other, or need a policy. False after the error reply. */
static bool fits(const struct call *call, const struct xnack *x, const struct stream_group *g)
{
    bool moment = x->delay_ms >= 0 || x->at_ms >= 0;
    if ((x->delay_ms >= 0 && x->at_ms >= 0) || (moment && x->mode == BROKER_RETRY_FATAL)) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if ((moment || x->reason) && !g->policy && !call_is_replay(call)) {
        reply_errorf(call->reply, "ERR DELAY, AT and REASON need a policy");
        return false;
    }
    return true;
}

static bool parse_options(struct call *call, struct xnack *x)
{
    for (int i = 6 + (int)x->n; i < call->argc; i++) {
        int taken = parse_policy_option(call, &i, x);
        if (taken < 0)
            return false;
        if (taken)
            continue;
        if (bytes_is(call->argv[i], "retrycount") && i + 1 < call->argc) {
            if (!num_parse_int(call->argv[++i], &x->retry) || x->retry < 0) {
                reply_errorf(call->reply, "ERR Invalid RETRYCOUNT value, must be >= 0");
                return false;
            }
        } else if (bytes_is(call->argv[i], "force")) {
            x->force = true;
        } else {
            reply_errorf(call->reply, "ERR Unrecognized XNACK option '%.*s'", (int)call->argv[i].n,
                         call->argv[i].p);
            return false;
        }
    }
    return true;
}

static bool parse(struct call *call, struct xnack *x)
{
    *x = (struct xnack){.retry = -1, .delay_ms = -1, .at_ms = -1};
    if (!parse_mode(call->argv[3], &x->mode)) {
        reply_errorf(call->reply, "ERR mode must be SILENT, FAIL, or FATAL");
        return false;
    }
    if (!bytes_is(call->argv[4], "ids")) {
        reply_errorf(call->reply, "ERR syntax error, expected IDS keyword");
        return false;
    }
    if (!num_parse_int(call->argv[5], &x->n) || x->n < 1) {
        reply_errorf(call->reply, "ERR numids must be a positive integer");
        return false;
    }
    if (x->n > call->argc - 6) {
        reply_errorf(call->reply, "ERR number of IDs doesn't match numids");
        return false;
    }
    return parse_options(call, x);
}

/* The delivery count of a returned entry: SILENT undoes the delivery, FATAL marks it as one that no
 * consumer can handle. */
static uint64_t deliveries(const struct xnack *x, uint64_t before)
{
    if (x->retry >= 0)
        return (uint64_t)x->retry;
    if (x->mode == BROKER_RETRY_FATAL)
        return LLONG_MAX;
    return x->mode == BROKER_RETRY_SILENT && before ? before - 1 : before;
}

/* False: it is not pending, and FORCE does not apply. */
static bool give_back(struct call *call, const struct xnack *x, const struct stream *s,
                      struct stream_group *g, struct stream_id id)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    if (!stream_pending_find(&g->pending, id, &at)) {
        if (!x->force || (!stream_log_has(&s->log, id) && !call_is_replay(call)))
            return false;
        stream_group_restore(g, id, NULL, call->now_ms, 0);
        stream_pending_find(&g->pending, id, &at);
    }
    stream_pending_get(&g->pending, at, &e);
    if (x->at_ms >= 0 && g->policy) {
        stream_group_defer(g, at, deliveries(x, e.count), x->at_ms);
        broker_watch_sooner(broker_watch_of(g), x->at_ms);
    } else {
        stream_group_assign(g, at, NULL, 0, deliveries(x, e.count), true);
    }
    if (x->reason && g->policy)
        stream_pending_set_reason(&g->pending, id, call->argv[x->reason]);
    return true;
}

/* For a group with a policy. */
static void give_back_all(struct call *call, const struct xnack *x, struct stream *s,
                          struct stream_group *g, const struct stream_id *ids)
{
    const struct engine *e = call->engine;
    struct broker_group at = broker_act_in(call, call->argv[1], s, g);
    struct broker_retry r = {.mode = x->mode,
                             .due_ms = -1,
                             .count = x->retry,
                             .force = x->force,
                             .reason = x->reason ? call->argv[x->reason] : bytes_of("", 0)};
    if (x->delay_ms >= 0)
        r.due_ms = e->steady_ms + x->delay_ms;
    else if (x->at_ms >= 0) /* a wall-clock time; the group uses the steady clock */
        r.due_ms = x->at_ms > call->now_ms ? e->steady_ms + (x->at_ms - call->now_ms) : 0;
    call_no_effect(call);
    reply_int(call->reply, (long long)broker_retry_give_back(&at, &r, ids, (size_t)x->n));
}

/* Effect: the request with these IDs only. */
static void tell(struct call *call, const struct xnack *x, const struct stream_id *ids, size_t n)
{
    call_no_effect(call);
    if (n == 0 || !call->engine->journal->on)
        return;
    size_t behind = 6 + (size_t)x->n, rest = (size_t)call->argc - behind;
    struct bytes *argv = mem_alloc((6 + n + rest) * sizeof(*argv));
    char *texts = mem_alloc(n * STREAM_ID_TEXT_MAX), many[NUM_INT_MAX];
    memcpy(argv, call->argv, 5 * sizeof(*argv));
    argv[5] = bytes_of(many, num_print_uint(many, n));
    for (size_t i = 0; i < n; i++)
        argv[6 + i] = stream_args_id_text(call, texts + i * STREAM_ID_TEXT_MAX, ids[i]);
    memcpy(argv + 6 + n, call->argv + behind, rest * sizeof(*argv));
    call_effect_since(call, xnack_command.since, argv, (int)(6 + n + rest));
    mem_free(argv);
    mem_free(texts);
}

static void do_xnack(struct call *call)
{
    struct xnack x;
    struct stream *s;
    struct stream_group *g;
    struct bytes key = call->argv[1];
    if (!stream_args_group(call, &s, &g) || !parse(call, &x))
        return;
    struct stream_id *ids = stream_args_ids(call, 6, (int)x.n);
    if (!ids)
        return;
    if (!fits(call, &x, g)) {
        mem_free(ids);
        return;
    }
    if (g->policy && !call_is_replay(call)) {
        give_back_all(call, &x, s, g, ids);
        mem_free(ids);
        return;
    }
    /* The request itself is the effect, except with FORCE: a replay makes entries pending that are
     * not in the stream, which may have been deleted here since. */
    long long released = 0;
    for (int i = 0; i < x.n; i++)
        if (give_back(call, &x, s, g, ids[i]))
            ids[released++] = ids[i];
    if (x.force && released < x.n)
        tell(call, &x, ids, (size_t)released);
    mem_free(ids);
    if (released) {
        db_count_changes(call->store, (uint64_t)released);
        db_changed_quietly(call->db, key);
        db_ready(call->db, key);
    }
    reply_int(call->reply, released);
}

const struct command xnack_command = {
    .name = "xnack",
    .usage = "key:key group:string <SILENT | FAIL | FATAL> IDS numids:int id:string... [<DELAY "
             "milliseconds:int | AT unix-time-milliseconds:unix-time>] [REASON text:string] "
             "[RETRYCOUNT count:int] [FORCE]",
    .summary =
        "Negatively acknowledges pending entries: they are released, retried or dead-lettered.",
    .since = "8.8.0",
    .complexity = "O(log N) for each entry, with N the pending entries of the group",
    .group = GROUP_STREAM,
    .arity = -7,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xnack,
};
