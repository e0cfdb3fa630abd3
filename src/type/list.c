#include "type/list.h"

#include "base/assert.h"
#include "base/lz.h"
#include "base/mem.h"

#define SMALLEST      64u
#define ELEMENTS      8192u /* most elements of a block, whatever the policy */
#define COMPRESS_FROM 48u
#define LISTPACK_HEAD 7u    /* what Redis counts before the first element */
#define LISTPACK_MOST 8192u /* its bytes when the policy is a count */

struct list_block {
    uint32_t start, end; /* the used bytes */
    uint32_t cap;
    uint32_t packed_n; /* >0: compressed; data then holds so many bytes of `end - start` */
    unsigned char data[];
};

static struct list_slot *slot_at(const struct list *l, uint32_t i)
{
    return &l->slots[(l->first + i) & (l->cap - 1)];
}

static unsigned varint_n(uint64_t v)
{
    unsigned n = 1;
    for (; v >= 128; v >>= 7)
        n++;
    return n;
}

static size_t element_n(size_t n)
{
    return n + 2u * varint_n(n);
}

/* Forward form: seven bits a byte, lowest first. Backward form: the same bytes mirrored, so that it
 * is read from its end. */
static unsigned char *put_element(unsigned char *to, struct bytes x)
{
    unsigned n = varint_n(x.n);
    uint64_t v = x.n;
    unsigned char *back = to + n + x.n + n - 1;
    for (unsigned i = 0; i < n; i++, v >>= 7) {
        unsigned char byte = (unsigned char)((v & 127) | (i + 1 < n ? 128 : 0));
        to[i] = byte;
        back[-(long)i] = byte;
    }
    if (x.n)
        memmove(to + n, x.p, x.n);
    return to + n + x.n + n;
}

static struct bytes read_element(const unsigned char *p, uint32_t *total)
{
    uint64_t v = *p & 127;
    unsigned n = 1;
    for (unsigned shift = 7; p[n - 1] & 128; n++, shift += 7)
        v |= (uint64_t)(p[n] & 127) << shift;
    *total = (uint32_t)(v + 2u * n);
    return bytes_of(p + n, (size_t)v);
}

/* The whole size of the element that ends before p. */
static uint32_t size_before(const unsigned char *p)
{
    uint64_t v = p[-1] & 127;
    unsigned n = 1;
    for (unsigned shift = 7; p[-(long)n] & 128; n++, shift += 7)
        v |= (uint64_t)(p[-(long)n - 1] & 127) << shift;
    return (uint32_t)(v + 2u * n);
}

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
        return l->fill < ELEMENTS ? (uint32_t)l->fill : ELEMENTS;
    return ELEMENTS;
}

/* What a listpack is limited to by a positive size, or none. */
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

static struct list_block *new_block(uint32_t cap, bool at_end)
{
    struct list_block *b = mem_alloc(sizeof(*b) + cap);
    *b = (struct list_block){.start = at_end ? cap : 0, .end = at_end ? cap : 0, .cap = cap};
    return b;
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
    struct list_slot *s = slot_at(l, at);
    *s = (struct list_slot){.block = b};
    return s;
}

static void remove_slot(struct list *l, uint32_t at)
{
    mem_free(slot_at(l, at)->block);
    if (at == 0) {
        l->first = (l->first + 1) & (l->cap - 1);
    } else {
        for (uint32_t i = at; i + 1 < l->n; i++)
            *slot_at(l, i) = *slot_at(l, i + 1);
    }
    l->n--;
}

/* A compressed block in its place, expanded. */
static struct list_block *expand(struct list_slot *s)
{
    struct list_block *b = s->block;
    if (!b->packed_n)
        return b;
    uint32_t n = b->end - b->start;
    struct list_block *wide = new_block(n, false);
    bool good = lz_expand(b->data, b->packed_n, wide->data, n);
    ASSERT(good);
    wide->end = n;
    mem_free(b);
    s->block = wide;
    return wide;
}

static void compress(struct list_slot *s)
{
    struct list_block *b = s->block;
    uint32_t n = b->end - b->start;
    if (b->packed_n || n < COMPRESS_FROM)
        return;
    size_t cap = lz_bound(n);
    unsigned char *scratch = mem_alloc(cap);
    size_t packed = lz_compress(b->data + b->start, n, scratch, cap);
    if (packed && packed + 8 < n) {
        struct list_block *small = mem_alloc(sizeof(*small) + packed);
        *small = (struct list_block){.end = n, .cap = 0, .packed_n = (uint32_t)packed};
        memcpy(small->data, scratch, packed);
        mem_free(b);
        s->block = small;
    }
    mem_free(scratch);
}

/* After a block was added near an end: the one that is now deep enough is compressed. */
static void compress_inner(struct list *l)
{
    uint32_t d = l->compress_depth;
    if (!d || l->n <= 2 * d)
        return;
    compress(slot_at(l, d));
    compress(slot_at(l, l->n - 1 - d));
}

/* Room for n bytes at one end of the slot's block, which may be made anew. */
static struct list_block *make_room(const struct list *l, struct list_slot *s, bool front, size_t n)
{
    struct list_block *b = expand(s);
    uint32_t used = b->end - b->start;
    if (front ? b->start >= n : b->cap - b->end >= n)
        return b;
    size_t limit = block_limit(l) - sizeof(*b), cap = used + n;
    /* Small lists keep tight blocks; longer ones take the whole size at once. */
    cap = cap < 512 ? cap + cap / 2 : cap * 2;
    if (cap < SMALLEST - sizeof(*b))
        cap = SMALLEST - sizeof(*b);
    if (cap > limit)
        cap = limit;
    if (cap < used + n)
        cap = used + n;
    cap = mem_class_size(cap + sizeof(*b)) - sizeof(*b);
    struct list_block *wider = new_block((uint32_t)cap, false);
    wider->start = front ? (uint32_t)cap - used : 0;
    wider->end = wider->start + used;
    memcpy(wider->data + wider->start, b->data + b->start, used);
    mem_free(b);
    s->block = wider;
    return wider;
}

static bool fits(const struct list *l, const struct list_slot *s, size_t n)
{
    size_t used = s->block->end - s->block->start;
    return s->count < element_limit(l) && used + n + sizeof(struct list_block) <= block_limit(l);
}

/* Before an element of n bytes comes: Redis makes a quicklist when its listpack, of about the same
 * bytes as our blocks, would become too large. Counts are limited together with 8 kB. */
static void note_grown(struct list *l, size_t n)
{
    if (l->grown)
        return;
    size_t bytes = LISTPACK_HEAD + n, limit = l->fill < 0 ? block_limit(l) : LISTPACK_MOST;
    for (uint32_t i = 0; i < l->n && bytes <= limit; i++)
        bytes += slot_at(l, i)->block->end - slot_at(l, i)->block->start;
    l->grown = bytes > limit || (l->fill >= 0 && l->count >= count_limit(l));
}

void list_push(struct list *l, bool front, struct bytes x)
{
    size_t n = element_n(x.n);
    uint32_t at = front || l->n == 0 ? 0 : l->n - 1;
    note_grown(l, x.n);
    if (l->n == 0 || !fits(l, slot_at(l, at), n)) {
        /* Blocks behind the first are filled to their limit: they get their size at once. */
        size_t cap = l->n ? block_limit(l) - sizeof(struct list_block) : 0;
        if (l->fill > 0 && l->n)
            cap = n * element_limit(l) < cap ? n * element_limit(l) : cap;
        if (cap < n)
            cap = n;
        cap = mem_class_size(cap + sizeof(struct list_block)) - sizeof(struct list_block);
        at = front ? 0 : l->n;
        insert_slot(l, at, new_block((uint32_t)cap, front));
        compress_inner(l);
    }
    struct list_slot *s = slot_at(l, at);
    struct list_block *b = make_room(l, s, front, n);
    if (front) {
        b->start -= (uint32_t)n;
        put_element(b->data + b->start, x);
    } else {
        put_element(b->data + b->end, x);
        b->end += (uint32_t)n;
    }
    s->count++;
    l->count++;
}

bool list_peek(struct list *l, bool front, struct bytes *out)
{
    if (!l->count)
        return false;
    uint32_t total;
    struct list_block *b = expand(slot_at(l, front ? 0 : l->n - 1));
    *out = read_element(
        front ? b->data + b->start : b->data + b->end - size_before(b->data + b->end), &total);
    return true;
}

/* What Redis turns back into a listpack: one node, at most half full. */
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
                     : s->block->end - s->block->start <= block_limit(l) / 2)
        l->grown = false;
}

void list_drop(struct list *l, bool front)
{
    uint32_t at = front ? 0 : l->n - 1;
    struct list_slot *s = slot_at(l, at);
    l->count--;
    if (--s->count == 0) {
        remove_slot(l, at);
    } else {
        struct list_block *b = expand(s);
        uint32_t total;
        if (front) {
            read_element(b->data + b->start, &total);
            b->start += total;
        } else {
            b->end -= size_before(b->data + b->end);
        }
    }
    note_shrunk(l);
}

bool list_seek(struct list *l, uint64_t index, struct list_cursor *c)
{
    if (index >= l->count)
        return false;
    *c = (struct list_cursor){.list = l};
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
    struct list_slot *s = slot_at(l, c->slot);
    const struct list_block *b = expand(s);
    c->index = (uint32_t)index;
    if (index <= s->count / 2) {
        uint32_t total;
        c->at = b->start;
        for (uint32_t i = 0; i < c->index; i++, c->at += total)
            read_element(b->data + c->at, &total);
    } else {
        c->at = b->end;
        for (uint32_t i = s->count; i > c->index; i--)
            c->at -= size_before(b->data + c->at);
    }
    return true;
}

struct bytes list_get(const struct list_cursor *c)
{
    uint32_t total;
    return read_element(slot_at(c->list, c->slot)->block->data + c->at, &total);
}

bool list_next(struct list_cursor *c)
{
    struct list_slot *s = slot_at(c->list, c->slot);
    if (c->index + 1 < s->count) {
        uint32_t total;
        read_element(s->block->data + c->at, &total);
        c->at += total;
        c->index++;
        return true;
    }
    if (c->slot + 1 >= c->list->n)
        return false;
    c->slot++;
    c->index = 0;
    c->at = expand(slot_at(c->list, c->slot))->start;
    return true;
}

bool list_previous(struct list_cursor *c)
{
    if (c->index > 0) {
        c->at -= size_before(slot_at(c->list, c->slot)->block->data + c->at);
        c->index--;
        return true;
    }
    if (c->slot == 0)
        return false;
    struct list_slot *s = slot_at(c->list, --c->slot);
    const struct list_block *b = expand(s);
    c->index = s->count - 1;
    c->at = b->end - size_before(b->data + b->end);
    return true;
}

/* Opens a gap of n bytes at `at` (relative to the used bytes) or closes one of -n. */
static struct list_block *shift(struct list_slot *s, uint32_t offset, uint32_t drop, uint32_t add)
{
    struct list_block *b = expand(s);
    uint32_t used = b->end - b->start, tail = used - offset - drop;
    if (used - drop + add <= b->cap) {
        if (b->cap - b->start < used - drop + add) {
            memmove(b->data, b->data + b->start, used);
            b->start = 0;
            b->end = used;
        }
        memmove(b->data + b->start + offset + add, b->data + b->start + offset + drop, tail);
    } else {
        size_t cap = mem_class_size(used - drop + add + sizeof(*b)) - sizeof(*b);
        struct list_block *wider = new_block((uint32_t)cap, false);
        memcpy(wider->data, b->data + b->start, offset);
        memcpy(wider->data + offset + add, b->data + b->start + offset + drop, tail);
        mem_free(b);
        s->block = b = wider;
    }
    b->end = b->start + used - drop + add;
    return b;
}

/* Cuts the cursor's block in two before its element, which then begins a block. */
static void split(struct list_cursor *c)
{
    struct list *l = c->list;
    struct list_slot *s = slot_at(l, c->slot);
    struct list_block *b = s->block;
    uint32_t tail = b->end - c->at, moved = s->count - c->index;
    size_t cap = mem_class_size(tail + sizeof(*b)) - sizeof(*b);
    struct list_block *upper = new_block((uint32_t)cap, false);
    memcpy(upper->data, b->data + c->at, tail);
    upper->end = tail;
    b->end = c->at;
    s->count = c->index;
    insert_slot(l, c->slot + 1, upper)->count = moved;
    c->slot++;
    c->index = 0;
    c->at = 0;
}

void list_replace(struct list_cursor *c, struct bytes x)
{
    struct list_slot *s = slot_at(c->list, c->slot);
    uint32_t total, offset = c->at - s->block->start;
    note_grown(c->list, x.n); /* as Redis: the old element still counts */
    read_element(s->block->data + c->at, &total);
    struct list_block *b = shift(s, offset, total, (uint32_t)element_n(x.n));
    put_element(b->data + b->start + offset, x);
    note_shrunk(c->list);
}

void list_insert(struct list_cursor *c, bool before, struct bytes x)
{
    struct list *l = c->list;
    struct list_slot *s = slot_at(l, c->slot);
    uint32_t n = (uint32_t)element_n(x.n), total;
    if (!before) {
        read_element(s->block->data + c->at, &total);
        c->at += total;
        c->index++;
    }
    note_grown(l, x.n);
    l->count++;
    if (!fits(l, s, n)) {
        /* Between two blocks: behind the lower one when there is room, else in a block of its own.
         */
        if (c->index == s->count)
            c->slot++;
        else if (c->index > 0)
            split(c);
        struct list_slot *lower = c->slot ? slot_at(l, c->slot - 1) : NULL;
        if (lower && lower->block->packed_n == 0 && fits(l, lower, n)) {
            struct list_block *b = make_room(l, lower, false, n);
            put_element(b->data + b->end, x);
            b->end += n;
            lower->count++;
            return;
        }
        size_t cap = mem_class_size(n + sizeof(struct list_block)) - sizeof(struct list_block);
        struct list_slot *own = insert_slot(l, c->slot, new_block((uint32_t)cap, false));
        put_element(own->block->data, x);
        own->block->end = n;
        own->count = 1;
        return;
    }
    uint32_t offset = c->at - s->block->start;
    struct list_block *b = shift(s, offset, 0, n);
    put_element(b->data + b->start + offset, x);
    s->count++;
}

bool list_remove(struct list_cursor *c)
{
    struct list *l = c->list;
    struct list_slot *s = slot_at(l, c->slot);
    bool more = true;
    l->count--;
    if (s->count == 1) {
        remove_slot(l, c->slot);
        more = c->slot < l->n;
        if (more)
            c->at = expand(slot_at(l, c->slot))->start;
        c->index = 0;
    } else {
        uint32_t total, offset = c->at - s->block->start;
        read_element(s->block->data + c->at, &total);
        struct list_block *b = shift(s, offset, total, 0);
        s->count--;
        c->at = b->start + offset;
        if (c->index == s->count) {
            c->index = 0;
            more = ++c->slot < l->n;
            if (more)
                c->at = expand(slot_at(l, c->slot))->start;
        }
    }
    note_shrunk(l);
    return more;
}

void list_trim(struct list *l, bool front, uint64_t n)
{
    while (n && l->n) {
        uint32_t at = front ? 0 : l->n - 1;
        struct list_slot *s = slot_at(l, at);
        if (s->count <= n) {
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

struct list *list_copy(struct list *l)
{
    struct list *copy = list_new(l->fill, l->compress_depth);
    for (uint32_t i = 0; i < l->n; i++) {
        const struct list_slot *s = slot_at(l, i);
        size_t n = sizeof(*s->block) + (s->block->packed_n ? s->block->packed_n : s->block->cap);
        struct list_block *b = mem_alloc(n);
        memcpy(b, s->block, n);
        insert_slot(copy, copy->n, b)->count = s->count;
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
