#include "persist/journal_metrics.h"

#include "persist/journal.h"

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
