#include "type/stream/stream_captures.h"

#include "base/glob.h"
#include "base/mem.h"

#include <stdlib.h>

void stream_captures_free(struct stream_captures *c)
{
    dict_clear(&c->patterns);
}

bool stream_captures_add(struct stream_captures *c, struct bytes pattern)
{
    size_t before = c->patterns.used;
    dict_ensure(&c->patterns, pattern);
    return c->patterns.used != before;
}

bool stream_captures_remove(struct stream_captures *c, struct bytes pattern)
{
    size_t before = c->patterns.used;
    dict_remove(&c->patterns, pattern);
    return c->patterns.used != before;
}

bool stream_captures_match(const struct stream_captures *c, struct bytes channel)
{
    struct dict_walk w = {0};
    for (const struct dict_node *n; (n = dict_next(&c->patterns, &w));)
        if (glob_match(dict_key(n), channel))
            return true;
    return false;
}

static int by_bytes(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

struct bytes *stream_captures_sorted(const struct stream_captures *c, size_t *n)
{
    struct bytes *all = mem_alloc((c->patterns.used + 1) * sizeof(*all));
    struct dict_walk w = {0};
    *n = 0;
    for (const struct dict_node *node; (node = dict_next(&c->patterns, &w));)
        all[(*n)++] = dict_key(node);
    if (*n)
        qsort(all, *n, sizeof(*all), by_bytes);
    return all;
}

size_t stream_captures_memory(const struct stream_captures *c)
{
    return dict_memory(&c->patterns);
}
