#include "survey/keep.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "survey/survey_more.h"
#include "unit.h"

#define STREAM_BYTES (rings_memory(3) + sizeof(struct keep_subject))

/* A stream with so many messages a second is read. Returns its record. */
static uint32_t read_stream(struct survey *sv, uint32_t traffic)
{
    uint32_t number = slots_take(&sv->streams);
    struct survey_stream *x = slots_at(&sv->streams, number);
    x->slot.seen = 1;
    x->in_added = traffic;
    x->interval_ms = 1000;
    keep_stream(sv, number);
    return number;
}

static unsigned histories_of(const struct keep *k, uint32_t record)
{
    unsigned n = 0;
    for (size_t i = 0; i < k->n; i++)
        n += k->all[i]->record == record;
    return n;
}

/* Console S6: what was opened comes first, then what has most traffic. */
TEST(a_busy_stream_that_is_opened_before_the_pass_ends_has_one_history)
{
    struct settings settings = {.console_history = (long long)(2 * STREAM_BYTES)};
    struct engine e = {.settings = &settings, .steady_ms = 1000};
    struct survey sv = {.engine = &e, .keep = mem_zalloc(sizeof(struct keep))};
    slots_init(&sv.streams, sizeof(struct survey_stream));
    read_stream(&sv, 1);
    read_stream(&sv, 2);
    uint32_t busy = read_stream(&sv, 100), later = read_stream(&sv, 50);
    CHECK(sv.keep->n == 2 && !histories_of(sv.keep, busy) && !histories_of(sv.keep, later));
    CHECK(keep_open(&sv, busy, false) && histories_of(sv.keep, busy) == 1);
    keep_end_pass(&sv);
    CHECK(sv.keep->n == 2 && histories_of(sv.keep, busy) == 1 && histories_of(sv.keep, later) == 1);
    const struct survey_stream *x = survey_record_stream(&sv, busy);
    uint32_t kept = survey_more_of_stream(x)->kept;
    CHECK(kept && sv.keep->all[kept - 1]->record == busy);
    keep_forget(&sv);
    slots_clear(&sv.streams);
    mem_free(sv.keep);
}

UNIT_MAIN(T(a_busy_stream_that_is_opened_before_the_pass_ends_has_one_history))
