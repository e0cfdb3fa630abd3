/* The patterns form a trie of words. A node has a child for "*", one for "#", and any number for
 * literal words; the latter are in one hash table for all nodes, by parent and word. An eight-bit
 * tag for each slot detects most misses without access to the node.
 *
 * A match reads the text word by word and keeps the set of nodes reached by the words so far:
 *
 *   plain nodes   literal or "*": from each, the next word leads to the child of that word and to
 *                 the child "*". A node has one parent, so it is in the set once at most.
 *   "#" nodes     are reached together with their parent, since "#" may stand for no word. Once
 *                 reached they stay, for "#" takes any word; so there is one list of them, which
 *                 only grows, and a flag says that a node is in it.
 *
 * The patterns that end at a node of the last set match. There is no backtracking and no recursion.
 * A match changes only the flags, and clears them at its end. */
#include "ds/topic.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"

#define FIRST_CAP 16
#define FEW       64 /* nodes that a set of states holds without an allocation */

/* Special tags of slots; others are bits of the hash. */
enum { EMPTY, DEAD, FIRST_TAG };

struct topic_node {
    struct topic_node *parent; /* NULL: the root */
    struct topic_node *one;    /* child "*" */
    struct topic_node *many;   /* child "#" */
    void *value;               /* of the pattern that ends here, else NULL */
    uint32_t literals;         /* children of literal words */
    uint32_t word_n : 31;      /* length of the word of a literal node */
    uint32_t reached : 1;      /* "#" node: reached by the current match */
    char word[];
};

/* ---- Words */

static bool next_word(struct bytes *left, struct bytes *word)
{
    if (!left->p)
        return false;
    const char *dot = left->n ? memchr(left->p, '.', left->n) : NULL;
    size_t n = dot ? (size_t)(dot - left->p) : left->n;
    *word = bytes_of(left->p, n);
    *left = dot ? bytes_of(dot + 1, left->n - n - 1) : bytes_of(NULL, 0);
    return true;
}

/* An empty text has one empty word. */
static struct bytes words_of(struct bytes text)
{
    return text.p ? text : bytes_of("", 0);
}

size_t topic_words(struct bytes text)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '.';
    return n;
}

static bool is_one(struct bytes word)
{
    return word.n == 1 && word.p[0] == '*';
}

static bool is_many(struct bytes word)
{
    return word.n == 1 && word.p[0] == '#';
}

/* ---- Nodes of literal words */

static uint64_t hash_of(const struct topic_node *parent, uint64_t of_word)
{
    uint64_t x = (of_word ^ (uintptr_t)parent) * 0x9e3779b97f4a7c15u;
    return x ^ x >> 32;
}

static uint8_t tag_of(uint64_t hash)
{
    uint8_t tag = (uint8_t)(hash >> 56);
    return tag < FIRST_TAG ? (uint8_t)(tag + FIRST_TAG) : tag;
}

static struct bytes word_of(const struct topic_node *x)
{
    return bytes_of(x->word, x->word_n);
}

/* The slot of the child for that word, or t->cap. */
static size_t find_slot(const struct topic *t, const struct topic_node *parent, struct bytes word,
                        uint64_t of_word)
{
    uint64_t hash = hash_of(parent, of_word);
    uint8_t tag = tag_of(hash);
    for (size_t i = hash & (t->cap - 1); t->tags[i] != EMPTY; i = (i + 1) & (t->cap - 1))
        if (t->tags[i] == tag && t->slots[i]->parent == parent &&
            bytes_equal(word_of(t->slots[i]), word))
            return i;
    return t->cap;
}

static struct topic_node *find_child(const struct topic *t, const struct topic_node *parent,
                                     struct bytes word, uint64_t of_word)
{
    if (!parent->literals)
        return NULL;
    size_t i = find_slot(t, parent, word, of_word);
    return i < t->cap ? t->slots[i] : NULL;
}

static void put(struct topic *t, struct topic_node *x)
{
    uint64_t hash = hash_of(x->parent, hash_key(word_of(x)));
    size_t i = hash & (t->cap - 1);
    while (t->tags[i] >= FIRST_TAG)
        i = (i + 1) & (t->cap - 1);
    t->dead -= t->tags[i] == DEAD;
    t->tags[i] = tag_of(hash);
    t->slots[i] = x;
    t->used++;
}

static void set_cap(struct topic *t, size_t cap)
{
    struct topic old = *t;
    t->tags = mem_zalloc(cap);
    t->slots = mem_alloc(cap * sizeof(struct topic_node *));
    t->cap = cap;
    t->used = t->dead = 0;
    for (size_t i = 0; i < old.cap; i++)
        if (old.tags[i] >= FIRST_TAG)
            put(t, old.slots[i]);
    mem_free(old.tags);
    mem_free(old.slots);
}

/* Keeps at least a quarter of the slots empty, so that searches end. */
static void make_room(struct topic *t)
{
    if (t->cap == 0)
        set_cap(t, FIRST_CAP);
    else if ((t->used + t->dead + 1) * 4 > t->cap * 3)
        set_cap(t, t->used * 2 < t->cap ? t->cap : t->cap * 2);
}

/* ---- The trie */

static struct topic_node *node_new(struct topic *t, struct topic_node *parent, struct bytes word)
{
    struct topic_node *x = mem_zalloc(sizeof(*x) + word.n);
    ASSERT(word.n <= INT32_MAX);
    x->parent = parent;
    x->word_n = (uint32_t)word.n & INT32_MAX;
    if (word.n)
        memcpy(x->word, word.p, word.n);
    t->nodes++;
    t->bytes += mem_block_size(x);
    return x;
}

static void node_free(struct topic *t, struct topic_node *x)
{
    t->nodes--;
    t->bytes -= mem_block_size(x);
    mem_free(x);
}

static struct topic_node *child(const struct topic *t, const struct topic_node *x,
                                struct bytes word)
{
    return is_one(word) ? x->one : is_many(word) ? x->many : find_child(t, x, word, hash_key(word));
}

static struct topic_node *add_child(struct topic *t, struct topic_node *x, struct bytes word)
{
    struct bytes none = bytes_of(NULL, 0);
    if (is_one(word))
        return x->one = node_new(t, x, none);
    if (is_many(word))
        return x->many = node_new(t, x, none);
    struct topic_node *made = node_new(t, x, word);
    make_room(t);
    put(t, made);
    x->literals++;
    return made;
}

/* The node at which the pattern ends, or NULL. */
static struct topic_node *find(const struct topic *t, struct bytes pattern)
{
    struct topic_node *x = t->root;
    struct bytes left = words_of(pattern), word;
    while (x && next_word(&left, &word))
        x = child(t, x, word);
    return x;
}

void **topic_ensure(struct topic *t, struct bytes pattern)
{
    struct bytes left = words_of(pattern), word;
    if (!t->root)
        t->root = node_new(t, NULL, bytes_of(NULL, 0));
    struct topic_node *x = t->root;
    while (next_word(&left, &word)) {
        struct topic_node *next = child(t, x, word);
        x = next ? next : add_child(t, x, word);
    }
    t->patterns += !x->value;
    return &x->value;
}

void *topic_get(const struct topic *t, struct bytes pattern)
{
    const struct topic_node *x = find(t, pattern);
    return x ? x->value : NULL;
}

/* Removes a node without children and value from its parent, which is returned. */
static struct topic_node *take_out(struct topic *t, struct topic_node *x)
{
    struct topic_node *parent = x->parent;
    if (!parent) {
        t->root = NULL;
    } else if (parent->one == x) {
        parent->one = NULL;
    } else if (parent->many == x) {
        parent->many = NULL;
    } else {
        size_t i = find_slot(t, parent, word_of(x), hash_key(word_of(x)));
        ASSERT(i < t->cap && parent->literals > 0);
        t->tags[i] = DEAD;
        t->dead++;
        t->used--;
        parent->literals--;
    }
    node_free(t, x);
    return parent;
}

void *topic_remove(struct topic *t, struct bytes pattern)
{
    struct topic_node *x = find(t, pattern);
    void *value = x ? x->value : NULL;
    if (!value)
        return NULL;
    x->value = NULL;
    t->patterns--;
    while (x && !x->value && !x->literals && !x->one && !x->many)
        x = take_out(t, x);
    if (t->patterns == 0)
        topic_free(t);
    return value;
}

/* Frees the nodes below `top` that are reached by wildcards only. */
static void free_below(struct topic *t, struct topic_node *top)
{
    struct topic_node *x = top;
    while (x != top || x->one || x->many) {
        if (x->one || x->many) {
            x = x->one ? x->one : x->many;
            continue;
        }
        struct topic_node *parent = x->parent;
        *(parent->one == x ? &parent->one : &parent->many) = NULL;
        node_free(t, x);
        x = parent;
    }
}

void topic_free(struct topic *t)
{
    for (size_t i = 0; i < t->cap; i++)
        if (t->tags[i] >= FIRST_TAG)
            free_below(t, t->slots[i]);
    for (size_t i = 0; i < t->cap; i++)
        if (t->tags[i] >= FIRST_TAG)
            node_free(t, t->slots[i]);
    if (t->root) {
        free_below(t, t->root);
        node_free(t, t->root);
    }
    ASSERT(t->nodes == 0 && t->bytes == 0);
    mem_free(t->tags);
    mem_free(t->slots);
    *t = (struct topic){0};
}

/* ---- A match */

struct set {
    struct topic_node **items, *few[FEW];
    size_t n, cap;
};

static void set_init(struct set *s)
{
    s->items = s->few;
    s->n = 0;
    s->cap = FEW;
}

static void set_free(struct set *s)
{
    if (s->items != s->few)
        mem_free(s->items);
}

static void set_add(struct set *s, struct topic_node *x)
{
    __builtin_prefetch(x);
    if (s->n == s->cap) {
        size_t bytes = s->cap * sizeof(struct topic_node *);
        struct topic_node **wider = mem_alloc(2 * bytes);
        memcpy(wider, s->items, bytes);
        set_free(s);
        s->items = wider;
        s->cap *= 2;
    }
    s->items[s->n++] = x;
}

struct match {
    const struct topic *topic;
    struct set sets[2], many;
    struct set *now, *next; /* plain nodes of the words so far, and of one more word */
};

/* Adds the "#" children of all plain nodes reached. */
static void reach_many(struct match *m)
{
    for (size_t i = 0; i < m->now->n; i++)
        for (struct topic_node *x = m->now->items[i]->many; x && !x->reached; x = x->many) {
            x->reached = 1;
            set_add(&m->many, x);
        }
}

static void read_from(struct match *m, const struct set *s, size_t n, struct bytes word,
                      uint64_t of_word)
{
    for (size_t i = 0; i < n; i++) {
        const struct topic_node *x = s->items[i];
        struct topic_node *next = find_child(m->topic, x, word, of_word);
        if (next)
            set_add(m->next, next);
        if (x->one)
            set_add(m->next, x->one);
    }
}

static void read_word(struct match *m, struct bytes word)
{
    struct set *done = m->now;
    uint64_t of_word = hash_key(word);
    read_from(m, m->now, m->now->n, word, of_word);
    read_from(m, &m->many, m->many.n, word, of_word);
    m->now = m->next;
    m->next = done;
    m->next->n = 0;
    reach_many(m); /* they match the words after this one */
}

static void report(const struct set *s, topic_take *take, void *context)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i]->value)
            take(context, s->items[i]->value);
}

void topic_match(const struct topic *t, struct bytes text, topic_take *take, void *context)
{
    struct bytes left = words_of(text), word;
    struct match m;
    if (!t->root)
        return;
    m.topic = t;
    set_init(&m.sets[0]);
    set_init(&m.sets[1]);
    set_init(&m.many);
    m.now = &m.sets[0];
    m.next = &m.sets[1];
    set_add(m.now, t->root);
    reach_many(&m);
    while ((m.now->n || m.many.n) && next_word(&left, &word))
        read_word(&m, word);
    report(m.now, take, context);
    report(&m.many, take, context);
    for (size_t i = 0; i < m.many.n; i++)
        m.many.items[i]->reached = 0;
    set_free(&m.sets[0]);
    set_free(&m.sets[1]);
    set_free(&m.many);
}

/* ---- For tests and reports */

size_t topic_memory(const struct topic *t)
{
    return t->cap ? t->bytes + mem_block_size(t->tags) + mem_block_size(t->slots) : t->bytes;
}

struct census {
    size_t nodes, patterns, literals;
    bool sound;
};

static void check_node(struct census *c, const struct topic_node *x)
{
    bool needed = x->value || x->literals || x->one || x->many;
    c->sound = c->sound && needed && !x->reached;
    c->nodes++;
    c->patterns += x->value != NULL;
    c->literals += x->literals;
}

/* Checks a node, and those below that are reached by wildcards only. */
static void walk(struct census *c, const struct topic_node *top)
{
    const struct topic_node *x = top;
    check_node(c, top);
    for (;;) {
        const struct topic_node *below = x->one ? x->one : x->many;
        while (!below && x != top) {
            below = x->parent->one == x ? x->parent->many : NULL;
            x = x->parent;
        }
        if (!below)
            return;
        c->sound = c->sound && (below->parent == x);
        x = below;
        check_node(c, x);
    }
}

bool topic_is_sound(const struct topic *t)
{
    struct census c = {.sound = true};
    size_t used = 0, dead = 0;
    if (t->root)
        walk(&c, t->root);
    for (size_t i = 0; i < t->cap; i++) {
        dead += t->tags[i] == DEAD;
        if (t->tags[i] < FIRST_TAG)
            continue;
        const struct topic_node *x = t->slots[i];
        used++;
        walk(&c, x);
        c.sound = c.sound && find_slot(t, x->parent, word_of(x), hash_key(word_of(x))) == i;
    }
    return c.sound && used == t->used && dead == t->dead && c.literals == used &&
           c.nodes == t->nodes && c.patterns == t->patterns &&
           (t->cap == 0 || (used + dead) * 4 <= t->cap * 3);
}
