/* Streams point into the context (the cache, the list's head), so it must not move and must be
 * freed last. */
#include "type/stream/stream_context.h"

#include "base/assert.h"
#include "base/mem.h"

struct stream_context *stream_context_new(void)
{
    struct stream_context *x = mem_zalloc(sizeof(*x));
    x->cache = stream_cache_new();
    dlist_init(&x->with_records);
    x->zones = zone_table_new(ZONE_DIRECTORY);
    return x;
}

void stream_context_free(struct stream_context *x)
{
    if (!x)
        return;
    ASSERT(dlist_empty(&x->with_records));
    stream_cache_free(x->cache);
    zone_table_free(x->zones);
    mem_free(x);
}
