/* XCRON: schedules of a stream.
 *
 * SET creates a schedule or replaces its rules, after checking everything. Its effect has an
 * explicit start, so that files and replicas find the same moments whatever their clocks say. A SET
 * that changes nothing is no write: a worker may repeat it at each start without moving any moment.
 * MARK is the effect of a schedule that fired or passed moments; firing is up to
 * broker/broker_schedule.h. */
#include "commands/index.h"

#include "base/log.h"
#include "base/mem.h"
#include "broker/broker_moments.h"
#include "broker/broker_schedule.h"

#include "commands/helpers.h"
#include "commands/stream/stream_args.h"
#include "commands/stream/xcron_args.h"
#include "type/stream/stream_schedule_words.h"

#define NEXT_MOST 1000

/* ---- SET */

static struct stream_schedule *find(const struct stream *s, struct bytes name)
{
    return s && s->extra ? stream_schedules_find(&s->extra->schedules, name) : NULL;
}

/* Stores the schedule, with effect and event. */
static struct stream_schedule *put(struct call *call, struct stream *s,
                                   const struct stream_schedule_rules *rules)
{
    struct bytes key = call->argv[2];
    bool made = !s;
    if (made) {
        s = stream_args_create(call, key);
        db_changed(call->db, key, 0, NULL);
    }
    struct broker_group at = broker_act_in(call, key, s, NULL);
    if (made)
        broker_act_effect_made(&at);
    struct stream_schedule *x =
        stream_schedules_set(&stream_need_extra(s)->schedules, call->argv[3], rules);
    broker_schedule_journal(&at, x);
    broker_moments_changed(&at);
    db_changed_quietly(call->db, key);
    db_notify(call->db, key, DB_EVENT_STREAM, "xcron-set");
    return x;
}

/* Applies an effect unchecked: a zone that this machine does not know is no reason to refuse a
 * file. */
static void set_in_replay(struct call *call)
{
    struct stream_schedule_rules rules;
    struct stream *s;
    if (!stream_schedule_words_read(call->argv + 4, call->argc - 4, call->store->streams->zones,
                                    &rules)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (!stream_args_write(call, call->argv[2], &s))
        return;
    if (!rules.every_ms && !rules.in)
        log_line(LOG_WARNING, "Unknown time zone of a schedule, which will not fire: %.*s",
                 (int)rules.zone.n, rules.zone.p);
    put(call, s, &rules);
    reply_ok(call->reply);
}

/* Whether the rules have a moment to come. False after the error reply. */
static bool has_moments(const struct call *call, const struct stream_schedule_rules *r,
                        int64_t behind_ms)
{
    if (stream_schedule_rules_next(r, behind_ms) != INT64_MAX)
        return true;
    if (r->until_ms || r->every_ms)
        reply_errorf(call->reply, "ERR the schedule has no future occurrence");
    else
        xcron_args_never(call);
    return false;
}

static void do_xcron_set(struct call *call)
{
    struct xcron_args x;
    struct stream *s;
    if (call_is_replay(call)) {
        set_in_replay(call);
        return;
    }
    if (!xcron_args_parse(call, &x))
        return;
    xcron_args_begin(&x, call->now_ms);
    if (!stream_args_write(call, call->argv[2], &s))
        return;
    call_no_effect(call);
    struct stream_schedule *old = find(s, call->argv[3]);
    if (!has_moments(call, &x.rules, old ? old->last_ms : 0))
        return;
    bool same = old && !xcron_args_is_explicit(&x) && old->rules.limit < 0 &&
                stream_schedule_rules_equal(&old->rules, &x.rules);
    reply_int(call->reply, (same ? old : put(call, s, &x.rules))->next_ms);
}

static void do_xcron_mark(struct call *call)
{
    struct stream *s;
    struct bytes key = call->argv[2];
    long long last_ms, fired, passed_ms = 0;
    if (call->argc > 7) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (!helpers_number(call, 4, "the moment", 0, STREAM_SCHEDULE_MOMENT_MOST, &last_ms) ||
        !helpers_number(call, 5, "the count", 0, INT64_MAX, &fired) ||
        (call->argc > 6 &&
         !helpers_number(call, 6, "the moment", 0, STREAM_SCHEDULE_MOMENT_MOST, &passed_ms)) ||
        !stream_args_write(call, key, &s))
        return;
    struct stream_schedule *x = find(s, call->argv[3]);
    if (x) {
        struct broker_group at = broker_act_in(call, key, s, NULL);
        stream_schedules_mark(&s->extra->schedules, x, last_ms, (uint64_t)fired);
        if (passed_ms > x->passed_ms)
            stream_schedules_pass(&s->extra->schedules, x, passed_ms);
        broker_moments_changed(&at);
        db_changed_quietly(call->db, key);
    }
    reply_int(call->reply, x != NULL);
}

/* ---- DEL, RUN */

static void do_xcron_del(struct call *call)
{
    struct stream *s;
    int n = 0;
    if (!stream_args_write(call, call->argv[2], &s))
        return;
    struct broker_group at = broker_act_in(call, call->argv[2], s, NULL);
    for (int i = 3; i < call->argc; i++) {
        struct stream_schedule *x = find(s, call->argv[i]);
        if (x)
            broker_schedule_remove(&at, x);
        n += x != NULL;
    }
    if (n)
        broker_moments_changed(&at);
    reply_int(call->reply, n);
}

static void do_xcron_run(struct call *call)
{
    struct stream *s;
    struct stream_id id;
    if (!stream_args_write(call, call->argv[2], &s))
        return;
    call_no_effect(call);
    struct stream_schedule *x = find(s, call->argv[3]);
    struct broker_group at = broker_act_in(call, call->argv[2], s, NULL);
    struct buf why = {0};
    if (!x)
        reply_null(call->reply);
    else if (broker_schedule_run(&at, x, &id, &why))
        stream_args_reply_id(call, id);
    else
        reply_error_bytes(call->reply, buf_bytes(&why));
    buf_free(&why);
}

/* ---- Looking */

static void number(const struct call *call, const char *name, long long v)
{
    reply_bulk_text(call->reply, name);
    reply_int(call->reply, v);
}

static void word(const struct call *call, const char *name, struct bytes v)
{
    reply_bulk_text(call->reply, name);
    reply_bulk(call->reply, v);
}

static void reply_schedule(const struct call *call, const struct stream_schedule *x)
{
    const struct stream_schedule_rules *r = &x->rules;
    reply_map(call->reply, 12);
    word(call, "name", str_bytes(x->name));
    if (r->every_ms)
        number(call, "every", r->every_ms);
    else
        word(call, "cron", r->cron);
    word(call, "tz", r->every_ms ? BYTES("UTC") : r->zone);
    word(call, "catchup", stream_schedule_words_catchup(r->catchup));
    number(call, "start", stream_schedule_rules_start(r));
    number(call, "until", r->until_ms);
    number(call, "left", stream_schedule_left(x));
    number(call, "next", x->next_ms != INT64_MAX ? x->next_ms : 0);
    number(call, "last", x->last_ms);
    number(call, "fired", (long long)x->fired);
    number(call, "missed", (long long)x->missed);
    reply_bulk_text(call->reply, "fields");
    reply_array(call->reply, r->pairs_n);
    for (size_t i = 0; i < r->pairs_n; i++)
        reply_bulk(call->reply, r->pairs[i]);
}

static void do_xcron_get(struct call *call)
{
    const struct stream *s;
    if (!stream_args_read(call, call->argv[2], &s))
        return;
    const struct stream_schedule *x = find(s, call->argv[3]);
    if (x)
        reply_schedule(call, x);
    else
        reply_null(call->reply);
}

static void do_xcron_list(struct call *call)
{
    static const struct stream_schedules none;
    const struct stream *s;
    size_t n;
    if (!stream_args_read(call, call->argv[2], &s))
        return;
    struct stream_schedule **all =
        stream_schedules_sorted(s && s->extra ? &s->extra->schedules : &none, &n);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++)
        reply_schedule(call, all[i]);
    mem_free(all);
}

/* ---- NEXT */

struct next_args {
    struct cron_fields cron;
    const struct zone *zone; /* NULL, -1: not given */
    long long from, count;
};

static bool parse_next_option(struct call *call, int i, struct next_args *x)
{
    struct bytes word = call->argv[i];
    bool is_zone = bytes_is(word, "tz"), is_from = bytes_is(word, "from");
    if ((!is_zone && !is_from && !bytes_is(word, "count")) || i + 1 >= call->argc) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    const char *name = is_zone ? "TZ" : is_from ? "FROM" : "COUNT";
    long long *to = is_from ? &x->from : &x->count;
    if (is_zone ? x->zone != NULL : *to != -1) {
        reply_errorf(call->reply, "ERR %s specified multiple times", name);
        return false;
    }
    if (is_zone)
        return xcron_args_zone(call, i + 1, &x->zone);
    return helpers_number(call, i + 1, name, is_from ? 0 : 1,
                          is_from ? STREAM_ARGS_MOMENT_MOST : NEXT_MOST, to);
}

static void do_xcron_next(struct call *call)
{
    struct next_args x = {.from = -1, .count = -1};
    if (!xcron_args_expression(call, 2, &x.cron))
        return;
    for (int i = 3; i < call->argc; i += 2)
        if (!parse_next_option(call, i, &x))
            return;
    const struct zone *zone = x.zone ? x.zone : zone_utc();
    int64_t moments[NEXT_MOST], at = x.from != -1 ? x.from : call->now_ms;
    long long n = 0, most = x.count != -1 ? x.count : 1;
    while (n < most && cron_next(&x.cron, zone, at, &at))
        moments[n++] = at;
    if (n == 0) {
        xcron_args_never(call);
        return;
    }
    reply_array(call->reply, (size_t)n);
    for (long long i = 0; i < n; i++)
        reply_int(call->reply, moments[i]);
}

static void do_xcron_help(struct call *call)
{
    helpers_help(call, &xcron_command);
}

static const struct command xcron_set_command = {
    .name = "set",
    .full_name = "xcron|set",
    .usage =
        "key:key name:string <CRON expression:string [TZ zone:string] | EVERY milliseconds:int> "
        "[START unix-time-milliseconds:unix-time] [CATCHUP <NONE | ONE | ALL>] [UNTIL "
        "unix-time-milliseconds:unix-time] [LIMIT count:int] FIELDS (field:string value:string)...",
    .summary = "Creates or updates a schedule, which appends a message periodically.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(log N) with N the schedules of the stream",
    .group = GROUP_STREAM,
    .arity = -9,
    .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xcron_set,
};
static const struct command xcron_get_command = {
    .name = "get",
    .full_name = "xcron|get",
    .usage = "key:key name:string",
    .summary = "Returns a schedule and its state.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xcron_get,
};
static const struct command xcron_list_command = {
    .name = "list",
    .full_name = "xcron|list",
    .usage = "key:key",
    .summary = "Lists the schedules of a stream.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N log N) with N the schedules",
    .group = GROUP_STREAM,
    .arity = 3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xcron_list,
};
static const struct command xcron_del_command = {
    .name = "del",
    .full_name = "xcron|del",
    .usage = "key:key name:string...",
    .summary = "Deletes schedules.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(log N) for each name, with N the schedules of the stream",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xcron_del,
};
static const struct command xcron_run_command = {
    .name = "run",
    .full_name = "xcron|run",
    .usage = "key:key name:string",
    .summary = "Appends a schedule's message now; its next occurrences are not affected.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = 4,
    .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xcron_run,
};
static const struct command xcron_mark_command = {
    .name = "mark",
    .full_name = "xcron|mark",
    .usage = "key:key name:string last-unix-milliseconds:unix-time fired:int "
             "[passed-unix-milliseconds:unix-time]",
    .summary = "Records the progress of a schedule. Internal: for files and replicas.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(log N) with N the schedules of the stream",
    .group = GROUP_STREAM,
    .arity = -6,
    .flags = COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xcron_mark,
};
static const struct command xcron_next_command = {
    .name = "next",
    .full_name = "xcron|next",
    .usage = "expression:string [TZ zone:string] [FROM unix-time-milliseconds:unix-time] [COUNT "
             "count:int]",
    .summary = "Returns the next occurrences of a cron expression.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the moments",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_READONLY | COMMAND_UNTRACKED,
    .handler = do_xcron_next,
};
static const struct command xcron_help_command = {
    .name = "help",
    .full_name = "xcron|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xcron_help,
};

static const struct command *const xcron_subcommands[] = {
    &xcron_del_command,  &xcron_get_command,  &xcron_help_command,
    &xcron_list_command, &xcron_mark_command, &xcron_next_command,
    &xcron_run_command,  &xcron_set_command,  NULL};

const struct command xcron_command = {
    .name = "xcron",
    .usage = "",
    .summary = "Manages the schedules of a stream.",
    .since = BROKER_ACT_SINCE,
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xcron_subcommands,
};
