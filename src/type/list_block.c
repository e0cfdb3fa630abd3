#include "type/list_block.h"

#include "base/assert.h"
#include "base/lz.h"
#include "base/mem.h"

#define SMALLEST     64u
#define COMPRESS_MIN 48u /* blocks with fewer used bytes are not compressed */
#define SAVED_MIN    8u  /* nor those that would shrink by less */

/* All slack is at the end; start and end are 0. */
static struct list_block *alloc(size_t cap)
{
    ASSERT(cap <= UINT32_MAX);
    struct list_block *b = mem_alloc(sizeof(*b) + cap);
    *b = (struct list_block){.cap = (uint32_t)cap};
    return b;
}

/* Rounds up to what the allocator provides anyway. */
static size_t rounded(size_t n)
{
    return mem_class_size(n + sizeof(struct list_block)) - sizeof(struct list_block);
}

struct list_block *list_block_new(size_t n, bool grows_in_front)
{
    struct list_block *b = alloc(rounded(n));
    if (grows_in_front)
        b->start = b->end = b->cap;
    return b;
}

struct list_block *list_block_copy(const struct list_block *b)
{
    size_t n = sizeof(*b) + (b->packed_n ? b->packed_n : b->cap);
    struct list_block *copy = mem_alloc(n);
    memcpy(copy, b, n);
    return copy;
}

void list_block_expand_to(const struct list_block *b, unsigned char *to)
{
    ASSERT(b->packed_n && b->start == 0);
    bool good = lz_expand(b->data, b->packed_n, to, b->end);
    ASSERT(good);
}

struct list_block *list_block_expand(struct list_block *b)
{
    if (!b->packed_n)
        return b;
    struct list_block *wide = alloc(b->end);
    list_block_expand_to(b, wide->data);
    wide->end = b->end;
    mem_free(b);
    return wide;
}

struct list_block *list_block_compress(struct list_block *b)
{
    uint32_t n = list_block_used(b);
    if (b->packed_n || n < COMPRESS_MIN)
        return b;
    /* Through a buffer, since the compressed size is known only afterwards. */
    size_t cap = lz_bound(n);
    unsigned char *scratch = mem_alloc(cap);
    size_t packed = lz_compress(b->data + b->start, n, scratch, cap);
    if (packed && packed + SAVED_MIN < n) {
        struct list_block *small = mem_alloc(sizeof(*small) + packed);
        *small = (struct list_block){.end = n, .packed_n = (uint32_t)packed};
        memcpy(small->data, scratch, packed);
        mem_free(b);
        b = small;
    }
    mem_free(scratch);
    return b;
}

struct list_block *list_block_reserve(struct list_block *b, bool front, size_t n, size_t most)
{
    b = list_block_expand(b);
    uint32_t used = list_block_used(b);
    if (list_block_has_room(b, front, n))
        return b;
    size_t cap = used + n;
    /* Small blocks grow by half, larger ones double. */
    cap = cap < 512 ? cap + cap / 2 : cap * 2;
    if (cap < SMALLEST - sizeof(*b))
        cap = SMALLEST - sizeof(*b);
    if (cap > most)
        cap = most;
    if (cap < used + n)
        cap = used + n;
    struct list_block *wider = alloc(rounded(cap));
    wider->start = front ? wider->cap - used : 0;
    wider->end = wider->start + used;
    memcpy(wider->data + wider->start, b->data + b->start, used);
    mem_free(b);
    return wider;
}

/* The tail is moved once, within the block if it has the room. */
struct list_block *list_block_splice(struct list_block *b, uint32_t offset, uint32_t drop,
                                     uint32_t add)
{
    b = list_block_expand(b);
    uint32_t used = list_block_used(b), tail = used - offset - drop, now = used - drop + add;
    ASSERT(offset + drop <= used);
    if (now > b->cap) {
        struct list_block *wider = list_block_new(now, false);
        memcpy(wider->data, b->data + b->start, offset);
        memcpy(wider->data + offset + add, b->data + b->start + offset + drop, tail);
        mem_free(b);
        b = wider;
    } else {
        /* The slack at the start is needed too. */
        if (b->cap - b->start < now) {
            memmove(b->data, b->data + b->start, used);
            b->start = 0;
        }
        unsigned char *at = b->data + b->start + offset;
        memmove(at + add, at + drop, tail);
    }
    b->end = b->start + now;
    return b;
}

/* The leading length has seven bits a byte, the lowest first, and the top bit set on all but the
 * last byte. The trailing length has the same bytes in reverse order, to be read from its end. */
void list_block_write(unsigned char *to, struct bytes x)
{
    unsigned n = list_block_varint_size(x.n);
    uint64_t v = x.n;
    unsigned char *back = to + n + x.n + n - 1;
    for (unsigned i = 0; i < n; i++, v >>= 7) {
        unsigned char byte = (unsigned char)((v & 127) | (i + 1 < n ? 128 : 0));
        to[i] = byte;
        back[-(long)i] = byte;
    }
    if (x.n)
        memmove(to + n, x.p, x.n);
}

void list_block_push(struct list_block *b, bool front, struct bytes x)
{
    uint32_t n = (uint32_t)list_block_size_of(x.n);
    ASSERT(list_block_has_room(b, front, n));
    if (front) {
        b->start -= n;
        list_block_write(b->data + b->start, x);
    } else {
        list_block_write(b->data + b->end, x);
        b->end += n;
    }
}

struct list_block *list_block_split(struct list_block *b, uint32_t offset)
{
    ASSERT(!b->packed_n && offset <= list_block_used(b));
    uint32_t tail = list_block_used(b) - offset;
    struct list_block *upper = list_block_new(tail, false);
    memcpy(upper->data, b->data + b->start + offset, tail);
    upper->end = tail;
    b->end = b->start + offset;
    return upper;
}

static bool bytes_are_sound(const unsigned char *p, uint32_t used, uint32_t count)
{
    uint32_t at = 0, size;
    for (; count && at < used; count--) {
        list_block_read(p + at, &size);
        if (size > used - at || list_block_size_before(p + at + size) != size)
            return false;
        at += size;
    }
    return count == 0 && at == used;
}

bool list_block_is_sound(const struct list_block *b, uint32_t count)
{
    uint32_t used = list_block_used(b);
    if (!b->packed_n)
        return b->start <= b->end && b->end <= b->cap &&
               bytes_are_sound(b->data + b->start, used, count);
    if (b->start || b->cap || b->packed_n >= used)
        return false;
    unsigned char *expanded = mem_alloc(used);
    list_block_expand_to(b, expanded);
    bool sound = bytes_are_sound(expanded, used, count);
    mem_free(expanded);
    return sound;
}
