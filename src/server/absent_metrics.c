#include "server/absent_metrics.h"

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const void *nothing, info, value)
#include "server/absent_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "server/absent_metrics.def"
};
#undef M

const struct metric_table absent_metrics = {.rows = rows, .n = METRIC_COUNT(rows)};
