/* Patterns of words separated by dots: "*" stands for exactly one word, "#" for any number of them,
 * also none; everything else is literal. An empty word is a word: "a..b" has three. Each pattern
 * has one value, a pointer that is not owned. Knows nothing of streams.
 *
 * Cost: a pattern is added, found and removed in O(its words). A match looks, for each word of the
 * text, at the nodes that the text has reached so far, so it takes at most O(words of the text *
 * words of all patterns), and mostly far less: literal words are found by hash. */
#ifndef DS_TOPIC_H
#define DS_TOPIC_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

struct topic_node;

/* Zero-initialised is empty and valid. */
struct topic {
    struct topic_node *root; /* where each pattern begins; NULL: there is none */
    /* Nodes of literal words, by parent and word: open addressing. */
    uint8_t *tags;
    struct topic_node **slots;
    size_t cap, used, dead; /* dead: slots of removed nodes */
    size_t patterns, nodes, bytes;
};

void topic_free(struct topic *t);
/* How many words a pattern or a text has: at least one. */
size_t topic_words(struct bytes text);
/* The place of the pattern's value, which must not be NULL when the topic is used again; NULL in it
 * now: the pattern is new. */
void **topic_ensure(struct topic *t, struct bytes pattern);
/* NULL: there is no such pattern. */
void *topic_get(const struct topic *t, struct bytes pattern);
/* The value it had, or NULL. */
void *topic_remove(struct topic *t, struct bytes pattern);

/* Hears of the value of each pattern that fits the text, once, in no order. Must not use the topic.
 */
typedef void topic_take(void *context, void *value);
void topic_match(const struct topic *t, struct bytes text, topic_take *take, void *context);

/* Bytes allocated. */
size_t topic_memory(const struct topic *t);
/* Walks everything, for tests. */
bool topic_is_sound(const struct topic *t);

#endif
