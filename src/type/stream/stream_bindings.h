/* The bindings of a stream: the streams to which its messages are copied. Destinations are names,
 * and bindings keep the order in which they were added. Independent of streams
 * (broker/broker_route.h does the copying).
 *
 * Cost: adding and removing, O(words of the binding). Matching a message, O(its fields * routing
 * fields + matching destinations + HEADERS bindings), plus topics (ds/topic.h). */
#ifndef TYPE_STREAM_STREAM_BINDINGS_H
#define TYPE_STREAM_STREAM_BINDINGS_H

#include "ds/dict.h"
#include "ds/dlist.h"

#define STREAM_BINDINGS_FIELD       BYTES("routing-key") /* the routing field when none is named */
#define STREAM_BINDINGS_PAIRS_MOST  32                   /* of HEADERS */
#define STREAM_BINDINGS_TOPIC_WORDS 128
#define STREAM_BINDINGS_TOPIC_BYTES 65536 /* of a value; longer ones match no topic */

enum stream_binding_kind {
    STREAM_BINDING_ALL,      /* every message */
    STREAM_BINDING_DIRECT,   /* those whose routing field has this value */
    STREAM_BINDING_TOPIC,    /* those whose routing field is short enough and fits this pattern
                                (ds/topic.h) */
    STREAM_BINDING_HEADERS,  /* those with all of these pairs, or any of them */
    STREAM_BINDING_ALTERNATE /* those that no other binding matches */
};

/* The definition of a binding. All borrowed. */
struct stream_binding_rule {
    enum stream_binding_kind kind;
    bool any;                 /* of HEADERS: one pair is enough */
    struct bytes field;       /* of DIRECT and TOPIC: the routing field */
    const struct bytes *args; /* DIRECT, TOPIC: the value or pattern; HEADERS: names and values */
    size_t args_n;
    struct bytes dest;
};

struct stream_binding;

struct stream_bindings {
    struct dlist_node all; /* in the order of addition */
    struct dict dests;     /* key to how often it is bound, and the last match that reported it */
    struct dict fields;    /* routing field to its values and patterns */
    struct stream_binding *sets[STREAM_BINDING_ALTERNATE + 1]; /* of the kinds without a field */
    struct stream_binding **slots;                             /* hash table of all */
    size_t cap, count;
    uint64_t matches; /* so far */
};

struct stream_bindings *stream_bindings_new(void);
/* NULL: nothing. */
void stream_bindings_free(struct stream_bindings *b);
struct stream_bindings *stream_bindings_copy(const struct stream_bindings *b);
/* False: it existed already, or (remove) did not. */
bool stream_bindings_add(struct stream_bindings *b, const struct stream_binding_rule *rule);
bool stream_bindings_remove(struct stream_bindings *b, const struct stream_binding_rule *rule);
/* Removes all to that destination. Returns how many there were. */
size_t stream_bindings_remove_to(struct stream_bindings *b, struct bytes dest);

/* Called once for each destination of a message. Must not change the bindings. */
typedef void stream_bindings_take(void *context, struct bytes dest);
/* pairs: 2 * fields, names and values in turn; if a name repeats, the first is the routing field.
 */
void stream_bindings_match(struct stream_bindings *b, const struct bytes *pairs, size_t fields,
                           stream_bindings_take *take, void *context);

/* The next one in the order of addition; x NULL: the first. NULL: there are no more. */
const struct stream_binding *stream_bindings_next(const struct stream_bindings *b,
                                                  const struct stream_binding *x);
/* The definition; args: room for the most it may have. Borrowed from the binding. */
struct stream_binding_rule stream_bindings_rule(const struct stream_binding *x,
                                                struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST]);
/* An estimate of the number of allocations. */
size_t stream_bindings_free_effort(const struct stream_bindings *b);
/* Walks all. */
size_t stream_bindings_memory(const struct stream_bindings *b);
/* Walks everything, for tests. */
bool stream_bindings_is_sound(const struct stream_bindings *b);

#endif
