#include "type/stream/stream_cache.h"

#include "base/assert.h"
#include "base/mem.h"

#define ONCE       16    /* buffers for what is read for the first time */
#define SPARE      65536 /* a buffer that is so much too large is not used again */
#define SHARE      64    /* of the limit, which one buffer may take */
#define LOOK       8     /* buffers that are looked at for one to give up */
#define IDLE_TICKS 10

struct buffer {
    uint32_t *owner; /* NULL: free */
    unsigned char *data;
    size_t cap;
    uint32_t pins;
    bool fresh;    /* was read from since the hand came by */
    uint64_t used; /* the first ONCE: a count of uses; the others: the tick */
};

/* The first ONCE are for what is read for the first time. */
static struct buffer *buffers;
static uint32_t buffer_n, buffer_cap;
static uint32_t *spare; /* numbers of free ones from ONCE on */
static uint32_t spare_n, owned_n, hand;
static size_t limit, held; /* bytes, from ONCE on */
static uint64_t uses, ticks;

void stream_cache_limit(size_t bytes)
{
    limit = bytes;
}

size_t stream_cache_bytes(void)
{
    return held;
}

size_t stream_cache_count(void)
{
    return owned_n;
}

static void disown(struct buffer *x)
{
    *x->owner = 0;
    x->owner = NULL;
    owned_n--;
}

/* Gives up a buffer from ONCE on. */
static void give_up(uint32_t i)
{
    struct buffer *x = &buffers[i];
    if (x->owner)
        disown(x);
    held -= x->cap;
    mem_free(x->data);
    *x = (struct buffer){0};
    spare[spare_n++] = i;
}

static bool may_go(const struct buffer *x)
{
    return x->data && x->pins == 0;
}

void stream_cache_tick(void)
{
    ticks++;
    for (uint32_t i = ONCE; i < buffer_n; i++)
        if (may_go(&buffers[i]) && (held > limit || ticks - buffers[i].used > IDLE_TICKS))
            give_up(i);
}

void stream_cache_drop(void)
{
    for (uint32_t i = 0; i < buffer_n; i++) {
        struct buffer *x = &buffers[i];
        if (i >= ONCE && may_go(x))
            give_up(i);
        else if (x->owner && x->pins == 0)
            disown(x);
    }
}

/* Makes room for n more bytes: the hand goes round, and what was read from since it last came by
 * stays. False: too many were. */
static bool make_room(size_t n)
{
    for (int i = 0; held + n > limit && i < LOOK; i++) {
        if (++hand >= buffer_n || hand < ONCE)
            hand = ONCE;
        struct buffer *x = &buffers[hand];
        if (may_go(x) && !x->fresh)
            give_up(hand);
        x->fresh = false;
    }
    return held + n <= limit;
}

static void set_data(struct buffer *x, size_t cap)
{
    mem_free(x->data);
    x->cap = cap;
    x->data = mem_alloc(cap);
}

/* One for what is read again, or 0. */
static uint32_t take_again(size_t n)
{
    size_t cap = mem_class_size(n);
    if (cap > limit / SHARE || !make_room(cap))
        return 0;
    if (spare_n == 0) {
        if (buffer_n == buffer_cap) {
            buffer_cap *= 2;
            buffers = mem_realloc(buffers, buffer_cap * sizeof(*buffers));
            spare = mem_realloc(spare, buffer_cap * sizeof(*spare));
        }
        buffers[buffer_n] = (struct buffer){0};
        spare[spare_n++] = buffer_n++;
    }
    uint32_t i = spare[--spare_n];
    set_data(&buffers[i], cap);
    buffers[i].used = ticks;
    held += cap;
    return i;
}

/* The one of the first that was not read from for longest. */
static uint32_t take_once(size_t n)
{
    uint32_t oldest = ONCE;
    for (uint32_t i = 0; i < ONCE; i++)
        if (buffers[i].pins == 0 && (oldest == ONCE || buffers[i].used < buffers[oldest].used))
            oldest = i;
    ASSERT(oldest < ONCE);
    struct buffer *x = &buffers[oldest];
    if (x->owner)
        disown(x);
    if (x->cap < n || x->cap > n + SPARE)
        set_data(x, mem_class_size(n));
    x->used = ++uses;
    return oldest;
}

unsigned char *stream_cache_take(uint32_t *handle, size_t n, bool again)
{
    ASSERT(*handle == 0);
    if (!buffers) {
        buffer_n = buffer_cap = ONCE;
        buffers = mem_zalloc(buffer_cap * sizeof(*buffers));
        spare = mem_alloc(buffer_cap * sizeof(*spare));
    }
    uint32_t i = again ? take_again(n) : 0;
    if (i == 0)
        i = take_once(n);
    buffers[i].owner = handle;
    buffers[i].pins = 1;
    owned_n++;
    *handle = i + 1;
    return buffers[i].data;
}

const unsigned char *stream_cache_pin(uint32_t handle)
{
    struct buffer *x = &buffers[handle - 1];
    x->pins++;
    x->fresh = true;
    x->used = handle > ONCE ? ticks : ++uses;
    return x->data;
}

void stream_cache_unpin(uint32_t handle)
{
    ASSERT(buffers[handle - 1].pins > 0);
    buffers[handle - 1].pins--;
}

void stream_cache_forget(uint32_t *handle)
{
    if (*handle == 0)
        return;
    uint32_t i = *handle - 1;
    ASSERT(buffers[i].pins == 0);
    if (i >= ONCE) {
        give_up(i);
        return;
    }
    disown(&buffers[i]);
    buffers[i].used = 0;
}
