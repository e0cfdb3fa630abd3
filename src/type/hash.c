/* A hash begins as a pack (type/hash_pack) and becomes a table of entries, permanently, when it
 * exceeds a limit: too many fields, or too long a name or value. Both forms begin with a byte that
 * identifies them, which is all that struct hash has; every function first checks it.
 *
 * In the table a field is an entry (type/hash_entry); those that have a TTL are also in a heap, by
 * deadline (type/hash_deadlines).
 *
 * TTLs: the time is always a parameter. Readers ignore expired fields; hash_purge() removes them:
 * in the large form those at the top of the heap. A pack is short enough to be walked. It keeps
 * `next due`, a lower bound of all deadlines: setting a TTL lowers it, removing one leaves it (too
 * early), and a purge that saw every field makes it exact. A purge that stops at its maximum leaves
 * it, so the next purge continues. */
#include "type/hash.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "type/hash_deadlines.h"
#include "type/hash_pack.h"

enum { LARGE = HASH_PACK_WITH_TTL + 1 }; /* after the forms of the pack */

/* The byte that all forms begin with. */
struct hash {
    uint8_t form;
};

struct large {
    uint8_t form;
    struct table table;
    struct hash_deadlines deadlines;
    size_t field_bytes; /* bytes allocated for the fields */
};

static const struct pack *pack_of(const struct hash *h)
{
    return (const struct pack *)h;
}

static const struct large *large_of(const struct hash *h)
{
    ASSERT(h->form == LARGE);
    return (const struct large *)h;
}

static struct large *large_to_change(struct hash *h)
{
    ASSERT(h->form == LARGE);
    return (struct large *)h;
}

struct hash *hash_new(void)
{
    return (struct hash *)pack_new(HASH_PACK_PLAIN);
}

void hash_free(struct hash *h)
{
    if (!h)
        return;
    if (h->form != LARGE) {
        pack_free((struct pack *)h);
        return;
    }
    struct large *l = large_to_change(h);
    struct table_walk w;
    table_walk_start(&w, &l->table);
    for (struct entry *e; (e = table_walk_next(&w));)
        hash_entry_free(e);
    table_clear(&l->table);
    hash_deadlines_free(&l->deadlines);
    mem_free(l);
}

static struct large *large_new(void)
{
    struct large *l = mem_zalloc(sizeof(*l));
    l->form = LARGE;
    table_init(&l->table, hash_key);
    return l;
}

size_t hash_count(const struct hash *h)
{
    return h->form == LARGE ? large_of(h)->table.used : hash_pack_count(pack_of(h));
}

static bool is_due(const struct hash_field *f, int64_t now_ms)
{
    return f->deadline_ms >= 0 && f->deadline_ms <= now_ms;
}

bool hash_find(const struct hash *h, struct bytes name, int64_t now_ms, struct hash_field *out)
{
    if (h->form == LARGE) {
        struct entry **slot = table_find(&large_of(h)->table, hash_key(name), name);
        if (!slot)
            return false;
        hash_entry_get(*slot, out);
    } else if (!hash_pack_find(pack_of(h), name, out)) {
        return false;
    }
    return !is_due(out, now_ms);
}

/* ---- The large form */

/* Updates the heap after the entry has changed; before: the heap index it had. */
static void note_deadline(struct large *l, uint32_t before, struct entry *e)
{
    if (e->has_ttl)
        hash_deadlines_put(&l->deadlines, before, e);
    else if (before)
        hash_deadlines_remove(&l->deadlines, before);
}

static bool large_set(struct large *l, struct bytes name, struct bytes value, int64_t deadline_ms)
{
    ASSERT(deadline_ms >= HASH_KEEP_TTL);
    uint64_t hash = hash_key(name);
    struct entry **slot = table_find(&l->table, hash, name);
    if (!slot) {
        struct entry *e = hash_entry_new(name, value, deadline_ms);
        note_deadline(l, 0, e);
        l->field_bytes += hash_entry_memory(e);
        table_insert(&l->table, hash, e);
        return true;
    }
    struct entry *e = *slot;
    uint32_t before = hash_entry_place(e);
    ASSERT(l->field_bytes >= hash_entry_memory(e));
    l->field_bytes -= hash_entry_memory(e);
    *slot = e =
        hash_entry_set(e, value, deadline_ms == HASH_KEEP_TTL ? entry_deadline_ms(e) : deadline_ms);
    note_deadline(l, before, e);
    l->field_bytes += hash_entry_memory(e);
    return false;
}

/* Frees an entry that is no longer in the table. */
static void large_drop(struct large *l, struct entry *e)
{
    ASSERT(l->field_bytes >= hash_entry_memory(e));
    l->field_bytes -= hash_entry_memory(e);
    if (e->has_ttl)
        hash_deadlines_remove(&l->deadlines, hash_entry_place(e));
    hash_entry_free(e);
}

static void enlarge(struct hash **h)
{
    if ((*h)->form == LARGE)
        return;
    struct large *l = large_new();
    struct hash_walk w;
    struct hash_field f;
    hash_walk_start(&w, *h, HASH_ALL);
    while (hash_walk_next(&w, &f))
        large_set(l, f.name, f.value, f.deadline_ms);
    ASSERT(l->table.used == hash_count(*h));
    hash_free(*h);
    *h = (struct hash *)l;
}

/* ---- Both forms */

bool hash_set(struct hash **h, struct bytes name, struct bytes value, int64_t deadline_ms,
              const struct hash_limits *limits)
{
    if ((*h)->form != LARGE && (name.n > limits->value || value.n > limits->value ||
                                !hash_pack_has_room(pack_of(*h), name, value)))
        enlarge(h);
    if ((*h)->form == LARGE)
        return large_set(large_to_change(*h), name, value, deadline_ms);
    struct pack *p = (struct pack *)*h;
    bool created = hash_pack_set(&p, name, value, deadline_ms);
    *h = (struct hash *)p;
    if (created && hash_count(*h) > limits->entries)
        enlarge(h);
    return created;
}

bool hash_set_deadline(struct hash **h, struct bytes name, int64_t deadline_ms)
{
    if ((*h)->form != LARGE) {
        struct pack *p = (struct pack *)*h;
        bool found = hash_pack_set_deadline(&p, name, deadline_ms);
        *h = (struct hash *)p;
        return found;
    }
    struct large *l = large_to_change(*h);
    struct entry **slot = table_find(&l->table, hash_key(name), name);
    if (!slot)
        return false;
    uint32_t before = hash_entry_place(*slot);
    l->field_bytes -= hash_entry_memory(*slot);
    *slot = hash_entry_set_deadline(*slot, deadline_ms);
    l->field_bytes += hash_entry_memory(*slot);
    note_deadline(l, before, *slot);
    return true;
}

bool hash_remove(struct hash **h, struct bytes name)
{
    if ((*h)->form != LARGE) {
        struct pack *p = (struct pack *)*h;
        bool found = hash_pack_remove(&p, name);
        *h = (struct hash *)p;
        return found;
    }
    struct large *l = large_to_change(*h);
    struct entry *e = table_remove(&l->table, hash_key(name), name);
    if (e)
        large_drop(l, e);
    return e != NULL;
}

/* ---- TTLs */

bool hash_has_ttl(const struct hash *h)
{
    struct hash_walk w;
    struct hash_field f;
    if (h->form == LARGE)
        return large_of(h)->deadlines.n > 0;
    if (h->form == HASH_PACK_PLAIN)
        return false;
    hash_walk_start(&w, h, HASH_ALL);
    while (hash_walk_next(&w, &f))
        if (f.deadline_ms >= 0)
            return true;
    return false;
}

int64_t hash_next_due_ms(const struct hash *h)
{
    return h->form == LARGE ? hash_deadlines_next_ms(&large_of(h)->deadlines)
                            : hash_pack_next_due_ms(pack_of(h));
}

size_t hash_live(const struct hash *h, int64_t now_ms)
{
    struct hash_walk w;
    struct hash_field f;
    size_t n = 0;
    if (hash_next_due_ms(h) > now_ms)
        return hash_count(h);
    if (h->form == LARGE)
        return hash_count(h) - hash_deadlines_due(&large_of(h)->deadlines, now_ms);
    hash_walk_start(&w, h, now_ms);
    while (hash_walk_next(&w, &f))
        n++;
    return n;
}

static size_t large_purge(struct large *l, int64_t now_ms, struct str **names, size_t max)
{
    size_t n = 0;
    for (; n < max && l->deadlines.n && hash_deadlines_next_ms(&l->deadlines) <= now_ms; n++) {
        struct bytes name = entry_key(l->deadlines.items[0]);
        names[n] = str_new(name);
        large_drop(l, table_remove(&l->table, hash_key(name), name));
    }
    return n;
}

size_t hash_purge(struct hash **h, int64_t now_ms, struct str **names, size_t max)
{
    struct hash_walk w;
    struct hash_field f;
    size_t n = 0;
    int64_t next_due_ms = INT64_MAX;
    if (hash_next_due_ms(*h) > now_ms)
        return 0;
    if ((*h)->form == LARGE)
        return large_purge(large_to_change(*h), now_ms, names, max);
    hash_walk_start(&w, *h, HASH_ALL);
    while (n < max && hash_walk_next(&w, &f)) {
        if (is_due(&f, now_ms))
            names[n++] = str_new(f.name);
        else if (f.deadline_ms >= 0 && f.deadline_ms < next_due_ms)
            next_due_ms = f.deadline_ms;
    }
    for (size_t i = 0; i < n; i++) {
        bool removed = hash_remove(h, str_bytes(names[i]));
        ASSERT(removed);
    }
    if (n == max)
        return n;
    /* All fields were seen: the bound is exact again. */
    if ((*h)->form == HASH_PACK_WITH_TTL)
        hash_pack_put_next_due((struct pack *)*h, next_due_ms);
    return n;
}

/* ---- Views */

static bool small_random(const struct hash *h, struct rng *rng, int64_t now_ms,
                         struct hash_field *out)
{
    struct hash_walk w;
    size_t live = 0;
    if (now_ms == HASH_ALL || h->form == HASH_PACK_PLAIN) {
        live = hash_count(h);
    } else {
        hash_walk_start(&w, h, now_ms);
        while (hash_walk_next(&w, out))
            live++;
    }
    if (live == 0)
        return false;
    hash_walk_start(&w, h, now_ms);
    for (uint64_t i = rng_below(rng, live) + 1; i; i--)
        hash_walk_next(&w, out);
    return true;
}

bool hash_random(const struct hash *h, struct rng *rng, int64_t now_ms, struct hash_field *out)
{
    if (h->form != LARGE)
        return small_random(h, rng, now_ms, out);
    for (int tries = 0; tries < 200; tries++) {
        struct entry *e = table_random(&large_of(h)->table, rng);
        if (!e)
            return false;
        hash_entry_get(e, out);
        if (!is_due(out, now_ms))
            return true;
    }
    /* Nearly all have expired: take the first that has not. */
    struct hash_walk w;
    hash_walk_start(&w, h, now_ms);
    return hash_walk_next(&w, out);
}

bool hash_is_large(const struct hash *h)
{
    return h->form == LARGE;
}

const char *hash_encoding(const struct hash *h)
{
    return h->form == LARGE                ? "hashtable"
           : h->form == HASH_PACK_WITH_TTL ? "listpackex"
                                           : "listpack";
}

struct hash *hash_copy(const struct hash *h)
{
    if (h->form != LARGE)
        return (struct hash *)pack_copy(pack_of(h));
    struct large *l = large_new();
    struct hash_walk w;
    struct hash_field f;
    hash_walk_start(&w, h, HASH_ALL);
    while (hash_walk_next(&w, &f))
        large_set(l, f.name, f.value, f.deadline_ms);
    return (struct hash *)l;
}

size_t hash_memory(const struct hash *h, size_t samples)
{
    (void)samples; /* the size is known exactly */
    if (h->form != LARGE)
        return pack_memory(pack_of(h));
    const struct large *l = large_of(h);
    return mem_block_size(l) + table_memory(&l->table) + hash_deadlines_memory(&l->deadlines) +
           l->field_bytes;
}

void hash_walk_start(struct hash_walk *w, const struct hash *h, int64_t now_ms)
{
    w->h = h;
    w->now_ms = now_ms;
    if (h->form == LARGE)
        table_walk_start(&w->table, &large_of(h)->table);
    else
        w->at = hash_pack_first(pack_of(h));
}

bool hash_walk_next(struct hash_walk *w, struct hash_field *out)
{
    do {
        if (w->h->form == LARGE) {
            struct entry *e = table_walk_next(&w->table);
            if (!e)
                return false;
            hash_entry_get(e, out);
        } else {
            const struct pack *p = pack_of(w->h);
            if (w->at >= p->used)
                return false;
            w->at = hash_pack_get(p, w->at, out);
        }
    } while (is_due(out, w->now_ms));
    return true;
}

struct scan {
    hash_visit *visit;
    void *context;
    int64_t now_ms;
};

static void scan_one(void *context, struct entry *e)
{
    struct scan *s = context;
    struct hash_field f;
    hash_entry_get(e, &f);
    if (!is_due(&f, s->now_ms))
        s->visit(s->context, &f);
}

uint64_t hash_scan(const struct hash *h, uint64_t cursor, int64_t now_ms, hash_visit *visit,
                   void *context)
{
    struct scan s = {visit, context, now_ms};
    struct hash_walk w;
    struct hash_field f;
    if (h->form == LARGE)
        return table_scan(&large_of(h)->table, cursor, scan_one, &s);
    hash_walk_start(&w, h, now_ms);
    while (hash_walk_next(&w, &f))
        visit(context, &f);
    return 0;
}

const struct table *hash_table(const struct hash *h)
{
    return h->form == LARGE ? &large_of(h)->table : NULL;
}

bool hash_is_sound(const struct hash *h)
{
    if (h->form != LARGE)
        return hash_pack_is_sound(pack_of(h));
    const struct large *l = large_of(h);
    struct table_walk w;
    size_t with_ttl = 0, field_bytes = 0;
    table_walk_start(&w, &l->table);
    for (struct entry *e; (e = table_walk_next(&w));) {
        uint32_t place = hash_entry_place(e);
        field_bytes += hash_entry_memory(e);
        with_ttl += place > 0;
        if (place > l->deadlines.n || (place && l->deadlines.items[place - 1] != e))
            return false;
    }
    return table_is_sound(&l->table) && hash_deadlines_is_sound(&l->deadlines) &&
           with_ttl == l->deadlines.n && field_bytes == l->field_bytes;
}

uint32_t hash_compared(const struct hash *h)
{
    return h->form == LARGE ? large_of(h)->deadlines.compared : 0;
}
