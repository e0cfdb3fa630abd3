/* From bytes to commands: splits what a client sent and runs it. Looks ahead over a buffer (of
 * several clients at once, for a turn) to hash keys and prefetch their entries; the look-ahead
 * decides nothing.
 */
#ifndef ENGINE_FEED_H
#define ENGINE_FEED_H

#include "engine/client.h"

#define FEED_GROUP 16 /* clients looked ahead together */

struct feed;

struct feed *feed_new(void);
void feed_free(struct feed *f);

/* Where the bytes that come next belong: straight into a long argument, behind the client's kept
 * bytes, or (NULL) into a buffer of the caller's choice for feed_add(). want: how many may come. */
char *feed_place(struct client *c, size_t want, size_t *room);
/* n bytes came to the place that feed_place() named; then feed_add() with the client's own `in`. */
void feed_placed(struct client *c, size_t n);

/* Begins a group. */
void feed_begin(struct feed *f);
/* Adds what a client has: data is either its own `in` or a buffer that lives until feed_run(). At
 * most FEED_GROUP calls. */
void feed_add(struct feed *f, struct client *c, const char *data, size_t n);
/* While a command of the group runs: the others' bytes go to their own buffers and may be run by
 * another feed. */
void feed_detach_pending(struct feed *f);
/* Runs all of it, in order. What could not be run is kept in the clients' own buffers. */
void feed_run(struct feed *f);

/* The three steps of looking ahead, for who has commands from elsewhere: each step for all of some
 * commands before the next one. They decide nothing. */
struct feed_key {
    struct hashed_key hashed; /* the first key; nothing when there is none that is easily found */
    bool far;                 /* there are so many keys that its entry is worth prefetching */
};

/* Fills *key, which borrows the bytes of the argument. command may be NULL. */
void feed_key(struct feed_key *key, const struct client *c, const struct command *command,
              const struct bytes *argv, int argc);
void feed_prefetch_entry(const struct client *c, const struct feed_key *key);
void feed_prefetch_value(const struct client *c, const struct feed_key *key);

#endif
