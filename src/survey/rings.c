/* Each ring has slots of a fixed duration, numbered from the start of the steady clock; a slot's
 * index is its number modulo the ring's length. Values are written to the first ring; when a slot
 * there completes a group (5 slots make one of the next ring), the group is combined and written to
 * the next ring, and so on. So only the rings are stored: an incomplete slot of a coarse ring is
 * combined from the finer ring when it is read.
 *
 *   rings_put()  the same slot as before: the value is combined with the stored one
 *                the next one, or a few later: slots in between get the same value
 *                later than that: slots in between are gaps, whole groups at once
 *
 * Nothing can fail. When the clock goes back, values go into the slot written last. */
#include "survey/rings.h"

#include "base/assert.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

#define CODE_SCALE 1024 /* codes per octave */

static const struct ring {
    unsigned n, at;  /* slots; index of the first in a number's codes */
    int64_t step_ms; /* duration of a slot */
    unsigned group;  /* slots of the previous ring that make one of these */
} rings[RINGS_SPANS] = {
    {150, 0, 2000, 0},
    {360, 150, 10000, 5},
    {288, 510, 300000, 30},
    {168, 798, 3600000, 12},
};

uint16_t rings_code(double v)
{
    double code;
    if (isnan(v))
        return RINGS_GAP;
    code = v > 0 ? round(CODE_SCALE * log2(1 + v)) : 0;
    return code >= RINGS_GAP ? RINGS_GAP - 1 : (uint16_t)code;
}

double rings_value(uint16_t code)
{
    return code == RINGS_GAP ? NAN : exp2((double)code / CODE_SCALE) - 1;
}

void rings_init(struct rings *h, unsigned n, const enum rings_kept *how)
{
    *h = (struct rings){.n = n, .how = how, .slot = -1};
    h->codes = mem_alloc(n * RINGS_VALUES * sizeof(*h->codes));
    memset(h->codes, 0xff, n * RINGS_VALUES * sizeof(*h->codes));
}

void rings_free(struct rings *h)
{
    mem_free(h->codes);
    h->codes = NULL;
}

size_t rings_memory(unsigned n)
{
    return n * RINGS_VALUES * sizeof(uint16_t);
}

static uint16_t *place(const struct rings *h, unsigned number, unsigned ring, int64_t slot)
{
    const struct ring *r = &rings[ring];
    return h->codes + (size_t)number * RINGS_VALUES + r->at + (size_t)(slot % r->n);
}

/* How many slots of the first ring make one of these. */
static int64_t slots_of_first(unsigned ring)
{
    return rings[ring].step_ms / rings[0].step_ms;
}

/* Combines several codes, by the kind of the number. */
struct sum {
    enum rings_kept how;
    double total, largest;
    uint16_t last;
    unsigned n;
};

static void add(struct sum *s, uint16_t code)
{
    if (code == RINGS_GAP)
        return;
    double v = rings_value(code);
    s->total += v;
    s->largest = s->n && s->largest > v ? s->largest : v;
    s->last = code;
    s->n++;
}

static uint16_t whole(const struct sum *s)
{
    if (!s->n)
        return RINGS_GAP;
    return s->how == RINGS_LAST ? s->last
                                : rings_code(s->how == RINGS_MEAN ? s->total / s->n : s->largest);
}

/* The code of a slot, complete or not; a gap if it lies in the future. */
static uint16_t code_at(const struct rings *h, unsigned number, unsigned ring, int64_t slot)
{
    int64_t current = h->slot / slots_of_first(ring);
    if (slot < 0 || slot > current || slot <= current - rings[ring].n)
        return RINGS_GAP;
    if (slot < current || ring == 0)
        return *place(h, number, ring, slot);
    struct sum s = {.how = h->how[number]};
    for (unsigned i = 0; i < rings[ring].group; i++)
        add(&s, code_at(h, number, ring - 1, slot * rings[ring].group + i));
    return whole(&s);
}

/* Called when a slot is complete: if it ends a group, writes that to the next ring. */
static void complete(struct rings *h, unsigned ring, int64_t slot)
{
    if (ring + 1 == RINGS_SPANS || (slot + 1) % rings[ring + 1].group)
        return;
    unsigned group = rings[ring + 1].group;
    int64_t coarse = slot / group;
    for (unsigned k = 0; k < h->n; k++) {
        struct sum s = {.how = h->how[k]};
        uint16_t first = *place(h, k, ring, coarse * group);
        bool are_same = true;
        for (unsigned i = 1; i < group && are_same; i++)
            are_same = *place(h, k, ring, coarse * group + i) == first;
        for (unsigned i = 0; i < group && !are_same; i++)
            add(&s, *place(h, k, ring, coarse * group + i));
        *place(h, k, ring + 1, coarse) = are_same ? first : whole(&s);
    }
    complete(h, ring + 1, coarse);
}

static void put_gap(struct rings *h, unsigned ring, int64_t slot)
{
    for (unsigned k = 0; k < h->n; k++)
        *place(h, k, ring, slot) = RINGS_GAP;
}

/* Makes slots from `from` to below `to` complete gaps. */
static void skip(struct rings *h, unsigned ring, int64_t from, int64_t to)
{
    while (from < to) {
        int64_t group = ring + 1 < RINGS_SPANS ? rings[ring + 1].group : 1;
        int64_t groups = (to - from) / group;
        if (ring + 1 < RINGS_SPANS && (from % group || groups == 0)) {
            put_gap(h, ring, from);
            complete(h, ring, from++);
            continue;
        }
        int64_t end = from + groups * group;
        for (int64_t s = end - from > rings[ring].n ? end - rings[ring].n : from; s < end; s++)
            put_gap(h, ring, s);
        if (ring + 1 < RINGS_SPANS)
            skip(h, ring + 1, from / group, end / group);
        from = end;
    }
}

static void put_together(struct rings *h, const double *values)
{
    for (unsigned k = 0; k < h->n; k++) {
        uint16_t *at = place(h, k, 0, h->slot);
        struct sum s = {.how = h->how[k]};
        add(&s, *at);
        add(&s, rings_code(values[k]));
        *at = whole(&s);
    }
}

void rings_put(struct rings *h, int64_t steady_ms, const double *values)
{
    int64_t slot = steady_ms / rings[0].step_ms;
    ASSERT(steady_ms >= 0);
    if (slot <= h->slot) {
        put_together(h, values);
        return;
    }
    if (h->slot >= 0) {
        int64_t next = h->slot + 1;
        complete(h, 0, h->slot);
        h->slot = slot - next > RINGS_FILL_MS / rings[0].step_ms ? slot : next;
        skip(h, 0, next, h->slot);
    } else {
        h->slot = slot;
    }
    for (;; complete(h, 0, h->slot), h->slot++) {
        for (unsigned k = 0; k < h->n; k++)
            *place(h, k, 0, h->slot) = rings_code(values[k]);
        if (h->slot == slot)
            return;
    }
}

int64_t rings_step_ms(enum rings_span span)
{
    return rings[span].step_ms;
}

unsigned rings_length(enum rings_span span)
{
    return rings[span].n;
}

int64_t rings_read(const struct rings *h, unsigned number, enum rings_span span, int64_t steady_ms,
                   uint16_t *out)
{
    const struct ring *r = &rings[span];
    int64_t now = steady_ms / rings[0].step_ms;
    /* While values keep coming the history ends at the newest one: the current slot, which has no
     * value yet, would show as a gap. */
    if (h->slot >= 0 && now - h->slot <= RINGS_FILL_MS / rings[0].step_ms)
        now = h->slot;
    int64_t last = now / slots_of_first(span), first = last - r->n + 1;
    for (unsigned i = 0; i < r->n; i++)
        out[i] = h->slot < 0 ? RINGS_GAP : code_at(h, number, span, first + i);
    return first * r->step_ms;
}

bool rings_find_span(const char *p, size_t n, enum rings_span *out)
{
    static const char *const names[] = {"minutes", "hour", "day", "week"};
    for (unsigned i = 0; i < RINGS_SPANS; i++) {
        if (strlen(names[i]) != n || strncasecmp(names[i], p, n) != 0)
            continue;
        *out = i;
        return true;
    }
    return false;
}
