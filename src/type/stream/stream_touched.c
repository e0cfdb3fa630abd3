/* Nodes are in pages and are referred to by numbers, which take half the space of pointers and stay
 * valid when a page is copied. Numbers are dense: when a node is removed, the last one gets its
 * number, so pages are freed as entries are. The first page starts small and doubles.
 *
 * Released and leased nodes share one list: released ones, then leased ones by time. A new lease is
 * nearly always the youngest and goes to the end. Others come many at a time, to neighbouring
 * places: the clock was set back, so all new deliveries go before earlier ones; or a command gives
 * many entries the same time. So their place is searched from that of the last such lease (`near`)
 * as well as from the end. Deferred nodes are in a heap instead, with `prev` as the index. Held
 * nodes have a list of their own.
 *
 * A round of looking passes over the leased ones once, in order; `looked` is its position. A node
 * looked at has the number of the round, so that starting a new one needs no walk. Inserting before
 * `looked` moves it back; nodes after it that already have the round's number are skipped.
 * `barred` is such a position too. */
#include "type/stream/stream_touched.h"

#include "base/mem.h"

#include <string.h>

#define NONE STREAM_TOUCHED_NONE
#define SOON 8 /* steps from the end: that lease is no reason to look there for the next */

void stream_touched_init(struct stream_touched *t)
{
    *t = (struct stream_touched){.first = NONE,
                                 .last = NONE,
                                 .released = NONE,
                                 .first_held = NONE,
                                 .last_held = NONE,
                                 .round = 1,
                                 .looked = NONE,
                                 .near = NONE,
                                 .barred_released = NONE,
                                 .barred = NONE};
}

void stream_touched_free(struct stream_touched *t)
{
    for (uint32_t i = 0; i < t->page_n; i++)
        mem_free(t->pages[i]);
    mem_free(t->pages);
    mem_free(t->heap);
    stream_touched_init(t);
}

/* ---- Pages */

static void need_room(struct stream_touched *t)
{
    if (t->n < t->room)
        return;
    ASSERT(t->n < NONE - STREAM_TOUCHED_PAGE);
    if (t->room && t->room < STREAM_TOUCHED_PAGE) { /* one page, below full size */
        t->room *= 2;
        t->pages[0] = mem_realloc(t->pages[0], t->room * sizeof(**t->pages));
        return;
    }
    if (t->page_n == t->page_cap) {
        t->page_cap = t->page_cap ? t->page_cap * 2 : 1;
        t->pages = mem_realloc(t->pages, t->page_cap * sizeof(*t->pages));
    }
    uint32_t more = t->room ? STREAM_TOUCHED_PAGE : 4;
    t->pages[t->page_n++] = mem_alloc(more * sizeof(**t->pages));
    t->room += more;
}

/* Keeps one spare page, so that a number near a page's border does not cost an allocation each
 * time. */
static void give_room(struct stream_touched *t)
{
    if (t->n == 0) {
        uint32_t round = t->round;
        stream_touched_free(t);
        t->round = round;
    } else if (t->page_n > 1 && t->n + 2 * STREAM_TOUCHED_PAGE <= t->room) {
        mem_free(t->pages[--t->page_n]);
        t->room -= STREAM_TOUCHED_PAGE;
    }
}

/* ---- The heap */

static bool is_due_before(const struct stream_touched *t, uint32_t a, uint32_t b)
{
    const struct stream_touched_node *x = stream_touched_at(t, a), *y = stream_touched_at(t, b);
    return x->time_ms != y->time_ms ? x->time_ms < y->time_ms : stream_id_compare(x->id, y->id) < 0;
}

static void put_in_heap(struct stream_touched *t, uint32_t place, uint32_t i)
{
    t->heap[place] = i;
    stream_touched_at(t, i)->prev = place;
}

static void rise(struct stream_touched *t, uint32_t place, uint32_t i)
{
    for (uint32_t above; place; place = above) {
        above = (place - 1) / 2;
        if (!is_due_before(t, i, t->heap[above]))
            break;
        put_in_heap(t, place, t->heap[above]);
    }
    put_in_heap(t, place, i);
}

static void sink(struct stream_touched *t, uint32_t place, uint32_t i)
{
    for (uint32_t below; (below = 2 * place + 1) < t->deferred_count; place = below) {
        if (below + 1 < t->deferred_count && is_due_before(t, t->heap[below + 1], t->heap[below]))
            below++;
        if (!is_due_before(t, t->heap[below], i))
            break;
        put_in_heap(t, place, t->heap[below]);
    }
    put_in_heap(t, place, i);
}

static void heap_add(struct stream_touched *t, uint32_t i)
{
    if (t->deferred_count == t->heap_cap) {
        t->heap_cap = t->heap_cap ? t->heap_cap + (t->heap_cap + 1) / 2 : 4;
        t->heap = mem_realloc(t->heap, t->heap_cap * sizeof(*t->heap));
    }
    rise(t, t->deferred_count++, i);
}

static void heap_take(struct stream_touched *t, uint32_t i)
{
    uint32_t place = stream_touched_at(t, i)->prev, last = t->heap[--t->deferred_count];
    ASSERT(place <= t->deferred_count && (last == i || place < t->deferred_count));
    if (last == i)
        return;
    if (place && is_due_before(t, last, t->heap[(place - 1) / 2]))
        rise(t, place, last);
    else
        sink(t, place, last);
}

/* ---- The list */

/* The ends of the list for the node's state. */
static uint32_t *first_of(struct stream_touched *t, const struct stream_touched_node *x)
{
    return x->state == STREAM_HELD ? &t->first_held : &t->first;
}

static uint32_t *last_of(struct stream_touched *t, const struct stream_touched_node *x)
{
    return x->state == STREAM_HELD ? &t->last_held : &t->last;
}

/* Links the node from its neighbours. */
static void set_neighbours(struct stream_touched *t, const struct stream_touched_node *x,
                           uint32_t next, uint32_t prev)
{
    *(x->prev == NONE ? first_of(t, x) : &stream_touched_at(t, x->prev)->next) = next;
    *(x->next == NONE ? last_of(t, x) : &stream_touched_at(t, x->next)->prev) = prev;
}

static void insert_behind(struct stream_touched *t, uint32_t before, uint32_t i)
{
    struct stream_touched_node *x = stream_touched_at(t, i);
    x->prev = before;
    x->next = before == NONE ? *first_of(t, x) : stream_touched_at(t, before)->next;
    set_neighbours(t, x, i, i);
}

uint32_t stream_touched_first_leased(const struct stream_touched *t)
{
    return t->released == NONE ? t->first : stream_touched_at(t, t->released)->next;
}

/* One step further on the way to the place for a lease of that time; true: *at is the node that
 * it belongs behind, which is the last one of the same time or earlier. */
static bool step_back(const struct stream_touched *t, uint32_t *at, int64_t time_ms)
{
    *at = stream_touched_at(t, *at)->prev;
    return *at == t->released || stream_touched_at(t, *at)->time_ms <= time_ms;
}

static bool step_on(const struct stream_touched *t, uint32_t *at, int64_t time_ms)
{
    uint32_t next = *at == NONE ? t->first : stream_touched_at(t, *at)->next;
    bool found = stream_touched_at(t, next)->time_ms > time_ms;
    *at = found ? *at : next;
    return found;
}

/* The node behind which i belongs, a lease that is not the youngest. From the end and from where
 * the last such lease went, a step each in turn: what is close to either is found soon. */
__attribute__((noinline)) static uint32_t find_place(struct stream_touched *t, uint32_t i)
{
    int64_t time_ms = stream_touched_at(t, i)->time_ms;
    uint32_t end = t->last, near = t->near == NONE ? t->released : t->near, steps = 0;
    bool back = near != t->released && stream_touched_at(t, near)->time_ms > time_ms;
    for (;; steps++, t->passed++) {
        if (step_back(t, &end, time_ms)) {
            t->near = steps > SOON ? i : t->near;
            return end;
        }
        if (back ? step_back(t, &near, time_ms) : step_on(t, &near, time_ms)) {
            t->near = i;
            return near;
        }
    }
}

static void link_leased(struct stream_touched *t, uint32_t i)
{
    int64_t time_ms = stream_touched_at(t, i)->time_ms;
    uint32_t before = t->last;
    if (before != t->released && stream_touched_at(t, before)->time_ms > time_ms)
        before = find_place(t, i);
    insert_behind(t, before, i);
    /* Inserted before the position of the round. */
    if (t->looked != NONE && time_ms < stream_touched_at(t, t->looked)->time_ms)
        t->looked = before == t->released ? NONE : before;
    if (t->barred != NONE && time_ms < stream_touched_at(t, t->barred)->time_ms)
        t->barred = before == t->released ? NONE : before;
}

static void link_unowned(struct stream_touched *t, uint32_t i)
{
    switch (stream_touched_at(t, i)->state) {
    case STREAM_DEFERRED:
        heap_add(t, i);
        break;
    case STREAM_RELEASED:
        insert_behind(t, t->released, i);
        t->released = i;
        t->released_count++;
        break;
    default:
        insert_behind(t, t->last_held, i);
        t->held_count++;
    }
}

static void link_node(struct stream_touched *t, uint32_t i)
{
    if (stream_touched_at(t, i)->state == STREAM_LEASED)
        link_leased(t, i);
    else
        link_unowned(t, i);
}

static void unlink_unowned(struct stream_touched *t, uint32_t i)
{
    struct stream_touched_node *x = stream_touched_at(t, i);
    if (x->state == STREAM_DEFERRED) {
        heap_take(t, i);
        return;
    }
    uint32_t *count = x->state == STREAM_HELD ? &t->held_count : &t->released_count;
    ASSERT(*count > 0);
    --*count;
    if (t->released == i)
        t->released = x->prev;
    if (t->barred_released == i)
        t->barred_released = x->prev;
    set_neighbours(t, x, x->next, x->prev);
}

static void unlink_node(struct stream_touched *t, uint32_t i)
{
    struct stream_touched_node *x = stream_touched_at(t, i);
    if (x->state != STREAM_LEASED) {
        unlink_unowned(t, i);
        return;
    }
    if (t->looked == i || t->near == i || t->barred == i) {
        uint32_t before = x->prev == t->released ? NONE : x->prev;
        t->looked = t->looked == i ? before : t->looked;
        t->near = t->near == i ? before : t->near;
        t->barred = t->barred == i ? before : t->barred;
    }
    set_neighbours(t, x, x->next, x->prev);
}

/* ---- Nodes */

uint32_t stream_touched_add(struct stream_touched *t, struct stream_id id,
                            enum stream_touched_state state, int64_t time_ms)
{
    need_room(t);
    uint32_t i = t->n++;
    *stream_touched_at(t, i) =
        (struct stream_touched_node){.id = id, .time_ms = time_ms, .state = state};
    link_node(t, i);
    return i;
}

bool stream_touched_move(struct stream_touched *t, uint32_t i, enum stream_touched_state state,
                         int64_t time_ms)
{
    struct stream_touched_node *x = stream_touched_at(t, i);
    bool was_looked = x->look == t->round;
    unlink_node(t, i);
    x->look = 0;
    x->state = state;
    x->time_ms = time_ms;
    link_node(t, i);
    return was_looked;
}

/* Gives the node `from` the unused number `to`. */
static void renumber(struct stream_touched *t, uint32_t from, uint32_t to)
{
    struct stream_touched_node *x = stream_touched_at(t, to);
    *x = *stream_touched_at(t, from);
    if (x->state == STREAM_DEFERRED) {
        t->heap[x->prev] = to;
        return;
    }
    set_neighbours(t, x, to, to);
    if (t->released == from)
        t->released = to;
    if (t->looked == from)
        t->looked = to;
    if (t->near == from)
        t->near = to;
    if (t->barred_released == from)
        t->barred_released = to;
    if (t->barred == from)
        t->barred = to;
}

bool stream_touched_remove(struct stream_touched *t, uint32_t i, bool *was_looked)
{
    uint32_t last = t->n - 1;
    *was_looked = stream_touched_at(t, i)->look == t->round;
    unlink_node(t, i);
    if (i != last)
        renumber(t, last, i);
    t->n--;
    give_room(t);
    return i != last;
}

/* ---- Moments */

size_t stream_touched_release_due(struct stream_touched *t, int64_t now_ms, size_t most)
{
    size_t n = 0;
    for (uint32_t i; n < most && (i = stream_touched_next_due(t)) != NONE; n++) {
        int64_t due_ms = stream_touched_at(t, i)->time_ms;
        if (due_ms > now_ms)
            break;
        stream_touched_move(t, i, STREAM_RELEASED, due_ms);
    }
    return n;
}

void stream_touched_release_held(struct stream_touched *t)
{
    for (uint32_t i; (i = t->first_held) != NONE;)
        stream_touched_move(t, i, STREAM_RELEASED, stream_touched_at(t, i)->time_ms);
}

void stream_touched_release_all(struct stream_touched *t)
{
    stream_touched_release_held(t);
    stream_touched_release_due(t, INT64_MAX, SIZE_MAX);
    for (uint32_t i = t->first; i != stream_touched_first_leased(t);
         i = stream_touched_at(t, i)->next)
        stream_touched_at(t, i)->time_ms = 0;
}

/* ---- Looking */

uint32_t stream_touched_next_look(struct stream_touched *t)
{
    for (;;) {
        uint32_t next = t->looked == NONE ? stream_touched_first_leased(t)
                                          : stream_touched_at(t, t->looked)->next;
        if (next == NONE || stream_touched_at(t, next)->look != t->round)
            return next;
        t->looked = next;
    }
}

void stream_touched_look(struct stream_touched *t, uint32_t i)
{
    ASSERT(stream_touched_at(t, i)->state == STREAM_LEASED);
    stream_touched_at(t, i)->look = t->round;
    t->looked = i;
}

void stream_touched_look_anew(struct stream_touched *t)
{
    t->looked = NONE;
    if (++t->round)
        return;
    for (uint32_t i = 0; i < t->n; i++) /* the round numbers have wrapped */
        stream_touched_at(t, i)->look = 0;
    t->round = 1;
}

/* ---- As a whole */

void stream_touched_copy(struct stream_touched *to, const struct stream_touched *from)
{
    *to = *from;
    to->barred_released = to->barred = NONE;
    if (from->n == 0) {
        stream_touched_init(to);
        return;
    }
    to->page_cap = from->page_n;
    to->pages = mem_alloc(to->page_cap * sizeof(*to->pages));
    for (uint32_t i = 0; i < to->page_n; i++) {
        uint32_t nodes = to->room < STREAM_TOUCHED_PAGE ? to->room : STREAM_TOUCHED_PAGE;
        to->pages[i] = mem_alloc(nodes * sizeof(**to->pages));
        memcpy(to->pages[i], from->pages[i], nodes * sizeof(**to->pages));
    }
    to->heap_cap = from->deferred_count;
    to->heap = to->heap_cap ? mem_alloc(to->heap_cap * sizeof(*to->heap)) : NULL;
    if (to->heap_cap)
        memcpy(to->heap, from->heap, to->heap_cap * sizeof(*to->heap));
}

size_t stream_touched_memory(const struct stream_touched *t)
{
    size_t n = mem_block_size(t->pages) + mem_block_size(t->heap);
    for (uint32_t i = 0; i < t->page_n; i++)
        n += mem_block_size(t->pages[i]);
    return n;
}

/* Released ones first, then leased ones by ascending times. */
static bool list_is_sound(const struct stream_touched *t, uint32_t *n)
{
    uint32_t before = NONE, released = 0, last_released = NONE;
    bool looked_passed = t->looked == NONE, barred_passed = t->barred == NONE,
         barred_released_passed = t->barred_released == NONE;
    *n = 0;
    for (uint32_t i = t->first; i != NONE; i = stream_touched_at(t, i)->next, ++*n) {
        const struct stream_touched_node *x = stream_touched_at(t, i);
        bool is_released = x->state == STREAM_RELEASED;
        if (*n > t->n || x->prev != before || x->state == STREAM_DEFERRED ||
            x->state == STREAM_HELD || (is_released && released != *n) || (is_released && x->look))
            return false;
        if (!is_released && before != NONE && !(released == *n) &&
            stream_touched_at(t, before)->time_ms > x->time_ms)
            return false;
        /* All nodes up to `looked` were looked at. */
        if (!is_released && !looked_passed && x->look != t->round)
            return false;
        looked_passed = looked_passed || i == t->looked;
        barred_passed = barred_passed || (i == t->barred && !is_released);
        barred_released_passed = barred_released_passed || (i == t->barred_released && is_released);
        released += is_released;
        last_released = is_released ? i : last_released;
        before = i;
    }
    bool near_is_leased = t->near == NONE ||
                          (t->near < t->n && stream_touched_at(t, t->near)->state == STREAM_LEASED);
    return before == t->last && released == t->released_count && last_released == t->released &&
           looked_passed && near_is_leased && barred_passed && barred_released_passed;
}

static bool held_are_sound(const struct stream_touched *t)
{
    uint32_t n = 0, before = NONE;
    for (uint32_t i = t->first_held; i != NONE;
         before = i, i = stream_touched_at(t, i)->next, n++) {
        const struct stream_touched_node *x = stream_touched_at(t, i);
        if (n > t->n || x->state != STREAM_HELD || x->prev != before || x->look)
            return false;
    }
    return before == t->last_held && n == t->held_count;
}

bool stream_touched_is_sound(const struct stream_touched *t, uint64_t *looked)
{
    uint32_t listed;
    *looked = 0;
    if (!list_is_sound(t, &listed) || !held_are_sound(t) ||
        listed + t->deferred_count + t->held_count != t->n || t->n > t->room)
        return false;
    for (uint32_t i = 0; i < t->deferred_count; i++) {
        const struct stream_touched_node *x = stream_touched_at(t, t->heap[i]);
        if (x->state != STREAM_DEFERRED || x->prev != i ||
            (i && is_due_before(t, t->heap[i], t->heap[(i - 1) / 2])))
            return false;
    }
    for (uint32_t i = 0; i < t->n; i++)
        *looked += stream_touched_at(t, i)->look == t->round;
    return true;
}
