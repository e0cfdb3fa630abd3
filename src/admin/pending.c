/* A page of pending entries is made in three parts:
 *
 *   the lease     XPOLICY GET: what is owned for longer is overdue.
 *   the rows      by due time, XPOLICY RETRIES, where `state` is deferred; else by ID, XPENDING, in
 *                 steps, until enough fit `state`. An entry without an owner is `unowned` there:
 *                 released, or held back, or deferred, which RETRIES tells.
 *   the messages  with fields=1, XRANGE of each row; null: it was deleted.
 *
 * A page ends where its answer is full (1 MiB). A message that is longer than that is the first of
 * a page, and comes with as many of its fields as fit.
 *
 * The next page begins behind the last row: `after` is its ID, by due time its moment and its ID.
 * XPOLICY RETRIES knows moments only, so rows of the same one that were told are asked for again
 * and left out; while nothing else comes, more are asked for.
 *
 * What can fail are the commands. A row that goes meanwhile stays on the page. */
#include "admin/pending.h"

#include "admin/perform.h"
#include "admin/sweep.h"
#include "admin/tell.h"
#include "admin/work.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define NAME_MOST  1024 /* bytes of a consumer or a reason */
#define LOOKS_MOST 2000
#define STEP_MOST  500
#define COUNT_MOST 10000  /* entries that a trial of a position counts */
#define TWINS_MOST 100000 /* entries due at one moment: XPOLICY RETRIES tells no more */
#define BEHIND     256    /* bytes of an answer for what stands behind the rows */
#define PLACE      (ENTRIES_ID + 24)

struct id {
    uint64_t ms, seq;
};

struct row {
    char id[ENTRIES_ID];
    long long idle_ms, deliveries, due_ms;
    size_t text_at, text_n; /* consumer, or reason */
};

enum part { LEASE, ROWS, MESSAGES };

struct pending {
    enum part part;
    struct exchange *exchange;
    struct bytes state; /* upper case; n 0: all */
    long long lease_ms;
    struct buf rows, texts;
    struct row row; /* under way */
    unsigned index; /* of its values so far */
    size_t written; /* rows */
    char from[ENTRIES_ID + 1];
    long long step, looked, got;
    bool is_through, next_is_lease;
    bool is_full;        /* of the answer */
    long long after_due; /* by due time: the page before ended there; -1: there was none */
    struct id after_id;
    struct entries entries;
};

static void drop(void *state)
{
    struct pending *s = state;
    buf_free(&s->rows);
    buf_free(&s->texts);
    entries_end(&s->entries);
    mem_free(s);
}

static size_t row_count(const struct pending *s)
{
    return s->rows.n / sizeof(struct row);
}

static const struct row *row_at(const struct pending *s, size_t i)
{
    return (const struct row *)(const void *)s->rows.p + i;
}

static bool is_deferred(const struct pending *s)
{
    return bytes_is(s->state, "deferred");
}

static const char *state_of(const struct pending *s, const struct row *r)
{
    if (is_deferred(s))
        return "deferred";
    return r->idle_ms < 0                             ? "unowned"
           : s->lease_ms && r->idle_ms >= s->lease_ms ? "overdue"
                                                      : "leased";
}

static bool read_id(struct bytes text, struct id *to)
{
    const char *dash = text.n ? memchr(text.p, '-', text.n) : NULL;
    size_t n = dash ? (size_t)(dash - text.p) : 0;
    return dash && num_parse_uint(bytes_of(text.p, n), &to->ms) &&
           num_parse_uint(bytes_of(text.p + n + 1, text.n - n - 1), &to->seq);
}

/* By due time: it was on the page before. */
static bool was_told(const struct pending *s, const struct row *r)
{
    struct id id;
    if (!is_deferred(s) || r->due_ms != s->after_due || !read_id(bytes_text(r->id), &id))
        return false;
    return id.ms != s->after_id.ms ? id.ms < s->after_id.ms : id.seq <= s->after_id.seq;
}

static void take_lease(void *to, const struct answer_item *item)
{
    struct pending *s = to;
    if (item->kind == ANSWER_STRING && item->depth == 1)
        s->next_is_lease = bytes_is(item->text, "lease");
    else if (s->next_is_lease && item->kind == ANSWER_INT)
        s->lease_ms = item->number;
}

static void end_row(struct pending *s)
{
    s->got++;
    s->from[0] = '(';
    memcpy(s->from + 1, s->row.id, sizeof(s->row.id));
    if (row_count(s) < (size_t)s->exchange->asked.count &&
        (!s->state.n || bytes_is(s->state, state_of(s, &s->row))) && !was_told(s, &s->row))
        buf_add(&s->rows, bytes_of(&s->row, sizeof(s->row)));
    else
        s->texts.n = s->row.text_at;
}

/* Rows have four fields. XPENDING: ID, consumer, idle time, deliveries. XPOLICY RETRIES: ID, moment
 * when it is due, deliveries, reason. */
static void take_row(void *to, const struct answer_item *item)
{
    struct pending *s = to;
    if (item->kind == ANSWER_ARRAY && item->depth == 1) {
        s->row = (struct row){.text_at = s->texts.n};
        s->index = 0;
        return;
    }
    if (item->kind == ANSWER_CLOSE && item->depth == 1 &&
        row_count(s) < (size_t)s->exchange->asked.count) {
        end_row(s);
        return;
    }
    if (item->depth != 2)
        return;
    struct bytes text = bytes_of(item->text.p, item->text.n < NAME_MOST ? item->text.n : NAME_MOST);
    if (item->kind == ANSWER_STRING && s->index == 0 && text.n < ENTRIES_ID) {
        memcpy(s->row.id, text.p, text.n);
    } else if (item->kind == ANSWER_STRING) {
        s->row.text_n = text.n;
        buf_add(&s->texts, text);
    } else if (item->kind == ANSWER_INT) {
        bool first = is_deferred(s) ? s->index == 1 : s->index == 2;
        *(!first           ? &s->row.deliveries
          : is_deferred(s) ? &s->row.due_ms
                           : &s->row.idle_ms) = item->number;
    }
    s->index++;
}

/* False: answered. */
static bool list_deferred(struct exchange *x, struct pending *s)
{
    const struct param *from = param_find(&x->asked.params, BYTES("from"));
    char step[24], due[24];
    snprintf(step, sizeof(step), "%lld", s->step);
    snprintf(due, sizeof(due), "%lld", s->after_due);
    const struct bytes words[] = {BYTES("XPOLICY"),
                                  BYTES("RETRIES"),
                                  param_text(&x->asked.params, "key"),
                                  param_text(&x->asked.params, "group"),
                                  BYTES("START"),
                                  s->after_due >= 0 ? bytes_text(due)
                                  : from            ? from->text
                                                    : BYTES("0"),
                                  BYTES("COUNT"),
                                  bytes_text(step)};
    s->rows.n = s->texts.n = 0;
    s->got = 0;
    if (!work_look(x, words, 8, take_row, s))
        return false;
    bool is_page = row_count(s) == (size_t)x->asked.count;
    s->is_through = s->got < s->step && !is_page;
    s->looked = is_page || s->step == TWINS_MOST ? LOOKS_MOST : 0;
    s->step = 4 * s->step < TWINS_MOST ? 4 * s->step : TWINS_MOST;
    return true;
}

/* False: answered. */
static bool list_rows(struct exchange *x, struct pending *s)
{
    struct param_set *p = &x->asked.params;
    uint64_t began = clock_ticks();
    char step[24];
    if (is_deferred(s))
        return list_deferred(x, s);
    s->got = 0;
    const struct param *idle = param_find(p, BYTES("idleMs")),
                       *consumer = param_find(p, BYTES("consumer"));
    struct bytes list[10] = {BYTES("XPENDING"), param_text(p, "key"), param_text(p, "group")};
    size_t n = 3;
    snprintf(step, sizeof(step), "%lld", s->step);
    if (idle) {
        list[n++] = BYTES("IDLE");
        list[n++] = idle->text;
    }
    list[n++] = s->from[0] ? bytes_text(s->from) : BYTES("-");
    list[n++] = BYTES("+");
    list[n++] = bytes_text(step);
    if (consumer)
        list[n++] = consumer->text;
    if (!work_look(x, list, n, take_row, s))
        return false;
    s->looked += s->got;
    s->is_through = s->got < s->step && row_count(s) < (size_t)x->asked.count;
    s->step = work_pace(began, s->step, STEP_MOST);
    return true;
}

/* ---- Writing */

static void write_number(struct json_write *w, const char *name, long long v)
{
    json_write_name(w, bytes_text(name));
    json_write_int(w, v);
}

static void write_text(struct json_write *w, const char *name, struct bytes text)
{
    json_write_name(w, bytes_text(name));
    if (text.n)
        json_write_bytes(w, text);
    else
        json_write_null(w);
}

static void begin_row(struct json_write *w, const struct pending *s, const struct row *r)
{
    struct bytes text = bytes_of(s->texts.p + r->text_at, r->text_n);
    json_write_object(w);
    entries_write_id(w, bytes_text(r->id));
    json_write_name(w, BYTES("state"));
    json_write_text(w, state_of(s, r));
    write_text(w, "consumer", is_deferred(s) ? BYTES("") : text);
    write_number(w, "deliveries", r->deliveries);
    if (is_deferred(s)) {
        write_number(w, "dueMs", r->due_ms);
        write_text(w, "reason", text);
    } else if (r->idle_ms >= 0) {
        write_number(w, "deliveredMs", s->exchange->all->engine->now_ms - r->idle_ms);
        if (s->lease_ms)
            write_number(w, "dueMs", s->exchange->all->engine->now_ms - r->idle_ms + s->lease_ms);
    }
}

static void take_message(void *to, const struct answer_item *item)
{
    entries_item(&((struct pending *)to)->entries, item);
}

static void write_message(void *to, const struct entries *e)
{
    struct pending *s = to;
    struct json_write *w = &s->exchange->json;
    struct json_write_mark before = json_write_mark(w);
    s->got++;
    entries_write_fields(e, w, s->exchange->asked.max);
    if (!w->failed || s->written)
        return;
    json_write_rewind(w, &before);
    entries_write_fields_front(e, w, s->exchange->asked.max);
}

/* The next row, with its message where that is asked for. */
static void write_row(struct exchange *x, struct pending *s)
{
    const struct row *r = row_at(s, s->written);
    struct bytes id = bytes_text(r->id);
    const struct bytes words[] = {BYTES("XRANGE"), param_text(&x->asked.params, "key"), id, id};
    struct json_write_mark before = json_write_mark(&x->json);
    begin_row(&x->json, s, r);
    if (param_number(&x->asked.params, "fields", 0)) {
        s->got = 0;
        s->entries = (struct entries){.depth = 1,
                                      .keep = x->asked.max + 4,
                                      .each = write_message,
                                      .to = s,
                                      .fields = s->entries.fields,
                                      .text = s->entries.text};
        json_write_name(&x->json, BYTES("fields"));
        if (!work_look(x, words, 4, take_message, s))
            return;
        if (!s->got)
            json_write_null(&x->json);
    }
    json_write_object_end(&x->json);
    s->is_full = x->json.failed;
    if (s->is_full) { /* it is the first of the next page */
        json_write_rewind(&x->json, &before);
    } else {
        s->written++;
    }
}

/* Where the next page begins. */
static void write_after(struct json_write *w, const struct pending *s)
{
    const struct row *last = s->written ? row_at(s, s->written - 1) : NULL;
    char place[PLACE] = "";
    json_write_name(w, BYTES("after"));
    if ((s->is_through && !s->is_full) || (is_deferred(s) && !last)) {
        json_write_null(w);
        return;
    }
    if (is_deferred(s) && last)
        snprintf(place, sizeof(place), "%lld:%s", last->due_ms, last->id);
    else if (s->is_full && last)
        memcpy(place, last->id, sizeof(last->id));
    else if (s->from[0])
        memcpy(place, s->from + 1, ENTRIES_ID);
    json_write_text(w, place);
}

static void end(struct exchange *x, const struct pending *s)
{
    x->json.most += BEHIND;
    json_write_array_end(&x->json);
    write_after(&x->json, s);
    perform_end(x);
}

/* Of `after`. False: no page ends there. */
static bool read_after(struct pending *s, struct bytes after)
{
    const char *colon = after.n ? memchr(after.p, ':', after.n) : NULL;
    size_t n = colon ? (size_t)(colon - after.p) : 0;
    s->after_due = -1;
    if (!after.n)
        return true;
    if (is_deferred(s))
        return colon && num_parse_int(bytes_of(after.p, n), &s->after_due) && s->after_due >= 0 &&
               read_id(bytes_of(after.p + n + 1, after.n - n - 1), &s->after_id);
    if (after.n >= ENTRIES_ID)
        return false;
    s->from[0] = '(';
    memcpy(s->from + 1, after.p, after.n);
    return true;
}

static void begin(struct exchange *x, struct pending *s)
{
    const struct bytes words[] = {BYTES("XPOLICY"), BYTES("GET"),
                                  param_text(&x->asked.params, "key"),
                                  param_text(&x->asked.params, "group")};
    s->exchange = x;
    s->step = x->asked.count;
    s->state = param_text(&x->asked.params, "state");
    if (bytes_is(s->state, "all"))
        s->state = BYTES("");
    s->part = ROWS;
    if (!read_after(s, param_text(&x->asked.params, "after"))) {
        tell_refusal(x, 400, "ERR", "after: no page ends there");
        return;
    }
    /* Without XPOLICY, or without the permission for it, nothing is overdue. */
    struct buf error = {0};
    bool goes_on = perform_begin(x) && work_try(x, words, 4, take_lease, s, &error);
    buf_free(&error);
    if (!goes_on)
        return;
    x->json.most -= BEHIND;
    json_write_name(&x->json, BYTES("rows"));
    json_write_array(&x->json);
}

void pending_step(struct exchange *x)
{
    struct pending *s = work_state(x, sizeof(*s), drop);
    switch (s->part) {
    case LEASE:
        begin(x, s);
        break;
    case ROWS:
        if (list_rows(x, s) &&
            (s->is_through || row_count(s) == (size_t)x->asked.count || s->looked >= LOOKS_MOST))
            s->part = MESSAGES;
        break;
    case MESSAGES:
        if (s->written < row_count(s) && !s->is_full)
            write_row(x, s);
        else
            end(x, s);
    }
}

/* ---- Positions */

struct position {
    struct sweep sweep;
    bool begun;
    long long unread;
};

static void drop_position(void *state)
{
    sweep_end(&((struct position *)state)->sweep);
    mem_free(state);
}

static void count_entry(void *to, const struct entries *e)
{
    (void)e;
    ((struct position *)to)->unread++;
}

/* The ID that is meant; empty: answered. id, atMs, start, end: one of them. */
static struct bytes position_of(struct exchange *x, char *text, size_t n)
{
    const struct param_set *p = &x->asked.params;
    const struct param *id = param_find(p, BYTES("id")), *at = param_find(p, BYTES("atMs"));
    bool start = param_number(p, "start", 0), end = param_number(p, "end", 0);
    if ((id != NULL) + (at != NULL) + start + end != 1 || (id && id->text.n >= ENTRIES_ID)) {
        tell_refusal(x, 400, "ERR", "id, atMs, start, end: one of them");
        return BYTES("");
    }
    if (at && at->number > 0) /* what comes at that moment is unread */
        snprintf(text, n, "%lld-%llu", at->number - 1, UINT64_MAX + 0ULL);
    return start || (at && at->number <= 0) ? BYTES("0-0")
           : end                            ? BYTES("$")
           : id                             ? id->text
                                            : bytes_text(text);
}

static void end_position(struct exchange *x, const struct position *s, bool is_cut)
{
    write_number(&x->json, "unread", s->unread);
    json_write_name(&x->json, BYTES("atLeast"));
    json_write_bool(&x->json, is_cut);
    perform_end(x);
}

static void set_position(struct exchange *x, struct bytes id)
{
    const struct bytes words[] = {BYTES("XGROUP"), BYTES("SETID"),
                                  param_text(&x->asked.params, "key"),
                                  param_text(&x->asked.params, "group"), id};
    if (perform_begin(x) && work_look(x, words, 5, NULL, NULL))
        perform_end(x);
}

void pending_position_step(struct exchange *x)
{
    char text[ENTRIES_ID];
    struct position *s = work_state(x, sizeof(*s), drop_position);
    if (!s->begun) {
        struct bytes id = position_of(x, text, sizeof(text));
        s->begun = true;
        s->sweep.most = COUNT_MOST;
        s->sweep.each = count_entry;
        s->sweep.to = s;
        if (!id.n)
            return;
        if (!param_number(&x->asked.params, "dry", 0))
            set_position(x, id);
        else if (perform_begin(x) && bytes_is(id, "$"))
            end_position(x, s, false);
        else if (x->phase == EXCHANGE_WORKING)
            snprintf(s->sweep.from, sizeof(s->sweep.from), "(%.*s", (int)id.n, id.p);
        return;
    }
    enum sweep_result r = sweep_step(&s->sweep, x, param_text(&x->asked.params, "key"));
    if (r == SWEEP_IS_THROUGH || r == SWEEP_IS_CUT)
        end_position(x, s, r == SWEEP_IS_CUT);
}
