/* The patterns form a trie of words, in which "*" and "#" are words too. All nodes but the root are
 * in one hash table, by parent and word. An eight-bit tag for each slot detects most misses without
 * access to the node, and a node has a bit for each word that a child has, by hash, which detects
 * most of them without access to the table.
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

/* Numbers of bits in topic_node.words. "*" and "#" have a bit of their own; the bit of a literal
 * word, from FIRST_BIT on, is chosen by its hash, so several words share one. */
enum { ONE, MANY, FIRST_BIT };

struct topic_node {
    struct topic_node *parent; /* NULL: the root */
    void *value;               /* of the pattern that ends here, else NULL */
    uint64_t words;            /* clear bit: no child has a word of that bit */
    uint32_t children;
    uint32_t word_n : 31; /* length of its word */
    uint32_t reached : 1; /* "#" node: reached by the current match */
    char word[];
};

/* A word of a pattern or text. */
struct word {
    struct bytes text;
    uint64_t hash;
    unsigned bit;
};

/* ---- Words */

static struct word word_make(struct bytes text)
{
    bool one = text.n == 1 && text.p[0] == '*', many = text.n == 1 && text.p[0] == '#';
    struct word w = {text, 0, one ? ONE : MANY};
    if (!one && !many) {
        w.hash = hash_key(text);
        w.bit = FIRST_BIT + (unsigned)(w.hash >> 32) % (64 - FIRST_BIT);
    }
    return w;
}

static bool next_word(struct bytes *left, struct word *word)
{
    if (!left->p)
        return false;
    const char *dot = left->n ? memchr(left->p, '.', left->n) : NULL;
    size_t n = dot ? (size_t)(dot - left->p) : left->n;
    *word = word_make(bytes_of(left->p, n));
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

/* ---- Nodes by parent and word */

static uint64_t hash_of(const struct topic_node *parent, const struct word *word)
{
    uint64_t x = (word->hash ^ (uintptr_t)parent ^ word->bit) * 0x9e3779b97f4a7c15u;
    return x ^ x >> 32;
}

static uint8_t tag_of(uint64_t hash)
{
    uint8_t tag = (uint8_t)(hash >> 56);
    return tag < FIRST_TAG ? (uint8_t)(tag + FIRST_TAG) : tag;
}

static struct word word_of(const struct topic_node *x)
{
    return word_make(bytes_of(x->word, x->word_n));
}

/* The slot of the child for that word, or t->cap. */
static size_t find_slot(const struct topic *t, const struct topic_node *parent,
                        const struct word *word)
{
    uint64_t hash = hash_of(parent, word);
    uint8_t tag = tag_of(hash);
    for (size_t i = hash & (t->cap - 1); t->tags[i] != EMPTY; i = (i + 1) & (t->cap - 1)) {
        const struct topic_node *x = t->tags[i] == tag ? t->slots[i] : NULL;
        if (x && x->parent == parent && bytes_equal(bytes_of(x->word, x->word_n), word->text))
            return i;
    }
    return t->cap;
}

static struct topic_node *find_child(const struct topic *t, const struct topic_node *parent,
                                     const struct word *word)
{
    if (!(parent->words >> word->bit & 1))
        return NULL;
    size_t i = find_slot(t, parent, word);
    return i < t->cap ? t->slots[i] : NULL;
}

static void put(struct topic *t, struct topic_node *x)
{
    struct word word = word_of(x);
    uint64_t hash = hash_of(x->parent, &word);
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

static struct topic_node *add_child(struct topic *t, struct topic_node *x, const struct word *word)
{
    struct topic_node *made = node_new(t, x, word->text);
    make_room(t);
    put(t, made);
    x->children++;
    x->words |= (uint64_t)1 << word->bit;
    return made;
}

/* The node at which the pattern ends, or NULL. */
static struct topic_node *find(const struct topic *t, struct bytes pattern)
{
    struct topic_node *x = t->root;
    struct bytes left = words_of(pattern);
    struct word word;
    while (x && next_word(&left, &word))
        x = find_child(t, x, &word);
    return x;
}

void **topic_ensure(struct topic *t, struct bytes pattern)
{
    struct bytes left = words_of(pattern);
    struct word word;
    if (!t->root)
        t->root = node_new(t, NULL, bytes_of(NULL, 0));
    struct topic_node *x = t->root;
    while (next_word(&left, &word)) {
        struct topic_node *next = find_child(t, x, &word);
        x = next ? next : add_child(t, x, &word);
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
    } else {
        struct word word = word_of(x);
        size_t i = find_slot(t, parent, &word);
        ASSERT(i < t->cap && parent->children > 0);
        t->tags[i] = DEAD;
        t->dead++;
        t->used--;
        if (--parent->children == 0)
            parent->words = 0;
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
    while (x && !x->value && !x->children)
        x = take_out(t, x);
    if (t->patterns == 0)
        topic_free(t);
    return value;
}

void topic_free(struct topic *t)
{
    for (size_t i = 0; i < t->cap; i++)
        if (t->tags[i] >= FIRST_TAG)
            node_free(t, t->slots[i]);
    if (t->root)
        node_free(t, t->root);
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

static const struct word any_one = {{"*", 1}, 0, ONE}, any_many = {{"#", 1}, 0, MANY};

/* Adds the "#" children of all plain nodes reached. */
static void reach_many(struct match *m)
{
    for (size_t i = 0; i < m->now->n; i++) {
        struct topic_node *x = find_child(m->topic, m->now->items[i], &any_many);
        for (; x && !x->reached; x = find_child(m->topic, x, &any_many)) {
            x->reached = 1;
            set_add(&m->many, x);
        }
    }
}

/* A "*" or "#" of a text is no literal word of a pattern. */
static void read_from(struct match *m, const struct set *s, size_t n, const struct word *word)
{
    for (size_t i = 0; i < n; i++) {
        const struct topic_node *x = s->items[i];
        struct topic_node *next = word->bit >= FIRST_BIT ? find_child(m->topic, x, word) : NULL;
        struct topic_node *one = find_child(m->topic, x, &any_one);
        if (next)
            set_add(m->next, next);
        if (one)
            set_add(m->next, one);
    }
}

static void read_word(struct match *m, const struct word *word)
{
    struct set *done = m->now;
    read_from(m, m->now, m->now->n, word);
    read_from(m, &m->many, m->many.n, word);
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
    struct bytes left = words_of(text);
    struct word word;
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
        read_word(&m, &word);
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
    size_t patterns, children;
    bool sound;
};

static void check_node(struct census *c, const struct topic_node *x)
{
    bool needed = x->value || x->children;
    c->sound = c->sound && needed && !x->reached && (x->words || !x->children);
    c->patterns += x->value != NULL;
    c->children += x->children;
}

bool topic_is_sound(const struct topic *t)
{
    struct census c = {.sound = true};
    size_t used = 0, dead = 0;
    if (t->root)
        check_node(&c, t->root);
    for (size_t i = 0; i < t->cap; i++) {
        dead += t->tags[i] == DEAD;
        if (t->tags[i] < FIRST_TAG)
            continue;
        const struct topic_node *x = t->slots[i];
        struct word word = word_of(x);
        used++;
        check_node(&c, x);
        c.sound = c.sound && find_child(t, x->parent, &word) == x;
    }
    return c.sound && used == t->used && dead == t->dead && c.children == used &&
           t->nodes == used + (t->root != NULL) && c.patterns == t->patterns &&
           (t->cap == 0 || (used + dead) * 4 <= t->cap * 3);
}
