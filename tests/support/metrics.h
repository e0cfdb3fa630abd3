/* The output of metric tables, for unit tests. */
#ifndef SUPPORT_METRICS_H
#define SUPPORT_METRICS_H

#include "base/metric.h"

#include <stdio.h>

/* The lines of a table, NUL-terminated; the caller frees them. */
static inline struct buf metrics_print(const struct metric_table *table, const void *owner)
{
    struct metric_set *set = metric_set_new();
    struct buf all = {0};
    metric_add(set, "all", table, owner);
    buf_add_text(&all, "\r\n");
    metric_print_info(set, "all", &all);
    buf_add_char(&all, '\0');
    metric_set_free(set);
    return all;
}

/* Whether INFO has this line of a table; "": whether it has none. */
static inline bool metrics_say(const struct metric_table *table, const void *owner,
                               const char *line)
{
    struct buf all = metrics_print(table, owner), want = {0};
    buf_printf(&want, "\r\n%s\r\n", line);
    buf_add_char(&want, '\0');
    bool says = *line ? strstr(all.p, want.p) != NULL : all.n == 3;
    if (!says)
        printf("# wanted <%s>, got <%s>\n", line, all.p);
    buf_free(&all);
    buf_free(&want);
    return says;
}

#endif
