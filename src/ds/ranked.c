/* A B+tree. Leaves hold up to LEAF items, inner nodes up to FAN children; an inner node keeps for
 * each child the number of items below it, and the score and entry of its first item, so that a
 * search compares without accessing the child. Leaves are at level 0 and the root at `height`.
 *
 *   search  inner_place() goes to the last child whose first item is before the bound; leaf_place()
 *           finishes. The sum of `below` to the left of the path is the rank.
 *   insert  node_insert() goes down by recursion and returns the new right neighbour when a node
 *           had to be split; the caller takes it in, or the tree gets a new root. At the very end
 *           the left node stays full, so appending in order (scores that are times) fills nodes
 *           wholly.
 *   remove  node_remove() goes down; an empty child is dropped, and one that is less than a quarter
 *           full is merged with a neighbour when both fit into one. So a node may be less than half
 *           full, but never empty. A root with a single child is replaced by it.
 *
 * On the way back up every inner node updates its data on the child, whose first item may have
 * changed. */
#include "ds/ranked.h"

#include "base/assert.h"
#include "base/mem.h"

/* Chosen to fill a size class of the allocator: 1 KiB and 2 KiB. */
#define LEAF 62u
#define FAN  63u
#define FEW  4u /* a node less than 1/FEW full is merged with a neighbour */

struct ranked_leaf {
    uint32_t n;
    struct ranked_leaf *previous, *next;
    double scores[LEAF];
    struct entry *entries[LEAF];
};

struct inner {
    uint32_t n;
    void *child[FAN];
    size_t below[FAN]; /* items under the child */
    double score[FAN]; /* of its first item */
    struct entry *entry[FAN];
};

/* Whether an item is before the bound. */
static inline bool is_before(const struct ranked_bound *b, double score, const struct entry *e)
{
    if (b->by != RANKED_BY_KEY) {
        if (score != b->score)
            return score < b->score;
        if (b->by == RANKED_BY_SCORE)
            return b->after;
    }
    int order = bytes_compare(entry_key(e), b->key);
    return order < 0 || (order == 0 && b->after);
}

/* The number of items of a leaf before the bound. */
static unsigned leaf_place(const struct ranked_leaf *l, const struct ranked_bound *b)
{
    unsigned low = 0, high = l->n;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (is_before(b, l->scores[middle], l->entries[middle]))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The child that contains the bound: the last whose first item is before it. */
static unsigned inner_place(const struct inner *p, const struct ranked_bound *b)
{
    unsigned low = 1, high = p->n;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (is_before(b, p->score[middle], p->entry[middle]))
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

static void describe(struct inner *p, unsigned i, unsigned child_level)
{
    if (child_level == 0) {
        const struct ranked_leaf *l = p->child[i];
        p->score[i] = l->scores[0];
        p->entry[i] = l->entries[0];
    } else {
        const struct inner *c = p->child[i];
        p->score[i] = c->score[0];
        p->entry[i] = c->entry[0];
    }
}

static size_t weigh(const void *node, unsigned level)
{
    if (level == 0)
        return ((const struct ranked_leaf *)node)->n;
    const struct inner *p = node;
    size_t n = 0;
    for (unsigned i = 0; i < p->n; i++)
        n += p->below[i];
    return n;
}

#define SHIFT(array, to, from, end)                                                                \
    memmove(&(array)[to], &(array)[from], ((end) - (from)) * sizeof((array)[0]))

static void inner_open(struct inner *p, unsigned i)
{
    SHIFT(p->child, i + 1, i, p->n);
    SHIFT(p->below, i + 1, i, p->n);
    SHIFT(p->score, i + 1, i, p->n);
    SHIFT(p->entry, i + 1, i, p->n);
    p->n++;
}

static void inner_close(struct inner *p, unsigned i)
{
    SHIFT(p->child, i, i + 1, p->n);
    SHIFT(p->below, i, i + 1, p->n);
    SHIFT(p->score, i, i + 1, p->n);
    SHIFT(p->entry, i, i + 1, p->n);
    p->n--;
}

/* Appends n slots of `from`, beginning at i, to `to`. */
static void inner_move(struct inner *to, struct inner *from, unsigned i, unsigned n)
{
    memcpy(&to->child[to->n], &from->child[i], n * sizeof(to->child[0]));
    memcpy(&to->below[to->n], &from->below[i], n * sizeof(to->below[0]));
    memcpy(&to->score[to->n], &from->score[i], n * sizeof(to->score[0]));
    memcpy(&to->entry[to->n], &from->entry[i], n * sizeof(to->entry[0]));
    to->n += n;
    from->n -= n;
    ASSERT(to->n <= FAN);
}

static void leaf_move(struct ranked_leaf *to, struct ranked_leaf *from, unsigned i, unsigned n)
{
    memcpy(&to->scores[to->n], &from->scores[i], n * sizeof(to->scores[0]));
    memcpy(&to->entries[to->n], &from->entries[i], n * sizeof(to->entries[0]));
    to->n += n;
    from->n -= n;
    ASSERT(to->n <= LEAF);
}

static void leaf_put(struct ranked_leaf *l, unsigned i, double score, struct entry *e)
{
    ASSERT(i <= l->n && l->n < LEAF);
    SHIFT(l->scores, i + 1, i, l->n);
    SHIFT(l->entries, i + 1, i, l->n);
    l->scores[i] = score;
    l->entries[i] = e;
    l->n++;
}

static struct ranked_leaf *leaf_new(struct ranked *r)
{
    struct ranked_leaf *l = mem_alloc(sizeof(*l));
    l->n = 0;
    l->previous = l->next = NULL;
    r->leaves++;
    return l;
}

static struct inner *inner_new(struct ranked *r)
{
    struct inner *p = mem_alloc(sizeof(*p));
    p->n = 0;
    r->inners++;
    return p;
}

/* Returns the new right neighbour if the leaf had to be split, else NULL. */
static struct ranked_leaf *leaf_insert(struct ranked *r, struct ranked_leaf *l,
                                       const struct ranked_bound *b, struct entry *e)
{
    unsigned at = leaf_place(l, b);
    if (l->n < LEAF) {
        leaf_put(l, at, b->score, e);
        return NULL;
    }
    struct ranked_leaf *right = leaf_new(r);
    right->next = l->next;
    right->previous = l;
    if (l->next)
        l->next->previous = right;
    l->next = right;
    /* At the very end the left one stays full, so that appending leaves no gaps. */
    unsigned keep = at == LEAF && !right->next ? LEAF : LEAF / 2;
    leaf_move(right, l, keep, LEAF - keep);
    if (at <= keep && keep < LEAF)
        leaf_put(l, at, b->score, e);
    else
        leaf_put(right, at - keep, b->score, e);
    return right;
}

static void *node_insert(struct ranked *r, void *node, unsigned level, const struct ranked_bound *b,
                         struct entry *e)
{
    if (level == 0)
        return leaf_insert(r, node, b, e);
    struct inner *p = node, *right = NULL;
    unsigned i = inner_place(p, b);
    void *fresh = node_insert(r, p->child[i], level - 1, b, e);
    p->below[i]++;
    describe(p, i, level - 1);
    if (!fresh)
        return NULL;
    size_t moved = weigh(fresh, level - 1);
    p->below[i] -= moved;
    i++;
    if (p->n == FAN) {
        unsigned keep = i == FAN ? FAN - 1 : FAN / 2;
        right = inner_new(r);
        inner_move(right, p, keep, FAN - keep);
        if (i > keep) {
            i -= keep;
            p = right;
        }
    }
    ASSERT(p->n < FAN);
    inner_open(p, i);
    p->child[i] = fresh;
    p->below[i] = moved;
    describe(p, i, level - 1);
    return right;
}

void ranked_insert(struct ranked *r, double score, struct entry *e)
{
    struct ranked_bound b = {.by = RANKED_BY_ITEM, .score = score, .key = entry_key(e)};
    if (!r->root)
        r->root = leaf_new(r);
    void *fresh = node_insert(r, r->root, r->height, &b, e);
    r->count++;
    if (!fresh)
        return;
    struct inner *root = inner_new(r);
    root->n = 2;
    root->child[0] = r->root;
    root->child[1] = fresh;
    for (unsigned i = 0; i < 2; i++) {
        root->below[i] = weigh(root->child[i], r->height);
        describe(root, i, r->height);
    }
    r->root = root;
    r->height++;
}

static void leaf_drop(struct ranked *r, struct ranked_leaf *l)
{
    if (l->previous)
        l->previous->next = l->next;
    if (l->next)
        l->next->previous = l->previous;
    mem_free_sized(l, sizeof(*l));
    r->leaves--;
}

static void inner_drop(struct ranked *r, struct inner *p)
{
    mem_free_sized(p, sizeof(*p));
    r->inners--;
}

/* Merges child i+1 into child i if both fit into one. */
static bool join(struct ranked *r, struct inner *p, unsigned i, unsigned child_level)
{
    if (child_level == 0) {
        struct ranked_leaf *a = p->child[i], *b = p->child[i + 1];
        if (a->n + b->n > LEAF)
            return false;
        leaf_move(a, b, 0, b->n);
        leaf_drop(r, b);
    } else {
        struct inner *a = p->child[i], *b = p->child[i + 1];
        if (a->n + b->n > FAN)
            return false;
        inner_move(a, b, 0, b->n);
        inner_drop(r, b);
    }
    p->below[i] += p->below[i + 1];
    inner_close(p, i + 1);
    describe(p, i, child_level);
    return true;
}

static unsigned node_n(const void *node, unsigned level)
{
    return level ? ((const struct inner *)node)->n : ((const struct ranked_leaf *)node)->n;
}

static void node_remove(struct ranked *r, void *node, unsigned level, const struct ranked_bound *b)
{
    if (level == 0) {
        struct ranked_leaf *l = node;
        /* The bound is after the item. */
        unsigned at = leaf_place(l, b);
        ASSERT(at > 0 && l->scores[at - 1] == b->score);
        ASSERT(bytes_equal(entry_key(l->entries[at - 1]), b->key));
        SHIFT(l->scores, at - 1, at, l->n);
        SHIFT(l->entries, at - 1, at, l->n);
        l->n--;
        return;
    }
    struct inner *p = node;
    unsigned i = inner_place(p, b), child_level = level - 1;
    node_remove(r, p->child[i], child_level, b);
    p->below[i]--;
    unsigned n = node_n(p->child[i], child_level);
    if (n == 0) {
        if (child_level == 0)
            leaf_drop(r, p->child[i]);
        else
            inner_drop(r, p->child[i]);
        inner_close(p, i);
        return;
    }
    describe(p, i, child_level);
    if (n >= (child_level ? FAN : LEAF) / FEW)
        return;
    if ((i + 1 >= p->n || !join(r, p, i, child_level)) && i > 0)
        join(r, p, i - 1, child_level);
}

void ranked_remove(struct ranked *r, double score, struct bytes key)
{
    struct ranked_bound b = {.by = RANKED_BY_ITEM, .after = true, .score = score, .key = key};
    ASSERT(r->count > 0);
    node_remove(r, r->root, r->height, &b);
    if (--r->count == 0) {
        ranked_free(r);
        return;
    }
    while (r->height && ((struct inner *)r->root)->n == 1) {
        struct inner *old = r->root;
        r->root = old->child[0];
        r->height--;
        inner_drop(r, old);
    }
}

size_t ranked_before(const struct ranked *r, const struct ranked_bound *b)
{
    size_t n = 0;
    const void *node = r->root;
    if (!node)
        return 0;
    for (unsigned level = r->height; level; level--) {
        const struct inner *p = node;
        unsigned i = inner_place(p, b);
        for (unsigned k = 0; k < i; k++)
            n += p->below[k];
        node = p->child[i];
    }
    return n + leaf_place(node, b);
}

void ranked_seek(const struct ranked *r, size_t rank, struct ranked_cursor *c)
{
    void *node = r->root;
    ASSERT(rank < r->count);
    for (unsigned level = r->height; level; level--) {
        const struct inner *p = node;
        unsigned i = 0;
        while (rank >= p->below[i])
            rank -= p->below[i++];
        node = p->child[i];
    }
    *c = (struct ranked_cursor){node, (unsigned)rank};
}

struct entry *ranked_get(const struct ranked_cursor *c, double *score)
{
    *score = c->leaf->scores[c->i];
    return c->leaf->entries[c->i];
}

bool ranked_next(struct ranked_cursor *c)
{
    if (++c->i < c->leaf->n)
        return true;
    c->leaf = c->leaf->next;
    c->i = 0;
    return c->leaf != NULL;
}

bool ranked_previous(struct ranked_cursor *c)
{
    if (c->i-- > 0)
        return true;
    c->leaf = c->leaf->previous;
    if (!c->leaf)
        return false;
    c->i = c->leaf->n - 1;
    return true;
}

static void free_node(void *node, unsigned level)
{
    if (level) {
        struct inner *p = node;
        for (unsigned i = 0; i < p->n; i++)
            free_node(p->child[i], level - 1);
        mem_free_sized(p, sizeof(*p));
    } else {
        mem_free_sized(node, sizeof(struct ranked_leaf));
    }
}

void ranked_free(struct ranked *r)
{
    if (r->root)
        free_node(r->root, r->height);
    *r = (struct ranked){0};
}

size_t ranked_memory(const struct ranked *r)
{
    return r->leaves * mem_class_size(sizeof(struct ranked_leaf)) +
           r->inners * mem_class_size(sizeof(struct inner));
}

static bool node_is_sound(const void *node, unsigned level, size_t *count)
{
    if (level == 0) {
        *count += ((const struct ranked_leaf *)node)->n;
        return true;
    }
    const struct inner *p = node;
    for (unsigned i = 0; i < p->n; i++) {
        size_t below = 0;
        struct inner now = *p;
        describe(&now, i, level - 1);
        if (!node_is_sound(p->child[i], level - 1, &below) || below != p->below[i] || below == 0 ||
            now.entry[i] != p->entry[i] || now.score[i] != p->score[i])
            return false;
        *count += below;
    }
    return p->n > 0;
}

bool ranked_is_sound(const struct ranked *r)
{
    size_t count = 0, walked = 0;
    if (!r->root)
        return r->count == 0;
    if (!node_is_sound(r->root, r->height, &count) || count != r->count)
        return false;
    struct ranked_cursor c;
    double last, score;
    struct bytes key = {NULL, 0};
    ranked_seek(r, 0, &c);
    do {
        struct entry *e = ranked_get(&c, &score);
        if (walked++ && (score < last || (score == last && bytes_compare(key, entry_key(e)) >= 0)))
            return false;
        last = score;
        key = entry_key(e);
    } while (ranked_next(&c));
    return walked == r->count;
}
