#include "admin/sweep.h"

#include "admin/work.h"
#include "base/clock.h"

#include <string.h>

#define STEP_FIRST 10
#define STEP_MOST  500

static void take_entry(void *to, const struct entries *e)
{
    struct sweep *s = to;
    s->looked++;
    s->from[0] = '(';
    memcpy(s->from + 1, e->id, sizeof(e->id));
    s->each(s->to, e);
}

static void take_item(void *to, const struct answer_item *item)
{
    entries_item(&((struct sweep *)to)->entries, item);
}

enum sweep_result sweep_step(struct sweep *s, struct exchange *x, struct bytes key)
{
    struct buf digits = {0};
    uint64_t began = clock_ticks();
    long long left = s->most - s->looked, before = s->looked,
              count = s->step ? s->step : STEP_FIRST;
    count = count < left ? count : left;
    s->entries.depth = 1;
    s->entries.each = take_entry;
    s->entries.to = s;
    buf_add_int(&digits, count);
    const struct bytes words[] = {s->back ? BYTES("XREVRANGE") : BYTES("XRANGE"),
                                  key,
                                  s->from[0] ? bytes_text(s->from)
                                  : s->back  ? BYTES("+")
                                             : BYTES("-"),
                                  s->back       ? BYTES("-")
                                  : s->until[0] ? bytes_text(s->until)
                                                : BYTES("+"),
                                  BYTES("COUNT"),
                                  buf_bytes(&digits)};
    bool good = work_look(x, words, 6, take_item, s);
    buf_free(&digits);
    if (!good)
        return SWEEP_HAS_FAILED;
    s->step = work_pace(began, count, STEP_MOST);
    return s->looked - before < count ? SWEEP_IS_THROUGH
           : s->looked >= s->most     ? SWEEP_IS_CUT
                                      : SWEEP_GOES_ON;
}

void sweep_end(struct sweep *s)
{
    entries_end(&s->entries);
}
