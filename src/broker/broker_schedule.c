/* When the clock reaches a moment t of a schedule, it is
 *
 *   fired      within a second: its message is appended as of t; LAST is t
 *   missed     later than that (the server was down, or could not act): CATCHUP selects which
 *              missed moments still fire, at once; the others are passed
 *   refused    if a limit of the stream refuses the message: passed, counted as missed
 *   postponed  if there is no memory: tried again after a second
 *
 * Skipped times are journalled too (XCRON MARK), so a restart does not decide about them again.
 *
 * A schedule without moments left is deleted. One action appends one message, so many due schedules
 * share the turn's time with everything else. No moment fires twice: XADD and XCRON MARK are in one
 * group of the journal, and the next moment always follows the last. */
#include "broker/broker_schedule.h"

#include "base/mem.h"
#include "broker/broker_append.h"
#include "broker/broker_due.h"
#include "broker/broker_limits.h"
#include "type/stream/stream_schedule_words.h"

#define IN_TIME_MS     1000
#define CATCH_UP_MOST  1000 /* moments that ALL fires */
#define POSTPONE_MS    1000
#define COUNTED_AT_ONE 1000 /* missed moments counted in one go */

bool broker_schedule_has_room(const struct engine *e)
{
    return !(e->slow_path & ENGINE_MAXMEMORY) || e->services.make_room(e->services.context);
}

void broker_schedule_postpone(const struct broker_group *x)
{
    x->stream->extra->schedules.not_before_ms = broker_act_wall(x) + POSTPONE_MS;
}

/* ---- Effects */

void broker_schedule_journal(const struct broker_group *x, const struct stream_schedule *s)
{
    struct bytes *argv;
    struct stream_schedule_words w;
    if (!broker_act_is_journalled(x))
        return;
    argv = mem_alloc((4 + STREAM_SCHEDULE_WORDS + s->rules.pairs_n) * sizeof(*argv));
    argv[0] = BYTES("XCRON");
    argv[1] = BYTES("SET");
    argv[2] = x->key;
    argv[3] = str_bytes(s->name);
    int n = 4 + stream_schedule_words_print(&s->rules, stream_schedule_left(s), &w, argv + 4);
    broker_act_effect(x, BROKER_ACT_SINCE, argv, n);
    mem_free(argv);
}

static void journal_mark(const struct broker_group *x, const struct stream_schedule *s)
{
    char last[NUM_INT_MAX], fired[NUM_INT_MAX], passed[NUM_INT_MAX];
    const struct bytes argv[] = {BYTES("XCRON"),
                                 BYTES("MARK"),
                                 x->key,
                                 str_bytes(s->name),
                                 bytes_of(last, num_print_int(last, s->last_ms)),
                                 bytes_of(fired, num_print_uint(fired, s->fired)),
                                 bytes_of(passed, num_print_int(passed, s->passed_ms))};
    broker_act_effect(x, BROKER_ACT_SINCE, argv, s->passed_ms > s->last_ms ? 7 : 6);
}

static void end(const struct broker_group *x, struct stream_schedule *s)
{
    const struct bytes argv[] = {BYTES("XCRON"), BYTES("DEL"), x->key, str_bytes(s->name)};
    broker_act_effect(x, BROKER_ACT_SINCE, argv, 4);
    broker_schedule_remove(x, s);
}

void broker_schedule_remove(const struct broker_group *x, struct stream_schedule *s)
{
    stream_schedules_remove(&x->stream->extra->schedules, s);
    db_count_changes(x->engine->store, 1);
    db_changed_quietly(x->db, x->key);
    db_notify(x->db, x->key, DB_EVENT_STREAM, "xcron-del");
}

/* ---- Firing */

static struct broker_message message_of(const struct stream_schedule *s)
{
    /* broker_append() does not change it */
    return (struct broker_message){.pairs = (struct bytes *)(uintptr_t)s->rules.pairs,
                                   .fields = s->rules.pairs_n / 2};
}

static void count_fired(const struct broker_group *x)
{
    if (x->engine->broker)
        x->engine->broker->totals.cron_fired++;
    db_notify(x->db, x->key, DB_EVENT_STREAM, "xcron-fired");
}

static void count_missed(const struct broker_group *x, struct stream_schedule *s, uint64_t n)
{
    s->missed += n;
    if (x->engine->broker)
        x->engine->broker->totals.cron_missed += n;
}

bool broker_schedule_run(const struct broker_group *x, const struct stream_schedule *s,
                         struct stream_id *id, struct buf *why)
{
    struct broker_message m = message_of(s);
    if (!broker_limits_allow(x, 1, bytes_total(s->rules.pairs, s->rules.pairs_n), why))
        return false;
    if (!broker_append_may(x, x->key, &m)) {
        buf_add(why, err_text(ERR_STREAM_EXHAUSTED));
        return false;
    }
    *id = broker_append(x, x->key, &m);
    count_fired(x);
    return true;
}

/* Skips the times up to until_ms: they bring no message. */
static void pass(const struct broker_group *x, struct stream_schedule *s, int64_t until_ms,
                 uint64_t missed)
{
    count_missed(x, s, missed);
    stream_schedules_pass(&x->stream->extra->schedules, s, until_ms);
}

static void fire(const struct broker_group *x, struct stream_schedule *s)
{
    struct stream_schedules *all = &x->stream->extra->schedules;
    struct broker_message m = message_of(s);
    int64_t at = s->next_ms;
    if (!broker_append_may(x, x->key, &m)) {
        pass(x, s, at, 1);
        return;
    }
    broker_append_as_of(x, x->key, &m, at);
    /* the effect XCRON MARK accepts no higher number */
    stream_schedules_mark(all, s, at, s->fired < INT64_MAX ? s->fired + 1 : INT64_MAX);
    count_fired(x);
}

/* Up to which moment to pass, so that at most CATCH_UP_MOST are left up to the last one. Called for
 * each message fired, but counts only once. */
static int64_t pass_for_all(struct stream_schedule *s, int64_t last)
{
    uint64_t searches;
    if (last <= s->few_until_ms)
        return s->passed_ms;
    s->few_until_ms = last;
    return stream_schedule_before_last(s, last, CATCH_UP_MOST, &searches);
}

/* Passes missed moments that are not to be caught up. False: none of them fires. */
static bool catch_up(const struct broker_group *x, struct stream_schedule *s, int64_t missed_until)
{
    int64_t last = stream_schedule_last_until(s, missed_until), until;
    if (s->rules.catchup == STREAM_CATCHUP_NONE)
        until = last;
    else if (s->rules.catchup == STREAM_CATCHUP_ONE)
        until = last - 1;
    else
        until = pass_for_all(s, last);
    pass(x, s, until, stream_schedule_count_until(s, until, COUNTED_AT_ONE));
    return s->next_ms <= last;
}

void broker_schedule_do_due(const struct broker_group *x)
{
    int64_t missed_until = broker_act_wall(x) - IN_TIME_MS - 1;
    struct stream_schedule *s = stream_schedules_first(&x->stream->extra->schedules);
    ASSERT(s && stream_schedule_due_ms(s) <= broker_act_wall(x));
    if (stream_schedule_is_over(s)) {
        end(x, s);
        return;
    }
    if (s->next_ms > missed_until || catch_up(x, s, missed_until))
        fire(x, s);
    db_changed_quietly(x->db, x->key);
    if (stream_schedule_is_over(s))
        end(x, s);
    else
        journal_mark(x, s);
}
