#include "type/hash.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "ds/pack.h"

enum form { PLAIN, WITH_TTL, LARGE };

/* All forms begin with the byte that names them. */
struct hash {
    uint8_t form;
};

struct large {
    uint8_t form;
    struct table table;
    size_t with_ttl; /* fields that have a deadline */
    int64_t due_ms;  /* none is due before */
    size_t inside;   /* bytes of the fields */
};

enum { INLINE, COUNTED }; /* kinds of the entries */

static struct pack *pack_of(const struct hash *h)
{
    return (struct pack *)(uintptr_t)h;
}

static struct large *large_of(const struct hash *h)
{
    return (struct large *)(uintptr_t)h;
}

#define DUE_SIZE 9u /* bytes of the element in front */

static uint32_t first_of(const struct pack *p)
{
    return p->form == WITH_TTL ? DUE_SIZE : 0;
}

static uint32_t stride_of(const struct pack *p)
{
    return p->form == WITH_TTL ? 3 : 2;
}

struct hash *hash_new(void)
{
    return (struct hash *)pack_new(PLAIN);
}

static void free_field(struct entry *e)
{
    if (e->kind == COUNTED)
        str_unref((struct str *)(uintptr_t)entry_word(e));
    entry_free(e);
}

void hash_free(struct hash *h)
{
    if (!h)
        return;
    if (h->form != LARGE) {
        pack_free(pack_of(h));
        return;
    }
    struct large *l = large_of(h);
    struct table_walk w;
    table_walk_start(&w, &l->table);
    for (struct entry *e; (e = table_walk_next(&w));)
        free_field(e);
    table_clear(&l->table);
    mem_free(l);
}

static struct large *large_new(void)
{
    struct large *l = mem_zalloc(sizeof(*l));
    l->form = LARGE;
    l->due_ms = INT64_MAX;
    table_init(&l->table, hash_key);
    return l;
}

size_t hash_count(const struct hash *h)
{
    if (h->form == LARGE)
        return large_of(h)->table.used;
    return (pack_of(h)->count - (h->form == WITH_TTL ? 1u : 0u)) / stride_of(pack_of(h));
}

static void large_get(const struct entry *e, struct hash_field *out)
{
    out->name = entry_key(e);
    out->value =
        e->kind == INLINE ? entry_inline(e) : str_bytes((struct str *)(uintptr_t)entry_word(e));
    out->deadline_ms = entry_deadline_ms(e);
}

/* The field at an offset; returns the offset behind it. */
static uint32_t hpack_field(const struct pack *p, uint32_t at, struct hash_field *out)
{
    at = pack_get(p, at, &out->name);
    at = pack_get(p, at, &out->value);
    out->deadline_ms = HASH_NO_TTL;
    if (p->form == WITH_TTL) {
        struct bytes deadline;
        at = pack_get(p, at, &deadline);
        if (deadline.n == 8)
            memcpy(&out->deadline_ms, deadline.p, 8);
    }
    return at;
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
        large_get(*slot, out);
    } else {
        const struct pack *p = pack_of(h);
        uint32_t at = pack_find(p, first_of(p), stride_of(p), name);
        if (at == PACK_NONE)
            return false;
        hpack_field(p, at, out);
    }
    return !is_due(out, now_ms);
}

/* ---- The large form */

static void note_deadline(struct large *l, int64_t before_ms, int64_t after_ms)
{
    l->with_ttl += (size_t)(after_ms >= 0) - (size_t)(before_ms >= 0);
    if (after_ms >= 0 && after_ms < l->due_ms)
        l->due_ms = after_ms;
    if (l->with_ttl == 0)
        l->due_ms = INT64_MAX;
}

static size_t field_size(const struct entry *e)
{
    size_t n = mem_class_size(entry_size(e));
    return e->kind == COUNTED ? n + mem_block_size((void *)(uintptr_t)entry_word(e)) : n;
}

static struct entry *field_new(struct bytes name, struct bytes value)
{
    if (value.n <= ENTRY_INLINE_MAX)
        return entry_new_inline(name, INLINE, value);
    return entry_new_word(name, COUNTED, (uintptr_t)str_new(value));
}

static bool large_set(struct large *l, struct bytes name, struct bytes value, int64_t deadline_ms)
{
    uint64_t hash = hash_key(name);
    struct entry **slot = table_find(&l->table, hash, name);
    if (!slot) {
        struct entry *e = field_new(name, value);
        if (deadline_ms >= 0)
            e = entry_set_deadline(e, deadline_ms);
        note_deadline(l, -1, deadline_ms);
        l->inside += field_size(e);
        table_insert(&l->table, hash, e);
        return true;
    }
    struct entry *e = *slot;
    int64_t before_ms = entry_deadline_ms(e);
    l->inside -= field_size(e);
    if (deadline_ms == HASH_KEEP_TTL)
        deadline_ms = before_ms;
    if (e->kind == INLINE && value.n <= ENTRY_INLINE_MAX) {
        e = entry_set_inline(e, INLINE, value);
    } else {
        struct entry *fresh = field_new(name, value);
        free_field(e);
        e = fresh;
    }
    if (deadline_ms != entry_deadline_ms(e))
        e = entry_set_deadline(e, deadline_ms);
    note_deadline(l, before_ms, deadline_ms);
    l->inside += field_size(e);
    *slot = e;
    return false;
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
    pack_free(pack_of(*h));
    *h = (struct hash *)l;
}

/* ---- The small form */

/* The bytes of a deadline in a pack; none is an empty element. */
static struct bytes deadline_bytes(const int64_t *deadline_ms)
{
    return bytes_of(deadline_ms, *deadline_ms >= 0 ? 8 : 0);
}

static int64_t hpack_due(const struct pack *p)
{
    int64_t due_ms = INT64_MAX;
    if (p->form == WITH_TTL)
        memcpy(&due_ms, p->data + 1, 8);
    return due_ms;
}

static void hpack_put_due(struct pack *p, int64_t due_ms)
{
    memcpy(p->data + 1, &due_ms, 8);
}

/* Room for deadlines. */
static struct pack *hpack_make_ttl_room(struct pack *p)
{
    int64_t never = INT64_MAX;
    struct bytes none = {"", 0}, head = bytes_of(&never, 8);
    p = pack_splice(p, 0, 0, 0, &head, 1);
    p->form = WITH_TTL;
    for (uint32_t at = DUE_SIZE; at < p->used;) {
        at = pack_skip(p, at, 2);
        p = pack_splice(p, at, at, 0, &none, 1);
        at++;
    }
    return p;
}

static bool hpack_set(struct hash **h, struct bytes name, struct bytes value, int64_t deadline_ms)
{
    struct pack *p = pack_of(*h);
    if (deadline_ms >= 0 && p->form != WITH_TTL)
        p = hpack_make_ttl_room(p);
    uint32_t at = pack_find(p, first_of(p), stride_of(p), name);
    bool created = at == PACK_NONE;
    if (created) {
        struct bytes add[] = {name, value, deadline_bytes(&deadline_ms)};
        p = pack_splice(p, p->used, p->used, 0, add, stride_of(p));
    } else {
        struct hash_field f;
        uint32_t end = hpack_field(p, at, &f);
        if (deadline_ms == HASH_KEEP_TTL)
            deadline_ms = f.deadline_ms;
        uint32_t place = at + pack_size_of(f.name.n);
        struct bytes add[] = {value, deadline_bytes(&deadline_ms)};
        p = pack_splice(p, place, end, stride_of(p) - 1, add, stride_of(p) - 1);
    }
    if (deadline_ms >= 0 && deadline_ms < hpack_due(p))
        hpack_put_due(p, deadline_ms);
    *h = (struct hash *)p;
    return created;
}

bool hash_set(struct hash **h, struct bytes name, struct bytes value, int64_t deadline_ms,
              const struct hash_limits *limits)
{
    if ((*h)->form != LARGE && (name.n > limits->value || value.n > limits->value ||
                                !pack_has_room(pack_of(*h), 3, name.n + value.n + 8)))
        enlarge(h);
    if ((*h)->form == LARGE)
        return large_set(large_of(*h), name, value, deadline_ms);
    bool created = hpack_set(h, name, value, deadline_ms);
    if (created && hash_count(*h) > limits->entries)
        enlarge(h);
    return created;
}

bool hash_set_deadline(struct hash **h, struct bytes name, int64_t deadline_ms)
{
    if ((*h)->form == LARGE) {
        struct large *l = large_of(*h);
        struct entry **slot = table_find(&l->table, hash_key(name), name);
        if (!slot)
            return false;
        int64_t before_ms = entry_deadline_ms(*slot);
        l->inside -= field_size(*slot);
        *slot = entry_set_deadline(*slot, deadline_ms);
        l->inside += field_size(*slot);
        note_deadline(l, before_ms, deadline_ms);
        return true;
    }
    struct pack *p = pack_of(*h);
    if (pack_find(p, first_of(p), stride_of(p), name) == PACK_NONE)
        return false;
    if (p->form != WITH_TTL) {
        if (deadline_ms < 0)
            return true;
        p = hpack_make_ttl_room(p);
    }
    uint32_t at = pack_skip(p, pack_find(p, first_of(p), stride_of(p), name), 2);
    struct bytes add = deadline_bytes(&deadline_ms);
    p = pack_splice(p, at, pack_skip(p, at, 1), 1, &add, 1);
    if (deadline_ms >= 0 && deadline_ms < hpack_due(p))
        hpack_put_due(p, deadline_ms);
    *h = (struct hash *)p;
    return true;
}

bool hash_remove(struct hash **h, struct bytes name)
{
    if ((*h)->form == LARGE) {
        struct large *l = large_of(*h);
        struct entry *e = table_remove(&l->table, hash_key(name), name);
        if (!e)
            return false;
        l->inside -= field_size(e);
        note_deadline(l, entry_deadline_ms(e), -1);
        free_field(e);
        return true;
    }
    struct pack *p = pack_of(*h);
    uint32_t stride = stride_of(p), at = pack_find(p, first_of(p), stride, name);
    if (at == PACK_NONE)
        return false;
    *h = (struct hash *)pack_splice(p, at, pack_skip(p, at, stride), stride, NULL, 0);
    return true;
}

/* ---- Deadlines */

bool hash_has_ttl(const struct hash *h)
{
    if (h->form == LARGE)
        return large_of(h)->with_ttl > 0;
    struct hash_walk w;
    struct hash_field f;
    if (h->form == PLAIN)
        return false;
    hash_walk_start(&w, h, HASH_ALL);
    while (hash_walk_next(&w, &f))
        if (f.deadline_ms >= 0)
            return true;
    return false;
}

int64_t hash_next_due_ms(const struct hash *h)
{
    return h->form == LARGE ? large_of(h)->due_ms : hpack_due(pack_of(h));
}

size_t hash_purge(struct hash **h, int64_t now_ms, struct str **names, size_t max)
{
    struct hash_walk w;
    struct hash_field f;
    size_t n = 0;
    int64_t due_ms = INT64_MAX;
    if (hash_next_due_ms(*h) > now_ms)
        return 0;
    hash_walk_start(&w, *h, HASH_ALL);
    while (n < max && hash_walk_next(&w, &f)) {
        if (is_due(&f, now_ms))
            names[n++] = str_new(f.name);
        else if (f.deadline_ms >= 0 && f.deadline_ms < due_ms)
            due_ms = f.deadline_ms;
    }
    for (size_t i = 0; i < n; i++)
        hash_remove(h, str_bytes(names[i]));
    if (n == max)
        return n;
    /* All were seen: the bound is exact again. */
    if ((*h)->form == LARGE)
        large_of(*h)->due_ms = due_ms;
    else if ((*h)->form == WITH_TTL)
        hpack_put_due(pack_of(*h), due_ms);
    return n;
}

/* ---- Views */

static bool hpack_random(const struct hash *h, struct rng *rng, int64_t now_ms,
                         struct hash_field *out)
{
    struct hash_walk w;
    size_t live = 0;
    if (now_ms == HASH_ALL || h->form == PLAIN) {
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
        return hpack_random(h, rng, now_ms, out);
    for (int tries = 0; tries < 200; tries++) {
        struct entry *e = table_random(&large_of(h)->table, rng);
        if (!e)
            return false;
        large_get(e, out);
        if (!is_due(out, now_ms))
            return true;
    }
    /* Nearly all are due: the first that is not. */
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
    return h->form == LARGE ? "hashtable" : h->form == WITH_TTL ? "listpackex" : "listpack";
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
    (void)samples; /* it is known exactly */
    if (h->form != LARGE)
        return pack_memory(pack_of(h));
    const struct large *l = large_of(h);
    return mem_block_size(l) + table_memory(&l->table) + l->inside;
}

void hash_walk_start(struct hash_walk *w, const struct hash *h, int64_t now_ms)
{
    w->h = h;
    w->now_ms = now_ms;
    if (h->form == LARGE)
        table_walk_start(&w->table, &large_of(h)->table);
    else
        w->at = first_of(pack_of(h));
}

bool hash_walk_next(struct hash_walk *w, struct hash_field *out)
{
    do {
        if (w->h->form == LARGE) {
            struct entry *e = table_walk_next(&w->table);
            if (!e)
                return false;
            large_get(e, out);
        } else {
            const struct pack *p = pack_of(w->h);
            if (w->at >= p->used)
                return false;
            w->at = hpack_field(p, w->at, out);
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
    large_get(e, &f);
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

const struct table *hash_table(const struct hash *x)
{
    return x->form == LARGE ? &((const struct large *)x)->table : NULL;
}
