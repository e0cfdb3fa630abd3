/* A set has three forms, and changes only from an earlier one to a later:
 *
 *   INTS    sorted integers (ds/intset) while every member is the text of one
 *   PACKED  a pack of members (ds/pack) while they are few and short
 *   LARGE   a table of entries without values
 *
 * Exceeding the limit of INTS makes the set PACKED if it fits there, as in Redis 7.2; a member that
 * is not an integer makes it PACKED or LARGE. All forms begin with a byte that identifies them,
 * which is all that struct set has; every function first checks it. Members are unordered except in
 * INTS; where Redis shows an order (small sets) ours is the same, by appending as it does.
 *
 * Nothing fails. set_add() and set_remove() may move the set even if they change nothing. */
#include "type/set.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ds/intset.h"
#include "ds/pack.h"

enum form { INTS, PACKED, LARGE };

/* The byte that all forms begin with. */
struct set {
    uint8_t form;
};

struct large {
    uint8_t form;
    struct table table;
    size_t member_bytes; /* bytes allocated for the members */
};

static const struct intset *ints_of(const struct set *s)
{
    return (const struct intset *)s;
}

static const struct pack *pack_of(const struct set *s)
{
    return (const struct pack *)s;
}

static const struct large *large_of(const struct set *s)
{
    ASSERT(s->form == LARGE);
    return (const struct large *)s;
}

static struct large *large_to_change(struct set *s)
{
    ASSERT(s->form == LARGE);
    return (struct large *)s;
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
        struct large *l = large_to_change(s);
        struct table_walk w;
        table_walk_start(&w, &l->table);
        for (struct entry *e; (e = table_walk_next(&w));)
            entry_free(e);
        table_clear(&l->table);
        mem_free(l);
    } else if (s->form == PACKED) {
        pack_free((struct pack *)s);
    } else {
        intset_free((struct intset *)s);
    }
}

size_t set_count(const struct set *s)
{
    return s->form == LARGE    ? large_of(s)->table.used
           : s->form == PACKED ? pack_of(s)->count
                               : ints_of(s)->count;
}

/* Only canonical texts count as integers: "01" and "+1" do not. */
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

static struct large *large_new(void)
{
    struct large *l = mem_zalloc(sizeof(*l));
    l->form = LARGE;
    table_init(&l->table, hash_key);
    return l;
}

static void large_put(struct large *l, uint64_t hash, struct bytes member)
{
    struct entry *e = entry_new_inline(member, 0, bytes_of("", 0));
    l->member_bytes += mem_class_size(entry_size(e));
    table_insert(&l->table, hash, e);
}

/* Moves the members to a later form. */
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
        struct large *l = large_new();
        while (set_walk_next(&w, &x))
            large_put(l, hash_key(x), x);
        *s = (struct set *)l;
    }
    ASSERT((*s)->form > old->form && set_count(*s) == set_count(old));
    set_free(old);
}

/* Whether the integers fit into a pack together with a member that is not an integer. */
static bool ints_fit_pack(const struct intset *ints, struct bytes member,
                          const struct set_limits *limits)
{
    bool fits = member.n <= limits->value && ints->count < limits->entries;
    for (uint32_t i = 0; fits && limits->value < 20 && i < ints->count; i++) {
        char text[NUM_INT_MAX];
        fits = num_print_int(text, intset_at(ints, i)) <= limits->value;
    }
    return fits;
}

static bool add_int(struct set **s, long long v, const struct set_limits *limits)
{
    struct intset *ints = (struct intset *)*s;
    bool added = intset_add(&ints, v);
    *s = (struct set *)ints;
    if (added && ints->count > limits->ints)
        convert(s, ints->count <= limits->entries ? PACKED : LARGE);
    return added;
}

bool set_add(struct set **s, struct bytes member, const struct set_limits *limits)
{
    long long v;
    if ((*s)->form == INTS) {
        if (as_int(member, &v))
            return add_int(s, v, limits);
        convert(s, ints_fit_pack(ints_of(*s), member, limits) ? PACKED : LARGE);
    }
    if ((*s)->form == PACKED) {
        struct pack *p = (struct pack *)*s;
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
    large_put(large_to_change(*s), hash, member);
    return true;
}

bool set_remove(struct set **s, struct bytes member)
{
    long long v;
    if ((*s)->form == LARGE) {
        struct large *l = large_to_change(*s);
        struct entry *e = table_remove(&l->table, hash_key(member), member);
        if (!e)
            return false;
        ASSERT(l->member_bytes >= mem_class_size(entry_size(e)));
        l->member_bytes -= mem_class_size(entry_size(e));
        entry_free(e);
        return true;
    }
    if ((*s)->form == PACKED) {
        struct pack *p = (struct pack *)*s;
        uint32_t at = pack_find(p, 0, 1, member);
        if (at == PACK_NONE)
            return false;
        *s = (struct set *)pack_splice(p, at, pack_skip(p, at, 1), 1, NULL, 0);
        return true;
    }
    struct intset *ints = (struct intset *)*s;
    bool removed = as_int(member, &v) && intset_remove(&ints, v);
    *s = (struct set *)ints;
    return removed;
}

/* INTS: draws an index; LARGE: draws bucket and slot until one is occupied. */
struct bytes set_random(const struct set *s, struct rng *rng, char *scratch)
{
    struct bytes x;
    ASSERT(set_count(s) > 0);
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
    struct large *l = large_new();
    struct table_walk w;
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
    (void)samples; /* the size is known exactly */
    if (s->form == INTS)
        return intset_memory(ints_of(s));
    if (s->form == PACKED)
        return pack_memory(pack_of(s));
    const struct large *l = large_of(s);
    return mem_block_size(l) + table_memory(&l->table) + l->member_bytes;
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

const struct table *set_table(const struct set *s)
{
    return s->form == LARGE ? &large_of(s)->table : NULL;
}

static bool pack_members_are_sound(const struct pack *p)
{
    struct bytes x;
    for (uint32_t at = 0, next; at < p->used; at = next) {
        next = pack_get(p, at, &x);
        if (pack_find(p, 0, 1, x) != at)
            return false;
    }
    return true;
}

bool set_is_sound(const struct set *s)
{
    if (s->form == INTS)
        return intset_is_sound(ints_of(s));
    if (s->form == PACKED)
        return pack_is_sound(pack_of(s)) && pack_members_are_sound(pack_of(s));
    const struct large *l = large_of(s);
    struct table_walk w;
    size_t member_bytes = 0;
    table_walk_start(&w, &l->table);
    for (const struct entry *e; (e = table_walk_next(&w));)
        member_bytes += mem_class_size(entry_size(e));
    return member_bytes == l->member_bytes && table_is_sound(&l->table);
}
