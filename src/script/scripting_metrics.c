#include "script/scripting_metrics.h"

#include "script/scripting.h"

static void gather(const void *owner, void *figures)
{
    scripting_memory(owner, figures);
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct scripting_memory *m, info, value)
#include "script/scripting_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "script/scripting_metrics.def"
};
#undef M

const struct metric_table scripting_metrics = {.rows = rows,
                                               .n = METRIC_COUNT(rows),
                                               .figures = sizeof(struct scripting_memory),
                                               .gather = gather};
