/* A run of entries in one allocation. Entries are only ever appended; once sealed a block's bytes
 * never change: deletions are marks beside them. A sealed block may be LZ4-compressed; its bytes
 * are then read through a bounded cache of expanded ones (stream_cache.h), between pin and unpin.
 *
 *   data:   field names   count, then (length, bytes) each      the names of the first entry
 *           entries       flags 1 | ms delta | seq (delta when the ms are equal) |
 *                         same names: (length, bytes) of each value
 *                         else: count, then (length, bytes) of each name and value in turn
 *   index:  where each entry begins, 2 bytes each (4 when data is longer than 64 KiB)
 *
 * All numbers are varints, seven bits a byte, lowest first. Deltas are against the first ID. */
#ifndef TYPE_STREAM_STREAM_BLOCK_H
#define TYPE_STREAM_STREAM_BLOCK_H

#include "type/stream/stream_cache.h"
#include "type/stream/stream_id.h"

struct stream_block {
    struct stream_id first, last;
    uint32_t count; /* entries, deleted ones too */
    uint32_t live;
    uint32_t first_live; /* entries before this index are gone (trimmed) */
    uint32_t raw_n;      /* bytes of data, expanded */
    uint32_t packed_n;   /* bytes of data as it is held when compressed; 0: it is not */
    uint32_t data_cap, index_cap;
    bool sealed;
    bool wide;     /* the index has 4-byte places */
    bool was_read; /* it was read, and expanded for that */
    unsigned char *data;
    void *index;
    uint32_t cached;          /* handle of the expanded data (stream_cache.h), or 0 */
    uint32_t tombstone_words; /* length of tombstones; entries beyond are alive */
    uint64_t *tombstones;     /* one bit an entry, or NULL: none was deleted in the middle */
    uint64_t bytes;           /* of names and values of all entries, deleted ones too */
};

/* One entry as it is read: names and values follow in turn from stream_block_field(). */
struct stream_entry {
    struct stream_id id;
    uint32_t fields;
    bool same;                 /* the names are the block's */
    const unsigned char *at;   /* the next value (or name and value) */
    const unsigned char *name; /* the block's next name */
    uint32_t bytes;            /* names and values take no more than this */
};

struct stream_block *stream_block_new(void);
void stream_block_free(struct stream_block *b, struct stream_cache *cache);
/* pairs: names and values in turn. The ID must be above b->last. Returns their bytes. */
size_t stream_block_append(struct stream_block *b, struct stream_id id, const struct bytes *pairs,
                           size_t fields);
/* An estimate of what an entry will add to the data. */
size_t stream_block_entry_size(const struct bytes *pairs, size_t fields);
/* Ends appending; frees unused memory. */
void stream_block_seal(struct stream_block *b);
/* Compresses a sealed block when that makes it smaller. */
void stream_block_compress(struct stream_block *b);

/* The block's data for reading, until unpin. Pins nest. cache: for compressed blocks. */
const unsigned char *stream_block_pin(struct stream_block *b, struct stream_cache *cache);
void stream_block_unpin(const struct stream_block *b, struct stream_cache *cache);
/* Entry i of pinned data. */
void stream_block_entry(const struct stream_block *b, const unsigned char *data, uint32_t i,
                        struct stream_entry *out);
struct stream_id stream_block_id(const struct stream_block *b, const unsigned char *data,
                                 uint32_t i);
/* The next name and value; call it out->fields times. */
void stream_block_field(struct stream_entry *e, struct bytes *name, struct bytes *value);
/* The index of the first entry with an ID >= id (count: none). Pinned data. */
uint32_t stream_block_search(const struct stream_block *b, const unsigned char *data,
                             struct stream_id id);

bool stream_block_is_deleted(const struct stream_block *b, uint32_t i);
/* Marks a live entry as deleted. */
void stream_block_delete(struct stream_block *b, uint32_t i);
/* Live entries with an index in from..to-1. */
uint32_t stream_block_live_between(const struct stream_block *b, uint32_t from, uint32_t to);
struct stream_block *stream_block_copy(const struct stream_block *b);
size_t stream_block_memory(const struct stream_block *b);
/* Walks everything, for tests: IDs ascend from first to last, live ones are counted. */
bool stream_block_is_sound(struct stream_block *b, struct stream_cache *cache);

#endif
