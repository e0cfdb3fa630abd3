/* A ring of slots points to blocks; pushes and pops work on the first and last slot.
 *
 * A push goes into the end block if the policy allows it (fits()), else into a new one of full
 * size. When a block is added, the one that is now compress_depth away from that end is compressed.
 * A block that lost its last element is freed at once, so no slot is ever empty.
 *
 * Reading never changes the list: a cursor reads blocks directly, and compressed ones from a copy
 * of its own. A change expands the block permanently; it is compressed again only when it reaches
 * that depth again.
 *
 * `grown` is not about our blocks, which are the same for short and long lists, but about the
 * answer of OBJECT ENCODING. Redis turns a listpack into a quicklist when it would exceed its
 * limit, and back when a single node is at most half full; note_grown() and note_shrunk() imitate
 * that. */
#include "type/list.h"

#include "base/assert.h"
#include "base/mem.h"
#include "type/list_block.h"

#define ELEMENTS_MAX    8192u /* per block, whatever the policy */
#define LISTPACK_HEADER 7u    /* bytes that Redis counts before the first element */
#define LISTPACK_MAX    8192u /* its limit in bytes when the policy is a count */

static struct list_slot *slot_at(const struct list *l, uint32_t i)
{
    return &l->slots[(l->first + i) & (l->cap - 1)];
}

/* Most bytes of a block including its header. */
static size_t block_limit(const struct list *l)
{
    static const size_t classes[] = {4096, 8192, 16384, 32768, 65536};
    if (l->fill >= 0)
        return 65536;
    int64_t c = -l->fill - 1;
    return classes[c > 4 ? 4 : c];
}

static uint32_t element_limit(const struct list *l)
{
    if (l->fill > 0)
        return l->fill < ELEMENTS_MAX ? (uint32_t)l->fill : ELEMENTS_MAX;
    return ELEMENTS_MAX;
}

/* The most elements by a positive policy, else no limit. */
static uint64_t count_limit(const struct list *l)
{
    return l->fill > 0 ? (uint64_t)l->fill : 1;
}

struct list *list_new(int64_t fill, uint32_t compress_depth)
{
    struct list *l = mem_alloc(sizeof(*l));
    *l = (struct list){.slots = &l->one, .cap = 1, .compress_depth = compress_depth, .fill = fill};
    return l;
}

static void free_slots(struct list *l)
{
    if (l->slots != &l->one)
        mem_free(l->slots);
}

void list_free(struct list *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; i < l->n; i++)
        mem_free(slot_at(l, i)->block);
    free_slots(l);
    mem_free(l);
}

static struct list_slot *insert_slot(struct list *l, uint32_t at, struct list_block *b)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap * 2;
        struct list_slot *wider = mem_alloc(cap * sizeof(*wider));
        for (uint32_t i = 0; i < l->n; i++)
            wider[i] = *slot_at(l, i);
        free_slots(l);
        l->slots = wider;
        l->first = 0;
        l->cap = cap;
    }
    if (at == 0) {
        l->first = (l->first - 1) & (l->cap - 1);
        l->n++;
    } else {
        l->n++;
        for (uint32_t i = l->n - 1; i > at; i--)
            *slot_at(l, i) = *slot_at(l, i - 1);
    }
    ASSERT(at < l->n && l->n <= l->cap);
    struct list_slot *s = slot_at(l, at);
    *s = (struct list_slot){.block = b};
    return s;
}

static void remove_slot(struct list *l, uint32_t at)
{
    ASSERT(at < l->n);
    mem_free(slot_at(l, at)->block);
    if (at == 0) {
        l->first = (l->first + 1) & (l->cap - 1);
    } else {
        for (uint32_t i = at; i + 1 < l->n; i++)
            *slot_at(l, i) = *slot_at(l, i + 1);
    }
    l->n--;
}

/* After a block was added near an end: compresses the one that is now deep enough. */
static void compress_inner(struct list *l)
{
    uint32_t d = l->compress_depth;
    if (!d || l->n <= 2 * d)
        return;
    struct list_slot *front = slot_at(l, d), *back = slot_at(l, l->n - 1 - d);
    front->block = list_block_compress(front->block);
    back->block = list_block_compress(back->block);
}

static size_t bytes_limit(const struct list *l)
{
    return block_limit(l) - sizeof(struct list_block);
}

/* Whether the policy allows n more bytes in the slot's block. */
static bool fits(const struct list *l, const struct list_slot *s, size_t n)
{
    return s->count < element_limit(l) && list_block_used(s->block) + n <= bytes_limit(l);
}

/* Called before an element of n bytes is added: Redis makes a quicklist when its listpack, of about
 * the same size as our blocks, would become too large. A limit on the count implies one of 8 kB. */
static void note_grown(struct list *l, size_t n)
{
    if (l->grown)
        return;
    size_t bytes = LISTPACK_HEADER + n, limit = l->fill < 0 ? block_limit(l) : LISTPACK_MAX;
    for (uint32_t i = 0; i < l->n && bytes <= limit; i++)
        bytes += list_block_used(slot_at(l, i)->block);
    l->grown = bytes > limit || (l->fill >= 0 && l->count >= count_limit(l));
}

/* Blocks after the first one will be filled to the limit, and get that size at once. */
static size_t size_of_next(const struct list *l, size_t n)
{
    size_t size = l->n ? bytes_limit(l) : 0;
    if (l->fill > 0 && n * element_limit(l) < size)
        size = n * element_limit(l);
    return size < n ? n : size;
}

void list_push(struct list *l, bool front, struct bytes x)
{
    size_t n = list_block_size_of(x.n);
    uint32_t at = front || l->n == 0 ? 0 : l->n - 1;
    note_grown(l, x.n);
    if (l->n == 0 || !fits(l, slot_at(l, at), n)) {
        at = front ? 0 : l->n;
        insert_slot(l, at, list_block_new(size_of_next(l, n), front));
        compress_inner(l);
    }
    struct list_slot *s = slot_at(l, at);
    if (!list_block_has_room(s->block, front, n))
        s->block = list_block_reserve(s->block, front, n, bytes_limit(l));
    list_block_push(s->block, front, x);
    s->count++;
    l->count++;
}

bool list_peek(struct list *l, bool front, struct bytes *out)
{
    if (!l->count)
        return false;
    struct list_slot *s = slot_at(l, front ? 0 : l->n - 1);
    const struct list_block *b = s->block = list_block_expand(s->block);
    const unsigned char *end = b->data + b->end;
    uint32_t size;
    *out = list_block_read(front ? b->data + b->start : end - list_block_size_before(end), &size);
    return true;
}

/* Redis turns a quicklist back into a listpack when it has one node, at most half full. */
static void note_shrunk(struct list *l)
{
    if (!l->grown || l->n > 1)
        return;
    if (l->n == 0) {
        l->grown = false;
        return;
    }
    const struct list_slot *s = slot_at(l, 0);
    if (l->fill >= 0 ? s->count <= count_limit(l) / 2
                     : list_block_used(s->block) <= block_limit(l) / 2)
        l->grown = false;
}

void list_drop(struct list *l, bool front)
{
    ASSERT(l->count > 0);
    uint32_t at = front ? 0 : l->n - 1;
    struct list_slot *s = slot_at(l, at);
    l->count--;
    if (--s->count == 0) {
        remove_slot(l, at);
    } else {
        struct list_block *b = s->block = list_block_expand(s->block);
        uint32_t size;
        if (front) {
            list_block_read(b->data + b->start, &size);
            b->start += size;
        } else {
            b->end -= list_block_size_before(b->data + b->end);
        }
    }
    note_shrunk(l);
}

void list_trim(struct list *l, bool front, uint64_t n)
{
    while (n && l->n) {
        uint32_t at = front ? 0 : l->n - 1;
        const struct list_slot *s = slot_at(l, at);
        if (s->count <= n) {
            ASSERT(l->count >= s->count);
            n -= s->count;
            l->count -= s->count;
            remove_slot(l, at);
        } else {
            list_drop(l, front);
            n--;
        }
    }
    note_shrunk(l);
}

/* ---- Cursors */

/* Sets the cursor up for the block of its slot. */
static void enter(struct list_cursor *c)
{
    const struct list_block *b = slot_at(c->list, c->slot)->block;
    c->used = list_block_used(b);
    c->data = b->data + b->start;
    if (!b->packed_n)
        return;
    if (c->expanded_cap < c->used) {
        mem_free(c->expanded);
        c->expanded = mem_alloc(c->used);
        c->expanded_cap = c->used;
    }
    list_block_expand_to(b, c->expanded);
    c->data = c->expanded;
}

void list_end(struct list_cursor *c)
{
    mem_free(c->expanded);
    c->expanded = NULL;
}

bool list_seek(const struct list *l, uint64_t index, struct list_cursor *c)
{
    *c = (struct list_cursor){.list = l};
    if (index >= l->count)
        return false;
    if (index <= l->count / 2) {
        while (index >= slot_at(l, c->slot)->count)
            index -= slot_at(l, c->slot++)->count;
    } else {
        uint64_t from_end = l->count - 1 - index;
        c->slot = l->n - 1;
        while (from_end >= slot_at(l, c->slot)->count)
            from_end -= slot_at(l, c->slot--)->count;
        index = slot_at(l, c->slot)->count - 1 - from_end;
    }
    uint32_t count = slot_at(l, c->slot)->count;
    enter(c);
    c->index = (uint32_t)index;
    if (index <= count / 2) {
        uint32_t size;
        for (uint32_t i = 0; i < c->index; i++, c->at += size)
            list_block_read(c->data + c->at, &size);
    } else {
        c->at = c->used;
        for (uint32_t i = count; i > c->index; i--)
            c->at -= list_block_size_before(c->data + c->at);
    }
    ASSERT(c->at < c->used);
    return true;
}

struct bytes list_get(const struct list_cursor *c)
{
    uint32_t size;
    return list_block_read(c->data + c->at, &size);
}

bool list_next(struct list_cursor *c)
{
    uint32_t size;
    list_block_read(c->data + c->at, &size);
    if (c->at + size < c->used) {
        c->at += size;
        c->index++;
        return true;
    }
    if (c->slot + 1 >= c->list->n)
        return false;
    c->slot++;
    c->index = 0;
    c->at = 0;
    enter(c);
    return true;
}

bool list_previous(struct list_cursor *c)
{
    if (c->at > 0) {
        c->at -= list_block_size_before(c->data + c->at);
        c->index--;
        return true;
    }
    if (c->slot == 0)
        return false;
    c->slot--;
    c->index = slot_at(c->list, c->slot)->count - 1;
    enter(c);
    c->at = c->used - list_block_size_before(c->data + c->used);
    return true;
}

/* ---- Changes in the middle */

/* Replaces `drop` bytes by an element. */
static void put(struct list_slot *s, uint32_t at, uint32_t drop, struct bytes x)
{
    struct list_block *b = s->block;
    b = list_block_splice(b, at, drop, (uint32_t)list_block_size_of(x.n));
    list_block_write(b->data + b->start + at, x);
    s->block = b;
}

void list_replace(struct list *l, struct list_cursor *c, struct bytes x)
{
    ASSERT(c->list == l && c->at < c->used);
    uint32_t size;
    note_grown(l, x.n); /* as in Redis, the old element still counts */
    list_block_read(c->data + c->at, &size);
    put(slot_at(l, c->slot), c->at, size, x);
    note_shrunk(l);
}

/* An element between two blocks is appended to the lower one if there is room, else gets a block of
 * its own. */
static void insert_between(struct list *l, uint32_t slot, struct bytes x)
{
    size_t n = list_block_size_of(x.n);
    struct list_slot *s = slot ? slot_at(l, slot - 1) : NULL;
    if (s && !s->block->packed_n && fits(l, s, n))
        s->block = list_block_reserve(s->block, false, n, bytes_limit(l));
    else
        s = insert_slot(l, slot, list_block_new(n, false));
    list_block_push(s->block, false, x);
    s->count++;
}

void list_insert(struct list *l, struct list_cursor *c, bool before, struct bytes x)
{
    ASSERT(c->list == l && c->at < c->used);
    struct list_slot *s = slot_at(l, c->slot);
    uint32_t at = c->at, index = c->index, slot = c->slot, size;
    if (!before) {
        list_block_read(c->data + at, &size);
        at += size;
        index++;
    }
    note_grown(l, x.n);
    l->count++;
    if (fits(l, s, list_block_size_of(x.n))) {
        put(s, at, 0, x);
        s->count++;
        return;
    }
    if (index == s->count) {
        slot++;
    } else if (index > 0) {
        uint32_t moved = s->count - index;
        s->block = list_block_expand(s->block);
        s->count = index;
        insert_slot(l, ++slot, list_block_split(s->block, at))->count = moved;
    }
    insert_between(l, slot, x);
}

bool list_remove(struct list *l, struct list_cursor *c)
{
    ASSERT(c->list == l && c->at < c->used);
    struct list_slot *s = slot_at(l, c->slot);
    l->count--;
    if (s->count == 1) {
        remove_slot(l, c->slot);
        c->index = c->at = 0;
    } else {
        uint32_t size;
        list_block_read(c->data + c->at, &size);
        s->block = list_block_splice(s->block, c->at, size, 0);
        if (c->index == --s->count) {
            c->slot++;
            c->index = c->at = 0;
        }
    }
    note_shrunk(l);
    if (c->slot == l->n)
        return false;
    enter(c);
    return true;
}

/* ---- Information */

struct list *list_copy(const struct list *l)
{
    struct list *copy = list_new(l->fill, l->compress_depth);
    for (uint32_t i = 0; i < l->n; i++) {
        const struct list_slot *s = slot_at(l, i);
        insert_slot(copy, copy->n, list_block_copy(s->block))->count = s->count;
    }
    copy->count = l->count;
    copy->grown = l->grown;
    return copy;
}

const char *list_encoding(const struct list *l)
{
    return l->grown ? "quicklist" : "listpack";
}

size_t list_blocks(const struct list *l)
{
    return l->n;
}

size_t list_memory(const struct list *l, size_t samples)
{
    size_t sum = 0, seen = 0;
    for (; seen < l->n && (samples == 0 || seen < samples); seen++)
        sum += mem_block_size(slot_at(l, (uint32_t)seen)->block);
    return mem_block_size(l) + (l->slots == &l->one ? 0 : mem_block_size(l->slots)) +
           (seen ? sum / seen * l->n : 0);
}

bool list_is_sound(const struct list *l)
{
    uint64_t count = 0;
    if (l->n > l->cap || l->first >= l->cap || (l->cap & (l->cap - 1)) ||
        (l->slots == &l->one) != (l->cap == 1))
        return false;
    for (uint32_t i = 0; i < l->n; i++) {
        const struct list_slot *s = slot_at(l, i);
        if (s->count == 0 || s->count > element_limit(l) ||
            !list_block_is_sound(s->block, s->count))
            return false;
        count += s->count;
    }
    return count == l->count;
}
