#include "type/stream/stream_cache.h"

#include "base/assert.h"
#include "base/mem.h"

#define PROBATION  16    /* buffers for data read for the first time */
#define SPARE      65536 /* a buffer too large by this much is not reused */
#define SHARE      64    /* one buffer may take this part of the limit */
#define LOOK       8     /* buffers examined for one to evict */
#define IDLE_TICKS 10

struct buffer {
    uint32_t *owner; /* NULL: free */
    unsigned char *data;
    size_t cap;
    uint32_t pins;
    bool referenced; /* was read since the hand last passed */
    uint64_t used;   /* probation: a count of uses; protected: the tick */
};

struct stream_cache {
    struct buffer *buffers; /* the first PROBATION ones are on probation, the others protected */
    uint32_t n, cap;
    uint32_t *free; /* numbers of protected ones without data; room for cap */
    uint32_t free_n;
    uint32_t owned;     /* buffers with an owner */
    uint32_t hand;      /* clock hand, among the protected ones */
    size_t limit, held; /* bytes of the protected ones */
    uint64_t uses, ticks;
};

struct stream_cache *stream_cache_new(void)
{
    struct stream_cache *c = mem_zalloc(sizeof(*c));
    c->n = c->cap = PROBATION;
    c->buffers = mem_zalloc(c->cap * sizeof(*c->buffers));
    c->free = mem_alloc(c->cap * sizeof(*c->free));
    return c;
}

void stream_cache_free(struct stream_cache *c)
{
    if (!c)
        return;
    ASSERT(c->owned == 0);
    for (uint32_t i = 0; i < c->n; i++)
        mem_free(c->buffers[i].data);
    mem_free(c->buffers);
    mem_free(c->free);
    mem_free(c);
}

void stream_cache_limit(struct stream_cache *c, size_t bytes)
{
    c->limit = bytes;
}

size_t stream_cache_bytes(const struct stream_cache *c)
{
    return c->held;
}

size_t stream_cache_count(const struct stream_cache *c)
{
    return c->owned;
}

static void disown(struct stream_cache *c, struct buffer *x)
{
    *x->owner = 0;
    x->owner = NULL;
    c->owned--;
}

/* Frees a protected buffer and its data. */
static void evict(struct stream_cache *c, uint32_t i)
{
    struct buffer *x = &c->buffers[i];
    if (x->owner)
        disown(c, x);
    c->held -= x->cap;
    mem_free(x->data);
    *x = (struct buffer){0};
    c->free[c->free_n++] = i;
}

static bool is_evictable(const struct buffer *x)
{
    return x->data && x->pins == 0;
}

void stream_cache_tick(struct stream_cache *c)
{
    c->ticks++;
    for (uint32_t i = PROBATION; i < c->n; i++)
        if (is_evictable(&c->buffers[i]) &&
            (c->held > c->limit || c->ticks - c->buffers[i].used > IDLE_TICKS))
            evict(c, i);
}

void stream_cache_drop(struct stream_cache *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        struct buffer *x = &c->buffers[i];
        if (i >= PROBATION && is_evictable(x))
            evict(c, i);
        else if (x->owner && x->pins == 0)
            disown(c, x);
    }
}

/* Makes room for n more bytes by advancing the hand, which spares buffers read since it last
 * passed. False: it spared too many. */
static bool make_room(struct stream_cache *c, size_t n)
{
    for (int i = 0; c->held + n > c->limit && i < LOOK; i++) {
        if (++c->hand >= c->n || c->hand < PROBATION)
            c->hand = PROBATION;
        struct buffer *x = &c->buffers[c->hand];
        if (is_evictable(x) && !x->referenced)
            evict(c, c->hand);
        x->referenced = false;
    }
    return c->held + n <= c->limit;
}

static void set_data(struct buffer *x, size_t cap)
{
    mem_free(x->data);
    x->cap = cap;
    x->data = mem_alloc(cap);
}

/* A protected buffer; 0: there is no room. */
static uint32_t take_protected(struct stream_cache *c, size_t n)
{
    size_t cap = mem_class_size(n);
    if (cap > c->limit / SHARE || !make_room(c, cap))
        return 0;
    if (c->free_n == 0) {
        if (c->n == c->cap) {
            c->cap *= 2;
            c->buffers = mem_realloc(c->buffers, c->cap * sizeof(*c->buffers));
            c->free = mem_realloc(c->free, c->cap * sizeof(*c->free));
        }
        c->buffers[c->n] = (struct buffer){0};
        c->free[c->free_n++] = c->n++;
    }
    uint32_t i = c->free[--c->free_n];
    set_data(&c->buffers[i], cap);
    c->buffers[i].used = c->ticks;
    c->held += cap;
    return i;
}

/* The least recently read probation buffer. */
static uint32_t take_probation(struct stream_cache *c, size_t n)
{
    uint32_t oldest = PROBATION;
    for (uint32_t i = 0; i < PROBATION; i++)
        if (c->buffers[i].pins == 0 &&
            (oldest == PROBATION || c->buffers[i].used < c->buffers[oldest].used))
            oldest = i;
    ASSERT(oldest < PROBATION);
    struct buffer *x = &c->buffers[oldest];
    if (x->owner)
        disown(c, x);
    if (x->cap < n || x->cap > n + SPARE)
        set_data(x, mem_class_size(n));
    x->used = ++c->uses;
    return oldest;
}

unsigned char *stream_cache_take(struct stream_cache *c, uint32_t *handle, size_t n, bool again)
{
    ASSERT(*handle == 0 && n > 0);
    uint32_t i = again ? take_protected(c, n) : 0;
    if (i == 0)
        i = take_probation(c, n);
    c->buffers[i].owner = handle;
    c->buffers[i].pins = 1;
    c->owned++;
    *handle = i + 1;
    return c->buffers[i].data;
}

const unsigned char *stream_cache_pin(struct stream_cache *c, uint32_t handle)
{
    struct buffer *x = &c->buffers[handle - 1];
    ASSERT(x->owner);
    x->pins++;
    x->referenced = true;
    x->used = handle > PROBATION ? c->ticks : ++c->uses;
    return x->data;
}

void stream_cache_unpin(struct stream_cache *c, uint32_t handle)
{
    ASSERT(c->buffers[handle - 1].pins > 0);
    c->buffers[handle - 1].pins--;
}

void stream_cache_forget(struct stream_cache *c, uint32_t *handle)
{
    if (*handle == 0)
        return;
    uint32_t i = *handle - 1;
    ASSERT(c->buffers[i].owner == handle && c->buffers[i].pins == 0);
    if (i >= PROBATION) {
        evict(c, i);
        return;
    }
    disown(c, &c->buffers[i]);
    c->buffers[i].used = 0;
}

bool stream_cache_is_sound(const struct stream_cache *c)
{
    uint32_t owned = 0;
    size_t held = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct buffer *x = &c->buffers[i];
        owned += x->owner != NULL;
        if ((x->owner && (*x->owner != i + 1 || !x->data)) || (!x->owner && x->pins))
            return false;
        held += i >= PROBATION ? x->cap : 0;
    }
    return owned == c->owned && held == c->held;
}
