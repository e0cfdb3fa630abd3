/* A sorted map from IDs to 64-bit words, in chunks of about 126 records. Memory: 16 bytes a record
 * if inserted in ascending order, about 18 at random. Cost: a search by ID; an insertion of a chunk
 * shifts the chunks behind it in an array. */
#ifndef TYPE_STREAM_STREAM_MAP_H
#define TYPE_STREAM_STREAM_MAP_H

#include "ds/heap.h"
#include "type/stream/stream_id.h"

struct stream_map_slot {
    uint64_t first_ms; /* of the chunk's first ID */
    struct stream_map_chunk *chunk;
};

/* Zeroed: empty and valid. */
struct stream_map {
    struct stream_map_slot *slots; /* from first on, n of them */
    size_t first, n, cap;
    uint64_t count;
    bool has_least;    /* stream_map_least() is available; set while empty */
    struct heap least; /* the chunks, by a lower bound of their words */
};

struct stream_map_record {
    struct stream_id id;
    uint64_t word; /* has_least: at most INT64_MAX */
};

/* A record; valid until the map changes. */
struct stream_map_place {
    size_t chunk;
    unsigned record;
};

void stream_map_free(struct stream_map *m);
/* Overwrites `to`. */
void stream_map_copy(struct stream_map *to, const struct stream_map *from);
/* True: the ID existed, and *old (may be NULL) is its former word. */
bool stream_map_set(struct stream_map *m, struct stream_id id, uint64_t word, uint64_t *old);
/* False: no such ID. word may be NULL. */
bool stream_map_get(const struct stream_map *m, struct stream_id id, uint64_t *word);
bool stream_map_remove(struct stream_map *m, struct stream_id id, uint64_t *word);
/* The first record with an ID >= id, or the last one with an ID <= id; false: none. */
bool stream_map_seek(const struct stream_map *m, struct stream_id id, struct stream_map_place *at);
bool stream_map_seek_back(const struct stream_map *m, struct stream_id id,
                          struct stream_map_place *at);
/* False: it was the last one. */
bool stream_map_next(const struct stream_map *m, struct stream_map_place *at);
struct stream_map_record stream_map_at(const struct stream_map *m, struct stream_map_place at);
/* A record with the least word; false: empty. Scans one chunk, plus each chunk whose least word was
 * removed since. */
bool stream_map_least(struct stream_map *m, struct stream_map_record *out);
/* O(chunks). */
size_t stream_map_memory(const struct stream_map *m);
/* Walks everything, for tests. */
bool stream_map_is_sound(const struct stream_map *m);

#endif
