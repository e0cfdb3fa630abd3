/* Limits act in three places:
 *
 *   before an append  REJECT refuses what would exceed MAXLEN or MAXBYTES, whoever appends.
 *                     Scheduled messages count as present, so that an accepted message can always
 *                     be appended later.
 *   after an append   DROP deletes what exceeds MAXLEN or MAXBYTES, and MAXAGE what is too old.
 *   between commands  MAXAGE applies when the oldest entry becomes too old; and, in steps, limits
 *                     that were lowered.
 *
 * KEEPREF deletes only the oldest entries, so the effect XADD can include all of it: MAXLEN = n if
 * only that limit acted, else MINID = the oldest left. If XADD already has a trim of its own, and
 * for DELREF, a separate XTRIM follows.
 *
 * With ACKED entries are deleted one by one, and those still needed stay in between. An append
 * examines LOOKS of them at most, cyclically from where the last one stopped: entries left pending
 * at the front then neither make each append slower nor protect those behind them. For MAXAGE the
 * server goes, once a second, round all entries that are too old and read by all groups, and
 * deletes those acknowledged meanwhile. A long round is followed by a longer pause, so that a
 * hundred thousand entries left pending do not keep an idle server busy.
 *
 * MAXBYTES deletes whole blocks from the oldest on, but never the newest, however large. */
#include "broker/broker_limits.h"

#include "broker/broker_due.h"
#include "broker/broker_lease.h"

#define AT_ONCE    1000 /* entries in one action of the server's own */
#define LOOKS      128
#define AGAIN_MS   1000 /* pause between rounds by age, */
#define LOOKS_A_MS 100  /* longer after more looks than this many times its ms */

static enum stream_strategy strategy_of(const struct stream_limits *l)
{
    return l->refuses ? STREAM_KEEP_REFERENCES : l->strategy;
}

static bool is_above(uint64_t n, int64_t most)
{
    return most != STREAM_LIMITS_NONE && n > (uint64_t)most;
}

/* ---- Before an append */

bool broker_limits_allow(const struct broker_group *x, uint64_t messages, uint64_t bytes,
                         struct buf *why)
{
    const struct stream *s = x->stream;
    const struct stream_limits *l = &s->extra->limits;
    const struct stream_future *f = &s->extra->future;
    if (!l->refuses)
        return true;
    bool many = is_above(s->log.length + stream_future_count(f) + messages, l->max_entries);
    if (!many && !is_above(s->log.bytes + f->bytes + bytes, l->max_bytes))
        return true;
    if (!why)
        return false;
    buf_printf(why, "STREAMFULL The stream has reached its limit of %lld %s",
               (long long)(many ? l->max_entries : l->max_bytes), many ? "entries" : "bytes");
    if (x->engine->broker) {
        x->engine->broker->totals.rejected++;
        stream_need_outcomes(x->stream)->rejected++;
    }
    return false;
}

/* ---- Behind it */

/* Entries with an ID below are too old; 0-0: none is. */
static struct stream_id oldest_allowed(const struct broker_group *x)
{
    const struct stream_limits *l = &x->stream->extra->limits;
    int64_t from =
        l->max_age_ms == STREAM_LIMITS_NONE ? 0 : num_minus(broker_act_wall(x), l->max_age_ms);
    return (struct stream_id){from > 0 ? (uint64_t)from : 0, 0};
}

/* If no entry is below the ID, nothing happens: with DELREF a trim also drops references to entries
 * deleted earlier, and only trims that remove an entry are journalled. */
static uint64_t trim_below(struct stream *s, struct stream_id id, uint64_t limit)
{
    uint64_t dropped;
    struct stream_trim t = {
        .by_id = true, .min_id = id, .limit = limit, .strategy = strategy_of(&s->extra->limits)};
    bool any = s->log.length && stream_id_compare(stream_first_id(s), id) < 0;
    return any ? stream_trim(s, &t, &dropped) : 0;
}

static uint64_t trim_to(struct stream *s, int64_t length, uint64_t limit)
{
    uint64_t dropped;
    struct stream_trim t = {
        .max_length = (uint64_t)length, .limit = limit, .strategy = strategy_of(&s->extra->limits)};
    return is_above(s->log.length, length) ? stream_trim(s, &t, &dropped) : 0;
}

/* Trims to MAXBYTES; limit as in the others. */
static uint64_t trim_bytes(struct stream *s, uint64_t limit)
{
    struct stream_id id;
    int64_t most = s->extra->limits.max_bytes;
    return is_above(s->log.bytes, most) && stream_log_over(&s->log, (uint64_t)most, &id)
               ? trim_below(s, id, limit)
               : 0;
}

/* Trims by age, length and bytes. *by_length: only the length removed any. */
static uint64_t trim_all(const struct broker_group *x, bool *by_length)
{
    struct stream *s = x->stream;
    const struct stream_limits *l = &s->extra->limits;
    struct stream_id from = oldest_allowed(x);
    uint64_t old = stream_id_is_zero(from) ? 0 : trim_below(s, from, AT_ONCE);
    *by_length = false;
    if (l->refuses)
        return old;
    uint64_t more = trim_to(s, l->max_entries, 0), large = trim_bytes(s, 0);
    *by_length = !old && !large;
    return old + more + large;
}

/* The three words that describe what is left. */
static void describe(const struct broker_group *x, bool by_length, struct broker_limits_trim *t)
{
    const struct stream *s = x->stream;
    by_length = by_length || !s->log.length;
    t->words[0] = by_length ? BYTES("MAXLEN") : BYTES("MINID");
    t->words[1] = BYTES("=");
    t->words[2] = by_length ? bytes_of(t->text, num_print_uint(t->text, s->log.length))
                            : broker_act_id(x, t->text, stream_first_id(s));
    t->words_n = 3;
}

static void journal_trim(const struct broker_group *x, const struct bytes words[3])
{
    const struct bytes argv[] = {BYTES("XTRIM"), x->key,   words[0],
                                 words[1],       words[2], BYTES("DELREF")};
    if (strategy_of(&x->stream->extra->limits) == STREAM_DROP_REFERENCES)
        broker_act_effect(x, "8.2.0", argv, 6);
    broker_act_effect(x, NULL, argv, 5);
}

void broker_limits_trim(const struct broker_group *x, bool apart, struct broker_limits_trim *t)
{
    bool by_length;
    t->trimmed = 0;
    t->words_n = 0;
    t->apart = apart || strategy_of(&x->stream->extra->limits) != STREAM_KEEP_REFERENCES;
    if (t->apart)
        return;
    t->trimmed = trim_all(x, &by_length);
    if (t->trimmed && broker_act_is_journalled(x))
        describe(x, by_length, t);
}

/* Whether trimming would delete this entry. behind: the first block that MAXBYTES lets stay. */
static bool is_too_much(const struct broker_group *x, struct stream_id id, struct stream_id old,
                        struct stream_id behind)
{
    const struct stream *s = x->stream;
    const struct stream_limits *l = &s->extra->limits;
    return is_above(s->log.length, l->max_entries) || stream_id_compare(id, old) < 0 ||
           (is_above(s->log.bytes, l->max_bytes) && stream_id_compare(id, behind) < 0);
}

/* Moves *at up to the next entry. False: there is none, or it is above `last`. */
static bool find_read(const struct stream *s, struct stream_id last, struct stream_id *at)
{
    struct stream_cursor c;
    bool any = stream_log_seek(&s->log, *at, &c);
    if (any)
        *at = stream_log_id(&c);
    stream_log_end(&c);
    return any && stream_id_compare(*at, last) <= 0;
}

/* Deletes the entry at *at if no group needs it; *at moves past it. Returns how many. */
static size_t delete_if_acked(struct stream *s, struct stream_id *at, struct stream_id *gone)
{
    uint64_t dropped;
    bool deleted = stream_delete_by(s, *at, STREAM_ACKNOWLEDGED, &dropped) == 1;
    *gone = *at;
    stream_id_next(at);
    return deleted;
}

static uint64_t trim_acked(const struct broker_group *x)
{
    struct stream *s = x->stream;
    struct stream_id *at = &s->extra->looked, gone[LOOKS], old = oldest_allowed(x),
                     last = stream_read_by_all(s), behind = STREAM_ID_MIN;
    const struct bytes words[] = {BYTES("XDEL"), x->key};
    int64_t bytes = s->extra->limits.max_bytes;
    size_t n = 0;
    bool again = stream_id_is_zero(*at); /* it starts at the oldest entry: one round is enough */
    if (is_above(s->log.bytes, bytes))
        stream_log_over(&s->log, (uint64_t)bytes, &behind);
    for (int looks = 0; looks < LOOKS; looks++) {
        if (!find_read(s, last, at) || !is_too_much(x, *at, old, behind)) {
            *at = STREAM_ID_MIN;
            if (again)
                break;
            again = true;
            continue;
        }
        n += delete_if_acked(s, at, &gone[n]);
    }
    if (n)
        broker_act_effect_ids(x, words, 2, gone, n);
    return n;
}

void broker_limits_trim_apart(const struct broker_group *x, struct broker_limits_trim *t)
{
    bool by_length;
    if (!t->apart)
        return;
    if (strategy_of(&x->stream->extra->limits) == STREAM_ACKNOWLEDGED) {
        t->trimmed = trim_acked(x);
        return;
    }
    t->trimmed = trim_all(x, &by_length);
    if (!t->trimmed)
        return;
    describe(x, by_length, t);
    journal_trim(x, t->words);
    broker_lease_dropped(x);
}

/* ---- By themselves */

int64_t broker_limits_age_ms(const struct stream *s)
{
    const struct stream_limits *l = &s->extra->limits;
    if (l->max_age_ms == STREAM_LIMITS_NONE || s->log.length == 0)
        return INT64_MAX;
    uint64_t ms = stream_first_id(s).ms, most = (uint64_t)(INT64_MAX - l->max_age_ms);
    int64_t at = ms < most ? (int64_t)ms + l->max_age_ms + 1 : INT64_MAX;
    return strategy_of(l) == STREAM_ACKNOWLEDGED && at < s->extra->age_look_ms
               ? s->extra->age_look_ms
               : at;
}

int64_t broker_limits_excess_ms(const struct stream *s)
{
    const struct stream_limits *l = &s->extra->limits;
    if (l->refuses || l->strategy == STREAM_ACKNOWLEDGED)
        return INT64_MAX;
    bool over = is_above(s->log.length, l->max_entries) ||
                (is_above(s->log.bytes, l->max_bytes) && s->log.n > 1);
    return over ? 0 : INT64_MAX;
}

/* Reports a trim on the server's own initiative. */
static void end(const struct broker_group *x, const struct bytes words[3], uint64_t n)
{
    journal_trim(x, words);
    broker_lease_dropped(x);
    db_count_changes(x->engine->store, n);
    db_changed(x->db, x->key, DB_EVENT_STREAM, "xtrim");
}

/* Ends a round by age, and sets the time of the next. */
static void end_round(const struct broker_group *x)
{
    struct stream_extra *e = x->stream->extra;
    int64_t pause = (int64_t)(e->aged_looks / LOOKS_A_MS);
    e->age_look_ms = broker_act_wall(x) + (pause > AGAIN_MS ? pause : AGAIN_MS);
    e->aged = STREAM_ID_MIN;
    e->aged_looks = 0;
}

/* Goes on with the round by age: deletes entries that no group needs. */
static void trim_old_acked(const struct broker_group *x)
{
    struct stream *s = x->stream;
    struct stream_id *at = &s->extra->aged, gone[AT_ONCE], old = oldest_allowed(x),
                     last = stream_read_by_all(s);
    const struct bytes words[] = {BYTES("XDEL"), x->key};
    size_t n = 0;
    for (int looks = 0; looks < AT_ONCE; looks++, s->extra->aged_looks++) {
        if (!find_read(s, last, at) || stream_id_compare(*at, old) >= 0) {
            end_round(x);
            break;
        }
        n += delete_if_acked(s, at, &gone[n]);
    }
    if (n == 0)
        return;
    broker_act_effect_ids(x, words, 2, gone, n);
    db_count_changes(x->engine->store, n);
    db_changed(x->db, x->key, DB_EVENT_STREAM, "xtrim");
}

void broker_limits_trim_old(const struct broker_group *x)
{
    struct stream_id from = oldest_allowed(x);
    if (strategy_of(&x->stream->extra->limits) == STREAM_ACKNOWLEDGED) {
        trim_old_acked(x);
        return;
    }
    char text[STREAM_ID_TEXT_MAX];
    uint64_t n = trim_below(x->stream, from, AT_ONCE);
    if (!n)
        return;
    if (n == AT_ONCE && x->stream->log.length)
        from = stream_first_id(x->stream);
    const struct bytes words[] = {BYTES("MINID"), BYTES("="), broker_act_id(x, text, from)};
    end(x, words, n);
}

void broker_limits_trim_excess(const struct broker_group *x)
{
    struct broker_limits_trim t;
    uint64_t n = trim_to(x->stream, x->stream->extra->limits.max_entries, AT_ONCE);
    if (!n)
        n = trim_bytes(x->stream, AT_ONCE);
    if (!n)
        return;
    describe(x, false, &t);
    end(x, t.words, n);
}
