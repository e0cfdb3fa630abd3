/* The blocks of a stream by ID, in an array that grows at the end and shrinks at the front
 * (trimming): `first` advances, and the array is shifted only when its end is reached.
 *
 *   [ sealed, compressed ] ... [ sealed, compressed ] [ sealed ] [ open ]
 *
 * Entries go to the open block. When the policy's limit of entries or bytes is reached it is sealed
 * and a new one begins; the block that is now raw_blocks behind the newest is compressed. So
 * compression costs one block for each new block, not a burst.
 *
 * A search guesses by assuming evenly spread IDs, over the blocks and over the entries of one, then
 * narrows in on the ID (stream_id_search()). A cursor pins its block while it is on an entry; every
 * cursor is ended by stream_log_end(), even if nothing was found. The log must not change
 * meanwhile.
 *
 * Every block holds a live entry: one that loses its last is removed at once. So the oldest entry
 * is in the first block and the newest in the last. */
#include "type/stream/stream_log.h"

#include "base/assert.h"
#include "base/mem.h"

void stream_log_free(struct stream_log *l)
{
    for (size_t i = 0; i < l->n; i++)
        stream_block_free(stream_log_block(l, i), l->cache);
    mem_free(l->blocks);
    *l = (struct stream_log){.cache = l->cache};
}

static void push_block(struct stream_log *l, struct stream_block *b)
{
    if (l->first + l->n == l->cap) {
        if (l->first > l->n) {
            memmove(l->blocks, l->blocks + l->first, l->n * sizeof(*l->blocks));
        } else {
            size_t cap = l->cap ? l->cap * 2 : 2;
            struct stream_block **wider = mem_alloc(cap * sizeof(*wider));
            if (l->n)
                memcpy(wider, l->blocks + l->first, l->n * sizeof(*wider));
            mem_free(l->blocks);
            l->blocks = wider;
            l->cap = cap;
        }
        l->first = 0;
    }
    l->blocks[l->first + l->n++] = b;
}

void stream_log_append(struct stream_log *l, struct stream_id id, const struct bytes *pairs,
                       size_t fields, const struct stream_log_policy *p)
{
    struct stream_block *b = l->n ? stream_log_block(l, l->n - 1) : NULL;
    if (b && !b->sealed) {
        bool full = p->node_entries && b->count >= p->node_entries;
        if (!full && p->node_bytes)
            full = b->raw_n + stream_block_entry_size(pairs, fields) > p->node_bytes;
        /* Offsets and lengths in a block are 32 bits. */
        if (full || b->raw_n > (uint32_t)1 << 30)
            stream_block_seal(b);
    }
    if (!b || b->sealed) {
        push_block(l, stream_block_new());
        if (p->raw_blocks && l->n > p->raw_blocks)
            stream_block_compress(stream_log_block(l, l->n - 1 - p->raw_blocks));
        b = stream_log_block(l, l->n - 1);
    }
    ASSERT(!b->count || stream_id_compare(b->last, id) < 0);
    l->bytes += stream_block_append(b, id, pairs, fields);
    l->length++;
}

static struct stream_id last_of(const void *context, size_t i)
{
    return stream_log_block(context, i)->last;
}

/* The first block whose last ID is >= id. */
static size_t find_block(const struct stream_log *l, struct stream_id id)
{
    if (l->n == 0)
        return 0;
    return stream_id_search(id, l->n, last_of, l, last_of(l, 0), last_of(l, l->n - 1));
}

static struct stream_block *at(const struct stream_cursor *c)
{
    return stream_log_block(c->log, c->block);
}

static void leave(struct stream_cursor *c)
{
    if (c->data)
        stream_block_unpin(at(c), c->log->cache);
    c->data = NULL;
}

void stream_log_end(struct stream_cursor *c)
{
    leave(c);
}

bool stream_log_settle(struct stream_cursor *c)
{
    for (;;) {
        const struct stream_block *b = at(c);
        while (c->entry < b->count) {
            if (!stream_block_is_deleted(b, c->entry))
                return true;
            c->entry++;
        }
        leave(c);
        if (++c->block >= c->log->n)
            return false;
        c->data = stream_block_pin(at(c), c->log->cache);
        c->entry = at(c)->first_live;
    }
}

static bool settle_back(struct stream_cursor *c)
{
    for (;;) {
        const struct stream_block *b = at(c);
        while (c->entry != UINT32_MAX && c->entry >= b->first_live) {
            if (!stream_block_is_deleted(b, c->entry))
                return true;
            c->entry--;
        }
        leave(c);
        if (c->block-- == 0)
            return false;
        c->data = stream_block_pin(at(c), c->log->cache);
        c->entry = at(c)->count - 1;
    }
}

bool stream_log_seek(const struct stream_log *l, struct stream_id id, struct stream_cursor *c)
{
    *c = (struct stream_cursor){.log = l, .block = find_block(l, id)};
    if (c->block >= l->n)
        return false;
    c->data = stream_block_pin(at(c), c->log->cache);
    c->entry = stream_id_compare(id, at(c)->first) <= 0 ? at(c)->first_live
                                                        : stream_block_search(at(c), c->data, id);
    return stream_log_settle(c);
}

bool stream_log_seek_back(const struct stream_log *l, struct stream_id id, struct stream_cursor *c)
{
    *c = (struct stream_cursor){.log = l, .block = find_block(l, id)};
    if (l->n == 0)
        return false;
    if (c->block >= l->n) {
        c->block = l->n - 1;
        c->data = stream_block_pin(at(c), c->log->cache);
        c->entry = at(c)->count - 1;
        return settle_back(c);
    }
    c->data = stream_block_pin(at(c), c->log->cache);
    c->entry = stream_block_search(at(c), c->data, id);
    if (c->entry == at(c)->count || stream_id_compare(stream_log_id(c), id) > 0)
        c->entry--; /* wraps below 0: the previous block */
    return settle_back(c);
}

bool stream_log_previous(struct stream_cursor *c)
{
    c->entry--;
    return settle_back(c);
}

void stream_log_read(const struct stream_cursor *c, struct stream_entry *out)
{
    stream_block_entry(at(c), c->data, c->entry, out);
}

struct stream_id stream_log_id(const struct stream_cursor *c)
{
    return stream_block_id(at(c), c->data, c->entry);
}

bool stream_log_has(const struct stream_log *l, struct stream_id id)
{
    struct stream_cursor c;
    bool found = stream_log_seek(l, id, &c) && stream_id_compare(stream_log_id(&c), id) == 0;
    stream_log_end(&c);
    return found;
}

static bool stands_at(const struct stream_cursor *c, struct stream_id id)
{
    return c->data && stream_id_compare(stream_log_id(c), id) == 0;
}

bool stream_log_follow(const struct stream_log *l, struct stream_id id, struct stream_cursor *c)
{
    if (stands_at(c, id))
        return true;
    if (c->data) {
        stream_log_next(c);
        if (stands_at(c, id))
            return true;
        stream_log_end(c);
    }
    return stream_log_seek(l, id, c) && stands_at(c, id);
}

uint64_t stream_log_count(const struct stream_cursor *c, struct stream_id last, uint64_t most)
{
    uint64_t n = 0;
    for (size_t i = c->block; i < c->log->n && n < most; i++) {
        struct stream_block *b = stream_log_block(c->log, i);
        uint32_t from = i == c->block ? c->entry : 0, to = b->count;
        if (stream_id_compare(b->first, last) > 0)
            break;
        if (stream_id_compare(b->last, last) > 0) {
            struct stream_id behind = last;
            const unsigned char *data = stream_block_pin(b, c->log->cache);
            if (stream_id_next(&behind))
                to = stream_block_search(b, data, behind);
            stream_block_unpin(b, c->log->cache);
        }
        n += stream_block_live_between(b, from, to);
    }
    return n < most ? n : most;
}

bool stream_log_glance(const struct stream_log *l, struct stream_id id, struct stream_id *first,
                       uint64_t *count)
{
    struct stream_cursor c = {.log = l, .block = find_block(l, id)};
    *count = 0;
    if (c.block >= l->n)
        return false;
    const struct stream_block *b = at(&c);
    if (b->packed_n) {
        bool whole = stream_id_compare(id, b->first) <= 0;
        *first = whole ? b->first : id;
        c.entry =
            whole ? b->first_live : (uint32_t)stream_id_guess(b->first, b->last, id, b->count);
        *count = stream_log_count(&c, STREAM_ID_MAX, UINT64_MAX);
        return *count > 0;
    }
    bool any = stream_log_seek(l, id, &c);
    if (any) {
        *first = stream_log_id(&c);
        *count = stream_log_count(&c, STREAM_ID_MAX, UINT64_MAX);
    }
    stream_log_end(&c);
    return any;
}

static void remove_block(struct stream_log *l, size_t i)
{
    ASSERT(i < l->n && l->bytes >= stream_log_block(l, i)->bytes);
    l->bytes -= stream_log_block(l, i)->bytes;
    stream_block_free(stream_log_block(l, i), l->cache);
    if (i == 0) {
        l->first++;
    } else {
        memmove(l->blocks + l->first + i, l->blocks + l->first + i + 1,
                (l->n - i - 1) * sizeof(*l->blocks));
    }
    if (--l->n == 0)
        l->first = 0;
}

bool stream_log_delete(struct stream_log *l, struct stream_id id)
{
    struct stream_cursor c;
    bool found = stream_log_seek(l, id, &c) && stream_id_compare(stream_log_id(&c), id) == 0;
    stream_log_end(&c);
    if (!found)
        return false;
    struct stream_block *b = stream_log_block(l, c.block);
    stream_block_delete(b, c.entry);
    ASSERT(l->length > 0);
    l->length--;
    if (b->live == 0)
        remove_block(l, c.block);
    return true;
}

bool stream_log_oldest(const struct stream_log *l, struct stream_id *out)
{
    struct stream_cursor c;
    if (l->n && stream_log_block(l, 0)->first_live == 0) {
        *out = stream_log_block(l, 0)->first;
        return true;
    }
    bool found = stream_log_seek(l, STREAM_ID_MIN, &c);
    if (found)
        *out = stream_log_id(&c);
    stream_log_end(&c);
    return found;
}

bool stream_log_newest(const struct stream_log *l, struct stream_id *out)
{
    struct stream_cursor c;
    bool found = stream_log_seek_back(l, STREAM_ID_MAX, &c);
    if (found)
        *out = stream_log_id(&c);
    stream_log_end(&c);
    return found;
}

uint32_t stream_log_front_below(const struct stream_log *l, struct stream_id id)
{
    struct stream_block *b = stream_log_block(l, 0);
    if (stream_id_compare(b->last, id) < 0)
        return b->live;
    if (stream_id_compare(b->first, id) >= 0)
        return 0;
    const unsigned char *data = stream_block_pin(b, l->cache);
    uint32_t to = stream_block_search(b, data, id);
    stream_block_unpin(b, l->cache);
    return stream_block_live_between(b, 0, to);
}

uint32_t stream_log_drop_front(struct stream_log *l, uint32_t n)
{
    ASSERT(l->n > 0);
    struct stream_block *b = stream_log_block(l, 0);
    if (n >= b->live) {
        n = b->live;
        remove_block(l, 0);
    } else {
        for (uint32_t i = 0; i < n; i++)
            stream_block_delete(b, b->first_live);
    }
    ASSERT(l->length >= n);
    l->length -= n;
    return n;
}

bool stream_log_over(const struct stream_log *l, uint64_t most_bytes, struct stream_id *behind)
{
    uint64_t left = l->bytes;
    size_t i = 0;
    for (; i + 1 < l->n && left > most_bytes; i++)
        left -= stream_log_block(l, i)->bytes;
    if (i)
        *behind = stream_log_block(l, i)->first;
    return i > 0;
}

void stream_log_copy(struct stream_log *to, const struct stream_log *from)
{
    *to = (struct stream_log){.length = from->length, .bytes = from->bytes, .cache = from->cache};
    for (size_t i = 0; i < from->n; i++)
        push_block(to, stream_block_copy(stream_log_block(from, i)));
}

void stream_log_leave(const struct stream_log *l)
{
    if (l->n > stream_cache_count(l->cache)) {
        stream_cache_drop(l->cache);
        return;
    }
    for (size_t i = 0; i < l->n; i++)
        stream_cache_forget(l->cache, &stream_log_block(l, i)->cached);
}

size_t stream_log_memory(const struct stream_log *l, size_t samples)
{
    size_t bytes = mem_block_size(l->blocks), seen = 0, sum = 0;
    if (samples == 0)
        samples = l->n;
    for (; seen < l->n && seen < samples; seen++)
        sum += stream_block_memory(stream_log_block(l, seen));
    return bytes + (seen ? sum / seen * l->n : 0);
}

bool stream_log_is_sound(const struct stream_log *l)
{
    uint64_t length = 0, bytes = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct stream_block *b = stream_log_block(l, i);
        if (!b->live || (i + 1 < l->n && !b->sealed) || !stream_block_is_sound(b, l->cache))
            return false;
        if (i && stream_id_compare(stream_log_block(l, i - 1)->last, b->first) >= 0)
            return false;
        length += b->live;
        bytes += b->bytes;
    }
    return length == l->length && bytes == l->bytes && l->first + l->n <= l->cap;
}
