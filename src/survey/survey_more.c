#include "survey/survey_more.h"

#include "base/mem.h"

#include <string.h>

/* They are compared as a whole. */
_Static_assert(sizeof(struct survey_stream_more) ==
                   sizeof(struct stream_outcomes) + 8 * 8 + 4 * sizeof(uint32_t),
               "no padding");
_Static_assert(sizeof(struct survey_group_more) ==
                   5 * 8 + sizeof(struct survey_counts) + 8 * sizeof(uint32_t),
               "no padding");

static const struct survey_stream_more nothing_of_stream = {.maxlen = -1};
static const struct survey_group_more nothing_of_group;

const struct survey_stream_more *survey_more_nothing_of_stream(void)
{
    return &nothing_of_stream;
}

const struct survey_group_more *survey_more_nothing_of_group(void)
{
    return &nothing_of_group;
}

/* Makes *slot a copy of `more`, or NULL if that is equal to `nothing`. */
static void *put(void *slot, const void *more, const void *nothing, size_t size)
{
    if (memcmp(more, nothing, size) == 0) {
        if (slot)
            mem_free(slot);
        return NULL;
    }
    slot = slot ? slot : mem_alloc(size);
    memcpy(slot, more, size);
    return slot;
}

void survey_more_put_of_stream(struct survey_stream *x, const struct survey_stream_more *more)
{
    x->more = put(x->more, more, &nothing_of_stream, sizeof(*more));
}

void survey_more_put_of_group(struct survey_group *x, const struct survey_group_more *more)
{
    x->more = put(x->more, more, &nothing_of_group, sizeof(*more));
}

uint64_t survey_more_acked(const struct survey_group *x)
{
    const struct survey_group_more *more = survey_more_of_group(x);
    if (x->flags & SURVEY_POLICY)
        return more->counts.acked;
    uint64_t pending = x->leased + more->released + more->overdue + more->deferred + more->held;
    return x->counted && x->delivered > pending ? x->delivered - pending : 0;
}

bool survey_more_holds_letters(const struct survey *sv, const struct survey_stream *x)
{
    uint32_t named = survey_more_of_stream(x)->named_by_policy;
    return (x->flags & SURVEY_DEAD_LETTERS) || (named && named + 1 >= sv->pass);
}
