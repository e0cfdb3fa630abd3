/* From bytes to commands: splits what a client sent into requests and runs them. Looks ahead over a
 * buffer (of several clients at once, for a turn) to hash keys and prefetch their entries, which
 * has no effect on results. */
#ifndef ENGINE_FEED_H
#define ENGINE_FEED_H

#include "engine/client.h"

#define FEED_GROUP  16         /* clients that are looked ahead for together */
#define FEED_NO_END UINT64_MAX /* for feed_begin() */

struct feed;

struct feed *feed_new(void);
void feed_free(struct feed *f);

/* Where to put the next input: into the long argument being received, after the client's kept
 * bytes, or (NULL) into a buffer of the caller's choice, for feed_add(). want: how many bytes may
 * come. */
char *feed_place(struct client *c, size_t want, size_t *room);
/* n bytes were put where feed_place() said; then call feed_add() with the client's own `in`. */
void feed_placed(struct client *c, size_t n);

/* Begins a group. until: when it has run long enough, in ticks (clock_ticks()). What is left then
 * waits for the next turn; the first client runs some commands in any case. */
void feed_begin(struct feed *f, uint64_t until);
/* Adds a client's input: data is its own `in` or a buffer that stays valid until feed_run(). At
 * most FEED_GROUP calls. */
void feed_add(struct feed *f, struct client *c, const char *data, size_t n);
/* Called while a command of the group takes turns: moves the others' bytes to their own buffers,
 * where another feed may run them. */
void feed_detach_pending(struct feed *f);
/* Runs the group in order. What cannot run is kept in the clients' own buffers. */
void feed_run(struct feed *f);

/* The three steps of looking ahead, for commands from elsewhere: do each step for several commands
 * before the next step. They have no effect on results. */
struct feed_key {
    struct hashed_key hashed; /* of the first key; empty if there is none that is easily found */
    bool far;                 /* there are so many keys that prefetching the entry pays */
};

/* Fills *key, which borrows the argument's bytes. command may be NULL. */
void feed_key(struct feed_key *key, const struct client *c, const struct command *command,
              const struct bytes *argv, int argc);
void feed_prefetch_entry(const struct client *c, const struct feed_key *key);
void feed_prefetch_value(const struct client *c, const struct feed_key *key);

#endif
