#include "server/backup_metrics.h"

#include "server/backup.h"

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct backup *b, info, value)
#include "server/backup_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "server/backup_metrics.def"
};
#undef M

const struct metric_table backup_metrics = {.rows = rows, .n = METRIC_COUNT(rows)};
