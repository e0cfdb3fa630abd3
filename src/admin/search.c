/* A search looks at entries from one end of the range on, in steps that are so long that each takes
 * about WORK_STEP_US, until
 *
 *   the range is through        `after` is null
 *   enough of them fit          `after` is the last one that was looked at
 *   the budget is used up       the same: whoever asks again from there goes on
 *   the answer is full (1 MiB)  `after` is the one before that did not fit
 *
 * An entry that is longer than an answer is the first of one, and comes with as many of its fields
 * as fit: so whoever asks again from `after` comes past it.
 *
 * Without a filter every entry fits. What can fail is the command (no stream, no right, no ID). */
#include "admin/search.h"

#include "admin/perform.h"
#include "admin/tell.h"
#include "admin/work.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define BEHIND     256  /* bytes of an answer for what stands behind the entries */
#define LOOKS_MOST 2000 /* entries a request */
#define STEP_FIRST 10
#define STEP_MOST  500

struct search {
    struct entries entries;
    struct exchange *exchange;
    char first[ENTRIES_ID + 1]; /* where the next step begins; empty: as the request says */
    char last[ENTRIES_ID];      /* the entry that was looked at last */
    long long of;               /* entries that the stream has */
    long long budget, step;
    unsigned looked, found;
    unsigned got; /* by this step */
    bool newest, full;
    bool left_out; /* entries of this step were not looked at */
};

static void drop(void *state)
{
    struct search *s = state;
    entries_end(&s->entries);
    mem_free(s);
}

bool search_read_filter(struct exchange *x, struct entries_filter *f)
{
    const struct param_set *p = &x->asked.params;
    const struct param *field = param_find(p, BYTES("field")),
                       *contains = param_find(p, BYTES("contains")),
                       *equals = param_find(p, BYTES("equals"));
    if (contains && equals) {
        tell_refusal(x, 400, "ERR", "contains, equals: one of them");
        return false;
    }
    f->any_field = !field;
    f->field = field ? field->text : BYTES("");
    f->text = contains ? contains->text : equals ? equals->text : BYTES("");
    f->how = contains ? ENTRIES_CONTAINS
             : equals ? ENTRIES_EQUALS
             : field  ? ENTRIES_HAS
                      : ENTRIES_ALL;
    return true;
}

static bool has_enough(const struct search *s)
{
    return s->full || s->found >= s->exchange->asked.count || s->looked >= s->budget;
}

/* False: it is for the next answer. */
static bool write_entry(struct search *s, const struct entries *e)
{
    struct exchange *x = s->exchange;
    if (entries_write(e, &x->json, x->asked.max))
        return true;
    if (s->found)
        return false;
    entries_write_front(e, &x->json, x->asked.max);
    return true;
}

static void take_entry(void *to, const struct entries *e)
{
    struct search *s = to;
    s->got++;
    s->full = s->full || (!has_enough(s) && e->fits && !write_entry(s, e));
    if (has_enough(s)) {
        s->left_out = true;
        return;
    }
    s->looked++;
    s->found += e->fits;
    memcpy(s->last, e->id, sizeof(s->last));
}

static void take_length(void *to, const struct answer_item *item)
{
    struct search *s = to;
    if (item->kind == ANSWER_INT)
        s->of = item->number;
}

static void take_item(void *to, const struct answer_item *item)
{
    entries_item(&((struct search *)to)->entries, item);
}

static void begin(struct exchange *x)
{
    struct search *s = work_state(x, sizeof(*s), drop);
    const struct bytes length[] = {BYTES("XLEN"), param_text(&x->asked.params, "key")};
    struct bytes after = param_text(&x->asked.params, "after");
    s->exchange = x;
    s->budget = param_number(&x->asked.params, "budget", LOOKS_MOST);
    s->newest = param_number(&x->asked.params, "newest", 0);
    if (!search_read_filter(x, &s->entries.filter))
        return;
    if (after.n >= ENTRIES_ID) {
        tell_refusal(x, 400, "ERR", "after: no page ends there");
        return;
    }
    s->step = s->entries.filter.how == ENTRIES_ALL ? x->asked.count : STEP_FIRST;
    s->entries.depth = 1;
    s->entries.keep = x->asked.max + 4;
    s->entries.skip = (size_t)param_number(&x->asked.params, "skip", 0);
    s->entries.only = (size_t)param_number(&x->asked.params, "only", 0);
    s->entries.each = take_entry;
    s->entries.to = s;
    if (after.n) {
        s->first[0] = '(';
        memcpy(s->first + 1, after.p, after.n);
    }
    if (!perform_begin(x) || !work_look(x, length, 2, take_length, s))
        return;
    x->json.most -= BEHIND;
    json_write_name(&x->json, BYTES("entries"));
    json_write_array(&x->json);
}

static bool look(struct exchange *x, struct search *s, long long count)
{
    const struct param_set *p = &x->asked.params;
    struct bytes from = param_text(p, "from"), to = param_text(p, "to");
    struct buf digits = {0};
    buf_add_int(&digits, count);
    from = from.n ? from : BYTES("-");
    to = to.n ? to : BYTES("+");
    if (s->first[0])
        *(s->newest ? &to : &from) = bytes_text(s->first);
    const struct bytes words[] = {s->newest ? BYTES("XREVRANGE") : BYTES("XRANGE"),
                                  param_text(p, "key"),
                                  s->newest ? to : from,
                                  s->newest ? from : to,
                                  BYTES("COUNT"),
                                  buf_bytes(&digits)};
    s->got = 0;
    bool good = work_look(x, words, 6, take_item, s);
    buf_free(&digits);
    return good;
}

static void end(struct exchange *x, const struct search *s, bool is_through)
{
    struct json_write *w = &x->json;
    w->most += BEHIND;
    json_write_array_end(w);
    json_write_name(w, BYTES("looked"));
    json_write_uint(w, s->looked);
    json_write_name(w, BYTES("of"));
    json_write_int(w, s->of);
    json_write_name(w, BYTES("after"));
    if (is_through || !s->last[0])
        json_write_null(w);
    else
        json_write_text(w, s->last);
    perform_end(x);
}

void search_step(struct exchange *x)
{
    struct search *s = x->work;
    if (!s) {
        begin(x);
        return;
    }
    long long left = s->budget - s->looked, count = s->step < left ? s->step : left;
    uint64_t began = clock_ticks();
    if (!look(x, s, count))
        return;
    bool is_through = s->got < count && !s->left_out;
    if (is_through || has_enough(s)) {
        end(x, s, is_through);
        return;
    }
    s->first[0] = '(';
    memcpy(s->first + 1, s->last, sizeof(s->last));
    s->step = work_pace(began, count, STEP_MOST);
}
