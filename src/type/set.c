#include "type/set.h"

#include "base/hash.h"
#include "base/mem.h"
#include "ds/intset.h"
#include "ds/pack.h"

enum form { INTS, PACKED, LARGE };

/* All forms begin with the byte that names them. */
struct set {
    uint8_t form;
};

struct large {
    uint8_t form;
    struct table table;
    size_t inside; /* bytes of the members */
};

static struct intset *ints_of(const struct set *s)
{
    return (struct intset *)(uintptr_t)s;
}

static struct pack *pack_of(const struct set *s)
{
    return (struct pack *)(uintptr_t)s;
}

static struct large *large_of(const struct set *s)
{
    return (struct large *)(uintptr_t)s;
}

struct set *set_new(void)
{
    return (struct set *)intset_new(INTS);
}

void set_free(struct set *s)
{
    if (!s)
        return;
    if (s->form == LARGE) {
        struct large *l = large_of(s);
        struct table_walk w;
        table_walk_start(&w, &l->table);
        for (struct entry *e; (e = table_walk_next(&w));)
            entry_free(e);
        table_clear(&l->table);
        mem_free(l);
    } else if (s->form == PACKED) {
        pack_free(pack_of(s));
    } else {
        intset_free(ints_of(s));
    }
}

size_t set_count(const struct set *s)
{
    return s->form == LARGE    ? large_of(s)->table.used
           : s->form == PACKED ? pack_of(s)->count
                               : ints_of(s)->count;
}

static bool as_int(struct bytes x, long long *out)
{
    return x.n <= 20 && num_parse_int(x, out);
}

bool set_has(const struct set *s, struct bytes member)
{
    long long v;
    if (s->form == LARGE)
        return table_find(&large_of(s)->table, hash_key(member), member) != NULL;
    if (s->form == PACKED)
        return pack_find(pack_of(s), 0, 1, member) != PACK_NONE;
    return as_int(member, &v) && intset_has(ints_of(s), v);
}

static void large_put(struct large *l, uint64_t hash, struct bytes member)
{
    struct entry *e = entry_new_inline(member, 0, bytes_of("", 0));
    l->inside += mem_class_size(entry_size(e));
    table_insert(&l->table, hash, e);
}

/* Takes the members of an older form over into a larger one. */
static void convert(struct set **s, enum form form)
{
    struct set *old = *s;
    struct set_walk w;
    struct bytes x;
    set_walk_start(&w, old);
    if (form == PACKED) {
        struct pack *p = pack_new(PACKED);
        while (set_walk_next(&w, &x))
            p = pack_splice(p, p->used, p->used, 0, &x, 1);
        *s = (struct set *)p;
    } else {
        struct large *l = mem_zalloc(sizeof(*l));
        l->form = LARGE;
        table_init(&l->table, hash_key);
        while (set_walk_next(&w, &x))
            large_put(l, hash_key(x), x);
        *s = (struct set *)l;
    }
    set_free(old);
}

bool set_add(struct set **s, struct bytes member, const struct set_limits *limits)
{
    long long v;
    if ((*s)->form == INTS) {
        if (as_int(member, &v)) {
            struct intset *ints = ints_of(*s);
            if (!intset_add(&ints, v)) {
                *s = (struct set *)ints;
                return false;
            }
            *s = (struct set *)ints;
            if (ints->count > limits->ints)
                convert(s, ints->count <= limits->entries ? PACKED : LARGE);
            return true;
        }
        bool fits = member.n <= limits->value && set_count(*s) < limits->entries;
        /* The longest text of the integers that are in it. */
        for (uint32_t i = 0, n = ints_of(*s)->count; fits && limits->value < 20 && i < n; i++) {
            char text[NUM_INT_MAX];
            fits = num_print_int(text, intset_at(ints_of(*s), i)) <= limits->value;
        }
        convert(s, fits ? PACKED : LARGE);
    }
    if ((*s)->form == PACKED) {
        struct pack *p = pack_of(*s);
        if (pack_find(p, 0, 1, member) != PACK_NONE)
            return false;
        if (member.n <= limits->value && p->count < limits->entries &&
            pack_has_room(p, 1, member.n)) {
            *s = (struct set *)pack_splice(p, p->used, p->used, 0, &member, 1);
            return true;
        }
        convert(s, LARGE);
    }
    uint64_t hash = hash_key(member);
    if (table_find(&large_of(*s)->table, hash, member))
        return false;
    large_put(large_of(*s), hash, member);
    return true;
}

bool set_remove(struct set **s, struct bytes member)
{
    long long v;
    if ((*s)->form == LARGE) {
        struct entry *e = table_remove(&large_of(*s)->table, hash_key(member), member);
        if (!e)
            return false;
        large_of(*s)->inside -= mem_class_size(entry_size(e));
        entry_free(e);
        return true;
    }
    if ((*s)->form == PACKED) {
        struct pack *p = pack_of(*s);
        uint32_t at = pack_find(p, 0, 1, member);
        if (at == PACK_NONE)
            return false;
        *s = (struct set *)pack_splice(p, at, pack_skip(p, at, 1), 1, NULL, 0);
        return true;
    }
    struct intset *ints = ints_of(*s);
    bool removed = as_int(member, &v) && intset_remove(&ints, v);
    *s = (struct set *)ints;
    return removed;
}

struct bytes set_random(const struct set *s, struct rng *rng, char *scratch)
{
    struct bytes x;
    if (s->form == LARGE)
        return entry_key(table_random(&large_of(s)->table, rng));
    uint32_t i = (uint32_t)rng_below(rng, set_count(s));
    if (s->form == INTS)
        return bytes_of(scratch, num_print_int(scratch, intset_at(ints_of(s), i)));
    pack_get(pack_of(s), pack_skip(pack_of(s), 0, i), &x);
    return x;
}

struct set *set_copy(const struct set *s)
{
    if (s->form == INTS)
        return (struct set *)intset_copy(ints_of(s));
    if (s->form == PACKED)
        return (struct set *)pack_copy(pack_of(s));
    struct large *l = mem_zalloc(sizeof(*l));
    struct table_walk w;
    l->form = LARGE;
    table_init(&l->table, hash_key);
    table_walk_start(&w, &large_of(s)->table);
    for (struct entry *e; (e = table_walk_next(&w));)
        large_put(l, hash_key(entry_key(e)), entry_key(e));
    return (struct set *)l;
}

bool set_is_ints(const struct set *s)
{
    return s->form == INTS;
}

bool set_is_large(const struct set *s)
{
    return s->form == LARGE;
}

const char *set_encoding(const struct set *s)
{
    static const char *const names[] = {"intset", "listpack", "hashtable"};
    return names[s->form];
}

size_t set_memory(const struct set *s, size_t samples)
{
    (void)samples; /* it is known exactly */
    if (s->form == INTS)
        return intset_memory(ints_of(s));
    if (s->form == PACKED)
        return pack_memory(pack_of(s));
    const struct large *l = large_of(s);
    return mem_block_size(l) + table_memory(&l->table) + l->inside;
}

void set_walk_start(struct set_walk *w, const struct set *s)
{
    w->s = s;
    w->at = 0;
    if (s->form == LARGE)
        table_walk_start(&w->table, &large_of(s)->table);
}

bool set_walk_next(struct set_walk *w, struct bytes *member)
{
    if (w->s->form == LARGE) {
        struct entry *e = table_walk_next(&w->table);
        if (e)
            *member = entry_key(e);
        return e != NULL;
    }
    if (w->s->form == PACKED) {
        if (w->at >= pack_of(w->s)->used)
            return false;
        w->at = pack_get(pack_of(w->s), w->at, member);
        return true;
    }
    if (w->at >= ints_of(w->s)->count)
        return false;
    *member = bytes_of(w->scratch, num_print_int(w->scratch, intset_at(ints_of(w->s), w->at++)));
    return true;
}

struct scan {
    set_visit *visit;
    void *context;
};

static void scan_one(void *context, struct entry *e)
{
    struct scan *s = context;
    s->visit(s->context, entry_key(e));
}

uint64_t set_scan(const struct set *s, uint64_t cursor, set_visit *visit, void *context)
{
    struct scan scan = {visit, context};
    struct set_walk w;
    struct bytes x;
    if (s->form == LARGE)
        return table_scan(&large_of(s)->table, cursor, scan_one, &scan);
    set_walk_start(&w, s);
    while (set_walk_next(&w, &x))
        visit(context, x);
    return 0;
}

const struct table *set_table(const struct set *x)
{
    return x->form == LARGE ? &((const struct large *)x)->table : NULL;
}
