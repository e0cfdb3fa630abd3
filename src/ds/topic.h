/* Topic patterns as in AMQP: words separated by dots; "*" matches exactly one word, "#" any number
 * including none, others are literal. Empty words count: "a..b" has three. Each pattern has one
 * value, a pointer that is not owned.
 *
 * Cost: adding, finding and removing a pattern take O(its words). A match visits, for each word of
 * the text, the nodes reached so far: at most O(words of the text * words of all patterns), and
 * usually far less, since words are found by hash. */
#ifndef DS_TOPIC_H
#define DS_TOPIC_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

struct topic_node;

/* Zero-initialised is empty and valid. */
struct topic {
    struct topic_node *root; /* NULL: no patterns */
    /* All nodes but the root by parent and word: a hash table with open addressing. */
    uint8_t *tags;
    struct topic_node **slots;
    size_t cap, used, dead; /* dead: slots of removed nodes */
    size_t patterns, nodes, bytes;
};

void topic_free(struct topic *t);
/* The number of words of a pattern or text, at least one. */
size_t topic_words(struct bytes text);
/* Finds or adds the pattern; returns the address of its value. NULL in it: the pattern is new, and
 * the caller must set it before the next call. */
void **topic_ensure(struct topic *t, struct bytes pattern);
/* The pattern's value; NULL: no such pattern. */
void *topic_get(const struct topic *t, struct bytes pattern);
/* Returns the removed value, or NULL. */
void *topic_remove(struct topic *t, struct bytes pattern);

/* Called once with the value of each pattern that matches, in no particular order. Must not use the
 * topic. */
typedef void topic_take(void *context, void *value);
void topic_match(const struct topic *t, struct bytes text, topic_take *take, void *context);

/* Bytes allocated. */
size_t topic_memory(const struct topic *t);
/* For tests. Walks everything. */
bool topic_is_sound(const struct topic *t);

#endif
