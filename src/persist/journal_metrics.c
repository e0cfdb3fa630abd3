#include "persist/journal_metrics.h"

#include "persist/journal.h"

static long long second_offset(const struct journal *j)
{
    return j->history.second_offset ? (long long)j->history.second_offset : -1;
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct journal *j, info, value)
#include "persist/journal_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "persist/journal_metrics.def"
};
#undef M

const struct metric_table journal_metrics = {.rows = rows, .n = METRIC_COUNT(rows)};
