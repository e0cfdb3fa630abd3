/* The entries of a stream: blocks in order, searched by ID. Independent of groups. */
#ifndef TYPE_STREAM_STREAM_LOG_H
#define TYPE_STREAM_STREAM_LOG_H

#include "type/stream/stream_block.h"

struct stream_log {
    struct stream_block **blocks; /* from first on, n of them */
    size_t first, n, cap;
    uint64_t length; /* live entries */
    uint64_t bytes;  /* of the names and values in the remaining blocks, as written */
    struct stream_cache *cache;
};

/* How blocks are cut and compressed. */
struct stream_log_policy {
    uint64_t node_entries, node_bytes; /* 0: no limit */
    size_t raw_blocks;                 /* newest blocks left uncompressed; 0: all */
};

/* A place in the log; valid until the log changes. */
struct stream_cursor {
    const struct stream_log *log;
    size_t block;
    uint32_t entry;
    const unsigned char *data; /* of the pinned block; NULL: at the end */
};

void stream_log_free(struct stream_log *l);
void stream_log_append(struct stream_log *l, struct stream_id id, const struct bytes *pairs,
                       size_t fields, const struct stream_log_policy *p);
/* Everything below costs at most O(log blocks) and one search in a block. */
/* The first live entry with an ID >= id. False: none. End the cursor by stream_log_end() in any
 * case. */
bool stream_log_seek(const struct stream_log *l, struct stream_id id, struct stream_cursor *c);
/* Last live entry with an ID <= id. */
bool stream_log_seek_back(const struct stream_log *l, struct stream_id id, struct stream_cursor *c);
/* Moves the cursor forward to the first live entry, which may be where it is: blocks keep deleted
 * entries. False: there is none. */
bool stream_log_settle(struct stream_cursor *c);
bool stream_log_previous(struct stream_cursor *c);
void stream_log_read(const struct stream_cursor *c, struct stream_entry *out);
struct stream_id stream_log_id(const struct stream_cursor *c);
void stream_log_end(struct stream_cursor *c);
bool stream_log_has(const struct stream_log *l, struct stream_id id);
/* Moves a cursor, zeroed at first, to the live entry with this ID; cheap if that is the next one.
 * False: there is none. To be ended in any case. */
bool stream_log_follow(const struct stream_log *l, struct stream_id id, struct stream_cursor *c);
/* Live entries from c on with an ID <= last, at most `most`. */
uint64_t stream_log_count(const struct stream_cursor *c, struct stream_id last, uint64_t most);
/* The first live entry with an ID >= id and the number of such entries, without expanding a block:
 * both are estimates if they start within a compressed block. False: none. O(blocks). */
bool stream_log_glance(const struct stream_log *l, struct stream_id id, struct stream_id *first,
                       uint64_t *count);
bool stream_log_delete(struct stream_log *l, struct stream_id id);
/* The oldest and newest live ID; false when empty. */
bool stream_log_oldest(const struct stream_log *l, struct stream_id *out);
bool stream_log_newest(const struct stream_log *l, struct stream_id *out);
/* How many live entries of the oldest block, which must exist, are below an ID. */
uint32_t stream_log_front_below(const struct stream_log *l, struct stream_id id);
/* Drops the oldest n live entries of the oldest block, or all if it has fewer; frees the block with
 * its last live entry. Returns how many were dropped. */
uint32_t stream_log_drop_front(struct stream_log *l, uint32_t n);
/* Which of the oldest blocks to drop so that the rest has at most most_bytes: those below *behind,
 * where another block begins. False: none; the newest always stays. O(dropped blocks). */
bool stream_log_over(const struct stream_log *l, uint64_t most_bytes, struct stream_id *behind);
void stream_log_copy(struct stream_log *to, const struct stream_log *from);
/* Drops its blocks from the cache, before it goes to another thread. */
void stream_log_leave(const struct stream_log *l);
size_t stream_log_memory(const struct stream_log *l, size_t samples);
/* Walks everything, for tests: blocks ascend, hold live entries and are counted. */
bool stream_log_is_sound(const struct stream_log *l);

static inline struct stream_block *stream_log_block(const struct stream_log *l, size_t i)
{
    return l->blocks[l->first + i];
}

static inline bool stream_log_next(struct stream_cursor *c)
{
    const struct stream_block *b = stream_log_block(c->log, c->block);
    if (__builtin_expect(++c->entry < b->count && !b->tombstones, 1))
        return true;
    return stream_log_settle(c);
}

#endif
