/* Each binding is in the list of all, in a hash table of definitions, which rules out duplicates,
 * and in one set: the bindings of the same kind and, for DIRECT and TOPIC, of the same field and
 * value. Each routing field has a hash table of the sets of its values and a topic trie of the sets
 * of its patterns; the other kinds have one set each. So a message is matched with whole sets.
 *
 * Destinations are stored once, with a count of their bindings. `told` is the number of the last
 * match that reported one, so that each match reports it once. */
#include "type/stream/stream_bindings.h"

#include "base/hash.h"
#include "base/mem.h"
#include "ds/topic.h"

struct dest {
    struct dict_node *node; /* in stream_bindings.dests: its name */
    size_t bindings;
    uint64_t told; /* the match that last reported it */
};

struct field {
    struct dict_node *node; /* in stream_bindings.fields: its name */
    struct dict values;     /* of DIRECT: value to a set */
    struct topic topics;    /* of TOPIC: pattern to a set */
};

struct stream_binding {
    struct dlist_node all;
    struct stream_binding *next, *before; /* in its set, which is a ring */
    struct field *field;                  /* NULL: the kind has none */
    struct dest *dest;
    uint32_t hash; /* of the whole definition */
    uint8_t kind;
    bool any;
    uint16_t args_n;
    char args[]; /* the lengths of all, then their bytes */
};

/* ---- One binding */

static bool is_by_field(enum stream_binding_kind kind)
{
    return kind == STREAM_BINDING_DIRECT || kind == STREAM_BINDING_TOPIC;
}

static uint32_t hash_of(const struct stream_binding_rule *rule)
{
    uint64_t h = (uint64_t)rule->kind * 2 + rule->any;
    h = (h ^ hash_key(rule->dest)) * 0x9e3779b97f4a7c15u;
    if (is_by_field(rule->kind))
        h = (h ^ hash_key(rule->field)) * 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < rule->args_n; i++)
        h = ((h ^ h >> 32) ^ hash_key(rule->args[i])) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(h >> 32);
}

static struct stream_binding *binding_new(const struct stream_binding_rule *rule)
{
    size_t n = 0;
    for (size_t i = 0; i < rule->args_n; i++)
        n += sizeof(uint32_t) + rule->args[i].n;
    struct stream_binding *x = mem_zalloc(sizeof(*x) + n);
    char *lengths = x->args, *text = lengths + rule->args_n * sizeof(uint32_t);
    ASSERT(rule->args_n <= 2 * STREAM_BINDINGS_PAIRS_MOST);
    x->hash = hash_of(rule);
    x->kind = (uint8_t)rule->kind;
    x->any = rule->any;
    x->args_n = (uint16_t)rule->args_n;
    for (size_t i = 0; i < rule->args_n; i++) {
        uint32_t length = (uint32_t)rule->args[i].n;
        ASSERT(length == rule->args[i].n);
        memcpy(lengths + i * sizeof(length), &length, sizeof(length));
        if (length)
            memcpy(text, rule->args[i].p, length);
        text += length;
    }
    return x;
}

struct stream_binding_rule stream_bindings_rule(const struct stream_binding *x,
                                                struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST])
{
    const char *text = x->args + x->args_n * sizeof(uint32_t);
    for (size_t i = 0; i < x->args_n; i++) {
        uint32_t length;
        memcpy(&length, x->args + i * sizeof(length), sizeof(length));
        args[i] = bytes_of(text, length);
        text += length;
    }
    return (struct stream_binding_rule){.kind = (enum stream_binding_kind)x->kind,
                                        .any = x->any,
                                        .field =
                                            x->field ? dict_key(x->field->node) : bytes_of("", 0),
                                        .args = args,
                                        .args_n = x->args_n,
                                        .dest = dict_key(x->dest->node)};
}

static bool is_said_by(const struct stream_binding *x, const struct stream_binding_rule *rule)
{
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    struct stream_binding_rule own = stream_bindings_rule(x, args);
    bool same = own.kind == rule->kind && own.any == rule->any && own.args_n == rule->args_n &&
                bytes_equal(own.dest, rule->dest) &&
                (!x->field || bytes_equal(own.field, rule->field));
    for (size_t i = 0; same && i < own.args_n; i++)
        same = bytes_equal(args[i], rule->args[i]);
    return same;
}

/* ---- The table of all: open addressing, at most three quarters full */

static size_t next_slot(const struct stream_bindings *b, size_t i)
{
    return (i + 1) & (b->cap - 1);
}

/* The slot of the binding with this definition, or an empty one. */
static size_t find_slot(const struct stream_bindings *b, const struct stream_binding_rule *rule,
                        uint32_t hash)
{
    size_t i = hash & (b->cap - 1);
    while (b->slots[i] && (b->slots[i]->hash != hash || !is_said_by(b->slots[i], rule)))
        i = next_slot(b, i);
    return i;
}

static struct stream_binding *find(const struct stream_bindings *b,
                                   const struct stream_binding_rule *rule)
{
    return b->cap ? b->slots[find_slot(b, rule, hash_of(rule))] : NULL;
}

static void put(struct stream_bindings *b, struct stream_binding *x)
{
    size_t i = x->hash & (b->cap - 1);
    while (b->slots[i])
        i = next_slot(b, i);
    b->slots[i] = x;
}

static void make_room(struct stream_bindings *b)
{
    struct stream_binding **old = b->slots;
    size_t cap = b->cap;
    if ((b->count + 1) * 4 <= cap * 3)
        return;
    b->cap = cap ? cap * 2 : 4;
    b->slots = mem_zalloc(b->cap * sizeof(struct stream_binding *));
    for (size_t i = 0; i < cap; i++)
        if (old[i])
            put(b, old[i]);
    mem_free(old);
}

/* Moves up following bindings that would not be found any more. */
static void take_from_table(struct stream_bindings *b, const struct stream_binding *x)
{
    size_t gap = x->hash & (b->cap - 1), mask = b->cap - 1;
    while (b->slots[gap] != x)
        gap = next_slot(b, gap);
    for (size_t i = next_slot(b, gap); b->slots[i]; i = next_slot(b, i)) {
        size_t home = b->slots[i]->hash & mask;
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        b->slots[gap] = b->slots[i];
        gap = i;
    }
    b->slots[gap] = NULL;
}

/* ---- Sets */

static struct field *find_field(const struct stream_bindings *b, struct bytes name)
{
    return dict_get(&b->fields, name);
}

static struct field *need_field(struct stream_bindings *b, struct bytes name)
{
    struct dict_node *node = dict_ensure(&b->fields, name);
    if (!node->value) {
        struct field *fresh = mem_zalloc(sizeof(*fresh));
        fresh->node = node;
        node->value = fresh;
    }
    return node->value;
}

/* Frees a field without bindings. */
static void tidy_field(struct stream_bindings *b, struct field *f)
{
    if (f->values.used || f->topics.patterns)
        return;
    struct bytes name = dict_key(f->node);
    dict_remove(&b->fields, name);
    mem_free(f);
}

/* The first binding of the rule's set, or NULL. */
static struct stream_binding *first_of(const struct stream_bindings *b,
                                       const struct stream_binding_rule *rule)
{
    if (!is_by_field(rule->kind))
        return b->sets[rule->kind];
    const struct field *f = find_field(b, rule->field);
    if (!f)
        return NULL;
    return rule->kind == STREAM_BINDING_DIRECT ? dict_get(&f->values, rule->args[0])
                                               : topic_get(&f->topics, rule->args[0]);
}

static const struct stream_binding *next_in_set(const struct stream_binding *x,
                                                const struct stream_binding *first)
{
    return x->next != first ? x->next : NULL;
}

static void set_first(struct stream_bindings *b, const struct stream_binding_rule *rule,
                      struct stream_binding *first)
{
    struct field *f = is_by_field(rule->kind) ? need_field(b, rule->field) : NULL;
    if (!f)
        b->sets[rule->kind] = first;
    else if (rule->kind == STREAM_BINDING_DIRECT && first)
        dict_ensure(&f->values, rule->args[0])->value = first;
    else if (rule->kind == STREAM_BINDING_DIRECT)
        dict_remove(&f->values, rule->args[0]);
    else if (first)
        *topic_ensure(&f->topics, rule->args[0]) = first;
    else
        topic_remove(&f->topics, rule->args[0]);
    if (f && !first)
        tidy_field(b, f);
}

/* ---- Adding and removing */

struct stream_bindings *stream_bindings_new(void)
{
    struct stream_bindings *b = mem_zalloc(sizeof(*b));
    dlist_init(&b->all);
    return b;
}

static struct stream_binding *item(const struct dlist_node *n)
{
    return dlist_item(n, struct stream_binding, all);
}

void stream_bindings_free(struct stream_bindings *b)
{
    struct dict_walk w = {0};
    if (!b)
        return;
    for (struct dict_node *n; (n = dict_next(&b->fields, &w));) {
        struct field *f = n->value;
        dict_clear(&f->values);
        topic_free(&f->topics);
        mem_free(f);
    }
    dict_clear(&b->fields);
    w = (struct dict_walk){0};
    for (struct dict_node *n; (n = dict_next(&b->dests, &w));)
        mem_free(n->value);
    dict_clear(&b->dests);
    for (struct dlist_node *n = b->all.next, *next; n != &b->all; n = next) {
        next = n->next;
        mem_free(item(n));
    }
    mem_free(b->slots);
    mem_free(b);
}

static struct dest *need_dest(struct stream_bindings *b, struct bytes name)
{
    struct dict_node *node = dict_ensure(&b->dests, name);
    if (!node->value) {
        struct dest *fresh = mem_zalloc(sizeof(*fresh));
        fresh->node = node;
        node->value = fresh;
    }
    return node->value;
}

/* Appends to its set. */
static void join_set(struct stream_bindings *b, const struct stream_binding_rule *rule,
                     struct stream_binding *x)
{
    struct stream_binding *first = first_of(b, rule);
    x->next = x->before = x;
    if (first) {
        x->next = first;
        x->before = first->before;
        x->next->before = x->before->next = x;
    } else {
        set_first(b, rule, x);
    }
    if (is_by_field(rule->kind))
        x->field = find_field(b, rule->field);
}

bool stream_bindings_add(struct stream_bindings *b, const struct stream_binding_rule *rule)
{
    ASSERT(is_by_field(rule->kind) ? rule->args_n == 1
                                   : rule->args_n == 0 || rule->kind == STREAM_BINDING_HEADERS);
    if (find(b, rule))
        return false;
    struct stream_binding *x = binding_new(rule);
    x->dest = need_dest(b, rule->dest);
    x->dest->bindings++;
    join_set(b, rule, x);
    make_room(b);
    put(b, x);
    dlist_append(&b->all, &x->all);
    b->count++;
    return true;
}

static void take_out(struct stream_bindings *b, struct stream_binding *x)
{
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    struct stream_binding_rule rule = stream_bindings_rule(x, args);
    struct stream_binding *next = x->next != x ? x->next : NULL;
    take_from_table(b, x);
    x->next->before = x->before;
    x->before->next = x->next;
    if (first_of(b, &rule) == x)
        set_first(b, &rule, next); /* the field's name may be freed */
    ASSERT(x->dest->bindings > 0 && b->count > 0);
    if (--x->dest->bindings == 0)
        mem_free(dict_remove(&b->dests, dict_key(x->dest->node)));
    dlist_remove(&x->all);
    b->count--;
    mem_free(x);
}

bool stream_bindings_remove(struct stream_bindings *b, const struct stream_binding_rule *rule)
{
    struct stream_binding *x = find(b, rule);
    if (x)
        take_out(b, x);
    return x;
}

size_t stream_bindings_remove_to(struct stream_bindings *b, struct bytes dest)
{
    const struct dest *d = dict_get(&b->dests, dest);
    size_t n = d ? d->bindings : 0, left = n;
    for (struct dlist_node *at = b->all.next, *next; left; at = next) {
        next = at->next;
        if (item(at)->dest != d)
            continue;
        take_out(b, item(at));
        left--;
    }
    return n;
}

struct stream_bindings *stream_bindings_copy(const struct stream_bindings *b)
{
    struct stream_bindings *copy = stream_bindings_new();
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    for (const struct stream_binding *x = NULL; (x = stream_bindings_next(b, x));) {
        struct stream_binding_rule rule = stream_bindings_rule(x, args);
        bool fresh = stream_bindings_add(copy, &rule);
        ASSERT(fresh);
    }
    return copy;
}

/* ---- Matching */

struct match {
    struct stream_bindings *bindings;
    stream_bindings_take *take;
    void *context;
    bool any;
};

static void tell(struct match *m, const struct stream_binding *x)
{
    struct dest *d = x->dest;
    m->any = true;
    if (d->told == m->bindings->matches)
        return;
    d->told = m->bindings->matches;
    m->take(m->context, dict_key(d->node));
}

/* Reports the destinations of a set; first NULL: it is empty. */
static void tell_set(void *match, void *first)
{
    for (const struct stream_binding *x = first; x; x = next_in_set(x, first))
        tell(match, x);
}

static void tell_by_field(struct match *m, const struct field *f, const struct bytes *pairs,
                          size_t fields)
{
    struct bytes name = dict_key(f->node);
    size_t i = 0;
    while (i < fields && !bytes_equal(pairs[2 * i], name))
        i++;
    if (i == fields)
        return;
    if (f->values.used)
        tell_set(m, dict_get(&f->values, pairs[2 * i + 1]));
    if (pairs[2 * i + 1].n <= STREAM_BINDINGS_TOPIC_BYTES)
        topic_match(&f->topics, pairs[2 * i + 1], tell_set, m);
}

static bool has_pair(const struct bytes *pairs, size_t fields, const struct bytes *pair)
{
    for (size_t i = 0; i < fields; i++)
        if (bytes_equal(pairs[2 * i], pair[0]) && bytes_equal(pairs[2 * i + 1], pair[1]))
            return true;
    return false;
}

static bool has_headers(const struct stream_binding *x, const struct bytes *pairs, size_t fields)
{
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    stream_bindings_rule(x, args);
    for (size_t i = 0; i < x->args_n; i += 2)
        if (has_pair(pairs, fields, args + i) == x->any)
            return x->any;
    return !x->any;
}

void stream_bindings_match(struct stream_bindings *b, const struct bytes *pairs, size_t fields,
                           stream_bindings_take *take, void *context)
{
    struct match m = {.bindings = b, .take = take, .context = context};
    struct dict_walk w = {0};
    b->matches++;
    tell_set(&m, b->sets[STREAM_BINDING_ALL]);
    for (const struct dict_node *n; (n = dict_next(&b->fields, &w));)
        tell_by_field(&m, n->value, pairs, fields);
    const struct stream_binding *headers = b->sets[STREAM_BINDING_HEADERS];
    for (const struct stream_binding *x = headers; x; x = next_in_set(x, headers))
        if (has_headers(x, pairs, fields))
            tell(&m, x);
    if (!m.any)
        tell_set(&m, b->sets[STREAM_BINDING_ALTERNATE]);
}

/* ---- Looking */

const struct stream_binding *stream_bindings_next(const struct stream_bindings *b,
                                                  const struct stream_binding *x)
{
    const struct dlist_node *n = x ? x->all.next : b->all.next;
    return n != &b->all ? item(n) : NULL;
}

size_t stream_bindings_free_effort(const struct stream_bindings *b)
{
    return 3 * b->count;
}

size_t stream_bindings_memory(const struct stream_bindings *b)
{
    size_t n = mem_block_size(b) + (b->cap ? mem_block_size(b->slots) : 0) +
               dict_memory(&b->dests) + dict_memory(&b->fields);
    struct dict_walk w = {0};
    for (const struct dict_node *f; (f = dict_next(&b->fields, &w));) {
        const struct field *x = f->value;
        n += mem_block_size(x) + dict_memory(&x->values) + topic_memory(&x->topics);
    }
    for (const struct stream_binding *x = NULL; (x = stream_bindings_next(b, x));)
        n += mem_block_size(x);
    return n + b->dests.used * mem_class_size(sizeof(struct dest));
}

static bool is_in_its_set(const struct stream_bindings *b, const struct stream_binding *x)
{
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    struct stream_binding_rule rule = stream_bindings_rule(x, args);
    size_t n = 0;
    const struct stream_binding *first = first_of(b, &rule);
    for (const struct stream_binding *y = first; y; y = next_in_set(y, first))
        n += y == x;
    return n == 1 && find(b, &rule) == x && dict_get(&b->dests, rule.dest) == x->dest &&
           (x->field != NULL) == is_by_field(rule.kind);
}

static size_t set_size(const struct stream_binding *first)
{
    size_t n = 0;
    for (const struct stream_binding *x = first; x; x = next_in_set(x, first))
        n++;
    return n;
}

bool stream_bindings_is_sound(const struct stream_bindings *b)
{
    struct dict_walk w = {0}, v;
    size_t all = 0, bound = 0, direct = 0, in_sets = 0, topics = 0;
    bool sound = true;
    for (const struct stream_binding *x = NULL; (x = stream_bindings_next(b, x)); all++) {
        sound = sound && is_in_its_set(b, x);
        direct += x->kind == STREAM_BINDING_DIRECT;
        topics += x->kind == STREAM_BINDING_TOPIC;
    }
    for (const struct dict_node *n; (n = dict_next(&b->dests, &w));)
        bound += ((const struct dest *)n->value)->bindings;
    w = (struct dict_walk){0};
    for (const struct dict_node *n; (n = dict_next(&b->fields, &w));) {
        const struct field *f = n->value;
        sound = sound && f->node == n && (f->values.used || f->topics.patterns) &&
                topic_is_sound(&f->topics);
        v = (struct dict_walk){0};
        for (const struct dict_node *set; (set = dict_next(&f->values, &v));)
            in_sets += set_size(set->value);
    }
    sound = sound && direct == in_sets;
    for (int kind = 0; kind <= STREAM_BINDING_ALTERNATE; kind++)
        in_sets += set_size(b->sets[kind]);
    return sound && all == b->count && bound == all && in_sets + topics == all;
}
