/* Passes and their pace.
 *
 *   rests    until survey_look() sets the timer
 *   visits   the tables of streams, database by database, a bucket a step; streams with many groups
 *            are read between buckets
 *   sweeps   frees records that the pass has not met: schedules, groups, then streams
 *   chooses  which of them have lines of their own in the metrics, when there are too many
 *   ended    totals, alarms and the number of the pass are published; the timer is set for the next
 *            pass or, if nobody has looked for 90 seconds and there is no console, for a sweep that
 *            frees everything, after which the survey rests
 *
 * Besides, once a second while the survey is awake, the numbers of the server as a whole are read
 * (vitals.h) and its alarms evaluated.
 *
 * The timer only marks that it is time; the step runs in its own phase of the turn. After a step
 * that took t the next one waits for 100 t, at least 20 ms, so the survey takes 1 % of the time,
 * and an idle loop wakes for it every 20 ms during a pass.
 *
 * Nothing can fail. A pass misses a stream that moves from a database not visited yet to one
 * already visited: its records are swept, and come back with the next pass. */
#include "survey/survey.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "survey/alarms.h"
#include "survey/keep.h"
#include "survey/survey_choice.h"
#include "survey/survey_more.h"
#include "survey/survey_read.h"
#include "survey/vitals.h"

#include <string.h>

#define FIRST_LOOK_US 500
#define PAUSE_MS      20  /* between steps while somebody looks */
#define IDLE_PAUSE_MS 100 /* between other steps */
#define SWEPT_AT_ONCE 64
#ifdef CHANGES_ARE_CHECKED /* such builds are many times slower, and get longer slices */
#define SLOWER 40
#else
#define SLOWER 1
#endif
#define WALK_SHARE 4  /* steps of a pass for each step of the walk over all keys */
#define VITALS_US  50 /* of a step in which vitals are read */

struct survey *survey_new(struct engine *e)
{
    struct survey *sv = mem_zalloc(sizeof(*sv));
    sv->engine = e;
    slots_init(&sv->streams, sizeof(struct survey_stream));
    slots_init(&sv->groups, sizeof(struct survey_group));
    slots_init(&sv->schedules, sizeof(struct survey_schedule));
    walk_init(&sv->walk, e);
    dlist_init(&sv->large);
    sv->totals.oldest_ready_ms = -1;
    sv->db_groups = mem_zalloc((size_t)e->store->count * sizeof(*sv->db_groups));
    sv->db_counting = mem_zalloc((size_t)e->store->count * sizeof(*sv->db_counting));
    sv->vitals = vitals_new();
    sv->alarms = mem_zalloc(sizeof(*sv->alarms));
    sv->keep = mem_zalloc(sizeof(*sv->keep));
    survey_configure(sv);
    return sv;
}

size_t survey_memory(const struct survey *sv)
{
    size_t bytes =
        slots_memory(&sv->streams) + slots_memory(&sv->groups) + slots_memory(&sv->schedules) +
        (sv->schedule_names.used ? dict_memory(&sv->schedule_names) : 0) +
        survey_choice_memory(sv) + keep_memory(sv->keep) + walk_memory(&sv->walk, sv->engine);
    for (uint32_t i = 1; i <= sv->streams.n; i++) {
        const struct survey_stream *x = survey_record_stream(sv, i);
        bytes += x->slot.seen ? mem_block_size(x->key) : 0;
        bytes += x->slot.seen && x->more ? mem_block_size(x->more) : 0;
    }
    for (uint32_t i = 1; i <= sv->groups.n; i++) {
        const struct survey_group *x = survey_record_group(sv, i);
        bytes += x->slot.seen ? mem_block_size(x->name) / x->name->refs : 0; /* shared */
        bytes += x->slot.seen && x->more ? mem_block_size(x->more) : 0;
    }
    return bytes;
}

/* ---- A pass */

static void begin(struct survey *sv)
{
    sv->pass++;
    sv->phase = SURVEY_VISITS;
    sv->db = 0;
    sv->cursor = 0;
    sv->counting = (struct survey_totals){.oldest_ready_ms = -1};
    alarms_begin_keys(sv->alarms);
    memset(sv->db_counting, 0, (size_t)sv->engine->store->count * sizeof(*sv->db_counting));
    sv->began_ms = sv->engine->steady_ms;
}

/* A pass that visits nothing: its sweeps free every record. */
static void begin_forgetting(struct survey *sv)
{
    sv->pass++;
    sv->number = 0;
    alarms_forget(sv->alarms);
    keep_forget(sv);
    walk_forget(&sv->walk, sv->engine);
    sv->forgets = true;
    sv->swept = 0;
    sv->phase = SURVEY_SWEEPS_SCHEDULES;
}

static void visit(void *context, struct entry *e)
{
    struct survey *sv = context;
    struct db *db = &sv->engine->store->dbs[sv->db];
    if (!db_is_due(sv->engine->store, e))
        survey_read_stream(sv, db, e);
}

static void visit_some(struct survey *sv)
{
    const struct store *s = sv->engine->store;
    if (!dlist_empty(&sv->large)) {
        survey_read_large(sv);
        return;
    }
    if (sv->db == s->count) {
        sv->swept = 0;
        sv->phase = SURVEY_SWEEPS_SCHEDULES;
        return;
    }
    sv->cursor = table_scan(&s->dbs[sv->db].noted.streams, sv->cursor, visit, sv);
    if (!sv->cursor)
        sv->db++;
}

/* Dead letters are counted after all policies were read, since these name the dead-letter streams.
 */
static void count_letters(struct survey *sv, uint32_t number)
{
    const struct survey_stream *x = survey_record_stream(sv, number);
    if (!x->length || !survey_more_holds_letters(sv, x))
        return;
    const struct survey_stream_more *more = survey_more_of_stream(x);
    uint64_t now = (uint64_t)more->read_ms; /* IDs may be far ahead of the clock */
    sv->counting.letters += x->length;
    if (more->newest_ms >= now || now - more->newest_ms < ALARMS_LETTER_MS)
        alarms_find(sv->alarms, ALARM_DEAD_LETTERS, number, 0, (double)x->length);
}

/* False: all were checked. */
static bool sweep(struct survey *sv, struct slots *slots,
                  void (*drop)(struct survey *sv, uint32_t number))
{
    for (int i = 0; i < SWEPT_AT_ONCE; i++) {
        if (sv->swept == slots->n)
            return false;
        const struct slot *x = slots_at(slots, ++sv->swept);
        if (x->seen && x->seen != sv->pass)
            drop(sv, sv->swept);
        else if (x->seen && slots == &sv->streams)
            count_letters(sv, sv->swept);
    }
    return true;
}

static void end(struct survey *sv)
{
    sv->phase = SURVEY_RESTS;
    if (sv->forgets) {
        ASSERT(!sv->streams.used && !sv->groups.used && !sv->schedules.used);
        slots_clear(&sv->schedules);
        dict_clear(&sv->schedule_names);
        slots_clear(&sv->streams);
        slots_clear(&sv->groups);
        survey_choice_forget(sv);
        survey_names_forget(&sv->names);
        sv->totals = (struct survey_totals){.oldest_ready_ms = -1};
        sv->forgets = false;
        return;
    }
    sv->number = sv->pass;
    sv->totals = sv->counting;
    uint64_t *former = sv->db_groups;
    sv->db_groups = sv->db_counting;
    sv->db_counting = former;
    sv->ended_ms = sv->engine->steady_ms;
    sv->pass_ms = sv->ended_ms - sv->began_ms;
    keep_end_pass(sv);
    alarms_end_keys(sv->alarms, sv, sv->engine->now_ms);
}

static void begin_choosing(struct survey *sv)
{
    if (sv->forgets) {
        end(sv);
        return;
    }
    if (!survey_choice_begin(sv)) {
        end(sv);
        return;
    }
    sv->swept = 0;
    sv->phase = SURVEY_CHOOSES_GROUPS;
}

/* False: all were considered, or no choice is needed. */
static bool choose(struct survey *sv, const struct slots *slots,
                   bool (*offer)(struct survey *sv, uint32_t number))
{
    for (int i = 0; i < SWEPT_AT_ONCE; i++)
        if (sv->swept == slots->n || !offer(sv, ++sv->swept))
            return false;
    return true;
}

static void step(struct survey *sv)
{
    switch (sv->phase) {
    case SURVEY_VISITS:
        visit_some(sv);
        break;
    case SURVEY_SWEEPS_SCHEDULES:
        if (!sweep(sv, &sv->schedules, survey_read_drop_schedule)) {
            sv->swept = 0;
            sv->phase = SURVEY_SWEEPS_GROUPS;
        }
        break;
    case SURVEY_SWEEPS_GROUPS:
        if (!sweep(sv, &sv->groups, survey_read_drop_group)) {
            sv->swept = 0;
            sv->phase = SURVEY_SWEEPS_STREAMS;
        }
        break;
    case SURVEY_SWEEPS_STREAMS:
        if (!sweep(sv, &sv->streams, survey_read_drop_stream))
            begin_choosing(sv);
        break;
    case SURVEY_CHOOSES_GROUPS:
        if (!choose(sv, &sv->groups, survey_choice_offer_group)) {
            survey_choice_end_groups(sv);
            sv->swept = 0;
            sv->phase = SURVEY_CHOOSES_STREAMS;
        }
        break;
    case SURVEY_CHOOSES_STREAMS:
        if (!choose(sv, &sv->streams, survey_choice_offer_stream)) {
            survey_choice_end_streams(sv);
            end(sv);
        }
        break;
    case SURVEY_RESTS:
        break;
    }
}

/* ---- The pace */

static void is_time(struct timer *timer)
{
    ((struct survey *)((char *)timer - offsetof(struct survey, timer)))->is_due = true;
}

static void wake_at(struct survey *sv, int64_t at_ms)
{
    timer_set(&sv->engine->timers, &sv->timer, TIMER_STEADY, at_ms, is_time);
}

static bool is_watched(const struct survey *sv)
{
    return sv->looked_ms != 0 && sv->engine->steady_ms - sv->looked_ms < SURVEY_LOOKED_MS;
}

static bool is_awake(const struct survey *sv)
{
    return sv->engine->settings->console_port || is_watched(sv);
}

/* The walk over all keys goes on while no pass runs, and has one step in WALK_SHARE beside one. */
static void step_of(struct survey *sv)
{
    bool walks = !sv->forgets && walk_has_work(&sv->walk, sv->engine);
    if (walks && (sv->phase == SURVEY_RESTS || ++sv->turns_taken >= WALK_SHARE)) {
        sv->turns_taken = 0;
        walk_step(&sv->walk, sv->engine);
    } else {
        step(sv);
    }
}

/* Continues for that much processor time: time given to other processes does not count, and is only
 * checked when the time by the clock is over. */
static void work(struct survey *sv, int64_t us)
{
    double ticks_per_us = clock_ticks_per_us(); /* takes a millisecond the first time */
    uint64_t began = clock_ticks(), took;
    int64_t began_us = clock_thread_us();
    us *= SLOWER;
    uint64_t most = (uint64_t)((double)us * ticks_per_us);
    do {
        step_of(sv);
        took = clock_ticks() - began;
        if (took >= most) {
            int64_t left = us - (clock_thread_us() - began_us);
            if (left > 0)
                most = took + (uint64_t)((double)left * ticks_per_us) + 1;
        }
    } while ((sv->phase != SURVEY_RESTS || walk_has_work(&sv->walk, sv->engine)) && took < most);
    sv->ticks += took;
    int64_t now = sv->engine->steady_ms;
    int64_t pause = (clock_thread_us() - began_us) * SURVEY_SHARE / 1000;
    int64_t least = is_watched(sv) ? PAUSE_MS : IDLE_PAUSE_MS;
    int64_t every = is_watched(sv) ? SURVEY_EVERY_MS : SURVEY_IDLE_EVERY_MS;
    int64_t next = now + (pause > least ? pause : least);
    if (sv->phase == SURVEY_RESTS && !walk_has_work(&sv->walk, sv->engine) &&
        next < sv->began_ms + every)
        next = sv->began_ms + every;
    if (sv->phase != SURVEY_RESTS || sv->number || is_awake(sv))
        wake_at(sv, next);
}

/* ---- Once a second */

static void is_second(struct timer *timer)
{
    ((struct survey *)((char *)timer - offsetof(struct survey, second)))->is_second_due = true;
}

static void wake_in_a_second(struct survey *sv)
{
    timer_set(&sv->engine->timers, &sv->second, TIMER_STEADY, sv->engine->steady_ms + 1000,
              is_second);
}

static void read_vitals(struct survey *sv)
{
    sv->is_second_due = false;
    vitals_read(sv->vitals, sv);
    alarms_judge(sv->alarms, vitals_facts(sv->vitals), sv->engine->now_ms);
    keep_server(sv);
    wake_in_a_second(sv);
}

void survey_step(struct survey *sv)
{
    int64_t us = SURVEY_SLICE_US;
    if (sv->is_second_due) {
        sv->is_second_due = false;
        us -= VITALS_US;
        if (is_awake(sv))
            read_vitals(sv);
    }
    if (!sv->is_due)
        return;
    sv->is_due = false;
    int64_t every = is_watched(sv) ? SURVEY_EVERY_MS : SURVEY_IDLE_EVERY_MS;
    bool is_time = !sv->number || sv->engine->steady_ms >= sv->began_ms + every;
    if (sv->phase == SURVEY_RESTS && (is_time || !is_awake(sv))) {
        if (is_awake(sv))
            begin(sv);
        else
            begin_forgetting(sv);
    }
    work(sv, us);
}

void survey_configure(struct survey *sv)
{
    if (!sv->engine->settings->console_port || timer_is_set(&sv->second))
        return;
    wake_in_a_second(sv);
    if (!timer_is_set(&sv->timer))
        wake_at(sv, sv->engine->steady_ms);
}

/* While data are loaded or a script is in the middle of its work, nothing new is read. */
static bool may_read(const struct engine *e)
{
    return !(e->slow_path & (ENGINE_LOADING | ENGINE_BUSY));
}

/* The first query after a while does not wait for the slow pace of the time without. */
static void quicken(struct survey *sv)
{
    int64_t next = sv->began_ms + SURVEY_EVERY_MS, now = sv->engine->steady_ms;
    wake_at(sv, sv->phase == SURVEY_RESTS && next > now ? next : now);
}

void survey_look(struct survey *sv)
{
    bool was_watched = is_watched(sv);
    sv->looked_ms = sv->engine->steady_ms;
    if (!vitals_read_ms(sv->vitals) ||
        sv->looked_ms - vitals_read_ms(sv->vitals) >= SURVEY_EVERY_MS)
        read_vitals(sv);
    if (sv->phase == SURVEY_RESTS && !sv->number)
        begin(sv);
    if (!sv->number && !sv->forgets && may_read(sv->engine))
        work(sv, FIRST_LOOK_US);
    else if (!sv->is_due && (!was_watched || !timer_is_set(&sv->timer)))
        quicken(sv);
}

void survey_look_at_keys(struct survey *sv)
{
    survey_look(sv);
    walk_look(&sv->walk, sv->engine);
    if (!sv->walk.number && sv->phase == SURVEY_RESTS && may_read(sv->engine))
        work(sv, FIRST_LOOK_US);
}

void survey_look_for_metrics(struct survey *sv)
{
    if (sv->engine->settings->metrics_groups)
        survey_look_at_keys(sv);
    else
        survey_look(sv);
}

void survey_free(struct survey *sv)
{
    if (!sv)
        return;
    timer_stop(&sv->engine->timers, &sv->timer);
    timer_stop(&sv->engine->timers, &sv->second);
    survey_read_forget_large(sv);
    survey_choice_forget(sv);
    begin_forgetting(sv);
    while (sv->phase != SURVEY_RESTS)
        step(sv);
    vitals_free(sv->vitals);
    walk_free(&sv->walk, sv->engine);
    mem_free(sv->alarms);
    mem_free(sv->keep);
    mem_free(sv->db_groups);
    mem_free(sv->db_counting);
    mem_free(sv);
}
