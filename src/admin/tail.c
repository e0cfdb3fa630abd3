/* A tail is polled: ten times a second it looks what there is, tells what its pace admits, and
 * rests. Nothing is kept between two looks but where it is.
 *
 *   of a stream    XRANGE from the last ID on, in steps of about WORK_STEP_US, LOOKS_MOST entries a
 *                  look. A stream that gets more is not followed entry by entry: the tail jumps to
 *                  its end.
 *   of a channel   The exchange's client is subscribed. What is pushed to it waits in its output,
 *                  as far as the gate has released it; it is taken in the turn in which it came,
 *                  TAKEN_MOST bytes a step.
 *
 * It ends when a command fails (the right is gone), when its client is killed, its session ends, or
 * the other side goes; then the client goes as well, and with it the subscription. */
#include "admin/tail.h"

#include "admin/entries.h"
#include "admin/flow.h"
#include "admin/search.h"
#include "admin/tail_pace.h"
#include "admin/tell.h"
#include "admin/work.h"
#include "base/clock.h"
#include "base/mem.h"
#include "engine/gate.h"

#include <string.h>

#define MOST       8
#define LOOK_MS    100
#define LOOKS_MOST 2000 /* entries a look: 20,000 a second */
#define STEP_FIRST 10
#define STEP_MOST  500
#define TAKEN_MOST (256 << 10)
#define PARTS      4 /* of a message: kind, pattern, channel, text */

struct tail {
    struct exchange *exchange;
    unsigned *open; /* tails that are; borrowed */
    struct tail_pace pace;
    int64_t next_ms; /* the next look */

    /* Of a stream. */
    struct entries entries;
    char from[ENTRIES_ID + 1]; /* where the next step begins */
    long long step;
    unsigned looked, got;

    /* Of a channel. */
    struct answer answer;
    struct buf text;
    struct {
        size_t at, n;
        uint64_t all;
    } parts[PARTS];
    unsigned index; /* parts so far */
    bool is_push;
};

static void drop(void *state)
{
    struct tail *t = state;
    --*t->open;
    caller_end(&t->exchange->caller);
    entries_end(&t->entries);
    answer_reset(&t->answer);
    buf_free(&t->text);
    mem_free(t);
}

static struct tail *make(struct exchange *x)
{
    if (x->all->tails >= MOST) {
        tell_later(x, 503, "FULL", "Eight tails are open already.");
        return NULL;
    }
    struct tail *t = work_state(x, sizeof(*t), drop);
    t->exchange = x;
    t->open = &x->all->tails;
    ++*t->open;
    tail_pace_begin(&t->pace, x->all->engine->steady_ms);
    return t;
}

/* The end of a look. */
static void rest(struct exchange *x, struct tail *t)
{
    int64_t now = x->all->engine->steady_ms;
    tail_pace_say(&t->pace, &x->body, flow_room(x), now);
    t->next_ms = now + LOOK_MS;
    flow_rest(x);
}

static bool is_time(struct exchange *x)
{
    return x->all->engine->steady_ms >= ((const struct tail *)x->work)->next_ms;
}

/* w is done with a line that begins at `from`. One that did not fit is told in a few words. */
static void end_line(struct exchange *x, const struct json_write *w, size_t from, struct bytes id)
{
    if (!json_write_is_whole(w)) {
        struct json_write brief;
        x->body.n = from;
        brief = json_write_begin(&x->body, TAIL_LINE);
        json_write_object(&brief);
        if (id.n)
            entries_write_id(&brief, id);
        json_write_name(&brief, BYTES("tooLong"));
        json_write_bool(&brief, true);
        json_write_object_end(&brief);
    }
    buf_add_char(&x->body, '\n');
}

/* ---- Streams */

static void take_entry(void *to, const struct entries *e)
{
    struct tail *t = to;
    struct exchange *x = t->exchange;
    t->got++;
    t->from[0] = '(';
    memcpy(t->from + 1, e->id, sizeof(e->id));
    if (!e->fits || !tail_pace_admits(&t->pace, flow_room(x), x->all->engine->steady_ms))
        return;
    size_t from = x->body.n;
    struct json_write w = json_write_begin(&x->body, TAIL_LINE);
    if (!entries_write(e, &w, x->asked.max))
        entries_write_front(e, &w, x->asked.max);
    end_line(x, &w, from, bytes_text(e->id));
}

static void take_place(void *to, const struct entries *e)
{
    struct tail *t = to;
    t->from[0] = '(';
    memcpy(t->from + 1, e->id, sizeof(e->id));
}

static void take_item(void *to, const struct answer_item *item)
{
    entries_item(&((struct tail *)to)->entries, item);
}

static bool look(struct exchange *x, struct tail *t, bool back, const char *from, long long count)
{
    struct buf digits = {0};
    buf_add_int(&digits, count);
    const struct bytes words[] = {back ? BYTES("XREVRANGE") : BYTES("XRANGE"),
                                  param_text(&x->asked.params, "key"),
                                  bytes_text(from),
                                  back ? BYTES("-") : BYTES("+"),
                                  BYTES("COUNT"),
                                  buf_bytes(&digits)};
    t->got = 0;
    bool good = work_look(x, words, 6, take_item, t);
    buf_free(&digits);
    return good;
}

/* Where the stream ends now; an empty one: its beginning. */
static bool find_end(struct exchange *x, struct tail *t)
{
    t->entries.each = take_place;
    bool good = look(x, t, true, "+", 1);
    t->entries.each = take_entry;
    return good;
}

static void begin_stream(struct exchange *x)
{
    struct bytes from = param_text(&x->asked.params, "from");
    struct entries_filter filter;
    if (!search_read_filter(x, &filter))
        return;
    if (from.n >= ENTRIES_ID) {
        tell_refusal(x, 400, "ERR", "from: no ID");
        return;
    }
    struct tail *t = make(x);
    if (!t)
        return;
    t->entries = (struct entries){
        .filter = filter, .depth = 1, .keep = x->asked.max + 4, .each = take_place, .to = t};
    t->step = STEP_FIRST;
    memcpy(t->from, from.n ? from.p : "-", from.n ? from.n : 1);
    /* Either way a wrong key, ID or right shows before the answer has begun. */
    if (from.n ? look(x, t, false, t->from, 1) : find_end(x, t))
        flow_begin(x, FLOW_LINES, is_time);
    if (from.n) {
        memset(t->from, 0, sizeof(t->from));
        memcpy(t->from, from.p, from.n);
    }
    t->entries.each = take_entry;
}

void tail_stream_step(struct exchange *x)
{
    struct tail *t = x->work;
    if (!t) {
        begin_stream(x);
        return;
    }
    uint64_t began = clock_ticks();
    long long count = t->step;
    if (!look(x, t, false, t->from, count))
        return;
    t->looked += t->got;
    t->step = work_pace(began, count, STEP_MOST);
    bool more = t->got == count;
    if (more && t->looked < LOOKS_MOST) {
        flow_go_on(x);
        return;
    }
    if (more) {
        t->pace.jumped = true;
        if (!find_end(x, t))
            return;
    }
    t->looked = 0;
    rest(x, t);
}

/* ---- Channels */

static struct bytes part(const struct tail *t, unsigned i)
{
    return bytes_of(t->text.p + t->parts[i].at, t->parts[i].n);
}

static void write_part(const struct tail *t, struct json_write *w, const char *name, unsigned i)
{
    json_write_name(w, bytes_text(name));
    json_write_cut_front(w, part(t, i), t->parts[i].all, t->exchange->asked.max);
}

static void tell_message(struct tail *t)
{
    struct exchange *x = t->exchange;
    bool by_pattern = t->index == 4 && bytes_is(part(t, 0), "pmessage");
    if (!by_pattern && !(t->index == 3 && bytes_is(part(t, 0), "message")))
        return;
    if (!tail_pace_admits(&t->pace, flow_room(x), x->all->engine->steady_ms))
        return;
    size_t from = x->body.n;
    struct json_write w = json_write_begin(&x->body, TAIL_LINE);
    json_write_object(&w);
    json_write_name(&w, BYTES("ms"));
    json_write_int(&w, x->all->engine->now_ms);
    write_part(t, &w, "channel", by_pattern ? 2 : 1);
    write_part(t, &w, "message", by_pattern ? 3 : 2);
    if (by_pattern)
        write_part(t, &w, "pattern", 1);
    json_write_object_end(&w);
    end_line(x, &w, from, BYTES(""));
}

/* A part of a message, or a piece of one. */
static void take_text(struct tail *t, const struct answer_item *item)
{
    size_t keep = t->exchange->asked.max + 4;
    if (item->kind == ANSWER_STRING) {
        t->parts[t->index].at = t->text.n;
        t->parts[t->index].n = 0;
        t->parts[t->index].all = item->n;
    }
    size_t left = keep - t->parts[t->index].n;
    struct bytes kept = bytes_of(item->text.p, item->text.n < left ? item->text.n : left);
    buf_add(&t->text, kept);
    t->parts[t->index].n += kept.n;
    t->index += answer_string_left(&t->answer) == 0;
}

static void take_push(struct tail *t, const struct answer_item *item)
{
    bool is_text = item->kind == ANSWER_STRING || item->kind == ANSWER_PIECE;
    if (item->depth == 0 && item->kind != ANSWER_CLOSE) {
        t->is_push = item->kind == ANSWER_PUSH;
        t->index = 0;
        t->text.n = 0;
    } else if (item->depth == 0) {
        if (t->is_push)
            tell_message(t);
    } else if (is_text && item->depth == 1 && t->index < PARTS) {
        take_text(t, item);
    }
}

static struct client *listener(struct exchange *x)
{
    return caller_client(&x->caller, x->from.address);
}

/* What has come and may be told. True: there is more. */
static bool take_some(struct tail *t, struct client *c, struct gate_point *point)
{
    struct iovec piece;
    struct answer_item item;
    enum answer_step step;
    size_t left = TAKEN_MOST;
    uint64_t end;
    while (left && (end = gate_sendable(c)) > c->out.taken &&
           chain_pieces(&c->out, &piece, 1, end - c->out.taken)) {
        struct bytes in = bytes_of(piece.iov_base, piece.iov_len);
        while ((step = answer_next(&t->answer, &in, &item)) == ANSWER_ITEM || step == ANSWER_WHOLE)
            if (step == ANSWER_ITEM)
                take_push(t, &item);
            else
                answer_reset(&t->answer);
        left -= piece.iov_len < left ? piece.iov_len : left;
        chain_take(&c->out, piece.iov_len);
        gate_note_point(c->engine, point);
    }
    return left == 0;
}

static bool is_time_or_heard(struct exchange *x)
{
    struct client *c = listener(x);
    return is_time(x) || !c || gate_sendable(c) > c->out.taken;
}

static void begin_channel(struct exchange *x)
{
    const struct bytes words[] = {param_number(&x->asked.params, "pattern", 0) ? BYTES("PSUBSCRIBE")
                                                                               : BYTES("SUBSCRIBE"),
                                  param_text(&x->asked.params, "channel")};
    struct tail *t = make(x);
    if (!t || !work_look(x, words, 2, NULL, NULL))
        return;
    flow_begin(x, FLOW_LINES, is_time_or_heard);
    x->flow.is_safe = true; /* take_some() asks the gate */
}

void tail_channel_step(struct exchange *x)
{
    struct tail *t = x->work;
    if (!t) {
        begin_channel(x);
        return;
    }
    struct client *c = listener(x);
    if (c && take_some(t, c, &x->caller.point))
        flow_go_on(x);
    else
        rest(x, t);
}
