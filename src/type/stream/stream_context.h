/* State shared by all streams of a store, so that none of it is global. The store owns it and
 * passes it to stream_new(); it must outlive every stream made with it. */
#ifndef TYPE_STREAM_STREAM_CONTEXT_H
#define TYPE_STREAM_STREAM_CONTEXT_H

#include "base/zone.h"
#include "ds/dlist.h"
#include "type/stream/stream_cache.h"
#include "type/stream/stream_id.h"

struct stream_context {
    struct stream_cache *cache;     /* of expanded blocks */
    struct dlist_node with_records; /* streams with producers' records (stream_dedup.h) */
    struct stream_id_memo printed;  /* of IDs printed in replies */
    struct zone_table *zones;       /* of schedules */
};

struct stream_context *stream_context_new(void);
void stream_context_free(struct stream_context *x);

#endif
