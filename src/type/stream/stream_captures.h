/* The captures of a stream: channel patterns whose publications are appended to it. Independent of
 * channels (broker/broker_capture.h does the appending). */
#ifndef TYPE_STREAM_STREAM_CAPTURES_H
#define TYPE_STREAM_STREAM_CAPTURES_H

#include "ds/dict.h"

/* Zeroed: empty and valid. */
struct stream_captures {
    struct dict patterns; /* without values */
};

static inline size_t stream_captures_count(const struct stream_captures *c)
{
    return c->patterns.used;
}
void stream_captures_free(struct stream_captures *c);
/* False: it existed already, or (remove) did not. O(1). */
bool stream_captures_add(struct stream_captures *c, struct bytes pattern);
bool stream_captures_remove(struct stream_captures *c, struct bytes pattern);
/* Whether the channel matches any of them (base/glob.h). O(patterns). */
bool stream_captures_match(const struct stream_captures *c, struct bytes channel);
/* In the order of their bytes; the caller frees the array. */
struct bytes *stream_captures_sorted(const struct stream_captures *c, size_t *n);
size_t stream_captures_memory(const struct stream_captures *c);

#endif
