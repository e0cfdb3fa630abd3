/* The order of a sorted set: the B+tree (ds/ranked.h) against a skip list with spans, as Redis uses
 * one, over the same entries. Not part of the server. usage: ordered [MEMBERS] */
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "ds/ranked.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LEVELS 32

struct node {
    struct entry *entry;
    double score;
    struct node *back;
    struct {
        struct node *next;
        size_t span;
    } level[];
};

struct skiplist {
    struct node *head;
    int levels;
    size_t count, bytes;
    struct rng rng;
};

static struct node *node_new(struct skiplist *s, int levels, double score, struct entry *e)
{
    size_t size = sizeof(struct node) + (size_t)levels * sizeof(((struct node *)0)->level[0]);
    struct node *n = mem_zalloc(size);
    n->score = score;
    n->entry = e;
    s->bytes += mem_class_size(size);
    return n;
}

static bool is_before(const struct node *n, double score, struct bytes key)
{
    if (n->score != score)
        return n->score < score;
    return bytes_compare(entry_key(n->entry), key) < 0;
}

static void skip_insert(struct skiplist *s, double score, struct entry *e)
{
    struct node *update[LEVELS], *at = s->head;
    size_t rank[LEVELS];
    int levels = 1;
    for (int i = s->levels - 1; i >= 0; i--) {
        rank[i] = i == s->levels - 1 ? 0 : rank[i + 1];
        while (at->level[i].next && is_before(at->level[i].next, score, entry_key(e))) {
            rank[i] += at->level[i].span;
            at = at->level[i].next;
        }
        update[i] = at;
    }
    while (levels < LEVELS && rng_below(&s->rng, 4) == 0)
        levels++;
    for (; s->levels < levels; s->levels++) {
        rank[s->levels] = 0;
        update[s->levels] = s->head;
        s->head->level[s->levels].span = s->count;
    }
    struct node *n = node_new(s, levels, score, e);
    for (int i = 0; i < levels; i++) {
        n->level[i].next = update[i]->level[i].next;
        update[i]->level[i].next = n;
        n->level[i].span = update[i]->level[i].span - (rank[0] - rank[i]);
        update[i]->level[i].span = rank[0] - rank[i] + 1;
    }
    for (int i = levels; i < s->levels; i++)
        update[i]->level[i].span++;
    n->back = update[0];
    if (n->level[0].next)
        n->level[0].next->back = n;
    s->count++;
}

static void skip_remove(struct skiplist *s, double score, struct bytes key)
{
    struct node *update[LEVELS], *at = s->head;
    for (int i = s->levels - 1; i >= 0; i--) {
        while (at->level[i].next && is_before(at->level[i].next, score, key))
            at = at->level[i].next;
        update[i] = at;
    }
    struct node *n = at->level[0].next;
    for (int i = 0; i < s->levels; i++) {
        if (update[i]->level[i].next == n) {
            update[i]->level[i].span += n->level[i].span - 1;
            update[i]->level[i].next = n->level[i].next;
        } else {
            update[i]->level[i].span--;
        }
    }
    if (n->level[0].next)
        n->level[0].next->back = n->back;
    s->bytes -= mem_block_size(n);
    mem_free(n);
    s->count--;
}

static size_t skip_rank(const struct skiplist *s, double score, struct bytes key)
{
    const struct node *at = s->head;
    size_t rank = 0;
    for (int i = s->levels - 1; i >= 0; i--)
        while (at->level[i].next && is_before(at->level[i].next, score, key)) {
            rank += at->level[i].span;
            at = at->level[i].next;
        }
    return rank;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void say(const char *what, double tree, double list, size_t n)
{
    printf("%-28s B+tree %7.1f ns, skip list %7.1f ns, ratio %.2f\n", what, tree / (double)n,
           list / (double)n, tree / list);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, sum = 0;
    struct entry **entries = mem_alloc(n * sizeof(*entries));
    double *scores = mem_alloc(n * sizeof(*scores)), start;
    struct rng r;
    struct ranked tree = {0};
    struct skiplist list = {.levels = 1};
    rng_seed(&r, 1);
    rng_seed(&list.rng, 2);
    list.head = node_new(&list, LEVELS, 0, NULL);
    for (size_t i = 0; i < n; i++) {
        char key[24];
        entries[i] = entry_new_word(bytes_of(key, (size_t)sprintf(key, "m%zu", i)), 0, 0);
        scores[i] = (double)rng_below(&r, 1000000);
    }
    double times[5][2];
    start = now();
    for (size_t i = 0; i < n; i++)
        ranked_insert(&tree, scores[i], entries[i]);
    times[0][0] = now() - start;
    start = now();
    for (size_t i = 0; i < n; i++)
        skip_insert(&list, scores[i], entries[i]);
    times[0][1] = now() - start;
    for (int which = 0; which < 2; which++) {
        rng_seed(&r, 3);
        start = now();
        for (size_t i = 0; i < n; i++) {
            size_t k = rng_below(&r, n);
            struct ranked_bound b = {
                .by = RANKED_BY_ITEM, .score = scores[k], .key = entry_key(entries[k])};
            sum += which ? skip_rank(&list, scores[k], b.key) : ranked_before(&tree, &b);
        }
        times[1][which] = now() - start;
        start = now();
        double score, total = 0;
        if (which) {
            for (struct node *x = list.head->level[0].next; x; x = x->level[0].next)
                total += x->score + (double)x->entry->key_n;
        } else {
            struct ranked_cursor c;
            ranked_seek(&tree, 0, &c);
            do {
                struct entry *e = ranked_get(&c, &score);
                total += score + (double)e->key_n;
            } while (ranked_next(&c));
        }
        sum += (size_t)total;
        times[2][which] = now() - start;
    }
    double *fresh = mem_alloc(n * sizeof(*fresh));
    for (size_t i = 0; i < n; i++)
        fresh[i] = (double)rng_below(&r, 1000000);
    for (int which = 0; which < 2; which++) {
        start = now();
        for (size_t i = 0; i < n; i++) {
            if (which) {
                skip_remove(&list, scores[i], entry_key(entries[i]));
                skip_insert(&list, fresh[i], entries[i]);
            } else {
                ranked_remove(&tree, scores[i], entry_key(entries[i]));
                ranked_insert(&tree, fresh[i], entries[i]);
            }
        }
        times[3][which] = now() - start;
    }
    say("insert, random scores", times[0][0], times[0][1], n);
    say("rank of a member", times[1][0], times[1][1], n);
    say("walk, reading the members", times[2][0], times[2][1], n);
    say("change a score", times[3][0], times[3][1], n);
    printf("memory for each member       B+tree %.1f bytes, skip list %.1f bytes (%zu)\n",
           (double)ranked_memory(&tree) / (double)n, (double)list.bytes / (double)n, sum % 10);
    return 0;
}
